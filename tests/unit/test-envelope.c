/* The envelope, as each agent writes it into the environment: one table. */
#include "filter/envelope.h"

#include <stdlib.h>

static const struct {
    const char *title;
    const char *variables[8]; /* name, value, name, value ... */
    const char *recipients;   /* one blank between */
    const char *extension;
} cases[] = {
    {"of Postfix, what the sender wrote first",
     {"RECIPIENT", "alice+sat@example.edu", "ORIGINAL_RECIPIENT", "scores@example.edu", "EXTENSION",
      "sat"},
     "scores@example.edu alice+sat@example.edu",
     "sat"},
    {"of Dovecot's LMTP, without brackets",
     {"RECIPIENT", "<a@example.edu>", "ORIG_RECIPIENT", " <a@example.edu> "},
     "a@example.edu",
     ""},
    {"of Exim, in halves",
     {"LOCAL_PART", "alice", "DOMAIN", "example.edu", "LOCAL_PART_SUFFIX", "+north"},
     "alice@example.edu",
     "north"},
    {"of qmail",
     {"LOCAL", "alice-sat", "HOST", "example.edu", "EXT", "sat"},
     "alice-sat@example.edu",
     "sat"},
    {"with a quoted local part",
     {"ORIGINAL_RECIPIENT", "\"a.b\"@example.edu", "ORIG_RECIPIENT", "\"a\\.c\".d@example.edu"},
     "a.b@example.edu a.c.d@example.edu",
     ""},
    {"with a dot behind the domain",
     {"ORIGINAL_RECIPIENT", "a@example.edu.", "RECIPIENT", "<b@example.edu.>"},
     "a@example.edu b@example.edu",
     ""},
    {"with a route",
     {"RECIPIENT", "<@relay.example.org,@b.example.org:a@example.edu>"},
     "a@example.edu",
     ""},
    {"with comments and blanks",
     {"ORIGINAL_RECIPIENT", "a(x, y@z)@(c)example.edu (Scores)", "RECIPIENT", "b @ example . edu"},
     "a@example.edu b@example.edu",
     ""},
    {"with a name, which may be an address",
     {"ORIGINAL_RECIPIENT", "\"x@example.org, y\" <a@example.edu>", "RECIPIENT",
      "y@example.org <b@example.edu>"},
     "a@example.edu b@example.edu",
     ""},
    {"each once of a list, or a group",
     {"RECIPIENT", "Scores: a@example.edu, <b@example.edu>,;, a@example.edu c@example.edu"},
     "a@example.edu b@example.edu c@example.edu",
     ""},
    {"none of what another address only begins with",
     {"RECIPIENT", "\"a@example.edu\"@example.org", "ORIG_RECIPIENT", "a@example.edu .example.org"},
     "a@example.edu.example.org a@example.edu@example.org",
     ""},
    {"none of halves of an address, or of what has no end",
     {"RECIPIENT", "@example.edu, a@, @, a@. <>", "ORIG_RECIPIENT", "a@(example.edu"},
     "",
     ""},
    {"none of what has no domain", {"RECIPIENT", "alice"}, "", ""},
    {"none of halves that are empty", {"LOCAL_PART", "", "DOMAIN", "example.edu"}, "", ""},
    {"none where the agent says nothing", {NULL}, "", ""},
};

static void
reads(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(SmEnvelope) envelope = {NULL, NULL};
    g_autoptr(SmEvent) event = sm_event_new(SM_EVENT_UNUSABLE);
    g_autofree char *recipients = NULL;

    clearenv();
    for (gsize j = 0; j < 8 && cases[i].variables[j] != NULL; j += 2)
        g_setenv(cases[i].variables[j], cases[i].variables[j + 1], TRUE);
    sm_envelope_read(&envelope);
    clearenv();
    sm_envelope_note(&envelope, event);
    recipients = g_strjoinv(" ", event->envelope);
    g_assert_cmpstr(recipients, ==, cases[i].recipients);
    g_assert_cmpstr(event->extension, ==, cases[i].extension);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/envelope/", cases[i].title, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), reads);
    }
    return g_test_run();
}
