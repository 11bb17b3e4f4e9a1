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

#include <cmocka.h>

/* As assert_true, naming the row of a table test. */
#define assert_row(what, ok)                                                             \
    do {                                                                                 \
        if (!(ok)) {                                                                     \
            print_error("row \"%s\": %s\n", (what), #ok);                                \
            fail();                                                                      \
        }                                                                                \
    } while (0)

#endif
