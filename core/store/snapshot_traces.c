#include <config.h>

#include "core/store/snapshot_traces.h"

#include <string.h>

void snap_quarters(const json_value *o, struct server_view *s)
{
    char text[FLEET_QUARTERS + 1];

    snap_text(o, "today", text, sizeof(text));
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char *at = strchr(FLEET_PLACE_LETTERS, text[i]);

        s->quarters[i] =
            at != NULL ? (uint8_t)(at - FLEET_PLACE_LETTERS) : (uint8_t)PLACE_UNKNOWN;
    }
}

void snap_spot_steps(const json_value *o, struct server_view *s)
{
    const json_value *list = json_get(o, "spot_history");

    for (size_t i = 0; i < json_list_len(list) && s->n_spot_steps < FLEET_SPOT_STEPS;
         i++) {
        struct spot_step *step = &s->spot_steps[s->n_spot_steps++];

        step->at = snap_utc(json_list_at(list, i), "at");
        snap_text(json_list_at(list, i), "status", step->status, sizeof(step->status));
    }
}

static bool read_track(const json_value *o, struct price_view *v)
{
    const json_value *list = json_get(o, "prices");

    snap_text(o, "type", v->type, sizeof(v->type));
    snap_text(o, "zone", v->zone, sizeof(v->zone));
    v->from = snap_utc(o, "from");
    v->on_demand_known = snap_usd(o, "on_demand", &v->on_demand);
    for (size_t k = 0; k < FLEET_PRICE_STEPS && k < json_list_len(list); k++)
        v->known[k] = snap_usd_of(json_list_at(list, k), &v->prices[k]);
    return v->type[0] != '\0' &&
           snap_int(o, "step_s", MAX_SECONDS, 0) == FLEET_PRICE_STEP_S;
}

void snap_prices(const json_value *root, struct fleet *f)
{
    const json_value *list = json_get(root, "prices");

    for (size_t i = 0; i < json_list_len(list) && f->n_prices < FLEET_TRACKS; i++) {
        struct price_view v = {.on_demand_known = false};

        if (read_track(json_list_at(list, i), &v))
            f->prices[f->n_prices++] = v;
    }
}
