"""What does not happen is noticed: mail that stays away, a worker that is silent."""
import json

import pytest
from harness import CSV_NAME, mail

HOUR = 3600
LATER = ["4300_20180501_000001.csv", "4300_20180501_000002.csv", "4300_20180501_000003.csv"]


def alerts(account):
    done = account.scorefetch("status", "--json")
    return {alert["kind"]: alert for alert in json.loads(done.out)["alerts"]}


@pytest.fixture
def reached_by_mail(account):
    """Mail came, and all that is on the service is had."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.scorefetch("sync", "--all")
    account.time_passes(24 * HOUR)
    return account


def sync_later_files(account, emulator):
    for name in LATER:
        emulator.add(name, b"ID\r\n" + name.encode())
    assert account.scorefetch("sync").code == 0
    assert set(LATER) <= set(account.stored())


@pytest.mark.parametrize("command", ["sync", "run"])
def test_files_that_no_message_announces_are_noticed(reached_by_mail, emulator, command):
    account = reached_by_mail
    sync_later_files(account, emulator)
    assert "mail" not in alerts(account), "a message may be late"
    account.time_passes(3 * HOUR)
    done = account.scorefetch(command)
    assert done.code == 0 and "came by sync without a message" in done.err
    assert "mail" in alerts(account)
    status = account.scorefetch("status", "--exit-code")
    assert status.code == 1 and b"came by sync without a message" in status.out

    account.receive(LATER[0])
    account.scorefetch(command)
    assert "mail" not in alerts(account)


def test_invented_names_are_no_sign_that_mail_comes(reached_by_mail, emulator):
    """A stranger's message ends quietly, and hides nothing."""
    account = reached_by_mail
    account.configure(expect_every="30h")
    sync_later_files(account, emulator)
    account.receive("9999_1.csv")
    for _ in range(8):
        account.scorefetch("run")
        account.time_passes(HOUR)
    assert account.status()["9999_1.csv"]["state"] == "not wanted"
    account.scorefetch("run")
    assert "mail" in alerts(account)
    account.sql("DELETE FROM files WHERE name <> '9999_1.csv' AND name <> ?", CSV_NAME)
    account.sql("DELETE FROM log")
    account.scorefetch("run")
    assert "silence" in alerts(account)


def test_whoever_has_no_mail_misses_none(account, emulator):
    account.scorefetch("sync", "--all")
    sync_later_files(account, emulator)
    account.time_passes(3 * HOUR)
    assert account.scorefetch("sync").code == 0
    assert alerts(account) == {}


def test_a_year_of_files_that_is_fetched_at_last_is_no_missing_mail(account, emulator):
    for name in LATER:
        emulator.add(name, b"ID\r\n", mtime=1525132800)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("sync", "--all").code == 0
    account.time_passes(3 * HOUR)
    account.scorefetch("sync")
    assert set(LATER) <= set(account.stored()) and alerts(account) == {}


def test_a_silent_worker_is_told_by_the_sync(account, emulator):
    account.configure(delivery="queued")
    assert account.scorefetch("run").code == 0
    account.scorefetch("sync", "--all")
    assert alerts(account) == {}
    account.age_heartbeat(HOUR)
    done = account.scorefetch("sync")
    assert "does a timer or cron start it?" in done.err and "scoremail-run.timer" not in done.err  # which a person has not
    assert alerts(account)["worker"]["times"] == 1
    assert account.scorefetch("sync").err.count("scoremail-run.timer") == 0  # once a day
    account.scorefetch("run")
    assert alerts(account) == {}


def test_without_a_queue_nobody_needs_a_worker(account):
    account.scorefetch("run")
    account.age_heartbeat(HOUR)
    account.scorefetch("sync", "--all")
    assert alerts(account) == {}


def test_silence_is_told_by_a_sync_too(account):
    account.configure(expect_every="7d")
    account.scoremail(stdin=mail("csv"))
    account.scorefetch("sync", "--all")
    assert alerts(account) == {} and CSV_NAME in account.stored()
    account.sql("DROP TRIGGER log_is_final")
    account.sql("UPDATE log SET at = at - 864000")
    account.time_passes(10 * 24 * HOUR)
    done = account.scorefetch("sync")
    assert "nothing announced" in done.err and "silence" in alerts(account)
