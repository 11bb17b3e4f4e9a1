#include <config.h>

#include "core/net/xml.h"

#include "core/base/str.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { ATTRIBUTE_BYTES = 4096 }; /* of all attribute values of one element */

struct reader {
    xmlParserCtxtPtr ctxt;
    const struct xml_handler *h;
    struct err *e;
    const char *at; /* what the library has not taken yet */
    size_t left;
    enum err_code rc; /* the first failure; ERR_OK while all is well */
    bool seen_root;
    bool no_memory; /* of the library's; it goes on as far as it can */
    int depth;
    /* Text of every open element, one behind the other; text_begin[d] is where the text
     * of the element at depth d starts. A child's text is gone when its parent goes on.
     */
    struct strbuf text;
    size_t text_begin[XML_MAX_DEPTH + 1];
    struct xml_attribute attrs[XML_MAX_ATTRIBUTES]; /* of the element that begins */
    char values[ATTRIBUTE_BYTES];
};

static void stop(struct reader *r, enum err_code code, const char *why)
{
    if (r->rc != ERR_OK)
        return;
    r->rc = err_set(r->e, code, "%s", why);
    xmlStopParser(r->ctxt);
}

/* Any document type at all is refused: no answer we read has one, and every known attack
 * on an XML reader starts in one. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external_id,
                       const xmlChar *system_id)
{
    (void)name;
    (void)external_id;
    (void)system_id;
    stop(ctx, ERR_PROTOCOL, "XML with a document type is refused");
}

static void on_entity_decl(void *ctx, const xmlChar *name, int type,
                           const xmlChar *public_id, const xmlChar *system_id,
                           xmlChar *content)
{
    (void)name;
    (void)type;
    (void)public_id;
    (void)system_id;
    (void)content;
    stop(ctx, ERR_PROTOCOL, "XML that declares entities is refused");
}

static void on_reference(void *ctx, const xmlChar *name)
{
    (void)name;
    stop(ctx, ERR_PROTOCOL, "XML with an unknown entity is refused");
}

/* Without entity replacement the parser hands "&" in a value over as "&#38;", whatever
 * way it was written; no other reference is left in a value. */
static bool value_copy(struct reader *r, size_t *used, const char *begin, size_t len)
{
    static const char ampersand[] = "&#38;";
    const size_t skip = sizeof(ampersand) - 1;
    char *dst = r->values + *used;
    const char *end = begin + len;

    if (len >= sizeof(r->values) - *used)
        return false;
    while (begin < end) {
        *dst++ = *begin;
        if (*begin == '&' && (size_t)(end - begin) >= skip &&
            memcmp(begin, ampersand, skip) == 0)
            begin += skip;
        else
            begin++;
    }
    *dst++ = '\0';
    *used = (size_t)(dst - r->values);
    return true;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
                     const xmlChar *uri, int n_spaces, const xmlChar **spaces,
                     int n_attributes, int n_defaulted, const xmlChar **attributes)
{
    struct reader *r = ctx;
    size_t n = 0, used = 0;

    (void)prefix;
    (void)uri;
    (void)n_spaces;
    (void)spaces;
    (void)n_defaulted; /* only a document type has defaults */
    if (r->rc != ERR_OK)
        return;
    if (r->depth >= XML_MAX_DEPTH) {
        stop(r, ERR_PROTOCOL, "XML is nested too deep");
        return;
    }
    if (n_attributes > XML_MAX_ATTRIBUTES) {
        stop(r, ERR_PROTOCOL, "XML element has too many attributes");
        return;
    }
    for (; n < (size_t)n_attributes; n++) {
        const xmlChar **a = attributes + 5 * n; /* name, prefix, URI, value, its end */
        size_t begin = used;

        if (!value_copy(r, &used, (const char *)a[3], (size_t)(a[4] - a[3]))) {
            stop(r, ERR_TOO_BIG, "XML attributes are too long");
            return;
        }
        r->attrs[n] = (struct xml_attribute){(const char *)a[0],
                                             a[2] != NULL ? (const char *)a[2] : "",
                                             r->values + begin};
    }
    r->seen_root = true;
    r->depth++;
    r->text_begin[r->depth] = r->text.len;
    r->h->start(r->h->ctx, (const char *)name, r->attrs, n);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
                   const xmlChar *uri)
{
    struct reader *r = ctx;
    size_t begin;

    (void)prefix;
    (void)uri;
    if (r->rc != ERR_OK)
        return;
    begin = r->text_begin[r->depth];
    r->h->end(r->h->ctx, (const char *)name, strbuf_text(&r->text) + begin,
              r->text.len - begin);
    r->depth--;
    r->text.len = begin;
    if (r->text.data != NULL)
        r->text.data[begin] = '\0';
}

static void on_text(void *ctx, const xmlChar *bytes, int len)
{
    struct reader *r = ctx;

    if (r->rc != ERR_OK || r->depth == 0 || len <= 0)
        return;
    if (r->text.len - r->text_begin[r->depth] + (size_t)len > XML_MAX_TEXT_BYTES) {
        stop(r, ERR_TOO_BIG, "XML text is too long");
        return;
    }
    strbuf_add(&r->text, bytes, (size_t)len);
    if (r->text.failed)
        stop(r, ERR_NOMEM, "out of memory reading XML");
}

/* All that the library has to say; it would go to the terminal. */
static void on_error(void *ctx, xmlErrorPtr error)
{
    struct reader *r = ctx;

    if (error->code == XML_ERR_NO_MEMORY)
        r->no_memory = true;
}

static void library_init(void)
{
    xmlInitParser();
}

