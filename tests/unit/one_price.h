/*
 * one_price - a book with one type in one zone, at 0.06 an hour since the midnight of a
 * day in November: what a test of limits adds to. No memory; the book points into its
 * fixture.
 * Threads: one.
 */
#ifndef RH_TESTS_ONE_PRICE_H
#define RH_TESTS_ONE_PRICE_H

#include "core/cost/bill.h"

#include "tests/unit/policy_util.h"

#define MOST ((struct usd){INT64_MAX})

static inline struct utc day(const char *time)
{
    char buf[TIME_TEXT];

    (void)str_format(buf, sizeof(buf), "2026-11-30T%sZ", time);
    return utc_at(buf);
}

struct fixture {
    struct cost_config config;
    struct configured_price price; /* of m5.xlarge; none at first */
    struct price_step step;        /* 0.06 since midnight, fresh */
    struct price_track track;
    struct price_book book;
    struct bill bill;
    struct err e;
};

static inline void set_up(struct fixture *f)
{
    *f = (struct fixture){
        .config = {.first_hour_free = true, .n_prices = 1},
        .price = {.type = "m5.xlarge"},
        .step = {day("00:00:00"), {60000000}},
        .track = {.type = "m5.xlarge", .zone = "eu-west-1a", .n = 1},
    };
    f->config.prices = &f->price;
    f->track.steps = &f->step;
    f->track.as_of = day("20:00:00");
    f->book =
        (struct price_book){.config = &f->config, .tracks = &f->track, .n_tracks = 1};
    bill_clear(&f->bill);
}

#endif
