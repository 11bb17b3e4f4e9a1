#include <config.h>

#include "core/net/aws_profile.h"

#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_LIMIT_BYTES = 1024 * 1024,
    PATH_BYTES = 1024,
    NAME_BYTES = 256,
    TOKEN_LIMIT_BYTES = 64 * 1024
};

struct file {
    char path[PATH_BYTES];
    bool exists;
    struct timespec changed;
    ino_t inode;
    off_t size;
    char *text; /* NUL-terminated, NULL = empty */
};

struct aws_files {
    struct file files[AWS_FILE_COUNT];
};

/* ----- files ----- */

static void home_of(char *buf, size_t size)
{
    const char *home = getenv("HOME");
    struct passwd pw, *found = NULL;
    char scratch[1024];

    if (home == NULL || home[0] == '\0') {
        if (getpwuid_r(getuid(), &pw, scratch, sizeof(scratch), &found) == 0 &&
            found != NULL)
            home = pw.pw_dir;
        else
            home = "";
    }
    (void)str_copy(buf, size, home); /* a cut one is not found, and named in the error */
}

static void path_of(struct file *f, const char *variable, const char *name)
{
    const char *set = getenv(variable);
    char home[PATH_BYTES - 64];

    if (set != NULL && set[0] != '\0' && !str_starts(set, "~/")) {
        (void)str_copy(f->path, sizeof(f->path), set); /* as above */
        return;
    }
    home_of(home, sizeof(home));
    (void)str_format(f->path, sizeof(f->path), "%s/%s", home,
                     set != NULL && set[0] != '\0' ? set + 2 : name); /* as above */
}

static enum err_code read_whole(struct file *f, int fd, struct err *e)
{
    size_t size = (size_t)f->size, used = 0;

    f->text = calloc(1, size + 1);
    if (f->text == NULL)
        return err_set(e, ERR_NOMEM, "no memory for %.100s", f->path);
    while (used < size) {
        ssize_t n = read(fd, f->text + used, size - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(e, ERR_AUTH, errno, "cannot read %.100s", f->path);
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return ERR_OK;
}

static enum err_code file_load(struct file *f, struct err *e)
{
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    enum err_code rc;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return ERR_OK;
    if (fd < 0)
        return err_set_errno(e, ERR_AUTH, errno, "cannot open %.100s", f->path);
    if (fstat(fd, &st) != 0) {
        rc = err_set_errno(e, ERR_AUTH, errno, "cannot read %.100s", f->path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT_BYTES) {
        rc = err_set(e, ERR_AUTH, "%.100s is no file of at most 1 MiB", f->path);
        goto out;
    }
    f->exists = true;
    f->changed = st.st_mtim;
    f->inode = st.st_ino;
    f->size = st.st_size;
    rc = read_whole(f, fd, e);
out:
    (void)close(fd); /* only read */
    return rc;
}

static void file_clear(struct file *f)
{
    if (f->text != NULL)
        explicit_bzero(f->text, (size_t)f->size);
    free(f->text);
}

enum err_code aws_files_load(struct aws_files **out, struct err *e)
{
    struct aws_files *f = calloc(1, sizeof(*f));
    enum err_code rc = ERR_OK;

    if (f == NULL)
        return err_set(e, ERR_NOMEM, "no memory for AWS profiles");
    path_of(&f->files[AWS_FILE_CREDENTIALS], "AWS_SHARED_CREDENTIALS_FILE",
            ".aws/credentials");
    path_of(&f->files[AWS_FILE_CONFIG], "AWS_CONFIG_FILE", ".aws/config");
    for (size_t i = 0; rc == ERR_OK && i < AWS_FILE_COUNT; i++)
        rc = file_load(&f->files[i], e);
    if (rc == ERR_OK)
        *out = f;
    else
        aws_files_free(f);
    return rc;
}

void aws_files_free(struct aws_files *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < AWS_FILE_COUNT; i++)
        file_clear(&f->files[i]);
    free(f);
}

bool aws_files_changed(const struct aws_files *f)
{
    for (size_t i = 0; i < AWS_FILE_COUNT; i++) {
        const struct file *file = &f->files[i];
        struct stat st;
        bool exists = stat(file->path, &st) == 0;

        if (exists != file->exists)
            return true;
        if (exists && (st.st_mtim.tv_sec != file->changed.tv_sec ||
                       st.st_mtim.tv_nsec != file->changed.tv_nsec ||
                       st.st_ino != file->inode || st.st_size != file->size))
            return true;
    }
    return false;
}

const char *aws_files_path(const struct aws_files *f, enum aws_file which)
{
    return f->files[which].path;
}

/* ----- lines ----- */

struct span {
    const char *begin;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
    while (s.len > 0 && is_blank(s.begin[0])) {
        s.begin++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.begin[s.len - 1]))
        s.len--;
    return s;
}

static bool span_eq(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.begin, text, s.len) == 0;
}

