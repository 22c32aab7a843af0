/* What only a call can tell (--online): the way to the service, its clock, the login. */
#pragma once

#include "fetch/check/check.h"

/* Name service, TLS and clock; once for accounts that share service, proxy and authorities. */
void sm_check_network(SmCheck *check, const SmAccount *account);

/* One login through the gate, as every call: what comes of it is recorded in check->ledger. */
void sm_check_login(SmCheck *check, const SmAccount *account);

/* The hosts and ports that a firewall has to let through. */
void sm_check_firewall(SmCheck *check, const SmAccount *none);
