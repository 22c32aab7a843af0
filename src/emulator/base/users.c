#include "emulator/base/users.h"

#include <string.h>

#include "common/base/error.h"
#include "emulator/base/digest.h"

struct SmUsers {
    const char *const *specs;
    const char *file;
    guint token_lifetime;
    GMutex lock;
    GHashTable *tokens; /* text -> Token */
};

typedef struct {
    char *user;
    gint64 expires;
} Token;

static void
token_free(gpointer data)
{
    Token *token = data;

    g_free(token->user);
    g_free(token);
}

SmUsers *
sm_users_new(const char *const *specs, const char *file, guint token_lifetime, GError **error)
{
    SmUsers *users;

    for (gsize i = 0; specs != NULL && specs[i] != NULL; i++) {
        if (specs[i][0] != ':' && strchr(specs[i], ':') != NULL)
            continue;
        return sm_error_null(
            error, SM_ERROR_USAGE,
            "--user no. %" G_GSIZE_FORMAT ": write NAME:PASSWORD or NAME:PASSWORD:no-role", i + 1);
    }
    users = g_new0(SmUsers, 1);
    users->specs = specs;
    users->file = file;
    users->token_lifetime = token_lifetime;
    users->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, token_free);
    g_mutex_init(&users->lock);
    return users;
}

void
sm_users_free(SmUsers *users)
{
    g_hash_table_unref(users->tokens);
    g_mutex_clear(&users->lock);
    g_free(users);
}

/* What spec says about the user of that name; FALSE if it is another user's. */
static gboolean
judge(const char *spec, const char *name, const char *password, SmAdmission *admission)
{
    gsize length = strlen(name);
    g_autofree char *secret = NULL;
    gboolean no_role;

    if (strncmp(spec, name, length) != 0 || spec[length] != ':')
        return FALSE;
    secret = g_strdup(spec + length + 1);
    no_role = g_str_has_suffix(secret, ":no-role");
    if (no_role)
        secret[strlen(secret) - strlen(":no-role")] = '\0';
    if (!sm_equal_secret(secret, password))
        *admission = SM_REJECTED;
    else
        *admission = no_role ? SM_NO_ROLE : SM_ADMITTED;
    return TRUE;
}

/* The users' specs, as they are now. */
static GStrv
current_specs(const SmUsers *users)
{
    GPtrArray *specs = g_ptr_array_new();
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    for (gsize i = 0; users->specs != NULL && users->specs[i] != NULL; i++)
        g_ptr_array_add(specs, g_strdup(users->specs[i]));
    if (users->file != NULL && g_file_get_contents(users->file, &text, NULL, NULL))
        lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines != NULL && lines[i] != NULL; i++)
        if (lines[i][0] != '#' && strchr(lines[i], ':') != NULL)
            g_ptr_array_add(specs, g_strdup(g_strchomp(lines[i])));
    g_ptr_array_add(specs, NULL);
    return (GStrv)g_ptr_array_free(specs, FALSE);
}

gboolean
sm_users_exist(const SmUsers *users)
{
    g_auto(GStrv) specs = current_specs(users);

    return specs[0] != NULL;
}

SmAdmission
sm_users_check_password(const SmUsers *users, const char *name, const char *password)
{
    g_auto(GStrv) specs = current_specs(users);
    SmAdmission admission = SM_REJECTED;

    if (strchr(name, ':') != NULL)
        return SM_REJECTED;
    for (gsize i = 0; specs[i] != NULL; i++)
        if (judge(specs[i], name, password, &admission))
            break;
    return admission;
}

char *
sm_users_issue_token(SmUsers *users, const char *name, gint64 now)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&users->lock);
    char *text = sm_random_uuid();
    Token *token = g_new0(Token, 1);

    token->user = g_strdup(name);
    token->expires = now + users->token_lifetime;
    g_hash_table_replace(users->tokens, g_strdup(text), token);
    return text;
}

SmAdmission
sm_users_check_token(SmUsers *users, const char *token, gint64 now, char **name)
{
    g_autoptr(GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new(&users->lock);
    const Token *found = g_hash_table_lookup(users->tokens, token);

    *name = found != NULL ? g_strdup(found->user) : NULL;
    return found != NULL && now < found->expires ? SM_ADMITTED : SM_REJECTED;
}
