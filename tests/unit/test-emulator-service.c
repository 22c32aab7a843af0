/* The whole stand-in without a socket: requests in, answers out, at a time that the test sets. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "emulator/base/autoptr.h"
#include "emulator/base/digest.h"
#include "emulator/base/query.h"
#include "emulator/s3/sign-v2.h"
#include "emulator/service/service.h"

#define CONTENT "id,score\n1,1200\n2,1310\n"
#define CREDENTIALS "{\"username\":\"reg\",\"password\":\"secret-Pa55\"}"

enum { NOW = 1523358964, TOKEN_LIFETIME = 3600, LIFETIME = 15 };

typedef struct {
    char *folder;
    char *path; /* of the one score file */
    SmUsers *users;
    SmSessions *sessions;
    SmFiles *files;
    SmSigner *signer;
    SmFaults *faults;
    SmService service;
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
    static const char *const users[] = {"reg:secret-Pa55", "kim:x:no-role", NULL};

    f->folder = g_dir_make_tmp("scoremail-service-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "4300_20180410_111604.csv", NULL);
    g_assert_true(g_file_set_contents(f->path, CONTENT, -1, NULL));
    f->users = sm_users_new(users, NULL, TOKEN_LIFETIME, NULL);
    f->files = sm_files_new(f->folder, NULL);
    f->signer = sm_signer_new_own("localhost", "scores", FALSE, NULL);
    sm_signer_set_port(f->signer, 8443);
    f->signer->lifetime = LIFETIME;
    f->faults = sm_faults_new(NULL, NULL);
    f->sessions = sm_sessions_new("9/60", NULL);
    f->service = (SmService){.api = {.users = f->users,
                                     .files = f->files,
                                     .signer = f->signer,
                                     .sessions = f->sessions,
                                     .sessions_status = 429},
                             .objects = {f->files, f->signer, SM_ETAG_MD5},
                             .own_store = TRUE,
                             .faults = f->faults};
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    g_unlink(f->path);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->path);
    sm_users_free(f->users);
    sm_sessions_free(f->sessions);
    sm_files_free(f->files);
    sm_signer_free(f->signer);
    sm_faults_free(f->faults);
}

static void
set_fault(Fixture *f, const char *spec)
{
    const char *const specs[] = {spec, NULL};

    g_assert_true(sm_faults_replace(f->faults, specs, NULL));
}

static SmAnswer *
post_at(Fixture *f, const char *call, const char *body, gint64 now)
{
    g_autofree char *target = g_strconcat("/pascoredwnld", call, NULL);
    g_autoptr(SmRequest) request = sm_request_new("POST", target, now);
    g_autoptr(GString) struck = g_string_new(NULL);

    sm_request_add_header(request, "Content-Type", "application/json; charset=utf-8");
    sm_request_add_body(request, body, strlen(body));
    return sm_service_answer(&f->service, request, struck);
}

static char *
body_of(const SmAnswer *answer)
{
    char *body = g_malloc0(answer->length + 1);

    g_assert_cmpint(sm_answer_read(answer, 0, body, answer->length), ==, (gint64)answer->length);
    return body;
}

static char *
member_of(const SmAnswer *answer, const char *name)
{
    g_autofree char *body = body_of(answer);
    g_autoptr(cJSON) json = cJSON_Parse(body);

    return g_strdup(cJSON_GetStringValue(cJSON_GetObjectItem(json, name)));
}

static SmAnswer *
login_with(Fixture *f, const char *fault)
{
    set_fault(f, fault);
    return post_at(f, "/login", CREDENTIALS, NOW);
}

/* The URL of the file, from an answer that must be a good one. */
static char *
file_url(Fixture *f)
{
    g_autoptr(SmAnswer) answer =
        post_at(f, "/file?filename=4300_20180410_111604.csv", CREDENTIALS, NOW);

    g_assert_cmpuint(answer->status, ==, 200);
    return member_of(answer, "fileUrl");
}

