#include <config.h>

#include "core/model/config_internal.h"

#include "core/base/str.h"

/* The lock that several controllers share: what only the whole tells. */

enum { LAUNCH_S = 40 }; /* RunInstances has more time than other calls (design 5) */

/* The longest of the calls that change something: the lease must outlast it. */
static int64_t longest_call(const struct config *c)
{
    const int64_t all[] = {c->velostrata.api.present ? c->velostrata.api.timeout : 0,
                           c->jenkins.timeout, c->vsphere.timeout,
                           c->aws.present ? c->aws.timeout : 0,
                           c->aws.present ? LAUNCH_S : 0};
    int64_t longest = 0;

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        longest = all[i] > longest ? all[i] : longest;
    return longest;
}

void config_check_lock(struct reader *r)
{
    config_setting_t *group = setting_group(r, "lock");
    const struct lock_config *l = &r->c->lock;
    struct err e = {0};
    int64_t least;

    for (size_t i = 0; group != NULL && i < l->n_etcd; i++) {
        err_clear(&e);
        if (url_check(l->etcd[i], l->api.allow_http, &e) != ERR_OK)
            problem_add(r->problems, setting_line(group, "etcd"), "lock.etcd: %s",
                        e.text);
    }
    if (group != NULL && l->api.user == NULL &&
        (l->api.secret_file != NULL || l->api.secret_env != NULL ||
         l->api.secret_credential != NULL || l->api.n_secret_command > 0))
        problem_add(r->problems, (int)config_setting_source_line(group),
                    "lock: a password without a user: add user = \"NAME\"");
    if (group == NULL || l->n_etcd == 0)
        return;
    if (l->renew * 3 > l->ttl)
        problem_add(r->problems, setting_line(group, "renew"),
                    "lock.renew: %llds is more than a third of ttl (%llds): a renewal "
                    "that is lost must do no harm",
                    (long long)l->renew, (long long)l->ttl);
    /* A call begins only when it ends before the lease does (reliability 7). */
    least = l->renew + LEASE_MARGIN_S + l->api.timeout + longest_call(r->c);
    if (l->ttl < least)
        problem_add(r->problems, setting_line(group, "ttl"),
                    "lock.ttl: a lease of %llds may end before a call does: write %llds "
                    "or more (renew, its timeout, the longest timeout of a call, %d s)",
                    (long long)l->ttl, (long long)least, LEASE_MARGIN_S);
}
