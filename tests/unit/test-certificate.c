/* Issuer and end of a certificate. */
#include "fetch/check/certificate.h"

/* Issued by itself, and good until 2027-11-25 23:36:20 UTC. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBwDCCAWWgAwIBAgIUUn7SGoE6qLLJ4/gFgNOtyXFsqYwwCgYIKoZIzj0EAwIw\n"
                          "NTEaMBgGA1UEAwwRT2ZmaWNlIFdlYiBGaWx0ZXIxFzAVBgNVBAoMDkV4w6RtcGxl\n"
                          "LCBJbmMuMB4XDTI2MTEyNTIzMzYyMFoXDTI3MTEyNTIzMzYyMFowNTEaMBgGA1UE\n"
                          "AwwRT2ZmaWNlIFdlYiBGaWx0ZXIxFzAVBgNVBAoMDkV4w6RtcGxlLCBJbmMuMFkw\n"
                          "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIGUWsbXik4qqovH3djjS/TG53qDOO6Z+\n"
                          "PTjEnAYfZVyhUpaY7ApFYfiYdktlvw/FZuJO+6zKDmx/SyPJ1u1wYaNTMFEwHQYD\n"
                          "VR0OBBYEFBiuCsJr0iVlOO0KSx77N7IS92+kMB8GA1UdIwQYMBaAFBiuCsJr0iVl\n"
                          "OO0KSx77N7IS92+kMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIh\n"
                          "AK9yZuFdfQQk+D1Mq1pt/R0XwoG6vyn82ofBmLy4TiljAiEAn0/4VUFkW6KN7Ejp\n"
                          "+TaMMnhvbk0ZqNgXc7htHyDcDVo=\n"
                          "-----END CERTIFICATE-----\n";

static void
issuer_and_end_are_read(void)
{
    g_autofree char *issuer = NULL;
    gint64 expires = 0;

    g_assert_true(sm_certificate_read(pem, &issuer, &expires));
    g_assert_cmpstr(issuer, ==, "CN=Office Web Filter, O=\"Exämple, Inc.\"");
    g_assert_cmpint(expires, ==, 1827185780);
}

static void
what_is_no_certificate_is_none(void)
{
    static const char *const wrong[] = {
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        char *issuer = NULL;
        gint64 expires = 0;

        g_assert_false(sm_certificate_read(wrong[i], &issuer, &expires));
        g_assert_null(issuer);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/certificate/issuer and end are read", issuer_and_end_are_read);
    g_test_add_func("/certificate/what is no certificate is none", what_is_no_certificate_is_none);
    return g_test_run();
}
