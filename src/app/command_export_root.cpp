#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "exit_code.hpp"
#include "setup.hpp"
#include "spheregate/pki/authority.hpp"
#include "spheregate/pki/tenant_folder.hpp"
#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::app {
namespace {

using nlohmann::ordered_json;

struct Wish {
  std::shared_ptr<SetupOptions> setup;
  std::string out;
  bool asJson = false;
};

// The tenants that the manifest may name: the pinned one, or those of the CAs that are there.
std::vector<std::string> tenantsOf(const config::Config& config) {
  if (!config.identity.tenantId.empty()) return {config.identity.tenantId};
  std::vector<std::string> tenants;
  const auto listing = pki::TenantFolder{config.identity.tenantCa}.list();
  if (!listing) return tenants;
  for (const pki::TenantCaFacts& ca : listing->cas) {
    if (!ca.tenantId.empty() && std::find(tenants.begin(), tenants.end(), ca.tenantId) == tenants.end())
      tenants.push_back(ca.tenantId);
  }
  return tenants;
}

// What the application's app_manifest.json must hold, where the file is packaged as certs/NAME.
ordered_json manifest(const config::Config& config, const std::string& packaged, const std::vector<std::string>& tenants) {
  return {{"CmdArgs", {"--Hostname", config.hostname, "--IoTEdgeRootCAPath", packaged}},
          {"Capabilities",
           {{"AllowedConnections", {config.hostname}},
            {"DeviceAuthentication", tenants.empty() ? "00000000-0000-0000-0000-000000000000" : tenants.front()}}}};
}

// On stderr when the roots go to stdout, so that they can be sent into a file.
void explain(std::FILE* to, const ordered_json& lines, const std::string& packaged, const pki::Authority::Exported& facts,
             std::size_t bytes) {
  std::string text = lines.dump(2);
  text = text.substr(2, text.size() - 4);  // without the outer braces: these go into the manifest that is there
  std::fprintf(to, "%zu root%s, %zu bytes (devices read at most %zu), good until %s.\n\nInto app_manifest.json:\n\n%s\n\n",
               facts.roots, facts.roots == 1 ? "" : "s", bytes, pki::kExportBytesMax, x509::timeText(facts.untilSeconds).c_str(),
               text.c_str());
  std::fprintf(to, "Into CMakeLists.txt:\n\n  azsphere_target_add_image_package(${PROJECT_NAME} RESOURCE_FILES \"%s\")\n\n",
               packaged.c_str());
}

void explainTenants(std::FILE* to, const std::vector<std::string>& tenants) {
  if (tenants.empty())
    std::fprintf(to,
                 "note: no tenant CA is known yet; put your catalog's GUID into DeviceAuthentication, or run `spheregate tenant "
                 "add FILE` first\n");
  if (tenants.size() > 1)
    std::fprintf(to, "note: CAs of %zu tenants are pinned; DeviceAuthentication must name the one of the application\n",
                 tenants.size());
  std::fprintf(to,
               "note: devices that dial an address of the gateway need that address in --Hostname and in AllowedConnections "
               "instead of the name\n");
}

int exportRoot(const Wish& wish) {
  const auto config = readSetup(*wish.setup, {"hostname", "tls.authority", "devices.tenant_ca", "devices.tenant_id"});
  if (!config) return kBadConfiguration;
  if (config->authority.empty()) {
    complain(configFile(*wish.setup).string() +
             ": tls.authority is empty, so somebody else made the server certificate; give devices the root of whoever did");
    return kFailed;
  }
  const auto authority = pki::Authority::open(config->authority);
  const auto now = std::chrono::system_clock::now();
  const auto roots = authority ? authority->exported(now) : base::failed<std::string>(authority.error());
  if (!roots) {
    complain(roots.error());
    return kFailed;
  }
  const std::vector<std::string> tenants = tenantsOf(*config);
  const std::string name = wish.out.empty() ? "gateway-root.pem" : std::filesystem::path{wish.out}.filename().string();
  const ordered_json lines = manifest(*config, "certs/" + name, tenants);
  if (!wish.out.empty()) {
    const auto written = pki::writeWhole(wish.out, *roots, pki::kPublicMode);
    if (!written) {
      complain(written.error());
      return kFailed;
    }
  }
  const auto facts = authority->exportedFacts(now);
  if (wish.asJson) {
    const ordered_json all{{"pem", *roots},
                           {"bytes", roots->size()},
                           {"bytes_max", pki::kExportBytesMax},
                           {"roots", facts.roots},
                           {"not_after", x509::timeText(facts.untilSeconds)},
                           {"manifest", lines},
                           {"tenants", tenants}};
    std::printf("%s\n", all.dump(2).c_str());
    return kGood;
  }
  std::FILE* words = wish.out.empty() ? stderr : stdout;
  if (wish.out.empty()) std::fputs(roots->c_str(), stdout);
  else std::fprintf(words, "written  %s; put it into the application as certs/%s\n", wish.out.c_str(), name.c_str());
  explain(words, lines, "certs/" + name, facts, roots->size());
  explainTenants(words, tenants);
  return kGood;
}

}  // namespace

void addExportRootCommand(CLI::App& program, Deed& deed) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command =
      program.add_subcommand("export-root", "the gateway's root for devices, and the lines of their app_manifest.json");
  command->add_option("--out", wish->out, "write the roots there instead of to stdout")->type_name("FILE");
  wish->setup = addSetupOptions(*command);
  command->add_flag("--json", wish->asJson, "print JSON");
  command->callback([wish, &deed] { deed = [wish] { return exportRoot(*wish); }; });
}

}  // namespace spheregate::app
