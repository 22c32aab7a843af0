/*
 * Each write of each of the ledger's transactions fails once, and from there on: what was not
 * committed is neither in the ledger nor in memory, and the same call succeeds when the disk is
 * mended. Row, trail and hand-over agree at any time.
 */
#include <string.h>

#include "faulty-disk.h"
#include "fetch-fixture.h"
#include "fetch/notes/accounts.h"
#include "fetch/notes/syncs.h"
#include "fetch/queries/listing.h"
#include "fetch/rows/events.h"
#include "fetch/rows/handovers.h"
#include "fetch/rows/prune.h"
#include "fetch/rows/updates.h"

#define SHA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Where the row is when the call is made. */
typedef enum { ANNOUNCED, CLAIMED, NOTED, PLACING, STORED, CORRECTING } Stage;

typedef struct {
    const char *title;
    Stage stage;
    gboolean (*call)(SmLedger *ledger, SmFile *file, GError **error);
} Call;

static gboolean
raise_fence(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_raise_fence(ledger, file, 0, error);
}

static gboolean
keep_part(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_raise_fence(ledger, file, file->part, error);
}

static gboolean
note_part(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_note_part(ledger, file, "\"e\"", "boot", error);
}

static gboolean
place(SmLedger *ledger, SmFile *file, GError **error)
{
    return fixture_placing(ledger, file, (SmContent){7, SHA2}, "\"f\"", "boot", error);
}

static gboolean
store(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_stored(ledger, file, "stored", TRUE, NULL, error);
}

static gboolean
correct(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_stored(ledger, file, "corrected", TRUE, "older", error);
}

static gboolean
find_unchanged(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_unchanged(ledger, file, "\"g\"", error);
}

static gboolean
fail(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_settle(ledger, file, &(SmSettling){SM_FILE_FAILED, "because", 99, FALSE}, error);
}

static gboolean
wait(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_settle(ledger, file, &(SmSettling){SM_FILE_WAITING, "503", 99, TRUE}, error);
}

static gboolean
forget(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_file_forget(ledger, file, error);
}

static gboolean
announce(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "another");

    return sm_event_record(ledger, &(SmAnnouncement){event, "main", CSV}, error);
}

static gboolean
refuse(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "forged");

    return sm_event_refuse(ledger, &(SmAnnouncement){event, "main", CSV}, "a stranger", error);
}

static gboolean
close_event(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autoptr(SmEvent) event = fixture_event(CSV, "first");

    return sm_event_close(ledger, &(SmAnnouncement){event, "main", CSV}, "noted", "for the test",
                          error);
}

static gboolean
hand_over(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autofree SmHandover *handover = sm_handover_load(ledger, 1, error);

    return handover != NULL && sm_handover_done(ledger, handover, error);
}

static gboolean
hand_over_in_vain(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autofree SmHandover *handover = sm_handover_load(ledger, 1, error);

    return handover != NULL && sm_handover_failed(ledger, handover, "exit 1", 99, error);
}

static gboolean
prune(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_prune_record(ledger, file, "keep-for", error);
}

static gboolean
reject(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_account_rejected(ledger, "main", "fingerprint", "wrong", error);
}

static gboolean
look_at_account(SmLedger *ledger, SmFile *file, GError **error)
{
    g_autofree SmAccountRecord *record =
        sm_account_look(ledger, "other", "fingerprint", FALSE, error);

    return record != NULL;
}

static gboolean
end_sync(SmLedger *ledger, SmFile *file, GError **error)
{
    return sm_sync_ended(ledger, "main", 5, 5, "all well", error);
}

