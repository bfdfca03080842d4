/* The record: its layout, and appending to it. */
#pragma once

#include "process.h"

/* Keep in step with fault-record.ts. */

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

static int record_descriptor = -1;

static void open_record(const char *path) {
  record_descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (record_descriptor < 0) fail_loudly("cannot open the record");
}

/* Callers hold the lock of changes, except for the two ends of a sync, whose single append needs none. */
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
