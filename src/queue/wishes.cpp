#include "wishes.hpp"

namespace spheregate::queue {

Wish wishFor(Core& core, const Entry& entry, Sequence sequence) {
  return {.sequence = sequence,
          .ordinal = entry.ordinal,
          .segment = entry.segment,
          .offset = entry.offset,
          .salt = core.segments.all().at(entry.segment).salt,
          .recordBytes = static_cast<std::uint32_t>(entry.recordBytes()),
          .body = {}};
}

void fulfil(SegmentFiles& files, Wishes& wishes) {
  for (std::size_t begin = 0; begin < wishes.size();) {
    std::size_t end = begin + 1;
    std::size_t bytes = wishes[begin].recordBytes;
    while (end < wishes.size() && wishes[end].segment == wishes[begin].segment && wishes[end].offset == wishes[begin].offset + bytes) {
      bytes += wishes[end++].recordBytes;
    }
    auto read = files.read(wishes[begin].segment, wishes[begin].offset, bytes);
    if (!read && end - begin > 1) {
      end = begin + 1;
      read = files.read(wishes[begin].segment, wishes[begin].offset, wishes[begin].recordBytes);
    }
    if (!read) {
      wishes[begin++].failure = read.error();
      continue;
    }
    std::size_t at = 0;
    for (; begin < end; ++begin) {
      Wish& wish = wishes[begin];
      if (at + wish.recordBytes > read->size()) continue;
      const auto record = readRecord(base::ByteView{*read}.subspan(at, wish.recordBytes), wish.salt);
      at += wish.recordBytes;
      if (!record || record->type != RecordType::message || record->message.ordinal != wish.ordinal) continue;
      wish.found = true;
      wish.body.assign(record->message.body.begin(), record->message.body.end());
    }
  }
}

}  // namespace spheregate::queue
