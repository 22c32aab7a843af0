#include "emulator/base/request.h"

#include <string.h>

#include "emulator/base/query.h"

static const struct {
    const char *name;
    const char *path; /* NULL: it has many */
    SmCall call;
} calls[] = {
    {"login", "/pascoredwnld/login", SM_CALL_LOGIN},
    {"file", "/pascoredwnld/file", SM_CALL_FILE},
    {"list", "/pascoredwnld/files/list", SM_CALL_LIST},
    {"object", NULL, SM_CALL_OBJECT},
    {"other", NULL, SM_CALL_OTHER},
};

gint64
sm_clock_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static SmCall
call_of(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (g_strcmp0(path, calls[i].path) == 0)
            return calls[i].call;
    if (strcmp(path, "/pascoredwnld") == 0 || g_str_has_prefix(path, "/pascoredwnld/") ||
        g_str_has_prefix(path, "/_emulator/"))
        return SM_CALL_OTHER;
    return SM_CALL_OBJECT;
}

/* A file call names it as a parameter, an object's URL at the end of its path. */
static char *
name_of(const SmRequest *request)
{
    const char *slash = strrchr(request->path, '/');

    if (request->call == SM_CALL_FILE && request->parameters != NULL)
        return g_strdup(sm_query_get(request->parameters, "filename"));
    if (request->call == SM_CALL_OBJECT && slash != NULL)
        return g_uri_unescape_string(slash + 1, NULL);
    return NULL;
}

SmRequest *
sm_request_new(const char *method, const char *target, gint64 arrived)
{
    SmRequest *request = g_new0(SmRequest, 1);
    const char *mark = strchr(target, '?');

    request->method = g_strdup(method);
    request->path = mark != NULL ? g_strndup(target, (gsize)(mark - target)) : g_strdup(target);
    request->query = g_strdup(mark != NULL ? mark + 1 : "");
    request->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->body = g_string_new(NULL);
    request->arrived = arrived;
    request->call = call_of(request->path);
    request->parameters = sm_query_parse(request->query);
    request->name = name_of(request);
    return request;
}

void
sm_request_free(SmRequest *request)
{
    g_free(request->method);
    g_free(request->path);
    g_free(request->query);
    g_clear_pointer(&request->parameters, g_ptr_array_unref);
    g_hash_table_unref(request->headers);
    g_string_free(request->body, TRUE);
    g_free(request->name);
    g_free(request->user);
    g_free(request);
}

void
sm_request_add_header(SmRequest *request, const char *name, const char *value)
{
    char *key = g_ascii_strdown(name, -1);
    const char *before = g_hash_table_lookup(request->headers, key);
    char *whole = before != NULL ? g_strdup_printf("%s, %s", before, value) : g_strdup(value);

    g_hash_table_replace(request->headers, key, whole);
}

const char *
sm_request_header(const SmRequest *request, const char *name)
{
    return g_hash_table_lookup(request->headers, name);
}

void
sm_request_add_body(SmRequest *request, const char *data, gsize size)
{
    if (request->body->len + size > SM_REQUEST_BODY_MAX)
        request->too_large = TRUE;
    else
        g_string_append_len(request->body, data, (gssize)size);
}

const char *
sm_call_name(SmCall call)
{
    gsize i = 0;

    while (calls[i].call != call)
        i++;
    return calls[i].name;
}

guint
sm_call_named(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].call;
    return 0;
}
