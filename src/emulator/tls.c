#include "emulator/tls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "emulator/base/certificate.h"

/* In the order in which sm_certificate_make() has them. */
static const struct {
    const char *name;
    int mode;
} kept[] = {{"ca.pem", 0644}, {"server.pem", 0644}, {"server.key", 0600}};

void
sm_tls_free(SmTls *tls)
{
    g_free(tls->ca_path);
    g_free(tls->certificate);
    g_free(tls->key);
    g_free(tls);
}

static gboolean
read_file(const char *path, char **text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (g_file_get_contents(path, text, NULL, &cause))
        return TRUE;
    return sm_error_set(error, SM_ERROR_IO, "%s: %s", path, sm_error_of_file(cause));
}

static SmTls *
load(const char *ca, const char *certificate, const char *key, GError **error)
{
    g_autoptr(SmTls) tls = g_new0(SmTls, 1);

    tls->ca_path = g_canonicalize_filename(ca, NULL);
    if (!read_file(certificate, &tls->certificate, error) || !read_file(key, &tls->key, error))
        return NULL;
    return g_steal_pointer(&tls);
}

SmTls *
sm_tls_load(const char *certificate, const char *key, GError **error)
{
    g_autoptr(SmTls) tls = load(certificate, certificate, key, error);

    if (tls == NULL || sm_certificate_has_key(tls->certificate, tls->key))
        return g_steal_pointer(&tls);
    return sm_error_null(error, SM_ERROR_CONFIG,
                         "--tls-cert %s: no PEM certificate that belongs to the key in %s",
                         certificate, key);
}

static gboolean
write_files(const char *folder, const GPtrArray *made, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *path = g_build_filename(folder, kept[i].name, NULL);
        g_autoptr(GError) cause = NULL;

        if (g_file_set_contents_full(path, made->pdata[i], -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                     kept[i].mode, &cause) &&
            chmod(path, (mode_t)kept[i].mode) == 0) /* whatever the umask is */
            continue;
        return sm_error_set(error, SM_ERROR_IO, "%s: %s", path,
                            cause != NULL ? sm_error_of_file(cause) : g_strerror(errno));
    }
    return TRUE;
}

static gboolean
is_usable(const char *folder, const char *const *hosts)
{
    g_autofree char *path = g_build_filename(folder, kept[1].name, NULL);
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *each = g_build_filename(folder, kept[i].name, NULL);

        if (access(each, R_OK) < 0)
            return FALSE;
    }
    return g_file_get_contents(path, &text, NULL, NULL) && sm_certificate_is_for(text, hosts);
}

SmTls *
sm_tls_keep(const char *folder, const char *const *hosts, GError **error)
{
    g_autofree char *ca = g_build_filename(folder, kept[0].name, NULL);
    g_autofree char *certificate = g_build_filename(folder, kept[1].name, NULL);
    g_autofree char *key = g_build_filename(folder, kept[2].name, NULL);
    sm_autofd int lock = -1;

    if (g_mkdir_with_parents(folder, 0755) == 0)
        lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) { /* two that start at once make one authority */
        return sm_error_null_errno(error, SM_ERROR_IO, "TLS folder %s", folder);
    }
    if (!is_usable(folder, hosts)) {
        g_autoptr(GPtrArray) made = sm_certificate_make(hosts, error);

        if (made == NULL || !write_files(folder, made, error))
            return NULL;
    }
    return load(ca, certificate, key, error);
}

void
sm_tls_remove(const char *folder)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *path = g_build_filename(folder, kept[i].name, NULL);

        unlink(path);
    }
    rmdir(folder);
}
