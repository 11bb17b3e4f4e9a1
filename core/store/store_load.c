#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"
#include "core/model/fleet.h"

#include <stdlib.h>
#include <string.h>

/* Far beyond what is open at a time: a file that has more was not written by us. */
enum { ROWS_MAX = 1000000 };

/* Room for one more in a list that grows by doubling; the new one is zeroed. NULL when
 * memory is out. */
static void *one_more(void *list, size_t n, size_t size)
{
    char *p = list;

    if (n >= ROWS_MAX)
        return NULL;
    if (n == 0 || (n & (n - 1)) == 0)
        p = realloc(list, (n == 0 ? 1 : n * 2) * size);
    if (p != NULL)
        memset(p + n * size, 0, size);
    return p;
}

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_NOMEM, "no memory for what the store holds");
}

/* Words are checked: a move that cannot be understood must not be taken for another. */
static enum err_code bad_word(struct store *s, const char *what, const char *word,
                              struct err *e)
{
    return err_set(e, ERR_STORE,
                   "%.70s is damaged (%s \"%.30s\"): move it away; rushhour then starts "
                   "anew and adopts what runs",
                   s->file, what, word);
}

static bool get_flag(struct query *q)
{
    return query_get_int(q) != 0;
}

static enum err_code read_move(struct query *q, struct move *m, struct err *e)
{
    char word[NAME_TEXT], done[MAX_STEPS * 21 + 1];
    char *p = done;

    query_get_text(q, m->id, sizeof(m->id));
    query_get_text(q, m->server, sizeof(m->server));
    query_get_text(q, m->mover, sizeof(m->mover));
    query_get_text(q, word, sizeof(word));
    if (!direction_parse(word, &m->direction))
        return bad_word(q->s, "a move's direction", word, e);
    query_get_text(q, word, sizeof(word));
    if (!move_status_parse(word, &m->status))
        return bad_word(q->s, "a move's status", word, e);
    m->step = (int32_t)query_get_int(q);
    m->committed = get_flag(q);
    m->force = get_flag(q);
    m->manual = get_flag(q);
    m->interrupted = get_flag(q);
    query_get_text(q, m->by, sizeof(m->by));
    query_get_text(q, word, sizeof(word));
    if (!reason_parse(word, &m->reason))
        return bad_word(q->s, "a move's reason", word, e);
    m->started = query_get_utc(q);
    m->step_since = query_get_utc(q);
    m->committed_at = query_get_utc(q);
    m->drain_deadline = query_get_utc(q);
    m->deadline = query_get_utc(q);
    query_get_text(q, done, sizeof(done));
    for (size_t i = 0; i < MAX_STEPS; i++)
        m->step_done[i].s = strtoll(p, &p, 10); /* what is no number reads as 0 */
    m->idle_since = query_get_utc(q);
    m->marked_seen = query_get_utc(q);
    m->calls = (int32_t)query_get_int(q);
    m->last_call_at = query_get_utc(q);
    query_get_text(q, m->task, sizeof(m->task));
    m->progress = (int32_t)query_get_int(q);
    query_get_text(q, m->note, sizeof(m->note));
    m->attempt = (uint32_t)query_get_int(q);
    query_get_text(q, m->type, sizeof(m->type));
    query_get_text(q, m->zone, sizeof(m->zone));
    query_get_text(q, word, sizeof(word));
    if (!lifecycle_parse(word, &m->lifecycle))
        return bad_word(q->s, "a move's lifecycle", word, e);
    if (m->step < 0 || m->step >= MAX_STEPS)
        return bad_word(q->s, "the step of move", m->id, e);
    return ERR_OK;
}

static void split_groups(const char *text, struct run_in_cloud *r)
{
    while (*text != '\0' && r->n_security_groups < MAX_SECURITY_GROUPS) {
        size_t len = strcspn(text, " ");

        (void)str_format(r->security_groups[r->n_security_groups++], ID_TEXT, "%.*s",
                         (int)len, text); /* cut only in a file written by hand */
        text += len + (text[len] == ' ' ? 1 : 0);
    }
}

