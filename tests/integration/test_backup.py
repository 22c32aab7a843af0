"""A copy of the ledger, another server, and a ledger that is lost: as scorefetch(1) says to go about it."""
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, Account, mail, need, run

EX_CANTCREAT = 73


@pytest.fixture
def copy(account):
    return account.folder / "ledger.copy"


def test_a_copy_knows_what_the_ledger_knows(account, copy):
    account.scoremail(stdin=mail("csv"))
    done = account.scorefetch("backup", copy)
    assert done.code == 0 and str(copy) in done.err
    assert copy.stat().st_mode & 0o777 == 0o600
    rows = account.sql("SELECT name, state, sha256 FROM files")
    account.ledger, original = copy, account.ledger
    assert account.sql("SELECT name, state, sha256 FROM files") == rows
    account.ledger = original
    assert [row["detail"] for row in account.sql("SELECT detail FROM log WHERE action = 'backed up'")] == [str(copy)]


def test_a_file_that_is_there_is_not_overwritten(account, copy):
    account.scoremail(stdin=mail("csv"))
    copy.write_text("precious")
    assert account.scorefetch("backup", copy).code == EX_CANTCREAT  # as get -o
    assert copy.read_text() == "precious"


def test_a_ledger_is_not_copied_to_itself(account):
    account.scoremail(stdin=mail("csv"))
    link = account.folder / "another name"
    link.symlink_to(account.ledger)
    for place in (account.ledger, link):
        done = account.scorefetch("ledger", "copy", place)
        assert done.code == EX_CANTCREAT and "is not empty" in done.err, done.err
    assert account.status()[CSV_NAME]["state"] == "stored"


def test_a_copy_that_cannot_be_made_leaves_nothing(account):
    account.scoremail(stdin=mail("csv"))
    done = account.scorefetch("backup", account.folder / "nowhere" / "copy")
    assert done.code == EX_CANTCREAT and "nowhere/copy: cannot create a file" in done.err
    assert str(account.ledger) not in done.err  # nothing is wrong with that


def test_without_a_ledger_there_is_nothing_to_copy(account, copy):
    assert account.scorefetch("backup", copy).code == EX_TEMPFAIL
    assert not copy.exists() and not account.ledger.exists()


def test_a_damaged_ledger_gives_no_copy(account, copy):
    account.scoremail(stdin=mail("csv"))
    damaged = bytearray(account.ledger.read_bytes())
    damaged[8192:16384] = b"x" * 8192
    account.ledger.write_bytes(damaged)
    assert account.scorefetch("backup", copy).code == EX_TEMPFAIL
    assert not copy.exists() and list(account.folder.glob("*.part")) == []


def test_another_server_goes_on_where_this_one_ended(account, copy, build, emulator, tmp_path_factory):
    message = mail("csv")
    account.scoremail(stdin=message)
    assert account.scorefetch("backup", copy).code == 0
    other = Account(tmp_path_factory.mktemp("other"), build, emulator)
    shutil.copy(copy, other.ledger)
    shutil.copytree(account.directory, other.directory, dirs_exist_ok=True)
    asked = len(emulator.requests("file"))
    assert other.scoremail(stdin=message).code == 0
    assert other.status()[CSV_NAME]["state"] == "stored"
    assert len(emulator.requests("file")) == asked  # the same message again changes nothing


def test_a_lost_ledger_takes_the_files_that_are_there_for_its_own(account, scores):
    account.scoremail(stdin=mail("csv"))
    before = (account.directory / CSV_NAME).stat()
    for path in account.ledger.parent.glob("ledger.db*"):
        path.unlink()
    assert account.scorefetch("get", CSV_NAME).code == 0
    after = (account.directory / CSV_NAME).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.sql("SELECT action FROM log WHERE action = 'adopted'")


def test_a_ledger_from_a_backup_gets_what_came_since(account, copy, scores):
    """The file that was stored after the copy was made is in place, but the ledger does not know it."""
    account.scorefetch("status")
    account.configure(format="both")
    account.scoremail(stdin=mail("csv"))
    assert account.scorefetch("backup", copy).code == 0
    account.scoremail(stdin=mail("txt"))
    for path in account.ledger.parent.glob("ledger.db*"):
        path.unlink()
    shutil.copy(copy, account.ledger)
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert account.stored() == scores
    assert {name: row["state"] for name, row in account.status().items()} == dict.fromkeys(scores, "stored")


# ---------------------------------------------------------------- put back beside what a crash left


