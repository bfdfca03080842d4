/* What all parts of the shim need of the process: its system calls, ending it, and the ends of paths. */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8 && sizeof(off_t) == 8, "the shim passes offsets as one 64-bit argument");

static void fail_loudly(const char *what) {
  dprintf(2, "fault-shim: %s (errno %d)\n", what, errno);
  _exit(99);
}

static void kill_ourselves(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int ends_with(const char *text, const char *end) {
  size_t text_length = strlen(text), end_length = strlen(end);
  return end_length <= text_length && memcmp(text + text_length - end_length, end, end_length) == 0;
}
