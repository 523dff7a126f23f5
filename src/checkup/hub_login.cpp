#include "hub_login.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "spheregate/hub/username.hpp"
#include "spheregate/upstream/control_address.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/credentials.hpp"
#include "spheregate/upstream/gateway_identity.hpp"

namespace spheregate::checkup {
namespace {

using namespace std::chrono_literals;

constexpr int kNotAuthorized = 5;
constexpr const char* kNameOne = "to check the key, name a device that the hub has and that is not connected: `spheregate check --login-as ID`";

// No device has it: an id of Azure Sphere has 128 digits, and nobody else would call a device so. Another one each time, because two with
// one id would take each other's connection.
std::string nobody() { return "spheregate-check-" + std::to_string(std::random_device{}()); }

struct Attempt {
  std::string who;
  bool known = true;  // the hub must know it
  upstream::ControlLogin login;
  std::string host;
  std::string remedy;
};

// Why no attempt can be made is a sentence.
base::Explained<Attempt> asGateway(const upstream::AuthSettings& auth, const std::string& hub) {
  auto identity = upstream::loadGatewayIdentity(auth, hub);
  if (!identity) return base::failed<Attempt>(identity.error());
  Attempt attempt;
  if (!*identity) return attempt;
  std::string problem;
  const auto request = (*identity)->login(std::chrono::system_clock::now(), [&](base::Explained<upstream::GatewayLogin> result) {
    if (!result) {
      problem = result.error();
      return;
    }
    attempt.who = "the gateway, " + result->login.clientId;
    attempt.login = std::move(result->login);
    attempt.host = std::move(result->hub);
  });
  if (!problem.empty()) return base::failed<Attempt>(problem);
  attempt.remedy = (*identity)->remedy();
  return attempt;
}

base::Explained<Attempt> asDevice(const Subject& subject) {
  const std::string& hub = subject.config.upstream.hub;
  auto credentials = upstream::loadCredentials(subject.config.upstream.auth, hub);
  if (!credentials) return base::failed<Attempt>(credentials.error());
  Attempt attempt;
  attempt.known = !subject.loginAs.empty();
  const std::string id = attempt.known ? subject.loginAs : nobody();
  attempt.who = attempt.known ? "the device " + base::shortId(id) : "a device that does not exist";
  std::string problem;
  const auto request = (*credentials)->login(id, std::chrono::system_clock::now(), [&](base::Explained<upstream::Login> result) {
    if (!result) {
      problem = result.error();
      return;
    }
    attempt.login.clientId = id;
    attempt.login.username = hub::hubUsername(result->hub, id, hub::kDefaultQuery) + result->usernameTail;
    attempt.login.password = std::move(result->password);
    attempt.host = std::move(result->hub);
  });
  if (!problem.empty() && !attempt.known) return attempt;  // a key of each device's own, and this one has none
  if (!problem.empty()) return base::failed<Attempt>(problem);
  attempt.remedy = (*credentials)->remedy();
  return attempt;
}

// Ends the loop with the first word from the hub.
class Listener final : public upstream::ControlUser {
 public:
  explicit Listener(boost::asio::io_context& loop) : loop_{loop} {}
  void controlUp() override { end({}, 0); }
  void controlDown(std::string_view why, int code) override { end(std::string{why}, code); }
  void controlAcknowledged(std::uint64_t) override {}
  void controlMessage(const upstream::ControlMessage&) override {}

  bool heard = false;
  std::string reason;
  int refusal = 0;

 private:
  void end(std::string why, int code) {
    heard = true;
    reason = std::move(why);
    refusal = code;
    loop_.stop();
  }

  boost::asio::io_context& loop_;
};

void judge(const Listener& answer, const Attempt& attempt, const std::string& where, Report& report) {
  if (!answer.heard) return report.fail("no answer to CONNECT in time", where, "try again; if it stays, look at the hub's state in the portal");
  if (answer.reason.empty()) return report.pass("logged in as " + attempt.who, where);
  const bool refused = answer.refusal != 0;
  // A hub may also close the connection of a device that it does not know, and say nothing.
  if (!attempt.known && (!refused || answer.refusal == kNotAuthorized)) {
    const std::string did = refused ? "the hub refused a device that does not exist, as it must; it says the same to a wrong key"
                                    : "no CONNACK for a device that does not exist; " + answer.reason;
    return report.skip(did + ", so the key was not checked", where, kNameOne);
  }
  if (!refused) {
    return report.fail("no CONNACK for " + attempt.who + ": " + answer.reason, where,
                       "try again; if it stays, see whether something on the way ends MQTT connections; " + attempt.remedy);
  }
  report.fail("the hub refused " + attempt.who + " (CONNACK " + std::to_string(answer.refusal) + "): " + answer.reason, where, attempt.remedy);
}

}  // namespace

Findings tryHubLogin(const Subject& subject) {
  Report report{"hub login"};
  const auto& auth = subject.config.upstream.auth;
  const std::string where = subject.config.upstream.hub;
  if (upstream::assignsHub(auth)) {
    report.skip("not tried: the provisioning service assigns the hub, and a registration is left to the daemon", where);
    return report.take();
  }
  auto attempt = asGateway(auth, where);
  if (attempt && attempt->host.empty()) attempt = asDevice(subject);
  if (!attempt) {
    report.failed(attempt.error(), where);
    return report.take();
  }
  if (attempt->host.empty()) {
    report.skip("not tried: every device has a key of its own, and none was named", where, kNameOne);
    return report.take();
  }
  const auto address = upstream::controlAddress(subject.config.connector, attempt->host, subject.config.connector.port);
  if (!address) {
    report.failed(address.error(), where);
    return report.take();
  }
  boost::asio::io_context loop;
  const auto work = boost::asio::make_work_guard(loop);
  Listener answer{loop};
  const auto clients = upstream::makePahoClients([&loop](std::function<void()> job) { boost::asio::post(loop, std::move(job)); });
  const auto client = clients->make(answer);
  client->connect(*address, attempt->login, 60s, 8s);
  loop.run_for(10s);
  client->disconnect();
  judge(answer, *attempt, where, report);
  return report.take();
}

}  // namespace spheregate::checkup
