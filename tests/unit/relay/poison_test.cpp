#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "spheregate/mqtt/decoder.hpp"
#include "unit/relay/relay_site.hpp"

// Messages on which the hub closes the connection, and closes that only look like it.
namespace spheregate::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class PoisonTest : public test::RelaySite {
 protected:
  using RelaySite::RelaySite;
  enum class Deed { acknowledge, close, nothing };

  void take(const std::string& name, const std::string& id = "dev") {
    const auto accepted = uplink_->take(key(id), {.suffix = "/" + name, .payload = base::asBytes("x")}, 1);
    ASSERT_EQ(accepted.acceptance, queue::Acceptance::taken);
  }
  void take(int from, int to, const std::string& id = "dev") {
    for (int number = from; number <= to; ++number) take(std::to_string(number), id);
  }
  void pass(base::Duration time) {
    for (const base::MonoTime end = time_.clock.now() + time; time_.clock.now() < end;) {
      time_.pass(milliseconds{5});
      while (!dialer_.waiting.empty()) {
        ++connects_;
        hubAccepts();
        open_.push_back(hubs_.back().get());
      }
      for (std::size_t number = 0; number < open_.size(); ++number) serve(*open_[number]);
      std::erase_if(open_, [](const test::WireView* hub) { return hub->closed; });
    }
  }
  void serve(test::WireView& hub) {
    const base::Bytes said = std::exchange(hub.sent, {});
    base::Bytes pubacks;
    mqtt::Frame frame;
    for (base::ByteView rest{said}; *mqtt::nextFrame(rest, 1 << 20, frame) != mqtt::Framing::incomplete;
         rest = rest.subspan(frame.size)) {
      if (frame.type == mqtt::PacketType::pingreq) mqtt::appendPingresp(pubacks);
      const auto publish = mqtt::parsePublish(frame);
      if (frame.type != mqtt::PacketType::publish || !publish) continue;
      const std::string name{publish->topic.substr(publish->topic.rfind('/') + 1)};
      ++seen_[name];
      const Deed deed = hub_(name);
      if (deed == Deed::close) {
        if (!pubacks.empty()) hub.user->wireBytes(pubacks);
        hub.closed = true;
        return hub.user->wireClosed("reset");
      }
      if (deed == Deed::nothing) continue;
      arrived_.push_back(name);
      when_[name] = time_.clock.now();
      if (publish->qos == 1) mqtt::appendPuback(pubacks, publish->packetId);
    }
    if (!pubacks.empty()) hub.user->wireBytes(pubacks);
  }
  std::uint64_t dead(std::string_view id = "dev") { return custody_->state(key(id)).ledger.deadLettered; }
  // Another device that is served all the time.
  void otherGoesOn(base::Duration time) {
    for (const base::MonoTime end = time_.clock.now() + time; time_.clock.now() < end;) {
      take("other", "other");
      pass(milliseconds{20});
    }
  }

  std::function<Deed(const std::string&)> hub_ = [](const std::string& name) {
    return name == "bad" ? Deed::close : Deed::acknowledge;
  };
  std::vector<test::WireView*> open_;
  std::vector<std::string> arrived_;
  std::map<std::string, int> seen_;
  std::map<std::string, base::MonoTime> when_;
  int connects_ = 0;
};

TEST_F(PoisonTest, oneAmongManyIsPutAsideWithinASecondWhileOthersGoOn) {
  open();
  take("other", "other");
  pass(milliseconds{50});
  const base::MonoTime began = time_.clock.now();
  take(1, 40);
  take("bad");
  take(41, 80);
  otherGoesOn(seconds{2});
  EXPECT_EQ(dead(), 1u);
  EXPECT_EQ(seen_["bad"], 4);
  EXPECT_LT(when_["80"] - began, seconds{1});
  std::vector<std::string> expected;
  for (int number = 1; number <= 80; ++number) expected.push_back(std::to_string(number));
  std::erase(arrived_, "other");
  EXPECT_EQ(arrived_, expected);
  EXPECT_EQ(custody_->queuedMessages(), 0u);
  EXPECT_EQ(metrics_.counter("messages_dead_lettered_total", "", {{"reason", "poison"}}).value(), 1);
  EXPECT_TRUE(std::filesystem::exists(queue_.path / "dead-letters"));
}

TEST_F(PoisonTest, theLogNamesItOnce) {
  open();
  take("bad");
  EXPECT_EQ(linesOf("message dead-lettered", [&] { otherGoesOn(seconds{3}); }), 1);
}

TEST_F(PoisonTest, severalInARowEachTakeTheirTime) {
  open();
  take(1, 3);
  for (int number = 0; number < 3; ++number) take("bad");
  take(4, 6);
  otherGoesOn(seconds{4});
  EXPECT_EQ(dead(), 3u);
  EXPECT_EQ(when_.contains("6"), true);
  EXPECT_LE(connects_, 2 + 3 * 5);
}

