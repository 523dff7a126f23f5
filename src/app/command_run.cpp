#include <memory>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "spheregate/app/daemon.hpp"

namespace spheregate::app {

void addRunCommand(CLI::App& program, Deed& deed) {
  const auto file = std::make_shared<std::string>(kConfigFile);
  CLI::App* runs = program.add_subcommand("run", "run the gateway in the foreground; logs go to stderr");
  runs->add_option("--config", *file, "the configuration file")->type_name("FILE")->capture_default_str();
  runs->callback([file, &deed] {
    deed = [file] {
      const auto config = loadOrComplain(*file);
      return config ? runDaemon(*config, *file) : kBadConfiguration;
    };
  });
}

}  // namespace spheregate::app
