/*
 * vsphere_soap - envelopes, answers and faults of the vSphere SOAP API (vsphere-api 1).
 * Plain values; buffers and sinks belong to the caller.
 * Threads: any; a value belongs to one thread.
 */
#ifndef RH_API_VSPHERE_SOAP_H
#define RH_API_VSPHERE_SOAP_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/net/xml.h"

enum { SOAP_TYPE_TEXT = 64, SOAP_ID_TEXT = 256 };

/* "rushhour-6923c1a0-01-00002a": by this name the server's own log tells of a call. */
enum { SOAP_OPERATION_LEN = 27 };

/* A managed object: identity is type and id alone (vsphere-api 1.1). */
struct soap_ref {
    char type[SOAP_TYPE_TEXT];
    char id[SOAP_ID_TEXT];
};

/* A fault of an answer, or one inside a result. type "" = none. All cleaned. */
struct soap_fault {
    char type[SOAP_TYPE_TEXT];
    char message[128];
    char object[SOAP_ID_TEXT]; /* the object that it names */
    char privilege[96];
    char task[SOAP_ID_TEXT]; /* TaskInProgress: the task in the way */
    char existing[16];       /* InvalidPowerState: existingState */
};

/* Receives an answer; path is relative to the …Response element, as "returnval/token". */
struct soap_sink {
    void (*start)(void *ctx, const char *path, const struct xml_attribute *attrs,
                  size_t n);
    void (*end)(void *ctx, const char *path, const char *text, size_t len);
    void *ctx;
};

/* Opens an envelope with <method><_this type>id</_this>, and closes it again. Empties b
 * first. The call has no name yet: that is put into its header when it goes out, and what
 * it asks, below the header, stays the same. */
void soap_open(struct strbuf *b, const char *method, const char *type,
               const char *id) NONNULL;
void soap_close(struct strbuf *b, const char *method) NONNULL;
void soap_name(struct strbuf *b, const char name[SOAP_OPERATION_LEN]) NONNULL;
struct strbuf soap_question(const struct strbuf *b) NONNULL; /* borrowed */

/* Appends <name>text</name>, escaped. */
void soap_put(struct strbuf *b, const char *name, const char *text) NONNULL;

/*
 * Reads the answer to `method`. ERR_OK also when it is a fault: fault->type says so, and
 * the sink has heard nothing. ERR_PROTOCOL when it is no SOAP answer to that method.
 */
enum err_code soap_read(const char *method, const char *bytes, size_t len,
                        const struct soap_sink *sink, struct soap_fault *fault,
                        struct err *e) MUST_CHECK NONNULL;

/* The type of the schema instance attribute without its prefix, "" when there is none. */
const char *soap_xsi_type(const struct xml_attribute *attrs, size_t n);

/* Takes the text of a child of a fault element: fills what is known by that name. */
void soap_fault_field(struct soap_fault *f, const char *name, const char *text,
                      size_t len) NONNULL;

/* Sets e to what the fault means for us (vsphere-api 6.2); what names the call. */
enum err_code soap_fault_error(const struct soap_fault *f, const char *what,
                               struct err *e) NONNULL;

#endif
