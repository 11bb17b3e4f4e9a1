#include <config.h>

#include "core/api/velostrata_internal.h"

#include "core/base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_URL_BYTES = 2048,
    MAX_BODY_BYTES = 8192,
    PAGE_SIZE = 100,
    MAX_PAGES = 50,
    MAX_DETAILS = 16 /* of VMs in one poll */
};

enum err_code velostrata_new(const struct velostrata_config *config,
                             const struct transport *t, struct velostrata **out,
                             struct err *e)
{
    struct velostrata *v = calloc(1, sizeof(*v));
    enum err_code rc;

    if (v == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a Velostrata client");
    v->config = config;
    v->transport = *t;
    strbuf_init(&v->url, MAX_URL_BYTES);
    strbuf_init(&v->body, MAX_BODY_BYTES);
    http_response_init(&v->rs);
    rc = siphash_key_new(&v->key, e);
    if (rc == ERR_OK)
        rc = answer_base_url(config->api.url, v->base, sizeof(v->base), e);
    if (rc != ERR_OK) {
        err_wrap(e, "velostrata");
        velostrata_free(v);
        return rc;
    }
    *out = v;
    return ERR_OK;
}

void velostrata_free(struct velostrata *v)
{
    if (v == NULL)
        return;
    observation_unref(v->last);
    free(v->details);
    http_response_clear(&v->rs);
    strbuf_clear(&v->url);
    strbuf_clear(&v->body);
    free(v);
}

int64_t velostrata_retry_after_s(const struct velostrata *v)
{
    return v->rs.retry_after_s;
}

void velostrata_path(struct velostrata *v, const char *path)
{
    strbuf_reset(&v->body);
    strbuf_reset(&v->url);
    strbuf_puts(&v->url, v->base);
    strbuf_puts(&v->url, path);
}

enum err_code velostrata_exchange(struct velostrata *v, const char *method, bool mutating,
                                  const char *what, struct err *e)
{
    const struct api_config *api = &v->config->api;
    struct http_request rq = {
        .method = method,
        .url = strbuf_text(&v->url),
        .headers = {{"Accept", "application/json", false}},
        .n_headers = 1,
        .auth = api->secret != NULL ? HTTP_AUTH_BASIC : HTTP_AUTH_NONE,
        .user = api->user,
        .password = api->secret,
        .mutating = mutating,
    };
    enum err_code rc;

    v->rs.maybe_sent = false; /* of the exchange before */
    if (v->url.failed || v->body.failed)
        return err_set(e, ERR_NOMEM, "%s: no memory for the request", what);
    if (v->body.len > 0) {
        rq.content_type = "application/json";
        rq.body = strbuf_text(&v->body);
        rq.body_len = v->body.len;
    }
    rc = transport_perform(&v->transport, &rq, &v->rs, e);
    if (rc != ERR_OK)
        err_wrap(e, "%s", what);
    return rc;
}

enum err_code velostrata_status_error(struct velostrata *v, const char *what,
                                      struct err *e)
{
    struct err plain = {0}, ignored = {0};
    enum err_code code = http_status_error(&v->rs, what, &plain);
    struct json_doc *doc = NULL;
    char message[128] = "";
    const char *s;
    size_t len;

    e->http = v->rs.status;
    if (answer_json(&v->rs, what, &doc, &ignored) == ERR_OK) {
        s = json_text(json_doc_root(doc), "message", &len);
        if (s == NULL || len == 0)
            s = json_text(json_doc_root(doc), "errorCode", &len);
        if (s != NULL)
            (void)text_clean(message, sizeof(message), s, len);
        json_doc_free(doc);
    }
    if (message[0] != '\0' && code != ERR_AUTH)
        return err_set(e, code, "%s: HTTP %d: %s", what, v->rs.status, message);
    return err_set(e, code, "%s", plain.text);
}

enum got { GOT_NOTHING, GOT_AGAIN, GOT_DOCUMENT };

/* What came is worth reading: did it come before? */
static enum got take(struct velostrata *v, struct again *a, const struct strbuf *question)
{
    if (again_take(a, &v->key, question, &v->rs, (struct again_skip){0}))
        return GOT_AGAIN;
    v->differs = true;
    return v->rs.status == 404 ? GOT_NOTHING : GOT_DOCUMENT;
}

struct ask {
    const char *what;
    bool missing_is_fine; /* 404: GOT_NOTHING */
    struct again *again;
};

/* GET of v->url: the document (owned) with GOT_DOCUMENT, else NULL. */
static enum err_code get(struct velostrata *v, const struct ask *a, struct observation *o,
                         enum got *got, struct json_doc **out, struct err *e)
{
    enum err_code rc = velostrata_exchange(v, "GET", false, a->what, e);

