/*
 * theme_file - themes in folders: NAME.theme of the first folder that has it. Works in
 * the caller's memory.
 * Threads: any.
 */
#ifndef RH_TUI_THEME_FILE_H
#define RH_TUI_THEME_FILE_H

#include "tui/theme.h"

/*
 * The theme NAME from dirs[0], dirs[1], ...; "default" falls back to the built-in one.
 * ERR_NOT_FOUND (no such file), ERR_USAGE (a name with a slash), ERR_TOO_BIG, ERR_IO.
 */
enum err_code theme_load(const char *name, const char *const *dirs, size_t n_dirs,
                         struct theme *out, struct strbuf *problems,
                         struct err *e) MUST_CHECK NONNULL;

/* Where themes are looked for: beside the configuration, where they are installed, and
 * beside a program that runs where it was built. Owns the texts of `dirs`. */
struct theme_places {
    char beside[4096], built[4096];
};
/* config_path NULL: there is none. */
void theme_places_find(struct theme_places *p, const char *config_path,
                       const char *dirs[3]) __attribute__((nonnull(1, 3)));

/* The file that theme_load() would read, as it is now; all 0 = none. */
struct theme_stamp {
    uint64_t device, inode;
    int64_t size, changed_s, changed_ns;
};
void theme_stamp(const char *name, const char *const *dirs, size_t n_dirs,
                 struct theme_stamp *out) NONNULL;
bool theme_stamp_eq(const struct theme_stamp *a, const struct theme_stamp *b) NONNULL;

/* The names of all themes in the alphabet's order, each once, at most THEMES_MAX;
 * "default" is always one of them. Returns their number. */
enum { THEMES_MAX = 64 };
size_t theme_names(const char *const *dirs, size_t n_dirs,
                   char out[THEMES_MAX][NAME_TEXT]) NONNULL;

#endif
