#include "database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "limits.hpp"
#include "spheregate/state/schema.hpp"

namespace spheregate::state {
namespace {

std::string text(sqlite3_stmt* statement, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
  const int size = sqlite3_column_bytes(statement, column);
  return bytes == nullptr ? std::string{} : std::string(bytes, static_cast<std::size_t>(size));
}

// SQLite takes a null pointer for NULL, also when it is empty.
int bind(sqlite3_stmt* statement, int index, std::string_view bytes) {
  return sqlite3_bind_blob64(statement, index, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

// FNV-1a. SQLite knows when its own structure is damaged, not when the bytes of a row are.
std::int64_t checksum(Table table, std::string_view key, std::string_view row) {
  std::uint64_t sum = 14695981039346656037u;
  const auto add = [&sum](std::uint64_t byte) { sum = (sum ^ byte) * 1099511628211u; };
  add(static_cast<std::uint64_t>(table));
  add(key.size() & 0xFF);
  for (const std::string_view part : {key, row}) {
    for (const char c : part) add(static_cast<unsigned char>(c));
  }
  return static_cast<std::int64_t>(sum);
}

bool isDamage(int code) { return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB; }

// SQLite would give everybody the right to read.
bool makeFile(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) return false;
  ::close(made);
  return true;
}

}  // namespace

Database::Opened Database::open(const std::filesystem::path& file, std::int64_t pagesMax) {
  if (!makeFile(file)) {
    return {.database = nullptr, .damaged = false, .fault = file.string() + ": " + std::strerror(errno) + "; check its owner and mode, and the disk"};
  }
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  std::unique_ptr<Database> opened{new Database{connection, pagesMax}};
  if (connection == nullptr) return {.database = nullptr, .damaged = false, .fault = file.string() + ": out of memory"};
  const int prepared = code == SQLITE_OK ? opened->prepareFile() : code;
  if (prepared == SQLITE_OK && opened->fault_.empty()) return {.database = std::move(opened), .damaged = false, .fault = {}};
  std::string fault = file.string() + ": " + (opened->fault_.empty() ? sqlite3_errmsg(connection) : opened->fault_);
  if ((prepared & 0xFF) == SQLITE_BUSY) fault = file.string() + ": another process has the file open; stop it and restart the gateway";
  // Nor is the log of a file that is not ours copied into it.
  if (isDamage(prepared) || !opened->fault_.empty()) opened->abandon();
  return {.database = nullptr, .damaged = isDamage(prepared), .fault = std::move(fault)};
}

// Locked from the first access on, and never waiting for somebody else's lock: a lock that is held stays held.
int Database::prepareFile() {
  sqlite3_extended_result_codes(connection_.get(), 1);
  sqlite3_busy_timeout(connection_.get(), 0);
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  for (const char* sql : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA page_size=4096", "BEGIN EXCLUSIVE", "COMMIT"}) {
    if (const int code = run(sql); code != SQLITE_OK) return code;
  }
  fault_ = refusal();
  if (!fault_.empty()) return SQLITE_OK;
  if (const int code = check(); code != SQLITE_OK) return code;
  // The log is kept short by `keepLogShort`, which sees whether that worked.
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA wal_autocheckpoint=0", "PRAGMA temp_store=MEMORY",
                          "PRAGMA journal_size_limit=8388608", "PRAGMA cell_size_check=ON"}) {
    if (const int code = run(sql); code != SQLITE_OK) return code;
  }
  if (const int code = run(("PRAGMA max_page_count=" + std::to_string(pagesMax_)).c_str()); code != SQLITE_OK) return code;
  sqlite3_wal_hook(connection_.get(), [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Database*>(self)->logPages_ = pages;
    return SQLITE_OK;
  }, this);
  return prepareStatements();
}

// Writes only when something is missing: on a full disk what is there can still be read.
int Database::makeTables() {
  std::string names;
  std::string schema = "BEGIN;";
  for (std::size_t n = 0; n < kTables; ++n) {
    const std::string name = label(Table{static_cast<std::uint8_t>(n)});
    names += (n == 0 ? "'" : ",'") + name + "'";
    schema += "CREATE TABLE IF NOT EXISTS " + name + "(key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;";
  }
  if (number(("SELECT count(*) FROM sqlite_schema WHERE name IN (" + names + ")").c_str()) == std::int64_t{kTables}) return SQLITE_OK;
  schema += "PRAGMA application_id=" + std::to_string(kApplicationId) + ";PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT";
  return run(schema.c_str());
}

int Database::prepareStatements() {
  if (const int code = makeTables(); code != SQLITE_OK) return code;
  for (std::size_t n = 0; n < kTables; ++n) {
    const std::string table = label(Table{static_cast<std::uint8_t>(n)});
    OfTable& of = tables_[n];
    for (const auto& [sql, statement] :
         {std::pair{"SELECT value,sum FROM " + table + " WHERE key=?1", &of.get},
          std::pair{"INSERT INTO " + table + " VALUES(?1,?2,?3) ON CONFLICT(key) DO UPDATE SET value=excluded.value,sum=excluded.sum", &of.put},
          std::pair{"DELETE FROM " + table + " WHERE key=?1", &of.erase},
          std::pair{"SELECT key,value,sum FROM " + table + " WHERE key>=?1 ORDER BY key LIMIT ?2", &of.scan}}) {
      if (const int code = prepare(sql, *statement); code != SQLITE_OK) return code;
    }
  }
  if (const int code = prepare("PRAGMA page_count", pages_); code != SQLITE_OK) return code;
  return prepare("PRAGMA freelist_count", freePages_);
}

