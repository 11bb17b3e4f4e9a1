/*
 * wire_exchange - a world and one client of it: requests as bytes in, answers as bytes
 * out. Owns the world and the last answer (wire_exchange_end). Threads: one.
 */
#ifndef RH_TESTS_WIRE_EXCHANGE_H
#define RH_TESTS_WIRE_EXCHANGE_H

#include "core/base/secret.h"
#include "core/sim/wire.h"
#include "core/sim/world.h"

struct wire_exchange {
    struct world *w;
    struct http_response rs;
    char cookie[1024];   /* sent when not empty; taken from each answer */
    const char *version; /* of SOAPAction, NULL = "7.0.3.0" */
    struct secret *key;  /* the region's secret key */
    const char *key_id;
};

/* Four servers, a Monday in November at 08:00 UTC. */
void wire_exchange_begin(struct wire_exchange *x);
void wire_exchange_end(struct wire_exchange *x);
/* The same for a test of its own, which gets it as *state; the second with a session. */
int wire_exchange_set_up(void **state);
int wire_exchange_log_in(void **state);
int wire_exchange_tear_down(void **state);
void wire_exchange_later(struct wire_exchange *x, int64_t ms);

/* Both return the answer's body; its status is in rs. */
const char *wire_soap(struct wire_exchange *x, const char *method_element);
const char *wire_bytes(struct wire_exchange *x, const char *bytes, size_t len);
const char *wire_form(struct wire_exchange *x, const char *path, const char *form);

/* "PREFIX<id>" and what follows up to `to`, into out; fails the test when absent. */
void wire_between(const char *text, const char *from, const char *to, char *out,
                  size_t size);
size_t wire_count(const char *text, const char *part);

void wire_login(struct wire_exchange *x);

#endif