static const Call calls[] = {
    {"a claim", ANNOUNCED, raise_fence},
    {"a claim with a part", NOTED, keep_part},
    {"a noted part", CLAIMED, note_part},
    {"placing", CLAIMED, place},
    {"starting over", PLACING, sm_file_start_over},
    {"stored", PLACING, store},
    {"corrected", CORRECTING, correct},
    {"unchanged", CORRECTING, find_unchanged},
    {"failed", CLAIMED, fail},
    {"waiting", NOTED, wait},
    {"reopened", CLAIMED, sm_file_reopen},
    {"answered", ANNOUNCED, sm_file_answered},
    {"forgotten", STORED, forget},
    {"announced", STORED, announce},
    {"refused", STORED, refuse},
    {"closed", ANNOUNCED, close_event},
    {"handed over", STORED, hand_over},
    {"handed over in vain", STORED, hand_over_in_vain},
    {"pruned", STORED, prune},
    {"rejected", ANNOUNCED, reject},
    {"looked at", ANNOUNCED, look_at_account},
    {"synced", ANNOUNCED, end_sync},
};

/* A claimed row at that stage. */
static SmFile *
row_at(Fixture *fixture, Stage stage)
{
    SmLedger *ledger = fixture->ledger;
    SmFile *file;

    fixture_announce(fixture, CSV, "first");
    file = fixture_row(fixture, CSV);
    if (stage >= CLAIMED)
        g_assert_true(raise_fence(ledger, file, NULL));
    if (stage >= NOTED)
        g_assert_true(note_part(ledger, file, NULL));
    if (stage >= PLACING)
        g_assert_true(fixture_placing(ledger, file, (SmContent){5, SHA}, "\"e\"", "boot", NULL));
    if (stage >= STORED)
        g_assert_true(store(ledger, file, NULL));
    if (stage >= CORRECTING) {
        g_assert_true(raise_fence(ledger, file, NULL));
        g_assert_true(place(ledger, file, NULL));
    }
    return file;
}

/* All that is in memory of the row. */
static char *
describe(const SmFile *file)
{
    return g_strdup_printf(
        "%u %s|%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s %s %s|revision %" G_GINT64_FORMAT
        " covers %" G_GINT64_FORMAT "|updated %" G_GINT64_FORMAT " stored %" G_GINT64_FORMAT
        " pruned %" G_GINT64_FORMAT " looked %" G_GINT64_FORMAT "|attempts %" G_GINT64_FORMAT
        " next %" G_GINT64_FORMAT " missing %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
        "|fence %" G_GINT64_FORMAT " settled %" G_GINT64_FORMAT " part %" G_GINT64_FORMAT
        " %s %s|new %" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s %s %" G_GINT64_FORMAT
        "|%s|events %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
        (guint)file->state, file->reason, file->stored.size, file->stored.sha256,
        file->stored.size_plain, file->stored.sha256_plain, file->stored.etag, file->path,
        file->revision, file->stored.covers, file->updated_at, file->stored_at, file->pruned_at,
        file->looked_at, file->attempts, file->next_attempt, file->missing_since,
        file->missing_times, file->fence, file->settled, file->part, file->part_etag, file->boot_id,
        file->placing.size, file->placing.sha256, file->placing.size_plain,
        file->placing.sha256_plain, file->placing.etag, file->placing.covers, file->obstacle,
        file->newest_event, file->unanswered);
}

/* The number-th write fails, and the next times - 1. FALSE where there was none of that number. */
static gboolean
strike(Fixture *fixture, const Call *call, SmFile *file, guint number, guint times)
{
    g_autofree char *known = describe(file);
    g_autofree char *before = fixture_dump(fixture);
    g_autofree char *known_after = NULL;
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;
    gboolean done, struck;

    faulty_disk_fail(number, times);
    done = call->call(fixture->ledger, file, &error);
    struck = faulty_disk_mend();
    g_assert_cmpint(done, ==, !struck);
    if (!struck)
        return FALSE;
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    known_after = describe(file);
    g_assert_cmpstr(known_after, ==, known);
    after = fixture_dump(fixture);
    g_assert_cmpstr(after, ==, before);
    return TRUE;
}

