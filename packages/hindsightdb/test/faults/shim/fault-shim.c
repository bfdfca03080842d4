/*
 * fault-shim: a preloaded library that records and breaks what a process does to its files.
 *
 * It stands between a program (Node with its statically linked SQLite and libuv) and the C library. Only files
 * below one folder are touched; everything else passes straight through. It does two things:
 *
 *   - it records every change of a file (bytes and offset), every sync with its beginning and its end, every
 *     creation, renaming and removal, in the order in which they happened, so that a test can rebuild what a
 *     power cut would have left behind (see disk-model.ts);
 *   - it lets calls fail, pause, lie or kill the process, as rules in a shared control file say. A test changes
 *     the rules while the process runs and reads there how often each one struck.
 *
 * Environment:
 *   FAULT_PREFIX   the folder whose files are touched, as a real path ending in '/'
 *   FAULT_CONTROL  the control file (layout below, written by fault-control.ts); optional
 *   FAULT_RECORD   the file that the record is appended to; optional
 *
 * The order of the record. A change and its entry are made under one lock, so within a process the record has
 * exactly the order of the disk. Across processes each entry is one append, made after the change itself: what one
 * process can know of another one's change (through a lock, a message) comes later in the record. A sync is
 * entered twice, before and after, and covers the changes entered before its beginning.
 *
 * What it does not see: writes through mmap (SQLite makes none but to its -shm file, which no recovery trusts) and
 * copies inside the kernel (copy_file_range, sendfile). A test compares the folder with the record at its end.
 */
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

/* ---- The control file: one page, shared with the test through mmap. Keep in step with fault-control.ts. ---- */

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

/* ---- The record. Keep in step with fault-record.ts. ---- */

#define RECORD_MAGIC 0x31524c46u /* "FLR1" */

enum kind {
  KIND_CREATE = 1, KIND_OPEN = 2, KIND_WRITE = 3, KIND_TRUNCATE = 4, KIND_SYNC_BEGIN = 5, KIND_SYNC_END = 6,
  KIND_SYNC_FAILED = 7, KIND_RENAME = 8, KIND_UNLINK = 9, KIND_MARK = 10
};

struct entry {
  uint32_t magic;
  uint32_t kind;
  uint32_t process;
  uint32_t flags; /* of OPEN: 1 for a directory */
  uint64_t inode;
  uint64_t offset; /* of a write; the token that joins a sync's beginning and end */
  uint64_t size;   /* of a truncation */
  uint32_t path_bytes;
  uint32_t data_bytes;
};
_Static_assert(sizeof(struct entry) == 48, "entries begin with 48 bytes");

/* A line written to a file of this name is an entry of its own kind: what the process has told the world so far. */
#define MARKS_SUFFIX ".marks"

/* ---- State ---- */

struct tracked {
  const char *path;
  uint64_t inode;
  int directory;
  int marks;
};

#define DESCRIPTOR_COUNT 65536
static struct tracked *descriptors[DESCRIPTOR_COUNT];
static char prefix[PATH_MAX];
static size_t prefix_length;
static struct control *control;
static int record_descriptor = -1;
static uint64_t sync_token;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void fail_loudly(const char *what) {
  dprintf(2, "fault-shim: %s (errno %d)\n", what, errno);
  _exit(99);
}

__attribute__((constructor)) static void start(void) {
  const char *wanted = getenv("FAULT_PREFIX");
  if (wanted == NULL || wanted[0] != '/') return;
  snprintf(prefix, sizeof prefix, "%s", wanted);
  prefix_length = strlen(prefix);
  const char *control_path = getenv("FAULT_CONTROL");
  if (control_path != NULL) {
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, control_path, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) fail_loudly("cannot open the control file");
    void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (page == MAP_FAILED) fail_loudly("cannot map the control file");
    syscall(SYS_close, descriptor);
    control = page;
    if (control->magic != CONTROL_MAGIC || control->rule_size != sizeof(struct rule)) fail_loudly("the control file has another layout");
  }
  const char *record_path = getenv("FAULT_RECORD");
  if (record_path != NULL) {
    record_descriptor = (int)syscall(SYS_openat, AT_FDCWD, record_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (record_descriptor < 0) fail_loudly("cannot open the record");
  }
}

