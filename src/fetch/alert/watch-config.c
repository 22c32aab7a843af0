#include "fetch/alert/watch-config.h"

#include <string.h>
#include <sys/stat.h>

#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/ledger/alerts.h"

/* One look at a directory, by a thread that may never come back from a dead share. */
typedef struct {
    char *path;
    GMutex mutex;
    GCond done;
    gboolean ended, found;
    dev_t device;
    ino_t inode;
} Look;

static void
look_clear(gpointer data)
{
    Look *look = data;

    g_free(look->path);
    g_mutex_clear(&look->mutex);
    g_cond_clear(&look->done);
}

static gpointer
look_there(gpointer data)
{
    Look *look = data;
    struct stat about;
    gboolean found = stat(look->path, &about) == 0 && S_ISDIR(about.st_mode);

    g_mutex_lock(&look->mutex);
    look->found = found;
    if (found) {
        look->device = about.st_dev;
        look->inode = about.st_ino;
    }
    look->ended = TRUE;
    g_cond_signal(&look->done);
    g_mutex_unlock(&look->mutex);
    g_atomic_rc_box_release_full(look, look_clear);
    return NULL;
}

/* "DEVICE:INODE" of the directory; NULL where it is not there, or does not answer. Caller frees. */
static char *
identity_of(const char *path)
{
    gint64 until = g_get_monotonic_time() + SM_WATCH_CONFIG_LIMIT_MS * G_TIME_SPAN_MILLISECOND;
    Look *look = g_atomic_rc_box_new0(Look);
    char *identity = NULL;
    GThread *thread;

    look->path = g_strdup(path);
    g_mutex_init(&look->mutex);
    g_cond_init(&look->done);
    thread = g_thread_try_new("look", look_there, g_atomic_rc_box_acquire(look), NULL);
    if (thread == NULL) /* no more can be had: as with one that does not answer */
        g_atomic_rc_box_release_full(look, look_clear);
    else
        g_thread_unref(thread);
    g_mutex_lock(&look->mutex);
    while (thread != NULL && !look->ended && g_cond_wait_until(&look->done, &look->mutex, until))
        ;
    if (look->ended && look->found)
        identity = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                   (guint64)look->device, (guint64)look->inode);
    g_mutex_unlock(&look->mutex);
    g_atomic_rc_box_release_full(look, look_clear);
    return identity;
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

    for (guint i = 0; i < config->accounts->len; i++) {
        SmAccount *account = config->accounts->pdata[i];
        g_autofree char *identity = is_used(account) ? identity_of(account->directory) : NULL;
        const SmAccount *owner = identity != NULL ? g_hash_table_lookup(owners, identity) : NULL;

        if (owner != NULL)
            g_set_error(&account->fault, SM_ERROR, SM_ERROR_CONFIG,
                        "%s: [account %s] directory: %s is also the directory of [account %s], %s, "
                        "by another path; give each account its own",
                        config->file, account->name, account->directory, owner->name,
                        owner->directory);
        else if (identity != NULL)
            g_hash_table_insert(owners, g_steal_pointer(&identity), account);
    }
}

static void
tell(SmLedger *ledger, const char *account, const GError *fault, gint64 now)
{
    if (sm_alert_was_raised(ledger, account, SM_ALERT_ACCOUNT, now - SM_ALERT_REMIND))
        return;
    g_warning("%s", fault->message);
    sm_alert(ledger, account, SM_ALERT_ACCOUNT, fault->message);
}

/* Whether the alert that stands is of a kind that this module raised: a password that cannot be
 * read is told as the same kind, and only the next attempt can tell that it is well again. */
static gboolean
is_of_configuration(SmLedger *ledger, const char *account)
{
    g_autoptr(SmAlertRow) row =
        sm_alerts_find(ledger, account, sm_alert_kind_name(SM_ALERT_ACCOUNT), NULL);
    g_autofree char *place = g_strdup_printf("[account %s]", account);

    return row != NULL && strstr(row->text, place) != NULL;
}

void
sm_watch_config(SmLedger *ledger, SmConfig *config, gint64 now)
{
    if (sm_config_is_incomplete(config))
        tell(ledger, "", config->broken->pdata[0], now);
    else
        sm_alert_clear(ledger, "", SM_ALERT_ACCOUNT);
    sm_watch_config_directories(config);
    for (guint i = 0; i < config->accounts->len; i++) {
        const SmAccount *account = config->accounts->pdata[i];

        if (account->enabled && account->fault != NULL)
            tell(ledger, account->name, account->fault, now);
        else if (is_of_configuration(ledger, account->name))
            sm_alert_clear(ledger, account->name, SM_ALERT_ACCOUNT);
    }
}
