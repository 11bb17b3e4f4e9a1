#include <config.h>

#include "core/engine/requeue_list.h"

#include "core/base/str.h"

#include <stdlib.h>

bool requeue_waits(const struct requeue *r)
{
    return r->state == REQUEUE_WAITING || r->state == REQUEUE_SENT;
}

void requeue_store(struct controller *c, const struct requeue *r)
{
    struct record *rec = effects_record(c->fx, RECORD_REQUEUE);

    if (rec != NULL) {
        rec->at = c->now;
        rec->as.requeue = *r;
    }
}

void requeue_count(struct controller *c)
{
    struct requeues_kept *k = &c->requeues;

    k->n_open = 0;
    for (size_t i = 0; i < k->n; i++)
        k->n_open += requeue_waits(&k->list[i]) ? 1 : 0;
}

bool requeue_is_open(const struct controller *c)
{
    return c->requeues.n_open > 0;
}

enum err_code requeue_load(struct controller *c, const struct store_state *state,
                           struct err *e)
{
    struct requeues_kept *k = &c->requeues;

    k->list = calloc(REQUEUES_KEPT, sizeof(*k->list));
    k->absent = calloc(REQUEUES_KEPT, sizeof(*k->absent));
    if (k->list == NULL || k->absent == NULL)
        return err_set(e, ERR_NOMEM, "controller: out of memory");
    for (size_t i = 0; i < state->n_requeues && i < REQUEUES_KEPT; i++)
        k->list[k->n++] = state->requeues[i];
    requeue_count(c);
    return ERR_OK;
}

void requeue_free(struct controller *c)
{
    free(c->requeues.list);
    free(c->requeues.absent);
}

void requeue_follow_clock(struct controller *c, int64_t by_s)
{
    for (size_t i = 0; i < c->requeues.n; i++) {
        struct requeue *r = &c->requeues.list[i];

        if (!requeue_waits(r))
            continue;
        utc_follow(&r->noted, by_s);
        utc_follow(&r->lost, by_s);
        utc_follow(&r->stopped, by_s);
        utc_follow(&r->sent, by_s);
        requeue_store(c, r);
    }
}

struct requeue *requeue_find(struct controller *c, const char *job, int32_t number)
{
    struct requeues_kept *k = &c->requeues;

    for (size_t i = 0; i < k->n; i++) {
        if (k->list[i].number == number && str_eq(k->list[i].job, job))
            return &k->list[i];
    }
    return NULL;
}

struct requeue *requeue_find_path(struct controller *c, const char *path)
{
    char job[URL_TEXT];
    int32_t number;

    return build_split(path, job, &number) ? requeue_find(c, job, number) : NULL;
}

struct requeue *requeue_room(struct controller *c)
{
    struct requeues_kept *k = &c->requeues;
    struct requeue *oldest = NULL;

    if (k->n < REQUEUES_KEPT)
        return &k->list[k->n++];
    for (size_t i = 0; i < k->n; i++) {
        struct requeue *r = &k->list[i];

        if (!requeue_waits(r) && (oldest == NULL || r->noted.s < oldest->noted.s))
            oldest = r;
    }
    return oldest;
}

void requeue_name(const struct requeue *r, char out[BUILD_TEXT])
{
    char job[BUILD_TEXT - 16];

    sample_job_name(r->job, job, sizeof(job));
    (void)str_format(out, BUILD_TEXT, "%s #%d", job, (int)r->number);
}

bool requeue_path(const struct requeue *r, char out[URL_TEXT])
{
    return str_format(out, URL_TEXT, "%s%d/", r->job, (int)r->number);
}

bool requeue_elsewhere(const struct controller *c, const struct requeue *r)
{
    const struct observation *o = c->sources[SOURCE_JENKINS].good;
    char path[URL_TEXT];

    if (o == NULL || !requeue_path(r, path))
        return false;
    for (size_t i = 0; i < o->as.jenkins.n_nodes; i++) {
        const struct seen_node *n = &o->as.jenkins.nodes[i];

        for (size_t b = 0; b < n->n_builds && !str_eq(n->name, r->node); b++) {
            if (!n->builds[b].one_off && str_eq(n->builds[b].path, path))
                return true;
        }
    }
    return false;
}

const char *requeue_cause_text(enum requeue_cause cause)
{
    static const char *const words[] = {
        [REQUEUE_BY_INTERRUPTION] = "its instance is taken back",
        [REQUEUE_BY_DEADLINE] = "the drain deadline has passed",
        [REQUEUE_BY_FORCE] = "its server moves at once",
    };

    return words[cause];
}
