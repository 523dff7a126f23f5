#pragma once

#include <cstdint>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::mqtt {

// Reads the fields of one packet from front to back. After the first field that runs past the end every answer is empty and
// `failed` stays true, so a parser asks once, after a group of fields.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : rest_{bytes} {}

  bool failed() const { return failed_; }
  bool atEnd() const { return rest_.empty(); }

  std::uint8_t byte() {
    const base::ByteView taken = take(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }

  std::uint16_t number() {
    const base::ByteView taken = take(2);
    return taken.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(taken[0] << 8 | taken[1]);
  }

  // Two bytes of length, then as many bytes (§1.5.3).
  base::ByteView binary() { return take(number()); }
  // The same; whether it is valid UTF-8 is for the caller to ask.
  std::string_view string() { return base::asText(binary()); }

  base::ByteView remaining() {
    const base::ByteView all = rest_;
    rest_ = {};
    return all;
  }

 private:
  base::ByteView take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const base::ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  base::ByteView rest_;
  bool failed_ = false;
};

}  // namespace spheregate::mqtt
