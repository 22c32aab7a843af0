#include "fetch/crypto/gpg.h"

#include "common/base/error.h"
#include "fetch/host/subprocess.h"

enum { REASON_MAX = 200, ARGUMENTS_MAX = 8, CHECK_LIMIT = 30 /* seconds */ };

#define BUFFER_SIZE "65536" /* what a pipe holds; GPGME's own are half a kilobyte */

gboolean
sm_gpg_set_error(GError **error, int code, gpgme_error_t why, const char *what)
{
    char text[REASON_MAX] = "";

    gpgme_strerror_r(why, text, sizeof text);
    return sm_error_set(error, code, "%s: %s", what, text);
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

gboolean
sm_gpg_check(SmGpg *gpg, const char *list, GError **error)
{
    gpgme_engine_info_t engine = gpgme_ctx_get_engine_info(gpg);
    gboolean has_home;
    const char *argv[ARGUMENTS_MAX] = {"gpg", "--batch", "--no-tty", "--quiet", list};
    char nothing[1];
    gsize length = sizeof nothing;

    while (engine != NULL && engine->protocol != GPGME_PROTOCOL_OpenPGP)
        engine = engine->next;
    has_home = engine != NULL && engine->home_dir != NULL;
    if (engine != NULL && engine->file_name != NULL)
        argv[0] = engine->file_name;
    if (has_home) {
        argv[5] = "--homedir";
        argv[6] = engine->home_dir;
    }
    if (sm_subprocess(argv, g_get_monotonic_time() + CHECK_LIMIT * G_USEC_PER_SEC, nothing, &length,
                      SM_ERROR_ENCRYPTION, error))
        return TRUE;
    g_prefix_error(error, "%s %s%s%s ", argv[0], list, has_home ? " --homedir " : "",
                   has_home ? engine->home_dir : "");
    return FALSE;
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