    *out = NULL;
    if (rc != ERR_OK)
        return rc;
    answer_note_time(o, &v->rs);
    if (v->rs.status != 200 && (v->rs.status != 404 || !a->missing_is_fine))
        return velostrata_status_error(v, a->what, e);
    *got = take(v, a->again, &v->url);
    return *got == GOT_DOCUMENT ? answer_json(&v->rs, a->what, out, e) : ERR_OK;
}

/* ---- VMs -------------------------------------------------------------------------- */

/* The list as it was, its details still to come; room for what is known of them. */
static bool copy_vms(struct velostrata *v, struct observation *o,
                     struct seen_managed_vm **out)
{
    const struct obs_velostrata *last = &v->last->as.velostrata;
    struct seen_managed_vm *vms = arena_alloc(o->arena, last->n_vms, sizeof(*vms));

    if (vms == NULL)
        return false;
    for (size_t i = 0; i < last->n_vms; i++)
        velostrata_copy_listed(o->arena, &last->vms[i], &vms[i]);
    o->as.velostrata.vms = *out = vms;
    o->as.velostrata.n_vms = last->n_vms;
    return true;
}

/* Other VMs: nothing is known of their details. */
static bool forget_details(struct velostrata *v, size_t n)
{
    free(v->details);
    v->details = calloc(n + 1, sizeof(*v->details));
    v->n_details = v->details != NULL ? n : 0;
    return v->details != NULL;
}

/*
 * A VM that is not listed is at home, so an entry that cannot be told spoils the whole
 * answer.
 */
static enum err_code read_vms(struct velostrata *v, struct observation *o,
                              struct seen_managed_vm **out, struct err *e)
{
    static const char what[] = "velostrata: GET vms";
    const struct ask ask = {.what = what, .again = &v->vms};
    struct json_doc *doc = NULL;
    const json_value *list;
    struct seen_managed_vm *vms = NULL;
    enum got got;
    size_t n;
    enum err_code rc;

    velostrata_path(v, "/vms");
    rc = get(v, &ask, o, &got, &doc, e);
    if (rc != ERR_OK)
        return rc;
    if (got == GOT_AGAIN)
        return copy_vms(v, o, out) ? ERR_OK
                                   : err_set(e, ERR_NOMEM, "%s: no memory", what);
    list = json_doc_root(doc);
    n = json_list_len(list);
    if (!json_is_list(list)) {
        rc = err_set(e, ERR_PROTOCOL, "%s: no list in the answer", what);
        goto out;
    }
    vms = arena_alloc(o->arena, n, sizeof(*vms));
    if (vms == NULL || !forget_details(v, n)) {
        rc = err_set(e, ERR_NOMEM, "%s: no memory for %zu VMs", what, n);
        goto out;
    }
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        if (!velostrata_read_vm(json_list_at(list, i), o->arena, &vms[i]))
            rc = err_set(e, ERR_PROTOCOL, "%s: entry %zu names no VM", what, i);
out:
    json_doc_free(doc);
    if (rc != ERR_OK)
        return rc;
    o->as.velostrata.vms = *out = vms;
    o->as.velostrata.n_vms = n;
    return ERR_OK;
}

static const struct seen_managed_vm *find_last(const struct velostrata *v,
                                               const char *vm_id, size_t guess)
{
    const struct obs_velostrata *last;

    if (v->last == NULL)
        return NULL;
    last = &v->last->as.velostrata;
    if (guess < last->n_vms && str_eq(last->vms[guess].vm_id, vm_id))
        return &last->vms[guess]; /* the order hardly ever changes */
    for (size_t i = 0; i < last->n_vms; i++)
        if (str_eq(last->vms[i].vm_id, vm_id))
            return &last->vms[i];
    return NULL;
}

/* Takes over what was known of the VM's instance; whether it must be read again now. */
static bool needs_details(const struct velostrata *v, struct arena *a, size_t i,
                          struct seen_managed_vm *vm)
{
    const struct seen_managed_vm *last = find_last(v, vm->vm_id, i);

