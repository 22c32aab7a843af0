#include "fetch/rules/policy.h"

#include <string.h>

#include "common/event/name.h"

static gboolean
has_extension(const char *name, const char *extension)
{
    return g_ascii_strcasecmp(sm_name_extension(name), extension) == 0;
}

gboolean
sm_policy_is_pair(const char *name)
{
    return has_extension(name, "csv") || has_extension(name, "txt");
}

gboolean
sm_policy_drops(SmFormat format, const char **wanted, const char **dropped)
{
    *wanted = format == SM_FORMAT_TXT ? "txt" : "csv";
    *dropped = format == SM_FORMAT_TXT ? "csv" : "txt";
    return format == SM_FORMAT_CSV || format == SM_FORMAT_TXT;
}

gboolean
sm_policy_wants_type(const char *const *types, const char *type, char **reason)
{
    g_autofree char *wanted = NULL;

    if (types == NULL || type == NULL)
        return TRUE;
    for (const char *const *each = types; *each != NULL; each++)
        if (g_ascii_strcasecmp(*each, type) == 0)
            return TRUE;
    wanted = g_strjoinv(", ", (char **)types);
    *reason = g_strdup_printf("file-types = %s", wanted);
    return FALSE;
}

static SmDecision
decide_first(SmSibling sibling, char **reason)
{
    switch (sibling) {
    case SM_SIBLING_STORED:
        *reason = g_strdup("format = first, and its other format is stored");
        return SM_DECISION_DROP;
    case SM_SIBLING_EARLIER:
        *reason = g_strdup("format = first, and its other format is not stored yet");
        return SM_DECISION_WAIT;
    case SM_SIBLING_LATER:
    case SM_SIBLING_NONE:
        break;
    }
    *reason = g_strdup("format = first");
    return SM_DECISION_FETCH;
}

SmDecision
sm_policy_decide(SmFormat format, const char *const *extensions, const char *name,
                 SmSibling sibling, char **reason)
{
    const char *wanted, *dropped;

    if (sm_name_check(name, strlen(name), extensions, NULL) != SM_NAME_VALID) {
        g_autofree char *list = g_strjoinv(", ", (char **)extensions);

        *reason = g_strdup_printf("extensions = %s", list);
        return SM_DECISION_NOT_WANTED;
    }
    if (format == SM_FORMAT_FIRST && sm_policy_is_pair(name))
        return decide_first(sibling, reason);

    *reason = g_strdup_printf("format = %s", sm_format_name(format));
    return sm_policy_drops(format, &wanted, &dropped) && has_extension(name, dropped)
               ? SM_DECISION_DROP
               : SM_DECISION_FETCH;
}
