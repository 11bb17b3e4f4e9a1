#include <config.h>

#include "core/base/tz.h"
#include "core/engine/replay.h"
#include "core/model/calendar.h"
#include "core/model/config.h"
#include "core/net/aws_profile.h"
#include "core/store/journal_json.h"
#include "tests/fuzz/fuzz.h"
#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A text ends at its first NUL, as one read from a file does. */
static char *as_text(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1);

    FUZZ_CHECK(text != NULL);
    memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

static void check_lines(const char *text)
{
    char *copy = as_text((const uint8_t *)text, strlen(text)), *rest = copy, *line;

    while ((line = strsep(&rest, "\n")) != NULL)
        fuzz_check_text(line);
    free(copy);
}

static void configuration(const uint8_t *bytes, size_t len)
{
    char *text = as_text(bytes, len);
    struct config *c = NULL;
    struct config_problems *problems = NULL;
    struct err e = {0};
    enum err_code rc = config_load_text(text, "fuzz.conf", false, &c, &problems, &e);

    fuzz_check_text(e.text);
    FUZZ_CHECK((rc == ERR_OK) == (c != NULL));
    for (size_t i = 0; problems != NULL && i < config_problems_count(problems); i++)
        fuzz_check_text(config_problems_get(problems, i));
    if (c != NULL) {
        struct strbuf out;

        strbuf_init(&out, 4 * 1024 * 1024);
        config_print(c, &out);
        check_lines(strbuf_text(&out));
        strbuf_clear(&out);
    }
    config_problems_free(problems);
    config_free(c);
    free(text);
}

static void calendar(const uint8_t *bytes, size_t len)
{
    char *text = as_text(bytes, len), *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        struct calendar_day day = {0};
        struct err e = {0};
        bool found = false;

        if (calendar_line(line, &day, &found, &e) != ERR_OK)
            fuzz_check_text(e.text);
    }
    free(text);
}

/* Times of a hundred years around now: all of it can be asked, and leads there and back.
 */
