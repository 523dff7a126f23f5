/* Preloaded into a program, gives it names that no name server has (MADE_UP_HOSTS: `name=address,name=address`) and a clock that the kernel
   calls synchronised (MADE_UP_SYNC). What else it asks goes to the machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

static const char* made_up_address(const char* name, char* address, size_t size) {
  const char* entry = getenv("MADE_UP_HOSTS");
  const size_t length = strlen(name);
  while (entry && *entry) {
    const char* end = strchrnul(entry, ',');
    if (strncmp(entry, name, length) == 0 && entry[length] == '=') {
      snprintf(address, size, "%.*s", (int)(end - entry - (long)length - 1), entry + length + 1);
      return address;
    }
    entry = *end ? end + 1 : end;
  }
  return NULL;
}

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  static int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**);
  char address[64];
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  const char* instead = node ? made_up_address(node, address, sizeof address) : NULL;
  return real(instead ? instead : node, service, hints, found);
}

int adjtimex(struct timex* state) {
  static int (*real)(struct timex*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "adjtimex");
  if (!getenv("MADE_UP_SYNC")) return real(state);
  memset(state, 0, sizeof *state);
  return TIME_OK;
}
