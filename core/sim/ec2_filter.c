/*
 * ec2_filter - filters, lists of ids and pages, the same for every Describe action.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/ec2_call.h"

#include <string.h>

/* ---- filters ---- */

bool ec2_wildcard(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text != '\0') {
        const char *p = pattern;
        bool literal = *p == '\\' && p[1] != '\0';

        if (!literal && *p == '*') {
            star = ++pattern;
            resume = text;
            continue;
        }
        p += literal;
        if ((!literal && *p == '?') || (*p != '\0' && *p == *text)) {
            pattern = p + 1;
            text++;
            continue;
        }
        if (star == NULL)
            return false;
        pattern = star; /* the last star takes one character more */
        text = ++resume;
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool is_known(const char *const *names, const char *name)
{
    for (; *names != NULL; names++)
        if (str_eq(*names, name) ||
            (str_eq(*names, "tag:") && str_starts(name, "tag:") && name[4] != '\0'))
            return true;
    return false;
}

bool ec2_filters_read(struct ec2_call *c, const char *const *names,
                      struct ec2_filters *out)
{
    const char *name;

    *out = (struct ec2_filters){0};
    for (int i = 1; (name = form_item(&c->form, "Filter", i, "Name")) != NULL; i++) {
        struct ec2_filter f = {.name = name};

        if (i > EC2_MAX_FILTERS) {
            ec2_error(c, 400, "FilterLimitExceeded",
                      "The maximum number of filters specified in a request is %d.",
                      EC2_MAX_FILTERS);
            return false;
        }
        if (!is_known(names, name)) {
            ec2_error(c, 400, "InvalidParameterValue", "The filter '%.100s' is invalid",
                      name);
            return false;
        }
        (void)str_format(f.values, sizeof(f.values), "Filter.%d.Value", i); /* fits */
        if (!ec2_has_list(c, f.values)) {
            ec2_error(c, 400, "InvalidParameterValue",
                      "The filter '%.100s' has no values", name);
            return false;
        }
        if (form_item(&c->form, f.values, EC2_MAX_VALUES + 1, "") != NULL) {
            ec2_error(c, 400, "FilterLimitExceeded",
                      "The maximum number of filter values specified in a request is %d.",
                      EC2_MAX_VALUES);
            return false;
        }
        out->list[out->n++] = f;
    }
    return true;
}

static bool any_matches(const struct ec2_call *c, const struct ec2_filter *filter,
                        const struct ec2_facts *facts)
{
    const char *value;

    for (int i = 1; (value = form_item(&c->form, filter->values, i, "")) != NULL; i++)
        for (size_t k = 0; k < facts->n; k++)
            if (ec2_wildcard(value, facts->at[k]))
                return true;
    return false;
}

bool ec2_filters_match(const struct ec2_call *c, const struct ec2_filters *filters,
                       const void *item, ec2_fact_fn *facts)
{
    for (size_t i = 0; i < filters->n; i++) {
        struct ec2_facts f = {.n = 0};

        facts(c, item, filters->list[i].name, &f);
        if (!any_matches(c, &filters->list[i], &f))
            return false;
    }
    return true;
}

void ec2_fact(struct ec2_facts *out, const char *text)
{
    if (text[0] != '\0' && out->n < EC2_MAX_FACTS)
        out->at[out->n++] = text;
}

bool ec2_tag_facts(const struct sim_tag *tags, size_t n, const char *filter,
                   struct ec2_facts *out)
{
    bool by_key = str_eq(filter, "tag-key");

    if (!by_key && !str_starts(filter, "tag:"))
        return false;
    for (size_t i = 0; i < n; i++)
        if (by_key)
            ec2_fact(out, tags[i].key);
        else if (str_eq(tags[i].key, filter + 4) && out->n < EC2_MAX_FACTS)
            out->at[out->n++] = tags[i].value; /* an empty value is one, too */
    return true;
}

/* ---- ids ---- */

bool ec2_has_list(const struct ec2_call *c, const char *prefix)
{
    return form_item(&c->form, prefix, 1, "") != NULL;
}

bool ec2_listed(const struct ec2_call *c, const char *prefix, const char *id)
{
    const char *one;
    int i = 1;

    for (; (one = form_item(&c->form, prefix, i, "")) != NULL; i++)
        if (str_eq(one, id))
            return true;
    return i == 1;
}

/* ---- pages ---- */

static const char token_mark[] = "rh1.";

bool ec2_page_read(struct ec2_call *c, const char *ids, size_t max_default,
                   struct ec2_page *out)
{
    const char *max = form_get(&c->form, "MaxResults");
    const char *token = form_get(&c->form, "NextToken");
    struct err e = {0};
    int64_t n = (int64_t)max_default;

    *out = (struct ec2_page){.next = -1};
    if (max != NULL && ids != NULL && ec2_has_list(c, ids)) {
        ec2_error(c, 400, "InvalidParameterCombination",
                  "The parameter %s cannot be used with the parameter maxResults", ids);
        return false;
    }
    if (max != NULL &&
        str_to_i64(max, EC2_MIN_RESULTS, EC2_MAX_RESULTS, &n, &e) != ERR_OK) {
        ec2_error(c, 400, "InvalidParameterValue",
                  "Value ( %.20s ) for parameter maxResults is invalid. Expecting a "
                  "value from %d to %d.",
                  max, EC2_MIN_RESULTS, EC2_MAX_RESULTS);
        return false;
    }
    out->left = (size_t)n;
    if (token == NULL || token[0] == '\0')
        return true;
    if (!str_starts(token, token_mark) ||
        str_to_i64(token + sizeof(token_mark) - 1, 0, INT64_MAX, &out->from, &e) !=
            ERR_OK) {
        ec2_error(c, 400, "InvalidPaginationToken",
                  "The pagination token is not valid: restart the listing");
        return false;
    }
    return true;
}

bool ec2_page_takes(struct ec2_page *p, int64_t position)
{
    if (position < p->from || p->next >= 0)
        return false;
    if (p->left == 0) {
        p->next = position;
        return false;
    }
    p->left--;
    return true;
}

void ec2_page_end(struct ec2_call *c, const struct ec2_page *p, bool always)
{
    if (p->next >= 0)
        strbuf_printf(&c->rs->body, "<nextToken>%s%lld</nextToken>", token_mark,
                      (long long)p->next);
    else if (always)
        strbuf_puts(&c->rs->body, "<nextToken></nextToken>");
}