// Why this file, though sound, is not ours to write to.
std::string Database::refusal() {
  const auto application = number("PRAGMA application_id");
  const auto version = number("PRAGMA user_version");
  const auto tables = number("SELECT count(*) FROM sqlite_schema");
  if (!application || !version || !tables) return {};
  if (*application == 0 && *version == 0 && *tables == 0) return {};
  if (*application != kApplicationId) return "the file was made by another program; move it away and restart the gateway";
  if (*version == kSchemaVersion) return {};
  return "the file has schema " + std::to_string(*version) + " and this program knows " + std::to_string(kSchemaVersion) +
         "; run the newer program again, or move the file away and restart the gateway";
}

int Database::check() {
  Statement statement;
  if (const int code = prepare("PRAGMA quick_check(1)", statement); code != SQLITE_OK) return code;
  if (const int code = sqlite3_step(statement.get()); code != SQLITE_ROW) return code;
  const std::string verdict = text(statement.get(), 0);
  if (verdict == "ok") return SQLITE_OK;
  fault_ = "damaged: " + verdict.substr(verdict.find('\n') + 1);
  return SQLITE_CORRUPT;
}

int Database::run(const char* sql) { return sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr); }

int Database::prepare(const std::string& sql, Statement& statement) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  statement.reset(made);
  return code;
}

std::optional<std::int64_t> Database::number(const char* sql) {
  Statement statement;
  if (prepare(sql, statement) != SQLITE_OK || sqlite3_step(statement.get()) != SQLITE_ROW) return std::nullopt;
  return sqlite3_column_int64(statement.get(), 0);
}

Outcome Database::begin() {
  rollBack();
  if (logPages_ >= kLogPagesMax) {
    keepLogShort();
    if (logPages_ >= kLogPagesMax) return Outcome::failed;
  }
  return judge(run("BEGIN IMMEDIATE"));
}

Outcome Database::commit() {
  const Outcome outcome = judge(run("COMMIT"));
  if (outcome == Outcome::good && logPages_ >= kLogPages) keepLogShort();
  return outcome;
}

// What was committed is safe in the log whether this succeeds or not. No reader can be in the way, so all of it is copied.
void Database::keepLogShort() {
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) logPages_ = 0;
  else judge(code);
}

void Database::rollBack() {
  if (sqlite3_get_autocommit(connection_.get()) == 0) run("ROLLBACK");
}

Outcome Database::get(Table table, std::string_view key, std::optional<std::string>& row) {
  sqlite3_stmt* statement = tables_[static_cast<std::size_t>(table)].get.get();
  row.reset();
  bind(statement, 1, key);
  const int code = sqlite3_step(statement);
  Outcome outcome = judge(code);
  if (code == SQLITE_ROW) {
    row = text(statement, 0);
    if (sqlite3_column_int64(statement, 1) != checksum(table, key, *row)) outcome = garbled(table);
  }
  sqlite3_reset(statement);
  return outcome;
}

Outcome Database::put(Table table, std::string_view key, std::string_view row) {
  sqlite3_stmt* statement = tables_[static_cast<std::size_t>(table)].put.get();
  bind(statement, 1, key);
  bind(statement, 2, row);
  sqlite3_bind_int64(statement, 3, checksum(table, key, row));
  return finish(statement);
}

Outcome Database::erase(Table table, std::string_view key) {
  sqlite3_stmt* statement = tables_[static_cast<std::size_t>(table)].erase.get();
  bind(statement, 1, key);
  return finish(statement);
}

Outcome Database::scan(Table table, std::string_view prefix, std::size_t rowsMax, Rows& rows) {
  sqlite3_stmt* statement = tables_[static_cast<std::size_t>(table)].scan.get();
  bind(statement, 1, prefix);
  sqlite3_bind_int64(statement, 2, static_cast<sqlite3_int64>(rowsMax));
  int code = SQLITE_ROW;
  Outcome outcome = Outcome::good;
  while (outcome == Outcome::good && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::string key = text(statement, 0);
    if (!key.starts_with(prefix)) break;
    rows.emplace_back(std::move(key), text(statement, 1));
    if (sqlite3_column_int64(statement, 2) != checksum(table, rows.back().first, rows.back().second)) outcome = garbled(table);
  }
  if (outcome == Outcome::good) outcome = judge(code);
  sqlite3_reset(statement);
  return outcome;
}

// What was bound dies with the call.
Outcome Database::finish(sqlite3_stmt* statement) {
  const Outcome outcome = judge(sqlite3_step(statement));
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return outcome;
}

Outcome Database::garbled(Table table) {
  fault_ = "a row of " + std::string{label(table)} + " is not what was written";
  return Outcome::damaged;
}

Outcome Database::judge(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return Outcome::good;
  fault_ = sqlite3_errmsg(connection_.get());
  return isDamage(code) ? Outcome::damaged : Outcome::failed;
}

bool Database::hasRoomFor(std::size_t bytes) {
  return static_cast<std::int64_t>(this->bytes() + bytes) <= (pagesMax_ - kPagesSpare) * kPageBytes;
}

std::uint64_t Database::bytes() {
  std::int64_t used = 0;
  for (const auto& [statement, sign] : {std::pair{pages_.get(), 1}, std::pair{freePages_.get(), -1}}) {
    if (sqlite3_step(statement) == SQLITE_ROW) used += sign * sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
  }
  return static_cast<std::uint64_t>(used * kPageBytes);
}

void Database::abandon() { sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

}  // namespace spheregate::state