static SmAnswer *
get_at(Fixture *f, const char *url, const char *range, gint64 now)
{
    g_autoptr(SmRequest) request =
        sm_request_new("GET", strchr(strstr(url, "://") + strlen("://"), '/'), now);
    g_autoptr(GString) struck = g_string_new(NULL);

    sm_request_add_header(request, "Host", "localhost:8443");
    if (range != NULL)
        sm_request_add_header(request, "Range", range);
    return sm_service_answer(&f->service, request, struck);
}

static SmAnswer *
get_with(Fixture *f, const char *fault, const char *url, gint64 now)
{
    set_fault(f, fault);
    return get_at(f, url, NULL, now);
}

static void
test_refusals(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *call, *body;
        guint status;
    } cases[] = {
        {"/login", CREDENTIALS, 200},
        {"/login", "{\"username\":\"reg\",\"password\":\"no\"}", 401},
        {"/login", "{\"username\":\"kim\",\"password\":\"x\"}", 403},
        {"/login", "{\"username\":\"reg\"}", 400},
        {"/login", "{\"username\":\"reg\",\"password\":7}", 400},
        {"/login", "{\"token\":\"45B5B7E7-1C85-DBE7-2493-DB6ECA41A707\"}", 400},
        {"/login", "[]", 400},
        {"/login", "{", 400},
        {"/login", CREDENTIALS ";", 200}, /* as the service's own sample sends it */
        {"/login", CREDENTIALS " x", 200},
        {"/login", "", 400},
        {"/file?filename=4300_20180410_111604.csv", CREDENTIALS, 200},
        {"/file?filename=4300%5F20180410_111604.csv", CREDENTIALS, 200},
        {"/file?filename=4300+20180410_111604.csv", CREDENTIALS, 404},
        {"/file?filename=nothing.csv", CREDENTIALS, 404},
        {"/file?filename=..%2Fusers", CREDENTIALS, 404},
        {"/file?filename=%zz", CREDENTIALS, 400},
        {"/file?filename=", CREDENTIALS, 400},
        {"/file", CREDENTIALS, 400},
        {"/file?filename=x", "{\"token\":\"45B5B7E7-1C85-DBE7-2493-DB6ECA41A707\"}", 401},
        {"/file?filename=x", "{\"username\":\"kim\",\"password\":\"x\"}", 403},
        {"/files/list", CREDENTIALS, 200},
        {"/files/list?fromDate=2017-03-28T22%3A13%3A23-0000", CREDENTIALS, 200},
        {"/files/list?fromDate=2017-03-28T22:13:23+0000", CREDENTIALS, 200},
        {"/files/list?fromDate=yesterday", CREDENTIALS, 400},
        {"/nothing", CREDENTIALS, 404},
        {"", CREDENTIALS, 404},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmAnswer) answer = post_at(f, cases[i].call, cases[i].body, NOW + 60 * (gint64)i);
        g_autofree char *message = member_of(answer, "message");

        g_test_message("%s %s", cases[i].call, cases[i].body);
        g_assert_cmpuint(answer->status, ==, cases[i].status);
        g_assert_cmpint(message != NULL, ==, cases[i].status != 200);
    }
}

static void
test_form(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *method, *type;
        guint status;
    } cases[] = {
        {"POST", "application/json", 200}, {"POST", "Application/JSON ;x=y", 200},
        {"POST", "text/plain", 415},       {"POST", NULL, 415},
        {"GET", "application/json", 405},  {"HEAD", NULL, 405},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmRequest) request = sm_request_new(cases[i].method, "/pascoredwnld/login", NOW);
        g_autoptr(GString) struck = g_string_new(NULL);
        g_autoptr(SmAnswer) answer = NULL;

        if (cases[i].type != NULL)
            sm_request_add_header(request, "Content-Type", cases[i].type);
        sm_request_add_body(request, CREDENTIALS, strlen(CREDENTIALS));
        answer = sm_service_answer(&f->service, request, struck);
        g_assert_cmpuint(answer->status, ==, cases[i].status);
    }
}

