#include <config.h>

#include "tui/notices.h"

#include "core/base/str.h"

enum { AGAIN_S = 600, DRIFT_S = 600, API_DEAD_S = 300, EMPTY_S = 1800 };

/* What wakes people; the rest can wait until somebody looks. */
static const char *const critical[] = {"interruption", "blocked", "breaker", "store",
                                       "disk",         "drift",   "dead",    "stalled"};

static enum notice_weight weight_of(const char *code)
{
    for (size_t i = 0; i < ARRAY_LEN(critical); i++) {
        if (str_eq(critical[i], code))
            return NOTICE_CRIT;
    }
    return NOTICE_WARN;
}

/* Whether the kind was not told of the object lately; notes that it now is. */
static bool is_news(struct notices *n, const char *code, const char *object,
                    struct utc at)
{
    struct notice_told *t = NULL;

    for (size_t i = 0; i < NOTICE_MEMORY && t == NULL; i++) {
        if (str_eq(n->told[i].code, code) && str_eq(n->told[i].object, object))
            t = &n->told[i];
    }
    if (t != NULL && at.s - t->at.s < AGAIN_S)
        return false;
    if (t == NULL) {
        t = &n->told[n->next_told];
        n->next_told = (n->next_told + 1) % NOTICE_MEMORY;
        (void)str_copy(t->code, sizeof(t->code), code);
        (void)str_copy(t->object, sizeof(t->object), object);
    }
    t->at = at;
    return true;
}

struct look {
    struct notices *n;
    const struct fleet *f;
    struct notice *out;
    size_t found;
};

static void tell(struct look *l, const char *code, const char *object, struct utc at,
                 const char *server, const char *text)
{
    struct notice *o = &l->out[l->found];

    if (!is_news(l->n, code, object, at) || !l->n->started || l->found == NOTICES_MAX)
        return;
    *o = (struct notice){.weight = weight_of(code), .entry = {.at = at}};
    (void)str_copy(o->entry.server, sizeof(o->entry.server), server);
    (void)str_copy(o->entry.actor, sizeof(o->entry.actor), "rushhour");
    (void)str_copy(o->entry.action, sizeof(o->entry.action), code);
    (void)str_copy(o->entry.reason, sizeof(o->entry.reason), text);
    (void)str_copy(o->entry.text, sizeof(o->entry.text), text);
    /* The journal's own line says more: the actor, the move. */
    for (size_t i = l->f->n_events; i-- > 0;) {
        const struct journal_entry *j = &l->f->events[i];

        if (j->at.s == at.s && str_eq(j->server, server) && str_eq(j->text, text)) {
            o->entry = *j;
            break;
        }
    }
    l->found++;
}

static void look_at_servers(struct look *l)
{
    const struct fleet *f = l->f;

    for (size_t i = 0; i < f->n_servers && i < MAX_SERVERS; i++) {
        const struct server_view *s = &f->servers[i];
        struct utc *since = &l->n->drift_since[i];
        bool settled = s->facts.place == PLACE_CLOUD || s->facts.place == PLACE_ONPREM;
        char text[LINE_TEXT];

        if (!settled || s->facts.place_stale || s->move.active ||
            s->decision.gate != GATE_NONE || s->decision.desired == PLACE_UNKNOWN ||
            s->decision.desired == s->facts.place) {
            since->s = 0;
            l->n->drift_told[i] = false;
            continue;
        }
        if (since->s == 0)
            *since = f->at;
        if (l->n->drift_told[i] || f->at.s - since->s <= DRIFT_S)
            continue;
        l->n->drift_told[i] = true;
        (void)str_format(text, sizeof(text),
                         "is %s and should be %s for more than 10 minutes",
                         place_screen(s->facts.place), place_screen(s->decision.desired));
        tell(l, "drift", s->name, f->at, s->name, text);
    }
}

static void look_at_apis(struct look *l)
{
    const struct fleet *f = l->f;

    for (size_t i = 0; i < f->n_apis; i++) {
        const struct api_view *a = &f->apis[i];
        /* One that never answered is counted from the start. */
        struct utc well = a->last_ok.s != 0 ? a->last_ok : f->controller.since;
        bool dead = (a->state == API_DOWN || a->state == API_AUTH) && well.s != 0 &&
                    f->at.s - well.s > API_DEAD_S;
        bool *told = &l->n->api_told[a->source];
        char text[LINE_TEXT];

        if (dead && !*told) {
            (void)str_format(text, sizeof(text), "%s: no answer for 5 minutes: %s",
                             source_api(a->source), a->error);
            tell(l, "dead", source_api(a->source), f->at, "", text);
        }
        *told = dead;
    }
}

size_t notices_look(struct notices *n, const struct fleet *f,
                    struct notice out[NOTICES_MAX])
{
    struct look l = {n, f, out, 0};
    bool empty =
        f->extension_empty_since.s != 0 && f->at.s - f->extension_empty_since.s > EMPTY_S;

    if (f->version == 0 || !f->looked)
        return 0;
    for (size_t i = 0; i < f->n_alerts; i++) {
        const struct alert *a = &f->alerts[i];

        tell(&l, a->code, a->server, a->at, a->server, a->text);
    }
    look_at_servers(&l);
    look_at_apis(&l);
    if (empty && !n->empty_told)
        tell(&l, "empty", "", f->at, "",
             "the cloud extension is active without a VM for 30 minutes");
    n->empty_told = empty;
    n->started = true;
    return l.found;
}

bool notices_stalled(struct notices *n, bool stalled, struct utc now, struct notice *out)
{
    bool news = stalled && !n->stalled_told && n->started;

    n->stalled_told = stalled;
    if (!news || !is_news(n, "stalled", "", now))
        return false;
    *out = (struct notice){.weight = NOTICE_CRIT, .entry = {.at = now}};
    (void)str_copy(out->entry.actor, sizeof(out->entry.actor), "rushhour");
    (void)str_copy(out->entry.action, sizeof(out->entry.action), "stalled");
    (void)str_copy(out->entry.text, sizeof(out->entry.text),
                   "the controller says nothing any more");
    (void)str_copy(out->entry.reason, sizeof(out->entry.reason), out->entry.text);
    return true;
}
