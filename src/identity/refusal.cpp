#include "spheregate/identity/admission.hpp"

namespace spheregate::identity {

const char* label(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::unknownCa:
      return "unknown_ca";
    case Refusal::expired:
      return "expired";
    case Refusal::notYetValid:
      return "not_yet_valid";
    case Refusal::badSignature:
      return "bad_signature";
    case Refusal::notAClientCertificate:
      return "not_a_client_certificate";
    case Refusal::isCa:
      return "is_ca";
    case Refusal::noName:
      return "no_name";
    case Refusal::severalNames:
      return "several_names";
    case Refusal::badName:
      return "bad_name";
    case Refusal::upperCaseName:
      return "upper_case_name";
    case Refusal::denied:
      return "denied";
    case Refusal::notAllowed:
      return "not_allowed";
    case Refusal::caExpired:
      return "ca_expired";
    case Refusal::revoked:
      return "revoked";
    case Refusal::crlMissing:
      return "crl_missing";
    case Refusal::crlStale:
      return "crl_stale";
    case Refusal::other:
      return "other";
  }
  return "other";
}

}  // namespace spheregate::identity
