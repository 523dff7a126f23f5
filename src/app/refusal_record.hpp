#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "spheregate/diagnosis/refusal_book.hpp"
#include "spheregate/relay/refusal_notes.hpp"
#include "spheregate/tls/refused_peer.hpp"

namespace spheregate::app {

// Writes into the book what door and front refuse; neither knows it. The book outlives the record, and the record both of them. Who comes and goes is
// passed on.
class RefusalRecord final : public relay::RefusalNotes {
 public:
  explicit RefusalRecord(diagnosis::RefusalBook& book) : book_{book} {}

  // Called with the device that connected or is gone, from now on.
  void onVisit(std::function<void(std::string_view)> visited) { visited_ = std::move(visited); }
  // For the listener.
  tls::RefusalSink atTheDoor();
  void refused(const relay::Refused& refused) override;
  void allowed(relay::Deed deed, std::string_view deviceId) override;
  void left(std::string_view deviceId) override;

 private:
  diagnosis::RefusalBook& book_;
  std::function<void(std::string_view)> visited_;
};

}  // namespace spheregate::app