static void
test_sample_client(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *method, *form;
        guint status;
    } cases[] = {
        {"GET", "/pascoredwnld/file?tok=TOKEN&filename=4300_20180410_111604.csv", 200},
        {"GET", "/pascoredwnld/file?filename=nothing.csv&tok=TOKEN", 404},
        {"GET", "/pascoredwnld/file?tok=TOKEN", 400},
        {"GET", "/pascoredwnld/file?tok=TOKEN0&filename=4300_20180410_111604.csv", 401},
        {"GET", "/pascoredwnld/file?tok=&filename=4300_20180410_111604.csv", 401},
        {"GET", "/pascoredwnld/file?filename=4300_20180410_111604.csv", 405},
        {"GET", "/pascoredwnld/files/list?tok=TOKEN", 405},
        {"HEAD", "/pascoredwnld/file?tok=TOKEN&filename=4300_20180410_111604.csv", 405},
    };
    g_autoptr(SmAnswer) login = post_at(f, "/login", CREDENTIALS ";", NOW);
    g_autofree char *token = member_of(login, "token");

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) around = g_strsplit(cases[i].form, "TOKEN", 2);
        g_autofree char *target = g_strjoinv(token, around);
        g_autoptr(SmRequest) request = sm_request_new(cases[i].method, target, NOW);
        g_autoptr(GString) struck = g_string_new(NULL);
        g_autoptr(SmAnswer) answer = sm_service_answer(&f->service, request, struck);

        g_test_message("%s", cases[i].form);
        g_assert_cmpuint(answer->status, ==, cases[i].status);
    }
}

static void
test_file_members(Fixture *f, gconstpointer unused)
{
    g_autoptr(SmAnswer) answer =
        post_at(f, "/file?filename=4300_20180410_111604.csv", CREDENTIALS, NOW);
    g_autofree char *body = body_of(answer);
    g_autoptr(cJSON) json = cJSON_Parse(body);

    g_assert_cmpint(cJSON_GetArraySize(json), ==, 4);
    g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(json, "filePath")), ==,
                    "4300_20180410_111604.csv");
    g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(json, "fileName")), ==,
                    "4300_20180410_111604.csv");
    g_assert_cmpint(cJSON_GetObjectItem(json, "fileSize")->valueint, ==, (int)strlen(CONTENT));
}

/* Nine one-step calls a minute; calls with a token, and logins, are not counted. */
static void
test_sessions(Fixture *f, gconstpointer unused)
{
    static const guint expected[] = {200, 200, 200, 200, 200, 200, 200, 200, 200, 429, 429};
    g_autoptr(SmAnswer) wrong =
        post_at(f, "/files/list", "{\"username\":\"reg\",\"password\":\"no\"}", NOW);
    g_autoptr(SmAnswer) login = NULL;
    g_autoptr(SmAnswer) with_token = NULL;
    g_autoptr(SmAnswer) later = NULL;
    g_autofree char *token = NULL;
    g_autofree char *body = NULL;

    g_assert_cmpuint(wrong->status, ==, 401);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(SmAnswer) answer = post_at(f, "/files/list", CREDENTIALS, NOW + (gint64)i / 4);
        g_autofree char *message = member_of(answer, "message");

        g_assert_cmpuint(answer->status, ==, expected[i]);
        if (expected[i] != 200)
            g_assert_true(g_str_has_prefix(message, "You have reached the max sessions, Please"));
    }
    login = post_at(f, "/login", CREDENTIALS, NOW + 5);
    token = member_of(login, "token");
    body = g_strdup_printf("{\"token\":\"%s\"}", token);
    with_token = post_at(f, "/files/list", body, NOW + 5);
    later = post_at(f, "/files/list", CREDENTIALS, NOW + 60);
    g_assert_cmpuint(with_token->status, ==, 200);
    g_assert_cmpuint(later->status, ==, 200);
}

static void
test_too_large(Fixture *f, gconstpointer unused)
{
    g_autofree char *body = g_strnfill(SM_REQUEST_BODY_MAX + 1, ' ');
    g_autoptr(SmAnswer) answer = post_at(f, "/login", body, NOW);

    g_assert_cmpuint(answer->status, ==, 413);
}

