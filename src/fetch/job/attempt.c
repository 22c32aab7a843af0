#include "fetch/job/attempt.h"

#include "common/base/text.h"
#include "fetch/crypto/recipients.h"
#include "fetch/http/engine.h"
#include "fetch/http/pace.h"
#include "fetch/job/download.h"
#include "fetch/job/unknown.h"
#include "fetch/queries/listing.h"
#include "fetch/rows/updates.h"
#include "fetch/rules/pause.h"
#include "fetch/store/place.h"

enum {
    RESUME_WORTH = 4 * 1024 * 1024, /* bytes: below this a new download is faster than a resume */
    LOST_TRIES = 3,                 /* downloads in one attempt whose part somebody else removes */
};

typedef struct {
    const SmJob *job;
    SmFile *file;
    SmStore *store;
    char *boot_id; /* see sm_place_boot_id() */
    SmService *service;
    SmTransfer *transfer;
    gboolean inherited; /* another process left the part in the row */
    SmPart *part;
} Attempt;

/* When to retry a name after fault. *state: set for a name that is given up. */
static gint64
next_attempt(const SmJob *job, SmFile *file, guint retry_after, const GError *fault,
             SmFileState *state)
{
    gint64 now = sm_ledger_now();

    if (sm_error_facts(fault)->retry == SM_RETRY_LATER)
        return now + SM_PAUSE_LONGEST;
    if (sm_error_facts(fault)->retry < SM_RETRY_PAUSED)
        return 0; /* no call was made, or something else limits the next one */
    if (!g_error_matches(fault, SM_ERROR, SM_ERROR_NOT_FOUND))
        return now +
               (sm_pause_ms((guint)file->attempts, g_random_double(), retry_after) + 999) / 1000;
    if (file->stored_at > 0 && file->newest_event <= file->stored.covers)
        return 0; /* a person asked again for a stored file: it stays stored */
    sm_unknown_count(file, now);
    if (sm_unknown_is_over(file, now))
        *state = sm_unknown_end(job, file);
    return now + sm_pause_missing((guint)file->missing_times);
}

/* Seconds that the service or the object store asked for; 0: none. */
static guint
retry_after_of(const Attempt *attempt)
{
    if (attempt->service == NULL)
        return 0;
    return MAX(attempt->service->retry_after, sm_transfer_state(attempt->transfer)->retry_after);
}

/* Records what follows from fault. A failure that could not be recorded is not final: the mail
 * system must keep the message. */
static void
settle(const Attempt *attempt, gboolean part_kept, GError *fault)
{
    SmFile *file = attempt->file;
    const gint64 since = file->missing_since, times = file->missing_times;
    SmFileState state = SM_FILE_WAITING;
    gint64 next = next_attempt(attempt->job, file, retry_after_of(attempt), fault, &state);
    const char *reason = state == SM_FILE_NOT_WANTED ? sm_unknown_reason(file) : fault->message;

    if (!sm_file_settle(attempt->job->ledger, file, &(SmSettling){state, reason, next, part_kept},
                        NULL)) {
        file->missing_since = since;
        file->missing_times = times;
    } else if (state == SM_FILE_FAILED && attempt->job->role == SM_ROLE_FILTER) {
        fault->code = SM_ERROR_GIVEN_UP;
    }
}

/* Whether neither a message nor a listing has the name, only a person typed it. */
static gboolean
is_nobodys(const SmFile *file, const GError *fault)
{
    return g_error_matches(fault, SM_ERROR, SM_ERROR_NOT_FOUND) && file->newest_event == 0 &&
           file->stored_at == 0 && file->listed.at == 0;
}

/* Deletes the row, so that the person has nothing to forget. */
static void
forget(const Attempt *attempt, GError *fault)
{
    SmLedger *ledger = attempt->job->ledger;
    const SmFile *file = attempt->file;

    if (SM_TRANSACTION(ledger->db, file->account, NULL,
                       sm_file_forget(ledger, file, NULL) &&
                           sm_ledger_log(ledger, file->account, file->name, "forgotten",
                                         fault->message, NULL))) {
        g_autofree char *text = g_strdup_printf(
            "%s; scorefetch list shows the names that it has; this one was not recorded, so there "
            "is nothing to forget",
            fault->message);

        g_free(fault->message);
        fault->message = g_steal_pointer(&text);
        fault->code = attempt->job->role == SM_ROLE_FILTER ? SM_ERROR_DATA : fault->code;
    }
}

