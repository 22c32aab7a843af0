#include "emulator/s3/error.h"

#include <string.h>

#include "emulator/base/digest.h"

static const struct {
    const char *code;
    guint status;
    const char *message;
} errors[] = {
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"AccessDenied", 403, "Access Denied"},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your "
     "key and signing method."},
    {"InvalidAccessKeyId", 403,
     "The AWS Access Key Id you provided does not exist in our records."},
    {"AuthorizationQueryParametersError", 400, "The authorization query parameters are invalid."},
    {"InvalidArgument", 400, "Invalid Argument"},
    {"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"NoSuchBucket", 404, "The specified bucket does not exist"},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"},
    {"InvalidRange", 416, "The requested range is not satisfiable"},
    {"TooManyRequests", 429, "Please reduce your request rate."},
    {"NotImplemented", 501, "A header you provided implies functionality that is not implemented."},
    {"SlowDown", 503, "Please reduce your request rate."},
};

static gsize
find_code(const char *code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++)
        if (strcmp(errors[i].code, code) == 0)
            return i;
    return 0;
}

const char *
sm_s3_code_for_status(guint status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++)
        if (errors[i].status == status)
            return errors[i].code;
    return errors[0].code;
}

static void
append_element(GString *xml, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *escaped = g_markup_escape_text(valid, -1);

    g_string_append_printf(xml, "<%s>%s</%s>", name, escaped, name);
}

void
sm_s3_add_headers(SmAnswer *answer)
{
    g_autofree char *request = sm_random_text(16, "0123456789ABCDEF");
    g_autofree char *host = sm_random_text(56, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM");

    sm_answer_set_header(answer, "x-amz-request-id", request);
    sm_answer_set_header(answer, "x-amz-id-2", host);
    sm_answer_set_header(answer, "Server", "AmazonS3");
}

SmAnswer *
sm_s3_error(const char *code, const char *message, const char *const *details)
{
    gsize which = find_code(code);
    SmAnswer *answer = sm_answer_new(errors[which].status);
    GString *xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    gsize length;

    sm_s3_add_headers(answer);
    append_element(xml, "Code", code);
    append_element(xml, "Message", message != NULL ? message : errors[which].message);
    for (gsize i = 0; details != NULL && details[i] != NULL; i += 2)
        append_element(xml, details[i], details[i + 1]);
    append_element(xml, "RequestId", sm_answer_header(answer, "x-amz-request-id"));
    append_element(xml, "HostId", sm_answer_header(answer, "x-amz-id-2"));
    g_string_append(xml, "</Error>");
    length = xml->len;
    sm_answer_take_text(answer, "application/xml", g_string_free(xml, FALSE), length);
    return answer;
}
