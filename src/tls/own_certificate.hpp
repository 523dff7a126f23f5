#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "openssl.hpp"
#include "server_certificate.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/shown_certificate.hpp"

namespace spheregate::tls {

// What the gateway shows to devices, which changes while it runs. Core thread only.
class OwnCertificate {
 public:
  OwnCertificate(const base::Clock& clock, MinVersion minVersion) : clock_{clock}, minVersion_{minVersion} {}

  // A certificate that was found good, and a context that shows it.
  struct Next {
    ShownCertificate shown;
    SslContext context;
  };
  // Reads and checks a certificate and its key; nothing changes yet. One that is not valid now is refused while the one in use is;
  // at the start, and after the one in use has expired too, it is good enough, because devices whose clock is wrong may still
  // accept it.
  base::Explained<Next> read(const std::filesystem::path& certificate, const std::string& privateKey) const;
  // It is the one in use from now on; the context is for new handshakes.
  SslContext take(Next next);

  // Only after the first that was taken.
  const ShownCertificate& shown() const { return *shown_; }

 private:
  std::int64_t now() const;
  std::string objection(const ShownCertificate& next, const std::filesystem::path& file) const;

  const base::Clock& clock_;
  MinVersion minVersion_;
  std::optional<ShownCertificate> shown_;
};

// The facts of a certificate and the names in it.
ShownCertificate shownCertificate(X509& certificate);

}  // namespace spheregate::tls
