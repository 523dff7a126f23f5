#include "support_bundle.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cctype>
#include <string_view>
#include <utility>

#include "iso_time.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/bundle/archive.hpp"
#include "text_table.hpp"

namespace spheregate::app {
namespace {

// `spheregate-support-HOST-20260501T120000Z`
std::string directoryName(std::chrono::system_clock::time_point now) {
  constexpr std::size_t kHostBytesMax = 30;
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string name = "spheregate-support-";
  for (const char c : std::string_view{host.data()}.substr(0, kHostBytesMax)) {
    if (c == '.') break;
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  }
  std::string time = iso8601(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return name + "-" + time;
}

std::string readme(const BundleMade& made, const std::vector<std::filesystem::path>& unread) {
  std::string out = "A support bundle of Spheregate " + std::string{kVersion} + ", made " + iso8601(std::chrono::system_clock::now()) +
                    ".\n\nIt holds ids and names of devices, host names, addresses and paths; look through it before you send it.\n"
                    "It holds no key, password, token or certificate's private part, and no message: what was found of them is replaced by [redacted].\n\n";
  out += bundleTable(made);
  if (unread.empty()) return out;
  out += "\nWhoever made it could not read these files, so what is in them was not looked for, only what looks like a secret:\n";
  for (const std::filesystem::path& file : unread) out += "  " + file.string() + "\n";
  return out;
}

}  // namespace

std::string bundleTable(const BundleMade& made) {
  std::vector<std::vector<std::string>> rows;
  for (const BundleMade::Entry& entry : made.entries) rows.push_back({"  " + entry.name, entry.missing.empty() ? entry.what : "MISSING: " + entry.missing});
  return table(rows);
}

base::Explained<BundleMade> makeBundle(const std::vector<BundleItem>& items, const bundle::Redactor& redactor,
                                       const std::vector<std::filesystem::path>& unread, const std::function<base::Explained<void>(std::string_view)>& out) {
  const auto now = std::chrono::system_clock::now();
  BundleMade made;
  made.directory = directoryName(now);
  bundle::Archive archive{made.directory, std::chrono::system_clock::to_time_t(now), out};
  for (const BundleItem& item : items) {
    BundleMade::Entry entry;
    entry.name = item.name;
    entry.what = item.what;
    const auto content = item.content();
    if (content) {
      const std::string text = item.verbatim ? *content : redactor.clean(*content);
      entry.bytes = text.size();
      if (const auto added = archive.add(item.name, text); !added) return base::failed<BundleMade>(added.error());
    } else {
      entry.missing = redactor.clean(content.error());
    }
    made.entries.push_back(std::move(entry));
  }
  auto done = archive.add("README.txt", redactor.clean(readme(made, unread)));
  if (done) done = archive.finish();
  if (!done) return base::failed<BundleMade>(done.error());
  return made;
}

}  // namespace spheregate::app
