#include "spheregate/metrics/registry.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace spheregate::metrics {
namespace {

bool has(const std::string& text, const std::string& line) { return text.find(line + "\n") != std::string::npos; }

TEST(Registry, writesPrometheusText) {
  Registry registry;
  registry.counter("things_total", "Things.", {{"kind", "a\"b"}}).add(3);
  registry.gauge("level", "A level.").set(1.5);
  const std::string text = registry.text();
  EXPECT_TRUE(has(text, "# TYPE spheregate_things_total counter")) << text;
  EXPECT_TRUE(has(text, "spheregate_things_total{kind=\"a\\\"b\"} 3")) << text;
  EXPECT_TRUE(has(text, "spheregate_level 1.5")) << text;
  EXPECT_TRUE(has(text, "# TYPE process_cpu_seconds_total counter")) << text;
  EXPECT_NE(text.find("process_resident_memory_bytes "), std::string::npos);
}

TEST(Registry, theStartOfTheProcessIsATimeThatDoesNotWander) {
  const auto started = [] {
    const std::string text = Registry{}.text();
    const std::string name = "\nprocess_start_time_seconds ";
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  const double first = started();
  EXPECT_NEAR(first, static_cast<double>(std::time(nullptr)), 60);
  for (int scrape = 0; scrape < 100; ++scrape) EXPECT_EQ(started(), first);
}

TEST(Registry, givesTheSameObjectForTheSameNameAndLabels) {
  Registry registry;
  Counter& first = registry.counter("x_total", "X.", {{"a", "1"}});
  EXPECT_EQ(&first, &registry.counter("x_total", "X.", {{"a", "1"}}));
  EXPECT_NE(&first, &registry.counter("x_total", "X.", {{"a", "2"}}));
}

TEST(Registry, histogramsAreCumulativeAndBoundsInclusive) {
  Registry registry;
  Histogram& histogram = registry.histogram("wait_seconds", "A wait.", {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.observe(value);
  const std::string text = registry.text();
  EXPECT_TRUE(has(text, "spheregate_wait_seconds_bucket{le=\"0.1\"} 2")) << text;
  EXPECT_TRUE(has(text, "spheregate_wait_seconds_bucket{le=\"1\"} 3")) << text;
  EXPECT_TRUE(has(text, "spheregate_wait_seconds_bucket{le=\"+Inf\"} 4")) << text;
  EXPECT_TRUE(has(text, "spheregate_wait_seconds_count 4")) << text;
}

TEST(Registry, refreshesGaugesBeforeAScrape) {
  Registry registry;
  Gauge& gauge = registry.gauge("now", "Now.");
  int scrapes = 0;
  registry.beforeScrape([&] { gauge.set(++scrapes); });
  EXPECT_TRUE(has(registry.text(), "spheregate_now 1"));
  EXPECT_TRUE(has(registry.text(), "spheregate_now 2"));
}

TEST(Registry, whatIsWithdrawnIsShownNoMore) {
  Registry registry;
  registry.gauge("expiry", "When.", {{"certificate", "a"}}).set(1);
  registry.gauge("expiry", "When.", {{"certificate", "b"}}).set(2);
  registry.withdrawGauge("expiry", {{"certificate", "a"}});
  registry.withdrawGauge("expiry", {{"certificate", "never there"}});
  registry.withdrawGauge("never there", {});
  EXPECT_FALSE(has(registry.text(), "certificate=\"a\"")) << registry.text();
  EXPECT_TRUE(has(registry.text(), "spheregate_expiry{certificate=\"b\"} 2")) << registry.text();
  registry.withdrawGauge("expiry", {{"certificate", "b"}});
  EXPECT_FALSE(has(registry.text(), "spheregate_expiry")) << registry.text();
}

}  // namespace
}  // namespace spheregate::metrics
