#include "key_builders.hpp"

#include <chrono>

namespace spheregate::config {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;
constexpr auto kDay = std::chrono::milliseconds{24h};

}  // namespace

void addKeepingKeys(std::vector<Key>& all) {
  all.push_back(key(
      "queue.path", file(), [](auto& c) -> auto& { return c.queue.path; }));
  all.push_back(key(
      "queue.max_bytes", size(kMiB, 65536 * kGiB), [](auto& c) -> auto& { return c.queue.bytesMax; }));
  all.push_back(live(key(
      "queue.message_ttl", duration(1s, 3650 * kDay, Zero::allowed), [](auto& c) -> auto& { return c.queue.messageTtl; })));
  all.push_back(key(
      "queue.when_full",
      choice<queue::WhenFull>({{"hold", queue::WhenFull::hold},
                               {"drop_oldest", queue::WhenFull::dropOldest},
                               {"drop_newest", queue::WhenFull::dropNewest}}),
      [](auto& c) -> auto& { return c.queue.whenFull; }));
  all.push_back(key(
      "queue.commit_after", duration(1ms, 1h, Zero::allowed), [](auto& c) -> auto& { return c.queue.commitAfter; }));
  all.push_back(live(key(
      "queue.drain_rate", rate(0, 1'000'000), [](auto& c) -> auto& { return c.upstream.drainPerSecond; })));
  all.push_back(key(
      "queue.memory_max_bytes", size(kMiB, 1024 * kGiB), [](auto& c) -> auto& { return c.queue.memoryBytesMax; }));
  all.push_back(key(
      "http.listen", addressAndPort(), [](auto& c) -> auto& { return c.http.listen; }));
  all.push_back(live(key(
      "http.certificate", optionalFile(), [](auto& c) -> auto& { return c.http.certificate; })));
  all.push_back(live(key(
      "http.private_key", optionalPrivateKeyFile(), [](auto& c) -> auto& { return c.http.privateKey; })));
  all.push_back(live(key(
      "http.user", loginName("http.password_file"), [](auto& c) -> auto& { return c.http.user; })));
  all.push_back(live(key(
      "http.password_file", optionalSecretFile(), [](auto& c) -> auto& { return c.http.passwordFile; })));
  all.push_back(key(
      "admin.socket", optionalFile(), [](auto& c) -> auto& { return c.admin.socket; }));
  all.push_back(key(
      "admin.group", groupName(), [](auto& c) -> auto& { return c.admin.group; }));
  all.push_back(live(key(
      "log.level",
      choice<base::LogLevel>({{"debug", base::LogLevel::debug},
                              {"info", base::LogLevel::info},
                              {"warn", base::LogLevel::warn},
                              {"error", base::LogLevel::error}}),
      [](auto& c) -> auto& { return c.logLevel; })));
  all.push_back(key(
      "log.format", choice<base::LogFormat>({{"text", base::LogFormat::text}, {"json", base::LogFormat::json}}),
      [](auto& c) -> auto& { return c.logFormat; }));
}

}  // namespace spheregate::config
