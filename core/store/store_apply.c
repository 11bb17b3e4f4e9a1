#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

static enum err_code put_journal(struct store *s, struct journal_entry *j, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_JOURNAL_PUT);
    enum err_code code;

    query_int(&q, j->at.s);
    query_text(&q, level_word(j->level));
    query_text(&q, j->server);
    query_text(&q, j->actor);
    query_text(&q, j->action);
    query_text(&q, j->from);
    query_text(&q, j->to);
    query_text(&q, j->reason);
    query_text(&q, outcome_word(j->outcome));
    query_text(&q, j->move);
    query_text(&q, j->text);
    code = query_run(&q, "write the journal", e);
    if (code == ERR_OK)
        j->seq = sqlite3_last_insert_rowid(s->db);
    return code;
}

static enum err_code put_move(struct store *s, const struct move *m, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_MOVE_PUT);
    char done[MAX_STEPS * 21 + 1] = "";
    size_t used = 0;

    for (size_t i = 0; i < MAX_STEPS; i++) {
        (void)snprintf(done + used, sizeof(done) - used, "%s%lld", i > 0 ? " " : "",
                       (long long)m->step_done[i].s); /* fits: 20 signs and a space */
        used = strlen(done);
    }
    query_text(&q, m->id);
    query_text(&q, m->server);
    query_text(&q, m->mover);
    query_text(&q, direction_word(m->direction));
    query_text(&q, move_status_word(m->status));
    query_int(&q, m->step);
    query_int(&q, m->committed);
    query_int(&q, m->force);
    query_int(&q, m->manual);
    query_int(&q, m->interrupted);
    query_text(&q, m->by);
    query_text(&q, reason_word(m->reason));
    query_utc(&q, m->started);
    query_utc(&q, m->step_since);
    query_utc(&q, m->committed_at);
    query_utc(&q, m->drain_deadline);
    query_utc(&q, m->deadline);
    query_text(&q, done);
    query_utc(&q, m->idle_since);
    query_utc(&q, m->marked_seen);
    query_int(&q, m->calls);
    query_utc(&q, m->last_call_at);
    query_text(&q, m->task);
    query_int(&q, m->progress);
    query_text(&q, m->note);
    query_int(&q, m->attempt);
    query_text(&q, m->type);
    query_text(&q, m->zone);
    query_text(&q, lifecycle_word(m->lifecycle));
    query_int(&q, s->epoch);
    return query_run(&q, "write a move", e);
}

static enum err_code put_intent(struct store *s, const struct call *c, struct utc at,
                                struct err *e)
{
    struct query q = query_begin(s, STATEMENT_INTENT_PUT);
    const struct run_in_cloud *r = &c->run;
    char groups[MAX_SECURITY_GROUPS * (ID_TEXT + 1)] = "";
    size_t used = 0;

    for (size_t i = 0; i < r->n_security_groups && i < MAX_SECURITY_GROUPS; i++) {
        (void)str_format(groups + used, sizeof(groups) - used, "%s%s", i > 0 ? " " : "",
                         r->security_groups[i]); /* fits: sized for all */
        used = strlen(groups);
    }
    query_int(&q, (int64_t)c->id);
    query_text(&q, c->move);
    query_text(&q, call_word(c->kind));
    query_text(&q, c->server);
    query_text(&q, c->target);
    query_text(&q, c->marker);
    query_text(&q, c->nonce);
    query_int(&q, c->force);
    query_text(&q, r->instance_type);
    query_text(&q, r->edge_node);
    query_text(&q, r->storage_policy);
    query_text(&q, r->eni);
    query_text(&q, r->eni_field);
    query_text(&q, r->static_address);
    query_text(&q, r->subnet);
    query_text(&q, groups);
    query_int(&q, r->spot);
    if (r->has_max_price)
        query_int(&q, r->max_price.nanos);
    else
        query_none(&q);
    query_text(&q, r->launch_template);
    query_text(&q, r->image);
    query_text(&q, r->key_name);
    query_text(&q, r->iam_profile);
    query_text(&q, r->token);
    query_int(&q, at.s);
    query_int(&q, s->epoch);
    return query_run(&q, "write an intent", e);
}

