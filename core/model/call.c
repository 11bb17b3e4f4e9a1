#include <config.h>

#include "core/model/call.h"

#include "core/base/str.h"

static const struct {
    const char *word, *api;
    bool repeatable;
} calls[] = {
#define X(id, word, api, repeatable) {(word), (api), (repeatable)},
    CALLS(X)
#undef X
};

const char *call_word(enum call_kind k)
{
    return (unsigned)k < ARRAY_LEN(calls) ? calls[k].word : "?";
}

bool call_parse(const char *word, enum call_kind *out)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        if (str_eq(calls[i].word, word)) {
            *out = (enum call_kind)i;
            return true;
        }
    }
    return false;
}

const char *call_api(enum call_kind k)
{
    return (unsigned)k < ARRAY_LEN(calls) ? calls[k].api : "?";
}

bool call_is_repeatable(enum call_kind k)
{
    return (unsigned)k < ARRAY_LEN(calls) && calls[k].repeatable;
}

int32_t call_most_at_once(const char *api)
{
    enum { MOST = 4 };

    /* Jenkins writes its whole node list for each of them (jenkins-api 6). */
    return str_eq(api, "jenkins") ? 1 : MOST;
}
