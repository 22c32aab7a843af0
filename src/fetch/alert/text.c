#include "fetch/alert/text.h"

#include <string.h>

#include "fetch/host/json.h"

enum {
    ALERT_LASTS = 3 * 86400, /* seconds: over a weekend */
};

typedef enum {
    STANDS, /* until it is cleared */
    PASSES, /* it happened; nothing shows whether somebody has dealt with it */
    SHOWS,  /* the survey shows by itself whether it is still so */
} Nature;

/* What each kind is called, how long it counts, and what a person can do. */
static const struct {
    const char *name;
    SmLevel level;
    Nature nature;
    const char *title;
    const char *advice;
    gboolean at_the_portal; /* who signs in there can */
} kinds[] = {
    [SM_ALERT_CREDENTIALS] = {"credentials", SM_LEVEL_CRITICAL, STANDS, "the password was rejected",
                              "Sign in at the portal, renew the password there if it has expired, "
                              "then run scorefetch passwd. Files wait until then.",
                              TRUE},
    [SM_ALERT_SECRET_AGE] = {"password-age", SM_LEVEL_WARNING, STANDS,
                             "the password is getting old",
                             "Change it at the portal, then run scorefetch passwd.", TRUE},
    [SM_ALERT_FORM] = {"form", SM_LEVEL_WARNING, PASSES, "a notification without a valid file name",
                       "Look at the message in the mailbox. If its form has changed, report it to "
                       "scoremail's developers; until then run scorefetch get NAME."},
    [SM_ALERT_UNUSABLE] =
        {"unusable", SM_LEVEL_WARNING, PASSES, "a message that could not be read",
         "Look at the message in the mailbox. If it announces a file, run scorefetch get NAME."},
    [SM_ALERT_NO_ACCOUNT] = {"no-account", SM_LEVEL_WARNING, PASSES,
                             "a notification that belongs to no account",
                             "Compare recipients and org-id in the configuration with the message, "
                             "correct them, and pipe the message into scoremail again."},
    [SM_ALERT_ACCOUNT] = {"account", SM_LEVEL_CRITICAL, STANDS, "an account cannot be used",
                          "Fix the cause. The account's files wait until then."},
    [SM_ALERT_WAITING] =
        {"waiting", SM_LEVEL_WARNING, SHOWS, "a file has been waiting too long",
         "Fix the cause; scorefetch status shows what waits. scorefetch run retries it."},
    [SM_ALERT_FORMAT] =
        {"format", SM_LEVEL_WARNING, STANDS, "the wanted format is not announced",
         "Check at the portal which format is posted to you, and set format to that, or to first.",
         TRUE},
    [SM_ALERT_EXTENSION] =
        {"extension", SM_LEVEL_WARNING, PASSES, "a file of a type that is not fetched",
         "If you want such files, add their type to extensions. Each type raises one alert."},
    [SM_ALERT_DISK] = {"disk", SM_LEVEL_CRITICAL, STANDS, "the directory is not writable",
                       "Mount it, free space, or correct its permissions. Files wait until then."},
    [SM_ALERT_MISSING] =
        {"missing", SM_LEVEL_CRITICAL, SHOWS, "the service has no such file",
         "Check at the portal whether it exists. If it does, run scorefetch retry NAME.", TRUE},
    [SM_ALERT_DAMAGED] = {"damaged", SM_LEVEL_WARNING, PASSES, "a downloaded file is damaged",
                          "scorefetch retries. If it keeps failing, check whether a proxy alters "
                          "downloads, and report it to the service."},
    [SM_ALERT_HOST] = {"host", SM_LEVEL_CRITICAL, STANDS,
                       "the service names an object host that may not be used",
                       "If the service has moved its files there, add that host to storage-hosts; "
                       "if not, check service-url, or report it to the service. Files wait until "
                       "then."},
    [SM_ALERT_TRUST] = {"certificate", SM_LEVEL_CRITICAL, STANDS, "a certificate cannot be trusted",
                        "Compare the clock with the dates. If a proxy or filter of yours reads "
                        "TLS, set ca-file to its authority; scorefetch check --online names it. "
                        "Files wait until then."},
    [SM_ALERT_CONFLICT] =
        {"conflict", SM_LEVEL_CRITICAL, SHOWS, "another file of that name is in the way",
         "Move it away and run scorefetch retry NAME; or, to keep it, where it is "
         "a file that scorefetch may read, run scorefetch adopt NAME."},
    [SM_ALERT_ENCRYPTION] =
        {"encryption", SM_LEVEL_CRITICAL, STANDS, "an encryption key is unusable",
         "Renew the key, or set encrypt-to to another one. Files wait until then."},
    [SM_ALERT_HOOK] = {"hook", SM_LEVEL_WARNING, PASSES, "on-stored failed",
                       "The file is stored. Fix the command; scorefetch run retries it."},
    [SM_ALERT_HUNG] = {"hung", SM_LEVEL_CRITICAL, STANDS, "the work for an account does not get on",
                       "Check whether the account's directory answers: does its share hang? "
                       "The other accounts are not held up."},
    [SM_ALERT_WORKER] = {"worker", SM_LEVEL_CRITICAL, SHOWS, "no worker runs",
                         "Run scorefetch check on that host: it names the timer or the crontab "
                         "line that is missing."},
    [SM_ALERT_SILENCE] = {"silence", SM_LEVEL_WARNING, STANDS,
                          "nothing has been announced for too long",
                          "Check at the portal whether files were posted. If so, check whether "
                          "notifications still reach the mailbox and scoremail.",
                          TRUE},
    [SM_ALERT_LISTING] = {"listing", SM_LEVEL_WARNING, STANDS, "no sync was complete for too long",
                          "Run scorefetch sync at a prompt: it says what is in the way."},
    [SM_ALERT_ROW] = {"row", SM_LEVEL_WARNING, PASSES, "a row of the listing that cannot be used",
                      "Compare the portal's files with the directory, and download there what is "
                      "missing here. If all rows are so, the service may have changed: report it "
                      "to scoremail's developers.",
                      TRUE},
    [SM_ALERT_MAIL] = {"mail", SM_LEVEL_WARNING, STANDS, "files came without notification",
                       "Check whether notifications still reach the mailbox and scoremail."},
    [SM_ALERT_SPOOL] = {"spool", SM_LEVEL_WARNING, PASSES, "a file in the spool is not an event",
                        "Check the file and its owner, then delete it."},
    [SM_ALERT_PULL] = {"pull", SM_LEVEL_WARNING, SHOWS, "a mailbox is not collected",
                       "See what the collector's unit (systemctl status scoremail-getmail) or its "
                       "crontab line says. Has a "
                       "password, a consent or a client secret expired? If the mailbox is not "
                       "collected any more, delete the pulled- file in the spool."},
    [SM_ALERT_PRUNE] = {"prune", SM_LEVEL_WARNING, STANDS,
                        "keep-for deletes nothing until you look",
                        "is this machine's clock right, and is keep-for what you mean? Then run"
                        " `scorefetch prune --yes`"},
    [SM_ALERT_SENDER] = {"sender", SM_LEVEL_WARNING, PASSES,
                         "a message was refused: senders does not have its sender",
                         "If the sender is genuine, add it to senders and pipe the message into "
                         "scoremail again; if not, ignore this."},
    [SM_ALERT_UNVERIFIED] = {"unverified", SM_LEVEL_WARNING, PASSES,
                             "a message was refused: its sender is not verified",
                             "If the message is genuine, check the mail system's verifier, "
                             "authserv-id and trusted-hops; if not, ignore this."},
    [SM_ALERT_REPORT] = {"report", SM_LEVEL_WARNING, STANDS, "the report was not sent",
                         "Send a mail by the command of sendmail yourself; scorefetch run tries "
                         "again in this period."},
    [SM_ALERT_SANDBOX] = {"sandbox", SM_LEVEL_WARNING, PASSES,
                          "the parser runs without all of its sandbox",
                          "Use a kernel 5.13 or newer with landlock and seccomp enabled; "
                          "--sandbox=required refuses to run without."},
    /* of a newer version: its name is all that is known of it */
    [SM_ALERT_NONE] = {NULL, SM_LEVEL_OK, SHOWS, NULL, "See scorefetch status."},
};

