/*
 * ledger - writes the day of policy-and-cost 8.1 into a new state directory, on 7 October
 * 2025, through the store itself: ledger DIR DEPLOYMENT.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/base/str.h"
#include "core/base/timefmt.h"
#include "core/store/store.h"

static struct utc at(const char *text)
{
    struct utc t = {0};
    struct err e = {0};

    if (utc_parse(text, &t, &e) != ERR_OK)
        abort();
    return t;
}

static void price(struct record *r, const char *from, int64_t nanos)
{
    r->kind = RECORD_PRICE;
    (void)str_copy(r->as.price.type, NAME_TEXT, "c5.2xlarge");
    (void)str_copy(r->as.price.zone, NAME_TEXT, "eu-west-1a");
    r->as.price.at = at(from);
    r->as.price.price.nanos = nanos;
}

int main(int argc, char **argv)
{
    struct record records[4] = {{.kind = RECORD_SEGMENT}};
    struct segment *spot = &records[0].as.segment, *extension = &records[1].as.segment;
    struct store *s = NULL;
    struct err e = {0};

    if (argc != 3)
        return 2;
    *spot = (struct segment){.id = 1,
                             .resource = "i-0123456789abcdef0",
                             .kind = "spot",
                             .server = "cache",
                             .type = "c5.2xlarge",
                             .zone = "eu-west-1a",
                             .start = at("2025-10-07T08:41:20Z"),
                             .end = at("2025-10-07T18:04:50Z"),
                             .source = "history"};
    records[1].kind = RECORD_SEGMENT;
    *extension = (struct segment){.id = 2,
                                  .resource = "ce-1",
                                  .kind = "extension",
                                  .start = at("2025-10-07T08:35:00Z"),
                                  .end = at("2025-10-07T18:35:00Z"),
                                  .rate = {266000000},
                                  .rate_known = true,
                                  .source = "configured"};
    price(&records[2], "2025-10-01T00:00:00Z", 60000000);
    price(&records[3], "2025-10-07T12:30:00Z", 70000000);
    if (store_open(argv[1], STORE_CONTROLLER, argv[2], &s, &e) != ERR_OK ||
        store_apply(s, records, ARRAY_LEN(records), &e) != ERR_OK)
        (void)fprintf(stderr, "%s\n", e.text);
    store_close(s);
    return e.code == ERR_OK ? 0 : 1;
}
