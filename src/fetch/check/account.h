/* One account: its settings, its password, its keys. */
#pragma once

#include "fetch/check/check.h"

/* Settings of the account: its fault, or what it fetches and how. */
void sm_check_account(SmCheck *check, const SmAccount *account);

/* Where the password comes from, by getting it: a password-command is run. */
void sm_check_password(SmCheck *check, const SmAccount *account);

/* Whether ca-file can be used, where the account has one. */
void sm_check_authorities(SmCheck *check, const SmAccount *account);

/* Who may announce files. */
void sm_check_senders(SmCheck *check, const SmAccount *account);

/* Whether files can be encrypted, where the account has encrypt-to. */
void sm_check_keys(SmCheck *check, const SmAccount *account);
