/*
 * config_internal - what the files that read a configuration share: the list of problems,
 * values as text, the checks. Only for core/model/config_*.c.
 * Borrows everything from the reader that config_load() has.
 * Threads: one.
 */
#ifndef RH_MODEL_CONFIG_INTERNAL_H
#define RH_MODEL_CONFIG_INTERNAL_H

#include "core/model/config.h"
#include "core/model/options.h"

#include <libconfig.h>

enum { FILE_MAX_BYTES = 1024 * 1024, CONFIG_ARENA_BYTES = 32 * 1024 * 1024 };

struct reader {
    struct config *c;
    struct config_problems *problems;
    const char *dir; /* relative paths start here; "" = as they are */
    bool load_secrets, need_sources;
    const struct config *before; /* read again: what the environment gave; else NULL */
    struct config_sets sets;
    config_setting_t *root;
    config_setting_t **server_settings; /* of c->servers, in the same order */
};

struct config_problems *problems_new(const char *file);

/* Lines from here on are those of no file (LINES_MAX of the scanner is below): line
 * SET_LINE + i is "--set NAME", where names[i] begins with NAME up to its '='. */
enum { SET_LINE = 65001 };
void problems_name_sets(struct config_problems *p,
                        const struct config_sets *sets) NONNULL;

/* "file:line: text"; line 0: "file: text". A list that is full says so once. */
void problem_add(struct config_problems *p, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;
/* The same about another file, listed where line of the configuration is. */
void problem_add_other(struct config_problems *p, int line, const char *file,
                       int file_line, const char *fmt, ...) PRINTF_LIKE(5, 6) NONNULL;
/* A number that the parser will wrap; is the whole number that it made of one there? */
void problem_add_wrapped(struct config_problems *p, int line, const char *digits) NONNULL;
bool problems_wrapped(const struct config_problems *p, const config_setting_t *s) NONNULL;
/* There is no memory for the whole truth; what is listed may be wrong. */
void problems_fail(struct config_problems *p) NONNULL;
bool problems_failed(const struct config_problems *p) NONNULL;
void problems_sort(struct config_problems *p) NONNULL;

/*
 * What the parser would read wrongly, or not survive: bytes that are no text, an open
 * comment, whole numbers that wrap, @include (a folder there ends the whole program).
 * False when it must not be given to the parser.
 */
bool config_scan(const char *text, size_t len, struct config_problems *p) NONNULL;

/* Stores one value that was written as text; for lists: appends an item. The error says
 * what is wrong with it, without the option's name. */
enum err_code value_set(const struct option *o, void *base, const char *dir,
                        struct arena *a, const char *text,
                        struct err *e) MUST_CHECK NONNULL;

/* Stores the table's default. */
enum err_code value_set_initial(const struct option *o, void *base, struct arena *a,
                                struct err *e) MUST_CHECK NONNULL;

/* The value as written in the file; false when it is not set. */
bool value_put(const struct option *o, const void *base, struct strbuf *b) NONNULL;

/* The same of any option of that configuration, also of a group of groups; of secrets
 * only where they come from (config_print.c). Is the section there? */
bool config_put_option(const struct config *c, const struct option *o, const void *base,
                       struct strbuf *b) NONNULL;
bool config_has_section(const struct config *c, const char *section) NONNULL;

/* A number of the parser as decimal text, 15 significant digits. */
enum { NUMBER_TEXT = 64 };
const char *number_text(double v, char buf[NUMBER_TEXT]) NONNULL;

/* A whole file of text. ERR_NOT_FOUND, ERR_CONFIG. */
enum err_code config_text_of(const char *path, struct strbuf *b,
                             struct err *e) MUST_CHECK NONNULL;

/* Puts what was --set into the tree, in place of what is there (config_sets.c). */
void config_put_sets(struct reader *r) NONNULL;

/* Reads the groups below root into the configuration; then looks at what only the whole
 * tells, and at what needs other files. */
void config_read_tree(struct reader *r) NONNULL;
void config_read_offerings(struct reader *r) NONNULL; /* config_offerings.c */
void config_check(struct reader *r) NONNULL;
void config_check_lock(struct reader *r) NONNULL;    /* config_lock.c */
void config_read_calendar(struct reader *r) NONNULL; /* config_calendar.c */
void config_read_secrets(struct reader *r) NONNULL;

/* The line of an option, else of its group. */
int setting_line(config_setting_t *group, const char *name) NONNULL;
config_setting_t *setting_group(const struct reader *r, const char *section) NONNULL;

/* The group of a zone of a server, by its place among them. */
config_setting_t *setting_zone(const struct reader *r, size_t server,
                               const char *zone) NONNULL;

/* http(s) URL with a host and nothing secret in it. */
enum err_code url_check(const char *url, bool allow_http,
                        struct err *e) MUST_CHECK NONNULL;

#endif
