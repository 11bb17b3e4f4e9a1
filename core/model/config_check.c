#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/base/tz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ----- URLs ----- */

static bool is_loopback(const char *host, size_t len)
{
    static const char *const names[] = {"localhost", "[::1]", "127.0.0.1"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == len && strncasecmp(host, names[i], len) == 0)
            return true;
    }
    /* The whole of 127/8, but no name that merely begins so. */
    return len > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= len;
}

enum err_code url_check(const char *url, bool allow_http, struct err *e)
{
    bool is_http = strncasecmp(url, "http://", 7) == 0;
    const char *host = url + (is_http ? 7 : 8);
    size_t authority, len;

    if (!is_http && strncasecmp(url, "https://", 8) != 0)
        return err_set(e, ERR_SYNTAX, "\"%.60s\" does not begin with https://", url);
    authority = strcspn(host, "/?#");
    /* Not quoted: what stands before the @ may be a password. */
    if (memchr(host, '@', authority) != NULL)
        return err_set(e, ERR_SYNTAX,
                       "it names a user before the @: user and password have options "
                       "of their own");
    if (strpbrk(url, " \"<>\\^`{|}") != NULL || host[authority] == '?' ||
        strpbrk(host + authority, "?#") != NULL)
        return err_set(e, ERR_SYNTAX,
                       "\"%.60s\" has spaces, quotes or a query in it: a base URL has "
                       "none",
                       url);
    len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    if (len == 0 || len > authority)
        return err_set(e, ERR_SYNTAX, "\"%.60s\" names no host", url);
    if (len < authority) {
        size_t digits = strspn(host + len + 1, "0123456789");

        if (host[len] != ':' || digits == 0 || digits > 5 ||
            len + 1 + digits != authority)
            return err_set(e, ERR_SYNTAX, "\"%.60s\" has no usable port", url);
    }
    if (is_http && !allow_http && !is_loopback(host, len))
        return err_set(e, ERR_SYNTAX,
                       "\"%.60s\" would send passwords in the clear: use https:// (or "
                       "set allow_http = true)",
                       url);
    return ERR_OK;
}

/* ----- the sections of the APIs ----- */

static void check_url(struct reader *r, config_setting_t *group, const char *section,
                      const char *name, const char *url, bool allow_http)
{
    struct err e = {0};

    if (url != NULL && url_check(url, allow_http, &e) != ERR_OK)
        problem_add(r->problems, setting_line(group, name), "%s.%s: %s", section, name,
                    e.text);
}

static void check_readable(struct reader *r, config_setting_t *group, const char *section,
                           const char *name, const char *path)
{
    struct err e = {0};

    if (path == NULL || access(path, R_OK) == 0)
        return;
    (void)err_set_errno(&e, ERR_CONFIG, errno, "%.100s cannot be read", path);
    problem_add(r->problems, setting_line(group, name), "%s.%s: %s", section, name,
                e.text);
}

static bool is_pin(const char *pin)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789+/";

    /* One or more of sha256//, 43 signs and =, with semicolons between. */
    for (;;) {
        if (!str_starts(pin, "sha256//") || strspn(pin + 8, base64) != 43 ||
            pin[8 + 43] != '=')
            return false;
        pin += 8 + 44;
        if (*pin == '\0')
            return true;
        if (*pin++ != ';')
            return false;
    }
}

/* The default of trust, and what cannot be meant. */
static void check_trust(struct reader *r, config_setting_t *group, const char *section,
                        struct api_config *api)
{
    bool pin = api->pinned_key != NULL;
    int line = setting_line(group, "trust");
    const char *wrong = NULL;

    if (pin && !is_pin(api->pinned_key))
        problem_add(r->problems, setting_line(group, "pinned_key"),
                    "%s.pinned_key: it is no fingerprint: write sha256// and 44 signs "
                    "of base64, as \"rushhour doctor\" prints it",
                    section);
    if (config_setting_get_member(group, "trust") == NULL) {
        api->trust = !pin                   ? TRUST_CA
                     : api->ca_file != NULL ? TRUST_CA_PIN
                                            : TRUST_PIN_ONLY;
        return;
    }
    switch (api->trust) {
    case TRUST_CA:
        wrong = pin ? "\"ca\" would ignore pinned_key: write \"ca+pin\", or leave "
                      "pinned_key out"
                    : NULL;
        break;
    case TRUST_CA_PIN:
        wrong = !pin ? "\"ca+pin\" needs a pinned_key: add it, or write \"ca\"" : NULL;
        break;
    case TRUST_PIN_ONLY:
        wrong = !pin ? "\"pin-only\" needs a pinned_key: add it, or write \"ca\""
                : api->ca_file != NULL
                    ? "\"pin-only\" would ignore ca_file: write \"ca+pin\", or leave "
                      "ca_file out"
                    : NULL;
        break;
    }
    if (wrong != NULL)
        problem_add(r->problems, line, "%s.trust: %s", section, wrong);
}

