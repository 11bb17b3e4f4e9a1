#include <config.h>

#include "core/net/aws_keys.h"

#include "core/base/str.h"
#include "core/base/text.h"
#include "core/base/timefmt.h"
#include "core/net/json.h"

#include <string.h>

/* ----- a set ----- */

void aws_keys_clear(struct aws_keys *k)
{
    secret_free(k->secret_key);
    secret_free(k->session_token);
    *k = (struct aws_keys){0};
}

bool aws_keys_equal(const struct aws_keys *a, const struct aws_keys *b)
{
    return str_eq(a->key_id, b->key_id) &&
           str_eq(secret_expose(a->secret_key), secret_expose(b->secret_key)) &&
           (a->session_token == NULL) == (b->session_token == NULL) &&
           (a->session_token == NULL ||
            str_eq(secret_expose(a->session_token), secret_expose(b->session_token)));
}

void aws_keys_share(struct aws_keys *to, const struct aws_keys *from)
{
    *to = *from;
    (void)secret_ref(to->secret_key);
    (void)secret_ref(to->session_token);
}

/* Printable ASCII without blanks: anything else could end the header that carries it. */
static bool is_token(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s <= ' ' || *s >= 0x7f)
            return false;
    }
    return true;
}

enum err_code aws_keys_set(struct aws_keys *k, const char *key_id, const char *secret,
                           const char *token, struct err *e)
{
    enum err_code rc;

    *k = (struct aws_keys){0};
    if (!is_token(key_id) || (token != NULL && !is_token(token)))
        return err_set(e, ERR_AUTH,
                       "the AWS %s has characters that none can have: copy it again",
                       is_token(key_id) ? "session token" : "access key id");
    if (!str_copy(k->key_id, sizeof(k->key_id), key_id))
        return err_set(e, ERR_AUTH, "the AWS access key id is too long");
    rc = secret_new(secret, strlen(secret), &k->secret_key, e);
    if (rc == ERR_OK && token != NULL && token[0] != '\0')
        rc = secret_new(token, strlen(token), &k->session_token, e);
    if (rc != ERR_OK)
        aws_keys_clear(k);
    return rc;
}

/* ----- answers ----- */

static const struct shape {
    const char *token;
    bool has_version; /* "Version": 1 */
    bool is_whole;    /* a token and an end are always there */
} shapes[] = {
    [AWS_ANSWER_PROCESS] = {"SessionToken", true, false},
    [AWS_ANSWER_CONTAINER] = {"Token", false, false},
    [AWS_ANSWER_INSTANCE] = {"Token", false, true},
};

/* The instance's "Code": "Success", which emulators leave away; else its own words. */
static enum err_code check_code(const json_value *root, struct err *e)
{
    char code[48], message[96];
    size_t code_len = 0, len = 0;
    const char *said = json_text(root, "Code", &code_len);
    const char *why = json_text(root, "Message", &len);

    if (said == NULL || str_eq(said, "Success"))
        return ERR_OK;
    (void)text_clean(code, sizeof(code), said, code_len);
    (void)text_clean(message, sizeof(message), why != NULL ? why : "", len);
    return err_set(e, ERR_AUTH, "it says %s%s%s", code, message[0] != '\0' ? ": " : "",
                   message);
}

static enum err_code check_shape(const struct shape *s, const json_value *root,
                                 struct err *e)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey"};
    int64_t version;
    size_t len;

    if (!json_is_object(root))
        return err_set(e, ERR_AUTH, "its answer is no JSON object");
    if (s->has_version && !json_i64(root, "Version", 1, 1, &version))
        return err_set(e, ERR_AUTH, "its answer is not \"Version\": 1");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *text = json_text(root, names[i], &len);

        if (text == NULL || len == 0 || strlen(text) != len)
            return err_set(e, ERR_AUTH, "its answer lacks %s", names[i]);
    }
    if (s->is_whole && json_text(root, s->token, &len) == NULL)
        return err_set(e, ERR_AUTH, "its answer lacks %s", s->token);
    if (s->is_whole && json_text(root, "Expiration", &len) == NULL)
        return err_set(e, ERR_AUTH, "its answer lacks Expiration");
    return ERR_OK;
}

static enum err_code expiration(const json_value *root, struct utc *out, struct err *e)
{
    size_t len;
    const char *text = json_text(root, "Expiration", &len);
    struct err unread = {0};

    *out = (struct utc){0};
    if (text == NULL || text[0] == '\0' || utc_parse(text, out, &unread) == ERR_OK)
        return ERR_OK;
    return err_set(e, ERR_AUTH, "its Expiration is no time like 2026-11-23T12:00:00Z");
}

enum err_code aws_answer_read(enum aws_answer_kind kind, const char *text, size_t len,
                              struct aws_answer *a, struct err *e)
{
    const struct shape *s = &shapes[kind];
    struct json_doc *doc = NULL;
    struct aws_answer got = {0};
    const json_value *root;
    size_t ignored;
    enum err_code rc = json_parse(text, len, &doc, e);

    if (rc != ERR_OK)
        return rc;
    root = json_doc_root(doc);
    if (kind == AWS_ANSWER_INSTANCE)
        rc = check_code(root, e);
    if (rc == ERR_OK)
        rc = check_shape(s, root, e);
    if (rc == ERR_OK)
        rc = expiration(root, &got.expires, e);
    if (rc == ERR_OK)
        rc = aws_keys_set(&got.keys, json_text(root, "AccessKeyId", &ignored),
                          json_text(root, "SecretAccessKey", &ignored),
                          json_text(root, s->token, &ignored), e);
    if (rc == ERR_OK)
        *a = got;
    json_doc_free(doc);
    return rc;
}
