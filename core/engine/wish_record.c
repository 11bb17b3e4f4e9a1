#include <config.h>

#include "core/engine/wish_record.h"

#include "core/base/jsonw.h"
#include "core/base/str.h"
#include "core/net/json.h"

#include <string.h>

enum { WRITTEN_MAX = 4096 };

/* ----- writing ----- */

static void write_hold(struct strbuf *b, const struct hold *h)
{
    jsonw_open(b, "hold", '{');
    jsonw_text(b, "place", place_word(h->place));
    jsonw_text(b, "kind", hold_kind_word(h->kind));
    jsonw_i64(b, "until", h->until.s);
    jsonw_i64(b, "at", h->at.s);
    jsonw_text(b, "by", h->by);
    jsonw_text(b, "why", h->why);
    jsonw_bool(b, "over_budget", h->over_budget);
    jsonw_close(b, '}');
}

bool wish_record_write(const struct wish *w, const struct wish_writer *by, char *out,
                       size_t size)
{
    struct strbuf b;

    strbuf_init(&b, WRITTEN_MAX);
    jsonw_open(&b, NULL, '{');
    jsonw_i64(&b, "version", WISH_RECORD_VERSION);
    jsonw_text(&b, "by", by->name);
    jsonw_text(&b, "state", by->state_id);
    jsonw_text(&b, "server", w->server);
    jsonw_text(&b, "auto", auto_setting_word(w->setting));
    jsonw_text(&b, "auto_by", w->auto_by);
    jsonw_i64(&b, "auto_since", w->auto_since.s);
    jsonw_i64(&b, "snooze_until", w->snooze_until.s);
    if (w->hold.place != PLACE_UNKNOWN)
        write_hold(&b, &w->hold);
    jsonw_close(&b, '}');
    return jsonw_take(&b, out, size);
}

/* ----- reading ----- */

static enum err_code strange(struct err *e, const char *what)
{
    return err_set(e, ERR_PROTOCOL, "its %s is not known here", what);
}

static enum err_code read_hold(const json_value *v, struct hold *h, struct err *e)
{
    char word[NAME_TEXT];

    if (!json_text_copy(v, "place", word, sizeof(word)) ||
        !place_parse(word, &h->place) ||
        (h->place != PLACE_ONPREM && h->place != PLACE_CLOUD))
        return strange(e, "held place");
    if (!json_text_copy(v, "kind", word, sizeof(word)) ||
        !hold_kind_parse(word, &h->kind))
        return strange(e, "kind of hold");
    if (!json_utc(v, "until", &h->until) || !json_utc(v, "at", &h->at) ||
        (h->kind == HOLD_PIN) != (h->until.s == 0))
        return strange(e, "time of a hold");
    if (!json_text_copy(v, "by", h->by, sizeof(h->by)) ||
        !json_text_copy(v, "why", h->why, sizeof(h->why)) ||
        !json_bool(v, "over_budget", &h->over_budget))
        return strange(e, "hold");
    return ERR_OK;
}

static enum err_code read_all(const json_value *v, struct wish *w, struct wish_writer *by,
                              struct err *e)
{
    const json_value *hold = json_get(v, "hold");
    char word[NAME_TEXT];
    int64_t version;

    if (!json_i64(v, "version", 1, INT64_MAX, &version))
        return strange(e, "form");
    if (version != WISH_RECORD_VERSION)
        return err_set(e, ERR_PROTOCOL, "it is of version %lld, this program knows %d",
                       (long long)version, WISH_RECORD_VERSION);
    if (!json_text_copy(v, "by", by->name, sizeof(by->name)) || by->name[0] == '\0' ||
        !json_text_copy(v, "state", by->state_id, sizeof(by->state_id)))
        return strange(e, "writer");
    if (!json_text_copy(v, "server", w->server, sizeof(w->server)))
        return strange(e, "server");
    if (!json_text_copy(v, "auto", word, sizeof(word)) ||
        !auto_setting_parse(word, &w->setting) ||
        (w->setting == AUTO_DRY_RUN && w->server[0] != '\0') ||
        !json_text_copy(v, "auto_by", w->auto_by, sizeof(w->auto_by)) ||
        !json_utc(v, "auto_since", &w->auto_since))
        return strange(e, "auto switch");
    if (!json_utc(v, "snooze_until", &w->snooze_until))
        return strange(e, "snooze");
    if (hold == NULL)
        return ERR_OK;
    return w->server[0] != '\0' ? read_hold(hold, &w->hold, e) : strange(e, "hold");
}

enum err_code wish_record_read(const char *text, struct wish *out, struct wish_writer *by,
                               struct err *e)
{
    struct wish w = {0};
    struct json_doc *doc = NULL;
    struct wish_writer writer;

    if (json_parse(text, strlen(text), &doc, e) != ERR_OK)
        return e->code;
    if (read_all(json_doc_root(doc), &w, &writer, e) == ERR_OK) {
        *out = w;
        *by = writer;
    }
    json_doc_free(doc);
    return e->code;
}