static enum err_code read_intent(struct query *q, struct stored_intent *i, struct err *e)
{
    struct call *c = &i->call;
    struct run_in_cloud *r = &c->run;
    char word[NAME_TEXT], groups[MAX_SECURITY_GROUPS * (ID_TEXT + 1)];

    c->id = (uint64_t)query_get_int(q);
    query_get_text(q, c->move, sizeof(c->move));
    query_get_text(q, word, sizeof(word));
    if (!call_parse(word, &c->kind))
        return bad_word(q->s, "a call", word, e);
    query_get_text(q, c->server, sizeof(c->server));
    query_get_text(q, c->target, sizeof(c->target));
    query_get_text(q, c->marker, sizeof(c->marker));
    query_get_text(q, c->nonce, sizeof(c->nonce));
    c->force = get_flag(q);
    query_get_text(q, r->instance_type, sizeof(r->instance_type));
    query_get_text(q, r->edge_node, sizeof(r->edge_node));
    query_get_text(q, r->storage_policy, sizeof(r->storage_policy));
    query_get_text(q, r->eni, sizeof(r->eni));
    query_get_text(q, r->eni_field, sizeof(r->eni_field));
    query_get_text(q, r->static_address, sizeof(r->static_address));
    query_get_text(q, r->subnet, sizeof(r->subnet));
    query_get_text(q, groups, sizeof(groups));
    split_groups(groups, r);
    r->spot = get_flag(q);
    r->has_max_price = sqlite3_column_type(q->st, q->at) != SQLITE_NULL;
    r->max_price.nanos = query_get_int(q);
    query_get_text(q, r->launch_template, sizeof(r->launch_template));
    query_get_text(q, r->image, sizeof(r->image));
    query_get_text(q, r->key_name, sizeof(r->key_name));
    query_get_text(q, r->iam_profile, sizeof(r->iam_profile));
    query_get_text(q, r->token, sizeof(r->token));
    i->at = query_get_utc(q);
    return ERR_OK;
}

static enum err_code load_moves(struct store *s, struct store_state *out, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_MOVE_OPEN);
    enum err_code code = ERR_OK, end;

    while (code == ERR_OK && query_row(&q)) {
        struct move *list = one_more(out->moves, out->n_moves, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        out->moves = list;
        code = read_move(&q, &list[out->n_moves++], e);
    }
    end = query_end(&q, "read the moves", e);
    return code != ERR_OK ? code : end;
}

static enum err_code load_intents(struct store *s, struct store_state *out, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_INTENT_OPEN);
    enum err_code code = ERR_OK, end;

    while (code == ERR_OK && query_row(&q)) {
        struct stored_intent *list =
            one_more(out->intents, out->n_intents, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        out->intents = list;
        code = read_intent(&q, &list[out->n_intents++], e);
    }
    end = query_end(&q, "read the intents", e);
    return code != ERR_OK ? code : end;
}

static enum err_code read_hold(struct query *q, struct stored_hold *h, struct err *e)
{
    char word[NAME_TEXT];

    query_get_text(q, h->server, sizeof(h->server));
    query_get_text(q, word, sizeof(word));
    if (!place_parse(word, &h->hold.place))
        return bad_word(q->s, "the place of a hold", word, e);
    query_get_text(q, word, sizeof(word));
    if (!hold_kind_parse(word, &h->hold.kind))
        return bad_word(q->s, "the kind of a hold", word, e);
    h->hold.until = query_get_utc(q);
    query_get_text(q, h->hold.by, sizeof(h->hold.by));
    h->hold.at = query_get_utc(q);
    query_get_text(q, h->hold.why, sizeof(h->hold.why));
    return ERR_OK;
}

