#include "emulator/base/query.h"

#include <string.h>

#include "common/base/each.h"

static char *
decode_form(const char *text, gsize length)
{
    g_autofree char *spaced = g_strndup(text, length);

    g_strdelimit(spaced, "+", ' ');
    return g_uri_unescape_string(spaced, NULL);
}

static void
parameter_free(gpointer data)
{
    SmParameter *parameter = data;

    g_free(parameter->name);
    g_free(parameter->value);
    g_free(parameter);
}

static gboolean
add_parameter(GPtrArray *parameters, const char *text)
{
    gsize name_length = strcspn(text, "=");
    const char *value = text[name_length] == '=' ? text + name_length + 1 : "";
    SmParameter *parameter = g_new0(SmParameter, 1);

    g_ptr_array_add(parameters, parameter);
    parameter->name = decode_form(text, name_length);
    parameter->value = decode_form(value, strlen(value));
    return parameter->name != NULL && parameter->value != NULL;
}

GPtrArray *
sm_query_parse(const char *query)
{
    g_autoptr(GPtrArray) parameters = g_ptr_array_new_with_free_func(parameter_free);
    g_auto(GStrv) pieces = g_strsplit(query, "&", -1);

    for (gsize i = 0; pieces[i] != NULL; i++)
        if (pieces[i][0] != '\0' && !add_parameter(parameters, pieces[i]))
            return NULL;
    return g_steal_pointer(&parameters);
}

const char *
sm_query_get(const GPtrArray *parameters, const char *name)
{
    SM_EACH (const SmParameter, parameter, parameters)
        if (strcmp(parameter->name, name) == 0)
            return parameter->value;
    return NULL;
}
