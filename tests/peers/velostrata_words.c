/*
 * velostrata_words - holds our reading of a Velostrata manager against the vendor's own
 * lists of words. usage: velostrata_words < lines "LIST WORD". Each word is put into an
 * answer where the manager would, and read by the shipped client. Prints a line for each
 * list; ends with 1 when a word is not understood, or a list is missing or new.
 */
#include <config.h>

#include "core/api/velostrata.h"
#include "core/model/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

/* ----- one answer, whatever is asked ----- */

static struct answers {
    char vms[512], vm[1024], extension[1024], tasks[1024];
} answers;

static enum err_code answer(void *ctx, const struct http_request *rq,
                            struct http_response *rs, struct err *e)
{
    const struct answers *a = ctx;

    (void)e;
    rs->status = 200;
    (void)str_copy(rs->content_type, sizeof(rs->content_type), "application/json");
    strbuf_puts(&rs->body, str_ends(rq->url, "/vms")                ? a->vms
                           : strstr(rq->url, "/vms/") != NULL       ? a->vm
                           : strstr(rq->url, "cloudextens") != NULL ? a->extension
                                                                    : a->tasks);
    return ERR_OK;
}

/* What a manager would say with these words. */
static struct words {
    const char *managed, *migration, *cloud_instance, *power, *instance, *extension,
        *check, *component, *task, *task_type, *edge, *run_mode, *storage, *exporter,
        *size, *license, *tenancy, *info;
} usual = {"InCloud",     "None",        "Started",        "Running", "Running",
           "Active",      "StorageGrid", "EdgeA",          "Running", "RunVmInCloud",
           "NodeA",       "Normal",      "WriteIsolation", "Active",  "Large",
           "Marketplace", "Default",     "SpotRequestId"};

static void write_answers(const struct words *w)
{
    char state[400];

    (void)str_format(
        state, sizeof(state),
        "{\"id\":{\"_type\":\"VmId\",\"value\":\"vm-1\"},\"state\":\"%s\","
        "\"migrationState\":\"%s\",\"cloudInstanceState\":\"%s\",\"edgeNode\":\"%s\","
        "\"runMode\":\"%s\",\"storagePolicy\":\"%s\",\"isSpot\":true}",
        w->managed, w->migration, w->cloud_instance, w->edge, w->run_mode, w->storage);
    (void)str_format(answers.vms, sizeof(answers.vms), "[%s]", state);
    (void)str_format(answers.vm, sizeof(answers.vm),
                     "{\"stateInfo\":%s,\"cloudInfo\":{\"_type\":\"AwsInstanceInfo\","
                     "\"id\":\"i-1\",\"powerState\":\"%s\",\"state\":\"%s\","
                     "\"tenancy\":\"%s\",\"isSpot\":true}}",
                     state, w->power, w->instance, w->tenancy);
    (void)str_format(answers.extension, sizeof(answers.extension),
                     "{\"stateInfo\":{\"id\":{\"value\":\"ce-1\"},\"state\":\"%s\","
                     "\"failedHealthChecks\":[{\"healthCheck\":\"%s\",\"component\":"
                     "\"%s\"}]},\"cloudInfo\":{\"size\":\"%s\",\"licenseType\":\"%s\","
                     "\"vmExporters\":[{\"instanceId\":\"i-1\",\"status\":\"%s\"}]}}",
                     w->extension, w->check, w->component, w->size, w->license,
                     w->exporter);
    (void)str_format(answers.tasks, sizeof(answers.tasks),
                     "{\"number\":0,\"numberOfElements\":1,\"totalElements\":1,"
                     "\"totalPages\":1,\"content\":[{\"id\":{\"value\":\"t-1\"},\"type\":"
                     "\"%s\",\"state\":\"%s\",\"additionalInfo\":{\"%s\":\"sir-1\"}}]}",
                     w->task_type, w->task, w->info);
}

