/* Preloaded into a program, lets it wait before it opens a file beside which there is one with `.hold` at the end of its name. One with
 * `.reached` says that it waits. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

static void wait_at(const char* name) {
  char hold[4096], reached[4096];
  snprintf(hold, sizeof hold, "%s.hold", name);
  if (access(hold, F_OK) != 0) return;
  snprintf(reached, sizeof reached, "%s.reached", name);
  FILE* (*open_file)(const char*, const char*);
  *(void**)&open_file = dlsym(RTLD_NEXT, "fopen64");
  FILE* file = open_file(reached, "w");
  if (file) fclose(file);
  while (access(hold, F_OK) == 0) usleep(1000);
}

FILE* fopen64(const char* name, const char* mode) {
  FILE* (*real)(const char*, const char*);
  *(void**)&real = dlsym(RTLD_NEXT, "fopen64");
  wait_at(name);
  return real(name, mode);
}