    if (vm->state == MANAGED_UNMANAGED || vm->vm_id[0] == '\0')
        return false;
    if (last != NULL && last->has_instance) {
        vm->has_instance = true;
        velostrata_copy_instance(a, &last->instance, &vm->instance);
    }
    return last == NULL || !str_eq(last->raw_state, vm->raw_state) || last->unreadable ||
           vm->has_tasks || vm->state == MANAGED_TO_CLOUD ||
           vm->state == MANAGED_RETURNING || !vm->has_instance ||
           vm->instance.state != INSTANCE_RUNNING;
}

/* Does the answer say something of this one VM, and nothing of the manager? */
static bool refuses_one(int status)
{
    return status == 500 || (status >= 400 && status < 500 && status != 401 &&
                             status != 408 && status != 429);
}

/* Of the VM at that place, for which what is known has been carried over. That stays what
 * is known when the manager refuses to tell: one VM must not hide all the others. */
static enum err_code read_details(struct velostrata *v, struct observation *o, size_t i,
                                  struct seen_managed_vm *vm, struct err *e)
{
    const struct ask ask = {.what = "velostrata: GET one VM",
                            .missing_is_fine = true,
                            .again = &v->details[i]};
    const struct seen_instance before = vm->instance;
    struct json_doc *doc = NULL;
    enum got got;
    enum err_code rc;

    velostrata_path(v, "/vms");
    rc = answer_add_segment(&v->url, vm->vm_id, "VM", e);
    if (rc == ERR_OK)
        rc = get(v, &ask, o, &got, &doc, e);
    if (rc != ERR_OK && e->http != 0 && refuses_one(e->http)) {
        err_clear(e);
        again_forget(&v->details[i]);
        v->differs = vm->unreadable = true;
        return ERR_OK;
    }
    if (rc != ERR_OK || got == GOT_AGAIN)
        return rc;
    vm->has_instance = doc != NULL && velostrata_read_instance(json_doc_root(doc),
                                                               o->arena, &vm->instance);
    json_doc_free(doc);
    if (vm->has_instance && str_eq(vm->instance.id, before.id))
        vm->instance.spot_request = before.spot_request;
    return ERR_OK;
}

/* The spot request is known from the task that made the instance, and kept from then. */
static void link_spot_requests(struct seen_managed_vm *vms, size_t n,
                               const struct seen_task *tasks, size_t n_tasks)
{
    for (size_t t = 0; t < n_tasks; t++)
        for (size_t i = 0; tasks[t].spot_request[0] != '\0' && i < n; i++)
            if (vms[i].has_instance && str_eq(vms[i].vm_id, tasks[t].entity))
                vms[i].instance.spot_request = tasks[t].spot_request;
}

/* Details of what moves or changed; when nothing of it is told, of one VM a poll in turn.
 */
static enum err_code read_all_details(struct velostrata *v, struct observation *o,
                                      struct seen_managed_vm *vms, size_t n,
                                      struct err *e)
{
    size_t read = 0, told = 0, in_turn = n, first = n > 0 ? v->turn % n : 0;
    enum err_code rc = ERR_OK;

    for (size_t k = 0; k < n && rc == ERR_OK; k++) {
        size_t i = (first + k) % n;
        bool needed = needs_details(v, o->arena, i, &vms[i]);

        if (needed && read < MAX_DETAILS) {
            rc = read_details(v, o, i, &vms[i], e);
            read++;
            told += vms[i].unreadable ? 0 : 1;
            v->turn = i + 1;
        } else if (!needed && in_turn == n && vms[i].state != MANAGED_UNMANAGED &&
                   vms[i].vm_id[0] != '\0') {
            in_turn = i;
        }
    }
    if (rc == ERR_OK && told == 0 && in_turn < n) {
        rc = read_details(v, o, in_turn, &vms[in_turn], e);
        v->turn = in_turn + 1;
    }
    return rc;
}

/* ---- tasks ------------------------------------------------------------------------ */

struct task_list {
    struct seen_task *tasks;
    size_t n, cap;
    int page_size;
};

static bool has_task(const struct task_list *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->tasks[i].id, id))
            return true;
    return false;
}

static enum err_code keep_task(struct task_list *l, const struct seen_task *t,
                               struct err *e)
{
    if (has_task(l, t->id)) /* pages shift when a task ends meanwhile */
        return ERR_OK;
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 16 : l->cap * 2;
        struct seen_task *more = reallocarray(l->tasks, cap, sizeof(*more));

