#include <config.h>

#include "tests/sim/footprint.h"

#include <dirent.h>
#include <malloc.h>
#include <sys/stat.h>

/* Of one history of at most a year with 16 servers, and two weeks where it is kept in
 * files. The site's own builds, a month's prices, texts and the journal are in it;
 * measured were 55 and 22 MiB. */
enum { MIB = 1024 * 1024, MOST_HEAP = 96 * MIB, MOST_STATE = 32 * MIB };
/* To count the heap takes as long as a step of the controller. */
enum { LOOK_EVERY = 64 };
enum { LEFT = 256 * 1024 }; /* with what libraries set up once */

static size_t open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        (void)closedir(d); /* opened for reading */
    return n;
}

static size_t heap_in_use(void)
{
    const struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

void footprint_begin(struct footprint *f, int32_t controllers)
{
    *f = (struct footprint){.controllers = controllers > 1 ? (size_t)controllers : 1,
                            .descriptors = open_descriptors(),
                            .heap_bytes = heap_in_use()};
}

void footprint_look(struct footprint *f, const char *dir)
{
    static const char *const files[] = {"state.db", "state.db-wal"};
    size_t heap, state = 0;
    struct stat st;
    char path[256];

    if (f->looks++ % LOOK_EVERY != 0)
        return;
    heap = heap_in_use();
    if (f->heap_bytes != 0 && heap > f->heap_bytes &&
        heap - f->heap_bytes > f->most_heap_bytes)
        f->most_heap_bytes = heap - f->heap_bytes;
    for (size_t i = 0; dir != NULL && i < ARRAY_LEN(files); i++) {
        if (str_format(path, sizeof(path), "%s/%s", dir, files[i]) &&
            lstat(path, &st) == 0)
            state += (size_t)st.st_size;
    }
    if (state > f->most_state_bytes)
        f->most_state_bytes = state;
}

bool footprint_end(const struct footprint *f, char why[WHY_TEXT])
{
    size_t descriptors = open_descriptors(), heap = heap_in_use();

    why[0] = '\0';
    if (descriptors != f->descriptors)
        (void)str_format(why, WHY_TEXT, "I16: %zu descriptors before, %zu after",
                         f->descriptors, descriptors);
    else if (f->heap_bytes != 0 && heap > f->heap_bytes + LEFT)
        (void)str_format(why, WHY_TEXT, "I16: %zu bytes of heap are left behind",
                         heap - f->heap_bytes);
    else if (f->most_heap_bytes > f->controllers * MOST_HEAP)
        (void)str_format(why, WHY_TEXT, "I16: %zu bytes of heap", f->most_heap_bytes);
    else if (f->most_state_bytes > MOST_STATE)
        (void)str_format(why, WHY_TEXT, "I16: a state of %zu bytes", f->most_state_bytes);
    return why[0] == '\0';
}
