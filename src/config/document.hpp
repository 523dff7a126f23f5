#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "complaint.hpp"

namespace spheregate::config {

struct Place {
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1
};

struct Entry;

// A YAML document with the place of everything, before anybody asks what it means. Keys may repeat here.
struct Node {
  enum class Kind : std::uint8_t { nothing, scalar, list, map };
  Kind kind = Kind::nothing;
  Place place;
  std::string text;            // of a scalar
  std::vector<Entry> entries;  // of a map; the items of a list are not kept, because no key takes one
};

struct Entry {
  Node key;  // always a scalar
  Node value;
};

struct BrokenDocument {
  Place place;
  Complaint complaint;
};

constexpr std::size_t kFileBytesMax = 1u << 20;

// Never throws, whatever the bytes are. Anchors, aliases and tags are refused, so a document cannot be larger than its file.
std::variant<Node, BrokenDocument> readDocument(const std::string& yaml);

}  // namespace spheregate::config
