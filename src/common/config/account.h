/*
 * One [account NAME]: the group's entries over the defaults of [scoremail].
 */
#pragma once

#include "common/config/config.h"
#include "common/config/keys.h"
#include "common/config/lines.h"

/* The NAME of an [account NAME], which may be none that is allowed; NULL for another group. */
const char *sm_account_group_name(const SmConfigGroup *group);

/*
 * Whether name is 1 to 64 letters, digits, '.', '_' and '-'; not starting with
 * '.' or '-', since it stands in paths.
 */
gboolean sm_account_name_is_sound(const char *name);

/*
 * The key of group by which the password is got; NULL if there is none, or if
 * there are several, which is an error as sm_config_complain() words it. SM_ERROR_CONFIG.
 */
const SmConfigKey *sm_account_password_key(const SmConfigGroup *group, GError **fault);

/* An account without any value. */
SmAccount *sm_account_new(const char *name);

/* Frees an SmAccount. */
void sm_account_free(gpointer account);

/*
 * The account that group describes; defaults is [scoremail] or NULL. Never
 * NULL: what is wrong is the account's fault.
 */
SmAccount *sm_account_read(const SmConfigGroup *group, const SmConfigGroup *defaults);
