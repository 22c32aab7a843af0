#include "common/base/error.h"

#include <errno.h>
#include <sysexits.h>

G_DEFINE_QUARK(scoremail_error, sm_error)

/*
 * The one table. A full disk or a missing directory is temporary for a mail
 * system, although sysexits has permanent codes for them: the message must
 * stay in the queue until somebody has fixed it. A part stays where the error
 * says nothing against the bytes that are in it, and a later try can use them.
 * A rejected password raises its alert where it is rejected, once.
 */
static const SmErrorFacts table[SM_N_ERRORS] = {
    [SM_ERROR_USAGE] = {EX_USAGE, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_CONFIG] = {EX_CONFIG, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_ACCOUNT, TRUE},
    [SM_ERROR_SECRET] = {EX_CONFIG, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_ACCOUNT, TRUE},
    [SM_ERROR_CREDENTIALS] = {EX_NOPERM, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    [SM_ERROR_NOT_FOUND] = {EX_NOINPUT, SM_RETRY_PAUSED, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_SERVICE] = {EX_TEMPFAIL, SM_RETRY_NOW, SM_REACH_SERVICE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_WAY] = {EX_TEMPFAIL, SM_RETRY_NOW, SM_REACH_SHARED, SM_ALERT_NONE, TRUE},
    [SM_ERROR_TRUST] = {EX_UNAVAILABLE, SM_RETRY_PAUSED, SM_REACH_SERVICE, SM_ALERT_TRUST, TRUE},
    [SM_ERROR_URL] = {EX_PROTOCOL, SM_RETRY_PAUSED, SM_REACH_SHARED, SM_ALERT_HOST, TRUE},
    [SM_ERROR_OBJECT] = {EX_TEMPFAIL, SM_RETRY_NOW, SM_REACH_SHARED, SM_ALERT_NONE, TRUE},
    [SM_ERROR_INTEGRITY] = {EX_TEMPFAIL, SM_RETRY_NOW, SM_REACH_FILE, SM_ALERT_DAMAGED, FALSE},
    [SM_ERROR_LIMIT] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_SIZE] = {EX_TEMPFAIL, SM_RETRY_LATER, SM_REACH_FILE, SM_ALERT_WAITING, FALSE},
    [SM_ERROR_DIRECTORY] = {EX_CANTCREAT, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_DISK, FALSE},
    [SM_ERROR_VOLUME] = {EX_CANTCREAT, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_DISK, FALSE},
    [SM_ERROR_CONFLICT] = {EX_CANTCREAT, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_CONFLICT, FALSE},
    [SM_ERROR_ENCRYPTION] = {EX_CONFIG, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_ENCRYPTION, FALSE},
    [SM_ERROR_LEDGER] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    [SM_ERROR_OWNER] = {EX_NOPERM, SM_RETRY_NEXT, SM_REACH_ACCOUNT, SM_ALERT_NONE, TRUE},
    [SM_ERROR_BUSY] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_PAUSED] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_UNKNOWN] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_GIVEN_UP] = {EX_NOINPUT, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_MISSING, FALSE},
    [SM_ERROR_WORKER] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, TRUE},
    [SM_ERROR_DATA] = {EX_DATAERR, SM_RETRY_NEVER, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_IO] = {EX_IOERR, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_PIPE] = {EX_IOERR, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_SANDBOX] = {EX_TEMPFAIL, SM_RETRY_NEXT, SM_REACH_FILE, SM_ALERT_NONE, FALSE},
    [SM_ERROR_INTERNAL] = {EX_SOFTWARE, SM_RETRY_NEXT, SM_REACH_SHARED, SM_ALERT_NONE, FALSE},
};

const SmErrorFacts *
sm_error_facts(const GError *error)
{
    gboolean known = error->domain == SM_ERROR && error->code >= 0 && error->code < SM_N_ERRORS;

    return &table[known ? error->code : SM_ERROR_INTERNAL];
}

gboolean
sm_error_is_of_host(const GError *error)
{
    return g_error_matches(error, SM_ERROR, SM_ERROR_VOLUME);
}

int
sm_error_exit_code(const GError *error, SmRole role)
{
    if (error == NULL)
        return EX_OK;
    if (role == SM_ROLE_PROMPT)
        return sm_error_facts(error)->exit_code;
    return sm_error_facts(error)->retry == SM_RETRY_NEVER ? EX_OK : EX_TEMPFAIL;
}

gboolean
sm_error_set(GError **error, SmErrorCode code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(SM_ERROR, (gint)code, format, args));
    va_end(args);
    return FALSE;
}

gboolean
sm_error_pass(GError **error, GError *fault)
{
    if (fault == NULL)
        return TRUE;
    g_propagate_error(error, fault);
    return FALSE;
}

GError *
sm_error_of_tries(GError *before, GError *last, gint64 deadline)
{
    gboolean cut = sm_error_facts(last)->retry == SM_RETRY_NOW && deadline != 0 &&
                   g_get_monotonic_time() >= deadline;

    if (before == NULL || !cut) {
        g_clear_error(&before);
        return last;
    }
    g_error_free(last);
    return before;
}

/* What a person does about faults of a file system, which none of our settings causes. */
static const char *
remedy_of(int fault)
{
    switch (fault) {
    case ENOSPC:
        return "; make room there";
    case EDQUOT:
        return "; make room there, or raise the quota";
    case EROFS:
        return "; mount it writable";
    case ESTALE:
        return "; mount it anew";
    case EIO:
        return "; is its disk or share failing?";
    default:
        return "";
    }
}

gboolean
sm_error_from_errno(GError **error, SmErrorCode code, const char *what, ...)
{
    int saved = errno;
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, what);
    text = g_strdup_vprintf(what, args);
    va_end(args);
    return sm_error_set(error, saved == EPIPE ? SM_ERROR_PIPE : code, "%s: %s%s", text,
                        g_strerror(saved), remedy_of(saved));
}

const char *
sm_error_of_file(const GError *fault)
{
    const char *cause = g_strrstr(fault->message, ": ");

    return cause != NULL ? cause + 2 : fault->message;
}
