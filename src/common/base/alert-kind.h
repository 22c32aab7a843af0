/*
 * The kinds of alerts. They stand here because the table of errors (error.c)
 * says which one an error raises; fetch/alert raises, words and sends them.
 */
#pragma once

typedef enum {
    SM_ALERT_CREDENTIALS, /* the service rejected the password */
    SM_ALERT_SECRET_AGE,  /* the password is about to get older than password-max-age */
    SM_ALERT_FORM,        /* a notification without a valid name: its form may have changed */
    SM_ALERT_UNUSABLE,    /* a message that cannot be read to its end */
    SM_ALERT_NO_ACCOUNT,  /* a notification that belongs to none of the accounts */
    SM_ALERT_ACCOUNT,     /* an account whose configuration is wrong */
    SM_ALERT_WAITING,     /* not fetched within defer-for, or larger than max-file-size */
    SM_ALERT_FORMAT,      /* the wanted format was not announced three times in a row */
    SM_ALERT_EXTENSION,   /* a file of a type that extensions does not have */
    SM_ALERT_DISK,        /* the destination is missing, full or not writable */
    SM_ALERT_MISSING,     /* the service kept saying that there is no such file */
    SM_ALERT_DAMAGED,     /* what arrived, twice, is not what was promised */
    SM_ALERT_HOST,        /* the service names an object host that may not be used */
    SM_ALERT_TRUST,       /* a certificate that cannot be trusted */
    SM_ALERT_CONFLICT,    /* another file of that name is there */
    SM_ALERT_ENCRYPTION,  /* a key of encrypt-to is missing, expired or revoked */
    SM_ALERT_HOOK,        /* on-stored failed */
    SM_ALERT_HUNG,        /* a process that worked for the account hung, or was killed */
    SM_ALERT_WORKER,      /* no worker has run for two intervals */
    SM_ALERT_SILENCE,     /* nothing was announced for expect-every */
    SM_ALERT_LISTING,     /* no sync was complete for expect-listing */
    SM_ALERT_ROW,         /* a row of the listing that cannot be used */
    SM_ALERT_MAIL,        /* the last files came by sync and not by mail */
    SM_ALERT_SPOOL,       /* a file in the spool that is no event */
    SM_ALERT_PULL,        /* a mailbox elsewhere has not been collected for a day */
    SM_ALERT_PRUNE,       /* keep-for would delete what a person has to look at first */
    SM_ALERT_SENDER,      /* a message whose From senders does not have */
    SM_ALERT_UNVERIFIED,  /* a message whose sender the mail system of authserv-id does not confirm
                           */
    SM_ALERT_SANDBOX,     /* the parser runs without a part of its sandbox */
    SM_ALERT_REPORT,      /* the report to report-mail was not sent */
    SM_ALERT_N_KINDS,
    SM_ALERT_NONE = SM_ALERT_N_KINDS /* time may clear it, or something else raises it */
} SmAlertKind;
