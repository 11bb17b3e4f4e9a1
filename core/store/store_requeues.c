#include <config.h>

#include "core/store/store_internal.h"

#include <stdlib.h>

/* Long enough for every build that came of one to have ended. */
enum { KEPT_S = 30 * 86400 };

enum err_code store_requeue_put(struct store *s, const struct requeue *r, struct utc at,
                                struct err *e)
{
    struct query q = query_begin(s, STATEMENT_REQUEUE_PUT);
    enum err_code code;

    query_text(&q, r->job);
    query_int(&q, r->number);
    query_text(&q, r->server);
    query_text(&q, r->node);
    query_text(&q, requeue_cause_word(r->cause));
    query_int(&q, r->spread);
    query_int(&q, r->original);
    query_int(&q, r->count);
    query_utc(&q, r->noted);
    query_utc(&q, r->lost);
    query_utc(&q, r->stopped);
    query_text(&q, requeue_state_word(r->state));
    query_utc(&q, r->sent);
    query_int(&q, r->orders);
    query_int(&q, r->queue_id);
    query_text(&q, r->why);
    query_int(&q, at.s);
    code = query_run(&q, "write a build to be queued again", e);
    if (code != ERR_OK)
        return code;
    q = query_begin(s, STATEMENT_REQUEUE_CLEAN);
    query_int(&q, at.s - KEPT_S);
    return query_run(&q, "clean the builds that were queued again", e);
}

/* A word of a later version: nothing is done about that build. */
static void read_requeue(struct query *q, struct requeue *r)
{
    char word[NAME_TEXT];

    query_get_text(q, r->job, sizeof(r->job));
    r->number = (int32_t)query_get_int(q);
    query_get_text(q, r->server, sizeof(r->server));
    query_get_text(q, r->node, sizeof(r->node));
    query_get_text(q, word, sizeof(word));
    if (!requeue_cause_parse(word, &r->cause))
        r->cause = REQUEUE_BY_INTERRUPTION; /* only said to people */
    r->spread = query_get_int(q) != 0;
    r->original = (int32_t)query_get_int(q);
    r->count = (int32_t)query_get_int(q);
    r->noted = query_get_utc(q);
    r->lost = query_get_utc(q);
    r->stopped = query_get_utc(q);
    query_get_text(q, word, sizeof(word));
    if (!requeue_state_parse(word, &r->state))
        r->state = REQUEUE_SKIPPED;
    r->sent = query_get_utc(q);
    r->orders = (int32_t)query_get_int(q);
    r->queue_id = query_get_int(q);
    query_get_text(q, r->why, sizeof(r->why));
}

enum err_code store_requeues_load(struct store *s, struct requeue **list, size_t *n,
                                  struct err *e)
{
    struct query q = query_begin(s, STATEMENT_REQUEUE_NEWEST);
    struct requeue *rows = calloc(REQUEUES_KEPT, sizeof(*rows));
    enum err_code code;

    query_int(&q, REQUEUES_KEPT);
    while (rows != NULL && *n < REQUEUES_KEPT && query_row(&q))
        read_requeue(&q, &rows[(*n)++]);
    code = query_end(&q, "read the builds that were queued again", e);
    if (code == ERR_OK && rows == NULL)
        code = err_set(e, ERR_NOMEM, "no memory for the builds that were queued again");
    *list = rows;
    return code;
}
