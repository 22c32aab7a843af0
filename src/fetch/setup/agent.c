#include "fetch/setup/agent.h"

#include <string.h>

#include "fetch/check/calls.h"
#include "fetch/setup/edit.h"

#define OURS "scoremail"
#define TAIL "# The mailbox comes last" /* where a recipe's own mailbox begins */

enum { FILES_MAX = 5 };

typedef struct {
    const char *name;
    const char *program;            /* there where it is installed */
    const char *file;               /* of a person's, below the home; NULL: only for a whole host */
    gboolean alone;                 /* the recipe cannot be put in front of what is there */
    const char *recipes[FILES_MAX]; /* a person's; the first one is for that file */
    const char *sites[FILES_MAX];   /* a whole host's, where they are others */
    const char *advice;             /* what a person has to do besides; NULL: nothing */
} Agent;

static const Agent agents[] = {
    {"procmail", "/usr/bin/procmail", ".procmailrc", FALSE, {"procmailrc"}, {NULL}, NULL},
    {"maildrop", "/usr/bin/maildrop", ".mailfilter", FALSE, {"maildroprc"}, {NULL}, NULL},
    {"dovecot",
     "/usr/sbin/dovecot",
     ".dovecot.sieve",
     TRUE,
     {"dovecot/scoremail.sieve", "dovecot/90-scoremail.conf", "dovecot/2.4/90-scoremail.conf"},
     {"dovecot/scoremail.sieve", "dovecot/90-scoremail.conf", "dovecot/91-scoremail-site.conf",
      "dovecot/2.4/90-scoremail.conf", "dovecot/2.4/91-scoremail-site.conf"},
     "Dovecot itself needs 90-scoremail.conf in /etc/dovecot/conf.d (ask who runs it); Dovecot 2.4 "
     "has one of its own, filters/dovecot/2.4/90-scoremail.conf"},
    {"fdm", "/usr/bin/fdm", ".fdm.conf", TRUE, {"fdm.conf"}, {NULL}, NULL},
    {"postfix",
     "/usr/sbin/postfix",
     ".forward",
     TRUE,
     {"postfix/forward", "postfix/forward+scores"},
     {"postfix/main.cf", "postfix/master.cf", "postfix/aliases"},
     NULL},
    {"exim", "/usr/sbin/exim4", NULL, TRUE, {"exim/router", "exim/transport"}, {NULL}, NULL},
    {"opensmtpd",
     "/usr/sbin/smtpd",
     NULL,
     TRUE,
     {"opensmtpd/smtpd.conf", "opensmtpd/aliases"},
     {NULL},
     NULL},
};

static const struct {
    const char *name;
    const char *text;
} recipes[] = {
#include <recipes.inc>
};

const char *
sm_recipe(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(recipes); i++)
        if (strcmp(recipes[i].name, name) == 0)
            return recipes[i].text;
    g_assert_not_reached();
}

static const Agent *
find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(agents); i++)
        if (strcmp(agents[i].name, name) == 0)
            return &agents[i];
    return NULL;
}

const char *const *
sm_agents(void)
{
    static const char *const names[] = {"procmail", "maildrop",  "dovecot", "fdm", "postfix",
                                        "exim",     "opensmtpd", "none",    NULL};

    return names;
}

static char *
file_in_home(const SmPlace *place, const char *name)
{
    return g_build_filename(place->home, name, NULL);
}

/* Whether Postfix hands mail to program. */
static gboolean
postfix_calls(const char *program)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = g_file_get_contents("/etc/postfix/main.cf", &text, NULL, NULL)
                              ? g_strsplit(text, "\n", -1)
                              : NULL;
    gboolean calls = FALSE;

    for (char **line = lines; line != NULL && *line != NULL; line++)
        if (g_str_has_prefix(*line, "mailbox_command"))
            calls = strstr(*line, program) != NULL; /* the last one counts */
    return calls;
}

/* Whether it takes in a whole host's mail, and hands it to another only where it is told so. */
static gboolean
is_mail_system(const Agent *agent)
{
    return strcmp(agent->name, "postfix") == 0 || agent->file == NULL;
}

const char *
sm_agent_find(const SmPlace *place)
{
    const Agent *installed = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(agents); i++) {
        g_autofree char *file = agents[i].file != NULL ? file_in_home(place, agents[i].file) : NULL;

        if (!g_file_test(agents[i].program, G_FILE_TEST_IS_EXECUTABLE))
            continue;
        if (postfix_calls(agents[i].program) ||
            (file != NULL && g_file_test(file, G_FILE_TEST_EXISTS)))
            return agents[i].name;
        if (installed == NULL || (place->site && is_mail_system(&agents[i])))
            installed = &agents[i];
    }
    return installed != NULL ? installed->name : "none";
}