const char *
sm_alert_kind_name(SmAlertKind kind)
{
    return kinds[kind].name;
}

SmAlertKind
sm_alert_kind_named(const char *name)
{
    guint kind = 0;

    while (kind < SM_ALERT_N_KINDS && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return (SmAlertKind)kind;
}

SmLevel
sm_alert_level(SmAlertKind kind)
{
    return kinds[kind].level;
}

gboolean
sm_alert_counts(const SmAlertRow *alert, gint64 now)
{
    Nature nature = kinds[sm_alert_kind_named(alert->kind)].nature;

    return nature == STANDS || (nature == PASSES && now - alert->last < ALERT_LASTS);
}

const char *
sm_alert_title(SmAlertKind kind)
{
    return kinds[kind].title;
}

const char *
sm_alert_advice(SmAlertKind kind)
{
    return kinds[kind].advice;
}

const char *
sm_alert_doer(SmAlertKind kind)
{
    return kinds[kind].at_the_portal ? "whoever signs in at College Board for the account"
                                     : "whoever looks after this server";
}

/* Whether a mail program could make a part of an address of it: non-ASCII names are hosts, too. */
static gboolean
is_of_host(char c)
{
    return g_ascii_isalnum(c) || (guchar)c >= 0x80;
}

/* Whether what follows the dot is how a file's name ends, and no host's. */
static gboolean
is_extension(const char *after)
{
    static const char *const extensions[] = {"conf",  "csv", "db",  "service",
                                             "timer", "txt", "xlsx"};

    for (gsize i = 0; i < G_N_ELEMENTS(extensions); i++) {
        gsize length = strlen(extensions[i]);

        if (g_ascii_strncasecmp(after, extensions[i], length) == 0)
            return !is_of_host(after[length + strspn(after + length, "./:@-")]);
    }
    return FALSE;
}

/* One word of an alert, so that no mail program makes a link of it: some of its text is strangers'.
 * A path of this machine stays as it is. */
static void
append_unlinked(GString *to, const char *word, gsize length)
{
    gboolean path = length > 1 && word[0] == '/' && g_ascii_isalnum(word[1]) &&
                    g_strstr_len(word, (gssize)length, "://") == NULL;

    for (gsize i = 0; i < length; i++) {
        gboolean inside = i > 0 && i + 1 < length;

        if (word[i] == '@')
            g_string_append(to, "[at]");
        else if (word[i] == ':' && g_str_has_prefix(word + i, "://"))
            g_string_append(to, "[:]");
        else if (word[i] == '.' && !path && inside && is_of_host(word[i - 1]) &&
                 is_of_host(word[i + 1]) && !is_extension(word + i + 1) &&
                 !(g_ascii_isdigit(word[i - 1]) && g_ascii_isdigit(word[i + 1])))
            g_string_append(to, "[.]");
        else
            g_string_append_c(to, word[i]);
    }
}

char *
sm_alert_unlinked(const char *text)
{
    GString *to = g_string_new(NULL);

    while (*text != '\0') {
        gsize length = strcspn(text, " ");

        append_unlinked(to, text, length);
        text += length;
        if (*text == ' ')
            g_string_append_c(to, *text++);
    }
    return g_string_free(to, FALSE);
}

static char *
subject_of(const SmAlertRow *row)
{
    const char *title = kinds[sm_alert_kind_named(row->kind)].title;

    return g_strdup_printf("scoremail: %s%s%s", row->account, *row->account != '\0' ? ": " : "",
                           title != NULL ? title : row->kind);
}

static char *
utc(gint64 when, const char *format)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

    return g_date_time_format(time, format);
}

