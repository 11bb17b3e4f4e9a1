/*
 * form - a form body (application/x-www-form-urlencoded) as names and values, and the
 * numbered lists that the EC2 Query protocol folds into it. A form owns its memory
 * (form_clear). Threads: each form belongs to one thread.
 */
#ifndef RH_SIM_FORM_H
#define RH_SIM_FORM_H

#include "core/base/err.h"

#include <stddef.h>

enum { FORM_MAX_PAIRS = 1000, FORM_MAX_BYTES = 1024 * 1024 };

struct form_pair {
    const char *name, *value;
};

struct form {
    struct form_pair *pairs;
    size_t n;
    char *bytes;
};

/* ERR_SYNTAX (a bad escape, a NUL, a name given twice), ERR_TOO_BIG, ERR_NOMEM. */
enum err_code form_parse(const char *body, size_t len, struct form *out,
                         struct err *e) MUST_CHECK NONNULL;
void form_clear(struct form *f) NONNULL;

/* The value, NULL when it did not come. */
const char *form_get(const struct form *f, const char *name) NONNULL;

/* The value of PREFIX.i ("InstanceId", 1) or PREFIX.i.REST; rest "" = none. */
const char *form_item(const struct form *f, const char *prefix, int i,
                      const char *rest) NONNULL;

#endif