        if (more == NULL)
            return err_set(e, ERR_NOMEM, "velostrata: no memory for its tasks");
        l->tasks = more;
        l->cap = cap;
    }
    l->tasks[l->n++] = *t;
    return ERR_OK;
}

static enum err_code add_task(struct task_list *l, struct observation *o,
                              const json_value *entry, struct err *e)
{
    struct seen_task t;

    if (!velostrata_read_task(entry, o->arena, &t))
        return err_set(e, ERR_PROTOCOL, "velostrata: a task without an id");
    return keep_task(l, &t, e);
}

/* Tasks of `last` from one place to another; with an id only that one. */
static enum err_code copy_tasks(struct velostrata *v, struct observation *o,
                                const char *id, struct task_list *l, struct err *e)
{
    const struct obs_velostrata *last = &v->last->as.velostrata;
    size_t first = id == NULL ? 0 : v->n_active;
    size_t end = id == NULL ? v->n_active : last->n_tasks;
    enum err_code rc = ERR_OK;

    for (size_t i = first; i < end && rc == ERR_OK; i++) {
        struct seen_task t;

        if (id != NULL && !str_eq(last->tasks[i].id, id))
            continue;
        velostrata_copy_task(o->arena, &last->tasks[i], &t);
        rc = keep_task(l, &t, e);
    }
    return rc;
}

/* One page of active tasks; *more: another one follows. */
static enum err_code read_page(struct velostrata *v, struct observation *o, int page,
                               struct task_list *l, bool *more, struct err *e)
{
    static const char what[] = "velostrata: POST tasks";
    struct json_doc *doc = NULL;
    const json_value *content;
    int64_t pages;
    size_t n;
    enum err_code rc;

    velostrata_path(v, "/tasks");
    strbuf_printf(&v->body,
                  "{\"filter\":{\"_type\":\"TaskStateFilter\",\"state\":[\"Running\","
                  "\"Failing\",\"Cancelling\"]},\"page\":%d,\"size\":%d}",
                  page, l->page_size);
    rc = velostrata_exchange(v, "POST", false, what, e); /* a question, changes nothing */
    if (rc != ERR_OK)
        return rc;
    answer_note_time(o, &v->rs);
    if (v->rs.status != 200 && v->rs.status != 201)
        return velostrata_status_error(v, what, e);
    if (page == 0 && take(v, &v->tasks, &v->body) == GOT_AGAIN) {
        *more = false;
        return copy_tasks(v, o, NULL, l, e);
    }
    rc = answer_json(&v->rs, what, &doc, e);
    if (rc != ERR_OK)
        return rc;
    content = json_get(json_doc_root(doc), "content");
    n = json_list_len(content);
    if (!json_is_list(content))
        rc = err_set(e, ERR_PROTOCOL, "%s: no list of tasks in the answer", what);
    for (size_t i = 0; i < n && rc == ERR_OK; i++)
        rc = add_task(l, o, json_list_at(content, i), e);
    if (json_i64(json_doc_root(doc), "totalPages", 0, INT32_MAX, &pages))
        *more = page + 1 < pages;
    else
        *more = n >= (size_t)l->page_size;
    if (page > 0)
        RH_PROBE("velostrata-next-page");
    if (*more)
        again_forget(&v->tasks); /* one page of several says little */
    json_doc_free(doc);
    return rc;
}

/* A task that somebody waits for and that is active no more. */
static enum err_code read_ended(struct velostrata *v, struct observation *o,
                                struct again *again, const char *id, struct task_list *l,
                                struct err *e)
{
    const struct ask ask = {
        .what = "velostrata: GET one task", .missing_is_fine = true, .again = again};
    struct json_doc *doc = NULL;
    enum got got = GOT_NOTHING;
    enum err_code rc;

    velostrata_path(v, "/tasks");
    rc = answer_add_segment(&v->url, id, "task", e);
    if (rc == ERR_OK)
        rc = get(v, &ask, o, &got, &doc, e);
    if (rc == ERR_OK && got == GOT_AGAIN)
        rc = copy_tasks(v, o, id, l, e);
    if (rc == ERR_OK && doc != NULL)
        rc = add_task(l, o, json_doc_root(doc), e);
    json_doc_free(doc);
    return rc;
}

static enum err_code read_tasks(struct velostrata *v, const struct poll_hints *hints,
                                struct observation *o, struct err *e)
{
    struct task_list l = {0};
    struct seen_task *kept;
    size_t active;
    bool more = true;
    enum err_code rc = ERR_OK;

