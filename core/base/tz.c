#include <config.h>

#include "core/base/tz.h"

#include "core/base/str.h"
#include "core/base/tz_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_MAX_BYTES = 63,
    FILE_MAX = 128 * 1024,
    HEADER = 44,
    MAX_TIMES = 8192,
    MAX_TYPES = 256,
    MAX_CHARS = 4096,
    MAX_OFFSET_S = 26 * 3600,
    CYCLE_YEARS = 400,
    /* The rule's part of the table: a whole cycle, and a margin on both sides. */
    RULE_TIMES = 2 * (CYCLE_YEARS + 3)
};

/* After so many seconds the Gregorian calendar and its weekdays repeat. */
#define CYCLE_S (INT64_C(146097) * 86400)

#define ZONE_DIR "/usr/share/zoneinfo/"

struct type {
    int32_t offset_s;
    char name[TZ_ABBREVIATION];
};

/*
 * Segment i holds [at[i], at[i + 1]) with types[type[i]]; at[0] is the beginning of time.
 * The footer's rule is written out for one cycle of the calendar, so that every lookup is
 * one binary search; instants behind `end` are folded back into the last cycle.
 */
struct tz {
    char name[NAME_MAX_BYTES + 1];
    bool folds;
    int64_t end; /* folds: first instant behind the table */
    size_t n;
    int64_t *at;
    uint16_t *type;
    struct type types[MAX_TYPES + 2];
};

