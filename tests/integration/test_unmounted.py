"""A share that is not mounted leaves its mount point: it is not filled, and what is not seen there is not gone."""
import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, mail, need
from mounts import mounted, unmount

OTHER = "5818_20180411_111604.csv"


@pytest.fixture
def mount(account, emulator, scores):
    """Mounts over the account's directory; what is mounted at the end is unmounted."""
    need(os.geteuid() == 0, "only root can mount")
    emulator.add(OTHER, scores[CSV_NAME])

    def mount(*options):
        subprocess.run(["mount", *options, account.directory], check=True, timeout=60)

    yield mount
    while any(line.split()[4] == str(account.directory) for line in Path("/proc/self/mountinfo").read_text().splitlines()):
        unmount(account.directory)


def alerts(account):
    return {row["kind"]: row["text"] for row in account.sql("SELECT kind, text FROM alerts WHERE last > 0")}


def assert_refused(account, done, why="is on another file system than before"):
    assert done.code == EX_TEMPFAIL
    assert f"directory {account.directory} {why}" in done.err
    assert "adopt-directory -a main" in done.err
    assert OTHER not in account.stored()
    assert account.status()[OTHER]["state"] == "waiting"
    assert why in alerts(account)["disk"]
    found = account.scorefetch("check").out
    assert b"failure  directory" in found and why.encode() in found


def test_a_mount_point_without_its_share_is_not_filled(account, emulator, mount, scores):
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    unmount(account.directory)
    asked = len(emulator.requests())
    assert_refused(account, account.receive(OTHER))
    assert len(emulator.requests()) == asked
    assert account.scorefetch("run").code == EX_TEMPFAIL
    assert account.stored() == {}


def test_the_share_that_comes_back_is_taken(account, mount, scores, tmp_path):
    """Also with another device number, as after a restart."""
    (account.folder / "share").mkdir()
    mount("--bind", "/dev/shm")  # a file system of its own that lasts
    try:
        assert account.scoremail(stdin=mail("csv")).code == 0
        unmount(account.directory)
        assert_refused(account, account.receive(OTHER))
        mount("--bind", "/dev/shm")
        account.time_passes(3600)
        assert account.scorefetch("run").code == 0
        assert account.status()[OTHER]["state"] == "stored"
        assert "disk" not in alerts(account)
        assert b"failure  directory" not in account.scorefetch("check").out
    finally:
        for name in (CSV_NAME, OTHER):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"/dev/shm/{name}")


def test_another_share_in_its_place(account, mount):
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    unmount(account.directory)
    mount("-t", "tmpfs", "tmpfs")
    assert_refused(account, account.receive(OTHER))
    unmount(account.directory)
    mount("-t", "ramfs", "ramfs")
    assert account.scorefetch("run").code == EX_TEMPFAIL


def test_after_a_restart_the_id_of_a_file_system_counts_no_longer(account, mount):
    """Some have one that is made up at each mount."""
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    unmount(account.directory)
    mount("-t", "tmpfs", "tmpfs")
    (row,) = account.sql("SELECT name, value FROM keys WHERE value LIKE '%scores'")
    fields = row["value"].split(" ")
    fields[3] = "00000000-0000-4000-8000-000000000000"
    account.sql("UPDATE keys SET value = ? WHERE name = ?", " ".join(fields), row["name"])
    assert account.receive(OTHER).code == 0
    assert OTHER in account.stored()


def test_a_move_is_accepted_by_a_person(account, mount, scores):
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    unmount(account.directory)
    assert_refused(account, account.receive(OTHER))
    done = account.scorefetch("adopt-directory", "-a", "main")
    assert done.code == 0, done.err
    assert f"account main: files go to {account.directory}" in done.err
    assert account.sql("SELECT count(*) AS n FROM log WHERE action = 'directory-adopted'")[0]["n"] == 1
    assert account.scorefetch("run").code == 0
    assert account.stored() == {OTHER: scores[CSV_NAME]}
    assert b"failure  directory" not in account.scorefetch("check").out


def test_another_directory_is_no_question(account, mount, scores):
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    (account.folder / "elsewhere").mkdir()
    account.configure(directory=account.folder / "elsewhere")
    assert account.receive(OTHER).code == 0
    assert (account.folder / "elsewhere" / OTHER).read_bytes() == scores[CSV_NAME]


def test_nothing_is_pruned_that_only_seems_to_be_gone(account, mount, scores):
    mount("-t", "tmpfs", "tmpfs")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.configure(keep_for="1h")
    account.time_passes(7200)
    unmount(account.directory)
    for options in ([], ["--dry-run"]):
        done = account.scorefetch("prune", *options)
        assert done.code != 0
        assert "another file system" in done.err
    assert account.status()[CSV_NAME]["pruned_at"] is None
    assert TXT_NAME not in account.stored()


LACKS = "lacks the file .scoremail-id"


def test_by_its_id_a_mount_point_is_told_from_the_share(account, mount, scores):
    """Also where both lie on the same file system, as a folder of a share does."""
    account.configure(directory_id="yes")
    (account.folder / "share").mkdir()
    mount("--bind", account.folder / "share")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored().keys() == {CSV_NAME, ".scoremail-id"}
    unmount(account.directory)
    assert_refused(account, account.receive(OTHER), LACKS)
    assert account.stored() == {}
    account.configure(keep_for="1h")
    account.time_passes(7200)
    done = account.scorefetch("prune", "--yes")
    assert done.code != 0 and LACKS in done.err
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
    done = account.scorefetch("adopt", CSV_NAME)
    assert done.code != 0 and LACKS in done.err
    (account.directory / CSV_NAME).unlink()
    mount("--bind", account.folder / "share")
    assert account.scorefetch("run").code == 0
    assert account.stored().keys() == {OTHER, ".scoremail-id"}
    assert "disk" not in alerts(account)
    assert b"failure  directory" not in account.scorefetch("check").out


def test_a_directory_that_begins_anew_gets_a_new_id(account, emulator, scores):
    account.configure(directory_id="yes")
    emulator.add(OTHER, scores[CSV_NAME])
    assert account.scoremail(stdin=mail("csv")).code == 0
    first = (account.directory / ".scoremail-id").read_text()
    (account.directory / ".scoremail-id").unlink()
    assert_refused(account, account.receive(OTHER), LACKS)
    assert account.scorefetch("adopt-directory", "-a", "main").code == 0
    assert account.scorefetch("run").code == 0
    assert account.stored().keys() == {CSV_NAME, OTHER, ".scoremail-id"}
    assert (account.directory / ".scoremail-id").read_text() != first


@pytest.mark.release_only("the same calls, whatever the build: once is enough")
@pytest.mark.parametrize("kind", ["bindfs", "fat"])
def test_a_file_system_that_can_do_little_keeps_the_id(account, emulator, kind, scores):
    account.configure(directory_id="yes")
    emulator.add(OTHER, scores[CSV_NAME])
    with mounted(kind, account.directory):
        assert account.scoremail(stdin=mail("csv")).code == 0
        assert account.receive(OTHER).code == 0
        assert account.stored().keys() == {CSV_NAME, OTHER, ".scoremail-id"}
    account.receive(TXT_NAME)
    assert account.stored() == {}
