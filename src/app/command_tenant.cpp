#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin_client.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "list_editing.hpp"
#include "setup.hpp"
#include "spheregate/pki/tenant_choice.hpp"
#include "spheregate/pki/tenant_folder.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

const std::vector<std::string> kNeeded{"devices.tenant_ca", "devices.tenant_id", "devices.identity"};

struct Wish {
  std::shared_ptr<SetupOptions> setup;
  std::string subject;  // the file, or the fingerprint
  bool asJson = false;
};

json asJson(const pki::TenantCaFacts& ca) {
  return {{"tenant_id", ca.tenantId},
          {"subject", ca.subject},
          {"sha256", ca.sha256},
          {"sha1", ca.sha1},
          {"not_before", x509::timeText(ca.notBeforeSeconds)},
          {"not_after", x509::timeText(ca.notAfterSeconds)},
          {"days_left", daysLeft(ca.notAfterSeconds)},
          {"file", ca.file.string()}};
}

void print(const pki::TenantCaFacts& ca) {
  std::printf("%s\n  subject  %s\n  sha256   %s\n  sha1     %s\n  expires  %s, %s\n  file     %s\n",
              ca.tenantId.empty() ? "(no tenant)" : ca.tenantId.c_str(), ca.subject.c_str(), ca.sha256.c_str(), ca.sha1.c_str(),
              x509::timeText(ca.notAfterSeconds).c_str(), expiryText(ca.notAfterSeconds).c_str(), ca.file.c_str());
}

base::Explained<std::vector<x509::CertificateHandle>> certificatesFrom(const std::string& file) {
  using Certificates = std::vector<x509::CertificateHandle>;
  if (file != "-") return x509::readCertificatesOfAnyKind(file);
  std::string content(x509::kFileBytesMax + 1, '\0');
  std::cin.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (content.size() > x509::kFileBytesMax)
    return base::failed<Certificates>("stdin: is larger than 16 MiB; check what is piped in");
  auto certificates = x509::certificatesOfAnyKind(content);
  if (!certificates) return base::failed<Certificates>("stdin: " + certificates.error());
  return certificates;
}

// How many tenants' devices get in. CAs without a tenant's GUID do not count.
std::size_t tenantsIn(const pki::TenantFolder& folder) {
  std::set<std::string> tenants;
  const auto listing = folder.list();
  if (!listing) return 0;
  for (const pki::TenantCaFacts& ca : listing->cas) {
    if (!ca.tenantId.empty()) tenants.insert(ca.tenantId);
  }
  return tenants.size();
}

// Whether the gateway that runs has taken it. A gateway that is being set up does not run, and a configuration with mistakes may
// not say where its socket is: then there is nothing to say.
int tellTheGateway(const Wish& wish) {
  const config::Loaded loaded = config::load(configFile(*wish.setup));
  const auto about = [](const config::Problem& problem) { return problem.key.empty() || problem.key.starts_with("admin"); };
  if (std::any_of(loaded.problems.begin(), loaded.problems.end(), about)) return kGood;
  const std::filesystem::path& socket = loaded.config.admin.socket;
  return nobodyServes(socket) ? kGood : takeEffect(socket, wish.asJson);
}

