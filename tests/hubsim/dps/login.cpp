#include "hubsim/dps/login.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::hubsim {
namespace {

using Verdict = std::variant<DpsLogin, Refusal>;

struct DpsUsername {
  std::string_view scope;
  std::string_view registrationId;
  std::string_view query;
};

std::optional<DpsUsername> parseDpsUsername(std::string_view text) {
  constexpr std::string_view kRegistrations = "registrations/";
  const std::size_t scopeEnd = text.find('/');
  if (scopeEnd == std::string_view::npos) return std::nullopt;
  DpsUsername username{.scope = text.substr(0, scopeEnd), .registrationId = {}, .query = {}};
  text.remove_prefix(scopeEnd + 1);
  if (!text.starts_with(kRegistrations)) return std::nullopt;
  text.remove_prefix(kRegistrations.size());
  const std::size_t idEnd = text.find('/');
  if (idEnd == std::string_view::npos) return std::nullopt;
  username.registrationId = text.substr(0, idEnd);
  username.query = text.substr(idEnd + 1);
  return hub::queryValue(username.query, "api-version") ? std::optional{username} : std::nullopt;
}

bool lowerCase(std::string_view id) {
  return std::none_of(id.begin(), id.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Verdict judgeOwnKey(DpsLogin login, const Enrolment& enrolment, const hub::SasToken& token) {
  if (!enrolment.key || !hub::signedBy(token, enrolment.key->key)) return Refusal::badSignature;
  login.enrolment = login.registrationId;
  login.key = enrolment.key;
  return login;
}

// The token does not name its group, so each is tried.
Verdict judgeGroupKey(DpsLogin login, const Enrolments& enrolments, const hub::SasToken& token) {
  for (const auto& [name, group] : enrolments.groups) {
    if (!group.key || !hub::signedBy(token, group.key->key.derive(login.registrationId))) continue;
    login.group = true;
    login.enrolment = name;
    login.key = *NamedKey::fromBase64(group.key->key.sign(login.registrationId));
    return login;
  }
  return Refusal::badSignature;
}

Verdict judgeToken(DpsLogin login, std::string_view password, const Enrolments& enrolments, base::WallTime now) {
  const auto token = hub::parseSasToken(password);
  if (!token) return Refusal::badToken;
  if (token->policy != "registration") return Refusal::unknownPolicy;
  const Enrolment* own = enrolments.find(false, login.registrationId);
  const std::string wanted = enrolments.idScope + "/registrations/" + login.registrationId;
  login.tokenExpires = token->expires;
  auto verdict = own ? judgeOwnKey(std::move(login), *own, *token) : judgeGroupKey(std::move(login), enrolments, *token);
  if (std::holds_alternative<Refusal>(verdict)) return verdict;
  if (hub::audience(*token) != wanted) return Refusal::wrongAudience;
  if (token->expires <= std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()) return Refusal::expired;
  return verdict;
}

Verdict judgeCertificate(DpsLogin login, const ClientCertificate& certificate, const Enrolments& enrolments) {
  if (certificate.standing == ClientCertificate::Standing::absent) return Refusal::noCredentials;
  if (certificate.standing == ClientCertificate::Standing::untrusted) return Refusal::untrustedCertificate;
  if (certificate.commonName != login.registrationId) return Refusal::certificateName;
  if (const Enrolment* own = enrolments.find(false, login.registrationId)) {
    if (own->key) return Refusal::noCredentials;
    login.enrolment = login.registrationId;
    return login;
  }
  const auto group =
      std::find_if(enrolments.groups.begin(), enrolments.groups.end(), [](const auto& entry) { return !entry.second.key; });
  if (group == enrolments.groups.end()) return Refusal::notEnrolled;
  login.group = true;
  login.enrolment = group->first;
  return login;
}

}  // namespace

std::variant<DpsLogin, Refusal> judgeDpsLogin(const mqtt::Connect& connect, const ClientCertificate& certificate,
                                              const Enrolments& enrolments, const Rules& rules, base::WallTime now) {
  const auto username = parseDpsUsername(connect.username.value_or(""));
  if (!username || !validRegistrationId(username->registrationId)) return Refusal::badUsername;
  if (rules.dpsLowerCaseIds && !lowerCase(username->registrationId)) return Refusal::badUsername;
  if (username->scope != enrolments.idScope) return Refusal::wrongScope;
  if (connect.clientId != username->registrationId) return Refusal::clientIdMismatch;

  DpsLogin login;
  login.registrationId = username->registrationId;
  login.apiVersion = hub::queryValue(username->query, "api-version").value_or("");
  login.clientVersion = hub::queryValue(username->query, "ClientVersion").value_or("");
  auto verdict = connect.password && !connect.password->empty()
                     ? judgeToken(std::move(login), base::asText(*connect.password), enrolments, now)
                     : judgeCertificate(std::move(login), certificate, enrolments);
  const auto* allowed = std::get_if<DpsLogin>(&verdict);
  if (allowed && rules.dpsDisabled == DpsDisabled::refuse && !enrolments.find(allowed->group, allowed->enrolment)->enabled)
    return Refusal::disabled;
  return verdict;
}

}  // namespace spheregate::hubsim
