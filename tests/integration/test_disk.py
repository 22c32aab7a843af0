"""What is wrong on our own side: disks, directories, the ledger. The mail waits, and mending is enough."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from agents import wait_for
from harness import (CSV_NAME, EX_NOPERM, EX_TEMPFAIL, PROGRAM_FILES, Account, Running, large_scores, mail, need,
                     notification, traced)

MEGABYTE = 1024 * 1024
OTHER_USER = 1  # daemon: some user that every Debian has, and that we are not


def assert_deferred(account, done, words):
    """The mail waits; one line says why; no file and no part is there."""
    assert done.code == EX_TEMPFAIL, done.err
    assert done.out == b""
    assert re.fullmatch(r"scoremail: .+\n", done.err), done.err
    assert re.search(words, done.err), done.err
    account.assert_no_secret(done.err)


def assert_stored(account, done, data):
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: data}


class SmallDisk:
    """A tmpfs over a folder, or with an image the ext4 in it, in a mount namespace of its own: run() runs programs
    that see it."""

    def __init__(self, folder, options, image=None):
        need(os.geteuid() == 0, "only root can mount")
        self.folder = folder
        hold = 'mount -t "$1" -o "$2" "$3" "$0" && echo mounted && exec cat'
        what = ("ext4", f"loop,{options}", image) if image else ("tmpfs", f"{options},mode=700", "tmpfs")
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", hold, folder, *what],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        need(self.holder.stdout.readline() == b"mounted\n", f"no {what[0]} can be mounted here")
        self.inside = ["nsenter", "--target", str(self.holder.pid), "--mount", "--root", "--"]
        self.seen = Path(f"/proc/{self.holder.pid}/root{folder}")

    def remount(self, options):
        subprocess.run([*self.inside, "mount", "-o", f"remount,{options}", self.folder], check=True, timeout=60)

    def fill(self, leave=0):
        """Leaves so many bytes, or a block less."""
        with open(self.seen / "ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            os.fsync(file.fileno())
            file.truncate(max(os.fstat(file.fileno()).st_size - leave, 0))

    def close(self):
        self.holder.communicate(timeout=60)


class OnSmallDisk:
    """An account whose destination or ledger lies on a small disk; otherwise as Account."""

    def __init__(self, account, folder, options, image=None):
        self.account = account
        self.disk = SmallDisk(folder, options, image)

    def scoremail(self, message):
        argv = [*self.disk.inside, self.account.build / "scoremail", "-c", self.account.config]
        return Running(argv, message).go()

    def scorefetch(self, *arguments):
        argv = [*self.disk.inside, self.account.build / "scorefetch", *arguments, "-c", self.account.config]
        return Running(argv, b"").go().end()

    def names(self):
        return sorted(os.listdir(self.disk.seen))

    def sql(self, statement):
        """The rows that a ledger on it gives for a statement; what that changes is committed."""
        inside = "import json, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)"
        inside += "; print(json.dumps(db.execute(sys.argv[2]).fetchall()))"
        argv = [*self.disk.inside, sys.executable, "-c", inside, self.account.ledger, statement]
        return json.loads(subprocess.run(argv, check=True, timeout=60, stdout=subprocess.PIPE).stdout)


@pytest.fixture
def small_disk(account):
    """Puts a small disk under a folder of the account."""
    made = []

    def make(folder, options, image=None):
        made.append(OnSmallDisk(account, folder, options, image))
        return made[-1]

    yield make
    for each in made:
        each.disk.close()


def test_a_file_that_does_not_fit_is_not_begun(account, emulator, small_disk):
    data = large_scores(16 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    small = small_disk(account.directory, "size=8m")
    done = small.scoremail(mail("csv")).end()
    assert_deferred(account, done, f"{account.directory}.*{len(data)} bytes do not fit.*No space left")
    assert small.names() == []
    assert emulator.requests("object")[0]["sent"] < len(data)  # said before the transfer, not after it
    small.disk.remount("size=32m")
    assert small.scoremail(mail("csv")).end().code == 0
    assert (small.disk.seen / CSV_NAME).read_bytes() == data
    assert small.names() == [CSV_NAME]


def test_a_disk_that_fills_up_meanwhile(account, emulator, small_disk):
    data = large_scores(6 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:drip=400000")  # longer than it takes to fill the disk
    small = small_disk(account.directory, "size=8m")
    running = small.scoremail(mail("csv"))
    wait_for(small.names, "the download to begin")
    small.disk.fill()
    assert_deferred(account, running.end(), f"{CSV_NAME}.*No space left")
    assert small.names() == ["ballast"]
    emulator.faults()
    (small.disk.seen / "ballast").unlink()
    assert small.scoremail(mail("csv")).end().code == 0
    assert (small.disk.seen / CSV_NAME).read_bytes() == data


@pytest.mark.parametrize("which", ["directory", "ledger", "spool"])
def test_a_disk_without_inodes_is_told_from_a_full_one(account, emulator, small_disk, scores, which):
    """There is room for bytes: nobody should search for what to delete by its size."""
    if which == "spool":
        account.configure(delivery="queued")
    folder = {"directory": account.directory, "ledger": account.ledger.parent, "spool": account.spool}[which]
    folder.mkdir(exist_ok=True)
    small = small_disk(folder, "size=8m,nr_inodes=30")
    number = 0
    with suppress(OSError):
        for number in range(100):
            (small.disk.seen / str(number)).touch()
    done = small.scoremail(mail("csv")).end()
    assert_deferred(account, done, f"{folder}.*no inode is left, although there is free space")
    for each in range(number):
        (small.disk.seen / str(each)).unlink()
    assert small.scoremail(mail("csv")).end().code == (EX_TEMPFAIL if which == "spool" else 0)


def test_a_disk_without_room_for_a_name(account, emulator, small_disk, scores):
    small = small_disk(account.directory, "nr_inodes=1")
    done = small.scoremail(mail("csv")).end()
    assert_deferred(account, done, f"{account.directory}.*No space left")
    assert emulator.requests() == []
    small.disk.remount("nr_inodes=100")
    assert small.scoremail(mail("csv")).end().code == 0
    assert small.names() == [CSV_NAME]


def test_a_destination_on_a_read_only_file_system(account, emulator, small_disk):
    small = small_disk(account.directory, "size=1m")
    small.disk.remount("ro")
    done = small.scoremail(mail("csv")).end()
    assert_deferred(account, done, f"{account.directory}.*Read-only")
    assert emulator.requests() == []
    small.disk.remount("rw")
    assert small.scoremail(mail("csv")).end().code == 0


@pytest.mark.parametrize("size", ["4k", "16k", "48k", "96k"])
def test_a_ledger_on_a_full_disk(account, emulator, small_disk, scores, size):
    small = small_disk(account.ledger.parent, f"size={size}")
    done = small.scoremail(mail("csv")).end()
    assert_deferred(account, done, f"ledger {account.ledger}.*full.*free space")
    assert account.stored() == {}
    assert emulator.requests() == []
    small.disk.remount("size=8m")
    assert_stored(account, small.scoremail(mail("csv")).end(), scores[CSV_NAME])


def test_a_ledger_that_fills_up(account, emulator, small_disk, scores):
    """Message upon message until the disk is full; then nothing is lost, and room is enough."""
    account.configure(format="txt")
    small = small_disk(account.ledger.parent, "size=256k")
    for count in range(300):
        message = mail("csv").replace(b"Message-ID: <", b"Message-ID: <%d." % count)
        done = small.scoremail(message).end()
        if done.code != 0:
            break
        if count > 5:
            small.disk.fill()
    assert_deferred(account, done, f"ledger {account.ledger}.*full.*free space")
    small.disk.remount("size=8m")
    account.configure(format="csv")
    assert_stored(account, small.scoremail(message).end(), scores[CSV_NAME])


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("which", ["ledger.db", "ledger.db-shm"])
def test_a_file_system_without_locks_holds_nobody_up(account, scores, which):
    """ENOLCK is no other process's lock: nobody waits for it."""
    need(shutil.which("strace"), "strace is not installed")
    assert account.scoremail(stdin=mail("txt")).code == 0
    path = account.ledger.with_name(which)
    argv = ["strace", "-f", "-o", "/dev/null", "-P", path, "-e", "trace=fcntl", "-e", "inject=fcntl:error=ENOLCK"]
    begin = time.monotonic()
    done = Running([*argv, account.build / "scoremail", "-c", account.config], mail("csv")).go().end()
    assert time.monotonic() - begin < 28  # for a lock one would wait 30 s
    assert_deferred(account, done, f"ledger {account.ledger}.*[Nn]o locks available")
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


