/*
 * answers - an HTTP server in a text: each line "%% STATUS TYPE" begins an answer, header
 * lines "%: NAME: VALUE" may follow, then its body up to the next one. They are given in
 * that order, whatever is asked; behind the last one the connection is lost. Also the way
 * back: answers of another transport as such a text. Borrows what it is given.
 * Threads: one.
 */
#ifndef RH_TESTS_FUZZ_ANSWERS_H
#define RH_TESTS_FUZZ_ANSWERS_H

#include "core/net/http.h"

struct answers {
    const char *at, *end;
    int32_t asked;
};
struct transport answers_transport(struct answers *a) NONNULL;

struct answers_record {
    struct transport via;
    struct strbuf text;
};
struct transport answers_recorder(struct answers_record *r) NONNULL;

#endif
