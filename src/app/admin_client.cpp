#include "admin_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <utility>

#include "http_question.hpp"

namespace spheregate::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using ErrorCode = boost::system::error_code;
using Answered = base::Explained<ops::AdminAnswer>;

constexpr std::uint64_t kBodyBytesMax = 256u << 20;

std::string whyNot(const std::filesystem::path& socket, const ErrorCode& error) {
  const std::string path = socket.string();
  if (error == boost::system::errc::no_such_file_or_directory) {
    return "no gateway serves " + path +
           "; start it (`systemctl start spheregate`), wait if it is restarting, or name its configuration with --config";
  }
  if (error == asio::error::connection_refused) {
    return "the gateway that made " + path +
           " does not run any more; start it (`systemctl start spheregate`), or wait if it is restarting";
  }
  if (error == boost::system::errc::permission_denied) {
    return "you may not use " + path + "; use sudo, or become a member of its group (`ls -l " + path + "` shows it, admin.group sets it)";
  }
  return "cannot reach the gateway at " + path + ": " + error.message();
}

}  // namespace

Answered ask(const std::filesystem::path& socket, std::string_view method, const std::string& target, std::chrono::seconds patience) {
  if (socket.empty()) return base::failed<ops::AdminAnswer>("admin.socket is empty, so the gateway cannot be asked; give it a path and restart the gateway");
  asio::io_context loop;
  Local::socket stream{loop};
  ErrorCode error;
  if (socket.native().size() < sizeof(sockaddr_un::sun_path)) {
    stream.connect(Local::endpoint{socket.string()}, error);
  } else {
    error = boost::system::errc::make_error_code(boost::system::errc::filename_too_long);
  }
  if (error) return base::failed<ops::AdminAnswer>(whyNot(socket, error));
  http::request<http::empty_body> request{http::string_to_verb(std::string{method}), target, 11};
  request.set(http::field::host, "spheregate");
  request.keep_alive(false);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  error = exchange(loop, stream, request, parser, patience);
  if (error) return base::failed<ops::AdminAnswer>("the gateway at " + socket.string() + " did not answer: " + error.message());
  return ops::AdminAnswer{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
}

std::optional<pid_t> servingProcess(const std::filesystem::path& socket) {
  if (socket.empty() || socket.native().size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
  asio::io_context loop;
  Local::socket stream{loop};
  ErrorCode error;
  stream.connect(Local::endpoint{socket.string()}, error);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (error || ::getsockopt(stream.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return std::nullopt;
  return peer.pid;
}

bool nobodyServes(const std::filesystem::path& socket) {
  if (socket.empty()) return true;
  if (socket.native().size() >= sizeof(sockaddr_un::sun_path)) return false;
  asio::io_context loop;
  Local::socket stream{loop};
  ErrorCode error;
  stream.connect(Local::endpoint{socket.string()}, error);
  return error == boost::system::errc::no_such_file_or_directory || error == asio::error::connection_refused;
}

}  // namespace spheregate::app
