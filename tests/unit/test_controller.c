#include <config.h>

#include "tests/unit/controller_scene.h"

/*
 * What the controller reads of an earlier run and what it does with a move that does not
 * go as it should.
 */

/* Places in the tables of the velostrata mover. */
enum { OUT_RUN = 2, OUT_NODE = 4, BACK_RETURN = 1, BACK_NODE = 3 };

/* ----- what an earlier run wrote down, or a person in its stead ----- */

#define OF(field)                                                                        \
    offsetof(struct controller, field), sizeof(((struct controller *)0)->field), false
#define OF_SERVER(field)                                                                 \
    offsetof(struct server_state, field), sizeof(((struct server_state *)0)->field), true

static int64_t number_at(const void *base, size_t at, size_t size)
{
    const char *from = (const char *)base + at;
    int64_t wide = 0;
    int32_t narrow = 0;

    if (size == sizeof(wide))
        memcpy(&wide, from, sizeof(wide));
    else if (size == sizeof(narrow))
        memcpy(&narrow, from, sizeof(narrow));
    else
        return *from;
    return size == sizeof(wide) ? wide : narrow;
}

static void test_numbers(void **state)
{
    static const struct {
        const char *what, *key, *value;
        size_t at, size;
        bool of_server;
        int64_t want;
    } rows[] = {
        /* clang-format off */
        {"retry: all four", "retry:a", "2 1795334500 1 1795334000", OF_SERVER(retry_at.s), 1795334500},
        {"retry: of an older version", "retry:a", "2 1795334500 1", OF_SERVER(failures), 2},
        {"retry: a word", "retry:a", "soon", OF_SERVER(failures), 0},
        {"retry: two only", "retry:a", "2 1795334500", OF_SERVER(failures), 0},
        {"retry: below nothing", "retry:a", "-2 1795334500 1 0", OF_SERVER(retry_at.s), 0},
        {"retry: more failures than there can be", "retry:a", "1001 1795334500 1 0", OF_SERVER(failures), 0},
        {"retry: more rounds than there can be", "retry:a", "2 1795334500 1001 0", OF_SERVER(failures), 0},
        {"retry: of a clock days ahead", "retry:a", "2 1795434500 1 0", OF_SERVER(failures), 0},
        {"retry: a round that begins tomorrow", "retry:a", "2 1795334500 1 1795344400", OF_SERVER(round_since.s), 0},
        {"breaker: for a time", "breaker:a", "1795335000 0", OF_SERVER(breaker_until.s), 1795335000},
        {"breaker: of a clock days ahead", "breaker:a", "1795934400 0", OF_SERVER(breaker_until.s), 0},
        {"breaker: of another configuration", "breaker:a", "1795335000 0123456789abcdef", OF_SERVER(breaker_until.s), 0},
        {"breaker: a word", "breaker:a", "open 0", OF_SERVER(breaker_until.s), 0},
        {"breaker: no room for its number", "breaker:a", "1795335000179533500017953350 0", OF_SERVER(breaker_until.s), 0},
        {"breaker: half of it", "breaker:a", "1795335000", OF_SERVER(breaker_until.s), 0},
        {"snooze", "snooze", "1795335000", OF(snooze_until.s), 1795335000},
        {"snooze: a word", "snooze", "long", OF(snooze_until.s), 0},
        {"snooze of a server", "snooze:a", "1795335000", OF_SERVER(snooze_until.s), 1795335000},
        {"snooze of a server: a word", "snooze:a", "long", OF_SERVER(snooze_until.s), 0},
        {"snooze of a server that is not configured", "snooze:zz", "1795335000", OF(snooze_until.s), 0},
        {"auto_since", "auto_since", "1795330000", OF(auto_since.s), 1795330000},
        {"auto_since of a server", "auto_since:a", "1795330000", OF_SERVER(auto_since.s), 1795330000},
        {"auto_since of a server: by a clock a year ahead", "auto_since:a", "1826866000", OF_SERVER(auto_since.s), NOW},
        {"auto_since: a word", "auto_since", "ever", OF(auto_since.s), 0},
        {"extension_start_s", "extension_start_s", "300", OF(extension.start_took_s), 300},
        {"extension_start_s: longer than a day", "extension_start_s", "90000", OF(extension.start_took_s), 240},
        {"calendar_told", "calendar_told", "20779", OF(calendar_told), 20779},
        {"calendar_told: a word", "calendar_told", "x", OF(calendar_told), 0},
        {"budget_forecast", "budget_forecast", "1795330000", OF(month.forecast_told.s), 1795330000},
        {"budget_forecast: a word", "budget_forecast", "x", OF(month.forecast_told.s), 0},
        {"empty_told", "empty_told", "1795330000", OF(empty_told.s), 1795330000},
        {"empty_told: a word", "empty_told", "x", OF(empty_told.s), 0},
        {"since", "since:a", "1795330000", OF_SERVER(settled_since.s), 1795330000},
        {"since: a word", "since:a", "x", OF_SERVER(settled_since.s), 0},
        {"since: by a clock a year ahead", "since:a", "1826866000", OF_SERVER(settled_since.s), NOW},
        {"rerun", "rerun:a", "1795335000", OF_SERVER(rerun_at.s), 1795335000},
        {"rerun: of a clock days ahead", "rerun:a", "1795934400", OF_SERVER(rerun_at.s), 0},
        {"apart", "apart:a", "1795330000", OF_SERVER(facts.apart.s), 1795330000},
        {"apart: by a clock a year ahead, now", "apart:a", "1826866000", OF_SERVER(facts.apart.s), NOW},
        {"apart: a word", "apart:a", "x", OF_SERVER(facts.apart.s), 0},
        {"told off", "told:a", "1795330000,0", OF_SERVER(facts.told_off.s), 1795330000},
        {"told off: by a clock a year ahead, now", "told:a", "1826866000,0", OF_SERVER(facts.told_off.s), NOW},
        {"told on", "told:a", "0,1795330000", OF_SERVER(facts.switched_on.s), 1795330000},
        {"told on: by a clock a year ahead, now", "told:a", "0,1826866000", OF_SERVER(facts.switched_on.s), NOW},
        {"told: half of it", "told:a", "1795330000", OF_SERVER(facts.told_off.s), 0},
        {"owed", "owed:a", "1795330000", OF_SERVER(owed_home), true},
        {"owed: by a clock a year ahead", "owed:a", "1826866000", OF_SERVER(owed_home), true},
        {"owed: by a clock a year ahead, since now", "owed:a", "1826866000", OF_SERVER(owed_since.s), NOW},
        {"owed: a word", "owed:a", "x", OF_SERVER(owed_home), false},
        {"launch", "launch:a", "1795330000,3", OF_SERVER(launch_attempt), 3},
        {"launch: half of it", "launch:a", "1795330000", OF_SERVER(launch_start), 0},
        {"losses", "losses:a", "1795330000,1795331000", OF_SERVER(n_losses), 2},
        {"losses: up to a word", "losses:a", "1795330000,x,1795331000", OF_SERVER(n_losses), 1},
        {"losses: up to one that is too long", "losses:a", "1795330000,179533000017953300001795", OF_SERVER(n_losses), 1},
        {"losses: no more than are kept", "losses:a", "1,2,3,4,5,6,7,8,9,10", OF_SERVER(n_losses), LOSSES_KEPT},
        {"lead: half of it", "lead", "600", OF(lead_day), 0},
        {"lead", "lead", "600,20779", OF(lead_day), 20779},
        {"auto of a server", "auto:a", "off", OF_SERVER(auto_on), false},
        {"auto of a server: on", "auto:a", "on", OF_SERVER(auto_on), true},
        {"held", "held:a", "1795330000", OF_SERVER(hold_ended.s), 1795330000},
        {"held: a word", "held:a", "x", OF_SERVER(hold_ended.s), 0},
        {"pressed", "pressed:a", "1795330000", OF_SERVER(pressed_since.s), 1795330000},
        {"pressed: since tomorrow", "pressed:a", "1795420000", OF_SERVER(pressed_since.s), 0},
        {"extension_idle", "extension_idle", "1795330000", OF(extension.idle_since.s), 1795330000},
        {"extension_idle: by a clock a year ahead, since now", "extension_idle", "1826866000", OF(extension.idle_since.s), NOW},
        {"extension_idle: a word", "extension_idle", "x", OF(extension.idle_since.s), 0},
        {"place", "place:a", "cloud", OF_SERVER(known_place), PLACE_CLOUD},
        {"place: a word that is none", "place:a", "moon", OF_SERVER(known_place), PLACE_UNKNOWN},
        {"order", "order:a", "cloud 1 dana", OF_SERVER(order.force), true},
        {"order: half of it", "order:a", "cloud", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"order: of nobody", "order:a", "cloud 0", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"order: cut in its middle", "order:a", "cloud ", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"order: a place that is none", "order:a", "moon 0 dana", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"order: a place where nobody can be sent", "order:a", "lost 0 dana", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"order: a word that is too long for one", "order:a", "somewhere-else-altogether 0 dana", OF_SERVER(order.place), PLACE_UNKNOWN},
        {"extension_call", "extension_call", "extension-start 1795334000", OF(extension.last_kind), CALL_EXTENSION_START},
        {"extension_call: at no time", "extension_call", "extension-start", OF(extension.has_last), false},
        {"extension_call: tomorrow", "extension_call", "extension-start 1795434400", OF(extension.has_last), false},
        {"extension_order", "extension_order", "stop dana", OF(extension.stop_ordered), true},
        {"extension_order: of nobody", "extension_order", "stop", OF(extension.stop_ordered), false},
        {"lost", "lost", "1", OF(store_lost), true},
        {"auto: a word that is none", "auto", "maybe", OF(setting), AUTO_ON},
        {"auto", "auto", "off", OF(setting), AUTO_OFF},
        {"a key of another version", "colour", "blue", OF(store_lost), false},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        int64_t got;

        scene_make(&s);
        stored_setting(&s, rows[i].key, rows[i].value);
        scene_start(&s);
        got = number_at(rows[i].of_server ? (const void *)&s.c->servers[0] : s.c,
                        rows[i].at, rows[i].size);
        if (got != rows[i].want)
            fail_msg("row \"%s\": %lld", rows[i].what, (long long)got);
        scene_end(&s);
    }
}

