#include "fetch/host/json.h"

#include <stdio.h>

void
sm_json_add_text(cJSON *to, const char *key, const char *text)
{
    cJSON_AddItemToObject(to, key, text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void
sm_json_add_number(cJSON *to, const char *key, gint64 number)
{
    cJSON_AddItemToObject(to, key,
                          number >= 0 ? cJSON_CreateNumber((double)number) : cJSON_CreateNull());
}

void
sm_json_add_time(cJSON *to, const char *key, gint64 when)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);
    g_autofree char *text = when > 0 ? g_date_time_format_iso8601(time) : NULL;

    sm_json_add_text(to, key, text);
}

void
sm_json_print(const cJSON *json)
{
    char *text = cJSON_Print(json);

    puts(text);
    cJSON_free(text);
}
