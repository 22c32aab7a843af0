#include "fetch/job/transfer.h"

#include <stdio.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "fetch/http/engine.h"
#include "fetch/http/guard.h"
#include "fetch/http/http.h"
#include "fetch/http/pace.h"
#include "fetch/ledger/lock.h"

enum {
    REFUSAL_MAX = 4096, /* bytes kept of the body of an error */
    ETAG_MAX = 200,
    CODE_MAX = 60,
    RECEIVE_BUFFER = 512 * 1024, /* bytes: libcurl's largest */
    TELL_US = 300 * 1000,        /* shorter transfers tell no progress */
};

struct SmTransfer {
    const SmAccount *account;
    const SmShared *shared;
    SmTransferStarted started;
    gpointer user_data;
    CURL *handle;
    gint64 told_at;
    SmTransferState state;
    /* of the current GET */
    SmGuard guard;
    SmPart *part;
    gint64 offset;  /* first byte that the GET asks for */
    gint64 seen;    /* bytes of the part, ... */
    gint64 seen_at; /* ... which have not changed since this monotonic time */
    gboolean asked_if_changed;
    gboolean opened;  /* its headers have been checked */
    GString *refusal; /* body of an answer that is not the object */
    GError *fault;
};

SmTransfer *
sm_transfer_new(const SmAccount *account, const SmShared *shared, SmTransferStarted started,
                gpointer user_data)
{
    SmTransfer *transfer = g_new0(SmTransfer, 1);

    transfer->account = account;
    transfer->shared = shared;
    transfer->started = started;
    transfer->user_data = user_data;
    transfer->handle = curl_easy_init();
    transfer->state.total = -1;
    transfer->state.listed = -1;
    transfer->refusal = g_string_new(NULL);
    return transfer;
}

void
sm_transfer_free(SmTransfer *transfer)
{
    if (transfer == NULL)
        return;
    curl_easy_cleanup(transfer->handle);
    if (transfer->state.row != 0)
        sm_lock_tell(transfer->state.lock_fd, transfer->state.row, -1, -1);
    sm_guard_clear(&transfer->guard);
    g_string_free(transfer->refusal, TRUE);
    g_free(transfer->state.etag);
    g_clear_error(&transfer->fault);
    g_free(transfer);
}

SmTransferState *
sm_transfer_state(SmTransfer *transfer)
{
    return &transfer->state;
}

void
sm_transfer_measure(SmTransfer *transfer, gint64 bytes, gint64 from)
{
    gint64 patience = transfer->account->give_up_after;

    transfer->state.enough = bytes + patience * SM_TRANSFER_RATE;
    transfer->state.give_up_at = from + patience * G_USEC_PER_SEC;
    sm_crew_note_progress(transfer->shared->note);
}

/* Seconds without a byte after which another URL is asked for. */
static guint
stall_of(const SmTransfer *transfer)
{
    return MAX(transfer->account->give_up_after / 3, 1);
}

