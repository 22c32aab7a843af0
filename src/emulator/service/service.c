#include "emulator/service/service.h"

#include <string.h>

#include "emulator/s3/error.h"
#include "emulator/service/mischief.h"

static void
note(GString *struck, const SmFault *fault)
{
    g_string_append_printf(struck, "%s%s", struck->len > 0 ? "+" : "", fault->name);
}

guint
sm_service_delay(const SmService *service, const SmRequest *request, GString *struck)
{
    g_autoptr(SmFault) fault = sm_faults_take(service->faults, SM_FAULT_LATE, request, 0);

    if (fault == NULL)
        return 0;
    note(struck, fault);
    return (guint)fault->number;
}

static SmAnswer *
replace_faults(const SmService *service, const SmRequest *request)
{
    g_auto(GStrv) lines = g_strsplit(request->body->str, "\n", -1);
    g_autoptr(GPtrArray) specs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    if (strcmp(request->method, "POST") != 0)
        return sm_answer_message(405, "Only POST is allowed");
    for (gsize i = 0; lines[i] != NULL; i++)
        if (g_strstrip(lines[i])[0] != '\0')
            g_ptr_array_add(specs, lines[i]);
    g_ptr_array_add(specs, NULL);
    if (!sm_faults_replace(service->faults, (const char *const *)specs->pdata, &error))
        return sm_answer_message(400, "%s", error->message);
    return sm_answer_message(200, "Faults that are set now: %u", specs->len - 1);
}

static SmAnswer *
right_answer(const SmService *service, SmRequest *request)
{
    if (strcmp(request->path, "/_emulator/faults") == 0)
        return replace_faults(service, request);
    if (request->call != SM_CALL_OBJECT)
        return sm_api_answer(&service->api, request);
    if (!service->own_store)
        return sm_s3_error("NoSuchBucket", NULL, NULL);
    return sm_objects_answer(&service->objects, request);
}

SmAnswer *
sm_service_answer(const SmService *service, SmRequest *request, GString *struck)
{
    static const SmFaultClass classes[] = {SM_FAULT_WRONG, SM_FAULT_SLOW};
    SmAnswer *answer = right_answer(service, request);

    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_autoptr(SmFault) fault =
            sm_faults_take(service->faults, classes[i], request, answer->status);

        if (fault == NULL)
            continue;
        note(struck, fault);
        answer = sm_mischief(fault, answer, request, service->api.signer);
    }
    return answer;
}