@pytest.mark.parametrize("block", [1024, 4096])
def test_a_ledger_on_an_ext4_that_is_full(account, emulator, small_disk, scores, tmp_path, block):
    """However little is left: nobody dies of it, and with room one run makes row, trail and disk agree."""
    image = tmp_path / "ext4"
    with open(image, "wb") as file:
        file.truncate(4 * MEGABYTE)
    need(shutil.which("mkfs.ext4"), "e2fsprogs is not installed")
    subprocess.run(["mkfs.ext4", "-q", "-b", str(block), image], check=True, timeout=60)
    small = small_disk(account.ledger.parent, "nodelalloc", image)
    account.configure(format="both")
    assert small.scoremail(mail("txt")).end().code == 0  # there is a ledger
    seen = set()
    for number, leave in enumerate(range(0, 240 * 1024, 20 * 1024)):
        name = f"4300_20180410_1116{number:02d}.csv"
        data = scores[CSV_NAME].replace(b"Student1,", b"Student %d," % number)
        emulator.add(name, data)
        small.disk.fill(leave)
        done = Running([*small.disk.inside, account.build / "scoremail", "-c", account.config],
                       notification(account.build, name)).go().end()  # fmt: skip
        assert done.code in (0, EX_TEMPFAIL), (leave, done.code, done.err)
        at_a_prompt = small.scorefetch("get", name)
        assert at_a_prompt.code >= 0, (leave, at_a_prompt.err)  # no signal
        seen.add(done.code)
        (small.disk.seen / "ballast").unlink()
        small.sql("UPDATE files SET next_attempt = 0")
        assert small.scorefetch("get", name).code == 0
        row = f"FROM files WHERE name = '{name}' AND state = 'stored' AND size = {len(data)} AND part = 0"
        assert small.sql(f"SELECT count(*) {row} AND revision = 0 AND sha256 <> ''") == [[1]], leave
        assert small.sql(f"SELECT count(*) FROM log WHERE name = '{name}' AND action = 'stored'") == [[1]], leave
        assert account.stored()[name] == data
    assert seen == {0, EX_TEMPFAIL}


