#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace spheregate::ops {

// Whether the threads that the core thread relies on answer it. Each is asked at a look and must have answered by the next, so the time
// between two looks is what a thread may take. Core thread only; an answer may come after the pulse has gone.
class Pulse {
 public:
  using Answered = std::function<void()>;
  // Gives the thread something trivial to do, behind all that waits for it; `answered` is called on the core thread when it is done.
  using Ask = std::function<void(Answered)>;

  void follow(std::string who, Ask ask);

  // Who has not answered what it was asked, as one sentence. Empty when all have; only then everybody is asked again.
  std::string look();

 private:
  struct Follower {
    std::string who;
    Ask ask;
    std::shared_ptr<bool> answered = std::make_shared<bool>(true);
  };
  std::vector<Follower> followers_;
};

}  // namespace spheregate::ops
