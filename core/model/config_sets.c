#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"

#include <string.h>

/* What was --set becomes part of the tree before anything is read, so that it is checked
 * like the rest; its line tells where it came from. */

enum { NESTING_MAX = 8 };

/* A copy of `from` as a member of a group (name) or an element of a list (NULL). */
static bool copy(config_setting_t *to, const char *name, const config_setting_t *from,
                 int line, int depth)
{
    int type = config_setting_type(from);
    config_setting_t *s = config_setting_add(to, name, type);
    bool done = s != NULL && depth < NESTING_MAX;

    if (!done)
        return false;
    s->line = (unsigned)line;
    switch (type) {
    case CONFIG_TYPE_INT:
        return config_setting_set_int(s, config_setting_get_int(from)) == CONFIG_TRUE;
    case CONFIG_TYPE_INT64:
        return config_setting_set_int64(s, config_setting_get_int64(from)) == CONFIG_TRUE;
    case CONFIG_TYPE_FLOAT:
        return config_setting_set_float(s, config_setting_get_float(from)) == CONFIG_TRUE;
    case CONFIG_TYPE_BOOL:
        return config_setting_set_bool(s, config_setting_get_bool(from)) == CONFIG_TRUE;
    case CONFIG_TYPE_STRING:
        return config_setting_set_string(s, config_setting_get_string(from)) ==
               CONFIG_TRUE;
    default:
        break;
    }
    for (int i = 0; done && i < config_setting_length(from); i++) {
        const config_setting_t *item = config_setting_get_elem(from, (unsigned)i);

        done = copy(s, config_setting_name(item), item, line, depth + 1);
    }
    return done;
}

/* The group that "policy" or "servers.cache" names; made when it is not there. */
static config_setting_t *group_of(config_setting_t *root, const char *path, size_t len,
                                  int line)
{
    config_setting_t *at = root;

    while (len > 0 && at != NULL) {
        size_t n = 0;
        char name[NAME_TEXT];
        config_setting_t *next;

        while (n < len && path[n] != '.')
            n++;
        if (!str_format(name, sizeof(name), "%.*s", (int)n, path))
            return NULL;
        next = config_setting_get_member(at, name);
        if (next == NULL) {
            next = config_setting_add(at, name, CONFIG_TYPE_GROUP);
            if (next != NULL)
                next->line = (unsigned)line;
        }
        at = next != NULL && config_setting_is_group(next) ? next : NULL;
        n += n < len ? 1 : 0;
        path += n;
        len -= n;
    }
    return at;
}

static void put_value(struct reader *r, const char *set, size_t dot, size_t equals,
                      const config_setting_t *value, int line)
{
    config_setting_t *group = group_of(r->root, set, dot, line);
    char name[NAME_TEXT];

    if (group == NULL ||
        !str_format(name, sizeof(name), "%.*s", (int)(equals - dot - 1), set + dot + 1)) {
        problem_add(r->problems, line,
                    "there is no such option: rushhour.conf(5) lists all");
        return;
    }
    (void)config_setting_remove(group, name); /* mostly it is there */
    if (!copy(group, name, value, line, 0))
        problem_add(r->problems, line,
                    "there is no such option: rushhour.conf(5) lists all");
}

/* The value alone, as the file would have it behind its name. */
static bool read_value(struct reader *r, config_t *tree, const char *text, int line)
{
    struct strbuf b;
    struct config_problems *own;
    bool ok;

    strbuf_init(&b, FILE_MAX_BYTES);
    strbuf_printf(&b, "value = %s\n", text);
    own = problems_new("");
    if (own == NULL || b.no_memory)
        problems_fail(r->problems);
    ok = own != NULL && !b.failed && config_scan(strbuf_text(&b), b.len, own) &&
         config_read_string(tree, strbuf_text(&b)) == CONFIG_TRUE &&
         config_setting_length(config_root_setting(tree)) == 1;
    config_problems_free(own);
    strbuf_clear(&b);
    if (!ok)
        problem_add(r->problems, line,
                    "\"%.80s\" is no value: write it as in the file, texts in quotes, "
                    "lists in brackets: 'policy.window=[\"Sun-Thu 08:00-17:00\"]'",
                    text);
    return ok;
}

static void put_set(struct reader *r, const char *set, int line)
{
    size_t equals = strcspn(set, "="), dot = equals;
    config_t tree;

    while (dot > 0 && set[dot - 1] != '.')
        dot--;
    if (set[equals] == '\0' || dot < 2 || dot == equals) {
        problem_add(r->problems, line, "write --set SECTION.OPTION=VALUE");
        return;
    }
    config_init(&tree);
    if (read_value(r, &tree, set + equals + 1, line))
        put_value(r, set, dot - 1, equals,
                  config_setting_get_elem(config_root_setting(&tree), 0), line);
    config_destroy(&tree);
}

void config_put_sets(struct reader *r)
{
    for (size_t i = 0; i < r->sets.n; i++)
        put_set(r, r->sets.list[i], SET_LINE + (int)i);
}
