#include <config.h>

#include "tui/complete.h"

#include <string.h>

#include "core/base/str.h"

/*
 * A line for each order: its words, alternatives between bars. SERVER is any server's
 * name; other words in capitals are said, and never completed.
 */
static const char *const forms[] = {
    "move SERVER cloud|onprem force|yes yes",
    "hold SERVER cloud|onprem until|for|forever TIME|DURATION yes",
    "release SERVER",
    "cancel SERVER yes",
    "snooze DURATION SERVER",
    "auto on|off|dry-run SERVER",
    "extension start|stop",
    "refresh",
    "reload",
    "acknowledge",
    "explain SERVER",
    "status",
    "fleet",
    "log",
    "events",
    "cost",
    "schedule",
    "apis",
    "theme",
    "quit",
};

enum { WORDS_MOST = 8 };

struct found {
    const char *part; /* what is there of the word */
    size_t part_len;
    char *list; /* NULL: not wanted */
    size_t n;
    char common[NAME_TEXT];
    bool said; /* one of them is no word but what is to be written */
};

static void add(struct found *r, const char *word, size_t len, bool said)
{
    char text[NAME_TEXT];
    size_t used = strlen(r->list), k = 0;

    if (len >= sizeof(text) || len < r->part_len ||
        (!said && strncmp(word, r->part, r->part_len) != 0))
        return;
    (void)str_format(text, sizeof(text), "%.*s", (int)len, word); /* it fits */
    if (r->n++ == 0)
        (void)str_copy(r->common, sizeof(r->common), text);
    while (r->common[k] != '\0' && r->common[k] == text[k])
        k++;
    r->common[k] = '\0';
    r->said = r->said || said;
    if (used + len + 2 < COMPLETE_LIST)
        (void)str_format(r->list + used, COMPLETE_LIST - used, "%s%s",
                         used > 0 ? " " : "", text);
}

/* Everything that a place of a form allows. */
static void add_place(struct found *r, const struct fleet *f, const char *place,
                      size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t word = strcspn(place + at, "| ");
        bool said = place[at] >= 'A' && place[at] <= 'Z';

        if (word == strlen("SERVER") && strncmp(place + at, "SERVER", word) == 0) {
            for (size_t i = 0; i < f->n_servers; i++)
                add(r, f->servers[i].name, strlen(f->servers[i].name), false);
        } else if (!said || r->part_len == 0) {
            add(r, place + at, word, said);
        }
        at += word + 1;
    }
}

/* The n-th word of a form; its length, 0 behind the last. */
static size_t place_of(const char *form, size_t n, const char **place)
{
    for (; n > 0 && *form != '\0'; n--) {
        form += strcspn(form, " ");
        form += strspn(form, " ");
    }
    *place = form;
    return strcspn(form, " ");
}

static void find(const struct fleet *f, const char *line, struct found *r)
{
    const char *first = line + strspn(line, " "), *at = first;
    size_t first_len = strcspn(first, " "), n = 0;

    r->list[0] = '\0';
    for (;;) { /* the last word, which may be empty still */
        size_t len = strcspn(at, " ");

        if (at[len] == '\0') {
            r->part = at;
            r->part_len = len;
            break;
        }
        at += len;
        at += strspn(at, " ");
        if (++n == WORDS_MOST)
            return;
    }
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const char *place;
        size_t len = place_of(forms[i], n, &place);

        if (len > 0 && (n == 0 || (place_of(forms[i], 0, &place) == first_len &&
                                   strncmp(forms[i], first, first_len) == 0))) {
            len = place_of(forms[i], n, &place);
            add_place(r, f, place, len);
        }
    }
}

size_t complete_list(const struct fleet *f, const char *line, char list[COMPLETE_LIST])
{
    struct found r = {.list = list};

    find(f, line, &r);
    return r.n;
}

size_t complete_order(const struct fleet *f, char *line, size_t size,
                      char list[COMPLETE_LIST])
{
    struct found r = {.list = list};
    size_t len = strlen(line), more;

    find(f, line, &r);
    more = strlen(r.common);
    if (r.n == 0 || r.said || more < r.part_len || len + (more - r.part_len) + 2 > size)
        return r.n;
    (void)str_copy(line + len, size - len, r.common + r.part_len);
    if (r.n == 1)
        (void)str_copy(line + strlen(line), size - strlen(line), " ");
    return r.n;
}
