#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/secret.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code set_initial(struct config *c, struct err *e)
{
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        enum err_code rc;

        if (option_section_find(o->section) == NULL || str_eq(o->section, "servers"))
            continue; /* of a server, a zone, a price: when there is one */
        rc = value_set_initial(o, c, c->arena, e);
        if (rc != ERR_OK)
            return rc;
    }
    return ERR_OK;
}

static struct config *config_new(const char *file, struct err *e)
{
    struct arena *a = arena_new(CONFIG_ARENA_BYTES);
    struct config *c = a != NULL ? arena_alloc(a, 1, sizeof(*c)) : NULL;

    if (c == NULL) {
        arena_free(a);
        (void)err_set(e, ERR_NOMEM, "no memory for the configuration");
        return NULL;
    }
    c->arena = a;
    c->file = arena_strdup(a, file);
    if (set_initial(c, e) != ERR_OK) {
        config_free(c);
        return NULL;
    }
    return c;
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    secret_free(c->velostrata.api.secret);
    secret_free(c->jenkins.secret);
    secret_free(c->vsphere.secret);
    secret_free(c->lock.api.secret);
    arena_free(c->arena);
}

bool config_set_secret(struct config *c, const char *section, struct secret *secret)
{
    struct secret **at = str_eq(section, "velostrata") ? &c->velostrata.api.secret
                         : str_eq(section, "jenkins")  ? &c->jenkins.secret
                         : str_eq(section, "vsphere")  ? &c->vsphere.secret
                         : str_eq(section, "lock")     ? &c->lock.api.secret
                                                       : NULL;

    if (at == NULL) {
        secret_free(secret);
        return false;
    }
    secret_free(*at);
    *at = secret;
    return true;
}

const struct zone_config *config_zone_find(const struct server_config *s,
                                           const char *zone)
{
    for (size_t i = 0; i < s->n_zones; i++) {
        if (str_eq(s->zones[i].name, zone))
            return &s->zones[i];
    }
    return NULL;
}

bool config_has_eni(const struct config *c, const char *eni)
{
    for (size_t i = 0; eni[0] != '\0' && i < c->n_servers; i++) {
        const struct server_config *s = &c->servers[i];

        if (str_eq(s->eni, eni))
            return true;
        for (size_t z = 0; z < s->n_zones; z++) {
            if (str_eq(s->zones[z].eni, eni))
                return true;
        }
    }
    return false;
}

const struct server_config *config_server_find(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->n_servers; i++) {
        if (str_eq(c->servers[i].name, name))
            return &c->servers[i];
    }
    return NULL;
}

const char **config_types(const struct config *c, struct arena *a, size_t *n)
{
    const char **types;
    size_t most = 0;

    *n = 0;
    for (size_t i = 0; i < c->n_servers; i++)
        most += c->servers[i].n_offerings;
    types = arena_alloc(a, most, sizeof(*types));
    for (size_t i = 0; types != NULL && i < c->n_servers; i++) {
        const struct server_config *s = &c->servers[i];

        for (size_t j = 0; j < s->n_offerings; j++) {
            size_t k = 0;

            while (k < *n && !str_eq(types[k], s->offerings[j].type))
                k++;
            if (k == *n)
                types[(*n)++] = s->offerings[j].type;
        }
    }
    return types;
}

static void parser_problem(struct config_problems *p, const config_t *tree)
{
    static const struct {
        const char *parser, *text;
    } texts[] = {
        {"syntax error", "syntax error here or just before: is a quote, a bracket, an = "
                         "or a value missing?"},
        {"duplicate setting name",
         "this name was used before in the same group: each may be there once"},
        {"mismatched element type in array",
         "the list mixes kinds of values: put every item in quotes"},
        {"memory exhausted", "brackets are nested too deeply: is one not closed?"},
    };
    const char *said = config_error_text(tree);

    for (size_t i = 0; i < ARRAY_LEN(texts) && said != NULL; i++) {
        if (str_eq(said, texts[i].parser))
            said = texts[i].text;
    }
    problem_add(p, config_error_line(tree), "%s", said != NULL ? said : "unusable");
}

/* The folder of a file, for relative paths; "" when it names none. */
static const char *dir_of(struct arena *a, const char *file)
{
    const char *slash = strrchr(file, '/');

    if (slash == NULL)
        return "";
    return arena_strndup(a, file, slash == file ? 1 : (size_t)(slash - file));
}

static enum err_code understand(const char *text, size_t len, struct reader *r,
                                struct err *e)
{
    config_t tree;

    if (!config_scan(text, len, r->problems))
        return ERR_OK;
    config_init(&tree);
    if (config_read_string(&tree, text) == CONFIG_TRUE) {
        r->root = config_root_setting(&tree);
        config_put_sets(r);
        config_read_tree(r);
        config_read_offerings(r);
        config_check(r);
        config_read_calendar(r);
        config_read_secrets(r);
    } else {
        parser_problem(r->problems, &tree);
    }
    config_destroy(&tree);
    if (arena_failed(r->c->arena) || problems_failed(r->problems))
        return err_set(e, ERR_NOMEM, "no memory for the configuration");
    return ERR_OK;
}

/* What a list of problems says in one line. */
static enum err_code summary(const char *file, const struct config_problems *p,
                             struct err *e)
{
    size_t n = config_problems_count(p);