static void
test_tokens(Fixture *f, gconstpointer unused)
{
    g_autoptr(SmAnswer) login = post_at(f, "/login", CREDENTIALS, NOW);
    g_autofree char *token = member_of(login, "token");
    g_autofree char *body = g_strdup_printf("{\"token\":\"%s\"}", token);
    g_autoptr(SmAnswer) list = post_at(f, "/files/list", body, NOW + TOKEN_LIFETIME - 1);
    g_autoptr(SmAnswer) file = post_at(f, "/file?filename=4300_20180410_111604.csv", body, NOW);
    g_autoptr(SmAnswer) late = post_at(f, "/files/list", body, NOW + TOKEN_LIFETIME);

    g_assert_cmpuint(list->status, ==, 200);
    g_assert_cmpuint(file->status, ==, 200);
    g_assert_cmpuint(late->status, ==, 401);
}

static void
test_object(Fixture *f, gconstpointer unused)
{
    g_autofree char *url = file_url(f);
    g_autoptr(SmAnswer) whole = get_at(f, url, NULL, NOW + LIFETIME);
    g_autoptr(SmAnswer) part = get_at(f, url, "bytes=3-7", NOW);
    g_autoptr(SmAnswer) late = get_at(f, url, NULL, NOW + LIFETIME + 1);
    g_autoptr(SmAnswer) beyond = get_at(f, url, "bytes=900-", NOW);
    g_autofree char *whole_body = body_of(whole);
    g_autofree char *part_body = body_of(part);

    g_assert_cmpuint(whole->status, ==, 200);
    g_assert_cmpstr(whole_body, ==, CONTENT);
    g_assert_cmpstr(sm_answer_header(whole, "accept-ranges"), ==, "bytes");
    g_assert_cmpuint(part->status, ==, 206);
    g_assert_cmpstr(part_body, ==, "score");
    g_assert_cmpstr(sm_answer_header(part, "Content-Range"), ==, "bytes 3-7/23");
    g_assert_cmpuint(late->status, ==, 403);
    g_assert_cmpuint(beyond->status, ==, 416);
    g_assert_cmpstr(sm_answer_header(beyond, "Content-Range"), ==, "bytes */23");
    g_assert_cmpstr(sm_answer_header(beyond, "Content-Type"), ==, "application/xml");
}

static gboolean
is_32_hex_digits(const char *etag)
{
    return strlen(etag) == 34 && etag[0] == '"' && etag[33] == '"' &&
           strspn(etag + 1, "0123456789abcdef") == 32;
}

static void
test_etag(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *word, *header, *value;
        gboolean hex, md5;
    } cases[] = {
        {"md5", "x-amz-server-side-encryption", "AES256", TRUE, TRUE},
        {"multipart", "x-amz-server-side-encryption", "AES256", FALSE, TRUE},
        {"kms", "x-amz-server-side-encryption", "aws:kms", TRUE, FALSE},
        {"dsse", "x-amz-server-side-encryption", "aws:kms:dsse", TRUE, FALSE},
        {"customer", "x-amz-server-side-encryption-customer-algorithm", "AES256", TRUE, FALSE},
        {"opaque", "x-amz-server-side-encryption", NULL, FALSE, FALSE},
    };
    g_autofree char *url = file_url(f);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, CONTENT, -1);
        g_autoptr(SmAnswer) first = NULL;
        g_autoptr(SmAnswer) again = NULL;
        g_autoptr(SmAnswer) changed = NULL;
        const char *etag;

        g_test_message("%s", cases[i].word);
        g_assert_true(sm_etag_parse(cases[i].word, &f->service.objects.etag));
        g_assert_true(g_file_set_contents(f->path, CONTENT, -1, NULL));
        first = get_at(f, url, NULL, NOW);
        again = get_at(f, url, "bytes=3-", NOW);
        etag = sm_answer_header(first, "ETag");
        g_assert_cmpstr(sm_answer_header(again, "ETag"), ==, etag);
        g_assert_cmpstr(sm_answer_header(first, cases[i].header), ==, cases[i].value);
        g_assert_cmpstr(sm_answer_header(again, cases[i].header), ==, cases[i].value);
        g_assert_cmpint(is_32_hex_digits(etag), ==, cases[i].hex);
        g_assert_cmpint(strstr(etag, md5) != NULL, ==, cases[i].md5);
        g_assert_true(g_file_set_contents(f->path, CONTENT "3,990\n", -1, NULL));
        changed = get_at(f, url, NULL, NOW);
        g_assert_cmpstr(sm_answer_header(changed, "ETag"), !=, etag);
    }
    g_assert_false(sm_etag_parse("sha1", &f->service.objects.etag));
}