static enum err_code load_holds(struct store *s, struct store_state *out, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_HOLD_ALL);
    enum err_code code = ERR_OK, end;

    while (code == ERR_OK && query_row(&q)) {
        struct stored_hold *list = one_more(out->holds, out->n_holds, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        out->holds = list;
        code = read_hold(&q, &list[out->n_holds++], e);
    }
    end = query_end(&q, "read the holds", e);
    return code != ERR_OK ? code : end;
}

static enum err_code load_settings(struct store *s, struct store_state *out,
                                   struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SETTING_ALL);
    enum err_code code = ERR_OK, end;

    while (code == ERR_OK && query_row(&q)) {
        struct stored_setting *list =
            one_more(out->settings, out->n_settings, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        out->settings = list;
        query_get_text(&q, list[out->n_settings].key, sizeof(list->key));
        query_get_text(&q, list[out->n_settings].value, sizeof(list->value));
        out->n_settings++;
    }
    end = query_end(&q, "read the settings", e);
    return code != ERR_OK ? code : end;
}

static void read_segment(struct query *q, struct segment *g)
{
    g->id = query_get_int(q);
    query_get_text(q, g->resource, sizeof(g->resource));
    query_get_text(q, g->kind, sizeof(g->kind));
    query_get_text(q, g->server, sizeof(g->server));
    query_get_text(q, g->type, sizeof(g->type));
    query_get_text(q, g->zone, sizeof(g->zone));
    g->start = query_get_utc(q);
    g->end = query_get_utc(q);
    g->rate_known = sqlite3_column_type(q->st, q->at) != SQLITE_NULL;
    g->rate.nanos = query_get_int(q);
    query_get_text(q, g->source, sizeof(g->source));
    g->cost.nanos = query_get_int(q);
}

static enum err_code load_segments(struct store *s, enum store_statement which,
                                   struct utc since, struct store_state *out,
                                   struct err *e)
{
    struct query q = query_begin(s, which);
    enum err_code code = ERR_OK, end;

    query_int(&q, since.s);
    while (code == ERR_OK && query_row(&q)) {
        struct segment *list = one_more(out->segments, out->n_segments, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        out->segments = list;
        read_segment(&q, &list[out->n_segments++]);
    }
    end = query_end(&q, "read the ledger", e);
    return code != ERR_OK ? code : end;
}

struct price_rows {
    struct stored_price *prices;
    struct price_step *steps;
    size_t n;
};

/* Each with the one in force at `since`. What was read is the caller's on error, too. */
static enum err_code load_prices(struct store *s, struct utc since,
                                 struct price_rows *out, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_PRICE_SINCE);
    enum err_code code = ERR_OK, end;

    query_int(&q, since.s);
    query_int(&q, since.s);
    while (code == ERR_OK && query_row(&q)) {
        struct stored_price *list = one_more(out->prices, out->n, sizeof(*list));
        struct price_step *steps = NULL;

        if (list != NULL) {
            out->prices = list;
            steps = one_more(out->steps, out->n, sizeof(*steps));
        }
        if (steps == NULL) {
            code = no_memory(e);
            break;
        }
        out->steps = steps;
        query_get_text(&q, list[out->n].type, sizeof(list->type));
        query_get_text(&q, list[out->n].zone, sizeof(list->zone));
        steps[out->n].at = query_get_utc(&q);
        steps[out->n].price.nanos = query_get_int(&q);
        out->n++;
    }
    end = query_end(&q, "read the prices", e);
    return code != ERR_OK ? code : end;
}

static enum err_code load_listed(struct store *s, struct listed_price **out, size_t *n,
                                 struct err *e)
{
    struct query q = query_begin(s, STATEMENT_LISTED_ALL);
    enum err_code code = ERR_OK, end;

    while (code == ERR_OK && query_row(&q)) {
        struct listed_price *list = one_more(*out, *n, sizeof(*list));

        if (list == NULL) {
            code = no_memory(e);
            break;
        }
        *out = list;
        query_get_text(&q, list[*n].region, sizeof(list->region));
        query_get_text(&q, list[*n].type, sizeof(list->type));
        list[*n].price.nanos = query_get_int(&q);
        list[*n].at = query_get_utc(&q);
        ++*n;
    }
    end = query_end(&q, "read the price list", e);
    return code != ERR_OK ? code : end;
}

