"""Answers of the service and the object store that are within the protocol's letter, but odd."""
from datetime import datetime, timedelta

from harness import CSV_NAME, EX_TEMPFAIL, mail

LARGE = bytes(range(1, 256)) * 24_000


def test_not_modified_without_having_asked_so_stores_nothing(account, emulator):
    emulator.faults("object:status=304")
    done = account.with_patience(lambda: account.scoremail(stdin=mail("csv")), lambda done: "304" in done.err)
    assert done.code == EX_TEMPFAIL
    assert "304" in done.err
    assert account.status()[CSV_NAME]["state"] == "waiting"
    emulator.faults()
    assert account.scorefetch("retry", CSV_NAME).code == 0
    assert CSV_NAME in account.stored()


def test_the_end_of_another_object_is_not_put_behind_the_beginning(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    emulator.faults("object:reset=5000000x1", "object:bad-etagx1")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: LARGE}
    assert [request["status"] for request in emulator.requests("object")] == [200, 206, 200]


def test_the_object_store_s_wish_for_a_pause_is_remembered(account, emulator):
    emulator.faults("object:retry-after=1000")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    row = account.status()[CSV_NAME]
    pause = datetime.fromisoformat(row["next_attempt"][:19]) - datetime.fromisoformat(row["updated_at"][:19])
    assert timedelta(seconds=990) < pause < timedelta(seconds=1010)
    again = account.scoremail(stdin=mail("csv"))
    assert again.code == EX_TEMPFAIL
    assert "next attempt not before" in again.err
    assert len(emulator.requests("object")) == 1


def test_a_call_that_is_not_answered_ends_with_the_run(account, emulator):
    account.configure(give_up_after="10min", run_limit="1s")
    emulator.faults("file:delay=600000")
    done = account.scoremail(stdin=mail("csv"))  # the harness waits for less than that
    assert done.code == EX_TEMPFAIL
    assert len(done.err.splitlines()) == 1
