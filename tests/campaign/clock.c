/* A wall clock that can be stepped (LD_PRELOAD): CLOCK_REALTIME and the seconds that stand in the file
 * CLOCK_OFFSET. Clocks that nobody can set stay as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(clock, time);
    if (answer == 0 && clock == CLOCK_REALTIME) {
        char text[32] = {0};
        int fd = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            if (read(fd, text, sizeof text - 1) > 0) time->tv_sec += atoll(text);
            close(fd);
        }
    }
    return answer;
}