static long
status_of(const SmTransfer *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static gboolean
odd(SmTransfer *transfer, const char *what)
{
    return sm_error_set(&transfer->fault, SM_ERROR_INTEGRITY, "the object store's answer %s", what);
}

/* Whether the answer is sent in chunks (RFC 9112, 7.1): they have an end, whatever a Content-Length
 * beside them says. */
static gboolean
is_in_chunks(const SmTransfer *transfer)
{
    g_autofree char *codings = sm_http_headers(transfer->handle, "Transfer-Encoding");
    const char *last = codings != NULL ? strrchr(codings, ',') : NULL;

    return codings != NULL &&
           g_ascii_strcasecmp(g_strstrip(last != NULL ? (char *)last + 1 : codings), "chunked") ==
               0;
}

/* *total: the bytes of the whole object, by Content-Length or Content-Range; -1 if only the end of
 * the answer shows it. FALSE and a fault if they do not match the request. */
static gboolean
read_total(SmTransfer *transfer, long status, gint64 *total)
{
    const char *range = sm_http_header(transfer->handle, "Content-Range");
    g_autofree char *lengths = sm_http_headers(transfer->handle, "Content-Length");
    curl_off_t length = -1;
    gint64 first, last;

    *total = -1;
    if (!is_in_chunks(transfer)) {
        curl_easy_getinfo(transfer->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length < 0)
            return odd(transfer, "has no Content-Length, so its end is unknown");
        if (!sm_object_length_is_sound(lengths))
            return odd(transfer, "has a Content-Length that is no single number");
    }
    if (status == 200) {
        *total = length;
        return TRUE;
    }
    if (range == NULL ||
        sscanf(range,
               "bytes %" G_GINT64_MODIFIER "d-%" G_GINT64_MODIFIER "d/%" G_GINT64_MODIFIER "d",
               &first, &last, total) != 3 ||
        transfer->offset == 0 || first != transfer->offset || last != *total - 1 ||
        (length >= 0 && last - first + 1 != length))
        return odd(transfer, "has another range than requested");
    return TRUE;
}

static gboolean
object_is_new(SmTransfer *transfer, const char *etag, gint64 total)
{
    g_free(transfer->state.etag);
    transfer->state.etag = g_strdup(etag);
    transfer->state.total = total;
    return sm_part_start_over(transfer->part, sm_etag_md5(etag, NULL), &transfer->fault) &&
           sm_part_has_room(transfer->part, MAX(total, 0), &transfer->fault) &&
           (transfer->started == NULL ||
            transfer->started(&transfer->state, transfer->user_data, &transfer->fault));
}

/* A store that ignores If-Range may send the end of another object. */
static gboolean
object_goes_on(SmTransfer *transfer, const char *etag, gint64 total)
{
    if (etag != NULL && g_strcmp0(etag, transfer->state.etag) != 0) {
        g_clear_pointer(&transfer->state.etag, g_free); /* the next GET is for all of it */
        sm_error_set(&transfer->fault, SM_ERROR_OBJECT, "the object changed during the download");
        return FALSE;
    }
    transfer->state.total = total;
    return sm_part_has_room(transfer->part, total - transfer->offset, &transfer->fault);
}

/* Whether Content-Encoding says that the bytes are the file's own. */
static gboolean
is_plain(SmTransfer *transfer)
{
    g_autofree char *encoding = sm_http_headers(transfer->handle, "Content-Encoding");
    g_autofree char *coding = sm_object_coding(encoding);
    g_autofree char *what = NULL;

    transfer->state.framed = encoding != NULL && strcasestr(encoding, "aws-chunked") != NULL;
    if (coding == NULL)
        return TRUE;
    what = g_strdup_printf("is encoded (Content-Encoding: %s), but the plain file was requested"
                           "; does a proxy compress it?",
                           coding);
    return odd(transfer, what);
}

static gboolean
is_small_enough(SmTransfer *transfer, gint64 size)
{
    if (size < 0 || (guint64)size <= transfer->account->max_file_size)
        return TRUE;
    return sm_error_set(&transfer->fault, SM_ERROR_SIZE,
                        "%" G_GINT64_FORMAT
                        " bytes exceed max-file-size (account %s); raise it if that is right",
                        size, transfer->account->name);
}

/* Checks the headers of a 200 or 206 before the first byte is written. */
static gboolean
open_object(SmTransfer *transfer, long status)
{
    const char *given = sm_http_header(transfer->handle, "ETag");
    g_autofree char *etag = given != NULL ? sm_text_clean(given, ETAG_MAX) : NULL;
    gint64 total;

    transfer->opened = TRUE;
    if (!read_total(transfer, status, &total) || !is_plain(transfer) ||
        !is_small_enough(transfer, total))
        return FALSE;
    transfer->state.etag_kind = sm_etag_kind(
        etag != NULL ? etag : transfer->state.etag,
        sm_http_header(transfer->handle, "x-amz-server-side-encryption"),
        sm_http_header(transfer->handle, "x-amz-server-side-encryption-customer-algorithm"));
    if (transfer->state.listed >= 0 && total >= 0 && total != transfer->state.listed)
        g_warning("account %s: the object store has %" G_GINT64_FORMAT
                  " bytes, but the listing says %" G_GINT64_FORMAT,
                  transfer->account->name, total, transfer->state.listed);
    return status == 206 ? object_goes_on(transfer, etag, total)
                         : object_is_new(transfer, etag, total);
}

static size_t
receive(char *data, size_t size, size_t count, void *user_data)
{
    SmTransfer *transfer = user_data;
    gsize length = size * count;
    long status = status_of(transfer);

    if (status != 200 && status != 206) {
        g_string_append_len(transfer->refusal, data,
                            (gssize)MIN(length, REFUSAL_MAX - transfer->refusal->len));
        return length;
    }
    if (!transfer->opened && !open_object(transfer, status))
        return 0;
    if (!is_small_enough(transfer, sm_part_size(transfer->part) + (gint64)length) ||
        !sm_part_write(transfer->part, data, length, &transfer->fault))
        return 0;
    sm_progress_move(transfer->state.line, sm_part_size(transfer->part), transfer->state.total);
    return length;
}

static int
end_slow(SmTransfer *transfer, const char *what, guint seconds)
{
    sm_error_set(&transfer->fault, SM_ERROR_OBJECT,
                 "the object store is too slow: %s for %u s (give-up-after of account %s)", what,
                 seconds, transfer->account->name);
    return 1;
}

static void
tell(SmTransfer *transfer, gint64 bytes, gint64 time)
{
    const SmTransferState *state = &transfer->state;

    if (transfer->state.row == 0 || time - transfer->told_at < TELL_US)
        return;
    transfer->told_at = time;
    sm_lock_tell(transfer->state.lock_fd, transfer->state.row, bytes,
                 state->total >= 0 ? state->total : state->listed);
}

/* libcurl calls it all the time, also while nothing arrives. Not 0 ends a transfer that is too
 * slow. CURLOPT_LOW_SPEED_LIMIT would average over a few seconds only. */
static int
watch_rate(void *user_data, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
    SmTransfer *transfer = user_data;
    guint patience = transfer->account->give_up_after;
    gint64 bytes = sm_part_size(transfer->part), time = g_get_monotonic_time();
    curl_off_t sent = 0; /* when the request was sent; 0: not yet, connect-timeout limits that */

    curl_easy_getinfo(transfer->handle, CURLINFO_PRETRANSFER_TIME_T, &sent);
    tell(transfer, bytes, time);
    if (bytes >= transfer->state.enough)
        sm_transfer_measure(transfer, bytes, time);
    if (bytes != transfer->seen || sent == 0) {
        transfer->seen = bytes;
        transfer->seen_at = time;
    }
    if (time - transfer->seen_at > stall_of(transfer) * G_USEC_PER_SEC)
        return end_slow(transfer, "it sent nothing", stall_of(transfer));
    return time < transfer->state.give_up_at
               ? 0
               : end_slow(transfer, "it sent less than 4096 bytes a second", patience);
}

/* S3's error code, from <Code>...</Code>, to be shown; letters only, so never a part of the URL.
 * Caller frees; "" if none. */
static char *
refusal_code(const SmTransfer *transfer)
{
    const char *code = strstr(transfer->refusal->str, "<Code>");
    gsize length = 0;

    if (code == NULL)
        return g_strdup("");
    code += strlen("<Code>");
    while (g_ascii_isalpha(code[length]))
        length++;
    return length > 0 && length <= CODE_MAX && code[length] == '<'
               ? g_strdup_printf(": %.*s", (int)length, code)
               : g_strdup("");
}

/* Whether a 416 says that the part already has all bytes: RFC 9110, 15.5.17, gives the length. */
static gboolean
is_complete(SmTransfer *transfer)
{
    const char *range = sm_http_header(transfer->handle, "Content-Range");
    gint64 total;

    if (transfer->offset == 0 || range == NULL ||
        sscanf(range, "bytes */%" G_GINT64_MODIFIER "d", &total) != 1 || total != transfer->offset)
        return FALSE;
    transfer->state.total = total;
    return TRUE;
}

static gboolean
judge_end(SmTransfer *transfer, GError **error)
{
    g_autofree char *code = NULL;
    long status = status_of(transfer);

    transfer->state.retry_after = sm_http_retry_after(transfer->handle);
    transfer->state.host_failed = status >= 500 || status == 429;
    sm_pace_answer(transfer->shared->pace, status, transfer->state.retry_after);
    if (status == 200 || status == 206) {
        /* an empty object has no byte to call receive() */
        if (!transfer->opened && !open_object(transfer, status)) {
            g_propagate_error(error, g_steal_pointer(&transfer->fault));
            return FALSE;
        }
        return TRUE;
    }
    if (status == 304 && transfer->asked_if_changed) {
        transfer->state.unchanged = TRUE;
        return TRUE;
    }
    if (status == 416 && is_complete(transfer))
        return TRUE;
    if (status == 416)
        g_clear_pointer(&transfer->state.etag, g_free); /* the next GET is for all of it */
    code = refusal_code(transfer);
    return sm_error_set(error, SM_ERROR_OBJECT, "the object store answers %ld%s%s", status, code,
                        status / 100 == 3 ? " (a redirect; not followed)" : "");
}

static SmHeaderList *
headers_for(SmTransfer *transfer, const char *if_none_match)
{
    SmHeaderList *headers = curl_slist_append(NULL, "Accept:");

    if (transfer->offset > 0) {
        g_autofree char *range =
            g_strdup_printf("Range: bytes=%" G_GINT64_FORMAT "-", transfer->offset);
        g_autofree char *guard = g_strconcat("If-Range: ", transfer->state.etag, NULL);

        headers = curl_slist_append(headers, range);
        headers = curl_slist_append(headers, guard);
    } else if (transfer->asked_if_changed) {
        g_autofree char *guard = g_strconcat("If-None-Match: ", if_none_match, NULL);

        headers = curl_slist_append(headers, guard);
    }
    return headers;
}

static void
set_options(SmTransfer *transfer, const char *url, SmHeaderList *headers)
{
    CURL *handle = transfer->handle;

    sm_guard_set(&transfer->guard, handle, transfer->account, url);
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L); /* the signature covers each byte */
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, watch_rate);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, transfer);
}

