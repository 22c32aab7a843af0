"""A site without mail, where sync alone fetches, is alerted like the others; and nothing is said twice."""
import json

import pytest
from harness import CSV_NAME, EX_TEMPFAIL
from test_clock import with_clock

HOUR = 3600
DAY = 24 * HOUR


def alerts(account):
    done = account.scorefetch("status", "--json")
    return {alert["kind"]: alert["text"] for alert in json.loads(done.out)["alerts"]}


@pytest.fixture
def synced(account):
    """An account whose first sync was complete."""
    assert account.scorefetch("sync", "--all").code == 0
    return account


def test_a_file_that_waits_for_longer_than_defer_for_is_an_alert(account):
    account.write_password("wrong")
    assert account.scorefetch("sync", "--all").code != 0
    account.write_password(account.password)
    account.directory.rename(account.folder / "elsewhere")
    assert account.scorefetch("sync", "--all").code == EX_TEMPFAIL
    assert "waiting" not in alerts(account)
    account.time_passes(3 * HOUR)
    assert account.scorefetch("sync", "--all").code == EX_TEMPFAIL
    assert CSV_NAME in alerts(account)["waiting"]


@pytest.mark.parametrize("limit, passed, told", [(None, 2 * DAY, True), (None, 20 * HOUR, False), ("3d", 2 * DAY, False),
                                                 ("off", 90 * DAY, False)])
def test_a_listing_that_cannot_be_had_is_an_alert_after_expect_listing(synced, limit, passed, told):
    synced.configure(give_up_after="1s", service_url="https://127.0.0.1:1/pascoredwnld", expect_listing=limit)
    synced.time_passes(passed)
    assert synced.scorefetch("sync", "--since", "last").code == EX_TEMPFAIL
    assert ("listing" in alerts(synced)) == told


@pytest.mark.release_only("libfaketime and the sanitizers both want to be loaded first")
def test_a_first_sync_that_never_comes_to_its_end_is_an_alert_too(account):
    account.configure(give_up_after="1s", service_url="https://127.0.0.1:1/pascoredwnld")
    account.scorefetch("sync", "--all")
    account.scorefetch("sync", "--all")
    assert "listing" not in alerts(account)
    log = account.sql("SELECT action, detail FROM log")
    assert log == [{"action": "first sync", "detail": "not complete; expect-listing counts from here"}]
    with_clock(account, "+2d", "sync", "--all")
    assert "listing" in alerts(account)


def test_the_alert_ends_with_a_complete_sync(synced):
    right = synced.account["service-url"]
    synced.configure(give_up_after="1s", service_url="https://127.0.0.1:1/pascoredwnld")
    synced.time_passes(2 * DAY)
    synced.scorefetch("sync", "--since", "last")
    synced.configure(service_url=right)
    assert synced.scorefetch("sync", "--since", "last").code == 0
    assert "listing" not in alerts(synced)


def test_a_conflict_is_said_once_and_holds_no_later_sync_up(account):
    (account.directory / CSV_NAME).write_bytes(b"somebody else's\n")
    first = account.scorefetch("sync", "--all")
    assert first.code == EX_TEMPFAIL and "not overwritten" in first.err
    account.time_passes(HOUR)
    second = account.scorefetch("sync", "--since", "last")
    assert second.code == 0, "that is a person's to decide, and no reason to begin from the start again"
    assert "not overwritten" not in second.err and "1 failed" in second.err
    (alert,) = account.sql("SELECT * FROM alerts WHERE kind = 'conflict'")
    assert alert["times"] == 1