static void zone(const uint8_t *bytes, size_t len)
{
    static const int64_t year_s = 365 * 86400;
    struct tz *z = NULL;
    struct err e = {0};

    if (tz_parse("Fuzz/Zone", bytes, len, &z, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        return;
    }
    for (int64_t t = -50 * year_s; t < 100 * year_s; t += year_s / 3) {
        const struct utc at = {t};
        const struct civil local = tz_civil(z, at);
        const struct tz_local back = tz_instants(z, &local);
        struct utc change;

        FUZZ_CHECK(tz_offset_s(z, at) > -200000 && tz_offset_s(z, at) < 200000);
        FUZZ_CHECK(back.n >= 1 && back.n <= 2);
        FUZZ_CHECK(back.first.s == t || back.second.s == t);
        fuzz_check_text(tz_abbreviation(z, at));
        if (tz_next_change(z, at, &change))
            FUZZ_CHECK(change.s > t);
    }
    tz_free(z);
}

static void theme(const uint8_t *bytes, size_t len)
{
    char *text = as_text(bytes, len);
    struct rendition out[ROLE_COUNT];
    struct strbuf problems;
    struct theme t;

    strbuf_init(&problems, 1024 * 1024);
    theme_parse("fuzz.theme", text, &t, &problems);
    check_lines(strbuf_text(&problems));
    for (size_t i = 0; i < 5; i++) {
        static const int depths[] = {0, 8, 16, 256, 1 << 24};

        theme_resolve(&t, depths[i], out);
        for (size_t r = 0; depths[i] <= 256 && r < ROLE_COUNT; r++)
            FUZZ_CHECK(out[r].fg < (depths[i] > 0 ? depths[i] : 1) &&
                       out[r].bg < (depths[i] > 0 ? depths[i] : 1));
    }
    strbuf_clear(&problems);
    free(text);
}

/* A journal from anywhere, played forth and back. */
static void journal(const uint8_t *bytes, size_t len)
{
    enum { ENTRIES = 64 };
    struct journal_entry *all = calloc(ENTRIES, sizeof(*all));
    char *text = as_text(bytes, len), *rest = text, *line;
    struct replay *r = NULL;
    struct tz *z = NULL;
    struct err e = {0};
    size_t n = 0;

    FUZZ_CHECK(all != NULL && tz_load("Asia/Jerusalem", &z, &e) == ERR_OK);
    while ((line = strsep(&rest, "\n")) != NULL && n < ENTRIES) {
        if (journal_parse(line, strlen(line), &all[n], &e) == ERR_OK)
            n++;
        else
            fuzz_check_text(e.text);
    }
    FUZZ_CHECK(replay_new(all, n, z, &r, &e) == ERR_OK);
    for (size_t i = 0; i <= 2 * n; i++) {
        size_t at = i <= n ? i : 2 * n - i;
        struct utc now = {at > 0 ? replay_entry(r, at - 1)->at.s : 0};
        struct fleet *f = replay_fleet(r, at, now);

        FUZZ_CHECK(f != NULL);
        for (size_t k = 0; k < f->n_servers; k++) {
            const struct server_view *s = &f->servers[k];

            FUZZ_CHECK(s->facts.place < PLACE_COUNT && s->hold.place < PLACE_COUNT);
            FUZZ_CHECK(s->move.n >= 0 && s->move.n <= s->move.of &&
                       s->move.of <= MAX_STEPS);
            fuzz_check_text(s->name);
            fuzz_check_text(s->decision.reason_text);
        }
        fleet_unref(f);
    }
    replay_free(r);
    tz_free(z);
    free(text);
}

/* ----- what can only be read from a file ----- */

static const char *folder(void)
{
    static char path[64];

    if (path[0] == '\0') {
        (void)str_copy(path, sizeof(path),
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm/rushhour-fuzz-XXXXXX"
                                                     : "/tmp/rushhour-fuzz-XXXXXX");
        FUZZ_CHECK(mkdtemp(path) != NULL);
    }
    return path;
}

static void in_folder(char out[128], const char *name)
{
    FUZZ_CHECK(str_format(out, 128, "%s/%s", folder(), name));
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(path, "w");

    FUZZ_CHECK(f != NULL);
    FUZZ_CHECK(fwrite(bytes, 1, len, f) == len && fclose(f) == 0);
}

void fuzz_files_end(void)
{
    static const char *const names[] = {"aws",          "state.db",        "state.db-wal",
                                        "state.db-shm", "controller.lock", "ballast"};
    char path[128];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        in_folder(path, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder());
}

static void profile(const uint8_t *bytes, size_t len)
{
    static const char *const keys[] = {"region", "credential_process", "endpoint_url",
                                       "aws_access_key_id"};
    static char credentials[160], config[160];
    struct aws_files *f = NULL;
    char path[128], buf[256];
    struct err e = {0};

    in_folder(path, "aws");
    write_file(path, bytes, len);
    /* putenv() keeps the array itself */
    FUZZ_CHECK(str_format(credentials, sizeof(credentials),
                          "AWS_SHARED_CREDENTIALS_FILE=%s", path) &&
               str_format(config, sizeof(config), "AWS_CONFIG_FILE=%s", path) &&
               putenv(credentials) == 0 && putenv(config) == 0);
    if (aws_files_load(&f, &e) != ERR_OK) {
        fuzz_check_text(e.text);
        return;
    }
    for (int file = 0; file < AWS_FILE_COUNT; file++) {
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            (void)aws_files_get(f, (enum aws_file)file, "default", keys[k], buf,
                                sizeof(buf));
            (void)aws_files_get(f, (enum aws_file)file, "rushhour", keys[k], buf,
                                sizeof(buf));
        }
        (void)aws_files_has(f, (enum aws_file)file, "rushhour");
    }
    (void)aws_files_get_service(f, "default", "ec2", "endpoint_url", buf, sizeof(buf));
    aws_files_free(f);
}

const struct fuzz_target fuzz_files[] = {
    {"configuration", configuration},
    {"calendar", calendar},
    {"zone", zone},
    {"theme", theme},
    {"profile", profile},
    {"journal", journal},
    {NULL, NULL},
};
