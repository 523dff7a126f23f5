#include "crl_facts.hpp"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <memory>

#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::identity {
namespace {

using Scope = std::unique_ptr<ISSUING_DIST_POINT, x509::Release<ISSUING_DIST_POINT_free>>;
using Number = std::unique_ptr<ASN1_INTEGER, x509::Release<ASN1_INTEGER_free>>;

Number numberOf(X509_CRL& crl) {
  return Number{static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(&crl, NID_crl_number, nullptr, nullptr))};
}

// A critical extension that is not understood may change what an entry means.
bool understood(int nid) { return nid == NID_issuing_distribution_point || nid == NID_crl_number || nid == NID_authority_key_identifier; }
bool entryUnderstood(int nid) { return nid == NID_crl_reason || nid == NID_invalidity_date || nid == NID_hold_instruction_code; }

std::string oddExtension(X509_CRL& crl) {
  for (int at = 0; at < X509_CRL_get_ext_count(&crl); ++at) {
    X509_EXTENSION* extension = X509_CRL_get_ext(&crl, at);
    if (X509_EXTENSION_get_critical(extension) != 0 && !understood(OBJ_obj2nid(X509_EXTENSION_get_object(extension)))) {
      return "it has a critical extension that the gateway does not know";
    }
  }
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(&crl);
  for (int number = 0; number < sk_X509_REVOKED_num(entries); ++number) {
    const X509_REVOKED* entry = sk_X509_REVOKED_value(entries, number);
    for (int at = 0; at < X509_REVOKED_get_ext_count(entry); ++at) {
      X509_EXTENSION* extension = X509_REVOKED_get_ext(entry, at);
      const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
      if (nid == NID_certificate_issuer) return "it is an indirect list, which has certificates of several CAs";
      if (X509_EXTENSION_get_critical(extension) != 0 && !entryUnderstood(nid)) {
        return "an entry has a critical extension that the gateway does not know";
      }
    }
  }
  return {};
}

std::string faultOf(X509_CRL& crl) {
  if (X509_CRL_get_ext_by_NID(&crl, NID_delta_crl, -1) >= 0) return "it is a delta list, which has only what changed";
  int critical = 0;
  const Scope scope{static_cast<ISSUING_DIST_POINT*>(X509_CRL_get_ext_d2i(&crl, NID_issuing_distribution_point, &critical, nullptr))};
  if (!scope && critical != -1) return "its issuing distribution point cannot be read";
  if (scope && scope->indirectCRL > 0) return "it is an indirect list, which has certificates of several CAs";
  if (scope && (scope->onlyCA > 0 || scope->onlyattr > 0)) return "it has no certificates of devices, only of CAs or attributes";
  if (scope && scope->onlysomereasons) return "it has certificates that were revoked for some reasons only";
  const ASN1_TIME* due = X509_CRL_get0_nextUpdate(&crl);
  if (x509::unixSeconds(*X509_CRL_get0_lastUpdate(&crl)) == 0 || (due && x509::unixSeconds(*due) == 0)) return "its times cannot be read";
  int digest = NID_undef;
  OBJ_find_sigid_algs(X509_CRL_get_signature_nid(&crl), &digest, nullptr);
  if (digest == NID_md5 || digest == NID_sha1) return "it is signed with a digest that is too weak";
  return oddExtension(crl);
}

}  // namespace

std::string unusable(X509_CRL& crl) {
  const std::string fault = faultOf(crl);
  if (fault.empty()) return {};
  return "the list of `" + x509::nameText(*X509_CRL_get_issuer(&crl)) + "` cannot be used: " + fault +
         "; have the CA issue a full list of its own, signed with SHA-256 or better";
}

std::string partOf(X509_CRL& crl) {
  const int at = X509_CRL_get_ext_by_NID(&crl, NID_issuing_distribution_point, -1);
  if (at < 0) return {};
  const ASN1_OCTET_STRING* der = X509_EXTENSION_get_data(X509_CRL_get_ext(&crl, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(der)), static_cast<std::size_t>(ASN1_STRING_length(der))};
}

bool newerThan(X509_CRL& one, X509_CRL& other) {
  const Number left = numberOf(one);
  const Number right = numberOf(other);
  if (left && right) {
    if (const int order = ASN1_INTEGER_cmp(left.get(), right.get()); order != 0) return order > 0;
  }
  return x509::unixSeconds(*X509_CRL_get0_lastUpdate(&one)) > x509::unixSeconds(*X509_CRL_get0_lastUpdate(&other));
}

bool signedBy(X509_CRL& crl, X509& ca) {
  if (X509_NAME_cmp(X509_CRL_get_issuer(&crl), X509_get_subject_name(&ca)) != 0) return false;
  return (X509_get_key_usage(&ca) & KU_CRL_SIGN) != 0 && X509_CRL_verify(&crl, X509_get0_pubkey(&ca)) == 1;
}

const char* reasonOf(const X509_REVOKED& entry) {
  const std::unique_ptr<ASN1_ENUMERATED, x509::Release<ASN1_ENUMERATED_free>> reason{
      static_cast<ASN1_ENUMERATED*>(X509_REVOKED_get_ext_d2i(&entry, NID_crl_reason, nullptr, nullptr))};
  if (!reason) return nullptr;
  switch (ASN1_ENUMERATED_get(reason.get())) {
    case CRL_REASON_KEY_COMPROMISE: return "key compromise";
    case CRL_REASON_CA_COMPROMISE: return "CA compromise";
    case CRL_REASON_AFFILIATION_CHANGED: return "affiliation changed";
    case CRL_REASON_SUPERSEDED: return "superseded";
    case CRL_REASON_CESSATION_OF_OPERATION: return "cessation of operation";
    case CRL_REASON_CERTIFICATE_HOLD: return "certificate hold";
    case CRL_REASON_PRIVILEGE_WITHDRAWN: return "privilege withdrawn";
    default: return nullptr;
  }
}

}  // namespace spheregate::identity
