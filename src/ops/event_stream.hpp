#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "event_feed.hpp"
#include "http_stream.hpp"

namespace spheregate::ops {

// The body of an answer that does not end: events as they come, to one client. What the client has not taken yet waits, up to a bound; who
// does not keep up is dropped. Keeps itself and the connection alive while an operation is pending.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  // Beyond what the system's own buffers for the connection hold. Events are shared by all streams.
  static constexpr std::size_t kWaitingBytesMax = 512 * 1024;

  // `chunked`: as HTTP/1.1 has it; for a client of HTTP/1.0 the end of the connection is the end of the body.
  EventStream(std::shared_ptr<void> connection, HttpStream& stream, bool chunked, std::chrono::milliseconds deadline, std::shared_ptr<EventFeed> feed);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // The header has been sent.
  void begin();
  void say(std::shared_ptr<const std::string> events);
  void end();

 private:
  void listen();
  void writeNext();
  void finish();
  template <class Buffers>
  void write(const Buffers& buffers);
  void written(boost::system::error_code error);
  void stop();

  std::shared_ptr<void> connection_;
  HttpStream& stream_;
  bool chunked_;
  std::chrono::milliseconds deadline_;
  std::shared_ptr<EventFeed> feed_;

  std::deque<std::shared_ptr<const std::string>> waiting_;
  std::size_t waitingBytes_ = 0;
  std::shared_ptr<const std::string> current_;  // is being written
  std::array<char, 1> heard_{};
  bool begun_ = false;
  bool writing_ = false;
  bool ending_ = false;
  bool finished_ = false;  // its last bytes are on their way
  bool over_ = false;
};

}  // namespace spheregate::ops
