/*
 * vim_perf - the PerformanceManager: a small table of CPU counters and their newest
 * sample of 20 seconds, computed from the host's present contention.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_call.h"
#include "core/sim/vim_faults.h"

#include "core/base/timefmt.h"

#include <string.h>

enum { INTERVAL_S = 20, INTERVAL_MS = 20 * 1000 };

enum counter { USAGE, USAGE_MHZ, READY, COSTOP, READINESS, USED, N_COUNTERS };

static const struct {
    int32_t key;
    const char *name, *label, *summary, *unit, *unit_label, *rollup, *stats;
} counters[N_COUNTERS] = {
    /* clang-format off */
    [USAGE]     = {1,  "usage",     "Usage",        "CPU usage as a percentage during the interval", "percent", "%", "average", "rate"},
    [USAGE_MHZ] = {5,  "usagemhz",  "Usage in MHz", "CPU usage in megahertz during the interval", "megaHertz", "MHz", "average", "rate"},
    [READY]     = {11, "ready",     "Ready",        "Time that the virtual machine was ready, but could not get scheduled", "millisecond", "ms", "summation", "delta"},
    [USED]      = {12, "used",      "Used",         "Total CPU time used", "millisecond", "ms", "summation", "delta"},
    [COSTOP]    = {27, "costop",    "Co-stop",      "Time the virtual machine is ready to run, but is unable to due to co-scheduling constraints", "millisecond", "ms", "summation", "delta"},
    [READINESS] = {32, "readiness", "Readiness",    "Percentage of time that the virtual machine was ready, but could not get scheduled", "percent", "%", "average", "rate"},
    /* clang-format on */
};

/* ---- the counters ---- */

static void put_element(struct strbuf *b, const char *tag, const char *label,
                        const char *summary, const char *key)
{
    strbuf_printf(b, "<%s>", tag);
    vim_put_text(b, "label", label);
    vim_put_text(b, "summary", summary);
    vim_put_text(b, "key", key);
    strbuf_printf(b, "</%s>", tag);
}

static void put_counter(struct strbuf *b, const char *tag, size_t i)
{
    strbuf_printf(b, "<%s>", tag);
    vim_put_number(b, "key", counters[i].key);
    put_element(b, "nameInfo", counters[i].label, counters[i].summary, counters[i].name);
    put_element(b, "groupInfo", "CPU", "CPU", "cpu");
    put_element(b, "unitInfo", counters[i].unit_label, counters[i].unit_label,
                counters[i].unit);
    vim_put_text(b, "rollupType", counters[i].rollup);
    vim_put_text(b, "statsType", counters[i].stats);
    vim_put_number(b, "level", 1);
    vim_put_number(b, "perDeviceLevel", 3);
    strbuf_printf(b, "</%s>", tag);
}

static bool perf_get(const struct vim_view_of_world *v, struct vim_ref r, int f,
                     struct vim_value *out)
{
    (void)v;
    (void)r;
    (void)f;
    (void)out;
    return false;
}

static void perf_list(const struct vim_view_of_world *v, struct vim_ref r, int f,
                      struct strbuf *b, const char *tag)
{
    (void)v;
    (void)r;
    (void)f; /* the only one */
    for (size_t i = 0; i < N_COUNTERS; i++)
        put_counter(b, tag, i);
}

static const struct vim_prop props[] = {
    VIM_NEVER("description"),
    VIM_NEVER("historicalInterval"),
    VIM_LIST_OF("perfCounter", "PerfCounterInfo", VIM_F_OWN),
};

const struct vim_ops vim_perf_ops = {
    .get = perf_get,
    .list = perf_list,
    .props = props,
    .n_props = ARRAY_LEN(props),
};

static size_t counter_find(int64_t key)
{
    size_t i = 0;

    while (i < N_COUNTERS && counters[i].key != key)
        i++;
    return i;
}

