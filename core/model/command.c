#include <config.h>

#include "core/model/command.h"

#include "core/base/str.h"

#include <string.h>

static const char *const words[] = {
#define X(id, word) (word),
    COMMANDS(X)
#undef X
};

const char *command_word(enum command_kind k)
{
    return (unsigned)k < ARRAY_LEN(words) ? words[k] : "?";
}

bool command_parse(const char *word, enum command_kind *out)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i], word) == 0) {
            *out = (enum command_kind)i;
            return true;
        }
    }
    return false;
}

const char *command_text(const struct command *c, char buf[LINE_TEXT])
{
    const bool cloud = c->place == PLACE_CLOUD, all = c->server[0] == '\0';
    const char *who = c->server;

    if (c->kind == COMMAND_AUTO)
        (void)str_format(buf, LINE_TEXT, "switch auto %s%s%s",
                         auto_setting_word(c->setting), all ? "" : " for ", who);
    else if (c->kind == COMMAND_SNOOZE)
        (void)str_format(buf, LINE_TEXT, "snooze auto%s%s", all ? "" : " for ", who);
    else if (c->kind == COMMAND_EXTENSION)
        (void)str_format(buf, LINE_TEXT, "%s the cloud extension",
                         c->start ? "start" : "stop");
    else if (c->kind == COMMAND_MOVE)
        (void)str_format(buf, LINE_TEXT, "move %s to %s", who,
                         cloud ? "cloud" : "on-prem");
    else if (c->kind == COMMAND_HOLD)
        (void)str_format(buf, LINE_TEXT, "hold %s %s", who,
                         cloud ? "in the cloud" : "on-prem");
    else
        (void)str_format(buf, LINE_TEXT, "%s %s", command_word(c->kind), who);
    return buf;
}
