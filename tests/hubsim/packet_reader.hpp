#pragma once

#include <cstddef>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::hubsim {

// Cuts packets out of the bytes of one connection, and keeps the start of one whose rest has not arrived.
class PacketReader {
 public:
  explicit PacketReader(std::size_t packetBytesMax) : packetBytesMax_{packetBytesMax} {}

  void allow(std::size_t packetBytesMax) { packetBytesMax_ = packetBytesMax; }

  // `take(frame, packet)` for every complete packet, until it returns false. Why the connection must end; empty when it need not.
  template <class Take>
  std::string_view read(base::ByteView bytes, Take take) {
    if (partial_.empty()) {
      const Cut cut = cutAll(bytes, take);
      const auto rest = bytes.subspan(cut.used);
      partial_.assign(rest.begin(), rest.end());
      return cut.problem;
    }
    base::append(partial_, bytes);
    const Cut cut = cutAll(partial_, take);
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(cut.used));
    if (partial_.empty()) partial_ = {};  // thousands of connections: none keeps a buffer it does not need
    return cut.problem;
  }

 private:
  struct Cut {
    std::size_t used = 0;
    std::string_view problem;
  };

  template <class Take>
  Cut cutAll(base::ByteView input, Take take) {
    std::size_t used = 0;
    for (;;) {
      mqtt::Frame frame;
      const auto found = mqtt::nextFrame(input.subspan(used), packetBytesMax_, frame);
      if (!found) return {used, found.error() == mqtt::Errc::tooLarge ? "too_large" : "malformed"};
      if (*found == mqtt::Framing::incomplete) return {used, {}};
      const base::ByteView packet = input.subspan(used, frame.size);
      used += frame.size;
      if (!take(frame, packet)) return {used, {}};
    }
  }

  std::size_t packetBytesMax_;
  base::Bytes partial_;
};

}  // namespace spheregate::hubsim
