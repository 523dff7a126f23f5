#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "admin_options.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "fresh_file.hpp"
#include "json_answer.hpp"
#include "secret_sources.hpp"
#include "setup.hpp"
#include "support_bundle.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

struct Wish {
  std::shared_ptr<AdminOptions> admin;
  std::string file;
  bool offline = false;
};

void tell(const Wish& wish, const BundleMade& made, const std::vector<std::filesystem::path>& unread) {
  if (wish.admin->json) {
    json answer{{"file", wish.file}, {"directory", made.directory}, {"items", json::array()}};
    for (const BundleMade::Entry& entry : made.entries) {
      json item{{"name", entry.name}, {"what", entry.what}, {"bytes", entry.bytes}};
      if (!entry.missing.empty()) item["missing"] = entry.missing;
      answer["items"].push_back(item);
    }
    for (const std::filesystem::path& one : unread) answer["secrets_not_read"].push_back(one.string());
    std::printf("%s\n", jsonText(answer).c_str());
    return;
  }
  std::string out = wish.file + ":\n" + bundleTable(made);
  out += "\nIt holds ids of devices, host names and addresses, but no key, password, token or message. Look through it before you send it.\n";
  if (!unread.empty()) out += "You could not read all files with secrets, so what is in them was not looked for; README.txt names them. Run it as root.\n";
  std::fputs(out.c_str(), stdout);
}

int make(const Wish& wish) {
  if (wish.file == "-") {
    complain("name a file; on stdout nobody would see what is in it");
    return kWrongUsage;
  }
  auto file = FreshFile::make(wish.file);
  if (!file) {
    complain(file.error());
    return kFailed;
  }
  bool unfinished = false;
  BundleQuestion question;
  question.config = std::filesystem::absolute(wish.admin->config);
  question.socket = wish.admin->socket.empty() ? config::load(wish.admin->config).config.admin.socket : std::filesystem::path{wish.admin->socket};
  question.offline = wish.offline;
  question.unfinished = &unfinished;
  bundle::Redactor redactor;
  const auto unread = hideSecrets(redactor, question.config, config::load(question.config).config);
  const auto made = makeBundle(bundleItems(question), redactor, unread, [&](std::string_view bytes) { return file->write(bytes); });
  const auto done = made ? file->finish() : base::failed<void>(made.error());
  if (done) {
    tell(wish, *made, unread);
  } else {
    complain(done.error());
    const FreshFile gone = std::move(*file);
  }
  const int code = done ? kGood : kFailed;
  if (!unfinished) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

void addSupportBundleCommand(CLI::App& program, Deed& deed) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command = program.add_subcommand("support-bundle", "all that helps to find out what is wrong, in one file and without secrets; the gateway may be down");
  command->add_option("file", wish->file, "a file that does not exist yet, for example bundle.tar.gz")->required()->type_name("FILE");
  command->add_flag("--offline", wish->offline, "leave the hub and the name servers alone");
  wish->admin = AdminOptions::addTo(*command);
  command->callback([=, &deed] { deed = [=] { return make(*wish); }; });
}

}  // namespace spheregate::app
