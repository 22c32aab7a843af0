"""Where password and presigned URL could be seen: /proc, what is written, what is said, commands."""
import json
import os
import queue
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, PROGRAM_FILES, Account, Running, mail, need, run

SCORES = b"ID,NAME\r\n1,Student\r\n"
SIGNATURE = "c2VjcmV0U2lnbmF0dXJl"
TARGET = f"/scores/K12/{CSV_NAME}?AWSAccessKeyId=AKIAEXAMPLE&Expires=1433525962&Signature={SIGNATURE}"
QUERY = (SIGNATURE, "AKIAEXAMPLE", "1433525962")
DEADLINE = 180  # seconds for anything that is to happen at once
OTHER_USER = 65534
OUR_VARIABLES = {
    "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_TIME", "TZ", "TERM", "COLUMNS", "XDG_CONFIG_HOME",
    "XDG_STATE_HOME", "NO_COLOR", "CREDENTIALS_DIRECTORY", "PATH", "HOME",
}  # fmt: skip


class Stage:
    """Service and store in one, that let nothing go on before the test has looked."""

    def __init__(self, start_tls_server, certificate):
        self.arrived, self.go_on = queue.Queue(), queue.Queue()
        self.answers = {"POST": None, "GET": (b"200 OK", SCORES)}
        self.server = start_tls_server(certificate, self.answer)
        url = f"https://localhost:{self.server.port}{TARGET}"
        self.answers["POST"] = (b"200 OK", json.dumps({"fileUrl": url, "filePath": CSV_NAME}).encode())

    def answer(self, request):
        self.arrived.put(request.method)
        self.go_on.get(timeout=DEADLINE)
        status, body = self.answers[request.method]
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)

    def wait_for_call(self, method):
        assert self.arrived.get(timeout=DEADLINE) == method

    def let_go(self):
        self.go_on.put(True)


@pytest.fixture
def stage(start_tls_server, good):
    return Stage(start_tls_server, good)


@pytest.fixture
def account_in(build, emulator, stage, authority):
    def make(folder, programs=build):
        account = Account(
            folder, programs, emulator, give_up_after="60s",
            service_url=f"https://localhost:{stage.server.port}/api", storage_hosts=f"localhost:{stage.server.port}",
        )  # fmt: skip
        shutil.copy(authority.pem, account.ca)
        return account

    return make


@pytest.fixture
def account(account_in, tmp_path):
    return account_in(tmp_path)


def assert_free_of_secrets(account, text, where):
    text = text if isinstance(text, bytes) else str(text).encode()
    for secret in (account.password, *QUERY):
        assert secret.encode() not in text, f"{secret} in {where}"


def threads(pid):
    return [path for path in Path(f"/proc/{pid}/task").iterdir()]


def environment(pid):
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries if entry)


def assert_nothing_to_see(account, pid):
    """What the system tells everybody, or at least us, of a process and of all its threads."""
    seen = 0
    for thread in threads(pid):
        for name in ("cmdline", "environ", "comm", "status", "stat", "wchan", "limits"):
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
                text = (thread / name).read_bytes()
                assert_free_of_secrets(account, text, f"{name} of {thread}")
                seen += bool(text)
    assert seen >= 6
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # and close what it had open
            assert_free_of_secrets(account, os.readlink(link), link)
    assert_free_of_secrets(account, Path(f"/proc/{pid}/maps").read_bytes(), "maps")
    assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{pid}/limits").read_text())