/* ---- Recording. Callers hold the lock, except for the two ends of a sync, whose single append needs none. ---- */

static void record(struct entry entry, const char *path, size_t path_bytes, const void *data, size_t data_bytes) {
  if (record_descriptor < 0) return;
  int saved = errno;
  entry.magic = RECORD_MAGIC;
  entry.process = (uint32_t)getpid();
  entry.path_bytes = (uint32_t)path_bytes;
  entry.data_bytes = (uint32_t)data_bytes;
  struct iovec parts[3] = {{&entry, sizeof entry}, {(void *)path, path_bytes}, {(void *)data, data_bytes}};
  long written = syscall(SYS_writev, record_descriptor, parts, 3);
  if (written != (long)(sizeof entry + path_bytes + data_bytes)) fail_loudly("an entry of the record was not written whole");
  errno = saved;
}

static void record_change(enum kind kind, const struct tracked *file, uint64_t offset, uint64_t size, const void *data, size_t bytes) {
  struct entry entry = {.kind = kind, .inode = file->inode, .offset = offset, .size = size};
  record(entry, file->path, strlen(file->path), data, bytes);
}

/* ---- Rules ---- */

static int ends_with(const char *text, const char *end) {
  size_t text_length = strlen(text), end_length = strlen(end);
  return end_length <= text_length && memcmp(text + text_length - end_length, end, end_length) == 0;
}