/* Keys are case-insensitive. */
static bool span_is_key(struct span s, const char *key)
{
    char buf[NAME_BYTES];

    if (s.len >= sizeof(buf))
        return false;
    memcpy(buf, s.begin, s.len);
    buf[s.len] = '\0';
    return str_eq_nocase(buf, key);
}

enum line_kind { LINE_NOTHING, LINE_SECTION, LINE_SETTING };

struct line {
    enum line_kind kind;
    size_t indent;
    struct span name, value; /* of a section: name alone */
};

/* The line at *at, which moves behind it; false at the end of the text. */
static bool line_next(const char **at, struct line *l)
{
    struct span all = {*at, strcspn(*at, "\n")};
    const char *equals;

    *l = (struct line){0};
    if (**at == '\0')
        return false;
    *at += all.len + (all.begin[all.len] == '\n' ? 1 : 0);
    while (l->indent < all.len && is_blank(all.begin[l->indent]))
        l->indent++;
    all = trim(all);
    if (all.len == 0 || all.begin[0] == '#' || all.begin[0] == ';')
        return true;
    if (all.begin[0] == '[' && l->indent == 0) {
        const char *end = memchr(all.begin, ']', all.len);

        if (end != NULL) {
            l->kind = LINE_SECTION;
            l->name = trim((struct span){all.begin + 1, (size_t)(end - all.begin) - 1});
        }
        return true;
    }
    equals = memchr(all.begin, '=', all.len);
    if (equals == NULL)
        return true;
    l->kind = LINE_SETTING;
    l->name = trim((struct span){all.begin, (size_t)(equals - all.begin)});
    l->value =
        trim((struct span){equals + 1, all.len - (size_t)(equals - all.begin) - 1});
    return true;
}

/* "[profile x]", "[profile "x"]": is it the section `kind x`? */
static bool section_is(struct span section, const char *kind, const char *name)
{
    size_t len = strlen(kind);
    struct span rest;

    if (section.len <= len || memcmp(section.begin, kind, len) != 0 ||
        !is_blank(section.begin[len]))
        return false;
    rest = trim((struct span){section.begin + len, section.len - len});
    if (rest.len >= 2 && (rest.begin[0] == '"' || rest.begin[0] == '\'') &&
        rest.begin[rest.len - 1] == rest.begin[0])
        rest = (struct span){rest.begin + 1, rest.len - 2};
    return span_eq(rest, name);
}

static bool section_is_profile(struct span section, enum aws_file which, const char *name)
{
    if (which == AWS_FILE_CREDENTIALS)
        return span_eq(section, name);
    return section_is(section, "profile", name) ||
           (str_eq(name, "default") && span_eq(section, "default"));
}

bool aws_files_has(const struct aws_files *f, enum aws_file which, const char *profile)
{
    const char *at = f->files[which].text;
    struct line l;

    while (at != NULL && line_next(&at, &l)) {
        if (l.kind == LINE_SECTION && section_is_profile(l.name, which, profile))
            return true;
    }
    return false;
}

