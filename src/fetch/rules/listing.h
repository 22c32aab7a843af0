/*
 * The service's listing of its files, as it came: what can be used of it, and
 * what cannot. It is taken from outside: members may be missing, null or of
 * another type, rows may come twice, and a name need not be one.
 */
#pragma once

#include <glib.h>

enum {
    SM_LISTED_UNKNOWN = -1,
    SM_LISTING_MAX = 100000, /* files of one listing */
};

typedef struct {
    char *name;          /* well formed (name.h) */
    char *type;          /* fileType, cleaned; NULL if it is not said */
    char *delivered;     /* deliveryDate as the service wrote it, cleaned; NULL if it is not said */
    gint64 delivered_at; /* the same, seconds since 1970; 0 if it cannot be read */
    gint64 size;         /* bytes, or SM_LISTED_UNKNOWN */
    gint64 records;      /* or SM_LISTED_UNKNOWN */
} SmListed;

typedef struct {
    GPtrArray *files;    /* of SmListed: each name once, in the order of the listing */
    GPtrArray *invalid;  /* of char *: the first names that break the rules, cleaned, never to be
                            used */
    guint invalid_count; /* rows that are none, or with such names */
    guint repeated;      /* rows that named a file once more */
    guint left_out;      /* files beyond SM_LISTING_MAX */
} SmListing;

/*
 * Reads length bytes of JSON, {"files":[...]}, or {"files":{...}} for one file; no
 * files at all, null, "" and {} are an empty listing. Of two rows with one name (to the letter:
 * names that differ in case are two) the one that was delivered later counts. SM_ERROR_SERVICE for
 * what is no listing.
 */
SmListing *sm_listing_parse(const char *text, gsize length, GError **error);

/* Whether an answer has a message or an error where files should be: gateways send them with status
 * 200, too. */
gboolean sm_listing_is_refused(const char *text, gsize length);

/* Which names of account's listing cannot be used, the first few of them, and what to do. Caller
 * frees; NULL: all can. */
char *sm_listing_describe_invalid(const SmListing *listing, const char *account);

/* Says what of account's listing is not looked at. */
void sm_listing_warn(const SmListing *listing, const char *account);

/* Frees listing; NULL is allowed. */
void sm_listing_free(SmListing *listing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmListing, sm_listing_free)
