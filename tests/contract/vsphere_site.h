/*
 * vsphere_site - a scripted vSphere server and a client of it, for the contract tests.
 * A struct site is the caller's (site_open/site_close).
 * Threads: the script guards itself; the rest is the test's own thread's.
 */
#ifndef RH_TESTS_CONTRACT_VSPHERE_SITE_H
#define RH_TESTS_CONTRACT_VSPHERE_SITE_H

#include "core/api/vsphere.h"
#include "tests/contract/script.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define SOAP(b)                                                                          \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope "                     \
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>" b       \
    "</soapenv:Body></soapenv:Envelope>"
#define FAULT(type, inside)                                                              \
    SOAP("<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>said "       \
         "so</faultstring><detail><" type "Fault xmlns=\"urn:vim25\" "                   \
         "xmlns:xsi=\"" XSI "\" xsi:type=\"" type "\">" inside "</" type                 \
         "Fault></detail></soapenv:Fault>")
/* Values as vcsim writes them: another prefix, declared on the element itself. */
#define VAL(name, type, value)                                                           \
    "<propSet><name>" name "</name><val xmlns:XMLSchema-instance=\"" XSI                 \
    "\" XMLSchema-instance:type=\"" type "\">" value "</val></propSet>"
#define MISSING(path, fault)                                                             \
    "<missingSet><path>" path "</path><fault><fault xmlns:q=\"" XSI "\" q:type=\"" fault \
    "\"></fault><localizedMessage></localizedMessage></fault></missingSet>"
#define OBJECT(type, id, inside)                                                         \
    "<objects><obj type=\"" type "\">" id "</obj>" inside "</objects>"
#define RESULT(inside)                                                                   \
    SOAP("<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>" inside          \
         "</returnval></RetrievePropertiesExResponse>")
#define NEXT(inside)                                                                     \
    SOAP("<ContinueRetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>" inside  \
         "</returnval></ContinueRetrievePropertiesExResponse>")

#define VM1                                                                              \
    OBJECT("VirtualMachine", "vm-1",                                                     \
           VAL("name", "xsd:string", "tests-cache")                                      \
               VAL("runtime.powerState", "VirtualMachinePowerState", "poweredOn")        \
                   VAL("runtime.connectionState", "VirtualMachineConnectionState",       \
                       "connected"))

extern const char site_versions[], site_content[], site_login[], site_view[];
extern const char site_not_authenticated[];

struct site {
    const char *what; /* the row of a table test, for messages */
    struct script script;
    struct transport transport;
    struct clock_fake now;
    struct clock clock;
    struct api_config config;
    struct vsphere_session *session;
    struct vsphere *client;
    int waits, waits_left; /* -1 = for ever */
};

/* A client with nothing scripted; then what every server says before the interesting
 * part.
 */
void site_open(struct site *s) NONNULL;
void site_greets(struct site *s) NONNULL;
void site_close(struct site *s) NONNULL;

#endif
