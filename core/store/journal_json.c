#include <config.h>

#include "core/store/journal_json.h"

#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/net/json.h"

/* As --log-level spells them. */
static const char *const levels[LEVEL_COUNT] = {
    [LEVEL_DEBUG] = "debug", [LEVEL_INFO] = "info",   [LEVEL_ACT] = "act",
    [LEVEL_WARN] = "warn",   [LEVEL_ERROR] = "error",
};

static void put(struct strbuf *b, const char *name, const char *text)
{
    strbuf_printf(b, ",\"%s\":", name);
    if (text[0] != '\0')
        json_put_text(b, text);
    else
        strbuf_puts(b, "null");
}

void journal_json(struct strbuf *b, const struct journal_entry *j)
{
    char at[TIME_TEXT];

    strbuf_printf(b, "{\"at\":\"%s\"", utc_text(j->at, at));
    put(b, "server", j->server);
    put(b, "actor", j->actor);
    put(b, "action", j->action);
    put(b, "from", j->from);
    put(b, "to", j->to);
    put(b, "reason", j->reason);
    put(b, "outcome", j->outcome == OUTCOME_NONE ? "" : outcome_word(j->outcome));
    put(b, "move", j->move);
    put(b, "level", j->level < LEVEL_COUNT ? levels[j->level] : "");
    put(b, "text", j->text);
    strbuf_putc(b, '}');
}

/* False: it is there, and neither a text nor null. */
static bool take(const json_value *o, const char *name, char *out, size_t size)
{
    size_t len;
    const char *text = json_text(o, name, &len);
    const json_value *v = json_get(o, name);

    out[0] = '\0';
    if (text == NULL)
        return v == NULL || json_is_null(v);
    (void)text_clean(out, size, text, len); /* cut, it is still one */
    return true;
}

static bool take_level(const char *word, enum level *out)
{
    *out = LEVEL_INFO;
    if (word[0] == '\0')
        return true;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (!str_eq(word, levels[i]))
            continue;
        *out = (enum level)i;
        return true;
    }
    return false;
}

static enum err_code read_entry(const json_value *o, struct journal_entry *j,
                                struct err *e)
{
    char outcome[16], level[16];
    const struct {
        const char *name;
        char *to;
        size_t size;
    } texts[] = {
        {"server", j->server, sizeof(j->server)},
        {"actor", j->actor, sizeof(j->actor)},
        {"action", j->action, sizeof(j->action)},
        {"from", j->from, sizeof(j->from)},
        {"to", j->to, sizeof(j->to)},
        {"reason", j->reason, sizeof(j->reason)},
        {"outcome", outcome, sizeof(outcome)},
        {"move", j->move, sizeof(j->move)},
        {"level", level, sizeof(level)},
        {"text", j->text, sizeof(j->text)},
    };

    if (!json_is_object(o))
        return err_set(e, ERR_PROTOCOL, "no object");
    if (!json_time(o, "at", &j->at))
        return err_set(e, ERR_PROTOCOL, "no time in \"at\"");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!take(o, texts[i].name, texts[i].to, texts[i].size))
            return err_set(e, ERR_PROTOCOL, "\"%s\" is no text", texts[i].name);
    }
    if (j->action[0] == '\0')
        return err_set(e, ERR_PROTOCOL, "no \"action\"");
    if (outcome[0] != '\0' && !outcome_parse(outcome, &j->outcome))
        return err_set(e, ERR_PROTOCOL, "\"outcome\" is none of ours");
    if (!take_level(level, &j->level))
        return err_set(e, ERR_PROTOCOL, "\"level\" is none of ours");
    return ERR_OK;
}

enum err_code journal_parse(const char *line, size_t len, struct journal_entry *out,
                            struct err *e)
{
    struct json_doc *doc = NULL;
    enum err_code rc;

    *out = (struct journal_entry){.outcome = OUTCOME_NONE};
    rc = json_parse(line, len, &doc, e);
    if (rc == ERR_OK)
        rc = read_entry(json_doc_root(doc), out, e);
    json_doc_free(doc);
    return rc;
}
