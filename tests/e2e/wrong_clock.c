/* Preloaded into a program, sets its calendar back by WRONG_CLOCK_SECONDS. The monotonic clock stays right. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int real_gettime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
  return real(clock, now);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = real_gettime(clock, now);
  const char* seconds = getenv("WRONG_CLOCK_SECONDS");
  if (result == 0 && clock == CLOCK_REALTIME && seconds) now->tv_sec -= atol(seconds);
  return result;
}
