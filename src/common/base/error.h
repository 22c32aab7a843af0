/*
 * This room has what every other one uses: errors, text, start-up, log, descriptors.
 *
 * What can go wrong, and which exit code it becomes. Functions return a GError
 * of this one domain; only main() turns it into an exit code, and only by the
 * table in error.c.
 */
#pragma once

#include <glib.h>

#define SM_ERROR (sm_error_quark())

typedef enum {
    SM_ERROR_USAGE,       /* the command line is wrong */
    SM_ERROR_CONFIG,      /* the configuration, or one account of it, is wrong */
    SM_ERROR_SECRET,      /* the password cannot be read */
    SM_ERROR_CREDENTIALS, /* the service rejected the password, or the role is missing */
    SM_ERROR_NOT_FOUND,   /* the service knows no file of that name */
    SM_ERROR_SERVICE,     /* the service cannot be reached or answers nonsense */
    SM_ERROR_TRUST,       /* a certificate is not valid for the host */
    SM_ERROR_URL,         /* the presigned URL is one that may not be used */
    SM_ERROR_OBJECT,      /* the object store refuses, or breaks off */
    SM_ERROR_INTEGRITY,   /* what arrived is not what was promised */
    SM_ERROR_LIMIT,       /* larger than max-file-size, or longer than run-limit */
    SM_ERROR_DIRECTORY,   /* the destination is missing, full or not writable */
    SM_ERROR_CONFLICT,    /* another file of that name is there, and not ours */
    SM_ERROR_ENCRYPTION,  /* a key of encrypt-to, or gpg itself, cannot be used */
    SM_ERROR_LEDGER,      /* the ledger is locked, full, corrupt or too new */
    SM_ERROR_OWNER,       /* the ledger belongs to another user */
    SM_ERROR_BUSY,        /* another process is at work on it and does not end */
    SM_ERROR_PAUSED,      /* asked too recently: not before its next attempt */
    SM_ERROR_GIVEN_UP,    /* the service kept saying that there is no such file */
    SM_ERROR_WORKER,      /* queued, but no worker is at work on what is queued */
    SM_ERROR_DATA,        /* input that no later try can mend */
    SM_ERROR_IO,          /* reading or writing something of our own failed */
    SM_ERROR_SANDBOX,     /* the kernel lacks what --sandbox=required demands */
    SM_ERROR_INTERNAL,    /* our own fault */
    SM_N_ERRORS
} SmErrorCode;

/* Who asks: a mail system understands 0 and 75 only, a person the whole of sysexits(3). */
typedef enum { SM_ROLE_FILTER, SM_ROLE_PROMPT } SmRole;

/* The domain of all our errors: SM_ERROR. */
GQuark sm_error_quark(void);

/*
 * The exit code for error; 0 for NULL. Errors of other domains count as
 * SM_ERROR_INTERNAL. As a filter the answer is 0 or 75, whatever the error.
 */
int sm_error_exit_code(const GError *error, SmRole role);

/* Sets an error of our domain from errno: "WHAT: strerror". Returns FALSE, for return statements.
 * Sets the SM_ERROR_ code that is given.
 */
gboolean sm_error_from_errno(GError **error, SmErrorCode code, const char *what, ...)
    G_GNUC_PRINTF(3, 4);
