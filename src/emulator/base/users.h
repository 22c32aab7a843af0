/*
 * Who may call: users from the command line and from a file that each call reads
 * again, and their tokens. A user is written NAME:PASSWORD[:no-role]; the password
 * may have colons. Safe to use from several threads.
 */
#pragma once

#include <glib.h>

typedef enum {
    SM_ADMITTED,
    SM_REJECTED, /* unknown, wrong password, or a token that has expired: 401 */
    SM_NO_ROLE,  /* known, but without the role "File Downloads": 403 */
} SmAdmission;

typedef struct SmUsers SmUsers;

/*
 * specs: NULL-terminated, may be NULL. file: lines of the same form, empty
 * lines and those that start with '#' are skipped; may be NULL or missing. Both must live as long.
 * token_lifetime in seconds. SM_ERROR_USAGE for a spec that is none.
 */
SmUsers *sm_users_new(const char *const *specs, const char *file, guint token_lifetime,
                      GError **error);

/* Frees users. */
void sm_users_free(SmUsers *users);

/* Whether there is any user now, on the command line or in the file. */
gboolean sm_users_exist(const SmUsers *users);

/* Whether the user of that name has this password, and the role. */
SmAdmission sm_users_check_password(const SmUsers *users, const char *name, const char *password);

/* A new token for the user of that name, valid from now on. Caller frees. */
char *sm_users_issue_token(SmUsers *users, const char *name, gint64 now);

/* Whether the token is valid now; *name becomes its user (caller frees), NULL if it never was. */
SmAdmission sm_users_check_token(SmUsers *users, const char *token, gint64 now, char **name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmUsers, sm_users_free)
