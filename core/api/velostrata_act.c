#include <config.h>

#include "core/api/velostrata_internal.h"

#include <string.h>

/* maxPrice as a JSON number with as many decimals as it has: never through a double. */
static void put_price(struct strbuf *b, struct usd price)
{
    char text[USD_TEXT];
    size_t len = strlen(usd_text(price, 9, text));

    while (len > 2 && text[len - 1] == '0' && text[len - 2] != '.')
        text[--len] = '\0';
    strbuf_puts(b, text);
}

static void put_field(struct strbuf *b, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    strbuf_putc(b, ',');
    json_put_text(b, name);
    strbuf_putc(b, ':');
    json_put_text(b, value);
}

static void put_pricing(struct strbuf *b, const struct run_in_cloud *run)
{
    if (!run->spot) {
        strbuf_puts(b, ",\"pricingModel\":{\"_type\":\"OnDemandPricingModel\"}");
        return;
    }
    strbuf_puts(b, ",\"pricingModel\":{\"_type\":\"SpotMarketBidParams\"");
    if (run->has_max_price) {
        strbuf_puts(b, ",\"maxPrice\":");
        put_price(b, run->max_price);
    }
    strbuf_putc(b, '}');
}

static void put_run_in_cloud(struct strbuf *b, const char *vm_id,
                             const struct run_in_cloud *run)
{
    strbuf_puts(b, "{\"_type\":\"MoveToAwsRequest\"");
    put_field(b, "sourceVmId", vm_id);
    put_field(b, "instanceType", run->instance_type);
    put_field(b, "edgeNode", run->edge_node);
    put_field(b, "runMode", "Normal");
    put_pricing(b, run);
    put_field(b, "storagePolicy", run->storage_policy);
    put_field(b, "subnetId", run->subnet);
    put_field(b, "staticAddress", run->static_address);
    if (run->eni_field[0] != '\0')
        put_field(b, run->eni_field, run->eni);
    for (size_t i = 0; i < run->n_security_groups && i < MAX_SECURITY_GROUPS; i++) {
        strbuf_puts(b, i == 0 ? ",\"securityGroupIds\":[" : ",");
        json_put_text(b, run->security_groups[i]);
    }
    strbuf_puts(b, run->n_security_groups > 0 ? "]}" : "}");
}

/* URL and body of the call's one POST. */
static enum err_code make_request(struct velostrata *v, const struct call *call,
                                  struct err *e)
{
    bool of_extension =
        call->kind == CALL_EXTENSION_START || call->kind == CALL_EXTENSION_STOP;
    bool runs = call->kind == CALL_RUN_IN_CLOUD;
    const char *operation = call->kind == CALL_START_IN_CLOUD    ? "start"
                            : call->kind == CALL_EXTENSION_START ? "start"
                            : call->kind == CALL_EXTENSION_STOP  ? "stop"
                            : call->kind == CALL_RETURN          ? "return"
                                                                 : "moveVm";
    enum err_code rc;

    velostrata_path(v, of_extension || runs ? "/cloudextensions" : "/vms");
    rc = answer_add_segment(&v->url, runs ? v->config->cloud_extension : call->target,
                            of_extension || runs ? "cloud extension" : "VM", e);
    strbuf_puts(&v->url, "/operations/");
    strbuf_puts(&v->url, operation);
    if (call->kind == CALL_RETURN)
        strbuf_puts(&v->url, call->force ? "?force=true" : "?force=false");
    if (runs && (call->target[0] == '\0' || call->run.instance_type[0] == '\0' ||
                 call->run.edge_node[0] == '\0'))
        return err_set(e, ERR_BUG, "velostrata: run-in-cloud without VM, type or edge");
    if (runs)
        put_run_in_cloud(&v->body, call->target, &call->run);
    return rc;
}

/* Whether the words of a refusal say that the cloud has no room for such an instance. */
static bool says_no_capacity(const struct strbuf *body)
{
    static const char *const words[] = {
        "insufficientinstancecapacity",
        "insufficient capacity",
        "insufficienthostcapacity",
        "insufficientcapacity",
        "no capacity",
        "no spot capacity",
        "capacity-not-available",
        "not enough capacity",
        "unfulfillablecapacity",
    };
    const char *text = strbuf_text(body);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasestr(text, words[i]) != NULL)
            return true;
    return false;
}

/* The id of the task that was started, "" when the answer names none. */
static void take_task_id(struct velostrata *v, const char *what, struct call_result *r)
{
    struct json_doc *doc = NULL;
    struct arena *a = arena_new(4096);
    const json_value *root;
    size_t len;
    const char *id;

    if (a == NULL || answer_json(&v->rs, what, &doc, &r->err) != ERR_OK)
        goto out;
    root = json_doc_root(doc);
    id =
        json_is_object(root) ? velostrata_id(a, root, "value") : json_text_of(root, &len);
    if (id != NULL)
        (void)str_copy(r->detail, sizeof(r->detail), id);
out:
    if (a == NULL || arena_failed(a))
        (void)err_set(&r->err, ERR_NOMEM, "%s: no memory for its task", what);
    json_doc_free(doc);
    arena_free(a);
}

static void judge(struct velostrata *v, const char *what, struct call_result *r)
{
    int status = v->rs.status;

    if (status == 200 || status == 201 || status == 202) {
        take_task_id(v, what, r);
        if (r->detail[0] != '\0') {
            answer_result(r, OUTCOME_DONE);
            return;
        }
        /* Perhaps a login page, perhaps done: looking at the tasks tells. */
        (void)err_set(&r->err, ERR_PROTOCOL, "%s: HTTP %d names no task", what, status);
        answer_result(r, OUTCOME_UNKNOWN);
        return;
    }
    if (status >= 400 && says_no_capacity(&v->rs.body)) {
        r->err.http = status;
        (void)err_set(&r->err, ERR_CAPACITY, "%s: HTTP %d, no capacity", what, status);
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    (void)velostrata_status_error(v, what, &r->err);
    answer_result(r, answer_is_vague(status) ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
}

static bool is_ours(enum call_kind k)
{
    return k == CALL_RUN_IN_CLOUD || k == CALL_START_IN_CLOUD || k == CALL_RETURN ||
           k == CALL_EXTENSION_START || k == CALL_EXTENSION_STOP;
}

void velostrata_act(struct velostrata *v, const struct call *call, struct call_result *r)
{
    char what[ID_TEXT + 48];

    *r = (struct call_result){.id = call->id};
    (void)str_format(what, sizeof(what), "velostrata: %s of %.70s", call_word(call->kind),
                     call->target);
    if (!is_ours(call->kind)) {
        (void)err_set(&r->err, ERR_BUG, "%s: not a call of Velostrata", what);
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    if (make_request(v, call, &r->err) != ERR_OK) {
        answer_result(r, OUTCOME_FAILED);
        return;
    }
    if (velostrata_exchange(v, "POST", true, what, &r->err) == ERR_OK)
        judge(v, what, r);
    else
        answer_result(r, v->rs.maybe_sent ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
    r->took_ms = v->rs.took_ms;
    r->at = v->rs.received;
}