/* A request for the file with these parameters, signed or not. */
static SmAnswer *
get_parameters(Fixture *f, const char *parameters, gboolean is_signed)
{
    const char *resource = "/scores/K12/4300_20180410_111604.csv";
    g_autoptr(GPtrArray) query = sm_query_parse(is_signed ? parameters : "");
    const SmV2Request what = {"GET", resource, query, NULL, NOW};
    g_autofree char *text = sm_v2_string_to_sign(&what);
    g_autofree char *signature = sm_hmac_sha1_base64(f->signer->key.secret_key, text);
    g_autofree char *encoded = g_uri_escape_string(signature, NULL, FALSE);
    g_autofree char *url =
        g_strdup_printf("https://localhost:8443%s?AWSAccessKeyId=%s&Expires=%d&Signature=%s&%s",
                        resource, f->signer->key.access_key, NOW, encoded, parameters);

    return get_at(f, url, NULL, NOW);
}

static void
test_parameters(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *parameters;
        guint status;
        const char *header, *value;
    } cases[] = {
        {"response-content-type=text%2Fcsv", 200, "Content-Type", "text/csv"},
        {"response-content-disposition=attachment%3B%20filename%3D%22a%20b%2Bc.csv%22", 200,
         "Content-Disposition", "attachment; filename=\"a b+c.csv\""},
        {"response-content-language=en", 200, "Content-Language", "en"},
        {"response-content-encoding=identity", 200, "Content-Encoding", "identity"},
        {"response-cache-control=no-store", 200, "Cache-Control", "no-store"},
        {"response-expires=0", 200, "Expires", "0"},
        {"versionId=3HL4kqtJvjVBH40N", 200, "x-amz-version-id", "3HL4kqtJvjVBH40N"},
        {"x-amz-security-token=FwoGZXIvYXdz%2B%2F%3D", 200, NULL, NULL},
        {"response-content-type=a%0D%0Ab", 400, NULL, NULL},
        {"acl", 501, NULL, NULL},
        {"partNumber=1", 501, NULL, NULL},
        {"tagging=", 501, NULL, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmAnswer) good = get_parameters(f, cases[i].parameters, TRUE);
        g_autoptr(SmAnswer) bad = get_parameters(f, cases[i].parameters, FALSE);

        g_test_message("%s", cases[i].parameters);
        g_assert_cmpuint(good->status, ==, cases[i].status);
        if (cases[i].header != NULL)
            g_assert_cmpstr(sm_answer_header(good, cases[i].header), ==, cases[i].value);
        g_assert_cmpuint(bad->status, ==, 403);
    }
}

static void
test_missing_object(Fixture *f, gconstpointer unused)
{
    g_autofree char *url = file_url(f);
    g_autoptr(SmAnswer) gone = NULL;
    g_autoptr(SmAnswer) bucket = get_at(f, "https://localhost:8443/other/K12/a.csv", NULL, NOW);
    g_autofree char *gone_body = NULL;
    g_autofree char *bucket_body = body_of(bucket);

    g_unlink(f->path);
    gone = get_at(f, url, NULL, NOW);
    gone_body = body_of(gone);
    g_assert_cmpuint(gone->status, ==, 404);
    g_assert_nonnull(strstr(gone_body, "<Code>NoSuchKey</Code>"));
    g_assert_nonnull(strstr(gone_body, "<Key>K12/4300_20180410_111604.csv</Key>"));
    g_assert_cmpuint(bucket->status, ==, 404);
    g_assert_nonnull(strstr(bucket_body, "<Code>NoSuchBucket</Code>"));
}

