"""kill -9 at every step of a delivery: the next run stores the right bytes, and nothing is left over.

strace stops scorefetch at its N-th call of one kind, before that call does anything; every call that
changes a file counts, so the states in between are covered by the next call's turn.
"""
import os
import re
import shutil
import subprocess
from collections import Counter
from itertools import groupby

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, mail, need, traced

pytestmark = pytest.mark.release_only("strace and the leak checker cannot both attach")

CHANGING = [
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "linkat",
    "unlink", "unlinkat", "mkdirat", "ftruncate", "fchmod", "sendfile",
]  # fmt: skip
PART = re.compile(r"/#\d+$|\.part$")  # a file without a name yet, or one with a part's
LINE = re.compile(r"^(\w+)\((?:(\d+)<(.*?)>)?(.*)\) += +(-?\d+)")


def need_strace():
    need(shutil.which("strace"), "strace is not installed")
    need(os.geteuid() == 0, "only root may trace a program that forbids attaching")


def strace(account, *options, stdin):
    """Runs the filter, its scorefetch under strace."""
    argv = [traced(account.build, account.folder, "-y", "-s", "300", *options), "-c", account.config]
    return subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)


def calls_of(account, message, lacking=()):
    """The changing calls of one undisturbed delivery: (call, path, arguments, result)."""
    trace = account.folder / "trace"
    done = strace(account, "-o", trace, "-e", "trace=" + ",".join(CHANGING), *lacking, stdin=message)
    assert done.returncode == 0, done.stderr
    found = [LINE.match(line) for line in trace.read_text(errors="replace").splitlines()]
    return [(m[1], m[3] or "", m[4], int(m[5])) for m in found if m]


def killed_at(account, message, call, number, lacking=()):
    """Whether scorefetch died at its number-th call of that kind; if so, the filter says so."""
    inject = f"inject={call}:signal=KILL:when={number}"
    traced_calls = f"trace={call},linkat,renameat2"
    done = strace(account, "-o", "/dev/null", "-e", traced_calls, *lacking, "-e", inject, stdin=message)
    assert done.returncode in (0, EX_TEMPFAIL), done.stderr
    assert (done.returncode == EX_TEMPFAIL) == (b"was killed by signal 9" in done.stderr), done.stderr
    return done.returncode == EX_TEMPFAIL


def start_over(account, before):
    """Ledger and destination as they were in the folder `before`."""
    for folder in (account.ledger.parent, account.directory):
        shutil.rmtree(folder)
        shutil.copytree(before / folder.name, folder, symlinks=True)


def keep(account, where):
    where.mkdir()
    for folder in (account.ledger.parent, account.directory):
        shutil.copytree(folder, where / folder.name, symlinks=True)
    return where


# A share without hard links, and without a rename that never replaces.
SHARE = ["-e", "inject=linkat:error=EPERM", "-e", "inject=renameat2:error=EINVAL"]


def kill_points(calls):
    """(call, its number among those of its kind), for each call. Of the pages that SQLite writes one behind the other
    into one file, the first, each eighth and the last: no sync lies between them, so that they make one state."""
    counts = Counter()
    for (call, _), run in groupby(calls, key=lambda found: found[:2]):
        length = len(list(run))
        for index in range(length):
            counts[call] += 1
            if call != "pwrite64" or index % 8 == 0 or index == length - 1:
                yield call, counts[call]


def kill_everywhere(account, message, before, whole, lacking=()):
    """Kills at every changing call in turn; whole() asserts what must hold after the next run."""
    start_over(account, before)
    calls = calls_of(account, message, lacking)
    counts = Counter(call for call, *_ in calls)
    assert counts["fsync"] >= 2 and counts["fdatasync"] >= 3
    assert counts["renameat"] >= 2 and counts["sendfile"] >= 4 if lacking else counts["renameat2"] == 1
    points = [point for point in kill_points(calls) if not lacking or point[0] not in ("linkat", "renameat2")]  # which do nothing
    deaths = 0
    for call, number in points:
        start_over(account, before)
        deaths += killed_at(account, message, call, number, lacking)
        done = account.scoremail(stdin=message)
        assert done.code == 0, f"after a kill at {call} {number}: {done.err}"
        whole(f"after a kill at {call} {number}")
    # The log's last lines may differ by a call, but nearly every kill must have hit.
    assert deaths >= 0.9 * len(points)