/* "", or how often the same was to be said since the last time. */
static char *
and_more(const SmAlertRow *row)
{
    g_autofree char *first = utc(row->first, "%Y-%m-%d %H:%M");

    if (row->times <= 1)
        return g_strdup("");
    return g_strdup_printf("(and %d more of this kind%s%s%s)\n\n", (int)row->times - 1,
                           row->sent == 0 ? ", the first one at " : " since the last alert",
                           row->sent == 0 ? first : "", row->sent == 0 ? " UTC" : "");
}

char *
sm_alert_from(const SmConfig *config)
{
    return config->alert_from != NULL
               ? g_strdup(config->alert_from)
               : g_strdup_printf("%s@%s", g_get_user_name(), g_get_host_name());
}

/* Names the machine, since one person may get the alerts of several. */
static char *
headers_of(const SmAlertRow *row, const SmConfig *config, gint64 now)
{
    g_autofree char *to = g_strjoinv(",\n ", config->alert_mail);
    g_autofree char *date = utc(now, "%a, %d %b %Y %H:%M:%S +0000");
    g_autofree char *subject = subject_of(row);
    g_autofree char *id = g_uuid_string_random();
    g_autofree char *from = sm_alert_from(config);

    return g_strdup_printf("Date: %s\n"
                           "Message-ID: <%s@%s>\n"
                           "From: scoremail <%s>\n"
                           "To: %s\n"
                           "Subject: %s\n"
                           "Auto-Submitted: auto-generated\n"
                           "Precedence: bulk\n"
                           "X-Scoremail-Alert: %s\n"
                           "MIME-Version: 1.0\n"
                           "Content-Type: text/plain; charset=utf-8\n"
                           "Content-Transfer-Encoding: 8bit\n",
                           date, id, g_get_host_name(), from, to, subject, row->kind);
}