static void kill_ourselves(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
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

/* ---- Which files are ours ---- */

static int is_ours(const char *path) {
  return prefix_length > 0 && strncmp(path, prefix, prefix_length) == 0;
}

/* The folder itself is ours as well, for its own syncs. */
static int is_our_folder(const char *path) {
  return prefix_length > 0 && strlen(path) + 1 == prefix_length && strncmp(path, prefix, prefix_length - 1) == 0;
}

static struct tracked *tracked(int descriptor) {
  if (descriptor < 0 || descriptor >= DESCRIPTOR_COUNT) return NULL;
  return __atomic_load_n(&descriptors[descriptor], __ATOMIC_ACQUIRE);
}

/* A path as given to a call that names a file, made absolute by the working directory or the folder's descriptor. */
static const char *absolute(int folder, const char *path, char *buffer) {
  if (path[0] == '/') return path;
  char base[PATH_MAX];
  if (folder == AT_FDCWD) {
    if (getcwd(base, sizeof base) == NULL) return path;
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return path;
    base[length] = 0;
  }
  if (snprintf(buffer, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) fail_loudly("a path is too long");
  return buffer;
}

/* ---- Opening and closing ---- */

static void track(int descriptor, const char *path, int created, int truncated) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
  if (descriptor >= DESCRIPTOR_COUNT) fail_loudly("a descriptor is too large to be tracked");
  struct tracked *file = malloc(sizeof *file);
  file->path = strdup(path);
  file->inode = (uint64_t)status.st_ino;
  file->directory = S_ISDIR(status.st_mode);
  file->marks = ends_with(path, MARKS_SUFFIX);
  /* Neither is ever freed: another thread may be using it while this one closes the descriptor. */
  __atomic_store_n(&descriptors[descriptor], file, __ATOMIC_RELEASE);
  if (file->marks) return;
  struct entry entry = {.kind = created ? KIND_CREATE : KIND_OPEN, .inode = file->inode, .flags = file->directory ? 1 : 0};
  record(entry, file->path, strlen(file->path), NULL, 0);
  if (truncated && !created) record_change(KIND_TRUNCATE, file, 0, 0, NULL, 0);
}

static int open_tracked(int folder, const char *given, int flags, mode_t mode) {
  char buffer[PATH_MAX];
  const char *path = prefix_length > 0 ? absolute(folder, given, buffer) : given;
  if (!is_ours(path) && !is_our_folder(path)) return (int)syscall(SYS_openat, folder, given, flags, mode);
  const struct rule *rule = ends_with(path, MARKS_SUFFIX) ? NULL : strike(CALL_OPEN, path);
  if (rule != NULL && rule->action == ACTION_ERROR) {
    errno = (int)rule->error;
    return -1;
  }
  if (rule != NULL && rule->action == ACTION_KILL_BEFORE) kill_ourselves();
  pthread_mutex_lock(&lock);
  struct stat before;
  int existed = !(flags & O_CREAT) || fstatat(AT_FDCWD, path, &before, 0) == 0;
  int descriptor = (int)syscall(SYS_openat, folder, given, flags, mode);
  if (descriptor >= 0) track(descriptor, path, !existed, (flags & O_TRUNC) != 0);
  pthread_mutex_unlock(&lock);
  if (descriptor >= 0 && rule != NULL && rule->action == ACTION_KILL_AFTER) kill_ourselves();
  return descriptor;
}

#define MODE_OF_VARIADIC(flags)                    \
  mode_t mode = 0;                                 \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {         \
    va_list rest;                                  \
    va_start(rest, flags);                         \
    mode = (mode_t)va_arg(rest, int);              \
    va_end(rest);                                  \
  }

int open(const char *path, int flags, ...) { MODE_OF_VARIADIC(flags) return open_tracked(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF_VARIADIC(flags) return open_tracked(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE_OF_VARIADIC(flags) return open_tracked(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE_OF_VARIADIC(flags) return open_tracked(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_tracked(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int descriptor) {
  if (tracked(descriptor) != NULL) __atomic_store_n(&descriptors[descriptor], NULL, __ATOMIC_RELEASE);
  return (int)syscall(SYS_close, descriptor);
}

/* ---- Writing and reading ---- */

/* Writes under the lock, so that the record has the disk's order. An offset of -1 stands for the file's own place. */
static ssize_t write_now(struct tracked *file, int descriptor, const void *data, size_t bytes, off_t offset) {
  pthread_mutex_lock(&lock);
  off_t place = offset;
  if (offset < 0) {
    struct stat status;
    int appending = (int)syscall(SYS_fcntl, descriptor, F_GETFL) & O_APPEND;
    place = appending && fstat(descriptor, &status) == 0 ? status.st_size : (off_t)syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
  }
  size_t room = file->marks ? bytes : room_for(file->path, descriptor, (uint64_t)place, bytes);
  ssize_t written;
  if (room == 0 && bytes > 0) {
    errno = ENOSPC;
    written = -1;
  } else {
    written = offset < 0 ? syscall(SYS_write, descriptor, data, room) : syscall(SYS_pwrite64, descriptor, data, room, offset);
  }
  if (written > 0) {
    if (file->marks) {
      struct entry entry = {.kind = KIND_MARK};
      record(entry, file->path, strlen(file->path), data, (size_t)written);
    } else {
      record_change(KIND_WRITE, file, (uint64_t)place, 0, data, (size_t)written);
    }
  }
  pthread_mutex_unlock(&lock);
  return written;
}

static ssize_t write_tracked(struct tracked *file, int descriptor, const void *data, size_t bytes, off_t offset) {
  const struct rule *rule = file->marks ? NULL : strike(CALL_WRITE, file->path);
  if (rule == NULL) return write_now(file, descriptor, data, bytes, offset);
  size_t part = rule->amount < bytes ? (size_t)rule->amount : bytes;
  switch (rule->action) {
    case ACTION_ERROR:
      errno = (int)rule->error;
      return -1;
    case ACTION_KILL_BEFORE:
      if (part > 0) write_now(file, descriptor, data, part, offset);
      kill_ourselves();
      return -1;
    case ACTION_KILL_AFTER:
      write_now(file, descriptor, data, bytes, offset);
      kill_ourselves();
      return -1;
    case ACTION_SHORT:
      return write_now(file, descriptor, data, part, offset);
    default:
      return write_now(file, descriptor, data, bytes, offset);
  }
}

ssize_t write(int descriptor, const void *data, size_t bytes) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_write, descriptor, data, bytes) : write_tracked(file, descriptor, data, bytes, -1);
}

ssize_t pwrite64(int descriptor, const void *data, size_t bytes, off_t offset) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_pwrite64, descriptor, data, bytes, offset) : write_tracked(file, descriptor, data, bytes, offset);
}
ssize_t pwrite(int descriptor, const void *data, size_t bytes, off_t offset) { return pwrite64(descriptor, data, bytes, offset); }

/* Gathered writes are joined first: to the record and to the rules they are one write, as they are to the kernel. */
static ssize_t write_parts(struct tracked *file, int descriptor, const struct iovec *parts, int count, off_t offset) {
  size_t bytes = 0;
  for (int index = 0; index < count; index++) bytes += parts[index].iov_len;
  char *joined = malloc(bytes + 1);
  size_t filled = 0;
  for (int index = 0; index < count; index++) {
    memcpy(joined + filled, parts[index].iov_base, parts[index].iov_len);
    filled += parts[index].iov_len;
  }
  ssize_t written = write_tracked(file, descriptor, joined, bytes, offset);
  int saved = errno;
  free(joined);
  errno = saved;
  return written;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_writev, descriptor, parts, count) : write_parts(file, descriptor, parts, count, -1);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_pwritev, descriptor, parts, count, offset, 0L) : write_parts(file, descriptor, parts, count, offset);
}
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) { return pwritev64(descriptor, parts, count, offset); }

