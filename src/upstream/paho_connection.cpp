#include "paho_connection.hpp"

#include <openssl/err.h>

#include <utility>

#include "paho_options.hpp"

namespace spheregate::upstream {
namespace {

// Publishes between `publish` and their end. Packet ids are 16 bits, and Paho searches its list of them for each message.
constexpr std::size_t kPendingMax = 8'192;
constexpr std::size_t kPendingBytesMax = 32u << 20;
// Messages of the server that the core thread has not looked at.
constexpr std::size_t kUnheardMax = 4'096;
constexpr std::size_t kUnheardBytesMax = 16u << 20;
constexpr int kConnackCodeMax = 5;
static_assert(kPendingMax < 65'535);

// What a publish belongs to travels with its message.
struct Numbered final : mqtt::message {
  Numbered(std::string topic, const base::Bytes& payload, int qos, bool retain, std::uint64_t number)
      : mqtt::message{std::move(topic), payload.data(), payload.size(), qos, retain}, token{number} {}
  std::uint64_t token;
};

// The message that a token is about; null when it is not about one.
const Numbered* published(const mqtt::token& token) {
  const auto* delivery = dynamic_cast<const mqtt::delivery_token*>(&token);
  return delivery ? static_cast<const Numbered*>(delivery->get_message().get()) : nullptr;
}

// On the thread on which the attempt failed. What OpenSSL said of it is lost: Paho C keeps it for a handler, and Paho C++ 1.2 gives that
// the address of a copy that is gone by then. What is left is a trace of a handshake that was cut short.
std::string whyNot() {
  const bool handshake = ERR_peek_error() != 0;
  ERR_clear_error();
  if (handshake) return "the TLS handshake failed: the server's certificate does not come from a trusted authority, or it wants another one";
  return "the server cannot be reached, did not answer in time, or its certificate is not for this name";
}

}  // namespace

PahoConnection::PahoConnection(PahoCaller& caller, const Post& post, ControlUser& user, ControlClient::Keep keep)
    : caller_{caller}, post_{post}, user_{&user}, keep_{std::move(keep)} {}

void PahoConnection::begin(Wanted wanted) {
  caller_.queue([self = shared_from_this(), wanted = std::move(wanted)] { self->open(wanted); });
}

void PahoConnection::subscribe(std::string filter, int qos) {
  caller_.queue([self = shared_from_this(), filter = std::move(filter), qos] {
    self->attempt("subscribe", [&] { self->client_->subscribe(filter, qos, nullptr, *self); });
  });
}

void PahoConnection::unsubscribe(std::string filter) {
  caller_.queue([self = shared_from_this(), filter = std::move(filter)] {
    self->attempt("unsubscribe", [&] { self->client_->unsubscribe(filter, nullptr, *self); });
  });
}

bool PahoConnection::publish(std::string topic, const base::Bytes& payload, int qos, bool retain, std::uint64_t token) {
  if (!user_ || pending_ >= kPendingMax || pendingBytes_ + payload.size() > kPendingBytesMax) return false;
  ++pending_;
  pendingBytes_ += payload.size();
  caller_.queue([self = shared_from_this(), message = std::make_shared<const Numbered>(std::move(topic), payload, qos, retain, token)] {
    self->send(message);
  });
  return true;
}

void PahoConnection::end() {
  if (!user_) return;
  user_ = nullptr;
  // Destroying says DISCONNECT when there is a connection. After it Paho calls nothing.
  caller_.queue([self = shared_from_this()] { self->client_.reset(); });
}

void PahoConnection::hear() {
  std::vector<Event> events;
  {
    const std::lock_guard lock{mutex_};
    events.swap(events_);
    messageBytes_ = 0;
    posted_ = false;
  }
  for (Event& event : events) {
    if (!user_) return;
    tell(event);
  }
}

void PahoConnection::tell(Event& event) {
  switch (event.kind) {
    case Event::Kind::up: return user_->controlUp();
    case Event::Kind::acknowledged: return user_->controlAcknowledged(event.token);
    case Event::Kind::message: return user_->controlMessage(event.message);
    case Event::Kind::down:
      ControlUser& user = *user_;
      end();
      user.controlDown(event.reason, event.refusal);
  }
}

template <class Call>
void PahoConnection::attempt(const char* what, Call call) {
  if (!client_) return;
  try {
    call();
  } catch (const std::exception& error) {
    reportDown(std::string{"cannot "} + what + ": " + error.what());
  }
}

void PahoConnection::open(const Wanted& wanted) {
  try {
    mqtt::create_options create;
    create.set_mqtt_verison(MQTTVERSION_3_1_1);
    // What is on its way counts as buffered, and Paho would drop the oldest of more than a hundred.
    create.set_max_buffered_messages(static_cast<int>(kPendingMax) + 1);
    client_ = std::make_unique<mqtt::async_client>(pahoUri(wanted.address), wanted.login.clientId, create);
    client_->set_callback(*this);
    client_->connect(pahoOptions(wanted.address, wanted.login, wanted.keepAlive, wanted.patience), nullptr, *this);
  } catch (const std::exception& error) {
    reportDown(std::string{"cannot connect: "} + error.what());
  }
}

void PahoConnection::send(const mqtt::const_message_ptr& message) {
  const std::size_t bytes = message->get_payload().size();
  if (!client_) return settle(bytes);
  try {
    client_->publish(message, nullptr, *this);
  } catch (const std::exception& error) {
    settle(bytes);
    reportDown(std::string{"cannot publish: "} + error.what());
  }
}

void PahoConnection::connection_lost(const std::string& cause) {
  ERR_clear_error();  // so that they are not taken for those of the next attempt
  reportDown(cause.empty() ? "the connection was lost" : "the connection was lost: " + cause);
}

void PahoConnection::message_arrived(mqtt::const_message_ptr message) {
  Event event{.kind = Event::Kind::message, .token = 0, .refusal = 0, .reason = {}, .message = {}};
  const auto& payload = message->get_payload();
  event.message = {.topic = message->get_topic(),
                   .payload = {payload.begin(), payload.end()},
                   .qos = message->get_qos(),
                   .dup = message->is_duplicate()};
  if (event.message.qos > 0 && keep_) keep_(event.message);
  report(std::move(event));
}

void PahoConnection::on_success(const mqtt::token& token) {
  if (token.get_type() == mqtt::token::Type::CONNECT) {
    return report({.kind = Event::Kind::up, .token = 0, .refusal = 0, .reason = {}, .message = {}});
  }
  const Numbered* message = published(token);
  if (!message) return;
  settle(message->get_payload().size());
  if (message->get_qos() == 0) return;
  report({.kind = Event::Kind::acknowledged, .token = message->token, .refusal = 0, .reason = {}, .message = {}});
}

void PahoConnection::on_failure(const mqtt::token& token) {
  const int code = token.get_return_code();
  if (const Numbered* message = published(token)) {
    settle(message->get_payload().size());
    return reportDown("the connection was lost while a message was on its way");
  }
  if (token.get_type() == mqtt::token::Type::SUBSCRIBE) return reportDown("the server refused a subscription");
  if (token.get_type() != mqtt::token::Type::CONNECT) return;
  if (code > 0 && code <= kConnackCodeMax) return reportDown("the server refused the CONNECT with code " + std::to_string(code), code);
  reportDown("no connection: " + whyNot());
}

void PahoConnection::report(Event event) {
  bool flooded = false;
  bool post = false;
  {
    const std::lock_guard lock{mutex_};
    if (down_) return;
    // Paho C++ tells of a connection twice.
    if (event.kind == Event::Kind::up && std::exchange(up_, true)) return;
    if (event.kind == Event::Kind::message) {
      messageBytes_ += event.message.payload.size();
      flooded = events_.size() >= kUnheardMax + kPendingMax || messageBytes_ > kUnheardBytesMax;
    }
    if (!flooded) {
      down_ = event.kind == Event::Kind::down;
      events_.push_back(std::move(event));
      post = !std::exchange(posted_, true);
    }
  }
  if (flooded) return reportDown("the server sends faster than the gateway can take");
  // Paho holds us by a plain pointer, and the core thread may come to this when Paho has let go.
  if (post) post_([self = shared_from_this()] { self->hear(); });
}

void PahoConnection::reportDown(std::string reason, int refusal) {
  report({.kind = Event::Kind::down, .token = 0, .refusal = refusal, .reason = std::move(reason), .message = {}});
}

void PahoConnection::settle(std::size_t bytes) {
  --pending_;
  pendingBytes_ -= bytes;
}

}  // namespace spheregate::upstream