static enum err_code put_outcome(struct store *s, const struct call_result *r,
                                 struct err *e)
{
    struct query q = query_begin(s, STATEMENT_INTENT_OUTCOME);
    bool failed = r->err.code != ERR_OK;
    enum err_code code;

    query_text(&q, outcome_word(r->outcome));
    query_utc(&q, r->at);
    if (failed)
        query_text(&q, err_code_name(r->err.code));
    else
        query_none(&q);
    query_int(&q, r->err.http);
    query_text(&q, r->err.text);
    query_text(&q, r->detail);
    query_int(&q, r->took_ms);
    query_int(&q, (int64_t)r->id);
    code = query_run(&q, "write an outcome", e);
    if (code == ERR_OK && sqlite3_changes(s->db) != 1)
        code = err_set(e, ERR_BUG, "the outcome of call %llu has no intent",
                       (unsigned long long)r->id);
    return code;
}

static enum err_code put_hold(struct store *s, const char *server, const struct hold *h,
                              struct err *e)
{
    bool gone = h->place == PLACE_UNKNOWN;
    struct query q = query_begin(s, gone ? STATEMENT_HOLD_DELETE : STATEMENT_HOLD_PUT);

    query_text(&q, server);
    if (!gone) {
        query_text(&q, place_word(h->place));
        query_text(&q, hold_kind_word(h->kind));
        query_utc(&q, h->until);
        query_text(&q, h->by);
        query_utc(&q, h->at);
        query_text(&q, h->why);
    }
    return query_run(&q, "write a hold", e);
}

static enum err_code put_setting(struct store *s, const char *key, const char *value,
                                 struct err *e)
{
    bool gone = value[0] == '\0';
    struct query q =
        query_begin(s, gone ? STATEMENT_SETTING_DELETE : STATEMENT_SETTING_PUT);

    query_text(&q, key);
    if (!gone)
        query_text(&q, value);
    return query_run(&q, "write a setting", e);
}

static enum err_code put_segment(struct store *s, const struct segment *g, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SEGMENT_PUT);

    query_int(&q, g->id);
    query_text(&q, g->resource);
    query_text(&q, g->kind);
    query_text(&q, g->server);
    query_text(&q, g->type);
    query_text(&q, g->zone);
    query_int(&q, g->start.s);
    query_utc(&q, g->end);
    if (g->rate_known)
        query_int(&q, g->rate.nanos);
    else
        query_none(&q);
    query_text(&q, g->source);
    query_int(&q, g->cost.nanos);
    return query_run(&q, "write the ledger", e);
}

static enum err_code put_price(struct store *s, const struct record *r, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_PRICE_PUT);

    query_text(&q, r->as.price.type);
    query_text(&q, r->as.price.zone);
    query_int(&q, r->as.price.at.s);
    query_int(&q, r->as.price.price.nanos);
    return query_run(&q, "write a price", e);
}

static enum err_code put_listed(struct store *s, const struct listed_price *l,
                                struct err *e)
{
    struct query q = query_begin(s, STATEMENT_LISTED_PUT);

    query_text(&q, l->region);
    query_text(&q, l->type);
    query_int(&q, l->price.nanos);
    query_text(&q, source_api(SOURCE_PRICELIST));
    query_int(&q, l->at.s);
    return query_run(&q, "write a price", e);
}

static enum err_code put_answer(struct store *s, const struct command_reply *c,
                                struct utc at, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_COMMAND_ANSWER);

    query_int(&q, c->accepted);
    query_text(&q, c->text);
    query_int(&q, at.s);
    query_int(&q, (int64_t)c->id);
    return query_run(&q, "answer a command", e);
}

/* What is written is what the next process begins with. Read back it is checked again,
 * and there a strange word is an error: somebody else may have written it. */
