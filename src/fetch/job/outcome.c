#include "fetch/job/outcome.h"

#include "common/base/report.h"

void
sm_outcome_say(const SmFile *file, const char *account, const char *name, GLogLevelFlags level,
               const char *text)
{
    gboolean stored = file != NULL && file->stored_at > 0;
    g_autofree char *id = file != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, file->id) : NULL;
    g_autofree char *attempts =
        file != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, file->attempts) : NULL;
    g_autofree char *size = stored ? g_strdup_printf("%" G_GINT64_FORMAT, file->stored.size) : NULL;
    const SmReportField fields[] = {
        {"event", file != NULL ? sm_file_state_name(file->state) : "unknown"},
        {"account", account},
        {"name", name},
        {"id", id},
        {"attempts", attempts},
        {"size", size},
        {"sha256", stored ? file->stored.sha256 : NULL},
    };

    sm_report_say(level, text, fields, G_N_ELEMENTS(fields));
}
