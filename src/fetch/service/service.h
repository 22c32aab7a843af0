/*
 * This room calls the web service, and holds the secrets that a call needs: password, token,
 * presigned URL.
 *
 * What is asked of the web service: a presigned URL for a file name (POST
 * /file?filename=NAME), in one step with user name and password or, where calls
 * share a token, with that; and the listing (POST /files/list).
 */
#pragma once

#include "fetch/rules/listing.h"
#include "fetch/service/call.h"

/*
 * The presigned URL for name, checked by sm_presigned_check(), in memory that
 * sm_service_forget_url() wipes. It lives for 15 seconds. Errors:
 * SM_ERROR_NOT_FOUND (404), SM_ERROR_CREDENTIALS (401, 403, or closed before; a
 * rejected token only after it was renewed once), SM_ERROR_SERVICE (all that may
 * pass), SM_ERROR_TRUST, SM_ERROR_URL, SM_ERROR_SECRET, SM_ERROR_BUSY,
 * SM_ERROR_LEDGER, SM_ERROR_LIMIT (the deadline or the run is over).
 */
char *sm_service_presigned_url(SmService *service, const char *name, GError **error);

/* Wipes and frees a presigned URL; NULL is allowed. */
void sm_service_forget_url(char *url);

/*
 * The listing, of what was delivered since that time (seconds since 1970; 0: of
 * everything), with the token that service->shared must have. While the service fails
 * it is asked again, up to give-up-after. Errors as above; an answer that is
 * no listing is SM_ERROR_SERVICE.
 */
SmListing *sm_service_list(SmService *service, gint64 since, GError **error);
