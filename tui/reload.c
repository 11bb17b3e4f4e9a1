#include <config.h>

#include "tui/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/engine/mailbox.h"
#include "tui/keys.h"

enum {
    ASKED_MAX = 8,
    ANSWERS_MAX = 8,
    LOOK_MS = 5000, /* at the files of secrets */
    REAP_MS = 250,  /* … while calls of an earlier configuration are under way */
    SECRETS = 4,
    CHANGES_TEXT = LINE_TEXT - 32,
    ERRORS_MAX = 50 /* in the journal; doctor --offline lists all of them */
};

/* Of a file: which one, and when it was written, or closed to others: until then it is
 * refused. */
struct stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec at;
};

struct reloader {
    struct runtime *runtime;
    const char *user;
    struct mailbox *asked;   /* of const char *, why */
    struct mailbox *answers; /* of struct reload_answer */
    struct setup *setup;     /* the thread's alone */
    struct stamp stamps[SECRETS];
    pthread_t thread;
    bool started;
};

static const char *secret_file(const struct config *c, size_t i)
{
    const char *const files[SECRETS] = {c->velostrata.api.secret_file,
                                        c->jenkins.secret_file, c->vsphere.secret_file,
                                        c->lock.api.secret_file};

    return files[i];
}

static struct stamp stamp_of(const char *path)
{
    struct stat st;

    if (path == NULL || stat(path, &st) != 0)
        return (struct stamp){0}; /* between two files, maybe */
    return (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_ctim};
}

static void take_stamps(struct reloader *r, struct stamp to[SECRETS])
{
    for (size_t i = 0; i < SECRETS; i++)
        to[i] = stamp_of(secret_file(r->setup->config, i));
}

/* A file that is gone, for its next one to come, is no change. */
static bool secrets_changed(struct reloader *r)
{
    struct stamp now[SECRETS];
    bool changed = false;

    take_stamps(r, now);
    for (size_t i = 0; i < SECRETS; i++) {
        const struct stamp *a = &now[i], *b = &r->stamps[i];

        if (a->ino != 0 &&
            (a->dev != b->dev || a->ino != b->ino || a->size != b->size ||
             a->at.tv_sec != b->at.tv_sec || a->at.tv_nsec != b->at.tv_nsec)) {
            r->stamps[i] = *a;
            changed = true;
        }
    }
    return changed;
}

/* While the state cannot be written nothing new is taken (engine.c): a secret that came
 * then is looked at afterwards, or nobody would ever do it again. */
static bool can_be_taken(const struct reloader *r)
{
    struct fleet *f = runtime_latest(r->runtime);
    bool can = true;

    for (size_t i = 0; f != NULL && i < f->n_degraded; i++)
        can = can && !str_eq(f->degraded[i], "store");
    fleet_unref(f);
    return can;
}

/* ----- one reading ----- */

struct reading {
    struct setup *next;
    struct config_problems *problems;
    struct strbuf keys; /* problems of section keys, a line each */
    const char *errors[ERRORS_MAX];
    size_t n_errors, more;
    char changes[LINE_TEXT], refused[LINE_TEXT];
    size_t n_changes;
};

static void note_change(void *ctx, const char *name, const struct option *o)
{
    struct reading *x = ctx;
    size_t used = strlen(x->changes), len = strlen(name);

    (void)o;
    x->n_changes++;
    if (x->more > 0 || used + len + 2 >= CHANGES_TEXT) {
        x->more++;
        return;
    }
    (void)str_format(x->changes + used, sizeof(x->changes) - used, "%s%s",
                     used > 0 ? ", " : "", name);
}

/* "2 options changed: policy.window, ui.mouse" */
static void say_changes(struct reading *x, const struct config *was)
{
    char names[LINE_TEXT], more[32] = "";

    (void)config_compare(was, x->next->config, note_change, x);
    (void)str_copy(names, sizeof(names), x->changes);
    if (x->more > 0)
        (void)str_format(more, sizeof(more), " and %zu more", x->more);
    if (x->n_changes == 0)
        (void)str_copy(x->changes, sizeof(x->changes), "nothing has changed");
    else
        (void)str_format(x->changes, sizeof(x->changes), "%zu %s changed: %s%s",
                         x->n_changes, x->n_changes == 1 ? "option" : "options", names,
                         more);
}

/* Without the folder that everybody knows: the line is short. */
static const char *short_of(const struct config *c, const char *text)
{
    const char *slash = strrchr(c->file, '/');
    size_t len = slash != NULL ? (size_t)(slash - c->file) + 1 : 0;

    return len > 0 && strncmp(text, c->file, len) == 0 ? text + len : text;
}

static void add_error(struct reading *x, const struct config *was, const char *text)
{
    if (x->n_errors < ERRORS_MAX)
        x->errors[x->n_errors++] = short_of(was, text);
}

static void check_keys(struct reading *x)
{
    const struct config *c = x->next->config;
    struct keymap keys;
    struct err e = {0};

    if (keys_build(c->keys, c->n_keys, c->file, &keys, &x->keys, &e) == ERR_OK)
        return;
    for (char *p = x->keys.data; p != NULL && *p != '\0';) {
        char *end = p + strcspn(p, "\n");
        bool last = *end == '\0';

        *end = '\0';
        add_error(x, c, p);
        p = last ? end : end + 1;
    }
}

static void check_restart(struct reading *x, const struct config *was)
{
    char names[LINE_TEXT - 64];
    size_t n = config_needs_restart(was, x->next->config, names, sizeof(names));

    if (n > 0)
        (void)str_format(x->refused, sizeof(x->refused),
                         "%s cannot change while it runs: restart for that", names);
}

