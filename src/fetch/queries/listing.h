/*
 * What the service's listing means to the ledger: which of its files are new,
 * which are listed otherwise than before, and the records of both.
 */
#pragma once

#include "fetch/rows/files.h"
#include "fetch/rules/listing.h"

/* The reason of a row that sm_listing_mark_known() made. */
#define SM_LISTING_KNOWN_REASON "marked as known (sync --mark-known)"

typedef struct {
    SmFile *file;      /* its row; NULL: the ledger does not know it */
    gboolean changed;  /* had already, and posted again by the listing: as good as announced */
    gboolean recorded; /* the row has what the listing says */
} SmListedRow;

/* Looks a listed file up. SM_ERROR_LEDGER. */
gboolean sm_listing_look(SmLedger *ledger, const char *account, const SmListed *listed,
                         SmListedRow *row, GError **error);

/* Frees row. */
void sm_listed_row_clear(SmListedRow *row);

/* A row that sm_listing_mark_known() made, and nothing has announced it since. */
gboolean sm_listing_is_known(const SmFile *file);

/*
 * Records what the listing says of a file that was looked up: makes its row if it is new,
 * an event if it has changed, and opens a name that the service did not know
 * before. Part of the caller's transaction. SM_ERROR_LEDGER.
 */
gboolean sm_listing_note(SmLedger *ledger, const char *account, const SmListed *listed,
                         const SmListedRow *row, GError **error);

/*
 * Makes the row of a new name as one that is had already: `not wanted`, until a
 * message, a person or another listing asks for it. Part of the caller's transaction.
 * SM_ERROR_LEDGER.
 */
gboolean sm_listing_mark_known(SmLedger *ledger, const char *account, const SmListed *listed,
                               GError **error);

/* The rows of a file of that name and so many lines: a .csv has one of headings. */
gint64 sm_listing_records(const char *name, gint64 lines);

/* Whether what is stored has another number of bytes than the listing's fileSize (0 or less: not
 * known), of which nobody says what it counts. */
gboolean sm_listing_size_differs(const SmFile *file, gint64 listed);

/* Whether the file has other rows than the listing says, as far as that can be told: a line break
 * within quotes makes a row look like two, and a .csv may come without headings. */
gboolean sm_listing_records_differ(const SmFile *file);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SmListedRow, sm_listed_row_clear)
