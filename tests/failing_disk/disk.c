/* A disk that fails on demand, between a program and its log (LD_PRELOAD).
 *
 * The files under DISK_LIVE are what the system shows: its page cache. Those under DISK_DURABLE are
 * what is on the disk, and all that is left after a power loss: bytes get there by a flush that
 * succeeds, and only those written since the last one. While the file DISK_FAILS has text in it, the
 * disk fails, for the files that its letters name:
 *   d  the log's file     w  its WAL
 *   e  writes fail at once (EIO)     f  writes find no room (ENOSPC)
 * Without e or f a write succeeds, as into a page cache, and its write-back fails: the bytes are
 * dropped, and each descriptor opened before hears of it once, at its next flush, as on Linux. That
 * flush writes what was written after the failure; the next one succeeds. Cutting and removing files
 * takes effect at once. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG, WAL, FILES, DESCRIPTORS = 4096, RANGES = 1 << 20 };
static const char *const NAMES[FILES] = {"log.sqlite", "log.sqlite-wal"};

struct range { off_t at; size_t bytes; };
static struct {
    struct range *dirty;
    int count;
    int failures; /* write-backs that failed */
    int told;     /* whether somebody has heard of the last one */
} files[FILES];
static int file_of[DESCRIPTORS]; /* + 1; 0: another file */
static int heard[DESCRIPTORS];   /* failures that the descriptor has heard of */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void die(const char *what) {
    perror(what);
    abort();
}

static int fails(char letter) {
    char text[16] = {0};
    int fd = REAL(open64)(getenv("DISK_FAILS"), O_RDONLY);
    if (fd < 0) return 0;
    if (read(fd, text, sizeof text - 1) < 0) text[0] = 0;
    REAL(close)(fd);
    return strchr(text, letter) != NULL;
}

static int file_fails(int file) { return fails(file == LOG ? 'd' : 'w'); }

/* A full disk refuses writes, and loses none that it has taken. */
static int loses(int file) { return file_fails(file) && !fails('f'); }

static void place(char *path, size_t size, const char *variable, int file) {
    snprintf(path, size, "%s/%s", getenv(variable), NAMES[file]);
}

static int which(const char *path) {
    char ours[4096];
    for (int file = 0; file < FILES; file++) {
        place(ours, sizeof ours, "DISK_LIVE", file);
        if (strcmp(ours, path) == 0) return file;
    }
    return -1;
}

static int tracked(int fd) { return fd >= 0 && fd < DESCRIPTORS ? file_of[fd] - 1 : -1; }

/* The write-back that the system makes by itself, when it fails. */
static void write_back(int file) {
    if (files[file].count > 0 && loses(file)) {
        files[file].count = 0;
        files[file].failures++;
        files[file].told = 0;
    }
}

static void wrote(int fd, int file, off_t at, ssize_t bytes) {
    (void)fd;
    if (bytes <= 0) return;
    pthread_mutex_lock(&mutex);
    if (!files[file].dirty) files[file].dirty = malloc(RANGES * sizeof(struct range));
    if (!files[file].dirty || files[file].count == RANGES) die("disk.c: too many writes");
    files[file].dirty[files[file].count++] = (struct range){at, (size_t)bytes};
    write_back(file);
    pthread_mutex_unlock(&mutex);
}

static int refuses(int file) {
    if (!file_fails(file)) return 0;
    errno = fails('e') ? EIO : fails('f') ? ENOSPC : 0;
    return errno != 0;
}

