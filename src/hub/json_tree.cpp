#include "json_tree.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace spheregate::hub {
namespace {

using nlohmann::json;

std::string stringText(const std::string& text) { return json(text).dump(); }

// Hears the parser, which does not recurse, and builds the tree on a stack of its own.
class Builder final : public json::json_sax_t {
 public:
  explicit Builder(std::size_t depthMax) : depthMax_{depthMax} {}

  bool null() override { return take(JsonTree{}); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(std::to_string(value)); }
  // Also integers that are too long for 64 bits.
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool string(string_t& value) override { return scalar(stringText(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonTree::Kind::object); }
  bool key(string_t& value) override {
    open_.back().name = std::move(value);
    return true;
  }
  bool end_object() override {
    auto& members = open_.back().tree.members;
    // Of one name, the last stands first, and `unique` keeps that.
    std::reverse(members.begin(), members.end());
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    members.erase(std::unique(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name == b.name; }), members.end());
    return close();
  }
  bool start_array(std::size_t) override { return open(JsonTree::Kind::array); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

  JsonTree take() { return std::move(whole_); }

 private:
  struct Open {
    JsonTree tree;
    std::string name;  // of the member that comes next
  };

  bool scalar(std::string text) { return take(JsonTree{JsonTree::Kind::scalar, std::move(text)}); }
  bool open(JsonTree::Kind kind) {
    open_.push_back({JsonTree{kind}, {}});
    return open_.size() <= depthMax_;
  }
  bool close() {
    JsonTree done = std::move(open_.back().tree);
    open_.pop_back();
    return take(std::move(done));
  }
  bool take(JsonTree value) {
    if (open_.empty()) {
      whole_ = std::move(value);
    } else if (open_.back().tree.isObject()) {
      open_.back().tree.members.push_back({std::move(open_.back().name), std::move(value)});
    } else {
      open_.back().tree.items.push_back(std::move(value));
    }
    return true;
  }

  std::size_t depthMax_;
  JsonTree whole_;
  std::vector<Open> open_;
};

void write(const JsonTree& tree, std::string& to) {
  const char* separator = "";
  switch (tree.kind) {
    case JsonTree::Kind::null: to += "null"; return;
    case JsonTree::Kind::scalar: to += tree.text; return;
    case JsonTree::Kind::array:
      to += '[';
      for (const JsonTree& item : tree.items) {
        to += std::exchange(separator, ",");
        write(item, to);
      }
      to += ']';
      return;
    case JsonTree::Kind::object:
      to += '{';
      for (const JsonMember& member : tree.members) {
        (to += std::exchange(separator, ",")) += stringText(member.name) + ":";
        write(member.value, to);
      }
      to += '}';
  }
}

auto place(std::vector<JsonMember>& members, std::string_view name) {
  return std::lower_bound(members.begin(), members.end(), name, [](const JsonMember& member, std::string_view wanted) { return member.name < wanted; });
}

}  // namespace

JsonTree::JsonTree() = default;
JsonTree::JsonTree(Kind made, std::string scalar) : kind{made}, text{std::move(scalar)} {}

JsonTree* JsonTree::member(std::string_view name) {
  const auto at = place(members, name);
  return at != members.end() && at->name == name ? &at->value : nullptr;
}

const JsonTree* JsonTree::member(std::string_view name) const { return const_cast<JsonTree*>(this)->member(name); }

void JsonTree::set(std::string_view name, JsonTree value) {
  const auto at = place(members, name);
  if (at != members.end() && at->name == name) at->value = std::move(value);
  else members.insert(at, {std::string{name}, std::move(value)});
}

void JsonTree::erase(std::string_view name) {
  const auto at = place(members, name);
  if (at != members.end() && at->name == name) members.erase(at);
}

bool JsonTree::operator==(const JsonTree& other) const {
  return kind == other.kind && text == other.text && items == other.items && members == other.members;
}

std::optional<JsonTree> readJson(std::string_view text, std::size_t bytesMax, std::size_t depthMax) {
  if (text.size() > bytesMax) return std::nullopt;
  Builder builder{depthMax};
  if (!json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

std::string writeJson(const JsonTree& tree) {
  std::string text;
  write(tree, text);
  return text;
}

}  // namespace spheregate::hub
