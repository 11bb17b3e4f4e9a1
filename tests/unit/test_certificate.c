#include <config.h>

#include "tests/unit/table.h"

#include "core/net/certificate.h"

#include <string.h>

/* openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256; fingerprint and pin are
 * openssl's, too. */
static const char pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBnDCCAUKgAwIBAgIURESPa7PQY1X/ZHhXrdWhCpaO1dMwCgYIKoZIzj0EAwIw\n"
    "FzEVMBMGA1UEAwwMZXN4MS5leGFtcGxlMB4XDTI2MTEyODE4MjkzM1oXDTQ2MTEy\n"
    "MzE4MjkzM1owFzEVMBMGA1UEAwwMZXN4MS5leGFtcGxlMFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAECH/XpguCKFE6xV07gcIqSg6KlS1yUXQ2fiWdIQgqlGIqMiKs\n"
    "saLDojDUavG10c3djftd2ItPtLg7RthzStdd06NsMGowHQYDVR0OBBYEFEOpq0P+\n"
    "8krpis74V5NN80GRb3G2MB8GA1UdIwQYMBaAFEOpq0P+8krpis74V5NN80GRb3G2\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wFwYDVR0RBBAwDoIMZXN4MS5leGFtcGxlMAoGCCqG\n"
    "SM49BAMCA0gAMEUCIFFUP11CBCQB0pdjHIVjYj9KYSUOmhx0lz3fUEmt7tY5AiEA\n"
    "gHBSJ3iE43BdyoQF+6OlJHhurXHakGUaaFfPluMG3HM=\n"
    "-----END CERTIFICATE-----\n";
static const char fingerprint[] = "26:B6:56:4F:B0:BE:F3:61:39:E7:AF:47:17:74:18:12:63:7F:"
                                  "C4:6B:FC:06:FC:B8:12:CC:00:08:4C:3C:B6:2A";
static const char pin[] = "sha256//NdWRRS80zPPi5/uNmRlRFgYJxL+sYjo0/mFTzmILgnc=";

static void test_fingerprints(void **state)
{
    struct certificate c = {.subject = ""};
    struct err e = {0};

    (void)state;
    assert_int_equal(certificate_read(pem, &c, &e), ERR_OK);
    assert_string_equal(c.fingerprint, fingerprint);
    assert_string_equal(c.pin, pin);
}

/* Whatever is cut or changed: never a crash, and what is no certificate is none. */
static void test_broken(void **state)
{
    static const char *const rows[] = {"",
                                       "x",
                                       "-----BEGIN CERTIFICATE-----",
                                       "-----BEGIN CERTIFICATE-----\nMA==\n-----",
                                       "-----BEGIN CERTIFICATE-----\nMIQ/////////\n-----",
                                       "-----BEGIN CERTIFICATE-----\nMAIwgA==\n-----"};
    char text[sizeof(pem)];
    struct certificate c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};

        assert_int_equal(certificate_read(rows[i], &c, &e), ERR_PROTOCOL);
    }
    for (size_t n = 0; n < 300; n++) {
        struct err e = {0};

        memcpy(text, pem, sizeof(pem));
        text[n] = '\0';
        assert_int_equal(certificate_read(text, &c, &e), ERR_PROTOCOL);
    }
    for (size_t n = 28; n < sizeof(pem) - 1; n++) {
        struct err e = {0};

        memcpy(text, pem, sizeof(pem));
        text[n] = text[n] == 'A' ? '/' : 'A';
        if (certificate_read(text, &c, &e) == ERR_OK)
            assert_true(strncmp(c.pin, "sha256//", 8) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
