#include <algorithm>
#include <vector>

#include "../../src/queue/segment_reader.hpp"
#include "spheregate/base/check.hpp"

// The input is, once, the bytes of a segment behind a sound header; and once a recipe for a sound segment and for damage to it,
// because no fuzzer guesses a CRC.
namespace spheregate::queue {
namespace {

constexpr std::uint32_t kNumber = 7;
constexpr std::uint32_t kSalt = 0x5EED5EED;

struct Place {
  std::size_t begins;
  std::size_t ends;
};

// Walks to the end; whatever is read must lie where the reader says and come back the same when it is written again.
std::vector<Place> walk(base::ByteView bytes) {
  std::vector<Place> records;
  SegmentReader reader{bytes, kNumber};
  if (!reader.sound()) return records;
  std::size_t at = kSegmentHeaderBytes;
  while (true) {
    const auto step = reader.next();
    if (step == SegmentReader::Step::end) break;
    SPHEREGATE_CHECK(reader.offset() == at);
    if (step != SegmentReader::Step::record) {
      SPHEREGATE_CHECK(reader.skipped() > 0);
      at += reader.skipped();
      SPHEREGATE_CHECK(step == SegmentReader::Step::damaged ? at < bytes.size() : at == bytes.size());
      continue;
    }
    const Record& record = reader.record();
    base::Bytes again;
    if (record.type == RecordType::device) append(again, kSalt, record.device);
    if (record.type == RecordType::message) append(again, kSalt, record.message);
    if (record.type == RecordType::release) append(again, kSalt, record.release);
    SPHEREGATE_CHECK(again.size() == record.size);
    SPHEREGATE_CHECK(std::equal(again.begin(), again.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)));
    records.push_back({at, at + record.size});
    at += record.size;
  }
  SPHEREGATE_CHECK(at == bytes.size());
  return records;
}

class Recipe {
 public:
  explicit Recipe(base::ByteView bytes) : bytes_{bytes} {}
  bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  base::ByteView some() {
    const std::size_t count = std::min<std::size_t>(byte(), bytes_.size());
    const base::ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

 private:
  base::ByteView bytes_;
};

void cook(Recipe recipe) {
  base::Bytes segment;
  append(segment, SegmentHeader{.number = kNumber, .salt = kSalt});
  std::vector<Place> placed;
  for (std::uint8_t records = recipe.byte() % 16; records > 0; --records) {
    const std::size_t begins = segment.size();
    const std::uint8_t kind = recipe.byte() % 3;
    if (kind == 0) append(segment, kSalt, DeviceRecord{.number = recipe.byte(), .id = "device"});
    if (kind == 1) append(segment, kSalt, MessageRecord{.device = recipe.byte(), .ordinal = 1u + recipe.byte(), .body = recipe.some()});
    if (kind == 2) append(segment, kSalt, ReleaseRecord{.device = recipe.byte(), .firstOrdinal = 1, .count = 1, .fate = Fate::delivered});
    placed.push_back({begins, segment.size()});
  }
  SPHEREGATE_CHECK(walk(segment).size() == placed.size());

  std::vector<std::size_t> hurt;
  while (recipe.more() && segment.size() > kSegmentHeaderBytes) {
    const std::size_t high = recipe.byte();
    const std::size_t at = kSegmentHeaderBytes + (high << 8 | recipe.byte()) % (segment.size() - kSegmentHeaderBytes);
    const std::uint8_t flip = recipe.byte();
    if (flip == 0) continue;
    segment[at] ^= flip;
    hurt.push_back(at);
  }
  const std::vector<Place> found = walk(segment);
  for (const Place& place : placed) {
    const bool whole = std::none_of(hurt.begin(), hurt.end(), [&](std::size_t at) { return at >= place.begins && at < place.ends; });
    const bool seen = std::any_of(found.begin(), found.end(), [&](const Place& other) { return other.begins == place.begins; });
    SPHEREGATE_CHECK(!whole || seen);
  }
}

}  // namespace
}  // namespace spheregate::queue

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spheregate;
  const base::ByteView input{data, size};
  base::Bytes segment;
  queue::append(segment, queue::SegmentHeader{.number = queue::kNumber, .salt = queue::kSalt});
  base::append(segment, input);
  (void)queue::walk(segment);
  (void)queue::walk(input);
  queue::cook(queue::Recipe{input});
  return 0;
}