static ssize_t read_tracked(struct tracked *file, int descriptor, void *data, size_t bytes, off_t offset) {
  const struct rule *rule = strike(CALL_READ, file->path);
  size_t wanted = bytes;
  if (rule != NULL && rule->action == ACTION_ERROR) {
    errno = (int)rule->error;
    return -1;
  }
  if (rule != NULL && rule->action == ACTION_KILL_BEFORE) kill_ourselves();
  if (rule != NULL && rule->action == ACTION_SHORT && rule->amount < bytes) wanted = (size_t)rule->amount;
  return offset < 0 ? syscall(SYS_read, descriptor, data, wanted) : syscall(SYS_pread64, descriptor, data, wanted, offset);
}

ssize_t read(int descriptor, void *data, size_t bytes) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_read, descriptor, data, bytes) : read_tracked(file, descriptor, data, bytes, -1);
}

ssize_t pread64(int descriptor, void *data, size_t bytes, off_t offset) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? syscall(SYS_pread64, descriptor, data, bytes, offset) : read_tracked(file, descriptor, data, bytes, offset);
}
ssize_t pread(int descriptor, void *data, size_t bytes, off_t offset) { return pread64(descriptor, data, bytes, offset); }

/* ---- Truncating and syncing ---- */

/* Answers whether the call is to go on; when it is not, errno is set. */
static int allowed(const struct rule *rule) {
  if (rule == NULL) return 1;
  if (rule->action == ACTION_KILL_BEFORE) kill_ourselves();
  if (rule->action != ACTION_ERROR) return 1;
  errno = (int)rule->error;
  return 0;
}

int ftruncate64(int descriptor, off_t size) {
  struct tracked *file = tracked(descriptor);
  if (file == NULL) return (int)syscall(SYS_ftruncate, descriptor, size);
  const struct rule *rule = strike(CALL_TRUNCATE, file->path);
  if (!allowed(rule)) return -1;
  pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_ftruncate, descriptor, size);
  if (result == 0) record_change(KIND_TRUNCATE, file, 0, (uint64_t)size, NULL, 0);
  pthread_mutex_unlock(&lock);
  if (result == 0 && rule != NULL && rule->action == ACTION_KILL_AFTER) kill_ourselves();
  return result;
}
int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