void vim_query_counters(struct vim_call *c)
{
    const struct soap_node *id = sim_soap_child(c->rq, c->method, "counterId");

    vim_begin(c->rs, c->name);
    for (; id != NULL; id = sim_soap_again(c->rq, id)) {
        struct err e = {0};
        int64_t key = 0;
        size_t i;

        if (str_to_i64(sim_soap_text(c->rq, id), 0, INT32_MAX, &key, &e) != ERR_OK)
            key = -1;
        i = counter_find(key);
        if (i == N_COUNTERS) {
            vim_fault(c->rs, "InvalidArgument",
                      "A specified parameter was not correct: counterId",
                      "<invalidProperty>counterId</invalidProperty>");
            return;
        }
        put_counter(&c->rs->body, "returnval", i);
    }
    vim_end(c->rs, c->name);
}

/* ---- values ---- */

static bool running(const struct vim_call *c, struct vim_ref r)
{
    return r.cls == VIM_HOST || (r.cls == VIM_VM && c->w->vms[r.i].power == SIM_POWER_ON);
}

static bool applies(struct vim_ref r, size_t counter)
{
    /* A host has no costop; its ready time is that of its VMs together. */
    return r.cls == VIM_VM || counter != COSTOP;
}

static int64_t host_ready_ms(const struct world *w)
{
    int64_t sum = 0;

    for (size_t i = 0; i < w->n_vms; i++)
        if (w->vms[i].power == SIM_POWER_ON)
            sum += world_vm_ready_ms(w, &w->vms[i]);
    return sum;
}

static int64_t value_of(const struct world *w, struct vim_ref r, size_t counter)
{
    const struct sim_vm *vm = r.cls == VIM_VM ? &w->vms[r.i] : NULL;
    int64_t cpus = vm != NULL ? vm->cpus : w->host.cores;
    int64_t mhz = vm != NULL ? world_vm_cpu_mhz(w, vm) : world_host_cpu_mhz(w);
    int64_t ready = vm != NULL ? world_vm_ready_ms(w, vm) : host_ready_ms(w);
    int64_t capacity = cpus * w->host.core_mhz;

    if (cpus <= 0 || capacity <= 0)
        return 0;
    switch ((enum counter)counter) {
    case USAGE:
        return mhz * 10000 / capacity;
    case USAGE_MHZ:
        return mhz;
    case READY:
        return ready;
    case COSTOP:
        return vm != NULL ? world_vm_costop_ms(w, vm) : 0;
    case READINESS:
        return ready * 10000 / (INTERVAL_MS * cpus);
    case USED:
        return mhz * INTERVAL_MS / w->host.core_mhz;
    case N_COUNTERS:
        break;
    }
    return 0;
}

/* Whether the newest sample lies within the spec's times. */
static bool in_time(const struct vim_call *c, const struct soap_node *spec, int64_t at)
{
    const char *from = sim_soap_child_text(c->rq, spec, "startTime");
    const char *to = sim_soap_child_text(c->rq, spec, "endTime");
    struct utc t = {0};
    struct err e = {0};

    if (from[0] != '\0' && utc_parse(from, &t, &e) == ERR_OK && at / 1000 <= t.s)
        return false;
    e = (struct err){0};
    return to[0] == '\0' || utc_parse(to, &t, &e) != ERR_OK || at / 1000 <= t.s;
}

static void put_series(struct vim_call *c, struct vim_ref r, size_t counter,
                       const char *instance, bool csv, bool sample)
{
    struct strbuf *b = &c->rs->body;

    if (str_eq(instance, "*"))
        instance = ""; /* all there are */
    strbuf_puts(b, csv ? "<value xsi:type=\"PerfMetricSeriesCSV\"><id>"
                       : "<value xsi:type=\"PerfMetricIntSeries\"><id>");
    vim_put_number(b, "counterId", counters[counter].key);
    vim_put_text(b, "instance", instance);
    strbuf_puts(b, "</id>");
    /* Only the sum over all vCPUs is kept. */
    if (sample && instance[0] == '\0')
        vim_put_number(b, "value", value_of(c->w, r, counter));
    strbuf_puts(b, "</value>");
}

