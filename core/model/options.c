#include <config.h>

#include "core/model/options.h"

#include "core/model/call.h"
#include "core/model/config.h"

#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, PATH_BYTES = 4096 };

/* clang-format off */
/* The marks of options.def. Each but the last, HELP, ends in a comma. */
#define LENGTH(bytes)             .min = 1, .max = (bytes) - 1,
#define RANGE(low, high)          .min = (low), .max = (high),
#define ITEMS(count, most)        EXTRA(count) .min = 1, .max = (most),
#define ITEMS_SERVER(count, most) EXTRA_SERVER(count) .min = 1, .max = (most),
#define ITEMS_ZONE(count, most)   EXTRA_ZONE(count) .min = 1, .max = (most),
#define CHOICES(words)            .choices = (words),
#define PREFIX(text)              .prefix = (text),
#define EXAMPLE(text)             .example = (text),
#define EXTRA(field)              .extra = offsetof(struct config, field),
#define EXTRA_SERVER(field)       .extra = offsetof(struct server_config, field),
#define EXTRA_ZONE(field)         .extra = offsetof(struct zone_config, field),
#define EXTRA_PRICE(field)        .extra = offsetof(struct configured_price, field),
#define MUST                      .must = true,
#define NONE_OK                   .none_ok = true,
#define SECRET                    .secret = true,
#define RESTART                   .restart = true,
#define UNTIED                    .untied = true,
#define HELP(text)                .help = (text)

/* The marks bring commas of their own, so they travel as the variable arguments. */
#define ROW(base, sec, opt, kind, field, def, ...)                                       \
    {.section = (sec), .name = opt, .type = OPTION_##kind, .offset = offsetof(base, field), \
     .initial = (def), __VA_ARGS__},
#define OPTION(sec, opt, kind, field, def, ...)                                          \
    ROW(struct config, sec, #opt, kind, field, def, __VA_ARGS__)
#define SERVER_OPTION(sec, opt, kind, field, def, ...)                                   \
    ROW(struct server_config, sec, #opt, kind, field, def, __VA_ARGS__)
#define ZONE_OPTION(sec, opt, kind, field, def, ...)                                     \
    ROW(struct zone_config, sec, #opt, kind, field, def, __VA_ARGS__)
#define PRICE_OPTION(sec, opt, kind, field, def, ...)                                    \
    ROW(struct configured_price, sec, #opt, kind, field, def, __VA_ARGS__)
/* clang-format on */

const struct option option_table[] = {
#include "core/model/options.def"
};
const size_t option_count = ARRAY_LEN(option_table);

const struct option_section option_sections[] = {
    {"site", "the place that this is about", false, false},
    {"policy", "when servers are where", false, false},
    {"velostrata", "the Velostrata manager that moves servers", false, false},
    {"jenkins", "Jenkins, whose nodes the servers are", true, false},
    {"vsphere", "the ESX host at home", true, false},
    {"aws", "the AWS account: instances, spot requests, prices", false, false},
    {"lock", "the lock that several controllers share", false, true},
    {"servers", "the servers, a group for each", true, false},
    {"cost", "what the APIs do not tell about costs", false, false},
    {"ui", "the dashboard", false, false},
    {"notify", "telling people who do not look", false, false},
    {"keys", "keys of its actions: ACTION = \"key\"", false, false},
    {"log", "the log file", false, true},
    {"store", "the journal's age and size", false, false},
};
const size_t option_section_count = ARRAY_LEN(option_sections);

const struct option *option_find(const char *section, const char *name)
{
    for (size_t i = 0; i < option_count; i++) {
        if (str_eq(option_table[i].section, section) &&
            str_eq(option_table[i].name, name))
            return &option_table[i];
    }
    return NULL;
}

const struct option_section *option_section_find(const char *name)
{
    for (size_t i = 0; i < option_section_count; i++) {
        if (str_eq(option_sections[i].name, name))
            return &option_sections[i];
    }
    return NULL;
}

bool option_needs_restart(const struct option *o)
{
    const struct option_section *s = option_section_find(o->section);

    return o->restart || (s != NULL && s->restart);
}

bool option_section_is_needed(const char *section, const char *mover)
{
    return str_eq(mover, "velostrata") || !str_eq(section, "velostrata");
}

bool option_is_needed(const struct option *o, const char *mover)
{
    static const char *const of_ec2[][2] = {{"aws", "region"},
                                            {"servers", "launch_template"}};

    for (size_t i = 0; str_eq(mover, "ec2") && i < ARRAY_LEN(of_ec2); i++) {
        if (str_eq(o->section, of_ec2[i][0]) && str_eq(o->name, of_ec2[i][1]))
            return true;
    }
    return false;
}

const char *option_type_word(enum option_type type)
{
    static const char *const words[] = {
#define X(id, word) (word),
        OPTION_TYPES(X)
#undef X
    };

    return (unsigned)type < ARRAY_LEN(words) ? words[type] : "?";
}

/* ----- names that were probably meant ----- */

enum { NEAREST_TEXT = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* How many letters must be added, taken away or changed to make a of b. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAREST_TEXT + 1], n = strlen(a), m = strlen(b);

    if (n > NEAREST_TEXT || m > NEAREST_TEXT)
        return NEAREST_TEXT;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j];

            row[j] = least(above + 1, row[j - 1] + 1,
                           diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
            diagonal = above;
        }
    }
    return row[m];
}

/* A third of the letters may be wrong; a part of a longer name is near, too. */
static bool is_nearer(const char *typed, const char *name, size_t *best)
{
    size_t d = distance(typed, name), len = strlen(typed);

    if (d > (len < 6 ? 2 : len / 3) || d >= len)
        return false;
    if (d >= *best)
        return false;
    *best = d;
    return true;
}

const char *option_nearest(const char *section, const char *name)
{
    const char *nearest = NULL;
    size_t best = NEAREST_TEXT;

    for (size_t i = 0; i < option_count; i++) {
        if (str_eq(option_table[i].section, section) &&
            is_nearer(name, option_table[i].name, &best))
            nearest = option_table[i].name;
    }
    return nearest;
}

const char *option_section_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t best = NEAREST_TEXT;

    for (size_t i = 0; i < option_section_count; i++) {
        if (is_nearer(name, option_sections[i].name, &best))
            nearest = option_sections[i].name;
    }
    return nearest;
}