def status_of(pid, key):
    return re.search(rf"^{key}:\t *(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]


def test_a_running_call_shows_nothing(account, stage):
    process = account.start(mail("csv")).go()
    for call in ("POST", "GET"):
        stage.wait_for_call(call)
        for pid in (process.pid, process.scorefetch()):
            assert_nothing_to_see(account, pid)
        assert int(status_of(process.scorefetch(), "VmLck").split()[0]) > 0, "secrets are in memory that may be swapped"
        stage.let_go()
    done = process.end()
    assert (done.code, done.err) == (0, "")
    account.assert_no_secret(done.out, done.err)


def test_the_environment_is_rebuilt(account, stage):
    """That of scorefetch, as scoremail made it, and that of a command."""
    stray = {"https_proxy": "http://user:pa55@proxy.example:1", "SSLKEYLOGFILE": str(account.folder / "keys")}
    account.configure(password_file=None, password_command=f"sh -c 'env > {account.folder}/env; echo {account.password}'")
    argv = [account.build / "scoremail", "-c", account.config]
    process = Running(argv, mail("csv"), env={**os.environ, **stray}).go()
    for call in ("POST", "GET"):
        stage.wait_for_call(call)
        assert set(environment(process.scorefetch())) <= OUR_VARIABLES | {"SCOREMAIL_STDERR_IN_3"}  # from scoremail
        stage.let_go()
    assert process.end().code == 0
    got = dict(line.split("=", 1) for line in (account.folder / "env").read_text().splitlines())
    assert set(got) - {"PWD", "SHLVL", "_", "OLDPWD"} <= OUR_VARIABLES
    assert "PATH" in got and "HOME" in got


@pytest.mark.release_only("the leak checker attaches like a debugger")
def test_another_process_of_the_same_user_cannot_look_inside(account_in, build, stage):
    """What can be attached to belongs to its user in /proc, what cannot to root."""
    need(os.geteuid() == 0, "only root can become another user")
    with tempfile.TemporaryDirectory(prefix="scoremail-test-") as name:
        folder = Path(name)
        for program in PROGRAM_FILES:
            shutil.copy(build / program, folder)
        account = account_in(folder, folder)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, OTHER_USER, OTHER_USER)
        argv = [folder / "scoremail", "-c", account.config]
        process = Running(argv, mail("csv"), user=OTHER_USER, group=OTHER_USER, extra_groups=[]).go()
        for call in ("POST", "GET"):
            stage.wait_for_call(call)
            for pid in (process.pid, process.scorefetch()):
                assert status_of(pid, "Uid").split()[0] == str(OTHER_USER)
                for file in ("environ", "mem", "maps"):
                    assert os.stat(f"/proc/{pid}/{file}").st_uid == 0
            stage.let_go()
        assert process.end().code == 0


class Command:
    """A password-command that waits until the test has looked at it."""

    def __init__(self, account):
        self.folder = account.folder / "command"
        self.folder.mkdir()
        os.mkfifo(self.folder / "go")
        self.script = self.folder / "script"
        self.script.write_text(
            f'echo $$ > {self.folder}/new\nmv {self.folder}/new {self.folder}/pid\nread word < {self.folder}/go\n'
            f'cat {account.password_file}\nls -l /proc/$$/fd > {self.folder}/fds\n'
        )
        account.configure(password_file=None, password_command=f"sh {self.script} 's3cret argument'")

    def wait_for_pid(self):
        turn = threading.Event()
        for _ in range(DEADLINE * 100):
            if (self.folder / "pid").exists():
                return int((self.folder / "pid").read_text())
            turn.wait(0.01)
        raise AssertionError("the command was not started")

    def let_go(self):
        (self.folder / "go").write_text("now\n")


def test_a_password_command_shows_nothing(account, stage):
    command = Command(account)
    process = account.start(mail("csv")).go()
    pid = command.wait_for_pid()
    keeper = int(status_of(pid, "PPid"))
    assert status_of(keeper, "PPid") == str(process.scorefetch())
    assert len({os.getpgid(each) for each in (pid, keeper, process.scorefetch())}) == 3
    assert os.listdir(f"/proc/{keeper}/fd") == []
    for each in (pid, keeper, process.pid, process.scorefetch()):
        assert_nothing_to_see(account, each)
    assert set(environment(pid)) <= OUR_VARIABLES
    links = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    assert {"0", "1", "2"} <= links.keys()
    assert links["0"] == "/dev/null"
    assert links["1"].startswith("pipe:") and links["2"].startswith("pipe:")
    for number, link in links.items():  # more than these three are the shell's own: its script, the FIFO
        assert number in "012" or link.startswith(str(command.folder)), links
    command.let_go()
    for call in ("POST", "GET"):
        stage.wait_for_call(call)
        for each in (process.pid, process.scorefetch()):
            assert_nothing_to_see(account, each)
        stage.let_go()
    done = process.end()
    assert (done.code, done.err) == (0, "")
    assert json.loads(stage.server.requests[0].body)["password"] == account.password
    account.assert_no_secret(done.out, done.err)


