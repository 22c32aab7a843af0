#include "filter/reader.h"

#include "common/base/error.h"
#include "filter/load.h"

const SmReader *
sm_reader_load(GError **error)
{
    g_autofree char *why = NULL;
    const SmReader *reader = sm_load("scoremail-reader.so", "sm_reader", &why);

    if (reader == NULL)
        sm_error_set(error, SM_ERROR_INTERNAL, "%s", why);
    return reader;
}
