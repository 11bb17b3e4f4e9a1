#include <config.h>

#include "core/engine/lock_record.h"

#include "core/base/jsonw.h"
#include "core/base/str.h"
#include "core/base/sure.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/move/mover.h"
#include "core/net/json.h"

#include <stddef.h>
#include <string.h>

enum { WRITTEN_MAX = 4096, CALLS_MOST = 100000, ATTEMPTS_MOST = 1000000 };

/* The members of a move that are read as they are written. */
struct text_member {
    const char *name;
    size_t at, size;
    bool needed; /* "" is none */
};
static const struct text_member texts[] = {
#define TEXT(name, needed)                                                               \
    {                                                                                    \
#name, offsetof(struct move, name), sizeof(((struct move *)NULL)->name), needed  \
    }
    TEXT(id, true),    TEXT(mover, true), TEXT(by, true),
    TEXT(task, false), TEXT(type, false), TEXT(zone, false),
#undef TEXT
};
struct member {
    const char *name;
    size_t at;
};
#define MEMBER(name)                                                                     \
    {                                                                                    \
#name, offsetof(struct move, name)                                               \
    }
static const struct member flags[] = {MEMBER(committed), MEMBER(force), MEMBER(manual),
                                      MEMBER(interrupted)};
static const struct member times[] = {MEMBER(started),        MEMBER(step_since),
                                      MEMBER(committed_at),   MEMBER(last_call_at),
                                      MEMBER(drain_deadline), MEMBER(deadline)};
#undef MEMBER

/* ----- writing ----- */

static const struct mover_step *steps_of(const struct move *m, int32_t *n)
{
    const struct mover_ops *mover = mover_find(m->mover);

    *n = 0;
    return mover != NULL ? mover_steps(mover, m->direction, n) : NULL;
}

static const char *step_of(const struct move *m)
{
    int32_t n;
    const struct mover_step *steps = steps_of(m, &n);

    SURE(m->step >= 0);
    return m->step < n ? step_word(steps[m->step].step) : "";
}

static void write_move(struct strbuf *b, const struct move *m)
{
    const char *bytes = (const char *)m;

    jsonw_open(b, "move", '{');
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        jsonw_text(b, texts[i].name, bytes + texts[i].at);
    jsonw_text(b, "direction", direction_word(m->direction));
    jsonw_text(b, "step", step_of(m));
    jsonw_text(b, "reason", reason_word(m->reason));
    jsonw_text(b, "lifecycle", lifecycle_word(m->lifecycle));
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool v;

        memcpy(&v, bytes + flags[i].at, sizeof(v));
        jsonw_bool(b, flags[i].name, v);
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct utc t;

        memcpy(&t, bytes + times[i].at, sizeof(t));
        jsonw_i64(b, times[i].name, t.s);
    }
    jsonw_i64(b, "calls", m->calls);
    jsonw_i64(b, "attempt", (int64_t)m->attempt);
    jsonw_close(b, '}');
}

bool lock_record_write(const struct lock_record *h, char *out, size_t size)
{
    struct strbuf b;

    strbuf_init(&b, WRITTEN_MAX);
    jsonw_open(&b, NULL, '{');
    jsonw_i64(&b, "version", LOCK_RECORD_VERSION);
    jsonw_i64(&b, "at", h->at.s);
    jsonw_text(&b, "by", h->by);
    jsonw_text(&b, "call", call_word(h->call));
    jsonw_text(&b, "server", h->server);
    jsonw_text(&b, "target", h->target);
    jsonw_i64(&b, "launch_start", h->launch_start);
    jsonw_i64(&b, "launch_attempt", h->launch_attempt);
    jsonw_i64(&b, "owed", h->owed.s);
    if (h->has_move)
        write_move(&b, &h->move);
    jsonw_close(&b, '}');
    return jsonw_take(&b, out, size);
}

/* ----- reading ----- */

static enum err_code strange(struct err *e, const char *what)
{
    return err_set(e, ERR_PROTOCOL, "its %s is not known here", what);
}

static bool read_text(const json_value *v, const char *name, char *out, size_t size,
                      bool needed)
{
    return json_text_copy(v, name, out, size) && (!needed || out[0] != '\0');
}

static enum err_code read_members(const json_value *v, struct move *m, struct err *e)
{
    char *bytes = (char *)m;
    int64_t n;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (!read_text(v, texts[i].name, bytes + texts[i].at, texts[i].size,
                       texts[i].needed))
            return strange(e, texts[i].name);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool flag;

        if (!json_bool(v, flags[i].name, &flag))
            return strange(e, flags[i].name);
        memcpy(bytes + flags[i].at, &flag, sizeof(flag));
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct utc t;

