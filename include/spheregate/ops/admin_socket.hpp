#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/ops/settings.hpp"

namespace spheregate::ops {

// What somebody on this machine asks for. Everything is percent-decoded already.
struct AdminRequest {
  std::string method;  // GET or POST
  std::string path;    // as in /devices/{id}
  std::map<std::string, std::string> query;
  std::uint32_t uid = 0;  // whose process asks, by the kernel's word
};

struct AdminAnswer {
  unsigned status = 200;  // of HTTP
  std::string body;
  std::string contentType = "application/json";
};

// Takes the answer, at once or later, on the loop; once.
using AdminReply = std::function<void(AdminAnswer)>;
// Called on the loop, once a request. What has to wait for the disk answers later, and the loop goes on.
using AdminHandler = std::function<void(const AdminRequest&, AdminReply)>;

// HTTP over a Unix socket, for the commands of this program and for scripts on the same machine. Only the socket's owner, root and the
// members of its group may connect (mode 0660). GET (and HEAD) reads, POST changes; neither has a body. Core thread only.
class AdminSocket {
 public:
  // Makes the directory when it is missing. A socket that a dead process left behind is replaced; one that somebody serves, or a file
  // that is none, is an error. The error names the path and what to do.
  static base::Explained<std::unique_ptr<AdminSocket>> open(boost::asio::io_context& loop, const AdminSettings& settings,
                                                            AdminHandler handler);
  // Drops all connections and removes the socket, unless somebody else has put another in its place.
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

 private:
  class Door;
  struct Place;
  AdminSocket(std::shared_ptr<Door> door, std::unique_ptr<Place> place);
  std::shared_ptr<Door> door_;
  std::unique_ptr<Place> place_;
};

}  // namespace spheregate::ops
