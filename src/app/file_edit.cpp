#include "file_edit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include "spheregate/x509/file_content.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kNewFileMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
constexpr std::string_view kBlanks = " \t\r\"";

std::string reasonOf(int error) { return std::generic_category().message(error); }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view idOfLine(std::string_view line) { return trimmed(line.substr(0, line.find('#'))); }

std::string_view idOfAliasLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t comma = line.rfind(',');
  return comma == std::string_view::npos ? std::string_view{} : trimmed(line.substr(0, comma));
}

// With their line ends.
std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

void endLine(std::string& text) {
  if (!text.empty() && text.back() != '\n') text += '\n';
}

std::string aliasLine(const NamedId& named) {
  const bool quotes = named.id.find(',') != std::string::npos;
  return (quotes ? "\"" + named.id + "\"" : named.id) + "," + named.alias + "\n";
}

bool writeAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A file beside `target` that goes away unless it is put in its place.
class Draft {
 public:
  explicit Draft(const fs::path& target) : target_{target}, name_{target.string() + ".XXXXXX"}, file_{::mkstemp(name_.data())} {}
  ~Draft() {
    if (file_ < 0) return;
    ::close(file_);
    if (!placed_) ::unlink(name_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // False with errno set.
  bool make(std::string_view text) {
    if (file_ < 0) return false;
    struct stat old {};
    const bool replaces = ::stat(target_.c_str(), &old) == 0;
    if (::fchmod(file_, replaces ? old.st_mode & 07777 : kNewFileMode) != 0) return false;
    // Without the right to, the file is the editor's from now on; the mode says who may read it all the same.
    if (replaces && (old.st_uid != ::geteuid() || old.st_gid != ::getegid()) && ::fchown(file_, old.st_uid, old.st_gid) != 0 && errno != EPERM)
      return false;
    if (!writeAll(file_, text) || ::fsync(file_) != 0 || ::rename(name_.c_str(), target_.c_str()) != 0) return false;
    placed_ = true;
    return syncDirectory();
  }

 private:
  bool syncDirectory() const {
    const fs::path directory = target_.has_parent_path() ? target_.parent_path() : fs::path{"."};
    const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return false;
    const bool synced = ::fsync(opened) == 0;
    ::close(opened);
    return synced;
  }

  const fs::path& target_;
  std::string name_;
  int file_;
  bool placed_ = false;
};

}  // namespace

base::Explained<std::string> contentToEdit(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error) && !error) return base::Explained<std::string>{boost::system::in_place_value, ""};
  return x509::fileContent(file);
}

base::Explained<void> replaceFile(const fs::path& file, std::string_view text) {
  std::error_code error;
  const fs::path real = fs::exists(file, error) ? fs::canonical(file, error) : file;
  Draft draft{real};
  if (draft.make(text)) return {};
  return base::failed<void>("cannot write " + real.string() + ": " + reasonOf(errno) + "; nothing changed unless the disk failed; use sudo, or mend the directory");
}

std::optional<std::string> withId(const std::string& text, std::string_view id) {
  for (const std::string_view line : linesOf(text)) {
    if (idOfLine(line.substr(0, line.find('\n'))) == id) return std::nullopt;
  }
  std::string made = text;
  endLine(made);
  return made.append(id).append("\n");
}

std::optional<std::string> withoutId(const std::string& text, std::string_view id) {
  std::string made;
  bool found = false;
  for (const std::string_view line : linesOf(text)) {
    const bool goes = idOfLine(line.substr(0, line.find('\n'))) == id;
    found = found || goes;
    if (!goes) made += line;
  }
  if (!found) return std::nullopt;
  return made;
}

std::string withAliases(const std::string& text, const std::vector<NamedId>& named) {
  std::unordered_map<std::string_view, const NamedId*> wanted;
  for (const NamedId& one : named) wanted.emplace(one.id, &one);
  std::string made;
  std::unordered_set<std::string_view> done;
  for (const std::string_view line : linesOf(text)) {
    const auto found = wanted.find(idOfAliasLine(line.substr(0, line.find('\n'))));
    if (found == wanted.end()) {
      made += line;
    } else if (done.insert(found->first).second) {
      made += aliasLine(*found->second);
    }
  }
  endLine(made);
  for (const NamedId& one : named) {
    if (done.insert(one.id).second) made += aliasLine(one);
  }
  return made;
}

}  // namespace spheregate::app
