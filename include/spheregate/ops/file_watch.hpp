#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/ops/file_stamps.hpp"

namespace spheregate::ops {

// Notices that files change, however they are replaced: written in place, renamed over, deleted and made again, by a link that is
// turned, or with the directory they are in. It waits until a burst of changes has settled for 200 ms, at most a second, and then
// calls back once. The kernel tells it (inotify); where the kernel cannot, it looks every two seconds itself. Every five minutes it
// looks in any case, for file systems whose changes are made on another machine. Core thread only.
class FileWatch {
 public:
  FileWatch(boost::asio::io_context& loop, base::Timers& timers, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // What is watched from now on, in place of what was; a directory stands for the files in it. What is not there is awaited.
  void watch(std::vector<std::filesystem::path> places);
  // Whoever has read the places already says how they were before that: what has changed since is a change too.
  void watch(std::vector<std::filesystem::path> places, const FileStamps& asRead);

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace spheregate::ops
