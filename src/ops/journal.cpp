#include "spheregate/ops/journal.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "spheregate/base/log_text.hpp"

namespace spheregate::ops {
namespace {

// The numbers of syslog(3).
const char* priorityOf(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::debug: return "7";
    case base::LogLevel::info: return "6";
    case base::LogLevel::warn: return "4";
    case base::LogLevel::error:
    case base::LogLevel::silent: return "3";
  }
  return "6";
}

// The journal refuses names of more than 64 bytes, and takes capitals, digits and underscores.
std::string nameOf(std::string_view field) {
  constexpr std::size_t kNameBytesMax = 64;
  std::string name = "SPHEREGATE_";
  for (const char c : field.substr(0, kNameBytesMax - name.size())) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

}  // namespace

bool writesToJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  unsigned long long device = 0;
  unsigned long long inode = 0;
  if (stream == nullptr || std::sscanf(stream, "%llu:%llu", &device, &inode) != 2) return false;
  // Whoever redirects stderr wants the lines there, although the variable is still set.
  struct stat facts {};
  return ::fstat(STDERR_FILENO, &facts) == 0 && facts.st_dev == device && facts.st_ino == inode;
}

base::LogSink journalSink(base::LogFormat format) {
  return [format](const base::LogRecord& record) {
    std::vector<std::string> fields = journalFields(record, format);
    std::vector<iovec> pieces;
    pieces.reserve(fields.size());
    for (std::string& field : fields) pieces.push_back({field.data(), field.size()});
    return ::sd_journal_sendv(pieces.data(), static_cast<int>(pieces.size())) >= 0;
  };
}

std::vector<std::string> journalFields(const base::LogRecord& record, base::LogFormat format) {
  const bool json = format == base::LogFormat::json;
  std::vector<std::string> fields{
      "MESSAGE=" + (json ? base::jsonLine(record, std::chrono::system_clock::now()) : base::textMessage(record)),
      std::string{"PRIORITY="} + priorityOf(record.level), "SYSLOG_IDENTIFIER=spheregate", "SPHEREGATE_EVENT=" + base::fieldText(record.event)};
  bool named = false;
  for (const base::LogField& field : record.fields) {
    const std::string value = base::fieldText(field.value);
    fields.push_back(nameOf(field.name) + "=" + value);
    if (!base::holdsDevice(field) || std::exchange(named, true)) continue;
    if (field.name != "device") fields.push_back("SPHEREGATE_DEVICE=" + value);
  }
  if (!record.alias.empty()) fields.push_back("SPHEREGATE_ALIAS=" + base::fieldText(record.alias));
  return fields;
}

}  // namespace spheregate::ops
