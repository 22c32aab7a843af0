#include "common/event/name.h"

#include <string.h>

const char *const sm_default_extensions[] = {"csv", "txt", NULL};

static const char *
form_fault(const char *name, gsize length)
{
    if (length == 0)
        return "is empty";
    if (length > SM_NAME_MAX)
        return "is longer than 128 bytes";
    if (name[0] == '.' || name[0] == '-')
        return "starts with a dot or a hyphen";
    if (name[0] == ' ' || name[length - 1] == ' ')
        return "starts or ends with a space";
    for (gsize i = 0; i < length; i++) {
        char next = i + 1 < length ? name[i + 1] : '\0';

        if (!g_ascii_isalnum(name[i]) && memchr("._- ", name[i], 4) == NULL)
            return "has a character other than letters, digits, '.', '_', '-' and space";
        if (name[i] == '.' && next == '.')
            return "has two dots in a row";
        if (name[i] == ' ' && next == ' ')
            return "has two spaces in a row";
    }
    return NULL;
}

static const char *
extension_fault(const char *name, gsize length)
{
    const char *dot = memrchr(name, '.', length);
    gsize extension = dot != NULL ? length - (gsize)(dot + 1 - name) : 0;

    if (dot == NULL || extension == 0)
        return "has no extension";
    if (extension > SM_EXTENSION_MAX)
        return "has an extension longer than 16 bytes";
    for (gsize i = 1; i <= extension; i++)
        if (!g_ascii_isalnum(dot[i]))
            return "has an extension with something else than letters and digits";
    return NULL;
}

SmNameVerdict
sm_name_check(const char *name, gsize length, const char *const *extensions, const char **why)
{
    const char *fault = form_fault(name, length);
    gsize extension;

    if (fault == NULL)
        fault = extension_fault(name, length);
    if (why != NULL)
        *why = fault;
    if (fault != NULL)
        return SM_NAME_INVALID;

    extension = length - (gsize)((const char *)memrchr(name, '.', length) + 1 - name);
    for (; *extensions != NULL; extensions++)
        if (strlen(*extensions) == extension &&
            g_ascii_strncasecmp(*extensions, name + length - extension, extension) == 0)
            return SM_NAME_VALID;
    return SM_NAME_NOT_WANTED;
}

const char *
sm_name_extension(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? dot + 1 : name + strlen(name);
}

char *
sm_name_stem(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
}