static void
assert_is_the_row(Fixture *fixture, const SmFile *file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SmFile) row = sm_file_load(fixture->ledger, "main", CSV, &error);
    g_autofree char *known = describe(file);
    g_autofree char *found = row != NULL ? describe(row) : NULL;

    g_assert_no_error(error);
    if (row != NULL && row->newest_event == file->newest_event)
        g_assert_cmpstr(known, ==, found);
}

static void
each_write_fails(Fixture *fixture, gconstpointer data)
{
    const Call *call = data;
    g_autoptr(SmFile) file = row_at(fixture, call->stage);
    guint number = 1;

    while (strike(fixture, call, file, number, G_MAXUINT)) {   /* a full disk */
        g_assert_true(strike(fixture, call, file, number, 1)); /* and a passing fault */
        number++;
    }
    g_assert_cmpuint(number, >, 2); /* a frame and a sync at least, or nothing was tried */
    if (call->call != prune && call->call != forget)
        assert_is_the_row(fixture, file);
}

/* The walk of a whole file while each write of it fails once: tried again from where the row is. */
static void
a_row_never_lies(Fixture *fixture, gconstpointer data)
{
    static const struct {
        gboolean (*call)(SmLedger *ledger, SmFile *file, GError **error);
    } walk[] = {{raise_fence}, {note_part}, {place}, {store}, {raise_fence}, {place}, {correct}};
    g_autoptr(SmFile) file = row_at(fixture, ANNOUNCED);

    for (gsize i = 0; i < G_N_ELEMENTS(walk); i++) {
        Call call = {"step", ANNOUNCED, walk[i].call};
        guint number = 1;

        while (strike(fixture, &call, file, number, 1))
            number++;
        assert_is_the_row(fixture, file);
        g_assert_cmpint(fixture_number(fixture,
                                       "SELECT (SELECT count(*) FROM log WHERE action IN ('stored',"
                                       " 'corrected')) = (SELECT count(*) FROM handovers)"),
                        ==, 1);
        g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM files WHERE state = 'stored'"
                                                " AND (size IS NULL OR sha256 IS NULL"
                                                " OR (part > 0 AND settled = fence))"),
                        ==, 0);
    }
    g_assert_cmpint(file->revision, ==, 1);
    g_assert_cmpstr(file->stored.sha256, ==, SHA2);
    g_assert_cmpint(fixture_number(fixture, "SELECT count(*) FROM handovers"), ==, 2);
}

/* What shares its sync with other threads is committed before that: it is told, and nothing that
 * comes later is believed to be on the disk. */
static void
a_shared_sync_that_fails_is_told(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = row_at(fixture, CLAIMED);
    gboolean failed = TRUE;
    guint syncs = 0;

    for (guint number = 1; failed; number++) {
        g_autoptr(SmTogether) together = sm_together_new();
        g_autoptr(SmLedger) ledger = sm_ledger_share(fixture->ledger, together, NULL);
        g_autoptr(GError) error = NULL;
        gboolean ok;

        faulty_disk_fail(number, 1);
        ok = place(ledger, file, &error);
        failed = faulty_disk_mend();
        g_assert_cmpint(ok, ==, !failed);
        if (failed) {
            fixture_assert_says(error->message, "ledger", "disk", NULL);
            g_assert_null(strstr(error->message, "not an error"));
            syncs += sm_ledger_sync(ledger, NULL) ? 0 : 1;
        }
    }
    g_assert_cmpuint(syncs, ==, 1);
    g_assert_true(sm_ledger_sync(fixture->ledger, NULL));
    assert_is_the_row(fixture, file);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    faulty_disk_install();
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *path = g_strconcat("/ledger-faults/", calls[i].title, NULL);

        ADD(path, &calls[i], each_write_fails);
    }
    ADD("/ledger-faults/a row never lies", NULL, a_row_never_lies);
    ADD("/ledger-faults/a shared sync that fails is told", NULL, a_shared_sync_that_fails_is_told);
    return g_test_run();
}
