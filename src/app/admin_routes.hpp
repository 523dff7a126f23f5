#pragma once

#include <functional>
#include <string>

#include "log_control.hpp"
#include "spheregate/ops/admin_socket.hpp"
#include "status.hpp"

namespace spheregate::app {

// What the admin socket shows and may change; all of it outlives the routes.
struct AdminParts {
  std::function<StatusParts()> status;
  relay::Front& front;
  queue::Custody& custody;
  relay::Uplink& uplink;
  LogControl& log;
  std::function<std::string()> metrics;  // Prometheus text
  // Reads again what may change while the gateway runs, and says what it did; the error says what is wrong and that nothing changed.
  // Empty: this build cannot.
  std::function<base::Explained<std::string>()> reload;
};

// What each path of the admin socket answers; docs/admin-api.md has the schema. Changes are logged with the uid of who asked.
class AdminRoutes {
 public:
  explicit AdminRoutes(AdminParts parts) : parts_{std::move(parts)} {}
  // What has to wait for the disk is answered later.
  void answer(const ops::AdminRequest& request, const ops::AdminReply& reply);

 private:
  ops::AdminAnswer read(const ops::AdminRequest& request);
  ops::AdminAnswer change(const ops::AdminRequest& request);

  AdminParts parts_;
};

// Opens the socket that the configuration wants. Where nobody asked for one and the default cannot be made, as for an ordinary user, it
// logs why and answers nothing.
std::unique_ptr<ops::AdminSocket> openAdminSocket(boost::asio::io_context& loop, const ops::AdminSettings& settings, AdminRoutes& routes);

}  // namespace spheregate::app
