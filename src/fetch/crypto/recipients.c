#include "fetch/crypto/recipients.h"

#include "common/base/error.h"

/* Why a key is unusable; NULL if it is usable. */
static const char *
flaw(const SmGpgKey *key)
{
    if (key->revoked)
        return "is revoked";
    if (key->expired)
        return "has expired";
    if (key->disabled)
        return "is disabled";
    if (key->invalid)
        return "is not valid";
    if (!key->can_encrypt)
        return "has no valid subkey for encryption";
    return NULL;
}

/* The command that fixes the keyring. Caller frees. */
static char *
remedy(const SmAccount *account)
{
    return account->gnupg_home != NULL
               ? g_strdup_printf("gpg --homedir %s --import FILE", account->gnupg_home)
               : g_strdup("gpg --import FILE, as the user that runs scorefetch");
}

static gboolean
missing(SmGpg *gpg, const SmAccount *account, const char *id, gpgme_error_t why, GError **error)
{
    g_autofree char *import = remedy(account);
    g_autofree char *what = g_strdup_printf("account %s: encrypt-to: key %s", account->name, id);

    if (gpgme_err_code(why) == GPG_ERR_AMBIGUOUS_NAME)
        return sm_error_set(error, SM_ERROR_ENCRYPTION,
                            "%s matches several keys; use the fingerprint", what);
    /* GPGME says of any fault of gpg that the key or the engine is bad: gpg itself knows more. */
    if (!sm_gpg_check(gpg, "--list-keys", error)) {
        g_prefix_error(error, "account %s: encrypt-to: ", account->name);
        return FALSE;
    }
    switch (gpgme_err_code(why)) {
    case GPG_ERR_EOF:
    case GPG_ERR_NO_PUBKEY:
        return sm_error_set(error, SM_ERROR_ENCRYPTION, "%s is not in the keyring; run %s", what,
                            import);
    default:
        return sm_gpg_set_error(error, SM_ERROR_ENCRYPTION, why, what);
    }
}

static SmGpgKey *
find(SmGpg *gpg, const SmAccount *account, const char *id, GError **error)
{
    g_autoptr(SmGpgKey) key = NULL;
    gpgme_error_t fault = gpgme_get_key(gpg, id, &key, 0);
    const char *why;

    if (fault != 0) {
        missing(gpg, account, id, fault, error);
        return NULL;
    }
    why = flaw(key);
    if (why != NULL) {
        g_autofree char *import = remedy(account);

        return sm_error_null(
            error, SM_ERROR_ENCRYPTION,
            "account %s: encrypt-to: key %s %s; set encrypt-to to another one, or renew it: run %s",
            account->name, id, why, import);
    }
    return g_steal_pointer(&key);
}

/* gpg would create an empty keyring in an unmounted or mistyped directory. */
static gboolean
has_home(const SmAccount *account, GError **error)
{
    if (account->gnupg_home == NULL || g_file_test(account->gnupg_home, G_FILE_TEST_IS_DIR))
        return TRUE;
    return sm_error_set(error, SM_ERROR_ENCRYPTION,
                        "account %s: gnupg-home %s: not a readable directory; is it mounted?",
                        account->name, account->gnupg_home);
}

SmRecipients *
sm_recipients_find(const SmAccount *account, GError **error)
{
    g_autoptr(SmGpg) gpg =
        has_home(account, error) ? sm_gpg_open(account->gnupg_home, error) : NULL;
    g_autoptr(SmRecipients) recipients = NULL;
    guint count = g_strv_length(account->encrypt_to);

    if (gpg == NULL)
        return NULL;
    recipients = g_new0(SmRecipients, 1);
    recipients->home = account->gnupg_home;
    recipients->keys = g_new0(gpgme_key_t, count + 1);
    for (guint i = 0; i < count; i++) {
        recipients->keys[i] = find(gpg, account, account->encrypt_to[i], error);
        if (recipients->keys[i] == NULL)
            return NULL;
    }
    return g_steal_pointer(&recipients);
}

void
sm_recipients_free(SmRecipients *recipients)
{
    for (gpgme_key_t *key = recipients->keys; *key != NULL; key++)
        gpgme_key_unref(*key);
    g_free(recipients->keys);
    g_free(recipients);
}