static void look_at(const struct record *r)
{
    const struct requeue *q = &r->as.requeue;

    switch (r->kind) {
    case RECORD_JOURNAL:
        SURE(r->as.journal.level < LEVEL_COUNT);
        break;
    case RECORD_MOVE:
        SURE(r->as.move.id[0] != '\0' && r->as.move.server[0] != '\0');
        SURE(r->as.move.step >= 0 && r->as.move.step < MAX_STEPS);
        break;
    case RECORD_INTENT:
        SURE(r->as.intent.id > 0 && r->as.intent.kind < CALL_COUNT);
        break;
    case RECORD_OUTCOME:
        SURE(r->as.outcome.id > 0 && r->as.outcome.outcome != OUTCOME_NONE);
        break;
    case RECORD_HOLD:
        SURE(r->as.hold.server[0] != '\0');
        SURE(r->as.hold.hold.place == PLACE_UNKNOWN || r->as.hold.hold.kind == HOLD_PIN ||
             r->as.hold.hold.until.s > 0);
        break;
    case RECORD_SETTING:
        SURE(r->as.setting.key[0] != '\0');
        break;
    case RECORD_SEGMENT:
        SURE(r->as.segment.id > 0 && r->as.segment.start.s > 0);
        break;
    case RECORD_PRICE:
        SURE(r->as.price.type[0] != '\0' && r->as.price.at.s > 0);
        break;
    case RECORD_REQUEUE:
        SURE(q->job[0] != '\0' && q->number > 0);
        SURE(q->orders >= 0 && q->count >= 0);
        break;
    case RECORD_COMMAND:
        SURE(r->as.command.id > 0);
        break;
    case RECORD_LISTED:
    case RECORD_SAMPLE:
    case RECORD_JOB_GONE:
        break;
    }
}

static enum err_code put(struct store *s, struct record *r, struct err *e)
{
    look_at(r);
    switch (r->kind) {
    case RECORD_JOURNAL:
        return put_journal(s, &r->as.journal, e);
    case RECORD_MOVE:
        return put_move(s, &r->as.move, e);
    case RECORD_INTENT:
        return put_intent(s, &r->as.intent, r->at, e);
    case RECORD_OUTCOME:
        return put_outcome(s, &r->as.outcome, e);
    case RECORD_HOLD:
        return put_hold(s, r->as.hold.server, &r->as.hold.hold, e);
    case RECORD_SETTING:
        return put_setting(s, r->as.setting.key, r->as.setting.value, e);
    case RECORD_SEGMENT:
        return put_segment(s, &r->as.segment, e);
    case RECORD_PRICE:
        return put_price(s, r, e);
    case RECORD_LISTED:
        return put_listed(s, &r->as.listed, e);
    case RECORD_SAMPLE:
        return store_sample_put(s, &r->as.sample, r->at, e);
    case RECORD_JOB_GONE:
        return store_job_forget(s, r->as.job_gone, e);
    case RECORD_REQUEUE:
        return store_requeue_put(s, &r->as.requeue, r->at, e);
    case RECORD_COMMAND:
        return put_answer(s, &r->as.command, r->at, e);
    }
    return err_set(e, ERR_BUG, "record of kind %d", (int)r->kind);
}

static enum err_code apply(struct store *s, struct record *records, size_t n,
                           struct err *e)
{
    enum err_code code = store_begin(s, e);

    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < n && code == ERR_OK; i++)
        code = put(s, &records[i], e);
    if (code == ERR_OK && RH_BUGGIFY("disk-full-at-a-commit")) {
        s->full = true;
        code = err_set(e, ERR_STORE, "the disk is full");
    }
    if (code == ERR_OK)
        code = store_commit(s, e);
    if (code == ERR_OK)
        return ERR_OK;
    store_rollback(s);
    for (size_t i = 0; i < n; i++) {
        if (records[i].kind == RECORD_JOURNAL)
            records[i].as.journal.seq = 0; /* none of it is stored */
    }
    return code;
}

enum err_code store_apply(struct store *s, struct record *records, size_t n,
                          struct err *e)
{
    enum err_code code;

    if (n == 0)
        return ERR_OK;
    s->full = false;
    code = apply(s, records, n, e);
    if (code == ERR_OK || !s->full || !store_room_free(s))
        return code;
    RH_PROBE("store-full");
    err_clear(e);
    return apply(s, records, n, e);
}
