#include "fetch/job/decide.h"

#include "common/base/text.h"
#include "fetch/job/unknown.h"
#include "fetch/rules/pause.h"
#include "fetch/rules/policy.h"

#define TO_THE_SECOND "%Y-%m-%d %H:%M:%S"

enum { SHORT_PAUSE = 10 /* seconds: waits for the end of a shorter pause, in place of exit 75 */ };

char *
sm_decide_describe(const SmFile *file)
{
    g_autofree char *when = NULL;

    switch (file->state) {
    case SM_FILE_STORED:
        when = sm_text_date(file->pruned_at > 0 ? file->pruned_at : file->stored_at, FALSE,
                            TO_THE_SECOND);
        if (file->pruned_at > 0)
            return g_strdup_printf("%s was stored, and deleted after keep-for on %s (scorefetch "
                                   "get --force fetches it again)",
                                   file->name, when);
        return g_strdup_printf("%s is already stored, since %s", file->name, when);
    case SM_FILE_DROPPED:
    case SM_FILE_NOT_WANTED:
        return g_strdup_printf("%s: %s (%s)", sm_file_state_name(file->state), file->reason,
                               file->name);
    case SM_FILE_WAITING:
    case SM_FILE_PLACING:
    case SM_FILE_FAILED:
    case SM_FILE_CONFLICT:
        break;
    }
    return g_strdup_printf("%s is %s: %s", file->name, sm_file_state_name(file->state),
                           file->reason);
}

static SmStep
done(const SmFile *file)
{
    return (SmStep){.kind = SM_STEP_DONE, .text = sm_decide_describe(file)};
}

static SmStep
refuse(GError **error, int code, const SmFile *file, const char *why)
{
    sm_error_set(error, code, "%s: %s", file->name, why);
    return (SmStep){.kind = SM_STEP_ERROR};
}

static SmStep
paused(GError **error, const SmFile *file, gint64 until, const char *why)
{
    g_autofree char *when = sm_text_date(until, FALSE, TO_THE_SECOND);
    g_autofree char *text = g_strdup_printf("next attempt not before %s: %s", when, why);

    return refuse(error, SM_ERROR_PAUSED, file, text);
}

/* Whether a message announced it, so that it will be fetched; a person may never ask again. */
static gboolean
is_expected(const SmFile *other)
{
    return (other->state == SM_FILE_WAITING || other->state == SM_FILE_PLACING) &&
           other->newest_event > 0;
}

/* Looks up the state of the other format, for the policy; TRUE unless the ledger fails. */
static gboolean
look_at_sibling(SmLedger *ledger, const SmFile *file, SmSibling *sibling, GError **error)
{
    g_autoptr(GPtrArray) siblings = NULL;

    *sibling = SM_SIBLING_NONE;
    if (file->stored_at > 0)
        return TRUE; /* corrections are wanted, even if a person fetched the sibling, too */
    siblings = sm_file_siblings(ledger, file, error);
    if (siblings == NULL)
        return FALSE;
    for (guint i = 0; i < siblings->len && *sibling != SM_SIBLING_STORED; i++) {
        const SmFile *other = siblings->pdata[i];

        if (!sm_policy_is_pair(other->name))
            continue;
        if (other->stored_at > 0)
            *sibling = SM_SIBLING_STORED;
        else if (is_expected(other))
            *sibling = other->id < file->id ? SM_SIBLING_EARLIER : SM_SIBLING_LATER;
    }
    return TRUE;
}

static SmStep
ask_policy(const SmJob *job, const SmFile *file, GError **error)
{
    SmStep step = {.kind = SM_STEP_SETTLE};
    g_autofree char *why = NULL;
    SmSibling sibling;

    if (!look_at_sibling(job->ledger, file, &sibling, error))
        return (SmStep){.kind = SM_STEP_ERROR};
    if (job->listed != NULL && !sm_policy_wants_type((const char *const *)job->account->file_types,
                                                     job->listed->type, &step.text)) {
        step.state = SM_FILE_NOT_WANTED;
        return step;
    }
    switch (sm_policy_decide(job->account->format, (const char *const *)job->account->extensions,
                             file->name, sibling, &why)) {
    case SM_DECISION_FETCH:
        return (SmStep){.kind = SM_STEP_FETCH};
    case SM_DECISION_WAIT:
        return refuse(error, SM_ERROR_PAUSED, file, why);
    case SM_DECISION_DROP:
        step.state = SM_FILE_DROPPED;
        break;
    case SM_DECISION_NOT_WANTED:
        step.state = SM_FILE_NOT_WANTED;
        break;
    }
    step.text = g_steal_pointer(&why);
    return step;
}

