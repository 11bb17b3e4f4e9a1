/*
 * again - has the same question been answered with the same bytes before? Then what was
 * read of the answer is used once more (observation_again). Kept is a keyed sum, never
 * the answer. A struct again is a plain value in its client; what was read is the
 * client's to keep, and to forget with every failure.
 * Threads: the client's.
 */
#ifndef RH_API_AGAIN_H
#define RH_API_AGAIN_H

#include "core/base/siphash.h"
#include "core/net/http.h"

/* The last answer to one question; all zero: none yet. */
struct again {
    struct siphash_sum sum;
    bool known;
};

/* A part of a body that says nothing, as the id of a request does; {0} = none. */
struct again_skip {
    size_t at, len;
};

/* Does the answer say the same to the same question as the last one taken did? It is the
 * last one from now on. `question` is all that asks: a URL, a body. */
bool again_take(struct again *a, const struct siphash_key *key,
                const struct strbuf *question, const struct http_response *rs,
                struct again_skip skip) NONNULL;
void again_forget(struct again *a) NONNULL;

#endif
