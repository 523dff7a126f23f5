#include "spheregate/identity/aliases.hpp"

#include <utility>

#include "spheregate/base/utf8.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::identity {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

// Names stand in lines of logs, on command lines and in CSV files, where these would end them.
bool mayStandInAlias(char32_t code) {
  constexpr std::string_view ends = " \"'`,;/\\=#$*?&|<>(){}[]";
  return !base::obeyed(code) && (code > 0x7f || ends.find(static_cast<char>(code)) == std::string_view::npos);
}

std::optional<NamingFault> aliasFault(std::string_view alias) {
  if (alias.empty()) return NamingFault{"the alias is empty", "write a name, or remove the line", true};
  if (alias.size() > Aliases::kAliasBytesMax) {
    return NamingFault{"the alias has " + std::to_string(alias.size()) + " bytes, at most " + std::to_string(Aliases::kAliasBytesMax) + " are allowed",
                       "choose a shorter name", true};
  }
  std::string_view rest = alias;
  while (!rest.empty()) {
    const base::Utf8Character character = base::firstCharacter(rest);
    if (!character.valid || !mayStandInAlias(character.code)) {
      return NamingFault{"the alias has a blank or a mark that logs and shells would take for its end", "use letters, digits, - _ . : @ and +", true};
    }
    rest.remove_prefix(character.bytes);
  }
  return std::nullopt;
}

bool heading(std::string_view id) { return id == "id" || id == "device" || id == "deviceId" || id == "device_id" || id == "DeviceId"; }

std::optional<std::string> addLine(Aliases& aliases, std::string_view line, bool first) {
  line = trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return std::nullopt;
  // Some ids have commas, no alias has.
  const std::size_t comma = line.rfind(',');
  const std::string_view id = unquoted(trimmed(line.substr(0, comma)));
  if (first && heading(id)) return std::nullopt;
  if (comma == std::string_view::npos) return "there is no comma; write the device's id, a comma, its alias";
  const auto fault = aliases.add(id, unquoted(trimmed(line.substr(comma + 1))));
  if (!fault) return std::nullopt;
  return fault->what + "; " + fault->fix;
}

}  // namespace

base::Explained<Aliases> Aliases::load(const Settings& settings) {
  Aliases made{settings.nameRule};
  for (const auto& [id, alias] : settings.aliases) {
    if (const auto fault = made.add(id, alias)) return base::failed<Aliases>("devices.aliases: " + id + ": " + fault->what + "; " + fault->fix);
  }
  if (settings.aliasFile.empty()) return made;
  const base::Explained<std::string> content = x509::fileContent(settings.aliasFile);
  if (!content) return base::failed<Aliases>(content.error());
  if (const auto added = made.addLines(*content, settings.aliasFile.string()); !added) return base::failed<Aliases>(added.error());
  return made;
}

base::Explained<void> Aliases::addLines(std::string_view text, const std::string& name) {
  constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(byteOrderMark)) text.remove_prefix(byteOrderMark.size());
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const auto wrong = addLine(*this, text.substr(0, end), number == 1);
    if (wrong) return base::failed<void>(name + ":" + std::to_string(number) + ": " + *wrong);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

std::optional<NamingFault> Aliases::add(std::string_view id, std::string_view alias) {
  if (auto fault = deviceIdFault(id, rule_)) return fault;
  if (auto fault = aliasFault(alias)) return fault;
  if (byId_.contains(id)) return NamingFault{"this device has an alias already", "keep one of them", false};
  if (byAlias_.contains(alias)) return NamingFault{"another device has this alias", "give each device its own", true};
  if (byId_.contains(alias)) return NamingFault{"this alias is the id of another device", "choose another name", true};
  if (byAlias_.contains(id)) return NamingFault{"this id is the alias of another device", "give that device another alias", false};
  byId_.emplace(id, alias);
  byAlias_.emplace(alias, id);
  return std::nullopt;
}

std::string_view Aliases::aliasOf(std::string_view id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view Aliases::idOf(std::string_view alias) const {
  const auto found = byAlias_.find(alias);
  return found == byAlias_.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace spheregate::identity
