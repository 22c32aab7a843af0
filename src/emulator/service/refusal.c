#include "emulator/service/refusal.h"

#include <string.h>

#include "emulator/base/digest.h"
#include "emulator/s3/error.h"

/* As a content delivery network refuses, with a reference number. */
#define DENIED                                                                                     \
    "<HTML><HEAD>\n<TITLE>%s</TITLE>\n</HEAD><BODY>\n<H1>%s</H1>\n \n"                             \
    "You don't have permission to access this page on this server.<P>\n"                           \
    "Reference&#32;&#35;18&#46;%s\n</BODY>\n</HTML>\n"

SmAnswer *
sm_refusal(const SmRequest *request, guint status)
{
    SmAnswer *answer;

    if (status == 204 || status == 304) /* these never have a body */
        return sm_answer_new(status);
    if (request->call != SM_CALL_OBJECT && (status == 401 || status == 403))
        return sm_answer_message(status, status == 401 ? SM_WORDS_PASSWORD : SM_WORDS_ROLE);
    if (request->call != SM_CALL_OBJECT)
        return sm_answer_message(status, "The service answers %u because a fault was set", status);
    answer = sm_s3_error(sm_s3_code_for_status(status), NULL, NULL);
    answer->status = status;
    return answer;
}

static const char *
reason(guint status)
{
    if (status == 401)
        return "Unauthorized";
    if (status == 403)
        return "Forbidden";
    if (status == 429)
        return "Too Many Requests";
    return status < 500 ? "Bad Request" : "Service Unavailable";
}

SmAnswer *
sm_refusal_html(guint status)
{
    const char *title = status == 403 ? "Access Denied" : reason(status);
    g_autofree char *number = sm_random_text(24, "0123456789abcdef");
    char *page = g_strdup_printf(DENIED, title, title, number);
    SmAnswer *answer = sm_answer_new(status);

    sm_answer_take_text(answer, "text/html", page, strlen(page));
    sm_answer_set_header(answer, "Server", "AkamaiGHost");
    if (status == 401)
        sm_answer_set_header(answer, "WWW-Authenticate", "Basic realm=\"proxy\"");
    return answer;
}

SmAnswer *
sm_refusal_gateway(guint status)
{
    SmAnswer *answer = sm_answer_message(status, "%s", reason(status));
    g_autofree char *request = sm_random_uuid();
    g_autofree char *type = g_strconcat(reason(status), "Exception", NULL);

    sm_answer_set_header(answer, "x-amzn-RequestId", request);
    sm_answer_set_header(answer, "x-amzn-ErrorType", g_strdelimit(type, " ", '-'));
    return answer;
}
