/*
 * This room has what every other one uses: errors, text, start-up, log, descriptors.
 *
 * What can go wrong, and what follows from it. Functions return a GError of this
 * one domain; what it means (exit code, next try, whom it concerns, alert, part)
 * stands in one table, in error.c. Nobody else decides by the code, but for a
 * case of its own.
 */
#pragma once

#include <glib.h>

#include "common/base/alert-kind.h"

#define SM_ERROR (sm_error_quark())

typedef enum {
    SM_ERROR_USAGE,       /* the command line is wrong */
    SM_ERROR_CONFIG,      /* the configuration, or one account of it, is wrong */
    SM_ERROR_SECRET,      /* the password cannot be read */
    SM_ERROR_CREDENTIALS, /* the service rejected the password, or the role is missing */
    SM_ERROR_NOT_FOUND,   /* the service knows no file of that name */
    SM_ERROR_SERVICE,     /* the service cannot be reached or answers nonsense */
    SM_ERROR_WAY,         /* something before the service, a gateway say, refuses the call */
    SM_ERROR_TRUST,       /* a certificate is not valid for the host */
    SM_ERROR_URL,         /* the presigned URL is not allowed */
    SM_ERROR_OBJECT,      /* the object store refuses, or breaks off */
    SM_ERROR_INTEGRITY,   /* a downloaded file is damaged */
    SM_ERROR_LIMIT,       /* the time that the run has is over */
    SM_ERROR_SIZE,        /* larger than max-file-size */
    SM_ERROR_DIRECTORY,   /* the destination is full or not writable */
    SM_ERROR_VOLUME,      /* on this host the destination is missing, or is not what it was */
    SM_ERROR_CONFLICT,    /* another file of that name is there, and not ours */
    SM_ERROR_ENCRYPTION,  /* a key of encrypt-to, or gpg itself, cannot be used */
    SM_ERROR_LEDGER,      /* the ledger is locked, full, corrupt or too new */
    SM_ERROR_OWNER,       /* the ledger belongs to another user */
    SM_ERROR_BUSY,        /* another process is at work on it and does not end */
    SM_ERROR_PAUSED,      /* too early: the next attempt is not due yet */
    SM_ERROR_UNKNOWN,     /* not asked for, since too many names are unknown: decided by the next
                             listing */
    SM_ERROR_GIVEN_UP,    /* the service kept saying that there is no such file */
    SM_ERROR_WORKER,      /* queued, but no worker runs on what is queued */
    SM_ERROR_DATA,        /* input that no retry can fix */
    SM_ERROR_IO,          /* reading or writing something of our own failed */
    SM_ERROR_PIPE,        /* the reader of our output has closed it: no message */
    SM_ERROR_SANDBOX,     /* the kernel lacks what --sandbox=required demands */
    SM_ERROR_INTERNAL,    /* our own fault */
    SM_N_ERRORS
} SmErrorCode;

/* When the same is tried again. */
typedef enum {
    SM_RETRY_NEVER,  /* final: only a person, or a new message, changes it */
    SM_RETRY_NEXT,   /* by the next message or run, without a pause */
    SM_RETRY_LATER,  /* hours later: it is the same until a person changes something */
    SM_RETRY_PAUSED, /* after a pause that grows */
    SM_RETRY_NOW,    /* within the same attempt, too, as long as there is hope; then as above */
} SmRetry;

/* Whom a failure concerns besides its own file. */
typedef enum {
    SM_REACH_FILE,    /* no other */
    SM_REACH_SHARED,  /* perhaps all with the same object host, disk or key: if two fail in a row */
    SM_REACH_SERVICE, /* most likely all who use the same service */
    SM_REACH_ACCOUNT, /* all files of the account */
} SmReach;

/* What follows from an error. */
typedef struct {
    int exit_code; /* at a prompt, of sysexits(3) */
    SmRetry retry; /* as a filter: SM_RETRY_NEVER is EX_OK, all else EX_TEMPFAIL */
    SmReach reach;
    SmAlertKind alert;   /* SM_ALERT_NONE: it raises none */
    gboolean part_stays; /* what has been downloaded so far is as good as before */
} SmErrorFacts;

/* Who asks: a mail system understands 0 and 75 only, a person the whole of sysexits(3). */
typedef enum { SM_ROLE_FILTER, SM_ROLE_PROMPT } SmRole;

/* The domain of all our errors: SM_ERROR. */
GQuark sm_error_quark(void);

/* What follows from error, which is not NULL; of other domains as of SM_ERROR_INTERNAL. Static. */
const SmErrorFacts *sm_error_facts(const GError *error);

/* Whether its cause is this host's own, where several share a ledger. */
gboolean sm_error_is_of_host(const GError *error);

/*
 * The exit code for error; 0 for NULL. Errors of other domains count as
 * SM_ERROR_INTERNAL. As a filter the answer is 0 or 75, whatever the error.
 */
int sm_error_exit_code(const GError *error, SmRole role);

/* Sets an error of our domain with that SM_ERROR_ code. Returns FALSE, for return statements. */
gboolean sm_error_set(GError **error, SmErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The same for functions that return a pointer. */
#define sm_error_null(...) (sm_error_set(__VA_ARGS__), NULL)

/* Hands fault on, which it takes, with the SM_ERROR_ code that it has. Returns whether there is
 * none (NULL), for return statements. */
gboolean sm_error_pass(GError **error, GError *fault);

/*
 * Which of two tries' errors tells why: the last, or the one before (NULL: none) where the deadline
 * (monotonic time in microseconds; 0: none) is over and thus cut the last try short. Takes both.
 */
GError *sm_error_of_tries(GError *before, GError *last, gint64 deadline);

/* Sets an error of our domain from errno: "WHAT: strerror", and what to do about a full or failing
 * file system. Returns FALSE, for return statements.
 * Sets the SM_ERROR_ code that is given; SM_ERROR_PIPE for EPIPE.
 */
gboolean sm_error_from_errno(GError **error, SmErrorCode code, const char *what, ...)
    G_GNUC_PRINTF(3, 4);

/* The same for functions that return a pointer. */
#define sm_error_null_errno(...) (sm_error_from_errno(__VA_ARGS__), NULL)

/* Why GLib could not read or write a file: fault's message without its first words and the path,
 * which our messages begin with. fault's. */
const char *sm_error_of_file(const GError *fault);
