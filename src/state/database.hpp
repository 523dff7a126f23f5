#pragma once

#include <sqlite3.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/state/store.hpp"

namespace spheregate::state {

enum class Outcome : std::uint8_t {
  good,
  failed,   // this time: no room, an I/O error
  damaged,  // the file is not what we wrote
};

// One connection to state.db with its prepared statements. A row is bytes under a key; each Table is a table. Used by one thread at
// a time, and by one process: the file stays locked.
class Database {
 public:
  struct Opened;
  // `pagesMax` bounds the file without its log.
  static Opened open(const std::filesystem::path& file, std::int64_t pagesMax);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Outcome begin();
  // On stable storage when it is good. Otherwise `rollBack`.
  Outcome commit();
  void rollBack();

  Outcome get(Table table, std::string_view key, std::optional<std::string>& row);
  Outcome put(Table table, std::string_view key, std::string_view row);
  Outcome erase(Table table, std::string_view key);
  Outcome scan(Table table, std::string_view prefix, std::size_t rowsMax, Rows& rows);

  // Whether so many bytes more stay within the limit of the whole file.
  bool hasRoomFor(std::size_t bytes);
  std::uint64_t bytes();
  // What went wrong last.
  const std::string& fault() const { return fault_; }
  // The file is given up: it is left as it is, for whoever looks into it.
  void abandon();

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct OfTable {
    Statement get, put, erase, scan;
  };

  Database(sqlite3* connection, std::int64_t pagesMax) : connection_{connection}, pagesMax_{pagesMax} {}
  int prepareFile();
  int makeTables();
  int prepareStatements();
  int run(const char* sql);
  int prepare(const std::string& sql, Statement& statement);
  std::optional<std::int64_t> number(const char* sql);
  std::string refusal();
  int check();
  Outcome finish(sqlite3_stmt* statement);
  Outcome garbled(Table table);
  Outcome judge(int code);
  void keepLogShort();

  std::unique_ptr<sqlite3, Close> connection_;
  std::int64_t pagesMax_;
  std::array<OfTable, kTables> tables_;
  Statement pages_, freePages_;
  std::string fault_;
  int logPages_ = 0;
};

struct Database::Opened {
  std::unique_ptr<Database> database;  // null when it is damaged or refused
  bool damaged = false;
  std::string fault;
};

}  // namespace spheregate::state
