#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"

/* The rows of password_… and token_… share a field; its own name is the one that counts.
 */
static bool is_other_secret(const struct config *c, const struct option *o)
{
    bool is_token = str_starts(o->name, "token_");

    if (!o->secret)
        return false;
    return is_token != (str_eq(o->section, "jenkins") && c->jenkins.secret_is_token);
}

static void put_options(const struct config *c, const char *section, const void *base,
                        const char *indent, struct strbuf *out)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        size_t before = out->len;

        if (!str_eq(o->section, section) || is_other_secret(c, o))
            continue;
        strbuf_printf(out, "%s%s = ", indent, o->name);
        if (value_put(o, base, out)) {
            strbuf_putc(out, '\n');
        } else if (!out->failed) {
            out->len = before; /* not set: not printed */
            out->data[before] = '\0';
        }
    }
}

static void put_prices(const struct config *c, struct strbuf *out)
{
    if (c->cost.n_prices == 0)
        return;
    strbuf_puts(out, "    prices = (\n");
    for (size_t i = 0; i < c->cost.n_prices; i++) {
        strbuf_puts(out, "        {\n");
        put_options(c, "cost.prices", &c->cost.prices[i], "            ", out);
        strbuf_puts(out, i + 1 < c->cost.n_prices ? "        },\n" : "        }\n");
    }
    strbuf_puts(out, "    )\n");
}

static void put_zones(const struct config *c, const struct server_config *s,
                      struct strbuf *out)
{
    if (s->n_zones == 0)
        return;
    strbuf_puts(out, "        zones = {\n");
    for (size_t i = 0; i < s->n_zones; i++) {
        strbuf_printf(out, "            %s = {\n", s->zones[i].name);
        put_options(c, "servers.zones", &s->zones[i], "                ", out);
        strbuf_puts(out, "            }\n");
    }
    strbuf_puts(out, "        }\n");
}

bool config_put_option(const struct config *c, const struct option *o, const void *base,
                       struct strbuf *b)
{
    if (is_other_secret(c, o))
        return false;
    if (o->type == OPTION_PRICES) {
        put_prices(c, b);
        return c->cost.n_prices > 0;
    }
    if (o->type == OPTION_ZONES) {
        put_zones(c, base, b);
        return ((const struct server_config *)base)->n_zones > 0;
    }
    return value_put(o, base, b);
}

bool config_has_section(const struct config *c, const char *section)
{
    if (str_eq(section, "velostrata"))
        return c->velostrata.api.present;
    if (str_eq(section, "jenkins"))
        return c->jenkins.present;
    if (str_eq(section, "vsphere"))
        return c->vsphere.present;
    if (str_eq(section, "aws"))
        return c->aws.present;
    if (str_eq(section, "lock"))
        return c->lock.api.present;
    if (str_eq(section, "keys"))
        return c->n_keys > 0;
    return true;
}

void config_print(const struct config *c, struct strbuf *out)
{
    for (size_t i = 0; i < option_section_count; i++) {
        const char *section = option_sections[i].name;

        if (!config_has_section(c, section))
            continue;
        strbuf_printf(out, "%s%s = {\n", i > 0 ? "\n" : "", section);
        if (str_eq(section, "servers")) {
            for (size_t k = 0; k < c->n_servers; k++) {
                strbuf_printf(out, "    %s = {\n", c->servers[k].name);
                put_options(c, "servers", &c->servers[k], "        ", out);
                put_zones(c, &c->servers[k], out);
                strbuf_puts(out, "    }\n");
            }
        } else if (str_eq(section, "keys")) {
            for (size_t k = 0; k < c->n_keys; k++) {
                strbuf_printf(out, "    %s = ", c->keys[k].action);
                option_put_text(out, c->keys[k].key);
                strbuf_putc(out, '\n');
            }
        } else {
            put_options(c, section, c, "    ", out);
            if (str_eq(section, "cost"))
                put_prices(c, out);
        }
        strbuf_puts(out, "}\n");
    }
}

/* ----- the sample ----- */

/* Longer help than this goes on the line above. */
enum { HELP_COLUMN = 44 };

static void put_sample_line(struct strbuf *b, const char *indent, bool set,
                            const struct option *o, const char *value)
{
    size_t start = b->len, used;

    strbuf_printf(b, "%s%s%s = ", indent, set ? "" : "# ", o->name);
    if (value != NULL)
        option_put_value(b, o, value);
    else
        option_put_example(b, o);
    used = b->len - start;
    strbuf_printf(b, "%*s# %s\n", used < HELP_COLUMN ? (int)(HELP_COLUMN - used) : 2, "",
                  o->help);
}

static bool is_sample_secret(const struct option *o)
{
    return !str_eq(o->section, "lock") && /* most sites have none */
           str_eq(o->name,
                  str_eq(o->section, "jenkins") ? "token_file" : "password_file");
}

/* A server without its interface would get another address at each move: shown as set. */
static bool is_sample_set(const struct option *o, const char *mover)
{
    return o->must || option_is_needed(o, mover) || is_sample_secret(o) ||
           str_eq(o->name, "eni") || str_eq(o->name, "window") ||
           (str_eq(o->section, "site") && str_eq(o->name, "name"));
}

/* That of its one server. */
static const char *sample_mover(const char *(*answer)(void *ctx, const struct option *o),
                                void *ctx)
{
    const struct option *o = option_find("servers", "mover");
    const char *given = answer != NULL ? answer(ctx, o) : NULL;

    return given != NULL ? given : o->example;
}

static void put_sample_section(struct strbuf *b, const char *section, const char *indent,
                               const char *(*answer)(void *ctx, const struct option *o),
                               void *ctx)
{
    const char *mover = sample_mover(answer, ctx);

    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        const char *given;

        if (!str_eq(o->section, section))
            continue;
        given = answer != NULL ? answer(ctx, o) : NULL;
        put_sample_line(b, indent, given != NULL || is_sample_set(o, mover), o, given);
    }
}

void options_sample(struct strbuf *b, const char *server,
                    const char *(*answer)(void *ctx, const struct option *o), void *ctx)
{
    strbuf_puts(b, "# rushhour.conf - see rushhour.conf(5); check it with "
                   "\"rushhour doctor --offline\".\n"
                   "# Lines that begin with # show the defaults, or an example.\n"
                   "# No password belongs in here: only where it is kept.\n");
    for (size_t i = 0; i < option_section_count; i++) {
        const struct option_section *s = &option_sections[i];

        if (!option_section_is_needed(s->name, sample_mover(answer, ctx)))
            continue;
        strbuf_printf(b, "\n# %s\n%s = {\n", s->help, s->name);
        if (str_eq(s->name, "servers")) {
            strbuf_printf(b, "    %s = {\n", server);
            put_sample_section(b, s->name, "        ", answer, ctx);
            strbuf_puts(b, "    }\n");
        } else if (str_eq(s->name, "keys")) {
            strbuf_puts(b, "    # refresh = \"R\"\n");
        } else {
            put_sample_section(b, s->name, "    ", answer, ctx);
        }
        strbuf_puts(b, "}\n");
    }
}
