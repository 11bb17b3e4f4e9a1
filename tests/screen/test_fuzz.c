#include <config.h>

#include "tests/screen/stage.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/unit/table.h"
#include "tui/screen.h"

/*
 * The dashboard's state machine under random keys, clicks, sizes and snapshots. After
 * each step the picture is whole and nothing beside it was written; from every state Esc
 * leads home. A round is one seed. RH_FUZZ_SECONDS (4) is how long, RH_FUZZ_SEED where it
 * begins (1); with sanitizers it finds more.
 */

enum { STEPS = 150, GUARD = 512, MAX_ROWS = 90, MAX_COLS = 260, MOST_SERVERS = 70 };

struct world {
    struct rng rng;
    uint64_t seed;
    int step;
    struct stage *s;
    struct screen *screen;
    struct cell *cells; /* GUARD cells before and behind the picture */
};

static int pick(struct world *w, int n)
{
    return (int)rng_between(&w->rng, 0, n - 1);
}

/* Names the round, so that it can be played again. */
#define check(w, ok)                                                                     \
    do {                                                                                 \
        if (!(ok)) {                                                                     \
            print_error("RH_FUZZ_SEED=%llu, step %d: %s\n",                              \
                        (unsigned long long)(w)->seed, (w)->step, #ok);                  \
            fail();                                                                      \
        }                                                                                \
    } while (0)

/* Wide, combining, right to left, joined, broken: what names and errors may be made of.
 */
static void scribble(struct world *w, char *out, size_t size)
{
    static const char *const parts[] = {
        "a",
        "cache-smoke #512 ",
        " ",
        "\u05d0\u05d1",
        "\u6f22\u5b57",
        "\u0301",
        "\U0001f469\u200d\U0001f680",
        "\xff",
        "\xc3",
        "\033[2J",
        "%s%n",
        "\u202e",
        "\u2500",
        "0123456789",
        "\t\n",
        "e\u0301\u0302\u0303\u0304",
        "\u3000",
        "-",
        "\uff21",
    };
    size_t used = 0, most = (size_t)rng_between(&w->rng, 0, (int64_t)size - 1);

    out[0] = '\0';
    while (used < most) {
        const char *part = parts[pick(w, (int)ARRAY_LEN(parts))];

        if (used + strlen(part) >= size)
            break;
        (void)str_copy(out + used, size - used, part);
        used += strlen(part);
    }
}

static struct utc some_time(struct world *w)
{
    static const int64_t spans[] = {0, 5, 100, 4000, 100000, 40000000};
    int64_t span = spans[pick(w, (int)ARRAY_LEN(spans))];

    if (pick(w, 4) == 0)
        return (struct utc){0};
    return (struct utc){STORY_NOW.s + rng_between(&w->rng, -span, span)};
}

static struct usd some_money(struct world *w)
{
    static const int64_t spans[] = {0, 1000000, 1000000000, 1000000000000,
                                    900000000000000};
    int64_t span = spans[pick(w, (int)ARRAY_LEN(spans))];

    return (struct usd){rng_between(&w->rng, -span / 10, span)};
}

static void change_node(struct world *w, struct node_facts *n)
{
    n->known = pick(w, 4) != 0;
    n->open = pick(w, 2) != 0;
    n->marked = pick(w, 2) != 0;
    n->idle = pick(w, 2) != 0;
    n->busy = (int32_t)pick(w, 4);
    n->closed_by = (enum closed_by)pick(w, CLOSED_BY_COUNT);
    n->build_progress = (int32_t)pick(w, 101) - 1;
    n->build_started = some_time(w);
    n->build_estimate_s = rng_between(&w->rng, -1, 100000);
    n->idle_since = some_time(w);
    n->as_of = some_time(w);
    scribble(w, n->build, sizeof(n->build));
    scribble(w, n->cause, sizeof(n->cause));
}

static void change_move(struct world *w, struct move_view *m)
{
    m->active = pick(w, 2) != 0;
    m->direction = (enum direction)pick(w, DIRECTION_COUNT);
    m->of = (int32_t)rng_between(&w->rng, 1, MAX_STEPS);
    m->n = (int32_t)rng_between(&w->rng, 1, m->of);
    for (int i = 0; i < MAX_STEPS; i++) {
        m->steps[i] = (enum step)pick(w, STEP_COUNT);
        m->step_took_s[i] = rng_between(&w->rng, -1, 100000);
    }
    m->step = m->steps[m->n - 1];
    m->committed = pick(w, 2) != 0;
    m->manual = pick(w, 2) != 0;
    m->started = some_time(w);
    m->step_since = some_time(w);
    m->drain_deadline = some_time(w);
    m->deadline = some_time(w);
    m->progress = (int32_t)pick(w, 102) - 1;
    scribble(w, m->note, sizeof(m->note));
    scribble(w, m->by, sizeof(m->by));
}

static void change_server(struct world *w, struct server_view *s)
{
    s->facts.place = (enum place)pick(w, PLACE_COUNT);
    s->facts.place_stale = pick(w, 3) == 0;
    s->facts.in_both_places = pick(w, 8) == 0;
    s->facts.power = (enum power)pick(w, POWER_COUNT);
    s->facts.ready_permille = (int32_t)rng_between(&w->rng, -1, 1200);
    s->facts.place_as_of = some_time(w);
    s->facts.nodes_as_of = some_time(w);
    s->facts.instance.spot = (enum spot_state)pick(w, SPOT_COUNT);
    s->facts.instance.lifecycle = (enum lifecycle)pick(w, LIFECYCLE_COUNT);
    s->facts.instance.reclaim_at = some_time(w);
    s->facts.instance.launched = some_time(w);
    scribble(w, s->facts.instance.id, sizeof(s->facts.instance.id));
    scribble(w, s->facts.instance.zone, sizeof(s->facts.instance.zone));
    scribble(w, s->facts.instance.ip, sizeof(s->facts.instance.ip));
    scribble(w, s->facts.place_raw, sizeof(s->facts.place_raw));
    change_node(w, &s->facts.onprem);
    change_node(w, &s->facts.cloud);
    s->decision.desired = (enum place)pick(w, PLACE_COUNT);
    s->decision.reason = (enum reason)pick(w, REASON_COUNT);
    s->decision.gate = (enum gate)pick(w, GATE_COUNT);
    s->decision.gate_until = some_time(w);
    scribble(w, s->decision.reason_text, sizeof(s->decision.reason_text));
    scribble(w, s->decision.gate_text, sizeof(s->decision.gate_text));
    s->hold = (struct hold){.place = (enum place)pick(w, PLACE_COUNT),
                            .kind = (enum hold_kind)pick(w, HOLD_COUNT),
                            .until = some_time(w),
                            .at = some_time(w)};
    change_move(w, &s->move);
    s->auto_on = pick(w, 2) != 0;
    s->snooze_until = some_time(w);
    s->failures = (int32_t)pick(w, 9);
    s->retry_at = some_time(w);
    s->breaker_open = pick(w, 5) == 0;
    s->wait_data = pick(w, 5) == 0;
    s->over_budget = pick(w, 5) == 0;
    s->cost.hour_known = pick(w, 2) != 0;
    s->cost.month_known = pick(w, 2) != 0;
    s->cost.hour = some_money(w);
    s->cost.today = some_money(w);
    s->cost.month = some_money(w);
    s->n_offerings = (size_t)pick(w, FLEET_OFFERINGS + 1);
    for (size_t i = 0; i < s->n_offerings; i++) {
        scribble(w, s->offerings[i].type, sizeof(s->offerings[i].type));
        scribble(w, s->offerings[i].why, sizeof(s->offerings[i].why));
        s->offerings[i].price = some_money(w);
    }
}

static void change_site(struct world *w, struct fleet *f)
{
    f->mode = (enum mode)pick(w, MODE_COUNT);
    f->setting = (enum auto_setting)pick(w, AUTO_COUNT);
    f->snooze_until = some_time(w);
    f->auto_since = some_time(w);
    f->observe = pick(w, 10) == 0;
    f->next.at = some_time(w);
    scribble(w, f->next.what, sizeof(f->next.what));
    scribble(w, f->site, sizeof(f->site));
    f->n_degraded = (size_t)pick(w, FLEET_DEGRADED + 1);
    for (size_t i = 0; i < f->n_degraded; i++)
        scribble(w, f->degraded[i], sizeof(f->degraded[i]));
    f->extension.configured = pick(w, 4) != 0;
    f->extension.state = (enum extension_state)pick(w, EXTENSION_COUNT);
    f->extension.since = some_time(w);
    f->extension_empty_since = some_time(w);
    f->extension_hour = some_money(w);
    f->host.known = pick(w, 4) != 0;
    f->host.cpu_permille = (int32_t)rng_between(&w->rng, -1, 1300);
    f->host.peak_permille = (int32_t)rng_between(&w->rng, -1, 1300);
    for (int i = 0; i < HOST_HISTORY; i++)
        f->host.history[i] = (int16_t)rng_between(&w->rng, -1, 1300);
    f->hour_known = pick(w, 2) != 0;
    f->month_known = pick(w, 2) != 0;
    f->hour = some_money(w);
    f->today = some_money(w);
    f->month = some_money(w);
    f->forecast.known = pick(w, 2) != 0;
    f->forecast.p50 = some_money(w);
    f->has_budget = pick(w, 2) != 0;
    f->budget = some_money(w);
    f->worst_as_of = some_time(w);
    f->n_apis = (size_t)pick(w, SOURCE_COUNT + 1);
    for (size_t i = 0; i < f->n_apis; i++) {
        f->apis[i].source = (enum source)i;
        f->apis[i].state = (enum api_state)pick(w, API_COUNT);
        f->apis[i].last_ok = some_time(w);
        f->apis[i].error_at = some_time(w);
        f->apis[i].latency_ms = rng_between(&w->rng, -1, 1000000);
        scribble(w, f->apis[i].error, sizeof(f->apis[i].error));
    }
    f->n_alerts = (size_t)pick(w, FLEET_ALERTS + 1);
    f->n_events = (size_t)pick(w, FLEET_EVENTS + 1);
    f->events_total = (int64_t)f->n_events + pick(w, 100);
    for (size_t i = 0; i < f->n_events; i++) {
        f->events[i].at = some_time(w);
        f->events[i].level = (enum level)pick(w, LEVEL_COUNT);
        scribble(w, f->events[i].text, sizeof(f->events[i].text));
        scribble(w, f->events[i].server, sizeof(f->events[i].server));
    }
}

static void snapshot(struct world *w)
{
    size_t n = pick(w, 6) == 0 ? 0 : (size_t)pick(w, pick(w, 3) == 0 ? MOST_SERVERS : 6);
    struct fleet *f =
        pick(w, 3) == 0 ? story_fleet((enum story)pick(w, STORY_COUNT)) : story_large(n);

    f->version = w->s->ui.fleet->version + 1;
    if (pick(w, 4) != 0)
        change_site(w, f);
    for (size_t i = 0; i < f->n_servers; i++) {
        if (pick(w, 3) != 0)
            change_server(w, &f->servers[i]);
        if (pick(w, 8) == 0)
            scribble(w, f->servers[i].name, sizeof(f->servers[i].name));
    }
    f->n_replies = (size_t)pick(w, 3);
    for (size_t i = 0; i < f->n_replies; i++) {
        f->replies[i].id = w->s->ui.next_id - (uint64_t)pick(w, 3);
        scribble(w, f->replies[i].text, sizeof(f->replies[i].text));
    }
    ui_take_fleet(&w->s->ui, f, w->s->ms);
}

/* One key: mostly one that means something. */
static uint32_t some_key(struct world *w)
{
    static const uint32_t others[] = {
        KEYC_ENTER,
        KEYC_ENTER,
        KEYC_ESC,
        KEYC_TAB,
        KEYC_UP,
        KEYC_DOWN,
        KEYC_PGDN,
        KEYC_END,
        KEYC_HOME,
        KEYC_BACKSPACE,
        KEYC_PASTE_BEGIN,
        KEYC_PASTE_END,
        KEYC_FOCUS_OUT,
        KEYC_MOUSE,
        KEYC_FOCUS_IN,
        KEYC_OTHER,
        KEYC_RESIZE,
        3,
        21,
        0x5d0,
        0x1f469,
    };
    int kind = pick(w, 10);

    if (kind < 5) {
        const uint32_t *keys = w->s->ui.keys.keys[pick(w, ACTION_COUNT)];

        return keys[0];
    }
    if (kind < 7)
        return others[pick(w, (int)ARRAY_LEN(others))];
    if (kind < 8)
        return (uint32_t)rng_between(&w->rng, '0', '9');
    return (uint32_t)rng_between(&w->rng, ' ', '~');
}

/* Each row is as wide as the picture, and wide characters have their second half. */
static void check_cells(struct world *w, const struct canvas *c)
{
    for (int row = 0; row < c->rows; row++) {
        const struct cell *line = &c->cells[(size_t)row * (size_t)c->cols];

        for (int col = 0; col < c->cols; col++) {
            check(w, line[col].role < ROLE_COUNT);
            check(w, line[col].cells <= 2);
            check(w, line[col].cells == 0 || line[col].cp >= ' ');
            check(w, line[col].cells != 2 ||
                         (col + 1 < c->cols && line[col + 1].cells == 0));
            check(w, line[col].cells != 0 || (col > 0 && line[col - 1].cells == 2));
        }
    }
}

/* Draws at a size of its own, between two guards that stay as they were. */
static void draw(struct world *w)
{
    static const int usual[][2] = {{24, 80}, {35, 120}, {10, 40}, {4, 20}, {60, 200}};
    const int *size = usual[pick(w, (int)ARRAY_LEN(usual))];
    int rows = pick(w, 2) ? size[0] : pick(w, MAX_ROWS) + 1,
        cols = pick(w, 2) ? size[1] : pick(w, MAX_COLS) + 1;
    size_t n = (size_t)rows * (size_t)cols;
    struct canvas c = {.rows = rows, .cols = cols, .ascii = w->s->ui.ascii};
    struct err e = {0};

    c.cells = w->cells + GUARD;
    memset(w->cells, 0xa5, GUARD * sizeof(w->cells[0]));
    memset(c.cells + n, 0xa5, GUARD * sizeof(w->cells[0]));
    stage_draw(w->s, &c);
    for (size_t i = 0; i < GUARD * sizeof(w->cells[0]); i++) {
        check(w, ((const unsigned char *)w->cells)[i] == 0xa5);
        check(w, ((const unsigned char *)(c.cells + n))[i] == 0xa5);
    }
    check_cells(w, &c);
    if (pick(w, 4) == 0) { /* through curses, too */
        check(w, screen_resize(w->screen, rows, cols, &e) == ERR_OK);
        screen_draw(w->screen, &c);
    }
}

/* From wherever it is, Esc alone leads home, after a paste that never ended, too. */
static void go_home(struct world *w)
{
    const struct ui *ui = &w->s->ui;

    stage_wait(w->s, 5000);
    for (int i = 0; i < 24; i++)
        ui_key(&w->s->ui, KEYC_ESC, w->s->ms);
    check(w, !ui->pasting);
    check(w, !ui->copying);
    check(w, !ui->dialog.open);
    check(w, !ui->help);
    check(w, !ui->menu);
    check(w, !ui->themes.open);
    check(w, ui->typing == TYPING_NOTHING);
    check(w, ui->filter[0] == '\0');
    check(w, ui->view == VIEW_fleet);
}

static void step(struct world *w)
{
    struct stage *s = w->s;
    int what = pick(w, 20);

    if (what < 12) {
        ui_key(&s->ui, some_key(w), s->ms);
    } else if (what < 14) {
        struct mouse_event e = {.what = (enum mouse_what)pick(w, MOUSE_OTHER + 1),
                                .row = pick(w, MAX_ROWS) - 1,
                                .col = pick(w, MAX_COLS) - 1};

        s->ui.mouse = pick(w, 10) != 0;
        ui_mouse(&s->ui, &e, s->ms);
    } else if (what < 16) {
        stage_wait(s, rng_between(&w->rng, 0, pick(w, 2) ? 300 : 100000));
    } else if (what < 18) {
        snapshot(w);
    }
    draw(w);
    s->n_commands = 0;
    if (s->ui.quit)
        s->ui.quit = false; /* the shell would end; here it goes on */
}

static void play(struct world *w, uint64_t seed)
{
    rng_seed(&w->rng, seed);
    w->seed = seed;
    w->s = calloc(1, sizeof(*w->s));
    assert_non_null(w->s);
    stage_init(w->s);
    w->s->refuse = pick(w, 8) == 0;
    w->s->app.observe = pick(w, 8) == 0;
    w->s->app.observed = pick(w, 8) == 0 ? &w->s->observed : NULL;
    w->s->app.demo.on = pick(w, 3) == 0;
    w->s->config.ui.reduce_motion = pick(w, 6) == 0;
    w->s->config.ui.undo_window = pick(w, 4) == 0 ? 0 : 5;
    stage_open(w->s, pick(w, 6) == 0 ? STORY_COUNT : (enum story)pick(w, STORY_COUNT),
               pick(w, 3) == 0);
    for (w->step = 0; w->step < STEPS; w->step++) {
        step(w);
        if (pick(w, 40) == 0) {
            go_home(w);
            draw(w);
        }
    }
    go_home(w);
    stage_close(w->s);
    free(w->s);
}

static int64_t setting(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    struct err e = {0};
    int64_t n = otherwise;

    if (text != NULL && str_to_i64(text, 0, INT64_MAX / 2000, &n, &e) != ERR_OK)
        fail_msg("%s: %s", name, e.text);
    return n;
}

static void test_fuzz(void **state)
{
    struct world w = {.step = 0};
    int64_t end = clock_mono(clock_system()).ms + setting("RH_FUZZ_SECONDS", 4) * 1000;
    uint64_t seed = (uint64_t)setting("RH_FUZZ_SEED", 1), first = seed;
    struct screen_config sc = {
        .in_fd = -1, .out_fd = -1, .term = "xterm-256color", .rows = 24, .cols = 80};
    struct theme theme;
    struct err e = {0};

    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    w.cells = calloc((size_t)MAX_ROWS * MAX_COLS + 2 * (size_t)GUARD, sizeof(w.cells[0]));
    assert_non_null(w.cells);
    assert_int_equal(screen_open(&sc, &w.screen, &e), ERR_OK);
    theme_builtin(&theme);
    screen_set_theme(w.screen, &theme);
    do {
        play(&w, seed++);
    } while (clock_mono(clock_system()).ms < end);
    print_message("%llu rounds of %d steps\n", (unsigned long long)(seed - first), STEPS);
    screen_close(w.screen);
    free(w.cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fuzz)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
