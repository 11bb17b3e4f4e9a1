/*
 * cost_jobs - the part of `rushhour cost` about how long the builds of each job take
 * on-prem and in the cloud. Owns what it loads (cost_jobs_free).
 * Threads: any; the table, main.
 */
#ifndef RH_TUI_COST_JOBS_H
#define RH_TUI_COST_JOBS_H

#include "core/base/str.h"
#include "core/model/fleet.h"
#include "core/store/store.h"

struct cost_jobs {
    struct speedup_view sum;
    struct job_view *jobs;
    size_t n;
};
enum err_code cost_jobs_load(struct store *s, struct cost_jobs *out,
                             struct err *e) MUST_CHECK NONNULL;
void cost_jobs_free(struct cost_jobs *c) NONNULL;

/* Lines of the table on standard output; rows of the CSV of kind `job`, whose columns
 * stand behind those of the prices. */
void cost_jobs_text(const struct cost_jobs *c) NONNULL;
#define COST_JOBS_COLUMNS                                                                \
    "onprem_median_s,onprem_builds,cloud_median_s,cloud_builds,percent"
#define COST_JOBS_NONE ",,,,"
void cost_jobs_csv(const struct cost_jobs *c, struct strbuf *b) NONNULL;

#endif
