/*
 * The web service: one step from credentials and a file name to a presigned
 * URL (POST /file?filename=NAME).
 */
#pragma once

#include <glib.h>

#include "autoptr.h"
#include "common/config.h"
#include "ledger.h"
#include "secret.h"

typedef struct {
    const SmAccount *account;
    SmLedger *ledger;
    CURL *handle;      /* keeps its connection between calls */
    gint64 deadline;   /* monotonic time (microseconds) at which a call ends; 0: none */
    guint retry_after; /* seconds, of the last answer; 0: none said */
} SmService;

SmService *sm_service_new(const SmAccount *account, SmLedger *ledger);
void sm_service_free(SmService *service);

/*
 * The presigned URL for name, checked by sm_presigned_check(), in memory that
 * sm_service_forget_url() wipes. It lives for 15 seconds. Errors:
 * SM_ERROR_NOT_FOUND (404), SM_ERROR_CREDENTIALS (401, 403, or closed before),
 * SM_ERROR_SERVICE (all that may pass), SM_ERROR_TRUST, SM_ERROR_URL,
 * SM_ERROR_SECRET, SM_ERROR_BUSY, SM_ERROR_LEDGER, SM_ERROR_LIMIT (the deadline is over).
 */
char *sm_service_presigned_url(SmService *service, const char *name, GError **error);
void sm_service_forget_url(char *url);

/*
 * Whether the service takes secret as the account's password: one POST /login,
 * beside the gate and the ledger (which may be NULL), for a person who is about
 * to change the password. SM_ERROR_CREDENTIALS when it does not; SM_ERROR_SERVICE,
 * SM_ERROR_TRUST when that cannot be told.
 */
gboolean sm_service_check_password(SmService *service, const SmSecret *secret, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmService, sm_service_free)
