#include "id_list.hpp"

#include <string_view>
#include <utility>

#include "common_name.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::identity {
namespace {

// The line without its comment and the blanks around it, among them the CR of Windows.
std::string_view idOf(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  line = line.substr(0, line.find('#'));
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

base::Explained<IdList> readIdList(const std::filesystem::path& file, NameRule rule) {
  const base::Explained<std::string> content = x509::fileContent(file);
  if (!content) return base::failed<IdList>(content.error());
  constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
  std::string_view rest = *content;
  if (rest.starts_with(byteOrderMark)) rest.remove_prefix(byteOrderMark.size());
  IdList ids;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::string_view id = idOf(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (id.empty()) continue;
    NameFinding finding = checkDeviceId(id, rule);
    if (finding.refusal != Refusal::none) {
      return base::failed<IdList>(file.string() + ":" + std::to_string(number) + ": " + finding.reason + "; " + finding.fix);
    }
    ids.insert(std::move(finding.name));
  }
  return ids;
}

}  // namespace spheregate::identity
