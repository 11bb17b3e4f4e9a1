/*
 * ec2_read - reads the XML answers of the EC2 Query API into observations (aws-api 3, 4),
 * and its errors. Inside core/api only. What is read lives in the arena. Threads: any; a
 * reading belongs to one thread.
 */
#ifndef RH_API_EC2_READ_H
#define RH_API_EC2_READ_H

#include "core/model/observe.h"

enum { EC2_TOKEN_TEXT = 2048, EC2_CODE_TEXT = 80, EC2_MESSAGE_TEXT = 160 };

/* A growing list in the arena; size is that of one item. */
struct ec2_list {
    struct arena *arena;
    void *items;
    size_t n, cap, size;
};

struct ec2_answer {
    char next_token[EC2_TOKEN_TEXT]; /* "" = the last page */
    char code[EC2_CODE_TEXT];        /* of an error, "" = none */
    char message[EC2_MESSAGE_TEXT];
};

/* How the answer to one action is read; one for each list we read. */
struct ec2_shape;
extern const struct ec2_shape ec2_instances_shape;      /* struct seen_instance */
extern const struct ec2_shape ec2_spots_shape;          /* struct seen_spot */
extern const struct ec2_shape ec2_interfaces_shape;     /* struct seen_interface */
extern const struct ec2_shape ec2_prices_shape;         /* struct ec2_price */
extern const struct ec2_shape ec2_launch_shape;         /* struct seen_instance */
extern const struct ec2_shape ec2_terminate_shape;      /* struct seen_instance: ids */
extern const struct ec2_shape ec2_interface_keep_shape; /* nothing */
extern const struct ec2_shape ec2_spot_cancel_shape;    /* struct seen_spot: ids */

const char *ec2_shape_action(const struct ec2_shape *s) NONNULL;
struct ec2_list ec2_shape_list(const struct ec2_shape *s, struct arena *a) NONNULL;

/* A price record with what decides whether it counts. */
struct ec2_price {
    struct seen_price seen;
    const char *product;
    bool has_price;
};

/*
 * Appends the items of one page. ERR_OK also when the answer is an error: answer->code
 * says so. ERR_PROTOCOL when it is neither; ERR_NOMEM. The list is worthless unless
 * ERR_OK comes back.
 */
enum err_code ec2_read(const struct ec2_shape *s, const char *bytes, size_t len,
                       struct ec2_list *list, struct ec2_answer *answer,
                       struct err *e) MUST_CHECK NONNULL;

/* Appends copies of items that were read before. Failure is sticky in the arena. */
void ec2_list_copy(const struct ec2_shape *s, struct ec2_list *list, const void *items,
                   size_t n) __attribute__((nonnull(1, 2))); /* NULL with n 0 */

/* What an error code means (aws-api 5); http decides about unknown ones. */
enum err_code ec2_code_class(const char *code, int http) NONNULL;

/* Is it an error that fresh credentials may end? */
bool ec2_code_is_expired(const char *code) NONNULL;

/* The spot column for a status code and a request state (aws-api 4.5). */
enum spot_state ec2_spot_state(const char *status, const char *state) NONNULL;

#endif
