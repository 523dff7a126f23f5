#include "on_behalf_of.hpp"

#include <utility>

#include "spheregate/hub/property_bag.hpp"

namespace spheregate::upstream {
namespace {

constexpr std::string_view kModule = "$edgeHub";

}  // namespace

OnBehalfOf::OnBehalfOf(std::string hub, std::string edge, hub::SharedAccessKey moduleKey, AuthChain authChain, std::chrono::seconds life)
    : hub_{std::move(hub)}, edge_{std::move(edge)}, key_{std::move(moduleKey)}, authChain_{authChain}, life_{life} {}

std::unique_ptr<LoginRequest> OnBehalfOf::login(std::string_view deviceId, base::WallTime now, Done done) {
  const auto left = expires_ - now;
  // More than a whole life is left when the clock was set back; such a token might outlive what the hub allows.
  if (left <= life_ / 2 || left > life_) {
    expires_ = now + life_;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(expires_.time_since_epoch()).count();
    token_ = hub::makeSasToken(key_, hub::moduleResource(hub_, edge_, kModule), seconds);
  }
  Login login{.hub = hub_, .usernameTail = {}, .password = token_, .expires = expires_};
  // The chain leads from the device to the edge that acts for it.
  if (authChain_ == AuthChain::sent) login.usernameTail = "&auth-chain=" + hub::percentEncode(std::string{deviceId} + ";" + edge_);
  done(std::move(login));
  return nullptr;
}

std::string_view OnBehalfOf::remedy() const {
  return "check that the device exists, is enabled and is a child of the edge device, that upstream.auth.module_key_file holds the "
         "key of that edge's module $edgeHub, and this machine's clock; where the key is another now, write it to that file, then restart the "
         "gateway";
}

}  // namespace spheregate::upstream
