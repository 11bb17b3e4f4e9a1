#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"
#include "core/base/tz.h"

#include <string.h>

int setting_line(config_setting_t *group, const char *name)
{
    config_setting_t *s = config_setting_get_member(group, name);

    return (int)config_setting_source_line(s != NULL ? s : group);
}

config_setting_t *setting_group(const struct reader *r, const char *section)
{
    config_setting_t *s = config_setting_get_member(r->root, section);

    return s != NULL && config_setting_is_group(s) ? s : NULL;
}

config_setting_t *setting_zone(const struct reader *r, size_t server, const char *zone)
{
    return config_setting_get_member(
        config_setting_get_member(r->server_settings[server], "zones"), zone);
}

static int line_of(const config_setting_t *s)
{
    return (int)config_setting_source_line(s);
}

static const char *kind_of(const config_setting_t *s)
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_GROUP:
        return "a group { }";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a point";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "nothing that is known";
    }
}

static const char *wanted(const struct option *o)
{
    switch (o->type) {
    case OPTION_TEXT:
    case OPTION_URL:
        return "a text in quotes";
    case OPTION_FILE:
        return "a file name in quotes";
    case OPTION_DUR:
    case OPTION_LEAD:
        return "a duration in quotes";
    case OPTION_INT:
    case OPTION_PCT:
        return "a whole number";
    case OPTION_BOOL:
        return "true or false";
    case OPTION_USD:
        return "an amount";
    case OPTION_CHOICE:
    case OPTION_CHOICE_BOOL:
    case OPTION_WORD:
        return "one word in quotes";
    case OPTION_TEXTS:
    case OPTION_DURS:
    case OPTION_WINDOWS:
        return "a list of texts [ ]";
    case OPTION_PRICES:
        return "a list of groups ( )";
    case OPTION_ZONES:
        return "a group { } of groups";
    }
    return "something else";
}

/* `where: what: write NAME = EXAMPLE` */
static void bad_value(struct reader *r, int line, const char *where,
                      const struct option *o, const char *what)
{
    char kept[160];
    struct strbuf b;

    strbuf_init(&b, sizeof(kept) - 1);
    option_put_example(&b, o);
    if (b.no_memory)
        problems_fail(r->problems);
    (void)str_copy(kept, sizeof(kept), b.failed ? "..." : strbuf_text(&b));
    strbuf_clear(&b);
    problem_add(r->problems, line, "%s: %s: write %s = %s", where, what, o->name, kept);
}

static bool is_list_type(enum option_type t)
{
    return t == OPTION_TEXTS || t == OPTION_DURS || t == OPTION_WINDOWS;
}

/* A single value as text, when the parser's type may stand for the option's. */
static bool scalar_text(const struct option *o, const config_setting_t *s,
                        char number[NUMBER_TEXT], const char **text)
{
    bool is_number = o->type == OPTION_INT || o->type == OPTION_PCT;

    *text = number;
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_STRING:
        *text = config_setting_get_string(s);
        return !is_number && o->type != OPTION_BOOL;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        (void)str_format(number, NUMBER_TEXT, "%lld", config_setting_get_int64(s));
        return is_number || o->type == OPTION_USD || o->choices != NULL;
    case CONFIG_TYPE_FLOAT:
        (void)number_text(config_setting_get_float(s), number);
        return o->type == OPTION_USD;
    case CONFIG_TYPE_BOOL:
        (void)str_copy(number, NUMBER_TEXT,
                       config_setting_get_bool(s) != 0 ? "true" : "false");
        return o->type == OPTION_BOOL;
    default:
        return false;
    }
}

