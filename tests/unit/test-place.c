/*
 * From a part to a stored file, and again after a crash: every state that one
 * can leave behind, what becomes of it, and what lies in the directory then.
 */
#include "fetch/store/place.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "fetch-fixture.h"
#include "fetch/rows/updates.h"
#include "fetch/store/part.h"

#define NAME "a.csv"
#define OLD "older bytes"
#define NEW "newer bytes, more of them"
#define PLAIN "what is encrypted"
#define SEALED NAME ".gpg"
#define FOREIGN "somebody else's"
#define KEPT SM_SUPERSEDED "/" NAME ".~1~"

/* In place of libc's: an importer takes the file away before it is looked at for that time. */
static guint looks_before_it_vanishes;

int
fstatat(int dir_fd, const char *name, struct stat *st, int flags)
{
    sm_autofd int fd = -1;

    if (looks_before_it_vanishes > 0 && strcmp(name, NAME) == 0 && --looks_before_it_vanishes == 0)
        unlinkat(dir_fd, NAME, 0);
    fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -1 : fstat(fd, st);
}

static const struct {
    const char *title;
    gboolean repost; /* the ledger knows OLD as stored */
    gboolean part;
    const char *there; /* under the name */
    SmPlaceResult result;
    const char *then; /* under the name afterwards */
    const char *kept; /* as the older version */
} cases[] = {
    {"a part gets its name", FALSE, TRUE, NULL, SM_PLACE_STORED, NEW, NULL},
    {"the same bytes are adopted", FALSE, TRUE, NEW, SM_PLACE_ADOPTED, NEW, NULL},
    {"a foreign file is a conflict", FALSE, TRUE, FOREIGN, SM_PLACE_CONFLICT, FOREIGN, NULL},
    {"an older version that is not known is a conflict", FALSE, TRUE, OLD, SM_PLACE_CONFLICT, OLD,
     NULL},
    {"a file that has its name already is stored", FALSE, FALSE, NEW, SM_PLACE_STORED, NEW, NULL},
    {"a foreign file in place of the part is a conflict", FALSE, FALSE, FOREIGN, SM_PLACE_CONFLICT,
     FOREIGN, NULL},
    {"neither part nor file is no proof of anything", FALSE, FALSE, NULL, SM_PLACE_LOST, NULL,
     NULL},

    {"a correction takes its place and the older is kept", TRUE, TRUE, OLD, SM_PLACE_CORRECTED, NEW,
     OLD},
    {"a correction comes after an importer took the older", TRUE, TRUE, NULL, SM_PLACE_CORRECTED,
     NEW, NULL},
    {"a correction that was put there by hand is adopted", TRUE, TRUE, NEW, SM_PLACE_ADOPTED, NEW,
     NULL},
    {"a foreign file in place of the older is a conflict", TRUE, TRUE, FOREIGN, SM_PLACE_CONFLICT,
     FOREIGN, NULL},
    {"a correction that has its name already is recorded", TRUE, FALSE, NEW, SM_PLACE_CORRECTED,
     NEW, NULL},
    {"a correction whose part is gone is lost", TRUE, FALSE, OLD, SM_PLACE_LOST, OLD, NULL},
    {"neither part nor older nor newer is no proof of anything", TRUE, FALSE, NULL, SM_PLACE_LOST,
     NULL, NULL},
    {"a foreign file after part and older are gone is a conflict", TRUE, FALSE, FOREIGN,
     SM_PLACE_CONFLICT, FOREIGN, NULL},
};

/* A row that says `placing`, with NEW being placed, in the boot "boot". */
static SmFile *
placing_row(Fixture *fixture, gboolean repost, const char *boot)
{
    g_autofree char *sha256 = fixture_sha256(NEW);
    g_autoptr(GError) error = NULL;
    SmFile *file;

    if (repost)
        file = fixture_stored_row(fixture, NAME, OLD);
    else
        file = fixture_row_in(fixture, NAME, SM_FILE_WAITING);
    sm_file_raise_fence(fixture->ledger, file, 0, &error);
    g_assert_no_error(error);
    fixture_placing(fixture->ledger, file, (SmContent){strlen(NEW), sha256}, "\"new\"", boot,
                    &error);
    g_assert_no_error(error);
    return file;
}

