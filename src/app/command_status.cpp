#include <chrono>
#include <cstdio>
#include <thread>

#include "admin_options.hpp"
#include "device_text.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWatchPause{2};

int once(const AdminOptions& options, const char* before) {
  return askAndShow(options, "GET", "/status", [before](const json& status) { std::printf("%s%s", before, statusText(status).c_str()); });
}

// Until somebody interrupts it, or the gateway stops.
int watch(const AdminOptions& options) {
  for (;;) {
    const int code = once(options, "\033[H\033[2J");
    if (code != 0) return code;
    std::fflush(stdout);
    std::this_thread::sleep_for(kWatchPause);
  }
}

}  // namespace

void addStatusCommand(CLI::App& program, Deed& deed) {
  CLI::App* status = program.add_subcommand("status", "the running gateway in brief: hub, devices, queue, who was refused");
  const auto options = AdminOptions::addTo(*status);
  const auto watching = std::make_shared<bool>(false);
  status->add_flag("--watch", *watching, "again every two seconds")->excludes("--json");
  status->callback([=, &deed] { deed = [=] { return *watching ? watch(*options) : once(*options, ""); }; });
}

}  // namespace spheregate::app
