/*
 * reload - reads the configuration again, when a person asks for it, and the secrets when
 * their file changes, in a thread of its own: a program that tells a secret may take its
 * time. What it reads is handed to the runtime, which takes all of it or nothing. Owns
 * its thread (reloader_free); has a reference of the setup in force; borrows runtime and
 * clock. Threads: all from one, which is not the runtime's.
 */
#ifndef RH_TUI_RELOAD_H
#define RH_TUI_RELOAD_H

#include "core/engine/runtime.h"

struct reloader;

struct reload_answer {
    bool taken;
    struct setup *setup; /* in force from now on, a reference of the caller's; NULL */
    char text[2 * LINE_TEXT]; /* a sentence, with the first error */
};

/* user: who runs this, for the journal; borrowed. setup: in force now. */
enum err_code reloader_new(struct runtime *runtime, struct setup *setup, const char *user,
                           struct reloader **out, struct err *e) MUST_CHECK NONNULL;
/* Waits for what is being read. */
void reloader_free(struct reloader *r);

/* why: "SIGHUP", "" for a person's word; a literal. Never waits; ERR_LOCKED: so many were
 * asked for already. */
enum err_code reloader_ask(struct reloader *r, const char *why,
                           struct err *e) MUST_CHECK NONNULL;

/* An answer that nobody took yet; the runtime's event descriptor tells of it. */
bool reloader_answer(struct reloader *r, struct reload_answer *out) NONNULL;

#endif
