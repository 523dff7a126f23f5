#include "daemon_word.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "admin_client.hpp"
#include "http_question.hpp"
#include "spheregate/checkup/as_device.hpp"
#include "text_lines.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
namespace http = boost::beast::http;
using Tcp = boost::asio::ip::tcp;

constexpr std::chrono::seconds kPatience{3};
constexpr unsigned kOk = 200;
constexpr std::uint64_t kBodyBytesMax = 256u << 20;
constexpr std::size_t kErrorsMax = 3;
constexpr std::size_t kRefusalsMax = 5;

// By the HTTP listener, where everybody on this machine may ask it.
std::optional<std::string> statusByHttp(const ops::HttpSettings& settings) {
  // With TLS or a password it is not everybody's.
  if (settings.listen.port == 0 || !settings.certificate.empty() || !settings.user.empty()) return std::nullopt;
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(settings.listen.address, error);
  if (error) return std::nullopt;
  if (address.is_unspecified()) address = boost::asio::ip::make_address(address.is_v4() ? "127.0.0.1" : "::1");
  boost::asio::io_context loop;
  Tcp::socket socket{loop};
  socket.connect({address, settings.listen.port}, error);
  if (error) return std::nullopt;
  http::request<http::empty_body> request{http::verb::get, "/status", 11};
  request.set(http::field::host, "localhost");
  request.keep_alive(false);
  http::response_parser<http::string_body> answer;
  answer.body_limit(kBodyBytesMax);
  error = exchange(loop, socket, request, answer, kPatience);
  if (error || answer.get().result() != http::status::ok) return std::nullopt;
  return std::move(answer.get().body());
}

// Of devices whose link does not stand now, each sentence once.
std::vector<std::string> linkErrors(const json& devices) {
  std::vector<std::string> errors;
  for (const json& device : devices) {
    const json link = device.value("link", json::object());
    const std::string error = link.value("last_error", std::string{});
    if (error.empty() || link.value("state", std::string{}) == "up" || errors.size() == kErrorsMax) continue;
    if (std::find(errors.begin(), errors.end(), error) == errors.end()) errors.push_back(error);
  }
  return errors;
}

// Whoever shows such a certificate is counted apart, not left out: anybody may write that name into one.
bool knockOfACheck(const json& refusal) {
  return refusal.value("device", std::string{}) == checkup::kThrowAwayName && refusal.value("result", std::string{}) == "unknown_ca";
}

// The most frequent kinds first. Who got in since does not count.
std::vector<checkup::RefusalCount> topRefusals(const json& refusals) {
  std::vector<checkup::RefusalCount> kinds;
  for (const json& one : refusals) {
    if (one.contains("resolved") || knockOfACheck(one)) continue;
    const std::string label = one.value("result", std::string{});
    auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& other) { return other.label == label; });
    // The first is the latest, and its sentence stands for all.
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), {.label = label, .reason = one.value("reason", std::string{}), .fix = one.value("fix", std::string{}), .who = {}});
    kind->count += one.value("count", std::uint64_t{1});
    const std::string who = textOf(one, "alias", shownName(textOf(one, "device", textOf(one, "source"))));
    if (std::find(kind->who.begin(), kind->who.end(), who) == kind->who.end()) kind->who.push_back(who);
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](const auto& left, const auto& right) { return left.count > right.count; });
  kinds.resize(std::min(kinds.size(), kRefusalsMax));
  return kinds;
}

checkup::DaemonWord wordOf(const json& status) {
  checkup::DaemonWord word;
  word.running = true;
  word.version = status.value("version", std::string{});
  word.ready = status.value("ready", true);
  const json listening = status.value("listening", json::object());
  word.listeningAddress = listening.value("address", std::string{});
  word.listeningPort = listening.value("port", std::uint16_t{0});
  word.closed = status.value("queue", json::object()).value("closed", std::string{});
  word.stateFault = status.value("state", json::object()).value("fault", std::string{});
  const json uplink = status.value("uplink", json::object());
  word.uplinkConnected = uplink.value("connected", false);
  word.links = uplink.value("sessions", std::size_t{0});
  word.condition = uplink.value("condition", std::string{});
  const json configuration = status.value("configuration", json::object());
  word.restartNeeded = configuration.value("restart_needed", std::vector<std::string>{});
  word.reloadProblem = configuration.value("problem", std::string{});
  word.linkErrors = linkErrors(status.value("devices", json::array()));
  const json refusals = status.value("refusals", json::array());
  word.refusals = topRefusals(refusals);
  for (const json& one : refusals) word.knocksOfChecks += knockOfACheck(one) ? one.value("count", std::uint64_t{1}) : 0;
  return word;
}

// As whom whoever serves the socket runs: it is the socket's owner.
std::optional<uid_t> ownerOf(const std::filesystem::path& socket) {
  struct stat facts{};
  if (::stat(socket.c_str(), &facts) != 0) return std::nullopt;
  return facts.st_uid;
}

checkup::DaemonWord wordOf(const std::string& answer) {
  const json status = json::parse(answer, nullptr, false);
  try {
    if (status.is_object()) return wordOf(status);
  } catch (const json::exception&) {  // a number where a word should be: it is somebody else
  }
  checkup::DaemonWord nobody;
  nobody.problem = "what answers there is not the gateway";
  return nobody;
}

}  // namespace

// Not everybody may use the socket, and not everybody has one.
checkup::DaemonWord askDaemon(const config::Config& config) {
  const auto answer = ask(config.admin.socket, "GET", "/status", kPatience);
  if (answer && answer->status == kOk) {
    checkup::DaemonWord word = wordOf(answer->body);
    word.user = ownerOf(config.admin.socket);
    if (const auto process = servingProcess(config.admin.socket); process && word.running) word.files = checkup::fileLimitOf(*process);
    return word;
  }
  if (const auto status = statusByHttp(config.http)) {
    checkup::DaemonWord word = wordOf(*status);
    word.user = ownerOf(config.admin.socket);
    return word;
  }
  checkup::DaemonWord none;
  none.problem = answer ? "the gateway did not tell its status" : answer.error();
  none.silent = none.problem.find("did not answer") != std::string::npos;
  return none;
}

}  // namespace spheregate::app