# What fails: the call, the errno, which file (strace's -P; "" for all), and words of the line.
FAILING = [
    ("write", "ENOSPC", "part", "No space left"),
    ("write", "EDQUOT", "part", "[Qq]uota"),
    ("write", "EIO", "part", "Input/output error"),
    ("fsync", "EIO", "part", "fsync.*Input/output error"),
    ("fsync", "ENOSPC", "part", "fsync.*No space left"),
    ("fsync", "EDQUOT", "part", "fsync.*[Qq]uota"),
    ("fchmod", "EIO", "part", None),
    ("fchmod", "EPERM", "part", None),  # a file system without modes, as CIFS: a warning
    ("fchmod", "EOPNOTSUPP", "part", None),
    ("renameat2", "EDQUOT", "directory", f"{CSV_NAME}: cannot be renamed.*[Qq]uota"),
    ("renameat2", "EACCES", "directory", f"{CSV_NAME}: cannot be renamed.*Permission denied"),
    ("renameat2", "EINVAL", "directory", None),  # a file system that lacks it: link and unlink
    ("fsync", "EIO", "directory", "fsync.*Input/output error"),
    ("pwrite64", "ENOSPC", "ledger.db-wal", "ledger.*full"),
    ("pwrite64", "EDQUOT", "ledger.db-wal", "ledger.*(full|[Qq]uota)"),
    ("pwrite64", "EIO", "ledger.db-wal", "ledger"),
    ("fdatasync", "EIO", "ledger.db-wal", "ledger"),
]


