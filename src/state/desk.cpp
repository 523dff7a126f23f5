#include "spheregate/base/log.hpp"
#include "sqlite_store.hpp"

namespace spheregate::state {

void SqliteStore::Desk::settle(Turn& turn) {
  note(turn);
  for (const Job& job : turn.jobs) {
    if (!job.waiter) --calls;
    if (job.changes) count(job.fate);
  }
  // A callback may be the end of the store.
  for (Job& job : turn.jobs) {
    if (gone) return;
    if (job.done) job.done(job.fate == Fate::stored);
    if (job.give) job.give(std::move(job.row));
  }
}

// A disk that fails is told once, and once when it is well again.
void SqliteStore::Desk::note(const Turn& turn) {
  for (const std::string& damage : turn.damage) {
    metrics.damaged.add();
    base::logError("state damaged", {{"reason", damage}, {"lost", "twins, subscriptions and assignments that were kept; the queue is not touched"}});
  }
  if (turn.fault != fault) {
    if (!turn.fault.empty()) base::logError("state unusable", {{"reason", turn.fault}});
    fault = turn.fault;
  }
  if (!turn.failure.empty() && !failing) base::logError("state not stored", {{"reason", turn.failure}, {"fix", "check the disk of queue.path"}});
  if (turn.failure.empty() && turn.commitSeconds && failing) base::logInfo("state stored again");
  if (turn.commitSeconds || !turn.failure.empty()) failing = !turn.failure.empty();
  if (turn.commitSeconds) metrics.commitSeconds.observe(*turn.commitSeconds);
  metrics.bytes.set(static_cast<double>(turn.bytes));
  metrics.usable.set(fault.empty() ? 1 : 0);
}

void SqliteStore::Desk::count(Fate fate) {
  switch (fate) {
    case Fate::stored: return metrics.stored.add();
    case Fate::failed: return metrics.failed.add();
    case Fate::tooLarge: return metrics.tooLarge.add();
    case Fate::noRoom: return metrics.noRoom.add();
  }
}

}  // namespace spheregate::state
