#include <config.h>

#include "tui/cmd.h"
#include "tui/live.h"
#include "tui/out.h"
#include "tui/words.h"

#include "core/net/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_S = 30 };

static bool has_looked(void *ctx, const struct fleet *f)
{
    (void)ctx;
    return f->looked;
}

/* No instance runs: look once, without acting. */
static int by_looking(struct session *s, const struct args *a)
{
    struct live l = {0};
    struct live_options o = {.clock = clock_system(), .observe = true};
    struct fleet *f;
    struct err e = {0};
    int rc = live_start(&l, s, &o);

    if (rc != EXIT_DONE)
        return rc;
    (void)live_wait(&l, LOOK_S, has_looked,
                    NULL); /* what did not answer shows as unknown */
    f = live_latest(&l);
    if (f == NULL) {
        rc = EXIT_FAILED;
    } else if (a->set[FLAG_JSON]) {
        char *text = session_render(f);

        if (text != NULL)
            out_line(text);
        rc = text != NULL && out_flush() ? EXIT_DONE : EXIT_FAILED;
        free(text);
    } else {
        words_status(f, s->tz);
    }
    for (size_t i = 0; f != NULL && i < f->n_apis && rc == EXIT_DONE; i++) {
        if (f->apis[i].last_ok.s == 0 && f->apis[i].failures > 0) {
            (void)err_set(&e, ERR_CONNECT, "%s: %s", source_api(f->apis[i].source),
                          f->apis[i].error);
            rc = session_fail(&e);
        }
    }
    fleet_unref(f);
    live_stop(&l);
    return rc;
}

static const char *text_of(const json_value *v, const char *name)
{
    size_t len;
    const char *text = json_text(v, name, &len);

    return text != NULL ? text : "-";
}

static void print_row(const json_value *s)
{
    const json_value *gate = json_get(s, "gate"), *move = json_get(s, "move");
    const json_value *why = json_is_object(gate) ? gate : json_get(s, "reason");

    out_printf("%-16.16s %-12s %-8s %-10s %8s  %s\n", text_of(s, "name"),
               text_of(s, "place"), text_of(s, "desired"),
               json_is_object(move) ? text_of(move, "step") : "-",
               text_of(json_get(s, "cost"), "hour"), text_of(why, "text"));
}

/* The table from the text that the running instance published. */
static int from_text(const char *text)
{
    struct json_doc *doc = NULL;
    const json_value *root, *servers;
    struct err e = {0};

    if (json_parse(text, strlen(text), &doc, &e) != ERR_OK)
        return session_fail(&e);
    root = json_doc_root(doc);
    servers = json_get(root, "servers");
    out_printf("%s at %s, mode %s\n", text_of(root, "site"), text_of(root, "at"),
               text_of(root, "mode"));
    out_printf("%-16s %-12s %-8s %-10s %8s  %s\n", "SERVER", "WHERE", "DESIRED", "STEP",
               "$/H", "WHY");
    for (size_t i = 0; i < json_list_len(servers); i++)
        print_row(json_list_at(servers, i));
    json_doc_free(doc);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

static int raw_text(const char *text)
{
    out_line(text);
    return out_flush() ? EXIT_DONE : EXIT_FAILED;
}

int cmd_status(const struct args *a)
{
    struct session s;
    struct utc at = {0};
    struct err e = {0};
    bool locked_out;
    char *text = NULL;
    int rc = session_open(&s, a);

    if (rc == EXIT_DONE)
        rc = session_open_state(&s, a, false, &locked_out);
    if (rc != EXIT_DONE)
        goto out;
    if (lock_is_held(s.state_dir, &s.holder) && s.store != NULL &&
        store_snapshot_get(s.store, &text, &at, &e) == ERR_OK && text != NULL)
        rc = a->set[FLAG_JSON] ? raw_text(text) : from_text(text);
    else
        rc = by_looking(&s, a);
out:
    free(text);
    session_close(&s);
    return rc;
}
