#include <config.h>

#include "tests/unit/table.h"

#include "core/base/attr.h"
#include "tests/contract/vsphere_site.h"

#include <string.h>

/* clang-format off */
#define VM(power, more) RESULT(OBJECT("VirtualMachine", "vm-27", \
    VAL("runtime.powerState", "x", power) VAL("runtime.connectionState", "x", "connected") \
    more))
#define REFERENCE(task) \
    "<ManagedObjectReference type=\"Task\">" task "</ManagedObjectReference>"
#define RECENT(a, b) \
    "<propSet><name>recentTask</name><val>" REFERENCE(a) REFERENCE(b) "</val></propSet>"
#define TASK(state, more) RESULT(OBJECT("Task", "task-38", \
    VAL("info.state", "TaskInfoState", state) more))
#define TASK_FAULT(type, inside) \
    "<propSet><name>info.error</name><val xmlns:i=\"" XSI "\" i:type=\"LocalizedMethodFault\">" \
    "<fault i:type=\"" type "\">" inside "</fault>" \
    "<localizedMessage>it did not work</localizedMessage></val></propSet>"
#define ACCEPTED(method) SOAP("<" method "Response xmlns=\"urn:vim25\"><returnval " \
    "type=\"Task\">task-38</returnval></" method "Response>")
#define GONE(type, id) FAULT("ManagedObjectNotFound", "<obj type=\"" type "\">" id "</obj>")

/* Rules of what is asked: reading the VM, reading the task, the three calls. */
#define READ_VM   .needle = "<obj type=\"VirtualMachine\">vm-27</obj>"
#define READ_TASK .needle = "<obj type=\"Task\">task-38</obj>"
#define READ_OTHER .needle = "<obj type=\"Task\">task-7</obj>"
#define ON        .needle = "<PowerOnVM_Task "
#define OFF       .needle = "<PowerOffVM_Task "
#define ASK       .needle = "<ShutdownGuest "
#define ASKED     SOAP("<ShutdownGuestResponse xmlns=\"urn:vim25\"/>")
#define LOST      .error = ERR_RESET, .maybe_sent = true

enum { MAX_RULES = 8 };