static gboolean
set_failure(SmTransfer *transfer, const char *url, CURLcode result, const char *detail,
            GError **error)
{
    transfer->state.host_failed = TRUE;
    if (transfer->fault != NULL)
        g_propagate_error(error, g_steal_pointer(&transfer->fault));
    else if (result == CURLE_ABORTED_BY_CALLBACK && sm_pace_has_stopped(transfer->shared->pace))
        sm_pace_set_stopped(error);
    else if (result == CURLE_ABORTED_BY_CALLBACK)
        sm_error_set(error, SM_ERROR_LIMIT, "not complete within run-limit (account %s): %s",
                     transfer->account->name,
                     sm_account_encrypts(transfer->account)
                         ? "encrypted downloads cannot resume; raise run-limit"
                         : "the next try resumes it");
    else if (result != CURLE_COULDNT_CONNECT || sm_guard_let_pass(&transfer->guard, url, error))
        sm_http_set_error(error, SM_ERROR_OBJECT, transfer->handle, url, result, detail);
    return FALSE;
}

gboolean
sm_transfer_get(SmTransfer *transfer, const char *url, SmPart *part, const char *if_none_match,
                GError **error)
{
    g_autoptr(SmHeaderList) headers = NULL;
    char detail[CURL_ERROR_SIZE] = "";
    CURLcode result;

    if (!sm_http_prepare(transfer->handle, transfer->account, stall_of(transfer), detail, error))
        return FALSE;
    transfer->part = part;
    transfer->seen_at = transfer->told_at = g_get_monotonic_time();
    transfer->offset = sm_etag_is_strong(transfer->state.etag) ? sm_part_size(part) : 0;
    transfer->asked_if_changed = transfer->offset == 0 && if_none_match != NULL;
    transfer->opened = FALSE;
    transfer->state.retry_after = 0;
    transfer->state.unchanged = FALSE;
    transfer->state.host_failed = FALSE;
    g_string_truncate(transfer->refusal, 0);
    headers = headers_for(transfer, if_none_match);
    set_options(transfer, url, headers);
    result = sm_http_engine_perform(transfer->shared->engine, transfer->handle,
                                    transfer->state.deadline);
    curl_easy_setopt(transfer->handle, CURLOPT_URL, NULL); /* libcurl's copy is a capability */
    if (result != CURLE_OK)
        return set_failure(transfer, url, result, detail, error);
    return judge_end(transfer, error);
}
