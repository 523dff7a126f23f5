#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace spheregate::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// One writer (the thread that owns what is counted), any reader; so an increment is a plain add.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed); }
  // For counters whose truth is kept elsewhere, for example a ledger on disk. Never lower than before.
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double amount) { set(value() + amount); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  // Upper bounds, ascending, without +Inf.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  // Not cumulative; one more than bounds.
  std::uint64_t bucket(std::size_t index) const { return counts_[index].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// All the numbers of one daemon. Names are given without the `spheregate_` prefix. Asking twice for one name and labels
// gives the same object. References live as long as the registry, but for gauges that are withdrawn.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // What it showed is gone; nobody may hold a reference.
  void withdrawGauge(const std::string& name, const Labels& labels);
  Histogram& histogram(const std::string& name, const std::string& help, std::vector<double> bounds, const Labels& labels = {});

  // Runs before every scrape, on the scraping thread (the core), to bring gauges up to date.
  void beforeScrape(std::function<void()> refresh);
  // Prometheus text format 0.0.4, with process_* metrics.
  std::string text();

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace spheregate::metrics
