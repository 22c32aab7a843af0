"""Disks and shares as they are: FAT, exFAT, NTFS, FUSE, overlay, tmpfs, and what strace makes of an ordinary one."""
import os
import re
import shutil
import subprocess

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, large_scores, mail, need, traced
from mounts import CASELESS, KINDS, mounted
from test_reposts import CORRECTED, announced_again

pytestmark = pytest.mark.release_only("the same calls, whatever the build: once is enough")

MEGABYTE = 1024 * 1024
LATER = 4000  # seconds: until the service is asked for a correction again


@pytest.fixture(params=KINDS)
def on_share(request, account):
    """An account whose directory lies on a file system of each kind."""
    with mounted(request.param, account.directory):
        yield account


def assert_holds(account, files):
    """These files, hidden ones too, and nothing else but older versions."""
    shown = {name.lower() for name in os.listdir(account.directory)}  # as some show all names
    assert shown - {".superseded"} == {name.lower() for name in files}
    assert {name: (account.directory / name).read_bytes() for name in files} == files


def test_a_file_its_corrections_and_its_end(on_share, emulator, scores):
    account = on_share
    versions = [scores[CSV_NAME], CORRECTED, b"ID,NAME\r\n2,corrected again\r\n"]
    for number, version in enumerate(versions):
        emulator.add(CSV_NAME, version)
        done = account.scoremail(stdin=announced_again(number) if number else mail("csv"))
        assert done.code == 0, done.err
        assert_holds(account, {CSV_NAME: version})
        account.time_passes(LATER)
    older = account.directory / ".superseded"
    assert sorted(os.listdir(older)) == [f"{CSV_NAME}.~1~", f"{CSV_NAME}.~2~"]
    assert [(older / f"{CSV_NAME}.~{n}~").read_bytes() for n in (1, 2)] == versions[:2]
    assert account.status()[CSV_NAME]["revision"] == 2
    account.configure(keep_for="1h")
    assert account.scorefetch("prune").code == 0
    assert_holds(account, {})
    assert os.listdir(older) == []


def test_what_is_there_is_not_overwritten(on_share, scores):
    account = on_share
    (account.directory / CSV_NAME).write_bytes(b"somebody else's\n")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.status()[CSV_NAME]["state"] == "conflict"
    assert_holds(account, {CSV_NAME: b"somebody else's\n"})
    (account.directory / CSV_NAME).unlink()
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
    assert account.scorefetch("retry", CSV_NAME).code == 0
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert_holds(account, {CSV_NAME: scores[CSV_NAME]})


def test_a_large_file_in_pieces_and_a_file_for_a_person(on_share, emulator):
    account = on_share
    data = large_scores(6 * MEGABYTE)
    emulator.add(CSV_NAME, data)
    emulator.faults("object:reset=5000000x1")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0, done.err
    assert_holds(account, {CSV_NAME: data})
    assert [request["status"] for request in emulator.requests("object")] == [200, 206]
    for options in ([], ["--force"]):
        done = account.scorefetch("get", CSV_NAME, "-o", account.directory / "copy.csv", *options)
        assert done.code == 0, done.err
        assert_holds(account, {CSV_NAME: data, "copy.csv": data})


@pytest.mark.parametrize("kind, words", [
    ("bindfs", "ok +directory"), ("tmpfs", "ok +directory"), ("overlay", "ok +directory"), ("ntfs", "file-mode"),
    ("rclone", "warning +directory.*microseconds|file-mode"), ("fat", "warning +directory.*file-mode"),
    ("exfat", "warning +directory.*(microseconds|file-mode)"),
])  # fmt: skip
def test_check_says_what_the_file_system_lacks(account, kind, words):
    with mounted(kind, account.directory):
        said = account.scorefetch("check").out.decode()
        found = [line for line in said.splitlines() if re.match(r"\w+ +directory", line)]
        assert any(re.search(words, line) for line in found), found
        assert_holds(account, {})


@pytest.mark.parametrize("call, error, words", [
    ("renameat2", "EACCES", "failure +directory.*cannot store files.*Permission denied"),
    ("fsync", "EIO", "failure +directory.*cannot store files.*Input/output error"),
    ("fchmod", "EPERM", "warning +directory.*refuses file-mode"),
    ("renameat2,linkat", "EPERM", "warning +directory.*microseconds"),
    ("linkat", "EPERM", "ok +directory"),
])  # fmt: skip
def test_check_tries_what_storing_needs(account, call, error, words):
    need(shutil.which("strace"), "strace is not installed")
    account.configure(file_mode="0640")
    argv = ["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}"]
    done = subprocess.run([*argv, account.build / "scorefetch", "check", "-c", account.config], capture_output=True, timeout=120)
    (found,) = [line for line in done.stdout.decode().splitlines() if re.match(r"\w+ +directory", line)]
    assert re.search(words, found), found
    assert account.stored() == {}


