/*
 * What an alert says, as a mail and as JSON. Pure: the ledger's row, the
 * configuration and the time in, text out. Nothing in it is secret, since the
 * texts of errors, which the row has, never are.
 */
#pragma once

#include <glib.h>

#include "common/config/config.h"
#include "fetch/notes/alerts.h"

/* "credentials", "no-account" ...: what the ledger, a subject line and a script know it by. Static.
 */
const char *sm_alert_kind_name(SmAlertKind kind);

/* The kind of that name; SM_ALERT_NONE for one of a newer version. */
SmAlertKind sm_alert_kind_named(const char *name);

/* How urgent; the numbers are the exit codes of a monitoring plugin. */
typedef enum { SM_LEVEL_OK, SM_LEVEL_WARNING, SM_LEVEL_CRITICAL } SmLevel;

/* How urgent an alert of that kind is. */
SmLevel sm_alert_level(SmAlertKind kind);

/*
 * Whether the alert still counts: some stand until they are cleared, some tell of
 * something that happened once and count for three days, and for some there is nothing
 * to judge by but what they were about, which a survey has itself.
 */
gboolean sm_alert_counts(const SmAlertRow *alert, gint64 now);

/* What it is: "the password was rejected". Static. */
const char *sm_alert_title(SmAlertKind kind);

/* What a person can do about it: one or two sentences; also of SM_ALERT_NONE. Static. */
const char *sm_alert_advice(SmAlertKind kind);

/* Who can, as a report names them: who signs in at the portal, or who looks after the server.
 * Static. */
const char *sm_alert_doer(SmAlertKind kind);

/* text so that no mail program makes a link of what is in it: some of it is strangers'. Caller
 * frees. */
char *sm_alert_unlinked(const char *text);

/* The address that our mails come from. Caller frees. */
char *sm_alert_from(const SmConfig *config);

/*
 * The message (RFC 5322, with LF line ends, 8-bit text in UTF-8) to
 * config->alert_mail at the time now. Auto-Submitted (RFC 3834) keeps other
 * programs from answering, X-Scoremail-Alert our own filter from reading it.
 * Caller frees.
 */
char *sm_alert_mail(const SmAlertRow *row, const SmConfig *config, gint64 now);

/*
 * One JSON object: kind, account (null for the whole program), subject, text,
 * advice, times, more, first, last (ISO 8601, UTC), host, config. Caller frees.
 */
char *sm_alert_json(const SmAlertRow *row, const SmConfig *config);