static void
put_part(Fixture *fixture, const SmFile *file)
{
    g_autofree char *part = sm_part_name(NAME, file->part);

    fixture_put(fixture, part, NEW);
}

static void
assert_recorded(Fixture *fixture, SmPlaceResult result)
{
    g_autoptr(SmFile) row = fixture_row(fixture, NAME);
    g_autofree char *sha256 = fixture_sha256(NEW);

    switch (result) {
    case SM_PLACE_STORED:
    case SM_PLACE_CORRECTED:
    case SM_PLACE_ADOPTED:
        g_assert_cmpint((int)row->state, ==, (int)SM_FILE_STORED);
        g_assert_cmpstr(row->stored.sha256, ==, sha256);
        g_assert_cmpint(row->part, ==, 0);
        g_assert_cmpint(row->settled, ==, row->fence);
        break;
    case SM_PLACE_CONFLICT:
        g_assert_cmpint((int)row->state, ==, (int)SM_FILE_CONFLICT);
        g_assert_nonnull(row->obstacle);
        fixture_assert_says(row->reason, "scorefetch retry " NAME, "scorefetch adopt " NAME, NULL);
        break;
    case SM_PLACE_LOST:
    case SM_PLACE_FAILED:
        g_assert_cmpint((int)row->state, ==, (int)SM_FILE_PLACING);
        break;
    }
}

static void
ends(Fixture *fixture, gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(SmFile) file = placing_row(fixture, cases[i].repost, "boot");
    g_autoptr(GError) error = NULL;
    g_autofree char *part = sm_part_name(NAME, file->part);
    g_autofree char *then = NULL;
    g_autofree char *kept = NULL;
    SmPlaceResult result;

    if (cases[i].part)
        put_part(fixture, file);
    if (cases[i].there != NULL)
        fixture_put(fixture, NAME, cases[i].there);
    result = sm_place(fixture->ledger, fixture->store, file, &error);
    g_assert_no_error(error);
    g_assert_cmpint((int)result, ==, (int)cases[i].result);
    then = fixture_get(fixture, NAME);
    kept = fixture_get(fixture, KEPT);
    g_assert_cmpstr(then, ==, cases[i].then);
    g_assert_cmpstr(kept, ==, cases[i].kept);
    g_assert_false(sm_store_exists(fixture->store, part));
    assert_recorded(fixture, result);
}

static void
ends_the_same_after_a_crash_in_the_middle_of_a_correction(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = placing_row(fixture, TRUE, "boot");
    int dir = fixture->store->dir_fd;
    g_autofree char *then = NULL;
    g_autofree char *kept = NULL;
    g_autofree char *second = NULL;

    put_part(fixture, file);
    fixture_put(fixture, NAME, OLD);
    g_assert_cmpint(mkdirat(dir, SM_SUPERSEDED, 0700), ==, 0);
    g_assert_cmpint(linkat(dir, NAME, dir, KEPT, 0), ==, 0);
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, NULL), ==,
                    (int)SM_PLACE_CORRECTED);
    then = fixture_get(fixture, NAME);
    kept = fixture_get(fixture, KEPT);
    second = fixture_get(fixture, SM_SUPERSEDED "/" NAME ".~2~");
    g_assert_cmpstr(then, ==, NEW);
    g_assert_cmpstr(kept, ==, OLD);
    g_assert_null(second);
    g_assert_cmpint(file->revision, ==, 1);
}

