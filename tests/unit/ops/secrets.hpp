#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "pki/authorities.hpp"
#include "spheregate/ops/settings.hpp"

namespace spheregate::test {

// The files that settings of an HTTP listener name, in a directory of their own.
class HttpFiles {
 public:
  HttpFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "spheregate-http-XXXXXX").string();
    directory = ::mkdtemp(name.data());
  }
  ~HttpFiles() { std::filesystem::remove_all(directory); }
  HttpFiles(const HttpFiles&) = delete;
  HttpFiles& operator=(const HttpFiles&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream{directory / name, std::ios::binary} << content;
    return directory / name;
  }
  void addPassword(ops::HttpSettings& settings, const std::string& password = "open sesame") const {
    settings.user = "Aladdin";
    settings.passwordFile = write("password", password + "\n");
  }
  void addCertificate(ops::HttpSettings& settings) const {
    const auto now = std::chrono::system_clock::now();
    const testpki::Issued server = testpki::makeServer("localhost", "DNS:localhost,IP:127.0.0.1", testpki::makePlainCa("root", now), now);
    settings.certificate = write("server.pem", testpki::pem(*server.certificate));
    settings.privateKey = write("server.key", testpki::pem(*server.key));
  }

  std::filesystem::path directory;
};

// Of Aladdin, with that password.
inline constexpr const char* kOpenSesame = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";

}  // namespace spheregate::test