/* One querySpec: the newest sample of each metric; the host keeps no older ones. */
static bool put_entity(struct vim_call *c, const struct soap_node *spec)
{
    struct strbuf *b = &c->rs->body;
    const struct soap_node *metric = sim_soap_child(c->rq, spec, "metricId");
    bool csv = str_eq(sim_soap_child_text(c->rq, spec, "format"), "csv");
    int64_t interval =
        sim_soap_child_number(c->rq, spec, "intervalId", INT32_MAX, INTERVAL_S);
    int64_t at = c->w->now / INTERVAL_MS * INTERVAL_MS;
    struct vim_ref r;
    bool sample;
    char time[TIME_TEXT];

    if (!vim_argument_ref(c, sim_soap_child(c->rq, spec, "entity"), &r))
        return false;
    sample = running(c, r) && interval == INTERVAL_S && in_time(c, spec, at);
    (void)utc_text((struct utc){at / 1000}, time);
    strbuf_puts(b, csv ? "<returnval xsi:type=\"PerfEntityMetricCSV\">"
                       : "<returnval xsi:type=\"PerfEntityMetric\">");
    vim_put_ref(b, &c->view, "entity", r);
    if (csv) {
        strbuf_puts(b, "<sampleInfoCSV>");
        if (sample)
            strbuf_printf(b, "%d,%s", INTERVAL_S, time);
        strbuf_puts(b, "</sampleInfoCSV>");
    } else if (sample) {
        strbuf_printf(b,
                      "<sampleInfo><timestamp>%s</timestamp><interval>%d</interval>"
                      "</sampleInfo>",
                      time, INTERVAL_S);
    }
    for (size_t i = 0; metric == NULL && i < N_COUNTERS; i++)
        if (applies(r, i))
            put_series(c, r, i, "", csv, sample);
    for (; metric != NULL; metric = sim_soap_again(c->rq, metric)) {
        size_t i = counter_find(
            sim_soap_child_number(c->rq, metric, "counterId", INT32_MAX, -1));

        if (i < N_COUNTERS && applies(r, i))
            put_series(c, r, i, sim_soap_child_text(c->rq, metric, "instance"), csv,
                       sample);
    }
    strbuf_puts(b, "</returnval>");
    return true;
}

void vim_query_perf(struct vim_call *c)
{
    const struct soap_node *spec = sim_soap_child(c->rq, c->method, "querySpec");

    vim_begin(c->rs, c->name);
    for (; spec != NULL; spec = sim_soap_again(c->rq, spec))
        if (!put_entity(c, spec))
            return; /* a fault is written */
    vim_end(c->rs, c->name);
}

void vim_query_provider(struct vim_call *c)
{
    struct vim_ref r;

    if (!vim_argument_ref(c, sim_soap_child(c->rq, c->method, "entity"), &r))
        return;
    vim_begin(c->rs, c->name);
    strbuf_puts(&c->rs->body, "<returnval>");
    vim_put_ref(&c->rs->body, &c->view, "entity", r);
    strbuf_puts(&c->rs->body, "<currentSupported>true</currentSupported>"
                              "<summarySupported>false</summarySupported>");
    vim_put_number(&c->rs->body, "refreshRate", INTERVAL_S);
    strbuf_puts(&c->rs->body, "</returnval>");
    vim_end(c->rs, c->name);
}

void vim_query_available(struct vim_call *c)
{
    struct vim_ref r;

    if (!vim_argument_ref(c, sim_soap_child(c->rq, c->method, "entity"), &r))
        return;
    vim_begin(c->rs, c->name);
    for (size_t i = 0; i < N_COUNTERS && running(c, r); i++) {
        if (!applies(r, i))
            continue;
        strbuf_puts(&c->rs->body, "<returnval>");
        vim_put_number(&c->rs->body, "counterId", counters[i].key);
        strbuf_puts(&c->rs->body, "<instance></instance></returnval>");
    }
    vim_end(c->rs, c->name);
}
