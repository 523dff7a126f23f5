#pragma once

#include "spheregate/queue/disk.hpp"

namespace spheregate::app {

// Stands where the store's directory could not be opened: every operation fails, so custody is closed from the start.
class UnusableDisk final : public queue::Disk {
 public:
  base::Result<std::vector<queue::DiskEntry>> list(std::string_view) override { return failure(); }
  base::Result<std::unique_ptr<queue::DiskFile>> create(std::string_view) override { return failure(); }
  base::Result<std::unique_ptr<queue::DiskFile>> open(std::string_view) override { return failure(); }
  base::Result<void> remove(std::string_view) override { return failure(); }
  base::Result<void> setAside(std::string_view, std::string_view) override { return failure(); }
  base::Result<void> syncDirectory() override { return failure(); }

 private:
  static boost::system::error_code failure() { return boost::system::errc::make_error_code(boost::system::errc::no_such_device); }
};

}  // namespace spheregate::app
