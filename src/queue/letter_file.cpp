#include "letter_file.hpp"

#include <string>

#include "letter_head.hpp"
#include "record.hpp"

namespace spheregate::queue {
namespace {

// A message with its head; whatever is larger is none of ours.
constexpr std::uint64_t kLetterBytesMax = kLetterHeadBytesMax + kRecordBytesMax;

std::string pathOf(const DeadLetter& letter) { return std::string{kLetterFolder} + "/" + letter.id; }

}  // namespace

void readLetter(Disk& disk, DeadLetter& letter, bool withBody) {
  auto file = disk.open(pathOf(letter));
  const auto size = file ? (*file)->size() : base::Result<std::uint64_t>{file.error()};
  if (!size) {
    letter.fault = "cannot be opened: " + size.error().message();
    return;
  }
  letter.bytes = *size;
  if (*size > kLetterBytesMax) {
    letter.fault = "is larger than any message";
    return;
  }
  auto content = (*file)->read(0, withBody ? *size : kLetterHeadBytesMax);
  if (!content) {
    letter.fault = "cannot be read: " + content.error().message();
    return;
  }
  const auto head = readLetterHead(base::asText(*content), letter);
  if (!head) {
    letter.fault = "does not begin with the line that says whose it is";
  } else if (withBody) {
    letter.body.assign(content->begin() + static_cast<std::ptrdiff_t>(*head), content->end());
    if (letter.body.size() + kMessageBytes > kRecordBytesMax) letter.fault = "is larger than any message";
  }
}

bool letterIsGone(Disk& disk, const DeadLetter& letter) {
  const auto file = disk.open(pathOf(letter));
  return !file && file.error() == boost::system::errc::no_such_file_or_directory;
}

}  // namespace spheregate::queue
