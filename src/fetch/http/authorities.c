#include "fetch/http/authorities.h"

#include <string.h>

#include "common/base/error.h"

/* Whether folder has certificates by their hashed names, as openssl rehash makes them. */
static gboolean
is_hashed(const char *folder)
{
    GDir *dir = folder != NULL ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (strlen(name) == 10 && g_str_has_suffix(name, ".0") &&
            strspn(name, "0123456789abcdef") == 8)
            break;
    if (dir != NULL)
        g_dir_close(dir);
    return name != NULL;
}

/* The system's folder; NULL where only its bundle is of use. */
static const char *
find_folder(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);

    return is_hashed(curl->capath) ? curl->capath : NULL;
}

static const char *
find_bundle(void)
{
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* libcurl takes one file: here both are one. */
static gboolean
set_files(CURL *handle, const char *bundle, const char *ca_file, GError **error)
{
    g_autofree char *system = NULL;
    g_autofree char *own = NULL;
    g_autofree char *both = NULL;
    g_autoptr(GError) fault = NULL;
    struct curl_blob blob;

    if (!g_file_get_contents(ca_file, &own, NULL, &fault) || strstr(own, "-----BEGIN") == NULL) {
        g_set_error(error, SM_ERROR, SM_ERROR_CONFIG, "ca-file cannot be used: %s",
                    fault != NULL ? fault->message : ca_file);
        return FALSE;
    }
    if (!g_file_get_contents(bundle, &system, NULL, NULL))
        return curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file) == CURLE_OK;
    both = g_strconcat(own, "\n", system, NULL);
    blob = (struct curl_blob){both, strlen(both), CURL_BLOB_COPY};
    return curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

gboolean
sm_authorities_set(CURL *handle, const SmAccount *account, GError **error)
{
    const char *folder = find_folder();
    const char *bundle = find_bundle();

    if (folder == NULL && account->ca_file == NULL)
        return TRUE; /* libcurl's default */
    if (folder == NULL && bundle != NULL)
        return set_files(handle, bundle, account->ca_file, error);
    return curl_easy_setopt(handle, CURLOPT_CAPATH, folder) == CURLE_OK &&
           curl_easy_setopt(handle, CURLOPT_CAINFO, account->ca_file) == CURLE_OK;
}

char *
sm_authorities_describe(const SmAccount *account)
{
    const char *folder = find_folder();
    const char *bundle = find_bundle();
    const char *system = folder != NULL ? folder : bundle != NULL ? bundle : "none of the system's";

    if (account == NULL || account->ca_file == NULL)
        return g_strdup(system);
    return g_strdup_printf("%s and %s", system, account->ca_file);
}
