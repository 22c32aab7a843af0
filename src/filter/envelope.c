#include "filter/envelope.h"

#include "filter/message/address.h"

/* Before aliases and .forward files first: that is what the sender wrote. */
static const char *const recipient_variables[] = {
    "ORIGINAL_RECIPIENT", /* Postfix */
    "ORIG_RECIPIENT",     /* Dovecot */
    "RECIPIENT",          /* Postfix, Dovecot, Exim, OpenSMTPD, Courier */
};

/* Where there is no RECIPIENT: its two halves. */
static const char *const halves[][2] = {
    {"LOCAL_PART", "DOMAIN"}, /* Exim */
    {"LOCAL", "DOMAIN"},      /* Postfix, OpenSMTPD */
    {"LOCAL", "HOST"},        /* qmail */
};

static const char *const extension_variables[] = {
    "EXTENSION",         /* Postfix */
    "EXT",               /* qmail, Courier */
    "LOCAL_PART_SUFFIX", /* Exim, with its separator */
};

static void
add_halves(GPtrArray *recipients)
{
    for (gsize i = 0; i < G_N_ELEMENTS(halves) && recipients->len == 0; i++) {
        const char *local = g_getenv(halves[i][0]);
        const char *domain = g_getenv(halves[i][1]);
        g_autofree char *address = NULL;

        if (local == NULL || *local == '\0' || domain == NULL || *domain == '\0')
            continue;
        address = g_strconcat(local, "@", domain, NULL);
        sm_address_read(address, recipients);
    }
}

void
sm_envelope_read(SmEnvelope *envelope)
{
    GPtrArray *recipients = g_ptr_array_new_with_free_func(g_free);

    *envelope = (SmEnvelope){NULL, NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(recipient_variables); i++) {
        const char *value = g_getenv(recipient_variables[i]);

        if (value != NULL)
            sm_address_read(value, recipients);
    }
    if (recipients->len == 0)
        add_halves(recipients);
    g_ptr_array_add(recipients, NULL);
    envelope->recipients = (GStrv)g_ptr_array_free(recipients, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(extension_variables) && envelope->extension == NULL; i++) {
        const char *value = g_getenv(extension_variables[i]);

        if (value != NULL && (*value == '+' || *value == '-'))
            value++;
        if (value != NULL && *value != '\0')
            envelope->extension = g_strdup(value);
    }
}

void
sm_envelope_note(const SmEnvelope *envelope, SmEvent *event)
{
    g_strfreev(event->envelope);
    event->envelope = g_strdupv(envelope->recipients);
    g_free(event->extension);
    event->extension = g_strdup(envelope->extension != NULL ? envelope->extension : "");
}

void
sm_envelope_clear(SmEnvelope *envelope)
{
    g_strfreev(envelope->recipients);
    g_free(envelope->extension);
}
