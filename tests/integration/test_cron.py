"""`scorefetch run -q` from cron, which mails each line: a failure that lasts is one mail a day, not 288."""
import pytest
from harness import EX_TEMPFAIL, mail


def runs(account, count, *options):
    """What that many runs in a row said, each five minutes after the other."""
    said = []
    for _ in range(count):
        account.time_passes(300)
        said.append(account.scorefetch("run", *options).err)
    return said


@pytest.fixture
def waiting(account):
    """A file waits, and no run can store it: the directory is not mounted, say."""
    account.directory.rename(account.folder / "elsewhere")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    return account


def test_a_failure_that_lasts_is_said_once(waiting):
    said = runs(waiting, 5, "-q")
    assert "scores" in said[0] and said[1:] == [""] * 4


def test_the_log_has_each(waiting):
    before = waiting.log.read_text().count("level=error")
    runs(waiting, 3, "-q")
    assert waiting.log.read_text().count("level=error") >= before + 3


def test_it_is_said_again_the_next_day(waiting):
    assert runs(waiting, 2, "-q")[1] == ""
    waiting.sql("UPDATE keys SET value = value - 86400 WHERE name LIKE 'said %'")
    assert runs(waiting, 2, "-q")[0] != ""


def test_another_failure_is_said_at_once(waiting):
    runs(waiting, 2, "-q")
    (waiting.folder / "elsewhere").rename(waiting.directory)
    waiting.write_password("wrong")
    said = runs(waiting, 2, "-q")
    assert "rejected" in said[0] and said[1] == ""


def test_without_q_each_run_says_it(waiting):
    assert all("scores" in said for said in runs(waiting, 3))


def test_a_person_at_a_terminal_is_told_each_time(waiting):
    for _ in range(2):
        waiting.time_passes(300)
        assert "scores" in waiting.scorefetch("run", "-q", terminal=True).err


def test_a_dry_run_notes_nothing_of_what_it_says(account, emulator):
    """Nor sends it an alert: it is a look."""
    assert account.scorefetch("sync", "--mark-known").code == 0
    emulator.faults("login:retry-after=600")  # longer than any patience: one call tells
    before = account.sql("SELECT * FROM keys ORDER BY name")
    for _ in range(2):
        assert "503" in account.scorefetch("sync", "--dry-run", "-q").err
    assert account.sql("SELECT * FROM keys ORDER BY name") == before
    assert "503" in account.scorefetch("sync", "-q").err
    assert account.scorefetch("sync", "-q").err == ""
