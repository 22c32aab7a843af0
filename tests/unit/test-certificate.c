/* What is told of a certificate. */
#include "fetch/http/certificate.h"

#include <string.h>

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
issuer_and_dates_are_read(void)
{
    g_auto(SmCertificate) certificate = {0};

    g_assert_true(sm_certificate_parse(pem, &certificate));
    g_assert_cmpstr(certificate.issuer, ==, "CN=Office Web Filter, O=\"Exämple, Inc.\"");
    g_assert_cmpint(certificate.begins, ==, 1795649780);
    g_assert_cmpint(certificate.expires, ==, 1827185780);
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
        g_auto(SmCertificate) certificate = {0};

        g_assert_false(sm_certificate_parse(wrong[i], &certificate));
        g_assert_null(certificate.issuer);
    }
}

static void
faults_are_told_apart(void)
{
    static const struct {
        gint64 now;
        const char *said[3];
    } cases[] = {
        {1795649779,
         {"not yet valid before 2026-11-25 23:36 UTC", "clock", "2026-11-25 23:36 UTC"}},
        {1795649780, {"issued by CN=Office Web Filter", "is not trusted: who is that", "ca-file"}},
        {1827185779, {"issued by CN=Office Web Filter", "is not trusted: who is that", "ca-file"}},
        {1827185780, {"expired on 2027-11-25 23:36 UTC", "clock", "renew"}},
    };
    g_auto(SmCertificate) certificate = {0};
    g_autofree char *unknown = NULL;

    unknown = sm_certificate_fault(&certificate, cases[0].now, "who is that");
    g_assert_nonnull(strstr(unknown, "is not trusted"));
    g_assert_null(strstr(unknown, "issued by"));
    g_assert_true(sm_certificate_parse(pem, &certificate));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *fault = sm_certificate_fault(&certificate, cases[i].now, "who is that");

        for (gsize j = 0; j < G_N_ELEMENTS(cases[i].said); j++)
            g_assert_nonnull(strstr(fault, cases[i].said[j]));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/certificate/issuer and dates are read", issuer_and_dates_are_read);
    g_test_add_func("/certificate/what is no certificate is none", what_is_no_certificate_is_none);
    g_test_add_func("/certificate/faults are told apart", faults_are_told_apart);
    return g_test_run();
}
