#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace spheregate::app {

// The gateway in brief, again and again: `spheregate status --watch`. Remembers what it needs for rates.
class WatchText {
 public:
  // Of an answer of `/status`. With `rows` what fits into so many lines; 0: as much as is worth a look.
  std::vector<std::string> lines(const nlohmann::json& status, std::chrono::system_clock::time_point now, std::size_t rows);
  // While nobody answers; `why` is a sentence.
  std::vector<std::string> silence(const std::string& why, std::chrono::system_clock::time_point now);

 private:
  struct Counts {
    std::uint64_t accepted;
    std::uint64_t delivered;
    std::chrono::system_clock::time_point at;
  };
  std::string rates(const nlohmann::json& status, std::chrono::system_clock::time_point now);

  std::optional<Counts> before_;
  std::optional<std::chrono::system_clock::time_point> silentSince_;
  bool seen_ = false;
};

}  // namespace spheregate::app