char *
sm_alert_mail(const SmAlertRow *row, const SmConfig *config, gint64 now)
{
    g_autofree char *headers = headers_of(row, config, now);
    g_autofree char *last = utc(row->last, "%Y-%m-%d %H:%M");
    g_autofree char *more = and_more(row);
    g_autofree char *text = sm_alert_unlinked(row->text);
    g_autofree char *where =
        *row->account != '\0' ? g_strdup_printf(", account %s", row->account) : g_strdup("");

    return g_strdup_printf("%s\n"
                           "scoremail on %s%s, %s UTC:\n\n"
                           "%s\n\n"
                           "%s"
                           "What to do: %s\n\n"
                           "-- \n"
                           "Configuration: %s. An alert of one kind is sent once in %u min.\n"
                           "See scorefetch status, and scorefetch(1).%s\n",
                           headers, g_get_host_name(), where, last, text, more,
                           sm_alert_advice(sm_alert_kind_named(row->kind)), config->file,
                           (config->alert_every + 59) / 60,
                           strcmp(text, row->text) != 0
                               ? " Signs in [brackets] keep mail programs from making links."
                               : "");
}

char *
sm_alert_json(const SmAlertRow *row, const SmConfig *config)
{
    g_autoptr(cJSON) json = cJSON_CreateObject();
    g_autofree char *subject = subject_of(row);
    g_autofree char *said = sm_alert_unlinked(row->text);
    char *printed, *text;

    cJSON_AddStringToObject(json, "kind", row->kind);
    sm_json_add_text(json, "account", *row->account != '\0' ? row->account : NULL);
    cJSON_AddStringToObject(json, "subject", subject);
    cJSON_AddStringToObject(json, "text", said);
    cJSON_AddStringToObject(json, "advice", sm_alert_advice(sm_alert_kind_named(row->kind)));
    cJSON_AddNumberToObject(json, "times", (double)row->times);
    cJSON_AddNumberToObject(json, "more", (double)row->times - 1);
    sm_json_add_time(json, "first", row->first);
    sm_json_add_time(json, "last", row->last);
    cJSON_AddStringToObject(json, "host", g_get_host_name());
    cJSON_AddStringToObject(json, "config", config->file);
    printed = cJSON_PrintUnformatted(json);
    text = g_strconcat(printed, "\n", NULL);
    cJSON_free(printed);
    return text;
}