/* One of the file's two data blocks, checked to lie within the bytes. */
struct block {
    const uint8_t *times, *indexes, *types, *chars;
    size_t n_times, n_types, n_chars, time_bytes;
    const uint8_t *behind;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be_signed(const uint8_t *p, size_t bytes)
{
    uint64_t v = p[0] >= 0x80 ? UINT64_MAX : 0;

    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* Reads a header and finds its block's parts; false when anything lies outside. */
static bool find_block(const uint8_t *p, const uint8_t *end, size_t time_bytes,
                       struct block *b)
{
    uint32_t n_isut, n_isstd, n_leap, n_times, n_types, n_chars;
    size_t need;

    if ((size_t)(end - p) < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    n_isut = be32(p + 20);
    n_isstd = be32(p + 24);
    n_leap = be32(p + 28);
    n_times = be32(p + 32);
    n_types = be32(p + 36);
    n_chars = be32(p + 40);
    /* Leap seconds make a zone of the "right" kind, whose instants are not ours. */
    if (n_times > MAX_TIMES || n_types > MAX_TYPES || n_chars > MAX_CHARS ||
        n_leap != 0 || n_isut > n_types || n_isstd > n_types)
        return false;
    *b = (struct block){.n_times = n_times,
                        .n_types = n_types,
                        .n_chars = n_chars,
                        .time_bytes = time_bytes};
    need = n_times * (time_bytes + 1) + (size_t)n_types * 6 + n_chars + n_isstd + n_isut;
    if ((size_t)(end - p) - HEADER < need)
        return false;
    b->times = p + HEADER;
    b->indexes = b->times + n_times * time_bytes;
    b->types = b->indexes + n_times;
    b->chars = b->types + (size_t)n_types * 6;
    b->behind = p + HEADER + need;
    return true;
}

static bool read_types(struct tz *z, const struct block *b)
{
    if (b->n_types == 0)
        return false;
    for (size_t i = 0; i < b->n_types; i++) {
        const uint8_t *p = b->types + i * 6;
        const char *name;
        size_t room, len;

        z->types[i].offset_s = (int32_t)be_signed(p, 4);
        if (z->types[i].offset_s < -MAX_OFFSET_S || z->types[i].offset_s > MAX_OFFSET_S ||
            p[5] >= b->n_chars)
            return false;
        name = (const char *)b->chars + p[5];
        room = b->n_chars - p[5];
        len = strnlen(name, room);
        if (len == room || len >= TZ_ABBREVIATION)
            return false;
        for (size_t k = 0; k < len; k++) {
            if (name[k] < '+' || name[k] > 'z')
                return false;
        }
        memcpy(z->types[i].name, name, len + 1);
    }
    return true;
}

static bool read_times(struct tz *z, const struct block *b)
{
    z->at[0] = INT64_MIN;
    z->type[0] = 0; /* before the first change: the first type */
    z->n = 1;
    for (size_t i = 0; i < b->n_times; i++) {
        int64_t t = be_signed(b->times + i * b->time_bytes, b->time_bytes);

        if (b->indexes[i] >= b->n_types || t <= z->at[z->n - 1])
            return false;
        z->at[z->n] = t;
        z->type[z->n++] = b->indexes[i];
    }
    return true;
}

/* Appends one change of the rule unless the file's own table has that time already. */
static bool append(struct tz *z, int64_t t, uint16_t type, int64_t table_end)
{
    if (t <= table_end)
        return true;
    if (t < z->at[z->n - 1])
        return false;
    if (t == z->at[z->n - 1] && z->n > 1) { /* summer time all year round: no gap */
        z->type[z->n - 1] = type;
        return true;
    }
    z->at[z->n] = t;
    z->type[z->n++] = type;
    return true;
}

/* Writes the rule out for a cycle behind the table; false when its changes cross. */
static bool apply_rule(struct tz *z, const struct tz_rule *r, size_t n_types)
{
    uint16_t std = (uint16_t)n_types, dst = (uint16_t)(n_types + 1);
    int64_t last = z->n > 1 ? z->at[z->n - 1] : 0;
    int32_t first;

    if (!r->has_dst)
        return true; /* the table's last type goes on for ever */
    if (last < -CYCLE_S || last > 20 * CYCLE_S)
        return false; /* a rule that begins in no year of ours */
    z->types[std].offset_s = r->std_offset_s;
    z->types[dst].offset_s = r->dst_offset_s;
    memcpy(z->types[std].name, r->std_name, TZ_ABBREVIATION);
    memcpy(z->types[dst].name, r->dst_name, TZ_ABBREVIATION);
    if (z->n == 1)
        last = INT64_MIN;
    first = civil_from_seconds(z->n > 1 ? last : 0).year;
    for (int32_t y = first; y < first + CYCLE_YEARS + 3; y++) {
        int64_t s = tz_rule_start(r, y), e = tz_rule_end(r, y);
        bool ok = s < e ? append(z, s, dst, last) && append(z, e, std, last)
                        : append(z, e, std, last) && append(z, s, dst, last);

        if (!ok)
            return false;
    }
    z->folds = true;
    z->end = civil_to_days(first + CYCLE_YEARS + 1, 7, 1) * 86400;
    return true;
}

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '+';
}

/* Every part of the name begins with a capital, as all IANA names do. */
static bool is_well_formed(const char *name)
{
    bool first = true;
    size_t len = strlen(name);

    if (len == 0 || len > NAME_MAX_BYTES || name[len - 1] == '/')
        return false;
    for (const char *p = name; *p != '\0'; p++) {
        if (first ? *p < 'A' || *p > 'Z' : !is_name_char(*p) && *p != '/')
            return false;
        first = *p == '/';
    }
    return true;
}

static bool is_utc_name(const char *name)
{
    static const char *const names[] = {"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal",
                                        "Etc/Zulu"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq(name, names[i]))
            return true;
    }
    return false;
}

/* "EST", "CET", "NZ", "EST5EDT": not the name of a place. */
static bool is_abbreviation(const char *name)
{
    if (strchr(name, '/') != NULL)
        return false;
    for (const char *p = name; *p != '\0'; p++) {
        if (*p >= 'a' && *p <= 'z')
            return false;
    }
    return true;
}

static enum err_code check_name(const char *name, struct err *e)
{
    if (is_utc_name(name))
        return ERR_OK;
    if (!is_well_formed(name))
        return err_set(e, ERR_SYNTAX,
                       "\"%.40s\" is not a zone name; write one like Europe/Berlin",
                       name);
    if (str_starts(name, "Etc/") || str_eq(name, "Factory"))
        return err_set(
            e, ERR_SYNTAX,
            "\"%s\" is a fixed offset without daylight-saving rules; write UTC "
            "or a name like Europe/Berlin",
            name);
    if (is_abbreviation(name))
        return err_set(e, ERR_SYNTAX,
                       "\"%s\" is an abbreviation; write a name like Europe/Berlin",
                       name);
    return ERR_OK;
}

static struct tz *tz_new(const char *name, size_t n_times)
{
    struct tz *z = calloc(1, sizeof(*z));