static void
places_at_once_what_an_importer_makes_way_for(Fixture *fixture, gconstpointer data)
{
    guint looks = GPOINTER_TO_UINT(data);
    g_autoptr(SmFile) file = placing_row(fixture, TRUE, "boot");
    g_autoptr(GError) error = NULL;
    g_autofree char *then = NULL;

    put_part(fixture, file);
    fixture_put(fixture, NAME, OLD);
    looks_before_it_vanishes = looks;
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, &error), ==,
                    (int)SM_PLACE_CORRECTED);
    g_assert_no_error(error);
    g_assert_cmpuint(looks_before_it_vanishes, ==, 0);
    then = fixture_get(fixture, NAME);
    g_assert_cmpstr(then, ==, NEW);
}

static void
records_nothing_for_a_claim_that_was_lost(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file = placing_row(fixture, FALSE, "boot");
    g_autoptr(SmFile) row = NULL;
    g_autoptr(GError) error = NULL;

    put_part(fixture, file);
    fixture_sql(fixture, "UPDATE files SET fence = fence + 1");
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, &error), ==,
                    (int)SM_PLACE_FAILED);
    g_assert_error(error, SM_ERROR, (int)SM_ERROR_LEDGER);
    fixture_assert_says(error->message, NAME, "claim", NULL);
    row = fixture_row(fixture, NAME);
    g_assert_cmpint((int)row->state, ==, (int)SM_FILE_PLACING);
}

static void
counts_the_corrections(Fixture *fixture, gconstpointer data)
{
    static const char *const versions[] = {"1", "22", "333"};
    g_autoptr(SmFile) file = fixture_stored_row(fixture, NAME, "0");
    g_autofree char *last = NULL;

    fixture_put(fixture, NAME, "0");
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *sha256 = fixture_sha256(versions[i]);
        g_autofree char *part = NULL;

        g_assert_true(sm_file_raise_fence(fixture->ledger, file, 0, NULL));
        part = sm_part_name(NAME, file->part);
        fixture_put(fixture, part, versions[i]);
        g_assert_true(fixture_placing(fixture->ledger, file,
                                      (SmContent){(gint64)strlen(versions[i]), sha256}, NULL,
                                      "boot", NULL));
        g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, NULL), ==,
                        (int)SM_PLACE_CORRECTED);
        g_assert_cmpint(file->revision, ==, i + 1);
    }
    last = fixture_get(fixture, SM_SUPERSEDED "/" NAME ".~3~");
    g_assert_cmpstr(last, ==, "22");
}

/* A row that says `placing`: NEW, which is PLAIN encrypted. */
static SmFile *
placing_sealed_row(Fixture *fixture, SmFile *file)
{
    g_autofree char *sha256 = fixture_sha256(NEW);
    g_autofree char *plain = fixture_sha256(PLAIN);
    g_autofree char *part = NULL;
    g_autoptr(GError) error = NULL;

    sm_file_raise_fence(fixture->ledger, file, 0, &error);
    g_assert_no_error(error);
    part = sm_part_name(NAME, file->part);
    fixture_put(fixture, part, NEW);
    sm_file_placing(
        fixture->ledger, file,
        &(SmContents){(SmContent){strlen(NEW), sha256}, (SmContent){strlen(PLAIN), plain}, NULL},
        "boot", &error);
    g_assert_no_error(error);
    return file;
}

static void
assert_there(Fixture *fixture, const char *name, const char *bytes)
{
    g_autofree char *found = fixture_get(fixture, name);

    g_assert_cmpstr(found, ==, bytes);
}

static void
gives_an_encrypted_file_a_name_of_its_own(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file =
        placing_sealed_row(fixture, fixture_row_in(fixture, NAME, SM_FILE_WAITING));

    fixture_put(fixture, NAME, FOREIGN);
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, NULL), ==,
                    (int)SM_PLACE_STORED);
    assert_there(fixture, SEALED, NEW);
    assert_there(fixture, NAME, FOREIGN);
    g_assert_cmpstr(file->path, ==, SEALED);
}

