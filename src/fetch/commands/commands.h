/*
 * This room has scorefetch's commands. A command reads its arguments, calls the rooms below
 * and says what came of it; what several commands need is in session.h.
 *
 * The commands of scorefetch, one file each. argv[0] is the
 * command; the return value is the process's exit code.
 */
#pragma once

/* cat: prints a stored file, decrypted. */
int sm_cmd_cat(int argc, char **argv);

/* deliver: acts on an event that scoremail hands over. */
int sm_cmd_deliver(int argc, char **argv);

/* backup: copies the ledger to a file. */
int sm_cmd_backup(int argc, char **argv);

/* check: examines the installation. */
int sm_cmd_check(int argc, char **argv);

/* get: fetches files by name. */
int sm_cmd_get(int argc, char **argv);

/* log: shows the trail. */
int sm_cmd_log(int argc, char **argv);

/* list: shows the service's listing beside the ledger. */
int sm_cmd_list(int argc, char **argv);

/* sync: fetches what the service lists and is not stored. */
int sm_cmd_sync(int argc, char **argv);

/* run: the worker. */
int sm_cmd_run(int argc, char **argv);

/* prune: deletes files that are older than keep-for. */
int sm_cmd_prune(int argc, char **argv);

/* status: shows the ledger. */
int sm_cmd_status(int argc, char **argv);

/* passwd: changes an account's password-file. */
int sm_cmd_passwd(int argc, char **argv);

/* retry: clears pauses and failures of names. */
int sm_cmd_retry(int argc, char **argv);

/* forget: deletes names from the ledger. */
int sm_cmd_forget(int argc, char **argv);

/* adopt: records a file as stored that a person put into the directory. */
int sm_cmd_adopt(int argc, char **argv);