    if (z == NULL)
        return NULL;
    z->at = calloc(n_times + 1 + RULE_TIMES, sizeof(z->at[0]));
    z->type = calloc(n_times + 1 + RULE_TIMES, sizeof(z->type[0]));
    if (z->at == NULL || z->type == NULL) {
        tz_free(z);
        return NULL;
    }
    (void)str_copy(z->name, sizeof(z->name), name); /* cut: a name for people only */
    return z;
}

/* The footer: a rule between two line feeds, right behind the second block; the file ends
 * with it. */
static bool find_footer(const uint8_t *p, const uint8_t *end, const char **rule,
                        size_t *len)
{
    const uint8_t *close;

    if (end - p < 2 || *p != '\n')
        return false;
    close = memchr(p + 1, '\n', (size_t)(end - p) - 1);
    if (close == NULL)
        return false;
    *rule = (const char *)p + 1;
    *len = (size_t)(close - p) - 1;
    return true;
}

enum err_code tz_parse(const char *name, const void *bytes, size_t len, struct tz **out,
                       struct err *e)
{
    const uint8_t *p = bytes, *end = p + len;
    struct tz_rule rule = {0};
    const char *text = "";
    size_t text_len = 0;
    struct tz *z = NULL;
    struct block b;
    enum err_code rc = ERR_OK;

    if (len < HEADER || !find_block(p, end, 4, &b))
        goto broken;
    if (p[4] >= '2') {
        /* The first block is the same in 32 bits, for old readers. */
        if (!find_block(b.behind, end, 8, &b) ||
            !find_footer(b.behind, end, &text, &text_len))
            goto broken;
    }
    z = tz_new(name, b.n_times);
    if (z == NULL) {
        rc = err_set(e, ERR_NOMEM, "time zone %s: out of memory", name);
        goto out;
    }
    if (!read_types(z, &b) || !read_times(z, &b))
        goto broken;
    if (text_len > 0) {
        rc = tz_rule_parse(text, text_len, &rule, e);
        if (rc != ERR_OK) {
            err_wrap(e, "time zone %s", name);
            goto out;
        }
        if (!apply_rule(z, &rule, b.n_types))
            goto broken;
    }
    *out = z;
    z = NULL;
    goto out;
broken:
    rc = err_set(e, ERR_SYNTAX, "time zone %s: its file is damaged or of a strange kind",
                 name);
out:
    tz_free(z);
    return rc;
}

void tz_free(struct tz *z)
{
    if (z == NULL)
        return;
    free(z->type);
    free(z->at);
    free(z);
}

/* ERR_RANGE: longer than size. */
static enum err_code read_file(const char *path, uint8_t *buf, size_t size, size_t *len,
                               struct err *e)
{
    enum err_code rc = ERR_OK;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return err_set_errno(e,
                             errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO,
                             errno, "%s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        rc = err_set(e, ERR_NOT_FOUND, "%s is not a file", path);
        goto out;
    }
    *len = 0;
    for (;;) {
        ssize_t n = read(fd, buf + *len, size - *len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            rc = err_set_errno(e, ERR_IO, errno, "%s", path);
            goto out;
        }
        if (n == 0)
            break;
        *len += (size_t)n;
        if (*len == size) {
            rc = err_set(e, ERR_RANGE, "%s is longer than %zu bytes", path, size - 1);
            goto out;
        }
    }
out:
    (void)close(fd); /* it was only read */
    return rc;
}

static enum err_code load_utc(const char *name, struct tz **out, struct err *e)
{
    struct tz *z = tz_new(name, 0);

    if (z == NULL)
        return err_set(e, ERR_NOMEM, "time zone UTC: out of memory");
    z->at[0] = INT64_MIN;
    z->n = 1;
    (void)str_copy(z->types[0].name, sizeof(z->types[0].name), "UTC"); /* fits */
    *out = z;
    return ERR_OK;
}

enum err_code tz_load(const char *name, struct tz **out, struct err *e)
{
    char path[sizeof(ZONE_DIR) + NAME_MAX_BYTES];
    uint8_t *buf;
    size_t len = 0;
    enum err_code rc = check_name(name, e);

