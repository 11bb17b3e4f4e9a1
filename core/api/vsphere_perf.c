#include <config.h>

#include "core/api/vsphere_perf.h"

#include <string.h>

enum {
    SAMPLE_S = 20,
    /* Under the rhythm of the samples, so that a poll a little early brings the next. */
    DUE_MS = 15 * 1000,
    /* Two metrics each: vCenter refuses queries of more than 64 by default. */
    VMS_PER_CALL = 32,
    TIMEOUT_MS = 10 * 1000, /* the places of the servers wait for it */
    MAX_INTERVAL_S = 3600,
    FULL = 1000,
    WORD_TEXT = 32,
    TIME_WORD = 48
};

bool vsphere_perf_is_due(const struct vsphere *v)
{
    bool other_login =
        v->perf.generation != 0 && v->perf.generation != v->service.generation;

    return v->last == NULL || other_login ||
           clock_mono(v->clock).ms - v->perf.at.ms >= DUE_MS;
}

static int64_t number(const char *text, int64_t max)
{
    struct err ignored = {0};
    int64_t n;

    return str_to_i64(text, 0, max, &n, &ignored) == ERR_OK ? n : -1;
}

/* ----- which counters are they? ----- */

#define COUNTER "returnval/objects/propSet/val/PerfCounterInfo"

/* A name that does not fit is none of ours. */
struct counter_reader {
    struct vsphere_perf *to;
    int64_t key;
    char group[WORD_TEXT], name[WORD_TEXT], rollup[WORD_TEXT];
};

static void counter_start(void *ctx, const char *path, const struct xml_attribute *attrs,
                          size_t n)
{
    struct counter_reader *r = ctx;

    (void)attrs;
    (void)n;
    if (str_eq(path, COUNTER))
        *r = (struct counter_reader){.to = r->to, .key = -1};
}

static void keep_word(char to[WORD_TEXT], const char *text)
{
    if (!str_copy(to, WORD_TEXT, text))
        to[0] = '\0';
}

static void counter_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct counter_reader *r = ctx;

    (void)len;
    if (str_eq(path, COUNTER "/key"))
        r->key = number(text, INT32_MAX);
    else if (str_eq(path, COUNTER "/groupInfo/key"))
        keep_word(r->group, text);
    else if (str_eq(path, COUNTER "/nameInfo/key"))
        keep_word(r->name, text);
    else if (str_eq(path, COUNTER "/rollupType"))
        keep_word(r->rollup, text);
    if (!str_eq(path, COUNTER) || !str_eq(r->group, "cpu") ||
        !str_eq(r->rollup, "summation"))
        return;
    if (str_eq(r->name, "ready"))
        r->to->ready = (int32_t)r->key;
    else if (str_eq(r->name, "costop"))
        r->to->costop = (int32_t)r->key;
}

/* One call under the session as it is; a dead one is renewed by the next listing. */
static enum err_code ask(struct vsphere *v, const struct vsphere_call *call,
                         struct err *e)
{
    struct soap_fault fault;
    enum err_code rc = vsphere_exchange(v, call, &fault, e);
    char what[64];

    if (rc != ERR_OK || fault.type[0] == '\0')
        return rc;
    if (vsphere_fault_is_dead(v, &fault))
        vsphere_session_lost(v);
    (void)str_format(what, sizeof(what), "vSphere %s", call->method);
    return soap_fault_error(&fault, what, e);
}

/* An id means another counter on another server: a wrong one does not fail, it lies. */
static enum err_code find_counters(struct vsphere *v, struct err *e)
{
    static const char method[] = "RetrievePropertiesEx";
    struct vsphere_perf found = {
        .generation = v->service.generation, .ready = -1, .costop = -1};
    struct counter_reader r = {.to = &found};
    const struct soap_sink sink = {counter_start, counter_end, &r};
    const struct vsphere_call call = {.method = method, .sink = &sink};
    struct strbuf *b = &v->body;
    enum err_code rc;

    v->perf.generation = 0;
    soap_open(b, method, "PropertyCollector", v->service.property_collector);
    strbuf_puts(b, "<specSet><propSet>");
    soap_put(b, "type", "PerformanceManager");
    soap_put(b, "pathSet", "perfCounter");
    strbuf_puts(b, "</propSet><objectSet><obj type=\"PerformanceManager\">");
    xml_escape(b, v->service.perf_manager);
    strbuf_puts(b, "</obj><skip>false</skip></objectSet></specSet><options></options>");
    soap_close(b, method);
    rc = ask(v, &call, e);
    if (rc == ERR_OK && found.ready < 0)
        return err_set(e, ERR_PROTOCOL, "vSphere has no counter cpu.ready.summation");
    if (rc == ERR_OK) {
        found.at = v->perf.at;
        v->perf = found;
    }
    return rc;
}

