#include "emulator/s3/sign-v2.h"

#include <string.h>

#include "emulator/base/digest.h"
#include "emulator/base/query.h"

static const char *
value_of(GHashTable *headers, const char *name)
{
    const char *value = headers != NULL ? g_hash_table_lookup(headers, name) : NULL;

    return value != NULL ? value : "";
}

static void
append_amz_headers(GString *text, GHashTable *headers)
{
    g_autoptr(GList) names = headers != NULL ? g_hash_table_get_keys(headers) : NULL;

    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (const GList *each = names; each != NULL; each = each->next)
        if (g_str_has_prefix(each->data, "x-amz-"))
            g_string_append_printf(text, "%s:%s\n", (const char *)each->data,
                                   value_of(headers, each->data));
}

char *
sm_v2_string_to_sign(const char *method, GHashTable *headers, gint64 expires, const char *resource)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s\n%s\n%s\n%" G_GINT64_FORMAT "\n", method,
                    value_of(headers, "content-md5"), value_of(headers, "content-type"), expires);
    append_amz_headers(text, headers);
    g_string_append(text, resource);
    return g_string_free(text, FALSE);
}

char *
sm_v2_signature(const char *secret_key, const char *string_to_sign)
{
    return sm_hmac_sha1_base64(secret_key, string_to_sign);
}

char *
sm_v2_presign(const char *access_key, const char *secret_key, const char *resource, gint64 expires)
{
    g_autofree char *text = sm_v2_string_to_sign("GET", NULL, expires, resource);
    g_autofree char *signature = sm_v2_signature(secret_key, text);
    g_autofree char *encoded = sm_percent_encode(signature);
    g_autofree char *encoded_key = sm_percent_encode(access_key);

    return g_strdup_printf("AWSAccessKeyId=%s&Expires=%" G_GINT64_FORMAT "&Signature=%s",
                           encoded_key, expires, encoded);
}
