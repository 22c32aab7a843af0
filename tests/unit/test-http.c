/* What every request has in common, and what its failures are called. */
#include "fetch/http/http.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/error.h"
#include "fetch/http/engine.h"

/* An option that this libcurl was built without; in place of libcurl's own function. */
static CURLoption missing;
static gboolean chose_suites;

#undef curl_easy_setopt
CURLcode
curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
    if (option == CURLOPT_PRIVATE) { /* by which the engine knows its requests */
        CURLcode (*real)(CURL *, CURLoption, ...) =
            (CURLcode(*)(CURL *, CURLoption, ...))dlsym(RTLD_NEXT, "curl_easy_setopt");
        va_list values;
        void *request;

        va_start(values, option);
        request = va_arg(values, void *);
        va_end(values);
        return real(handle, option, request);
    }
    if (option == CURLOPT_TLS13_CIPHERS || option == CURLOPT_SSL_CIPHER_LIST)
        chose_suites = TRUE;
    return option == missing ? CURLE_NOT_BUILT_IN : CURLE_OK;
}

static gboolean
prepare_without(CURLoption option, GError **error)
{
    const SmAccount account = {.name = (char *)"main", .connect_timeout = 5};
    g_autoptr(CURL) handle = curl_easy_init();
    char detail[CURL_ERROR_SIZE];

    missing = option;
    return sm_http_prepare(handle, &account, 30, detail, error);
}

static void
needs_what_keeps_it_safe(void)
{
    static const CURLoption needed[] = {
        CURLOPT_PROTOCOLS_STR,  CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST,
        CURLOPT_SSLVERSION,     CURLOPT_PROXY,          CURLOPT_NETRC,
        CURLOPT_FOLLOWLOCATION, CURLOPT_CONNECTTIMEOUT, CURLOPT_LOW_SPEED_TIME,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(prepare_without(needed[i], &error));
        g_assert_error(error, SM_ERROR, (int)SM_ERROR_INTERNAL);
        g_assert_nonnull(strstr(error->message, "lacks an option"));
    }
}

static void
leaves_the_suites_to_libcurl(void)
{
    g_autoptr(GError) error = NULL;

    chose_suites = FALSE;
    prepare_without(0, &error);
    g_assert_no_error(error);
    g_assert_false(chose_suites);
}

static const struct {
    const char *title;
    CURLcode result;
    SmErrorCode code;
    const char *said;
} failures[] = {
    {"a certificate that is not valid is a matter of trust", CURLE_PEER_FAILED_VERIFICATION,
     SM_ERROR_TRUST, "ca-file"},
    {"an unknown authority is a matter of trust", CURLE_SSL_ISSUER_ERROR, SM_ERROR_TRUST,
     "ca-file"},
    {"a bad ca-file is a matter of configuration", CURLE_SSL_CACERT_BADFILE, SM_ERROR_CONFIG,
     "ca-file"},
    {"what times out may pass", CURLE_OPERATION_TIMEDOUT, SM_ERROR_OBJECT, "https://h/a"},
    {"a header without end may pass", CURLE_OUT_OF_MEMORY, SM_ERROR_OBJECT,
     "headers are too large"},
    {"what is not resolved may pass", CURLE_COULDNT_RESOLVE_HOST, SM_ERROR_OBJECT, "https://h/a"},
};

static void
calls(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    static const char *const details[] = {"", "in\nits own words"};

    for (gsize d = 0; d < G_N_ELEMENTS(details); d++) {
        g_autoptr(GError) error = NULL;

        sm_http_set_error(&error, SM_ERROR_OBJECT, NULL, "https://h/a?Signature=c2VjcmV0",
                          failures[i].result, details[d]);
        g_assert_error(error, SM_ERROR, (int)failures[i].code);
        g_assert_nonnull(strstr(error->message, failures[i].said));
        g_assert_null(strstr(error->message, "Signature"));
        g_assert_null(strchr(error->message, '\n'));
    }
}

/* Who waited for a request that libcurl does not take would wait for ever. */
static void
a_request_that_is_not_taken_ends(void)
{
    g_autoptr(SmHttpEngine) engine = sm_http_engine_new_shared(1, NULL);
    CURLM *other = curl_multi_init();
    CURL *handle = curl_easy_init();

    g_assert_nonnull(engine);
    g_assert_cmpint(curl_multi_add_handle(other, handle), ==, CURLM_OK);
    g_assert_cmpint(sm_http_engine_perform(engine, handle, 0), ==, CURLE_FAILED_INIT);
    curl_multi_remove_handle(other, handle);
    curl_easy_cleanup(handle);
    curl_multi_cleanup(other);
}

/* An engine whose libcurl takes long to let go of a request, as while a name service hangs. */
static struct {
    SmHttpEngine *engine; /* NULL: it takes no longer than usual */
    gint removing, stopped;
} slow;

CURLMcode
curl_multi_remove_handle(CURLM *multi, CURL *handle)
{
    CURLMcode (*real)(CURLM *, CURL *) =
        (CURLMcode(*)(CURLM *, CURL *))dlsym(RTLD_NEXT, "curl_multi_remove_handle");

    g_atomic_int_set(&slow.removing, TRUE);
    for (int i = 0; i < 3000 && slow.engine != NULL && !g_atomic_int_get(&slow.stopped); i++)
        g_usleep(10000);
    return real(multi, handle);
}

static gpointer
stop_meanwhile(gpointer data)
{
    while (!g_atomic_int_get(&slow.removing))
        g_usleep(1000);
    sm_http_engine_stop(data);
    g_atomic_int_set(&slow.stopped, TRUE);
    return NULL;
}

static void
a_request_that_ends_slowly_holds_nobody_up(void)
{
    g_autoptr(SmHttpEngine) engine = sm_http_engine_new_shared(1, NULL);
    CURL *handle = curl_easy_init();
    GThread *stopping;

    g_assert_nonnull(engine);
    g_atomic_int_set(&slow.removing, FALSE);
    slow.engine = engine;
    stopping = g_thread_new("stop", stop_meanwhile, engine);
    sm_http_engine_perform(engine, handle, 0);
    g_assert_true(g_atomic_int_get(&slow.stopped));
    g_thread_join(stopping);
    slow.engine = NULL;
    curl_easy_cleanup(handle);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/needs what keeps it safe", needs_what_keeps_it_safe);
    g_test_add_func("/http/leaves the suites to libcurl", leaves_the_suites_to_libcurl);
    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
        g_autofree char *path = g_strconcat("/http/", failures[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), calls);
    }
    g_test_add_func("/http/a request that is not taken ends", a_request_that_is_not_taken_ends);
    g_test_add_func("/http/a request that ends slowly holds nobody up",
                    a_request_that_ends_slowly_holds_nobody_up);
    return g_test_run();
}