/* Brings what was written since the last flush onto the disk. */
static void make_durable(int file) {
    char live[4096], durable[4096];
    static char bytes[1 << 20];
    if (files[file].count == 0) return;
    place(live, sizeof live, "DISK_LIVE", file);
    place(durable, sizeof durable, "DISK_DURABLE", file);
    int from = REAL(open64)(live, O_RDONLY), to = REAL(open64)(durable, O_RDWR | O_CREAT, 0600);
    if (from < 0 || to < 0) die("disk.c: open");
    for (int n = 0; n < files[file].count; n++) {
        struct range range = files[file].dirty[n];
        while (range.bytes > 0) {
            size_t piece = range.bytes < sizeof bytes ? range.bytes : sizeof bytes;
            ssize_t read = pread(from, bytes, piece, range.at);
            if (read <= 0) break; /* cut off since */
            if (REAL(pwrite64)(to, bytes, (size_t)read, range.at) != read) die("disk.c: write");
            range.at += read;
            range.bytes -= (size_t)read;
        }
    }
    files[file].count = 0;
    REAL(close)(from);
    REAL(close)(to);
}

static int flush(int fd, int file) {
    int failed;
    pthread_mutex_lock(&mutex);
    write_back(file);
    failed = loses(file);
    if (!failed) make_durable(file);
    if (heard[fd] != files[file].failures) {
        heard[fd] = files[file].failures;
        files[file].told = 1;
        failed = 1;
    }
    pthread_mutex_unlock(&mutex);
    if (failed) errno = EIO;
    return failed ? -1 : 0;
}

static int opened(const char *path, int flags, int fd) {
    int file = which(path);
    if (fd < 0 || fd >= DESCRIPTORS) return fd;
    file_of[fd] = file + 1;
    if (file < 0) return fd;
    pthread_mutex_lock(&mutex);
    heard[fd] = files[file].failures;
    if (files[file].failures > 0 && !files[file].told) heard[fd]--;
    if (flags & O_CREAT) {
        char durable[4096];
        place(durable, sizeof durable, "DISK_DURABLE", file);
        REAL(close)(REAL(open64)(durable, O_RDWR | O_CREAT, 0600));
    }
    pthread_mutex_unlock(&mutex);
    return fd;
}

#define OPEN(name)                                                                              \
    int name(const char *path, int flags, ...) {                                                \
        va_list more;                                                                           \
        va_start(more, flags);                                                                  \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                               \
        va_end(more);                                                                           \
        return opened(path, flags, REAL(name)(path, flags, mode));                              \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) file_of[fd] = 0;
    return REAL(close)(fd);
}

#define PWRITE(name, offset)                                                                    \
    ssize_t name(int fd, const void *bytes, size_t count, offset at) {                          \
        int file = tracked(fd);                                                                 \
        if (file >= 0 && refuses(file)) return -1;                                              \
        ssize_t written = REAL(name)(fd, bytes, count, at);                                     \
        if (file >= 0) wrote(fd, file, at, written);                                            \
        return written;                                                                         \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t count) {
    int file = tracked(fd);
    if (file >= 0 && refuses(file)) return -1;
    off_t at = file >= 0 ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t written = REAL(write)(fd, bytes, count);
    if (file >= 0) wrote(fd, file, at, written);
    return written;
}

#define FLUSH(name)                                                                             \
    int name(int fd) {                                                                          \
        int file = tracked(fd);                                                                 \
        return file >= 0 ? flush(fd, file) : REAL(name)(fd);                                    \
    }
FLUSH(fsync)
FLUSH(fdatasync)

#define CUT(name, offset)                                                                       \
    int name(int fd, offset length) {                                                           \
        int file = tracked(fd), done = REAL(name)(fd, length);                                  \
        if (file >= 0 && done == 0) {                                                           \
            char durable[4096];                                                                 \
            place(durable, sizeof durable, "DISK_DURABLE", file);                               \
            if (truncate(durable, length) != 0) die("disk.c: truncate");                        \
        }                                                                                       \
        return done;                                                                            \
    }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

int unlink(const char *path) {
    int file = which(path), done = REAL(unlink)(path);
    if (file >= 0 && done == 0) {
        char durable[4096];
        place(durable, sizeof durable, "DISK_DURABLE", file);
        pthread_mutex_lock(&mutex);
        files[file].count = 0;
        REAL(unlink)(durable);
        pthread_mutex_unlock(&mutex);
    }
    return done;
}
