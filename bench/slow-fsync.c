/* A disk whose sync takes OPENWARD_FSYNC_MS longer: preloaded before a process that is to feel it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_ms(void) {
  const char *text = getenv("OPENWARD_FSYNC_MS");
  double ms = text ? atof(text) : 5.0;
  struct timespec pause = {(time_t)(ms / 1000), (long)(ms * 1e6) % 1000000000L};
  nanosleep(&pause, 0);
}

int fsync(int file) {
  static int (*next)(int);
  if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_ms();
  return next(file);
}

int fdatasync(int file) {
  static int (*next)(int);
  if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_ms();
  return next(file);
}
