#include <config.h>

#include "core/sim/faults.h"

#include <string.h>

#include "core/base/money.h"

#define WIRE  FAULT_OF_WIRE
#define BYTES FAULT_OF_BYTES
#define ACT   FAULT_OF_ACT
#define HOUR  FAULT_OF_HOUR
static const struct {
    const char *name;
    enum fault_kind kind;
    const char *help;
} faults[N_FAULTS] = {
#define X(id, name, where, help) [FAULT_##id] = {name, where, help},
    SITE_FAULTS(X)
#undef X
#define X(id, field, name, when, help) [FAULT_##id] = {name, when, help},
        SIM_MISHAPS(X)
#undef X
};

const char *site_api_name(enum site_api api)
{
    static const char *const names[N_APIS] = {
        [API_VELOSTRATA] = "velostrata",
        [API_JENKINS] = "jenkins",
        [API_VSPHERE] = "vsphere",
        [API_EC2] = "ec2",
        [API_PRICING] = "pricing",
        [API_SQS] = "sqs",
        [API_STS] = "sts",
    };

    return names[api];
}

const char *fault_name(enum site_fault fault)
{
    return faults[fault].name;
}

enum fault_kind fault_kind(enum site_fault fault)
{
    return faults[fault].kind;
}

uint64_t faults_fired(const struct faults *f, const struct world *w,
                      enum site_fault fault)
{
    return fault > BEFORE_MISHAPS ? w->struck[fault - N_WIRE_FAULTS] : f->fired[fault];
}

void faults_list(bool typed, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (!typed || faults[i].kind != BYTES)
            strbuf_printf(out, "%-14s%s\n", faults[i].name, faults[i].help);
}

enum err_code faults_check_typed(const struct faults *f, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        for (int api = 0; faults[i].kind == BYTES && api < N_APIS; api++)
            if (f->rate[api][i] != 0)
                return err_set(
                    e, ERR_USAGE,
                    "fault '%s' has no meaning here: no answer is made of bytes",
                    faults[i].name);
    return ERR_OK;
}

static enum err_code unknown(const char *name, struct err *e)
{
    char names[192] = "";
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        if (!str_format(names + n, sizeof(names) - n, " %s", faults[i].name))
            break; /* the rest is cut; `list` has them all */
        n = strlen(names);
    }
    return err_set(e, ERR_USAGE, "no fault '%.20s'; there are%s", name, names);
}

static void set_rate(struct faults *f, int api, size_t fault, uint32_t per_million)
{
    f->rate[api][fault] = per_million;
    f->any[api] = false;
    for (size_t i = 0; i < N_FAULTS; i++)
        f->any[api] = f->any[api] || f->rate[api][i] != 0;
}

enum err_code faults_set(struct faults *f, const char *name, uint32_t per_million,
                         struct err *e)
{
    const char *dot = strchr(name, '.');
    int api = -1;
    size_t fault = 0;

    for (int i = 0; dot != NULL && i < N_APIS; i++) {
        const char *known = site_api_name((enum site_api)i);

        if (strlen(known) == (size_t)(dot - name) &&
            memcmp(known, name, strlen(known)) == 0)
            api = i;
    }
    if (dot != NULL && api < 0)
        return err_set(e, ERR_USAGE, "no API '%.*s' that could have faults",
                       (int)(dot - name < 20 ? dot - name : 20), name);
    while (fault < N_FAULTS && !str_eq(faults[fault].name, dot != NULL ? dot + 1 : name))
        fault++;
    if (fault == N_FAULTS)
        return unknown(name, e);
    if (fault >= N_WIRE_FAULTS) /* there is one world for all APIs */
        api = -1;
    for (int i = 0; i < N_APIS; i++)
        if (api < 0 || api == i)
            set_rate(f, i, fault, per_million);
    return ERR_OK;
}

/* "0.05", "1", "5%" as parts of a million. */
static enum err_code read_rate(const char *text, uint32_t *out, struct err *e)
{
    char number[24];
    size_t len = strlen(text);
    bool percent = len > 0 && text[len - 1] == '%';
    struct err why = {0};
    struct usd v; /* nine exact decimals are what a rate needs, too */

    if (percent)
        len--;
    if (len == 0 || len >= sizeof(number))
        return err_set(e, ERR_USAGE, "fault rate '%.20s': write a number from 0 to 1",
                       text);
    memcpy(number, text, len);
    number[len] = '\0';
    if (usd_parse(number, &v, &why) != ERR_OK || v.nanos < 0 ||
        v.nanos > (percent ? 100 : 1) * USD_NANOS)
        return err_set(e, ERR_USAGE, "fault rate '%.20s': write a number from 0 to 1",
                       text);
    *out = (uint32_t)(v.nanos / (percent ? 100000 : 1000));
    return ERR_OK;
}

enum err_code faults_parse(struct faults *f, const char *spec, struct err *e)
{
    while (*spec != '\0') {
        size_t len = strcspn(spec, ",");
        char item[64], *equals;
        uint32_t rate = 0;
        enum err_code rc;

        if (len >= sizeof(item))
            return err_set(e, ERR_USAGE, "faults: '%.20s…' is too long", spec);
        memcpy(item, spec, len);
        item[len] = '\0';
        equals = strchr(item, '=');
        if (equals == NULL)
            return str_eq(item, "list")
                       ? unknown(item, e)
                       : err_set(e, ERR_USAGE, "faults: write NAME=RATE, not '%.20s'",
                                 item);
        *equals = '\0';
        rc = read_rate(equals + 1, &rate, e);
        if (rc == ERR_OK)
            rc = faults_set(f, item, rate, e);
        if (rc != ERR_OK)
            return rc;
        spec += len + (spec[len] == ',');
    }
    return ERR_OK;
}

bool faults_roll(struct faults *f, struct rng *rng, enum site_api api,
                 enum site_fault fault)
{
    uint32_t rate = f->rate[api][fault];

    if (rate == 0 || !rng_chance(rng, rate))
        return false;
    f->fired[fault]++;
    return true;
}

void faults_to_world(const struct faults *f, struct sim_odds *odds)
{
    memcpy(odds->chance, &f->rate[0][N_WIRE_FAULTS], sizeof(odds->chance));
}
