"""Several at once, killed at random points: every file is stored once, with the right bytes."""
import random

import pytest
from harness import EX_TEMPFAIL, Account, Running, large_scores

FILES = 200
KILLS = 12


def nothing(account, names):
    """A sync finds by itself what there is."""


def spooled(account, names):
    """What workers find: an event for each name."""
    account.configure(delivery="queued")
    assert account.scorefetch("run").code == 0
    for name in names:
        assert account.receive(name).code == 0


TWO = pytest.param(2, marks=pytest.mark.release_only("a sanitizer sees no more in two than in eight"))


@pytest.mark.parametrize("at_once", [TWO, 8])
@pytest.mark.parametrize("prepare, command", [(nothing, ["sync", "--all"]), (spooled, ["run"])], ids=["sync", "run"])
def test_what_is_killed_stores_every_file_once(build, start_emulator, tmp_path, at_once, prepare, command):
    chance = random.Random(at_once)
    emulator = start_emulator()
    account = Account(tmp_path, build, emulator)
    data = {f"4300_{number:03d}.csv": large_scores(20_000, number) for number in range(FILES)}
    for name, content in data.items():
        emulator.add(name, content)
    prepare(account, data)
    # The answers come late enough for each kill to hit a run, and the calls are the clock of the test.
    emulator.faults("object:delay=100")

    def start():
        return Running([build / "scorefetch", *command, "-c", account.config], b"").go()

    running = [start() for _ in range(at_once)]
    deaths = 0
    for number in range(KILLS):
        seen = (number + chance.random()) * FILES / (KILLS + 2)
        emulator.wait_for(lambda log: sum(r["call"] == "object" for r in log) >= seen, "the next kill's turn")
        victim = running.pop(chance.randrange(at_once))
        victim.kill()
        deaths += victim.end().code < 0
        running.append(start())
    ends = [each.end(300) for each in running]
    assert deaths >= KILLS * 0.7
    # Whoever met a name that another one, now dead, was at work on may have left it.
    assert {end.code for end in ends} <= {0, EX_TEMPFAIL}, [end.err for end in ends]
    account.time_passes(3600)
    done = account.scorefetch(command[0])
    assert done.code == 0, done.err

    assert account.stored() == data  # and no part of a dead process lies there
    assert not (account.directory / ".superseded").exists()
    assert account.sql("SELECT count(*) AS n, count(DISTINCT name) AS names FROM log WHERE action = 'stored'") == [
        {"n": FILES, "names": FILES}
    ]
    assert {row["state"] for row in account.status().values()} == {"stored"}
    assert list(account.spool.glob("*.event")) == []
    account.assert_no_secret(*(end.err for end in ends))
