/*
 * setup - one reading of the configuration: what it says, and the zone that it names.
 * Whoever uses it beyond a call has a reference of its own (setup_ref); the last
 * setup_unref() frees both. Threads: read-only once made, references from any.
 */
#ifndef RH_MODEL_SETUP_H
#define RH_MODEL_SETUP_H

#include "core/base/tz.h"
#include "core/model/config.h"

struct setup {
    struct config *config;
    struct tz *tz;
};

/* Takes both, also when memory is out (NULL). One reference is the caller's. */
struct setup *setup_new_take(struct config *config, struct tz *tz);

struct setup *setup_ref(struct setup *s); /* NULL gives NULL */
void setup_unref(struct setup *s);

/*
 * Reads the file of `before` again. No variable of the environment is looked at: a secret
 * that came from one is that of before. same_text: the text is that of before, too, and
 * only what other files hold is read (secrets, exception days). As config_load(): every
 * error of the file is in *problems then. From any thread; blocks for a program that
 * tells a secret.
 */
enum err_code setup_read_again(const struct setup *before, bool same_text,
                               struct setup **out, struct config_problems **problems,
                               struct err *e) MUST_CHECK NONNULL;

#endif
