"""A mail system whose patience has run out sends a signal: that must be "try again", not a death."""
import os
import signal

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_TEMPFAIL, mail, run

REQUESTS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


def catches(pid, number):
    """Whether the process has a handler for the signal."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt:"))
    return bool(caught >> (number - 1) & 1)


def end_by(started, number):
    os.kill(started.pid, number)
    done = started.end()
    assert (done.code, done.out) == (EX_TEMPFAIL, b"")
    assert done.err == "scoremail: was told to end before it was done: try again\n"


@pytest.mark.parametrize("number", REQUESTS)
def test_a_signal_while_the_message_comes_in(account, number):
    started = account.start(mail("csv"))
    wait_for(lambda: catches(started.pid, number), "the filter to have started")
    end_by(started, number)


@pytest.mark.parametrize("number", REQUESTS)
def test_a_signal_during_the_download_leaves_the_event_for_the_next_try(account, emulator, scores, number):
    emulator.faults("object:delay=20000")
    started = account.start(mail("csv")).go()
    emulator.wait_for(lambda requests: [r for r in requests if r["call"] == "file"])
    end_by(started, number)
    assert account.status()[CSV_NAME]["state"] == "waiting"

    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_signal_while_scorefetch_takes_over(account):
    """Just as the one program becomes the other, which has no handler yet."""
    inject = "inject=execve:signal=TERM:when=1"
    argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, account.build / "scoremail", "-c", account.config]
    done = run(argv, mail("csv"))
    assert (done.code, done.out) == (EX_TEMPFAIL, b"")
    assert done.err == "scoremail: was told to end before it was done: try again\n"