static void read_journal(struct query *q, struct journal_entry *j)
{
    char word[NAME_TEXT];

    j->seq = query_get_int(q);
    j->at = query_get_utc(q);
    query_get_text(q, word, sizeof(word));
    if (!level_parse(word, &j->level))
        j->level = LEVEL_INFO; /* of a later version: shown, not acted upon */
    query_get_text(q, j->server, sizeof(j->server));
    query_get_text(q, j->actor, sizeof(j->actor));
    query_get_text(q, j->action, sizeof(j->action));
    query_get_text(q, j->from, sizeof(j->from));
    query_get_text(q, j->to, sizeof(j->to));
    query_get_text(q, j->reason, sizeof(j->reason));
    query_get_text(q, word, sizeof(word));
    if (!outcome_parse(word, &j->outcome))
        j->outcome = OUTCOME_UNKNOWN;
    query_get_text(q, j->move, sizeof(j->move));
    query_get_text(q, j->text, sizeof(j->text));
}

/* At most max entries behind after_seq, into list. */
static enum err_code journal_part(struct store *s, int64_t after_seq,
                                  struct journal_entry *list, size_t max, size_t *n,
                                  struct err *e)
{
    struct query q = query_begin(s, STATEMENT_JOURNAL_AFTER);

    *n = 0;
    query_int(&q, after_seq);
    query_int(&q, (int64_t)max);
    while (*n < max && query_row(&q))
        read_journal(&q, &list[(*n)++]);
    return query_end(&q, "read the journal", e);
}

enum err_code store_journal_tail(struct store *s, size_t n, int64_t *after_seq,
                                 int64_t *total, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_JOURNAL_NEWEST);
    int64_t after = 0, all = 0;
    enum err_code code;

    query_int(&q, (int64_t)n);
    if (query_row(&q)) {
        after = query_get_int(&q);
        all = query_get_int(&q);
    }
    code = query_end(&q, "read the journal", e);
    if (code == ERR_OK) {
        *after_seq = after;
        *total = all;
    }
    return code;
}

static enum err_code load_journal(struct store *s, struct store_state *out, struct err *e)
{
    int64_t after = 0;
    enum err_code code =
        store_journal_tail(s, FLEET_EVENTS, &after, &out->journal_total, e);

    if (code != ERR_OK)
        return code;
    out->journal = calloc(FLEET_EVENTS, sizeof(*out->journal));
    if (out->journal == NULL)
        return no_memory(e);
    return journal_part(s, after, out->journal, FLEET_EVENTS, &out->n_journal, e);
}

static enum err_code load_next(struct store *s, enum store_statement id, int64_t *next,
                               struct err *e)
{
    struct query q = query_begin(s, id);

    if (query_row(&q))
        *next = query_get_int(&q);
    return query_end(&q, "read the last numbers", e);
}

static enum err_code load_all(struct store *s, struct utc since, struct store_state *out,
                              struct err *e)
{
    struct price_rows prices = {0};
    int64_t call = 1, move = 1;
    enum err_code code;

