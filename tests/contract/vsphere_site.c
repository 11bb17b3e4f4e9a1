#include <config.h>

#include "tests/contract/vsphere_site.h"

#include "tests/unit/table.h"

#include <string.h>

const char site_versions[] =
    "<namespaces version=\"1.0\"><namespace><name>urn:internalvim25</name>"
    "<version>9</version></namespace><namespace><name>urn:vim25</name>"
    "<version>8.0.1.0</version><priorVersions><version>6.7</version>"
    "<version>6.5</version></priorVersions></namespace></namespaces>";
const char site_content[] =
    SOAP("<RetrieveServiceContentResponse xmlns=\"urn:vim25\"><returnval>"
         "<rootFolder type=\"Folder\">group-d1</rootFolder>"
         "<propertyCollector type=\"PropertyCollector\">pc-1</propertyCollector>"
         "<viewManager type=\"ViewManager\">ViewManager</viewManager>"
         "<about><name>x</name><aNewField><deep>1</deep></aNewField></about>"
         "<sessionManager type=\"SessionManager\">sm-1</sessionManager>"
         "</returnval></RetrieveServiceContentResponse>");
const char site_login[] =
    SOAP("<LoginResponse xmlns=\"urn:vim25\"><returnval><key>k</key></returnval>"
         "</LoginResponse>");
const char site_view[] =
    SOAP("<CreateContainerViewResponse xmlns=\"urn:vim25\"><returnval "
         "type=\"ContainerView\">session[a]view-1</returnval>"
         "</CreateContainerViewResponse>");
const char site_not_authenticated[] =
    FAULT("NotAuthenticated", "<object type=\"PropertyCollector\">pc-1</object>"
                              "<privilegeId>System.View</privilegeId>");

static bool wait_a_bit(void *ctx, int64_t ms)
{
    struct site *s = ctx;

    assert_int_equal(ms, 1000);
    clock_fake_advance_ms(&s->now, ms);
    s->waits++;
    return s->waits_left < 0 || s->waits <= s->waits_left;
}

void site_open(struct site *s)
{
    struct err e = {0};

    memset(s, 0, sizeof(*s));
    script_init(&s->script);
    s->transport = script_transport(&s->script);
    s->now = (struct clock_fake){.utc = {1800000000}, .mono = {1}};
    s->clock = clock_fake_clock(&s->now);
    s->waits_left = -1;
    s->config = (struct api_config){.present = true,
                                    .url = "https://esx1.example/sdk/",
                                    .user = "d&na",
                                    .timeout = 20};
    assert_int_equal(secret_new("p&<>\"]]>", 8, &s->config.secret, &e), ERR_OK);
    assert_int_equal(vsphere_session_new(&s->config, &s->session, &e), ERR_OK);
    assert_int_equal(vsphere_new(s->session, &s->transport, &s->clock, &s->client, &e),
                     ERR_OK);
    vsphere_set_wait(s->client, wait_a_bit, s);
}

void site_greets(struct site *s)
{
    script_add(&s->script, (struct script_rule){.needle = "vimServiceVersions",
                                                .body = site_versions});
    script_add(&s->script,
               (struct script_rule){.needle = "<RetrieveServiceContent ",
                                    .body = site_content,
                                    .cookie = "vmware_soap_session=\"early\""});
    script_add(&s->script,
               (struct script_rule){.needle = "<Login ",
                                    .body = site_login,
                                    .cookie = "vmware_soap_session=\"ab12\""});
    script_add(&s->script, (struct script_rule){.needle = "<CreateContainerView ",
                                                .body = site_view});
}

void site_close(struct site *s)
{
    vsphere_free(s->client);
    vsphere_session_free(s->session);
    secret_free(s->config.secret);
    script_clear(&s->script);
}
