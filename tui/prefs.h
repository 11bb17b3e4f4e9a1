/*
 * prefs - what the user chose on the screen, kept in ui.json of the state folder; the
 * configuration is never written. Plain values.
 * Threads: one.
 */
#ifndef RH_TUI_PREFS_H
#define RH_TUI_PREFS_H

#include "core/base/err.h"
#include "core/model/config.h"

struct prefs {
    char theme[NAME_TEXT];   /* "" = nothing was chosen */
    char instead[NAME_TEXT]; /* of this one in the configuration */
};

/* The theme to use: the one that was chosen, until the configuration names another one
 * than it did then. */
const char *prefs_theme(const struct prefs *p, const char *configured) NONNULL;

/* No such file, or none that can be read as what it should be: nothing was chosen. */
void prefs_load(const char *dir, struct prefs *out) NONNULL;
/* Under another name first, then renamed: there is always a whole file. ERR_IO,
 * ERR_TOO_BIG. */
enum err_code prefs_save(const char *dir, const struct prefs *p,
                         struct err *e) MUST_CHECK NONNULL;

#endif