    out->first_start = s->first_start;
    out->lost = s->lost;
    (void)str_copy(out->aside, sizeof(out->aside), s->aside);
    if ((code = load_next(s, STATEMENT_INTENT_NEXT, &call, e)) != ERR_OK ||
        (code = load_next(s, STATEMENT_MOVE_NEXT, &move, e)) != ERR_OK ||
        (code = load_next(s, STATEMENT_SEGMENT_NEXT, &out->next_segment_id, e)) !=
            ERR_OK ||
        (code = load_moves(s, out, e)) != ERR_OK ||
        (code = load_intents(s, out, e)) != ERR_OK ||
        (code = load_holds(s, out, e)) != ERR_OK ||
        (code = load_settings(s, out, e)) != ERR_OK ||
        (code = load_segments(s, STATEMENT_SEGMENT_KEPT, since, out, e)) != ERR_OK ||
        (code = load_listed(s, &out->listed, &out->n_listed, e)) != ERR_OK ||
        (code = store_jobs_load(s, &out->jobs, &out->n_jobs, e)) != ERR_OK ||
        (code = store_running_load(s, &out->running, &out->n_running, e)) != ERR_OK ||
        (code = store_requeues_load(s, &out->requeues, &out->n_requeues, e)) != ERR_OK)
        return code;
    code = load_prices(s, since, &prices, e);
    out->prices = prices.prices;
    out->steps = prices.steps;
    out->n_prices = prices.n;
    if (code != ERR_OK)
        return code;
    out->next_call_id = (uint64_t)call;
    out->next_move_id = (uint64_t)move;
    return load_journal(s, out, e);
}

enum err_code store_load(struct store *s, struct utc since, struct store_state *out,
                         struct err *e)
{
    struct store_state st = {0};
    struct query q = query_begin(s, STATEMENT_BEGIN_READ);
    enum err_code code = query_run(&q, "begin to read", e); /* one picture of it all */

    if (code == ERR_OK)
        code = load_all(s, since, &st, e);
    store_rollback(s); /* nothing was written */
    if (code == ERR_OK)
        *out = st;
    else
        store_state_free(&st);
    return code;
}

void store_state_free(struct store_state *st)
{
    free(st->moves);
    free(st->intents);
    free(st->holds);
    free(st->settings);
    free(st->segments);
    free(st->prices);
    free(st->steps);
    free(st->listed);
    free(st->jobs);
    free(st->running);
    free(st->requeues);
    free(st->journal);
    *st = (struct store_state){0};
}

enum err_code store_journal_each(struct store *s, int64_t after_seq,
                                 bool (*each)(void *ctx, const struct journal_entry *j),
                                 void *ctx, struct err *e)
{
    /* In parts: a reader that lingers (a pager) would keep the log from being emptied. */
    enum { PART = 128 };
    struct journal_entry *list = calloc(PART, sizeof(*list));
    enum err_code code = list != NULL ? ERR_OK : no_memory(e);
    bool more = code == ERR_OK;

    while (more) {
        size_t n = 0;

        code = journal_part(s, after_seq, list, PART, &n, e);
        more = code == ERR_OK && n == PART;
        for (size_t i = 0; i < n && code == ERR_OK; i++) {
            after_seq = list[i].seq;
            if (!each(ctx, &list[i])) {
                more = false;
                break;
            }
        }
    }
    free(list);
    return code;
}

/* ----- the ledger, for people ----- */

enum err_code store_ledger_load(struct store *s, struct utc segments_since,
                                struct utc prices_since, struct store_ledger *out,
                                struct err *e)
{
    struct store_state st = {0};
    struct store_ledger ledger = {0};
    struct price_rows prices = {0};
    struct query q = query_begin(s, STATEMENT_BEGIN_READ);
    enum err_code code = query_run(&q, "begin to read", e);

    if (code == ERR_OK)
        code = load_segments(s, STATEMENT_SEGMENT_SINCE, segments_since, &st, e);
    ledger.segments = st.segments;
    ledger.n_segments = st.n_segments;
    if (code == ERR_OK)
        code = load_prices(s, prices_since, &prices, e);
    ledger.prices = prices.prices;
    ledger.steps = prices.steps;
    ledger.n_prices = prices.n;
    if (code == ERR_OK)
        code = load_listed(s, &ledger.listed, &ledger.n_listed, e);
    store_rollback(s); /* nothing was written */
    if (code == ERR_OK)
        *out = ledger;
    else
        store_ledger_free(&ledger);
    return code;
}

void store_ledger_free(struct store_ledger *l)
{
    free(l->segments);
    free(l->prices);
    free(l->steps);
    free(l->listed);
    *l = (struct store_ledger){0};
}
