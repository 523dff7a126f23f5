#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "spheregate/base/result.hpp"

namespace spheregate::tls {

// Where a private key is: in a PEM file, in a token that speaks PKCS#11, or in a TPM 2.0.
struct KeyName {
  enum class Place : std::uint8_t { file, pkcs11, tpm };
  Place place = Place::file;
  std::string address;             // path; `pkcs11:` with its path attributes only; `handle:0x81...`
  std::filesystem::path pinFile;   // empty: none
  std::filesystem::path module;    // of PKCS#11; empty: all that p11-kit knows
  std::string token;               // of PKCS#11, its label, for messages; empty: any
  std::string object;              // of PKCS#11, label or id, for messages; empty: any
};

// `pkcs11:` as in RFC 7512, with the query attributes `pin-source` (a file) and `module-path`; `handle:0x81...` with `pin-source`;
// anything else is a path. The error says what is wrong and what to write; it never repeats a PIN.
base::Explained<KeyName> keyName(std::string_view text);

}  // namespace spheregate::tls
