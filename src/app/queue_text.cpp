#include "queue_text.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "text_lines.hpp"
#include "text_table.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

std::uint64_t numberOf(const json& object, const char* key) { return object.value(key, std::uint64_t{0}); }

// Who says so.
void addSource(std::string& out, const json& answer) {
  const bool store = textOf(answer, "source") == "store";
  line(out, "source", store ? textOf(answer, "path") + ", read from disk; no gateway runs" : "the gateway that runs");
}

std::string shareText(std::uint64_t part, std::uint64_t whole) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), " (%.1f %%)", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text.data();
}

std::string equation(const json& books) {
  return textOf(books, "accepted") + " accepted = " + textOf(books, "delivered") + " delivered + " + textOf(books, "queued") + " queued + " +
         textOf(books, "expired") + " expired + " + textOf(books, "dropped") + " dropped + " + textOf(books, "dead_lettered") + " dead-lettered";
}

std::string verdictOf(const json& device) {
  if (device.value("balanced", false)) return "balanced";
  const std::uint64_t queued = numberOf(device, "queued");
  const std::uint64_t counted = numberOf(device, "counted");
  if (queued != counted) return "NOT BALANCED: of " + std::to_string(queued) + " queued " + std::to_string(counted) + " are there";
  return "NOT BALANCED";
}

}  // namespace

std::string queueText(const json& answer) {
  std::string out;
  addSource(out, answer);
  const std::string age = answer.contains("oldest_age_seconds") ? ", the oldest for " + ageText(answer["oldest_age_seconds"].get<double>()) : "";
  line(out, "queued", counted(numberOf(answer, "messages"), "message") + ", " + bytesText(numberOf(answer, "bytes")) + ", of " +
                          counted(numberOf(answer, "devices_with_messages"), "device") + age);
  const std::uint64_t limit = numberOf(answer, "limit_bytes");
  line(out, "disk", bytesText(numberOf(answer, "disk_bytes")) +
                        (limit == 0 ? std::string{} : " of " + bytesText(limit) + shareText(numberOf(answer, "disk_bytes"), limit)));
  line(out, "dead letters", textOf(answer, "dead_letters") + (numberOf(answer, "dead_letters") == 0 ? "" : "; `spheregate queue dead-letters` shows them"));
  if (answer.contains("closed")) line(out, "STORE CLOSED", textOf(answer, "closed") + "; mend it and restart the gateway");
  std::vector<std::vector<std::string>> rows{{"DEVICE", "MESSAGES", "BYTES", "OLDEST"}};
  for (const json& device : answer.value("devices", json::array())) {
    rows.push_back({nameOf(device), textOf(device, "messages"), bytesText(numberOf(device, "bytes")),
                    device.contains("oldest_age_seconds") ? ageText(device["oldest_age_seconds"].get<double>()) : "-"});
  }
  const std::size_t shown = rows.size() - 1;
  if (shown == 0) return out;
  out += "\n" + table(rows, terminalColumns());
  const std::uint64_t waiting = numberOf(answer, "devices_with_messages");
  if (waiting > shown) out += "and " + std::to_string(waiting - shown) + " more; --limit N shows more\n";
  return out;
}

std::string deadLettersText(const json& answer) {
  std::string out;
  addSource(out, answer);
  line(out, "dead letters", textOf(answer, "total") + ", " + bytesText(numberOf(answer, "bytes")));
  std::vector<std::vector<std::string>> rows{{"ID", "DEVICE", "ACCEPTED", "BYTES", "REASON"}};
  for (const json& letter : answer.value("dead_letters", json::array())) {
    rows.push_back({textOf(letter, "id"), nameOf(letter, "device"), textOf(letter, "accepted"), textOf(letter, "bytes"),
                    letter.contains("fault") ? "UNREADABLE: the file " + textOf(letter, "fault") : textOf(letter, "reason")});
  }
  if (rows.size() > 1) {
    out += "\n" + table(rows, terminalColumns());
    out += "\nWhat was wrong is mended? `spheregate queue retry ID` puts one back at the end of its device's queue.\n";
  }
  return out;
}

std::string auditText(const json& answer) {
  std::string out;
  addSource(out, answer);
  const json total = answer.value("total", json::object());
  line(out, "in total", equation(total) + (total.value("balanced", false) ? "" : ": NOT BALANCED"));
  if (!total.value("is_sum_of_devices", true)) line(out, "NOT BALANCED", "the totals are not the sum over the devices");
  const json store = answer.value("store", json::object());
  if (!store.empty()) {
    line(out, "segments", textOf(store, "segments") + ", with " + textOf(store, "counted") + " queued messages, each read and found sound");
    if (numberOf(store, "damaged_bytes") > 0) line(out, "damage", textOf(store, "damaged_bytes") + " bytes in the middle of segments are no records");
    if (numberOf(store, "torn_bytes") > 0) line(out, "torn", textOf(store, "torn_bytes") + " bytes at the ends of segments were never completely written");
    if (numberOf(store, "nameless") > 0) {
      line(out, "NOT BALANCED", textOf(store, "nameless") + " messages are of devices that no sound record names");
    }
  }
  const bool never = numberOf(total, "dead_lettered") == 0;
  line(out, "dead letters", textOf(answer, "dead_letters") + (never ? "" : " in dead-letters/; of those in the books some may have been removed by hand"));
  std::vector<std::vector<std::string>> rows{{"DEVICE", "ACCEPTED", "DELIVERED", "QUEUED", "EXPIRED", "DROPPED", "DEAD", "VERDICT"}};
  std::size_t wrong = 0;
  for (const json& device : answer.value("devices", json::array())) {
    if (!device.value("balanced", false)) ++wrong;
    rows.push_back({nameOf(device), textOf(device, "accepted"), textOf(device, "delivered"), textOf(device, "queued"), textOf(device, "expired"),
                    textOf(device, "dropped"), textOf(device, "dead_lettered"), verdictOf(device)});
  }
  if (rows.size() > 1) out += "\n" + table(rows, terminalColumns());
  out += answer.value("balanced", false) ? "\nThe books balance, of " + (numberOf(answer, "devices_total") == 1 ? "the only device" : "each of " + textOf(answer, "devices_total") + " devices") + " and in total.\n"
                                         : "\nTHE BOOKS DO NOT BALANCE, of " + std::to_string(wrong) + " of " + textOf(answer, "devices_total") +
                                               " devices. Check the disk; what the gateway misses at its next start it counts as dropped, and says so in its log.\n";
  return out;
}

}  // namespace spheregate::app
