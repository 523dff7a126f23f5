#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace spheregate::provisioning {

// `$dps/registrations/res/{status}/?$rid={id}[&retry-after={seconds}]`, a view into the topic.
struct AnswerTopic {
  int status = 0;
  std::string_view requestId;
  std::chrono::seconds retryAfter{};  // 0 when it is absent or not a number
};

// Nothing for every other topic.
std::optional<AnswerTopic> parseAnswerTopic(std::string_view topic);

}  // namespace spheregate::provisioning
