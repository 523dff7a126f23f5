// A key whose signatures are made elsewhere is an EC_KEY with a method of its own; that interface is deprecated in favour of
// whole providers.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>

#include <array>

#include "pin_question.hpp"
#include "private_key.hpp"

namespace spheregate::tls {
namespace {

using Key = x509::PrivateKeyHandle;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, x509::Release<EVP_PKEY_CTX_free>>;
using CurveKey = std::unique_ptr<EC_KEY, x509::Release<EC_KEY_free>>;
using StoreReader = std::unique_ptr<OSSL_STORE_CTX, x509::Release<OSSL_STORE_close>>;
using StoreItem = std::unique_ptr<OSSL_STORE_INFO, x509::Release<OSSL_STORE_INFO_free>>;

// OpenSSL's reason and what the provider added to it, which names the TPM's own error.
std::string takeDetail() {
  const char* data = nullptr;
  int flags = 0;
  ERR_peek_error_all(nullptr, nullptr, nullptr, &data, &flags);
  const std::string added = data != nullptr && (flags & ERR_TXT_STRING) != 0 ? data : "";
  const std::string reason = takeError();
  return added.empty() ? reason : reason + ", " + added;
}

constexpr const char* kOnlyTpm = "provider=tpm2";

// A world of its own: random numbers, digests and curves of everybody else must not come to go through the TPM. One for the
// process, because it holds the connection to the TPM, and never given back, because keys live in it.
OSSL_LIB_CTX*& world() {
  static OSSL_LIB_CTX* only = nullptr;
  return only;
}

// Empty when the world is there.
std::string open() {
  if (world() != nullptr) return {};
  ERR_clear_error();
  OSSL_LIB_CTX* candidate = OSSL_LIB_CTX_new();
  if (OSSL_PROVIDER_load(candidate, "tpm2") != nullptr && OSSL_PROVIDER_load(candidate, "default") != nullptr) {
    world() = candidate;
    return {};
  }
  // A library that is not there is a complaint of dlopen; a TPM that is not there is one of the provider.
  const bool missing = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_DSO;
  std::string problem = missing ? "OpenSSL's provider for TPM 2.0 cannot be loaded (" + takeDetail() + "); install the package tpm2-openssl"
                    : "the TPM cannot be reached (" + takeDetail() +
                          "); check that /dev/tpmrm0 exists and that the gateway's user is in the group tss, or name another way in the"
                          " environment variable TPM2OPENSSL_TCTI";
  OSSL_LIB_CTX_free(candidate);
  return problem;
}

Key firstKey(OSSL_STORE_CTX& reader) {
  while (OSSL_STORE_eof(&reader) == 0) {
    const StoreItem item{OSSL_STORE_load(&reader)};
    if (!item) return nullptr;
    if (OSSL_STORE_INFO_get_type(item.get()) == OSSL_STORE_INFO_PKEY) return Key{OSSL_STORE_INFO_get1_PKEY(item.get())};
  }
  return nullptr;
}

// The key in the TPM that an EC_KEY stands for, held by it.
void releaseKey(void*, void* key, CRYPTO_EX_DATA*, int, long, void*) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }

int holdKey(CRYPTO_EX_DATA*, const CRYPTO_EX_DATA*, void** key, int, long, void*) {
  return *key == nullptr ? 1 : EVP_PKEY_up_ref(static_cast<EVP_PKEY*>(*key));
}

int keyIndex() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, holdKey, releaseKey);
  return index;
}

int sign(int, const unsigned char* digest, int digestSize, unsigned char* signature, unsigned* signatureSize, const BIGNUM*,
         const BIGNUM*, EC_KEY* standIn) {
  auto* key = static_cast<EVP_PKEY*>(EC_KEY_get_ex_data(standIn, keyIndex()));
  const KeyContext context{EVP_PKEY_CTX_new_from_pkey(world(), key, kOnlyTpm)};
  std::size_t size = static_cast<std::size_t>(ECDSA_size(standIn));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1) return 0;
  // The TPM is told the digest by its size alone.
  const EVP_MD* kind = digestSize == 48 ? EVP_sha384() : digestSize == 64 ? EVP_sha512() : EVP_sha256();
  if (EVP_PKEY_CTX_set_signature_md(context.get(), kind) != 1) return 0;
  if (EVP_PKEY_sign(context.get(), signature, &size, digest, static_cast<std::size_t>(digestSize)) != 1) return 0;
  *signatureSize = static_cast<unsigned>(size);
  return 1;
}

const EC_KEY_METHOD& method() {
  static EC_KEY_METHOD* const made = [] {
    EC_KEY_METHOD* all = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    EC_KEY_METHOD_set_sign(all, sign, nullptr, nullptr);
    return all;
  }();
  return *made;
}

// TLS would take the TPM's key apart: OpenSSL first tries its own ECDSA, to which the TPM gives the public half, and that can not
// sign. So TLS gets a key of the ordinary kind, without a private half, whose signatures come from the TPM; all else is computed
// here. Null when it is no elliptic curve's.
Key standIn(Key key) {
  std::array<char, 64> group{};
  std::array<unsigned char, 256> point{};
  std::size_t size = 0;
  const bool known =
      EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) == 1 &&
      EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) == 1;
  if (!known) return nullptr;
  CurveKey curve{EC_KEY_new_by_curve_name(OBJ_txt2nid(group.data()))};
  if (!curve || EC_KEY_oct2key(curve.get(), point.data(), size, nullptr) != 1) return nullptr;
  if (EC_KEY_set_method(curve.get(), &method()) != 1 || EC_KEY_set_ex_data(curve.get(), keyIndex(), key.get()) != 1) return nullptr;
  [[maybe_unused]] EVP_PKEY* held = key.release();
  Key made{EVP_PKEY_new()};
  if (EVP_PKEY_assign_EC_KEY(made.get(), curve.get()) != 1) return nullptr;
  [[maybe_unused]] EC_KEY* owned = curve.release();
  return made;
}

}  // namespace

base::Explained<Key> tpmKey(const KeyName& name, const std::string& pin) {
  std::string problem = open();
  if (!problem.empty()) return base::failed<Key>(std::move(problem));
  PinQuestion question{.pin = pin};
  const std::string uri = pin.empty() ? name.address : name.address + "?pass";
  ERR_clear_error();
  const StoreReader reader{
      OSSL_STORE_open_ex(uri.c_str(), world(), kOnlyTpm, &pinMethod(), &question, nullptr, nullptr, nullptr)};
  Key key = reader ? firstKey(*reader) : nullptr;
  if (!key) {
    return base::failed<Key>("the TPM has no key at " + name.address + " that can be used (" + takeDetail() +
                             "); see what there is with `tpm2_getcap handles-persistent`, and make one persistent with"
                             " `tpm2_evictcontrol` (package tpm2-tools)");
  }
  key = standIn(std::move(key));
  ERR_clear_error();
  if (key) return key;
  return base::failed<Key>("the key of the TPM at " + name.address +
                           " is not one of an elliptic curve; make one with `tpm2_create -G ecc256` (package tpm2-tools)");
}

}  // namespace spheregate::tls
