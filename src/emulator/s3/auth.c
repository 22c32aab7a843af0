#include "emulator/s3/auth.h"

#include <string.h>

#include "common/base/text.h"
#include "emulator/base/digest.h"
#include "emulator/base/query.h"
#include "emulator/s3/error.h"
#include "emulator/s3/sign-v2.h"
#include "emulator/s3/sign-v4.h"

enum {
    V4_EXPIRES_MAX = 7 * 24 * 3600, /* seconds */
    CLOCK_SKEW_MAX = 15 * 60,       /* seconds */
};

static SmAnswer *
expired(gint64 when, gint64 now)
{
    g_autofree char *expires = sm_text_time_utc(when);
    g_autofree char *server = sm_text_time_utc(now);

    return sm_s3_error("AccessDenied", "Request has expired",
                       SM_S3_DETAILS("Expires", expires, "ServerTime", server));
}

/* token: NULL where there is none. Without a token of our own any one will do that is signed. */
static SmAnswer *
compare(const SmS3Key *key, const char *given, const char *ours, const char *string_to_sign,
        const char *token)
{
    if (!sm_equal_secret(given, ours))
        return sm_s3_error("SignatureDoesNotMatch", NULL,
                           SM_S3_DETAILS("AWSAccessKeyId", key->access_key, "StringToSign",
                                         string_to_sign, "SignatureProvided", given));
    if (key->token != NULL && g_strcmp0(key->token, token) != 0)
        return sm_s3_error("InvalidToken", NULL, NULL);
    return NULL;
}

/* Times and lifetimes are digits alone: no sign, no blank. */
static gboolean
read_seconds(const char *text, guint64 min, guint64 max, gint64 *seconds)
{
    guint64 number = 0;
    gboolean good = g_ascii_string_to_unsigned(text, 10, min, max, &number, NULL);

    *seconds = (gint64)number;
    return good;
}

static SmAnswer *
refuse_v2(const SmSigner *signer, const SmRequest *request)
{
    const GPtrArray *query = request->parameters;
    const char *key = sm_query_get(query, "AWSAccessKeyId");
    const char *signature = sm_query_get(query, "Signature");
    const char *until = sm_query_get(query, "Expires");
    g_autofree char *resource = sm_signer_resource(signer, request);
    g_autofree char *text = NULL;
    g_autofree char *ours = NULL;
    SmV2Request what = {request->method, resource, query, request->headers, 0};

    if (key == NULL || signature == NULL || until == NULL)
        return sm_s3_error("AccessDenied",
                           "Query-string authentication requires the Signature, Expires and "
                           "AWSAccessKeyId parameters",
                           NULL);
    if (!read_seconds(until, 0, G_MAXINT64, &what.expires))
        return sm_s3_error("AccessDenied", "Invalid date (should be seconds since epoch)", NULL);
    if (request->arrived > what.expires)
        return expired(what.expires, request->arrived);
    if (strcmp(key, signer->key.access_key) != 0)
        return sm_s3_error("InvalidAccessKeyId", NULL, SM_S3_DETAILS("AWSAccessKeyId", key));
    text = sm_v2_string_to_sign(&what);
    ours = sm_hmac_sha1_base64(signer->key.secret_key, text);
    return compare(&signer->key, signature, ours, text,
                   sm_query_get(query, "x-amz-security-token"));
}

/* Headers of Amazon's change what the request means: they have to be signed, if they are there. */
static SmAnswer *
refuse_unsigned_headers(const SmRequest *request, const char *signed_names)
{
    g_auto(GStrv) names = g_strsplit(signed_names, ";", -1);
    GHashTableIter each;
    gpointer name;

    if (!g_strv_contains((const char *const *)names, "host"))
        return sm_s3_error("AuthorizationQueryParametersError", "SignedHeaders must have host",
                           NULL);
    g_hash_table_iter_init(&each, request->headers);
    while (g_hash_table_iter_next(&each, &name, NULL)) {
        if (g_str_has_prefix(name, "x-amz-") && !g_strv_contains((const char *const *)names, name))
            return sm_s3_error("AccessDenied",
                               "There were headers present in the request which were not signed",
                               SM_S3_DETAILS("HeadersNotSigned", (const char *)name));
    }
    return NULL;
}

typedef struct {
    const char *credential, *date, *expires, *names, *signature;
} V4Parameters;

