#include <config.h>

#include "tests/sim/orders.h"

#include "core/base/str.h"

static const char who[] = "operator:dana-";

static bool connected(struct orders *o)
{
    struct err e = {0};

    return o->store != NULL ||
           store_open(o->dir, STORE_CLIENT, NULL, &o->store, &e) == ERR_OK;
}

bool orders_leave(struct orders *o, struct command *c)
{
    struct err e = {0};
    uint64_t id;

    if (o->dir == NULL || o->n + 1 >= ORDERS_COUNTED || o->n++ % 2 != 0 || !connected(o))
        return false;
    (void)str_format(c->by, sizeof(c->by), "dana-%llu", (unsigned long long)o->n);
    return store_command_put(o->store, c, &id, &e) == ERR_OK;
}

/* The line of the journal that tells of an order itself, not of what came of it. */
static bool count(void *ctx, const struct journal_entry *j)
{
    struct orders *o = ctx;
    enum command_kind kind;
    struct err e = {0};
    int64_t n;

    if (str_starts(j->actor, who) && j->move[0] == '\0' &&
        command_parse(j->action, &kind) &&
        str_to_i64(j->actor + sizeof(who) - 1, 1, ORDERS_COUNTED - 1, &n, &e) == ERR_OK)
        o->ran[n]++;
    return true;
}

bool orders_end(struct orders *o, char why[LINE_TEXT])
{
    struct command open[1];
    struct err e = {0};
    size_t n = 0;

    why[0] = '\0';
    if (o->store == NULL)
        return true;
    if (store_journal_each(o->store, 0, count, o, &e) != ERR_OK ||
        store_commands(o->store, open, 1, &n, &e) != ERR_OK)
        (void)str_format(why, LINE_TEXT, "the orders cannot be read: %.120s", e.text);
    else if (n > 0)
        (void)str_format(why, LINE_TEXT, "I13: an order of %.40s has no answer",
                         open[0].by);
    for (uint64_t i = 0; i < ORDERS_COUNTED && why[0] == '\0'; i++) {
        if (o->ran[i] > 1)
            (void)str_format(why, LINE_TEXT, "I13: order %llu ran %d times",
                             (unsigned long long)i, (int)o->ran[i]);
    }
    store_close(o->store);
    o->store = NULL;
    return why[0] == '\0';
}