/* Ends a failed attempt; TRUE if the failure concerns nobody. The next run finishes a row that is
 * `placing`. */
static gboolean
give_back(Attempt *attempt, gboolean part_kept, GError *fault, GError **error)
{
    if (is_nobodys(attempt->file, fault))
        forget(attempt, fault);
    else if (attempt->file->state != SM_FILE_PLACING)
        settle(attempt, part_kept, fault);
    if (attempt->file->state == SM_FILE_NOT_WANTED && attempt->job->role == SM_ROLE_FILTER) {
        g_error_free(fault);
        return TRUE;
    }
    g_propagate_prefixed_error(error, fault, "%s: ", attempt->file->name);
    return FALSE;
}

/* Removes the part unless a later attempt can resume it. Whether one stays. */
static gboolean
leave_part(const Attempt *attempt, const GError *fault)
{
    gboolean stays = attempt->file->part_etag != NULL && sm_error_facts(fault)->part_stays;

    return stays || !sm_part_remove(attempt->part, NULL);
}

static char *
describe(const Attempt *attempt, SmPlaceResult result)
{
    const SmFile *file = attempt->file;
    g_autofree char *size = sm_text_size((guint64)file->stored.size);
    const char *directory = attempt->store->directory;
    g_autofree char *mode = NULL;

    switch (result) {
    case SM_PLACE_CORRECTED:
        return g_strdup_printf(
            "stored %s (%s) in %s: a corrected version; the older one is in " SM_SUPERSEDED,
            file->path, size, directory);
    case SM_PLACE_ADOPTED:
        mode = sm_store_mode(attempt->store, file->path, attempt->job->account->file_mode);
        return g_strdup_printf("stored %s (%s): already in %s with identical content, %s",
                               file->name, size, directory, mode);
    default:
        return g_strdup_printf("stored %s (%s) in %s", file->path, size, directory);
    }
}

/* Finishes a `placing` row. *lost: neither part nor file is left. */
static gboolean
place(Attempt *attempt, gboolean *lost, char **outcome, GError **error)
{
    GError *fault = NULL;
    SmPlaceResult result = sm_place(attempt->job->ledger, attempt->store, attempt->file, &fault);

    *lost = FALSE;
    switch (result) {
    case SM_PLACE_STORED:
    case SM_PLACE_CORRECTED:
    case SM_PLACE_ADOPTED:
        *outcome = describe(attempt, result);
        return TRUE;
    case SM_PLACE_CONFLICT:
        return sm_error_set(error, SM_ERROR_CONFLICT, "%s: %s", attempt->file->name,
                            attempt->file->reason);
    case SM_PLACE_LOST:
        *lost = TRUE;
        return TRUE;
    case SM_PLACE_FAILED:
        break;
    }
    return give_back(attempt, TRUE, fault, error);
}

/* Notes the part of a large file with its ETag: another process of this boot can resume it. */
static gboolean
transfer_started(const SmTransferState *object, gpointer user_data, GError **error)
{
    Attempt *attempt = user_data;

    /* no other process can resume gpg's output */
    if (object->total < RESUME_WORTH || !sm_etag_is_strong(object->etag) ||
        sm_account_encrypts(attempt->job->account))
        return TRUE;
    /* syncs the row before the name that it notes */
    return sm_ledger_sync(attempt->job->ledger, error) && sm_part_show(attempt->part, error) &&
           sm_file_note_part(attempt->job->ledger, attempt->file, object->etag, attempt->boot_id,
                             error);
}

static gboolean
start_over(Attempt *attempt, GError **error)
{
    g_clear_pointer(&sm_transfer_state(attempt->transfer)->etag, g_free);
    attempt->inherited = FALSE;
    return sm_file_start_over(attempt->job->ledger, attempt->file, error);
}

