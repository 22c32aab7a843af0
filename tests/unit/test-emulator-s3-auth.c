/* Which presigned requests pass, at a time that the test sets. */
#include <glib.h>
#include <string.h>

#include "emulator/base/query.h"
#include "emulator/s3/auth.h"
#include "emulator/s3/sign-v4.h"

enum { NOW = 1523358964, LIFETIME = 15 };

static SmSigner *
signer_of(SmSignatureVersion version)
{
    SmSigner *signer = sm_signer_new_own("localhost", "scores", FALSE, NULL);

    sm_signer_set_port(signer, 8443);
    signer->version = version;
    signer->lifetime = LIFETIME;
    return signer;
}

/* A request for a URL as a client would send it. */
static SmRequest *
request_for(const char *method, const char *url, gint64 arrived)
{
    const char *host = url + strlen("https://");
    const char *target = strchr(host, '/');
    g_autofree char *name = g_strndup(host, (gsize)(target - host));
    SmRequest *request = sm_request_new(method, target, arrived);

    sm_request_add_header(request, "Host", name);
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
        request = request_for("GET", url, NOW);
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
    g_free(other->key.access_key);
    other->key.access_key = g_strdup(signer->key.access_key);
    assert_outcome(other, request, "SignatureDoesNotMatch");
}

/* What version 2 signs and version 4 does not. */
static void
test_content_type(gconstpointer version)
{
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);
    g_autoptr(SmRequest) request = request_for("GET", url, NOW);

    sm_request_add_header(request, "Content-Type", "application/json");
    assert_outcome(signer, request,
                   signer->version == SM_SIGNATURE_V4 ? "200" : "SignatureDoesNotMatch");
}

/* Parameters that mean something are signed: added afterwards, they are refused. */
static void
test_added_parameters(gconstpointer version)
{
    static const struct {
        const char *added;
        gboolean v2_too;
    } cases[] = {
        {"&response-content-type=text%2Fhtml", TRUE},
        {"&response-content-disposition=inline", TRUE},
        {"&response-expires=0", TRUE},
        {"&versionId=1", TRUE},
        {"&acl", TRUE},
        {"&x-amz-security-token=abc", TRUE},
        {"&X-Amz-Security-Token=abc", TRUE},
        {"&x-amz-meta-a=1", TRUE},
        {"&x=1", FALSE}, /* version 2 does not sign what means nothing */
    };
    g_autoptr(SmSigner) signer = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *url = sm_signer_url(signer, "a.csv", NOW);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *longer = g_strconcat(url, cases[i].added, NULL);
        g_autoptr(SmRequest) request = request_for("GET", longer, NOW);
        gboolean refused = cases[i].v2_too || signer->version == SM_SIGNATURE_V4;

        g_test_message("%s", cases[i].added);
        assert_outcome(signer, request, refused ? "SignatureDoesNotMatch" : "200");
    }
}

/* A token of our own must be there; without one, any that is signed will do. */
static void
test_token(gconstpointer version)
{
    g_autoptr(SmSigner) plain = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autoptr(SmSigner) temporary = signer_of((SmSignatureVersion)GPOINTER_TO_INT(version));
    g_autofree char *without = sm_signer_url(plain, "a.csv", NOW);
    g_autoptr(SmRequest) without_request = request_for("GET", without, NOW);
    g_autoptr(SmRequest) with_request = NULL;
    g_autofree char *with = NULL;

    g_free(temporary->key.access_key);
    g_free(temporary->key.secret_key);
    temporary->key = (SmS3Key){g_strdup(plain->key.access_key), g_strdup(plain->key.secret_key),
                               g_strdup("FwoGZXIvYXdz+/="), temporary->key.region};
    with = sm_signer_url(temporary, "a.csv", NOW);
    g_assert_nonnull(strstr(with, "ecurity-"));
    g_assert_nonnull(strstr(with, "oken=FwoGZXIvYXdz%2B%2F%3D"));
    with_request = request_for("GET", with, NOW);
    assert_outcome(temporary, with_request, "200");
    assert_outcome(plain, with_request, "200");
    assert_outcome(temporary, without_request, "InvalidToken");
}