def number_of_call(account, call, path):
    """Which of the filter's calls of that kind is the first one on such a path, in a delivery that is undone."""
    before = account.folder / "before"
    trace = account.folder / "trace"
    shutil.copytree(account.ledger.parent, before)
    filter_ = traced(account.build, account.folder, "-y", "-o", trace, "-e", f"trace={call}")
    assert Running([filter_, "-c", account.config], mail("csv")).go().end().code == 0
    shutil.rmtree(account.ledger.parent)
    before.rename(account.ledger.parent)
    (account.directory / CSV_NAME).unlink()
    calls = [line for line in trace.read_text().splitlines() if line.startswith(call + "(")]
    return next(number for number, line in enumerate(calls, 1) if re.match(rf"{call}\(\d+<{path}>", line))


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("call, errno, where, words", FAILING, ids=lambda value: str(value))
@pytest.mark.parametrize("once", [True, False], ids=["once", "always"])
def test_a_call_that_fails(account, emulator, scores, call, errno, where, words, once):
    need(shutil.which("strace"), "strace is not installed")
    assert account.scoremail(stdin=mail("txt")).code == 0  # there is a ledger, and a first row in it
    paths = {
        "directory": account.directory,
        "ledger.db-wal": account.ledger.with_name("ledger.db-wal"),
    }
    if where == "part":  # it has no name, or one that nobody can know beforehand
        first = number_of_call(account, call, rf"{re.escape(str(account.directory))}/[.#].*")
        only = []
    else:
        first, only = 1, ["-P", paths[where]]
    more = not once and call != "write"  # the part is written at once, and what else is written is no part
    inject = f"inject={call}:error={errno}:when={first}" + ("+" if more else "")
    filter_ = traced(account.build, account.folder, "-o", "/dev/null", *only, "-e", f"trace={call}", "-e", inject)
    done = Running([filter_, "-c", account.config], mail("csv")).go().end()
    if words is None:
        assert done.code == 0
    else:
        assert_deferred(account, done, words)
        # What was verified, synced and recorded as such stays, under whichever name it has by then.
        assert set(account.stored().values()) <= {scores[CSV_NAME]}
        verified = bool(account.stored())
        assert verified == (where == "directory")
    asked = len(emulator.requests())
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert len(emulator.requests()) == asked + (0 if words is None or verified else 2)


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_each_commit_that_fails(account, scores):
    """The N-th one fails, for every N: 75 or all is well, and the next run makes it well."""
    need(shutil.which("strace"), "strace is not installed")
    failed = number = 0
    undisturbed = False
    while not undisturbed:
        number += 1
        trace = account.folder / "trace"
        inject = f"inject=fdatasync:error=EIO:when={number}"
        filter_ = traced(account.build, account.folder, "-o", trace, "-e", "trace=fdatasync", "-e", inject)
        done = Running([filter_, "-c", account.config], mail("csv")).go().end()
        undisturbed = "INJECTED" not in trace.read_text()
        if done.code != 0:
            assert_deferred(account, done, f"{account.ledger}|{CSV_NAME}")
            failed += 1
        assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])
        assert account.status()[CSV_NAME]["state"] == "stored"
        shutil.rmtree(account.ledger.parent)
        account.ledger.parent.mkdir()
        (account.directory / CSV_NAME).unlink()
    assert failed >= 4  # the event, the attempt, what is placed, what is stored


