/*
 * Configuration values that are lists, split on commas, semicolons and (but for types) blanks.
 * Of the form that values.h describes; result is a GStrv, its items in
 * lower case, never empty but where it is said.
 */
#pragma once

#include "common/config/values.h"

extern const SmValue sm_value_extensions; /* without the dot: 1 to 16 letters and digits */
extern const SmValue sm_value_key_ids;    /* OpenPGP keys by fingerprint or long ID, each perhaps
                                             with 0x; `none` is an empty list */
extern const SmValue sm_value_file_types; /* as listings have them: any text with its blanks */
extern const SmValue sm_value_recipients; /* mail addresses, USER@DOMAIN */
extern const SmValue sm_value_address;    /* char *, not a list: one mail address */
extern const SmValue sm_value_senders;    /* addresses, domains, or *.DOMAIN for all below one */
extern const SmValue sm_value_org_ids;    /* numbers of organisations, or patterns with * and ? */
extern const SmValue sm_value_storage_hosts; /* host names, "*" for any label but the last two, or
                                                IP addresses (IPv6 in []); each may have :PORT */