/* Resumes the noted part of a dead process, if possible, else creates a new one. */
static SmPart *
open_part(Attempt *attempt, const SmRecipients *recipients, GError **error)
{
    SmFile *file = attempt->file;
    SmTransferState *object = sm_transfer_state(attempt->transfer);
    g_autofree char *name = sm_part_name(file->name, file->part);
    SmPart *part = NULL;

    if (file->part_etag != NULL && recipients == NULL)
        part = sm_part_resume(attempt->store, file->name, file->part,
                              sm_etag_md5(file->part_etag, NULL), NULL);
    if (part != NULL) {
        object->etag = g_strdup(file->part_etag);
        object->etag_kind = sm_etag_kind(file->part_etag, NULL, NULL);
        return part;
    }
    /* Removes a kept part that cannot be resumed: a name has one part. */
    if (attempt->inherited &&
        (!sm_store_remove(attempt->store, name, error) || !start_over(attempt, error)))
        return NULL;
    part = sm_part_create(attempt->store, file->name, file->part, error);
    if (part != NULL && sm_part_is_shown(part) && !sm_ledger_sync(attempt->job->ledger, error)) {
        sm_part_remove(part, NULL);
        g_clear_pointer(&part, sm_part_free);
    }
    if (part != NULL && recipients != NULL)
        sm_part_seal(part, &(SmSealTerms){recipients, attempt->job->account->give_up_after,
                                          attempt->job->deadline});
    return part;
}

/* The service has what is stored: only records that. */
static gboolean
keep_stored(Attempt *attempt, const SmDownload *download, char **outcome, GError **error)
{
    SmFile *file = attempt->file;

    if (!sm_part_remove(attempt->part, error) ||
        !sm_file_unchanged(attempt->job->ledger, file, download->etag, error))
        return FALSE;
    *outcome = g_strdup_printf("%s is unchanged on the service", file->name);
    return TRUE;
}

/* get --force restores a file that an importer has removed. */
static gboolean
is_wanted_again(const Attempt *attempt)
{
    const char *path = attempt->file->path;

    return attempt->job->force && path != NULL && !sm_store_exists(attempt->store, path);
}

/* The keys of encrypt-to, checked before the service is called; *recipients is NULL if none are
 * configured. */
