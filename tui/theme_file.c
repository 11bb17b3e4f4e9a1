#include <config.h>

#include "tui/theme_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THEME_FILE_LIMIT = 64 * 1024 };

static bool is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
           strlen(name) < NAME_TEXT;
}

static enum err_code read_theme(const char *path, char *buf, size_t size, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n;

    if (fd < 0)
        return err_set_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s",
                             path);
    while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_set_errno(e, ERR_IO, errno, "%s", path);
            break;
        }
        len += (size_t)n;
    }
    (void)close(fd); /* read only */
    if (e->code != ERR_OK)
        return e->code;
    if (len == size - 1)
        return err_set(e, ERR_TOO_BIG, "%s is larger than %d bytes", path,
                       THEME_FILE_LIMIT);
    buf[len] = '\0';
    return ERR_OK;
}

enum err_code theme_load(const char *name, const char *const *dirs, size_t n_dirs,
                         struct theme *out, struct strbuf *problems, struct err *e)
{
    char path[1024];
    char *text;
    enum err_code rc = ERR_NOT_FOUND;

    if (!is_name(name))
        return err_set(e, ERR_USAGE, "\"%.40s\" is not the name of a theme", name);
    text = malloc(THEME_FILE_LIMIT + 1);
    if (text == NULL)
        return err_set(e, ERR_NOMEM, "no memory for theme %s", name);
    for (size_t i = 0; i < n_dirs && rc == ERR_NOT_FOUND; i++) {
        struct err one = {0};

        if (dirs[i] == NULL ||
            !str_format(path, sizeof(path), "%s/%s.theme", dirs[i], name))
            continue;
        rc = read_theme(path, text, THEME_FILE_LIMIT + 1, &one);
        if (rc != ERR_OK && rc != ERR_NOT_FOUND)
            *e = one;
    }
    if (rc == ERR_OK) {
        theme_parse(name, text, out, problems);
    } else if (rc == ERR_NOT_FOUND && str_eq(name, "default")) {
        theme_builtin(out);
        rc = ERR_OK;
    } else if (rc == ERR_NOT_FOUND) {
        err_set(e, rc, "theme %s: no %s.theme in the theme folders", name, name);
    }
    free(text);
    return rc;
}

void theme_stamp(const char *name, const char *const *dirs, size_t n_dirs,
                 struct theme_stamp *out)
{
    char path[1024];
    struct stat st;

    *out = (struct theme_stamp){0};
    for (size_t i = 0; i < n_dirs && is_name(name); i++) {
        if (dirs[i] == NULL ||
            !str_format(path, sizeof(path), "%s/%s.theme", dirs[i], name) ||
            stat(path, &st) != 0)
            continue;
        *out = (struct theme_stamp){.device = (uint64_t)st.st_dev,
                                    .inode = (uint64_t)st.st_ino,
                                    .size = (int64_t)st.st_size,
                                    .changed_s = (int64_t)st.st_mtim.tv_sec,
                                    .changed_ns = (int64_t)st.st_mtim.tv_nsec};
        return;
    }
}

bool theme_stamp_eq(const struct theme_stamp *a, const struct theme_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

/* Puts a name at its place among the n; the number then. */
static size_t insert_name(char names[THEMES_MAX][NAME_TEXT], size_t n, const char *name)
{
    size_t at = 0;

    while (at < n && strcmp(names[at], name) < 0)
        at++;
    if (n == THEMES_MAX || (at < n && str_eq(names[at], name)))
        return n;
    memmove(names[at + 1], names[at], (n - at) * NAME_TEXT);
    (void)str_copy(names[at], NAME_TEXT, name);
    return n + 1;
}

size_t theme_names(const char *const *dirs, size_t n_dirs,
                   char out[THEMES_MAX][NAME_TEXT])
{
    size_t n = insert_name(out, 0, "default");

    for (size_t i = 0; i < n_dirs; i++) {
        DIR *d = dirs[i] == NULL ? NULL : opendir(dirs[i]);
        const struct dirent *entry;

        while (d != NULL && (entry = readdir(d)) != NULL) {
            char name[NAME_TEXT];
            size_t len = strlen(entry->d_name);

            if (!str_ends(entry->d_name, ".theme") || len - 6 >= sizeof(name))
                continue;
            memcpy(name, entry->d_name, len - 6);
            name[len - 6] = '\0';
            if (is_name(name))
                n = insert_name(out, n, name);
        }
        if (d != NULL)
            (void)closedir(d); /* read only */
    }
    return n;
}

/* ../themes from there. */
static bool built_themes(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    char *slash;

    if (n <= 0)
        return false;
    out[n] = '\0';
    slash = strrchr(out, '/');
    return slash != NULL && str_copy(slash, size - (size_t)(slash - out), "/../themes");
}

void theme_places_find(struct theme_places *p, const char *config_path,
                       const char *dirs[3])
{
    char *slash;

    dirs[0] = dirs[2] = NULL;
    dirs[1] = RH_THEME_DIR;
    if (config_path != NULL && str_copy(p->beside, sizeof(p->beside), config_path) &&
        (slash = strrchr(p->beside, '/')) != NULL &&
        str_copy(slash, sizeof(p->beside) - (size_t)(slash - p->beside), "/themes"))
        dirs[0] = p->beside;
    if (built_themes(p->built, sizeof(p->built)))
        dirs[2] = p->built;
}
