#include "written_configuration.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace spheregate::app {
namespace {

constexpr std::size_t kRemarkColumn = 48;

bool nameCharacter(char c) { return std::islower(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string{text};
}

// Text that YAML takes as it stands is left so; everything else goes between quotes.
std::string scalar(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view{"._/-"}.find(c) != std::string_view::npos;
  }) && text.front() != '-';
  if (plain) return std::string{text};
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

WrittenConfiguration::WrittenConfiguration(std::string_view example) {
  std::vector<std::string> sections;  // the path to where we are, by depth
  while (!example.empty()) {
    const std::size_t end = std::min(example.find('\n'), example.size());
    const std::string_view raw = example.substr(0, end);
    example.remove_prefix(std::min(end + 1, example.size()));
    Line line;
    line.asWritten = std::string{raw};
    const std::size_t indent = std::min(raw.find_first_not_of(' '), raw.size());
    std::string_view rest = raw.substr(indent);
    // A comment at the left edge is text for people, a commented key stands where the key would.
    line.given = !rest.starts_with("# ");
    if (!line.given && indent > 0) rest.remove_prefix(2);
    const auto nameEnd = std::find_if_not(rest.begin(), rest.end(), nameCharacter);
    const auto length = static_cast<std::size_t>(nameEnd - rest.begin());
    if (length > 0 && length < rest.size() && rest[length] == ':') {
      line.indent = std::string(indent, ' ');
      line.name = std::string{rest.substr(0, length)};
      const std::string_view after = rest.substr(length + 1);
      const std::size_t remark = std::min(after.find("  # "), after.size());
      line.value = trimmed(after.substr(0, remark));
      line.remark = trimmed(after.substr(remark));
      sections.resize(std::min(sections.size(), indent / 2));
      std::string path;
      for (const std::string& section : sections) path += section + ".";
      if (line.value.empty()) {
        sections.push_back(line.name);
      } else {
        line.key = path + line.name;
      }
    }
    lines_.push_back(std::move(line));
  }
}

bool WrittenConfiguration::give(const std::string& key, std::string_view text) {
  Line* line = find(key);
  if (line == nullptr) return false;
  line->value = scalar(text);
  line->given = true;
  line->asWritten = written(*line);
  return true;
}

void WrittenConfiguration::leaveOut(const std::string& key) {
  Line* line = find(key);
  if (line == nullptr || !line->given) return;
  line->given = false;
  line->asWritten = written(*line);
}

std::vector<std::string> WrittenConfiguration::keysIn(const std::string& section) const {
  std::vector<std::string> found;
  for (const Line& line : lines_) {
    if (!line.key.empty() && line.key.size() > line.name.size() && line.key == section + "." + line.name)
      found.push_back(line.key);
  }
  return found;
}

std::string WrittenConfiguration::text() const {
  std::string all;
  for (const Line& line : lines_) all += line.asWritten + "\n";
  return all;
}

std::string WrittenConfiguration::written(const Line& line) {
  std::string text = line.indent + (line.given ? "" : "# ") + line.name + ": " + line.value;
  if (line.remark.empty()) return text;
  text.resize(std::max(text.size() + 2, kRemarkColumn), ' ');
  return text + line.remark;
}

WrittenConfiguration::Line* WrittenConfiguration::find(const std::string& key) {
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) { return !line.key.empty() && line.key == key; });
  return found == lines_.end() ? nullptr : &*found;
}

}  // namespace spheregate::app
