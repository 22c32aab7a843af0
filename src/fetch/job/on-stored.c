#include "fetch/job/on-stored.h"

#include <string.h>

#include "common/base/each.h"
#include "common/base/error.h"
#include "fetch/alert/alert.h"
#include "fetch/host/subprocess.h"
#include "fetch/ledger/lock.h"
#include "fetch/rows/handovers.h"
#include "fetch/rules/pause.h"

enum { SPARE = 60 /* seconds: to stop it, and by which clocks differ */ };

typedef struct {
    SmLedger *ledger;
    const SmAccount *account;
    gint64 deadline; /* of the run; 0: none */
    guint failed;
} Telling;

static void
set_number(GStrv *environment, const char *variable, gint64 number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

    *environment = g_environ_setenv(*environment, variable, text, TRUE);
}

/* The path of what lies in the account's directory; empty where nothing does. */
static void
set_path(GStrv *environment, const char *variable, const SmAccount *account, const char *path)
{
    g_autofree char *full =
        path != NULL ? g_build_filename(account->directory, path, NULL) : g_strdup("");

    *environment = g_environ_setenv(*environment, variable, full, TRUE);
}

/* Our own environment without systemd's credentials, plus the hook's variables. Caller frees. */
static GStrv
environment_for(const SmAccount *account, const SmHandover *handover)
{
    GStrv environment = g_environ_unsetenv(g_get_environ(), "CREDENTIALS_DIRECTORY");
    g_autofree char *id = sm_handover_id(handover);
    const struct {
        const char *variable;
        const char *value;
    } texts[] = {
        {"SCOREMAIL_NAME", handover->name},
        {"SCOREMAIL_ACCOUNT", handover->account},
        {"SCOREMAIL_KIND", handover->kind},
        {"SCOREMAIL_SHA256", handover->sha256},
        {"SCOREMAIL_ID", id},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        environment = g_environ_setenv(environment, texts[i].variable, texts[i].value, TRUE);
    set_number(&environment, "SCOREMAIL_SIZE", handover->size);
    set_number(&environment, "SCOREMAIL_REVISION", handover->revision);
    set_path(&environment, "SCOREMAIL_PATH", account, handover->path);
    set_path(&environment, "SCOREMAIL_PREVIOUS_PATH", account, handover->previous);
    return environment;
}

/* Whether the run's end stopped the hook, not its own limit. */
static gboolean
is_cut_short(const Telling *telling, gint64 own_limit)
{
    return telling->deadline != 0 && telling->deadline < own_limit &&
           g_get_monotonic_time() >= telling->deadline;
}

/* Without a record it would run again at once, and for ever: it is left to the next run. */
static void
stop_hooks(Telling *telling, const SmHandover *handover, const GError *trouble)
{
    g_warning("%s: on-stored ran, but that cannot be recorded (%s): scorefetch run runs it again,"
              " and this process runs no hook any more",
              handover->name, trouble->message);
    telling->ledger->hooks_off = TRUE;
}

static void
note_failure(Telling *telling, const SmHandover *handover, gboolean cut_short, const GError *fault)
{
    guint failures = (guint)MIN(handover->attempts + 1, G_MAXINT16);
    const char *later = g_str_equal(telling->ledger->command, "tell") ? "tell" : "run";
    gint64 pause = cut_short ? 0 : (gint64)sm_pause_handover(failures);
    g_autofree char *text =
        cut_short ? g_strdup_printf(
                        "%s: on-stored %s did not end within run-limit; scorefetch %s retries it",
                        handover->name, telling->account->on_stored[0], later)
                  : g_strdup_printf("%s is stored, but on-stored %s %s; scorefetch %s retries it "
                                    "in %d min at the earliest",
                                    handover->name, telling->account->on_stored[0], fault->message,
                                    later, (int)(pause / 60));
    g_autoptr(GError) trouble = NULL;

    if (!sm_handover_failed(telling->ledger, handover, fault->message, sm_ledger_now() + pause,
                            &trouble))
        stop_hooks(telling, handover, trouble);
    g_warning("%s", text);
    telling->failed++;
    if (!cut_short)
        sm_alert(telling->ledger, telling->account->name, SM_ALERT_HOOK, text);
}

/* It will hang for the next file, too, and each would take its whole limit. */
static void
leave_rest(Telling *telling)
{
    SmLedger *ledger = telling->ledger;

    if (ledger->hung == NULL)
        ledger->hung = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(ledger->hung, g_strdup(telling->account->name));
}

static gboolean
is_left(const Telling *telling)
{
    const SmLedger *ledger = telling->ledger;

    return ledger->hooks_off ||
           (ledger->hung != NULL && g_hash_table_contains(ledger->hung, telling->account->name)) ||
           (telling->deadline != 0 && g_get_monotonic_time() >= telling->deadline);
}

/* Under its lock, which the command keeps for as long as it lives: TRUE where it still does. */
static gboolean
tell(Telling *telling, const SmHandover *handover)
{
    const SmAccount *account = telling->account;
    g_auto(GStrv) environment = environment_for(account, handover);
    gint64 own_limit = g_get_monotonic_time() + account->on_stored_limit * G_USEC_PER_SEC;
    const SmTask task = {.argv = (const char *const *)account->on_stored,
                         .environment = (const char *const *)environment,
                         .limit =
                             telling->deadline != 0 ? MIN(own_limit, telling->deadline) : own_limit,
                         .held = telling->ledger->lock_fd};
    g_autoptr(GError) fault = NULL;
    SmTaskEnd end;

    if (!sm_subprocess_do(&task, &end, SM_ERROR_IO, &fault)) {
        if (end != SM_TASK_ENDED)
            leave_rest(telling);
        note_failure(telling, handover, is_cut_short(telling, own_limit), fault);
        return end == SM_TASK_LIVES;
    }
    if (!sm_handover_done(telling->ledger, handover, &fault)) {
        stop_hooks(telling, handover, fault);
        telling->failed++;
        return FALSE;
    }
    g_info("%s: on-stored %s has run", handover->name, account->on_stored[0]);
    if (!sm_handover_any_failed(telling->ledger, account->name))
        sm_alert_clear(telling->ledger, account->name, SM_ALERT_HOOK);
    return FALSE;
}

/* Whether it is due, and nobody else starts it for as long as it may run. */
static gboolean
is_to_start(Telling *telling, const SmHandover *handover, GError **error)
{
    gint64 now = sm_ledger_now();
    gint64 longest =
        MIN((gint64)telling->account->on_stored_limit + SPARE, SM_PAUSE_LONGEST - SPARE);

    return !sm_pause_holds(handover->next_attempt, now) &&
           sm_handover_start(telling->ledger, handover, now + longest, error);
}

/* Whether to go on with this name's next hook. */
static gboolean
attend(Telling *telling, gint64 id, GError **error)
{
    g_autofree SmHandover *handover = NULL;
    guint failed = telling->failed;
    GError *fault = NULL;
    gint64 byte = SM_LOCK_HANDOVERS + id;
    gboolean lives = FALSE;

    if (is_left(telling))
        return FALSE; /* to scorefetch run */
    if (!sm_lock_take(telling->ledger, byte, 0, NULL, &fault)) {
        if (g_error_matches(fault, SM_ERROR, SM_ERROR_BUSY)) /* another process runs it */
            g_clear_error(&fault);
        sm_error_pass(error, fault);
        return FALSE;
    }
    handover = sm_handover_load(telling->ledger, id, &fault); /* as it is under the lock */
    if (handover != NULL && is_to_start(telling, handover, &fault))
        lives = tell(telling, handover);
    if (!lives)
        sm_lock_drop(telling->ledger, byte);
    return sm_error_pass(error, fault) && telling->failed == failed;
}

/* The open hooks of one name, one after the other, beginning with id. */
static gboolean
tell_name(Telling *telling, gint64 id, const char *name, GError **error)
{
    GError *fault = NULL;

    while (id != 0 && attend(telling, id, &fault)) {
        g_autoptr(GPtrArray) next =
            sm_handover_due(telling->ledger, telling->account->name, name, sm_ledger_now(), &fault);

        id = next != NULL && next->len > 0 ? ((SmHandover *)next->pdata[0])->id : 0;
    }
    return sm_error_pass(error, fault);
}

static gboolean
tell_all(Telling *telling, const char *name, GError **error)
{
    g_autoptr(GPtrArray) due =
        sm_handover_due(telling->ledger, telling->account->name, name, sm_ledger_now(), error);

    SM_EACH (const SmHandover, handover, due)
        if (!tell_name(telling, handover->id, handover->name, error))
            return FALSE;
    return due != NULL;
}

guint
sm_on_stored(SmLedger *ledger, const SmAccount *account, const char *name, gint64 deadline)
{
    Telling telling = {.ledger = ledger, .account = account, .deadline = deadline};
    g_autoptr(GError) fault = NULL;

    if (account->on_stored == NULL)
        return 0;
    if (!tell_all(&telling, name, &fault))
        g_warning("on-stored: %s", fault->message);
    return telling.failed;
}
