#include <config.h>

#include "tui/prefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/jsonw.h"
#include "core/net/json.h"

enum { PREFS_LIMIT = 4096 };

const char *prefs_theme(const struct prefs *p, const char *configured)
{
    return p->theme[0] != '\0' && str_eq(p->instead, configured) ? p->theme : configured;
}

static bool read_file(const char *path, char *buf, size_t size, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t n = -1;

    *len = 0;
    if (fd < 0)
        return false;
    while (*len < size && (n = read(fd, buf + *len, size - *len)) > 0)
        *len += (size_t)n;
    (void)close(fd); /* read only */
    return n == 0;
}

static void take_name(const json_value *root, const char *member, char out[NAME_TEXT])
{
    size_t len;
    const char *text = json_text(root, member, &len);

    out[0] = '\0';
    if (text != NULL && len < NAME_TEXT && strlen(text) == len)
        (void)str_copy(out, NAME_TEXT, text);
}

void prefs_load(const char *dir, struct prefs *out)
{
    char path[1024], bytes[PREFS_LIMIT];
    struct json_doc *doc = NULL;
    struct err e = {0};
    size_t len;

    *out = (struct prefs){.theme = ""};
    if (!str_format(path, sizeof(path), "%s/ui.json", dir) ||
        !read_file(path, bytes, sizeof(bytes), &len) ||
        json_parse(bytes, len, &doc, &e) != ERR_OK)
        return;
    take_name(json_doc_root(doc), "theme", out->theme);
    take_name(json_doc_root(doc), "theme_instead_of", out->instead);
    json_doc_free(doc);
}

enum err_code prefs_save(const char *dir, const struct prefs *p, struct err *e)
{
    char path[1024], part[1024];
    struct strbuf text;
    bool ok = false;
    int fd;

    if (!str_format(path, sizeof(path), "%s/ui.json", dir) ||
        !str_format(part, sizeof(part), "%s/ui.json.part", dir))
        return err_set(e, ERR_TOO_BIG, "%s: too long a name", dir);
    strbuf_init(&text, PREFS_LIMIT);
    jsonw_open(&text, NULL, '{');
    jsonw_text(&text, "theme", p->theme);
    jsonw_text(&text, "theme_instead_of", p->instead);
    jsonw_close(&text, '}');
    strbuf_putc(&text, '\n');
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        ok = !text.failed &&
             write(fd, strbuf_text(&text), text.len) == (ssize_t)text.len &&
             fsync(fd) == 0;
        ok = close(fd) == 0 && ok;
    }
    strbuf_clear(&text);
    if (!ok || rename(part, path) != 0)
        return err_set_errno(e, ERR_IO, errno, "%s", path);
    return ERR_OK;
}
