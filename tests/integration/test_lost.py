"""A part or a file that somebody else takes away: what the ledger calls stored was somewhere under its name, whole.

The somebody is an importer that takes all it sees, a cleaner, another host, or a person.
"""
import contextlib
import os
import re
import shutil
import subprocess
import threading
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, Account, large_scores, mail, need, open_in, traced
from mounts import unmount
from test_reposts import CORRECTED, announced_again

MEGABYTE = 1024 * 1024
LARGE = large_scores(8 * MEGABYTE)  # worth resuming, so its part has a name


@contextlib.contextmanager
def again_and_again(what, pause):
    """Does that in a thread until the block is over, and once more."""
    over = threading.Event()

    def loop():
        while not over.wait(pause):
            what()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        what()


@contextlib.contextmanager
def every_file_named(folder):
    """The folder on a file system that knows no files without a name."""
    need(shutil.which("bindfs") and os.path.exists("/dev/fuse"), "bindfs or /dev/fuse is missing")
    below = folder.with_name("below")
    below.mkdir(mode=0o700)
    subprocess.run(["bindfs", below, folder], check=True, timeout=60)
    try:
        yield
    finally:
        unmount(folder)


def parts(account):
    return [path for path in account.directory.iterdir() if path.name.endswith(".part")]


def take_parts(account):
    for path in parts(account):
        path.unlink(missing_ok=True)


def wait_for(condition):
    end = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def assert_stored(account, data):
    assert account.stored() == {CSV_NAME: data}
    assert account.status()[CSV_NAME]["state"] == "stored"


@pytest.fixture
def empty(build, emulator, tmp_path):
    """An account at an emulator that has no file."""
    return Account(tmp_path, build, emulator)


@pytest.mark.parametrize("where", ["files without a name", "every file has a name"])
def test_an_importer_that_takes_all_it_sees(empty, emulator, where):
    """rsync --remove-source-files, again and again, against a sync whose downloads take their time."""
    need(shutil.which("rsync"), "rsync is not installed")
    data = {f"5818_{number:03d}.csv": large_scores(20000, number) for number in range(24)}
    for name, content in data.items():
        emulator.add(name, content)
    emulator.faults("file:delay=300", "object:drip=40000")
    out = empty.folder / "out"
    out.mkdir()
    importer = ["rsync", "-a", "--remove-source-files", f"{empty.directory}/", f"{out}/"]
    named = where == "every file has a name"
    with every_file_named(empty.directory) if named else contextlib.nullcontext():
        with again_and_again(lambda: subprocess.run(importer, capture_output=True, timeout=60), 1):
            done = empty.scorefetch("sync", "--all")
        if named:  # its parts are taken, and what is missing is asked for again, by a later run if need be
            empty.time_passes(3600)
            done = empty.scorefetch("sync", "--all")
        subprocess.run(importer, check=True, capture_output=True, timeout=60)
        assert done.code == 0, done.err
        assert {row["state"] for row in empty.status().values()} == {"stored"}
    whole = {path.name: path.read_bytes() for path in out.iterdir() if not path.name.startswith(".")}
    assert whole == data
    if not named:
        assert [path.name for path in out.iterdir() if path.stat().st_size == 0] == []


