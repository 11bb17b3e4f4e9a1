#include <config.h>

#include "core/engine/speedup_view.h"

#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

static int by_server_and_name(const void *a, const void *b)
{
    const struct job_view *x = a, *y = b;
    int order = strcmp(x->server, y->server);

    return order != 0 ? order : strcmp(x->name, y->name);
}

static void view_job(const struct job_history *j, const struct job_speedup *s,
                     struct job_view *v)
{
    *v = (struct job_view){.known = s->known,
                           .percent = s->percent,
                           .onprem_ms = s->onprem_ms,
                           .cloud_ms = s->cloud_ms,
                           .onprem_builds = s->onprem_builds,
                           .cloud_builds = s->cloud_builds};
    sample_job_name(j->path, v->name, sizeof(v->name));
    (void)str_copy(v->server, sizeof(v->server), j->server);
}

size_t speedup_view_make(const struct job_history *jobs, size_t n,
                         struct speedup_view *sum, struct job_view *views, size_t max)
{
    struct speedup all;
    size_t n_views = 0;

    speedup(jobs, n, &all);
    *sum = (struct speedup_view){.known = all.known,
                                 .percent = all.percent,
                                 .jobs = all.jobs,
                                 .builds = all.builds};
    speedup_missing(&all, sum->missing);
    for (size_t i = 0; i < n && n_views < max; i++) {
        struct job_speedup one;

        speedup_job(&jobs[i], &one);
        if (one.onprem_builds + one.cloud_builds > 0)
            view_job(&jobs[i], &one, &views[n_views++]);
    }
    qsort(views, n_views, sizeof(views[0]), by_server_and_name);
    return n_views;
}