static const struct row {
    const char *what;
    enum call_kind kind;
    struct script_rule rules[MAX_RULES];
    int waits_left;       /* -1 = for ever, -2 = no wait function at all */
    enum outcome want;
    enum err_code code;
    size_t sends;         /* of the call itself */
    const char *text;     /* in the error's text, NULL = none */
} rows[] = {
    {"power on, followed to its end", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .times = 1, .body = TASK("queued", "")},
      {READ_TASK, .times = 2, .body = TASK("running", "")},
      {READ_TASK, .body = TASK("success", "<propSet><name>info.error</name><val/></propSet>")}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"power on of a suspended VM resumes it", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("suspended", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .body = TASK("success", "")}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"on already", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOn", "")}}, -1, OUTCOME_DONE, ERR_OK, 0, NULL},
    {"off already: nothing to shut down", CALL_VM_SHUTDOWN,
     {{READ_VM, .body = VM("poweredOff", "")}}, -1, OUTCOME_DONE, ERR_OK, 0, NULL},
    {"not followed without a wait", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")}, {OFF, .body = ACCEPTED("PowerOffVM_Task")}},
     -2, OUTCOME_DONE, ERR_OK, 1, NULL},

    {"the task fails", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .body = TASK("error", TASK_FAULT("NotEnoughLicenses", ""))}},
     -1, OUTCOME_FAILED, ERR_REFUSED, 1, "NotEnoughLicenses: it did not work"},
    {"the task fails without a word", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .body = TASK("error", "")}}, -1, OUTCOME_FAILED, ERR_SERVER, 1, "fault"},
    {"the task finds it done", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .body = TASK("error", TASK_FAULT("InvalidPowerState",
       "<requestedState>poweredOn</requestedState><existingState>poweredOn</existingState>"))}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"the task is gone, and it is done", CALL_VM_POWER_ON,
     {{READ_VM, .times = 1, .body = VM("poweredOff", "")}, {READ_VM, .body = VM("poweredOn", "")},
      {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .status = 500, .body = GONE("Task", "task-38")}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"the task is gone, and it is not done", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .status = 500, .body = GONE("Task", "task-38")}},
     -1, OUTCOME_FAILED, ERR_CONFLICT, 1, "its task is gone; the VM is off"},
    {"the task runs on when time is up", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", VAL("runtime.question", "x", "<text>moved?</text>"))},
      {ON, .body = ACCEPTED("PowerOnVM_Task")}, {READ_TASK, .body = TASK("running", "")}},
     3, OUTCOME_UNKNOWN, ERR_CONFLICT, 1, "answer to a question"},
    {"the task runs on for ten minutes", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .body = TASK("running", "")}},
     -1, OUTCOME_UNKNOWN, ERR_CONFLICT, 1, "still runs"},
    {"reading the task fails for a while", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .times = 2, .error = ERR_TIMEOUT},
      {READ_TASK, .times = 1, .status = 503}, {READ_TASK, .body = TASK("success", "")}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"the session dies while the task runs", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .body = ACCEPTED("PowerOnVM_Task")},
      {READ_TASK, .times = 1, .status = 500, .body = FAULT("NotAuthenticated", "")},
      {READ_TASK, .body = TASK("success", "")}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},

    {"the answer is lost, and it is done", CALL_VM_POWER_OFF,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")}, {READ_VM, .body = VM("poweredOff", "")},
      {OFF, LOST}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"the answer is lost, and it is not done", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")}, {OFF, .times = 1, LOST},
      {OFF, .body = ACCEPTED("PowerOffVM_Task")}, {READ_TASK, .body = TASK("success", "")}},
     -1, OUTCOME_DONE, ERR_OK, 2, NULL},
    {"the answer is lost, and its task runs", CALL_VM_POWER_OFF,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")},
      {READ_VM, .times = 1, .body = VM("poweredOn", RECENT("task-7", "task-6"))},
      {READ_VM, .body = VM("poweredOff", "")}, {OFF, LOST},
      {READ_OTHER, .times = 2, .body = TASK("running", "")},
      {READ_OTHER, .body = TASK("success", "")}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"the answer is lost twice", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", RECENT("task-6", "task-7"))}, {OFF, LOST},
      {READ_OTHER, .body = TASK("success", "")}}, -1, OUTCOME_UNKNOWN, ERR_RESET, 2, NULL},
    {"the answer is lost, and so is the look", CALL_VM_POWER_OFF,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")}, {READ_VM, .error = ERR_CONNECT},
      {OFF, LOST}}, -1, OUTCOME_UNKNOWN, ERR_RESET, 1, NULL},
    {"the answer is a proxy's 504", CALL_VM_POWER_OFF,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")}, {READ_VM, .body = VM("poweredOff", "")},
      {OFF, .status = 504, .body = "<html>"}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"it never left", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")}, {OFF, .error = ERR_CONNECT}},
     -1, OUTCOME_FAILED, ERR_CONNECT, 1, NULL},
    {"the session is dead", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")},
      {OFF, .times = 1, .status = 500, .body = FAULT("NotAuthenticated", "")},
      {OFF, .body = ACCEPTED("PowerOffVM_Task")}, {READ_TASK, .body = TASK("success", "")}},
     -1, OUTCOME_DONE, ERR_OK, 2, NULL},
    {"the session is dead again", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")},
      {OFF, .status = 500, .body = FAULT("NotAuthenticated", "")}},
     -1, OUTCOME_FAILED, ERR_AUTH, 2, "NotAuthenticated"},

    {"a fault finds it done", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")}, {OFF, .status = 500,
      .body = FAULT("InvalidPowerState", "<existingState>poweredOff</existingState>")}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"a fault finds it elsewhere", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")}, {OFF, .status = 500,
      .body = FAULT("InvalidPowerState", "<existingState>suspended</existingState>")}},
     -1, OUTCOME_FAILED, ERR_CONFLICT, 1, "InvalidPowerState"},
    {"another task is in the way, and does it", CALL_VM_POWER_OFF,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")}, {READ_VM, .body = VM("poweredOff", "")},
      {OFF, .status = 500, .body = FAULT("TaskInProgress", "<task type=\"Task\">task-7</task>")},
      {READ_OTHER, .times = 2, .body = TASK("running", "")},
      {READ_OTHER, .body = TASK("success", "")}}, -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"another task is in the way, and does not", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("poweredOn", "")},
      {OFF, .status = 500, .body = FAULT("TaskInProgress", "<task type=\"Task\">task-7</task>")},
      {READ_OTHER, .body = TASK("success", "")}},
     -1, OUTCOME_FAILED, ERR_CONFLICT, 1, "another task was in the way"},
    {"a free licence", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")},
      {ON, .status = 500, .body = FAULT("RestrictedVersion", "")}},
     -1, OUTCOME_FAILED, ERR_FORBIDDEN, 1, "RestrictedVersion: said so"},
    {"no permission", CALL_VM_POWER_ON,
     {{READ_VM, .body = VM("poweredOff", "")}, {ON, .status = 500, .body = FAULT("NoPermission",
      "<object type=\"VirtualMachine\">vm-27</object>"
      "<privilegeId>VirtualMachine.Interact.PowerOn</privilegeId>")}},
     -1, OUTCOME_FAILED, ERR_FORBIDDEN, 1, "needs VirtualMachine.Interact.PowerOn on vm-27"},
    {"the VM is gone", CALL_VM_POWER_ON,
     {{READ_VM, .status = 500, .body = GONE("VirtualMachine", "vm-27")}},
     -1, OUTCOME_FAILED, ERR_NOT_FOUND, 0, NULL},
    {"a proxy's 404 is no missing VM", CALL_VM_POWER_ON,
     {{READ_VM, .status = 404}}, -1, OUTCOME_FAILED, ERR_PROTOCOL, 0, NULL},
    {"the VM is not connected", CALL_VM_POWER_ON,
     {{READ_VM, .body = RESULT(OBJECT("VirtualMachine", "vm-27",
       VAL("runtime.powerState", "x", "poweredOff")
       VAL("runtime.connectionState", "x", "inaccessible")))}},
     -1, OUTCOME_FAILED, ERR_CONFLICT, 0, "not connected"},
    {"no power state", CALL_VM_POWER_ON,
     {{READ_VM, .body = RESULT("")}}, -1, OUTCOME_FAILED, ERR_PROTOCOL, 0, NULL},
    {"off while suspended", CALL_VM_POWER_OFF,
     {{READ_VM, .body = VM("suspended", "")}}, -1, OUTCOME_FAILED, ERR_CONFLICT, 0, "resume"},

    {"a guest is asked and not waited for", CALL_VM_SHUTDOWN,
     {{READ_VM, .times = 1, .body = VM("poweredOn", "")}, {ASK, .body = ASKED}},
     -1, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"a guest that is off", CALL_VM_SHUTDOWN,
     {{READ_VM, .body = VM("poweredOff", "")}}, -1, OUTCOME_DONE, ERR_OK, 0, NULL},
    {"guest shutdown without waiting", CALL_VM_SHUTDOWN,
     {{READ_VM, .body = VM("poweredOn", "")}, {ASK, .body = ASKED}},
     -2, OUTCOME_DONE, ERR_OK, 1, NULL},
    {"no tools in the guest", CALL_VM_SHUTDOWN,
     {{READ_VM, .body = VM("poweredOn", "")},
      {ASK, .status = 500, .body = FAULT("ToolsUnavailable", "")}},
     -1, OUTCOME_FAILED, ERR_REFUSED, 1, "ToolsUnavailable"},
    {"not a call of ours", CALL_NODE_CLOSE, {{READ_VM, .body = VM("poweredOn", "")}},
     -1, OUTCOME_FAILED, ERR_BUG, 0, "node-close"},
};
/* clang-format on */

