#include <config.h>

#include "tui/cmd_config.h"

#include "core/base/str.h"
#include "core/model/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2, PRINT_BYTES = 8 * 1024 * 1024 };

/* Also one in a folder that may not be entered: the reader says why. */
static bool may_be_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum err_code cmd_config_path(char *buf, size_t size, bool *there, struct err *e)
{
    static const char system_wide[] = "/etc/" PACKAGE_NAME "/" PACKAGE_NAME ".conf";
    const char *base = getenv("XDG_CONFIG_HOME"), *below = "";
    char own[PATH_MAX];

    *there = false;
    if (base == NULL || base[0] != '/') { /* the standard: a relative one is invalid */
        base = getenv("HOME");
        below = "/.config";
    }
    if (base == NULL || base[0] != '/') {
        *there = access(system_wide, F_OK) == 0 && str_copy(buf, size, system_wide);
        if (*there)
            return ERR_OK;
        return err_set(e, ERR_CONFIG,
                       "HOME is not set: name the configuration with --config FILE");
    }
    if (!str_format(own, sizeof(own), "%s%s/" PACKAGE_NAME "/" PACKAGE_NAME ".conf", base,
                    below) ||
        !str_copy(buf, size, own))
        return err_set(e, ERR_CONFIG, "the path of the configuration is too long");
    *there = may_be_there(own);
    if (*there)
        return ERR_OK;
    *there = access(system_wide, F_OK) == 0 && str_copy(buf, size, system_wide);
    if (!*there)
        (void)str_copy(buf, size, own); /* it fitted above */
    return ERR_OK;
}

static int complain(const char *text)
{
    /* lint: allow stderr - a command's own complaint, before any screen */
    (void)fprintf(stderr, "%s\n", text); /* nobody is left to tell */
    return EXIT_CONFIG;
}

int cmd_doctor_offline(const char *config_path)
{
    struct config_problems *problems = NULL;
    struct config *c = NULL;
    char path[PATH_MAX];
    struct err e = {0};
    struct strbuf b;
    bool there;
    int status = EXIT_DONE;

    if (config_path == NULL) {
        if (cmd_config_path(path, sizeof(path), &there, &e) != ERR_OK)
            return complain(e.text);
        config_path = path;
    }
    if (config_load(config_path, false, &c, &problems, &e) != ERR_OK) {
        for (size_t i = 0; problems != NULL && i < config_problems_count(problems); i++)
            status = complain(config_problems_get(problems, i));
        if (problems == NULL)
            status = complain(e.text);
        if (e.code == ERR_NOMEM)
            status = EXIT_FAILED;
        config_problems_free(problems);
        return status;
    }
    strbuf_init(&b, PRINT_BYTES);
    strbuf_printf(&b, "# %s, as understood\n", config_path);
    config_print(c, &b);
    if (b.failed || fputs(strbuf_text(&b), stdout) < 0 || fflush(stdout) != 0)
        status = EXIT_FAILED;
    strbuf_clear(&b);
    config_free(c);
    return status;
}
