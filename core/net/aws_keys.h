/*
 * aws_keys - one set of AWS keys, and the JSON in which helpers, containers and instances
 * hand them out (aws-api 2.2, 2.3). The caller owns a set and its secrets
 * (aws_keys_clear). Threads: any.
 */
#ifndef RH_NET_AWS_KEYS_H
#define RH_NET_AWS_KEYS_H

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/secret.h"

#include <stdbool.h>
#include <stddef.h>

struct aws_keys {
    char key_id[160];
    struct secret *secret_key;
    struct secret *session_token; /* NULL = none */
};

/* Copies; a token that is NULL or "" is none. ERR_AUTH when a text cannot be a key: the
 * id and the token go into headers. */
enum err_code aws_keys_set(struct aws_keys *k, const char *key_id, const char *secret,
                           const char *token, struct err *e) MUST_CHECK
    __attribute__((nonnull(1, 2, 3, 5)));
void aws_keys_clear(struct aws_keys *k) NONNULL;
bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b) NONNULL;

/* The same secrets once more: nothing is copied, for every request is signed with them.
 */
void aws_keys_share(struct aws_keys *to, const struct aws_keys *from) NONNULL;

/* Keys and their end. */
struct aws_answer {
    struct aws_keys keys; /* key_id "" = there are none */
    struct utc expires;   /* 0 = never */
};

/* Who answers: each names its fields in its own way. */
enum aws_answer_kind { AWS_ANSWER_PROCESS, AWS_ANSWER_CONTAINER, AWS_ANSWER_INSTANCE };

/* Reads the JSON that one of them gave. ERR_AUTH (what is wrong with it, or what it says
 * is), ERR_PROTOCOL, ERR_SYNTAX, ERR_NOMEM; nothing of its secrets is in the text. */
enum err_code aws_answer_read(enum aws_answer_kind kind, const char *text, size_t len,
                              struct aws_answer *a, struct err *e) MUST_CHECK NONNULL;

#endif