def lay_aside_a_wal(account, tmp_path):
    """The -wal of a ledger that was in use: what a crash leaves."""
    with closing(sqlite3.connect(account.ledger)) as reader:  # keeps it from being emptied
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM files").fetchall()
        assert account.scoremail(stdin=mail("csv")).code == 0
        for _ in range(3):  # some pages are written as they were
            account.scorefetch("get", "-f", TXT_NAME)
        shutil.copy(wal_of(account), tmp_path / "wal")
    return tmp_path / "wal"


def test_a_ledger_beside_its_own_wal_is_no_copy(account, tmp_path):
    """As a crash leaves it before, during and after a checkpoint, be that another program's."""
    assert account.scoremail(stdin=mail("txt")).code == 0
    before = account.ledger.read_bytes()
    wal = lay_aside_a_wal(account, tmp_path)
    after = account.ledger.read_bytes()
    for state in (before[:4096] + after[4096:], after):
        account.ledger.write_bytes(state)
        shutil.copy(wal, wal_of(account))
        assert account.status()[CSV_NAME]["state"] == "stored"


def test_a_folder_that_was_copied_with_its_wal_is_no_copy(account, tmp_path):
    """What a crash left, on another machine: all times are others, and what the -wal has is wanted."""
    assert account.scoremail(stdin=mail("txt")).code == 0
    before = account.ledger.read_bytes()
    wal = lay_aside_a_wal(account, tmp_path)
    lock = account.ledger.with_suffix(".lock")
    copied = lock.with_name("copied")
    shutil.copyfile(lock, copied)
    copied.rename(lock)
    account.ledger.write_bytes(before)
    shutil.copy(wal, wal_of(account))
    assert account.status()[CSV_NAME]["state"] == "stored"


def test_a_killed_process_leaves_a_ledger_that_is_used_on(account):
    assert account.scoremail(stdin=mail("txt")).code == 0
    inside = ("import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
              "db.execute(\"INSERT INTO keys VALUES ('test', '1')\"); db.commit(); os._exit(0)")  # fmt: skip
    subprocess.run([sys.executable, "-c", inside, account.ledger], check=True, timeout=60)
    assert wal_of(account).stat().st_size > 0
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.sql("SELECT value FROM keys WHERE name = 'test'") == [{"value": "1"}]


def wal_of(account):
    return account.ledger.with_name("ledger.db-wal")


@pytest.mark.parametrize("command", ["status", "check", "run", "list", "log", "status of a plain cp", "run of an old cp"])
def test_a_copy_beside_the_wal_of_the_ledger_before_is_refused(account, tmp_path, command):
    """However it was made: what the -wal has would be mixed into it, or undo what was restored."""
    command, *plain = command.split(" of ")
    assert account.scoremail(stdin=mail("txt")).code == 0
    copy = tmp_path / "copy.db"
    if plain:
        shutil.copy(account.ledger, copy)
    else:
        assert account.scorefetch("backup", copy).code == 0
    if plain == ["an old cp"]:
        for _ in range(3):
            assert account.scorefetch("get", "-f", TXT_NAME).code == 0
    wal = lay_aside_a_wal(account, tmp_path)
    for path in account.ledger.parent.glob("ledger.db*"):
        path.unlink()
    shutil.copy(copy, account.ledger)
    shutil.copy(wal, wal_of(account))
    done = account.scorefetch(command)
    assert done.code != 0
    said = done.err + done.out.decode()
    assert "ledger.db-wal" in said and "remove" in said, said
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert account.ledger.read_bytes() == copy.read_bytes()  # not a page of it is another's
    wal_of(account).unlink()
    account.ledger.with_name("ledger.db-shm").unlink(missing_ok=True)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.status()[CSV_NAME]["state"] == "stored"


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_the_next_backup_removes_what_a_killed_one_left(account, tmp_path):
    need(shutil.which("strace"), "strace is not installed")
    assert account.scoremail(stdin=mail("csv")).code == 0
    folder = tmp_path / "copies"
    folder.mkdir()
    argv = ["strace", "-o", "/dev/null", "-e", "trace=link,linkat,rename,renameat,renameat2",
            "-e", "inject=link,linkat,rename,renameat,renameat2:signal=KILL:when=1"]  # fmt: skip
    killed = run([*argv, account.build / "scorefetch", "backup", "-c", account.config, folder / "monday.db"])
    assert killed.code != 0
    (part,) = folder.iterdir()
    assert part.name.startswith("monday.db.") and part.name.endswith(".part")
    others = folder / f"letter.{2**22 + 1}.part"  # of no process, and no database
    others.write_text("somebody's")
    assert account.scorefetch("backup", folder / "tuesday.db").code == 0
    assert sorted(path.name for path in folder.iterdir()) == [others.name, "tuesday.db"]
