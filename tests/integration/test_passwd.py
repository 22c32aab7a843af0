"""scorefetch passwd: asked at a terminal, tried at the service, and only then written."""
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import pytest
from harness import EX_CONFIG, EX_DATAERR, EX_NOPERM, EX_TEMPFAIL, EX_USAGE, CSV_NAME, mail, need
from person import Person

EX_CANTCREAT = 73
NEW = "Brand-new-Pa55 \"quoted\" é"
OTHER_USER = 65534


@pytest.fixture
def emulator(start_emulator):
    """With a file of users, as the portal has them: the password is NEW."""
    emulator = start_emulator()
    with open(os.path.join(emulator.data, "users"), "w", encoding="utf-8") as users:
        users.write(f"renewed:{NEW}\n")
    return emulator


@pytest.fixture
def account(account):
    """Its password file still has an older one."""
    account.configure(username="renewed")
    account.write_password("older-Pa55")
    account.password = NEW
    return account


@pytest.fixture
def passwd(account):
    people = []

    def start(*options, **how):
        argv = [account.build / "scorefetch", "passwd", "-c", account.config, *options]
        people.append(Person(argv, **how))
        return people[-1]

    yield start
    for person in people:
        if person.process.poll() is None:
            person.process.kill()
            person.process.wait()


def calls(emulator):
    return [(request["call"], request["status"]) for request in emulator.requests()]


def beside(account):
    return sorted(path.name for path in account.password_file.parent.iterdir())


def assert_unchanged(account):
    assert account.password_file.read_text() == "older-Pa55\n"
    assert beside(account) == ["password", "scoremail.conf"]


ACCEPTED = "scorefetch: the service accepts the password of renewed\n"


def test_a_password_that_the_service_takes_is_written(account, passwd, emulator, scores):
    account.password_file.chmod(0o400)
    before = account.password_file.stat().st_ino
    person = passwd()
    code, err = person.answers(NEW, NEW).end()
    said = f"scorefetch: account main: the password is in {account.password_file}, owned by root\n"
    assert (code, err) == (0, ACCEPTED + said)
    assert account.password_file.read_text() == NEW + "\n"
    new = account.password_file.stat()
    assert (stat.S_IMODE(new.st_mode), new.st_ino != before) == (0o600, True)
    assert beside(account) == ["password", "scoremail.conf"]
    assert calls(emulator) == [("login", 200)]
    assert "renewed, for account main" in person.said
    assert NEW not in person.said, "it was echoed"
    account.assert_no_secret(err, person.said)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_it_opens_a_closed_account(account, passwd, emulator):
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert calls(emulator) == [("file", 401), ("login", 401)]
    assert passwd().answers(NEW, NEW).end()[0] == 0
    assert account.scoremail(stdin=mail("csv")).code == 0


def test_the_same_password_opens_a_closed_account_once_the_service_takes_it(account, passwd, emulator):
    account.write_password(NEW)
    emulator.faults("file:status=401x1", "login:status=401x1")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert account.sql("SELECT rejected IS NOT NULL AS closed FROM accounts") == [{"closed": 1}]
    assert passwd().answers(NEW, NEW).end()[0] == 0
    assert account.sql("SELECT rejected IS NOT NULL AS closed FROM accounts") == [{"closed": 0}]
    assert account.scoremail(stdin=mail("csv")).code == 0


def test_a_password_that_is_rejected_is_not_written(account, passwd, emulator):
    code, err = passwd().answers("wrong-Pa55", "wrong-Pa55").end()
    assert code == EX_NOPERM
    assert re.fullmatch(
        r"scorefetch: nothing changed: account main: the service rejects this password for user name renewed \(.+\)\n",
        err,
    )
    assert_unchanged(account)
    assert calls(emulator) == [("login", 401)]
    code, _ = passwd("--force").answers("wrong-Pa55", "wrong-Pa55").end()
    assert code == EX_NOPERM, "force is for a service that cannot be reached"
    assert_unchanged(account)


def test_a_wrong_one_does_not_reopen_an_account_for_the_older(account, passwd, emulator):
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert passwd().answers("wrong-Pa55", "wrong-Pa55").end()[0] == EX_NOPERM
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert calls(emulator) == [("file", 401), ("login", 401), ("login", 401)]


