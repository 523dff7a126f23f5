#include <string>
#include <utility>
#include <variant>

#include "lane.hpp"
#include "spheregate/relay/uplink.hpp"

namespace spheregate::relay {

void Uplink::retry(const std::string& letterId, queue::LetterRetried done) {
  custody_.readDeadLetter(letterId, [this, done = std::move(done)](std::variant<queue::DeadLetter, queue::NoLetter> read) {
    if (const auto* problem = std::get_if<queue::NoLetter>(&read)) return done(problem);
    const queue::DeadLetter& letter = std::get<queue::DeadLetter>(read);
    auto message = decode(letter.body);
    if (!message) {
      const queue::NoLetter problem{queue::NoLetter::Why::unreadable, "the dead letter " + letter.id + " does not hold a message as this version keeps them; it stays where it is"};
      return done(&problem);
    }
    // Its mark belongs to a patch that the cached twin once had.
    message->mark = 0;
    base::Bytes body;
    encode(*message, body);
    custody_.retryDeadLetter(letter, body, done);
    if (const auto device = custody_.find(letter.device); device && custody_.hasBacklog(*device)) lane(*device).wakeAndPump();
  });
}

}  // namespace spheregate::relay
