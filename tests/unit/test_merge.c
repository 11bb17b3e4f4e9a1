#include <config.h>

#include "core/base/str.h"
#include "core/engine/controller.h"
#include "core/engine/effects.h"
#include "tests/unit/table.h"

#include <string.h>

/*
 * Whose VM is whose in what vSphere lists, reading after reading: the order may change,
 * machines of others may stand between, a name may be there twice or not at all.
 */

enum { NOW = 1795377600, SERVERS = 3, LISTED = 4, READINGS = 3 };

static const char text[] =
    "site = { tz = \"UTC\" }\n"
    "velostrata = { url = \"http://127.0.0.1:1/v\" cloud_extension = \"ce-1\" }\n"
    "jenkins = { url = \"http://127.0.0.1:1/j\" user = \"r\" }\n"
    "vsphere = { url = \"http://127.0.0.1:1/sdk\" user = \"r\" }\n"
    "aws = { region = \"eu-west-1\" }\n"
    "servers = {\n"
    "  a = { vm = \"vm-a\" mover = \"velostrata\" onprem_node = \"a\" cloud_node = "
    "\"ac\"\n"
    "        instance_types = [\"c5.large\"] }\n"
    "  b = { vm = \"vm-b\" mover = \"velostrata\" onprem_node = \"b\" cloud_node = "
    "\"bc\"\n"
    "        instance_types = [\"c5.large\"] }\n"
    "  u = { vm = \"old name\" vm_uuid = \"4211-UU\" mover = \"velostrata\"\n"
    "        onprem_node = \"u\" cloud_node = \"uc\" instance_types = [\"c5.large\"] } "
    "}\n";

/* The machine of a letter: its id is it, u is told by its UUID. */
static struct seen_vm machine(char letter, char text_of[3][8])
{
    (void)str_format(text_of[0], sizeof(text_of[0]), "id-%c", letter);
    (void)str_format(text_of[1], sizeof(text_of[1]), "vm-%c",
                     letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    (void)str_format(text_of[2], sizeof(text_of[2]), "%s",
                     letter == 'u' ? "4211-uu" : "none");
    return (struct seen_vm){.id = text_of[0],
                            .name = text_of[1],
                            .uuid = "",
                            .instance_uuid = text_of[2],
                            .ip = "",
                            .host = "host-1",
                            .power = POWER_ON,
                            .connected = true,
                            .ready_permille = -1,
                            .costop_permille = -1};
}

/* The VM that each server has after a reading of those machines, "?" = none; a capital
 * letter is another machine of that name. */
static void check_reading(const char *what, struct controller *c, struct effects *fx,
                          int64_t at, const char *listed, const char *want)
{
    struct observation *o = observation_new(SOURCE_VSPHERE);
    struct event ev = {.kind = EVENT_OBSERVATION, .now = {NOW + at}};
    char texts[LISTED][3][8];
    struct seen_vm *vms;

    assert_non_null(o);
    vms = arena_alloc(o->arena, LISTED, sizeof(*vms));
    assert_non_null(vms);
    for (size_t i = 0; listed[i] != '\0'; i++) {
        const char **const kept[] = {&vms[i].id, &vms[i].name, &vms[i].instance_uuid};

        vms[i] = machine(listed[i], texts[i]);
        for (size_t k = 0; k < ARRAY_LEN(kept); k++)
            *kept[k] = arena_strdup(o->arena, *kept[k]);
    }
    o->at = ev.now;
    o->as.vsphere =
        (struct obs_vsphere){.vms = vms, .n_vms = strlen(listed), .load_problem = ""};
    ev.mono.ms = 1000000 + at * 1000;
    ev.as.observation = o;
    controller_step(c, &ev, fx);
    for (size_t i = 0; i < SERVERS; i++) {
        const struct server_facts *f = controller_server(c, i).facts;
        bool twice = strstr(f->blocked, "two VMs are called") != NULL;

        assert_row(what,
                   f->vm_id[0] == '\0' ? want[2 * i] == '?' : f->vm_id[3] == want[2 * i]);
        assert_row(what, twice == (want[2 * i + 1] == '2'));
        assert_row(what, f->power == (want[2 * i] == '?' ? POWER_UNKNOWN : POWER_ON));
    }
}

static void test_whose_vm(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct { const char *listed, *want; } readings[READINGS];
    } rows[] = {
        {"as configured",                  {{"abu", "a b u "}, {"abu", "a b u "}}},
        {"another order each time",        {{"uba", "a b u "}, {"aub", "a b u "}, {"bua", "a b u "}}},
        {"a machine of others comes first", {{"abu", "a b u "}, {"xabu", "a b u "}, {"abu", "a b u "}}},
        {"one is gone, and comes back",    {{"abu", "a b u "}, {"au", "a ? u "}, {"bau", "a b u "}}},
        {"a name is there twice: told, the first counts", {{"abu", "a b u "}, {"aAbu", "a2b u "}, {"Aabu", "A2b u "}}},
        {"… and once again",               {{"abBu", "a b2u "}, {"aBu", "a B u "}, {"", "? ? ? "}}},
    };
    /* clang-format on */
    struct config_problems *problems = NULL;
    struct store_state stored = {0};
    struct config *config = NULL;
    struct effects fx = {0};
    struct tz *tz = NULL;
    struct err e = {0};

    (void)state;
    if (config_load_text(text, "", false, &config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    assert_int_equal(tz_load("UTC", &tz, &e), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct controller_options o = {
            .config = config, .tz = tz, .host = "h", .user = "u", .pid = 1};
        struct controller *c = NULL;

        assert_int_equal(controller_new(&o, &stored, (struct utc){NOW},
                                        (struct mono){1000000}, &c, &e),
                         ERR_OK);
        for (size_t k = 0; k < READINGS && rows[i].readings[k].listed != NULL; k++)
            check_reading(rows[i].what, c, &fx, 20 * (int64_t)(k + 1),
                          rows[i].readings[k].listed, rows[i].readings[k].want);
        controller_free(c);
    }
    effects_clear(&fx);
    tz_free(tz);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_vm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