static gboolean
find_recipients(const Attempt *attempt, SmRecipients **recipients, GError **error)
{
    const SmAccount *account = attempt->job->account;

    if (sm_account_encrypts(account)) {
        *recipients = sm_recipients_find(account, error);
        if (*recipients == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Whether the download is what is stored; compares the plain content, whether or not it is
 * encrypted. */
static gboolean
is_known(const Attempt *attempt, const SmDownload *download)
{
    const SmFile *file = attempt->file;

    if (download->unchanged)
        return TRUE;
    return file->stored_at > 0 && g_strcmp0(download->sha256, file->stored.sha256_plain) == 0 &&
           !is_wanted_again(attempt);
}

/* Places what was downloaded and verified. */
static gboolean
store(Attempt *attempt, const SmDownload *download, gboolean *lost, char **outcome, GError **error)
{
    const SmAccount *account = attempt->job->account;
    const SmShared *shared = attempt->service->shared;
    SmFile *file = attempt->file;
    GError *fault = NULL;

    if (account->on_stored == NULL) /* only the disk is left to wait for */
        sm_pace_end_file(shared->pace, shared->begun);
    if (!sm_part_sync(attempt->part, account->file_mode, account->group, &fault))
        return give_back(attempt, leave_part(attempt, fault), fault, error);
    /* Keeps the part from here on: the row may be `placing` even if its update seems to have
     * failed. */
    if (!sm_file_placing(attempt->job->ledger, file,
                         &(SmContents){(SmContent){download->stored_size, download->stored_sha256},
                                       (SmContent){download->size, download->sha256},
                                       download->etag},
                         attempt->boot_id, &fault))
        return give_back(attempt, TRUE, fault, error);
    file->placing.records = sm_listing_records(file->name, download->lines);
    return place(attempt, lost, outcome, error);
}

/* *lost: somebody removed the part; the row is still `placing`. */
static gboolean
fetch_once(Attempt *attempt, gboolean *lost, char **outcome, GError **error)
{
    SmFile *file = attempt->file;
    gboolean known = file->stored_at > 0 && !is_wanted_again(attempt);
    /* a copy, since noting the part during the download replaces the row's strings */
    g_autofree char *known_etag = known ? g_strdup(file->stored.etag) : NULL;
    g_auto(SmDownload) download = {.service = attempt->service,
                                   .transfer = attempt->transfer,
                                   .name = file->name,
                                   .if_none_match = known_etag,
                                   .deadline = attempt->job->deadline};
    g_autoptr(SmRecipients) recipients = NULL;
    g_autoptr(SmPart) part = NULL; /* must be freed before the recipients */
    GError *fault = NULL;

    *lost = FALSE;
    if (find_recipients(attempt, &recipients, &fault))
        part = open_part(attempt, recipients, &fault);
    if (part == NULL)
        return give_back(attempt, attempt->inherited, fault, error);
    attempt->part = download.part = part;
    if (!sm_download(&download, &fault))
        return give_back(attempt, leave_part(attempt, fault), fault, error);
    if (!is_known(attempt, &download))
        return store(attempt, &download, lost, outcome, error);
    if (keep_stored(attempt, &download, outcome, &fault))
        return TRUE;
    return give_back(attempt, TRUE, fault, error);
}

static gboolean
fetch_anew(Attempt *attempt, gboolean lost, char **outcome, GError **error)
{
    GError *fault = NULL;

    for (guint tries = 0; tries < LOST_TRIES; tries++) {
        if ((lost && !start_over(attempt, error)) || !fetch_once(attempt, &lost, outcome, error))
            return FALSE;
        if (!lost)
            return TRUE;
        g_message("%s: somebody took its part away from %s; fetched again", attempt->file->name,
                  attempt->store->directory);
    }
    if (!start_over(attempt, error))
        return FALSE;
    sm_error_set(
        &fault, SM_ERROR_DIRECTORY,
        "somebody takes unfinished files (.NAME.NUMBER.part) away from %s: does an importer"
        " or a cleaner work there? Make it leave hidden files alone",
        attempt->store->directory);
    return give_back(attempt, FALSE, fault, error);
}

/* The part that may stay under the new fence. Invariant: a name has no other part. */
static gint64
part_to_keep(Attempt *attempt)
{
    const SmFile *file = attempt->file;
    gboolean resumable = file->part_etag != NULL && g_strcmp0(file->boot_id, attempt->boot_id) == 0;
    g_autofree char *part = sm_part_name(file->name, file->part);

    if (file->part == 0)
        return 0;
    if (file->state == SM_FILE_PLACING || resumable || !sm_store_remove(attempt->store, part, NULL))
        return file->part;
    return 0;
}

static gboolean
run(Attempt *attempt, char **outcome, GError **error)
{
    gint64 kept = part_to_keep(attempt);
    gboolean lost = FALSE;

    attempt->inherited = kept != 0;
    if (!sm_file_raise_fence(attempt->job->ledger, attempt->file, kept, error))
        return FALSE;
    if (attempt->file->state == SM_FILE_PLACING) {
        if (!place(attempt, &lost, outcome, error))
            return FALSE;
        if (!lost)
            return TRUE;
    }
    return fetch_anew(attempt, lost, outcome, error);
}

gboolean
sm_attempt(const SmJob *job, SmFile *file, SmStore *store, char **outcome, GError **error)
{
    g_autofree char *boot_id = sm_place_boot_id(store);
    g_autoptr(SmHttpEngine) own = NULL;
    const SmShared shared = sm_http_engine_share(job->shared, &own);
    g_autoptr(SmService) service = sm_service_new(job->account, job->ledger, &shared);
    Attempt attempt = {job, file, store, boot_id, service, NULL, FALSE, NULL};
    g_autoptr(SmTransfer) transfer =
        sm_transfer_new(job->account, &shared, transfer_started, &attempt);
    SmTransferState *object;

    attempt.transfer = transfer;
    object = sm_transfer_state(transfer);
    object->lock_fd = job->ledger->lock_fd;
    object->row = file->id;
    if (job->listed != NULL && job->listed->size > 0) /* 0: empty, or the service does not count */
        object->listed = job->listed->size;
    object->may_be_empty = job->listed != NULL && job->listed->size == 0;
    return run(&attempt, outcome, error);
}

gboolean
sm_attempt_without_store(const SmJob *job, SmFile *file, GError *fault, GError **error)
{
    Attempt attempt = {.job = job, .file = file};

    /* the row keeps its part, which cannot be reached now */
    return give_back(&attempt, TRUE, fault, error);
}
