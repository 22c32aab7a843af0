"""What the tests of whole programs share: running them, and an account for an emulator."""
import json
import os
import pty
import random
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
MAILS = CHECKOUT / "tests" / "fixtures" / "mail"
CSV_NAME = "4300_20180410_111604.csv"  # announced by csv.eml
TXT_NAME = "4300_20180410_111604.txt"  # announced by txt.eml

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_SOFTWARE, EX_NOPERM, EX_TEMPFAIL, EX_CONFIG = 64, 65, 66, 70, 77, 75, 78

# The columns of the ledger that are times, by table.
LEDGER_TIMES = {
    "files": ["announced", "updated", "stored", "pruned", "looked", "next_attempt", "missing_since"],
    "events": ["first_seen", "last_seen", "received"],
    "alerts": ["first", "last", "sent"],
    "accounts": ["rejected_at", "probe_at", "crowded_until", "secret_since", "mail_seen", "listing_wanted", "synced", "sync_tried", "looked"],
    "handovers": ["next_attempt"],
}

# What has to lie side by side where the programs of a build folder are copied to.
PROGRAM_FILES = ("scoremail", "scoremail-filter.so", "scoremail-reader.so", "scoremail-compose", "scorefetch")

# A folder with the packages of tests/fixtures/npm, "none" where they cannot be had, None: see the fixture npm.
NPM = os.environ.get("SCOREMAIL_NPM")

MAY_SKIP = os.environ.get("SCOREMAIL_TESTS_MAY_SKIP") == "1"

# What a presigned URL's query has, in either form and in any case, and what a token looks like. Looked for in many
# ledgers: fixed octets and a pattern that begins with one are found ten times sooner than a pattern of both.
URL_QUERY = [name + sign for name in (b"signature", b"awsaccesskeyid", b"x-amz-credential", b"expires") for sign in (b"=", b"%3d")]
TOKEN = re.compile(rb"-(?<=[0-9A-F]{8}-)(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")


def need(condition, why):
    """Goes on only if the condition holds; a test that cannot run has shown nothing, so it fails
    unless SCOREMAIL_TESTS_MAY_SKIP=1 says that it may be skipped."""
    if condition:
        return
    if MAY_SKIP:
        pytest.skip(why)
    pytest.fail(f"cannot run here: {why} (SCOREMAIL_TESTS_MAY_SKIP=1 allows that)", pytrace=False)


def build_folder():
    return Path(os.environ.get("SCOREMAIL_BUILD", CHECKOUT / "build")).resolve()


def is_sanitized(build):
    """Whether the programs in that build folder carry a sanitizer."""
    about = build / "meson-info" / "intro-buildoptions.json"
    if not about.exists():
        return False  # out of a package
    options = json.loads(about.read_text())
    return any(o["name"] == "b_sanitize" and o["value"] != "none" for o in options)


def received(message, at=None):
    """The message as if it had been received just now, or at that time: by its topmost Received."""
    when = formatdate(time.time() if at is None else at).encode()
    return re.sub(rb"(?s)((?:^|\n)Received: .*?; )[^\n]*", lambda found: found[1] + when, message, count=1)


def mail(name):
    """A fixture mail, "csv" or "txt", just received."""
    return received((MAILS / f"{name}.eml").read_bytes())


def scores(form, students=100):
    """The same invented scores, comma-delimited ("csv") or fixed-width ("txt")."""
    rows = [(f"{n:09d}", f"Student{n}", 200 + 10 * (n * 7 % 61), 200 + 10 * (n * 11 % 61)) for n in range(students)]
    if form == "csv":
        lines = ["ID,NAME,EBRW,MATH"] + [",".join(map(str, row)) for row in rows]
    else:
        lines = [f"{row[0]}{row[1]:<20}{row[2]:03d}{row[3]:03d}" for row in rows]
    return "".join(line + "\r\n" for line in lines).encode()


def large_scores(size, version=1):
    """So many bytes, the same ones each time; another version has others."""
    return b"ID,NAME\r\n" + random.Random(version).randbytes(size - 9)


def notification(build, name, *options):
    """A new message that announces the name, as the portal would send it."""
    new = ["--message-id", f"{uuid.uuid4()}@mail.scores.example"]  # in lower case, as no token is
    command = [build / "scoremail-emulator", "notify", name, *new, *options]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


