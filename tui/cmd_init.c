#include <config.h>

#include "tui/cmd_config.h"

#include "core/base/str.h"
#include "core/model/config.h"
#include "core/model/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_CONFIG = 2,
    SAMPLE_BYTES = 256 * 1024,
    MAX_ANSWERS = 32,
    ANSWER_TEXT = 256
};

/* What was said so far; options_sample() asks for it. */
struct answers {
    char server[NAME_TEXT];
    struct {
        const struct option *option;
        char text[ANSWER_TEXT];
    } list[MAX_ANSWERS];
    size_t n;
};

static const char *answer_of(void *ctx, const struct option *o)
{
    const struct answers *a = ctx;

    for (size_t i = 0; i < a->n; i++) {
        if (a->list[i].option == o)
            return a->list[i].text;
    }
    return NULL;
}

/* Only what has no default that could be right, plus the interface, without which the
 * server would have another address after each move. */
static bool is_asked(const struct option *o, const char *mover)
{
    if (option_section_find(o->section) == NULL || o->choices != NULL ||
        !option_section_is_needed(o->section, mover))
        return false;
    return o->must || option_is_needed(o, mover) ||
           (str_eq(o->section, "servers") && str_eq(o->name, "eni")) ||
           (str_eq(o->section, "site") && str_eq(o->name, "name"));
}

/* What an empty answer stands for: the server's own name where that is likely. */
static void proposal(const struct answers *a, const struct option *o,
                     char text[ANSWER_TEXT])
{
    const char *shown = o->example != NULL ? o->example : o->initial;
    bool is_server = str_eq(o->section, "servers");

    if (is_server && (str_eq(o->name, "vm") || str_eq(o->name, "onprem_node")))
        shown = a->server;
    if (is_server && str_eq(o->name, "cloud_node"))
        (void)str_format(text, ANSWER_TEXT, "%s-cloud", a->server);
    else
        (void)str_copy(text, ANSWER_TEXT, shown != NULL ? shown : "");
}

/* One line without its end; false at the end of the input. */
static bool read_line(FILE *in, char *buf, size_t size)
{
    size_t len = 0;
    int c;

    while ((c = fgetc(in)) != EOF && c != '\n') {
        if (len + 1 < size)
            buf[len++] = (char)c;
    }
    while (len > 0 && (buf[len - 1] == ' ' || buf[len - 1] == '\r'))
        len--;
    buf[len] = '\0';
    return c != EOF || len > 0;
}

/* People separate by commas; the table by bars. */
static void tidy(const struct option *o, char *text)
{
    char *to = text;

    if (o->type != OPTION_TEXTS)
        return;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == ',')
            *to++ = '|';
        else if (*from != ' ')
            *to++ = *from;
    }
    *to = '\0';
}

/* Whether the whole would load with what was said so far; the first complaint else. */
static bool is_usable(struct answers *a, char *why, size_t size)
{
    struct config_problems *problems = NULL;
    struct config *c = NULL;
    struct err e = {0};
    struct strbuf b;
    const char *text;
    bool ok;

    strbuf_init(&b, SAMPLE_BYTES);
    options_sample(&b, a->server, answer_of, a);
    ok = !b.failed &&
         config_load_text(strbuf_text(&b), "", false, &c, &problems, &e) == ERR_OK;
    text = problems != NULL ? config_problems_get(problems, 0) : e.text;
    if (!ok) {
        /* "(built in):12: jenkins.url: …": the place says nothing here. */
        const char *colon = strstr(text, ": ");

        (void)str_copy(why, size, colon != NULL ? colon + 2 : text); /* cut is fine */
    }
    config_problems_free(problems);
    config_free(c);
    strbuf_clear(&b);
    return ok;
}

/* Asks until the answer is usable; false when the input ended. */
static bool ask(struct answers *a, const struct option *o, FILE *in, FILE *out)
{
    char proposed[ANSWER_TEXT], why[400];
    char *text = a->list[a->n].text;

    if (a->n == MAX_ANSWERS)
        return false;
    proposal(a, o, proposed);
    for (;;) {
        (void)fprintf(out, "%s.%s - %s%s%s%s\n  [%s]: ", o->section, o->name, o->help,
                      o->choices != NULL ? " (" : "",
                      o->choices != NULL ? o->choices : "", o->choices != NULL ? ")" : "",
                      proposed); /* a lost question shows in the lost file */
        (void)fflush(out);
        if (!read_line(in, text, ANSWER_TEXT))
            return false;
        if (text[0] == '\0')
            (void)str_copy(text, ANSWER_TEXT, proposed); /* both of the same size */
        tidy(o, text);
        a->list[a->n].option = o;
        a->n++;
        if (is_usable(a, why, sizeof(why)))
            return true;
        a->n--;
        (void)fprintf(out, "  %s\n", why);
    }
}

