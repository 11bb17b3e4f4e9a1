/*
 * table - what every unit test includes: cmocka, and a word for the row that failed.
 * No memory.
 * Threads: one.
 */
#ifndef RH_TESTS_TABLE_H
#define RH_TESTS_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As assert_true, naming the row of a table test. */
#define assert_row(what, ok)                                                             \
    do {                                                                                 \
        if (!(ok)) {                                                                     \
            print_error("row \"%s\": %s\n", (what), #ok);                                \
            fail();                                                                      \
        }                                                                                \
    } while (0)

/* text with one of its parts, which must be in it, in another form. */
static inline void text_with(const char *what, const char *text, const char *from,
                             const char *to, char *out, size_t size)
{
    const char *at = strstr(text, from);

    if (at == NULL)
        fail_msg("row \"%s\": %s", what, text);
    assert_row(what, snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to,
                              at + strlen(from)) < (int)size);
}

#endif
