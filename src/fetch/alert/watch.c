#include "fetch/alert/watch.h"

#include <string.h>
#include <sys/stat.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/event/name.h"
#include "fetch/alert/alert.h"
#include "fetch/alert/text.h"
#include "fetch/host/look.h"
#include "fetch/notes/accounts.h"
#include "fetch/notes/alerts.h"
#include "fetch/notes/syncs.h"
#include "fetch/rows/events.h"
#include "fetch/rules/policy.h"
#include "fetch/rules/since.h"

#define PULLED "pulled-" /* what a collector touches in the spool */

void
sm_watch_format(SmLedger *ledger, const SmAccount *account)
{
    const char *wanted, *dropped;
    g_autofree char *text = NULL;
    g_autoptr(GError) fault = NULL;
    gint64 count = 0;

    if (!sm_policy_drops(account->format, &wanted, &dropped))
        return;
    if (!sm_event_count_drops(ledger, account->name, wanted, dropped, &count, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (count < SM_POLICY_DROPS_MAX) {
        sm_alert_clear(ledger, account->name, SM_ALERT_FORMAT);
        return;
    }
    text = g_strdup_printf(
        "account %s: the last %d announced files are .%s, which format = %s drops, and none is .%s",
        account->name, (int)count, dropped, sm_format_name(account->format), wanted);
    sm_alert(ledger, account->name, SM_ALERT_FORMAT, text);
}

void
sm_watch_extension(SmLedger *ledger, const SmAccount *account, const SmFile *file)
{
    const char *extension = sm_name_extension(file->name);
    g_autofree char *lower = g_ascii_strdown(extension, -1);
    g_autofree char *text = NULL;
    gint64 older;

    if (g_strv_contains(sm_default_extensions, lower) ||
        g_strv_contains((const char *const *)account->extensions, lower) ||
        !sm_file_count_alike(ledger, file, &older, NULL) || older > 0)
        return;
    text =
        g_strdup_printf("%s is not fetched, since extensions of account %s lacks %s; add it there"
                        " if such files are wanted, and scorefetch get %s fetches this one",
                        file->name, account->name, lower, file->name);
    if (!sm_alert_stands_as(ledger, account->name, SM_ALERT_EXTENSION, text))
        sm_alert(ledger, account->name, SM_ALERT_EXTENSION, text);
}

/* When the ledger heard of the account last; it is made to, where it never did. */
static gboolean
last_heard(SmLedger *ledger, const char *account, gint64 after, gint64 *when, GError **error)
{
    return sm_account_heard(ledger, account, after, when, error) &&
           (*when > 0 || sm_ledger_log(ledger, account, "", "watched", "expect-every", error));
}

/* Caller frees. */
static char *
describe_time(gint64 seconds)
{
    if (seconds >= 2 * 86400)
        return g_strdup_printf("%d days", (int)(seconds / 86400));
    return g_strdup_printf("%d h", (int)(seconds / 3600));
}

void
sm_watch_silence(SmLedger *ledger, const SmAccount *account, gint64 now)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    gint64 since = 0;

    if (account->expect_every == 0)
        return;
    if (!last_heard(ledger, account->name, now - account->expect_every, &since, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (since != 0 && now - since > account->expect_every) {
        g_autofree char *day = sm_text_time(since);
        g_autofree char *age = describe_time(now - since);

        text = g_strdup_printf("account %s: nothing announced or fetched since %s, for %s",
                               account->name, day, age);
    }
    sm_alert_watch(ledger, account->name, SM_ALERT_SILENCE, text, now);
}

/* The last complete sync, or since when one is missed; the ledger is made to know that. */
static gboolean
last_complete(SmLedger *ledger, const char *account, gint64 *when, GError **error)
{
    SmSyncRecord record;

    if (!sm_sync_look(ledger, account, &record, error))
        return FALSE;
    *when = record.synced;
    return *when > 0 || sm_sync_missed_since(ledger, account, when, error);
}

void
sm_watch_sync(SmLedger *ledger, const SmAccount *account, gint64 now)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    gint64 since = 0;

    if (account->expect_listing == 0)
        return;
    if (!last_complete(ledger, account->name, &since, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (now - since > account->expect_listing) {
        g_autofree char *age = describe_time(now - since);

        text = g_strdup_printf("account %s: no sync was complete for %s", account->name, age);
    }
    sm_alert_watch(ledger, account->name, SM_ALERT_LISTING, text, now);
}

gboolean
sm_watch_mail_is_missed(const SmArrival *files, gsize count, gint64 mail_at)
{
    if (mail_at == 0 || count < SM_WATCH_MAIL_FILES)
        return FALSE;
    for (gsize i = 0; i < count; i++)
        if (!files[i].by_sync || files[i].posted_at <= mail_at)
            return FALSE;
    return TRUE;
}

/* The last files whose message would have come by now. */
static gboolean
load_arrivals(SmLedger *ledger, const char *account, gint64 now, SmArrival *files, gsize *count,
              GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GPtrArray) found =
        sm_file_arrivals(ledger, account, now - SM_WATCH_MAIL_LATE, SM_WATCH_MAIL_FILES, error);

    *count = found != NULL ? found->len : 0;
    for (gsize i = 0; i < *count; i++) {
        const SmFileArrival *arrival = found->pdata[i];

        files[i].by_sync = arrival->by_sync;
        if (arrival->delivered == NULL ||
            !sm_since_read_time(arrival->delivered, utc, &files[i].posted_at))
            files[i].posted_at = arrival->stored_at;
    }
    return found != NULL;
}

void
sm_watch_mail(SmLedger *ledger, const char *account, gint64 now)
{
    SmArrival files[SM_WATCH_MAIL_FILES];
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    gint64 mail_at = 0;
    gsize count;

    if (!sm_account_mail_seen(ledger, account, &mail_at, &fault) ||
        !load_arrivals(ledger, account, now, files, &count, &fault)) {
        g_info("%s", fault->message);
        return;
    }
    if (sm_watch_mail_is_missed(files, count, mail_at)) {
        g_autofree char *day = sm_text_time(mail_at);

        text = g_strdup_printf(
            "account %s: the last %d files came by sync without a message; the last "
            "message came %s; does a filter or rule block notifications?",
            account, SM_WATCH_MAIL_FILES, day);
    }
    sm_alert_watch(ledger, account, SM_ALERT_MAIL, text, now);
}

/* The name, and its time, of what was touched longest ago. Caller frees; NULL: there is none. */
static char *
find_oldest(const char *spool, gint64 *when)
{
    g_autoptr(GDir) folder = g_dir_open(spool, 0, NULL);
    char *oldest = NULL;
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(spool, name, NULL);
        struct stat about;

        if (!g_str_has_prefix(name, PULLED) || lstat(path, &about) < 0 || !S_ISREG(about.st_mode) ||
            (oldest != NULL && about.st_mtime >= *when))
            continue;
        g_free(oldest);
        oldest = sm_text_clean(name, SM_TEXT_SHOWN_MAX);
        *when = about.st_mtime;
    }
    return oldest;
}

char *
sm_watch_pull_describe(const char *spool, gint64 now)
{
    gint64 when = 0;
    g_autofree char *oldest = find_oldest(spool, &when);
    g_autofree char *since = sm_text_time(when);

    if (oldest == NULL || now - when <= SM_WATCH_PULL_AFTER)
        return NULL;
    return g_strdup_printf("the mailbox has not been collected since %s, by %s/%s; see the unit or "
                           "crontab line that does it, or delete that file if none does any more",
                           since, spool, oldest);
}

void
sm_watch_pull(SmLedger *ledger, const char *spool, gint64 now)
{
    g_autofree char *fault = sm_watch_pull_describe(spool, now);

    sm_alert_watch(ledger, "", SM_ALERT_PULL, fault, now);
}

static gboolean
is_used(const SmAccount *account)
{
    return account->enabled && account->fault == NULL && account->directory != NULL;
}

void
sm_watch_config_directories(SmConfig *config)
{
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    g_autoptr(GPtrArray) looks = NULL;

    SM_EACH (SmAccount, account, config->accounts)
        if (is_used(account))
            g_ptr_array_add(used, account);
    looks = sm_look_at_all(used, SM_WATCH_CONFIG_LIMIT_MS * G_TIME_SPAN_MILLISECOND);
    for (guint i = 0; i < used->len; i++) {
        SmAccount *account = used->pdata[i];
        g_autofree char *identity = sm_look_identity(looks->pdata[i]);
        const SmAccount *owner = identity != NULL ? g_hash_table_lookup(owners, identity) : NULL;

        if (owner != NULL)
            sm_error_set(
                &account->fault, SM_ERROR_CONFIG,
                "%s: [account %s] directory: %s is also the directory of [account %s], %s, "
                "by another path; give each account its own",
                config->file, account->name, account->directory, owner->name, owner->directory);
        else if (identity != NULL)
            g_hash_table_insert(owners, g_steal_pointer(&identity), account);
    }
}

/* Whether the alert that stands is of a kind that this module raised: a password that cannot be
 * read raises the same kind, and only the next attempt can clear that. */
static gboolean
is_of_configuration(SmLedger *ledger, const char *account)
{
    g_autofree SmAlertRow *row =
        sm_alerts_find(ledger, account, sm_alert_kind_name(SM_ALERT_ACCOUNT), NULL);
    g_autofree char *place = g_strdup_printf("[account %s]", account);

    return row != NULL && strstr(row->text, place) != NULL;
}

void
sm_watch_config(SmLedger *ledger, SmConfig *config, gint64 now)
{
    const GError *broken = sm_config_is_incomplete(config) ? config->broken->pdata[0] : NULL;

    sm_alert_watch(ledger, "", SM_ALERT_ACCOUNT, broken != NULL ? broken->message : NULL, now);
    sm_watch_config_directories(config);
    SM_EACH (const SmAccount, account, config->accounts) {
        if (account->enabled && account->fault != NULL)
            sm_alert_watch(ledger, account->name, SM_ALERT_ACCOUNT, account->fault->message, now);
        else if (is_of_configuration(ledger, account->name))
            sm_alert_clear(ledger, account->name, SM_ALERT_ACCOUNT);
    }
}
