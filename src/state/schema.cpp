#include "spheregate/state/schema.hpp"

#include <sqlite3.h>

#include <array>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

namespace spheregate::state {
namespace {

namespace fs = std::filesystem;

struct Stamp {
  std::int64_t application = 0;
  std::int64_t version = 0;
};

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// Where the file format of SQLite has them, each four bytes, the highest first.
constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;
constexpr std::size_t kHeaderBytes = 100;

std::optional<Stamp> stampOfFile(const fs::path& file) {
  std::array<char, kHeaderBytes> header{};
  std::ifstream stream{file, std::ios::binary};
  if (!stream.read(header.data(), header.size()) || std::string_view{header.data(), kMagic.size()} != kMagic) return std::nullopt;
  const auto number = [&header](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t index = 0; index < sizeof value; ++index) value = value << 8 | static_cast<unsigned char>(header[at + index]);
    return std::int64_t{value};
  };
  return Stamp{.application = number(kApplicationIdAt), .version = number(kUserVersionAt)};
}

std::optional<std::int64_t> number(sqlite3* connection, const char* sql) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(connection, sql, -1, &made, nullptr) != SQLITE_OK) return std::nullopt;
  const std::unique_ptr<sqlite3_stmt, Finalize> statement{made};
  if (sqlite3_step(made) != SQLITE_ROW) return std::nullopt;
  return sqlite3_column_int64(made, 0);
}

// What counts may be in the log only, and that is for SQLite to read. With the file locked the log's index is in memory, and not a file of
// its own; and the log is not copied into the file at the end.
std::optional<Stamp> stampOfFileAndLog(const fs::path& file) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  const std::unique_ptr<sqlite3, Close> connection{opened};
  if (code != SQLITE_OK) return std::nullopt;
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(opened, 0);
  if (sqlite3_exec(opened, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) != SQLITE_OK) return std::nullopt;
  const auto application = number(opened, "PRAGMA application_id");
  const auto version = number(opened, "PRAGMA user_version");
  if (!application || !version) return std::nullopt;
  return Stamp{.application = *application, .version = *version};
}

}  // namespace

std::optional<std::int64_t> newerSchema(const fs::path& directory) {
  const fs::path file = directory / "state.db";
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  const auto logBytes = fs::file_size(directory / "state.db-wal", error);
  // SQLite would make a log where there is none.
  const auto stamp = error || logBytes == 0 ? stampOfFile(file) : stampOfFileAndLog(file);
  if (!stamp || stamp->application != kApplicationId || stamp->version <= kSchemaVersion) return std::nullopt;
  return stamp->version;
}

}  // namespace spheregate::state