/* ----- values as they are written ----- */

static void put_text(struct strbuf *b, const char *text, size_t len)
{
    strbuf_putc(b, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            strbuf_printf(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            strbuf_printf(b, "\\x%02x", c);
        else
            strbuf_putc(b, (char)c);
    }
    strbuf_putc(b, '"');
}

void option_put_text(struct strbuf *b, const char *text)
{
    put_text(b, text, strlen(text));
}

static void put_list(struct strbuf *b, const char *items)
{
    strbuf_putc(b, '[');
    for (const char *p = items;; p++) {
        size_t len = strcspn(p, "|");

        put_text(b, p, len);
        p += len;
        if (*p == '\0')
            break;
        strbuf_puts(b, ", ");
    }
    strbuf_putc(b, ']');
}

void option_put_value(struct strbuf *b, const struct option *o, const char *value)
{
    switch (o->type) {
    case OPTION_INT:
    case OPTION_PCT:
    case OPTION_BOOL:
    case OPTION_USD:
        strbuf_puts(b, value);
        break;
    case OPTION_TEXTS:
    case OPTION_DURS:
    case OPTION_WINDOWS:
        put_list(b, value);
        break;
    case OPTION_PRICES:
        strbuf_puts(b, "( { type = \"c5.2xlarge\" on_demand = 0.384 } )");
        break;
    case OPTION_ZONES:
        strbuf_puts(b, "{ us-east-1b = { eni = \"eni-0b1c2d3e\" "
                       "cloud_node = \"tests-cache-cloud-b\" } }");
        break;
    case OPTION_TEXT:
    case OPTION_URL:
    case OPTION_FILE:
    case OPTION_DUR:
    case OPTION_LEAD:
    case OPTION_CHOICE:
    case OPTION_CHOICE_BOOL:
    case OPTION_WORD:
        option_put_text(b, value);
        break;
    }
}

void option_put_example(struct strbuf *b, const struct option *o)
{
    const char *value = o->example != NULL ? o->example : o->initial;

    option_put_value(b, o, value != NULL ? value : "");
}
