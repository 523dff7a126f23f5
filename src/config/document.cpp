#include "document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "slips.hpp"

namespace spheregate::config {
namespace {

// The deepest key is `upstream.auth.type`.
constexpr std::size_t kDepthMax = 16;

Place placeOf(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Builds the tree from yaml-cpp's events. Its own tree keeps neither repeated keys nor the places of keys.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(mark, {}, anchor, Node::Kind::nothing, {}); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuseAnchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    leaf(mark, tag, anchor, Node::Kind::scalar, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { end(); }

  Node takeRoot() { return std::move(root_); }

 private:
  struct Open {
    Node node;
    std::optional<Node> key;
  };

  static void refuseAnchor(const YAML::Mark& mark) {
    throw BrokenDocument{placeOf(mark),
                         {"anchors and aliases (`&`, `*`) are not allowed here", "write the value out, or put it in quotes"}};
  }

  static void checkDecoration(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuseAnchor(mark);
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw BrokenDocument{placeOf(mark), {"tags (`!`) are not allowed here", "remove the tag, or put the value in quotes"}};
    }
  }

  void leaf(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind, const std::string& text) {
    checkDecoration(mark, tag, anchor);
    add({.kind = kind, .place = placeOf(mark), .text = text, .entries = {}});
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    checkDecoration(mark, tag, anchor);
    if (open_.size() >= kDepthMax)
      throw BrokenDocument{placeOf(mark), {"this is nested too deeply", "look for a bracket too many"}};
    open_.push_back({{.kind = kind, .place = placeOf(mark), .text = {}, .entries = {}}, std::nullopt});
  }

  void end() {
    Node done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind != Node::Kind::map) return;
    if (parent.key) {
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
      return;
    }
    if (node.kind != Node::Kind::scalar) throw BrokenDocument{node.place, {"a key must be a word", "write `key: value`"}};
    parent.key = std::move(node);
  }

  std::vector<Open> open_;
  Node root_;
};

// yaml-cpp takes a control character for the end of the file, and what follows it would be ignored in silence.
std::optional<BrokenDocument> controlCharacter(const std::string& yaml) {
  const auto found = std::find_if(yaml.begin(), yaml.end(), [](char raw) {
    const auto c = static_cast<unsigned char>(raw);
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
  if (found == yaml.end()) return std::nullopt;
  const auto lineBegin = std::find(std::make_reverse_iterator(found), yaml.rend(), '\n').base();
  return BrokenDocument{{static_cast<int>(std::count(yaml.begin(), found, '\n')) + 1, static_cast<int>(found - lineBegin) + 1},
                        {"there is a control character", "save the file as plain UTF-8 text"}};
}

BrokenDocument notYaml(const YAML::Exception& error, const std::string& yaml) {
  Place place = placeOf(error.mark);
  // At the end of the file yaml-cpp sometimes has no place to give.
  if (error.mark.is_null()) place = {static_cast<int>(std::count(yaml.begin(), yaml.end(), '\n')) + 1, 1};
  const std::string slip = likelySlip(yaml, place.line);
  return {place,
          {"this is not YAML: " + error.msg,
           slip.empty() ? "check the indentation, brackets and quotes here and in the lines before" : "most likely " + slip}};
}

}  // namespace

std::variant<Node, BrokenDocument> readDocument(const std::string& yaml) {
  if (yaml.size() > kFileBytesMax) return BrokenDocument{{}, {"the file is larger than 1 MiB", "name the configuration file"}};
  if (auto broken = controlCharacter(yaml)) return *broken;
  Builder builder;
  try {
    std::istringstream stream{yaml};
    YAML::Parser parser{stream};
    parser.HandleNextDocument(builder);
    Node root = builder.takeRoot();
    Builder second;
    if (parser.HandleNextDocument(second)) {
      const Place place = second.takeRoot().place;
      return BrokenDocument{place, {"a second document begins here", "remove the `---` and what follows it"}};
    }
    return root;
  } catch (const BrokenDocument& broken) {
    return broken;
  } catch (const YAML::Exception& error) {
    return notYaml(error, yaml);
  }
}

}  // namespace spheregate::config