@dataclass
class Result:
    """How a program ended, and what it said."""

    code: int
    out: bytes
    err: str


def run(argv, stdin=b"", terminal=False, timeout=300, **options):
    """Runs a program to its end. With terminal=True its stderr is a terminal."""
    argv = [os.fspath(a) for a in argv]
    if not terminal:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, **options)
        return Result(done.returncode, done.stdout, done.stderr.decode())
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=theirs, timeout=timeout, **options)
    finally:
        os.close(theirs)
    with open(ours, "rb", buffering=0) as screen:
        said = b""
        try:
            while chunk := screen.read(4096):
                said += chunk
        except OSError:  # EIO: how a terminal says that its other end is closed
            pass
    return Result(done.returncode, done.stdout, said.decode().replace("\r\n", "\n"))


MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def cost(argv):
    """Exit code of a command, its processor seconds, its memory in kB, and what it said on standard error."""
    # by a small process: what this one has counts for its children, too
    done = run([sys.executable, "-c", MEASURE, *argv])
    code, seconds, kilobytes = done.out.split()
    return int(code), float(seconds), int(kilobytes), done.err


def family(pid):
    """The numbers of a process and of all below it."""
    with suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *(one for child in children for one in family(int(child)))]
    return []


def signal_all(pids, number):
    """Sends a signal to these processes, of which some may have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def is_gone(pid):
    """Whether a process has ended. Where nobody waits for orphans (a PID 1 that does not), they stay as zombies."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Running:
    """A program as it runs. It has its message, but not the message's end before go()."""

    def __init__(self, argv, message, **options):
        pipe = subprocess.PIPE
        argv = [os.fspath(a) for a in argv]
        self.process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, **options)
        self.pid = self.process.pid
        self.process.stdin.write(message)
        self.process.stdin.flush()

    def go(self):
        self.process.stdin.close()
        return self

    def scorefetch(self):
        """The number of the scorefetch that this scoremail has started, once there is one."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    facts = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if facts.get("PPid") == str(self.pid) and facts["Name"] == "scorefetch":
                    return int(facts["Pid"])
            assert self.process.poll() is None, "scoremail has ended"
            time.sleep(0.01)
        raise AssertionError("no scorefetch was started")

    def kill(self):
        self.process.kill()

    def end(self, timeout=300):
        """Waits for its end: a Result."""
        with self.process as ended:
            try:
                code = ended.wait(timeout)
            finally:
                ended.kill()
            return Result(code, ended.stdout.read(), ended.stderr.read().decode())


def open_in(folder):
    """The sizes of the files of a folder that some process has open, those without a name too."""
    sizes = []
    for fds in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):  # it has ended, or closed it
            sizes += [os.stat(fds / fd).st_size for fd in os.listdir(fds)
                      if os.readlink(fds / fd).startswith(f"{folder}/")]
    return sizes


def traced(build, folder, *options):
    """A filter whose scorefetch alone runs under strace, with these options."""
    shutil.rmtree(folder / "traced", ignore_errors=True)
    (folder / "traced").mkdir()
    for name in PROGRAM_FILES[:-1]:
        shutil.copy(build / name, folder / "traced")
    script = folder / "traced" / "scorefetch"
    command = shlex.join(map(str, ["strace", *options, build / "scorefetch"]))
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    return folder / "traced" / "scoremail"


class Account:
    """A configuration with one account, `main`, for an emulator.

    `folder` is laid out as the home of a person who uses scoremail. Where the programs see it under
    another path (in a throw-away root), that is `seen_at`.
    """

    def __init__(self, folder, build, emulator, seen_at=None, **settings):
        self.folder = folder
        self.build = build
        self.emulator = emulator
        self.username, self.password = next(iter(emulator.users.items()))
        self.seen_at = seen_at or folder
        self.config = folder / ".config" / "scoremail" / "scoremail.conf"
        self.ledger = folder / ".local" / "state" / "scoremail" / "ledger.db"
        self.spool = self.ledger.parent / "spool"
        self.log = folder / "scoremail.log"
        self.directory = folder / "scores"
        self.password_file = folder / ".config" / "scoremail" / "password"
        self.ca = folder / "ca.pem"
        for path in (self.config.parent, self.ledger.parent, self.directory):
            path.mkdir(parents=True, mode=0o700)
        shutil.copy(emulator.ca, self.ca)
        self.write_password(self.password)
        service = urlsplit(emulator.url)
        self.general = {
            "ledger": self.seen(self.ledger),
            "spool": self.seen(self.spool),
            "log": self.seen(self.log),
            "log-level": "info",
        }
        self.account = {
            "username": self.username,
            "password-file": self.seen(self.password_file),
            "directory": self.seen(self.directory),
            "format": "csv",
            "service-url": emulator.url,
            "storage-hosts": f"{service.hostname}:{service.port}",
            "ca-file": self.seen(self.ca),
        }
        self.configure(**settings)

    def seen(self, path):
        """A path in the folder, as the programs see it."""
        return self.seen_at / path.relative_to(self.folder)

    def write_password(self, password):
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password + "\n")

    def configure(self, **settings):
        """Sets keys of the account (with _ for -); None takes a key out."""
        self.account.update({key.replace("_", "-"): value for key, value in settings.items()})
        lines = ["[scoremail]", *(f"{key} = {value}" for key, value in self.general.items()), "", "[account main]"]
        lines += [f"{key} = {value}" for key, value in self.account.items() if value is not None]
        self.config.write_text("\n".join(lines) + "\n")

    def is_impatient(self, patience="1s"):
        """From now on it soon gives up what fails, until emulator.faults() ends all faults: what goes well then has its time,
        of which a slow machine takes much."""
        self.configure(give_up_after=patience)
        self.emulator.when_well = lambda: self.configure(give_up_after=None)

    def run(self, program, *arguments, stdin=b"", **how):
        return run([self.build / program, *arguments], stdin, **how)

    def scoremail(self, *options, stdin=b"", **how):
        """The filter, with a message on its standard input."""
        return self.run("scoremail", "-c", self.seen(self.config), *options, stdin=stdin, **how)

    def receive(self, name, *options, **how):
        """The filter, with a new message that announces the name."""
        return self.scoremail(*options, stdin=notification(self.build, name), **how)

    def start(self, message):
        """The filter, started: see Running."""
        return Running([self.build / "scoremail", "-c", self.seen(self.config)], message)

    def scorefetch(self, command, *arguments, **how):
        return self.run("scorefetch", command, "-c", self.seen(self.config), *arguments, **how)

    def status(self):
        """The ledger's rows by file name."""
        result = self.scorefetch("status", "--json")
        assert result.code == 0, result.err
        return {row["name"]: row for row in json.loads(result.out)["files"]}

    def sql(self, statement, *values):
        """The rows that the ledger gives for a statement; what it changes is committed."""
        with closing(sqlite3.connect(self.ledger)) as db, db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(statement, values)]

    def time_passes(self, seconds):
        """Makes all that the ledger remembers so much older."""
        with closing(sqlite3.connect(self.ledger)) as db, db:
            for table, columns in LEDGER_TIMES.items():
                for column in columns:
                    db.execute(f"UPDATE {table} SET {column} = {column} - ? WHERE {column} > 0", (seconds,))

    def with_patience(self, deliver, shows, key="give_up_after", patiences=("2s", "45s")):
        """What deliver() gives with a short give-up-after (or another key), to be waited for; with a long one where shows()
        does not hold of it: on a busy machine time may be over before what is looked for has happened. emulator.faults()
        ends it."""
        self.emulator.when_well = lambda: self.configure(**{key: None})
        for patience in patiences:
            self.configure(**{key: patience})
            done = deliver()
            if shows(done):
                break
            self.time_passes(1800)  # no pause holds the next one up
        return done

    def age_heartbeat(self, seconds):
        """Makes the worker one that was at work so long ago."""
        then = time.time() - seconds
        os.utime(self.spool / "heartbeat", (then, then))

    def stored(self):
        """What lies in the destination, by name: hidden files too, the folder of superseded ones not."""
        return {p.name: p.read_bytes() for p in self.directory.iterdir() if p.is_file()}

    def assert_no_secret(self, *said):
        """No password, token or URL query in what was said, nor in any file that was written."""
        written = [
            path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path != self.password_file and not os.access(path, os.X_OK)  # a copied program
        ]
        for text in written + [s.encode() if isinstance(s, str) else s for s in said]:
            assert self.password.encode() not in text
            lower = text.lower()
            assert not [part for part in URL_QUERY if part in lower], "a part of a presigned URL"
            assert TOKEN.search(text) is None, "a token"