static bool ask_server(struct answers *a, FILE *in, FILE *out)
{
    char why[400], name[ANSWER_TEXT];

    for (;;) {
        (void)fprintf(out, "servers - name of the first server\n  [%s]: ", a->server);
        (void)fflush(out);
        if (!read_line(in, name, sizeof(name)))
            return false;
        if (name[0] == '\0')
            return true;
        /* Its name is a key of the file: other signs would change the file's shape. */
        if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                         "-_") == strlen(name) &&
            strspn(name, "-_0123456789") == 0) {
            struct answers tried = *a;

            if (str_copy(tried.server, sizeof(tried.server), name) &&
                is_usable(&tried, why, sizeof(why))) {
                *a = tried;
                return true;
            }
        }
        (void)fprintf(out,
                      "  a name is letters, digits, - and _, a letter first, %d at "
                      "most\n",
                      NAME_TEXT - 1);
    }
}

static bool ask_all(struct answers *a, FILE *in, FILE *out)
{
    const struct option *mover = option_find("servers", "mover");
    bool server_named = false;

    /* First: it decides what else is asked. */
    if (!ask(a, mover, in, out))
        return false;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        if (!is_asked(o, answer_of(a, mover)))
            continue;
        if (str_eq(o->section, "servers") && !server_named) {
            server_named = true;
            if (!ask_server(a, in, out))
                return false;
        }
        if (!ask(a, o, in, out))
            return false;
    }
    return true;
}

static enum err_code make_folders(const char *path, struct err *e)
{
    char folder[PATH_MAX];

    if (!str_copy(folder, sizeof(folder), path))
        return err_set(e, ERR_IO, "%.80s: the path is too long", path);
    for (char *p = folder + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return err_set_errno(e, ERR_IO, errno, "cannot make %.100s", folder);
        *p = '/';
    }
    return ERR_OK;
}

/* All of it or nothing; never over a file that is there. */
static enum err_code write_new(const char *path, const struct strbuf *b, struct err *e)
{
    enum err_code rc = make_folders(path, e);
    size_t done = 0;
    int fd;

    if (rc != ERR_OK)
        return rc;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, ERR_CONFLICT,
                       "%.100s is there already and stays as it is: name another with "
                       "--config FILE",
                       path);
    if (fd < 0)
        return err_set_errno(e, ERR_IO, errno, "cannot make %.100s", path);
    while (done < b->len) {
        ssize_t n = write(fd, b->data + done, b->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = err_set_errno(e, ERR_IO, errno, "cannot write %.100s", path);
            break;
        }
        done += (size_t)n;
    }
    if (rc == ERR_OK && fsync(fd) != 0)
        rc = err_set_errno(e, ERR_IO, errno, "cannot write %.100s", path);
    if (close(fd) != 0 && rc == ERR_OK)
        rc = err_set_errno(e, ERR_IO, errno, "cannot write %.100s", path);
    if (rc != ERR_OK)
        (void)unlink(path); /* half a file would only be in the way */
    return rc;
}

static int complain(const char *text)
{
    /* lint: allow stderr - a command's own complaint, before any screen */
    (void)fprintf(stderr, "%s\n", text); /* nobody is left to tell */
    return EXIT_FAILED;
}

int cmd_init_dialog(const char *path, FILE *in, FILE *out)
{
    struct answers *a;
    struct err e = {0};
    struct strbuf b;
    int status = EXIT_DONE;

    /* Before twenty questions, not after them; write_new() makes sure. */
    if (access(path, F_OK) == 0) {
        (void)err_set(&e, ERR_CONFLICT,
                      "%.100s is there already and stays as it is: name another with "
                      "--config FILE",
                      path);
        return complain(e.text);
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL)
        return complain("no memory for the answers");
    (void)str_copy(a->server, sizeof(a->server), "cache");
    strbuf_init(&b, SAMPLE_BYTES);
    if (in != NULL && !ask_all(a, in, out)) {
        status = complain("the answers ended early: nothing was written");
        goto out;
    }
    options_sample(&b, a->server, answer_of, a);
    if (b.failed) {
        status = complain("no memory for the configuration");
        goto out;
    }
    if (write_new(path, &b, &e) != ERR_OK) {
        status = complain(e.text);
        goto out;
    }
    if (fprintf(out,
                "wrote %s\n"
                "Put each secret into the file that it names (mode 0600), then try:\n"
                "  " PACKAGE_NAME " doctor --offline\n",
                path) < 0 ||
        fflush(out) != 0)
        status = EXIT_FAILED;
out:
    strbuf_clear(&b);
    free(a);
    return status;
}

int cmd_init(const char *config_path)
{
    char path[PATH_MAX];
    struct err e = {0};
    bool there, talks = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;

    if (config_path == NULL) {
        if (cmd_config_path(path, sizeof(path), &there, &e) != ERR_OK) {
            (void)complain(e.text);
            return EXIT_CONFIG;
        }
        config_path = path;
    }
    return cmd_init_dialog(config_path, talks ? stdin : NULL, stdout);
}
