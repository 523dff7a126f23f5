#include "server_certificate.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <openssl/pem.h>

#include <string>

#include "unit/tls/certificates.hpp"

namespace spheregate::tls {
namespace {

using test::Identity;
using test::make;

class ServerCertificateTest : public ::testing::Test {
 protected:
  std::string errorOf(const std::filesystem::path& certificate, const std::filesystem::path& key) {
    const auto read = readServerCertificate(certificate, key);
    return read ? std::string{} : read.error();
  }
  void expectError(const std::vector<const Identity*>& certificates, const Identity& key,
                   std::initializer_list<const char*> parts) {
    const std::string error = errorOf(directory.write("chain.pem", certificates), directory.writeKey("some.key", key));
    for (const char* part : parts) EXPECT_NE(error.find(part), std::string::npos) << part << " in " << error;
  }

  test::Directory directory;
  Identity root = make({.commonNames = {"Root"}, .subjectAltName = {}, .ca = true});
  Identity issuing = make({.commonNames = {"Issuing"}, .subjectAltName = {}, .ca = true}, &root);
  Identity leaf = make({.commonNames = {"gateway"}, .subjectAltName = "DNS:gateway"}, &issuing);
  Identity stranger = make({.commonNames = {"stranger"}, .subjectAltName = {}});
};

TEST_F(ServerCertificateTest, bringsIssuersIntoOrder) {
  const auto read =
      readServerCertificate(directory.write("chain.pem", {&leaf, &root, &issuing}), directory.writeKey("leaf.key", leaf));
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->chain.size(), 3u);
  const Identity* expected[] = {&leaf, &issuing, &root};
  for (std::size_t index = 0; index < 3; ++index) {
    EXPECT_EQ(X509_cmp(read->chain[index].get(), expected[index]->certificate.get()), 0) << index;
  }
}

TEST_F(ServerCertificateTest, saysThatTheKeyIsAnother) {
  expectError({&leaf, &issuing}, stranger, {"some.key does not belong to the certificate", "chain.pem", "give the key"});
}

TEST_F(ServerCertificateTest, saysThatTheLeafIsNotFirst) {
  expectError({&issuing, &leaf}, leaf, {"some.key belongs to certificate 2", "chain.pem", "`CN=gateway`", "put that one first"});
}

TEST_F(ServerCertificateTest, saysThatACertificateHasNothingToDoWithTheOthers) {
  expectError({&leaf, &issuing, &stranger}, leaf, {"chain.pem", "`CN=stranger` did not issue `CN=Issuing`", "keep only"});
}

TEST_F(ServerCertificateTest, saysWhatIsWrongWithTheFiles) {
  const auto good = directory.write("good.pem", {&leaf});
  const auto key = directory.writeKey("good.key", leaf);
  const auto empty = directory.writeText("empty.pem", "nothing here\n");
  EXPECT_EQ(errorOf(good, key), "");
  EXPECT_NE(errorOf(directory.path("none.pem"), key).find("none.pem: No such file or directory"), std::string::npos);
  EXPECT_NE(errorOf(good, directory.path("none.key")).find("none.key: No such file or directory"), std::string::npos);
  EXPECT_NE(errorOf(empty, key).find("empty.pem holds no certificate"), std::string::npos);
  EXPECT_NE(errorOf(good, empty).find("empty.pem holds no private key"), std::string::npos);
  const auto pipe = directory.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(errorOf(pipe, key).find("pipe is a pipe, a device or a socket"), std::string::npos);
  EXPECT_NE(errorOf(good, pipe).find("pipe is a pipe, a device or a socket"), std::string::npos);
  const auto damaged = directory.writeText("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_NE(errorOf(damaged, key).find("certificate 1 in"), std::string::npos);
}

TEST_F(ServerCertificateTest, neverAsksForAPassword) {
  const auto path = directory.path("locked.key");
  const x509::BioHandle file{BIO_new_file(path.c_str(), "w")};
  PEM_write_bio_PrivateKey(file.get(), leaf.key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr, const_cast<char*>("secret"));
  BIO_flush(file.get());
  EXPECT_NE(errorOf(directory.write("good.pem", {&leaf}), path).find("not encrypted"), std::string::npos);
}

}  // namespace
}  // namespace spheregate::tls
