#include <config.h>

#include "core/store/journal_json.h"

#include "core/base/timefmt.h"
#include "core/net/json.h"

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
    strbuf_putc(b, '}');
}