int add(const Wish& wish) {
  const auto config = readSetup(*wish.setup, kNeeded);
  if (!config) return kBadConfiguration;
  auto certificates = certificatesFrom(wish.subject);
  if (!certificates) {
    complain(certificates.error());
    return kFailed;
  }
  const pki::ImportRules rules{.guidNeeded = config->identity.nameRule == identity::NameRule::sphere,
                               .tenantId = config->identity.tenantId,
                               .now = std::chrono::system_clock::now()};
  const auto choice = pki::chooseTenantCas(std::move(*certificates), rules);
  if (!choice) {
    complain((wish.subject == "-" ? "stdin" : wish.subject) + ": " + choice.error());
    return kFailed;
  }
  const pki::TenantFolder folder{config->identity.tenantCa};
  const auto added = folder.add(choice->cas);
  if (!added) {
    complain(added.error());
    return kFailed;
  }
  std::vector<std::string> notes = choice->notes;
  if (const std::size_t tenants = tenantsIn(folder); tenants > 1)
    notes.push_back("CAs of " + std::to_string(tenants) + " tenants are pinned now: devices of each are let in");
  for (const std::string& note : notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  json all = json::array();
  for (const auto& one : *added) {
    if (!wish.asJson) std::printf("%s  ", one.wasThere ? "is there already:" : "imported:");
    if (!wish.asJson) print(one.facts);
    json entry = asJson(one.facts);
    entry["was_there"] = one.wasThere;
    all.push_back(std::move(entry));
  }
  if (wish.asJson)
    std::printf("%s\n", json{{"cas", all}, {"notes", notes}}.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  return tellTheGateway(wish);
}

int list(const Wish& wish) {
  const auto config = readSetup(*wish.setup, kNeeded);
  if (!config) return kBadConfiguration;
  const auto listing = pki::TenantFolder{config->identity.tenantCa}.list();
  if (!listing) {
    complain(listing.error());
    return kFailed;
  }
  if (wish.asJson) {
    json all = json::array();
    for (const pki::TenantCaFacts& ca : listing->cas) all.push_back(asJson(ca));
    std::printf("%s\n",
                json{{"cas", all}, {"faults", listing->faults}}.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    for (const pki::TenantCaFacts& ca : listing->cas) print(ca);
    if (listing->cas.empty()) std::printf("no tenant CA yet; add one with `spheregate tenant add FILE`\n");
  }
  for (const std::string& fault : listing->faults) complain(fault);
  return listing->faults.empty() ? kGood : kFailed;
}

int remove(const Wish& wish) {
  const auto config = readSetup(*wish.setup, kNeeded);
  if (!config) return kBadConfiguration;
  const pki::TenantFolder folder{config->identity.tenantCa};
  const auto removed = folder.remove(wish.subject);
  if (!removed) {
    complain(removed.error());
    return kFailed;
  }
  const auto rest = folder.list();
  const bool last = rest && rest->cas.empty();
  if (wish.asJson) {
    std::printf("%s\n", json{{"removed", asJson(*removed)}, {"left", rest ? rest->cas.size() : 0}}
                            .dump(2, ' ', false, json::error_handler_t::replace)
                            .c_str());
  } else {
    std::printf("removed:  ");
    print(*removed);
  }
  if (last) {
    std::fprintf(
        stderr,
        "WARNING: no tenant CA is left: the gateway does not start without one, and one that runs keeps those it has; stop "
        "it to keep everybody out\n");
  } else {
    std::fprintf(stderr,
                 "note: devices whose certificates it signed are refused from now on. When a tenant CA is rotated, keep the old "
                 "and the new "
                 "one until every device has come with the new one; then nobody is refused\n");
  }
  return tellTheGateway(wish);
}

void addOne(CLI::App& tenants, Deed& deed, const char* name, const char* what, const char* argument, const char* meaning,
            int (*act)(const Wish&)) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command = tenants.add_subcommand(name, what);
  if (argument != nullptr) command->add_option(argument, wish->subject, meaning)->required()->type_name("");
  wish->setup = addSetupOptions(*command);
  command->add_flag("--json", wish->asJson, "print JSON");
  command->callback([wish, act, &deed] { deed = [wish, act] { return act(*wish); }; });
}

}  // namespace

void addTenantCommands(CLI::App& program, Deed& deed) {
  CLI::App* tenants = program.add_subcommand("tenant", "the CAs that vouch for devices: add, list, remove");
  tenants->require_subcommand(1);
  addOne(*tenants, deed, "add", "import a tenant CA: DER, PEM or PKCS#7, alone or in its chain",
         "FILE", "the file as it was downloaded, or - for stdin", add);
  addOne(*tenants, deed, "list", "show them, with fingerprints and expiry", nullptr, nullptr, list);
  addOne(*tenants, deed, "remove", "stop trusting one", "SHA256", "its SHA-256 or SHA-1, or how that begins", remove);
}

}  // namespace spheregate::app
