"""A machine's clock was years ahead and is right now: what was noted meanwhile neither waits for years nor is it lost."""
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, mail, received

HOUR, DAY = 3600, 24 * 3600
AHEAD = 5000 * DAY


def set_back(account):
    """All that the ledger has was noted by a clock that was ahead; but for the log, whose rows are never rewritten."""
    account.time_passes(-AHEAD)
    account.sql("UPDATE days SET day = day + ?", AHEAD // DAY)


def to_come(account):
    """Which of the files' times are still to come."""
    (row,) = account.sql("SELECT announced, updated, stored, looked, next_attempt, missing_since FROM files")
    return {name for name, at in row.items() if at > time.time() + HOUR}


@pytest.fixture
def away(account):
    """An account whose directory is away, so that its csv file waits."""
    account.directory.rename(account.folder / "elsewhere")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    return account


def test_mail_that_was_deferred_does_not_bounce(away, scores):
    set_back(away)
    message = received(mail("csv"), at=time.time() + AHEAD)
    done = away.scoremail(stdin=message)
    assert done.code == 0 and "deferred too long; left to scorefetch run" in done.err, done.err
    assert [alert["account"] for alert in away.sql("SELECT account FROM alerts WHERE kind = 'waiting'")] == ["main"]
    (away.folder / "elsewhere").rename(away.directory)
    assert away.scorefetch("run").code == 0 and away.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_mail_of_a_relay_whose_clock_is_ahead_is_deferred_as_any_other(away):
    message = received(mail("csv"), at=time.time() + AHEAD)
    assert away.scoremail(stdin=message).code == EX_TEMPFAIL
    away.time_passes(3 * HOUR)
    assert away.scoremail(stdin=message).code == 0


def test_what_waits_is_overdue(away):
    set_back(away)
    assert b"overdue=1 " in away.scorefetch("status", "--exit-code").out


def test_a_missing_name_is_given_up_after_an_hour(account, emulator):
    emulator.remove(CSV_NAME)
    account.configure(senders="notify.example.org, scores.example", org_id="4300")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    set_back(account)
    for _ in range(3):
        assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
        assert to_come(account) <= {"announced"}
        account.sql("UPDATE files SET missing_since = missing_since - ?, next_attempt = 0", HOUR)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.status()[CSV_NAME]["state"] == "failed"


def test_what_was_stored_is_deleted_after_keep_for(account):
    account.configure(keep_for="30d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    set_back(account)
    assert account.scorefetch("run").code == 0
    assert "stored" not in to_come(account) and CSV_NAME in account.stored()
    account.sql("UPDATE files SET stored = stored - ?", 31 * DAY)
    assert account.scorefetch("run").code == 0 and account.stored() == {}


def test_a_file_that_was_changed_is_looked_at_again(account):
    account.configure(keep_for="30d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0  # which notes what the clock shows
    account.sql("INSERT INTO log (at, account, name, action, detail, uid, command)"
                " VALUES (?, 'main', ?, 'not pruned', '', 0, 'run')", int(time.time()) + AHEAD, CSV_NAME)  # fmt: skip
    account.sql("UPDATE files SET stored = stored - ?", 31 * DAY)
    assert account.scorefetch("run").code == 0 and account.stored() == {}


def test_counts_of_today_and_of_the_week_are_those(account):
    assert account.scoremail(stdin=mail("csv")).code == 0
    set_back(account)
    assert account.scoremail(stdin=mail("txt")).code == 0
    figures = account.scorefetch("status", "--exit-code").out.decode()
    assert "stored_today=0 stored=1 " in figures, figures


def test_a_listing_that_was_wanted_is_wanted_no_more(account):
    assert account.scorefetch("sync", "--all").code == 0
    account.sql("UPDATE accounts SET listing_wanted = ?", int(time.time()) + AHEAD)
    assert account.scorefetch("run").code == 0
    account.sql("UPDATE accounts SET sync_tried = 0")
    assert account.scorefetch("run").code == 0
    assert account.sql("SELECT listing_wanted FROM accounts") == [{"listing_wanted": 0}]


def test_a_password_s_age_begins_anew(account):
    account.configure(format="both")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.sql("UPDATE accounts SET secret_since = secret_since + ?", AHEAD)
    assert account.scoremail(stdin=mail("txt")).code == 0
    (row,) = account.sql("SELECT secret_since FROM accounts")
    assert 0 < row["secret_since"] <= time.time()
