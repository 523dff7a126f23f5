#pragma once

#include <boost/asio/io_context.hpp>
#include <vector>

#include "spheregate/base/bytes.hpp"

namespace spheregate::tls {

// Collects who has something to send and lets them all write once, after the work that is already in the loop's queue: what is
// appended in one turn leaves in as few records as possible, for one handler of the loop instead of one for each connection.
// Lends out buffers too, so that a connection with nothing to send holds none. One for each io_context, which it dies with.
class WriteTurn final : public boost::asio::execution_context::service {
 public:
  class Writer {
   public:
    // The writer may destroy itself and others.
    virtual void writeNow() = 0;

   protected:
    ~Writer() = default;

   private:
    friend class WriteTurn;
    bool queued_ = false;
  };

  static inline boost::asio::execution_context::id id;
  static WriteTurn& of(boost::asio::io_context& loop) { return boost::asio::use_service<WriteTurn>(loop); }

  explicit WriteTurn(boost::asio::io_context& loop);
  ~WriteTurn() override;

  void add(Writer& writer);
  void remove(Writer& writer);
  // Whether somebody has something to send that is not with the system yet.
  bool waiting() const { return !queue_.empty(); }

  base::Bytes lend();
  void giveBack(base::Bytes buffer);

 private:
  // Together at most 2 MiB lie idle.
  static constexpr std::size_t kSparesMax = 64;
  static constexpr std::size_t kSpareBytesMax = 32 * 1024;
  static constexpr std::size_t kNewBytes = 1024;

  void shutdown() override {}
  void run();

  boost::asio::io_context& loop_;
  std::vector<Writer*> queue_;
  std::vector<Writer*> running_;  // of the turn in progress; removed ones are null
  std::vector<base::Bytes> spares_;
};

}  // namespace spheregate::tls
