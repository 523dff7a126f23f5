#pragma once

#include <optional>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::relay {

// A telemetry message as custody keeps it: a byte of flags, the topic's suffix and the payload, both untouched. The topic's
// prefix is the device's, so it is not stored.
struct StoredMessage {
  std::string_view suffix;
  base::ByteView payload;
  bool retain = false;
};

// Replaces `out`.
void encode(const StoredMessage& message, base::Bytes& out);
// Views into `body`; nothing when it is too short for what it says.
[[nodiscard]] std::optional<StoredMessage> decode(base::ByteView body);

}  // namespace spheregate::relay
