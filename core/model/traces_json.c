#include <config.h>

#include "core/model/fleet_json.h"

#include "core/base/jsonw.h"

void quarters_json(const struct fleet *f, const struct server_view *s, struct strbuf *b)
{
    int64_t n = (f->at.s - f->day_start.s) / FLEET_QUARTER_S + 1;
    char text[FLEET_QUARTERS + 1];
    size_t i = 0;

    for (; i < FLEET_QUARTERS && f->day_start.s != 0 && (int64_t)i < n; i++)
        text[i] = FLEET_PLACE_LETTERS[s->quarters[i]];
    text[i] = '\0';
    jsonw_text(b, "today", text);
}

void spot_steps_json(const struct server_view *s, struct strbuf *b)
{
    jsonw_open(b, "spot_history", '[');
    for (size_t i = 0; i < s->n_spot_steps; i++) {
        jsonw_open(b, NULL, '{');
        jsonw_utc(b, "at", s->spot_steps[i].at);
        jsonw_text(b, "status", s->spot_steps[i].status);
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}

void prices_json(const struct fleet *f, struct strbuf *b)
{
    jsonw_open(b, "prices", '[');
    for (size_t i = 0; i < f->n_prices; i++) {
        const struct price_view *v = &f->prices[i];

        jsonw_open(b, NULL, '{');
        jsonw_text(b, "type", v->type);
        jsonw_text(b, "zone", v->zone);
        jsonw_usd(b, "on_demand", v->on_demand, 9, v->on_demand_known);
        jsonw_utc(b, "from", v->from);
        jsonw_i64(b, "step_s", FLEET_PRICE_STEP_S);
        jsonw_open(b, "prices", '[');
        for (size_t k = 0; k < FLEET_PRICE_STEPS; k++) {
            char text[USD_TEXT];

            jsonw_comma(b);
            if (v->known[k])
                json_put_text(b, usd_text(v->prices[k], 4, text));
            else
                strbuf_puts(b, "null");
        }
        jsonw_close(b, ']');
        jsonw_close(b, '}');
    }
    jsonw_close(b, ']');
}