    l.page_size = RH_BUGGIFY("tasks-one-by-one") ? 1 : PAGE_SIZE;
    for (int page = 0; more && rc == ERR_OK; page++) {
        if (page == MAX_PAGES)
            rc = err_set(e, ERR_TOO_BIG, "velostrata: more than %d pages of tasks",
                         MAX_PAGES);
        else
            rc = read_page(v, o, page, &l, &more, e);
    }
    active = l.n;
    for (size_t i = 0; i < HINT_IDS && rc == ERR_OK; i++)
        if (i >= hints->n || hints->ids[i][0] == '\0' || has_task(&l, hints->ids[i]))
            again_forget(&v->ended[i]); /* `last` will not hold it */
        else
            rc = read_ended(v, o, &v->ended[i], hints->ids[i], &l, e);
    if (rc == ERR_OK) {
        kept = arena_alloc(o->arena, l.n, sizeof(*kept));
        if (kept != NULL && l.n > 0)
            memcpy(kept, l.tasks, l.n * sizeof(*kept));
        o->as.velostrata.tasks = kept;
        o->as.velostrata.n_tasks = kept != NULL ? l.n : 0;
        v->n_active = active;
    }
    free(l.tasks);
    return rc;
}

/* ---- the poll --------------------------------------------------------------------- */

static enum err_code read_extension(struct velostrata *v, struct observation *o,
                                    struct err *e)
{
    const struct ask ask = {.what = "velostrata: GET cloud extension",
                            .missing_is_fine = true,
                            .again = &v->extension};
    struct obs_velostrata *seen = &o->as.velostrata;
    struct json_doc *doc = NULL;
    enum got got;
    enum err_code rc;

    seen->extension_id = arena_strdup(o->arena, v->config->cloud_extension);
    velostrata_path(v, "/cloudextensions");
    rc = answer_add_segment(&v->url, v->config->cloud_extension, "cloud extension", e);
    if (rc == ERR_OK)
        rc = get(v, &ask, o, &got, &doc, e);
    if (rc != ERR_OK)
        return rc;
    if (got == GOT_AGAIN) {
        velostrata_copy_extension(o->arena, &v->last->as.velostrata, seen);
        return ERR_OK;
    }
    if (doc == NULL) {
        seen->extension = EXTENSION_NONE;
        seen->extension_problem = "there is no cloud extension of this id";
        return ERR_OK;
    }
    velostrata_read_extension(json_doc_root(doc), o->arena, seen);
    json_doc_free(doc);
    return ERR_OK;
}

/* After a failure every answer is read: nobody knows which of them went into `last`. */
static void forget_answers(struct velostrata *v)
{
    again_forget(&v->vms);
    again_forget(&v->extension);
    again_forget(&v->tasks);
    for (size_t i = 0; i < HINT_IDS; i++)
        again_forget(&v->ended[i]);
    for (size_t i = 0; i < v->n_details; i++)
        again_forget(&v->details[i]);
}

enum err_code velostrata_observe(struct velostrata *v, const struct poll_hints *hints,
                                 struct observation *o, struct err *e)
{
    struct seen_managed_vm *vms = NULL;
    enum err_code rc;

    o->took_ms = 0;
    v->differs = v->last == NULL;
    o->as.velostrata = (struct obs_velostrata){.extension_id = "",
                                               .extension_raw = "",
                                               .edge_a_zone = "",
                                               .edge_b_zone = "",
                                               .extension_problem = ""};
    rc = read_vms(v, o, &vms, e);
    if (rc == ERR_OK)
        rc = read_extension(v, o, e);
    if (rc == ERR_OK)
        rc = read_tasks(v, hints, o, e);
    if (rc == ERR_OK)
        rc = read_all_details(v, o, vms, o->as.velostrata.n_vms, e);
    if (rc == ERR_OK)
        link_spot_requests(vms, o->as.velostrata.n_vms, o->as.velostrata.tasks,
                           o->as.velostrata.n_tasks);
    if (rc == ERR_OK && arena_failed(o->arena))
        rc = err_set(e, ERR_NOMEM, "velostrata: its answers do not fit into memory");
    if (rc != ERR_OK) {
        forget_answers(v);
        return rc;
    }
    /* A task that nobody asks for any more is no answer that differs. */
    if (!v->differs && o->as.velostrata.n_tasks == v->last->as.velostrata.n_tasks)
        observation_again(o, v->last);
    observation_unref(v->last);
    v->last = observation_ref(o);
    return ERR_OK;
}
