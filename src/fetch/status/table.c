#include "fetch/status/forms.h"

#include <stdio.h>
#include <string.h>

#include "common/base/each.h"
#include "common/base/text.h"
#include "fetch/queries/listing.h"
#include "fetch/status/verdict.h"

char *
sm_status_when(gint64 when, gint64 now)
{
    if (when == 0)
        return g_strdup("-");
    if (now - when < 60 && now >= when)
        return g_strdup_printf("%d s ago", (int)(now - when));
    if (now - when < 3600 && now >= when)
        return g_strdup_printf("%d min ago", (int)((now - when) / 60));
    return sm_text_time(when);
}

static void
print_account(const SmAccountSurvey *account, int widest, gint64 now)
{
    const gint64 *files = account->totals.files;
    g_autofree char *mail = sm_status_when(account->totals.mail_at, now);
    g_autofree char *sync = sm_status_when(account->totals.synced_at, now);

    printf("%-*s  %-16s  %-16s  %6" G_GINT64_FORMAT "  %6" G_GINT64_FORMAT "  %8" G_GINT64_FORMAT
           "  %7" G_GINT64_FORMAT "  %6" G_GINT64_FORMAT "  %7" G_GINT64_FORMAT "%s\n",
           widest, account->account->name, mail, sync, account->totals.stored_today,
           account->totals.stored_week, files[SM_FILE_STORED], sm_totals_waiting(&account->totals),
           sm_totals_failed(&account->totals), files[SM_FILE_DROPPED] + files[SM_FILE_NOT_WANTED],
           account->account->enabled ? "" : "  not enabled");
}

static void
print_hosts(const SmSurvey *survey)
{
    SM_EACH (const SmHost, host, survey->hosts) {
        g_autofree char *beat = sm_status_when(host->beat_at, survey->now);

        printf("host %s: worker seen: %s; events in its spool then: %" G_GINT64_FORMAT "\n",
               host->name, beat, host->spooled);
    }
}

char *
sm_status_worker(const SmSurvey *survey)
{
    const SmWorkerSigns *worker = &survey->worker;
    g_autofree char *beat =
        worker->beat_at > 0 ? sm_status_when(worker->beat_at, survey->now) : g_strdup("never");

    if (worker->spooled < 0)
        return g_strdup_printf("worker seen: %s; the spool cannot be read", beat);
    return g_strdup_printf("worker seen: %s; events in the spool: %" G_GINT64_FORMAT, beat,
                           worker->spooled);
}

void
sm_status_print_accounts(const SmSurvey *survey)
{
    g_autofree char *worker = sm_status_worker(survey);
    int widest = (int)strlen("ACCOUNT");

    SM_EACH (const SmAccountSurvey, account, survey->accounts)
        widest = MAX(widest, (int)strlen(account->account->name));
    printf("%-*s  %-16s  %-16s  %6s  %6s  %8s  %7s  %6s  %7s\n", widest, "ACCOUNT", "LAST MAIL",
           "LAST SYNC", "TODAY", "7 DAYS", "STORED", "WAITING", "FAILED", "DROPPED");
    for (guint i = 0; i < survey->accounts->len; i++)
        print_account(survey->accounts->pdata[i], widest, survey->now);
    puts(worker);
    print_hosts(survey);
}

void
sm_status_print_concerns(const GPtrArray *concerns)
{
    for (guint i = 0; i < concerns->len; i++) {
        g_autofree char *line = sm_concern_line(concerns->pdata[i]);

        puts(line);
    }
}

/* What a person needs to know about the state: why, and until when. */
static char *
remark(const SmFile *file, gint64 now)
{
    g_autofree char *next = NULL;

    if (file->state == SM_FILE_STORED && file->pruned_at > 0) {
        next = sm_status_when(file->pruned_at, now);
        return g_strdup_printf("deleted after keep-for: %s", next);
    }
    if (file->state == SM_FILE_STORED && file->revision > 0 && *file->reason == '\0')
        return g_strdup_printf("revision %d; older ones are in .superseded", (int)file->revision);
    if (file->state == SM_FILE_STORED && sm_listing_size_differs(file, file->listed.size)) {
        next = sm_text_size((guint64)file->listed.size);
        return g_strdup_printf("the listing says %s", next);
    }
    if (file->next_attempt <= now || file->state == SM_FILE_FAILED)
        return g_strdup(file->reason);
    next = sm_status_when(file->next_attempt, file->next_attempt + 3600);
    return g_strdup_printf("%s (next attempt %s)", file->reason, next);
}

void
sm_status_print_files(const GPtrArray *files, gboolean with_account, gint64 now)
{
    int widest = 4;

    for (guint i = 0; i < files->len; i++)
        widest = MAX(widest, (int)strlen(((SmFile *)files->pdata[i])->name));
    printf("%-10s %-*s %10s  %-16s %s%s\n", "STATE", widest, "NAME", "SIZE", "WHEN",
           with_account ? "ACCOUNT  " : "", "REMARK");
    SM_EACH (const SmFile, file, files) {
        g_autofree char *size =
            file->stored_at > 0 ? sm_text_size((guint64)file->stored.size) : g_strdup("-");
        g_autofree char *when = sm_status_when(file->updated_at, now);
        g_autofree char *note = remark(file, now);

        printf("%-10s %-*s %10s  %-16s %s%s%s\n", sm_file_state_name(file->state), widest,
               file->name, size, when, with_account ? file->account : "", with_account ? "  " : "",
               note);
    }
}

void
sm_status_print_refusals(const SmSurvey *survey)
{
    SM_EACH (const SmRefusal, refusal, survey->refusals) {
        g_autofree char *when = sm_status_when(refusal->last_at, survey->now);

        printf("%-10s %s  %s  %s%s\n", "refused",
               *refusal->name != '\0' ? refusal->name : "(no name)", when, refusal->reason,
               refusal->times > 1 ? " (more than once)" : "");
    }
}

void
sm_status_print_plugin(const SmSurvey *survey, const GPtrArray *concerns)
{
    SmTotals all = sm_survey_sum(survey, FALSE);
    SmLevel level = sm_verdict_level(concerns);
    g_autofree char *name = g_ascii_strup(sm_level_name(level), -1);
    const SmConcern *first = concerns->len > 0 ? concerns->pdata[0] : NULL;
    g_autofree char *text =
        first != NULL
            ? g_strconcat(first->account, *first->account != '\0' ? ": " : "", first->text, NULL)
            : g_strdup_printf("accounts: %u, %s", survey->accounts->len,
                              all.stored_today > 0  ? "last file stored today"
                              : all.stored_ever > 0 ? "last file stored before today"
                                                    : "no file was stored yet");

    g_strdelimit(text, "|", '/'); /* what follows one is figures */
    printf("scoremail %s: %s", name, text);
    if (concerns->len > 1)
        printf("; and %u more", concerns->len - 1);
    printf(" | stored_today=%d stored=%d waiting=%d overdue=%d failed=%d conflict=%d spool=%d\n",
           (int)all.stored_today, (int)all.files[SM_FILE_STORED], (int)sm_totals_waiting(&all),
           (int)all.overdue, (int)all.files[SM_FILE_FAILED], (int)all.files[SM_FILE_CONFLICT],
           (int)MAX(survey->worker.spooled, 0));
}