/* Truncation by path is that of a descriptor opened for it. */
int truncate64(const char *path, off_t size) {
  char buffer[PATH_MAX];
  if (!is_ours(absolute(AT_FDCWD, path, buffer))) return (int)syscall(SYS_truncate, path, size);
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  int result = ftruncate64(descriptor, size);
  int saved = errno;
  close(descriptor);
  errno = saved;
  return result;
}
int truncate(const char *path, off_t size) { return truncate64(path, size); }

static int sync_tracked(struct tracked *file, int descriptor, long number) {
  const struct rule *rule = strike(CALL_SYNC, file->path);
  if (rule != NULL && rule->action == ACTION_LIE) return 0;
  if (rule != NULL && rule->action == ACTION_KILL_BEFORE) kill_ourselves();
  uint64_t token = __atomic_add_fetch(&sync_token, 1, __ATOMIC_RELAXED);
  record_change(KIND_SYNC_BEGIN, file, token, 0, NULL, 0);
  int result;
  if (rule != NULL && rule->action == ACTION_ERROR) {
    errno = (int)rule->error;
    result = -1;
  } else {
    result = (int)syscall(number, descriptor);
  }
  record_change(result == 0 ? KIND_SYNC_END : KIND_SYNC_FAILED, file, token, 0, NULL, 0);
  if (result == 0 && rule != NULL && rule->action == ACTION_KILL_AFTER) kill_ourselves();
  return result;
}

int fsync(int descriptor) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? (int)syscall(SYS_fsync, descriptor) : sync_tracked(file, descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
  struct tracked *file = tracked(descriptor);
  return file == NULL ? (int)syscall(SYS_fdatasync, descriptor) : sync_tracked(file, descriptor, SYS_fdatasync);
}

/* ---- Names ---- */

static int unlink_tracked(int folder, const char *given, int flags) {
  char buffer[PATH_MAX];
  const char *path = prefix_length > 0 ? absolute(folder, given, buffer) : given;
  if (!is_ours(path) || (flags & AT_REMOVEDIR)) return (int)syscall(SYS_unlinkat, folder, given, flags);
  const struct rule *rule = strike(CALL_UNLINK, path);
  if (!allowed(rule)) return -1;
  pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_unlinkat, folder, given, flags);
  struct entry entry = {.kind = KIND_UNLINK};
  if (result == 0) record(entry, path, strlen(path), NULL, 0);
  pthread_mutex_unlock(&lock);
  if (result == 0 && rule != NULL && rule->action == ACTION_KILL_AFTER) kill_ourselves();
  return result;
}

int unlink(const char *path) { return unlink_tracked(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlink_tracked(folder, path, flags); }

static int rename_tracked(int from_folder, const char *from_given, int to_folder, const char *to_given, unsigned flags) {
  char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
  const char *from = absolute(from_folder, from_given, from_buffer);
  const char *to = absolute(to_folder, to_given, to_buffer);
  if (!is_ours(from) && !is_ours(to)) return (int)syscall(SYS_renameat2, from_folder, from_given, to_folder, to_given, flags);
  const struct rule *rule = strike(CALL_RENAME, to);
  if (!allowed(rule)) return -1;
  pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_renameat2, from_folder, from_given, to_folder, to_given, flags);
  struct entry entry = {.kind = KIND_RENAME};
  /* The path of the entry is the old name, its data the new one. */
  if (result == 0) record(entry, from, strlen(from), to, strlen(to));
  pthread_mutex_unlock(&lock);
  if (result == 0 && rule != NULL && rule->action == ACTION_KILL_AFTER) kill_ourselves();
  return result;
}

int rename(const char *from, const char *to) { return rename_tracked(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return rename_tracked(from_folder, from, to_folder, to, 0); }
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) { return rename_tracked(from_folder, from, to_folder, to, flags); }
