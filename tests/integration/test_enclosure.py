"""A process that works for one account closes itself in by landlock, and still does all of its work."""
import json
import re
from pathlib import Path

import pytest
from harness import CSV_NAME, TXT_NAME, mail, run
from test_reposts import CORRECTED

CLOSED = "account main: closed in by landlock"


@pytest.fixture
def closed(account):
    account.general["commands"] = "deferred"
    account.configure(format="both")
    return account


def traced(account, *arguments, trace="landlock_restrict_self,connect", options=()):
    """What strace says of a command, as lines."""
    file = account.folder / "trace"
    command = ["strace", "-f", "-qq", "-o", file, "-e", f"trace={trace}", *options, account.build / "scorefetch", arguments[0], "-c", account.config]
    done = run([*command, *arguments[1:]])
    return done, file.read_text().splitlines()


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("arguments", [("get", CSV_NAME), ("sync", "--all"), ("list",), ("run",)])
def test_nobody_is_called_before(closed, arguments):
    if arguments == ("run",):
        closed.configure(delivery="queued")
        closed.scorefetch("run")
        assert closed.scoremail(stdin=mail("csv")).code == 0
    done, lines = traced(closed, *arguments, "-v")
    assert done.code == 0 and CLOSED in done.err, done.err
    (entered,) = [n for n, line in enumerate(lines) if re.search(r"landlock_restrict_self\(.* = 0", line)]
    called = [n for n, line in enumerate(lines) if "AF_INET" in line and "htons(53)" not in line]
    assert called and entered < min(called)


def test_all_the_work_is_done(closed, emulator, scores):
    assert closed.scoremail(stdin=mail("csv")).code == 0
    emulator.add(CSV_NAME, CORRECTED)
    done = closed.scorefetch("get", "--force", CSV_NAME, "-v")
    assert done.code == 0 and CLOSED in done.err
    older = closed.directory / ".superseded" / f"{CSV_NAME}.~1~"
    assert older.read_bytes() == scores[CSV_NAME]  # renamed from one folder into another
    outside = closed.folder / "elsewhere"
    outside.mkdir()
    assert closed.scorefetch("get", TXT_NAME, "-o", outside / "copy").code == 0
    assert (outside / "copy").read_bytes() == scores[TXT_NAME]
    closed.configure(keep_for="1s")
    closed.time_passes(3600)
    assert closed.scorefetch("run").code == 0 and CSV_NAME not in closed.stored()
    assert closed.scorefetch("sync").code == 0
    assert json.loads(closed.scorefetch("status", "--json").out)["alerts"] == []


def test_files_are_encrypted(closed, new_keyring, scores):
    keyring = new_keyring()
    closed.configure(encrypt_to=keyring.make(), gnupg_home=str(keyring.home))
    done = closed.scorefetch("get", CSV_NAME, "-v")
    assert done.code == 0 and CLOSED in done.err, done.err
    assert keyring.decrypt((closed.directory / f"{CSV_NAME}.gpg").read_bytes()) == scores[CSV_NAME]


@pytest.mark.parametrize("settings", [
    {"password_command": "cat {password}", "password_file": None},
    {"commands": "inline", "on_stored": "/bin/true"},
    {"commands": "inline", "alert-mail": "registrar@example.edu"},
])
def test_who_starts_a_command_stays_open_and_says_so(closed, settings):
    settings = {key: value and value.format(password=closed.account["password-file"]) for key, value in settings.items()}
    closed.general.update({key: settings.pop(key) for key in ("commands", "alert-mail") if key in settings})
    closed.configure(**settings)
    done = closed.scorefetch("get", CSV_NAME, "-v")
    assert done.code == 0 and CLOSED not in done.err and "not closed in by landlock: it " in done.err
    assert "not closed in by landlock: it " in closed.scorefetch("check").out.decode()


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_kernel_without_landlock_is_named_once_a_day_and_by_check(closed):
    closed.general["log"] = str(closed.folder / "log")
    closed.configure()
    without = ("--inject", "landlock_create_ruleset:error=ENOSYS")
    for name in (CSV_NAME, TXT_NAME):
        done, _ = traced(closed, "get", name, trace="landlock_create_ruleset", options=without)
        assert done.code == 0
    said = [line for line in Path(closed.folder / "log").read_text().splitlines() if "not closed in" in line and "level=notice" in line]
    assert len(said) == 1 and "the kernel offers no landlock" in said[0]
    done, _ = traced(closed, "check", trace="landlock_create_ruleset", options=without)
    assert re.search(r"(?m)^warning  enclosure.*the kernel offers no landlock", done.out.decode())


def test_check_says_that_it_is_closed_in(closed):
    assert re.search(r"(?m)^ok       enclosure.*landlock", closed.scorefetch("check").out.decode())


def test_another_account_s_directory_is_looked_at_before(closed):
    other = closed.folder / "other"
    other.mkdir(mode=0o700)
    keys = {**closed.account, "directory": other}
    with closed.config.open("a") as config:
        config.write("[account other]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    for command in (["run"], ["sync", "--all"]):
        done = closed.scorefetch(*command, "-a", "main", "-v")
        assert done.code == 0 and CLOSED in done.err, done.err
    assert json.loads(closed.scorefetch("status", "--json").out)["alerts"] == []
    done = closed.scorefetch("run", "-v")  # a process for each
    assert done.code == 0 and CLOSED in done.err and CLOSED.replace("main", "other") in done.err
    done = closed.scorefetch("list", "-v")  # one for both
    assert done.code == 0 and "closed in" not in done.err
