#include <config.h>

#include "tests/fuzz/fuzz.h"

#include "core/base/str.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>

const struct fuzz_target *fuzz_find(const char *name)
{
    static const struct fuzz_target *const groups[] = {fuzz_apis, fuzz_files, fuzz_words};

    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (const struct fuzz_target *t = groups[g]; t->name != NULL; t++) {
            if (str_eq(t->name, name))
                return t;
        }
    }
    return NULL;
}

_Noreturn void fuzz_broken(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
    abort();
}

void fuzz_check_text(const char *text)
{
    FUZZ_CHECK(text != NULL);

    size_t len = strlen(text);
    char *again = malloc(len + 1);

    FUZZ_CHECK(again != NULL);
    FUZZ_CHECK(text_clean(again, len + 1, text, len) == len);
    FUZZ_CHECK(memcmp(again, text, len + 1) == 0);
    free(again);
}
