#include <config.h>

#include "core/sim/spoil.h"

#include <string.h>

/* A value in the body: [at, at + len); of JSON with its quotes. Its name is [key, key +
 * key_len), without quotes or brackets. */
struct value {
    size_t at, len, key, key_len;
};

static bool is_xml(const struct strbuf *b)
{
    return b->len > 0 && b->data[0] == '<';
}

/* Puts text in place of len bytes at `at`. False: no room or memory; it is cut then,
 * which is a broken body, too. */
static void replace(struct strbuf *b, size_t at, size_t len, const char *text)
{
    struct strbuf whole;

    strbuf_init(&whole, b->limit);
    strbuf_add(&whole, b->data, at);
    strbuf_puts(&whole, text);
    strbuf_add(&whole, b->data + at + len, b->len - at - len);
    strbuf_reset(b);
    if (!whole.failed)
        strbuf_add(b, whole.data, whole.len);
    strbuf_clear(&whole);
}

/* The scalar that begins behind a colon at `at`, 0 when it is none. */
static size_t json_scalar(const struct strbuf *b, size_t at)
{
    size_t end = at;

    if (b->data[at] == '"') {
        for (end++; end < b->len && b->data[end] != '"'; end++)
            end += b->data[end] == '\\' ? 1 : 0;
        return end < b->len ? end + 1 - at : 0;
    }
    return strcspn(b->data + at, ",}] \r\n{[");
}

static bool json_value(const struct strbuf *b, size_t colon, struct value *v)
{
    if (colon < 2 || b->data[colon] != ':' || b->data[colon - 1] != '"')
        return false;
    v->at = colon + 1;
    v->len = json_scalar(b, v->at);
    v->key = colon - 1;
    while (v->key > 0 && b->data[v->key - 1] != '"')
        v->key--;
    v->key_len = colon - 1 - v->key;
    return v->len > 0 && v->key > 0 && v->key_len > 0;
}

/* "<key>text</key>": at is that of the '>'. */
static bool xml_value(const struct strbuf *b, size_t bracket, struct value *v)
{
    if (b->data[bracket] != '>')
        return false;
    v->at = bracket + 1;
    v->len = strcspn(b->data + v->at, "<>");
    v->key = bracket;
    while (v->key > 0 && b->data[v->key - 1] != '<')
        v->key--;
    v->key_len = strcspn(b->data + v->key, " >/");
    return v->len > 0 && v->key_len > 0 && v->at + v->len + 1 < b->len &&
           b->data[v->at + v->len + 1] == '/' && b->data[v->key] != '/' &&
           strncmp(b->data + v->at + v->len + 2, b->data + v->key, v->key_len) == 0;
}

/* Any one of them: the first behind a random place. */
static bool any_value(const struct strbuf *b, struct rng *r, struct value *v)
{
    bool xml = is_xml(b);
    size_t from;

    if (b->len < 4)
        return false;
    from = (size_t)rng_between(r, 0, (int64_t)b->len - 1);
    for (size_t n = 0; n < b->len; n++) {
        size_t at = (from + n) % b->len;

        if (xml ? xml_value(b, at, v) : json_value(b, at, v))
            return true;
    }
    return false;
}

static bool value_becomes(struct strbuf *b, struct rng *r, const char *json,
                          const char *xml)
{
    struct value v;

    if (!any_value(b, r, &v))
        return false;
    replace(b, v.at, v.len, is_xml(b) ? xml : json);
    return true;
}

/* ----- one way each ----- */

static bool null_value(struct strbuf *b, struct rng *r)
{
    return value_becomes(b, r, "null", "");
}

static bool other_type(struct strbuf *b, struct rng *r)
{
    struct value v;
    bool text;

    if (!any_value(b, r, &v))
        return false;
    text = is_xml(b) ? strspn(b->data + v.at, "-0123456789.") != v.len
                     : b->data[v.at] == '"';
    replace(b, v.at, v.len, text ? "17" : is_xml(b) ? "many" : "\"many\"");
    return true;
}

static bool missing(struct strbuf *b, struct rng *r)
{
    struct value v;

    if (!any_value(b, r, &v))
        return false;
    b->data[v.key] = '_';
    if (is_xml(b))
        b->data[v.at + v.len + 2] = '_';
    return true;
}

static bool twice(struct strbuf *b, struct rng *r)
{
    struct strbuf copy;
    struct value v;

    if (!any_value(b, r, &v))
        return false;
    strbuf_init(&copy, b->limit);
    if (is_xml(b)) {
        strbuf_add(&copy, b->data + v.key - 1, v.at + v.len - v.key + 1);
        strbuf_puts(&copy, "</");
        strbuf_add(&copy, b->data + v.key, v.key_len);
        strbuf_puts(&copy, ">");
    } else {
        strbuf_add(&copy, b->data + v.key - 1, v.at + v.len - v.key + 1);
        strbuf_puts(&copy, ",");
    }
    replace(b, v.key - 1, 0, strbuf_text(&copy));
    strbuf_clear(&copy);
    return true;
}

static bool deep(struct strbuf *b, struct rng *r)
{
    enum { DEPTH = 3000 };
    struct strbuf nest;
    bool done;

    strbuf_init(&nest, b->limit);
    for (int i = 0; i < 2 * DEPTH; i++)
        strbuf_puts(&nest,
                    is_xml(b) ? (i < DEPTH ? "<a>" : "</a>") : (i < DEPTH ? "[" : "]"));
    done = value_becomes(b, r, strbuf_text(&nest), strbuf_text(&nest));
    strbuf_clear(&nest);
    return done;
}

