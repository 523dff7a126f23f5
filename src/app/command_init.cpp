#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "new_gateway.hpp"
#include "setup.hpp"
#include "spheregate/checkup/examine.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kConnectionStringBytesMax = 4096;

struct Wish {
  pki::Names names;
  std::string directory = "/etc/spheregate";
  std::string hub;
  std::string connectionStringFile;
  std::string identity;
  std::string queue;
  std::vector<std::string> given;
};

base::Explained<HubLogin> readLogin(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.resize(kConnectionStringBytesMax + 1);
    std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > kConnectionStringBytesMax) return base::failed<HubLogin>("stdin: is too large for a connection string");
  } else {
    auto content = upstream::readSecret(file, kConnectionStringBytesMax);
    if (!content) return base::failed<HubLogin>(content.error());
    text = std::move(*content);
  }
  auto login = parseConnectionString(text);
  if (!login) return base::failed<HubLogin>((file == "-" ? std::string{"stdin"} : file) + ": " + login.error());
  return login;
}

// From what the command line says to what shall be; 0, or the exit code when that cannot be, which was said on stderr.
int understand(const Wish& wish, NewGateway& wanted) {
  auto names = pki::checkedNames(wish.names);
  if (!names) {
    complain(names.error());
    return kWrongUsage;
  }
  wanted.names = std::move(*names);
  wanted.directory = fs::absolute(wish.directory).lexically_normal();
  if (!wanted.directory.has_filename()) wanted.directory = wanted.directory.parent_path();
  wanted.hub = wish.hub;
  wanted.identity = wish.identity;
  if (!wish.queue.empty()) wanted.queue = fs::absolute(wish.queue).lexically_normal();
  // Whoever chooses another place may not write to the usual one.
  else if (wanted.config() != kConfigFile) wanted.queue = wanted.directory / "queue";
  for (const std::string& one : wish.given) {
    const auto equals = one.find('=');
    if (equals == std::string::npos) {
      complain("--set needs KEY=VALUE, as in --set listen.port=8884");
      return kWrongUsage;
    }
    wanted.given.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (wish.connectionStringFile.empty()) return kGood;
  auto login = readLogin(wish.connectionStringFile);
  if (!login) {
    complain(login.error());
    return kFailed;
  }
  if (!wanted.hub.empty() && wanted.hub != login->hub) {
    complain("--hub is " + wanted.hub + ", the connection string is for " + login->hub + "; give one of them, or the same");
    return kWrongUsage;
  }
  wanted.hub = login->hub;
  wanted.login = std::move(*login);
  return kGood;
}

// A second run changes nothing that is there. It says so instead of seeming to obey.
std::string whyNot(const NewGateway& wanted) {
  std::error_code error;
  const bool configured = fs::exists(wanted.config(), error);
  const bool certified =
      fs::exists(wanted.authority(), error) && fs::exists(wanted.certificate(), error) && fs::exists(wanted.privateKey(), error);
  if (configured && certified) {
    return wanted.directory.string() + ": there is a gateway already, and nothing was changed; for other names remove " +
           wanted.certificate().string() + " and run this again, everything else is changed in " + wanted.config().string();
  }
  if (configured && (wanted.login || !wanted.hub.empty())) {
    return wanted.config().string() +
           ": exists and is never overwritten, so a hub given here would change nothing; write it there";
  }
  return {};
}

// Of the files that --set names: what the daemon would stumble over.
void sayWhatCannotBeRead(const NewGateway& wanted, const std::string& configuration) {
  checkup::Subject subject;
  subject.config = config::parse(configuration, wanted.config().string()).config;
  for (const checkup::Finding& finding : checkup::examineFiles(subject)) {
    if (finding.verdict != checkup::Verdict::fail) continue;
    const bool given = std::any_of(wanted.given.begin(), wanted.given.end(),
                                   [&](const auto& one) { return finding.where.ends_with("(" + one.first + ")"); });
    if (given) std::printf("note     %s: %s; %s\n", finding.where.c_str(), finding.what.c_str(), finding.fix.c_str());
  }
}

// Where systemd runs and the package, or somebody, has installed the unit.
bool startedBySystemd() {
  std::error_code error;
  if (!fs::exists("/run/systemd/system", error)) return false;
  const auto hasUnit = [&](const char* place) { return fs::exists(fs::path{place} / "spheregate.service", error); };
  return hasUnit("/usr/lib/systemd/system") || hasUnit("/lib/systemd/system") || hasUnit("/etc/systemd/system");
}

void sayWhatWasMade(const NewGateway& wanted, const Made& made) {
  for (const std::string& place : made.made) std::printf("made     %s\n", place.c_str());
  for (const std::string& place : made.kept) std::printf("kept     %s\n", place.c_str());
  if (wanted.login && !wanted.login->remark.empty()) std::printf("note     %s\n", wanted.login->remark.c_str());
}

void sayWhatIsNext(const NewGateway& wanted) {
  const std::string place = wanted.directory == "/etc/spheregate" ? "" : " --dir " + wanted.directory.string();
  std::printf("\nNext:\n");
  if (wanted.hub.empty()) std::printf("  write upstream.hub, and how to log in there, into %s\n", wanted.config().c_str());
  if (!wanted.hub.empty() && !wanted.login && wanted.given.empty()) {
    std::printf("  put the key of the hub's policy into %s (chmod 600)\n", wanted.hubKey().c_str());
  }
  std::printf("  spheregate tenant add FILE%s      the CA of your devices, as it was downloaded\n", place.c_str());
  std::printf("  spheregate export-root%s          what devices need to trust this gateway\n", place.c_str());
  const bool usual = wanted.config() == kConfigFile;
  const std::string which = usual ? "" : " --config " + wanted.config().string();
  std::printf("  spheregate check%s\n", which.c_str());
  if (usual && startedBySystemd()) {
    std::printf("  systemctl enable --now spheregate\n");
  } else {
    std::printf("  spheregate run%s\n", which.c_str());
  }
}

int init(const Wish& wish) {
  NewGateway wanted;
  if (const int code = understand(wish, wanted); code != kGood) return code;
  if (const std::string why = whyNot(wanted); !why.empty()) {
    complain(why);
    return kFailed;
  }
  const auto text = configurationOf(wanted);
  if (!text) {
    complain(text.error());
    return kWrongUsage;
  }
  const std::vector<config::Problem> faults = faultsOf(wanted, *text);
  for (const config::Problem& fault : faults) complain(fault.key + ": " + fault.what + "; " + fault.fix);
  if (!faults.empty()) return kWrongUsage;
  const auto made = make(wanted, *text);
  if (!made) {
    complain(made.error());
    return kFailed;
  }
  sayWhatWasMade(wanted, *made);
  sayWhatCannotBeRead(wanted, *text);
  sayWhatIsNext(wanted);
  return kGood;
}

}  // namespace

