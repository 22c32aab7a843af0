#include "emulator/s3/sign-v4.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "emulator/base/digest.h"
#include "emulator/base/query.h"

char *
sm_v4_scope(const char *date, const char *region)
{
    return g_strdup_printf("%.8s/%s/s3/aws4_request", date, region);
}

/* Sorted by name, then by value: hence a tab, which is below all that a name can have, stands in
 * for '='. */
static char *
canonical_query(const GPtrArray *query)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);

    SM_EACH (const SmParameter, parameter, query) {
        g_autofree char *name = g_uri_escape_string(parameter->name, NULL, FALSE);
        g_autofree char *value = g_uri_escape_string(parameter->value, NULL, FALSE);

        if (strcmp(name, "X-Amz-Signature") != 0)
            g_ptr_array_add(pairs, g_strdup_printf("%s\t%s", name, value));
    }
    g_ptr_array_sort(pairs, sm_text_compare);
    g_ptr_array_add(pairs, NULL);
    return g_strdelimit(g_strjoinv("&", (GStrv)pairs->pdata), "\t", '=');
}

char *
sm_v4_canonical_request(const SmV4Request *request)
{
    g_autofree char *path = g_uri_escape_string(request->path, "/", FALSE);
    g_autofree char *query = canonical_query(request->query);
    g_auto(GStrv) names = g_strsplit(request->signed_names, ";", -1);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s\n%s\n%s\n", request->method, path, query);
    for (gsize i = 0; names[i] != NULL; i++) {
        const char *value = g_hash_table_lookup(request->headers, names[i]);
        g_autofree char *trimmed = g_strstrip(g_strdup(value != NULL ? value : ""));

        g_string_append_printf(text, "%s:%s\n", names[i], trimmed);
    }
    g_string_append_printf(text, "\n%s\nUNSIGNED-PAYLOAD", request->signed_names);
    return g_string_free(text, FALSE);
}

char *
sm_v4_string_to_sign(const SmV4Request *request)
{
    g_autofree char *scope = sm_v4_scope(request->date, request->region);
    g_autofree char *canonical = sm_v4_canonical_request(request);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, canonical, -1);

    return g_strdup_printf(SM_V4_ALGORITHM "\n%s\n%s\n%s", request->date, scope, hash);
}

char *
sm_v4_signature(const char *secret_key, const SmV4Request *request)
{
    g_autofree char *first = g_strconcat("AWS4", secret_key, NULL);
    g_autofree char *day = g_strndup(request->date, 8);
    g_autofree char *text = sm_v4_string_to_sign(request);
    guint8 key[SM_SHA256_SIZE];
    guint8 next[SM_SHA256_SIZE];

    sm_hmac_sha256(first, strlen(first), day, key);
    sm_hmac_sha256(key, sizeof key, request->region, next);
    sm_hmac_sha256(next, sizeof next, "s3", key);
    sm_hmac_sha256(key, sizeof key, "aws4_request", next);
    sm_hmac_sha256(next, sizeof next, text, key);
    return sm_text_hex(key, sizeof key);
}

char *
sm_v4_presign(const SmS3Key *key, const char *host, const char *path, gint64 now, guint lifetime)
{
    g_autofree char *date = sm_text_date(now, TRUE, "%Y%m%dT%H%M%SZ");
    g_autofree char *scope = sm_v4_scope(date, key->region);
    g_autofree char *credential = g_strconcat(key->access_key, "/", scope, NULL);
    g_autofree char *token =
        key->token != NULL ? g_uri_escape_string(key->token, NULL, FALSE) : NULL;
    g_autofree char *encoded = g_uri_escape_string(credential, NULL, FALSE);
    g_autofree char *query =
        g_strdup_printf("X-Amz-Algorithm=" SM_V4_ALGORITHM "&X-Amz-Credential=%s&X-Amz-Date=%s"
                        "&X-Amz-Expires=%u%s%s&X-Amz-SignedHeaders=host",
                        encoded, date, lifetime, token != NULL ? "&X-Amz-Security-Token=" : "",
                        token != NULL ? token : "");
    g_autoptr(GPtrArray) parameters = sm_query_parse(query);
    g_autoptr(GHashTable) headers = g_hash_table_new(g_str_hash, g_str_equal);
    const SmV4Request request = {"GET", path, parameters, "host", headers, date, key->region};
    g_autofree char *signature = NULL;

    g_hash_table_insert(headers, (gpointer) "host", (gpointer)host);
    signature = sm_v4_signature(key->secret_key, &request);
    return g_strconcat(query, "&X-Amz-Signature=", signature, NULL);
}

gboolean
sm_v4_parse_date(const char *date, gint64 *seconds)
{
    g_autoptr(GDateTime) time = NULL;

    /* ISO 8601's basic form; GLib takes others as well, S3 does not. */
    if (strlen(date) == strlen("20130524T000000Z") && date[8] == 'T' && date[15] == 'Z')
        time = g_date_time_new_from_iso8601(date, NULL);
    if (time == NULL)
        return FALSE;
    *seconds = g_date_time_to_unix(time);
    return TRUE;
}
