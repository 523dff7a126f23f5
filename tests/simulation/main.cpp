#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "scenario.hpp"
#include "spheregate/base/log.hpp"

namespace {

using spheregate::simulation::Outcome;

struct Sum {
  Outcome all;
  std::vector<std::uint64_t> failed;
};

void add(Sum& sum, std::uint64_t seed, const Outcome& outcome) {
  sum.all.messages += outcome.messages;
  sum.all.acknowledged += outcome.acknowledged;
  sum.all.duplicates += outcome.duplicates;
  sum.all.kills += outcome.kills;
  sum.all.powerFailures += outcome.powerFailures;
  sum.all.cuts += outcome.cuts;
  sum.all.closures += outcome.closures;
  sum.all.poison += outcome.poison;
  sum.all.suspects += outcome.suspects;
  sum.all.retries += outcome.retries;
  if (outcome.broken.empty()) return;
  sum.failed.push_back(seed);
  for (const std::string& what : outcome.broken) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
}

unsigned long long shown(std::uint64_t number) { return number; }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Simulates the gateway with a fake disk, clock and network; every run follows from its seed."};
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  std::uint64_t only = 0;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool expectFailure = false;
  bool verbose = false;
  app.add_option("--seeds", seeds, "How many seeds to run");
  app.add_option("--first", first, "The first seed");
  app.add_option("--seed", only, "Replay this one seed");
  app.add_option("--threads", threads, "Runs at the same time");
  app.add_flag("--expect-failure", expectFailure, "Succeed only when a promise is broken (for the canary build)");
  app.add_flag("--verbose", verbose, "Log what the gateway logs");
  CLI11_PARSE(app, argc, argv);
  if (only != 0) {
    first = only;
    seeds = 1;
  }
  spheregate::base::configureLog(verbose ? spheregate::base::LogLevel::debug : spheregate::base::LogLevel::silent,
                                 spheregate::base::LogFormat::text);

  Sum sum;
  std::mutex mutex;  // the threads share nothing but the sum
  std::uint64_t next = first;
  const std::uint64_t end = first + seeds;
  const auto work = [&] {
    while (true) {
      std::uint64_t seed = 0;
      {
        const std::lock_guard lock{mutex};
        if (next >= end || (expectFailure && !sum.failed.empty())) return;
        seed = next++;
      }
      const Outcome outcome = spheregate::simulation::runScenario(seed);
      const std::lock_guard lock{mutex};
      add(sum, seed, outcome);
    }
  };
  std::vector<std::thread> pool;
  for (unsigned number = 0; number < threads; ++number) pool.emplace_back(work);
  for (std::thread& thread : pool) thread.join();

  std::printf("%llu seeds: %llu messages, %llu acknowledged, %llu duplicates; %llu kills, %llu power failures, %llu cuts, %llu failed "
              "syncs, %llu dead letters of poison, %llu by chance, %llu retried; %zu seeds failed\n",
              shown(next - first), shown(sum.all.messages), shown(sum.all.acknowledged), shown(sum.all.duplicates), shown(sum.all.kills),
              shown(sum.all.powerFailures), shown(sum.all.cuts), shown(sum.all.closures),
              shown(sum.all.poison), shown(sum.all.suspects), shown(sum.all.retries), sum.failed.size());
  return sum.failed.empty() != expectFailure ? 0 : 1;
}
