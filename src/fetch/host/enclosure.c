#include "fetch/host/enclosure.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/each.h"
#include "common/base/error.h"
#include "common/base/landlock.h"
#include "common/base/startup.h"
#include "common/config/places.h"

#define ETC "/etc/"
#define OBSTACLE_KERNEL "the kernel offers no landlock (ABI 2, Linux 5.19)"

/* Programs, libraries, what name services read, and what the process asks about itself; /etc
 * besides. */
static const SmLandlockPlace common[] = {
    {"/usr", SM_LANDLOCK_EXECUTE},         {"/lib", SM_LANDLOCK_EXECUTE},
    {"/lib64", SM_LANDLOCK_EXECUTE},       {"/run/systemd", SM_LANDLOCK_READ},
    {"/run/resolvconf", SM_LANDLOCK_READ}, {"/run/NetworkManager", SM_LANDLOCK_READ},
    {"/var/lib/sss", SM_LANDLOCK_READ},    {"/proc", SM_LANDLOCK_READ},
    {"/dev/null", SM_LANDLOCK_WRITE},      {"/dev/urandom", SM_LANDLOCK_READ},
    {"/run/scoremail", SM_LANDLOCK_READ},
};

gboolean
sm_enclosure_is_possible(void)
{
    return sm_landlock_abi() >= SM_LANDLOCK_RENAMES;
}

const char *
sm_enclosure_obstacle(const SmConfig *config, const SmAccount *account)
{
    if (account->password_command != NULL)
        return "it runs password-command";
    if (!config->commands_deferred && account->on_stored != NULL)
        return "it runs on-stored; commands = deferred leaves that to scorefetch tell";
    if (!config->commands_deferred && (config->alert_mail != NULL || config->alert_command != NULL))
        return "it sends alerts; commands = deferred leaves that to scorefetch tell";
    return sm_enclosure_is_possible() ? NULL : OBSTACLE_KERNEL;
}

/* Where gpg keeps its keys and locks; NULL where it is not used. Caller frees. */
static char *
find_keys(const SmAccount *account)
{
    g_autofree char *home = NULL;

    if (!sm_account_encrypts(account))
        return NULL;
    if (account->gnupg_home != NULL)
        return g_strdup(account->gnupg_home);
    home = sm_startup_home();
    return home != NULL ? g_build_filename(home, ".gnupg", NULL) : NULL;
}

/* Adds the name in /etc that path is, or lies below. */
static void
add_name(GHashTable *names, const char *path)
{
    if (path != NULL && g_str_has_prefix(path, ETC))
        g_hash_table_add(names, g_strndup(path + strlen(ETC), strcspn(path + strlen(ETC), "/")));
}

static gboolean
is_absent(gpointer name, gpointer value, gpointer user_data)
{
    g_autofree char *path = g_strconcat(ETC, (char *)name, NULL);

    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

/* The names in /etc of what has anything that is an account's: of thousands, in every process.
 * Caller frees. */
static GHashTable *
find_ours(const SmConfig *config)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    add_name(names, config->file);
    add_name(names, SM_SYSCONFDIR "/scoremail");
    SM_EACH (const SmAccount, account, config->accounts) {
        add_name(names, account->password_file);
        add_name(names, account->gnupg_home);
        add_name(names, account->directory);
    }
    g_hash_table_foreach_remove(names, is_absent, NULL);
    return names;
}

/* What name services, TLS and gpg are configured by is in /etc: all of it, where nothing there is
 * an account's. paths keeps the text. */
static void
let_etc(const SmConfig *config, GArray *places, GPtrArray *paths)
{
    g_autoptr(GHashTable) ours = find_ours(config);
    const SmLandlockPlace whole = {ETC, SM_LANDLOCK_READ};
    g_autoptr(GDir) etc = NULL;
    const char *name;

    if (g_hash_table_size(ours) == 0)
        g_array_append_val(places, whole);
    else
        etc = g_dir_open(ETC, 0, NULL);
    while (etc != NULL && (name = g_dir_read_name(etc)) != NULL) {
        char *path = g_strconcat(ETC, name, NULL);
        const SmLandlockPlace place = {path, SM_LANDLOCK_READ};

        g_ptr_array_add(paths, path);
        if (!g_hash_table_contains(ours, name))
            g_array_append_val(places, place);
    }
}

gboolean
sm_enclosure_enter(const SmConfig *config, const SmAccount *account, const char *output,
                   const char *const *files, GError **error)
{
    g_autofree char *ledger =
        sm_place_is_server(config->ledger) ? NULL : g_path_get_dirname(config->ledger);
    g_autofree char *beside = output != NULL ? g_path_get_dirname(output) : NULL;
    g_autofree char *keys = find_keys(account);
    const SmLandlockPlace own[] = {
        {account->directory, SM_LANDLOCK_WRITE},
        {ledger, SM_LANDLOCK_WRITE}, /* SQLite makes and removes files beside it */
        {config->spool, SM_LANDLOCK_WRITE},
        {keys, SM_LANDLOCK_WRITE},
        {beside, SM_LANDLOCK_WRITE},
        {account->password_file, SM_LANDLOCK_READ},
        {account->password_credential != NULL ? g_getenv("CREDENTIALS_DIRECTORY") : NULL,
         SM_LANDLOCK_READ},
        {account->ca_file, SM_LANDLOCK_READ},
        {config->log == SM_LOG_FILE ? config->log_file : NULL, SM_LANDLOCK_WRITE},
    };
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(SmLandlockPlace));
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    g_array_append_vals(places, common, G_N_ELEMENTS(common));
    g_array_append_vals(places, own, G_N_ELEMENTS(own));
    for (; *files != NULL; files++)
        g_array_append_val(places, ((SmLandlockPlace){*files, SM_LANDLOCK_READ}));
    let_etc(config, places, paths);
    return sm_landlock_enter_with(sm_landlock_abi(), &g_array_index(places, SmLandlockPlace, 0),
                                  places->len) ||
           sm_error_from_errno(error, SM_ERROR_INTERNAL, "account %s: landlock", account->name);
}
