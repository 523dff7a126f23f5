#include "spheregate/provisioning/service_login.hpp"

#include <algorithm>
#include <chrono>

#include "registration.hpp"

namespace spheregate::provisioning {
namespace {

// Longer than any registration takes.
constexpr std::chrono::seconds kTokenLife{3600};
constexpr std::string_view kTokenPolicy = "registration";
constexpr std::size_t kRegistrationIdBytesMax = 128;

std::string resourceOf(std::string_view idScope, std::string_view registrationId) {
  return std::string{idScope}.append("/registrations/").append(registrationId);
}

upstream::ControlLogin nameless(std::string_view idScope, std::string_view registrationId) {
  upstream::ControlLogin login;
  login.clientId = registrationId;
  login.username = resourceOf(idScope, registrationId).append("/api-version=").append(Registration::kApiVersion).append("&ClientVersion=spheregate");
  return login;
}

bool lowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

upstream::ControlLogin loginByKey(const hub::SharedAccessKey& key, std::string_view idScope, std::string_view registrationId,
                                  base::WallTime now) {
  upstream::ControlLogin login = nameless(idScope, registrationId);
  const auto expires = std::chrono::duration_cast<std::chrono::seconds>((now + kTokenLife).time_since_epoch()).count();
  login.password = hub::makeSasToken(key, resourceOf(idScope, registrationId), expires, kTokenPolicy);
  return login;
}

upstream::ControlLogin loginByCertificate(const std::filesystem::path& certificate, const std::filesystem::path& privateKey,
                                          std::string_view idScope, std::string_view registrationId) {
  upstream::ControlLogin login = nameless(idScope, registrationId);
  login.certificate = certificate;
  login.privateKey = privateKey;
  return login;
}

std::optional<std::string> registrationIdFault(std::string_view id) {
  if (id.empty() || id.size() > kRegistrationIdBytesMax) return "a registration id has 1 to 128 characters";
  if (std::any_of(id.begin(), id.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "a registration id has no upper-case letters, and the hub would get another device than this one";
  const bool good = std::all_of(id.begin(), id.end(), [](char c) { return lowerOrDigit(c) || std::string_view{"-._:"}.find(c) != std::string_view::npos; });
  if (!good) return "a registration id has only lower-case letters, digits and - . _ :";
  if (!lowerOrDigit(id.back()) && id.back() != '-') return "a registration id ends with a letter, a digit or a hyphen";
  return std::nullopt;
}

}  // namespace spheregate::provisioning
