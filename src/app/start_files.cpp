#include "start_files.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "spheregate/tls/connector.hpp"
#include "spheregate/upstream/credentials.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 64u << 10;

// SHA-256; empty when the file cannot be read. It is kept in memory and told nobody.
std::string digestOf(const fs::path& file) {
  std::error_code error;
  // Opening a pipe waits for its other end.
  if (!fs::is_regular_file(file, error)) return {};
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return {};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return {};
  std::string piece(kPieceBytes, '\0');
  while (stream) {
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return {digest.begin(), digest.begin() + size};
}

// As the start reads it.
std::string faultOf(const StartFile& named, const config::Config& next) {
  const auto errorOf = [](const auto& loaded) { return loaded ? std::string{} : loaded.error(); };
  if (named.file == next.upstream.auth.keysFile) return errorOf(upstream::loadCredentials(next.upstream.auth, next.upstream.hub));
  if (named.file != next.connector.ca && named.file != next.connector.proxy.passwordFile) return errorOf(upstream::readKey(named.file));
  boost::asio::io_context loop;
  return errorOf(tls::Connector::open(loop, next.connector));
}

}  // namespace

std::vector<StartFile> startFiles(const config::Config& config) {
  const upstream::AuthSettings& auth = config.upstream.auth;
  std::vector<StartFile> files;
  const auto add = [&files](const char* key, const fs::path& file) {
    if (!file.empty()) files.push_back({.key = key, .file = file});
  };
  if (config.upstream.mode != upstream::Mode::shared) add("upstream.ca", config.connector.ca);
  add("upstream.auth.module_key_file", auth.moduleKeyFile);
  add("upstream.auth.key_file", auth.keyFile);
  add("upstream.auth.keys_file", auth.keysFile);
  add("upstream.auth.group_key_file", auth.groupKeyFile);
  add("upstream.proxy_password_file", config.connector.proxy.passwordFile);
  return files;
}

StartContents::StartContents(const config::Config& started) {
  for (StartFile& named : startFiles(started)) {
    ops::FileStamps stamps = ops::stampsOf({named.file});
    std::string digest = digestOf(named.file);
    contents_.push_back({.named = std::move(named), .stamps = std::move(stamps), .digest = std::move(digest)});
  }
}

std::vector<std::string> StartContents::changed() const {
  std::vector<std::string> keys;
  for (const Content& before : contents_) {
    if (isOther(before)) keys.push_back(before.named.key);
  }
  return keys;
}

bool StartContents::isOther(const Content& before) {
  const ops::FileStamps stamps = ops::stampsOf({before.named.file});
  // The keys of ten thousand devices are not read again for nothing.
  return !stamps.empty() && stamps != before.stamps && digestOf(before.named.file) != before.digest;
}

std::string StartContents::fault(const config::Config& next) const {
  for (const StartFile& named : startFiles(next)) {
    const auto before = std::find_if(contents_.begin(), contents_.end(), [&](const Content& one) { return one.named.file == named.file; });
    if (before != contents_.end() && !isOther(*before)) continue;
    if (std::string fault = faultOf(named, next); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace spheregate::app