def test_a_destination_that_is_missing(account, emulator, scores):
    account.directory.rmdir()
    done = account.scoremail(stdin=mail("csv"))
    assert_deferred(account, done, f"account main: directory {account.directory}.*never created.*mounted.*No such file")
    assert not account.directory.exists()
    assert emulator.requests() == []
    assert account.status()[CSV_NAME]["state"] == "waiting"
    account.directory.mkdir()
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_destination_that_is_a_file(account, emulator, scores):
    account.directory.rmdir()
    account.directory.write_bytes(b"not a directory\n")
    done = account.scoremail(stdin=mail("csv"))
    assert_deferred(account, done, f"{account.directory}.*Not a directory")
    assert account.directory.read_bytes() == b"not a directory\n"
    assert emulator.requests() == []
    account.directory.unlink()
    account.directory.mkdir()
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


class OtherUser(Account):
    """An account that belongs to another user, who can reach its folder and the programs."""

    def __init__(self, folder, build, emulator):
        programs, home = folder / "bin", folder / "home"
        programs.mkdir()
        home.mkdir()
        for name in PROGRAM_FILES:
            shutil.copy(build / name, programs)
        super().__init__(home, programs, emulator)  # no programs in there: their texts are no leaked secrets
        for path in [folder, *folder.rglob("*")]:
            os.lchown(path, OTHER_USER, OTHER_USER)
        os.chown(self.config, 0, 0)  # so that root may use it as well
        self.config.chmod(0o644)

    def run(self, program, *arguments, stdin=b""):
        become = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"]
        return Running([*become, self.build / program, *arguments], stdin).go().end()

    def run_as_root(self, program, *arguments, stdin=b""):
        return Running([self.build / program, *arguments], stdin).go().end()


@pytest.fixture
def theirs(build, emulator, scores):
    need(os.geteuid() == 0, "only root can become another user")
    for name, data in scores.items():
        emulator.add(name, data)
    with tempfile.TemporaryDirectory(prefix="scoremail-test-") as folder:
        yield OtherUser(Path(folder), build, emulator)