static struct observation *read_with(const struct words *w)
{
    static const struct velostrata_config config = {
        .api = {.url = "https://manager.example/velostrata/api/v25", .user = "apiuser"},
        .cloud_extension = "ce-1"};
    const struct transport t = {answer, &answers};
    const struct poll_hints none = {0};
    struct velostrata *v = NULL;
    struct observation *o = observation_new(SOURCE_VELOSTRATA);
    struct err e = {0};

    write_answers(w);
    if (o == NULL || velostrata_new(&config, &t, &v, &e) != ERR_OK ||
        velostrata_observe(v, &none, o, &e) != ERR_OK || o->as.velostrata.n_vms != 1 ||
        o->as.velostrata.n_tasks != 1 ||
        (!o->as.velostrata.vms[0].has_instance && !str_eq(w->managed, "Unmanaged"))) {
        printf("FAIL cannot be read: %s\n", e.text);
        exit(1);
    }
    velostrata_free(v);
    return o;
}

/* ----- what each list means to us ----- */

static const struct seen_managed_vm *vm_of(const struct observation *o)
{
    return &o->as.velostrata.vms[0];
}

static bool managed_is_known(const struct observation *o, const char *word)
{
    return vm_of(o)->state != MANAGED_UNKNOWN && str_eq(vm_of(o)->raw_state, word);
}

/* No return is asked for in these; nothing else of a migration concerns us. */
static bool migration_is_known(const struct observation *o, const char *word)
{
    return vm_of(o)->migration_busy ==
           (str_eq(word, "Detaching") || str_eq(word, "Detached") ||
            str_eq(word, "CleaningUp"));
}

static bool cloud_instance_is_known(const struct observation *o, const char *word)
{
    return vm_of(o)->instance_stopped == str_eq(word, "Stopped");
}

/* The words of AWS stand beside: "Unknown" leaves it to them. */
static bool power_is_known(const struct observation *o, const char *word)
{
    return (vm_of(o)->instance.state == INSTANCE_UNKNOWN) == str_eq(word, "Unknown");
}

static bool instance_is_known(const struct observation *o, const char *word)
{
    (void)word;
    return vm_of(o)->instance.state != INSTANCE_UNKNOWN;
}

static bool extension_is_known(const struct observation *o, const char *word)
{
    return o->as.velostrata.extension != EXTENSION_UNKNOWN &&
           o->as.velostrata.extension != EXTENSION_NONE &&
           str_eq(o->as.velostrata.extension_raw, word);
}

static bool problem_is_told(const struct observation *o, const char *word)
{
    return strstr(o->as.velostrata.extension_problem, word) != NULL;
}

static bool task_is_known(const struct observation *o, const char *word)
{
    (void)word;
    return o->as.velostrata.tasks[0].state != TASK_UNKNOWN;
}

static bool task_type_is_told(const struct observation *o, const char *word)
{
    return str_eq(o->as.velostrata.tasks[0].type, word);
}

static bool info_is_read(const struct observation *o, const char *word)
{
    return str_eq(o->as.velostrata.tasks[0].spot_request,
                  str_eq(word, "SpotRequestId") ? "sir-1" : "");
}

/* It stands in every answer and says nothing that we act on. */
static bool is_harmless(const struct observation *o, const char *word)
{
    (void)word;
    return vm_of(o)->state == MANAGED_IN_CLOUD &&
           o->as.velostrata.extension == EXTENSION_ACTIVE &&
           o->as.velostrata.tasks[0].state == TASK_RUNNING;
}