static void test_texts(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "outside:a", "dana took it home");
    stored_setting(&s, "zone:a", "eu-west-1a");
    stored_setting(&s, "used:a", "eu-west-1b");
    stored_setting(&s, "instance:a", "i-1");
    stored_setting(&s, "auto_by", "dana");
    stored_setting(&s, "lost", "store.db.damaged");
    scene_start(&s);
    assert_string_equal(s.c->servers[0].outside, "dana took it home");
    assert_string_equal(s.c->servers[0].home_zone, "eu-west-1a");
    assert_string_equal(s.c->servers[0].used_zone, "eu-west-1b");
    assert_string_equal(s.c->servers[0].facts.instance.id, "i-1");
    assert_string_equal(s.c->auto_by, "dana");
    assert_string_equal(s.c->store_aside, "store.db.damaged");
    scene_end(&s);
}

/* Names as long as they may be, which differ at their end alone: what is kept is each
 * one's own. */
static void test_long_names(void **state)
{
    enum { NAME = NAME_TEXT - 1 };
    static const char server[] =
        "%s = { vm = \"vm-%d\" mover = \"velostrata\" onprem_node = \"home-%d\" "
        "cloud_node = \"cloud-%d\" eni = \"eni-%d\" instance_types = [\"c5\"] }\n";
    const size_t head = (size_t)(strstr(text, "servers = {") - text);
    struct config_problems *problems = NULL;
    struct command off = {.kind = COMMAND_AUTO, .setting = AUTO_OFF};
    char names[2][NAME_TEXT], two[2][512], all[4096];
    struct err e = {0};
    struct scene s;

    (void)state;
    scene_make(&s);
    config_free(s.config);
    for (int i = 0; i < 2; i++) {
        memset(names[i], 'n', NAME);
        names[i][NAME - 1] = (char)('1' + i);
        names[i][NAME] = '\0';
        assert_true(str_format(two[i], sizeof(two[i]), server, names[i], i, i, i, i));
    }
    assert_true(str_format(all, sizeof(all), "%.*sservers = { %s%s }\n", (int)head, text,
                           two[0], two[1]));
    if (config_load_text(all, "", false, &s.config, &problems, &e) != ERR_OK)
        fail_msg("%s", problems != NULL ? config_problems_get(problems, 0) : e.text);
    scene_start(&s);
    (void)str_copy(off.server, sizeof(off.server), names[0]);
    command(&s, off);
    scene_start(&s);
    assert_string_equal(s.c->servers[0].config->name, names[0]);
    assert_false(s.c->servers[0].auto_on);
    assert_true(s.c->servers[1].auto_on);
    scene_end(&s);
}

