#include "emulator/service/api.h"

#include <string.h>

#include "emulator/base/autoptr.h"
#include "emulator/base/query.h"
#include "emulator/service/refusal.h"

/* The form that College Board's own Java sample uses. */
static gboolean
is_get_with_token(const SmRequest *request)
{
    return request->call == SM_CALL_FILE && strcmp(request->method, "GET") == 0 &&
           request->parameters != NULL && sm_query_get(request->parameters, "tok") != NULL;
}

static SmAnswer *
refuse_form(const SmRequest *request)
{
    const char *type = sm_request_header(request, "content-type");
    g_autofree char *essence = NULL;

    if (request->call == SM_CALL_OTHER)
        return sm_answer_message(
            404, "There is no such call: POST to login, file?filename=NAME or files/list");
    if (request->parameters == NULL)
        return sm_answer_message(400, "The query is not well encoded");
    if (is_get_with_token(request))
        return NULL;
    if (strcmp(request->method, "POST") != 0) {
        SmAnswer *answer = sm_answer_message(405, "Only POST is allowed");

        sm_answer_set_header(answer, "Allow", "POST");
        return answer;
    }
    essence = type != NULL ? g_strstrip(g_strndup(type, strcspn(type, ";"))) : g_strdup("");
    if (g_ascii_strcasecmp(essence, "application/json") != 0)
        return sm_answer_message(415, "The content type must be application/json");
    if (request->too_large)
        return sm_answer_message(413, "The request is too large");
    return NULL;
}

static const char *
member(const cJSON *body, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, name));
}

static SmAnswer *
refuse_token(const SmApi *api, SmRequest *request, const char *token)
{
    if (sm_users_check_token(api->users, token, request->arrived, &request->user) == SM_ADMITTED)
        return NULL;
    return sm_answer_message(401, "The token is not valid or has expired");
}

static SmAnswer *
refuse_password(const SmApi *api, SmRequest *request, const char *username, const char *password)
{
    SmAdmission admission = sm_users_check_password(api->users, username, password);

    request->user = g_strdup(username);
    if (admission == SM_REJECTED)
        return sm_answer_message(401, SM_WORDS_PASSWORD);
    if (admission == SM_NO_ROLE)
        return sm_answer_message(403, SM_WORDS_ROLE);
    if (request->call != SM_CALL_LOGIN &&
        !sm_sessions_take(api->sessions, username, request->arrived))
        return sm_answer_message(api->sessions_status, SM_WORDS_SESSIONS);
    return NULL;
}

static SmAnswer *
refuse_caller(const SmApi *api, SmRequest *request)
{
    g_autoptr(cJSON) body = NULL;
    const char *token, *username, *password;

    if (is_get_with_token(request))
        return refuse_token(api, request, sm_query_get(request->parameters, "tok"));
    body = cJSON_Parse(request->body->str); /* whatever stands behind it */
    if (!cJSON_IsObject(body))
        return sm_answer_message(400, "The request is not a JSON object");
    token = request->call != SM_CALL_LOGIN ? member(body, "token") : NULL;
    username = member(body, "username");
    password = member(body, "password");
    if (token != NULL)
        return refuse_token(api, request, token);
    if (username != NULL && password != NULL)
        return refuse_password(api, request, username, password);
    return sm_answer_message(400, "The credentials are missing");
}

static SmAnswer *
answer_login(const SmApi *api, const SmRequest *request)
{
    g_autofree char *token = sm_users_issue_token(api->users, request->user, request->arrived);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "token", token);
    return sm_answer_json(200, json);
}

static SmAnswer *
answer_file(const SmApi *api, const SmRequest *request)
{
    g_autoptr(SmFile) file = NULL;
    g_autofree char *url = NULL;
    cJSON *json;

    if (request->name == NULL || request->name[0] == '\0')
        return sm_answer_message(400, "The parameter filename is missing");
    if (!api->any_name && (file = sm_files_open(api->files, request->name)) == NULL)
        return sm_answer_message(404, "The file %s does not exist", request->name);
    url = sm_signer_url(api->signer, request->name, request->arrived);
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "fileUrl", url);
    cJSON_AddStringToObject(json, "filePath", request->name);
    cJSON_AddStringToObject(json, "fileName", request->name);
    if (file != NULL)
        cJSON_AddNumberToObject(json, "fileSize", (double)file->size);
    return sm_answer_json(200, json);
}

static SmAnswer *
answer_list(const SmApi *api, const SmRequest *request)
{
    const char *text = sm_query_get(request->parameters, "fromDate");
    gint64 from = G_MININT64;

    if (text != NULL && !sm_listing_parse_date(text, api->strict_dates, &from))
        return sm_answer_message(400, "fromDate must look like 2017-03-28T22:13:23-0000");
    return sm_answer_json(200, sm_listing_json(api->files, from, api->empty));
}

SmAnswer *
sm_api_answer(const SmApi *api, SmRequest *request)
{
    SmAnswer *refusal = refuse_form(request);

    if (refusal != NULL)
        return refusal;
    refusal = refuse_caller(api, request);
    if (refusal != NULL)
        return refusal;
    if (request->call == SM_CALL_LOGIN)
        return answer_login(api, request);
    if (request->call == SM_CALL_FILE)
        return answer_file(api, request);
    return answer_list(api, request);
}