def test_a_part_that_is_unlinked_is_fetched_again(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    emulator.faults("object:stall=5000000x1")
    account.configure(give_up_after="30s", connect_timeout="3s")
    running = account.start(mail("csv")).go()
    wait_for(lambda: parts(account))
    take_parts(account)
    emulator.faults()
    done = running.end()
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    assert "took its part away" in account.log.read_text()
    assert account.sql("SELECT count(*) AS n FROM log WHERE action = 'stored'")[0]["n"] == 1


def test_parts_that_are_always_unlinked_are_left_for_a_later_run(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    emulator.faults("object:drip=8000000")
    with again_and_again(lambda: take_parts(account), 0.01):
        done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert re.search(f"takes unfinished files .* away from {account.directory}", done.err), done.err
    assert account.status()[CSV_NAME]["state"] == "waiting"
    assert account.stored() == {}
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, LARGE)


@pytest.mark.parametrize("size", [3000, len(LARGE)], ids=["small", "large"])
@pytest.mark.parametrize("again", [True, False], ids=["made anew", "gone"])
def test_a_directory_that_is_removed_during_the_download(account, emulator, size, again):
    data = LARGE[:size]
    emulator.add(CSV_NAME, data)
    emulator.faults(f"object:drip={size // 2}")  # two seconds
    running = account.start(mail("csv")).go()
    wait_for(lambda: open_in(account.directory))
    shutil.rmtree(account.directory)
    if again:
        account.directory.mkdir(mode=0o700)
    done = running.end()
    assert done.code == EX_TEMPFAIL, done.err
    assert account.status()[CSV_NAME]["state"] == "waiting"
    emulator.faults()
    account.directory.mkdir(mode=0o700, exist_ok=True)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, data)


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("call", ["renameat2", "fsync"], ids=["before the rename", "after the rename"])
@pytest.mark.parametrize("loss", ["all files", "the directory"])
def test_what_is_gone_after_a_kill_is_fetched_anew(account, emulator, scores, call, loss):
    """Nobody can tell afterwards whether the part was taken, or the file after it had got its name."""
    need(shutil.which("strace"), "strace is not installed")
    only = ["-P", account.directory] if call == "fsync" else []
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when=1"]
    filter_ = traced(account.build, account.folder, "-o", "/dev/null", *only, *inject)
    done = subprocess.run([filter_, "-c", account.config], input=mail("csv"), capture_output=True, timeout=120)
    assert b"was killed by signal 9" in done.stderr
    assert account.status()[CSV_NAME]["state"] == "placing"
    (left,) = account.directory.iterdir()
    assert (left.name == CSV_NAME) == (call == "fsync")
    if loss == "the directory":
        shutil.rmtree(account.directory)
        account.directory.mkdir(mode=0o700)
    else:
        left.unlink()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, scores[CSV_NAME])
    assert len(emulator.requests("object")) == 2


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("call", ["openat", "linkat", "fchmod", "fsync", "renameat2", "renameat"])
@pytest.mark.parametrize("what, error", [("new", "ENOENT"), ("corrected", "EIO"), ("corrected", "ENOENT")])
def test_each_call_around_the_rename_fails(account, emulator, scores, call, error, what):
    """Whatever fails: 75, or stored; and stored at the latest by the next run, with nothing left over."""
    need(shutil.which("strace"), "strace is not installed")
    if (what, call) == ("new", "renameat"):
        return  # only what replaces is renamed so
    message, data = mail("csv"), scores[CSV_NAME]
    if what == "corrected":
        assert account.scoremail(stdin=message).code == 0
        message, data = announced_again(1), CORRECTED
        emulator.add(CSV_NAME, data)
        account.time_passes(4000)
    before = account.folder / "before"
    folders = (account.ledger.parent, account.directory)
    for folder in folders:
        shutil.copytree(folder, before / folder.name)
    trace = account.folder / "trace"
    only = [] if call in ("fsync", "fchmod") else ["-P", account.directory]
    for number in range(1, 100):
        inject = f"inject={call}:error={error}:when={number}"
        filter_ = traced(account.build, account.folder, "-y", "-o", trace, *only, "-e", f"trace={call}", "-e", inject)
        done = subprocess.run([filter_, "-c", account.config], input=message, capture_output=True, timeout=120)
        assert done.returncode in (0, EX_TEMPFAIL), (number, done.stderr)
        if done.returncode == 0:
            assert_stored(account, data)
        assert account.scoremail(stdin=message).code == 0, number
        assert_stored(account, data)
        if what == "corrected":
            older = account.directory / ".superseded"
            assert {path.name: path.read_bytes() for path in older.iterdir()} == {f"{CSV_NAME}.~1~": scores[CSV_NAME]}
        if "INJECTED" not in trace.read_text():
            assert number > 1
            return
        for folder in folders:
            shutil.rmtree(folder)
            shutil.copytree(before / folder.name, folder)
    raise AssertionError("there is no end to it")


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_part_for_a_file_elsewhere_that_is_unlinked_is_said(account):
    """It is no file of that name that is in the way, which --force would replace."""
    need(shutil.which("strace"), "strace is not installed")
    folder = account.folder / "elsewhere"
    folder.mkdir()
    late = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:delay_enter=1500000"]
    get = [account.build / "scorefetch", "get", "-c", account.config, "-o", folder / "out.csv", CSV_NAME]
    with again_and_again(lambda: [part.unlink() for part in folder.glob(".*.part")], 0.01):
        done = subprocess.run([*late, *get], capture_output=True, text=True, timeout=120)
    assert (done.returncode, os.listdir(folder)) == (os.EX_CANTCREAT, [])
    assert "took the unfinished file away" in done.stderr and "there already" not in done.stderr


def test_a_stranger_s_part_is_left_alone(account, scores):
    """Of another ledger, say: its numbers are others, and what is young is not swept."""
    stranger = account.directory / f".{CSV_NAME}.1.part"
    stranger.write_bytes(b"theirs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME], stranger.name: b"theirs"}


def test_two_ledgers_and_one_directory(build, emulator, tmp_path):
    """A sync on each of two hosts at once: all files are there, and nothing else is."""
    data = {f"5818_{number:03d}.csv": large_scores(5000, number) for number in range(40)}
    for name, content in data.items():
        emulator.add(name, content)
    hosts = [Account(tmp_path / name, build, emulator) for name in ("one", "two")]
    hosts[1].directory.rmdir()
    hosts[1].configure(directory=hosts[0].directory)
    running = [subprocess.Popen([build / "scorefetch", "sync", "-q", "-c", host.config, "--all"]) for host in hosts]
    codes = [process.wait(300) for process in running]
    assert codes == [0, 0]
    assert hosts[0].stored() == data
    for host in hosts:
        assert {row["state"] for row in host.status().values()} == {"stored"}
