/*
 * Records what a process does to files of one folder, in the order it does it, for crash images: preloaded before a process that writes
 * a store. OPENWARD_RECORD_FOLDER is watched, OPENWARD_RECORD_LOG takes the records; what is written to the standard output is recorded
 * too, since that is where the process says what it has acknowledged.
 *
 * A record: kind (1 byte), length of the path, offset, length of the data (8 bytes each, as the machine has them), path, data.
 * Kinds: w write, t truncate (offset: the new length), s sync of a file or folder, u unlink, a said on standard output.
 *
 * Every call is made and recorded under one lock, so that the order of the records is the order of what happened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;

static void all_of(const void *bytes, size_t length) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  const char *at = bytes;
  while (length > 0) {
    ssize_t done = real(log_file, at, length);
    if (done <= 0) abort();
    at += done;
    length -= (size_t)done;
  }
}

static void record(char kind, const char *path, uint64_t offset, const void *data, uint64_t length) {
  if (log_file < 0) {
    const char *name = getenv("OPENWARD_RECORD_LOG");
    if (!name) return;
    log_file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) abort();
  }
  uint64_t numbers[3] = {strlen(path), offset, length};
  all_of(&kind, 1);
  all_of(numbers, sizeof numbers);
  all_of(path, strlen(path));
  all_of(data, length);
}

static int is_watched(const char *path) {
  const char *folder = getenv("OPENWARD_RECORD_FOLDER");
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* The path of an open file of the folder; 0 for all others. */
static int path_of(int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_watched(path);
}

static void wrote(int file, off_t offset, const void *data, ssize_t length) {
  char path[PATH_MAX];
  if (length > 0 && path_of(file, path)) record('w', path, (uint64_t)offset, data, (uint64_t)length);
}

static ssize_t at_offset(const char *name, int file, const void *data, size_t length, off_t offset) {
  ssize_t (*next)(int, const void *, size_t, off_t) =
      (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, name);
  pthread_mutex_lock(&lock);
  ssize_t done = next(file, data, length, offset);
  wrote(file, offset, data, done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return at_offset("pwrite", file, data, length, offset);
}

ssize_t pwrite64(int file, const void *data, size_t length, off_t offset) {
  return at_offset("pwrite64", file, data, length, offset);
}

ssize_t write(int file, const void *data, size_t length) {
  ssize_t (*next)(int, const void *, size_t) =
      (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (file == STDERR_FILENO) return next(file, data, length);
  pthread_mutex_lock(&lock);
  if (file == STDOUT_FILENO) record('a', "", 0, data, length);
  ssize_t done = next(file, data, length);
  if (file != STDOUT_FILENO && done > 0) wrote(file, lseek(file, 0, SEEK_CUR) - done, data, done);
  pthread_mutex_unlock(&lock);
  return done;
}

static int truncated(const char *name, int file, off_t length) {
  int (*next)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, name);
  char path[PATH_MAX];
  pthread_mutex_lock(&lock);
  int result = next(file, length);
  if (result == 0 && path_of(file, path)) record('t', path, (uint64_t)length, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate(int file, off_t length) { return truncated("ftruncate", file, length); }

int ftruncate64(int file, off_t length) { return truncated("ftruncate64", file, length); }

static int synced(const char *name, int file) {
  int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  char path[PATH_MAX];
  pthread_mutex_lock(&lock);
  int result = next(file);
  if (result == 0 && path_of(file, path)) record('s', path, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int file) { return synced("fsync", file); }

int fdatasync(int file) { return synced("fdatasync", file); }

int unlink(const char *path) {
  int (*next)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
  pthread_mutex_lock(&lock);
  int result = next(path);
  if (result == 0 && is_watched(path)) record('u', path, 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}
