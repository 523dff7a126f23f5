#include "lookouts.hpp"

#include <cstddef>
#include <deque>
#include <system_error>
#include <utility>

namespace spheregate::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLookoutsMax = 1'000;
// As the kernel has it.
constexpr int kLinksMax = 40;
constexpr std::size_t kLinksOfADirectoryMax = 256;

class Walk {
 public:
  explicit Walk(Lookouts& found) : found_{found} {}

  void to(const fs::path& place) {
    rest_.clear();
    links_ = 0;
    follow(place);
    while (!rest_.empty() && found_.size() < kLookoutsMax && step()) {}
  }

  // Where the walk ended, when it ended in a directory.
  const fs::path& here() const { return here_; }
  bool arrivedInDirectory() const { return arrived_; }

 private:
  void follow(const fs::path& target) {
    if (target.is_absolute()) here_ = "/";
    rest_.insert(rest_.begin(), target.begin(), target.end());
  }

  void lookFor(const std::string& name) {
    Lookout& lookout = found_[here_];
    lookout.inside = true;
    lookout.names.insert(name);
  }

  // False when the way ends here.
  bool step() {
    const std::string name = std::exchange(rest_.front(), {}).string();
    rest_.pop_front();
    if (name.empty() || name == "." || name == "/") return true;
    arrived_ = name == "..";
    if (arrived_) {
      here_ = here_.parent_path();
      return true;
    }
    found_[here_];
    const fs::path next = here_ / name;
    std::error_code error;
    const fs::file_type type = fs::symlink_status(next, error).type();
    if (type == fs::file_type::symlink) {
      lookFor(name);
      const fs::path target = fs::read_symlink(next, error);
      if (error || ++links_ > kLinksMax) return false;
      follow(target);
      return true;
    }
    if (type != fs::file_type::directory) {
      lookFor(name);
      return false;
    }
    here_ = next;
    arrived_ = true;
    return true;
  }

  Lookouts& found_;
  fs::path here_;
  std::deque<fs::path> rest_;
  int links_ = 0;
  bool arrived_ = false;
};

// A directory of links, as Kubernetes and OpenSSL's tools make them: what they point to is looked at too.
void addLinksIn(const fs::path& directory, Lookouts& found) {
  std::error_code error;
  std::size_t links = 0;
  for (fs::directory_iterator entry{directory, error}; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    std::error_code unknown;
    if (!entry->is_symlink(unknown)) continue;
    if (++links > kLinksOfADirectoryMax) return;
    Walk{found}.to(entry->path());
  }
}

}  // namespace

Lookouts lookoutsFor(const std::vector<fs::path>& places) {
  Lookouts found;
  for (const fs::path& place : places) {
    std::error_code error;
    const fs::path whole = fs::absolute(place, error);
    if (place.empty() || error) continue;
    Walk walk{found};
    walk.to(whole);
    if (!walk.arrivedInDirectory()) continue;
    Lookout& lookout = found[walk.here()];
    lookout.inside = lookout.everyName = true;
    addLinksIn(walk.here(), found);
  }
  return found;
}

}  // namespace spheregate::ops
