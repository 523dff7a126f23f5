#include "answer_topic.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace spheregate::provisioning {
namespace {

constexpr std::string_view kPrefix = "$dps/registrations/res/";

template <class Number>
std::optional<Number> wholeNumber(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<AnswerTopic> parseAnswerTopic(std::string_view topic) {
  if (!topic.starts_with(kPrefix)) return std::nullopt;
  topic.remove_prefix(kPrefix.size());
  const std::size_t mark = topic.find("/?");
  if (mark == std::string_view::npos) return std::nullopt;
  const auto status = wholeNumber<int>(topic.substr(0, mark));
  if (!status || *status < 200 || *status > 599) return std::nullopt;
  topic.remove_prefix(mark + 2);

  AnswerTopic answer{.status = *status, .requestId = {}, .retryAfter = {}};
  while (!topic.empty()) {
    const std::string_view item = topic.substr(0, topic.find('&'));
    topic.remove_prefix(item.size() == topic.size() ? item.size() : item.size() + 1);
    const std::string_view value = item.substr(std::min(item.find('=') + 1, item.size()));
    if (item.starts_with("$rid=")) answer.requestId = value;
    if (item.starts_with("retry-after=")) answer.retryAfter = std::chrono::seconds{wholeNumber<std::uint32_t>(value).value_or(0)};
  }
  if (answer.requestId.empty()) return std::nullopt;
  return answer;
}

}  // namespace spheregate::provisioning
