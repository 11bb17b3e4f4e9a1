#include <config.h>

#include "tests/torture/scenario.h"

#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

void result_add(struct result *o, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len; i++)
        o->product = (o->product ^ p[i]) * UINT64_C(1099511628211);
}

void result_text(struct result *o, const char *text)
{
    result_add(o, text, strlen(text) + 1);
}

void result_broken(struct result *o, const char *why)
{
    if (o->broken[0] == '\0')
        (void)str_copy(o->broken, sizeof(o->broken), why);
}

const char *scenario_file(const char *name, size_t *len)
{
    static char bytes[256 * 1024];
    char path[512];
    const char *src = getenv("srcdir");
    FILE *f;

    (void)str_format(path, sizeof(path), "%s/%s", src != NULL ? src : ".", name);
    f = fopen(path, "r");
    if (f == NULL) {
        (void)fprintf(stderr, "torture: no file %s\n", path);
        exit(1);
    }
    *len = fread(bytes, 1, sizeof(bytes) - 1, f);
    bytes[*len] = '\0';
    (void)fclose(f); /* it was only read */
    return bytes;
}

/* Of the files that are shared with the fuzz targets. */
_Noreturn void fuzz_broken(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
    abort();
}
