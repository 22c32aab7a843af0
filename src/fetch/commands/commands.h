/*
 * This room has scorefetch's commands, one file each. A command reads its arguments, calls the
 * rooms below and says what came of it.
 */
#pragma once

#include "fetch/session/command.h"

extern const SmCommand sm_command_adopt, sm_command_adopt_directory, sm_command_backup,
    sm_command_cat, sm_command_check, sm_command_deliver, sm_command_forget, sm_command_get,
    sm_command_ledger, sm_command_list, sm_command_log, sm_command_passwd, sm_command_prune,
    sm_command_report, sm_command_retry, sm_command_run, sm_command_setup, sm_command_status,
    sm_command_sync, sm_command_tell;
