#include "emulator/s3/sign-v2.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "emulator/base/digest.h"
#include "emulator/base/query.h"

static const char *
value_of(GHashTable *headers, const char *name)
{
    const char *value = headers != NULL ? g_hash_table_lookup(headers, name) : NULL;

    return value != NULL ? value : "";
}

/* The parameters that are signed as part of the resource, in order. */
static const char *const signed_names[] = {
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};

static void
add_amz_line(GPtrArray *lines, const char *name, const char *value)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);

    if (g_str_has_prefix(lower, "x-amz-"))
        g_ptr_array_add(lines, g_strdup_printf("%s:%s\n", lower, value));
}

static void
append_amz_lines(GString *text, const SmV2Request *request)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter each;
    gpointer name, value;

    if (request->headers != NULL) {
        g_hash_table_iter_init(&each, request->headers);
        while (g_hash_table_iter_next(&each, &name, &value))
            add_amz_line(lines, name, value);
    }
    SM_EACH (const SmParameter, parameter, request->query)
        add_amz_line(lines, parameter->name, parameter->value);
    g_ptr_array_sort(lines, sm_text_compare);
    for (guint i = 0; i < lines->len; i++)
        g_string_append(text, g_ptr_array_index(lines, i));
}

/* Unencoded, and each as often as it is there: none can be slipped in. */
static void
append_signed_parameters(GString *text, const GPtrArray *query)
{
    char separator = '?';

    for (gsize n = 0; n < G_N_ELEMENTS(signed_names); n++)
        SM_EACH (const SmParameter, parameter, query) {
            if (strcmp(parameter->name, signed_names[n]) != 0)
                continue;
            g_string_append_printf(text, "%c%s", separator, parameter->name);
            if (parameter->value[0] != '\0')
                g_string_append_printf(text, "=%s", parameter->value);
            separator = '&';
        }
}

char *
sm_v2_string_to_sign(const SmV2Request *request)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s\n%s\n%s\n%" G_GINT64_FORMAT "\n", request->method,
                    value_of(request->headers, "content-md5"),
                    value_of(request->headers, "content-type"), request->expires);
    append_amz_lines(text, request);
    g_string_append(text, request->resource);
    append_signed_parameters(text, request->query);
    return g_string_free(text, FALSE);
}

char *
sm_v2_presign(const SmS3Key *key, const char *resource, gint64 expires)
{
    g_autofree char *token =
        key->token != NULL ? g_uri_escape_string(key->token, NULL, FALSE) : NULL;
    g_autofree char *extra =
        token != NULL ? g_strconcat("&x-amz-security-token=", token, NULL) : g_strdup("");
    g_autoptr(GPtrArray) query = sm_query_parse(extra);
    const SmV2Request request = {"GET", resource, query, NULL, expires};
    g_autofree char *text = sm_v2_string_to_sign(&request);
    g_autofree char *signature = sm_hmac_sha1_base64(key->secret_key, text);
    g_autofree char *encoded = g_uri_escape_string(signature, NULL, FALSE);
    g_autofree char *encoded_key = g_uri_escape_string(key->access_key, NULL, FALSE);

    return g_strdup_printf("AWSAccessKeyId=%s&Expires=%" G_GINT64_FORMAT "&Signature=%s%s",
                           encoded_key, expires, encoded, extra);
}
