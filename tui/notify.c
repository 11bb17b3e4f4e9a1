#include <config.h>

#include "tui/notify.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/store/journal_json.h"

enum { OSC_BYTES = 200 };

void notify_init(struct notify *n, const struct config *config)
{
    const char *tmux = getenv("TMUX");

    memset(n, 0, sizeof(*n));
    n->config = &config->notify;
    n->tmux = tmux != NULL && tmux[0] != '\0';
    runner_init(&n->runner, n->config, 0);
}

void notify_configure(struct notify *n, const struct config *config)
{
    n->config = n->runner.config = &config->notify;
}

void notify_clear(struct notify *n)
{
    runner_clear(&n->runner);
}

/* Whole characters of a text, without anything that a terminal acts on. */
static void plain(const char *text, char out[OSC_BYTES + 1])
{
    size_t len = 0;

    while (*text != '\0') {
        uint32_t cp;
        size_t used = text_decode(text, strnlen(text, 4), &cp);

        if (used == 0)
            used = 1;
        else if (cp >= ' ' && cp != 0x7f && (cp < 0x80 || cp > 0x9f)) {
            if (len + used > OSC_BYTES)
                break;
            memcpy(out + len, text, used);
            len += used;
        }
        text += used;
    }
    out[len] = '\0';
}

void notify_osc(enum notify_osc kind, bool tmux, const char *text, struct strbuf *out)
{
    char clean[OSC_BYTES + 1];

    if (kind == NOTIFY_OSC_OFF)
        return;
    plain(text, clean);
    /* tmux hands on what stands in its own envelope, each ESC of it twice. */
    strbuf_printf(out, "%s]%s%s%s\\%s", tmux ? "\033Ptmux;\033\033" : "\033",
                  kind == NOTIFY_OSC_9 ? "9;" : "777;notify;rushhour;", clean,
                  tmux ? "\033\033" : "\033", tmux ? "\033\\" : "");
}

static void say(struct notify *n, const struct notice *o, const char *site,
                bool looked_at, bool runs, struct strbuf *out)
{
    const struct notify_config *c = n->config;
    struct strbuf input;
    char text[RUN_TEXT];

    (void)str_format(text, sizeof(text), "rushhour %s: %s%s%s", site, o->entry.server,
                     o->entry.server[0] != '\0' ? ": " : "", o->entry.text);
    if (c->bell == NOTIFY_BELL_ALL ||
        (c->bell == NOTIFY_BELL_CRIT && o->weight == NOTICE_CRIT))
        strbuf_putc(out, '\a');
    if (!looked_at)
        notify_osc(c->osc, n->tmux, text, out);
    if (!runs || c->n_command == 0)
        return;
    strbuf_init(&input, 16384);
    journal_json(&input, &o->entry);
    strbuf_putc(&input, '\n');
    if (!runner_add(&n->runner, text, strbuf_text(&input)))
        (void)str_copy(n->complaint, sizeof(n->complaint),
                       "notify.command: too many notices at once, some are left out");
    strbuf_clear(&input);
}

void notify_fleet(struct notify *n, const struct fleet *f, bool looked_at,
                  struct strbuf *out)
{
    struct notice found[NOTICES_MAX];
    size_t count = notices_look(&n->notices, f, found);

    for (size_t i = 0; i < count; i++)
        say(n, &found[i], f->site, looked_at, n->runs && !f->observe, out);
}

void notify_stalled(struct notify *n, bool stalled, struct utc now, const char *site,
                    struct strbuf *out)
{
    struct notice found;

    if (notices_stalled(&n->notices, stalled, now, &found))
        say(n, &found, site, false, n->runs, out);
}

void notify_step(struct notify *n, int64_t now_ms)
{
    char complaint[LINE_TEXT];

    runner_step(&n->runner, now_ms, complaint, sizeof(complaint));
    if (complaint[0] != '\0')
        (void)str_copy(n->complaint, sizeof(n->complaint), complaint);
}

int64_t notify_due_ms(const struct notify *n)
{
    return runner_due_ms(&n->runner);
}
