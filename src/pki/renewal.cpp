#include "spheregate/pki/renewal.hpp"

#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

constexpr std::chrono::minutes kInterval{10};

// What makes a certificate due; empty when it is not.
std::string dueBecause(X509& certificate, const Authority& authority, std::int64_t now) {
  const std::int64_t begin = x509::unixSeconds(*X509_get0_notBefore(&certificate));
  const std::int64_t end = x509::unixSeconds(*X509_get0_notAfter(&certificate));
  if (now < begin) return "it is valid only from " + x509::timeText(begin);
  if (now >= end) return "it expired at " + x509::timeText(end);
  if (end - now < (end - begin) / 3) return "two thirds of its life are over";
  if (authority.retiredIssuerOf(certificate)) return "its root has been retired";
  return {};
}

}  // namespace

Renewal::Renewal(RenewalSettings settings, base::Timers& timers, const base::Clock& clock, metrics::Registry& metrics,
                 Renewed renewed)
    : settings_{std::move(settings)},
      timers_{timers},
      clock_{clock},
      renewed_{std::move(renewed)},
      done_{metrics.counter("certificate_renewals_total", "Renewals of the server certificate by the gateway's own authority.",
                            {{"result", "ok"}})},
      failures_{metrics.counter("certificate_renewals_total",
                                "Renewals of the server certificate by the gateway's own authority.", {{"result", "failed"}})} {}

void Renewal::begin() {
  if (!settings_.authority.empty()) look();
}

void Renewal::follow(RenewalSettings settings) {
  if (settings != settings_) {
    settings_ = std::move(settings);
    toldOfStranger_ = false;
    lastFault_.clear();
  }
  next_.cancel();
  begin();
}

void Renewal::look() {
  renewIfDue();
  next_.after(kInterval, [this] { look(); });
}

void Renewal::renewIfDue() {
  const auto chain = x509::readCertificates(settings_.certificate);
  if (!chain) return failed(chain.error());
  X509& leaf = *chain->front();
  auto authority = Authority::open(settings_.authority);
  if (!authority) return failed(authority.error());
  if (!authority->issued(leaf)) {
    if (!std::exchange(toldOfStranger_, true)) {
      base::logInfo("server certificate is not renewed", {{"file", settings_.certificate.string()},
                                                          {"reason", "tls.authority did not issue it"},
                                                          {"issuer", x509::nameText(*X509_get_issuer_name(&leaf))}});
    }
    return;
  }
  prepareSuccessor(*authority);
  const base::WallTime now = clock_.wall();
  const std::string why = dueBecause(leaf, *authority, std::chrono::system_clock::to_time_t(now));
  if (why.empty()) return;
  const auto text = authority->renewServer(leaf, now);
  if (!text) return failed(text.error());
  const auto written = writeWhole(settings_.certificate, *text, kPublicMode);
  if (!written) return failed(written.error());
  done_.add();
  lastFault_.clear();
  base::logInfo("server certificate renewed", {{"file", settings_.certificate.string()}, {"because", why}});
  renewed_();
}

void Renewal::prepareSuccessor(Authority& authority) {
  const base::WallTime now = clock_.wall();
  const auto made = authority.prepareSuccessor(now);
  if (!made) return failed(made.error());
  if (!*made) return;
  base::logWarn(
      "the root for devices has a new successor",
      {{"authority", settings_.authority.string()},
       {"fix",
        "put what `spheregate export-root` prints into the devices' next application; what they have now stays good for years"}});
}

void Renewal::failed(const std::string& reason) {
  failures_.add();
  if (std::exchange(lastFault_, reason) == reason) return;
  base::logError("server certificate cannot be renewed", {{"reason", reason}, {"next", "it is tried again every ten minutes"}});
}

}  // namespace spheregate::pki