/* Where a setting is looked for: parent NULL is a plain one, else one nested below. */
struct place {
    enum aws_file which;
    const char *services; /* NULL = a profile */
    const char *profile, *parent, *key;
};

static bool section_matches(const struct place *p, struct span section)
{
    return p->services != NULL ? section_is(section, "services", p->services)
                               : section_is_profile(section, p->which, p->profile);
}

/* The last one counts, as in the AWS tools. */
static bool lookup(const struct aws_files *f, const struct place *p, char *buf,
                   size_t size)
{
    const char *at = f->files[p->which].text;
    bool inside = false, below = false, found = false;
    size_t indent = 0; /* of the last plain setting */
    bool any = false;  /* there was one in this section */
    struct line l;

    buf[0] = '\0';
    while (at != NULL && line_next(&at, &l)) {
        bool nested;

        if (l.kind == LINE_SECTION) {
            inside = section_matches(p, l.name);
            any = below = false;
        }
        if (l.kind != LINE_SETTING || !inside)
            continue;
        nested = any && l.indent > indent;
        if (!nested) {
            any = true;
            indent = l.indent;
            below = p->parent != NULL && span_is_key(l.name, p->parent);
        }
        if ((p->parent != NULL ? nested && below : !nested) &&
            span_is_key(l.name, p->key) && l.value.len > 0) {
            found = l.value.len < size;
            memcpy(buf, l.value.begin, found ? l.value.len : 0);
            buf[found ? l.value.len : 0] = '\0';
        }
    }
    return found;
}

bool aws_files_get(const struct aws_files *f, enum aws_file which, const char *profile,
                   const char *key, char *buf, size_t size)
{
    const struct place p = {.which = which, .profile = profile, .key = key};

    return lookup(f, &p, buf, size);
}

bool aws_files_get_service(const struct aws_files *f, const char *profile,
                           const char *service, const char *key, char *buf, size_t size)
{
    char services[NAME_BYTES];
    struct place p = {.which = AWS_FILE_CONFIG, .parent = service, .key = key};

    buf[0] = '\0';
    if (!aws_files_get(f, AWS_FILE_CONFIG, profile, "services", services,
                       sizeof(services)))
        return false;
    p.services = services;
    return lookup(f, &p, buf, size);
}

bool aws_files_find(const struct aws_files *f, const char *profile, const char *key,
                    char *buf, size_t size)
{
    return aws_files_get(f, AWS_FILE_CREDENTIALS, profile, key, buf, size) ||
           aws_files_get(f, AWS_FILE_CONFIG, profile, key, buf, size);
}

/* ----- the environment ----- */

const char *aws_variable(const char *name)
{
    const char *v = getenv(name);

    return v != NULL && v[0] != '\0' ? v : NULL;
}

const char *aws_profile_named(const char *asked)
{
    const char *name = asked != NULL && asked[0] != '\0' ? asked : NULL;

    if (name == NULL)
        name = aws_variable("AWS_PROFILE");
    return name != NULL ? name : aws_variable("AWS_DEFAULT_PROFILE");
}

enum err_code aws_token_read(const char *path, struct secret **out, struct err *e)
{
    struct file f = {0};
    enum err_code rc = ERR_OK;
    size_t len;

    if (!str_copy(f.path, sizeof(f.path), path))
        return err_set(e, ERR_AUTH, "the path of a token file is too long");
    rc = file_load(&f, e);
    if (rc == ERR_OK && !f.exists)
        rc = err_set(e, ERR_AUTH, "%.100s does not exist", path);
    len = f.text != NULL ? strlen(f.text) : 0;
    if (len > 0 && f.text[len - 1] == '\n')
        len--;
    if (rc == ERR_OK && (len == 0 || len > TOKEN_LIMIT_BYTES))
        rc = err_set(e, ERR_AUTH, "%.100s is no token of 1 to %d bytes", path,
                     TOKEN_LIMIT_BYTES);
    if (rc == ERR_OK)
        rc = secret_new(f.text, len, out, e);
    file_clear(&f);
    return rc;
}
