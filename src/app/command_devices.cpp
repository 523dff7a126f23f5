#include <cstdio>
#include <memory>
#include <utility>

#include "admin_client.hpp"
#include "admin_options.hpp"
#include "device_commands.hpp"
#include "device_text.hpp"
#include "exit_code.hpp"
#include "spheregate/base/percent.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using Options = std::shared_ptr<AdminOptions>;

struct ListWish {
  std::string state;
  std::string search;
};

// The daemon hands the list out in pages, so that none keeps it from its work.
int list(const AdminOptions& options, const ListWish& wish) {
  const auto socket = options.socketPath();
  if (!socket) return kBadConfiguration;
  std::string query = "/devices?limit=1000";
  if (!wish.state.empty()) query += "&state=" + base::percentEncode(wish.state);
  if (!wish.search.empty()) query += "&search=" + base::percentEncode(wish.search);
  json all = json::array();
  for (std::string after;;) {
    int code = kFailed;
    auto page = answerOf(*socket, "GET", after.empty() ? query : query + "&after=" + base::percentEncode(after), code);
    if (!page) return code;
    for (json& device : (*page)["devices"]) all.push_back(std::move(device));
    after = page->value("after", "");
    if (after.empty()) break;
  }
  if (options.json)
    std::printf("%s\n", json{{"total", all.size()}, {"devices", all}}.dump(2).c_str());
  else
    std::fputs(deviceTable(all).c_str(), stdout);
  return kGood;
}

int show(const AdminOptions& options, const std::string& device) {
  return askAndShow(options, "GET", "/devices/" + base::percentEncode(device),
                    [](const json& body) { std::fputs(deviceText(body).c_str(), stdout); });
}

int disconnect(const AdminOptions& options, const std::string& device) {
  return askAndShow(options, "POST", "/devices/" + base::percentEncode(device) + "/disconnect", [](const json& body) {
    const std::string id = body.value("id", "");
    if (body.contains("note")) std::printf("%s\n", body.value("note", "").c_str());
    std::printf(body.value("disconnected", false) ? "%s: disconnected; it may connect again\n" : "%s: was not connected\n", id.c_str());
  });
}

using Wish = std::shared_ptr<ListWish>;

void addWish(CLI::App& command, const Wish& wish) {
  command.add_option("--state", wish->state, "only those in this state")->check(CLI::IsMember({"connected", "refused", "absent"}));
  command.add_option("--search", wish->search, "only those with this in their id or alias")->type_name("TEXT");
}

void addList(CLI::App& devices, Deed& deed, const Options& shared, const Wish& wish) {
  CLI::App* lists = devices.add_subcommand("list", "all devices; also what `spheregate devices` does");
  const Options options = AdminOptions::addTo(*lists, shared);
  addWish(*lists, wish);
  lists->callback([=, &deed] { deed = [=] { return list(*options, *wish); }; });
}

struct About {
  const char* name;
  const char* text;
  const char* device;
};

void addOne(CLI::App& devices, Deed& deed, const Options& shared, const About& about,
            int (*act)(const AdminOptions&, const std::string&)) {
  CLI::App* command = devices.add_subcommand(about.name, about.text);
  const auto device = std::make_shared<std::string>();
  command->add_option("device", *device, about.device)->required()->type_name("ID");
  const Options options = AdminOptions::addTo(*command, shared);
  command->callback([=, &deed] { deed = [=] { return act(*options, *device); }; });
}

}  // namespace

void addDevicesCommands(CLI::App& program, Deed& deed) {
  CLI::App* devices = program.add_subcommand("devices", "who is connected, who was refused and why; deny, allow, import");
  devices->require_subcommand(0, 1);
  const Options options = AdminOptions::addTo(*devices);
  const auto wish = std::make_shared<ListWish>();
  addWish(*devices, wish);
  devices->callback([=, &deed] {
    if (devices->get_subcommands().empty()) deed = [=] { return list(*options, *wish); };
  });
  addList(*devices, deed, options, wish);
  addOne(*devices, deed, options,
         {"show", "everything about one device, with every refusal on record and what to do",
          "its id or alias, or the first 8 characters or more of its id"},
         show);
  addOne(*devices, deed, options, {"disconnect", "end its connection; it may come back", "its id or alias"}, disconnect);
  addListEditing(*devices, deed, options);
  addImport(*devices, deed, options);
}

}  // namespace spheregate::app
