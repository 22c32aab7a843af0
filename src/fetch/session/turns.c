#include "fetch/session/turns.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "fetch/alert/alert.h"
#include "fetch/ledger/keys.h"
#include "fetch/notes/hosts.h"

enum {
    /* times give-up-after: a turn takes a place for TURN of it, and is ended after IDLE without
     * progress; a file that fails takes one or two */
    TURN = 10,
    IDLE = 4,
    /* seconds without progress after which a turn takes no place: one whose service is slow has
     * given up by then, and MARGIN later has said so, or waits longer than most others need */
    STALL = 10,
    MARGIN = 2,
};

struct SmTurns {
    SmSession *session;
    SmForAccount each;
    gpointer data;
    SmCrew *crew;
    GQueue waiting;      /* of SmAccount */
    GHashTable *at_work; /* of SmAccount */
    GHashTable *codes;   /* by SmAccount */
    guint done, left;
};

/* In the process: a session of its own, with what the parent has read. */
static int
take_turn(const SmCrewTask *task, SmCrewNote *note, gpointer data)
{
    const SmTurns *turns = data;
    SmSession *session = turns->session;
    SmAccount *account = task->data;
    GError *fault = NULL;
    int code;

    sm_session_say_news(session); /* what the parent holds is the parent's */
    session->note = note;
    if (session->account == NULL && session->config->accounts->len > 1)
        session->turn_end = g_get_monotonic_time() + task->turn * G_USEC_PER_SEC;
    if (sm_session_open_ledger(session, SM_LEDGER_CREATE, &fault)) {
        if (account->fault == NULL)
            sm_session_enclose(session, account, NULL);
        code = turns->each(session, account, turns->data);
        if (!session->preview)
            sm_alert_clear(session->ledger, account->name, SM_ALERT_HUNG);
    } else {
        code = sm_session_exit(session, fault);
    }
    sm_session_end(session);
    return code;
}

SmTurns *
sm_turns_new(SmSession *session, guint places, SmForAccount each, gpointer data, GError **error)
{
    SmTurns *turns = g_new0(SmTurns, 1);

    turns->session = session;
    turns->each = each;
    turns->data = data;
    turns->at_work = g_hash_table_new(NULL, NULL);
    turns->codes = g_hash_table_new(NULL, NULL);
    g_queue_init(&turns->waiting);
    session->round_at = g_get_real_time();
    turns->crew = sm_crew_new(places, take_turn, turns, error);
    if (turns->crew == NULL)
        g_clear_pointer(&turns, sm_turns_free);
    return turns;
}

void
sm_turns_free(SmTurns *turns)
{
    if (turns == NULL)
        return;
    g_queue_clear(&turns->waiting);
    g_hash_table_unref(turns->at_work);
    g_hash_table_unref(turns->codes);
    sm_crew_free(turns->crew);
    g_free(turns);
}

static void
set_code(SmTurns *turns, SmAccount *account, int code)
{
    g_hash_table_insert(turns->codes, account, GINT_TO_POINTER(code));
}

/* The key of the ledger under which the process is noted that hangs. Caller frees. */
static char *
key_of(const SmLedger *ledger, const SmAccount *account)
{
    g_autofree char *name = g_strconcat("hung ", account->name, NULL);

    return sm_hosts_own_key(ledger, name);
}

/* The process of an earlier round that hangs; 0: there is none, or it has ended by now. */
static pid_t
hung_process(SmLedger *ledger, const SmAccount *account)
{
    g_autofree char *key = key_of(ledger, account);
    g_autofree char *noted = NULL;
    gint64 begun;
    int pid;

    if (!sm_keys_get(ledger, key, &noted, NULL) || noted == NULL ||
        sscanf(noted, "%d %" G_GINT64_MODIFIER "d", &pid, &begun) != 2)
        return 0;
    if (sm_process_begun(pid) == begun)
        return pid;
    sm_keys_set(ledger, key, "", NULL);
    return 0;
}

void
sm_turns_want(SmTurns *turns, SmAccount *account, gboolean urgent)
{
    pid_t hung = hung_process(turns->session->ledger, account);

    set_code(turns, account, EX_TEMPFAIL);
    if (hung != 0) {
        g_warning("account %s: left out, because process %d of an earlier run still hangs and"
                  " cannot be killed; does %s answer?",
                  account->name, (int)hung, account->directory);
        turns->left++;
        return;
    }
    if (urgent) {
        g_queue_remove(&turns->waiting, account);
        g_queue_push_head(&turns->waiting, account);
    } else if (g_queue_find(&turns->waiting, account) == NULL) {
        g_queue_push_tail(&turns->waiting, account);
    }
}

