#include "common/config/places.h"

#include <limits.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/startup.h"

static gboolean
refuse(GError **error, const char *why)
{
    return sm_error_set(error, SM_ERROR_CONFIG, "%s", why);
}

static gboolean
has_parent_component(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    return g_strv_contains((const char *const *)parts, "..");
}

/* A leading ~/ as the home directory. Caller frees. */
static char *
expand_home(const char *text)
{
    g_autofree char *home = g_str_has_prefix(text, "~/") ? sm_startup_home() : NULL;

    return home != NULL ? g_build_filename(home, text + 2, NULL) : g_strdup(text);
}

/* %{account} has been replaced by now. */
static gboolean
has_other_variable(const char *text, GError **error)
{
    if (strstr(text, "%{") == NULL)
        return FALSE;
    g_set_error_literal(error, SM_ERROR, SM_ERROR_CONFIG,
                        "has a %{...} that means nothing here; allowed: %{account}, in the "
                        "paths of an account");
    return TRUE;
}

static gboolean
parse_path(const char *text, const void *terms, void *result, GError **error)
{
    g_autofree char *path = expand_home(text);

    if (!g_path_is_absolute(path) || has_parent_component(path))
        return refuse(error,
                      "is no absolute path; allowed: a path that starts with / or ~/ and has "
                      "no .. in it");
    if (has_other_variable(path, error))
        return FALSE;
    /* POSIX leaves two leading slashes alone; here they would make one directory look like two. */
    *(char **)result = g_canonicalize_filename(path + strspn(path, "/") - 1, "/");
    return TRUE;
}

const SmValue sm_value_path = {parse_path, NULL, g_free};

/* USER:PASSWORD@ of a URI, or password= of either form. */
static gboolean
has_password(const char *place)
{
    g_auto(GStrv) parts = g_strsplit_set(place, "/?#", 5); /* postgresql: "" USER@HOST ... */
    const char *user = g_str_has_prefix(place, "//") && parts[2] != NULL ? parts[2] : "";
    const char *at = strrchr(user, '@'), *colon = strchr(user, ':');

    return (at != NULL && colon != NULL && colon < at) || strstr(place, "password") != NULL;
}

gboolean
sm_place_is_server(const char *where)
{
    return g_str_has_prefix(where, SM_LEDGER_SERVER);
}

static gboolean
parse_ledger(const char *text, const void *terms, void *result, GError **error)
{
    if (*text == '/' || *text == '~')
        return parse_path(text, NULL, result, error);
    if (!sm_place_is_server(text))
        return refuse(error, "is no place for it; allowed: an absolute path, starting with / or ~/ "
                             "and without .. in it, or " SM_LEDGER_SERVER
                             "//USER@HOST/DATABASE on a PostgreSQL server");
    if (has_password(text + strlen(SM_LEDGER_SERVER)))
        return refuse(error, "has a password in it; allowed: a server's place without one; set "
                             "ledger-password-file, ledger-password-command or "
                             "ledger-password-credential");
    *(char **)result = g_strdup(text);
    return TRUE;
}

const SmValue sm_value_ledger = {parse_ledger, NULL, g_free};

static gboolean
parse_command(const char *text, const void *terms, void *result, GError **error)
{
    g_auto(GStrv) words = NULL;
    char *program;

    if (has_other_variable(text, error))
        return FALSE;
    if (!g_shell_parse_argv(text, NULL, &words, NULL) || *words[0] == '\0')
        return refuse(error, "is no command; allowed: a program and its arguments, quoted as for a "
                             "shell, every quote closed");
    program = expand_home(words[0]);
    g_free(words[0]);
    words[0] = program;
    if (strchr(program, '/') != NULL && !g_path_is_absolute(program))
        return refuse(error, "starts a program by a relative path; allowed: an absolute path, or "
                             "a name without /");
    *(GStrv *)result = g_steal_pointer(&words);
    return TRUE;
}

const SmValue sm_value_command = {parse_command, NULL, (GDestroyNotify)g_strfreev};

static gboolean
parse_credential(const char *text, const void *terms, void *result, GError **error)
{
    if (has_other_variable(text, error))
        return FALSE;
    if (strchr(text, '/') != NULL || strlen(text) > NAME_MAX || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return refuse(error, "is no name of a credential; allowed: a file name without /, the NAME "
                             "of systemd's LoadCredential=NAME:FILE");
    *(char **)result = g_strdup(text);
    return TRUE;
}

const SmValue sm_value_credential = {parse_credential, NULL, g_free};

char *
sm_value_expand(const char *text, const char *account)
{
    GString *expanded = g_string_new(text);

    g_string_replace(expanded, "%{account}", account, 0);
    return g_string_free(expanded, FALSE);
}

static gboolean
parse_https_url(const char *text, const void *terms, void *result, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    char *url;

    if (uri == NULL || strcmp(g_uri_get_scheme(uri), "https") != 0 || g_uri_get_host(uri) == NULL ||
        *g_uri_get_host(uri) == '\0' || g_uri_get_userinfo(uri) != NULL ||
        g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL ||
        strchr(text, ' ') != NULL)
        return refuse(error, "is no usable URL; allowed: https://HOST[:PORT][/PATH], without user, "
                             "query and fragment");
    url = g_strdup(text);
    while (g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = '\0';
    *(char **)result = url;
    return TRUE;
}

const SmValue sm_value_https_url = {parse_https_url, NULL, g_free};

static gboolean
parse_proxy(const char *text, const void *terms, void *result, GError **error)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h", NULL};
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);

    if (strcmp(text, "none") == 0) {
        *(char **)result = NULL;
        return TRUE;
    }
    if (uri == NULL || !g_strv_contains(schemes, g_uri_get_scheme(uri)) ||
        g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0' || g_uri_get_port(uri) <= 0 ||
        g_uri_get_userinfo(uri) != NULL || strlen(g_uri_get_path(uri)) > 1 ||
        g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL)
        return refuse(error, "is no usable proxy; allowed: none, or http://HOST:PORT, or the same "
                             "with https, socks5 or socks5h, without user and password");
    *(char **)result = g_strdup(text);
    return TRUE;
}

const SmValue sm_value_proxy = {parse_proxy, NULL, g_free};
