/* Which presigned requests pass, at a time that the test sets. */
#include <glib.h>
#include <string.h>

#include "emulator/s3/auth.h"

enum { NOW = 1523358964, LIFETIME = 15 };

static SmSigner *
signer_of(SmSignatureVersion version)
{
    SmSigner *signer = sm_signer_new_own("localhost:8443", "scores");

    signer->version = version;
    signer->lifetime = LIFETIME;
    return signer;
}

/* A request for a URL as a client would send it. */
static SmRequest *
request_for(const char *method, const char *url, gint64 arrived)
{
    const char *target = url + strlen("https://localhost:8443");
    SmRequest *request = sm_request_new(method, target, arrived);

    g_assert_true(g_str_has_prefix(url, "https://localhost:8443/scores/K12/"));
    sm_request_add_header(request, "Host", "localhost:8443");
    sm_request_add_header(request, "Accept", "*/*");
    return request;
}

/* "200" or S3's error code. */
static void
assert_outcome(const SmSigner *signer, const SmRequest *request, const char *expected)
{
    g_autoptr(SmAnswer) answer = sm_s3_refuse(signer, request);
    g_autofree char *code = g_strdup_printf("<Code>%s</Code>", expected);

    if (strcmp(expected, "200") == 0) {
        g_assert_null(answer);
        return;
    }
    g_assert_nonnull(answer);
    g_assert_nonnull(strstr(g_bytes_get_data(answer->bytes, NULL), code));
}

static void
test_expiry(gconstpointer version)
{
    static const struct {
        gint64 after;
        const char *expected;
    } cases[] = {{0, "200"}, {LIFETIME, "200"}, {LIFETIME + 1, "AccessDenied"}, {-5, "200"}};
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a b.csv", NOW);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmRequest) request = request_for("GET", url, NOW + cases[i].after);

        assert_outcome(signer, request, cases[i].expected);
    }
}

/* Each byte of the query is changed once; none of it passes. */
static void
test_tampering(gconstpointer version)
{
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);

    for (char *c = strstr(url, "/scores/") + strlen("/scores/"); *c != '\0'; c++) {
        char right = *c;
        g_autoptr(SmRequest) request = NULL;
        g_autoptr(SmAnswer) answer = NULL;

        if (right == '?' || strncmp(c, "K12/", 4) == 0)
            continue;
        *c = right == 'z' ? 'y' : 'z';
        request = sm_request_new("GET", url + strlen("https://localhost:8443"), NOW);
        sm_request_add_header(request, "Host", "localhost:8443");
        answer = sm_s3_refuse(signer, request);
        g_assert_nonnull(answer);
        g_assert_cmpuint(answer->status, >=, 400);
        *c = right;
    }
}

static void
test_headers_and_methods(gconstpointer version)
{
    static const struct {
        const char *method, *header, *value, *expected;
    } cases[] = {
        {"GET", "Range", "bytes=1-", "200"},
        {"GET", "If-Range", "\"x\"", "200"},
        {"GET", "User-Agent", "test", "200"},
        {"GET", "Content-Type", "application/json", "SignatureDoesNotMatch"},
        {"GET", "Authorization", "Bearer x", "InvalidArgument"},
        {"HEAD", "User-Agent", "test", "SignatureDoesNotMatch"},
        {"PUT", "User-Agent", "test", "SignatureDoesNotMatch"},
    };
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmRequest) request = request_for(cases[i].method, url, NOW);

        sm_request_add_header(request, cases[i].header, cases[i].value);
        assert_outcome(signer, request, cases[i].expected);
    }
}

static void
test_another_key(gconstpointer version)
{
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autoptr(SmSigner) other = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);
    g_autoptr(SmRequest) request = request_for("GET", url, NOW);

    assert_outcome(other, request, "InvalidAccessKeyId");
    g_free(other->access_key);
    other->access_key = g_strdup(signer->access_key);
    assert_outcome(other, request, "SignatureDoesNotMatch");
}

static void
test_v4_host(void)
{
    g_autoptr(SmSigner) signer = signer_of(SM_SIGNATURE_V4);
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);
    g_autoptr(SmRequest) request =
        sm_request_new("GET", url + strlen("https://localhost:8443"), NOW);

    sm_request_add_header(request, "Host", "127.0.0.1:8443");
    assert_outcome(signer, request, "SignatureDoesNotMatch");
}

static void
test_v4_amz_headers(void)
{
    g_autoptr(SmSigner) signer = signer_of(SM_SIGNATURE_V4);
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);
    g_autoptr(SmRequest) request = request_for("GET", url, NOW);

    sm_request_add_header(request, "x-amz-meta-x", "1");
    assert_outcome(signer, request, "AccessDenied");
}

static void
test_incomplete(void)
{
    static const struct {
        const char *target, *expected;
    } cases[] = {
        {"/scores/K12/a.csv", "AccessDenied"},
        {"/scores/K12/a.csv?x=1", "AccessDenied"},
        {"/scores/K12/a.csv?Signature=x", "AccessDenied"},
        {"/scores/K12/a.csv?AWSAccessKeyId=x&Expires=soon&Signature=x", "AccessDenied"},
        {"/scores/K12/a.csv?X-Amz-Signature=x", "AuthorizationQueryParametersError"},
        {"/scores/K12/a.csv?Signature=%zz", "InvalidArgument"},
    };
    g_autoptr(SmSigner) signer = signer_of(SM_SIGNATURE_V2);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmRequest) request = sm_request_new("GET", cases[i].target, NOW);

        assert_outcome(signer, request, cases[i].expected);
    }
}

static void
test_not_yet_valid(void)
{
    g_autoptr(SmSigner) signer = signer_of(SM_SIGNATURE_V4);
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW + 3600);
    g_autoptr(SmRequest) request = request_for("GET", url, NOW);

    assert_outcome(signer, request, "AccessDenied");
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        SmSignatureVersion version;
    } versions[] = {{"v2", SM_SIGNATURE_V2}, {"v4", SM_SIGNATURE_V4}};
    static const struct {
        const char *name;
        GTestDataFunc function;
    } tests[] = {
        {"allows a GET until its time is over", test_expiry},
        {"notices each changed byte", test_tampering},
        {"is for GET alone, without the headers that S3 refuses", test_headers_and_methods},
        {"is of one key", test_another_key},
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize v = 0; v < G_N_ELEMENTS(versions); v++)
        for (gsize t = 0; t < G_N_ELEMENTS(tests); t++) {
            g_autofree char *path =
                g_strdup_printf("/presigned %s/%s", versions[v].name, tests[t].name);

            g_test_add_data_func(path, GINT_TO_POINTER(versions[v].version), tests[t].function);
        }
    g_test_add_func("/presigned v4/is for one host", test_v4_host);
    g_test_add_func("/presigned v4/refuses x-amz- headers that are not signed",
                    test_v4_amz_headers);
    g_test_add_func("/presigned v4/is not valid long before its time", test_not_yet_valid);
    g_test_add_func("/presigned/refuses what is not signed in full", test_incomplete);
    return g_test_run();
}