static void check_api(struct reader *r, const char *section, struct api_config *api)
{
    config_setting_t *group = setting_group(r, section);
    struct err e = {0};

    if (group == NULL)
        return;
    check_url(r, group, section, "url", api->url, api->allow_http);
    check_url(r, group, section, "proxy", api->proxy, true);
    check_trust(r, group, section, api);
    check_readable(r, group, section, "ca_file", api->ca_file);
    check_readable(r, group, section, "client_cert", api->client_cert);
    if (api->client_key_file != NULL && api->client_cert == NULL)
        problem_add(r->problems, setting_line(group, "client_key_file"),
                    "%s.client_key_file: a key without its certificate: add client_cert",
                    section);
    if (r->load_secrets && api->client_key_file != NULL &&
        secret_file_check(api->client_key_file, &e) != ERR_OK)
        problem_add(r->problems, setting_line(group, "client_key_file"),
                    "%s.client_key_file: %s", section, e.text);
}

static void check_aws(struct reader *r)
{
    config_setting_t *group = setting_group(r, "aws");
    const struct aws_config *aws = &r->c->aws;
    const struct {
        const char *name, *value;
    } urls[] = {{"endpoint_ec2", aws->endpoint_ec2},
                {"endpoint_pricing", aws->endpoint_pricing},
                {"endpoint_sqs", aws->endpoint_sqs},
                {"endpoint_sts", aws->endpoint_sts},
                {"interruption_queue", aws->interruption_queue}};

    if (group == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++)
        check_url(r, group, "aws", urls[i].name, urls[i].value, r->c->aws.allow_http);
    check_url(r, group, "aws", "proxy", r->c->aws.proxy, true);
    check_readable(r, group, "aws", "ca_file", r->c->aws.ca_file);
}

/* ----- site and policy ----- */

static void check_site(struct reader *r)
{
    config_setting_t *group = setting_group(r, "site");
    struct tz *zone = NULL;
    struct err e = {0};

    if (r->c->tz_name == NULL)
        return;
    if (tz_load(r->c->tz_name, &zone, &e) == ERR_NOMEM)
        problems_fail(r->problems);
    else if (e.code != ERR_OK)
        problem_add(r->problems, group != NULL ? setting_line(group, "tz") : 1,
                    "site.tz: %s: write tz = \"Asia/Jerusalem\"", e.text);
    tz_free(zone);
}

static void check_policy(struct reader *r)
{
    const struct policy_config *p = &r->c->policy;
    config_setting_t *group = setting_group(r, "policy");

    if (group == NULL)
        return;
    if (p->retry_min > p->retry_max)
        problem_add(r->problems, setting_line(group, "retry_min"),
                    "policy.retry_min: it is longer than retry_max: make it shorter, or "
                    "retry_max longer");
    if (p->on_demand && !p->has_on_demand_max_price)
        problem_add(r->problems, setting_line(group, "on_demand"),
                    "policy.on_demand: it needs the most that it may cost: write "
                    "on_demand_max_price = 0.40");
    if (p->pressure_low >= p->pressure_high)
        problem_add(r->problems, setting_line(group, "pressure_low"),
                    "policy.pressure_low: it is not below pressure_high: make it less, "
                    "or pressure_high more");
    if (p->drain_start > p->drain_deadline)
        problem_add(r->problems, setting_line(group, "drain_start"),
                    "policy.drain_start: it is after drain_deadline: begin earlier, or "
                    "make drain_deadline later");
}

/* ----- servers ----- */

/* One name that two servers, or both sides of one, must not share. */
struct used {
    const char *name;
    const char *option;
    size_t server;
    const char *zone; /* NULL: the server's own */
    size_t at;        /* place in the file */
};

