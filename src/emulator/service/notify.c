#include "emulator/service/notify.h"

#include <stdio.h>
#include <string.h>

#include "common/base/error.h"
#include "common/base/text.h"
#include "emulator/base/digest.h"
#include "emulator/service/notification.h"

static gboolean
print_message(SmNotification *n, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S %z");
    g_autofree char *id = sm_random_uuid();
    g_autofree char *message_id = g_strdup_printf("%s@mail.scores.example", id);
    const char **fields[] = {&n->name, &n->to, &n->from, &n->message_id, &n->date};
    gboolean forwarded = sm_form_is_forwarded(n->form);
    const char *const defaults[] = {
        "", forwarded ? "scores@school.example" : "registrar@school.example",
        forwarded ? "registrar@school.example" : "no-reply@scores.example", message_id, date};
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (*fields[i] == NULL)
            *fields[i] = defaults[i];
        if (sm_text_is_clean(*fields[i], strlen(*fields[i])))
            continue;
        return sm_error_set(error, SM_ERROR_USAGE,
                            "an argument has a line break, a control character or no valid UTF-8");
    }
    text = sm_notification_text(n);
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        return sm_error_from_errno(error, SM_ERROR_IO, "standard output");
    return TRUE;
}

gboolean
sm_notify(char **argv, GError **error)
{
    g_autofree char *to = NULL, *from = NULL, *message_id = NULL, *date = NULL;
    g_autofree char *form = NULL;
    const GOptionArg text = G_OPTION_ARG_FILENAME;
    const GOptionEntry entries[] = {
        {"to", 0, 0, text, &to, "To whom (registrar@school.example)", "ADDRESS"},
        {"from", 0, 0, text, &from, "From whom (no-reply@scores.example)", "ADDRESS"},
        {"message-id", 0, 0, text, &message_id, "Its Message-ID (a new one)", "ID"},
        {"date", 0, 0, text, &date, "Its date, as RFC 5322 writes it (now)", "DATE"},
        {"form", 0, 0, text, &form,
         "portal (default), single-quotes, base64, forwarded, outlook, plain", "FORM"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("notify NAME");
    g_auto(GStrv) words = g_strdupv(argv);
    g_autoptr(GError) cause = NULL;
    SmNotification notification = {.form = SM_FORM_PORTAL};

    g_option_context_set_summary(
        context, "Prints a notification e-mail as the portal sends it, or as others hand it on.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse_strv(context, &words, &cause))
        return sm_error_set(error, SM_ERROR_USAGE, "%s, see notify --help", cause->message);
    if (g_strv_length(words) != 2)
        return sm_error_set(error, SM_ERROR_USAGE, "notify: write one file name, see --help");
    if (form != NULL && !sm_form_parse(form, &notification.form))
        return sm_error_set(
            error, SM_ERROR_USAGE,
            "--form: write portal, single-quotes, base64, forwarded, outlook or plain");
    notification = (SmNotification){words[1], to, from, message_id, date, notification.form};
    return print_message(&notification, error);
}