gboolean
sm_agent_needs_queue(const char *agent)
{
    return strcmp(agent, "dovecot") == 0;
}

/* A path that means the same in every agent's language. */
static gboolean
is_plain(const char *path)
{
    return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+") ==
           strlen(path);
}

/* The recipe with the paths of this installation. Caller frees. */
static char *
real_recipe(const SmPlace *place, const char *name)
{
    GString *text = g_string_new(sm_recipe(name));

    g_string_replace(text, "/usr/local/bin", place->programs, 0);
    if (!place->standard) {
        g_autofree char *quoted = g_strdup_printf("\"scoremail\" [\"-c\", \"%s\"];", place->config);
        g_autofree char *pipe = g_strdup_printf("\"|%s/scoremail", place->programs);
        g_autofree char *piped = g_strdup_printf("%s -c %s", pipe, place->config);

        g_string_replace(text, "$HOME/.config/scoremail/scoremail.conf", place->config, 0);
        g_string_replace(text, "%h/.config/scoremail/scoremail.conf", place->config, 0);
        g_string_replace(text, "\"scoremail\";", quoted, 0);
        g_string_replace(text, pipe, piped, 0);
    }
    if (!place->site)
        g_string_replace(text, "registrar", place->user, 0);
    return g_string_free(text, FALSE);
}

/* What is put into a file that may have other rules: without the introduction, which is the comment
 * before the first empty line, and without a mailbox. Caller frees. */
static char *
body_of(const char *text)
{
    const char *begin = text;
    const char *end = strstr(text, TAIL);

    while (*begin == '#')
        begin = strchr(begin, '\n') + 1;
    begin = *begin == '\n' ? begin + 1 : text;
    return end != NULL ? g_strndup(begin, (gsize)(end - begin)) : g_strdup(begin);
}

static void
show(SmPlan *plan, const Agent *agent, const SmPlace *place, const char *why)
{
    const char *const *files =
        place->site && agent->sites[0] != NULL ? agent->sites : agent->recipes;

    sm_plan_note(plan, "%s: %s", agent->name, why);
    for (gsize i = 0; i < FILES_MAX && files[i] != NULL; i++) {
        g_autofree char *text = real_recipe(place, files[i]);

        sm_plan_note(plan, "--- %s\n%s", files[i], text);
    }
}

/* Puts the recipe of that name into file, or says why not. Whether it is there, or will be. */
static gboolean
install(SmPlan *plan, const Agent *agent, const SmPlace *place, const char *file, const char *name)
{
    g_autofree char *path = file_in_home(place, file);
    g_autofree char *present = NULL;
    g_autofree char *rest = NULL;
    g_autofree char *text = real_recipe(place, name);
    g_autofree char *body = body_of(text);
    g_autofree char *edited = NULL;
    const char *others;

    if (g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK) &&
        (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
         !g_file_get_contents(path, &present, NULL, NULL)))
        return FALSE; /* nothing that can be edited */
    if (present == NULL)
        present = g_strdup("");
    rest = sm_edit_without_block(present);
    others = rest != NULL ? rest : present;
    if (sm_check_mentions(others, OURS)) {
        sm_plan_note(plan, "%s calls scoremail already; it stays as it is", path);
        return TRUE;
    }
    if (rest == NULL && agent->alone && sm_check_mentions(others, ""))
        return FALSE;
    edited = sm_edit_block(present, body);
    sm_plan_file(plan, path, edited, 0600);
    return TRUE;
}

void
sm_agent_plan(SmPlan *plan, const char *name, const SmPlace *place)
{
    const Agent *agent = find(name);

    if (agent == NULL) {
        sm_plan_note(plan, "no mail agent: filters/pull has recipes for mailboxes elsewhere, and "
                           "scorefetch sync fetches without any mail");
        return;
    }
    if (place->site || agent->file == NULL || strcmp(name, "fdm") == 0)
        show(plan, agent, place, "its configuration is yours to edit; put this recipe into it");
    else if (!is_plain(place->config) || !is_plain(place->programs) || !is_plain(place->user))
        show(plan, agent, place, "a path has characters that need quotes; edit this recipe");
    else if (!install(plan, agent, place, agent->file, agent->recipes[0]))
        show(plan, agent, place, "you have rules of your own already; put this recipe before them");
    else if (strcmp(name, "postfix") == 0)
        install(plan, agent, place, ".forward+scores", agent->recipes[1]);
    if (agent->advice != NULL && !place->site)
        sm_plan_note(plan, "%s", agent->advice);
}
