/*
 * xml - bounded SAX reading of XML answers (libxml2 behind this header): no DTD, no
 * entities but the five, no network, depth and size limited (reliability 10). The handler
 * borrows every text for the length of the call. Threads: a reading belongs to one
 * thread.
 */
#ifndef RH_NET_XML_H
#define RH_NET_XML_H

#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { XML_MAX_DEPTH = 64, XML_MAX_TEXT_BYTES = 64 * 1024, XML_MAX_ATTRIBUTES = 16 };

struct xml_attribute {
    const char *name;  /* local name */
    const char *space; /* namespace URI, "" = none */
    const char *value; /* NUL-terminated, borrowed */
};

struct xml_handler {
    /* Local names only; namespaces of elements are ignored (aws-api 3, vsphere-api 1.1).
     */
    void (*start)(void *ctx, const char *name, const struct xml_attribute *attrs,
                  size_t n);
    /* text: all character data directly inside this element, joined, "" when none. */
    void (*end)(void *ctx, const char *name, const char *text, size_t len);
    void *ctx;
};

/* ERR_PROTOCOL (not well-formed, cut, a DTD, too deep), ERR_TOO_BIG (a text), ERR_NOMEM.
 * What the handler gathered is worthless unless ERR_OK comes back. */
enum err_code xml_read(const char *bytes, size_t len, const struct xml_handler *h,
                       struct err *e) MUST_CHECK NONNULL;

/* The value of an attribute, NULL when it is not there. space "" is no namespace. */
const char *xml_attribute_get(const struct xml_attribute *attrs, size_t n,
                              const char *name, const char *space) NONNULL;

/*
 * Where a reading is: the names of the open elements with '/' between, the root included.
 * A plain value for handlers; push in start, pop in end. A path that does not fit
 * compares equal to nothing.
 */
enum { XML_PATH_TEXT = 512 };
struct xml_path {
    char text[XML_PATH_TEXT];
    uint16_t begin[XML_MAX_DEPTH + 1]; /* of the name at each depth, the root is 0 */
    uint16_t len;
    int depth;
};
void xml_path_push(struct xml_path *p, const char *name) NONNULL;
void xml_path_pop(struct xml_path *p) NONNULL;
/* The path without its first `skip` names; "" when it is not that deep. Valid until the
 * next push or pop. */
const char *xml_path_below(const struct xml_path *p, int skip) NONNULL;

/* Appends text with & < > " ' escaped; control characters that XML forbids become '?'. */
struct strbuf;
void xml_escape(struct strbuf *b, const char *text) NONNULL;

#endif