void addInitCommand(CLI::App& program, Deed& deed) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command = program.add_subcommand("init", "make a gateway: its root, its certificate and its configuration");
  command->add_option("--hostname", wish->names.hostname, "the name that devices dial; it needs a dot")
      ->required()
      ->type_name("NAME");
  command->add_option("--ip", wish->names.addresses, "an address that devices may dial too; may be repeated")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  command->add_option("--dir", wish->directory, "where everything goes; with another one, the queue and the admin socket too")->type_name("DIR")->capture_default_str();
  command->add_option("--hub", wish->hub, "the IoT Hub, as in contoso.azure-devices.net")->type_name("NAME");
  command
      ->add_option("--connection-string-file", wish->connectionStringFile,
                   "a file with the connection string of a policy of the hub, of the module $edgeHub or of a device; - for stdin")
      ->type_name("FILE");
  command->add_option("--identity", wish->identity, "sphere: Azure Sphere devices (the default); any: devices of any CA")
      ->type_name("sphere|any");
  command->add_option("--queue", wish->queue, "where messages wait; the default is /var/lib/spheregate/queue, or DIR/queue with --dir")->type_name("DIR");
  command->add_option("--set", wish->given, "any other key of the configuration, as in listen.port=8884; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->callback([wish, &deed] { deed = [wish] { return init(*wish); }; });
}

}  // namespace spheregate::app
