// The engine is how PKCS#11 is reached with OpenSSL 3.0; its interface is deprecated in favour of providers, and Debian 12 has no
// provider for it.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "pin_question.hpp"
#include "private_key.hpp"

namespace spheregate::tls {
namespace {

using Key = x509::PrivateKeyHandle;
using EngineHandle = std::unique_ptr<ENGINE, x509::Release<ENGINE_free>>;

// A module of PKCS#11 is initialized once a process, and must stay as long as there are keys: C_Finalize would end the sessions of
// all. So engines are made on first use, one for each module, and never given back.
std::map<std::string, ENGINE*>& engines() {
  static std::map<std::string, ENGINE*> all;
  return all;
}

// A token locks itself after a few wrong PINs, so the same wrong one is not tried twice. By URI and hash of the PIN.
std::set<std::string>& refusedPins() {
  static std::set<std::string> all;
  return all;
}

bool command(ENGINE& engine, const char* name, const char* value) {
  return ENGINE_ctrl_cmd_string(&engine, name, value, 0) == 1;
}

// Not listed, so that nothing but the keys asked of it comes to it.
EngineHandle loadEngine() {
  OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, nullptr);
  EngineHandle engine{ENGINE_by_id("dynamic")};
  const char* directory = std::getenv("OPENSSL_ENGINES");
  std::string usual;
  if (directory == nullptr) {
    // `ENGINESDIR: "..."`
    usual = OpenSSL_version(OPENSSL_ENGINES_DIR);
    usual = usual.substr(usual.find('"') + 1);
    usual.resize(usual.find('"'));
    directory = usual.c_str();
  }
  const bool loaded = engine != nullptr && command(*engine, "ID", "pkcs11") && command(*engine, "DIR_LOAD", "2") &&
                      command(*engine, "DIR_ADD", directory) && command(*engine, "LIST_ADD", "0") &&
                      command(*engine, "LOAD", nullptr);
  return loaded ? std::move(engine) : nullptr;
}

base::Explained<ENGINE*> engineOf(const KeyName& name) {
  std::error_code ignored;
  if (!name.module.empty() && !std::filesystem::exists(name.module, ignored)) {
    return base::failed<ENGINE*>("the PKCS#11 module " + name.module.string() +
                                 " does not exist; install the package of the token's vendor (softhsm2 has"
                                 " /usr/lib/softhsm/libsofthsm2.so), or correct module-path");
  }
  ENGINE*& known = engines()[name.module.string()];
  if (known != nullptr) return known;
  EngineHandle engine = loadEngine();
  if (!engine) {
    return base::failed<ENGINE*>("OpenSSL's engine for PKCS#11 cannot be loaded (" + takeError() +
                                 "); install the package libengine-pkcs11-openssl");
  }
  const bool ready = (name.module.empty() || command(*engine, "MODULE_PATH", name.module.c_str())) && ENGINE_init(engine.get()) == 1;
  if (!ready) return base::failed<ENGINE*>("OpenSSL's engine for PKCS#11 does not start: " + takeError());
  known = engine.release();
  return known;
}

// What went wrong, by the errors that the engine left.
struct Complaints {
  bool noModule = false;
  bool notFound = false;
  bool wrongPin = false;
  bool locked = false;
  std::string words;  // of the first
};

Complaints takeComplaints() {
  // CKR_PIN_… of PKCS#11 2.40, §11.1.6
  constexpr int pinIncorrect = 0xA0;
  constexpr int pinLengthRange = 0xA2;
  constexpr int pinLocked = 0xA4;
  Complaints all;
  while (const unsigned long code = ERR_get_error()) {
    const char* library = ERR_lib_error_string(code);
    const char* reason = ERR_reason_error_string(code);
    const std::string_view from = library == nullptr ? "" : library;
    const std::string_view words = reason == nullptr ? "" : reason;
    if (all.words.empty()) all.words = words;
    if (from == "libp11" && words.find("load PKCS#11 module") != std::string_view::npos) all.noModule = true;
    if (from == "pkcs11 engine" && words == "object not found") all.notFound = true;
    if (from != "PKCS#11 module") continue;
    const int result = ERR_GET_REASON(code);
    all.wrongPin = all.wrongPin || (pinIncorrect <= result && result <= pinLengthRange);
    all.locked = all.locked || result == pinLocked;
  }
  return all;
}

Key load(ENGINE& engine, const std::string& address, PinQuestion& question) {
  ERR_clear_error();
  if (!question.pin.empty() && !command(engine, "PIN", question.pin.c_str())) return nullptr;
  return Key{ENGINE_load_private_key(&engine, address.c_str(), const_cast<UI_METHOD*>(&pinMethod()), &question)};
}

// Which token, of which module, in words.
std::string placeOf(const KeyName& name) {
  return (name.token.empty() ? std::string{"any token"} : "the token `" + name.token + "`") + " of " +
         (name.module.empty() ? std::string{"the modules that p11-kit knows"} : name.module.string());
}

// The URI without what names the key, which the engine takes for any key of the token.
std::string tokenOf(std::string_view address) {
  std::string out{address.substr(0, address.find(':') + 1)};
  for (address.remove_prefix(out.size()); !address.empty();) {
    const std::string_view one = address.substr(0, address.find(';'));
    address.remove_prefix(std::min(address.size(), one.size() + 1));
    if (!one.starts_with("object=") && !one.starts_with("id=")) out.append(one).append(";");
  }
  if (out.ends_with(';')) out.pop_back();
  return out;
}

std::string notFound(ENGINE& engine, const KeyName& name, const std::string& pin) {
  constexpr const char* look = "see what there is with `pkcs11-tool --module MODULE --login --list-objects` (package opensc)";
  PinQuestion question{.pin = pin};
  const bool hasAnother = !name.token.empty() && load(engine, tokenOf(name.address), question) != nullptr;
  ERR_clear_error();
  if (hasAnother) return placeOf(name) + " has no private key `" + name.object + "`; " + look;
  return placeOf(name) + " is not there, or has no private key at all; " + look + ", and check that the gateway's user may use the token";
}

std::string explained(ENGINE& engine, const KeyName& name, const PinQuestion& question, const std::string& refusal) {
  const Complaints said = takeComplaints();
  if (said.noModule) {
    return name.module.empty() ? "the PKCS#11 module p11-kit-proxy cannot be loaded; install the package p11-kit-modules, or name the"
                                 " token's own library with module-path"
                               : name.module.string() + " is no PKCS#11 module; name the token's library in module-path";
  }
  if (said.locked) return "the PIN of " + placeOf(name) + " is locked after wrong attempts; reset it with the token's own tools";
  if (said.wrongPin) {
    refusedPins().insert(refusal);
    return placeOf(name) + " refuses the PIN in " + name.pinFile.string() + "; correct it there (tokens lock after a few wrong PINs)";
  }
  if (question.asked && question.pin.empty()) {
    return placeOf(name) + " wants a PIN; write it into a file that only the gateway can read, and add ?pin-source=file: with its path";
  }
  if (said.notFound) return notFound(engine, name, question.pin);
  return "the key `" + name.object + "` of " + placeOf(name) + " cannot be used: " + (said.words.empty() ? "unknown error" : said.words) +
         "; try it with `pkcs11-tool --test` (package opensc)";
}

}  // namespace

base::Explained<Key> pkcs11Key(const KeyName& name, const std::string& pin) {
  const auto engine = engineOf(name);
  if (!engine) return base::failed<Key>(engine.error());
  const std::string refusal = name.address + " " + std::to_string(std::hash<std::string>{}(pin));
  if (refusedPins().count(refusal) != 0) {
    return base::failed<Key>(placeOf(name) + " has refused the PIN that is still in " + name.pinFile.string() +
                             ", and is not asked again with it, because tokens lock after a few wrong PINs; correct it there");
  }
  PinQuestion question{.pin = pin};
  Key key = load(**engine, name.address, question);
  if (!key) return base::failed<Key>(explained(**engine, name, question, refusal));
  ERR_clear_error();
  return key;
}

}  // namespace spheregate::tls
