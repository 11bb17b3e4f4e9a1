/*
 * options - the table of all options of the configuration file (options.def): what the
 * reader accepts, the printer prints and the manual must describe.
 * Static tables.
 * Threads: any.
 */
#ifndef RH_MODEL_OPTIONS_H
#define RH_MODEL_OPTIONS_H

#include "core/base/attr.h"
#include "core/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* enum, word in manual and messages */
#define OPTION_TYPES(X)                                                                  \
    X(TEXT, "text")                                                                      \
    X(URL, "text")           /* http or https */                                         \
    X(FILE, "file")          /* relative to the configuration file */                    \
    X(DUR, "dur")            /* int64_t seconds */                                       \
    X(LEAD, "dur")           /* the same, or auto */                                     \
    X(INT, "int")            /* int32_t */                                               \
    X(PCT, "pct")            /* int32_t */                                               \
    X(BOOL, "bool")          /* bool */                                                  \
    X(USD, "usd")            /* struct usd and the bool that says it is there */         \
    X(CHOICE, "choice")      /* an enum: the place of the word among the choices */      \
    X(CHOICE_BOOL, "choice") /* a bool: the second of two words is true */               \
    X(WORD, "choice")        /* the word itself */                                       \
    X(TEXTS, "list")         /* const char * [] and its size_t */                        \
    X(DURS, "list")          /* int64_t [] and its size_t */                             \
    X(WINDOWS, "list")       /* struct window [] and its size_t */                       \
    X(PRICES, "list")        /* groups: the options of section cost.prices */            \
    X(ZONES, "groups")       /* by name: the options of section servers.zones */

enum option_type {
#define X(id, word) OPTION_##id,
    OPTION_TYPES(X)
#undef X
};

struct option {
    const char *section; /* "servers": one of each server; "servers.zones": of each of
                            its zones; "cost.prices": of each price */
    const char *name;
    enum option_type type;
    size_t offset;       /* of its field in struct config, server_config, zone_config,
                            configured_price */
    size_t extra;        /* lists: of its count; USD: of its bool; LEAD: of lead_auto */
    const char *initial; /* default as people write it, without quotes; list items apart
                            by '|'; NULL: none */
    int64_t min, max;    /* numbers, seconds; bytes of a text; most items of a list */
    const char *choices; /* "a|b|c" */
    const char *prefix;  /* every text of it starts so */
    const char *example; /* where there is no default to show */
    bool must;           /* a section (a server, a price) without it is an error */
    bool none_ok;        /* a duration may be "none" */
    bool restart;        /* cannot change while the program runs */
    bool untied;         /* of a server: may change while it moves */
    bool secret;         /* one of the sources of its section's secret */
    const char *help;
};

extern const struct option option_table[];
extern const size_t option_count;

/* The sections in the order of the manual, and what they are about. */
struct option_section {
    const char *name;
    const char *help;
    bool must;
    bool restart; /* none of its options can change while the program runs */
};
extern const struct option_section option_sections[];
extern const size_t option_section_count;

const struct option *option_find(const char *section, const char *name) NONNULL;
const struct option_section *option_section_find(const char *name) NONNULL;
const char *option_type_word(enum option_type type);

/* Does a change of it take effect only at the next start? */
bool option_needs_restart(const struct option *o) NONNULL;

/* Does a server with that mover need the section; and, of options that are no must for
 * all, the option? */
bool option_section_is_needed(const char *section, const char *mover) NONNULL;
bool option_is_needed(const struct option *o, const char *mover) NONNULL;

/* The name of an option of that section that was probably meant, NULL when none is near;
 * and the same for sections. */
const char *option_nearest(const char *section, const char *name) NONNULL;
const char *option_section_nearest(const char *name) NONNULL;

/* A value as it is written in the file: quotes, brackets, escapes. */
void option_put_value(struct strbuf *b, const struct option *o,
                      const char *value) NONNULL;

/* A text in quotes, escaped as the file wants it. */
void option_put_text(struct strbuf *b, const char *text) NONNULL;

/* The example of an option, else its default, as written in the file. */
void option_put_example(struct strbuf *b, const struct option *o) NONNULL;

/*
 * A commented configuration with every option, except those of a manager that the mover
 * of its server does without; what must be set is set, from
 * answer(ctx, option) or, when that is NULL, from the table's example. It loads as it is
 * (apart from the secrets, which it only names). server names the one server.
 */
void options_sample(struct strbuf *b, const char *server,
                    const char *(*answer)(void *ctx, const struct option *o), void *ctx);

#endif