/* ----- samples ----- */

struct sample_reader {
    const struct vsphere_perf *perf;
    struct seen_vm *vms;
    size_t n, next; /* answers come in the order of the question, mostly */
    /* of the VM being read */
    char id[SOAP_ID_TEXT];
    char time[TIME_WORD], newest[TIME_WORD];
    int64_t interval, newest_interval; /* s */
    size_t n_infos, newest_at;
    int64_t ready_ms, costop_ms; /* -1 none */
    /* of the series being read */
    int64_t counter, value;
    bool is_sum; /* over all vCPUs */
    size_t n_values;
};

static void sample_start(void *ctx, const char *path, const struct xml_attribute *attrs,
                         size_t n)
{
    struct sample_reader *r = ctx;

    (void)attrs;
    (void)n;
    if (str_eq(path, "returnval")) {
        r->id[0] = r->newest[0] = '\0';
        r->n_infos = r->newest_at = 0;
        r->newest_interval = r->ready_ms = r->costop_ms = -1;
    } else if (str_eq(path, "returnval/sampleInfo")) {
        r->time[0] = '\0';
        r->interval = -1;
    } else if (str_eq(path, "returnval/value")) {
        r->counter = r->value = -1;
        r->is_sum = true;
        r->n_values = 0;
    }
}

/* Times of one answer are written alike, so their texts compare as they do. Some servers
 * begin with the oldest sample, some with the newest. */
static void info_end(struct sample_reader *r)
{
    if (r->n_infos == 0 || strcmp(r->time, r->newest) > 0) {
        r->newest_at = r->n_infos;
        r->newest_interval = r->interval;
        (void)str_copy(r->newest, sizeof(r->newest), r->time);
    }
    r->n_infos++;
}

/* Milliseconds of all vCPUs within an interval to the share of each one's time. More than
 * the whole cannot be: then there is no sense in it. */
static int32_t share(int64_t ms, int64_t interval_s, int32_t cpus)
{
    int64_t whole = interval_s * cpus, v;

    if (ms < 0 || interval_s <= 0 || cpus <= 0 || ms > whole * FULL)
        return -1;
    v = (ms + whole / 2) / whole;
    return (int32_t)v;
}

static void vm_end(struct sample_reader *r)
{
    for (size_t k = 0; k < r->n; k++) {
        struct seen_vm *vm = &r->vms[(r->next + k) % r->n];

        if (!str_eq(vm->id, r->id))
            continue;
        vm->ready_permille = share(r->ready_ms, r->newest_interval, vm->cpus);
        vm->costop_permille = share(r->costop_ms, r->newest_interval, vm->cpus);
        r->next = (r->next + k + 1) % r->n;
        return;
    }
}

static void series_end(struct sample_reader *r)
{
    if (!r->is_sum || r->counter < 0)
        return;
    if (r->counter == r->perf->ready)
        r->ready_ms = r->value;
    else if (r->counter == r->perf->costop)
        r->costop_ms = r->value;
}

static void sample_end(void *ctx, const char *path, const char *text, size_t len)
{
    struct sample_reader *r = ctx;

    if (str_eq(path, "returnval/entity")) {
        (void)str_copy(r->id, sizeof(r->id), text);
    } else if (str_eq(path, "returnval/sampleInfo/timestamp")) {
        (void)str_copy(r->time, sizeof(r->time), text);
    } else if (str_eq(path, "returnval/sampleInfo/interval")) {
        r->interval = number(text, MAX_INTERVAL_S);
    } else if (str_eq(path, "returnval/sampleInfo")) {
        info_end(r);
    } else if (str_eq(path, "returnval/value/id/counterId")) {
        r->counter = number(text, INT32_MAX);
    } else if (str_eq(path, "returnval/value/id/instance")) {
        r->is_sum = len == 0;
    } else if (str_eq(path, "returnval/value/value")) {
        if (r->n_values++ == r->newest_at)
            r->value = number(text, INT32_MAX); /* a negative one: there is none */
    } else if (str_eq(path, "returnval/value")) {
        series_end(r);
    } else if (str_eq(path, "returnval")) {
        vm_end(r);
    }
}

