#include "secret_sources.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "spheregate/tls/key_name.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

// The keys of ten thousand devices, and more.
constexpr std::size_t kSecretBytesMax = 4u << 20;
constexpr std::size_t kConfigBytesMax = 1u << 20;
constexpr const char* kCredentials = "/run/credentials/spheregate.service";

// The path in a value as `config show` writes it.
std::string unquoted(const std::string& text) { return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : text; }

void addDirectory(std::vector<fs::path>& files, const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator entries{directory, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) files.push_back(entries->path());
}

// The paths in the text of the configuration that not everybody may read, whatever key they belong to: the file may be so broken that keys cannot be
// told apart.
void addPrivateFilesNamedIn(std::vector<fs::path>& files, const fs::path& configuration) {
  std::ifstream stream{configuration, std::ios::binary};
  std::string text(kConfigBytesMax, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  for (std::size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at)) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'#,]}", at), text.size());
    const fs::path place = text.substr(at, end - at);
    at = end;
    std::error_code error;
    const fs::file_status facts = fs::status(place, error);
    if (fs::is_regular_file(facts) && (facts.permissions() & fs::perms::others_read) == fs::perms::none) files.push_back(place);
  }
}

std::vector<fs::path> secretFiles(const fs::path& file, const config::Config& config) {
  std::vector<fs::path> files;
  for (const config::Value& value : config::values(config)) {
    const std::string named = value.secret ? unquoted(value.text) : std::string{};
    if (named.empty()) continue;
    const auto key = tls::keyName(named);
    if (!key) continue;
    if (!key->pinFile.empty()) files.push_back(key->pinFile);
    if (key->place == tls::KeyName::Place::file) files.emplace_back(named);
  }
  addPrivateFilesNamedIn(files, file);
  addDirectory(files, file.parent_path() / "secrets");
  addDirectory(files, kCredentials);
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) addDirectory(files, credentials);
  if (config.authority.empty()) return files;
  std::vector<fs::path> own;
  addDirectory(own, config.authority);
  for (fs::path& one : own) {
    if (one.extension() == ".key") files.push_back(std::move(one));
  }
  return files;
}

bool hideOne(bundle::Redactor& redactor, const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return !fs::exists(file, error) && !error;
  std::ifstream stream{file, std::ios::binary};
  std::string content(kSecretBytesMax, '\0');
  stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!stream.is_open() || stream.bad()) return false;
  content.resize(static_cast<std::size_t>(stream.gcount()));
  redactor.hideFile(content);
  return true;
}

}  // namespace

std::vector<fs::path> hideSecrets(bundle::Redactor& redactor, const fs::path& file, const config::Config& config) {
  std::vector<fs::path> unread;
  for (fs::path& secret : secretFiles(file, config)) {
    if (!hideOne(redactor, secret)) unread.push_back(std::move(secret));
  }
  return unread;
}

}  // namespace spheregate::app