static void read_list(struct reader *r, const struct option *o, void *base,
                      config_setting_t *s, const char *where)
{
    const size_t none = 0;
    int n = config_setting_length(s);
    struct err e = {0};

    memcpy((char *)base + o->extra, &none, sizeof(none)); /* not the default's items */
    if (n == 0 && (o->must || (o->initial != NULL && o->min > 0)))
        bad_value(r, line_of(s), where, o, "the list is empty");
    for (int i = 0; i < n; i++) {
        config_setting_t *item = config_setting_get_elem(s, (unsigned)i);
        const char *text = config_setting_get_string(item);

        if (config_setting_type(item) != CONFIG_TYPE_STRING) {
            bad_value(r, line_of(item), where, o, "an item of the list is no text");
            return;
        }
        if (value_set(o, base, r->dir, r->c->arena, text, &e) != ERR_OK) {
            bad_value(r, line_of(item), where, o, e.text);
            return;
        }
    }
}

static void read_group(struct reader *r, const char *section, const char *where,
                       void *base, config_setting_t *group);

/* cost.prices: a list of groups. */
static void read_prices(struct reader *r, const struct option *o, config_setting_t *s,
                        const char *where)
{
    int n = config_setting_length(s);
    struct configured_price *prices;
    char name[80];

    if (n > o->max) {
        bad_value(r, line_of(s), where, o, "the list is too long");
        return;
    }
    prices = arena_alloc(r->c->arena, (size_t)n, sizeof(*prices));
    if (prices == NULL)
        return; /* the arena says so at the end */
    for (int i = 0; i < n; i++) {
        config_setting_t *item = config_setting_get_elem(s, (unsigned)i);

        (void)str_format(name, sizeof(name), "%s[%d]", where, i);
        if (!config_setting_is_group(item)) {
            bad_value(r, line_of(item), where, o, "an item of the list is no group { }");
            return;
        }
        read_group(r, "cost.prices", name, &prices[i], item);
    }
    r->c->cost.prices = prices;
    r->c->cost.n_prices = (size_t)n;
}

static void group_initial(struct reader *r, const char *section, void *base)
{
    struct err e = {0};

    for (size_t i = 0; i < option_count; i++) {
        if (str_eq(option_table[i].section, section) &&
            value_set_initial(&option_table[i], base, r->c->arena, &e) != ERR_OK)
            problem_add(r->problems, 0, "%s", e.text); /* a wrong table; tested */
    }
}

/* servers.NAME.zones: a group of groups. */
static void read_zones(struct reader *r, const struct option *o, void *base,
                       config_setting_t *s, const char *where)
{
    int n = config_setting_length(s);
    struct server_config *server = base;
    struct zone_config *zones;
    char name[160];

    if (n > o->max) {
        problem_add(r->problems, line_of(s), "%s: more than %lld zones", where,
                    (long long)o->max);
        return;
    }
    zones = arena_alloc(r->c->arena, (size_t)n, sizeof(*zones));
    if (zones == NULL)
        return; /* the arena says so at the end */
    server->zones = zones;
    for (int i = 0; i < n; i++) {
        config_setting_t *item = config_setting_get_elem(s, (unsigned)i);
        const char *zone = config_setting_name(item);

        (void)str_format(name, sizeof(name), "%.96s.%.60s", where, zone);
        if (!config_setting_is_group(item)) {
            problem_add(r->problems, line_of(item),
                        "%s: it is %s and must be a group: write %s = { eni = ... }",
                        name, kind_of(item), zone);
            continue;
        }
        group_initial(r, "servers.zones", &zones[server->n_zones]);
        zones[server->n_zones].name = arena_strdup(r->c->arena, zone);
        read_group(r, "servers.zones", name, &zones[server->n_zones++], item);
    }
}

