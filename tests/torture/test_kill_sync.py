"""Several syncs at once, killed at random points: every file is stored once, with the right bytes."""
import random

import pytest
from harness import EX_TEMPFAIL, Account, Running, large_scores

FILES = 200
KILLS = 12


@pytest.mark.parametrize("at_once", [2, 8])
def test_syncs_that_are_killed_store_every_file_once(build, start_emulator, tmp_path, at_once):
    chance = random.Random(at_once)
    emulator = start_emulator()
    account = Account(tmp_path, build, emulator)
    data = {f"4300_{number:03d}.csv": large_scores(20_000, number) for number in range(FILES)}
    for name, content in data.items():
        emulator.add(name, content)
    # The answers come late enough for each kill to hit a run, and the calls are the clock of the test.
    emulator.faults("object:delay=20")

    def start():
        return Running([build / "scorefetch", "sync", "-c", account.config, "--all"], b"").go()

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
    done = account.scorefetch("sync")
    assert done.code == 0, done.err

    assert account.stored() == data  # and no part of a dead process lies there
    assert not (account.directory / ".superseded").exists()
    assert account.sql("SELECT count(*) AS n, count(DISTINCT name) AS names FROM log WHERE action = 'stored'") == [
        {"n": FILES, "names": FILES}
    ]
    assert {row["state"] for row in account.status().values()} == {"stored"}
    account.assert_no_secret(*(end.err for end in ends))
