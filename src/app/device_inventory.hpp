#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "file_edit.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::app {

// The devices that a list from elsewhere names.
struct Inventory {
  std::vector<NamedId> devices;  // each once, in the order of the list; the alias is empty where it has none
  std::size_t lowered = 0;       // ids that were written with capitals
  std::size_t passedOver = 0;    // lines or objects without a device id
};

// Reads what people have at hand: the JSON of `az sphere device list` or `azsphere device list` (an array of objects, or one in `value`), the
// text of `azsphere device list`, CSV lines `id,alias`, or ids alone. Ids of Azure Sphere are lower-cased. The error says what is wrong.
base::Explained<Inventory> readInventory(std::string_view text, identity::NameRule rule);

}  // namespace spheregate::app
