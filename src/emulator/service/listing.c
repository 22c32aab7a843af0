#include "emulator/service/listing.h"

#include <string.h>

gboolean
sm_listing_parse_date(const char *text, gint64 *seconds)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddsdddd";
    g_autoptr(GDateTime) time = NULL;

    if (strlen(text) != strlen(form))
        return FALSE;
    for (gsize i = 0; form[i] != '\0'; i++) {
        gboolean good = text[i] == form[i];

        if (form[i] == 'd')
            good = g_ascii_isdigit(text[i]);
        else if (form[i] == 's')
            good = text[i] == '+' || text[i] == '-';
        if (!good)
            return FALSE;
    }
    time = g_date_time_new_from_iso8601(text, NULL);
    if (time == NULL)
        return FALSE;
    *seconds = g_date_time_to_unix(time);
    return TRUE;
}

static cJSON *
file_json(const SmFile *file)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(file->modified);
    g_autofree char *date = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S-0000");
    g_autofree char *name = g_utf8_make_valid(file->name, -1);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "fileName", name);
    cJSON_AddStringToObject(json, "fileType",
                            g_str_has_suffix(lower, ".zip") ? "Essay File" : "Scores File");
    cJSON_AddNumberToObject(json, "fileSize", (double)file->size);
    cJSON_AddStringToObject(json, "deliveryDate", date);
    cJSON_AddNumberToObject(json, "recordCount", (double)file->lines);
    cJSON_AddStringToObject(json, "assessment", "SAT");
    return json;
}

cJSON *
sm_listing_json(SmFiles *files, gint64 from)
{
    g_autoptr(GPtrArray) list = sm_files_list(files);
    cJSON *json = cJSON_CreateObject();
    cJSON *array = cJSON_CreateArray();

    for (guint i = 0; i < list->len; i++) {
        const SmFile *file = g_ptr_array_index(list, i);

        if (file->modified >= from)
            cJSON_AddItemToArray(array, file_json(file));
    }
    if (cJSON_GetArraySize(array) == 0) {
        cJSON_Delete(array);
        array = cJSON_CreateNull();
    }
    cJSON_AddItemToObject(json, "files", array);
    return json;
}
