#include "openssl.hpp"

#include <openssl/err.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace spheregate::tls {
namespace {

std::string reasonOf(unsigned long code) {
  // Alerts of the peer are numbered above this offset; their texts name SSL's internals, the alert's own name is what people
  // know.
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
    const std::string_view name = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    if (name != "unknown") return std::string{"the peer sent the alert "}.append(name);
  }
  if (ERR_SYSTEM_ERROR(code)) return std::system_category().message(reason);
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "error " + std::to_string(code);
}

}  // namespace

std::string takeError() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  return code == 0 ? "unknown error" : reasonOf(code);
}

bool Outcome::ended() const {
  if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL) return true;
  return error == SSL_ERROR_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

std::string Outcome::text() const {
  if (error == SSL_ERROR_SYSCALL && system != 0) return std::system_category().message(system);
  if (ended()) return "closed by the peer";
  return code == 0 ? "unknown error" : reasonOf(code);
}

Outcome outcomeOf(const SSL& ssl, int result) {
  const int system = errno;
  Outcome outcome{.error = SSL_get_error(&ssl, result), .code = 0, .system = 0};
  if (outcome.error == SSL_ERROR_SYSCALL) outcome.system = system;
  if (outcome.error == SSL_ERROR_SSL) outcome.code = ERR_peek_error();
  ERR_clear_error();
  return outcome;
}

}  // namespace spheregate::tls
