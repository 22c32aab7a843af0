/*
 * What came, when and how, and what is missing: the rows that a report adds up. Each
 * query is one pass, however many rows there are, and hands them over one at a time or
 * the newest few. Where account is NULL, all of the ledger are meant.
 */
#pragma once

#include "fetch/rows/files.h"

/* How a file came. */
typedef enum {
    SM_WAY_MAIL, /* a message announced it */
    SM_WAY_SYNC, /* the service's listing had it */
    SM_WAY_HAND, /* a person asked for it by name */
    SM_WAY_N,
} SmWay;

/* A file was stored, new or corrected. */
typedef struct {
    const char *account;
    gint64 at;
    SmWay way;
} SmHistoryStored;

/* Hands over each time since then that a file was stored or corrected, in the order of the log: an
 * SmHistoryStored. SM_ERROR_LEDGER. */
gboolean sm_history_stored(SmLedger *ledger, const char *account, gint64 since, SmTakeMade take,
                           gpointer user_data, GError **error);

/* A stored file and when the service says that it was delivered. */
typedef struct {
    const char *account, *name, *delivered; /* as the service wrote it */
    gint64 stored_at;
} SmHistoryDelivery;

/* Hands over the files that were stored since then and that a listing has dated, as
 * SmHistoryDelivery; not the corrected ones: the listing may tell of either version.
 * SM_ERROR_LEDGER. */
gboolean sm_history_deliveries(SmLedger *ledger, const char *account, gint64 since, SmTakeMade take,
                               gpointer user_data, GError **error);

/* What the ledger knows of an account beside its files. Times in seconds since 1970; 0: unknown. */
typedef struct {
    gint64 began;        /* the first day that has a row of it */
    gint64 secret_since; /* when the password in use was accepted first */
    gint64 rejected_at;  /* when the service rejected the password; 0: it did not */
    gint64 csv, txt;     /* names of these types since the time asked for */
} SmHistoryAccount;

/* Fills in the accounts of by_name (name -> SmHistoryAccount); since: see there. SM_ERROR_LEDGER.
 */
gboolean sm_history_accounts(SmLedger *ledger, GHashTable *by_name, gint64 since, GError **error);

/* A file with what a report says of it. Strings are never NULL, but sha256. */
typedef struct {
    char *account;
    char *name;
    SmFileState state;
    char *reason;
    gint64 announced_at, stored_at, pruned_at, next_attempt;
    gint64 listed_at, listed_records; /* 0: never listed; -1: unknown */
    gint64 size, records;             /* of what came, before encryption; records -1: unknown */
    char *sha256;                     /* of the same; NULL: nothing is stored */
    SmWay way;                        /* meaningful for what is stored */
} SmHistoryFile;

/* The newest max stored files, the last first: of SmHistoryFile. Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_history_newest(SmLedger *ledger, const char *account, guint max, GError **error);

/* The newest max files of each account that wait, have failed or conflict; the last changed first:
 * of SmHistoryFile. Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_history_open(SmLedger *ledger, const char *account, guint max, GError **error);

/*
 * The newest max files that the service lists and the account does not want by their type; *count:
 * of all. Those marked as known are not among them. Of SmHistoryFile; caller frees.
 * SM_ERROR_LEDGER.
 */
GPtrArray *sm_history_unwanted(SmLedger *ledger, const char *account, guint max, gint64 *count,
                               GError **error);

/* Bytes of a version, before encryption; at 0: the log does not have it any more. */
typedef struct {
    gint64 at, size;
    char sha256[65];
} SmHistoryVersion;

typedef struct {
    char *account;
    char *name;
    SmHistoryVersion now, before;
} SmHistoryCorrection;

/* The newest max corrections since then: of SmHistoryCorrection. Caller frees. SM_ERROR_LEDGER. */
GPtrArray *sm_history_corrections(SmLedger *ledger, const char *account, gint64 since, guint max,
                                  GError **error);
