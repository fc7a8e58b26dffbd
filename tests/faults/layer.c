/* A disk that fails: preloaded before a command, it counts the calls that change files in one folder, and at the n-th
   of them fails, tears a write, or ends the process as a power cut would, with what was not synced yet lost in part.

   Directory operations are taken to last at once; shared memory (the -shm file) is not of the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, TRUNCATE = 8 };
enum { FAIL = 1, FAIL_ON = 2, SHORT = 3, TEAR = 4, KILL = 5, POWER = 6, LATE = 7 };

static int kinds, mode, code;
static long wanted, seen, *shared;
static char folder[4096];
static unsigned seed;

typedef struct Pending {
    int handle;
    ino_t inode;
    off_t at;
    size_t length, held;
    char *before;
    struct Pending *next;
} Pending;

typedef struct { ino_t inode; int handle; } Open;

static Pending *pending;
static Open opened[256];
static int files;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void fault_arm(int which, long nth, int how, int number, const char *where, unsigned start) {
    kinds = which; wanted = nth; mode = how; code = number; seen = 0; seed = start;
    snprintf(folder, sizeof folder, "%s", where);
}

/* Where the calls are counted for another process to read. */
void fault_share(long *where) { shared = where; }

static int within(const char *path) { return path && folder[0] && !strncmp(path, folder, strlen(folder)); }

static int ours(int handle) {
    char link[64], path[4096];
    if (!mode) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    size_t length = strlen(path);
    if (length > 4 && !strcmp(path + length - 4, "-shm")) return 0;
    return within(path);
}

static void cut(void) {
    /* Of each sector not synced yet, either the new or the former content stays. */
    static char zeros[512];
    for (Pending *one = pending; one; one = one->next)
        for (size_t at = 0; at < one->length; at += 512) {
            size_t size = one->length - at < 512 ? one->length - at : 512;
            if (rand_r(&seed) & 1) continue;
            size_t kept = at < one->held ? (one->held - at < size ? one->held - at : size) : 0;
            if (kept) REAL(pwrite)(one->handle, one->before + at, kept, one->at + (off_t)at);
            if (kept < size) REAL(pwrite)(one->handle, zeros, size - kept, one->at + (off_t)(at + kept));
        }
    raise(SIGKILL);
}

static int writable(int handle, ino_t inode) {
    for (int at = 0; at < files; at++)
        if (opened[at].inode == inode) return opened[at].handle;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    /* Never closed: closing it would let go of the locks that SQLite holds on the file. */
    int own = open(link, O_RDWR | O_CLOEXEC);
    if (own >= 0 && files < 256) { opened[files].inode = inode; opened[files++].handle = own; }
    return own;
}

static void remember(int handle, size_t length, off_t at) {
    struct stat held;
    if (mode != POWER || fstat(handle, &held) || !S_ISREG(held.st_mode)) return;
    int own = writable(handle, held.st_ino);
    if (own < 0) return;
    Pending *one = calloc(1, sizeof *one);
    one->handle = own; one->inode = held.st_ino; one->at = at; one->length = length;
    one->before = malloc(length ? length : 1);
    ssize_t got = pread(own, one->before, length, at);
    one->held = got > 0 ? (size_t)got : 0;
    one->next = pending; pending = one;
}

static void synced(int handle) {
    struct stat held;
    if (mode != POWER || fstat(handle, &held)) return;
    Pending **place = &pending;
    while (*place) {
        Pending *one = *place;
        if (one->inode == held.st_ino) { *place = one->next; free(one->before); free(one); }
        else place = &one->next;
    }
}

/* Tells whether this call is the one; for a failure that lasts, whether it is that or a later one. */
static int strikes(int kind) {
    if (!mode || !(kinds & kind)) return 0;
    seen++;
    if (shared) *shared = seen;
    return mode == FAIL_ON ? seen >= wanted : seen == wanted;
}

#define BEFORE(kind) \
    int hit = strikes(kind); \
    if (hit && (mode == FAIL || mode == FAIL_ON)) { errno = code; return -1; } \
    if (hit && mode == KILL) raise(SIGKILL); \
    if (hit && mode == POWER) cut();
#define AFTER \
    if (hit && mode == LATE) raise(SIGKILL);

static ssize_t torn(ssize_t done) { if (mode == TEAR) raise(SIGKILL); return done; }

ssize_t write(int handle, const void *data, size_t length) {
    if (!ours(handle)) return REAL(write)(handle, data, length);
    BEFORE(WRITE)
    off_t at = lseek(handle, 0, SEEK_CUR);
    remember(handle, length, at < 0 ? 0 : at);
    if (hit && length > 1 && (mode == SHORT || mode == TEAR)) return torn(REAL(write)(handle, data, length / 2));
    ssize_t done = REAL(write)(handle, data, length);
    AFTER
    return done;
}

ssize_t pwrite(int handle, const void *data, size_t length, off_t at) {
    if (!ours(handle)) return REAL(pwrite)(handle, data, length, at);
    BEFORE(WRITE)
    remember(handle, length, at);
    if (hit && length > 1 && (mode == SHORT || mode == TEAR)) return torn(REAL(pwrite)(handle, data, length / 2, at));
    ssize_t done = REAL(pwrite)(handle, data, length, at);
    AFTER
    return done;
}

ssize_t pwrite64(int handle, const void *data, size_t length, off64_t at) { return pwrite(handle, data, length, at); }

int fsync(int handle) {
    if (!ours(handle)) return REAL(fsync)(handle);
    BEFORE(SYNC)
    int done = REAL(fsync)(handle);
    synced(handle);
    AFTER
    return done;
}

int fdatasync(int handle) {
    if (!ours(handle)) return REAL(fdatasync)(handle);
    BEFORE(SYNC)
    int done = REAL(fdatasync)(handle);
    synced(handle);
    AFTER
    return done;
}

int ftruncate(int handle, off_t size) {
    if (!ours(handle)) return REAL(ftruncate)(handle, size);
    BEFORE(TRUNCATE)
    int done = REAL(ftruncate)(handle, size);
    AFTER
    return done;
}

int ftruncate64(int handle, off64_t size) { return ftruncate(handle, size); }

int rename(const char *from, const char *to) {
    if (!within(to)) return REAL(rename)(from, to);
    BEFORE(RENAME)
    int done = REAL(rename)(from, to);
    AFTER
    return done;
}

int renameat(int one, const char *from, int other, const char *to) {
    if (!mode || (!within(to) && !ours(other))) return REAL(renameat)(one, from, other, to);
    BEFORE(RENAME)
    int done = REAL(renameat)(one, from, other, to);
    AFTER
    return done;
}

int link(const char *from, const char *to) {
    if (!within(to)) return REAL(link)(from, to);
    BEFORE(RENAME)
    int done = REAL(link)(from, to);
    AFTER
    return done;
}

int linkat(int one, const char *from, int other, const char *to, int flags) {
    if (!mode || (!within(to) && !ours(other))) return REAL(linkat)(one, from, other, to, flags);
    BEFORE(RENAME)
    int done = REAL(linkat)(one, from, other, to, flags);
    AFTER
    return done;
}
