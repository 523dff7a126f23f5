#include "pki/directory.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "pki/containers.hpp"
#include "pki/crl.hpp"
#include "pki/files.hpp"
#include "pki/openssl.hpp"
#include "pki/variants.hpp"

namespace spheregate::testpki {
namespace {

namespace fs = std::filesystem;

struct DeviceName {
  std::string id;
  Key key;
};

std::string randomId() {
  std::array<unsigned char, 64> bytes{};
  needed(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "random bytes");
  std::string id;
  for (const unsigned char byte : bytes) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    id += digits.data();
  }
  return id;
}

std::vector<DeviceName> nameDevices(const Options& options) {
  const Key shared = options.sharedKey ? makeEcKey() : nullptr;
  std::vector<DeviceName> devices;
  devices.reserve(options.devices);
  for (std::size_t index = 0; index < options.devices; ++index) {
    Key key = shared ? shared : makeEcKey();
    std::string id = shared ? randomId() : sphereId(*key);
    devices.push_back({std::move(id), std::move(key)});
  }
  return devices;
}

void writeServers(const fs::path& directory, Time now) {
  const Issued hubRoot = makePlainCa("Spheregate Test Hub Root", now);
  const Issued hub = makeServer("localhost", "DNS:localhost,IP:127.0.0.1", hubRoot, now);
  writePair(directory / "hub", hub, {});
  writeFile(directory / "hub-root.pem", pem(*hubRoot.certificate));

  const Issued root = makePlainCa("Spheregate Test Gateway Root", now);
  const Issued gateway = makeServer("gateway.plant.example", "DNS:gateway.plant.example,DNS:localhost,IP:127.0.0.1", root, now);
  writePair(directory / "gateway", gateway, {root.certificate});
  writeFile(directory / "gateway-root.pem", pem(*root.certificate));
}

// Lists of tenant A's CA: nobody is revoked; the certificate of its first device is; nobody is, and it was due an hour ago.
void writeLists(const fs::path& folder, const Issued& tenant, const Certificate& first, Time now) {
  constexpr std::chrono::hours hour{1};
  fs::create_directories(folder);
  writeFile(folder / "nobody.crl", pem(*makeCrl({.thisUpdate = now - hour, .nextUpdate = now + 24 * hour, .number = 1}, tenant)));
  writeFile(folder / "stale.crl", pem(*makeCrl({.thisUpdate = now - 24 * hour, .nextUpdate = now - hour, .number = 1}, tenant)));
  if (!first) return;
  writeFile(folder / "first.crl", der(*makeCrl({.thisUpdate = now - hour, .nextUpdate = now + 24 * hour, .number = 2, .revoked = {first}}, tenant)));
}

// The certificate of the first one.
Certificate writeDevices(const fs::path& folder, const std::vector<DeviceName>& devices, const Issued& issuer, Validity validity) {
  fs::create_directories(folder);
  std::string ids;
  Certificate first;
  for (std::size_t index = 0; index < devices.size(); ++index) {
    std::array<char, 24> number{};
    std::snprintf(number.data(), number.size(), "%03zu", index);
    const Issued device = issue(deviceFields(devices[index].id, validity), devices[index].key, issuer);
    writePair(folder / number.data(), device, {});
    if (index == 0) first = device.certificate;
    ids += devices[index].id + "\n";
  }
  writeFile(folder / "ids.txt", ids);
  return first;
}

void writeImports(const fs::path& folder, const Authorities& authorities, Time now) {
  for (const auto& [kind, files] : {std::pair{"good", goodImports(authorities)}, std::pair{"bad", badImports(authorities, now)}}) {
    fs::create_directories(folder / kind);
    for (const ImportFile& file : files) writeFile(folder / kind / file.name, file.content);
  }
}

}  // namespace

void writePki(const Options& options) {
  const Time now = std::chrono::system_clock::now();
  const fs::path& directory = options.directory;
  fs::create_directories(directory / "tenant-ca.d");
  fs::create_directories(directory / "variants");
  writeServers(directory, now);

  const Authorities authorities = makeAuthorities(now);
  writeFile(directory / "sphere-root.pem", pem(*authorities.root.certificate));
  writeFile(directory / "sphere-policy.pem", pem(*authorities.policy.certificate));
  writeFile(directory / "tenant-ca.d" / "tenant-a.pem", pem(*authorities.tenantA.certificate));
  writeFile(directory / "tenant-a-new.pem", pem(*authorities.tenantANew.certificate));
  writeFile(directory / "tenant-b.pem", pem(*authorities.tenantB.certificate));

  writeImports(directory / "imports", authorities, now);

  const std::vector<DeviceName> devices = nameDevices(options);
  const Time from = now - options.issuedAgo;
  const Validity validity{from, from + options.validFor};
  // A signature with P-384 takes most of a millisecond, so for thousands of devices the two folders share the work.
  std::future<void> newOnes =
      std::async(std::launch::async, [&] { writeDevices(directory / "devices-new", devices, authorities.tenantANew, validity); });
  const Certificate first = writeDevices(directory / "devices", devices, authorities.tenantA, validity);
  newOnes.get();
  writeLists(directory / "crls", authorities.tenantA, first, now);
  for (const Variant& variant : makeVariants(authorities, devices.empty() ? randomId() : devices.front().id, now)) {
    writePair(directory / "variants" / variant.name, variant.issued, variant.sentAlong);
  }
}

}  // namespace spheregate::testpki
