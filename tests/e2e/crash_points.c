/*
 * crash_points - linked around the real program (ld --wrap) it makes it die, as by
 * kill -9, at every labelled point once: before a record is written, inside its commit,
 * after it; before a call reaches its API and after it was answered. The program itself
 * knows nothing of it.
 *   RH_CRASH_LOG   a file: the labels at which it has died, one a line
 *   RH_CRASH_TIMES how often it dies at each, 1
 *   RH_CRASH_PAIRS so many points of each start are its recovery, 0: there it dies once
 *                  more for each point at which the one before died
 *   RH_CRASH_ONLY  labels at which it dies, as fnmatch(3) has them, split by |
 * Labels: "intent KIND", "outcome KIND", "step DIRECTION N STATUS", "command WHICH" with
 * " before", " inside", " after"; "act KIND before", "act KIND after". A death in the
 * recovery is noted as "FIRST > SECOND".
 */
#include <config.h>

#include "core/base/str.h"
#include "core/engine/api_set.h"
#include "core/store/store_internal.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INSIDE = 16, LABEL = 96, LOG_BYTES = 256 * 1024, KINDS = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* What the commit under way is about; the writer's thread alone. */
static char inside[INSIDE][LABEL];
static size_t n_inside;
static unsigned char kinds[KINDS]; /* of the intents of this process, by id */

static int64_t number(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    struct err e = {0};
    int64_t v;

    return text != NULL && str_to_i64(text, 1, INT64_MAX, &v, &e) == ERR_OK ? v
                                                                            : otherwise;
}

static bool is_wanted(const char *label)
{
    const char *only = getenv("RH_CRASH_ONLY");
    char copy[1024], *save = NULL;

    if (only == NULL || !str_copy(copy, sizeof(copy), only))
        return false;
    for (char *p = strtok_r(copy, "|", &save); p != NULL;
         p = strtok_r(NULL, "|", &save)) {
        if (fnmatch(p, label, 0) == 0)
            return true;
    }
    return false;
}

/* How often a line stands in a text that begins with a line's end. */
static int64_t count_of(const char *text, const char *line)
{
    char whole[2 * LABEL + 8];
    int64_t n = 0;

    (void)str_format(whole, sizeof(whole), "\n%s\n", line);
    for (const char *p = text; (p = strstr(p, whole)) != NULL; p++)
        n++;
    return n;
}

/* Where the one before died: the end of the last line. "" = it did not. */
static void last_of(const char *text, char out[LABEL])
{
    size_t end = strlen(text), from = end > 0 ? end - 1 : 0;
    const char *arrow;

    while (from > 0 && text[from - 1] != '\n')
        from--;
    arrow = strstr(text + from, " > ");
    from = arrow != NULL ? (size_t)(arrow - text) + 3 : from;
    (void)str_copy(out, LABEL, text + from); /* it was a label */
    out[strcspn(out, "\n")] = '\0';
}

/* Is it to die here? Notes it then. */
static bool is_new(const char *label)
{
    static char text[LOG_BYTES];
    static int64_t passed;
    const char *path = getenv("RH_CRASH_LOG");
    FILE *f = path != NULL ? fopen(path, "a+e") : NULL;
    char line[2 * LABEL + 4], last[LABEL];
    bool dies;

    if (f == NULL)
        return false;
    rewind(f);
    text[0] = '\n';
    text[1 + fread(text + 1, 1, sizeof(text) - 2, f)] = '\0';
    (void)str_copy(line, sizeof(line), label);
    dies = count_of(text, line) < number("RH_CRASH_TIMES", 1);
    last_of(text, last);
    if (!dies && passed++ < number("RH_CRASH_PAIRS", 0) && last[0] != '\0') {
        (void)str_format(line, sizeof(line), "%s > %s", last, label);
        dies = count_of(text, line) == 0;
    }
    if (dies && fprintf(f, "%s\n", line) < 0)
        dies = false;
    return fclose(f) == 0 && dies;
}

static void point(const char *label)
{
    if (!is_wanted(label))
        return;
    (void)pthread_mutex_lock(&lock); /* one dies, the others die with it */
    if (is_new(label))
        (void)kill(getpid(), SIGKILL);
    (void)pthread_mutex_unlock(&lock);
}

static void point_of(const char *what, const char *when)
{
    char label[LABEL];

    if (what[0] == '\0')
        return;
    (void)str_format(label, sizeof(label), "%s %s", what, when);
    point(label);
}

/* ----- the store ----- */

static void label_of(const struct record *r, char out[LABEL])
{
    uint64_t id;

    out[0] = '\0';
    if (r->kind == RECORD_INTENT) {
        id = r->as.intent.id;
        if (id < KINDS)
            kinds[id] = (unsigned char)(r->as.intent.kind + 1);
        (void)str_format(out, LABEL, "intent %s", call_word(r->as.intent.kind));
    } else if (r->kind == RECORD_OUTCOME) {
        id = r->as.outcome.id;
        (void)str_format(out, LABEL, "outcome %s",
                         id < KINDS && kinds[id] != 0
                             ? call_word((enum call_kind)(kinds[id] - 1))
                             : "of-the-last-run");
    } else if (r->kind == RECORD_MOVE) {
        (void)str_format(out, LABEL, "step %s %d %s",
                         direction_word(r->as.move.direction), r->as.move.step,
                         move_status_word(r->as.move.status));
    } else if (r->kind == RECORD_COMMAND) {
        (void)str_format(out, LABEL, "command %s",
                         r->as.command.accepted ? "accepted" : "refused");
    }
}

enum err_code __real_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e);
enum err_code __wrap_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e);

enum err_code __wrap_store_apply(struct store *s, struct record *records, size_t n,
                                 struct err *e)
{
    char label[LABEL];
    enum err_code code;

    n_inside = 0;
    for (size_t i = 0; i < n; i++) {
        label_of(&records[i], label);
        point_of(label, "before");
        if (label[0] != '\0' && n_inside < INSIDE)
            (void)str_copy(inside[n_inside++], LABEL, label);
    }
    code = __real_store_apply(s, records, n, e);
    for (size_t i = 0; i < n && code == ERR_OK; i++) {
        label_of(&records[i], label);
        point_of(label, "after");
    }
    return code;
}

enum err_code __real_store_commit(struct store *s, struct err *e);
enum err_code __wrap_store_commit(struct store *s, struct err *e);

enum err_code __wrap_store_commit(struct store *s, struct err *e)
{
    for (size_t i = 0; i < n_inside; i++)
        point_of(inside[i], "inside");
    n_inside = 0;
    return __real_store_commit(s, e);
}

/* ----- calls ----- */

void __real_api_set_act(struct api_set *s, const struct call *call,
                        struct call_result *r);
void __wrap_api_set_act(struct api_set *s, const struct call *call,
                        struct call_result *r);

void __wrap_api_set_act(struct api_set *s, const struct call *call, struct call_result *r)
{
    char label[LABEL];

    (void)str_format(label, sizeof(label), "act %s", call_word(call->kind));
    point_of(label, "before");
    __real_api_set_act(s, call, r);
    point_of(label, "after");
}
