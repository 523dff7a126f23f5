#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "openssl.hpp"
#include "server_certificate.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/shown_certificate.hpp"

namespace spheregate::tls {

// What the gateway shows to devices, which changes while it runs. Core thread only.
class OwnCertificate {
 public:
  OwnCertificate(const base::Clock& clock, metrics::Registry& metrics, MinVersion minVersion)
      : clock_{clock}, metrics_{metrics}, minVersion_{minVersion} {}

  // Reads and checks a certificate and its key, and gives a context that shows them. On error everything stays as it was. One
  // that is not valid now is refused while the one in use is; at the start, and after the one in use has expired too, it is
  // taken with a warning, because devices whose clock is wrong may still accept it.
  base::Explained<SslContext> take(const std::filesystem::path& certificate, const std::string& privateKey);

  // Only after the first success.
  const ShownCertificate& shown() const { return *shown_; }

 private:
  std::int64_t now() const;
  std::string objection(const ShownCertificate& next, const std::filesystem::path& file) const;
  void tellExpiry(const std::filesystem::path& file) const;

  const base::Clock& clock_;
  metrics::Registry& metrics_;
  MinVersion minVersion_;
  std::optional<ShownCertificate> shown_;
};

// The facts of a certificate and the names in it.
ShownCertificate shownCertificate(X509& certificate);

}  // namespace spheregate::tls
