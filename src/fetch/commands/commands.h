/*
 * The commands of scorefetch, one file each (cmd-NAME.c). argv[0] is the
 * command; the return value is the process's exit code.
 */
#pragma once

int sm_cmd_cat(int argc, char **argv);
int sm_cmd_deliver(int argc, char **argv);
int sm_cmd_backup(int argc, char **argv);
int sm_cmd_check(int argc, char **argv);
int sm_cmd_get(int argc, char **argv);
int sm_cmd_log(int argc, char **argv);
int sm_cmd_list(int argc, char **argv);
int sm_cmd_sync(int argc, char **argv);
int sm_cmd_run(int argc, char **argv);
int sm_cmd_prune(int argc, char **argv);
int sm_cmd_status(int argc, char **argv);
int sm_cmd_passwd(int argc, char **argv);
int sm_cmd_retry(int argc, char **argv);
int sm_cmd_forget(int argc, char **argv);
int sm_cmd_adopt(int argc, char **argv);