static int used_order(const void *a, const void *b)
{
    const struct used *x = a, *y = b;
    int d = strcmp(x->name, y->name);

    if (d != 0)
        return d;
    return x->at < y->at ? -1 : x->at > y->at ? 1 : 0;
}

/* "servers.cache.eni", "servers.cache.zones.us-east-1b.eni" */
static const char *used_text(const struct reader *r, const struct used *u, char buf[224])
{
    (void)str_format(buf, 224, "servers.%s%s%s.%s", r->c->servers[u->server].name,
                     u->zone != NULL ? ".zones." : "", u->zone != NULL ? u->zone : "",
                     u->option); /* cut it is clear enough */
    return buf;
}

/* Sorted, equal names stand side by side; the later is told about the first. */
static void check_used(struct reader *r, struct used *list, size_t n, const char *what)
{
    size_t first = 0;

    qsort(list, n, sizeof(*list), used_order);
    for (size_t i = 1; i < n; i++) {
        const struct used *u = &list[i];
        char where[224], other[224];

        if (!str_eq(u->name, list[first].name)) {
            first = i;
            continue;
        }
        problem_add(r->problems,
                    setting_line(u->zone != NULL ? setting_zone(r, u->server, u->zone)
                                                 : r->server_settings[u->server],
                                 u->option),
                    "%s: %s %s is that of %s already: every %s needs its own",
                    used_text(r, u, where), what, u->name,
                    used_text(r, &list[first], other),
                    u->zone != NULL ? "zone" : "server");
    }
}

/* The text of an option of a server or a zone; NULL: there is none such. */
static const char *text_of(const char *section, const char *name, const void *base)
{
    const struct option *o = option_find(section, name);
    const char *text = NULL;

    if (o != NULL)
        memcpy(&text, (const char *)base + o->offset, sizeof(text));
    return text;
}

static void check_unique(struct reader *r, const char *what, const char *const names[],
                         size_t n_names)
{
    struct used *list;
    size_t n = 0, at = 0;

    list = arena_alloc(r->c->arena, r->c->n_servers * n_names * (1 + MAX_ZONES),
                       sizeof(*list));
    if (list == NULL)
        return; /* the arena says so at the end */
    for (size_t i = 0; i < r->c->n_servers; i++) {
        const struct server_config *s = &r->c->servers[i];

        for (size_t z = 0; z <= s->n_zones; z++) {
            const char *section = z == 0 ? "servers" : "servers.zones";
            const void *base = z == 0 ? (const void *)s : &s->zones[z - 1];

            for (size_t k = 0; k < n_names; k++) {
                const char *name = text_of(section, names[k], base);

                if (name != NULL && name[0] != '\0')
                    list[n++] = (struct used){name, names[k], i,
                                              z == 0 ? NULL : s->zones[z - 1].name, at++};
            }
        }
    }
    check_used(r, list, n, what);
}

/* What one mover needs and the other does not know (design 5). */
static void check_mover(struct reader *r, size_t i)
{
    static const char *const of_ec2[] = {"launch_template", "image",       "key_name",
                                         "user_data_file",  "iam_profile", "handover"},
                             *const by_itself[] = {"subnet", "security_groups"};
    const struct server_config *s = &r->c->servers[i];
    config_setting_t *group = r->server_settings[i];
    bool is_ec2 = s->mover != NULL && str_eq(s->mover, "ec2");
    bool has_template = s->launch_template != NULL && s->launch_template[0] != '\0';
    bool has_image = s->image != NULL && s->image[0] != '\0';

    /* "gap" is what the others do, too. */
    for (size_t k = 0; !is_ec2 && k < ARRAY_LEN(of_ec2); k++) {
        if (config_setting_get_member(group, of_ec2[k]) != NULL &&
            (s->overlaps || !str_eq(of_ec2[k], "handover")))
            problem_add(r->problems, setting_line(group, of_ec2[k]),
                        "servers.%s.%s: only the mover ec2 knows it: leave it out, or "
                        "write mover = \"ec2\"",
                        s->name, of_ec2[k]);
    }
    if (!is_ec2)
        return;
    if (has_template == has_image)
        problem_add(r->problems, setting_line(group, has_image ? "image" : "mover"),
                    has_image
                        ? "servers.%s.image: launch_template says what is launched "
                          "already: keep one of them"
                        : "servers.%s.mover: \"ec2\" needs what is to be launched: write "
                          "launch_template = \"NAME\" or image = \"ami-...\"",
                    s->name);
    if (s->static_address != NULL && s->static_address[0] != '\0')
        problem_add(r->problems, setting_line(group, "static_address"),
                    "servers.%s.static_address: with the mover ec2 the address is that "
                    "of the interface: write eni = \"eni-...\"",
                    s->name);
    for (size_t k = 0; s->eni != NULL && s->eni[0] != '\0' && k < ARRAY_LEN(by_itself);
         k++) {
        if (config_setting_get_member(group, by_itself[k]) != NULL)
            problem_add(r->problems, setting_line(group, by_itself[k]),
                        "servers.%s.%s: the interface has its own: leave it out, or "
                        "leave eni out",
                        s->name, by_itself[k]);
    }
}

