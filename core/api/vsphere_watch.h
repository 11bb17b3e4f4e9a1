/*
 * vsphere_watch - the long poll of a client (vsphere-api 5): a property collector of its
 * own with one filter over all VMs and hosts, and the wait for what changes in it. News
 * say only that the listing is worth reading again: the listing stays the one truth, and
 * a lost or repeated update costs one reading. Owned by the client. Threads: the
 * client's.
 */
#ifndef RH_API_VSPHERE_WATCH_H
#define RH_API_VSPHERE_WATCH_H

#include "core/api/vsphere.h"

/* Makes collector and filter in the session that is open now; logs in when needed. An old
 * collector of the same session is ended first. */
enum err_code vsphere_watch_open(struct vsphere *v, struct err *e) MUST_CHECK NONNULL;
/* … and there was no new login since. */
bool vsphere_watch_is_open(const struct vsphere *v) NONNULL;

/* Could the listing be read the last time? Else it is not worth while to wait for news.
 */
bool vsphere_has_listing(const struct vsphere *v) NONNULL;

/* The wait: answered when something has changed, at the latest after a minute. Borrowed
 * until the next call for this client. ERR_NOMEM. */
enum err_code vsphere_watch_ask(struct vsphere *v, struct http_request *rq,
                                struct err *e) MUST_CHECK NONNULL;

/* What its answer says; ask again after any of these … */
enum vsphere_news {
    VSPHERE_QUIET, /* nothing has changed */
    VSPHERE_MORE,  /* something has, and more is to be told at once */
    VSPHERE_NEWS   /* read the listing: everything changed so far was told */
};
/* … but on an error the watch is over, and has to be opened again: what changes meanwhile
 * is news then. rc, e: of the exchange. */
enum err_code vsphere_watch_take(struct vsphere *v, enum err_code rc,
                                 const struct http_response *rs, enum vsphere_news *out,
                                 struct err *e) MUST_CHECK NONNULL;

#endif
