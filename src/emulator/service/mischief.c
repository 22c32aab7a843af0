#include "emulator/service/mischief.h"

#include <string.h>

#include "emulator/base/autoptr.h"
#include "emulator/s3/error.h"
#include "emulator/service/refusal.h"

/* The form of an MD5, and of none that a file will have. */
#define WRONG_MD5 "\"0bad0bad0bad0bad0bad0bad0bad0bad\""
#define PORTAL                                                                                     \
    "<!DOCTYPE html>\n<html><head><title>Scheduled maintenance</title></head>\n"                   \
    "<body><h1>We'll be back soon</h1></body></html>\n"

enum { HUGE = 70 * 1000 }; /* bytes, more than the 64 KiB that an answer may have */

static cJSON *
parse_body(const SmAnswer *answer)
{
    gsize size;
    const char *text = g_bytes_get_data(answer->bytes, &size);

    return cJSON_ParseWithLength(text, size);
}

static SmAnswer *
huge(const SmAnswer *answer, gint64 size)
{
    cJSON *json = parse_body(answer);
    g_autofree char *padding = g_strnfill(size != SM_FAULT_NO_VALUE ? (gsize)size : HUGE, 'x');

    cJSON_AddStringToObject(json, "padding", padding);
    return sm_answer_json(answer->status, json);
}

static void
break_off(SmAnswer *answer)
{
    gsize size;
    const char *text = g_bytes_get_data(answer->bytes, &size);

    sm_answer_take_text(answer, "application/json", g_strndup(text, size / 2), size / 2);
}

/* The URL with its authority replaced: HOST stands for itself, the rest is written around it. */
static char *
rewrite_url(const SmFault *fault, const char *url)
{
    const char *host = strstr(url, "://") + strlen("://");
    const char *path = host + strcspn(host, "/");
    g_autofree char *authority = g_strndup(host, (gsize)(path - host));

    switch (fault->kind) {
    case SM_FAULT_FOREIGN_HOST:
        return g_strconcat("https://", fault->text, path, NULL);
    case SM_FAULT_HTTP_URL:
        return g_strconcat("http://", authority, path, NULL);
    default:
        return g_strconcat("https://somebody:something@", authority, path, NULL);
    }
}

static SmAnswer *
change_url(const SmFault *fault, const SmAnswer *answer, const SmRequest *request,
           const SmSigner *signer)
{
    cJSON *json = parse_body(answer);
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItem(json, "fileUrl"));
    g_autofree char *changed = NULL;

    if (fault->kind == SM_FAULT_EXPIRED)
        changed = sm_signer_url(signer, request->name, request->arrived - signer->lifetime - 1);
    else
        changed = rewrite_url(fault, url);
    cJSON_ReplaceItemInObject(json, "fileUrl", cJSON_CreateString(changed));
    return sm_answer_json(answer->status, json);
}

/* Faults that put another answer in place of the right one; NULL for the other kinds. */
static SmAnswer *
another(const SmFault *fault, const SmAnswer *answer, const SmRequest *request,
        const SmSigner *signer)
{
    g_autofree char *seconds = NULL;
    SmAnswer *other = NULL;

    switch (fault->kind) {
    case SM_FAULT_STATUS:
        return sm_refusal(request, (guint)fault->number);
    case SM_FAULT_HTML:
        return sm_refusal_html((guint)fault->number);
    case SM_FAULT_GATEWAY:
        return sm_refusal_gateway((guint)fault->number);
    case SM_FAULT_MAX_SESSIONS:
        return sm_answer_message((guint)fault->number, SM_WORDS_SESSIONS);
    case SM_FAULT_RETRY_AFTER:
        other = sm_refusal(request, 503);
        seconds = g_strdup_printf("%" G_GINT64_FORMAT, fault->number);
        sm_answer_set_header(other, "Retry-After", seconds);
        return other;
    case SM_FAULT_XML_200:
        other = sm_s3_error("InternalError", NULL, NULL);
        other->status = 200;
        return other;
    case SM_FAULT_NOT_JSON:
        other = sm_answer_new(200);
        sm_answer_take_text(other, "text/html", g_strdup(PORTAL), strlen(PORTAL));
        return other;
    case SM_FAULT_HUGE_JSON:
        return huge(answer, fault->number);
    case SM_FAULT_REDIRECT:
        other = sm_answer_new(302);
        sm_answer_set_header(other, "Location", fault->text);
        return other;
    case SM_FAULT_EXPIRED:
    case SM_FAULT_FOREIGN_HOST:
    case SM_FAULT_HTTP_URL:
    case SM_FAULT_USERINFO_URL:
        return change_url(fault, answer, request, signer);
    default:
        return NULL;
    }
}

static void
stop_after(SmAnswer *answer, SmEnd end, guint64 stop)
{
    answer->end = end;
    answer->stop = MIN(stop, answer->length);
}

/* Faults in how the right answer is sent. */
static void
spoil(const SmFault *fault, SmAnswer *answer)
{
    guint64 number = (guint64)MAX(fault->number, 0);

    switch (fault->kind) {
    case SM_FAULT_DRIP:
        answer->pace = (guint)number;
        break;
    case SM_FAULT_RESET:
        stop_after(answer, SM_END_RESET, number);
        answer->silent = fault->number == SM_FAULT_NO_VALUE;
        break;
    case SM_FAULT_SHORT:
        stop_after(answer, SM_END_CLOSE, answer->length - MIN(number, answer->length));
        break;
    case SM_FAULT_STALL:
        stop_after(answer, SM_END_STALL, number);
        break;
    case SM_FAULT_BROKEN_JSON:
        break_off(answer);
        break;
    case SM_FAULT_WRONG_LENGTH:
        answer->declared = MAX(0, (gint64)answer->length + fault->number);
        break;
    case SM_FAULT_NO_LENGTH:
        answer->declared = SM_LENGTH_NONE;
        break;
    case SM_FAULT_ENCODING:
        sm_answer_set_header(answer, "Content-Encoding", "gzip");
        break;
    case SM_FAULT_BAD_ETAG:
        sm_answer_set_header(answer, "ETag", WRONG_MD5);
        break;
    case SM_FAULT_CORRUPT:
        answer->flip = answer->length > 0 ? (gint64)(answer->length / 2) : SM_FLIP_NONE;
        break;
    default:
        break;
    }
}

SmAnswer *
sm_mischief(const SmFault *fault, SmAnswer *answer, const SmRequest *request,
            const SmSigner *signer)
{
    SmAnswer *other = another(fault, answer, request, signer);

    if (other == NULL) {
        spoil(fault, answer);
        return answer;
    }
    sm_answer_free(answer);
    return other;
}