/* The bucket in front of the host's name, and the path after it. */
static void
test_virtual_host(gconstpointer version)
{
    g_autoptr(SmSigner) own = sm_signer_new_own("s3.localhost", "scores", TRUE, NULL);
    g_autofree char *url = NULL;
    g_autofree char *elsewhere = NULL;
    g_autoptr(SmRequest) request = NULL;
    g_autoptr(SmRequest) other = NULL;
    g_autofree char *resource = NULL;

    own->version = (SmSignatureVersion)GPOINTER_TO_INT(version);
    own->lifetime = LIFETIME;
    sm_signer_set_port(own, 8443);
    url = sm_signer_url(own, "a b.csv", NOW);
    g_assert_true(g_str_has_prefix(url, "https://scores.s3.localhost:8443/K12/a%20b.csv?"));
    request = request_for("GET", url, NOW);
    resource = sm_signer_resource(own, request);
    g_assert_cmpstr(resource, ==, "/scores/K12/a%20b.csv");
    assert_outcome(own, request, "200");
    elsewhere = g_strconcat("https://other", url + strlen("https://scores"), NULL);
    other = request_for("GET", elsewhere, NOW);
    assert_outcome(own, other, "SignatureDoesNotMatch");
}

/* The bucket's name in front of the endpoint's own is no virtual host. */
static void
test_endpoint(void)
{
    g_autoptr(SmSigner) own = sm_signer_new_own("scores.example", "scores", FALSE, NULL);
    g_autofree char *url = NULL;
    g_autofree char *resource = NULL;
    g_autoptr(SmRequest) request = NULL;

    sm_signer_set_port(own, 443);
    url = sm_signer_url(own, "a.csv", NOW);
    g_assert_true(g_str_has_prefix(url, "https://scores.example/scores/K12/a.csv?"));
    request = request_for("GET", url, NOW);
    resource = sm_signer_resource(own, request);
    g_assert_cmpstr(resource, ==, "/scores/K12/a.csv");
}

/* Signed as it stands, but no number of seconds as S3 reads it. */
static void
test_v4_lifetimes(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"15", "200"},   {"604800", "200"}, {"%2B15", NULL}, {"+15", NULL},  {"-15", NULL},
        {"0", NULL},     {"604801", NULL},  {"15s", NULL},   {"15.0", NULL}, {"", NULL},
        {"%2015", NULL}, {"0x0f", NULL},    {"1e1", NULL},
    };
    g_autoptr(SmSigner) signer = signer_of(SM_SIGNATURE_V4);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *query = g_strdup_printf(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s%%2F20180410%%2Fus-east-1%%2Fs3"
            "%%2Faws4_request&X-Amz-Date=20180410T111604Z&X-Amz-Expires=%s&X-Amz-SignedHeaders="
            "host",
            signer->key.access_key, cases[i].text);
        g_autoptr(GPtrArray) parameters = sm_query_parse(query);
        g_autoptr(GHashTable) headers = g_hash_table_new(g_str_hash, g_str_equal);
        const SmV4Request what = {"GET",   "/scores/K12/a.csv", parameters,        "host",
                                  headers, "20180410T111604Z",  signer->key.region};
        g_autofree char *signature = NULL;
        g_autofree char *url = NULL;
        g_autoptr(SmRequest) request = NULL;

        g_hash_table_insert(headers, (gpointer) "host", (gpointer) "localhost:8443");
        signature = sm_v4_signature(signer->key.secret_key, &what);
        url = g_strconcat("https://localhost:8443/scores/K12/a.csv?", query,
                          "&X-Amz-Signature=", signature, NULL);
        request = request_for("GET", url, NOW);
        g_test_message("%s", cases[i].text);
        assert_outcome(signer, request,
                       cases[i].expected != NULL ? cases[i].expected
                                                 : "AuthorizationQueryParametersError");
    }
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
        {"/scores/K12/a.csv?AWSAccessKeyId=x&Expires=%2B1&Signature=x", "AccessDenied"},
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
        {"goes with a Content-Type that is not signed, or not", test_content_type},
        {"refuses parameters that were added", test_added_parameters},
        {"wants the token of a temporary key", test_token},
        {"has the bucket in the host's name, too", test_virtual_host},
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
    g_test_add_func("/presigned v4/lives for seconds in digits alone", test_v4_lifetimes);
    g_test_add_func("/presigned/knows its own host from a virtual one", test_endpoint);
    g_test_add_func("/presigned/refuses what is not signed in full", test_incomplete);
    return g_test_run();
}