static void read_option(struct reader *r, const struct option *o, void *base,
                        config_setting_t *s, const char *where)
{
    char what[160], number[NUMBER_TEXT];
    struct err e = {0};
    bool is_list = config_setting_is_list(s) || config_setting_is_array(s);
    const char *text;

    if (problems_wrapped(r->problems, s))
        return; /* told already, as it stands in the file */
    if (is_list && o->type == OPTION_PRICES) {
        read_prices(r, o, s, where);
    } else if (o->type == OPTION_ZONES && config_setting_is_group(s)) {
        read_zones(r, o, base, s, where);
    } else if (is_list && is_list_type(o->type)) {
        read_list(r, o, base, s, where);
    } else if (is_list_type(o->type) || o->type == OPTION_PRICES ||
               o->type == OPTION_ZONES || !scalar_text(o, s, number, &text)) {
        (void)str_format(what, sizeof(what), "it is %s and must be %s", kind_of(s),
                         wanted(o));
        bad_value(r, line_of(s), where, o, what);
    } else if (value_set(o, base, r->dir, r->c->arena, text, &e) != ERR_OK) {
        bad_value(r, line_of(s), where, o, e.text);
    }
}

/* Names under which people type the secret itself. */
static bool is_secret_name(const char *name)
{
    static const char *const names[] = {
        "password",  "passwd",     "pass",       "token",      "api_token",
        "secret",    "secret_key", "access_key", "credential", "secret_access_key",
        "auth_token"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

static void unknown_option(struct reader *r, const char *section, const char *where,
                           const config_setting_t *s)
{
    const char *name = config_setting_name(s);
    const char *near = option_nearest(section, name);
    bool is_aws = str_eq(section, "aws");

    if (is_secret_name(name) && (is_aws || option_find(section, "password_file"))) {
        problem_add(r->problems, line_of(s),
                    "%s.%s: no secret may be in this file, others can read it: %s", where,
                    name,
                    is_aws ? "use profile, or the environment, as the AWS tools do"
                    : option_find(section, "token_file") != NULL
                        ? "write token_file = \"FILE\" (or token_env, token_command, "
                          "token_credential)"
                        : "write password_file = \"FILE\" (or password_env, "
                          "password_command, password_credential)");
        return;
    }
    if (near != NULL) {
        problem_add(r->problems, line_of(s),
                    "%s.%s: there is no such option: did you mean %s?", where, name,
                    near);
        return;
    }
    for (size_t i = 0; i < option_count; i++) {
        if (str_eq(option_table[i].name, name)) {
            problem_add(r->problems, line_of(s),
                        "%s.%s: there is no such option here: it belongs to section %s",
                        where, name, option_table[i].section);
            return;
        }
    }
    problem_add(r->problems, line_of(s),
                "%s.%s: there is no such option: rushhour.conf(5) lists all", where,
                name);
}

/* The options of one section (of one server, of one price) and what it lacks. */
static void read_group(struct reader *r, const char *section, const char *where,
                       void *base, config_setting_t *group)
{
    char name[160];

    for (int i = 0; i < config_setting_length(group); i++) {
        config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        const struct option *o = option_find(section, config_setting_name(s));

        (void)str_format(name, sizeof(name), "%.100s.%.50s", where,
                         config_setting_name(s));
        if (o != NULL)
            read_option(r, o, base, s, name);
        else
            unknown_option(r, section, where, s);
    }
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        if (!o->must || !str_eq(o->section, section) ||
            config_setting_get_member(group, o->name) != NULL)
            continue;
        (void)str_format(name, sizeof(name), "%.100s.%.50s", where, o->name);
        bad_value(r, line_of(group), name, o, "it is missing");
    }
}

static void read_keys(struct reader *r, config_setting_t *group)
{
    int n = config_setting_length(group);
    struct key_binding *keys = arena_alloc(r->c->arena, (size_t)n, sizeof(*keys));

    if (keys == NULL)
        return; /* the arena says so at the end */
    for (int i = 0; i < n; i++) {
        config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        const char *key = config_setting_get_string(s);
        const char *action = config_setting_name(s);

        if (key == NULL || key[0] == '\0' || strlen(key) >= NAME_TEXT) {
            problem_add(r->problems, line_of(s),
                        "keys.%s: it must be the name of a key: write %s = \"ctrl-l\"",
                        action, action);
            continue;
        }
        keys[r->c->n_keys++] = (struct key_binding){
            .action = arena_strdup(r->c->arena, action),
            .key = arena_strdup(r->c->arena, key),
            .line = line_of(s),
        };
    }
    r->c->keys = keys;
}

static void read_servers(struct reader *r, config_setting_t *group)
{
    int n = config_setting_length(group);
    char where[96];

    if (n > MAX_SERVERS) {
        problem_add(r->problems, line_of(group), "servers: more than %d servers",
                    MAX_SERVERS);
        return;
    }
    r->c->servers = arena_alloc(r->c->arena, (size_t)n, sizeof(*r->c->servers));
    r->server_settings = arena_alloc(r->c->arena, (size_t)n, sizeof(config_setting_t *));
    if (r->c->servers == NULL || r->server_settings == NULL)
        return; /* the arena says so at the end */
    for (int i = 0; i < n; i++) {
        config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(s);
        struct server_config *server = &r->c->servers[r->c->n_servers];

        (void)str_format(where, sizeof(where), "servers.%s", name);
        if (!config_setting_is_group(s)) {
            problem_add(r->problems, line_of(s),
                        "%s: it is %s and must be a group: write %s = { vm = ... }",
                        where, kind_of(s), name);
            continue;
        }
        if (strlen(name) >= NAME_TEXT) {
            problem_add(r->problems, line_of(s),
                        "%s: the name is longer than %d bytes: choose a shorter one",
                        where, NAME_TEXT - 1);
            continue;
        }
        group_initial(r, "servers", server);
        server->name = arena_strdup(r->c->arena, name);
        r->server_settings[r->c->n_servers++] = s;
        read_group(r, "servers", where, server, s);
    }
}

static void unknown_section(struct reader *r, const config_setting_t *s)
{
    const char *name = config_setting_name(s);
    const char *near = option_section_nearest(name);

    if (near != NULL) {
        problem_add(r->problems, line_of(s),
                    "%s: there is no such section: did you mean %s?", name, near);
        return;
    }
    for (size_t i = 0; i < option_count; i++) {
        if (str_eq(option_table[i].name, name)) {
            problem_add(r->problems, line_of(s),
                        "%s: it belongs to a section: write %s = { %s = ... }", name,
                        option_table[i].section, name);
            return;
        }
    }
    problem_add(r->problems, line_of(s),
                "%s: there is no such section: rushhour.conf(5) lists all", name);
}

static void read_section(struct reader *r, config_setting_t *s)
{
    const char *name = config_setting_name(s);

    if (option_section_find(name) == NULL) {
        unknown_section(r, s);
        return;
    }
    if (!config_setting_is_group(s)) {
        problem_add(r->problems, line_of(s),
                    "%s: it is %s and must be a group: write %s = { ... }", name,
                    kind_of(s), name);
        return;
    }
    r->c->velostrata.api.present |= str_eq(name, "velostrata");
    r->c->jenkins.present |= str_eq(name, "jenkins");
    r->c->vsphere.present |= str_eq(name, "vsphere");
    r->c->aws.present |= str_eq(name, "aws");
    r->c->lock.api.present |= str_eq(name, "lock");
    if (str_eq(name, "servers"))
        read_servers(r, s);
    else if (str_eq(name, "keys"))
        read_keys(r, s);
    else
        read_group(r, name, name, r->c, s);
}

void config_read_tree(struct reader *r)
{
    char zone[NAME_TEXT];

    for (int i = 0; i < config_setting_length(r->root); i++)
        read_section(r, config_setting_get_elem(r->root, (unsigned)i));
    if (r->c->deployment == NULL)
        r->c->deployment = r->c->site_name;
    if (r->c->tz_name == NULL)
        r->c->tz_name = arena_strdup(r->c->arena, tz_system_name(zone, sizeof(zone)));
}