static void run(const struct row *row)
{
    struct call call = {.id = 77, .kind = row->kind};
    struct call_result r;
    struct site s;
    size_t sends = 0;

    site_open(&s);
    site_greets(&s);
    for (size_t i = 0; i < MAX_RULES && row->rules[i].needle != NULL; i++)
        script_add(&s.script, row->rules[i]);
    s.waits_left = row->waits_left;
    if (row->waits_left == -2)
        vsphere_set_wait(s.client, NULL, NULL);
    (void)str_copy(call.target, sizeof(call.target), "vm-27");
    vsphere_act(s.client, &call, &r);
    for (size_t i = 0; i < s.script.n_requests; i++)
        sends += s.script.requests[i].is_mutating ? 1 : 0;
    if (r.outcome != row->want || r.err.code != row->code || sends != row->sends)
        print_error("%s, %s \"%s\", %zu sent\n", outcome_word(r.outcome),
                    err_code_name(r.err.code), r.err.text, sends);
    assert_row(row->what, r.outcome == row->want);
    assert_row(row->what, r.err.code == row->code);
    assert_row(row->what, sends == row->sends);
    assert_row(row->what, row->text == NULL || strstr(r.err.text, row->text) != NULL);
    assert_row(row->what, r.id == 77);
    assert_row(row->what, (r.err.text[0] != '\0') == (row->code != ERR_OK));
    site_close(&s);
}