        if (!json_utc(v, times[i].name, &t))
            return strange(e, times[i].name);
        memcpy(bytes + times[i].at, &t, sizeof(t));
    }
    if (!json_i64(v, "calls", 0, CALLS_MOST, &n))
        return strange(e, "calls");
    m->calls = (int32_t)n;
    if (!json_i64(v, "attempt", 0, ATTEMPTS_MOST, &n))
        return strange(e, "attempt");
    m->attempt = (uint32_t)n;
    return ERR_OK;
}

static enum err_code read_step(const json_value *v, struct move *m, struct err *e)
{
    const struct mover_step *steps;
    char word[NAME_TEXT];
    int32_t n;

    if (mover_find(m->mover) == NULL)
        return strange(e, "mover");
    if (!read_text(v, "direction", word, sizeof(word), true) ||
        !direction_parse(word, &m->direction))
        return strange(e, "direction");
    steps = steps_of(m, &n);
    if (!read_text(v, "step", word, sizeof(word), true))
        return strange(e, "step");
    for (m->step = 0; m->step < n; m->step++)
        if (str_eq(step_word(steps[m->step].step), word))
            return ERR_OK;
    return strange(e, "step");
}

static enum err_code read_move(const json_value *v, struct move *m, struct err *e)
{
    char word[NAME_TEXT];

    *m = (struct move){.status = MOVE_OPEN, .progress = -1};
    if (!json_is_object(v))
        return strange(e, "move");
    if (read_members(v, m, e) != ERR_OK || read_step(v, m, e) != ERR_OK)
        return e->code;
    if (!read_text(v, "reason", word, sizeof(word), true) ||
        !reason_parse(word, &m->reason))
        return strange(e, "reason");
    if (!read_text(v, "lifecycle", word, sizeof(word), true) ||
        !lifecycle_parse(word, &m->lifecycle))
        return strange(e, "lifecycle");
    /* The commit point and its time come together. */
    if (m->interrupted ? !m->committed : m->committed != (m->committed_at.s != 0))
        return strange(e, "commit point");
    return ERR_OK;
}

static enum err_code read_all(const json_value *v, struct lock_record *h, struct err *e)
{
    char word[NAME_TEXT];
    struct utc launch;
    int64_t version;

    if (!json_i64(v, "version", 1, INT64_MAX, &version))
        return strange(e, "form");
    if (version != LOCK_RECORD_VERSION)
        return err_set(e, ERR_PROTOCOL, "it is of version %lld, this program knows %d",
                       (long long)version, LOCK_RECORD_VERSION);
    if (!json_utc(v, "at", &h->at))
        return strange(e, "time");
    if (!read_text(v, "by", h->by, sizeof(h->by), true))
        return strange(e, "writer");
    if (!read_text(v, "call", word, sizeof(word), true) || !call_parse(word, &h->call))
        return strange(e, "call");
    if (!read_text(v, "server", h->server, sizeof(h->server), false))
        return strange(e, "server");
    if (!read_text(v, "target", h->target, sizeof(h->target), true))
        return strange(e, "target");
    if (!json_utc(v, "launch_start", &launch) ||
        !json_i64(v, "launch_attempt", 0, ATTEMPTS_MOST, &h->launch_attempt))
        return strange(e, "launch");
    h->launch_start = launch.s;
    if (!json_utc(v, "owed", &h->owed))
        return strange(e, "owed way home");
    h->has_move = json_get(v, "move") != NULL;
    if (!h->has_move)
        return ERR_OK;
    if (h->server[0] == '\0')
        return strange(e, "server");
    if (read_move(json_get(v, "move"), &h->move, e) != ERR_OK)
        return e->code;
    (void)str_copy(h->move.server, sizeof(h->move.server), h->server); /* as long */
    return ERR_OK;
}

enum err_code lock_record_read(const char *text, struct lock_record *out, struct err *e)
{
    struct lock_record h = {0};
    struct json_doc *doc = NULL;

    if (json_parse(text, strlen(text), &doc, e) != ERR_OK)
        return e->code;
    if (read_all(json_doc_root(doc), &h, e) == ERR_OK)
        *out = h;
    json_doc_free(doc);
    return e->code;
}

void lock_record_text(const struct lock_record *h, char *out, size_t size)
{
    char at[TIME_TEXT], line[LINE_TEXT];

    (void)str_format(line, sizeof(line), "%s %.80s: %s %.40s %.40s", utc_text(h->at, at),
                     h->by, call_word(h->call), h->server,
                     h->has_move ? h->move.id : ""); /* cut is fine … */
    (void)text_clean(out, size, line, strlen(line)); /* … also inside of a character */
}
