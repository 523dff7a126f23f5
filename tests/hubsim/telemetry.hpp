#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/archive.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

// Whether the bag has the property, with a value or without. No bag has one without a name.
[[nodiscard]] bool hasProperty(std::string_view suffix, std::string_view key);
// Whether the property bag holds no broken escape.
[[nodiscard]] bool readableBag(std::string_view suffix);
// Body, names and values as IoT Hub meters them. `suffix` must be readable.
[[nodiscard]] bool fitsMessage(std::string_view suffix, std::size_t payloadBytes);

// The will as the message it will be, less connection and time. False when it is not one a hub takes: for another topic, of
// QoS 2, or with a bag that cannot be read.
[[nodiscard]] bool readWill(const mqtt::Connect& connect, const std::string& device, std::optional<Message>& will);

}  // namespace spheregate::hubsim
