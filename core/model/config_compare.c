#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/secret.h"
#include "core/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_BYTES = 1024 * 1024, CHANGE_TEXT = 192 };

/* Two configurations, and who hears of what differs. */
struct comparing {
    const struct config *was, *is;
    config_change each;
    void *ctx;
    size_t n;
    struct strbuf a, b; /* values as they are written */
};

static void differs(struct comparing *x, const struct option *o, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void differs(struct comparing *x, const struct option *o, const char *fmt, ...)
{
    char name[CHANGE_TEXT];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(name, sizeof(name), fmt, ap); /* a cut name still names */
    va_end(ap);
    x->n++;
    x->each(x->ctx, name, o);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : str_eq(a, b);
}

/* One option of two groups. What does not fit into memory counts as changed. */
static bool same_value(struct comparing *x, const struct option *o, const void *a,
                       const void *b)
{
    x->a.len = x->b.len = 0;
    if (config_put_option(x->was, o, a, &x->a) != config_put_option(x->is, o, b, &x->b))
        return false;
    return !x->a.failed && !x->b.failed && x->a.len == x->b.len &&
           (x->a.len == 0 || memcmp(x->a.data, x->b.data, x->a.len) == 0);
}

static const struct api_config *api_of(const struct config *c, const char *section)
{
    return str_eq(section, "velostrata") ? &c->velostrata.api
           : str_eq(section, "jenkins")  ? &c->jenkins
           : str_eq(section, "vsphere")  ? &c->vsphere
           : str_eq(section, "lock")     ? &c->lock.api
                                         : NULL;
}

static bool same_secret(const struct secret *a, const struct secret *b)
{
    return a == NULL || b == NULL ? a == b : str_eq(secret_expose(a), secret_expose(b));
}

static bool same_days(const struct policy_config *a, const struct policy_config *b)
{
    if (a->n_exceptions != b->n_exceptions)
        return false;
    for (size_t i = 0; i < a->n_exceptions; i++) {
        const struct calendar_day *p = &a->exceptions[i], *q = &b->exceptions[i];

        if (p->day != q->day || p->kind != q->kind || p->n != q->n)
            return false;
        for (size_t k = 0; k < p->n; k++) {
            if (p->start_min[k] != q->start_min[k] || p->end_min[k] != q->end_min[k])
                return false;
        }
    }
    return true;
}

/* What an option names may be another although its name is the same. */
static void compare_contents(struct comparing *x, const char *section)
{
    const struct api_config *a = api_of(x->was, section), *b = api_of(x->is, section);

    if (a != NULL && b != NULL && !same_secret(a->secret, b->secret))
        differs(x, NULL, "%s (its secret)", section);
    if (str_eq(section, "policy") &&
        same_text(x->was->policy.calendar, x->is->policy.calendar) &&
        !same_days(&x->was->policy, &x->is->policy))
        differs(x, NULL, "policy.calendar (its days)");
}

static bool compare_server(struct comparing *x, const struct server_config *a,
                           const struct server_config *b)
{
    size_t before = x->n;

    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        if (str_eq(o->section, "servers") && !same_value(x, o, a, b))
            differs(x, o, "servers.%s.%s", a->name, o->name);
    }
    if (same_text(a->user_data_file, b->user_data_file) &&
        !same_text(a->user_data, b->user_data))
        differs(x, option_find("servers", "user_data_file"),
                "servers.%s.user_data_file (its text)", a->name);
    return x->n == before;
}

static void compare_servers(struct comparing *x)
{
    bool moved = false;

    for (size_t i = 0; i < x->was->n_servers; i++) {
        const struct server_config *a = &x->was->servers[i];
        const struct server_config *b = config_server_find(x->is, a->name);

        if (b == NULL)
            differs(x, NULL, "servers.%s (gone)", a->name);
        else
            (void)compare_server(x, a, b);
    }
    for (size_t i = 0; i < x->is->n_servers; i++) {
        const struct server_config *b = &x->is->servers[i];

        if (config_server_find(x->was, b->name) == NULL)
            differs(x, NULL, "servers.%s (new)", b->name);
        moved =
            moved || (i < x->was->n_servers && !str_eq(x->was->servers[i].name, b->name));
    }
    if (moved && x->n == 0) /* else the names above say enough */
        differs(x, NULL, "servers (their order)");
}

static bool same_keys(const struct config *a, const struct config *b)
{
    if (a->n_keys != b->n_keys)
        return false;
    for (size_t i = 0; i < a->n_keys; i++) {
        if (!str_eq(a->keys[i].action, b->keys[i].action) ||
            !str_eq(a->keys[i].key, b->keys[i].key))
            return false;
    }
    return true;
}

static void compare_section(struct comparing *x, const char *section)
{
    bool was = config_has_section(x->was, section),
         is = config_has_section(x->is, section);

    if (was != is) {
        differs(x, NULL, "%s (%s)", section, is ? "new" : "gone");
        return;
    }
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        if (str_eq(o->section, section) && !same_value(x, o, x->was, x->is))
            differs(x, o, "%s.%s", section, o->name);
    }
    compare_contents(x, section);
}

size_t config_compare(const struct config *was, const struct config *is,
                      config_change each, void *ctx)
{
    struct comparing x = {.was = was, .is = is, .each = each, .ctx = ctx};

    strbuf_init(&x.a, VALUE_BYTES);
    strbuf_init(&x.b, VALUE_BYTES);
    for (size_t i = 0; i < option_section_count; i++) {
        const char *section = option_sections[i].name;

        if (str_eq(section, "servers"))
            compare_servers(&x);
        else if (str_eq(section, "keys") && !same_keys(was, is))
            differs(&x, NULL, "keys");
        else if (!str_eq(section, "keys"))
            compare_section(&x, section);
    }
    strbuf_clear(&x.a);
    strbuf_clear(&x.b);
    return x.n;
}

static void note_server(void *ctx, const char *name, const struct option *o)
{
    bool *tied = ctx;

    (void)name;
    *tied = *tied || o == NULL || !o->untied;
}

bool config_server_ties(const struct config *was, const struct config *is,
                        const struct server_config *a, const struct server_config *b)
{
    bool tied = false;
    struct comparing x = {.was = was, .is = is, .each = note_server, .ctx = &tied};

    strbuf_init(&x.a, VALUE_BYTES);
    strbuf_init(&x.b, VALUE_BYTES);
    (void)compare_server(&x, a, b);
    strbuf_clear(&x.a);
    strbuf_clear(&x.b);
    return tied;
}

struct stuck {
    char *names;
    size_t size;
    size_t n;
};

static void note_stuck(void *ctx, const char *name, const struct option *o)
{
    struct stuck *s = ctx;
    size_t used = strlen(s->names);

    if (o == NULL ? !str_starts(name, "lock") : !option_needs_restart(o))
        return;
    s->n++;
    (void)str_format(s->names + used, s->size - used, "%s%s", used > 0 ? ", " : "", name);
}

size_t config_needs_restart(const struct config *was, const struct config *is,
                            char *names, size_t size)
{
    struct stuck s = {.names = names, .size = size};

    names[0] = '\0';
    (void)config_compare(was, is, note_stuck, &s);
    return s.n;
}
