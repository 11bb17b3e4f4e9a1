/*
 * pricelist - what instance types cost on demand in one region, from the AWS price list
 * (aws-api 7): GetProducts, every page, signed with SigV4. A client borrows
 * configuration, credentials, transport and clock. Threads: a client belongs to one
 * thread; credentials guard themselves.
 */
#ifndef RH_API_PRICELIST_H
#define RH_API_PRICELIST_H

#include "core/model/config.h"
#include "core/model/observe.h"
#include "core/net/aws_credentials.h"
#include "core/net/http.h"

struct pricelist;
enum err_code pricelist_new(const struct config *config,
                            struct aws_credentials *credentials,
                            const struct transport *t, const struct clock *clock,
                            struct pricelist **out, struct err *e) MUST_CHECK NONNULL;
void pricelist_free(struct pricelist *c);

/* PRICELIST: the price of each type that the configuration names, one listing a type. A
 * type that is not listed in the region is left out. All or nothing: any answer that is
 * not understood is an error. */
enum err_code pricelist_observe(struct pricelist *c, struct observation *o,
                                struct err *e) MUST_CHECK NONNULL;

#endif
