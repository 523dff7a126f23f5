#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spheregate/x509/handles.hpp"

namespace spheregate::checkup {

using Chain = std::vector<x509::CertificateHandle>;

std::string subjectOf(X509& certificate);
std::int64_t from(const X509& certificate);
std::int64_t until(const X509& certificate);
// `expired 3 h ago, at …; this machine's clock says …`; empty while it is valid.
std::string outOfValidity(const X509& certificate, std::int64_t now);
std::int64_t secondsNow();

// Names and signature say so.
bool issuedBy(X509& certificate, X509& issuer);
bool selfSigned(X509& certificate);
// As a device checks it: a subject alternative name, or the common name only when `byCommonName`.
bool covers(X509& certificate, const std::string& host, bool byCommonName);
// The names and addresses of the subject alternative names, for a message.
std::string namesOf(X509& certificate);
std::size_t pemBytes(X509& certificate);

}  // namespace spheregate::checkup
