/*
 * ec2_again - the answers that one observation was read from, request by request: those
 * that come again are copied from it instead of read, and when all of them do, so is the
 * whole observation. Inside core/api only. A struct ec2_known holds the last observation
 * (ec2_known_clear). Threads: the client's.
 */
#ifndef RH_API_EC2_AGAIN_H
#define RH_API_EC2_AGAIN_H

#include "core/api/again.h"
#include "core/api/ec2_read.h"

/* Requests of a poll that are remembered: two listings, or the interfaces of many
 * servers. What goes beyond is read every time. */
enum { EC2_KNOWN = 8 };

struct ec2_known {
    struct observation *last; /* NULL: the last poll failed */
    const void *items;        /* all that `last` holds, in the order of the requests */
    size_t n;                 /* requests that it took */
    struct {
        struct again answer;
        size_t first, n; /* of `items` */
    } of[EC2_KNOWN];
    size_t at;    /* the next request of the poll under way */
    bool differs; /* an answer of this poll was another one */
};

void ec2_known_clear(struct ec2_known *k) NONNULL;

void ec2_known_begin(struct ec2_known *k) NONNULL;

/* The good answer to the next request: true when it came again, and its items have been
 * appended to the list. Else read it, and tell what was read. */
bool ec2_known_take(struct ec2_known *k, const struct siphash_key *key,
                    const struct strbuf *question, const struct http_response *rs,
                    const struct ec2_shape *s, struct ec2_list *list) NONNULL;
/* The answer has been read into the list, from `first` on; is_page: others follow it. */
void ec2_known_read(struct ec2_known *k, const struct ec2_list *list, size_t first,
                    bool is_page) NONNULL;

/* The poll is over; list NULL: it failed. When every answer came again, o says so. */
void ec2_known_end(struct ec2_known *k, const struct ec2_list *list,
                   struct observation *o) __attribute__((nonnull(1, 3)));

#endif
