"""A machine's clock is wrong for a while: nothing is deleted for it, nothing is overlooked after it."""
import os

import pytest
from harness import CSV_NAME, TXT_NAME, mail

DAY = 24 * 3600
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
NEW = "4300_20180501_000001.csv"

pytestmark = pytest.mark.release_only("libfaketime and the sanitizers both want to be loaded first")


def with_clock(account, shift, command, *arguments):
    """scorefetch where the clock shows another time: +30d, -2d, @1970-01-02 00:00:00."""
    preload = f"{FAKETIME} {account.build}/tests/unit/look-at-clock.so"
    env = dict(os.environ, LD_PRELOAD=preload, FAKETIME=shift, FAKETIME_DONT_FAKE_MONOTONIC="1")
    return account.scorefetch(command, *arguments, env=env)


@pytest.fixture
def kept(account):
    """An account that keeps for 400 days, and has stored the csv file just now."""
    account.configure(keep_for="400d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0
    return account


def alerts(account, kind):
    return account.sql("SELECT * FROM alerts WHERE kind = ? AND last > 0", kind)


def test_a_worker_whose_clock_jumped_ahead_deletes_nothing(kept):
    done = with_clock(kept, "+730d", "run")
    assert done.code == 0
    assert CSV_NAME in kept.stored()
    assert "keep-for deletes nothing: the clock jumped from" in done.err and "prune --yes -a main" in done.err
    assert len(alerts(kept, "prune")) == 1
    again = with_clock(kept, "+730d", "run")
    assert "keep-for" not in again.err, "said once a day"
    with_clock(kept, "+731d", "run")
    assert CSV_NAME in kept.stored(), "it has not run evenly for a week"


def test_the_clock_is_believed_once_it_has_run_evenly_for_a_week(kept):
    for day in range(730, 739, 4):
        with_clock(kept, f"+{day}d", "run")
    assert kept.stored() == {}
    assert alerts(kept, "prune") == []


def test_a_person_who_is_sure_deletes(kept):
    refused = with_clock(kept, "+730d", "prune")
    assert refused.code != 0 and "if that is right, run scorefetch prune --yes -a main" in refused.err
    assert CSV_NAME in kept.stored()
    assert with_clock(kept, "+730d", "prune", "--yes").code == 0
    assert kept.stored() == {}


def test_after_the_clock_was_set_back_nothing_is_deleted_either(kept):
    with_clock(kept, "+730d", "run")
    done = kept.scorefetch("run")
    assert done.code == 0 and CSV_NAME in kept.stored()


def test_all_files_of_many_days_do_not_go_at_once(account, emulator):
    """keep-for = 7d where 7y was meant."""
    account.configure(format="both", keep_for="400d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.time_passes(20 * DAY)
    assert account.scoremail(stdin=mail("txt")).code == 0
    account.time_passes(10 * DAY)
    account.configure(keep_for="7d")
    done = account.scorefetch("run")
    assert done.code == 0 and set(account.stored()) == {CSV_NAME, TXT_NAME}
    assert "all 2 stored files" in done.err and "would go at once" in done.err
    dry = account.scorefetch("prune", "--dry-run")
    assert "would go at once" in dry.err
    assert account.scorefetch("prune", "--yes").code == 0
    assert account.stored() == {}


def test_a_sync_of_a_wrong_clock_hides_no_later_file(account, emulator):
    assert account.scorefetch("sync", "--all").code == 0
    assert with_clock(account, "+5d", "sync", "--since", "last").code == 0
    status = account.scorefetch("status", "--exit-code")
    assert status.code == 1 and b"in the future: is this machine's clock right?" in status.out
    emulator.add(NEW, b"ID\r\n1\r\n")
    done = account.scorefetch("sync", "--since", "last")
    assert done.code == 0 and NEW in account.stored(), done.err
    assert account.scorefetch("status", "--exit-code").code == 0, "that sync corrected it"


@pytest.mark.parametrize("time", ["@1970-01-02 00:00:00", "@2099-01-01 00:00:00", "-400d"])
def test_a_clock_of_another_age_loses_nothing(kept, emulator, time):
    """Certificates are not valid then; what came meanwhile is fetched once the clock is right."""
    emulator.add(NEW, b"ID\r\n1\r\n")
    with_clock(kept, time, "sync", "--all")
    with_clock(kept, time, "run")
    assert CSV_NAME in kept.stored()
    assert kept.scorefetch("sync", "--all").code == 0
    assert {CSV_NAME, NEW} <= set(kept.stored())
    assert kept.scorefetch("run").code == 0
    assert CSV_NAME in kept.stored()


def test_an_alert_of_a_clock_that_was_ahead_silences_nobody_later(account):
    """Its time, and that of what was announced, is still to come once the clock is right."""
    account.configure(expect_every="7d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    for column in ("announced", "stored", "updated"):
        account.sql(f"UPDATE files SET {column} = {column} + ?", 300 * DAY)
    account.sql("UPDATE accounts SET mail_seen = mail_seen + ?", 300 * DAY)
    account.sql("INSERT INTO alerts (account, kind, text, first, last, sent) SELECT 'main', 'silence', '', max(at) + ?1,"
                " max(at) + ?1, max(at) + ?1 FROM log", 300 * DAY)
    done = with_clock(account, "+30d", "run")
    assert "nothing announced or fetched since" in done.err


def test_what_was_set_aside_in_the_spool_goes_after_keep_events(account):
    """By the time it was set aside; a folder that somebody made there stays."""
    account.general["keep-events"] = "30d"
    account.configure()
    account.spool.mkdir(mode=0o700, exist_ok=True)
    (account.spool / f"{os.getuid()}-1.event").write_bytes(b"no event")
    assert "set aside" in account.scorefetch("run").err
    (aside,) = (account.spool / "aside").iterdir()
    (account.spool / ".stray.x").write_bytes(b"")
    (account.spool / "aside" / "folder").mkdir()
    with_clock(account, "+29d", "run")
    assert aside.exists()
    with_clock(account, "+31d", "run")
    assert not aside.exists() and not (account.spool / ".stray.x").exists()
    assert (account.spool / "aside" / "folder").is_dir()
