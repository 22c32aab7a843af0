"""Many at once: the same notification, the same password, the two formats of one file, a process that dies."""
import re
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, is_sanitized, large_scores, mail, notification

pytestmark = pytest.mark.xdist_group("together")  # one at a time: each takes half of the memory

MANY = 64
ROUNDS = 20
SANITIZED_MEMORY = 200 * 1024 * 1024  # bytes that a program with sanitizers may take


@pytest.fixture(scope="session")
def many(build):
    """How many processes fit into the memory: 64 in all but small machines with sanitizers."""
    if not is_sanitized(build):
        return MANY
    with open("/proc/meminfo", encoding="ascii") as file:
        available = int(re.search(r"MemAvailable: +(\d+) kB", file.read())[1]) * 1024
    return max(8, min(MANY, available // 2 // SANITIZED_MEMORY))


def at_once(account, messages):
    """Runs the filter with each of the messages, all let go at the same instant: their Results."""
    running = [account.start(message) for message in messages]
    for each in running:
        each.go()
    return [each.end(300) for each in running]


def codes(results):
    return [result.code for result in results]


def requests(emulator):
    return len(emulator.requests("file")), len(emulator.requests("object"))


def rows(account):
    """name -> state of all rows of the ledger."""
    return {row["name"]: row["state"] for row in account.sql("SELECT name, state FROM files")}


def wait_until(condition):
    """Waits for something that is to happen at once."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_same_notification_many_times_at_once(account, emulator, scores, many):
    results = at_once(account, [mail("csv")] * many)
    assert codes(results) == [0] * many, {result.err for result in results}
    assert {result.err for result in results} == {""}
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert requests(emulator) == (1, 1)
    assert rows(account) == {CSV_NAME: "stored"}
    assert account.sql("SELECT count(*) AS n FROM log WHERE action = 'stored'") == [{"n": 1}]
    assert account.sql("SELECT times FROM events") == [{"times": many}]


def test_a_rejected_password_is_tried_once_by_all_of_them(account, emulator, many):
    account.password = "wrong horse battery staple"
    account.write_password(account.password)
    results = at_once(account, [mail("csv")] * many)
    assert codes(results) == [EX_TEMPFAIL] * many
    assert requests(emulator) == (1, 0)
    assert all(len(result.err.splitlines()) == 1 for result in results)
    assert all("rejected user name or password" in result.err for result in results), {r.err for r in results}
    assert account.stored() == {}
    account.assert_no_secret(*(result.err for result in results))


def test_a_rejected_password_is_tried_once_for_different_names(account, emulator, build, many):
    account.write_password("wrong horse battery staple")
    messages = [notification(build, f"4300_{number}.csv") for number in range(many)]
    assert codes(at_once(account, messages)) == [EX_TEMPFAIL] * many
    assert requests(emulator) == (1, 0)


def test_different_names_at_once_are_each_stored_once(account, emulator, build, many):
    data = {f"4300_{number}.csv": b"ID\r\n%d\r\n" % number for number in range(many)}
    for name, content in data.items():
        emulator.add(name, content)
    results = at_once(account, [notification(build, name) for name in data])
    assert codes(results) == [0] * many, {result.err for result in results}
    assert account.stored() == data
    assert requests(emulator) == (many, many)
    assert rows(account) == {name: "stored" for name in data}


def test_of_both_formats_at_once_the_first_is_stored(account, emulator, build):
    account.configure(format="first")
    for number in range(ROUNDS):
        pair = [f"4300_{number}.csv", f"4300_{number}.txt"]
        for name in pair:
            emulator.add(name, name.encode())
        # Whoever finds the other at work may have to come again, as mail systems do.
        messages = [notification(build, name) for name in pair]
        results = at_once(account, messages)
        assert 0 in codes(results) and set(codes(results)) <= {0, EX_TEMPFAIL}, results
        for message, result in zip(messages, results):
            assert result.code == 0 or account.scoremail(stdin=message).code == 0
        states = {name: state for name, state in rows(account).items() if name in pair}
        assert sorted(states.values()) == ["dropped", "stored"], states
        (stored,) = (name for name, state in states.items() if state == "stored")
        assert account.stored()[stored] == stored.encode()
    assert len(account.stored()) == ROUNDS
    assert requests(emulator) == (ROUNDS, ROUNDS)


def test_of_both_formats_the_second_waits_for_what_becomes_of_the_first(account, emulator, scores):
    account.configure(format="first")
    account.is_impatient()
    emulator.faults("object:status=503")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    done = account.scoremail(stdin=mail("txt"))
    assert done.code == EX_TEMPFAIL
    assert "not stored yet" in done.err
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.parametrize("size, resumed", [(1 << 20, False), (6 << 20, True)], ids=["small", "large"])
def test_a_waiting_process_takes_over_from_one_that_was_killed(account, emulator, size, resumed):
    data = large_scores(size)
    emulator.add(CSV_NAME, data)
    emulator.faults(f"object:stall={size // 2}x1")
    first = account.start(mail("csv")).go()
    emulator.wait_for(lambda seen: any(request["call"] == "object" for request in seen))
    second = account.start(mail("csv")).go()
    wait_until(lambda: account.sql("SELECT times FROM events") == [{"times": 2}])  # it is at the claim
    first.kill()
    assert first.end().code < 0
    done = second.end()
    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in account.directory.iterdir()) == [CSV_NAME]
    assert account.stored() == {CSV_NAME: data}
    assert requests(emulator) == (2, 2)
    assert emulator.requests("object")[1]["status"] == (206 if resumed else 200)


def test_a_waiting_process_returns_the_outcome_of_the_other(account, emulator):
    emulator.faults("object:status=503")
    first = account.start(mail("csv")).go()
    emulator.wait_for(lambda seen: any(request["call"] == "object" for request in seen))
    second = account.start(mail("csv")).go()
    wait_until(lambda: account.sql("SELECT times FROM events") == [{"times": 2}])
    emulator.faults("file:status=404")
    done = first.end()
    assert done.code == EX_TEMPFAIL
    asked = requests(emulator)
    waited = second.end()
    assert waited.code == EX_TEMPFAIL
    assert re.search("(just tried by another process|next attempt not before).*no file of that name", waited.err)
    assert requests(emulator) == asked


def test_other_names_do_not_wait(account, emulator, scores):
    """A stalled download holds up its own name only, not the ledger, not the account."""
    other = "5818_20150925_000004.csv"
    emulator.add(other, b"ID\r\n5818\r\n")
    assert account.receive(other).code == 0  # the password is known to be right
    emulator.add(CSV_NAME, large_scores(1 << 20))
    emulator.faults("object:stall=1000x1")
    account.configure(give_up_after="10min")  # so long it stalls
    stalled = account.start(mail("csv")).go()
    try:
        emulator.wait_for(lambda seen: sum(request["call"] == "object" for request in seen) == 2)
        account.sql("DELETE FROM files WHERE name = ?", other)
        assert account.receive(other).code == 0
        assert len(emulator.requests("object")) == 3 and stalled.process.poll() is None  # nor has it begun anew
        assert account.status()[CSV_NAME]["state"] == "waiting"
    finally:
        stalled.kill()
        stalled.end()
