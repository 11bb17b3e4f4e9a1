/*
 * jenkins_site - a scripted Jenkins below /ci/ and a client of it, for the contract
 * tests. Set up and ended around each test, as cmocka does it: *state is a struct site.
 * Threads: those of the scripted server; the rest is the test's own thread's.
 */
#ifndef RH_TESTS_CONTRACT_JENKINS_SITE_H
#define RH_TESTS_CONTRACT_JENKINS_SITE_H

#include "core/api/jenkins.h"
#include "tests/contract/fake_server.h"

struct site {
    struct fake_server *server;
    struct http_client *client;
    struct transport transport;
    struct api_config config; /* url below */
    struct jenkins *jenkins;
    struct observation *o;
    struct poll_hints hints; /* none to begin with */
    struct call call;        /* id and marker; what it does is the test's */
    struct call_result r;
    char url[128];
    struct err e;
};

/* A client with a token that waits for 1 s; what it reads of `source` goes to o. */
int site_open(void **state, enum source source) NONNULL;
int site_close(void **state) NONNULL;

/* Another client, which knows nothing of the first: with a token, or with a password. */
void site_renew_client(struct site *s, bool token) NONNULL;

#endif