static bool huge_number(struct strbuf *b, struct rng *r)
{
    const char *n =
        rng_between(r, 0, 1) == 0 ? "1e999" : "9999999999999999999999999999999999999999";

    return value_becomes(b, r, n, n);
}

static bool bad_utf8(struct strbuf *b, struct rng *r)
{
    return value_becomes(b, r, "\"\xff\xc0\x80\"", "\xff\xc0\x80");
}

static bool nul(struct strbuf *b, struct rng *r)
{
    if (b->len == 0)
        return false;
    b->data[rng_between(r, 0, (int64_t)b->len - 1)] = '\0';
    return true;
}

static bool bom(struct strbuf *b, struct rng *r)
{
    (void)r;
    if (b->len == 0)
        return false;
    replace(b, 0, 0, "\xef\xbb\xbf");
    return true;
}

/* The value of the first element or member that has such a name. */
static bool named(const struct strbuf *b, const char *name, struct value *v)
{
    const char *at = b->data;
    bool xml = is_xml(b);

    for (; at != NULL && (at = strstr(at, name)) != NULL; at++) {
        size_t from = (size_t)(at - b->data), sep = from + strlen(name);

        if (from == 0 || sep >= b->len)
            continue;
        if (xml && b->data[from - 1] == '<' && b->data[sep] == '>') {
            *v = (struct value){sep + 1, strcspn(b->data + sep + 1, "<"), from,
                                strlen(name)};
            return true;
        }
        if (!xml && b->data[from - 1] == '"' && json_value(b, sep + 1, v))
            return true;
    }
    return false;
}

static bool next_page(const struct strbuf *b, struct value *v)
{
    static const char *const names[] = {"nextToken", "NextToken"};

    for (size_t i = 0; b->len > 0 && i < ARRAY_LEN(names); i++)
        if (named(b, names[i], v))
            return true;
    return false;
}

static bool page_missing(struct strbuf *b, struct rng *r)
{
    struct value v;

    (void)r;
    if (!next_page(b, &v) || v.len == 0)
        return false;
    replace(b, v.at, v.len, is_xml(b) ? "" : "\"\"");
    return true;
}

/* The first page once more, for ever. */
static bool page_loop(struct strbuf *b, struct rng *r)
{
    struct value v;

    (void)r;
    if (!next_page(b, &v))
        return false;
    replace(b, v.at, v.len, is_xml(b) ? "rh1.0" : "\"p1\"");
    return true;
}

static bool unknown_word(struct strbuf *b, struct rng *r)
{
    static const char *const words[] = {
        "poweredOn", "poweredOff", "running",  "pending", "terminated", "stopped",
        "active",    "success",    "guestRun", "in-use",  "available",  "SUCCESS"};
    size_t from = (size_t)rng_between(r, 0, ARRAY_LEN(words) - 1);

    for (size_t i = 0; b->len > 0 && i < ARRAY_LEN(words); i++) {
        const char *word = words[(from + i) % ARRAY_LEN(words)];
        const char *at = strstr(b->data, word);

        if (at == NULL)
            continue;
        replace(b, (size_t)(at - b->data), strlen(word), "quantum");
        return true;
    }
    return false;
}

static bool doctype(struct strbuf *b, struct rng *r)
{
    static const char bomb[] = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaa\">"
                               "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
                               "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
                               "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
                               "<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    const char *end = is_xml(b) ? strstr(b->data, "?>") : NULL;
    size_t at = end != NULL ? (size_t)(end - b->data) + 2 : 0;

    if (!is_xml(b))
        return false;
    (void)value_becomes(b, r, "", rng_between(r, 0, 1) == 0 ? "&d;" : "&x;");
    replace(b, at, 0, bomb);
    return true;
}

static bool escapes(struct strbuf *b, struct rng *r)
{
    return value_becomes(b, r, "\"\\u001b]0;yours\\u0007\\u202e\\u009b31m\"",
                         "&#x202e;&#x9b;31m&#x200b;");
}

/* ----- all of them ----- */

static bool (*const ways[N_WIRE_FAULTS])(struct strbuf *b, struct rng *r) = {
    [FAULT_NULL_VALUE] = null_value,
    [FAULT_OTHER_TYPE] = other_type,
    [FAULT_MISSING] = missing,
    [FAULT_TWICE] = twice,
    [FAULT_DEEP] = deep,
    [FAULT_HUGE_NUMBER] = huge_number,
    [FAULT_BAD_UTF8] = bad_utf8,
    [FAULT_NUL] = nul,
    [FAULT_BOM] = bom,
    [FAULT_PAGE_MISSING] = page_missing,
    [FAULT_PAGE_LOOP] = page_loop,
    [FAULT_DOCTYPE] = doctype,
    [FAULT_UNKNOWN_WORD] = unknown_word,
    [FAULT_ESCAPES] = escapes,
};

bool spoil_knows(enum site_fault fault)
{
    return fault == FAULT_WRONG_HEAD || (fault < N_WIRE_FAULTS && ways[fault] != NULL);
}

bool spoil(enum site_fault fault, struct rng *rng, struct http_response *rs)
{
    if (fault == FAULT_WRONG_HEAD) {
        (void)str_copy(rs->content_type, sizeof(rs->content_type),
                       "application/octet-stream");
        return true;
    }
    return ways[fault](&rs->body, rng);
}
