#include <config.h>

#include "core/store/store_internal.h"

#include "core/base/str.h"
#include "core/base/timefmt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A store that cannot be read is no reason to leave servers alone (reliability 6): it is
 * kept under another name, for whoever wants to look into it, and a new one is begun. Its
 * log goes along: SQLite would write an old log into a new file.
 */

static const char *const companions[] = {"-wal", "-shm"};

/* "corrupt-2026-11-22T07:00:00Z" */
static void aside_suffix(char out[ASIDE_TEXT])
{
    char now[TIME_TEXT];

    (void)str_format(out, ASIDE_TEXT, "corrupt-%s",
                     utc_text(clock_utc(clock_system()), now));
}

/* Never over another one. */
static enum err_code move_away(const char *from, const char *to, struct err *e)
{
    struct stat st;

    if (lstat(to, &st) == 0)
        errno = EEXIST;
    else if (rename(from, to) == 0 || errno == ENOENT)
        return ERR_OK;
    return err_set_errno(e, ERR_STORE, errno, "cannot set the damaged %.100s aside",
                         from);
}

static enum err_code move_log(const char *file, const char *suffix, struct err *e)
{
    char from[PATH_MAX + 8], to[PATH_MAX + ASIDE_TEXT + 16];
    enum err_code code = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(companions) && code == ERR_OK; i++) {
        (void)str_format(from, sizeof(from), "%s%s", file, companions[i]);
        (void)str_format(to, sizeof(to), "%s.%s%s", file, suffix, companions[i]);
        code = move_away(from, to, e);
    }
    return code;
}

enum err_code store_set_aside(const char *file, char name[ASIDE_TEXT], struct err *e)
{
    char suffix[ASIDE_TEXT], to[PATH_MAX + ASIDE_TEXT + 8];
    enum err_code code;

    aside_suffix(suffix);
    (void)str_format(to, sizeof(to), "%s.%s", file, suffix);
    /* The file first: what dies in between leaves a log without one, which the next start
     * moves away, too. */
    code = move_away(file, to, e);
    if (code == ERR_OK)
        code = move_log(file, suffix, e);
    if (code == ERR_OK)
        (void)str_format(name, ASIDE_TEXT, "%s.%s", STORE_FILE, suffix);
    return code;
}

enum err_code store_log_aside(const char *file, struct err *e)
{
    char suffix[ASIDE_TEXT];

    aside_suffix(suffix);
    return move_log(file, suffix, e);
}
