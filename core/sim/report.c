#include <config.h>

#include "core/sim/drive.h"

#include "core/base/timefmt.h"

static int64_t percentile(const struct drive_report *r, int p)
{
    return r->n_late == 0 ? 0 : r->late_s[(r->n_late - 1) * (size_t)p / 100];
}

/* In hundredths, without a double: 98.73. */
static void percent(struct strbuf *out, const struct drive_report *r)
{
    int64_t h =
        r->planned_minutes == 0 ? 0 : r->ready_minutes * 10000 / r->planned_minutes;

    strbuf_printf(out, "%lld.%02lld", (long long)(h / 100), (long long)(h % 100));
}

static void put_usd(struct strbuf *out, const char *name, struct usd v, bool known)
{
    char text[USD_TEXT];

    if (known)
        strbuf_printf(out, "\"%s\":\"%s\"", name, usd_text(v, 2, text));
    else
        strbuf_printf(out, "\"%s\":null", name);
}

void drive_report_json(const struct drive_report *r, struct strbuf *out)
{
    char from[TIME_TEXT], to[TIME_TEXT];

    strbuf_printf(
        out, "{\"seed\":%llu,\"from\":\"%s\",\"to\":\"%s\",\"servers\":%d,\"days\":%lld,",
        (unsigned long long)r->seed, utc_text(r->from, from), utc_text(r->to, to),
        r->servers, (long long)(r->to.s - r->from.s) / 86400);
    strbuf_printf(out, "\"moves\":{\"out\":%lld,\"back\":%lld,\"failed\":%lld},",
                  (long long)r->moves_out, (long long)r->moves_back,
                  (long long)r->moves_failed);
    strbuf_printf(out,
                  "\"interruptions\":%lld,\"requeued_builds\":0,\"lost_builds\":%lld,",
                  (long long)r->interruptions, (long long)r->lost_builds);
    strbuf_puts(out, "\"window_ready_percent\":");
    percent(out, r);
    strbuf_printf(out,
                  ",\"ready_late_s\":{\"p50\":%lld,\"p99\":%lld,\"max\":%lld},\"cost\":{",
                  (long long)percentile(r, 50), (long long)percentile(r, 99),
                  (long long)percentile(r, 100));
    put_usd(out, "total", r->cost_total, r->cost_known);
    strbuf_putc(out, ',');
    put_usd(out, "spot", r->cost_spot, r->cost_known);
    strbuf_putc(out, ',');
    put_usd(out, "extension", r->cost_extension, r->cost_known);
    strbuf_puts(out, ",\"disks\":null,");
    put_usd(out, "same_hours_on_demand", r->on_demand, r->on_demand.nanos > 0);
    strbuf_putc(out, '}');
    if (r->speedup_known)
        strbuf_printf(
            out, ",\"speedup\":{\"median_percent\":%d,\"jobs\":%d,\"builds\":%d}",
            (int)r->speedup_percent, (int)r->speedup_jobs, (int)r->speedup_builds);
    else
        strbuf_puts(out, ",\"speedup\":null");
    strbuf_printf(out, ",\"invariant_violations\":%lld,\"trace\":\"%016llx\"}\n",
                  (long long)r->violations, (unsigned long long)r->trace);
}

void drive_report_text(const struct drive_report *r, struct strbuf *out)
{
    char from[TIME_TEXT], to[TIME_TEXT], a[USD_TEXT], b[USD_TEXT], c[USD_TEXT],
        late[DUR_TEXT];

    strbuf_printf(out, "simulated    %s to %s, %d servers, seed %llu\n",
                  utc_text(r->from, from), utc_text(r->to, to), r->servers,
                  (unsigned long long)r->seed);
    strbuf_printf(out, "moves        %lld out, %lld back, %lld failed\n",
                  (long long)r->moves_out, (long long)r->moves_back,
                  (long long)r->moves_failed);
    strbuf_printf(
        out, "spot         %lld interruptions, %lld builds lost with their instance\n",
        (long long)r->interruptions, (long long)r->lost_builds);
    strbuf_puts(out, "in windows   ");
    percent(out, r);
    strbuf_printf(out,
                  " %% of server-minutes ready in the cloud, latest %s after the start\n",
                  duration_text(percentile(r, 100), late));
    strbuf_printf(out, "cost         $%s (spot $%s, extension $%s), an estimate\n",
                  usd_text(r->cost_total, 2, a), usd_text(r->cost_spot, 2, b),
                  usd_text(r->cost_extension, 2, c));
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
