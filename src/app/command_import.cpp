#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "device_commands.hpp"
#include "device_inventory.hpp"
#include "exit_code.hpp"
#include "file_edit.hpp"
#include "list_editing.hpp"
#include "spheregate/identity/aliases.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::app {
namespace {

struct ImportWish {
  std::string list;
  std::string config = kConfigFile;
  std::string aliases;
  bool allow = false;
};

int failedWith(const std::string& sentence) {
  std::fprintf(stderr, "spheregate: %s\n", sentence.c_str());
  return kFailed;
}

base::Explained<std::string> textOf(const std::string& list) {
  if (list != "-") return x509::fileContent(list);
  return base::Explained<std::string>{boost::system::in_place_value, std::istreambuf_iterator<char>{std::cin}, std::istreambuf_iterator<char>{}};
}

void tellWhatWasRead(const Inventory& inventory) {
  std::printf("devices in the list: %zu\n", inventory.devices.size());
  if (inventory.lowered > 0) {
    std::printf("ids in capitals, written in lower case as in certificates and IoT Hub: %zu\n", inventory.lowered);
  }
  if (inventory.passedOver > 0) std::printf("%zu lines without a device id were passed over\n", inventory.passedOver);
}

std::vector<NamedId> namedOnly(const Inventory& inventory) {
  std::vector<NamedId> named;
  for (const NamedId& one : inventory.devices) {
    if (!one.alias.empty()) named.push_back(one);
  }
  return named;
}

// Everything is checked before anything is written.
int writeAliases(const std::filesystem::path& file, const std::vector<NamedId>& named, identity::NameRule rule) {
  const auto before = contentToEdit(file);
  if (!before) return failedWith(before.error());
  const std::string after = withAliases(*before, named);
  identity::Aliases check{rule};
  if (const auto good = check.addLines(after, file.string() + ", as it would be"); !good) return failedWith(good.error() + "; nothing was written");
  if (const auto written = replaceFile(file, after); !written) return failedWith(written.error());
  std::printf("%zu aliases in %s\n", check.size(), file.c_str());
  return kGood;
}

int writeAllowed(const std::filesystem::path& file, const std::vector<NamedId>& devices) {
  const auto before = contentToEdit(file);
  if (!before) return failedWith(before.error());
  std::string text = *before;
  std::size_t added = 0;
  for (const NamedId& one : devices) {
    if (auto longer = withId(text, one.id)) {
      text = std::move(*longer);
      ++added;
    }
  }
  if (const auto written = replaceFile(file, text); !written) return failedWith(written.error());
  std::printf("%zu devices added to the allow list (%s), %zu were in it\n", added, file.c_str(), devices.size() - added);
  return kGood;
}

int import(const ImportWish& wish) {
  const auto config = loadOrComplain(wish.config);
  if (!config) return kBadConfiguration;
  if (wish.allow && config->identity.allowFile.empty()) {
    return failedWith("there is no allow list; " + howToHave("allow_file", "allow.txt", wish.config) + "; nothing was written");
  }
  const auto text = textOf(wish.list);
  if (!text) return failedWith(text.error());
  const auto inventory = readInventory(*text, config->identity.nameRule);
  if (!inventory) return failedWith(wish.list + ": " + inventory.error() + "; nothing was written");
  if (inventory->devices.empty()) {
    return failedWith(wish.list + ": there is no device id in it; give the output of `az sphere device list`, `azsphere device list`, or lines `id,alias`");
  }
  tellWhatWasRead(*inventory);
  const auto named = namedOnly(*inventory);
  const std::filesystem::path aliases = wish.aliases.empty() ? config->identity.aliasFile : std::filesystem::path{wish.aliases};
  if (!named.empty() && aliases.empty()) {
    return failedWith("there is no file for the aliases; " + howToHave("alias_file", "aliases.csv", wish.config) +
                      ", or name one with --aliases; nothing was written");
  }
  if (named.empty() && !wish.allow) {
    std::printf("the list has no names, so there is nothing to write; --allow puts the devices on the allow list\n");
    return kGood;
  }
  if (!named.empty()) {
    if (const int code = writeAliases(aliases, named, config->identity.nameRule); code != kGood) return code;
  }
  if (wish.allow) {
    if (const int code = writeAllowed(config->identity.allowFile, inventory->devices); code != kGood) return code;
  }
  return takeEffect(config->admin.socket);
}

}  // namespace

void addImport(CLI::App& devices, Deed& deed, const std::shared_ptr<AdminOptions>& shared) {
  CLI::App* command = devices.add_subcommand("import", "take names and ids from a list: JSON or text of az sphere / azsphere device list, CSV, ids");
  const auto wish = std::make_shared<ImportWish>();
  command->add_option("list", wish->list, "the list; - reads standard input")->required()->type_name("FILE");
  command->add_option("--config", shared->config, "the gateway's configuration")->type_name("FILE")->capture_default_str();
  command->add_option("--aliases", wish->aliases, "where the names go, instead of devices.alias_file")->type_name("FILE");
  command->add_flag("--allow", wish->allow, "put every device of the list on the allow list");
  command->callback([=, &deed] { 
    wish->config = shared->config;
    deed = [=] { return import(*wish); };
  });
}

}  // namespace spheregate::app
