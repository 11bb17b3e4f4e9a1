/*
 * folder - a test's own folder goes when it is over: files alone, no folders in it. No
 * memory.
 * Threads: one.
 */
#ifndef RH_TESTS_FOLDER_H
#define RH_TESTS_FOLDER_H

#include <dirent.h>
#include <stdbool.h>
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

#endif
