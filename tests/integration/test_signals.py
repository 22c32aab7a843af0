"""A mail system whose patience has run out sends a signal: that must be "try again", not a death."""
import contextlib
import os
import resource
import shutil
import signal
from pathlib import Path

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_TEMPFAIL, PROGRAM_FILES, mail, need, run

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
    assert done.err == "scoremail: stopped by a signal before it was done; retry\n"


@pytest.mark.parametrize("number", [*REQUESTS, signal.SIGALRM, signal.SIGIO, signal.SIGRTMAX])
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
@pytest.mark.parametrize("name", ["TERM", "USR1"])
def test_a_signal_while_scorefetch_is_started(account, name):
    """Just as the second process begins: the first one is the parser."""
    inject = f"inject=?clone,?clone3,?fork:signal={name}:when=2"
    argv = ["strace", "-qq", "-o", "/dev/null", "-e", inject, account.build / "scoremail", "-c", account.config]
    done = run(argv, mail("csv"))
    assert (done.code, done.out) == (EX_TEMPFAIL, b"")
    assert done.err == "scoremail: stopped by a signal before it was done; retry\n"


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("name", ["TERM", "KILL", "SEGV"])
def test_a_signal_that_ends_scorefetch_alone(account, name):
    inject = f"inject=execve:signal={name}:when=1"
    argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, account.build / "scoremail", "-c", account.config]
    done = run(argv, mail("csv"))
    assert (done.code, done.out) == (EX_TEMPFAIL, b"") and len(done.err.splitlines()) == 1
    assert f"{account.build}/scorefetch was killed by signal" in done.err


class MemoryGroup:
    """A control group of the kernel for memory, of either version; limit() says how much its processes may have."""

    def __init__(self, name):
        root = Path("/sys/fs/cgroup")
        self.is_new = (root / "cgroup.controllers").exists()
        if self.is_new:
            with contextlib.suppress(OSError):  # it is so already, or the folder cannot be made
                (root / "cgroup.subtree_control").write_text("+memory")
        self.folder = root / ("" if self.is_new else "memory") / name

    def __enter__(self):
        with contextlib.suppress(OSError):
            self.folder.mkdir()
        limit = self.folder / ("memory.max" if self.is_new else "memory.limit_in_bytes")
        need(os.access(limit, os.W_OK), f"{limit} cannot be made: no control group for memory")
        self.limit = lambda size: limit.write_text(str(size))
        return self

    def __exit__(self, *_):
        wait_for(lambda: not (self.folder / "cgroup.procs").read_text(), "its last process to be gone")
        self.folder.rmdir()

    def kills(self):
        """How often the kernel has killed a process here."""
        events = self.folder / ("memory.events" if self.is_new else "memory.oom_control")
        return next(int(line.split()[1]) for line in events.read_text().splitlines() if line.startswith("oom_kill "))


@pytest.mark.release_only("a sanitizer takes memory of its own")
def test_a_host_without_memory_kills_scorefetch_alone(account, scores, tmp_path):
    """From a limit that leaves it no room to start, up to where it is killed at its work, to one that is enough."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAM_FILES[:-1]:
        shutil.copy(account.build / name, programs)
    wrapper = programs / "scorefetch"
    with MemoryGroup(f"scoremail-{os.getpid()}") as group:
        wrapper.write_text(f'#!/bin/sh\necho $$ >{group.folder}/cgroup.procs && exec {account.build}/scorefetch "$@"\n')
        wrapper.chmod(0o755)
        deaths = 0
        for kilobytes in [*range(1000, 8000, 500), 200_000]:
            group.limit(kilobytes << 10)
            before = group.kills()
            done = run([programs / "scoremail", "-c", account.config], mail("csv"))
            if group.kills() > before:
                assert (done.code, done.out) == (EX_TEMPFAIL, b"") and len(done.err.splitlines()) == 1
                assert f"{wrapper} was killed by signal 9" in done.err and "did the host run out of memory?" in done.err
                deaths += 1
            else:
                assert (done.code, done.err) == (0, ""), kilobytes
    assert deaths >= 2
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.sql("SELECT state, revision FROM files") == [{"state": "stored", "revision": 0}]


CRASHES = {
    "the filter, as it hands the event over": "memfd_create:signal=SEGV",
    "scorefetch, as it stores the file": "renameat2:signal=BUS",
    "either, by an assertion": "memfd_create:signal=ABRT",
}


@pytest.mark.release_only("the sanitizers tell of a crash themselves")
@pytest.mark.parametrize("who", CRASHES)
def test_a_crash_of_our_own_returns_no_mail(account, scores, who):
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={CRASHES[who]}"]
    done = run([*inject, account.build / "scoremail", "-c", account.config], mail("csv"))
    assert (done.code, done.out) == (EX_TEMPFAIL, b"") and len(done.err.splitlines()) <= 1
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.release_only("a sanitizer answers to its own signals")
@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGUSR1, signal.SIGXCPU, signal.SIGPROF])
def test_no_other_signal_is_a_death_either(account, number):
    started = account.start(mail("csv"))
    wait_for(lambda: catches(started.pid, number), "the filter to have started")
    end_by(started, number)


@pytest.mark.parametrize("limit", [0, 100, 1000, 100_000])
def test_a_limit_on_the_size_of_files_is_as_a_full_disk(account, scores, limit):
    """As Postfix sets it for what local(8) runs: mailbox_size_limit."""
    def set_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = account.scoremail(stdin=mail("csv"), preexec_fn=set_limit)
    assert (done.code, done.out) == (EX_TEMPFAIL, b"") and len(done.err.splitlines()) == 1
    assert account.stored() == {}
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
