#pragma once

#include <cstdint>
#include <string_view>

#include "certificates.hpp"
#include "tls_stream.hpp"

namespace spheregate::load {

class Device;

class DeviceHost {
 public:
  virtual void connected(Device& device) = 0;
  // So many PUBACKs came in one read. What the host publishes now leaves as one record.
  virtual void acknowledged(Device& device, unsigned count) = 0;
  virtual void lost(Device& device, std::string_view reason) = 0;

 protected:
  ~DeviceHost() = default;
};

struct DeviceSettings {
  std::uint16_t port = 0;
  std::size_t payloadBytes = 256;
};

// One MQTT client with its certificate, as an Azure SDK would speak.
class Device final : public TlsStream::User {
 public:
  Device(Loop& loop, DeviceHost& host, const DeviceCertificates& certificates, std::uint32_t index,
         const DeviceSettings& settings);

  void connect();
  void disconnect();
  // Appends one QoS 1 message; `flush` sends what was appended. The payload says it was born then.
  void publish(Nanoseconds born);
  void flush() { stream_.flush(); }

  std::uint64_t sent() const { return sent_; }
  std::uint64_t acked() const { return acked_; }
  static std::string topicOf(std::string_view id);

  void opened() override;
  std::size_t received(base::ByteView bytes) override;
  void closed(std::string_view reason) override;

 private:
  DeviceHost& host_;
  const DeviceCertificates& certificates_;
  std::uint32_t index_;
  DeviceSettings settings_;
  TlsStream stream_;
  base::Bytes message_;  // a whole PUBLISH; packet id and stamp are written over for each
  std::size_t packetIdAt_ = 0;
  std::size_t stampAt_ = 0;
  std::uint16_t packetId_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
};

}  // namespace spheregate::load
