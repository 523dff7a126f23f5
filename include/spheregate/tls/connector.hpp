#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "spheregate/base/result.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/tls/settings.hpp"

namespace spheregate::tls {

// Opens TLS connections: resolves, connects, verifies the chain and the host name, sends SNI. Port and trust anchors are the
// same for every host. Core thread only.
class Connector {
 public:
  // Runs once, on the loop, never inside `connect`. The error is a sentence: which step failed and how.
  using Done = std::function<void(base::Explained<std::unique_ptr<base::Wire>>)>;

  // Loads the trust anchors; the error names the file.
  static base::Explained<std::unique_ptr<Connector>> open(boost::asio::io_context& loop, const ConnectorSettings& settings);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // One attempt in progress; destroying it cancels the attempt and `done` never runs.
  class Attempt {
   public:
    virtual ~Attempt() = default;
  };
  // An empty host means the one of the settings.
  std::unique_ptr<Attempt> connect(std::string_view host, Done done);

 private:
  struct Inside;
  explicit Connector(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;
};

}  // namespace spheregate::tls
