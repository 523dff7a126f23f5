/* Preloaded into a program, lets it wait before it opens or syncs a file beside which there is one with `.hold` at the end of its name. One
 * with `.reached` says that it waits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static FILE* open_really(const char* name, const char* mode) {
  FILE* (*real)(const char*, const char*);
  *(void**)&real = dlsym(RTLD_NEXT, "fopen64");
  return real(name, mode);
}

static void wait_at(const char* name) {
  char hold[4096], reached[4096];
  snprintf(hold, sizeof hold, "%s.hold", name);
  if (access(hold, F_OK) != 0) return;
  snprintf(reached, sizeof reached, "%s.reached", name);
  FILE* file = open_really(reached, "w");
  if (file) fclose(file);
  while (access(hold, F_OK) == 0) usleep(1000);
}

static void wait_at_descriptor(int descriptor) {
  char link[64], name[2048];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, name, sizeof name - 1);
  if (size <= 0) return;
  name[size] = '\0';
  wait_at(name);
}

FILE* fopen64(const char* name, const char* mode) {
  wait_at(name);
  return open_really(name, mode);
}

int fdatasync(int descriptor) {
  int (*real)(int);
  *(void**)&real = dlsym(RTLD_NEXT, "fdatasync");
  wait_at_descriptor(descriptor);
  return real(descriptor);
}
