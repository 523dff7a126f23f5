#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "admin_client.hpp"
#include "device_commands.hpp"
#include "exit_code.hpp"
#include "file_edit.hpp"
#include "list_editing.hpp"
#include "spheregate/base/percent.hpp"
#include "spheregate/identity/aliases.hpp"
#include "text_lines.hpp"

namespace spheregate::app {
namespace {

int failedWith(const std::string& sentence) {
  std::fprintf(stderr, "spheregate: %s\n", sentence.c_str());
  return kFailed;
}

// What the running gateway takes it for, where it is the short form of the log. Nothing when it says nothing.
std::string idByGateway(const config::Config& config, const std::string& said) {
  const bool shortened = said.find("\u2026") != std::string::npos || said.find("...") != std::string::npos;
  if (!shortened) return {};
  const auto answer = ask(config.admin.socket, "GET", "/devices/" + base::percentEncode(said));
  if (!answer || answer->status != 200) return {};
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  const auto id = body.is_object() ? body.find("id") : body.end();
  return id != body.end() && id->is_string() ? id->get<std::string>() : std::string{};
}

bool isBeginning(std::string_view said) {
  return !identity::hasSphereForm(said) && std::all_of(said.begin(), said.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// The device's id, as the lists want it. An alias stands for its device; an Azure Sphere id in capitals is lower-cased, with a word.
base::Explained<std::string> idToWrite(const config::Config& config, const std::string& said) {
  const auto aliases = identity::Aliases::load(config.identity);
  if (!aliases) return base::failed<std::string>(aliases.error());
  if (const std::string_view id = aliases->idOf(said); !id.empty()) return base::Explained<std::string>{boost::system::in_place_value, id};
  if (const std::string id = idByGateway(config, said); !id.empty()) {
    std::printf("%s is %s\n", said.c_str(), id.c_str());
    return base::Explained<std::string>{boost::system::in_place_value, id};
  }
  const std::string id = identity::hasSphereForm(said) ? loweredId(said) : said;
  if (id != said) std::printf("the id is written in lower case, as in the device's certificate\n");
  const auto fault = identity::deviceIdFault(id, config.identity.nameRule);
  if (fault && isBeginning(said)) {
    return base::failed<std::string>(said + " is only the beginning of an id; give all of it, its alias, or `first 8\u2026last 4` as the log has it");
  }
  if (fault) return base::failed<std::string>(said.substr(0, 40) + ": " + fault->what + "; " + fault->fix + "; or give an alias of the configuration");
  return base::Explained<std::string>{boost::system::in_place_value, id};
}

// Takes one id into a list or out of it. What was done is said.
bool edit(const std::filesystem::path& file, const char* list, const std::string& id, bool in) {
  const auto text = contentToEdit(file);
  if (!text) {
    failedWith(text.error());
    return false;
  }
  const auto changed = in ? withId(*text, id) : withoutId(*text, id);
  const char* already = in ? "is already in the" : "was not in the";
  if (!changed) {
    std::printf("%s %s list (%s)\n", already, list, file.c_str());
    return true;
  }
  const auto written = replaceFile(file, *changed);
  if (!written) {
    failedWith(written.error());
    return false;
  }
  std::printf("%s the %s list (%s)\n", in ? "added to" : "taken off", list, file.c_str());
  return true;
}

int deny(const std::string& file, const std::string& said) {
  const auto config = loadOrComplain(file);
  if (!config) return kBadConfiguration;
  if (config->identity.denyFile.empty()) {
    return failedWith("there is no deny list; " + howToHave("deny_file", "deny.txt", file) + "; nothing changed");
  }
  const auto id = idToWrite(*config, said);
  if (!id) return failedWith(id.error());
  if (!edit(config->identity.denyFile, "deny", *id, true)) return kFailed;
  return takeEffect(config->admin.socket);
}

int allow(const std::string& file, const std::string& said) {
  const auto config = loadOrComplain(file);
  if (!config) return kBadConfiguration;
  const identity::Settings& lists = config->identity;
  if (lists.denyFile.empty() && lists.allowFile.empty()) {
    std::printf("there is neither a deny list nor an allow list, so every device of the tenant is let in; nothing to do\n");
    return kGood;
  }
  const auto id = idToWrite(*config, said);
  if (!id) return failedWith(id.error());
  if (!lists.denyFile.empty() && !edit(lists.denyFile, "deny", *id, false)) return kFailed;
  if (!lists.allowFile.empty() && !edit(lists.allowFile, "allow", *id, true)) return kFailed;
  return takeEffect(config->admin.socket);
}

using Options = std::shared_ptr<AdminOptions>;

void add(CLI::App& devices, Deed& deed, const Options& shared, const char* name, const char* text, int (*act)(const std::string&, const std::string&)) {
  CLI::App* command = devices.add_subcommand(name, text);
  const auto device = std::make_shared<std::string>();
  command->add_option("device", *device, "its id or alias; while the gateway runs also `first 8...last 4`")->required()->type_name("ID");
  command->add_option("--config", shared->config, "the gateway's configuration, which names the lists")->type_name("FILE")->capture_default_str();
  command->callback([=, &deed] { deed = [=] { return act(shared->config, *device); }; });
}

}  // namespace

int takeEffect(const std::filesystem::path& socket, bool asJson) {
  const auto tell = [asJson](const std::string& sentence) {
    std::fprintf(asJson ? stderr : stdout, "%s%s\n", asJson ? "note: " : "", sentence.c_str());
    return kGood;
  };
  const std::string later = "it takes effect when the gateway starts";
  if (socket.empty()) return tell(later + ", or reloads");
  const auto answer = ask(socket, "POST", "/reload");
  if (!answer) return tell(later + ", or at once where one runs that cannot be told: " + answer.error());
  if (answer->status == 200) return tell("the gateway has taken it");
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (!body.is_object()) return failedWith("the gateway has not taken it: what serves " + socket.string() + " is no gateway");
  return failedWith("the gateway has not taken it: " + textOf(body, "error", "it refused") + "; " +
                    textOf(body, "fix", "see its log"));
}

std::string howToHave(const char* key, const char* name, const std::string& configuration) {
  const std::string file = (std::filesystem::absolute(configuration).parent_path() / name).lexically_normal().string();
  // An allow list that is empty would end every session.
  const std::string first = std::string_view{key} == "allow_file"
                                ? "write the ids of your devices into " + file + ", one a line (an empty list lets nobody in)"
                                : "make one with `touch " + file + "`";
  return first + ", then add `" + key + ": " + file + "` to `devices` in " + configuration + ", which takes effect at once";
}

void addListEditing(CLI::App& devices, Deed& deed, const Options& shared) {
  add(devices, deed, shared, "deny", "put a device on the deny list; works without the gateway too", deny);
  add(devices, deed, shared, "allow", "take a device off the deny list, and put it on the allow list if there is one", allow);
}

}  // namespace spheregate::app