/* Whether the service has the file, or is about to have it. */
static gboolean
is_known(const SmJob *job, const SmFile *file)
{
    return job->listed != NULL || file->listed.at > 0 || file->stored_at > 0;
}

/* Limits the calls for a name that the policy accepts. */
static SmStep
apply_pauses(const SmJob *job, const SmFile *file, gint64 now, GError **error)
{
    SmStep step = {.kind = SM_STEP_FETCH};
    gboolean may = TRUE;

    if (file->stored_at > 0 && sm_pause_holds(file->looked_at + SM_LOOK_PAUSE, now))
        return paused(error, file, file->looked_at + SM_LOOK_PAUSE,
                      "the service was asked for a corrected version recently");
    if (sm_pause_holds(file->next_attempt, now)) {
        if (file->next_attempt - now > SHORT_PAUSE)
            return paused(error, file, file->next_attempt, file->reason);
        step.pause = (guint)(file->next_attempt - now);
    }
    if (is_known(job, file) || sm_unknown_may_ask(job, file, now, &may, error))
        return may ? step
                   : refuse(error, SM_ERROR_UNKNOWN, file,
                            "waits for the service's listing, because the service did not know "
                            "other names within the last hour (scorefetch get fetches it at once)");
    return (SmStep){.kind = SM_STEP_ERROR};
}

/* Gives up a name that the service should not be asked for again; SM_STEP_FETCH for any other. */
static SmStep
give_up(const SmJob *job, const SmFile *file, gint64 now)
{
    SmStep step = {.kind = SM_STEP_SETTLE, .state = SM_FILE_NOT_WANTED};

    if (sm_unknown_has_expired(job, file, now)) {
        if (file->stored_at > 0)
            return done(file);
        step.text = g_strdup("announced more than a year ago; the service keeps files for one "
                             "year (scorefetch get asks for it all the same)");
    } else if (file->state == SM_FILE_WAITING && !is_known(job, file) &&
               sm_unknown_is_over(file, file->updated_at)) {
        step.state = sm_unknown_end(job, file);
        step.text = g_strdup(step.state == SM_FILE_FAILED ? file->reason : sm_unknown_reason(file));
    } else {
        step.kind = SM_STEP_FETCH;
    }
    return step;
}

static gboolean
is_answered(const SmFile *file)
{
    return file->stored_at > 0 && file->newest_event <= file->stored.covers;
}

/* A person's request ignores pauses and the policy for mail. */
static SmStep
decide_for_person(const SmJob *job, const SmFile *file)
{
    if (file->state == SM_FILE_STORED && !job->force && is_answered(file))
        return done(file);
    return (SmStep){.kind = SM_STEP_FETCH};
}

SmStep
sm_decide(const SmJob *job, const SmFile *file, const char *obstacle, gint64 now, GError **error)
{
    SmStep step;

    if (file->state == SM_FILE_PLACING)
        return (SmStep){.kind = SM_STEP_FETCH}; /* any request finishes it */
    if (file->state == SM_FILE_CONFLICT && obstacle != NULL &&
        g_strcmp0(file->obstacle, obstacle) == 0 && !job->force)
        return refuse(error, SM_ERROR_CONFLICT, file, file->reason);
    if (job->role == SM_ROLE_PROMPT)
        return decide_for_person(job, file);
    if (file->state == SM_FILE_STORED && is_answered(file))
        return done(file);
    if (sm_file_has_failed(file))
        return refuse(error, SM_ERROR_GIVEN_UP, file, file->reason);
    if (file->state == SM_FILE_FAILED) /* announced anew: sm_event_record() reopens it after that */
        return paused(error, file, MAX(file->next_attempt, now), file->reason);

    step = ask_policy(job, file, error);
    if (step.kind == SM_STEP_FETCH)
        step = give_up(job, file, now);
    return step.kind == SM_STEP_FETCH ? apply_pauses(job, file, now, error) : step;
}
