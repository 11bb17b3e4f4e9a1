/*
 * sqs_peer - drives our queue client against a server that is not ours: receives what
 * was put there, deletes it once it is handled, and finds the queue empty then.
 * usage: sqs_peer URL REGION QUEUE INSTANCE. The queue holds a warning for INSTANCE, a
 * change of its state and a message that is no event.
 */
#include <config.h>

#include "core/api/sqs.h"
#include "core/base/str.h"

#include <stdio.h>

static int failures;

static void check(const char *what, bool ok, const char *text)
{
    printf("%-4s %s%s%s\n", ok ? "ok" : "FAIL", what, text[0] != '\0' ? ": " : "", text);
    failures += ok ? 0 : 1;
}

struct seen {
    int warnings, states, poison, all;
    uint64_t batch;
};

static bool look(struct sqs *c, uint64_t handled, const char *instance, struct seen *s)
{
    struct observation *o = observation_new(SOURCE_QUEUE);
    const struct poll_hints hints = {.batch = handled};
    struct err e = {0};

    if (o == NULL)
        return false;
    check("received", sqs_observe(c, &hints, o, &e) == ERR_OK, e.text);
    for (size_t i = 0; e.code == ERR_OK && i < o->as.queue.n; i++) {
        const struct seen_warning *w = &o->as.queue.warnings[i];
        bool ours = str_eq(w->instance, instance);

        s->all++;
        s->warnings += w->kind == WARNING_INTERRUPTION && ours && w->at.s > 0 ? 1 : 0;
        s->states += w->kind == WARNING_STATE && ours && str_eq(w->state, "running");
        s->poison += w->kind == WARNING_POISON ? 1 : 0;
    }
    s->batch = o->as.queue.batch;
    observation_unref(o);
    return e.code == ERR_OK;
}

int main(int argc, char **argv)
{
    const struct http_client_config http = {.timeout_ms = 20000,
                                            .user_agent = "rushhour-peer-test"};
    struct config config = {0};
    const struct aws_credentials_config chain = {.http = http};
    struct aws_credentials *credentials = NULL;
    struct http_client *client = NULL;
    struct sqs *c = NULL;
    struct transport t;
    struct seen seen = {0}, after = {0};
    struct err e = {0};

    if (argc != 5) {
        fprintf(stderr, "usage: sqs_peer URL REGION QUEUE INSTANCE\n");
        return 2;
    }
    config.aws.endpoint_sqs = argv[1];
    config.aws.region = argv[2];
    config.aws.interruption_queue = argv[3];
    if (http_global_init(&e) != ERR_OK || http_client_new(&http, &client, &e) != ERR_OK ||
        aws_credentials_new(&chain, clock_system(), &credentials, &e) != ERR_OK) {
        fprintf(stderr, "sqs_peer: %s\n", e.text);
        return 1;
    }
    t = http_client_transport(client);
    if (sqs_new(&config, credentials, &t, clock_system(), &c, &e) != ERR_OK) {
        fprintf(stderr, "sqs_peer: %s\n", e.text);
        return 1;
    }
    while (seen.all < 3 && look(c, 0, argv[4], &seen) && seen.batch < 3)
        continue;
    check("a warning, a change of state, and what is none of it",
          seen.warnings == 1 && seen.states == 1 && seen.poison == 1, "");
    /* Deletes all of it, then waits in vain. */
    check("nothing is left", look(c, seen.batch, argv[4], &after) && after.all == 0, "");
    sqs_free(c);
    aws_credentials_free(credentials);
    http_client_free(client);
    http_global_cleanup();
    printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