static int give(void *ctx, char *buf, int size)
{
    struct reader *r = ctx;
    size_t n = r->left < (size_t)size ? r->left : (size_t)size;

    memcpy(buf, r->at, n);
    r->at += n;
    r->left -= n;
    return (int)n;
}

/* The answer, part by part. The library's own ways to make a parser of bytes lose some of
 * their parts when there is no memory for the next one (2.9.14). */
static bool parser_reads(xmlParserCtxtPtr ctxt, struct reader *r)
{
    const xmlCharEncoding as_it_says = XML_CHAR_ENCODING_NONE;
    xmlParserInputBufferPtr in = xmlParserInputBufferCreateIO(give, NULL, r, as_it_says);
    xmlParserInputPtr stream =
        in != NULL ? xmlNewIOInputStream(ctxt, in, as_it_says) : NULL;

    if (stream == NULL) {
        xmlFreeParserInputBuffer(in);
        return false;
    }
    if (inputPush(ctxt, stream) >= 0)
        return true;
    xmlFreeInputStream(stream);
    return false;
}

static xmlParserCtxtPtr parser_new(struct reader *r)
{
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();

    if (ctxt == NULL)
        return NULL;
    if (!parser_reads(ctxt, r)) {
        xmlFreeParserCtxt(ctxt);
        return NULL;
    }
    *ctxt->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .externalSubset = on_doctype,
        .entityDecl = on_entity_decl,
        .reference = on_reference,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .cdataBlock = on_text,
        .ignorableWhitespace = on_text,
    };
    ctxt->userData = r;
    (void)xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING); /* all are known */
    return ctxt;
}

/* The library keeps its last one, with words of the document. */
static void forget_errors(void)
{
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlResetLastError();
}

enum err_code xml_read(const char *bytes, size_t len, const struct xml_handler *h,
                       struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT; /* the library's own globals */
    struct reader r = {.h = h, .e = e, .at = bytes, .left = len};
    bool well_formed;

    if (len == 0)
        return err_set(e, ERR_PROTOCOL, "empty answer where XML was expected");
    if (len > INT_MAX)
        return err_set(e, ERR_TOO_BIG, "XML of %zu bytes is too big", len);
    (void)pthread_once(&once, library_init); /* fails only for an invalid control */
    xmlSetStructuredErrorFunc(&r, on_error); /* of this thread */
    r.ctxt = parser_new(&r);
    if (r.ctxt == NULL) {
        forget_errors();
        return err_set(e, ERR_NOMEM, "out of memory reading XML");
    }
    strbuf_init(&r.text, (size_t)XML_MAX_TEXT_BYTES * (XML_MAX_DEPTH + 1));
    (void)xmlParseDocument(r.ctxt); /* wellFormed says it too */
    /* A stopped parser still calls the document well-formed. */
    well_formed = r.ctxt->wellFormed != 0 && r.ctxt->errNo != XML_ERR_USER_STOP &&
                  r.seen_root && r.depth == 0;
    if (r.rc == ERR_OK && r.no_memory)
        r.rc = err_set(e, ERR_NOMEM, "out of memory reading XML");
    else if (r.rc == ERR_OK && !well_formed)
        r.rc = err_set(e, ERR_PROTOCOL, "XML is cut or not well-formed at line %d",
                       r.ctxt->lastError.line);
    /* Entities go into a document of the library's own, though nobody asked for one. */
    if (r.ctxt->myDoc != NULL)
        xmlFreeDoc(r.ctxt->myDoc);
    r.ctxt->myDoc = NULL;
    xmlFreeParserCtxt(r.ctxt);
    forget_errors();
    strbuf_clear(&r.text);
    return r.rc;
}

const char *xml_attribute_get(const struct xml_attribute *attrs, size_t n,
                              const char *name, const char *space)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(attrs[i].name, name) && str_eq(attrs[i].space, space))
            return attrs[i].value;
    }
    return NULL;
}

void xml_path_push(struct xml_path *p, const char *name)
{
    size_t len = strlen(name);
    size_t at = p->len;

    if (p->depth >= XML_MAX_DEPTH)
        return;
    p->begin[p->depth++] = (uint16_t)at;
    if (at + len + 2 > sizeof(p->text)) {
        /* Too long to compare: '!' is in no name. */
        if (at + 2 <= sizeof(p->text))
            p->text[at++] = '!';
    } else {
        if (at > 0)
            p->text[at++] = '/';
        memcpy(p->text + at, name, len);
        at += len;
    }
    p->text[at] = '\0';
    p->len = (uint16_t)at;
}

void xml_path_pop(struct xml_path *p)
{
    if (p->depth == 0)
        return;
    p->len = p->begin[--p->depth];
    p->text[p->len] = '\0';
}

const char *xml_path_below(const struct xml_path *p, int skip)
{
    if (p->depth <= skip)
        return "";
    if (skip == 0)
        return p->text;
    return p->text + p->begin[skip] + (p->text[p->begin[skip]] == '/' ? 1 : 0);
}

/* What stands for a byte that may not stand for itself, NULL = it may. */
static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\r': /* a bare one would arrive as a newline */
        return "&#13;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return (unsigned char)c < ' ' ? "?" : NULL;
    }
}

void xml_escape(struct strbuf *b, const char *text)
{
    const char *plain = text; /* begin of what needs no escape */
    const char *p = text;

    /* Nearly all that comes is letters, digits and dots. */
    for (; *p != '\0'; p++) {
        const char *escape = *p >= '?' || (*p >= '(' && *p <= ';') ? NULL : escape_of(*p);

        if (escape == NULL)
            continue;
        strbuf_add(b, plain, (size_t)(p - plain));
        strbuf_puts(b, escape);
        plain = p + 1;
    }
    strbuf_add(b, plain, (size_t)(p - plain));
}
