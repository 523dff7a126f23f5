#include "parser.hpp"
#include "spheregate/identity/aliases.hpp"

namespace spheregate::config {

// Which ids are good depends on `devices.identity`, which may stand behind the aliases.
void Parser::checkAliases() {
  if (bad_.contains("devices.identity")) return;
  identity::Aliases known{loaded_.config.identity.nameRule};
  for (const Entry& entry : aliases_) {
    const std::string path = "devices.aliases." + entry.key.text;
    if (entry.value.kind != Node::Kind::scalar) {
      complain(entry.key.place, path, {"this device has no alias", "write its name behind the colon, or remove the line"});
      continue;
    }
    if (auto fault = known.add(entry.key.text, entry.value.text)) {
      complain(fault->ofAlias ? entry.value.place : entry.key.place, path, {std::move(fault->what), std::move(fault->fix)});
      continue;
    }
    loaded_.config.identity.aliases.emplace_back(entry.key.text, entry.value.text);
  }
}

}  // namespace spheregate::config
