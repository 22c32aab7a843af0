#include "fetch/notes/accounts.h"

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/rules/pause.h"

enum {
    REASON_MAX = 300,
    LISTING_PAUSE = 3600, /* seconds */
    PASSWORD_PAUSE = 900, /* seconds */
};

char *
sm_account_fingerprint_key(SmLedger *ledger, GError **error)
{
    GError *fault = NULL;
    char *key = sm_db_first(ledger->db, &fault, &sm_db_texts,
                            "SELECT value FROM keys WHERE name = 'fingerprint'", "");

    if (sm_error_pass(error, fault) && key == NULL)
        sm_error_set(error, SM_ERROR_LEDGER,
                     "ledger %s: its key is missing; restore it from a backup",
                     sm_db_path(ledger->db));
    return key;
}

static const SmField of_record[] = {
    SM_FIELD(SmAccountRecord, id),          SM_FIELD(SmAccountRecord, standing),
    SM_FIELD(SmAccountRecord, rejected_at), SM_FIELD(SmAccountRecord, secret_since),
    SM_FIELD(SmAccountRecord, reason),      SM_FIELD(SmAccountRecord, probe_at)};
static const SmMaker records = SM_MAKER(SmAccountRecord, of_record, NULL);

/* The column rejected lists fingerprints of 64 letters, the newest sixteen: each host may have its
 * own password. The first tests whether it has ?1, the second removes ?1 from it, NULL if none is
 * left. */
#define REJECTED_MAX "1039"
#define IS_REJECTED "instr(',' || coalesce(rejected, '') || ',', ',' || ?1 || ',') > 0"
#define WITHOUT "nullif(trim(replace(',' || rejected || ',', ',' || ?1 || ',', ','), ','), '')"

SmAccountRecord *
sm_account_peek(SmLedger *ledger, const char *account, const char *fingerprint, GError **error)
{
    return sm_db_first(ledger->db, error, &records,
                       "SELECT id," /* the standing as SmAccountStanding counts: */
                       " CASE WHEN " IS_REJECTED " THEN 2 WHEN proven = ?1 THEN 1 ELSE 0 END,"
                       " CASE WHEN " IS_REJECTED " THEN rejected_at END,"
                       " CASE WHEN proven = ?1 OR " IS_REJECTED " THEN secret_since END,"
                       " CASE WHEN " IS_REJECTED " THEN reason END,"
                       " CASE WHEN " IS_REJECTED " THEN probe_at END FROM accounts"
                       " WHERE name = ?2",
                       "ss", fingerprint, account);
}

/* Takes the due probe of a closed account. */
static gboolean
take_probe(SmLedger *ledger, const char *account, SmAccountRecord *record, GError **error)
{
    record->standing = SM_ACCOUNT_UNPROVEN;
    return sm_db_run(ledger->db, error, NULL, "UPDATE accounts SET probe_at = ? WHERE name = ?",
                     "is", sm_ledger_now() + SM_ACCOUNT_PROBE_AFTER, account);
}

SmAccountRecord *
sm_account_look(SmLedger *ledger, const char *account, const char *fingerprint, gboolean eager,
                GError **error)
{
    gint64 sooner = eager ? SM_ACCOUNT_PROBE_AFTER - SM_ACCOUNT_EAGER_AFTER : 0;
    GError *fault = NULL;
    g_autofree SmAccountRecord *record = sm_account_peek(ledger, account, fingerprint, &fault);
    gboolean ok;

    if (!sm_error_pass(error, fault) || (record != NULL && record->standing != SM_ACCOUNT_CLOSED))
        return g_steal_pointer(&record); /* nothing to write */
    g_clear_pointer(&record, g_free);
    ok = SM_TRANSACTION(
        ledger->db, account, error,
        sm_db_run(ledger->db, error, NULL,
                  "INSERT INTO accounts (name) VALUES (?) ON CONFLICT DO NOTHING", "s", account) &&
            (record = sm_account_peek(ledger, account, fingerprint, error)) != NULL &&
            (record->standing != SM_ACCOUNT_CLOSED ||
             sm_pause_holds(record->probe_at - sooner, sm_ledger_now()) ||
             take_probe(ledger, account, record, error)));
    return ok ? g_steal_pointer(&record) : NULL;
}

/* Whether other hosts may still have rejected passwords: one that is accepted elsewhere must not
 * let them be tried again. */
#define STAYS "CASE WHEN ?4 <> 0 AND " WITHOUT " IS NOT NULL THEN "

