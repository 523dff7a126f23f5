#pragma once

#include <chrono>
#include <memory>

#include "http_answer.hpp"

namespace spheregate::ops {

class EventFeed;

// What a request gets.
struct HttpReply {
  HttpAnswer answer;
  std::chrono::milliseconds pause{0};  // before it is sent
  std::shared_ptr<EventFeed> events{}; // what follows the header in place of a body, for as long as the client listens; null: nothing
  std::shared_ptr<void> room{};        // given back when the answer has been sent, or its client is gone
};

}  // namespace spheregate::ops
