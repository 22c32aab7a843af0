#include "fetch/http/authorities.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/error.h"

enum { OWN_MAX = 16 * 1024 * 1024 /* bytes of a ca-file */ };

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

/* The system's folder, which is listed once; NULL where only its bundle is of use. */
static const char *
find_folder(void)
{
    static gsize found; /* 1: it is hashed, 2: it is not */
    const char *folder = curl_version_info(CURLVERSION_NOW)->capath;

    if (g_once_init_enter(&found))
        g_once_init_leave(&found, is_hashed(folder) ? 1 : 2);
    return found == 1 ? folder : NULL;
}

static const char *
find_bundle(void)
{
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* ca-file's text, which has a certificate; NULL with SM_ERROR_CONFIG. */
static char *
read_own(const SmAccount *account, GError **error)
{
    const char *path = account->ca_file;
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    const char *why = "is not a file";
    struct stat st;

    if (access(path, R_OK) < 0 || stat(path, &st) < 0)
        why = g_strerror(errno);
    else if (st.st_size > OWN_MAX)
        why = "is larger than 16 MiB";
    else if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0) /* who may pose as the service? */
        why = "everyone may write to it; run chmod o-w";
    else if (S_ISREG(st.st_mode)) { /* of a FIFO or a device nobody knows the end */
        if (!g_file_get_contents(path, &text, NULL, &fault))
            why = sm_error_of_file(fault);
        else if (strstr(text, "CERTIFICATE-----") == NULL)
            why = "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
        else
            return g_steal_pointer(&text);
    }
    return sm_error_null(error, SM_ERROR_CONFIG, "account %s: ca-file %s cannot be used: %s",
                         account->name, path, why);
}

gboolean
sm_authorities_check(const SmAccount *account, GError **error)
{
    g_autofree char *own = account->ca_file != NULL ? read_own(account, error) : NULL;

    return account->ca_file == NULL || own != NULL;
}

static gboolean
set_text(CURL *handle, char *certificates)
{
    struct curl_blob blob = {certificates, strlen(certificates), CURL_BLOB_COPY};

    return curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

/* libcurl takes one file: here both are one. */
static gboolean
set_files(CURL *handle, const char *bundle, const SmAccount *account, GError **error)
{
    g_autofree char *system = NULL;
    g_autofree char *own = read_own(account, error);
    g_autofree char *both = NULL;

    if (own == NULL)
        return FALSE;
    if (!g_file_get_contents(bundle, &system, NULL, NULL))
        return curl_easy_setopt(handle, CURLOPT_CAINFO, account->ca_file) == CURLE_OK;
    both = g_strconcat(own, "\n", system, NULL);
    return set_text(handle, both);
}

gboolean
sm_authorities_set(CURL *handle, const SmAccount *account, GError **error)
{
    const char *folder = find_folder();
    const char *bundle = find_bundle();
    g_autofree char *own = NULL;

    if (folder == NULL && account->ca_file == NULL)
        return TRUE; /* libcurl's default */
    if (folder == NULL && bundle != NULL)
        return set_files(handle, bundle, account, error);
    if (account->ca_file != NULL) /* what was read is what is used */
        own = read_own(account, error);
    return (account->ca_file == NULL ? curl_easy_setopt(handle, CURLOPT_CAINFO, NULL) == CURLE_OK
                                     : own != NULL && set_text(handle, own)) &&
           curl_easy_setopt(handle, CURLOPT_CAPATH, folder) == CURLE_OK;
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
