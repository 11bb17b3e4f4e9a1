#include <config.h>

#include "tui/cost_jobs.h"

#include "core/engine/speedup_view.h"
#include "tui/cells.h"
#include "tui/cost_prices.h"
#include "tui/csv.h"
#include "tui/out.h"

#include <stdlib.h>
#include <string.h>

enum err_code cost_jobs_load(struct store *s, struct cost_jobs *out, struct err *e)
{
    struct job_history *history = NULL;
    size_t n = 0;
    enum err_code code = store_jobs_load(s, &history, &n, e);

    if (code == ERR_OK) {
        out->jobs = calloc(n + 1, sizeof(*out->jobs));
        if (out->jobs == NULL)
            code = err_set(e, ERR_NOMEM, "no memory for the jobs");
        else
            out->n = speedup_view_make(history, n, &out->sum, out->jobs, n);
    }
    free(history);
    return code;
}

void cost_jobs_free(struct cost_jobs *c)
{
    free(c->jobs);
    *c = (struct cost_jobs){0};
}

static const char *median(int64_t ms, int32_t builds, char buf[DUR_TEXT])
{
    if (builds == 0)
        (void)str_copy(buf, DUR_TEXT, "-");
    else
        (void)cells_long((ms + 500) / 1000, buf);
    return buf;
}

void cost_jobs_text(const struct cost_jobs *c)
{
    char a[DUR_TEXT], b[DUR_TEXT], faster[DUR_TEXT];

    if (c->sum.known)
        out_printf("%-28s %10s  the median of %d job%s with %d builds\n",
                   "tests in the cloud", cells_speedup(c->sum.percent, faster),
                   c->sum.jobs, c->sum.jobs == 1 ? "" : "s", c->sum.builds);
    else
        out_printf("%-28s %10s  %s\n", "tests in the cloud", "?", c->sum.missing);
    for (size_t i = 0; i < c->n; i++) {
        const struct job_view *v = &c->jobs[i];

        out_printf("  %-26s %10s  on-prem %s of %d, cloud %s of %d\n", v->name,
                   v->known ? cells_speedup(v->percent, faster) : "?",
                   median(v->onprem_ms, v->onprem_builds, a), v->onprem_builds,
                   median(v->cloud_ms, v->cloud_builds, b), v->cloud_builds);
    }
}

static void put_side(struct strbuf *b, int64_t ms, int32_t builds)
{
    if (builds > 0)
        strbuf_printf(b, "%lld,%d,", (long long)((ms + 500) / 1000), builds);
    else
        strbuf_printf(b, ",0,");
}

void cost_jobs_csv(const struct cost_jobs *c, struct strbuf *b)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct job_view *v = &c->jobs[i];

        strbuf_puts(b, ",,job,");
        csv_put(b, v->server);
        strbuf_putc(b, ',');
        csv_put(b, v->name);
        strbuf_printf(b, ",,,," COST_PRICES_NONE ",");
        put_side(b, v->onprem_ms, v->onprem_builds);
        put_side(b, v->cloud_ms, v->cloud_builds);
        if (v->known)
            strbuf_printf(b, "%d", v->percent);
        strbuf_printf(b, "\n");
    }
}
