/* A device on wolfSSL, the TLS library of the Azure Sphere OS: TLS 1.2 only, no SNI, leaf certificate alone. Publishes QoS 1
 * messages with a property bag and waits for every PUBACK. Prints "acknowledged N"; exit code 0 only when all are. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { windowMax = 20, packetBytesMax = 1024, waitSeconds = 20 };

static void fail(const char* what, int code) {
  char text[WOLFSSL_MAX_ERROR_SZ] = "";
  if (code != 0) wolfSSL_ERR_error_string((unsigned long)code, text);
  fprintf(stderr, "wolfssl_client: %s %d %s\n", what, code, text);
  exit(1);
}

static int connectTo(const char* address, int port) {
  struct sockaddr_in where;
  memset(&where, 0, sizeof where);
  where.sin_family = AF_INET;
  where.sin_port = htons((unsigned short)port);
  if (inet_pton(AF_INET, address, &where.sin_addr) != 1) fail("no IPv4 address:", 0);
  const int handle = socket(AF_INET, SOCK_STREAM, 0);
  const struct timeval limit = {waitSeconds, 0};
  setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (handle < 0 || connect(handle, (const struct sockaddr*)&where, sizeof where) != 0) fail("cannot connect", 0);
  return handle;
}

static void sendAll(WOLFSSL* ssl, const unsigned char* data, int size) {
  const int sent = wolfSSL_write(ssl, data, size);
  if (sent != size) fail("write", wolfSSL_get_error(ssl, sent));
}

static void readExactly(WOLFSSL* ssl, unsigned char* into, int size) {
  for (int have = 0; have < size;) {
    const int got = wolfSSL_read(ssl, into + have, size - have);
    if (got <= 0) fail("read", wolfSSL_get_error(ssl, got));
    have += got;
  }
}

static int addText(unsigned char* out, const char* text) {
  const size_t size = strlen(text);
  out[0] = (unsigned char)(size >> 8);
  out[1] = (unsigned char)(size & 0xff);
  memcpy(out + 2, text, size);
  return (int)size + 2;
}

/* The fixed header in front of `bodySize` bytes; every packet here takes one or two bytes of remaining length. */
static void sendPacket(WOLFSSL* ssl, unsigned char first, const unsigned char* body, int bodySize) {
  unsigned char packet[packetBytesMax + 3];
  int at = 0;
  packet[at++] = first;
  if (bodySize > 127) {
    packet[at++] = (unsigned char)((bodySize & 0x7f) | 0x80);
    packet[at++] = (unsigned char)(bodySize >> 7);
  } else {
    packet[at++] = (unsigned char)bodySize;
  }
  memcpy(packet + at, body, (size_t)bodySize);
  sendAll(ssl, packet, at + bodySize);
}

static void sayHello(WOLFSSL* ssl, const char* deviceId) {
  static const unsigned char start[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0x82, 0, 60};
  unsigned char body[packetBytesMax];
  char username[512];
  memcpy(body, start, sizeof start);
  int size = (int)sizeof start;
  size += addText(body + size, deviceId);
  snprintf(username, sizeof username, "gateway.plant.example/%s/?api-version=2020-09-30&model-id=dtmi:e2e:sphere;1", deviceId);
  size += addText(body + size, username);
  sendPacket(ssl, 0x10, body, size);

  unsigned char answer[4];
  readExactly(ssl, answer, 4);
  if (answer[0] != 0x20 || answer[3] != 0) fail("CONNACK", answer[3]);
}

static void publish(WOLFSSL* ssl, const char* deviceId, int number) {
  unsigned char body[packetBytesMax];
  char text[400];
  snprintf(text, sizeof text, "devices/%s/messages/events/n=%d&%%24.ct=application%%2Fjson", deviceId, number);
  int size = addText(body, text);
  body[size++] = (unsigned char)(number >> 8);
  body[size++] = (unsigned char)(number & 0xff);
  size += snprintf((char*)body + size, sizeof body - (size_t)size, "{\"number\":%d}", number);
  sendPacket(ssl, 0x32, body, size);
}

static void awaitPuback(WOLFSSL* ssl, int number) {
  unsigned char answer[4];
  readExactly(ssl, answer, 4);
  if (answer[0] != 0x40 || answer[1] != 2 || (answer[2] << 8 | answer[3]) != number) fail("PUBACK", number);
}

int main(int argc, char** argv) {
  if (argc != 8 && argc != 9) {
    fprintf(stderr, "usage: wolfssl_client ADDRESS PORT CA CERTIFICATE KEY DEVICE_ID COUNT [NAME]\n");
    return 2;
  }
  const char* deviceId = argv[6];
  const int count = atoi(argv[7]);
  wolfSSL_Init();
  WOLFSSL_CTX* context = wolfSSL_CTX_new(wolfTLSv1_2_client_method());
  // Debian's build does not do so by itself.
  wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, NULL);
  int code = wolfSSL_CTX_load_verify_locations(context, argv[3], NULL);
  if (code != WOLFSSL_SUCCESS) fail("CA", code);
  code = wolfSSL_CTX_use_certificate_file(context, argv[4], WOLFSSL_FILETYPE_PEM);
  if (code != WOLFSSL_SUCCESS) fail("certificate", code);
  code = wolfSSL_CTX_use_PrivateKey_file(context, argv[5], WOLFSSL_FILETYPE_PEM);
  if (code != WOLFSSL_SUCCESS) fail("key", code);

  WOLFSSL* ssl = wolfSSL_new(context);
  wolfSSL_check_domain_name(ssl, argc == 9 ? argv[8] : "gateway.plant.example");
  const int handle = connectTo(argv[1], atoi(argv[2]));
  wolfSSL_set_fd(ssl, handle);
  code = wolfSSL_connect(ssl);
  if (code != WOLFSSL_SUCCESS) fail("handshake", wolfSSL_get_error(ssl, code));
  printf("%s %s\n", wolfSSL_get_version(ssl), wolfSSL_get_cipher(ssl));

  sayHello(ssl, deviceId);
  int acknowledged = 0;
  for (int sent = 0; acknowledged < count;) {
    while (sent < count && sent - acknowledged < windowMax) publish(ssl, deviceId, ++sent);
    awaitPuback(ssl, ++acknowledged);
  }
  static const unsigned char goodbye[] = {0xe0, 0};
  sendAll(ssl, goodbye, 2);
  printf("acknowledged %d\n", acknowledged);
  wolfSSL_shutdown(ssl);
  wolfSSL_free(ssl);
  wolfSSL_CTX_free(context);
  wolfSSL_Cleanup();
  close(handle);
  return 0;
}
