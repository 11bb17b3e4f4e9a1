#include <config.h>

#include "core/model/setup.h"

#include <stdatomic.h>
#include <stdlib.h>

struct counted {
    struct setup setup; /* first: its address is the setup's */
    atomic_int refs;
};

struct setup *setup_new_take(struct config *config, struct tz *tz)
{
    struct counted *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        tz_free(tz);
        config_free(config);
        return NULL;
    }
    s->setup = (struct setup){config, tz};
    atomic_init(&s->refs, 1);
    return &s->setup;
}

struct setup *setup_ref(struct setup *s)
{
    if (s != NULL)
        atomic_fetch_add(&((struct counted *)s)->refs, 1);
    return s;
}

void setup_unref(struct setup *s)
{
    struct counted *c = (struct counted *)s;

    if (s == NULL || atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    tz_free(s->tz);
    config_free(s->config);
    free(c);
}

enum err_code setup_read_again(const struct setup *before, bool same_text,
                               struct setup **out, struct config_problems **problems,
                               struct err *e)
{
    struct config *config = NULL;
    struct tz *tz = NULL;
    enum err_code rc = config_load_again(before->config, same_text, &config, problems, e);

    if (rc == ERR_OK) {
        rc = tz_load(config->tz_name, &tz, e);
        if (rc != ERR_OK)
            err_wrap(e, "%.100s: site.tz", config->file);
    }
    if (rc != ERR_OK) {
        config_free(config);
        return rc;
    }
    *out = setup_new_take(config, tz);
    return *out != NULL ? ERR_OK
                        : err_set(e, ERR_NOMEM, "no memory for the configuration");
}
