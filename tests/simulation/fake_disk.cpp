#include "fake_disk.hpp"

#include <algorithm>
#include <utility>

namespace spheregate::simulation {
namespace {

boost::system::error_code failure(boost::system::errc::errc_t code) { return boost::system::errc::make_error_code(code); }

std::string path(std::string_view subdirectory, std::string_view name) {
  return subdirectory.empty() ? std::string{name} : std::string{subdirectory} + "/" + std::string{name};
}

}  // namespace

class FakeDisk::Handle final : public queue::DiskFile {
 public:
  Handle(FakeDisk& disk, std::shared_ptr<File> file) : disk_{disk}, file_{std::move(file)}, life_{disk.life_} {}

  base::Result<void> append(base::ByteView bytes) override {
    if (life_ != disk_.life_) return failure(boost::system::errc::bad_file_descriptor);
    if (due(disk_.appendsUntilFailure_)) {
      base::append(file_->content, bytes.first(bytes.size() / 2));
      return failure(boost::system::errc::no_space_on_device);
    }
    base::append(file_->content, bytes);
    return {};
  }

  base::Result<void> sync() override {
    if (life_ != disk_.life_) return failure(boost::system::errc::bad_file_descriptor);
    if (due(disk_.syncsUntilFailure_)) {
      file_->forgotten = true;
      return failure(boost::system::errc::io_error);
    }
    ++disk_.syncs_;
    if (!file_->forgotten) file_->synced = file_->content.size();
    return {};
  }

  base::Result<void> settle() override {
    if (const auto synced = sync(); !synced) return synced;
    if (file_->forgotten) file_->content.resize(file_->synced);
    file_->forgotten = false;
    return {};
  }

  base::Result<base::Bytes> read(std::uint64_t offset, std::size_t size) override {
    if (offset < disk_.badEnds_ && offset + size > disk_.badBegins_) return failure(boost::system::errc::io_error);
    if (offset >= file_->content.size()) return base::Bytes{};
    const auto begin = file_->content.begin() + static_cast<std::ptrdiff_t>(offset);
    const std::size_t length = std::min(size, file_->content.size() - static_cast<std::size_t>(offset));
    return base::Bytes{begin, begin + static_cast<std::ptrdiff_t>(length)};
  }

  base::Result<std::uint64_t> size() override { return file_->content.size(); }

 private:
  FakeDisk& disk_;
  std::shared_ptr<File> file_;
  std::uint64_t life_;
};

// Counts down to the first failure; from then on everything fails.
bool FakeDisk::due(int& untilFailure) {
  if (untilFailure == 0) return false;
  if (untilFailure > 1) {
    --untilFailure;
    return false;
  }
  return true;
}

std::unique_ptr<queue::DiskFile> FakeDisk::handle(std::shared_ptr<File> file) { return std::make_unique<Handle>(*this, std::move(file)); }

base::Result<std::vector<queue::DiskEntry>> FakeDisk::list(std::string_view subdirectory) {
  std::vector<queue::DiskEntry> found;
  for (const auto& [name, file] : names_) {
    const auto slash = name.find('/');
    const std::string_view folder = slash == std::string::npos ? std::string_view{} : std::string_view{name}.substr(0, slash);
    if (folder == subdirectory) found.push_back({slash == std::string::npos ? name : name.substr(slash + 1), file->content.size()});
  }
  return found;
}

base::Result<std::unique_ptr<queue::DiskFile>> FakeDisk::create(std::string_view name) {
  const auto [entry, fresh] = names_.try_emplace(std::string{name}, std::make_shared<File>());
  if (!fresh) return failure(boost::system::errc::file_exists);
  return handle(entry->second);
}

base::Result<std::unique_ptr<queue::DiskFile>> FakeDisk::open(std::string_view name) {
  const auto entry = names_.find(std::string{name});
  if (entry == names_.end()) return failure(boost::system::errc::no_such_file_or_directory);
  return handle(entry->second);
}

base::Result<void> FakeDisk::remove(std::string_view name) {
  if (names_.erase(std::string{name}) == 0) return failure(boost::system::errc::no_such_file_or_directory);
  return {};
}

base::Result<void> FakeDisk::setAside(std::string_view name, std::string_view subdirectory) {
  const auto entry = names_.find(std::string{name});
  if (entry == names_.end()) return failure(boost::system::errc::no_such_file_or_directory);
  names_[path(subdirectory, name)] = entry->second;
  names_.erase(std::string{name});
  return {};
}

base::Result<void> FakeDisk::syncDirectory() {
  syncedNames_ = names_;
  return {};
}

void FakeDisk::powerFail(std::mt19937_64& random) {
  crash();
  // The directory may have been written on its own, or not.
  if (random() % 2 == 0) names_ = syncedNames_;
  for (const auto& entry : names_) {
    File& file = *entry.second;
    const std::size_t unsynced = file.content.size() - file.synced;
    const std::size_t kept = unsynced == 0 ? 0 : static_cast<std::size_t>(random() % (unsynced + 1));
    file.content.resize(file.synced + kept);
    // A page that was never written has the right length and the wrong bytes.
    if (kept > 0 && random() % 3 == 0) {
      const std::size_t from = file.synced + static_cast<std::size_t>(random() % kept);
      std::fill(file.content.begin() + static_cast<std::ptrdiff_t>(from), file.content.end(), std::uint8_t{0});
    }
    file.synced = file.content.size();
    file.forgotten = false;
  }
  syncedNames_ = names_;
}

std::vector<base::Bytes> FakeDisk::kept(std::string_view subdirectory) const {
  std::vector<base::Bytes> found;
  for (const auto& [name, file] : names_) {
    if (name.starts_with(std::string{subdirectory} + "/")) found.push_back(file->content);
  }
  return found;
}

base::Bytes* FakeDisk::content(const std::string& name) {
  const auto entry = names_.find(name);
  return entry == names_.end() ? nullptr : &entry->second->content;
}

}  // namespace spheregate::simulation
