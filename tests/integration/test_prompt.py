"""scorefetch at a prompt: what it does with odd wishes, and where it cannot write."""
import fcntl
import os
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_NOINPUT, EX_TEMPFAIL, EX_USAGE, TXT_NAME, mail

EX_IOERR = 74


def with_descriptors(account, command, *arguments, **descriptors):
    """scorefetch with other things than pipes as its descriptors: exit code and what it said."""
    argv = [account.build / "scorefetch", command, "-c", account.config, *arguments]
    done = subprocess.run(argv, stderr=subprocess.PIPE, timeout=120, **descriptors)
    return done.returncode, done.stderr.decode()


def test_an_event_that_cannot_be_read_keeps_the_mail(account):
    """As when the two programs are of different versions, in the middle of an upgrade."""
    fd = os.memfd_create("event", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    with os.fdopen(fd, "r+b", buffering=0) as event:
        event.write(b"SMEV\x63 of a later version")
        event.seek(0)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(event, fcntl.F_ADD_SEALS, seals)
        code, said = with_descriptors(account, "deliver", stdin=event)
    assert code == EX_TEMPFAIL
    assert len(said.splitlines()) == 1
    assert "same version" in said


@pytest.mark.parametrize("part, said", [(b"", ""), (b"SMEV\x02 and no more", "only scoremail runs deliver")])
def test_without_a_whole_event_nothing_is_done(account, part, said):
    """scoremail holds a lock until it has written the event; it ends without one, or was killed in the middle."""
    before = sorted(account.folder.rglob("*"))
    fd = os.memfd_create("event", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    with os.fdopen(fd, "r+b", buffering=0) as event:
        fcntl.lockf(event, fcntl.LOCK_EX)
        argv = [account.build / "scorefetch", "deliver", "-c", account.config]
        with subprocess.Popen(argv, stdin=event, stderr=subprocess.PIPE) as waiting:
            wait_for(lambda: re.search(rf"-> POSIX .* {waiting.pid} ", Path("/proc/locks").read_text()), "its wait")
            event.write(part)
            event.close()
            told = waiting.stderr.read().decode()
            assert waiting.wait() == EX_TEMPFAIL
    assert len(told.splitlines()) == (1 if said else 0) and said in told
    assert sorted(account.folder.rglob("*")) == before


def test_what_is_stored_stays_so_when_the_service_no_longer_has_it(account, emulator):
    assert account.scorefetch("get", CSV_NAME).code == 0
    emulator.remove(CSV_NAME)
    done = account.scorefetch("get", "--force", CSV_NAME)
    assert done.code == EX_NOINPUT and "no file of that name" in done.err
    assert account.status()[CSV_NAME]["state"] == "stored"
    assert account.scorefetch("status", "--exit-code").code == 0
    assert account.scorefetch("run").code == 0  # and nobody asks for it again
    assert len(emulator.requests("file")) == 2


@pytest.mark.parametrize("command", ["list", "run", "prune", "sync", "status"])
def test_a_command_for_all_files_takes_no_name(account, emulator, command):
    done = account.scorefetch(command, CSV_NAME)
    assert (done.code, done.out) == (EX_USAGE, b"")
    assert f"{command} takes no names" in done.err and len(done.err.splitlines()) == 1
    assert emulator.requests() == []


def test_too_few_and_too_many_arguments(account):
    for arguments, said in ((["ledger", "copy"], "too few arguments: scorefetch ledger copy TO"),
                            (["get"], "too few arguments: scorefetch get NAME..."),
                            (["cat", CSV_NAME, CSV_NAME], "too many arguments: scorefetch cat NAME")):
        done = account.scorefetch(*arguments)
        assert (done.code, done.out) == (EX_USAGE, b"") and said in done.err


def test_adopting_what_is_not_there_leaves_no_row(account):
    done = account.scorefetch("adopt", CSV_NAME)
    assert done.code == EX_NOINPUT
    assert str(account.directory) in done.err
    assert account.status() == {}


def test_retry_and_forget_know_announced_names_only(account):
    for command in ("retry", "forget"):
        done = account.scorefetch(command, CSV_NAME)
        assert done.code == EX_NOINPUT
        assert "not in the ledger" in done.err
    assert account.status() == {}


def test_a_failed_wish_of_a_person_keeps_no_mail_waiting(account, emulator, scores):
    """Under first, a name waits for its sibling only if a message will bring that."""
    account.configure(format="first")
    account.is_impatient()
    emulator.faults("file:status=503")
    assert account.scorefetch("get", TXT_NAME).code == EX_TEMPFAIL
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_notification_is_kept_although_somebody_asked_too_early(account, emulator, scores):
    emulator.remove(CSV_NAME)
    assert account.scorefetch("get", CSV_NAME).code == EX_NOINPUT
    emulator.add(CSV_NAME, scores[CSV_NAME])
    assert account.scoremail(stdin=mail("csv")).code == 0  # what was asked for too early left nothing behind
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_output_names_a_file_and_no_directory(account, emulator, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = account.scorefetch("get", "-o", f"{folder}/", CSV_NAME)
    assert done.code == EX_USAGE
    assert list(folder.iterdir()) == []
    assert emulator.requests() == []


def test_a_full_disk_under_standard_output_is_said(account):
    account.scoremail(stdin=mail("csv"))
    for command in (["status"], ["status", "--json"], ["log"], ["log", "--json"], ["log", "--csv"]):
        with open("/dev/full", "wb") as full:
            code, said = with_descriptors(account, *command, stdout=full)
        assert code == EX_IOERR
        assert "No space left" in said


def test_no_help_where_it_cannot_be_written(build):
    programs = [["scoremail"], ["scorefetch"], ["scorefetch", "list"], ["scoremail-emulator"], ["scoremail-emulator", "notify"]]
    for program, *words in programs:
        for option in ["--help", *(["--version"] if not words else [])]:
            for way in (">/dev/full", ">&-"):
                argv = ["sh", "-c", f'exec "$0" "$@" {way}', build / program, *words, option]
                done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
                assert done.returncode == EX_IOERR, argv
                assert re.fullmatch(rf"{program}: standard output: .*\n", done.stderr), done.stderr


EMPTY_VALUES = ["scorefetch list -a", "scorefetch list --since=", "scorefetch sync -c", "scorefetch get -o", "scorefetch get",
                "scoremail-emulator --listen", "scoremail-emulator notify --to=", "scoremail -a", "scoremail --defer-for="]  # fmt: skip


@pytest.mark.parametrize("words", EMPTY_VALUES)
def test_an_empty_value_is_not_as_if_none_was_given(build, words):
    """As of a recipe's variable that is not set."""
    program, *words = words.split()
    argv = [build / program, *words, *([] if words[-1].endswith("=") else [""])]
    done = subprocess.run(argv, input="no notification\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == (EX_TEMPFAIL if program == "scoremail" else EX_USAGE)
    assert f"{program}: the value behind {words[-1].rstrip('=')} is empty; give one" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def until_gone(argv, take):
    """A program whose standard output is read no further than so many bytes: how it ended, and what it said."""
    with subprocess.Popen([*map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        if take:
            assert running.stdout.read(take)
        running.stdout.close()
        said = running.stderr.read()
        return running.wait(60), said


@pytest.fixture
def crowd(account, emulator):
    """An account with more than a pipe holds of everything that can be printed."""
    names = [f"4300_20180410_{number:06d}.csv" for number in range(1500)]
    for name in names[:3]:
        emulator.add(name, b"ID\r\n" * 50000)
    assert account.scorefetch("get", *names[:3]).code == 0
    with_rows = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
                 "INSERT INTO log (at, account, name, action, detail, uid, command) "
                 "SELECT 1700000000, 'main', 'x.csv', 'requested', 'some words', 0, 'get' FROM n")
    account.sql(with_rows)
    account.listed = names
    return account


PRINTING = ["list", "list --json", "log", "log --json", "log --csv", "status", "status --json", "sync --all -n -q",
            "prune -n -q", "check", "--help", "--version", "help"]  # fmt: skip


def test_who_has_read_enough_is_told_nothing(crowd):
    """As head(1), which closes its end early."""
    for command in PRINTING:
        argv = [crowd.build / "scorefetch", *command.split()]
        if not command.startswith(("-", "help")):
            argv += ["-c", crowd.config]
        for take in (0, 1):
            if (command, take) != ("prune -n -q", 1):  # which prints nothing
                code, said = until_gone(argv, take)
                assert said == b"" and (code == 0 or command == "check"), (command, take)


@pytest.mark.parametrize("command", [["cat"], ["get", "-f", "-o", "-"]], ids=["cat", "get"])
def test_a_file_whose_reader_goes_ends_quietly_too(crowd, command):
    """But not as if all of it had been written."""
    argv = [crowd.build / "scorefetch", command[0], "-c", crowd.config, *command[1:], crowd.listed[0]]
    assert until_gone(argv, 1) == (EX_IOERR, b"")


@pytest.mark.parametrize("command", [["list"], ["sync", "--since", "7d"]], ids=["list", "sync"])
def test_who_waits_at_a_terminal_is_told_for_what_and_how_long(account, emulator, command):
    """Within two seconds, in one line; not as from cron, nor who wants quiet."""
    emulator.faults("login:delay=1400x1")
    begin = time.monotonic()
    done = account.scorefetch(*command, terminal=True)
    took = time.monotonic() - begin
    line = rf"scorefetch: waiting for {re.escape(emulator.url)}, until \d\d:\d\d:\d\d at the latest\n"
    found = re.findall(line, done.err)
    assert done.code == 0 and 1 <= len(found) == done.err.count("waiting"), done.err
    assert len(found) == 1 or took > 2.4, done.err  # where the machine makes more calls wait for a second
    emulator.faults("login:delay=1400x1")
    assert "waiting" not in account.scorefetch(*command).err
    emulator.faults("login:delay=1400x1")
    assert "waiting" not in account.scorefetch(*command, "-q", terminal=True).err
    begin = time.monotonic()
    quick = account.scorefetch(*command, terminal=True)
    assert "waiting" not in quick.err or time.monotonic() - begin > 1


def test_who_waits_for_another_process_is_told_so(account):
    assert account.scorefetch("list").code == 0
    argv = [account.build / "scorefetch", "get", "-c", account.config, CSV_NAME]
    with closing(sqlite3.connect(account.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ours, theirs = os.openpty()
        with subprocess.Popen([*map(str, argv)], stdout=subprocess.DEVNULL, stderr=theirs) as running:
            os.close(theirs)
            said = b""
            while b"waiting for another process that writes to the ledger, until" not in said:
                said += os.read(ours, 1000)  # EIO once it has ended
            other.execute("COMMIT")
            assert running.wait(60) == 0
        os.close(ours)
