#include <config.h>

#include "core/model/words.h"

#include <string.h>

static bool find(const char *const *words, int n, const char *word, int *out)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], word) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

#define W(id, w) (w),
#define RH_WORDS(type, LIST)                                                             \
    static const char *const type##_words[] = {LIST(W)};                                 \
    const char *type##_word(enum type v)                                                 \
    {                                                                                    \
        return (unsigned)v < ARRAY_LEN(type##_words) ? type##_words[v] : "?";            \
    }                                                                                    \
    bool type##_parse(const char *word, enum type *out)                                  \
    {                                                                                    \
        int i;                                                                           \
                                                                                         \
        if (!find(type##_words, (int)ARRAY_LEN(type##_words), word, &i))                 \
            return false;                                                                \
        *out = (enum type)i;                                                             \
        return true;                                                                     \
    }

RH_WORDS(place, PLACES)
RH_WORDS(reason, REASONS)
RH_WORDS(gate, GATES)
RH_WORDS(direction, DIRECTIONS)
RH_WORDS(step, STEPS)
RH_WORDS(power, POWERS)
RH_WORDS(hold_kind, HOLD_KINDS)
RH_WORDS(mode, MODES)
RH_WORDS(auto_setting, AUTO_SETTINGS)
RH_WORDS(closed_by, CLOSED_BYS)
RH_WORDS(extension_state, EXTENSION_STATES)
RH_WORDS(spot_state, SPOT_STATES)
RH_WORDS(lifecycle, LIFECYCLES)
RH_WORDS(api_state, API_STATES)
RH_WORDS(outcome, OUTCOMES)
RH_WORDS(level, LEVELS)
RH_WORDS(move_status, MOVE_STATUSES)
RH_WORDS(price_source, PRICE_SOURCES)
RH_WORDS(build_result, BUILD_RESULTS)
RH_WORDS(requeue_state, REQUEUE_STATES)
RH_WORDS(requeue_cause, REQUEUE_CAUSES)

/* One column of a table with words for JSON and for people. */
#define WORD(id, word, text) (word),
#define TEXT(id, word, text) (text),
#define RH_COLUMN(name, type, LIST, column)                                              \
    const char *name(enum type v)                                                        \
    {                                                                                    \
        static const char *const words[] = {LIST(column)};                               \
                                                                                         \
        return (unsigned)v < ARRAY_LEN(words) ? words[v] : "?";                          \
    }

RH_COLUMN(cost_item_word, cost_item, COST_ITEMS, WORD)
RH_COLUMN(cost_item_text, cost_item, COST_ITEMS, TEXT)
RH_COLUMN(comparison_word, comparison, COMPARISONS, WORD)
RH_COLUMN(comparison_text, comparison, COMPARISONS, TEXT)

bool power_is_down(enum power p)
{
    return p == POWER_OFF || p == POWER_SUSPENDED;
}

bool source_decides(enum source s)
{
    return s != SOURCE_BUILDS && s != SOURCE_QUEUE && s != SOURCE_LOCK;
}

const char *source_api(enum source s)
{
    static const char *const apis[] = {
#define X(id, api, what) (api),
        SOURCES(X)
#undef X
    };

    return (unsigned)s < ARRAY_LEN(apis) ? apis[s] : "?";
}

const char *source_what(enum source s)
{
    static const char *const whats[] = {
#define X(id, api, what) (what),
        SOURCES(X)
#undef X
    };

    return (unsigned)s < ARRAY_LEN(whats) ? whats[s] : "?";
}

const char *place_screen(enum place p)
{
    static const char *const words[PLACE_COUNT] = {
        [PLACE_UNKNOWN] = "?",          [PLACE_ONPREM] = "on-prem",
        [PLACE_CLOUD] = "cloud",        [PLACE_MOVING_OUT] = "moving",
        [PLACE_MOVING_BACK] = "moving", [PLACE_LOST] = "lost",
    };

    return (unsigned)p < PLACE_COUNT ? words[p] : "?";
}

const char *price_source_screen(enum price_source s)
{
    static const char *const words[PRICE_SOURCE_COUNT] = {
        [PRICE_UNKNOWN] = "?",
        [PRICE_HISTORY] = "history",
        [PRICE_PRICELIST] = "price list",
        [PRICE_CONFIGURED] = "configured",
    };

    return (unsigned)s < PRICE_SOURCE_COUNT ? words[s] : "?";
}
