#include <config.h>

#include "core/sim/json_kept.h"

enum { MOST_BYTES = 64 * 1024 }; /* a larger one is read each time */

enum err_code json_kept_read(struct json_kept *k, const char *bytes, size_t len,
                             const json_value **out, struct err *e)
{
    enum err_code rc;

    if (k->bytes.len == 0 || k->bytes.len != len ||
        memcmp(k->bytes.data, bytes, len) != 0) {
        json_doc_free(k->doc);
        k->doc = NULL;
        strbuf_reset(&k->bytes);
        k->bytes.limit = MOST_BYTES;
        rc = json_parse(bytes != NULL ? bytes : "", len, &k->doc, e);
        if (rc != ERR_OK)
            return rc;
        strbuf_add(&k->bytes, bytes, len);
        if (k->bytes.failed)
            strbuf_reset(&k->bytes);
    }
    *out = json_doc_root(k->doc);
    return ERR_OK;
}

void json_kept_clear(struct json_kept *k)
{
    json_doc_free(k->doc);
    strbuf_clear(&k->bytes);
    *k = (struct json_kept){.doc = NULL};
}
