#include "fetch/job/preview.h"

#include <stdio.h>

#include "common/base/error.h"
#include "common/base/io.h"
#include "fetch/job/decide.h"
#include "fetch/queries/listing.h"
#include "fetch/rows/events.h"
#include "fetch/rules/route.h"
#include "fetch/rules/senders.h"
#include "fetch/store/store.h"

static SmFile *
new_row(const SmAccount *account, const char *name)
{
    SmFile *file = g_new0(SmFile, 1);

    file->id = G_MAXINT64; /* announced after all others */
    file->account = g_strdup(account->name);
    file->name = g_strdup(name);
    file->reason = g_strdup("");
    return file;
}

/* The row as it would be once this event were recorded. */
static SmFile *
imagine_row(SmLedger *ledger, const SmAccount *account, const SmEvent *event, const char *name,
            GError **error)
{
    GError *fault = NULL;
    SmFile *file = sm_file_load(ledger, account->name, name, &fault);
    gboolean known = FALSE;

    if (fault == NULL)
        known = sm_event_is_known(ledger, &(SmAnnouncement){event, account->name, name}, &fault);
    if (!sm_error_pass(error, fault))
        return NULL;
    if (file == NULL)
        file = new_row(account, name);
    if (!known)
        file->newest_event = G_MAXINT64;
    if (!known && file->state == SM_FILE_FAILED && file->next_attempt <= sm_ledger_now())
        file->state = SM_FILE_WAITING; /* as sm_event_record() reopens it */
    return file;
}

static void
print_step(const SmAccount *account, const SmFile *file, const SmStep *step, const GError *fault)
{
    switch (step->kind) {
    case SM_STEP_FETCH:
        printf("%s: would be %s%s into %s (account %s, format = %s)\n", file->name,
               file->stored_at > 0 ? "asked for again and, if it was corrected, stored"
                                   : "fetched and stored",
               sm_account_encrypts(account) ? ", encrypted," : "", account->directory,
               account->name, sm_format_name(account->format));
        break;
    case SM_STEP_DONE:
        printf("%s: nothing would be done: %s\n", file->name, step->text);
        break;
    case SM_STEP_SETTLE:
        printf("%s: would be recorded as %s: %s\n", file->name, sm_file_state_name(step->state),
               step->text);
        break;
    case SM_STEP_ERROR:
        printf("nothing would be done: %s\n", fault->message);
        break;
    }
}

/* Prints the refusal if the sender may not announce it; whether it did. */
static gboolean
say_refusal(const SmConfig *config, const SmEvent *event, const SmAccount *account,
            const char *name)
{
    g_autofree char *why = NULL;

    if (sm_senders_allow(config, account, event, &why))
        return FALSE;
    printf("%s: would be refused: %s\n", name, why);
    return TRUE;
}

static void
plan_row(const SmJob *job, const SmFile *file)
{
    g_autoptr(SmStore) store = sm_store_open(job->account, NULL);
    g_autofree char *name = sm_file_stored_name(file->name, sm_account_encrypts(job->account));
    g_autofree char *obstacle = store != NULL ? sm_store_identity(store, name) : NULL;
    g_autoptr(GError) fault = NULL;
    SmStep step = sm_decide(job, file, obstacle, sm_ledger_now(), &fault);

    print_step(job->account, file, &step, fault);
    if (store == NULL && step.kind == SM_STEP_FETCH)
        printf("%s: but %s cannot be opened: it would wait\n", file->name, job->account->directory);
    g_free(step.text);
}

static gboolean
plan_name(SmLedger *ledger, const SmConfig *config, const SmEvent *event, const char *name,
          GError **error)
{
    g_autofree char *why = NULL;
    SmAccount *account = sm_route(config, event, name, &why);
    SmJob job = {.ledger = ledger, .account = account, .role = SM_ROLE_FILTER};
    g_autoptr(SmFile) file = NULL;

    if (say_refusal(config, event, account, name))
        return TRUE;
    if (account == NULL || account->fault != NULL) {
        printf("%s: would not be fetched: %s\n", name,
               account == NULL ? why : account->fault->message);
        return TRUE;
    }
    file = imagine_row(ledger, account, event, name, error);
    if (file == NULL)
        return FALSE;
    plan_row(&job, file);
    return TRUE;
}

gboolean
sm_preview_listed(SmLedger *ledger, const SmAccount *account, const SmListed *listed,
                  GError **error)
{
    SmJob job = {.ledger = ledger, .account = account, .role = SM_ROLE_FILTER, .listed = listed};
    g_auto(SmListedRow) row = {0};

    if (!sm_listing_look(ledger, account->name, listed, &row, error))
        return FALSE;
    if (row.file == NULL)
        row.file = new_row(account, listed->name);
    if (row.changed)
        row.file->newest_event = G_MAXINT64;
    if (row.file->state == SM_FILE_FAILED)
        row.file->state = SM_FILE_WAITING; /* as sm_listing_note() reopens it */
    plan_row(&job, row.file);
    return TRUE;
}

gboolean
sm_preview(SmLedger *ledger, const SmConfig *config, const SmEvent *event, GError **error)
{
    gboolean ok = TRUE;

    if (event->kind != SM_EVENT_NAMES)
        printf("no file would be fetched: %s\n", event->reason);
    for (char **name = event->names; ok && *name != NULL; name++)
        ok = plan_name(ledger, config, event, *name, error);
    return ok && sm_io_flush(error);
}
