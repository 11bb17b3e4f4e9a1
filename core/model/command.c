#include <config.h>

#include "core/model/command.h"

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
