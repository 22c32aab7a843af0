#include "fetch/check/checks.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build-config.h"
#include "common/base/startup.h"
#include "common/base/text.h"
#include "fetch/check/calls.h"
#include "fetch/notes/accounts.h"

#define OURS "scoremail"

enum { PLACES_MAX = 10, FILE_MAX = 1024 * 1024 /* bytes */ };

/* places: what glob(7) makes of them; those that begin with ~/ lie in our user's home. */
static const struct {
    const char *name;
    const char *program; /* there where it is installed */
    const char *places[PLACES_MAX];
} agents[] = {
    {"procmail", "/usr/bin/procmail", {"~/.procmailrc", "~/.procmail/*", "/etc/procmailrc"}},
    {"maildrop", "/usr/bin/maildrop", {"~/.mailfilter", "~/.mailfilters/*", "/etc/maildroprc"}},
    {"Postfix",
     "/usr/sbin/postfix",
     {"/etc/postfix/master.cf", "/etc/postfix/main.cf", "/etc/aliases", "~/.forward",
      "~/.forward+*"}},
    {"Exim",
     "/usr/sbin/exim4",
     {"/etc/exim4/exim4.conf", "/etc/exim4/exim4.conf.template", "/etc/exim4/conf.d/transport/*",
      "/etc/exim4/conf.d/router/*", "/etc/aliases", "~/.forward"}},
    {"OpenSMTPD", "/usr/sbin/smtpd", {"/etc/smtpd.conf", "/etc/aliases", "~/.forward"}},
    {"Dovecot",
     "/usr/sbin/dovecot",
     {"~/.dovecot.sieve", "~/sieve/*.sieve", "/var/lib/dovecot/sieve/*.sieve",
      "/etc/dovecot/sieve/*.sieve", "/etc/dovecot/*.conf", "/etc/dovecot/conf.d/*"}},
    {"fdm", "/usr/bin/fdm", {"~/.fdm.conf", "/etc/fdm.conf"}},
    {"getmail",
     "/usr/bin/getmail",
     {"/etc/scoremail/getmailrc*", "~/.config/getmail/*", "~/.getmail/*"}},
    {"mpop", "/usr/bin/mpop", {"/etc/scoremail/mpoprc*", "~/.mpoprc", "~/.config/mpop/config"}},
    {"fetchmail",
     "/usr/bin/fetchmail",
     {"/etc/scoremail/fetchmailrc*", "~/.fetchmailrc", "/etc/fetchmailrc"}},
};

typedef struct {
    const char *home;
    char *caller;      /* the first file that calls us; NULL: none */
    char *fault;       /* why a call fails, with the file; NULL: none does */
    char *piped;       /* where Dovecot finds what a Sieve script pipes to; NULL: not set */
    gboolean by_name;  /* a file calls us without a path */
    GPtrArray *unread; /* files that may not be read */
} Search;

static void
note_fault(Search *search, const char *file, const char *const *calls)
{
    g_autofree char *fault = search->fault == NULL ? sm_check_calls_fault(calls) : NULL;

    if (fault != NULL)
        search->fault = g_strdup_printf("%s: %s", file, fault);
}

static void
search_calls(Search *search, const char *file, const char *text)
{
    g_auto(GStrv) calls = sm_check_calls(text, search->home);

    if (*calls == NULL)
        search->by_name = TRUE;
    else
        note_fault(search, file, (const char *const *)calls);
}

static void
search_file(Search *search, const char *path)
{
    g_autofree char *text = NULL;
    struct stat about;

    if (stat(path, &about) < 0 || !S_ISREG(about.st_mode) || about.st_size > FILE_MAX)
        return;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_ptr_array_add(search->unread, g_strdup(path));
        return;
    }
    if (search->piped == NULL)
        search->piped = sm_check_piped_call(text);
    if (!sm_check_mentions(text, OURS))
        return;
    if (search->caller == NULL)
        search->caller = g_strdup(path);
    search_calls(search, path, text);
}

static void
search_places(Search *search, const char *const *places)
{
    for (guint i = 0; i < PLACES_MAX && places[i] != NULL; i++) {
        g_autofree char *pattern = g_str_has_prefix(places[i], "~/") && search->home != NULL
                                       ? g_build_filename(search->home, places[i] + 2, NULL)
                                       : g_strdup(places[i]);
        glob_t found;

        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (gsize j = 0; j < found.gl_pathc; j++)
            search_file(search, found.gl_pathv[j]);
        globfree(&found);
    }
    if (search->by_name && search->piped != NULL)
        note_fault(search, search->caller, (const char *const[]){search->piped, NULL});
}

static gboolean
say_when(SmCheck *check, const char *what, gint64 when)
{
    g_autofree char *date = sm_text_time(when);

    if (when > 0)
        sm_check_say(check, SM_CHECK_OK, "agent", NULL,
                     "no configuration in the usual places calls " OURS ", %s %s", what, date);
    return when > 0;
}

/* What is to be said where none was found that calls us. */
static void
say_none(SmCheck *check, const GPtrArray *installed, const GPtrArray *unread)
{
    g_autofree char *who = g_strjoinv(", ", (char **)installed->pdata);
    g_autofree char *which = g_strjoinv(", ", (char **)unread->pdata);
    gint64 mail = 0, sync = 0; /* also where that cannot be told */

    if (check->seen != NULL) {
        sm_account_mail_seen(check->seen, NULL, &mail, NULL);
        sm_account_synced(check->seen, NULL, &sync, NULL);
    }
    if (say_when(check, "but the last mail came at", mail))
        return;
    if (*who != '\0')
        sm_check_say(check, SM_CHECK_WARNING, "agent", NULL,
                     "%s installed, but nothing of uid %u's or the site's calls " OURS
                     "%s%s: add the recipe from " SM_DATADIR "/doc/scoremail/filters",
                     who, (guint)geteuid(), *which != '\0' ? ", and these are not readable: " : "",
                     which);
    else if (!say_when(check, "and the last scorefetch sync ended at", sync))
        sm_check_say(check, SM_CHECK_WARNING, "agent", NULL,
                     "no known mail agent is installed, so nothing arrives by mail, and scorefetch "
                     "sync has never run");
}

/* FALSE where no file of the agent's calls us. */
static gboolean
check_agent(SmCheck *check, const char *name, Search *search)
{
    gboolean called = search->caller != NULL;

    if (search->fault != NULL)
        sm_check_say(check, SM_CHECK_FAILURE, "agent", NULL,
                     "%s: mail is delivered, but no file is fetched: name the installed program, "
                     "%s",
                     search->fault, SM_BINDIR "/" OURS);
    else if (called)
        sm_check_say(check, SM_CHECK_OK, "agent", NULL, "%s calls " OURS " (%s)", name,
                     search->caller);
    g_free(search->caller);
    g_free(search->fault);
    g_free(search->piped);
    return called;
}

void
sm_check_agents(SmCheck *check, const SmAccount *none)
{
    g_autofree char *home = sm_startup_home();
    g_autoptr(GPtrArray) unread = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) installed = g_ptr_array_new();
    gboolean called = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(agents); i++) {
        Search search = {.home = home, .unread = unread};

        if (access(agents[i].program, F_OK) < 0)
            continue;
        g_ptr_array_add(installed, (gpointer)agents[i].name);
        search_places(&search, agents[i].places);
        called = check_agent(check, agents[i].name, &search) || called;
    }
    g_ptr_array_add(installed, NULL);
    g_ptr_array_add(unread, NULL);
    if (!called)
        say_none(check, installed, unread);
}
