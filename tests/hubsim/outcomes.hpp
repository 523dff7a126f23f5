#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "hubsim/json_text.hpp"
#include "hubsim/limits.hpp"

namespace spheregate::hubsim {

// How a cloud-to-device message ended: completed, expired, dead_lettered or purged.
struct Outcome {
  std::string device;
  std::uint64_t sequence = 0;
  std::string messageId;
  std::string outcome;
  std::uint32_t deliveries = 0;
};

// The latest of all devices, oldest first.
class Outcomes {
 public:
  void add(Outcome outcome) {
    outcomes_.push_back(std::move(outcome));
    if (outcomes_.size() > kOutcomesMax) outcomes_.pop_front();
  }
  void clear() { outcomes_.clear(); }

  Json toJson(const std::string& device) const {
    Json out = Json::array();
    for (const Outcome& outcome : outcomes_) {
      if (outcome.device != device) continue;
      out.push_back({{"sequence", outcome.sequence},
                     {"message_id", outcome.messageId},
                     {"outcome", outcome.outcome},
                     {"deliveries", outcome.deliveries}});
    }
    return out;
  }

 private:
  std::deque<Outcome> outcomes_;
};

}  // namespace spheregate::hubsim
