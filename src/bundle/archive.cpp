#include "spheregate/bundle/archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "spheregate/base/check.hpp"

namespace spheregate::bundle {
namespace {

constexpr std::size_t kBlock = 512;
// The format wants two empty blocks at the end, and programs that read it like whole records of twenty.
constexpr std::size_t kEndBytes = 2 * kBlock;
constexpr std::size_t kNameBytesMax = 99;
constexpr std::uint64_t kContentBytesMax = 1u << 30;
constexpr int kGzipWindow = 15 + 16;

// POSIX.1-1988, ustar.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char linkName[100];
  char magic[6];
  char version[2];
  char userName[32];
  char groupName[32];
  char deviceMajor[8];
  char deviceMinor[8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == kBlock);

// All but the last character, which stays zero.
template <std::size_t size>
void octal(char (&field)[size], std::uint64_t number) {
  for (std::size_t place = size - 1; place-- > 0; number /= 8) field[place] = static_cast<char>('0' + number % 8);
}

Header headerOf(const std::string& path, std::uint64_t bytes, std::int64_t unixSeconds) {
  Header header{};
  std::memcpy(header.name, path.data(), path.size());
  octal(header.mode, 0600);
  octal(header.uid, 0);
  octal(header.gid, 0);
  octal(header.size, bytes);
  octal(header.mtime, static_cast<std::uint64_t>(std::max<std::int64_t>(0, unixSeconds)));
  std::memset(header.checksum, ' ', sizeof header.checksum);
  header.type = '0';
  std::memcpy(header.magic, "ustar", sizeof header.magic);
  std::memcpy(header.version, "00", sizeof header.version);
  std::memcpy(header.userName, "root", 5);
  std::memcpy(header.groupName, "root", 5);
  std::array<unsigned char, kBlock> bytesOf{};
  std::memcpy(bytesOf.data(), &header, kBlock);
  unsigned sum = 0;
  for (const unsigned char byte : bytesOf) sum += byte;
  // Six digits, a zero and a space, as ever.
  for (std::size_t place = 6; place-- > 0; sum /= 8) header.checksum[place] = static_cast<char>('0' + sum % 8);
  header.checksum[6] = '\0';
  return header;
}

}  // namespace

struct Archive::Stream {
  Stream() { SPHEREGATE_CHECK(deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK); }
  ~Stream() { deflateEnd(&zlib); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  z_stream zlib{};
};

Archive::Archive(std::string directory, std::int64_t unixSeconds, Sink sink)
    : directory_{std::move(directory)}, unixSeconds_{unixSeconds}, sink_{std::move(sink)}, stream_{std::make_unique<Stream>()} {}

Archive::~Archive() = default;

base::Explained<void> Archive::add(std::string_view name, std::string_view content) {
  const std::string path = directory_ + "/" + std::string{name};
  SPHEREGATE_CHECK(path.size() <= kNameBytesMax && content.size() <= kContentBytesMax);
  const Header header = headerOf(path, content.size(), unixSeconds_);
  auto done = compress({reinterpret_cast<const char*>(&header), sizeof header}, false);
  if (done) done = compress(content, false);
  const std::string padding((kBlock - content.size() % kBlock) % kBlock, '\0');
  if (done) done = compress(padding, false);
  return done;
}

base::Explained<void> Archive::finish() { return compress(std::string(kEndBytes, '\0'), true); }

base::Explained<void> Archive::compress(std::string_view bytes, bool last) {
  std::array<char, 16 * 1024> out{};
  z_stream& zlib = stream_->zlib;
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  // A content is far below four gigabytes, which zlib takes at once.
  zlib.avail_in = static_cast<uInt>(bytes.size());
  do {
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = static_cast<uInt>(out.size());
    SPHEREGATE_CHECK(deflate(&zlib, last ? Z_FINISH : Z_NO_FLUSH) != Z_STREAM_ERROR);
    const auto given = sink_({out.data(), out.size() - zlib.avail_out});
    if (!given) return given;
  } while (zlib.avail_out == 0);
  return {};
}

}  // namespace spheregate::bundle