static void check_servers(struct reader *r)
{
    static const char *const nodes[] = {"onprem_node", "cloud_node"},
                             *const vm[] = {"vm"}, *const uuid[] = {"vm_uuid"},
                             *const eni[] = {"eni"},
                             *const address[] = {"static_address"};

    check_unique(r, "the Jenkins node", nodes, ARRAY_LEN(nodes));
    check_unique(r, "the VM", vm, 1);
    check_unique(r, "the VM with UUID", uuid, 1);
    check_unique(r, "the ENI", eni, 1);
    check_unique(r, "the address", address, 1);
    for (size_t i = 0; i < r->c->n_servers; i++)
        check_mover(r, i);
}

static void check_needed_sections(struct reader *r)
{
    static const struct {
        const char *mover, *section, *write;
    } needs[] = {{"velostrata", "velostrata", "url = ..."},
                 {"ec2", "aws", "region = ..."}};
    bool told[ARRAY_LEN(needs)] = {false};
    config_setting_t *servers = setting_group(r, "servers");

    for (size_t i = 0; i < option_section_count; i++) {
        const char *name = option_sections[i].name;

        if (option_sections[i].must && config_setting_get_member(r->root, name) == NULL)
            problem_add(r->problems, 1,
                        "the section %s is missing: write %s = { ... } (%s)", name, name,
                        option_sections[i].help);
    }
    if (servers != NULL && config_setting_length(servers) == 0)
        problem_add(r->problems, (int)config_setting_source_line(servers),
                    "servers: there is none: write cache = { vm = ... }");
    for (size_t i = 0; i < r->c->n_servers; i++) {
        const char *mover = r->c->servers[i].mover;
        size_t k = 0;

        while (mover != NULL && k < ARRAY_LEN(needs) && !str_eq(mover, needs[k].mover))
            k++;
        if (mover == NULL || k == ARRAY_LEN(needs) || told[k] ||
            config_setting_get_member(r->root, needs[k].section) != NULL)
            continue;
        told[k] = true; /* once is enough */
        problem_add(r->problems, setting_line(r->server_settings[i], "mover"),
                    "servers.%s.mover: \"%s\" needs the section %s: write %s = { %s }",
                    r->c->servers[i].name, mover, needs[k].section, needs[k].section,
                    needs[k].write);
    }
}

/* As AWS allows, before it is encoded. */
enum { USER_DATA_BYTES = 16 * 1024 };

static void read_user_data(struct reader *r, size_t i)
{
    struct server_config *s = &r->c->servers[i];
    struct strbuf b;
    struct err e = {0};

    if (s->user_data_file == NULL)
        return;
    strbuf_init(&b, USER_DATA_BYTES);
    if (config_text_of(s->user_data_file, &b, &e) == ERR_NOT_FOUND) {
        err_clear(&e);
        (void)err_set(&e, ERR_CONFIG, "%.100s: there is no such file", s->user_data_file);
    }
    if (e.code == ERR_OK && strlen(strbuf_text(&b)) != b.len)
        (void)err_set(&e, ERR_CONFIG, "it is no text");
    if (e.code == ERR_NOMEM)
        problems_fail(r->problems);
    else if (e.code != ERR_OK)
        problem_add(r->problems, setting_line(r->server_settings[i], "user_data_file"),
                    "servers.%s.user_data_file: %s", s->name, e.text);
    else
        s->user_data = arena_strndup(r->c->arena, strbuf_text(&b), b.len);
    strbuf_clear(&b);
}

