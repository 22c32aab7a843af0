#include "fetch/host/json.h"

#include <stdio.h>

#include "common/base/text.h"

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
    g_autofree char *text = when > 0 ? sm_text_time_utc(when) : NULL;

    sm_json_add_text(to, key, text);
}

void
sm_json_print(const cJSON *json)
{
    char *text = cJSON_Print(json);

    puts(text);
    cJSON_free(text);
}

void
sm_json_write(cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);

    fputs(text, stdout);
    cJSON_free(text);
    cJSON_Delete(json);
}