static struct list {
    const char *name, *what;
    size_t at; /* of struct words; NOWHERE: in no answer that we read */
    bool (*is_good)(const struct observation *o, const char *word);
    int words, wrong;
} lists[] = {
#define AT(field) offsetof(struct words, field)
#define NOWHERE   ((size_t)-1)
    {"ManagedVmState", "places of a VM", AT(managed), managed_is_known, 0, 0},
    {"MigrationState", "when no return is asked for", AT(migration), migration_is_known,
     0, 0},
    {"CloudInstanceState", "when it is started again", AT(cloud_instance),
     cloud_instance_is_known, 0, 0},
    {"PowerState", "states of an instance", AT(power), power_is_known, 0, 0},
    {"InstanceState", "states of an instance, as AWS has them", AT(instance),
     instance_is_known, 0, 0},
    {"CloudExtensionState", "states of the extension", AT(extension), extension_is_known,
     0, 0},
    {"HealthCheckName", "told with the extension", AT(check), problem_is_told, 0, 0},
    {"CheckedElementType", "told with the extension", AT(component), problem_is_told, 0,
     0},
    {"TaskState", "ends of a task", AT(task), task_is_known, 0, 0},
    {"TaskType", "told with a task", AT(task_type), task_type_is_told, 0, 0},
    {"AdditionInfoKey", "the spot request of a task", AT(info), info_is_read, 0, 0},
    {"EdgeNode", "not acted on", AT(edge), is_harmless, 0, 0},
    {"RunMode", "not acted on", AT(run_mode), is_harmless, 0, 0},
    {"StoragePolicy", "not acted on", AT(storage), is_harmless, 0, 0},
    {"ExporterStatus", "not acted on", AT(exporter), is_harmless, 0, 0},
    {"CeSize", "not acted on", AT(size), is_harmless, 0, 0},
    {"LicenseType", "not acted on", AT(license), is_harmless, 0, 0},
    {"TenancyType", "not acted on", AT(tenancy), is_harmless, 0, 0},
    {"CheckResultType", "of calls that we do not make", NOWHERE, NULL, 0, 0},
    {"AvailabilityState", "of calls that we do not make", NOWHERE, NULL, 0, 0},
    {"CloudProvider", "of calls that we do not make", NOWHERE, NULL, 0, 0},
};

static void take(struct list *l, const char *word)
{
    struct words w = usual;
    struct observation *o;

    l->words++;
    if (l->at == NOWHERE)
        return;
    if (str_eq(l->name, "PowerState"))
        w.instance = ""; /* alone */
    if (str_eq(l->name, "InstanceState"))
        w.power = "";
    *(const char **)((char *)&w + l->at) = word;
    o = read_with(&w);
    if (!l->is_good(o, word)) {
        printf("FAIL %s: \"%s\" is not understood\n", l->name, word);
        l->wrong++;
    }
    observation_unref(o);
}

/* What we may send is a word of theirs; with theirs known, the other way round. */
static void check_option(const char *name, const char *list_name, const char *word)
{
    const struct option *o = option_find("velostrata", name);

    if (o == NULL || o->choices == NULL || strstr(o->choices, word) == NULL) {
        printf("FAIL velostrata.%s does not know %s of %s\n", name, word, list_name);
        failures++;
    }
}

int main(void)
{
    char line[256];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *word = strchr(line, ' ');
        size_t i = 0;

        if (word == NULL)
            continue;
        *word++ = '\0';
        word[strcspn(word, "\r\n")] = '\0';
        while (i < ARRAY_LEN(lists) && !str_eq(lists[i].name, line))
            i++;
        if (i == ARRAY_LEN(lists)) {
            printf("FAIL the list %s (%s) is new\n", line, word);
            failures++;
            continue;
        }
        take(&lists[i], word);
        if (str_eq(line, "EdgeNode"))
            check_option("edge_node", line, word);
        if (str_eq(line, "StoragePolicy"))
            check_option("storage_policy", line, word);
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        bool ok = lists[i].words > 0 && lists[i].wrong == 0;

        printf("%-4s words of %s: %d, %s\n", ok ? "ok" : "FAIL", lists[i].name,
               lists[i].words, lists[i].what);
        failures += ok ? 0 : 1;
    }
    return failures == 0 ? 0 : 1;
}
