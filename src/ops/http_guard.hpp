#pragma once

#include <optional>
#include <string>

#include "http_reply.hpp"
#include "login.hpp"
#include "password_tries.hpp"
#include "spheregate/base/log_allowance.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::ops {

// Who is on a connection.
struct HttpVisitor {
  std::string source;               // its address; of IPv6 the network
  bool hasShownPassword = false;    // on this connection
};

// Who may ask. Two kinds of requests are refused: those without the password, where there is one, and those that a browser makes for a page of
// somebody else. Core thread only.
class HttpGuard {
 public:
  explicit HttpGuard(metrics::Registry& metrics);

  // From now on; nothing: everybody may ask.
  void use(std::optional<Login> login) { login_ = login; }
  const std::optional<Login>& login() const { return login_; }
  // The refusal, or nothing.
  std::optional<HttpReply> objection(const HttpRequest& request, HttpVisitor& visitor);

 private:
  std::optional<HttpReply> passwordObjection(const HttpRequest& request, HttpVisitor& visitor);
  void noteWrong(const std::string& source, base::MonoTime now);

  std::optional<Login> login_;
  PasswordTries tries_;
  base::LogAllowance lines_;
  metrics::Counter& wrong_;
};

// Load balancers and systemd ask these without a password.
bool isForEverybody(const HttpRequest& request);

}  // namespace spheregate::ops
