#include "spheregate/relay/stored_message.hpp"

#include "spheregate/base/check.hpp"

namespace spheregate::relay {
namespace {

constexpr std::uint8_t kRetain = 1;
constexpr std::uint8_t kPatch = 2;
constexpr std::size_t kHeaderBytes = 3;  // flags, suffix length (big-endian; a topic has at most 65,535 bytes)

}  // namespace

void encode(const StoredMessage& message, base::Bytes& out) {
  SPHEREGATE_CHECK(message.suffix.size() <= 0xFFFF);
  out.clear();
  out.push_back(static_cast<std::uint8_t>((message.retain ? kRetain : 0) | (message.kind == MessageKind::reportedPatch ? kPatch : 0)));
  out.push_back(static_cast<std::uint8_t>(message.suffix.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(message.suffix.size() & 0xFF));
  base::append(out, message.suffix);
  base::append(out, message.payload);
}

std::optional<StoredMessage> decode(base::ByteView body) {
  if (body.size() < kHeaderBytes) return std::nullopt;
  const std::size_t suffixBytes = static_cast<std::size_t>(body[1]) << 8 | body[2];
  if (body.size() < kHeaderBytes + suffixBytes) return std::nullopt;
  return StoredMessage{.suffix = base::asText(body.subspan(kHeaderBytes, suffixBytes)),
                       .payload = body.subspan(kHeaderBytes + suffixBytes),
                       .retain = (body[0] & kRetain) != 0,
                       .kind = (body[0] & kPatch) != 0 ? MessageKind::reportedPatch : MessageKind::telemetry};
}

}  // namespace spheregate::relay
