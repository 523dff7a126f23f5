#include "spheregate/tls/connector.hpp"

#include <string>
#include <utility>

#include "context.hpp"
#include "passage.hpp"
#include "proxy_login.hpp"

namespace spheregate::tls {

struct Connector::Inside {
  Way way;
};

base::Explained<std::unique_ptr<Connector>> Connector::open(boost::asio::io_context& loop, const ConnectorSettings& settings) {
  auto context = clientContext(settings);
  if (!context) return base::failed<std::unique_ptr<Connector>>(context.error());
  auto login = proxyLogin(settings.proxy);
  if (!login) return base::failed<std::unique_ptr<Connector>>(login.error());
  auto inside = std::make_shared<Inside>(
      Inside{.way = {.loop = loop, .settings = settings, .context = std::move(*context), .proxyLogin = std::move(*login)}});
  return std::unique_ptr<Connector>{new Connector{std::move(inside)}};
}

Connector::Connector(std::shared_ptr<Inside> inside) : inside_{std::move(inside)} {}

Connector::~Connector() = default;

namespace {

class PassageAttempt final : public Connector::Attempt {
 public:
  explicit PassageAttempt(std::shared_ptr<Passage> passage) : passage_{std::move(passage)} {}
  ~PassageAttempt() override { passage_->cancel(); }

 private:
  std::shared_ptr<Passage> passage_;
};

}  // namespace

std::unique_ptr<Connector::Attempt> Connector::connect(std::string_view host, Done done) {
  // Shares the ownership of what the passage refers to.
  const std::shared_ptr<const Way> way{inside_, &inside_->way};
  std::string target{host.empty() ? way->settings.host : host};
  auto passage = std::make_shared<Passage>(way, std::move(target), std::move(done));
  passage->start();
  return std::make_unique<PassageAttempt>(std::move(passage));
}

}  // namespace spheregate::tls