    if (rc != ERR_OK)
        return rc;
    if (is_utc_name(name))
        return load_utc(name, out, e);
    (void)str_format(path, sizeof(path), ZONE_DIR "%s", name); /* fits: checked above */
    buf = malloc(FILE_MAX + 1);
    if (buf == NULL)
        return err_set(e, ERR_NOMEM, "time zone %s: out of memory", name);
    rc = read_file(path, buf, FILE_MAX + 1, &len, e);
    if (rc == ERR_NOT_FOUND) {
        err_clear(e);
        rc = err_set(
            e, ERR_NOT_FOUND,
            "there is no time zone \"%s\" in " ZONE_DIR " (is tzdata installed?)", name);
    } else if (rc == ERR_OK) {
        rc = tz_parse(name, buf, len, out, e);
    } else {
        err_wrap(e, "time zone %s", name);
    }
    free(buf);
    return rc;
}

/* The first word of /etc/timezone. */
static bool name_from_file(char *buf, size_t size)
{
    uint8_t bytes[256];
    struct err ignored = {0};
    size_t len = 0, n = 0;

    if (read_file("/etc/timezone", bytes, sizeof(bytes), &len, &ignored) != ERR_OK)
        return false; /* most systems have none: the link is asked next */
    while (n < len && bytes[n] > ' ')
        n++;
    if (n == 0 || n >= size)
        return false;
    memcpy(buf, bytes, n);
    buf[n] = '\0';
    return is_well_formed(buf);
}

static bool name_from_link(char *buf, size_t size)
{
    char target[512];
    const char *name;
    ssize_t len = readlink("/etc/localtime", target, sizeof(target) - 1);

    if (len <= 0)
        return false;
    target[len] = '\0';
    name = strstr(target, "/zoneinfo/");
    if (name == NULL)
        return false;
    name += sizeof("/zoneinfo/") - 1;
    return is_well_formed(name) && str_copy(buf, size, name);
}

const char *tz_system_name(char *buf, size_t size)
{
    if (!name_from_file(buf, size) && !name_from_link(buf, size))
        (void)str_copy(buf, size, "UTC"); /* three letters */
    return buf;
}

const char *tz_name(const struct tz *z)
{
    return z->name;
}

/* The instant within the table that has the same place in its cycle. */
static int64_t fold(const struct tz *z, int64_t t, int64_t *shift)
{
    *shift = 0;
    if (!z->folds || t < z->end)
        return t;
    *shift = ((t - z->end) / CYCLE_S + 1) * CYCLE_S;
    return t - *shift;
}

/* The segment that holds t, which lies within the table. */
static size_t segment_of(const struct tz *z, int64_t t)
{
    size_t low = 0, n = z->n;

    while (n > 1) { /* without a jump to mispredict */
        size_t half = n / 2;

        low = z->at[low + half] <= t ? low + half : low;
        n -= half;
    }
    return low;
}

static const struct type *type_at(const struct tz *z, struct utc t)
{
    int64_t shift;

    return &z->types[z->type[segment_of(z, fold(z, t.s, &shift))]];
}

int32_t tz_offset_s(const struct tz *z, struct utc t)
{
    return type_at(z, t)->offset_s;
}

const char *tz_abbreviation(const struct tz *z, struct utc t)
{
    return type_at(z, t)->name;
}

struct civil tz_civil(const struct tz *z, struct utc t)
{
    return civil_from_seconds(t.s + tz_offset_s(z, t));
}

static int32_t segment_offset(const struct tz *z, size_t i)
{
    return z->types[z->type[i]].offset_s;
}

bool tz_next_change(const struct tz *z, struct utc t, struct utc *out)
{
    int64_t shift, from = fold(z, t.s, &shift);

    for (size_t i = segment_of(z, from) + 1; i < z->n; i++) {
        if (z->at[i] - from > INT64_C(400) * 86400)
            return false;
        if (segment_offset(z, i) != segment_offset(z, i - 1)) {
            out->s = z->at[i] + shift;
            return true;
        }
    }
    return false;
}

struct tz_local tz_instants(const struct tz *z, const struct civil *local)
{
    int64_t shift, want = fold(z, civil_to_seconds(local), &shift);
    size_t i = segment_of(z, want - MAX_OFFSET_S);
    struct tz_local r = {0};

    for (; i < z->n && (i == 0 || z->at[i] <= want + MAX_OFFSET_S); i++) {
        int64_t t = want - segment_offset(z, i);
        bool begun = i == 0 || t >= z->at[i];

        if (begun && (i + 1 == z->n || t < z->at[i + 1])) {
            struct utc *slot = r.n == 0 ? &r.first : &r.second;

            slot->s = t + shift;
            r.n = r.n == 0 ? 1 : 2;
        } else if (!begun && r.n == 0 && r.first.s == 0) {
            /* Too early for this segment and too late for the one before: the gap. */
            r.first.s = r.second.s = z->at[i] + shift;
        }
    }
    if (r.n == 1)
        r.second = r.first;
    return r;
}
