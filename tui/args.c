#include <config.h>

#include "tui/args.h"

#include <string.h>

static const struct {
    const char *name, *arguments, *help;
} subs[] = {
#define SUBCOMMAND(id, name, arguments, help) {(name), (arguments), (help)},
#include "tui/commands.def"
#undef SUBCOMMAND
};

static const struct {
    const char *name, *argument, *subs, *help;
} flags[] = {
#define FLAG(id, name, argument, subs, help) {(name), (argument), (subs), (help)},
#include "tui/flags.def"
#undef FLAG
};

const char *args_sub_name(enum subcommand sub)
{
    return (unsigned)sub < SUB_COUNT ? subs[sub].name : "?";
}

/* Is `word` one of the blank-separated words of list? */
static bool is_among(const char *list, const char *word)
{
    size_t len = strlen(word);

    if (len == 0)
        return false; /* the dashboard has no name and stands in no list */
    for (const char *p = list; (p = strstr(p, word)) != NULL; p += len) {
        if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    }
    return false;
}

static enum err_code take_flag(int argc, char **argv, int *i, struct args *out,
                               struct err *e)
{
    const char *word = argv[*i] + 2, *equals = strchr(word, '=');
    size_t len = equals != NULL ? (size_t)(equals - word) : strlen(word);

    for (size_t f = 0; f < FLAG_COUNT; f++) {
        if (strlen(flags[f].name) != len || strncmp(flags[f].name, word, len) != 0)
            continue;
        out->set[f] = true;
        if (flags[f].argument == NULL) {
            return equals == NULL
                       ? ERR_OK
                       : err_set(e, ERR_USAGE, "--%s takes no value", flags[f].name);
        }
        if (equals != NULL)
            out->value[f] = equals + 1;
        else if (*i + 1 < argc)
            out->value[f] = argv[++*i];
        else
            return err_set(e, ERR_USAGE, "--%s needs a value: --%s %s", flags[f].name,
                           flags[f].name, flags[f].argument);
        if (f == FLAG_SET && out->n_sets == ARGS_MAX_SETS)
            return err_set(e, ERR_USAGE, "--set: more than %d of them", ARGS_MAX_SETS);
        if (f == FLAG_SET)
            out->sets[out->n_sets++] = out->value[f];
        return ERR_OK;
    }
    return err_set(e, ERR_USAGE, "there is no option --%.*s; see rushhour --help",
                   (int)(len > 40 ? 40 : len), word);
}

static enum err_code take_word(const char *word, bool *sub_found, struct args *out,
                               struct err *e)
{
    if (*sub_found) {
        if (out->n_words == ARGS_MAX_WORDS)
            return err_set(e, ERR_USAGE, "too many words");
        out->words[out->n_words++] = word;
        return ERR_OK;
    }
    for (size_t s = 1; s < SUB_COUNT; s++) {
        if (str_eq(subs[s].name, word)) {
            out->sub = (enum subcommand)s;
            *sub_found = true;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_USAGE, "there is no command \"%.40s\"; see rushhour --help",
                   word);
}

/* The table says it: words come before options there, and in capitals or as choices. */
static bool takes_words(enum subcommand sub)
{
    const char *arguments = subs[sub].arguments;

    return arguments[0] != '\0' && arguments[0] != '[' && arguments[0] != '-';
}

enum err_code args_parse(int argc, char **argv, struct args *out, struct err *e)
{
    bool sub_found = false;

    *out = (struct args){.sub = SUB_RUN};
    for (int i = 1; i < argc; i++) {
        bool is_flag = str_starts(argv[i], "--") && argv[i][2] != '\0';

        if (!is_flag && argv[i][0] == '-' && argv[i][1] != '\0')
            return err_set(e, ERR_USAGE, "there is no option %.40s; see rushhour --help",
                           argv[i]);
        if ((is_flag ? take_flag(argc, argv, &i, out, e)
                     : take_word(argv[i], &sub_found, out, e)) != ERR_OK)
            return e->code;
    }
    if (out->n_words > 0 && !takes_words(out->sub) && !out->set[FLAG_HELP])
        return err_set(e, ERR_USAGE, "\"%.40s\" does not belong behind rushhour %s",
                       out->words[0], subs[out->sub].name);
    for (size_t f = 0; f < FLAG_COUNT; f++) {
        if (out->set[f] && flags[f].subs != NULL && !out->set[FLAG_HELP] &&
            !is_among(flags[f].subs, subs[out->sub].name))
            return err_set(e, ERR_USAGE,
                           "--%s does not belong to rushhour%s%s (but to: %s)",
                           flags[f].name, out->sub == SUB_RUN ? "" : " ",
                           subs[out->sub].name, flags[f].subs);
    }
    return ERR_OK;
}

void args_help(enum subcommand sub, struct strbuf *out)
{
    if (sub == SUB_RUN) {
        strbuf_puts(
            out,
            "rushhour keeps CI test servers in the right place: in the cloud in rush "
            "hours, at home otherwise.\n\nusage: rushhour [OPTION...] [COMMAND]\n\n");
        for (size_t s = 0; s < SUB_COUNT; s++)
            strbuf_printf(out, "  rushhour%s%s%s%s\n      %s\n",
                          subs[s].name[0] != '\0' ? " " : "", subs[s].name,
                          subs[s].arguments[0] != '\0' ? " " : "", subs[s].arguments,
                          subs[s].help);
        strbuf_puts(out, "\nOptions of all commands:\n");
    } else {
        strbuf_printf(out, "usage: rushhour %s %s\n\n%s\n\nOptions:\n", subs[sub].name,
                      subs[sub].arguments, subs[sub].help);
    }
    for (size_t f = 0; f < FLAG_COUNT; f++) {
        char left[64];
        bool own = flags[f].subs != NULL && is_among(flags[f].subs, subs[sub].name);

        if (flags[f].subs != NULL && (sub == SUB_RUN || !own))
            continue;
        (void)str_format(left, sizeof(left), "--%s%s%s", flags[f].name,
                         flags[f].argument != NULL ? " " : "",
                         flags[f].argument != NULL ? flags[f].argument : "");
        strbuf_printf(out, "  %-36s %s\n", left, flags[f].help);
    }
    if (sub == SUB_RUN)
        strbuf_puts(
            out, "\nTIME is RFC 3339 or site time (18:30, Thu 18:30, 2026-11-26 18:30); "
                 "DURATION is 90s, 25m, 1h30m, 7d.\n"
                 "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 another "
                 "instance holds the lock,\n4 an API cannot be reached, 75 not now, try "
                 "again later.\n");
}
