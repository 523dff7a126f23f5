#include "inflow.hpp"

#include <algorithm>

#include "limits.hpp"

namespace spheregate::tls {
namespace {

// Only one connection of a thread reads at a time.
thread_local std::size_t allowed = 0;

constexpr std::uint8_t kChangeCipherSpec = 20;
constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;

long onTurn(BIO* socket, int operation, const char*, std::size_t size, int, long, int result, std::size_t* processed) {
  if (operation == BIO_CB_READ && allowed == 0) {
    BIO_clear_retry_flags(socket);
    BIO_set_retry_read(socket);
    return -1;
  }
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && processed != nullptr) {
    allowed -= std::min(allowed, *processed);
  }
  (void)size;
  return result;
}

}  // namespace

void Inflow::allow(std::size_t bytes) { allowed = bytes; }

bool Inflow::usedUp() { return allowed == 0; }

void Inflow::watchTurns(SSL& ssl) {
  BIO* socket = SSL_get_rbio(&ssl);
  BIO_set_callback_ex(socket, onTurn);
  BIO_set_callback_arg(socket, nullptr);
}

void Inflow::watchHandshake(SSL& ssl) {
  BIO* socket = SSL_get_rbio(&ssl);
  BIO_set_callback_ex(socket, onRead);
  BIO_set_callback_arg(socket, reinterpret_cast<char*>(this));
}

long Inflow::onRead(BIO* socket, int operation, const char* bytes, std::size_t, int, long, int result, std::size_t* processed) {
  if (operation != (BIO_CB_READ | BIO_CB_RETURN) || result <= 0 || processed == nullptr) return result;
  auto* inflow = reinterpret_cast<Inflow*>(BIO_get_callback_arg(socket));
  if (inflow->take(reinterpret_cast<const std::uint8_t*>(bytes), *processed)) return result;
  // For OpenSSL the socket has failed.
  BIO_clear_retry_flags(socket);
  return -1;
}

bool Inflow::take(const std::uint8_t* bytes, std::size_t size) {
  total_ += size;
  if (total_ > kHandshakeBytesMax) problem_ = "the handshake is longer than any that a device needs";
  while (size > 0 && readable_ && problem_.empty()) {
    if (recordLeft_ == 0) {
      recordHeader_[recordHeaderFilled_++] = *bytes++;
      --size;
      if (recordHeaderFilled_ < sizeof recordHeader_) continue;
      recordHeaderFilled_ = 0;
      recordLeft_ = static_cast<std::uint32_t>(recordHeader_[3] << 8 | recordHeader_[4]);
      // TLS 1.3 has a meaningless ChangeCipherSpec before a second ClientHello; elsewhere what follows it is encrypted. What is
      // no handshake record then is the end of what can be read, or for OpenSSL to refuse.
      skipping_ = recordHeader_[0] == kChangeCipherSpec && onlyHellos_;
      readable_ = skipping_ || recordHeader_[0] == kHandshakeRecord;
      continue;
    }
    const std::size_t part = std::min<std::size_t>(size, recordLeft_);
    if (!skipping_ && !takeMessages(bytes, part)) break;
    recordLeft_ -= static_cast<std::uint32_t>(part);
    bytes += part;
    size -= part;
  }
  return problem_.empty();
}

bool Inflow::takeMessages(const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    if (messageLeft_ > 0) {
      const std::size_t part = std::min<std::size_t>(size, messageLeft_);
      messageLeft_ -= static_cast<std::uint32_t>(part);
      bytes += part;
      size -= part;
      continue;
    }
    messageHeader_[messageHeaderFilled_++] = *bytes++;
    --size;
    if (messageHeaderFilled_ < sizeof messageHeader_) continue;
    messageHeaderFilled_ = 0;
    messageLeft_ = static_cast<std::uint32_t>(messageHeader_[1] << 16 | messageHeader_[2] << 8 | messageHeader_[3]);
    onlyHellos_ = onlyHellos_ && messageHeader_[0] == kClientHello;
    if (messageHeader_[0] == kClientHello && messageLeft_ > kClientHelloBytesMax) {
      problem_ = "the ClientHello is longer than any that a device needs";
      return false;
    }
  }
  return true;
}

}  // namespace spheregate::tls
