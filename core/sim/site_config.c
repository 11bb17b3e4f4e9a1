#include <config.h>

#include "core/model/config.h"
#include "core/sim/site.h"

#include <string.h>

enum { TEXT_BYTES = 1024 * 1024 };

static enum err_code give_secrets(struct config *c, struct err *e)
{
    const struct {
        const char *section, *value;
    } rows[] = {{"velostrata", site_velostrata_password},
                {"jenkins", site_jenkins_token},
                {"vsphere", site_vsphere_password}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct secret *s = NULL;

        if (secret_new(rows[i].value, strlen(rows[i].value), &s, e) != ERR_OK)
            return e->code;
        (void)config_set_secret(c, rows[i].section, s); /* a mover less, an API less */
    }
    return ERR_OK;
}

enum err_code site_config(const struct site *s, const char *base,
                          const struct config_sets *sets, struct config **out,
                          struct err *e)
{
    const struct config_sets none = {NULL, 0};
    struct config_problems *problems = NULL;
    struct strbuf text;

    *out = NULL;
    strbuf_init(&text, TEXT_BYTES);
    site_config_text(s, base, &text);
    if (config_load_text_sets(strbuf_text(&text), "the built-in story",
                              sets != NULL ? sets : &none, out, &problems, e) == ERR_OK &&
        give_secrets(*out, e) != ERR_OK) {
        config_free(*out);
        *out = NULL;
    }
    if (problems != NULL && config_problems_count(problems) > 0) {
        err_clear(e);
        (void)err_set(e, ERR_CONFIG, "%s", config_problems_get(problems, 0));
    }
    config_problems_free(problems);
    strbuf_clear(&text);
    return e->code;
}