void config_check(struct reader *r)
{
    check_needed_sections(r);
    check_site(r);
    check_policy(r);
    check_api(r, "velostrata", &r->c->velostrata.api);
    check_api(r, "jenkins", &r->c->jenkins);
    check_api(r, "vsphere", &r->c->vsphere);
    check_aws(r);
    check_api(r, "lock", &r->c->lock.api);
    config_check_lock(r);
    check_servers(r);
    for (size_t i = 0; i < r->c->n_servers; i++)
        read_user_data(r, i);
}

/* ----- secrets ----- */

/* The environment has none any more: it was taken out of it at the start. */
static enum err_code keep_secret(const struct config *before, const char *name,
                                 struct secret **out, struct err *e)
{
    const struct api_config *const apis[] = {&before->velostrata.api, &before->jenkins,
                                             &before->vsphere, &before->lock.api};

    for (size_t i = 0; i < ARRAY_LEN(apis); i++) {
        if (apis[i]->secret != NULL && apis[i]->secret_env != NULL &&
            str_eq(apis[i]->secret_env, name)) {
            *out = secret_ref(apis[i]->secret);
            return ERR_OK;
        }
    }
    return err_set(e, ERR_CONFIG,
                   "the environment variable %.80s is read at the start alone: restart, "
                   "or use a file",
                   name);
}

static enum err_code read_secret(const struct reader *r, const struct api_config *api,
                                 struct secret **out, struct err *e)
{
    char *argv[MAX_COMMAND_ARGS + 1] = {NULL};

    if (api->secret_file != NULL)
        return secret_from_file(api->secret_file, out, e);
    if (api->secret_env != NULL && r->before != NULL)
        return keep_secret(r->before, api->secret_env, out, e);
    if (api->secret_env != NULL)
        return secret_from_environment(api->secret_env, out, e);
    if (api->secret_credential != NULL)
        return secret_from_credential(api->secret_credential, out, e);
    /* exec's list is not const by an accident of history; nobody writes to it. */
    memcpy(argv, api->secret_command, api->n_secret_command * sizeof(argv[0]));
    return secret_from_command(argv, out, e);
}

static void read_api_secret(struct reader *r, const char *section, struct api_config *api)
{
    config_setting_t *group = setting_group(r, section);
    const struct option *first = NULL;
    enum err_code rc = ERR_OK;
    struct err e = {0};
    /* etcd may ask for nobody's name. */
    bool usable, without = str_eq(section, "lock") && api->user == NULL;

    if (group == NULL)
        return;
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];

        if (!o->secret || !str_eq(o->section, section) ||
            config_setting_get_member(group, o->name) == NULL)
            continue;
        if (first != NULL) {
            problem_add(r->problems, setting_line(group, o->name),
                        "%s.%s: the secret has a source already, %s: keep one of them",
                        section, o->name, first->name);
            return;
        }
        first = o;
        api->secret_is_token = str_starts(o->name, "token_");
    }
    if (first == NULL && r->need_sources && !without)
        problem_add(
            r->problems, (int)config_setting_source_line(group),
            "%s: it has no secret: write %s = \"FILE\" (a file of mode 0600)", section,
            option_find(section, "token_file") != NULL ? "token_file" : "password_file");
    usable = api->secret_file != NULL || api->secret_env != NULL ||
             api->secret_credential != NULL || api->n_secret_command > 0;
    if (first == NULL || !usable)
        return;
    if (r->load_secrets)
        rc = read_secret(r, api, &api->secret, &e);
    else if (r->need_sources && api->secret_file != NULL)
        rc = secret_file_check(api->secret_file, &e);
    if (rc != ERR_OK)
        problem_add(r->problems, setting_line(group, first->name), "%s.%s: %s", section,
                    first->name, e.text);
}

void config_read_secrets(struct reader *r)
{
    read_api_secret(r, "velostrata", &r->c->velostrata.api);
    read_api_secret(r, "jenkins", &r->c->jenkins);
    read_api_secret(r, "vsphere", &r->c->vsphere);
    read_api_secret(r, "lock", &r->c->lock.api);
}