static bool is_asked(const struct seen_vm *vm)
{
    return vm->power == POWER_ON && vm->connected && vm->cpus > 0;
}

static void put_number(struct strbuf *b, const char *tag, int32_t n)
{
    char digits[24];

    *str_put_u64(digits, (uint64_t)n) = '\0';
    soap_put(b, tag, digits);
}

static void put_metric(struct strbuf *b, int32_t counter)
{
    if (counter < 0)
        return;
    strbuf_puts(b, "<metricId>");
    put_number(b, "counterId", counter);
    strbuf_puts(b, "<instance></instance></metricId>");
}

/* Asks for the VMs from *i on, as many as one call takes. */
static enum err_code read_some(struct vsphere *v, struct sample_reader *r, size_t *i,
                               struct err *e)
{
    static const char method[] = "QueryPerf";
    const struct soap_sink sink = {sample_start, sample_end, r};
    const struct vsphere_call call = {
        .method = method, .sink = &sink, .timeout_ms = TIMEOUT_MS};
    struct strbuf *b = &v->body;
    size_t n = 0;

    soap_open(b, method, "PerformanceManager", v->service.perf_manager);
    for (; *i < r->n && n < VMS_PER_CALL; ++*i) {
        if (!is_asked(&r->vms[*i]))
            continue;
        n++;
        strbuf_puts(b, "<querySpec><entity type=\"VirtualMachine\">");
        xml_escape(b, r->vms[*i].id);
        strbuf_puts(b, "</entity><maxSample>1</maxSample>");
        put_metric(b, v->perf.ready);
        put_metric(b, v->perf.costop);
        put_number(b, "intervalId", SAMPLE_S);
        strbuf_puts(b, "<format>normal</format></querySpec>");
    }
    soap_close(b, method);
    return n > 0 ? ask(v, &call, e) : ERR_OK;
}

/* ----- hosts ----- */

/* A host's own counter adds up VMs that we may not see, and says not over how many vCPUs:
 * so it is the mean of those that are seen. */
static void host_mean(const struct obs_vsphere *seen, const struct seen_vm *vms,
                      struct seen_host *h)
{
    int64_t ready = 0, costop = 0, cpus = 0, costop_cpus = 0;

    for (size_t i = 0; i < seen->n_vms; i++) {
        const struct seen_vm *vm = &vms[i];

        if (seen->n_hosts > 1 && !str_eq(vm->host, h->id))
            continue;
        if (vm->ready_permille >= 0) {
            ready += (int64_t)vm->ready_permille * vm->cpus;
            cpus += vm->cpus;
        }
        if (vm->costop_permille >= 0) {
            costop += (int64_t)vm->costop_permille * vm->cpus;
            costop_cpus += vm->cpus;
        }
    }
    if (!h->connected)
        return; /* what it said before it was lost is no fact any more */
    if (cpus > 0)
        h->ready_permille = (int32_t)((ready + cpus / 2) / cpus);
    if (costop_cpus > 0)
        h->costop_permille = (int32_t)((costop + costop_cpus / 2) / costop_cpus);
}

static void forget(const struct obs_vsphere *seen, struct seen_vm *vms,
                   struct seen_host *hosts)
{
    for (size_t i = 0; i < seen->n_vms; i++)
        vms[i].ready_permille = vms[i].costop_permille = -1;
    for (size_t i = 0; i < seen->n_hosts; i++)
        hosts[i].ready_permille = hosts[i].costop_permille = -1;
}

enum err_code vsphere_perf_read(struct vsphere *v, struct obs_vsphere *seen,
                                struct seen_vm *vms, struct seen_host *hosts,
                                struct err *e)
{
    struct sample_reader r = {.perf = &v->perf, .vms = vms, .n = seen->n_vms};
    enum err_code rc = ERR_OK;

    forget(seen, vms, hosts);
    v->perf.at = clock_mono(v->clock);
    if (v->service.perf_manager[0] == '\0')
        return err_set(e, ERR_NOT_FOUND, "vSphere has no performance manager");
    if (v->perf.generation != v->service.generation)
        rc = find_counters(v, e);
    for (size_t i = 0; rc == ERR_OK && i < seen->n_vms;)
        rc = read_some(v, &r, &i, e);
    if (rc != ERR_OK) {
        forget(seen, vms, hosts); /* half an answer is none */
        return rc;
    }
    for (size_t i = 0; i < seen->n_hosts; i++)
        host_mean(seen, vms, &hosts[i]);
    return ERR_OK;
}
