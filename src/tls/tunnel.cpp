#include "tunnel.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <string_view>
#include <utility>

#include "http_words.hpp"
#include "limits.hpp"

namespace spheregate::tls {

namespace http = boost::beast::http;

struct Tunnel::Talk {
  http::request<http::empty_body> request;
  boost::beast::flat_buffer heard{kHttpHeaderBytesMax};
  http::response_parser<http::empty_body> parser;
};

namespace {

using boost::system::error_code;

bool offersBasic(const http::response_header<>& answer) {
  const auto offers = answer.equal_range(http::field::proxy_authenticate);
  return std::any_of(offers.first, offers.second, [](const auto& offer) {
    constexpr std::string_view basic = "basic";
    const auto value = offer.value();
    return std::search(value.begin(), value.end(), basic.begin(), basic.end(), [](char left, char right) {
             return std::tolower(static_cast<unsigned char>(left)) == right;
           }) != value.end();
  });
}

// What the proxy's administrator, or whoever wrote the configuration, has to do.
std::string fixFor(const http::response_header<>& answer, bool authorized) {
  const unsigned status = answer.result_int();
  switch (status) {
    case 401:  // some proxies say so about a wrong password
    case 407:
      if (status == 407 && !offersBasic(answer))
        return "it does not offer Basic, the only authentication that the gateway speaks; let it admit this machine";
      if (!authorized) return "set upstream.proxy_user and upstream.proxy_password_file";
      return "check upstream.proxy_user and the password in upstream.proxy_password_file";
    case 403:
    case 405:
      return "let the proxy allow CONNECT to this host and port";
    case 501:
      return "it does not know CONNECT; check upstream.proxy";
    default:
      if (status >= 500) return "the proxy does not reach the hub; check its log, its name servers and its own way out";
      return "check that upstream.proxy names an HTTP proxy";
  }
}

std::string problemOf(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message || error == boost::asio::error::eof) {
    return "closed by the proxy without an answer; check that upstream.proxy names an HTTP proxy";
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return "the answer has a header of more than 8 KiB; check that upstream.proxy names an HTTP proxy";
  }
  if (error.category() == http::make_error_code(http::error::bad_version).category()) {
    return "the answer is not HTTP (" + error.message() + "); check that upstream.proxy names an HTTP proxy";
  }
  return error.message();
}

}  // namespace

Tunnel::Tunnel(Tcp::socket socket, const std::string& authority, const std::string& authorization)
    : socket_{std::move(socket)}, timer_{socket_.get_executor()}, talk_{std::make_unique<Talk>()} {
  auto& request = talk_->request;
  request.method(http::verb::connect);
  request.target(authority);
  request.version(11);
  request.set(http::field::host, authority);
  request.set(http::field::user_agent, kUserAgent);
  if (!authorization.empty()) request.set(http::field::proxy_authorization, authorization);
  talk_->parser.header_limit(kHttpHeaderBytesMax);
  talk_->parser.skip(true);  // a page that explains a refusal is not read
}

Tunnel::~Tunnel() = default;

void Tunnel::start(std::chrono::milliseconds timeout, Done done) {
  done_ = std::move(done);
  timer_.expires_after(timeout);
  timer_.async_wait([self = weak_from_this()](const error_code& error) {
    const auto tunnel = self.lock();
    if (!error && tunnel && tunnel->done_)
      tunnel->finish(base::failed<Tcp::socket>("no whole answer in time; check upstream.proxy"));
  });
  // What is written and read into lives in the tunnel, so these keep it alive until they have ended.
  http::async_write(socket_, talk_->request,
                    [self = shared_from_this()](const error_code& error, std::size_t) { self->asked(error); });
}

void Tunnel::cancel() {
  done_ = nullptr;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void Tunnel::asked(const error_code& error) {
  if (!done_) return;
  if (error) return finish(base::failed<Tcp::socket>(problemOf(error)));
  http::async_read_header(socket_, talk_->heard, talk_->parser,
                          [self = shared_from_this()](const error_code& failed, std::size_t) { self->answered(failed); });
}

void Tunnel::answered(const error_code& error) {
  if (!done_) return;
  if (error) return finish(base::failed<Tcp::socket>(problemOf(error)));
  const auto& answer = talk_->parser.get().base();
  if (answer.result_int() / 100 != 2) {
    const bool authorized = talk_->request.count(http::field::proxy_authorization) > 0;
    return finish(base::failed<Tcp::socket>(statusText(answer.result_int()) + "; " + fixFor(answer, authorized)));
  }
  // A hub does not speak before it is spoken to, so this is not from the hub.
  if (talk_->heard.size() > 0) {
    return finish(
        base::failed<Tcp::socket>("the proxy went on talking after its answer; check that upstream.proxy names an HTTP proxy"));
  }
  finish(base::Explained<Tcp::socket>{std::move(socket_)});
}

void Tunnel::finish(base::Explained<Tcp::socket> result) {
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(result));
}

}  // namespace spheregate::tls
