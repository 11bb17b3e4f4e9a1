#include <config.h>

#include "core/policy/lead.h"

#include <string.h>

enum { START_S = 240, JOIN_S = 30, SLACK_S = 120, LEAST_S = 5 * 60, MOST_S = 60 * 60 };

void lead_note(struct lead_list *l, int64_t seconds)
{
    if (seconds < 0 || seconds > LEAD_LONGEST_S)
        return;
    if (l->n == LEAD_KEPT) {
        memmove(&l->s[0], &l->s[1], sizeof(l->s[0]) * (LEAD_KEPT - 1));
        l->n--;
    }
    l->s[l->n++] = seconds;
}

int64_t lead_p90(const struct lead_list *l, int64_t otherwise)
{
    int64_t sorted[LEAD_KEPT];

    if (l->n == 0)
        return otherwise;
    for (size_t i = 0; i < l->n; i++) {
        size_t k = i;

        for (; k > 0 && sorted[k - 1] > l->s[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = l->s[i];
    }
    return sorted[(l->n * 9 + 9) / 10 - 1]; /* nearest rank */
}

int64_t lead_learned(const struct lead_history *h, size_t n_out, int32_t max_moves)
{
    int64_t slots = max_moves > 0 ? max_moves : 1, rounds, lead;

    if (h->moves.n < LEAD_ENOUGH)
        return LEAD_UNTAUGHT_S;
    rounds = ((int64_t)n_out + slots - 1) / slots;
    lead = lead_p90(&h->starts, START_S) + rounds * lead_p90(&h->moves, 0) +
           lead_p90(&h->joins, JOIN_S) + SLACK_S;
    return lead < LEAST_S ? LEAST_S : lead > MOST_S ? MOST_S : lead;
}