def test_a_service_that_cannot_be_reached_needs_force(account, passwd, emulator):
    account.is_impatient("3s")
    emulator.stop()
    code, err = passwd().answers(NEW, NEW).end()
    assert code == EX_TEMPFAIL
    assert re.fullmatch(r"scorefetch: the password cannot be tested, so nothing changed \(--force writes it\): .+\n", err)
    assert_unchanged(account)
    code, err = passwd("--force").answers(NEW, NEW).end()
    assert code == 0
    assert "written without a test at the service" in err
    assert account.password_file.read_text() == NEW + "\n"


@pytest.mark.parametrize("fault", ["status=503", "not-json", "status=404", "redirect=https://localhost:1/"])
def test_a_service_that_answers_something_else_does_not_count(account, passwd, emulator, fault):
    account.is_impatient("3s")
    emulator.faults(f"login:{fault}")
    code, err = passwd().answers(NEW, NEW).end()
    assert code == EX_TEMPFAIL, err
    assert_unchanged(account)
    account.assert_no_secret(err)


def test_two_different_passwords_are_not_tried(account, passwd, emulator):
    code, err = passwd().answers(NEW, NEW + "!").end()
    assert (code, err) == (EX_DATAERR, "scorefetch: the passwords differ; nothing changed\n")
    assert_unchanged(account)
    assert calls(emulator) == []


@pytest.mark.parametrize("typed", ["\n", "\x04", "\ufeffsecret\n", "x" * 1024 + "\n", "x" * 3000 + "\n"])
def test_what_is_no_password_is_said_at_once(account, passwd, emulator, typed):
    code, err = passwd().wait_for("New password").types(typed).end()
    assert code == EX_DATAERR
    assert re.fullmatch(r"scorefetch: .*nothing changed\n", err), err
    assert_unchanged(account)
    assert calls(emulator) == []


@pytest.mark.parametrize("how", ["key", "INT", "TERM", "HUP"])
def test_an_interruption_leaves_terminal_and_file_as_they_were(account, passwd, how):
    person = passwd().wait_for("New password")
    assert not person.echoes()
    person.types("half a pass")
    if how == "key":
        number = signal.SIGINT
        person.types("\x03")
    else:
        number = getattr(signal, "SIG" + how)
        person.process.send_signal(number)
    code, _ = person.end()  # which looks at the terminal
    assert code == -number
    assert_unchanged(account)


# What a shell does with a job that is stopped, and told to go on by a line that is typed.
SHELL = """
import os, signal, subprocess, sys
tty = os.open("/dev/tty", os.O_RDWR)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
def to_the_front():
    os.setpgid(0, 0)
    os.tcsetpgrp(tty, os.getpid())
job = subprocess.Popen(sys.argv[1:], preexec_fn=to_the_front)
assert os.WIFSTOPPED(os.waitpid(job.pid, os.WUNTRACED)[1])
os.tcsetpgrp(tty, os.getpgrp())
os.write(tty, b"is stopped")
os.read(tty, 100)
os.tcsetpgrp(tty, job.pid)
os.killpg(job.pid, signal.SIGCONT)
sys.exit(job.wait())
"""


def test_a_stop_gives_the_terminal_back_until_it_goes_on(account):
    passwd = [account.build / "scorefetch", "passwd", "-c", account.config]
    person = Person([sys.executable, "-c", SHELL, *passwd]).wait_for("New password")
    assert not person.echoes()
    person.types("half a pass\x1a").wait_for("is stopped")
    assert person.echoes()
    person.types("go on\n").answers(NEW, NEW)
    assert person.end()[0] == 0
    assert account.password_file.read_text() == NEW + "\n"


def test_without_a_terminal_it_says_so(account):
    done = account.scorefetch("passwd", stdin=NEW.encode() + b"\n", start_new_session=True)
    assert done.code == EX_USAGE
    assert re.fullmatch("scorefetch: no terminal to ask at: .+\n", done.err)
    assert_unchanged(account)


@pytest.mark.parametrize(
    "source, named",
    [
        ({"password_command": "pass show s3cret-argument"}, "password-command pass"),
        ({"password_credential": "scores"}, "password-credential scores"),
    ],
)
def test_a_password_from_elsewhere_is_changed_there(account, source, named):
    account.configure(password_file=None, **source)
    done = account.scorefetch("passwd")
    assert done.code == EX_USAGE
    assert re.fullmatch(f"scorefetch: account main gets its password from {named}; change it there, .*\n", done.err)


def test_a_password_on_the_command_line_is_refused(account):
    done = account.scorefetch("passwd", NEW)
    assert done.code == EX_USAGE
    assert NEW not in done.err


