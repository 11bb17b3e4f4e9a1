#include <config.h>

#include "core/sim/drive.h"

#include "core/base/timefmt.h"

int64_t drive_ready_percent(const struct drive_report *r)
{
    return r->planned_s == 0 ? 10000 : r->ready_s * 10000 / r->planned_s;
}

static void put_usd(struct strbuf *out, const char *name, struct usd v, bool known)
{
    char text[USD_TEXT];

    if (known)
        strbuf_printf(out, "\"%s\":\"%s\"", name, usd_text(v, 2, text));
    else
        strbuf_printf(out, "\"%s\":null", name);
}

static void put_cost(struct strbuf *out, const struct account_bill *c)
{
    const struct usd *items = c->bill.items;
    struct usd disks = {items[COST_DISKS].nanos + items[COST_VOLUMES].nanos};

    strbuf_puts(out, "\"cost\":{");
    put_usd(out, "total", c->total, c->known);
    strbuf_putc(out, ',');
    put_usd(out, "spot", items[COST_SPOT], c->instances_known);
    strbuf_putc(out, ',');
    put_usd(out, "on_demand", items[COST_ON_DEMAND], c->instances_known);
    strbuf_putc(out, ',');
    put_usd(out, "extension", items[COST_EXTENSION], c->extension_known);
    strbuf_putc(out, ',');
    put_usd(out, "disks", disks, true);
    for (int i = 0; i < COMPARISON_COUNT; i++) {
        strbuf_putc(out, ',');
        put_usd(out, comparison_word((enum comparison)i), c->compare.amount[i],
                c->compare.known[i]);
    }
    strbuf_putc(out, '}');
}

void drive_report_json(const struct drive_report *r, struct strbuf *out)
{
    strbuf_putc(out, '{');
    drive_report_members(r, out);
    strbuf_puts(out, "}\n");
}

void drive_report_members(const struct drive_report *r, struct strbuf *out)
{
    char from[TIME_TEXT], to[TIME_TEXT];
    int64_t percent = drive_ready_percent(r);

    strbuf_printf(
        out, "\"seed\":%llu,\"from\":\"%s\",\"to\":\"%s\",\"servers\":%d,\"days\":%lld,",
        (unsigned long long)r->seed, utc_text(r->from, from), utc_text(r->to, to),
        r->servers, (long long)(r->to.s - r->from.s) / 86400);
    strbuf_printf(out, "\"moves\":{\"out\":%lld,\"back\":%lld,\"failed\":%lld},",
                  (long long)r->moves_out, (long long)r->moves_back,
                  (long long)r->moves_failed);
    strbuf_printf(out,
                  "\"interruptions\":%lld,\"requeued_builds\":%lld,\"lost_builds\":%lld,",
                  (long long)r->interruptions, (long long)r->requeued_builds,
                  (long long)r->lost_builds);
    strbuf_printf(out, "\"window_ready_percent\":%lld.%02lld,",
                  (long long)(percent / 100), (long long)(percent % 100));
    strbuf_printf(out, "\"ready_late_s\":{\"p50\":%lld,\"p99\":%lld,\"max\":%lld},",
                  (long long)r->late_p50_s, (long long)r->late_p99_s,
                  (long long)r->late_max_s);
    put_cost(out, &r->cost);
    if (r->speedup_known)
        strbuf_printf(
            out, ",\"speedup\":{\"median_percent\":%d,\"jobs\":%d,\"builds\":%d}",
            (int)r->speedup_percent, (int)r->speedup_jobs, (int)r->speedup_builds);
    else
        strbuf_puts(out, ",\"speedup\":null");
    strbuf_printf(out, ",\"invariant_violations\":%lld,\"trace\":\"%016llx\"",
                  (long long)r->violations, (unsigned long long)r->trace);
}

void drive_report_text(const struct drive_report *r, struct strbuf *out)
{
    char from[TIME_TEXT], to[TIME_TEXT], a[USD_TEXT], b[USD_TEXT], c[USD_TEXT],
        late[DUR_TEXT];
    const struct usd *items = r->cost.bill.items;
    int64_t percent = drive_ready_percent(r);

    strbuf_printf(out, "simulated    %s to %s, %d servers, seed %llu\n",
                  utc_text(r->from, from), utc_text(r->to, to), r->servers,
                  (unsigned long long)r->seed);
    strbuf_printf(out, "moves        %lld out, %lld back, %lld failed\n",
                  (long long)r->moves_out, (long long)r->moves_back,
                  (long long)r->moves_failed);
    strbuf_printf(
        out,
        "spot         %lld interruptions, %lld builds lost with their instance, %lld "
        "queued again\n",
        (long long)r->interruptions, (long long)r->lost_builds,
        (long long)r->requeued_builds);
    strbuf_printf(
        out,
        "in windows   %lld.%02lld %% of server-minutes ready in the cloud, latest "
        "%s after the start\n",
        (long long)(percent / 100), (long long)(percent % 100),
        duration_text(r->late_max_s, late));
    strbuf_printf(out, "cost         $%s (spot $%s, extension $%s), an estimate\n",
                  usd_text(r->cost.total, 2, a), usd_text(items[COST_SPOT], 2, b),
                  usd_text(items[COST_EXTENSION], 2, c));
    if (r->speedup_known)
        strbuf_printf(
            out,
            "tests        %d %% less time in the cloud than on-prem, the median "
            "of %d jobs with %d builds\n",
            (int)r->speedup_percent, (int)r->speedup_jobs, (int)r->speedup_builds);
    strbuf_printf(out, "work         %lld polls, %lld calls, %lld steps, trace %016llx\n",
                  (long long)r->polls, (long long)r->calls, (long long)r->steps,
                  (unsigned long long)r->trace);
    if (r->violations > 0)
        strbuf_printf(out, "VIOLATED     %lld times, first: %s\n",
                      (long long)r->violations, r->violation);
}
