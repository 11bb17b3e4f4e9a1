#include <config.h>

#include "tests/screen/story.h"
#include "tui/notices.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"
#include "tests/unit/table.h"

static void alert(struct fleet *f, const char *server, const char *code, int64_t ago_s)
{
    struct alert *a = &f->alerts[f->n_alerts++];

    a->at.s = f->at.s - ago_s;
    (void)str_copy(a->server, sizeof(a->server), server);
    (void)str_copy(a->code, sizeof(a->code), code);
    (void)str_format(a->text, sizeof(a->text), "%s happened", code);
}

static void interrupted(struct fleet *f)
{
    alert(f, "cache", "interruption", 0);
}

static void two_interrupted(struct fleet *f)
{
    alert(f, "cache", "interruption", 5);
    alert(f, "migration", "interruption", 0);
}

static void budget(struct fleet *f)
{
    alert(f, "", "budget", 0);
}

static void drifted(struct fleet *f)
{
    f->servers[1].facts.place = PLACE_ONPREM;
    f->servers[1].decision.desired = PLACE_CLOUD;
    f->servers[1].decision.gate = GATE_NONE;
    f->servers[1].move.active = false;
}

static void held_up(struct fleet *f)
{
    drifted(f);
    f->servers[1].decision.gate = GATE_SLOTS;
}

static void dead_api(struct fleet *f)
{
    f->apis[1].state = API_DOWN;
    f->apis[1].last_ok.s = f->at.s - 310;
    (void)str_copy(f->apis[1].error, sizeof(f->apis[1].error), "HTTP 503");
}

static void quiet_api(struct fleet *f)
{
    dead_api(f);
    f->apis[1].last_ok.s = f->at.s - 290;
}

static void empty(struct fleet *f)
{
    f->extension_empty_since.s = f->at.s - 1810;
}

static void blind(struct fleet *f)
{
    interrupted(f);
    f->looked = false;
}

static struct fleet *picture(int64_t s, void (*change)(struct fleet *f))
{
    struct fleet *f = story_fleet(STORY_NORMAL);

    f->looked = true;
    f->n_alerts = 0;
    f->at.s += s;
    for (size_t i = 0; i < f->n_apis; i++)
        f->apis[i].last_ok = f->at;
    if (change != NULL)
        change(f);
    return f;
}

static size_t look(struct notices *n, int64_t s, void (*change)(struct fleet *f),
                   struct notice *out)
{
    struct fleet *f = picture(s, change);
    size_t found = notices_look(n, f, out);

    fleet_unref(f);
    return found;
}

/* Two looks, so many seconds apart: what the second one finds. */
static void test_edges(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what; void (*first)(struct fleet *f); int64_t s; void (*second)(struct fleet *f);
        size_t n; const char *code, *server; enum notice_weight weight;
    } rows[] = {
        {"nothing new",                  NULL,        10,  NULL,            0, "", "", NOTICE_WARN},
        {"an alert",                     NULL,        10,  interrupted,     1, "interruption", "cache", NOTICE_CRIT},
        {"not what was there at first",  interrupted, 10,  interrupted,     0, "", "", NOTICE_WARN},
        {"again after ten minutes",      interrupted, 700, interrupted,     1, "interruption", "cache", NOTICE_CRIT},
        {"each server by itself",        interrupted, 10,  two_interrupted, 1, "interruption", "migration", NOTICE_CRIT},
        {"a budget can wait",            NULL,        10,  budget,          1, "budget", "", NOTICE_WARN},
        {"drift for long",               drifted,     610, drifted,         1, "drift", "write-back", NOTICE_CRIT},
        {"drift for a moment",           drifted,     590, drifted,         0, "", "", NOTICE_WARN},
        {"drift that a gate explains",   held_up,     610, held_up,         0, "", "", NOTICE_WARN},
        {"an API is dead",               NULL,        10,  dead_api,        1, "dead", "", NOTICE_CRIT},
        {"it was dead before",           dead_api,    10,  dead_api,        0, "", "", NOTICE_WARN},
        {"not yet five minutes",         NULL,        10,  quiet_api,       0, "", "", NOTICE_WARN},
        {"an extension without a VM",    NULL,        10,  empty,           1, "empty", "", NOTICE_WARN},
        {"nobody has looked yet",        NULL,        10,  blind,           0, "", "", NOTICE_WARN},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct notices *n = calloc(1, sizeof(*n));
        struct notice *out = calloc(NOTICES_MAX, sizeof(*out));

        assert_non_null(n);
        assert_non_null(out);
        assert_row(rows[i].what, look(n, 0, rows[i].first, out) == 0);
        assert_row(rows[i].what, look(n, rows[i].s, rows[i].second, out) == rows[i].n);
        if (rows[i].n > 0) {
            assert_row(rows[i].what, str_eq(out[0].entry.action, rows[i].code));
            assert_row(rows[i].what, str_eq(out[0].entry.server, rows[i].server));
            assert_row(rows[i].what, out[0].weight == rows[i].weight);
            assert_row(rows[i].what, out[0].entry.text[0] != '\0');
        }
        /* An edge: the same picture again says nothing. */
        assert_row(rows[i].what, look(n, rows[i].s + 1, rows[i].second, out) == 0);
        free(out);
        free(n);
    }
}

/* The journal's line is what the notice carries, where there is one. */
static void told_of(struct fleet *f)
{
    struct journal_entry *j = &f->events[f->n_events - 1];

    alert(f, "cache", "interruption", 0);
    j->at = f->at;
    (void)str_copy(j->server, sizeof(j->server), "cache");
    (void)str_copy(j->actor, sizeof(j->actor), "spot");
    (void)str_copy(j->text, sizeof(j->text), "interruption happened");
}

static void test_journal_line(void **state)
{
    struct notices *n = calloc(1, sizeof(*n));
    struct notice out[NOTICES_MAX];

    (void)state;
    assert_non_null(n);
    (void)look(n, 0, NULL, out);
    assert_int_equal(look(n, 1, told_of, out), 1);
    assert_string_equal(out[0].entry.actor, "spot");
    free(n);
}

static void test_stalled(void **state)
{
    struct notices *n = calloc(1, sizeof(*n));
    struct notice out[NOTICES_MAX];

    (void)state;
    assert_non_null(n);
    assert_false(notices_stalled(n, true, STORY_NOW, out)); /* it has not started yet */
    assert_false(notices_stalled(n, false, STORY_NOW, out));
    (void)look(n, 0, NULL, out);
    assert_true(notices_stalled(n, true, STORY_NOW, out));
    assert_int_equal(out[0].weight, NOTICE_CRIT);
    assert_false(notices_stalled(n, true, STORY_NOW, out));
    assert_false(notices_stalled(n, false, STORY_NOW, out));
    assert_false(notices_stalled(n, true, (struct utc){STORY_NOW.s + 60}, out));
    assert_false(notices_stalled(n, false, STORY_NOW, out));
    assert_true(notices_stalled(n, true, (struct utc){STORY_NOW.s + 600}, out));
    free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_journal_line),
        cmocka_unit_test(test_stalled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