TRACED = "trace=%file,write,writev,pwrite64,pwritev,sendto,sendmsg,execve,prctl,ftruncate,fsync,memfd_create"


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("source", ["file", "command", "credential"])
@pytest.mark.parametrize("end", ["stored", "rejected", "refused"])
def test_nothing_secret_is_written_anywhere(account, stage, source, end, tmp_path_factory):
    """Every call that writes, names a file or starts a program, of all processes, with all its bytes."""
    need(shutil.which("strace"), "strace is not installed")
    more = {}
    if source == "command":  # which strace would see printing it
        account.configure(password_file=None, password_command=f"cat {account.password_file}")
    elif source == "credential":
        account.configure(password_file=None, password_credential=account.password_file.name)
        more = {"CREDENTIALS_DIRECTORY": str(account.password_file.parent)}
    if end == "rejected":
        stage.answers["POST"] = (b"401 Unauthorized", json.dumps({"message": f"not {account.password}"}).encode())
    elif end == "refused":
        stage.answers["GET"] = (b"403 Forbidden", f"<Error><Code>{SIGNATURE}</Code><Url>{TARGET}</Url></Error>".encode())
    account.configure(give_up_after="15s" if end == "refused" else None)
    trace = tmp_path_factory.mktemp("trace") / "trace"
    argv = ["strace", "-f", "-qq", "-y", "-s", "1000000", "-o", trace, "-e", TRACED,
            account.build / "scoremail", "-v", "-c", account.config]  # fmt: skip
    for _ in range(20):
        stage.let_go()
    done = run(argv, mail("csv"), env={**os.environ, **more})
    assert done.code == (0 if end == "stored" else EX_TEMPFAIL)
    assert len(stage.server.requests) >= (1 if end == "rejected" else 2)
    assert (account.stored() == {CSV_NAME: SCORES}) == (end == "stored")
    lines = trace.read_text().splitlines()
    assert any("ledger.db" in line and "pwrite64(" in line for line in lines)
    if source == "command":
        told = [line for line in lines if account.password in line]
        # a login confirms that it is rejected, with what was read for the call before it
        assert len(told) == len(stage.server.requests) // 2 if end == "rejected" else len(told) >= 1
        assert all(re.search(r" write\(1<pipe:\[\d+\]>, ", line) for line in told), told
        lines = [line for line in lines if line not in told]
    assert_free_of_secrets(account, "\n".join(lines), "the trace")
    account.assert_no_secret(done.out, done.err)
    assert_free_of_secrets(account, done.err, "its error output")


def test_an_account_that_is_closed_is_asked_for_by_no_message(account, stage):
    """A hundred messages in ten processes at a time make one call and the login that confirms it, and say where the
    password is from."""
    stage.answers["POST"] = (b"401 Unauthorized", b'{"message":"Password expired"}')
    account.configure(password_file=None, password_command="echo expired-Pa55")
    stage.let_go()
    for _ in range(10):
        running = [account.start(mail("csv")).go() for _ in range(10)]
        stage.let_go()
        for process in running:
            done = process.end()
            assert done.code == EX_TEMPFAIL
            assert re.fullmatch(
                r"scoremail: .*account main: the service rejected user name or password .*\(Password expired\).*"
                r"password-command echo has another password.*portal.*\n",
                done.err,
            ), done.err
            assert "expired-Pa55" not in done.err
    assert len(stage.server.requests) == 2
    account.configure(password_command="echo renewed-Pa55")
    stage.let_go()
    stage.let_go()
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert len(stage.server.requests) == 4


def test_a_command_that_fails_keeps_the_mail_and_says_why(account, stage):
    account.configure(password_file=None, password_command="sh -c 'echo hunter2; echo the store is locked >&2; exit 4'")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    said = f"scoremail: {CSV_NAME}: account main: password-command sh exited with 4: the store is locked\n"
    assert done.err == said
    assert stage.server.requests == []


def test_a_command_has_no_longer_than_the_run(account, stage):
    account.configure(password_file=None, password_command="sleep 1000", run_limit="3s")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert "account main: password-command sleep did not end in time and was killed" in done.err
    assert stage.server.requests == []


def test_a_credential_without_systemd_keeps_the_mail_and_says_why(account, stage):
    account.configure(password_file=None, password_credential="scores-%{account}")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert "password-credential scores-main: systemd passes it to services only; run systemd-run --pipe --wait -p User=" in done.err
    assert "LoadCredential=scores-main:FILE" in done.err