static SmAnswer *
read_v4(const GPtrArray *query, V4Parameters *v4, gint64 *from, gint64 *lifetime)
{
    const char *algorithm = sm_query_get(query, "X-Amz-Algorithm");

    *v4 = (V4Parameters){
        .credential = sm_query_get(query, "X-Amz-Credential"),
        .date = sm_query_get(query, "X-Amz-Date"),
        .expires = sm_query_get(query, "X-Amz-Expires"),
        .names = sm_query_get(query, "X-Amz-SignedHeaders"),
        .signature = sm_query_get(query, "X-Amz-Signature"),
    };
    if (algorithm == NULL || v4->credential == NULL || v4->date == NULL || v4->expires == NULL ||
        v4->names == NULL || v4->signature == NULL)
        return sm_s3_error("AuthorizationQueryParametersError",
                           "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                           "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, "
                           "and X-Amz-Expires parameters.",
                           NULL);
    if (strcmp(algorithm, SM_V4_ALGORITHM) != 0)
        return sm_s3_error("AuthorizationQueryParametersError",
                           "X-Amz-Algorithm only supports \"" SM_V4_ALGORITHM "\"", NULL);
    if (!sm_v4_parse_date(v4->date, from))
        return sm_s3_error("AuthorizationQueryParametersError",
                           "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
                           NULL);
    if (!read_seconds(v4->expires, 1, V4_EXPIRES_MAX, lifetime))
        return sm_s3_error("AuthorizationQueryParametersError",
                           "X-Amz-Expires must be a number from 1 to 604800 (seconds)", NULL);
    return NULL;
}

static SmAnswer *
refuse_credential(const SmSigner *signer, const V4Parameters *v4)
{
    g_autofree char *scope = sm_v4_scope(v4->date, signer->key.region);
    g_autofree char *key = g_strndup(v4->credential, strcspn(v4->credential, "/"));

    if (strcmp(key, signer->key.access_key) != 0)
        return sm_s3_error("InvalidAccessKeyId", NULL, SM_S3_DETAILS("AWSAccessKeyId", key));
    if (v4->credential[strlen(key)] != '/' || strcmp(v4->credential + strlen(key) + 1, scope) != 0)
        return sm_s3_error("AuthorizationQueryParametersError",
                           "Error parsing the X-Amz-Credential parameter",
                           SM_S3_DETAILS("Region", signer->key.region));
    return NULL;
}

static SmAnswer *
refuse_v4(const SmSigner *signer, const SmRequest *request)
{
    const GPtrArray *query = request->parameters;
    g_autofree char *path = g_uri_unescape_string(request->path, NULL);
    g_autofree char *text = NULL;
    g_autofree char *ours = NULL;
    V4Parameters v4;
    SmV4Request what;
    gint64 from = 0, lifetime = 0;
    SmAnswer *refusal = read_v4(query, &v4, &from, &lifetime);

    if (refusal != NULL)
        return refusal;
    if (from > request->arrived + CLOCK_SKEW_MAX)
        return sm_s3_error("AccessDenied", "Request is not yet valid", NULL);
    if (request->arrived > from + lifetime)
        return expired(from + lifetime, request->arrived);
    refusal = refuse_credential(signer, &v4);
    if (refusal == NULL)
        refusal = refuse_unsigned_headers(request, v4.names);
    if (refusal != NULL)
        return refusal;
    what = (SmV4Request){.method = request->method,
                         .path = path != NULL ? path : request->path,
                         .query = query,
                         .signed_names = v4.names,
                         .headers = request->headers,
                         .date = v4.date,
                         .region = signer->key.region};
    text = sm_v4_string_to_sign(&what);
    ours = sm_v4_signature(signer->key.secret_key, &what);
    return compare(&signer->key, v4.signature, ours, text,
                   sm_query_get(query, "X-Amz-Security-Token"));
}

SmAnswer *
sm_s3_refuse(const SmSigner *signer, const SmRequest *request)
{
    const GPtrArray *query = request->parameters;
    gboolean v2, v4;

    if (query == NULL)
        return sm_s3_error("InvalidArgument", "Broken percent-encoding in the query", NULL);
    v2 = sm_query_get(query, "Signature") != NULL || sm_query_get(query, "AWSAccessKeyId") != NULL;
    v4 = sm_query_get(query, "X-Amz-Algorithm") != NULL ||
         sm_query_get(query, "X-Amz-Signature") != NULL;
    if ((v2 || v4) && sm_request_header(request, "authorization") != NULL)
        return sm_s3_error("InvalidArgument",
                           "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
                           "parameter, Signature query string parameter or the Authorization "
                           "header should be specified",
                           SM_S3_DETAILS("ArgumentName", "Authorization"));
    if (v4)
        return refuse_v4(signer, request);
    if (v2)
        return refuse_v2(signer, request);
    return sm_s3_error("AccessDenied", "Only presigned URLs are taken here", NULL);
}
