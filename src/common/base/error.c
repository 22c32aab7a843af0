#include "common/base/error.h"

#include <errno.h>
#include <sysexits.h>

G_DEFINE_QUARK(scoremail_error, sm_error)

/*
 * The one table. A full disk or a missing directory is temporary for a mail
 * system, although sysexits has permanent codes for them: the message must
 * stay in the queue until somebody has mended it.
 */
static const struct {
    int at_prompt;
    int as_filter;
} exit_codes[SM_N_ERRORS] = {
    [SM_ERROR_USAGE] = {EX_USAGE, EX_TEMPFAIL},
    [SM_ERROR_CONFIG] = {EX_CONFIG, EX_TEMPFAIL},
    [SM_ERROR_SECRET] = {EX_CONFIG, EX_TEMPFAIL},
    [SM_ERROR_CREDENTIALS] = {EX_NOPERM, EX_TEMPFAIL},
    [SM_ERROR_NOT_FOUND] = {EX_NOINPUT, EX_TEMPFAIL},
    [SM_ERROR_SERVICE] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_TRUST] = {EX_UNAVAILABLE, EX_TEMPFAIL},
    [SM_ERROR_URL] = {EX_PROTOCOL, EX_TEMPFAIL},
    [SM_ERROR_OBJECT] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_INTEGRITY] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_LIMIT] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_DIRECTORY] = {EX_CANTCREAT, EX_TEMPFAIL},
    [SM_ERROR_CONFLICT] = {EX_CANTCREAT, EX_OK},
    [SM_ERROR_ENCRYPTION] = {EX_CONFIG, EX_TEMPFAIL},
    [SM_ERROR_LEDGER] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_OWNER] = {EX_NOPERM, EX_TEMPFAIL},
    [SM_ERROR_BUSY] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_PAUSED] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_GIVEN_UP] = {EX_NOINPUT, EX_OK},
    [SM_ERROR_WORKER] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_DATA] = {EX_DATAERR, EX_OK},
    [SM_ERROR_IO] = {EX_IOERR, EX_TEMPFAIL},
    [SM_ERROR_SANDBOX] = {EX_TEMPFAIL, EX_TEMPFAIL},
    [SM_ERROR_INTERNAL] = {EX_SOFTWARE, EX_TEMPFAIL},
};

int
sm_error_exit_code(const GError *error, SmRole role)
{
    int code = SM_ERROR_INTERNAL;

    if (error == NULL)
        return EX_OK;
    if (error->domain == SM_ERROR && error->code >= 0 && error->code < SM_N_ERRORS)
        code = error->code;
    return role == SM_ROLE_FILTER ? exit_codes[code].as_filter : exit_codes[code].at_prompt;
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
    g_set_error(error, SM_ERROR, (int)code, "%s: %s", text, g_strerror(saved));
    return FALSE;
}