static void test_acts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        run(&rows[i]);
}

static void test_detail_and_time(void **state)
{
    struct call call = {.id = 1, .kind = CALL_VM_POWER_OFF};
    struct call_result r;
    struct site s;

    (void)state;
    site_open(&s);
    site_greets(&s);
    script_add(&s.script, (struct script_rule){READ_VM, .body = VM("poweredOn", "")});
    script_add(&s.script, (struct script_rule){OFF, .body = ACCEPTED("PowerOffVM_Task")});
    script_add(&s.script,
               (struct script_rule){READ_TASK, .times = 2, .body = TASK("running", "")});
    script_add(&s.script, (struct script_rule){READ_TASK, .body = TASK("success", "")});
    (void)str_copy(call.target, sizeof(call.target), "vm-27");
    vsphere_act(s.client, &call, &r);
    assert_int_equal(r.outcome, OUTCOME_DONE);
    assert_string_equal(r.detail, "task-38");
    assert_int_equal(r.took_ms, 2000);
    assert_int_equal(r.at.s, 1800000002);
    assert_non_null(strstr(script_request(&s.script, "<PowerOffVM_Task ", 0)->body,
                           "<PowerOffVM_Task xmlns=\"urn:vim25\"><_this "
                           "type=\"VirtualMachine\">vm-27</_this></PowerOffVM_Task>"));
    /* A worker needs no view. */
    assert_int_equal(script_count(&s.script, "<CreateContainerView "), 0);
    site_close(&s);
}

static void test_wrong_password_sends_nothing(void **state)
{
    struct call call = {.id = 1, .kind = CALL_VM_POWER_OFF};
    struct call_result r;
    struct site s;

    (void)state;
    site_open(&s);
    script_add(&s.script, (struct script_rule){.needle = "<Login ",
                                               .status = 500,
                                               .body = FAULT("InvalidLogin", "")});
    site_greets(&s);
    (void)str_copy(call.target, sizeof(call.target), "vm-27");
    for (int i = 0; i < 10; i++) {
        vsphere_act(s.client, &call, &r);
        assert_int_equal(r.outcome, OUTCOME_FAILED);
        assert_int_equal(r.err.code, ERR_AUTH);
    }
    assert_int_equal(script_count(&s.script, "<Login "), 1);
    site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_detail_and_time),
        cmocka_unit_test(test_wrong_password_sends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
