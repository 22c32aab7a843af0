/* Writes a password-file, whole or not at all; and who root is meanwhile. */
#pragma once

#include "fetch/service/secret.h"

/*
 * Puts secret, with a LF, into path, or into what a symbolic link there leads to:
 * a new file beside it is written, synced and renamed. Its mode is 0600, and
 * owner and group are those of the file that was there; where that could be read
 * by its group, the new one can too. Root writes as the user who owns path, or a
 * folder on the way to it, where that is not root: no link of that user's leads
 * root to another file. *owner is the owner's user id. SM_ERROR_DIRECTORY
 * names the file; then the older one is still there.
 */
gboolean sm_secret_write(const char *path, const SmSecret *secret, uid_t *owner, GError **error);

/* Root acts as user from here on, and again as itself with 0. FALSE and errno. */
gboolean sm_secret_act_as(uid_t user);