/* What each fault of the /file call makes of the URL in it. */
static void
test_url_faults(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *fault, *prefix;
    } cases[] = {
        {"file:foreign-host=evil.example:444", "https://evil.example:444/scores/K12/4300_"},
        {"file:http-url", "http://localhost:8443/scores/K12/4300_"},
        {"file:userinfo-url", "https://somebody:something@localhost:8443/scores/K12/4300_"},
        {"file:expired", "https://localhost:8443/scores/K12/4300_"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *url = NULL;

        set_fault(f, cases[i].fault);
        url = file_url(f);
        g_assert_true(g_str_has_prefix(url, cases[i].prefix));
    }
    {
        g_autofree char *url = file_url(f);
        g_autoptr(SmAnswer) answer = get_at(f, url, NULL, NOW);
        g_autofree char *body = body_of(answer);

        g_assert_nonnull(strstr(body, "Request has expired"));
    }
}

static void
test_json_faults(Fixture *f, gconstpointer unused)
{
    g_autoptr(SmAnswer) broken = login_with(f, "login:broken-json");
    g_autoptr(SmAnswer) html = login_with(f, "login:not-json");
    g_autoptr(SmAnswer) huge = login_with(f, "login:huge-json");
    g_autofree char *broken_body = body_of(broken);
    g_autofree char *html_body = body_of(html);
    g_autofree char *token = member_of(huge, "token");

    g_assert_true(g_str_has_prefix(broken_body, "{\"token\":\""));
    g_assert_null(cJSON_Parse(broken_body));
    g_assert_true(g_str_has_prefix(html_body, "<!DOCTYPE html>"));
    g_assert_nonnull(token);
    g_assert_cmpuint(huge->length, >, 64 * 1024);
}

/* Refusals of the service itself, and of what stands before it. */
static void
test_refusal_faults(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *fault;
        guint status;
        const char *type, *header, *body;
    } cases[] = {
        {"login:html=403", 403, "text/html", "Server", "<TITLE>Access Denied</TITLE>"},
        {"login:html=403", 403, "text/html", "Server", "Reference&#32;&#35;18"},
        {"login:html=401", 401, "text/html", "WWW-Authenticate", "Unauthorized"},
        {"login:gateway=403", 403, "application/json", "x-amzn-RequestId",
         "{\"message\":\"Forbidden\"}"},
        {"login:gateway=401", 401, "application/json", "x-amzn-ErrorType",
         "{\"message\":\"Unauthorized\"}"},
        {"login:gateway=429", 429, "application/json", "x-amzn-ErrorType",
         "{\"message\":\"Too Many Requests\"}"},
        {"login:max-sessions=400", 400, "application/json", "Content-Type", "max sessions"},
        {"login:status=401", 401, "application/json", "Content-Type", "the password is not valid"},
        {"login:status=403", 403, "application/json", "Content-Type", "the role File Downloads"},
        {"login:status=500", 500, "application/json", "Content-Type", "because a fault was set"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmAnswer) answer = login_with(f, cases[i].fault);
        g_autofree char *body = body_of(answer);

        g_test_message("%s", cases[i].fault);
        g_assert_cmpuint(answer->status, ==, cases[i].status);
        g_assert_cmpstr(sm_answer_header(answer, "Content-Type"), ==, cases[i].type);
        g_assert_nonnull(sm_answer_header(answer, cases[i].header));
        g_assert_nonnull(strstr(body, cases[i].body));
    }
}