static void read_all(struct reloader *r, bool same_text, struct reading *x)
{
    const struct config *was = r->setup->config;
    struct err e = {0};

    if (setup_read_again(r->setup, same_text, &x->next, &x->problems, &e) != ERR_OK) {
        size_t n = x->problems != NULL ? config_problems_count(x->problems) : 0;

        for (size_t i = 0; i < n; i++)
            add_error(x, was, config_problems_get(x->problems, i));
        if (n == 0)
            (void)str_copy(x->refused, sizeof(x->refused), e.text);
    } else if (!same_text) {
        check_keys(x);
        check_restart(x, was);
    }
    if (x->n_errors == 1)
        (void)str_copy(x->refused, sizeof(x->refused), x->errors[0]);
    else if (x->n_errors > 1)
        (void)str_format(x->refused, sizeof(x->refused), "%.140s has %zu errors",
                         was->file, x->n_errors);
    if (x->next != NULL)
        say_changes(x, was);
}

static void answer(struct reloader *r, const struct reading *x,
                   const struct config_order *o)
{
    struct reload_answer a = {.taken = o->taken};

    if (o->taken) {
        a.setup = setup_ref(r->setup);
        (void)str_copy(a.text, sizeof(a.text), o->text);
    } else if (x->n_errors > 1) {
        (void)str_format(a.text, sizeof(a.text),
                         "configuration not taken (%zu errors, all in view 2): %s",
                         x->n_errors, x->errors[0]);
    } else {
        (void)str_format(a.text, sizeof(a.text), "configuration not taken: %s",
                         o->refused);
    }
    if (!mailbox_put(r->answers, &a))
        setup_unref(a.setup); /* nobody takes them: the next one has what is in force */
    runtime_wake(r->runtime);
}

/* The stamp of a file that stays is that from before it was read: what was written
 * meanwhile is read again. */
static void take_setup(struct reloader *r, struct setup *next)
{
    for (size_t i = 0; i < SECRETS; i++) {
        const char *was = secret_file(r->setup->config, i),
                   *is = secret_file(next->config, i);

        if (was == NULL || is == NULL || !str_eq(was, is))
            r->stamps[i] = stamp_of(is);
    }
    setup_unref(r->setup);
    r->setup = setup_ref(next);
}

static void run(struct reloader *r, bool same_text, const char *by, const char *why)
{
    struct config_order o = {.by = by, .why = why};
    struct reading x = {0};

    strbuf_init(&x.keys, 16384);
    read_all(r, same_text, &x);
    if (same_text && x.refused[0] == '\0' && x.n_changes == 0)
        goto out; /* the file was touched, its secret is what it was */
    o.changes = x.changes;
    o.errors = x.errors;
    o.n_errors = x.n_errors > 1 ? x.n_errors : 0;
    (void)str_copy(o.refused, sizeof(o.refused), x.refused);
    runtime_configure(r->runtime, x.refused[0] == '\0' ? x.next : NULL, &o);
    if (o.taken)
        take_setup(r, x.next);
    answer(r, &x, &o);
out:
    strbuf_clear(&x.keys);
    config_problems_free(x.problems);
    setup_unref(x.next);
}

static void *reloader_main(void *arg)
{
    struct reloader *r = arg;
    char by[NAME_TEXT];

    (void)str_format(by, sizeof(by), "operator:%.48s", r->user);
    for (;;) {
        const char *why;
        size_t left = runtime_reap(r->runtime);
        int got = mailbox_get(r->asked, &why, left > 0 ? REAP_MS : LOOK_MS);

        if (got < 0)
            return NULL;
        if (got > 0) {
            /* Before it is read: what is written from now on is another change. */
            take_stamps(r, r->stamps);
            run(r, false, by, why);
        } else if (can_be_taken(r) && secrets_changed(r)) {
            run(r, true, "rushhour", "a file of a secret changed");
        }
    }
}

enum err_code reloader_new(struct runtime *runtime, struct setup *setup, const char *user,
                           struct reloader **out, struct err *e)
{
    struct reloader *r = calloc(1, sizeof(*r));
    sigset_t all, old;
    int rc;

    if (r == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the reader of the configuration");
    r->runtime = runtime;
    r->user = user;
    r->setup = setup_ref(setup);
    r->asked = mailbox_new(sizeof(const char *), ASKED_MAX);
    r->answers = mailbox_new(sizeof(struct reload_answer), ANSWERS_MAX);
    take_stamps(r, r->stamps);
    if (r->asked == NULL || r->answers == NULL) {
        reloader_free(r);
        return err_set(e, ERR_NOMEM, "no memory for the reader of the configuration");
    }
    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&r->thread, NULL, reloader_main, r);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) {
        reloader_free(r);
        return err_set_errno(e, ERR_NOMEM, rc, "thread reload cannot be started");
    }
    r->started = true;
    (void)pthread_setname_np(r->thread, "reload"); /* a name helps people only */
    *out = r;
    return ERR_OK;
}

void reloader_free(struct reloader *r)
{
    struct reload_answer a;

    if (r == NULL)
        return;
    if (r->asked != NULL)
        mailbox_close(r->asked);
    if (r->started)
        (void)pthread_join(r->thread, NULL);
    while (r->answers != NULL && mailbox_get(r->answers, &a, 0) > 0)
        setup_unref(a.setup);
    mailbox_free(r->asked);
    mailbox_free(r->answers);
    setup_unref(r->setup);
    free(r);
}

enum err_code reloader_ask(struct reloader *r, const char *why, struct err *e)
{
    if (!mailbox_put(r->asked, &why))
        return err_set(e, ERR_LOCKED, "it is being read already");
    return ERR_OK;
}

bool reloader_answer(struct reloader *r, struct reload_answer *out)
{
    return mailbox_get(r->answers, out, 0) > 0;
}