def test_which_account_is_meant_is_asked(account):
    twin = account.config.read_text().split("[account main]")[1].replace("/scores", "/other")
    account.config.write_text(f"{account.config.read_text()}\n[account other]\n{twin}")
    done = account.scorefetch("passwd")
    assert done.code == EX_USAGE
    assert "passwd: which account? add --account NAME" in done.err
    assert account.scorefetch("passwd", "-a", "ash").code == EX_USAGE
    account.configure(format="pdf")
    assert account.scorefetch("passwd").code == EX_CONFIG


def test_owner_group_and_who_may_read_stay(account, passwd):
    need(os.geteuid() == 0, "only root can give a file away")
    os.chown(account.password_file, OTHER_USER, OTHER_USER)
    account.password_file.chmod(0o640)
    code, err = passwd().answers(NEW, NEW).end()
    assert code == 0
    assert "owned by nobody" in err
    new = account.password_file.stat()
    assert (new.st_uid, new.st_gid, stat.S_IMODE(new.st_mode)) == (OTHER_USER, OTHER_USER, 0o640)


def test_a_link_is_followed(account, passwd, tmp_path):
    real = tmp_path / "elsewhere"
    account.password_file.rename(real)
    account.password_file.symlink_to(real)
    assert passwd().answers(NEW, NEW).end()[0] == 0
    assert account.password_file.is_symlink()
    assert real.read_text() == NEW + "\n"


def test_root_writes_through_no_link_of_the_service_user(account, passwd, tmp_path):
    """Who owns the folder can make a link of the file, to anything that root can write."""
    need(os.geteuid() == 0, "only root is led astray")
    victim = tmp_path / "shadow"
    victim.write_text(account.password + "\n")
    victim.chmod(0o600)
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "password").symlink_to(victim)
    os.lchown(folder / "password", OTHER_USER, OTHER_USER)
    os.chown(folder, OTHER_USER, OTHER_USER)
    account.configure(password_file=folder / "password")
    code, err = passwd().answers(NEW, NEW).end()
    assert code != 0 and "cannot replace it" in err
    assert victim.read_text() == account.password + "\n"


def test_root_writes_as_the_user_who_owns_the_folder(account, passwd):
    need(os.geteuid() == 0, "only root can become another user")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        os.chown(folder, OTHER_USER, OTHER_USER)
        account.configure(password_file=f"{folder}/password")
        assert passwd().answers(NEW, NEW).end()[0] == 0
        new = os.stat(f"{folder}/password")
    assert (new.st_uid, stat.S_IMODE(new.st_mode)) == (OTHER_USER, 0o600)


def test_a_first_password_needs_no_file(account, passwd):
    account.password_file.unlink()
    assert passwd().answers(NEW, NEW).end()[0] == 0
    assert stat.S_IMODE(account.password_file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_said(account, passwd):
    account.configure(password_file=account.folder / "missing" / "password")
    code, err = passwd().answers(NEW, NEW).end()
    assert code == EX_CANTCREAT
    said = f"scorefetch: {account.folder}/missing/password: cannot replace it .*No such file.*\n"
    assert re.fullmatch(ACCEPTED + said, err), err


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("call", ["writev", "fsync", "fchmod", "/^rename"])
def test_a_disk_that_fails_leaves_the_older_password(account, call):
    need(shutil.which("strace"), "strace is not installed")
    argv = ["strace", "-o", "/dev/null", "-e", f"inject={call}:error=ENOSPC",
            account.build / "scorefetch", "passwd", "-c", account.config]  # fmt: skip
    code, err = Person(argv).answers(NEW, NEW).end()
    assert code == EX_CANTCREAT
    said = f"scorefetch: {account.password_file}: cannot replace it .*No space left.*\n"
    assert re.fullmatch(ACCEPTED + said, err), err
    assert_unchanged(account)


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_crash_on_the_way_leaves_the_older_password(account):
    need(shutil.which("strace"), "strace is not installed")
    argv = ["strace", "-o", "/dev/null", "-e", "inject=/^rename:signal=KILL",
            account.build / "scorefetch", "passwd", "-c", account.config]  # fmt: skip
    Person(argv).answers(NEW, NEW).end()
    left = [path for path in account.password_file.parent.iterdir() if path.name.startswith(".password.")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in left] in ([], [0o600])
    assert account.password_file.read_text() == ("older-Pa55\n" if left else NEW + "\n")
