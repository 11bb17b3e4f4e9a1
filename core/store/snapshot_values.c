#include <config.h>

#include "core/store/snapshot_values.h"

#include "core/base/text.h"

#include <string.h>

#define MAX_USD (1000000 * USD_NANOS)

void snap_text(const json_value *o, const char *name, char *buf, size_t size)
{
    size_t len;
    const char *text = json_text(o, name, &len);

    (void)text_clean(buf, size, text != NULL ? text : "", len); /* cut to what fits */
}

struct utc snap_utc(const json_value *o, const char *name)
{
    struct utc t = {0};

    return json_time(o, name, &t) && t.s > 0 ? t : (struct utc){0};
}

bool snap_bool(const json_value *o, const char *name)
{
    bool v = false;

    return json_bool(o, name, &v) && v;
}

int64_t snap_int(const json_value *o, const char *name, int64_t max, int64_t unknown)
{
    int64_t v = unknown;

    return json_i64(o, name, 0, max, &v) ? v : unknown;
}

int32_t snap_i32(const json_value *o, const char *name, int32_t max, int32_t unknown)
{
    return (int32_t)snap_int(o, name, max, unknown);
}

bool snap_usd_of(const json_value *value, struct usd *out)
{
    size_t len;
    const char *text = json_text_of(value, &len);
    struct err ignored = {0}; /* no amount is an unknown amount */
    struct usd v;

    if (text == NULL || len != strlen(text) || usd_parse(text, &v, &ignored) != ERR_OK ||
        v.nanos > MAX_USD || v.nanos < -MAX_USD)
        return false;
    *out = v;
    return true;
}

bool snap_usd(const json_value *o, const char *name, struct usd *out)
{
    return snap_usd_of(json_get(o, name), out);
}
