#include "spheregate/relay/stored_message.hpp"

#include "spheregate/base/check.hpp"

namespace spheregate::relay {
namespace {

constexpr std::uint8_t kRetain = 1;
constexpr std::uint8_t kPatch = 2;
constexpr std::uint8_t kMarked = 4;
constexpr std::size_t kHeaderBytes = 3;  // flags, suffix length (big-endian; a topic has at most 65,535 bytes)
constexpr std::size_t kMarkBytes = 8;    // behind the header of what is marked, big-endian

}  // namespace

void encode(const StoredMessage& message, base::Bytes& out) {
  SPHEREGATE_CHECK(message.suffix.size() <= 0xFFFF);
  out.clear();
  out.push_back(static_cast<std::uint8_t>((message.retain ? kRetain : 0) | (message.kind == MessageKind::reportedPatch ? kPatch : 0) |
                                          (message.mark != 0 ? kMarked : 0)));
  out.push_back(static_cast<std::uint8_t>(message.suffix.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(message.suffix.size() & 0xFF));
  if (message.mark != 0) {
    for (std::size_t shift = kMarkBytes; shift-- > 0;) out.push_back(static_cast<std::uint8_t>(message.mark >> (8 * shift)));
  }
  base::append(out, message.suffix);
  base::append(out, message.payload);
}

std::optional<StoredMessage> decode(base::ByteView body) {
  if (body.size() < kHeaderBytes) return std::nullopt;
  const std::size_t suffixBytes = static_cast<std::size_t>(body[1]) << 8 | body[2];
  const std::size_t begin = kHeaderBytes + ((body[0] & kMarked) != 0 ? kMarkBytes : 0);
  if (body.size() < begin + suffixBytes) return std::nullopt;
  std::uint64_t mark = 0;
  for (const std::uint8_t byte : body.subspan(kHeaderBytes, begin - kHeaderBytes)) mark = mark << 8 | byte;
  return StoredMessage{.suffix = base::asText(body.subspan(begin, suffixBytes)),
                       .payload = body.subspan(begin + suffixBytes),
                       .retain = (body[0] & kRetain) != 0,
                       .kind = (body[0] & kPatch) != 0 ? MessageKind::reportedPatch : MessageKind::telemetry,
                       .mark = mark};
}

}  // namespace spheregate::relay
