#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

/* False when a word is unknown: of a newer client, or written by hand. */
static bool read_command(struct query *q, struct command *c)
{
    char word[NAME_TEXT];
    bool ok;

    c->id = (uint64_t)query_get_int(q);
    query_get_text(q, word, sizeof(word));
    ok = command_parse(word, &c->kind);
    query_get_text(q, c->server, sizeof(c->server));
    query_get_text(q, word, sizeof(word));
    ok = place_parse(word, &c->place) && ok;
    c->force = query_get_int(q) != 0;
    query_get_text(q, word, sizeof(word));
    ok = auto_setting_parse(word, &c->setting) && ok;
    query_get_text(q, word, sizeof(word));
    ok = hold_kind_parse(word, &c->hold_kind) && ok;
    c->until = query_get_utc(q);
    c->start = query_get_int(q) != 0;
    query_get_text(q, c->by, sizeof(c->by));
    c->at = query_get_utc(q);
    c->confirmed = query_get_int(q) != 0;
    return ok;
}

/* Nobody else would ever answer it, and its sender waits. */
static enum err_code refuse(struct store *s, uint64_t id, struct utc at, struct err *e)
{
    struct record r = {.kind = RECORD_COMMAND, .at = at};

    r.as.command.id = id;
    (void)str_copy(r.as.command.text, sizeof(r.as.command.text),
                   "the running rushhour does not know this command: are both the same "
                   "version?");
    return store_apply(s, &r, 1, e);
}

enum err_code store_commands(struct store *s, struct command *out, size_t max, size_t *n,
                             struct err *e)
{
    enum { STRANGE_MAX = 16 };
    struct command strange[STRANGE_MAX];
    size_t n_strange = 0;
    uint64_t last = s->last_command;
    struct query q = query_begin(s, STATEMENT_COMMAND_OPEN);
    enum err_code code;

    *n = 0;
    query_int(&q, (int64_t)last);
    query_int(&q, (int64_t)max);
    while (*n < max && n_strange < STRANGE_MAX && query_row(&q)) {
        struct command c = {0};

        if (read_command(&q, &c))
            out[(*n)++] = c;
        else
            strange[n_strange++] = c;
        last = c.id;
    }
    code = query_end(&q, "read the commands", e);
    if (code != ERR_OK) {
        *n = 0;
        return code;
    }
    s->last_command = last;
    for (size_t i = 0; i < n_strange; i++) {
        struct err ignored = {0};

        /* A full disk: its sender gives up by itself, the others must not wait for it. */
        if (refuse(s, strange[i].id, strange[i].at, &ignored) != ERR_OK)
            break;
    }
    return ERR_OK;
}

enum err_code store_command_put(struct store *s, const struct command *c, uint64_t *id,
                                struct err *e)
{
    struct query q = query_begin(s, STATEMENT_COMMAND_PUT);
    enum err_code code;

    query_text(&q, command_word(c->kind));
    query_text(&q, c->server);
    query_text(&q, place_word(c->place));
    query_int(&q, c->force);
    query_text(&q, auto_setting_word(c->setting));
    query_text(&q, hold_kind_word(c->hold_kind));
    query_utc(&q, c->until);
    query_int(&q, c->start);
    query_text(&q, c->by);
    query_utc(&q, c->at);
    query_int(&q, c->confirmed);
    code = query_run(&q, "leave a command", e);
    if (code == ERR_OK)
        *id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return code;
}

enum err_code store_command_reply(struct store *s, uint64_t id, bool *answered,
                                  struct command_reply *out, struct err *e)
{
    struct query q = query_begin(s, STATEMENT_COMMAND_REPLY);
    struct command_reply r = {.id = id};
    bool there, done = false;
    enum err_code code;

    query_int(&q, (int64_t)id);
    there = query_row(&q);
    if (there) {
        done = query_get_int(&q) != 0;
        r.accepted = query_get_int(&q) != 0;
        query_get_text(&q, r.text, sizeof(r.text));
    }
    code = query_end(&q, "read an answer", e);
    if (code == ERR_OK && !there)
        code = err_set(e, ERR_NOT_FOUND, "there is no command %llu in the store",
                       (unsigned long long)id);
    if (code != ERR_OK)
        return code;
    *answered = done;
    if (done)
        *out = r;
    return ERR_OK;
}

enum err_code store_snapshot_put(struct store *s, const char *json, struct utc at,
                                 struct err *e)
{
    enum err_code code = store_begin_lax(s, e);
    struct query q;

    if (code != ERR_OK)
        return code;
    q = query_begin(s, STATEMENT_SNAPSHOT_PUT);
    query_int(&q, at.s);
    query_text(&q, json);
    code = query_run(&q, "write the snapshot", e);
    if (code == ERR_OK)
        code = store_commit(s, e);
    store_rollback(s); /* what was not committed */
    return code;
}

enum err_code store_snapshot_get(struct store *s, char **json, struct utc *at,
                                 struct err *e)
{
    struct query q = query_begin(s, STATEMENT_SNAPSHOT_GET);
    struct utc when = {0};
    bool there = query_row(&q), failed = false;
    char *copy = NULL;
    enum err_code code;

    if (there) {
        const void *text;

        when = query_get_utc(&q);
        text = sqlite3_column_text(q.st, q.at);
        copy = text != NULL ? strdup(text) : NULL;
        failed = copy == NULL;
    }
    code = query_end(&q, "read the snapshot", e);
    if (code == ERR_OK && failed)
        code = err_set(e, ERR_NOMEM, "no memory for the snapshot");
    if (code != ERR_OK) {
        free(copy);
        return code;
    }
    *json = copy;
    *at = when;
    return ERR_OK;
}