/* Somebody has to look: raises an alert of what the parent alone has seen. */
static void
alert(SmTurns *turns, const SmCrewMember *member, const char *text)
{
    const SmAccount *account = member->task.data;
    g_autofree char *key = NULL;
    g_autofree char *process =
        g_strdup_printf("%d %" G_GINT64_FORMAT, (int)member->pid, sm_process_begun(member->pid));
    g_autoptr(GError) fault = NULL;

    g_warning("%s", text);
    if (!sm_session_open_ledger(turns->session, SM_LEDGER_CREATE, &fault)) {
        g_warning("%s", fault->message);
        return;
    }
    key = key_of(turns->session->ledger, account);
    if (member->end == SM_CREW_LEFT_BEHIND)
        sm_keys_set(turns->session->ledger, key, process, NULL);
    sm_alert(turns->session->ledger, account->name, SM_ALERT_HUNG, text);
}

static void
tell_end(SmTurns *turns, const SmCrewMember *member)
{
    const SmAccount *account = member->task.data;
    g_autofree char *text = NULL;

    if (member->end == SM_CREW_LEFT_BEHIND)
        text = g_strdup_printf("account %s: process %d makes no progress and cannot be killed; does"
                               " %s answer? The account is left out until that process has ended",
                               account->name, (int)member->pid, account->directory);
    else if (member->end == SM_CREW_STALLED)
        text = g_strdup_printf("account %s: no progress for %u s; its process was ended, the next"
                               " run goes on",
                               account->name, member->task.patience);
    else if (member->code > 128 && !sm_crew_was_stopped(turns->crew))
        text = g_strdup_printf("account %s: its process was killed by signal %d (%s); %s",
                               account->name, member->code - 128, strsignal(member->code - 128),
                               member->code - 128 == SIGKILL
                                   ? "did memory run out? The next run goes on"
                                   : "the next run goes on; report it if it happens again");
    if (text != NULL)
        alert(turns, member, text);
}

static void
finish(SmTurns *turns, const SmCrewMember *member)
{
    SmAccount *account = member->task.data;
    gboolean whole = member->end == SM_CREW_ENDED && member->code < 128;

    g_hash_table_remove(turns->at_work, account);
    set_code(turns, account, whole ? member->code : EX_TEMPFAIL);
    turns->done += member->note->done;
    turns->left += member->note->left + (whole ? 0 : 1);
    tell_end(turns, member);
}

/* The next one that waits and is not at work; NULL: none. */
static SmAccount *
next_account(SmTurns *turns)
{
    for (GList *each = turns->waiting.head; each != NULL; each = each->next) {
        SmAccount *account = each->data;

        if (g_hash_table_contains(turns->at_work, account))
            continue;
        g_queue_delete_link(&turns->waiting, each);
        return account;
    }
    return NULL;
}

static gboolean
start(SmTurns *turns, SmAccount *account)
{
    SmCrewTask task = {.data = account,
                       .turn = TURN * account->give_up_after,
                       .stall = MIN(STALL, account->give_up_after + MARGIN),
                       .patience = IDLE * account->give_up_after};
    g_autoptr(GError) fault = NULL;

    if (account->on_stored != NULL) /* two of them are the most that nothing is heard of */
        task.patience += 2 * account->on_stored_limit;
    if (sm_crew_start(turns->crew, &task, &fault)) {
        g_hash_table_add(turns->at_work, account);
        return TRUE;
    }
    g_warning("account %s: %s; the next run goes on", account->name, fault->message);
    turns->left++;
    return FALSE;
}

gboolean
sm_turns_go(SmTurns *turns, gint64 until)
{
    g_autoptr(SmCrewMember) member = NULL;
    SmAccount *account;

    /* SQLite must not be open in two processes that share its memory */
    g_clear_pointer(&turns->session->ledger, sm_ledger_close);
    if (sm_crew_was_stopped(turns->crew))
        g_queue_clear(&turns->waiting);
    while (sm_crew_has_place(turns->crew) && (account = next_account(turns)) != NULL)
        start(turns, account);
    if (sm_crew_size(turns->crew) == 0)
        return FALSE;
    member = sm_crew_wait(turns->crew, until);
    if (member != NULL)
        finish(turns, member);
    return TRUE;
}

gboolean
sm_turns_were_stopped(const SmTurns *turns)
{
    return sm_crew_was_stopped(turns->crew);
}

int
sm_turns_code(const SmTurns *turns, const SmAccount *account)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(turns->codes, account));
}

void
sm_turns_count(const SmTurns *turns, guint *done, guint *left)
{
    *done = turns->done;
    *left = turns->left;
}
