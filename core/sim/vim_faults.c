/*
 * vim_faults - envelopes and faults, written straight into the response.
 * Owns nothing.
 * Threads: as the world.
 */
#include <config.h>

#include "core/sim/vim_faults.h"

#include "core/net/xml.h"

#include <string.h>

const char vim_user[] = "rushhour";

static const char envelope_begin[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<soapenv:Envelope xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" "
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n<soapenv:Body>\n";
static const char envelope_end[] = "\n</soapenv:Body>\n</soapenv:Envelope>";

static void begin(struct http_response *rs, int status)
{
    rs->status = status;
    (void)str_copy(rs->content_type, sizeof(rs->content_type),
                   "text/xml; charset=utf-8"); /* fits */
    strbuf_reset(&rs->body);
    strbuf_add(&rs->body, envelope_begin, sizeof(envelope_begin) - 1);
}

void vim_begin(struct http_response *rs, const char *method)
{
    begin(rs, 200);
    strbuf_putc(&rs->body, '<');
    strbuf_puts(&rs->body, method);
    strbuf_puts(&rs->body, "Response xmlns=\"urn:vim25\">");
}

void vim_end(struct http_response *rs, const char *method)
{
    strbuf_puts(&rs->body, "</");
    strbuf_puts(&rs->body, method);
    strbuf_puts(&rs->body, "Response>");
    strbuf_add(&rs->body, envelope_end, sizeof(envelope_end) - 1);
    if (rs->body.failed)
        vim_fault(rs, "SystemError", "The answer does not fit into memory.",
                  "<reason>out of memory</reason>");
}

void vim_fault(struct http_response *rs, const char *type, const char *message,
               const char *detail)
{
    struct strbuf *b = &rs->body;

    begin(rs, 500);
    strbuf_puts(b, "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>");
    xml_escape(b, message);
    strbuf_puts(b, "</faultstring><detail><");
    strbuf_puts(b, type);
    strbuf_puts(b, "Fault xmlns=\"urn:vim25\" xsi:type=\"");
    strbuf_puts(b, type);
    strbuf_puts(b, "\">");
    strbuf_puts(b, detail);
    strbuf_puts(b, "</");
    strbuf_puts(b, type);
    strbuf_puts(b, "Fault></detail></soapenv:Fault>");
    strbuf_add(b, envelope_end, sizeof(envelope_end) - 1);
}

static void object_element(struct strbuf *b, const char *tag, const char *type,
                           const char *id)
{
    strbuf_printf(b, "<%s type=\"", tag);
    xml_escape(b, type);
    strbuf_puts(b, "\">");
    xml_escape(b, id);
    strbuf_printf(b, "</%s>", tag);
}

void vim_fault_not_authenticated(struct http_response *rs, const char *object_type,
                                 const char *object)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    object_element(&b, "object", object_type, object);
    strbuf_puts(&b, "<privilegeId>System.View</privilegeId>");
    vim_fault(rs, "NotAuthenticated", "The session is not authenticated.",
              b.failed ? "" : strbuf_text(&b));
    strbuf_clear(&b);
}

void vim_fault_no_object(struct http_response *rs, const char *type, const char *id)
{
    struct strbuf b;

    strbuf_init(&b, 4096);
    object_element(&b, "obj", type, id);
    vim_fault(rs, "ManagedObjectNotFound",
              "The object has already been deleted or has not been completely created",
              b.failed ? "" : strbuf_text(&b));
    strbuf_clear(&b);
}

void vim_fault_invalid_request(struct http_response *rs, const char *why)
{
    vim_fault(rs, "InvalidRequest", why, "");
}

void vim_put_not_authenticated(struct strbuf *b, const struct vim_view_of_world *v,
                               struct vim_ref r, const char *path)
{
    strbuf_puts(b, "<missingSet>");
    vim_put_text(b, "path", path);
    strbuf_puts(b, "<fault><fault xsi:type=\"NotAuthenticated\">");
    vim_put_ref(b, v, "object", r);
    strbuf_puts(b, "<privilegeId>System.Read</privilegeId></fault><localizedMessage>The "
                   "session is not authenticated.</localizedMessage></fault>"
                   "</missingSet>");
}

const char *vim_power_name(enum sim_power power)
{
    switch (power) {
    case SIM_POWER_OFF:
        return "poweredOff";
    case SIM_POWER_ON:
        return "poweredOn";
    case SIM_POWER_SUSPENDED:
        return "suspended";
    }
    return "poweredOff";
}

void vim_put_power_states(struct strbuf *b, enum sim_vm_act act, enum sim_power power)
{
    enum sim_power wanted = SIM_POWER_ON; /* a reset wants it, too */

    if (act == SIM_VM_POWER_OFF)
        wanted = SIM_POWER_OFF;
    else if (act == SIM_VM_SUSPEND)
        wanted = SIM_POWER_SUSPENDED;
    vim_put_text(b, "requestedState", vim_power_name(wanted));
    vim_put_text(b, "existingState", vim_power_name(power));
}

void vim_put_task_error(struct strbuf *b, const struct vim_view_of_world *v,
                        const struct sim_vm_task *t)
{
    const char *fault = t->fault != NULL ? t->fault : "GenericVmConfigFault";

    if (t->state == SIM_TASK_CANCELED)
        fault = "RequestCanceled";
    strbuf_puts(b, "<fault xsi:type=\"");
    strbuf_puts(b, fault);
    strbuf_puts(b, "\">");
    if (str_eq(fault, "InvalidPowerState"))
        vim_put_power_states(b, t->act, v->w->vms[t->vm].power);
    strbuf_puts(b, "</fault>");
    vim_put_text(b, "localizedMessage",
                 str_eq(fault, "InvalidPowerState")
                     ? "The attempted operation cannot be performed in the current state."
                     : "The operation failed on the host.");
}
