#include <set>
#include <utility>

#include "admin_client.hpp"
#include "admin_options.hpp"
#include "queue_source.hpp"
#include "spheregate/base/percent.hpp"

namespace spheregate::app {
namespace {

using base::Explained;
using nlohmann::json;

class GatewayQueue final : public QueueSource {
 public:
  explicit GatewayQueue(std::filesystem::path socket) : socket_{std::move(socket)} {}

  Explained<json> queue(std::size_t devicesMax) override {
    return pages("/queue", "devices", devicesMax);
  }
  Explained<json> deadLetters() override { return pages("/queue/dead-letters", "dead_letters"); }
  Explained<json> audit() override { return pages("/audit", "devices"); }

  // The letters that there are at the beginning come last, so that a message which becomes one meanwhile is not missed.
  Explained<void> exportTo(const Take& take) override {
    const auto letters = deadLetters();
    if (!letters) return base::failed<void>(letters.error());
    for (std::string after;;) {
      auto page = answered(socket_, "GET", after.empty() ? "/queue/messages" : "/queue/messages?after=" + base::percentEncode(after));
      if (!page) return base::failed<void>(page.error());
      for (json& message : (*page)["messages"]) {
        message["type"] = "message";
        if (!take(message)) return {};
      }
      after = page->value("after", "");
      if (after.empty()) break;
    }
    const auto now = deadLetters();
    if (!now) return base::failed<void>(now.error());
    std::set<std::string> ids;
    for (const json& letter : (*letters)["dead_letters"]) ids.insert(letter.value("id", ""));
    for (const json& letter : (*now)["dead_letters"]) ids.insert(letter.value("id", ""));
    for (const std::string& id : ids) {
      if (!takeLetter(id, take)) return {};
    }
    return {};
  }

 private:
  // One that cannot be read, or that was retried or removed meanwhile, is there with the reason.
  bool takeLetter(const std::string& id, const Take& take) const {
    auto letter = answered(socket_, "GET", "/queue/dead-letters/" + base::percentEncode(id));
    json entry = letter ? std::move(*letter) : json{{"id", id}, {"fault", letter.error()}};
    entry["type"] = "dead_letter";
    return take(entry);
  }

  // The first page with the list of all of them, or of so many entries.
  Explained<json> pages(const std::string& path, const char* list, std::size_t most = static_cast<std::size_t>(-1)) {
    constexpr std::size_t kPage = 200;
    Explained<json> all = answered(socket_, "GET", path + "?limit=" + std::to_string(std::min(most, kPage)));
    while (all && (*all).contains("after") && (*all)[list].size() < most) {
      const std::size_t left = std::min(most - (*all)[list].size(), kPage);
      auto page = answered(socket_, "GET", path + "?limit=" + std::to_string(left) + "&after=" + base::percentEncode(all->value("after", "")));
      if (!page) return page;
      for (json& entry : (*page)[list]) (*all)[list].push_back(std::move(entry));
      if (all->contains("balanced")) (*all)["balanced"] = all->value("balanced", false) && page->value("balanced", false);
      all->erase("after");
      if (page->contains("after")) (*all)["after"] = (*page)["after"];
    }
    if (all) all->erase("after");
    return all;
  }

  std::filesystem::path socket_;
};

}  // namespace

std::unique_ptr<QueueSource> gatewayQueue(std::filesystem::path socket) { return std::make_unique<GatewayQueue>(std::move(socket)); }

}  // namespace spheregate::app
