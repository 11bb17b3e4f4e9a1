/*
 * ready - how much of the rush hours the servers were ready for them: in the cloud with
 * their node open (design 8, window_ready_percent and ready_late_s). Owns its lists.
 * Threads: one.
 */
#ifndef RH_SIM_READY_H
#define RH_SIM_READY_H

#include "core/model/fleet.h"
#include "core/policy/schedule.h"

struct readiness {
    struct stretch *spans; /* the rush hours, in order */
    size_t n_spans, span;  /* span: the one that is on, or the next */
    size_t cap_spans;
    struct ready_server {
        bool ready;
        bool excused;                /* kept away by a person */
        bool was_ready, was_excused; /* in this span */
    } * servers;
    size_t n_servers;
    struct utc from, last;      /* counted until then */
    int64_t planned_s, ready_s; /* server-seconds inside rush hours; those ready */
    int64_t *late_s; /* from a span's start to ready, by server and span; the whole span
                        when it never was */
    size_t n_late, cap_late;
    bool out_of_memory; /* sticky: some lateness is not in the list */
};

enum err_code readiness_init(struct readiness *r, const struct policy_config *p,
                             const struct tz *tz, size_t n_servers, struct utc from,
                             struct utc to, struct err *e) MUST_CHECK NONNULL;
/* From now on the rush hours are those of another zone. */
void readiness_rezone(struct readiness *r, const struct policy_config *p,
                      const struct tz *tz, struct utc to) NONNULL;
void readiness_clear(struct readiness *r) NONNULL;

/* Counts on until now, all servers being as they were last noted. */
void readiness_advance(struct readiness *r, struct utc now) NONNULL;
/* From now on (readiness_advance) this server is like that. */
void readiness_note(struct readiness *r, size_t server, bool ready, bool excused) NONNULL;

/* I15: what policy wants by the schedule alone must agree with the rush hours; a few
 * minutes around a change are its own. False: why says it. */
bool readiness_agrees(const struct readiness *r, const struct decision *d, struct utc now,
                      char why[LINE_TEXT]) NONNULL;

/* The list sorted; percentile p of it, 0 when it is empty. */
void readiness_sort(struct readiness *r) NONNULL;
int64_t readiness_late_s(const struct readiness *r, int p) NONNULL;

#endif