gboolean
sm_account_proven(SmLedger *ledger, const char *account, const char *fingerprint, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE accounts SET proven = ?1, rejected = " STAYS WITHOUT " END,"
                     " reason = " STAYS "reason END, rejected_at = " STAYS "rejected_at ELSE 0 END,"
                     " probe_at = " STAYS "probe_at ELSE 0 END, secret_since = iif(secret_since"
                     "  BETWEEN 1 AND ?3 AND (coalesce(proven = ?1, FALSE) OR " IS_REJECTED "),"
                     "  secret_since, ?3)"
                     " WHERE name = ?2",
                     "ssii", fingerprint, account, sm_ledger_now(),
                     (gint64)sm_db_is_server(ledger->db));
}

gboolean
sm_account_rejected(SmLedger *ledger, const char *account, const char *fingerprint,
                    const char *reason, GError **error)
{
    g_autofree char *clean = sm_text_clean(reason, REASON_MAX);
    gint64 now = sm_ledger_now();

    return SM_TRANSACTION(
        ledger->db, account, error,
        sm_db_run(ledger->db, error, NULL,
                  "UPDATE accounts SET proven = NULL, reason = ?2, rejected_at = ?3, probe_at = ?4,"
                  " rejected = substr(?1 || coalesce(',' || " WITHOUT ", ''), 1, " REJECTED_MAX
                  ") WHERE name = ?5",
                  "ssiis", fingerprint, clean, now, now + SM_ACCOUNT_PROBE_AFTER, account) &&
            sm_ledger_log(ledger, account, "", "rejected", clean, error));
}

gboolean
sm_account_pause_password(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE accounts SET crowded_until = ? WHERE name = ?", "is",
                     sm_ledger_now() + PASSWORD_PAUSE, account);
}

gboolean
sm_account_wants_token(SmLedger *ledger, const char *account)
{
    gint64 until = 0;

    return sm_db_integer(ledger->db, NULL, &until,
                         "SELECT crowded_until FROM accounts WHERE name = ?", "s", account) &&
           sm_pause_holds(until, sm_ledger_now());
}

gboolean
sm_account_want_listing(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "INSERT INTO accounts (name, listing_wanted) VALUES (?1, ?2)"
                     " ON CONFLICT (name) DO UPDATE SET listing_wanted = ?2"
                     " WHERE accounts.listing_wanted = 0",
                     "si", account, sm_ledger_now());
}

gboolean
sm_account_listing_due(SmLedger *ledger, const char *account, gint64 now, gint64 *wanted,
                       GError **error)
{
    return sm_db_integer(ledger->db, error, wanted,
                         "SELECT listing_wanted FROM accounts WHERE name = ?"
                         " AND sync_tried NOT BETWEEN ? AND ?",
                         "sii", account, now - LISTING_PAUSE + 1, now);
}

gboolean
sm_account_reopen(SmLedger *ledger, const char *account, GError **error)
{
    return sm_db_run(ledger->db, error, NULL,
                     "UPDATE accounts SET rejected = NULL, reason = NULL WHERE name = ?", "s",
                     account);
}

gboolean
sm_account_mail_seen(SmLedger *ledger, const char *account, gint64 *when, GError **error)
{
    return sm_db_integer(ledger->db, error, when,
                         "SELECT max(mail_seen) FROM accounts WHERE name = coalesce(?, name)", "s",
                         account);
}

gboolean
sm_account_synced(SmLedger *ledger, const char *account, gint64 *when, GError **error)
{
    return sm_db_integer(ledger->db, error, when,
                         "SELECT max(synced) FROM accounts WHERE name = coalesce(?, name)", "s",
                         account);
}

/* Looks for messages only in rows updated since then: no row is announced later than it was
 * updated. */
gboolean
sm_account_heard(SmLedger *ledger, const char *account, gint64 after, gint64 *when, GError **error)
{
    /* a time in the future comes from a clock that was ahead */
    return sm_db_integer(
        ledger->db, error, when,
        "SELECT max(max(coalesce((SELECT mail_seen FROM accounts WHERE name = ?1 AND mail_seen <= "
        "?3), "
        "0),"
        " coalesce((SELECT max(announced) FROM files WHERE account = ?1 AND updated >= ?2"
        "  AND announced <= ?3 AND NOT (state = 'not wanted' AND missing_times > 0)), 0)),"
        " max(coalesce((SELECT max(stored) FROM files WHERE account = ?1 AND stored > 0"
        "  AND +stored <= ?3), 0),"
        " coalesce((SELECT min(at) FROM log WHERE account = ?1 AND at <= ?3), 0)))",
        "sii", account, after, sm_ledger_now());
}