static void
never_adopts_an_encrypted_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmFile) file =
        placing_sealed_row(fixture, fixture_row_in(fixture, NAME, SM_FILE_WAITING));
    g_autoptr(SmFile) row = NULL;

    fixture_put(fixture, SEALED, FOREIGN);
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, NULL), ==,
                    (int)SM_PLACE_CONFLICT);
    assert_there(fixture, SEALED, FOREIGN);
    row = fixture_row(fixture, NAME);
    fixture_assert_says(row->reason, "scorefetch retry " NAME, ".gpg", NULL);
    g_assert_null(strstr(row->reason, "adopt"));
}

/* encrypt-to was set after OLD was stored as it is. data: what a crash let happen before. */
static void
moves_the_plain_one_away_for_its_encrypted_correction(Fixture *fixture, gconstpointer data)
{
    int step = GPOINTER_TO_INT(data);
    g_autoptr(SmFile) file = placing_sealed_row(fixture, fixture_stored_row(fixture, NAME, OLD));
    g_autofree char *part = sm_part_name(NAME, file->part);
    g_autofree char *list = NULL;

    fixture_put(fixture, NAME, OLD);
    if (step >= 1) /* the correction has its name */
        g_assert_cmpint((int)sm_store_place(fixture->store, part, SEALED, NULL), ==,
                        (int)SM_PLACED);
    if (step >= 2) { /* the older one is kept, too */
        g_assert_cmpint(mkdirat(fixture->store->dir_fd, SM_SUPERSEDED, 0700), ==, 0);
        g_assert_cmpint(linkat(fixture->store->dir_fd, NAME, fixture->store->dir_fd, KEPT, 0), ==,
                        0);
    }
    if (step >= 3) /* and gone from its place, but nothing is recorded */
        g_assert_cmpint(unlinkat(fixture->store->dir_fd, NAME, 0), ==, 0);
    g_assert_cmpint((int)sm_place(fixture->ledger, fixture->store, file, NULL), ==,
                    (int)SM_PLACE_CORRECTED);
    assert_there(fixture, SEALED, NEW);
    assert_there(fixture, KEPT, OLD);
    list = fixture_list(fixture);
    g_assert_cmpstr(list, ==, SM_SUPERSEDED " " SEALED);
    g_assert_cmpint(file->revision, ==, 1);
    g_assert_cmpstr(file->path, ==, SEALED);
}

static void
names_this_boot_and_this_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(SmStore) elsewhere = sm_store_open_at("/", NULL);
    g_autofree char *first = sm_place_boot_id(fixture->store);
    g_autofree char *second = sm_place_boot_id(fixture->store);
    g_autofree char *other = sm_place_boot_id(elsewhere);

    g_assert_cmpstr(first, ==, second);
    g_assert_cmpstr(first, !=, other);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/place/", cases[i].title, NULL);

        ADD(path, GSIZE_TO_POINTER(i), ends);
    }
    ADD("/place/ends the same after a crash in the middle of a correction", NULL,
        ends_the_same_after_a_crash_in_the_middle_of_a_correction);
    ADD("/place/places at once what an importer makes way for, seen as new bytes",
        GUINT_TO_POINTER(1), places_at_once_what_an_importer_makes_way_for);
    ADD("/place/places at once what an importer makes way for, seen as the older",
        GUINT_TO_POINTER(2), places_at_once_what_an_importer_makes_way_for);
    ADD("/place/records nothing for a claim that was lost", NULL,
        records_nothing_for_a_claim_that_was_lost);
    ADD("/place/counts the corrections", NULL, counts_the_corrections);
    ADD("/place/gives an encrypted file a name of its own", NULL,
        gives_an_encrypted_file_a_name_of_its_own);
    ADD("/place/never adopts an encrypted file", NULL, never_adopts_an_encrypted_file);
    for (int step = 0; step <= 3; step++) {
        g_autofree char *path = g_strdup_printf(
            "/place/moves the plain one away for its encrypted correction, after step %d", step);

        ADD(path, GINT_TO_POINTER(step), moves_the_plain_one_away_for_its_encrypted_correction);
    }
    ADD("/place/names this boot and this directory", NULL, names_this_boot_and_this_directory);
    return g_test_run();
}
