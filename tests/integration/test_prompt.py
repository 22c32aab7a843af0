"""scorefetch at a prompt: what it does with odd wishes, and where it cannot write."""
import fcntl
import os
import subprocess

import pytest
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
    account.configure(format="first", give_up_after="1s")
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
