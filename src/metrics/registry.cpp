#include "spheregate/metrics/registry.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "process.hpp"

namespace spheregate::metrics {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_{std::move(bounds)}, counts_{std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)} {}

void Histogram::observe(double value) {
  // The bucket's bound is inclusive, as Prometheus has it.
  const auto place = static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
  auto& count = counts_[place];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

struct Registry::Families {
  template <class Metric>
  struct Family {
    std::string help;
    std::map<Labels, std::unique_ptr<Metric>> members;
  };

  std::map<std::string, Family<Counter>> counters;
  std::map<std::string, Family<Gauge>> gauges;
  std::map<std::string, Family<Histogram>> histograms;
  std::vector<std::function<void()>> refreshers;
};

namespace {

constexpr const char* kPrefix = "spheregate_";

template <class Family, class Make>
auto& member(std::map<std::string, Family>& families, const std::string& name, const std::string& help, const Labels& labels, Make make) {
  Family& family = families[name];
  if (family.help.empty()) family.help = help;
  auto& place = family.members[labels];
  if (!place) place = make();
  return *place;
}

prometheus::ClientMetric labelled(const Labels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

void fill(prometheus::ClientMetric& metric, const Counter& counter) { metric.counter.value = static_cast<double>(counter.value()); }

void fill(prometheus::ClientMetric& metric, const Gauge& gauge) { metric.gauge.value = gauge.value(); }

void fill(prometheus::ClientMetric& metric, const Histogram& histogram) {
  std::uint64_t cumulative = 0;
  for (std::size_t index = 0; index < histogram.bounds().size(); ++index) {
    cumulative += histogram.bucket(index);
    metric.histogram.bucket.push_back({cumulative, histogram.bounds()[index]});
  }
  cumulative += histogram.bucket(histogram.bounds().size());
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = histogram.sum();
}

template <class Families>
void collect(std::vector<prometheus::MetricFamily>& out, const Families& families, prometheus::MetricType type) {
  for (const auto& [name, family] : families) {
    prometheus::MetricFamily collected;
    collected.name = kPrefix + name;
    collected.help = family.help;
    collected.type = type;
    for (const auto& [labels, metric] : family.members) {
      collected.metric.push_back(labelled(labels));
      fill(collected.metric.back(), *metric);
    }
    out.push_back(std::move(collected));
  }
}

void collectProcess(std::vector<prometheus::MetricFamily>& out) {
  for (const ProcessFact& fact : processFacts()) {
    prometheus::MetricFamily family;
    family.name = fact.name;
    family.help = fact.help;
    family.type = fact.counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    (fact.counter ? metric.counter.value : metric.gauge.value) = fact.value;
    family.metric.push_back(metric);
    out.push_back(std::move(family));
  }
}

}  // namespace

Registry::Registry() : families_{std::make_unique<Families>()} {}

Registry::~Registry() = default;

Counter& Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return member(families_->counters, name, help, labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return member(families_->gauges, name, help, labels, [] { return std::make_unique<Gauge>(); });
}

void Registry::withdrawGauge(const std::string& name, const Labels& labels) {
  const auto family = families_->gauges.find(name);
  if (family == families_->gauges.end()) return;
  family->second.members.erase(labels);
  if (family->second.members.empty()) families_->gauges.erase(family);
}

Histogram& Registry::histogram(const std::string& name, const std::string& help, std::vector<double> bounds, const Labels& labels) {
  return member(families_->histograms, name, help, labels, [&] { return std::make_unique<Histogram>(std::move(bounds)); });
}

void Registry::beforeScrape(std::function<void()> refresh) { families_->refreshers.push_back(std::move(refresh)); }

std::string Registry::text() {
  for (const auto& refresh : families_->refreshers) refresh();
  std::vector<prometheus::MetricFamily> collected;
  collect(collected, families_->counters, prometheus::MetricType::Counter);
  collect(collected, families_->gauges, prometheus::MetricType::Gauge);
  collect(collected, families_->histograms, prometheus::MetricType::Histogram);
  collectProcess(collected);
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, collected);
  return out.str();
}

}  // namespace spheregate::metrics
