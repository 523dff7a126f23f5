#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spheregate/state/store.hpp"

namespace spheregate::checkup {

// Remembers nothing, so that the daemon's own parts can be tried without touching what the daemon keeps.
class NoStore final : public state::Store {
 public:
  void change(state::Table, std::string, state::Change change, Done done) override {
    std::optional<std::string> nothing;
    change(nothing);
    if (done) done(false);
  }
  void read(state::Table, std::string, Give give) override {
    if (give) give(std::nullopt);
  }
  state::Rows all(state::Table, std::string_view, std::size_t) override { return {}; }
  bool changeAndWait(state::Table, std::string, state::Change change) override {
    std::optional<std::string> nothing;
    change(nothing);
    return false;
  }
  bool usable() const override { return true; }
  std::string_view fault() const override { return {}; }
};

}  // namespace spheregate::checkup
