#include "spheregate/ops/pulse.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <string>

#include "spheregate/base/log.hpp"
#include "spheregate/ops/service.hpp"
#include "unit/fakes.hpp"

namespace spheregate::ops {
namespace {

// A thread that answers when the test says so.
class Worker {
 public:
  Pulse::Ask ask() {
    return [this](Pulse::Answered answered) { asked_.push_back(std::move(answered)); };
  }
  void answer() {
    while (!asked_.empty()) {
      asked_.front()();
      asked_.pop_front();
    }
  }
  std::size_t asked() const { return asked_.size(); }

 private:
  std::deque<Pulse::Answered> asked_;
};

class PulseTest : public ::testing::Test {
 protected:
  PulseTest() {
    pulse.follow("the disk", disk.ask());
    pulse.follow("the state", state.ask());
  }
  void answer() {
    disk.answer();
    state.answer();
  }

  Pulse pulse;
  Worker disk, state;
};

TEST_F(PulseTest, isThereWhileEverybodyAnswersFromOneLookToTheNext) {
  for (int look = 0; look < 5; ++look) {
    EXPECT_EQ(pulse.look(), "");
    answer();
  }
}

TEST_F(PulseTest, namesWhoDoesNotAnswer) {
  EXPECT_EQ(pulse.look(), "");
  disk.answer();
  EXPECT_EQ(pulse.look(), "the state does not answer");
  state.answer();
  EXPECT_EQ(pulse.look(), "");
  EXPECT_EQ(pulse.look(), "the disk does not answer, the state does not answer");
}

// Questions do not pile up behind a thread that hangs, and its end of the silence is enough: nobody else has to be quick then.
TEST_F(PulseTest, asksAgainOnlyWhenAllHaveAnswered) {
  EXPECT_EQ(pulse.look(), "");
  disk.answer();
  for (int look = 0; look < 5; ++look) EXPECT_EQ(pulse.look(), "the state does not answer");
  EXPECT_EQ(disk.asked(), 0u);
  EXPECT_EQ(state.asked(), 1u);
  state.answer();
  EXPECT_EQ(pulse.look(), "");
  EXPECT_EQ(disk.asked(), 1u);
  EXPECT_EQ(state.asked(), 1u);
}

TEST_F(PulseTest, takesAnAnswerThatComesAfterItsEnd) {
  {
    Pulse gone;
    gone.follow("the disk", disk.ask());
    gone.look();
  }
  disk.answer();
}

}  // namespace
}  // namespace spheregate::ops
