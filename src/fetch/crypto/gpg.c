#include "fetch/crypto/gpg.h"

#include "common/base/error.h"
#include "common/base/text.h"

enum { REASON_MAX = 200 };

#define BUFFER_SIZE "65536" /* what a pipe holds; GPGME's own are half a kilobyte */

gboolean
sm_gpg_set_error(GError **error, int code, gpgme_error_t why, const char *what)
{
    char text[REASON_MAX] = "";

    gpgme_strerror_r(why, text, sizeof text);
    g_set_error(error, SM_ERROR, code, "%s: %s", what, text);
    return FALSE;
}

/* Sets the library up, which two threads must not do at once. */
static void
set_up(void)
{
    static gsize done = 0;

    if (g_once_init_enter(&done)) {
        gpgme_check_version(NULL);
        g_once_init_leave(&done, 1);
    }
}

SmGpg *
sm_gpg_open(const char *home, GError **error)
{
    g_autoptr(SmGpg) gpg = NULL;
    gpgme_error_t fault;

    set_up();
    fault = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
    if (fault == 0)
        fault = gpgme_new(&gpg);
    if (fault == 0 && home != NULL)
        fault = gpgme_ctx_set_engine_info(gpg, GPGME_PROTOCOL_OpenPGP, NULL, home);
    if (fault == 0)
        return g_steal_pointer(&gpg);
    sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, fault, "gpg is unusable; is GnuPG installed?");
    return NULL;
}

SmGpgData *
sm_gpg_data(struct gpgme_data_cbs *callbacks, gpointer handle, GError **error)
{
    SmGpgData *data;
    gpgme_error_t fault = gpgme_data_new_from_cbs(&data, callbacks, handle);

    if (fault != 0) {
        sm_gpg_set_error(error, SM_ERROR_INTERNAL, fault, "GPGME");
        return NULL;
    }
    gpgme_data_set_flag(data, "io-buffer-size", BUFFER_SIZE);
    gpgme_data_set_flag(data, "sensitive", "1"); /* students' data */
    return data;
}
