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

static void speedup_line(const struct speedup_view *s, char buf[STATUS_LINE])
{
    char faster[DUR_TEXT];

    if (s->known)
        (void)str_format(buf, STATUS_LINE,
                         "tests in the cloud: %s, the median of %d job%s with %d builds",
                         cells_speedup(s->percent, faster), s->jobs,
                         s->jobs == 1 ? "" : "s", s->builds);
    else
        (void)str_format(buf, STATUS_LINE, "tests in the cloud: %s", s->missing);
}

static void fleet_line(const struct fleet *f, const struct tz *tz, char buf[STATUS_LINE])
{
    struct civil c = tz_civil(tz, f->at);

    (void)str_format(
        buf, STATUS_LINE,
        "%s at %02d:%02d:%02d, auto %s; %d in the cloud, %d on-prem, %d moving", f->site,
        c.hour, c.minute, c.second, auto_setting_word(f->setting), f->in_cloud,
        f->on_prem, f->moving + f->lost);
}

static void server_line(const struct server_view *s, char buf[STATUS_LINE])
{
    const char *why = s->move.active                  ? s->move.note
                      : s->facts.blocked[0] != '\0'   ? s->facts.blocked
                      : s->decision.gate != GATE_NONE ? s->decision.gate_text
                                                      : s->decision.reason_text;
    char money[USD_TEXT];

    (void)str_format(
        buf, STATUS_LINE, "%-16.16s %-8s %-8s %-28.28s %-28.28s %8s  %s%s%s", s->name,
        place_screen(s->facts.place),
        s->decision.desired == PLACE_UNKNOWN ? "-" : place_screen(s->decision.desired),
        node_text(&s->facts.onprem), node_text(&s->facts.cloud),
        s->cost.hour_known ? usd_text(s->cost.hour, 3, money) : "?",
        s->move.active ? step_word(s->move.step) : "", s->move.active ? ": " : "", why);
}

bool words_status_line(const struct fleet *f, const struct tz *tz, size_t i,
                       char buf[STATUS_LINE])
{
    const size_t heads = 2;

    if (f == NULL) {
        (void)str_copy(buf, STATUS_LINE, "nothing is known yet");
        return i == 0;
    }
    if (i == 0)
        fleet_line(f, tz, buf);
    else if (i == 1)
        (void)str_format(buf, STATUS_LINE, "%-16s %-8s %-8s %-28s %-28s %8s  %s",
                         "SERVER", "WHERE", "DESIRED", "ON-PREM NODE", "CLOUD NODE",
                         "$/H", "WHY");
    else if (i < heads + f->n_servers)
        server_line(&f->servers[i - heads], buf);
    else if (i == heads + f->n_servers &&
             (f->speedup.known || f->speedup.missing[0] != '\0'))
        speedup_line(&f->speedup, buf);
    else
        return false;
    return true;
}

void words_status(const struct fleet *f, const struct tz *tz)
{
    char line[STATUS_LINE];

    for (size_t i = 0; words_status_line(f, tz, i, line); i++)
        out_line(line);
}

void words_entry(const struct journal_entry *j, const struct tz *tz)
{
    struct civil c = tz_civil(tz, j->at);

    out_printf("%04d-%02d-%02d %02d:%02d:%02d %-4s %-18s %s%s%s\n", c.year, c.month,
               c.day, c.hour, c.minute, c.second, level_word(j->level), j->actor,
               j->server, j->server[0] != '\0' ? ": " : "", j->text);
}
