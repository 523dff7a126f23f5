#pragma once

#include "spheregate/diagnosis/refusal_book.hpp"
#include "spheregate/relay/refusal_notes.hpp"
#include "spheregate/tls/refused_peer.hpp"

namespace spheregate::app {

// Writes into the book what door and front refuse; neither knows it. The book outlives the record, and the record both of them.
class RefusalRecord final : public relay::RefusalNotes {
 public:
  explicit RefusalRecord(diagnosis::RefusalBook& book) : book_{book} {}

  // For the listener.
  tls::RefusalSink atTheDoor();
  void refused(const relay::Refused& refused) override;
  void allowed(relay::Deed deed, std::string_view deviceId) override;

 private:
  diagnosis::RefusalBook& book_;
};

}  // namespace spheregate::app
