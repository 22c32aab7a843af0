"""A write of the ledger that fails, each in turn: one run later row, trail, hook and disk agree.

strace fails the N-th write or sync of the WAL, once or from there on. Unit tests do the same to each
transaction by itself (tests/unit/test-ledger-faults.c); here it is the whole of a delivery.
"""
import re
import subprocess

import pytest
from harness import CSV_NAME, mail
from test_kill import keep, names_in, need_strace, start_over
from test_reposts import sha256

pytestmark = pytest.mark.release_only("strace and the leak checker cannot both attach")

HOOK = '#!/bin/sh\necho "$SCOREMAIL_ID $SCOREMAIL_KIND $SCOREMAIL_NAME" >> "$1"\n'


def fetch(account, *strace):
    """`scorefetch run`, under strace perhaps."""
    argv = [*strace, account.build / "scorefetch", "run", "-c", account.config]
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)


def walfile(account):
    return account.ledger.with_name("ledger.db-wal")


def commits(account):
    """Of an undisturbed run: the numbers of the first write of each commit, and of all syncs, of the
    worker and of the account's process: strace counts each by itself."""
    trace = account.folder / "trace"
    done = fetch(account, "strace", "-f", "-o", trace, "-P", walfile(account), "-e", "trace=pwrite64,fdatasync")
    assert done.returncode == 0, done.stderr
    calls = re.findall(r"^(\d+) +(pwrite64|fdatasync)\(", trace.read_text(), re.M)
    numbers = {}
    for process in {process for process, _ in calls}:
        own = [call for number, call in calls if number == process]
        writes, syncs = 0, 0
        for before, call in zip(["fdatasync", *own], own):
            if call == "pwrite64":
                writes += 1
                if before == "fdatasync":
                    numbers[call, "ENOSPC", writes] = True
            else:
                syncs += 1
                numbers[call, "EIO", syncs] = True
    return list(numbers)


def told(account):
    log = account.folder / "told"
    return log.read_text().splitlines() if log.exists() else []


def assert_all_agree(account, name, data, kind, when):
    rows = account.sql("SELECT * FROM files WHERE name = ?", name)
    assert len(rows) == 1, when
    (row,) = rows
    revision = 1 if kind == "corrected" else 0
    assert (row["state"], row["revision"], row["part"], row["unanswered"]) == ("stored", revision, 0, 0), when
    assert (row["size_plain"], row["sha256_plain"]) == (len(data), sha256(data)), when
    stored = (account.directory / row["path"]).read_bytes()
    assert (len(stored), sha256(stored)) == (row["size"], row["sha256"]), when
    actions = ("stored", "corrected", "adopted")
    trail = account.sql("SELECT * FROM log WHERE name = ? AND action IN (?, ?, ?)", name, *actions)
    assert [entry["action"] for entry in trail][revision:] == ["corrected" if revision else "stored"], when
    assert row["sha256"] in trail[-1]["detail"], when
    handovers = account.sql("SELECT * FROM handovers WHERE name = ?", name)
    assert len(handovers) == revision + 1 and all(row["done"] > 0 for row in handovers), when
    assert (handovers[-1]["kind"], handovers[-1]["sha256"]) == (kind, row["sha256"]), when
    assert len({line for line in told(account) if line.endswith(name)}) == revision + 1, when


def each_write_fails(account, before, name, data, kind):
    log = account.folder / "told"
    said = told(account)
    start_over(account, before)
    numbers = commits(account)
    assert len(numbers) >= 10
    for call, errno, number in numbers:
        for times in ("", "+"):
            when = f"{call} {number}{times}"
            start_over(account, before)
            log.write_text("".join(line + "\n" for line in said))
            inject = f"inject={call}:error={errno}:when={number}{times}"
            fetch(account, "strace", "-f", "-o", "/dev/null", "-P", walfile(account), "-e", f"trace={call}", "-e", inject)
            account.time_passes(3600)
            done = fetch(account)
            assert done.returncode == 0, (when, done.stderr)
            assert_all_agree(account, name, data, kind, when)
            hidden = [n for n in names_in(account.directory) if n.endswith(".part") or ".stray" in n]
            assert hidden == [], when


def prepare(account):
    """A ledger with a hook, and a message of which nothing is fetched yet."""
    hook = account.folder / "hook"
    hook.write_text(HOOK)
    hook.chmod(0o700)
    account.configure(delivery="queued", on_stored=f"{hook} {account.folder / 'told'}")
    assert account.scorefetch("run").code == 0  # a worker is there


@pytest.mark.parametrize("kind", ["new", "corrected"])
def test_each_write_of_the_ledger_fails(account, emulator, scores, tmp_path, kind):
    need_strace()
    data = scores[CSV_NAME]
    prepare(account)
    if kind == "corrected":
        assert account.scoremail(stdin=mail("csv")).code == 0
        assert account.scorefetch("run").code == 0
        data = data.replace(b"Student1,", b"Student One,")
        emulator.add(CSV_NAME, data)
    message = mail("csv").replace(b"Message-ID: <", b"Message-ID: <again.")
    assert account.scoremail(stdin=message).code == 0
    before = keep(account, tmp_path / "before")
    each_write_fails(account, before, CSV_NAME, data, kind)


def test_each_write_fails_where_files_are_encrypted(sealing, scores, tmp_path):
    """The next try finds its own NAME.gpg, which is no stranger's."""
    need_strace()
    prepare(sealing)
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    before = keep(sealing, tmp_path / "before")
    each_write_fails(sealing, before, CSV_NAME, scores[CSV_NAME], "new")
