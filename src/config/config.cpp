#include "spheregate/config/config.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "parser.hpp"

namespace spheregate::config {
namespace {

Loaded unreadable(const std::string& fileName, std::string what, std::string fix) {
  Loaded loaded;
  loaded.problems.push_back(
      {.file = fileName, .line = 0, .column = 0, .key = {}, .what = std::move(what), .fix = std::move(fix)});
  return loaded;
}

}  // namespace

std::string text(const Problem& problem) {
  std::string line = problem.file;
  if (problem.line > 0) line += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  if (!problem.key.empty()) line += ": " + problem.key;
  return line + ": " + problem.what + "; " + problem.fix;
}

Loaded parse(const std::string& yaml, const std::string& fileName) { return Parser{fileName}.parse(yaml); }

Loaded load(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    return unreadable(file.string(), "this is a directory", "name the configuration file");
  // Opening a pipe waits for its other end, and a device may never come to an end.
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error))
    return unreadable(file.string(), "this is a pipe, a device or a socket", "name a regular file");
  std::ifstream stream{file, std::ios::binary};
  if (!stream)
    return std::filesystem::exists(file, error) || error
               ? unreadable(file.string(), "cannot read the file", "check that the gateway's user may read it, and enter its directory")
               : unreadable(file.string(), "cannot read the file, it does not exist", "make one with `spheregate init`, or name another with --config");
  // One byte more than allowed is enough to see that a file is too large, however large it is.
  std::string yaml(kFileBytesMax + 1, '\0');
  stream.read(yaml.data(), static_cast<std::streamsize>(yaml.size()));
  if (stream.bad()) return unreadable(file.string(), "reading the file failed", "check the disk");
  yaml.resize(static_cast<std::size_t>(stream.gcount()));
  return parse(yaml, file.string());
}

std::vector<Value> values(const Config& config) {
  std::vector<Value> all;
  for (const Key& key : keys()) {
    if (!belongs(key, config)) continue;
    std::string text = key.write(config);
    // A key that may be left out where others say enough, and is.
    if (key.required && !needs(config, key) && text == "\"\"") continue;
    all.push_back({.key = key.path, .text = std::move(text), .plain = key.plain, .secret = key.secret});
  }
  return all;
}

std::string show(const Config& config) {
  std::string out;
  std::string open;  // the section whose keys are being written, dotted
  for (const Value& value : values(config)) {
    const auto dot = value.key.rfind('.');
    const std::string section = dot == std::string::npos ? "" : value.key.substr(0, dot);
    const auto depth = static_cast<std::size_t>(std::count(value.key.begin(), value.key.end(), '.'));
    // Coming back from a deeper section opens nothing.
    if (section != open && !open.starts_with(section + ".")) {
      out += std::string(2 * (depth - 1), ' ') + section.substr(section.rfind('.') + 1) + ":\n";
    }
    open = section;
    out += std::string(2 * depth, ' ') + value.key.substr(dot + 1) + ": " + value.text + "\n";
  }
  return out;
}

}  // namespace spheregate::config