def test_a_destination_that_is_not_writable(theirs, emulator, scores):
    theirs.directory.chmod(0o555)
    done = theirs.scoremail(stdin=mail("csv"))
    assert_deferred(theirs, done, f"{theirs.directory}.*Permission denied")
    assert theirs.stored() == {}
    assert emulator.requests() == []
    theirs.directory.chmod(0o755)
    assert_stored(theirs, theirs.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_password_that_is_not_readable(theirs, emulator, scores):
    os.chown(theirs.password_file, 0, 0)
    done = theirs.scoremail(stdin=mail("csv"))
    assert_deferred(theirs, done, f"account main: password-file {theirs.password_file}.*Permission denied")
    assert emulator.requests() == []
    assert theirs.stored() == {}
    os.chown(theirs.password_file, OTHER_USER, OTHER_USER)
    assert_stored(theirs, theirs.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_directory_of_the_ledger_that_is_not_writable(theirs, emulator, scores):
    theirs.ledger.parent.chmod(0o555)
    done = theirs.scoremail(stdin=mail("csv"))
    assert_deferred(theirs, done, f"{theirs.ledger.parent}.*Permission denied")
    assert emulator.requests() == []
    theirs.ledger.parent.chmod(0o755)
    assert_stored(theirs, theirs.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_ledger_that_is_not_writable(theirs, emulator, scores):
    assert theirs.scoremail(stdin=mail("txt")).code == 0
    theirs.ledger.chmod(0o444)
    done = theirs.scoremail(stdin=mail("csv"))
    assert_deferred(theirs, done, f"ledger {theirs.ledger}: Permission denied")
    assert emulator.requests() == []
    theirs.ledger.chmod(0o600)
    assert_stored(theirs, theirs.scoremail(stdin=mail("csv")), scores[CSV_NAME])


@pytest.mark.parametrize("there", [False, True], ids=["a ledger to come", "a ledger"])
def test_root_leaves_the_ledger_of_another_user_alone(theirs, emulator, scores, there):
    if there:
        assert theirs.scoremail(stdin=mail("txt")).code == 0
        theirs.log.unlink()
    before = {path: path.stat() for path in theirs.folder.rglob("*")}
    done = theirs.run_as_root("scoremail", "-c", theirs.config, stdin=mail("csv"))
    assert_deferred(theirs, done, "belongs to user daemon; run runuser -u daemon -- scorefetch")
    asked = theirs.run_as_root("scorefetch", "get", "-c", theirs.config, CSV_NAME)
    assert asked.code == EX_NOPERM
    assert "runuser -u daemon" in asked.err
    after = {path: path.stat() for path in theirs.folder.rglob("*")}
    assert after.keys() == before.keys()
    assert {path: stat.st_mtime_ns for path, stat in after.items()} == {
        path: stat.st_mtime_ns for path, stat in before.items()
    }
    assert emulator.requests() == []
    assert_stored(theirs, theirs.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_ledger_that_another_process_holds(account, emulator, scores):
    assert account.scoremail(stdin=mail("txt")).code == 0
    with closing(sqlite3.connect(account.ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = account.scoremail(stdin=mail("csv"))  # waits for 30 s
    assert_deferred(account, done, f"ledger {account.ledger}.*locked.*another process")
    assert emulator.requests() == []
    assert account.stored() == {}
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def corrupt(ledger, begin, end):
    with open(ledger, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(begin)
        file.write(b"\xa5" * (min(end, size) - begin))


@pytest.mark.parametrize("begin, end", [(0, 1 << 20), (0, 100), (4096, 1 << 20)], ids=["all", "header", "pages"])
def test_a_ledger_that_is_corrupt(account, emulator, scores, begin, end):
    assert account.scoremail(stdin=mail("csv")).code == 0
    corrupt(account.ledger, begin, end)
    done = account.scoremail(stdin=mail("txt"))
    assert_deferred(account, done, f"ledger {account.ledger}.*(not a database|malformed).*move it aside")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    asked = len(emulator.requests("object"))
    account.ledger.rename(account.folder / "ledger.corrupt")
    assert_stored(account, account.receive(CSV_NAME), scores[CSV_NAME])  # adopted: it is there, as said
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert len(emulator.requests("object")) == asked + 1


def test_a_ledger_of_a_newer_version(account, emulator, scores):
    assert account.scoremail(stdin=mail("txt")).code == 0
    (before,) = account.sql("PRAGMA user_version")
    account.sql("PRAGMA user_version = 1000")
    bytes_before = account.ledger.read_bytes()
    done = account.scoremail(stdin=mail("csv"))
    assert_deferred(account, done, f"ledger {account.ledger}.*newer version.*1000.*upgrade")
    assert account.ledger.read_bytes() == bytes_before
    assert emulator.requests() == []
    account.sql(f"PRAGMA user_version = {before['user_version']}")
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_ledger_that_is_a_directory(account, emulator, scores):
    account.ledger.mkdir()
    done = account.scoremail(stdin=mail("csv"))
    assert_deferred(account, done, f"ledger {account.ledger}.*unable to open")
    assert emulator.requests() == []
    account.ledger.rmdir()
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])


def test_a_directory_of_the_ledger_is_made(account, scores):
    shutil.rmtree(account.ledger.parent)
    assert_stored(account, account.scoremail(stdin=mail("csv")), scores[CSV_NAME])
    assert account.ledger.parent.stat().st_mode & 0o7777 == 0o700