    if (n == 1)
        return err_set(e, ERR_CONFIG, "%s", config_problems_get(p, 0));
    return err_set(e, ERR_CONFIG, "%.100s: %zu errors, the first: %s", file, n,
                   config_problems_get(p, 0));
}

static enum err_code load(const char *text, size_t len, const char *file,
                          const struct reader *how, struct config **out,
                          struct config_problems **problems, struct err *e)
{
    struct reader r = *how;
    enum err_code rc;

    *problems = NULL;
    r.c = config_new(file, e);
    if (r.c == NULL)
        return e->code;
    r.problems = problems_new(file[0] != '\0' ? file : "(built in)");
    r.c->text = arena_strndup(r.c->arena, text, len);
    r.dir = dir_of(r.c->arena, file);
    if (r.problems != NULL)
        problems_name_sets(r.problems, &r.sets);
    if (r.problems == NULL || r.dir == NULL || r.c->text == NULL)
        rc = err_set(e, ERR_NOMEM, "no memory for the configuration");
    else
        rc = understand(text, len, &r, e);
    if (rc == ERR_OK && config_problems_count(r.problems) > 0) {
        problems_sort(r.problems);
        rc = summary(file, r.problems, e);
        *problems = r.problems;
        r.problems = NULL;
    }
    if (rc == ERR_OK) {
        *out = r.c;
        r.c = NULL;
    }
    config_problems_free(r.problems);
    config_free(r.c);
    return rc;
}

enum err_code config_load_text(const char *text, const char *file, bool load_secrets,
                               struct config **out, struct config_problems **problems,
                               struct err *e)
{
    const struct reader how = {.load_secrets = load_secrets,
                               .need_sources = load_secrets};

    return load(text, strlen(text), file, &how, out, problems, e);
}

enum err_code config_load_text_sets(const char *text, const char *file,
                                    const struct config_sets *sets, struct config **out,
                                    struct config_problems **problems, struct err *e)
{
    const struct reader how = {.sets = *sets};

    return load(text, strlen(text), file, &how, out, problems, e);
}

/* The whole file; what keeps it from being read is a problem of its own. */
enum err_code config_text_of(const char *path, struct strbuf *b, struct err *e)
{
    char chunk[8192];
    struct stat st;
    enum err_code rc = ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(e, ERR_NOT_FOUND,
                       "%.100s: there is no such file: \"rushhour init\" writes one, "
                       "\"rushhour demo\" needs none",
                       path);
    if (fd < 0)
        return err_set_errno(e, ERR_CONFIG, errno, "it cannot be opened");
    if (fstat(fd, &st) != 0)
        rc = err_set_errno(e, ERR_CONFIG, errno, "it cannot be looked at");
    else if (S_ISDIR(st.st_mode))
        rc = err_set(e, ERR_CONFIG, "it is a folder: name the file in it");
    else if (!S_ISREG(st.st_mode))
        rc = err_set(e, ERR_CONFIG, "it is not a regular file");
    while (rc == ERR_OK && !b->failed) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = err_set_errno(e, ERR_CONFIG, errno, "it cannot be read");
        if (n <= 0)
            break;
        strbuf_add(b, chunk, (size_t)n);
    }
    if (rc == ERR_OK && b->no_memory)
        rc = err_set(e, ERR_NOMEM, "no memory for %.100s", path);
    else if (rc == ERR_OK && b->failed)
        rc = err_set(e, ERR_CONFIG, "it is longer than %zu bytes: is it the right file?",
                     b->limit);
    (void)close(fd); /* only read */
    return rc;
}

/* A file that cannot be read at all, as a list of problems like any other. */
static enum err_code unreadable(const char *path, struct config_problems **problems,
                                struct err *e)
{
    struct config_problems *p = problems_new(path);

    if (p == NULL) {
        err_clear(e);
        return err_set(e, ERR_NOMEM, "no memory for the configuration");
    }
    problem_add(p, 0, "%s", e->text);
    err_clear(e);
    *problems = p;
    return summary(path, p, e);
}

static enum err_code load_file(const char *path, const struct reader *how,
                               struct config **out, struct config_problems **problems,
                               struct err *e)
{
    struct strbuf b;
    enum err_code rc;

    *problems = NULL;
    strbuf_init(&b, FILE_MAX_BYTES);
    rc = config_text_of(path, &b, e);
    if (rc == ERR_CONFIG)
        rc = unreadable(path, problems, e);
    else if (rc == ERR_OK)
        rc = load(strbuf_text(&b), b.len, path, how, out, problems, e);
    strbuf_clear(&b);
    return rc;
}

enum err_code config_load(const char *path, bool load_secrets, struct config **out,
                          struct config_problems **problems, struct err *e)
{
    const struct reader how = {.load_secrets = load_secrets, .need_sources = true};

    return load_file(path, &how, out, problems, e);
}

enum err_code config_load_sets(const char *path, bool load_secrets,
                               const struct config_sets *sets, struct config **out,
                               struct config_problems **problems, struct err *e)
{
    const struct reader how = {
        .load_secrets = load_secrets, .need_sources = load_secrets, .sets = *sets};

    return load_file(path, &how, out, problems, e);
}

enum err_code config_load_again(const struct config *before, bool same_text,
                                struct config **out, struct config_problems **problems,
                                struct err *e)
{
    const struct reader how = {
        .load_secrets = true, .need_sources = true, .before = before};

    if (same_text)
        return load(before->text, strlen(before->text), before->file, &how, out, problems,
                    e);
    return load_file(before->file, &how, out, problems, e);
}