def names_in(folder):
    return sorted(os.listdir(folder))


def test_a_new_file_survives_a_kill_at_every_call(account, scores, tmp_path):
    need_strace()
    before = keep(account, tmp_path / "before")

    def whole(when):
        assert names_in(account.directory) == [CSV_NAME], when
        assert (account.directory / CSV_NAME).read_bytes() == scores[CSV_NAME], when
        (row,) = account.sql("SELECT state, revision FROM files")
        assert (row["state"], row["revision"]) == ("stored", 0), when

    kill_everywhere(account, mail("csv"), before, whole)


@pytest.mark.parametrize("lacking", [[], SHARE], ids=["", "on a share"])
def test_a_corrected_file_survives_a_kill_at_every_call(account, emulator, scores, tmp_path, lacking):
    need_strace()
    corrected = scores[CSV_NAME].replace(b"Student1,", b"Student One,")
    again = mail("csv").replace(b"Message-ID: <", b"Message-ID: <again.")
    assert again != mail("csv")
    assert account.scoremail(stdin=mail("csv")).code == 0
    emulator.add(CSV_NAME, corrected)
    before = keep(account, tmp_path / "before")

    def whole(when):
        assert names_in(account.directory) == [".superseded", CSV_NAME], when
        assert names_in(account.directory / ".superseded") == [CSV_NAME + ".~1~"], when
        assert (account.directory / CSV_NAME).read_bytes() == corrected, when
        assert (account.directory / ".superseded" / (CSV_NAME + ".~1~")).read_bytes() == scores[CSV_NAME], when
        (row,) = account.sql("SELECT state, revision FROM files")
        assert (row["state"], row["revision"]) == ("stored", 1), when

    kill_everywhere(account, again, before, whole, lacking)


def test_an_encrypted_file_survives_a_kill_at_every_call(sealing, registrar, scores, tmp_path):
    need_strace()
    before = keep(sealing, tmp_path / "before")

    def whole(when):
        sealed = CSV_NAME + ".gpg"
        assert names_in(sealing.directory) == [sealed], when
        assert registrar.decrypt((sealing.directory / sealed).read_bytes()) == scores[CSV_NAME], when
        (row,) = sealing.sql("SELECT state, revision, path FROM files")
        assert (row["state"], row["revision"], row["path"]) == ("stored", 0, sealed), when

    kill_everywhere(sealing, mail("csv"), before, whole)


def test_a_large_download_survives_a_kill_anywhere(account, emulator, tmp_path):
    need_strace()
    large = os.urandom(1 << 20) * 50
    emulator.add(CSV_NAME, large)
    before = keep(account, tmp_path / "before")
    pieces = [n for n, (call, path, _, size) in enumerate(
        [c for c in calls_of(account, mail("csv")) if c[0] == "write"], 1) if PART.search(path) and size > 4096]
    assert len(pieces) >= 20
    resumed = 0
    for number in pieces[:: len(pieces) // 20][:20]:
        start_over(account, before)
        asked = len(emulator.requests("object"))
        assert killed_at(account, mail("csv"), "write", number)
        done = account.scoremail(stdin=mail("csv"))
        assert done.code == 0, done.err
        assert names_in(account.directory) == [CSV_NAME]
        assert (account.directory / CSV_NAME).read_bytes() == large
        resumed += emulator.requests("object")[asked:][-1]["range"] is not None
    assert resumed >= 15  # in the same boot a part with a strong ETag is gone on with


def test_data_are_on_the_disk_before_the_name_and_the_name_before_the_record(account):
    need_strace()
    calls = calls_of(account, mail("csv"))

    def first(what, start=0):
        return next(i for i, (call, path, rest, _) in enumerate(calls) if i >= start and what(call, path, rest))

    synced = first(lambda call, path, _: call == "fsync" and PART.search(path))
    last_write = max(i for i, (call, path, *_) in enumerate(calls) if call == "write" and PART.search(path))
    named = first(lambda call, _, rest: call == "renameat2" and ".part" in rest)
    directory = first(lambda call, path, _: call == "fsync" and path == str(account.directory))
    recorded = first(lambda call, path, _: call == "fdatasync" and path.endswith("ledger.db-wal"), directory)
    between = [path for call, path, *_ in calls[named:directory] if call in ("write", "pwrite64")]
    assert last_write < synced < named < directory < recorded
    assert not any(path.endswith("-wal") for path in between)
