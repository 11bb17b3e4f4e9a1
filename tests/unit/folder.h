/*
 * folder - a test's own folder goes when it is over: files alone, no folders in it. A
 * fixture's is its state, a struct folder. Threads: one.
 */
#ifndef RH_TESTS_FOLDER_H
#define RH_TESTS_FOLDER_H

#include "core/base/str.h"
#include "tests/unit/table.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* False when something stays, or there is no such folder. */
static inline bool folder_empty(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool ok = d != NULL;

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            ok = unlinkat(dirfd(d), e->d_name, 0) == 0 && ok;
    }
    if (d != NULL)
        (void)closedir(d);
    return ok;
}

static inline bool folder_remove(const char *dir)
{
    bool ok = folder_empty(dir);

    return rmdir(dir) == 0 && ok;
}

struct folder {
    char dir[64];
};

static inline int folder_setup(void **state)
{
    struct folder *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)str_copy(p->dir, sizeof(p->dir), "/tmp/rushhour-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    *state = p;
    return 0;
}

static inline int folder_teardown(void **state)
{
    struct folder *p = *state;

    assert_true(folder_remove(p->dir));
    free(p);
    return 0;
}

#endif