TEST_F(PoisonTest, aLoneDeviceIsToldByTheMessageBehind) {
  open();
  const base::MonoTime began = time_.clock.now();
  take(1, 3);
  take("bad");
  take(4, 6);
  pass(seconds{2});
  EXPECT_EQ(dead(), 1u);
  EXPECT_EQ(arrived_, (std::vector<std::string>{"1", "2", "3", "4", "5", "6"}));
  EXPECT_LT(when_["6"] - began, milliseconds{1200});
}

TEST_F(PoisonTest, aLoneDeviceThatSentItTwiceIsToldByTheNextOther) {
  open();
  take("bad");
  take("bad");
  take(1, 3);
  pass(seconds{2});
  EXPECT_EQ(dead(), 2u);
  EXPECT_EQ(arrived_, (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(PoisonTest, aLoneDeviceWithNothingBehindWaitsForIt) {
  open();
  take("bad");
  pass(minutes{5});
  EXPECT_EQ(dead(), 0u);
  EXPECT_EQ(custody_->queuedMessages(), 1u);
  EXPECT_LE(connects_, 25) << "backs off";
  take("next");
  pass(minutes{2});
  EXPECT_EQ(dead(), 1u);
  EXPECT_EQ(arrived_, (std::vector<std::string>{"next"}));
}

TEST_F(PoisonTest, aQuotaOfALoneDeviceKillsNothing) {
  open();
  hub_ = [](const std::string&) { return Deed::close; };
  take(1, 10);
  pass(minutes{30});
  EXPECT_EQ(dead(), 0u);
  hub_ = [](const std::string&) { return Deed::acknowledge; };
  pass(minutes{2});
  EXPECT_EQ(arrived_, (std::vector<std::string>{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}));
}

TEST_F(PoisonTest, aQuotaOfManyKillsNothing) {
  open();
  hub_ = [](const std::string&) { return Deed::close; };
  for (int device = 0; device < 20; ++device) take(1, 10, "device-" + std::to_string(device));
  pass(minutes{60});
  EXPECT_EQ(custody_->totals().deadLettered, 0u);
  hub_ = [](const std::string&) { return Deed::acknowledge; };
  pass(minutes{9});
  EXPECT_EQ(custody_->totals().deadLettered, 0u);
  EXPECT_EQ(custody_->totals().delivered, 200u);
}

TEST_F(PoisonTest, aQuotaThatEndsIsFoundOutThoughDevicesAreConnectedAndGoOn) {
  open();
  const auto id = [](int device) { return "device-" + std::to_string(device); };
  for (int device = 0; device < 50; ++device) uplink_->present(key(id(device)), {});
  pass(seconds{2});
  hub_ = [](const std::string&) { return Deed::close; };
  for (int round = 0; round < 600; ++round) {
    take(std::to_string(round), id(round % 50));
    pass(milliseconds{20});
  }
  EXPECT_EQ(weather_.condition(), upstream::Condition::throttled);
  EXPECT_LE(connects_, 50 + 30);
  hub_ = [](const std::string&) { return Deed::acknowledge; };
  pass(seconds{30});
  EXPECT_EQ(custody_->totals().delivered, 600u);
  EXPECT_EQ(custody_->totals().deadLettered, 0u);
}

TEST_F(PoisonTest, aThrottleThatLetsSomeThroughKillsNothing) {
  open();
  for (const int takes : {2, 5, 9}) {
    SCOPED_TRACE(takes);
    std::mt19937_64 chance{11};
    hub_ = [&](const std::string&) { return static_cast<int>(chance() % 10) < takes ? Deed::acknowledge : Deed::close; };
    for (int round = 0; round < 20; ++round) {
      for (int device = 0; device < 10; ++device) take(round * 3, round * 3 + 2, "device-" + std::to_string(device));
      pass(seconds{2});
    }
    EXPECT_EQ(custody_->totals().deadLettered, 0u);
  }
}

TEST_F(PoisonTest, anotherOwnerOfTheNameKillsNothing) {
  open();
  // Whoever has the same name comes back half a second after it was pushed out, before the slow hub has acknowledged anything.
  hub_ = [](const std::string& name) { return name == "other" ? Deed::acknowledge : Deed::nothing; };
  take(1, 5);
  for (int time = 0; time < 60; ++time) {
    otherGoesOn(milliseconds{100});
    for (test::WireView* hub : open_) {
      const bool mine = uplink_->linkState(key()).inflight > 0 || time % 2 == 0;
      if (hub == open_.front() || !mine || hub->closed) continue;
      hub->closed = true;
      hub->user->wireClosed("taken over");
      break;
    }
  }
  EXPECT_EQ(dead(), 0u);
}

TEST_F(PoisonTest, whenEveryDeviceBeginsWithOneTheyAreAllPutAside) {
  open();
  for (int device = 0; device < 6; ++device) {
    take("bad", "device-" + std::to_string(device));
    take(1, 5, "device-" + std::to_string(device));
  }
  pass(minutes{30});
  EXPECT_EQ(custody_->totals().deadLettered, 6u);
  EXPECT_EQ(custody_->totals().delivered, 30u);
}

TEST_F(PoisonTest, aPatchCanBePoisonToo) {
  open();
  hub_ = [](const std::string& name) { return name.starts_with("?$rid=spheregate-") ? Deed::close : Deed::acknowledge; };
  ASSERT_EQ(uplink_->takePatch(key(), "?$rid=1", {}, base::asBytes("{}")).acceptance, queue::Acceptance::taken);
  take("next");
  otherGoesOn(seconds{3});
  EXPECT_EQ(dead(), 1u);
  EXPECT_TRUE(when_.contains("next"));
}

// What the device sends while the link is down tells nothing about the patch.
TEST_F(PoisonTest, aPatchOfADeviceThatGoesOnSendingCanBePoisonToo) {
  open();
  hub_ = [](const std::string& name) {
    return name.starts_with("?$rid=spheregate-") ? Deed::close : Deed::acknowledge;
  };
  ASSERT_EQ(uplink_->takePatch(key(), "?$rid=1", {}, base::asBytes("{}")).acceptance, queue::Acceptance::taken);
  for (int round = 0; round < 150; ++round) {
    take("next");
    take("other", "other");
    pass(milliseconds{20});
  }
  EXPECT_EQ(dead(), 1u);
  EXPECT_TRUE(when_.contains("next"));
}

// A gateway that starts with its machine.
class PoisonAfterBootTest : public PoisonTest {
 protected:
  PoisonAfterBootTest() : PoisonTest{seconds{20}} {}
};

TEST_F(PoisonAfterBootTest, isFoundAsSoonAsAtAnyTime) {
  open();
  take("bad");
  take("next");
  otherGoesOn(seconds{2});
  EXPECT_EQ(dead(), 1u);
  EXPECT_EQ(seen_["bad"], 4);
}

class RetryTest : public PoisonTest {
 protected:
  std::string onlyLetter() {
    std::string id;
    custody_->listDeadLetters({}, 10, [&](queue::DeadLetterPage page) { id = page.letters.size() == 1 ? page.letters[0].id : std::string{}; });
    pass(milliseconds{10});
    return id;
  }
  // Nothing: it went well.
  std::string retry(const std::string& id) {
    std::string said = "nothing was said";
    uplink_->retry(id, [&](const queue::NoLetter* problem) { said = problem == nullptr ? std::string{} : problem->sentence; });
    pass(seconds{1});
    return said;
  }
};

TEST_F(RetryTest, aDeadLetterGoesBehindWhatWaitsAndThroughALinkThatWasClosed) {
  open();
  take("bad");
  take(1, 3);
  pass(seconds{5});
  ASSERT_EQ(dead(), 1u);
  const std::string letter = onlyLetter();
  // Nobody is there and nothing is queued, so the link goes.
  pass(upstream_.idleClose + seconds{5});
  ASSERT_EQ(uplink_->linkState(key()).state, upstream::Link::State::closed);
  hub_ = [](const std::string&) { return Deed::acknowledge; };
  EXPECT_EQ(retry(letter), "");
  EXPECT_EQ(arrived_.back(), "bad");
  EXPECT_EQ(dead(), 0u);
  EXPECT_EQ(custody_->queuedMessages(), 0u);
  EXPECT_EQ(custody_->state(key()).ledger.delivered, 4u);
  EXPECT_NE(retry(letter).find("there is no dead letter"), std::string::npos);
}

TEST_F(RetryTest, oneThatIsStillPoisonBecomesADeadLetterAgain) {
  open();
  take("bad");
  take(1, 3);
  pass(seconds{5});
  const std::string letter = onlyLetter();
  EXPECT_EQ(retry(letter), "");
  take(4, 8);
  pass(seconds{10});
  EXPECT_EQ(dead(), 1u);
  EXPECT_NE(onlyLetter(), "");
  EXPECT_NE(onlyLetter(), letter);
  EXPECT_EQ(custody_->queuedMessages(), 0u);
}

TEST_F(RetryTest, whatIsNoMessageStaysWhereItIs) {
  open();
  std::filesystem::create_directories(queue_.path / "dead-letters");
  std::ofstream{queue_.path / "dead-letters" / "letter-1-1"} << "{\"device\":\"dev\",\"reason\":\"by hand\",\"accepted_ms\":1}\nx";
  restart();
  EXPECT_NE(retry("letter-1-1").find("does not hold a message"), std::string::npos);
  EXPECT_EQ(onlyLetter(), "letter-1-1");
}

}  // namespace
}  // namespace spheregate::relay
