#include "emulator/service/listing.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"

#define A_DATE "[0-9]{4}-[0-9]{2}-[0-9]{2}"

/* In a query '+' means a blank: a client that did not encode it meant a '+'. */
static char *
mend_sign(const char *text)
{
    char *mended = g_strdup(text);
    char *blank = strrchr(mended, ' ');

    if (blank != NULL && strchr(mended, ':') != NULL && blank > strchr(mended, ':'))
        *blank = '+';
    return mended;
}

gboolean
sm_listing_parse_date(const char *text, gboolean strict, gint64 *seconds)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *whole = g_regex_match_simple("^" A_DATE "\\z", text, 0, 0)
                                 ? g_strconcat(text, "T00:00:00", NULL)
                                 : mend_sign(text);
    g_autoptr(GDateTime) time = NULL;

    if (strict &&
        !g_regex_match_simple("^" A_DATE "T([0-9]{2}:){2}[0-9]{2}[+-][0-9]{4}\\z", text, 0, 0))
        return FALSE;
    time = g_date_time_new_from_iso8601(whole, utc);
    if (time == NULL)
        return FALSE;
    *seconds = g_date_time_to_unix(time);
    return TRUE;
}

static cJSON *
file_json(const SmFile *file)
{
    g_autofree char *date = sm_text_date(file->modified, TRUE, "%Y-%m-%dT%H:%M:%S-0000");
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
sm_listing_json(SmFiles *files, gint64 from, const char *empty)
{
    g_autoptr(GPtrArray) list = sm_files_list(files);
    cJSON *json = cJSON_CreateObject();
    cJSON *array = cJSON_CreateArray();

    SM_EACH (const SmFile, file, list)
        if (file->modified >= from)
            cJSON_AddItemToArray(array, file_json(file));
    if (cJSON_GetArraySize(array) == 0) {
        cJSON_Delete(array);
        array = cJSON_Parse(empty);
    }
    if (array != NULL)
        cJSON_AddItemToObject(json, "files", array);
    return json;
}
