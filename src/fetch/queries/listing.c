#include "fetch/queries/listing.h"

#include <string.h>

#include "common/base/error.h"
#include "common/event/name.h"

void
sm_listed_row_clear(SmListedRow *row)
{
    g_clear_pointer(&row->file, sm_file_free);
}

static gboolean
differs(gint64 a, gint64 b)
{
    return a >= 0 && b >= 0 && a != b;
}

/* Keeps recorded values for missing members. */
static gboolean
is_recorded(gint64 before, gint64 now)
{
    return now < 0 || before == now;
}

static gboolean
was_marked(const SmFile *file)
{
    return file->state == SM_FILE_NOT_WANTED && strcmp(file->reason, SM_LISTING_KNOWN_REASON) == 0;
}

gboolean
sm_listing_is_known(const SmFile *file)
{
    return was_marked(file) && file->newest_event <= file->stored.covers;
}

/* Whether the listing has another posting than the stored one. */
static gboolean
has_changed(const SmFile *file, const SmListed *listed)
{
    if (file->stored_at == 0 && !was_marked(file))
        return FALSE;
    if (file->listed.at == 0) /* the first listing since it came by mail */
        return differs(file->stored.size_plain, listed->size) ||
               listed->delivered_at > file->stored_at;
    return differs(file->listed.size, listed->size) ||
           (file->listed.delivered != NULL && listed->delivered != NULL &&
            strcmp(file->listed.delivered, listed->delivered) != 0);
}

gboolean
sm_listing_look(SmLedger *ledger, const char *account, const SmListed *listed, SmListedRow *row,
                GError **error)
{
    GError *fault = NULL;
    SmFile *file = sm_file_load(ledger, account, listed->name, &fault);

    *row = (SmListedRow){.file = file};
    if (!sm_error_pass(error, fault))
        return FALSE;
    if (file == NULL)
        return TRUE;
    row->changed = has_changed(file, listed);
    row->recorded =
        file->listed.at != 0 && file->missing_times == 0 &&
        is_recorded(file->listed.size, listed->size) &&
        is_recorded(file->listed.records, listed->records) &&
        (listed->delivered == NULL || g_strcmp0(file->listed.delivered, listed->delivered) == 0);
    return TRUE;
}

static gboolean
update(SmLedger *ledger, const char *account, const SmListed *listed, GError **error)
{
    /* Makes a name that the service did not know, and now lists, due at once. */
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE files SET listed = ?1,"
                     " listed_size = coalesce(nullif(?2, -1), listed_size),"
                     " listed_delivered = coalesce(?3, listed_delivered),"
                     " listed_type = coalesce(?4, listed_type),"
                     " listed_records = coalesce(nullif(?5, -1), listed_records),"
                     " state = CASE state WHEN 'failed' THEN 'waiting' ELSE state END,"
                     " next_attempt = CASE WHEN missing_times > 0 THEN 0 ELSE next_attempt END,"
                     " missing_since = 0, missing_times = 0 WHERE account = ?6 AND name = ?7",
                     "iississ", sm_ledger_now(), listed->size, listed->delivered, listed->type,
                     listed->records, account, listed->name);
}

/* Records an event, as a message does; a request to the service answers it. */
static gboolean
announce(SmLedger *ledger, const char *account, const SmListed *listed, const char *what,
         GError **error)
{
    g_autofree char *identity =
        g_strdup_printf("listing %s at %" G_GINT64_FORMAT, what, g_get_real_time());

    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO events (account, name, identity, kind, sender, recipients,"
                     " first_seen, last_seen, decision) VALUES (?1, ?2, ?3, 'listing', '', '', ?4,"
                     " ?4, 'listed')",
                     "sssi", account, listed->name, identity, sm_ledger_now());
}

gboolean
sm_listing_note(SmLedger *ledger, const char *account, const SmListed *listed,
                const SmListedRow *row, GError **error)
{
    g_autofree char *what =
        g_strdup_printf("%" G_GINT64_FORMAT " bytes, delivered %s", listed->size,
                        listed->delivered != NULL ? listed->delivered : "at an unknown time");

    if (row->recorded)
        return TRUE;
    return (row->file != NULL || sm_file_ensure(ledger, account, listed->name, error)) &&
           (!row->changed || announce(ledger, account, listed, what, error)) &&
           ((row->file != NULL && !row->changed) ||
            sm_ledger_log(ledger, account, listed->name, row->changed ? "listed anew" : "listed",
                          what, error)) &&
           update(ledger, account, listed, error);
}

gboolean
sm_listing_mark_known(SmLedger *ledger, const char *account, const SmListed *listed, GError **error)
{
    return sm_file_ensure(ledger, account, listed->name, error) &&
           update(ledger, account, listed, error) &&
           sm_db_run(ledger->db, error, NULL,
                     "UPDATE files SET state = 'not wanted', reason = '" SM_LISTING_KNOWN_REASON
                     "',"
                     " covers = (SELECT coalesce(max(id), 0) FROM events WHERE account = ?1"
                     " AND name = ?2) WHERE account = ?1 AND name = ?2",
                     "ss", account, listed->name) &&
           sm_ledger_log(ledger, account, listed->name, "not wanted", SM_LISTING_KNOWN_REASON,
                         error);
}

static gboolean
has_headings(const char *name)
{
    return g_ascii_strcasecmp(sm_name_extension(name), "csv") == 0;
}

gint64
sm_listing_records(const char *name, gint64 lines)
{
    return has_headings(name) ? MAX(lines - 1, 0) : lines;
}

gboolean
sm_listing_size_differs(const SmFile *file, gint64 listed)
{
    return file->stored_at > 0 && listed > 0 && differs(file->stored.size_plain, listed);
}

gboolean
sm_listing_records_differ(const SmFile *file)
{
    return differs(file->stored.records, file->listed.records) &&
           !(has_headings(file->name) && file->stored.records + 1 == file->listed.records);
}
