#include "spheregate/upstream/dialer.hpp"

#include <utility>

namespace spheregate::upstream {
namespace {

class TlsDial final : public Dial {
 public:
  explicit TlsDial(std::unique_ptr<tls::Connector::Attempt> attempt) : attempt_{std::move(attempt)} {}

 private:
  std::unique_ptr<tls::Connector::Attempt> attempt_;
};

}  // namespace

std::unique_ptr<Dial> TlsDialer::dial(std::string_view host, Done done) {
  return std::make_unique<TlsDial>(connector_.connect(host, std::move(done)));
}

}  // namespace spheregate::upstream
