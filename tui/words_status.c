#include <config.h>

#include "tui/words.h"

#include "core/base/str.h"
#include "tui/cells.h"
#include "tui/out.h"

static const char *node_text(const struct node_facts *n)
{
    if (!n->known)
        return "?";
    if (n->busy > 0)
        return n->build[0] != '\0' ? n->build : "busy";
    return n->open ? "idle" : n->marked ? "closed" : "down";
}

static void say_speedup(const struct speedup_view *s)
{
    char faster[DUR_TEXT];

    if (s->known)
        out_printf("tests in the cloud: %s, the median of %d job%s with %d builds\n",
                   cells_speedup(s->percent, faster), s->jobs, s->jobs == 1 ? "" : "s",
                   s->builds);
    else
        out_printf("tests in the cloud: %s\n", s->missing);
}

void words_status(const struct fleet *f, const struct tz *tz)
{
    struct civil c;
    char money[USD_TEXT];

    if (f == NULL) {
        out_line("nothing is known yet");
        return;
    }
    c = tz_civil(tz, f->at);
    out_printf("%s at %02d:%02d:%02d, auto %s; %d in the cloud, %d on-prem, %d moving\n",
               f->site, c.hour, c.minute, c.second, auto_setting_word(f->setting),
               f->in_cloud, f->on_prem, f->moving + f->lost);
    out_printf("%-16s %-8s %-8s %-28s %-28s %8s  %s\n", "SERVER", "WHERE", "DESIRED",
               "ON-PREM NODE", "CLOUD NODE", "$/H", "WHY");
    for (size_t i = 0; i < f->n_servers; i++) {
        const struct server_view *s = &f->servers[i];
        const char *why = s->move.active                  ? s->move.note
                          : s->facts.blocked[0] != '\0'   ? s->facts.blocked
                          : s->decision.gate != GATE_NONE ? s->decision.gate_text
                                                          : s->decision.reason_text;

        out_printf("%-16.16s %-8s %-8s %-28.28s %-28.28s %8s  %s%s%s\n", s->name,
                   place_screen(s->facts.place),
                   s->decision.desired == PLACE_UNKNOWN
                       ? "-"
                       : place_screen(s->decision.desired),
                   node_text(&s->facts.onprem), node_text(&s->facts.cloud),
                   s->cost.hour_known ? usd_text(s->cost.hour, 3, money) : "?",
                   s->move.active ? step_word(s->move.step) : "",
                   s->move.active ? ": " : "", why);
    }
    if (f->speedup.known || f->speedup.missing[0] != '\0')
        say_speedup(&f->speedup);
}

void words_entry(const struct journal_entry *j, const struct tz *tz)
{
    struct civil c = tz_civil(tz, j->at);

    out_printf("%04d-%02d-%02d %02d:%02d:%02d %-4s %-18s %s%s%s\n", c.year, c.month,
               c.day, c.hour, c.minute, c.second, level_word(j->level), j->actor,
               j->server, j->server[0] != '\0' ? ": " : "", j->text);
}
