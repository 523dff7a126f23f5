#include <algorithm>

#include "command_line.hpp"
#include "example_configuration.hpp"
#include "new_gateway.hpp"
#include "written_configuration.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAuth = "upstream.auth";

bool givesLogin(const NewGateway& wanted) {
  return std::any_of(wanted.given.begin(), wanted.given.end(),
                     [](const auto& one) { return one.first.starts_with("upstream.auth."); });
}

}  // namespace

base::Explained<std::string> configurationOf(const NewGateway& wanted) {
  WrittenConfiguration written{kExampleConfiguration};
  std::vector<std::pair<std::string, std::string>> all{{"hostname", wanted.names.hostname},
                                                       {"tls.certificate", wanted.certificate().string()},
                                                       {"tls.private_key", wanted.privateKey().string()},
                                                       {"tls.authority", wanted.authority().string()},
                                                       {"devices.tenant_ca", wanted.tenantCas().string()},
                                                       {"devices.deny_file", wanted.denyList().string()},
                                                       {"devices.alias_file", wanted.aliases().string()}};
  if (!wanted.identity.empty()) all.emplace_back("devices.identity", wanted.identity);
  if (!wanted.queue.empty()) all.emplace_back("queue.path", wanted.queue.string());
  if (const fs::path socket = wanted.socket(); !socket.empty()) all.emplace_back("admin.socket", socket.string());
  if (wanted.hub.empty()) {
    written.leaveOut("upstream.hub");
  } else {
    all.emplace_back("upstream.hub", wanted.hub);
  }
  if (wanted.login) {
    for (const std::string& key : written.keysIn(kAuth)) written.leaveOut(key);
    all.insert(all.end(), wanted.login->given.begin(), wanted.login->given.end());
    all.emplace_back(wanted.login->keyFileKey, wanted.hubKey().string());
  } else if (givesLogin(wanted)) {
    for (const std::string& key : written.keysIn(kAuth)) written.leaveOut(key);
  } else {
    all.emplace_back("upstream.auth.key_file", wanted.hubKey().string());
  }
  all.insert(all.end(), wanted.given.begin(), wanted.given.end());
  for (const auto& [key, value] : all) {
    if (!written.give(key, value)) {
      return base::failed<std::string>("`" + key.substr(0, 80) +
                                       "` is not a key of the configuration; `man spheregate.yaml` has them all");
    }
  }
  std::string text = written.text();
  // Where the comments name the file.
  const std::string example = kConfigFile;
  for (auto at = text.find(example); at != std::string::npos; at = text.find(example, at + wanted.config().string().size())) {
    text.replace(at, example.size(), wanted.config().string());
  }
  return base::Explained<std::string>{boost::system::in_place_value, std::move(text)};
}

std::vector<config::Problem> faultsOf(const NewGateway& wanted, const std::string& text) {
  std::vector<config::Problem> problems = config::parse(text, wanted.config().string()).problems;
  if (wanted.hub.empty()) std::erase_if(problems, [](const config::Problem& problem) { return problem.key == "upstream.hub"; });
  return problems;
}

}  // namespace spheregate::app
