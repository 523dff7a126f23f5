#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "pki/authorities.hpp"
#include "pki/files.hpp"
#include "pki/variants.hpp"
#include "simulation/memory_store.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "unit/fakes.hpp"

namespace spheregate::identity {

inline void PrintTo(Refusal refusal, std::ostream* out) { *out << label(refusal); }

// Somebody's certificates and a directory to pin CAs in, under a clock that the test moves.
class Fleet : public testing::Test {
 protected:
  Fleet() : directory_{makeDirectory()} {
    settings.tenantCa = directory_ / "tenant-ca.d";
    std::filesystem::create_directory(settings.tenantCa);
  }
  ~Fleet() override { std::filesystem::remove_all(directory_); }

  static const testpki::Authorities& sphere() {
    static const testpki::Authorities made = testpki::makeAuthorities(test::ManualClock{}.wall());
    return made;
  }
  static const std::string& id() {
    static const std::string made = testpki::sphereId(*testpki::makeEcKey());
    return made;
  }

  // A file in the directory of the test; the name may have folders.
  std::filesystem::path file(const std::string& name, std::string_view content) const {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    testpki::writeFile(path, content);
    return path;
  }
  void pin(const std::string& name, const testpki::Issued& ca) const {
    file("tenant-ca.d/" + name, testpki::pem(*ca.certificate));
  }

  std::unique_ptr<Admission> load() {
    auto made = Admission::load(settings, floor, known, metrics);
    if (!made) throw std::runtime_error{made.error()};
    return std::move(*made);
  }
  std::string loadError() {
    const auto made = Admission::load(settings, floor, known, metrics);
    return made ? std::string{"it loaded"} : made.error();
  }

  testpki::Fields fields() const { return testpki::deviceFields(id(), testpki::dayAround(clock.wall())); }
  static Judgement judge(Admission& admission, const testpki::Issued& device) {
    return admission.judge(*device.certificate);
  }
  // The judgement of a device certificate of tenant A with these fields.
  static Judgement judge(Admission& admission, const testpki::Fields& wanted) {
    return judge(admission, testpki::issue(wanted, testpki::makeEcKey(), sphere().tenantA));
  }

  static Admitted admittedOf(const testpki::Issued& device, const Judgement& judgement) {
    X509& certificate = *device.certificate;
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr), BN_free};
    char* digits = BN_bn2hex(number.get());
    Admitted admitted{.deviceId = judgement.deviceId,
                      .caSha256 = judgement.caSha256,
                      .serial = digits,
                      .certificateSha256 = x509::sha256(certificate),
                      .notAfterSeconds = x509::unixSeconds(*X509_get0_notAfter(&certificate))};
    OPENSSL_free(digits);
    return admitted;
  }
  // The device comes through the handshake, if it may.
  static Judgement connect(Admission& admission, const testpki::Issued& device) {
    const Judgement judgement = judge(admission, device);
    if (judgement.refusal == Refusal::none) admission.arrived(admittedOf(device, judgement));
    return judgement;
  }
  std::uint64_t counted(const std::string& name) { return metrics.counter(name, "").value(); }

  test::ManualTime time;
  test::ManualClock& clock = time.clock;
  Settings settings;
  metrics::Registry metrics;
  simulation::MemoryTables disk;
  simulation::MemoryStore store{time.timers, disk};
  ClockFloor floor{clock, store, metrics, {}};
  KnownDevices known{store, time.timers, metrics};

 private:
  static std::filesystem::path makeDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "spheregate-identity-XXXXXX";
    if (!mkdtemp(pattern.data())) throw std::runtime_error{"no temporary directory"};
    return pattern;
  }
  std::filesystem::path directory_;
};

}  // namespace spheregate::identity
