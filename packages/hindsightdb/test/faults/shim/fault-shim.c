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
 *   FAULT_CONTROL  the control file (layout in rules.h, written by fault-control.ts); optional
 *   FAULT_RECORD   the file that the record is appended to (layout in record.h); optional
 *   FAULT_ORDINARY_USER  when set, the process gives up the privileges by which root ignores the modes of files
 *
 * The order of the record. A change and its entry are made under one lock, so within a process the record has
 * exactly the order of the disk. Across processes each entry is one append, made after the change itself: what one
 * process can know of another one's change (through a lock, a message) comes later in the record. A sync is
 * entered twice, before and after, and covers the changes entered before its beginning.
 *
 * What it does not see: writes through mmap (SQLite makes none but to its -shm file, which no recovery trusts) and
 * copies inside the kernel (copy_file_range, sendfile). A test compares the folder with the record at its end.
 */
#include "process.h"
#include "record.h"
#include "rules.h"
#include <linux/capability.h>

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
static uint64_t sync_token;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void record_change(enum kind kind, const struct tracked *file, uint64_t offset, uint64_t size, const void *data, size_t bytes) {
  struct entry entry = {.kind = kind, .inode = file->inode, .offset = offset, .size = size};
  record(entry, file->path, strlen(file->path), data, bytes);
}

/*
 * Gives up every capability. Root ignores the modes of files by a capability, so without them it meets a read-only
 * folder as any user does, and can still read the program that it runs wherever that lies.
 */
static void give_up_privileges(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct nothing[2];
  memset(nothing, 0, sizeof nothing);
  if (syscall(SYS_capset, &header, nothing) != 0) fail_loudly("cannot give up privileges");
}

__attribute__((constructor)) static void start(void) {
  const char *wanted = getenv("FAULT_PREFIX");
  if (wanted == NULL || wanted[0] != '/') return;
  snprintf(prefix, sizeof prefix, "%s", wanted);
  prefix_length = strlen(prefix);
  if (getenv("FAULT_CONTROL") != NULL) open_control(getenv("FAULT_CONTROL"));
  if (getenv("FAULT_RECORD") != NULL) open_record(getenv("FAULT_RECORD"));
  if (getenv("FAULT_ORDINARY_USER") != NULL) give_up_privileges();
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