static void
test_object_faults(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *fault;
        guint status;
        const char *header, *value;
        guint64 sent;
        gint64 declared;
    } cases[] = {
        {"object:status=503", 503, "Content-Type", "application/xml", 0, 0},
        {"object:retry-after=7", 503, "Retry-After", "7", 0, 0},
        {"object:redirect=https://x.example/", 302, "Location", "https://x.example/", 0, 0},
        {"object:xml-200", 200, "Content-Type", "application/xml", 0, 0},
        {"object:encoding", 200, "Content-Encoding", "gzip", 23, 23},
        {"object:bad-etag", 200, "ETag", "\"0bad0bad0bad0bad0bad0bad0bad0bad\"", 23, 23},
        {"object:short=4", 200, NULL, NULL, 19, 23},
        {"object:short=400", 200, NULL, NULL, 0, 23},
        {"object:reset=4", 200, NULL, NULL, 4, 23},
        {"object:reset", 200, NULL, NULL, 0, 23},
        {"object:stall=400", 200, NULL, NULL, 23, 23},
        {"object:wrong-length=5", 200, NULL, NULL, 23, 28},
        {"object:wrong-length=-5", 200, NULL, NULL, 23, 18},
        {"object:no-length", 200, NULL, NULL, 23, SM_LENGTH_NONE},
    };
    g_autofree char *url = file_url(f);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SmAnswer) answer = get_with(f, cases[i].fault, url, NOW);

        g_test_message("%s", cases[i].fault);
        g_assert_cmpuint(answer->status, ==, cases[i].status);
        if (cases[i].header != NULL)
            g_assert_cmpstr(sm_answer_header(answer, cases[i].header), ==, cases[i].value);
        if (cases[i].declared == 0)
            continue;
        g_assert_cmpuint(sm_answer_sendable(answer), ==, cases[i].sent);
        g_assert_cmpint(answer->declared, ==, cases[i].declared);
    }
}

static void
test_corruption(Fixture *f, gconstpointer unused)
{
    g_autofree char *url = file_url(f);
    g_autoptr(SmAnswer) answer = get_with(f, "object:corrupt", url, NOW);
    guint differences = 0;

    g_assert_cmpuint(answer->length, ==, strlen(CONTENT));
    for (guint64 i = 0; i < answer->length; i++) { /* read byte by byte: pieces do not matter */
        char c;

        g_assert_cmpint(sm_answer_read(answer, i, &c, 1), ==, 1);
        differences += c != CONTENT[i];
    }
    g_assert_cmpuint(differences, ==, 1);
}

static void
test_faults_wait_for_success(Fixture *f, gconstpointer unused)
{
    g_autofree char *url = file_url(f);
    g_autoptr(SmAnswer) late = get_with(f, "object:short=1x1", url, NOW + LIFETIME + 1);
    g_autoptr(SmAnswer) good = get_at(f, url, NULL, NOW);

    g_assert_cmpuint(late->status, ==, 403);
    g_assert_cmpint(late->end, ==, SM_END_WHOLE);
    g_assert_cmpint(good->end, ==, SM_END_CLOSE);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*function)(Fixture *, gconstpointer);
    } tests[] = {
        {"/service/has a status for each refusal", test_refusals},
        {"/service/takes POST and JSON alone", test_form},
        {"/service/takes what the service's own sample sends", test_sample_client},
        {"/service/says name and size of a file", test_file_members},
        {"/service/limits the sessions of a user", test_sessions},
        {"/service/refuses what is too large", test_too_large},
        {"/service/gives tokens that end", test_tokens},
        {"/store/sends a file or a range until the URL expires", test_object},
        {"/store/has ETags in every form, for the current contents", test_etag},
        {"/store/does what signed parameters say, refuses unsigned ones", test_parameters},
        {"/store/says NoSuchKey and NoSuchBucket", test_missing_object},
        {"/faults/spoil URLs", test_url_faults},
        {"/faults/spoil JSON", test_json_faults},
        {"/faults/refuse as the service, a network or a gateway does", test_refusal_faults},
        {"/faults/spoil objects", test_object_faults},
        {"/faults/corrupt one byte", test_corruption},
        {"/faults/wait for an answer that succeeds", test_faults_wait_for_success},
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].function, tear_down);
    return g_test_run();
}
