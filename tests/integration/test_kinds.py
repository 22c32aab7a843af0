"""What a typo or a stranger puts where a file is expected: each command ends soon, and says what is wrong with what."""
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, PROGRAM_FILES, Account, mail, need, run

SOON = 90  # seconds, on a machine that is busy: what waits for a FIFO or a lock waits for ever


def make_socket(path):
    folder = os.getcwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(path.name)
    finally:
        os.chdir(folder)


KINDS = {
    "fifo": os.mkfifo,
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": os.mkdir,
}

PLACES = {
    "log": lambda account: account.log,
    "password-file": lambda account: account.password_file,
    "ca-file": lambda account: account.ca,
    "config": lambda account: account.config,
    "ledger": lambda account: account.ledger,
    "ledger.lock": lambda account: account.ledger.with_suffix(".lock"),
    "directory": lambda account: account.directory,
    "target": lambda account: account.directory / CSV_NAME,
    "output": lambda account: account.folder / "output",
    "backup": lambda account: account.folder / "backup",
}


def take_away(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_is_refused_at_once(account, place):
    """FIFO, socket, device or folder, and a link that leads to itself."""
    path = PLACES[place](account)
    command = {"output": ["get", "-f", "-o", path, CSV_NAME], "backup": ["backup", path]}.get(place, ["get", CSV_NAME])
    if place == "backup":
        assert account.scorefetch("get", CSV_NAME).code == 0
    aside = path.with_name("aside")
    if path.exists():
        path.rename(aside)
    for kind, make in KINDS.items():
        if (place, kind) == ("directory", "folder"):
            continue
        make(path)
        done = account.scorefetch(*command, timeout=SOON)
        assert done.code not in (0, 1) and not done.code < 0, (kind, done)
        assert str(path) in done.err or path.name in done.err, (kind, done.err)
        assert len(done.err.splitlines()) == 1, (kind, done.err)
        take_away(path)
    path.symlink_to(path)
    done = account.scorefetch(*command, timeout=SOON)
    assert done.code > 1 and path.name in done.err
    assert len(done.err.splitlines()) == 1, done.err
    path.unlink()
    if aside.exists():
        aside.rename(path)
    assert account.scorefetch("get", CSV_NAME).code == 0


@pytest.mark.parametrize("place", ["log", "config", "ca-file", "ledger.lock"])
def test_as_a_filter_it_defers_at_once(account, place):
    path = PLACES[place](account)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    done = account.scoremail(stdin=mail("csv"), timeout=SOON)
    assert (done.code, done.out) == (EX_TEMPFAIL, b"")
    assert path.name in done.err and len(done.err.splitlines()) == 1, done.err


def test_a_fifo_that_somebody_reads_gets_nothing(account):
    """It could be opened without waiting, and holds up whoever writes once it is full."""
    account.log.unlink(missing_ok=True)
    os.mkfifo(account.log)
    reader = os.open(account.log, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = account.scorefetch("get", CSV_NAME, timeout=SOON)
        assert done.code == 78 and f"log file {account.log} is a FIFO" in done.err
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)


@pytest.mark.parametrize("what", ["run", "filter"])
def test_a_lock_that_another_program_holds_for_ever(account, what):
    """All of ledger.lock, as a backup program may: said within seconds, by whatever command."""
    assert account.scoremail(stdin=mail("txt")).code == 0
    with open(account.ledger.with_suffix(".lock"), "rb+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        begun = time.monotonic()
        if what == "filter":
            done = account.scoremail(stdin=mail("csv"))
        else:
            done = account.scorefetch(what)
        assert time.monotonic() - begun < SOON
    assert done.code == EX_TEMPFAIL
    assert f"process {os.getpid()}, which is not scorefetch, has locked all of ledger.lock" in done.err
    assert account.scoremail(stdin=mail("csv")).code == 0


def test_who_holds_the_lock_of_the_schema_for_ever_holds_nobody_up(account):
    """A scorefetch that was stopped while it opened the ledger: the others need no new schema."""
    assert account.scoremail(stdin=mail("txt")).code == 0
    with open(account.ledger.with_suffix(".lock"), "rb+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX, 1)
        begun = time.monotonic()
        assert account.scoremail(stdin=mail("csv")).code == 0
        assert time.monotonic() - begun < SOON




@pytest.mark.parametrize("place", ["log", "ledger.lock"])
def test_a_file_of_another_user_is_named_with_its_owner(account, emulator, place):
    """As root's first try leaves it."""
    need(os.geteuid() == 0, "only root has other users' rights")
    folder = Path(tempfile.mkdtemp(prefix="kinds-"))  # open to nobody
    try:
        (folder / "home").mkdir()
        for program in PROGRAM_FILES:  # the build may lie where nobody gets to
            shutil.copy(account.build / program, folder)
        theirs = Account(folder / "home", folder, emulator)
        path = PLACES[place](theirs)
        subprocess.run(["chown", "-R", "nobody:", folder], check=True)
        path.touch(mode=0o600)
        done = run([theirs.build / "scorefetch", "get", "-c", theirs.config, CSV_NAME], timeout=SOON,
                   user="nobody", group="nogroup", extra_groups=[], env={"HOME": str(folder)})  # fmt: skip
        assert done.code > 1 and len(done.err.splitlines()) == 1
        assert f"{path} belongs to uid 0, and uid" in done.err, done.err
    finally:
        shutil.rmtree(folder)
