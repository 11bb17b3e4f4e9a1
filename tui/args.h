/*
 * args - the command line: sub-commands and options from commands.def and flags.def.
 * Texts are borrowed from argv.
 * Threads: main only.
 */
#ifndef RH_TUI_ARGS_H
#define RH_TUI_ARGS_H

#include "core/base/err.h"
#include "core/base/str.h"

enum subcommand {
#define SUBCOMMAND(id, name, arguments, help) SUB_##id,
#include "tui/commands.def"
#undef SUBCOMMAND
    SUB_COUNT
};

enum flag {
#define FLAG(id, name, argument, subs, help) FLAG_##id,
#include "tui/flags.def"
#undef FLAG
    FLAG_COUNT
};

enum { ARGS_MAX_WORDS = 64, ARGS_MAX_SETS = 64 };

struct args {
    enum subcommand sub;
    bool set[FLAG_COUNT];
    const char *value[FLAG_COUNT];     /* of flags with an argument */
    const char *words[ARGS_MAX_WORDS]; /* what follows the sub-command */
    size_t n_words;
    const char *sets[ARGS_MAX_SETS]; /* --set, the one that may be there many times */
    size_t n_sets;
};

/* Options may stand before or after the sub-command, as --name VALUE or --name=VALUE.
 * ERR_USAGE names the word and what to write instead. */
enum err_code args_parse(int argc, char **argv, struct args *out,
                         struct err *e) MUST_CHECK NONNULL;

/* All of it, or of one sub-command (SUB_RUN: all). */
void args_help(enum subcommand sub, struct strbuf *out) NONNULL;
const char *args_sub_name(enum subcommand sub);

#endif