@pytest.mark.parametrize("kind", CASELESS)
def test_two_names_that_differ_in_case_only(account, emulator, scores, kind):
    """The second is seen before anything is overwritten, also if it holds the same, and however often it comes."""
    upper, lower = "5818_A.csv", "5818_a.csv"
    with mounted(kind, account.directory):
        emulator.add(upper, scores[CSV_NAME])
        assert account.receive(upper).code == 0
        for content in (CORRECTED, scores[CSV_NAME]):
            emulator.add(lower, content)
            account.scorefetch("retry", lower)
            assert account.receive(lower).code == 0
            assert account.status()[lower]["state"] == "conflict"
            assert_holds(account, {upper: scores[CSV_NAME]})
        assert account.receive(upper).code == 0
        assert_holds(account, {upper: scores[CSV_NAME]})
        (account.directory / upper).unlink()  # an importer
        assert account.scorefetch("retry", lower).code == 0
        assert_holds(account, {lower: scores[CSV_NAME]})
        account.time_passes(LATER)
        emulator.add(upper, CORRECTED)
        assert account.receive(upper).code == 0  # a correction of the one that the importer took
        assert account.status()[upper]["state"] == "conflict"
        assert_holds(account, {lower: scores[CSV_NAME]})


ERRORS = ["EPERM", "EIO", "ENOSYS", "EINVAL", "EOPNOTSUPP"]


def on(account, *lacking):
    """The filter where these calls fail: what strace makes of an ordinary file system."""
    need(shutil.which("strace"), "strace is not installed")
    injected = [option for each in lacking for option in ("-e", f"inject={each}")]
    trace = ["-o", account.folder / "trace", "-e", "trace=renameat2,link,linkat,fsync,openat", *injected]
    return [traced(account.build, account.folder, *trace), "-c", account.config]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("renames", [True, False], ids=["renames without replacing", "renames plainly"])
def test_a_share_that_lacks_links(account, emulator, scores, error, renames):
    lacking = [f"link,linkat:error={error}"] + ([] if renames else ["renameat2:error=EINVAL"])
    for number, version in enumerate([scores[CSV_NAME], CORRECTED]):
        emulator.add(CSV_NAME, version)
        message = announced_again(number) if number else mail("csv")
        done = subprocess.run(on(account, *lacking), input=message, capture_output=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, b"")
        assert account.stored() == {CSV_NAME: version}
        account.time_passes(LATER)
    assert (account.directory / ".superseded" / f"{CSV_NAME}.~1~").read_bytes() == scores[CSV_NAME]
    (account.directory / CSV_NAME).write_bytes(b"by hand")  # and still nothing is overwritten
    emulator.add(CSV_NAME, scores[CSV_NAME])
    done = subprocess.run(on(account, *lacking), input=announced_again(2), capture_output=True, timeout=120)
    assert done.returncode == 0
    assert account.stored() == {CSV_NAME: b"by hand"}
    assert account.status()[CSV_NAME]["state"] == "conflict"


@pytest.mark.parametrize("error", [*ERRORS, "EBADF"])
def test_a_directory_that_cannot_be_synced(account, scores, error):
    need(shutil.which("strace"), "strace is not installed")
    trace = ["-o", account.folder / "trace", "-P", account.directory, "-e", "trace=fsync"]
    filter_ = traced(account.build, account.folder, *trace, "-e", f"inject=fsync:error={error}")
    done = subprocess.run([filter_, "-c", account.config], input=mail("csv"), capture_output=True, timeout=120)
    if error in ("EIO", "EPERM"):  # a disk that fails
        assert done.returncode == EX_TEMPFAIL
        assert re.search(rb"fsync: (Input/output error|Operation not permitted)", done.stderr), done.stderr
        assert account.scoremail(stdin=mail("csv")).code == 0
    else:
        assert done.returncode == 0, done.stderr
    assert "INJECTED" in (account.folder / "trace").read_text()
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["state"] == "stored"
