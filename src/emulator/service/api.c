#include "emulator/service/api.h"

#include <string.h>

#include "emulator/base/autoptr.h"
#include "emulator/base/query.h"
#include "emulator/service/listing.h"

static SmAnswer *
refuse_form(const SmRequest *request)
{
    const char *type = sm_request_header(request, "content-type");
    g_autofree char *essence = NULL;

    if (request->call == SM_CALL_OTHER)
        return sm_answer_message(404, "There is no such call");
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
refuse_caller(const SmApi *api, SmRequest *request, const cJSON *body)
{
    const char *token = request->call != SM_CALL_LOGIN ? member(body, "token") : NULL;
    const char *username = member(body, "username");
    const char *password = member(body, "password");
    SmAdmission admission;

    if (token != NULL) {
        admission = sm_users_check_token(api->users, token, request->arrived, &request->user);
        if (admission == SM_REJECTED)
            return sm_answer_message(401, "The token is not valid or has expired");
    } else if (username != NULL && password != NULL) {
        request->user = g_strdup(username);
        admission = sm_users_check_password(api->users, username, password);
        if (admission == SM_REJECTED)
            return sm_answer_message(401, "The user name or the password is not valid");
    } else {
        return sm_answer_message(400, "The credentials are missing");
    }
    if (admission == SM_NO_ROLE)
        return sm_answer_message(403, "The user does not have the role File Downloads");
    return NULL;
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
answer_file(const SmApi *api, SmRequest *request, const GPtrArray *query)
{
    g_autoptr(SmFile) file = NULL;
    g_autofree char *url = NULL;
    cJSON *json;

    request->name = g_strdup(sm_query_get(query, "filename"));
    if (request->name == NULL || request->name[0] == '\0')
        return sm_answer_message(400, "The parameter filename is missing");
    if (!api->any_name && (file = sm_files_open(api->files, request->name)) == NULL)
        return sm_answer_message(404, "The file %s does not exist", request->name);
    url = sm_signer_url(api->signer, request->name, request->arrived);
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "fileUrl", url);
    cJSON_AddStringToObject(json, "filePath", request->name);
    return sm_answer_json(200, json);
}

static SmAnswer *
answer_list(const SmApi *api, const GPtrArray *query)
{
    const char *text = sm_query_get(query, "fromDate");
    gint64 from = G_MININT64;

    if (text != NULL && !sm_listing_parse_date(text, &from))
        return sm_answer_message(400, "fromDate must look like 2017-03-28T22:13:23-0000");
    return sm_answer_json(200, sm_listing_json(api->files, from));
}

SmAnswer *
sm_api_answer(const SmApi *api, SmRequest *request)
{
    g_autoptr(GPtrArray) query = sm_query_parse(request->query);
    g_autoptr(cJSON) body = NULL;
    SmAnswer *refusal = refuse_form(request);

    if (refusal != NULL)
        return refusal;
    if (query == NULL)
        return sm_answer_message(400, "The query is not well encoded");
    body = cJSON_ParseWithOpts(request->body->str, NULL, TRUE);
    if (!cJSON_IsObject(body))
        return sm_answer_message(400, "The request is not a JSON object");
    refusal = refuse_caller(api, request, body);
    if (refusal != NULL)
        return refusal;
    if (request->call == SM_CALL_LOGIN)
        return answer_login(api, request);
    if (request->call == SM_CALL_FILE)
        return answer_file(api, request, query);
    return answer_list(api, query);
}