/* What was learned is of `lead = auto` alone. */
static void test_lead_fixed(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.config->policy.lead_auto = false;
    s.config->policy.lead = 900;
    stored_setting(&s, "lead", "600,20779");
    scene_start(&s);
    assert_int_equal(s.c->lead_s, 900);
    scene_end(&s);
}

/* What is of servers that are not configured any more stays where it is. */
static void test_of_nobody(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)str_copy(stored_move(&s, DIRECTION_OUT, OUT_RUN)->server, NAME_TEXT, "zz");
    s.stored.n_holds = 1;
    (void)str_copy(s.holds[0].server, NAME_TEXT, "zz");
    s.holds[0].hold.place = PLACE_CLOUD;
    s.stored.n_intents = 1;
    s.intents[0] = (struct stored_intent){.call = {.id = 1, .kind = CALL_RUN_IN_CLOUD}};
    (void)str_copy(s.intents[0].call.server, NAME_TEXT, "zz");
    scene_start(&s);
    assert_null(move_of(&s));
    assert_int_equal(controller_server(s.c, 0).hold->place, PLACE_UNKNOWN);
    scene_end(&s);
}

/* A call of the last run that is of no move that is still open, or of the extension. */
static void test_old_calls(void **state)
{
    static const struct {
        const char *what, *server, *move;
        bool of_move;
    } rows[] = {
        {"of the open move", "a", "m-1", true},
        {"of one that has ended", "a", "m-0", false},
        {"of the extension, never asked for", "", "", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
        s.stored.n_intents = 1;
        s.intents[0] =
            (struct stored_intent){.call = {.id = 1, .kind = CALL_NODE_DISCONNECT}};
        (void)str_copy(s.intents[0].call.server, NAME_TEXT, rows[i].server);
        (void)str_copy(s.intents[0].call.move, ID_TEXT, rows[i].move);
        scene_start(&s);
        assert_row(rows[i].what, s.c->n_unresolved == 1);
        assert_row(rows[i].what, s.c->servers[0].has_last == rows[i].of_move);
        assert_row(rows[i].what, !s.c->extension.has_last);
        scene_end(&s);
    }
}

/* A hold that was made over the budget stays so; its mark alone, of another hold, is
 * nothing. What is of debugging is in the journal, not in the list of events. */
static void test_hold_and_events(void **state)
{
    static const struct {
        const char *what;
        int64_t at;
        bool over;
    } rows[] = {
        {"of that time", 1795330000, true},
        {"of another", 1795330001, false},
        {"there is none", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct journal_entry entries[] = {{.level = LEVEL_INFO}, {.level = LEVEL_DEBUG}};
        struct scene s;
        struct fleet *f;

        scene_make(&s);
        stored_setting(&s, "over_budget:a", "1795330000");
        s.stored.n_holds = 1;
        (void)str_copy(s.holds[0].server, NAME_TEXT, "a");
        s.holds[0].hold =
            (struct hold){.place = PLACE_CLOUD, .kind = HOLD_PIN, .at = {rows[i].at}};
        s.stored.journal = entries;
        s.stored.n_journal = ARRAY_LEN(entries);
        s.stored.journal_total = (int64_t)ARRAY_LEN(entries);
        scene_start(&s);
        assert_row(rows[i].what,
                   controller_server(s.c, 0).hold->over_budget == rows[i].over);
        f = controller_snapshot(s.c);
        assert_non_null(f);
        assert_row(rows[i].what, f->n_events == 1);
        fleet_unref(f);
        scene_end(&s);
    }
}

/* A hold where nobody can be held was written by hand. */
static void test_holds(void **state)
{
    static const struct {
        const char *what, *server;
        enum place place, then;
    } rows[] = {
        {"in the cloud", "a", PLACE_CLOUD, PLACE_CLOUD},
        {"at home", "a", PLACE_ONPREM, PLACE_ONPREM},
        {"on its way", "a", PLACE_MOVING_OUT, PLACE_UNKNOWN},
        {"of nobody", "zz", PLACE_CLOUD, PLACE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        s.stored.n_holds = 1;
        (void)str_copy(s.holds[0].server, NAME_TEXT, rows[i].server);
        s.holds[0].hold = (struct hold){.place = rows[i].place, .kind = HOLD_PIN};
        scene_start(&s);
        assert_row(rows[i].what, controller_server(s.c, 0).hold->place == rows[i].then);
        scene_end(&s);
    }
}

/* The store is gone, and was set aside: told, and written down until a person has looked.
 */
static void test_set_aside(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.stored.lost = true;
    (void)str_copy(s.stored.aside, sizeof(s.stored.aside), "store.db.damaged-1");
    scene_start(&s);
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_string_equal(setting_of(&s, "lost"), "store.db.damaged-1");
    assert_string_equal(setting_of(&s, "auto"), "dry-run");
    assert_non_null(strstr(s.journal, "damaged and set aside as store.db.damaged-1"));
    controller_set_auto(s.c, AUTO_ON, s.now); /* a person has to look first */
    assert_int_equal(s.c->setting, AUTO_DRY_RUN);
    scene_end(&s);
}

/* A table that has fewer steps than the version had that began the move. */
static void test_shorter_table(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)stored_move(&s, DIRECTION_OUT, MAX_STEPS - 1);
    scene_start(&s);
    assert_int_equal(move_of(&s)->step, OUT_NODE);
    scene_end(&s);
}

/* ----- moves that do not go as they should ----- */

/* Drained and at the call that commits it. */
static void scene_at_run(struct scene *s)
{
    scene_make(s);
    (void)stored_move(s, DIRECTION_OUT, OUT_RUN);
    scene_start(s);
    look(s);
    assert_int_equal(s->n_calls, 1);
    assert_int_equal(s->calls[0].kind, CALL_RUN_IN_CLOUD);
}

/* policy-and-cost 6.4: what no repeat helps against opens the breaker, until the
 * configuration is another or a person orders. */
static void test_breaker_for_good(void **state)
{
    struct scene s;

    (void)state;
    scene_at_run(&s);
    answer(&s, OUTCOME_FAILED, ERR_FORBIDDEN);
    assert_null(move_of(&s));
    assert_int_equal(controller_server(s.c, 0).failures, 1);
    assert_non_null(strstr(setting_of(&s, "breaker:a"), s.c->fingerprint));
    assert_non_null(strstr(s.journal, "the test says no"));
    /* days later, and after another start, it is open still */
    s.now.s += 3 * 86400;
    s.stored.n_moves = 0;
    scene_start(&s);
    look(&s);
    look(&s);
    assert_null(move_of(&s));
    assert_int_equal(controller_server(s.c, 0).decision->gate, GATE_BREAKER);
    answer(&s, OUTCOME_DONE, ERR_OK); /* its node was opened again */
    /* a person knows better */
    command(&s,
            (struct command){.kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD});
    look(&s);
    assert_non_null(move_of(&s));
    assert_string_equal(setting_of(&s, "breaker:a"), "");
    scene_end(&s);
}

/* So many failures in a row open it for a time. */
static void test_breaker_for_a_time(void **state)
{
    struct scene s;
    char want[32];

    (void)state;
    scene_make(&s);
    s.config->policy.breaker_failures = 3;
    (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
    stored_setting(&s, "retry:a", "1 0 0 0");
    scene_start(&s);
    look(&s);
    answer(&s, OUTCOME_FAILED, ERR_SERVER);
    assert_int_equal(controller_server(s.c, 0).failures, 2);
    assert_string_equal(setting_of(&s, "breaker:a"), "");
    assert_int_equal(controller_server(s.c, 0).retry_at.s,
                     s.now.s + 2 * s.config->policy.retry_min);
    scene_start(&s); /* the same move once more: the store has it as it was */
    look(&s);
    answer(&s, OUTCOME_FAILED, ERR_SERVER);
    assert_int_equal(controller_server(s.c, 0).failures, 3);
    (void)str_format(want, sizeof(want), "%lld 0",
                     (long long)(s.now.s + s.config->policy.breaker_open));
    assert_string_equal(setting_of(&s, "breaker:a"), want);
    scene_end(&s);
}

/* A way home is an arrival, but not that of a way out that failed: what waits for the
 * next try goes on waiting. */
static void test_failed_way_out_is_kept(void **state)
{
    static const struct {
        const char *what, *owed;
        int64_t failures;
    } rows[] = {
        {"a way home", "", 0},
        {"of a way out that failed", "1795334000", 2},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        m = stored_move(&s, DIRECTION_BACK, BACK_NODE);
        m->committed = m->interrupted = true;
        m->committed_at.s = NOW - 60;
        stored_setting(&s, "retry:a", "2 0 0 0");
        stored_setting(&s, "owed:a", rows[i].owed);
        s.nodes[HOME].marked = s.nodes[HOME].offline = false;
        s.nodes[HOME].connected = true;
        scene_start(&s);
        assert_int_equal(controller_server(s.c, 0).failures, 2);
        look(&s);
        look(&s);
        assert_row(rows[i].what, strstr(s.journal, "is on-prem after") != NULL);
        assert_row(rows[i].what, controller_server(s.c, 0).failures == rows[i].failures);
        assert_row(rows[i].what, setting_of(&s, "owed:a")[0] == '\0');
        scene_end(&s);
    }
}

/* The wait doubles up to retry_max and no further. */
static void test_longest_wait(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.config->policy.breaker_failures = 100;
    (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
    stored_setting(&s, "retry:a", "40 0 0 0");
    scene_start(&s);
    look(&s);
    answer(&s, OUTCOME_FAILED, ERR_SERVER);
    assert_int_equal(controller_server(s.c, 0).retry_at.s,
                     s.now.s + s.config->policy.retry_max);
    scene_end(&s);
}

/* A build came, or a person opened the node, right before the call that would kill it. */
static void test_redo(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
    s.nodes[HOME].idle = false;
    scene_start(&s);
    look(&s);
    assert_int_equal(move_of(&s)->step, 0);
    assert_int_equal(move_of(&s)->step_since.s, s.now.s);
    assert_int_equal(move_of(&s)->idle_since.s, 0);
    assert_non_null(strstr(s.journal, "redo: node home-a got a build"));
    assert_int_equal(s.n_calls, 0);
    scene_end(&s);
}

/* Half moved, and nothing runs any more: only a person can end that. */
static void test_block(void **state)
{
    struct scene s;
    struct move *m;

    (void)state;
    scene_make(&s);
    m = stored_move(&s, DIRECTION_OUT, OUT_RUN);
    m->committed = true;
    m->committed_at.s = NOW - 3600;
    m->deadline.s = NOW - 1;
    s.managed.state = MANAGED_TO_CLOUD;
    scene_start(&s);
    look(&s);
    look(&s);
    assert_null(move_of(&s));
    assert_non_null(strstr(s.journal, "clean it up in the manager"));
    assert_non_null(strstr(controller_server(s.c, 0).facts->blocked, "half moved"));
    assert_int_equal(s.n_calls, 0);
    /* However it gets home: it was no person who switched it off. */
    s.managed.state = MANAGED_UNMANAGED;
    s.vm.power = POWER_OFF;
    look(&s);
    look(&s);
    assert_string_equal(controller_server(s.c, 0).facts->blocked, "");
    assert_non_null(move_of(&s));
    assert_int_equal(move_of(&s)->direction, DIRECTION_BACK);
    scene_end(&s);
}

/* Nobody answers for twenty minutes: its outcome is not known, and the next is sent. */
static void test_no_answer(void **state)
{
    struct scene s;

    (void)state;
    scene_at_run(&s);
    s.now.s += 19 * 60;
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_false(controller_is_idle(s.c));
    assert_true(s.c->calls[0].open);
    s.now.s += 60;
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_false(s.c->calls[0].open);
    assert_non_null(strstr(s.journal, "no answer came"));
    scene_end(&s);
}

/* A full disk: nothing is launched, and the screen says so; what ends goes on. */
static void test_disk_full(void **state)
{
    static const struct {
        const char *what;
        enum direction direction;
        int32_t step;
        enum managed_state managed;
        bool stopped;
        int call; /* -1 = none */
    } rows[] = {
        {"out", DIRECTION_OUT, OUT_RUN, MANAGED_UNMANAGED, false, -1},
        {"a stopped instance", DIRECTION_OUT, OUT_RUN, MANAGED_IN_CLOUD, true, -1},
        {"home", DIRECTION_BACK, BACK_RETURN, MANAGED_IN_CLOUD, false, CALL_RETURN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct event full = {.kind = EVENT_STORE};

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_move(&s, rows[i].direction, rows[i].step)->manual = true;
        s.managed.state = rows[i].managed;
        s.managed.instance_stopped = rows[i].stopped;
        s.vm.power = rows[i].managed == MANAGED_IN_CLOUD ? POWER_OFF : POWER_ON;
        scene_start(&s);
        full.as.store.ok = full.as.store.tight = true;
        step(&s, full);
        step(&s, full); /* told once */
        look(&s);
        if (rows[i].call >= 0) {
            assert_row(rows[i].what, s.n_calls == 1);
            assert_row(rows[i].what, (int)s.calls[0].kind == rows[i].call);
        } else {
            assert_row(rows[i].what, s.n_calls == 0);
            assert_row(rows[i].what, str_eq(move_of(&s)->note,
                                            "the disk is full: nothing is launched"));
        }
        assert_row(rows[i].what, times_said(&s, "ways home go on") == 1);
        scene_end(&s);
    }
}

/* ----- orders and what ends by itself ----- */

/* A person wants it at home, and there it is, but off. */
static void test_power_on_order(void **state)
{
    static const struct {
        const char *what;
        enum power power;
        bool task;
        bool begins;
    } rows[] = {
        {"it is off", POWER_OFF, false, true},
        {"it is suspended", POWER_SUSPENDED, false, true},
        {"it is on: done with", POWER_ON, false, false},
        {"nobody knows: at home it is", POWER_UNKNOWN, false, false},
        {"a task of somebody has it", POWER_OFF, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "order:a", "onprem 0 dana");
        stored_setting(&s, "place:a", "onprem");
        s.vm.power = rows[i].power;
        if (rows[i].task)
            s.task = task_of("");
        scene_start(&s);
        look(&s);
        look(&s);
        assert_row(rows[i].what, (move_of(&s) != NULL) == rows[i].begins);
        if (rows[i].begins)
            assert_row(rows[i].what,
                       move_of(&s)->direction == DIRECTION_BACK && move_of(&s)->manual);
        assert_row(rows[i].what, (setting_of(&s, "order:a")[0] == '\0') ==
                                     !power_is_down(rows[i].power));
        scene_end(&s);
    }
}

/* A server in the cloud is off at home, and an order that wants it there is done with: it
 * must not keep it from coming home. */
static void test_order_where_it_is(void **state)
{
    struct scene s;

    (void)state;
    for (int stored = 0; stored < 2; stored++) {
        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", "cloud");
        if (stored != 0)
            stored_setting(&s, "order:a", "cloud 0 dana");
        s.managed.state = MANAGED_IN_CLOUD;
        s.vm.power = POWER_OFF;
        scene_start(&s);
        look(&s);
        look(&s);
        if (stored == 0)
            command(&s, (struct command){
                            .kind = COMMAND_MOVE, .server = "a", .place = PLACE_CLOUD});
        look(&s);
        assert_null(move_of(&s));
        assert_string_equal(setting_of(&s, "order:a"), "");
        assert_int_not_equal(controller_server(s.c, 0).decision->desired, PLACE_CLOUD);
        scene_end(&s);
    }
}

/* An order for the extension is carried out at once or not at all. */
static void test_extension_orders(void **state)
{
    static const struct {
        const char *what, *order;
        enum extension_state now;
        bool idle;
        int call; /* -1 = none */
    } rows[] = {
        {"stop: it is idle", "stop dana", EXTENSION_ACTIVE, true, CALL_EXTENSION_STOP},
        {"stop: impaired and idle", "stop dana", EXTENSION_IMPAIRED, true,
         CALL_EXTENSION_STOP},
        {"stop: somebody is out there", "stop dana", EXTENSION_ACTIVE, false, -1},
        {"stop: it is stopped", "stop dana", EXTENSION_STOPPED, true, -1},
        {"start: it is stopped", "start dana", EXTENSION_STOPPED, true,
         CALL_EXTENSION_START},
        {"start: it runs", "start dana", EXTENSION_ACTIVE, true, -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        int made = 0;

        scene_make(&s);
        s.extension = rows[i].now;
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "extension_order", rows[i].order);
        if (rows[i].idle)
            stored_setting(&s, "extension_idle", "1795330000");
        else
            s.managed.state = MANAGED_IN_CLOUD;
        scene_start(&s);
        look(&s);
        look(&s);
        for (size_t k = 0; k < s.n_calls; k++) {
            if (s.calls[k].kind != CALL_EXTENSION_START &&
                s.calls[k].kind != CALL_EXTENSION_STOP)
                continue;
            made++;
            assert_row(rows[i].what, (int)s.calls[k].kind == rows[i].call);
            assert_row(rows[i].what, strcmp(s.calls[k].target, "ce-1") == 0);
        }
        assert_row(rows[i].what, made == (rows[i].call >= 0 ? 1 : 0));
        assert_row(rows[i].what,
                   rows[i].call >= 0 || setting_of(&s, "extension_order")[0] == '\0');
        scene_end(&s);
    }
}

static void test_snooze_ends(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "snooze", "1795334403");
    scene_start(&s);
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_string_equal(setting_of(&s, "snooze"), "1795334403");
    s.now.s += 3;
    step(&s, (struct event){.kind = EVENT_TICK});
    assert_string_equal(setting_of(&s, "snooze"), "");
    assert_non_null(strstr(s.journal, "auto is on again, the snooze ended"));
    assert_int_equal(s.c->auto_since.s, s.now.s);
    scene_end(&s);
}

/* policy-and-cost 4.1: on its way by somebody's task, and then there. */
static void test_by_whom(void **state)
{
    static const struct {
        const char *what, *known, *user;
        enum managed_state on_way, then;
        const char *action, *said;
        enum place held; /* as that person wanted it */
    } rows[] = {
        /* clang-format off */
        {"a person took it home", "cloud", "dana", MANAGED_RETURNING, MANAGED_UNMANAGED,
         "changed-outside", "a person took it out of the cloud", PLACE_ONPREM},
        {"a person sent it out", "onprem", "dana", MANAGED_TO_CLOUD, MANAGED_IN_CLOUD,
         "changed-outside", "went to the cloud without an order", PLACE_CLOUD},
        {"the manager brings it home: AWS took the instance", "cloud", "System", MANAGED_RETURNING, MANAGED_UNMANAGED,
         "loss", "AWS reclaimed the instance; it comes back on-prem", PLACE_UNKNOWN},
        {"nobody's task does", "cloud", "", MANAGED_RETURNING, MANAGED_UNMANAGED,
         "loss", "AWS reclaimed the instance; it comes back on-prem", PLACE_UNKNOWN},
        /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", rows[i].known);
        s.managed.state = rows[i].on_way;
        s.vm.power = POWER_OFF;
        s.task = task_of(rows[i].user);
        scene_start(&s);
        look(&s);
        s.managed.state = rows[i].then;
        s.vm.power = rows[i].then == MANAGED_IN_CLOUD ? POWER_OFF : POWER_ON;
        s.task.state = TASK_SUCCEEDED;
        look(&s);
        look(&s);
        assert_row(rows[i].what, strstr(s.journal, rows[i].action) != NULL);
        assert_row(rows[i].what, strstr(s.journal, rows[i].said) != NULL);
        assert_row(rows[i].what, controller_server(s.c, 0).hold->place == rows[i].held);
        assert_row(rows[i].what, (rows[i].held == PLACE_UNKNOWN) ==
                                     (setting_of(&s, "losses:a")[0] != '\0'));
        scene_end(&s);
    }
}

/* In dry-run a person's change can have no consequence yet; told it is. */
static void test_by_whom_later(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "dry-run");
    stored_setting(&s, "place:a", "cloud");
    s.managed.state = MANAGED_RETURNING;
    s.task = task_of("dana");
    scene_start(&s);
    look(&s);
    assert_non_null(strstr(s.journal, "a person took it out of the cloud"));
    assert_int_equal(controller_server(s.c, 0).hold->place, PLACE_UNKNOWN);
    s.task.state = TASK_SUCCEEDED;
    s.managed.state = MANAGED_UNMANAGED;
    s.vm.power = POWER_OFF;
    look(&s);
    command(&s, (struct command){.kind = COMMAND_AUTO, .setting = AUTO_OFF});
    assert_int_equal(controller_server(s.c, 0).hold->place, PLACE_ONPREM);
    assert_string_equal(controller_server(s.c, 0).hold->by, "dana");
    look(&s);
    assert_non_null(move_of(&s)); /* it is off: the way home is still owed */
    assert_int_equal(move_of(&s)->direction, DIRECTION_BACK);
    assert_non_null(strstr(s.journal, "comes home: dana took it out of the cloud"));
    assert_string_equal(move_of(&s)->by, "dana");
    scene_end(&s);
}

/* A way out that a person undoes ends; so does one whose instance is taken back. */
static void test_move_undone(void **state)
{
    static const struct {
        const char *what, *user, *said;
    } rows[] = {
        {"a person", "dana", "a person took it home"},
        {"AWS", "", "the instance was taken back"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;
        struct move *m;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        m = stored_move(&s, DIRECTION_OUT, OUT_NODE);
        m->committed = m->manual = true;
        m->committed_at.s = NOW - 60;
        m->deadline.s = NOW + 3600;
        s.managed.state = MANAGED_RETURNING;
        s.vm.power = POWER_OFF;
        s.task = task_of(rows[i].user);
        scene_start(&s);
        look(&s);
        assert_row(rows[i].what, strstr(s.journal, rows[i].said) != NULL);
        assert_row(rows[i].what,
                   move_of(&s) == NULL || move_of(&s)->direction == DIRECTION_BACK);
        assert_row(rows[i].what,
                   setting_of(&s, "owed:a")[0] != '\0' || move_of(&s) != NULL);
        scene_end(&s);
    }
}

/* Taken back while it was drained to come home anyway. */
static void test_lost_on_way_back(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    stored_setting(&s, "auto", "off");
    stored_setting(&s, "place:a", "cloud");
    stored_setting(&s, "losses:a", "1,2,3,4,5,6,7,8");
    stored_move(&s, DIRECTION_BACK, 0)->manual = true;
    s.nodes[CLOUD].idle = false;
    s.managed = (struct seen_managed_vm){
        .vm_id = "id-a",
        .instance_uuid = "",
        .raw_state = "",
        .state = MANAGED_RETURNING,
        .has_instance = true,
        .instance = {.id = "i-1",
                     .type = "c5",
                     .zone = "",
                     .ip = "",
                     .eni = "",
                     .spot_request = "",
                     .state_reason = "Server.SpotInstanceTermination",
                     .server = "",
                     .move = "",
                     .deployment = "",
                     .client_token = "",
                     .attachment = "",
                     .state = INSTANCE_TERMINATED,
                     .lifecycle = LIFECYCLE_SPOT}};
    s.vm.power = POWER_OFF;
    scene_start(&s);
    look(&s);
    assert_non_null(strstr(s.journal, "AWS reclaimed the instance while it was leaving"));
    assert_true(move_of(&s)->interrupted && move_of(&s)->committed);
    assert_int_equal(move_of(&s)->deadline.s, s.now.s + s.config->policy.timeout_back);
    /* the oldest loss makes room */
    assert_int_equal(s.c->servers[0].n_losses, LOSSES_KEPT);
    assert_int_equal(s.c->servers[0].losses[0].s, 2);
    assert_int_equal(s.c->servers[0].losses[LOSSES_KEPT - 1].s, s.now.s);
    scene_end(&s);
}

/* Started again where it stopped: nothing was chosen, so nothing is said of offerings. */
static void test_started_again(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    (void)stored_move(&s, DIRECTION_OUT, OUT_RUN);
    s.managed.state = MANAGED_IN_CLOUD;
    s.managed.instance_stopped = true;
    s.vm.power = POWER_OFF;
    scene_start(&s);
    look(&s);
    assert_int_equal(s.n_calls, 1);
    assert_int_equal(s.calls[0].kind, CALL_START_IN_CLOUD);
    assert_true(move_of(&s)->committed);
    assert_null(strstr(s.journal, "offering:"));
    scene_end(&s);
}

/* Who only takes orders neither looks after old calls nor begins anything. */
static void test_orders_only(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.nodes[HOME].marked = s.nodes[HOME].offline = false;
    s.options.orders_only = true;
    s.stored.n_intents = 1;
    s.intents[0] = (struct stored_intent){.call = {.id = 1, .kind = CALL_RUN_IN_CLOUD}};
    (void)str_copy(s.intents[0].call.server, NAME_TEXT, "a");
    scene_start(&s);
    for (int i = 0; i < 3; i++)
        look(&s);
    assert_int_equal(s.n_calls, 0);
    assert_null(strstr(s.journal, "resolve"));
    assert_null(strstr(s.journal, "decide"));
    scene_end(&s);
}

/* A lock that goes and comes: who has it is told once each time. */
static void test_lock(void **state)
{
    static const struct {
        const char *what;
        bool held;
        const char *holder;
        bool told;
    } rows[] = {
        {"nobody says", false, "", false},    {"another has it", false, "h2", true},
        {"the same one", false, "h2", false}, {"a third one", false, "h3", true},
        {"we have it", true, "", true},       {"we have it still", true, "", false},
        {"it is gone", false, "h2", true},
    };
    struct scene s;

    (void)state;
    scene_make(&s);
    s.options.shared_lock = true;
    scene_start(&s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event ev = {.kind = EVENT_LEASE};

        s.journal[0] = '\0';
        ev.as.lease.held = rows[i].held;
        (void)str_copy(ev.as.lease.holder, NAME_TEXT, rows[i].holder);
        step(&s, ev);
        assert_row(rows[i].what, (strstr(s.journal, "lock:") != NULL) == rows[i].told);
    }
    scene_end(&s);
}

/* ----- effects ----- */

/* Bounded: what is too much fails, and the step with it. */
static void test_effects(void **state)
{
    struct effects fx = {0};
    size_t n = 0;

    (void)state;
    while (effects_record(&fx, RECORD_SETTING) != NULL && n < 1000 * 1000)
        n++;
    assert_int_equal(n, 64 * 1024);
    assert_true(fx.failed);
    assert_int_equal(fx.n_records, n);
    effects_reset(&fx); /* such a lot of room is not kept */
    assert_false(fx.failed);
    assert_int_equal(fx.cap_records, 64);
    for (n = 0; effects_call(&fx) != NULL && n < 1000 * 1000; n++)
        continue;
    assert_int_equal(n, 64 * 1024);
    assert_true(fx.failed);
    effects_clear(&fx);
    assert_null(fx.calls);
}

/* Seen where nobody sent it. */
static void test_changed_outside(void **state)
{
    static const struct {
        const char *what, *known, *said;
        enum managed_state now;
    } rows[] = {
        {"it went out", "onprem", "went to the cloud without an order", MANAGED_IN_CLOUD},
        {"it came back", "cloud", "left the cloud without an order", MANAGED_UNMANAGED},
        {"it is where it was", "onprem", NULL, MANAGED_UNMANAGED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, "auto", "off");
        stored_setting(&s, "place:a", rows[i].known);
        s.managed.state = rows[i].now;
        s.vm.power = rows[i].now == MANAGED_IN_CLOUD ? POWER_OFF : POWER_ON;
        scene_start(&s);
        look(&s);
        look(&s);
        assert_row(rows[i].what, (strstr(s.journal, "changed-outside") != NULL) ==
                                     (rows[i].said != NULL));
        assert_row(rows[i].what,
                   rows[i].said == NULL || strstr(s.journal, rows[i].said) != NULL);
        scene_end(&s);
    }
}

/* The program ends: what runs is let be, nothing is begun. */
static void test_stop(void **state)
{
    struct scene s;

    (void)state;
    scene_make(&s);
    s.nodes[HOME].marked = s.nodes[HOME].offline = false;
    scene_start(&s);
    step(&s, (struct event){.kind = EVENT_STOP});
    look(&s);
    look(&s);
    assert_int_equal(s.n_calls, 0);
    assert_null(move_of(&s));
    assert_true(controller_is_idle(s.c));
    scene_end(&s);
}

/* Idle: no call, no move, no order. */
static void test_idle(void **state)
{
    static const struct {
        const char *what, *key, *value;
        bool move, idle;
    } rows[] = {
        {"nothing", "auto", "off", false, true},
        {"a move", "auto", "off", true, false},
        {"an order", "order:a", "onprem 0 dana", false, false},
        {"an order to start the extension", "extension_order", "start dana", false,
         false},
        {"an order to stop it", "extension_order", "stop dana", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene s;

        scene_make(&s);
        stored_setting(&s, rows[i].key, rows[i].value);
        if (rows[i].move)
            (void)stored_move(&s, DIRECTION_BACK, BACK_RETURN);
        scene_start(&s);
        assert_row(rows[i].what, controller_is_idle(s.c) == rows[i].idle);
        scene_end(&s);
    }
}

/* Taken over from another: the last thing that one did is told. */
static void test_taken_over(void **state)
{
    struct scene s;
    struct event ev = {.kind = EVENT_LEASE};

    (void)state;
    scene_make(&s);
    s.options.shared_lock = true;
    scene_start(&s);
    ev.as.lease.held = true;
    ev.as.lease.epoch = 2;
    (void)str_copy(ev.as.lease.last_call, LINE_TEXT, "run-in-cloud id-a");
    step(&s, ev);
    assert_non_null(strstr(s.journal, "run-in-cloud id-a"));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_lead_fixed),
        cmocka_unit_test(test_of_nobody),
        cmocka_unit_test(test_old_calls),
        cmocka_unit_test(test_hold_and_events),
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_set_aside),
        cmocka_unit_test(test_shorter_table),
        cmocka_unit_test(test_breaker_for_good),
        cmocka_unit_test(test_breaker_for_a_time),
        cmocka_unit_test(test_failed_way_out_is_kept),
        cmocka_unit_test(test_longest_wait),
        cmocka_unit_test(test_redo),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_power_on_order),
        cmocka_unit_test(test_order_where_it_is),
        cmocka_unit_test(test_extension_orders),
        cmocka_unit_test(test_snooze_ends),
        cmocka_unit_test(test_changed_outside),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_taken_over),
        cmocka_unit_test(test_by_whom),
        cmocka_unit_test(test_by_whom_later),
        cmocka_unit_test(test_move_undone),
        cmocka_unit_test(test_lost_on_way_back),
        cmocka_unit_test(test_started_again),
        cmocka_unit_test(test_orders_only),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_effects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
