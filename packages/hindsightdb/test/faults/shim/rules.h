/* The rules of the control file: their layout, and whether one of them strikes a call. */
#pragma once

#include "process.h"

/* One page, shared with the test through mmap. Keep in step with fault-control.ts. */

#define CONTROL_MAGIC 0x31544c46u /* "FLT1" */
#define RULE_COUNT 24

enum call { CALL_WRITE = 1, CALL_READ = 2, CALL_SYNC = 4, CALL_TRUNCATE = 8, CALL_OPEN = 16, CALL_UNLINK = 32, CALL_RENAME = 64 };

enum action {
  ACTION_ERROR = 1,       /* fail with the rule's errno, doing nothing */
  ACTION_NO_SPACE = 2,    /* ENOSPC once the files have grown by `skip` bytes; what still fits is written */
  ACTION_DELAY = 3,       /* wait `amount` milliseconds, then go on */
  ACTION_KILL_BEFORE = 4, /* SIGKILL to ourselves instead of the call; a write leaves its first `amount` bytes */
  ACTION_KILL_AFTER = 5,  /* SIGKILL to ourselves right after the call succeeded */
  ACTION_STOP = 6,        /* SIGSTOP to ourselves before the call; it goes on after SIGCONT */
  ACTION_LIE = 7,         /* a sync reports success without syncing */
  ACTION_SHORT = 8        /* a write or read stops after `amount` bytes and says so */
};

struct rule {
  uint32_t armed;
  uint32_t calls;
  uint32_t action;
  uint32_t error;
  uint64_t skip;   /* matching calls (or bytes of growth) that pass first */
  uint64_t times;  /* how many calls are struck; 0 for all that follow */
  uint64_t amount; /* bytes or milliseconds, as the action says */
  uint64_t seen;   /* counted by the shim: matching calls, or bytes of growth */
  uint64_t struck; /* counted by the shim */
  char path_ends[104];
};

struct control {
  uint32_t magic;
  uint32_t rule_size;
  char reserved[56];
  struct rule rules[RULE_COUNT];
};
_Static_assert(sizeof(struct rule) == 160 && sizeof(struct control) <= 4096, "the control file is one page");

static struct control *control;

static void open_control(const char *path) {
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (descriptor < 0) fail_loudly("cannot open the control file");
  void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (page == MAP_FAILED) fail_loudly("cannot map the control file");
  syscall(SYS_close, descriptor);
  control = page;
  if (control->magic != CONTROL_MAGIC || control->rule_size != sizeof(struct rule)) fail_loudly("the control file has another layout");
}

/*
 * Counts the call against every rule that matches it and returns the first rule that strikes it, after serving the
 * delays and stops on the way. Rules about space count bytes instead and are asked by room_for().
 */
static const struct rule *strike(enum call call, const char *path) {
  if (control == NULL) return NULL;
  const struct rule *striking = NULL;
  for (int index = 0; index < RULE_COUNT; index++) {
    struct rule *rule = &control->rules[index];
    if (!__atomic_load_n(&rule->armed, __ATOMIC_ACQUIRE) || !(rule->calls & call) || !ends_with(path, rule->path_ends)) continue;
    if (rule->action == ACTION_NO_SPACE) continue;
    uint64_t number = __atomic_fetch_add(&rule->seen, 1, __ATOMIC_RELAXED);
    if (number < rule->skip || (rule->times != 0 && number >= rule->skip + rule->times)) continue;
    __atomic_fetch_add(&rule->struck, 1, __ATOMIC_RELAXED);
    if (rule->action == ACTION_DELAY) {
      struct timespec wait = {(time_t)(rule->amount / 1000), (long)(rule->amount % 1000) * 1000000L};
      while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {}
    } else if (rule->action == ACTION_STOP) {
      kill(getpid(), SIGSTOP);
    } else if (striking == NULL) {
      striking = rule;
    }
  }
  return striking;
}

/* How many of the bytes fit, when a rule limits the growth of files: overwriting needs no space, growing does. */
static size_t room_for(const char *path, int descriptor, uint64_t offset, size_t bytes) {
  if (control == NULL) return bytes;
  for (int index = 0; index < RULE_COUNT; index++) {
    struct rule *rule = &control->rules[index];
    if (!__atomic_load_n(&rule->armed, __ATOMIC_ACQUIRE) || rule->action != ACTION_NO_SPACE || !ends_with(path, rule->path_ends)) continue;
    struct stat status;
    if (fstat(descriptor, &status) != 0) continue;
    uint64_t end = offset + bytes, size = (uint64_t)status.st_size;
    uint64_t growth = end > size ? end - size : 0;
    if (growth == 0) continue;
    if (growth > bytes) growth = bytes;
    uint64_t used = __atomic_fetch_add(&rule->seen, growth, __ATOMIC_RELAXED);
    if (used + growth <= rule->skip) continue;
    uint64_t room = rule->skip > used ? rule->skip - used : 0;
    __atomic_fetch_sub(&rule->seen, growth - room, __ATOMIC_RELAXED);
    __atomic_fetch_add(&rule->struck, 1, __ATOMIC_RELAXED);
    return bytes - (size_t)(growth - room);
  }
  return bytes;
}
