#include "http_turns.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <vector>

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
using Time = HttpTurns::Time;

class HttpTurnsTest : public ::testing::Test {
 protected:
  // Takes so long.
  void ask(std::weak_ptr<void> who, Time::duration work, Time::duration charge = {}) {
    turns_->ask(
        std::move(who),
        [this, work, number = asked_++] {
          const auto end = Time::now() + work;
          while (Time::now() < end) {}
          served_.push_back(number);
        },
        charge);
  }

  boost::asio::io_context loop_{1};
  std::shared_ptr<HttpTurns> turns_ = std::make_shared<HttpTurns>(loop_.get_executor());
  std::shared_ptr<int> somebody_ = std::make_shared<int>();
  std::vector<int> served_;
  int asked_ = 0;
};

TEST_F(HttpTurnsTest, aSingleRequestDoesNotWait) {
  ask(somebody_, 0ms);
  EXPECT_THAT(served_, testing::ElementsAre(0));
}

TEST_F(HttpTurnsTest, allTogetherHaveAFifthOfTheTime) {
  const auto begin = Time::now();
  for (int request = 0; request < 11; ++request) ask(somebody_, 2ms);
  EXPECT_EQ(served_.size(), 1u) << "the others wait for the rest to end";
  loop_.run();
  EXPECT_THAT(served_, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) << "in the order in which they came";
  EXPECT_GE(Time::now() - begin, 10 * (2ms + HttpTurns::kRests * 2ms));
}

TEST_F(HttpTurnsTest, whatOnlyBeginsIsChargedAllTheSame) {
  const auto begin = Time::now();
  for (int request = 0; request < 5; ++request) ask(somebody_, 0ms, 5ms);
  loop_.run();
  EXPECT_EQ(served_.size(), 5u);
  EXPECT_GE(Time::now() - begin, 4 * HttpTurns::kRests * 5ms);
}

TEST_F(HttpTurnsTest, whoIsGoneTakesNoTurn) {
  ask(somebody_, 5ms);
  for (int request = 0; request < 1'000; ++request) ask(std::make_shared<int>(), 1s);
  ask(somebody_, 0ms);
  loop_.run();
  EXPECT_THAT(served_, testing::ElementsAre(0, 1001));
}

}  // namespace
}  // namespace spheregate::ops
