/*
 * The checks, in modules by what they look at; commands/check.c has the table of when each runs.
 * Those of the whole are called with none: NULL.
 */
#pragma once

#include "fetch/check/check.h"

/* Names the configuration in use, its mode and its broken files; and whether the log can be
 * written. */
void sm_check_configuration(SmCheck *check, const SmAccount *none);

/* The ledger; also opens it as check->seen, where that can be done without changing anything. */
void sm_check_ledger(SmCheck *check, const SmAccount *none);

/* Whether the spool is there, is ours or the site's, and how many events wait in it. */
void sm_check_spool(SmCheck *check, const SmAccount *none);

/* Whether a worker lives, without which queued delivery answers 75. */
void sm_check_worker(SmCheck *check, const SmAccount *none);

/* Whether a mailbox elsewhere is collected; nothing is said where none is. */
void sm_check_pull(SmCheck *check, const SmAccount *none);

/* Whether a site's hourly look at the listing is on; says nothing if it is. */
void sm_check_sync(SmCheck *check, const SmAccount *none);

/* No check, but what they ask: whether unit may write to what is at path, absolute and without
 * links, by what `systemctl show` printed; TRUE of a unit that is not installed. Pure. */
gboolean sm_units_may_write(const char *shown, const char *unit, const char *path);

/* No check: whether unit is installed and not started at boot; FALSE where systemd does not run, or
 * for a person's configuration. */
gboolean sm_units_is_off(SmCheck *check, const char *unit);

/* Whether a site's socket, timers and services are enabled, running and not masked. Nothing is said
 * where systemd does not run, or of what is not installed. */
void sm_check_units(SmCheck *check, const SmAccount *none);

/* Whether the worker's and sync's units may write to ledger, spool and log. */
void sm_check_units_view(SmCheck *check, const SmAccount *none);

/* The same of the directory and gnupg-home. */
void sm_check_units_view_of(SmCheck *check, const SmAccount *account);

/* The filter beside us: its version, and what the kernel offers for its sandbox. */
void sm_check_sandbox(SmCheck *check, const SmAccount *none);

/* Whether somebody is told what goes wrong. */
void sm_check_alerts(SmCheck *check, const SmAccount *none);

/* Whether scorefetch tell runs, where alerts and on-stored are left to it: by what has waited for
 * it for longer than two intervals of the worker. */
void sm_check_tell(SmCheck *check, const SmAccount *none);

/* Sends a test alert by every way that is configured. */
void sm_check_alert_test(SmCheck *check, const SmAccount *none);

/* Whether what works for the account can close itself in (enclosure.h). */
void sm_check_enclosure(SmCheck *check, const SmAccount *account);

/* Whether on-stored can be run. */
void sm_check_hook(SmCheck *check, const SmAccount *account);

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

/* Looks at the directories of these accounts (of SmAccount) and at the other files that they need,
 * with one limit: check->silent gets those with one that does not answer, and nobody may touch
 * these any more. */
void sm_check_look_for_silent(SmCheck *check, GPtrArray *accounts);

/* Whether the directory answers, is there, writable, as private as it should be, and has room. */
void sm_check_directory(SmCheck *check, const SmAccount *account);

/* Finds each mail agent that is installed here, and whether it calls scoremail. */
void sm_check_agents(SmCheck *check, const SmAccount *none);

/* What only a call can tell (--online): name service, TLS and clock; once for accounts that share
 * service, proxy and authorities. */
void sm_check_network(SmCheck *check, const SmAccount *account);

/* One login through the gate, as every call: what comes of it is recorded in check->ledger. */
void sm_check_login(SmCheck *check, const SmAccount *account);

/* The hosts and ports that a firewall has to let through. */
void sm_check_firewall(SmCheck *check, const SmAccount *none);
