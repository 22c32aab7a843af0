"""on-stored: told of each stored file, at least once, and never the reason that one is not stored."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from agents import wait_for
from harness import CHECKOUT, CSV_NAME, EX_TEMPFAIL, family, is_gone, mail, need, run, signal_all
from test_disk import small_disk  # noqa: F401  a fixture
from test_reposts import CORRECTED, announced_again

MORE_NAMES = ["4300_20180411_111604.csv", "4300_20180412_111604.csv"]

# What a hook may see of its caller, as one JSON object a line; then what the test wants besides.
HOOK = """\
#!/usr/bin/python3
import hashlib, json, os, sys
path = os.environ["SCOREMAIL_PATH"]
told = {
    "environment": dict(os.environ),
    "arguments": sys.argv[1:],
    "sha256": hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else None,
    "descriptors": sorted(os.listdir("/proc/self/fd"), key=int),
    "stdin": os.readlink("/proc/self/fd/0"),
    "group": os.getpgid(0) == os.getpid(),
}
with open(sys.argv[1] + "/told", "a") as log:
    log.write(json.dumps(told) + "\\n")
"""


class Hook:
    """A program for on-stored: it writes down what it is told, then does what the test says."""

    def __init__(self, account):
        self.folder = account.folder / "hook"
        self.folder.mkdir()
        self.program = self.folder / "on-stored"
        self.then("")
        account.configure(on_stored=f"{self.program} {self.folder} '%{{account}}, two words'")

    def then(self, code):
        self.program.write_text(HOOK + code)
        self.program.chmod(0o700)

    def told(self):
        log = self.folder / "told"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture
def hook(account):
    return Hook(account)


def facts(told):
    """SCOREMAIL_* without the prefix."""
    return {k[len("SCOREMAIL_") :]: v for k, v in told["environment"].items() if k.startswith("SCOREMAIL_")}


def alerts(account):
    return [row["text"] for row in account.sql("SELECT text FROM alerts WHERE kind = 'hook'")]


def log(account, action):
    return account.sql("SELECT * FROM log WHERE action = ?", action)


def test_a_stored_file_is_handed_over(account, hook, scores):
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.out, done.err) == (0, b"", "")
    (told,) = hook.told()
    row = account.status()[CSV_NAME]
    said = facts(told)
    identity = said.pop("ID")
    assert said == {
        "PATH": str(account.directory / CSV_NAME),
        "NAME": CSV_NAME,
        "ACCOUNT": "main",
        "SIZE": str(len(scores[CSV_NAME])),
        "SHA256": row["sha256"],
        "KIND": "new",
        "REVISION": "0",
        "PREVIOUS_PATH": "",
    }
    assert re.fullmatch(r"[0-9a-f-]+", identity)
    assert told["sha256"] == row["sha256"]
    assert told["arguments"] == [str(hook.folder), "main, two words"]
    (entry,) = log(account, "handed over")
    assert identity in entry["detail"]


def test_it_gets_nothing_of_ours(account, hook):
    os.environ["CREDENTIALS_DIRECTORY"] = str(account.folder)
    try:
        assert account.scoremail(stdin=mail("csv")).code == 0
    finally:
        del os.environ["CREDENTIALS_DIRECTORY"]
    (told,) = hook.told()
    assert told["descriptors"] in (["0", "1", "2"], ["0", "1", "2", "3"])  # 3: the listing's own
    assert told["stdin"] == "/dev/null"
    assert told["group"]
    assert "CREDENTIALS_DIRECTORY" not in told["environment"]
    text = json.dumps(told)
    assert account.password not in text and account.username not in told["environment"].values()
    account.assert_no_secret(text)


def test_a_file_that_is_adopted_though_it_is_stored_so_is_not_told_again(account, hook, scores):
    account.scoremail(stdin=mail("csv"))
    assert account.scorefetch("adopt", CSV_NAME).code == 0
    assert len(hook.told()) == 1 and log(account, "adopted") == []
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME] + b"mended by hand\r\n")
    assert account.scorefetch("adopt", CSV_NAME).code == 0
    assert len(hook.told()) == 2 and len(log(account, "adopted")) == 1


@pytest.mark.parametrize("way", ["mail", "prompt", "run", "adopt"])
def test_it_is_told_the_same_whoever_stores(account, hook, scores, way):
    if way == "mail":
        account.scoremail(stdin=mail("csv"))
    elif way == "prompt":
        account.scorefetch("get", CSV_NAME)
    elif way == "run":
        account.configure(delivery="queued")
        account.scoremail(stdin=mail("csv"))
        assert hook.told() == []
        account.scorefetch("run")
    else:
        (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
        account.scorefetch("adopt", CSV_NAME)
    (told,) = hook.told()
    assert (facts(told)["KIND"], told["sha256"]) == ("new", facts(told)["SHA256"])
    account.scoremail(stdin=mail("csv"))  # the mail system's retry
    account.scorefetch("run")
    assert len(hook.told()) == 1


def test_a_sync_tells_each_file_once(account, hook, emulator):
    names = [f"4300_20180410_{n:06d}.csv" for n in range(12)]
    for name in names:
        emulator.add(name, name.encode())
    assert account.scorefetch("sync", "--all").code == 0
    told = [facts(each) for each in hook.told()]
    assert sorted(each["NAME"] for each in told) == sorted([*names, CSV_NAME])
    assert len({each["ID"] for each in told}) == len(told)


def test_a_file_that_was_there_already_is_new_too(account, hook, scores):
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
    assert account.scoremail(stdin=mail("csv")).code == 0
    (told,) = hook.told()
    assert facts(told)["KIND"] == "new"


def test_a_corrected_file_comes_with_the_older_one(account, hook, emulator, scores):
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    first, second = map(facts, hook.told())
    assert (second["KIND"], second["REVISION"]) == ("corrected", "1")
    assert second["PREVIOUS_PATH"] == str(account.directory / ".superseded" / f"{CSV_NAME}.~1~")
    with open(second["PREVIOUS_PATH"], "rb") as older:
        assert older.read() == scores[CSV_NAME]
    assert first["ID"] != second["ID"]


def test_the_older_one_is_found_under_the_number_that_it_got(account, hook, emulator, scores):
    account.scoremail(stdin=mail("csv"))
    (account.directory / ".superseded").mkdir()
    (account.directory / ".superseded" / f"{CSV_NAME}.~1~").write_bytes(b"somebody else's\n")
    emulator.add(CSV_NAME, CORRECTED)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    assert facts(hook.told()[1])["PREVIOUS_PATH"].endswith(f"{CSV_NAME}.~2~")


def test_what_an_importer_has_taken_has_no_older_one(account, hook, emulator):
    account.scoremail(stdin=mail("csv"))
    (account.directory / CSV_NAME).unlink()
    emulator.add(CSV_NAME, CORRECTED)
    assert account.scoremail(stdin=announced_again(1)).code == 0
    told = facts(hook.told()[1])
    assert (told["KIND"], told["PREVIOUS_PATH"]) == ("corrected", "")


def test_a_failure_is_an_alert_and_the_file_is_stored(account, hook, scores):
    hook.then("print('on standard output'); sys.exit('the server\\tsays \\033[31mno')\n")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.out) == (0, b"")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["state"] == "stored"
    (text,) = alerts(account)
    assert re.search(r"on-stored .*exited with 1: on standard output the server says \?\[31mno", text), text
    assert str(hook.program) in text and "scorefetch run" in text
    (entry,) = log(account, "hand-over failed")
    assert "the server" in entry["detail"]


def test_it_is_told_again_by_run_with_a_growing_pause_and_the_same_id(account, hook):
    hook.then("sys.exit(1)\n")
    account.scoremail(stdin=mail("csv"))
    account.scoremail(stdin=mail("csv"))
    assert account.scorefetch("run").code == 0  # not due yet
    assert len(hook.told()) == 1
    pauses = []
    for tries in range(2, 6):
        due = account.sql("SELECT next_attempt FROM handovers")[0]["next_attempt"]
        pauses.append(due - int(time.time()))
        account.time_passes(24 * 3600)
        assert account.scorefetch("run").code == 75
        assert len(hook.told()) == tries
    assert pauses == sorted(pauses) and 0 < pauses[0] <= 60 and pauses[-1] > 300
    hook.then("")
    account.time_passes(24 * 3600)
    assert account.scorefetch("run").code == 0
    assert account.scorefetch("run").code == 0
    assert len(hook.told()) == 6
    assert len({facts(told)["ID"] for told in hook.told()}) == 1
    assert alerts(account) == []


def test_a_person_can_have_it_told_now(account, hook):
    hook.then("sys.exit(1)\n")
    account.scoremail(stdin=mail("csv"))
    done = account.scorefetch("retry", CSV_NAME)
    assert done.code == 74 and "on-stored failed again" in done.err
    hook.then("")
    done = account.scorefetch("retry", CSV_NAME)
    assert done.code == 0 and "on-stored has run" in done.err
    assert len(hook.told()) == 3
    assert "nothing to retry" in account.scorefetch("retry", CSV_NAME).err
    assert len(hook.told()) == 3


def test_a_program_that_is_missing_is_a_failure_like_another(account, hook):
    hook.program.unlink()
    assert account.scoremail(stdin=mail("csv")).code == 0
    (text,) = alerts(account)
    assert "cannot be started: No such file" in text


def test_versions_are_handed_over_in_their_order(account, hook, emulator, scores):
    """And the first as it was, from where it is by then."""
    hook.then("sys.exit(1)\n")
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    assert len(hook.told()) == 1  # the second waits for the first
    hook.then("")
    account.time_passes(3600)
    assert account.scorefetch("run").code == 0
    _, first, second = map(facts, hook.told())
    assert (first["KIND"], second["KIND"]) == ("new", "corrected")
    assert first["PATH"] == second["PREVIOUS_PATH"]
    assert hook.told()[1]["sha256"] == first["SHA256"]
    assert hook.told()[2]["sha256"] == second["SHA256"]


def process_is_gone(file):
    return is_gone(file.read_text())


SLEEPER = """\
import subprocess, time
child = subprocess.Popen(["sleep", "1000"])
open(sys.argv[1] + "/child.new", "w").write(str(child.pid))
os.rename(sys.argv[1] + "/child.new", sys.argv[1] + "/child")
print("half done", flush=True)
time.sleep(1000)
"""


def test_one_that_takes_too_long_is_ended_with_all_its_children(account, hook):
    account.configure(on_stored_limit="15s")
    hook.then(SLEEPER)
    assert account.scoremail(stdin=mail("csv")).code == 0
    (text,) = alerts(account)
    assert "did not end in time and was killed: half done" in text
    wait_for(lambda: process_is_gone(hook.folder / "child"), "the child to be gone")


def test_as_a_filter_it_has_the_run_s_time_and_then_the_worker_s(account, hook):
    account.configure(run_limit="20s")
    hook.then(SLEEPER)
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0
    assert alerts(account) == []  # nothing is wrong with it
    wait_for(lambda: process_is_gone(hook.folder / "child"), "the child to be gone")
    hook.then("")
    assert account.scorefetch("run").code == 0
    assert len(hook.told()) == 2


def test_after_a_crash_between_storing_and_telling_it_is_told(account, hook):
    """Killed while the command runs: nobody knows whether it was told."""
    hook.then("import time; time.sleep(1000)\n")
    running = account.start(mail("csv")).go()
    wait_for(hook.told, "the hook")
    signal_all(family(running.pid), signal.SIGKILL)
    running.end()
    hook.then("")
    assert account.scorefetch("run").code == 0
    first, second = hook.told()
    assert facts(first) == facts(second)
    assert account.sql("SELECT done > 0 AS told FROM handovers") == [{"told": 1}]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["term", "kill"])
def test_it_ends_with_the_command_that_started_it(account, hook, number):
    """Else the next run would start it once more beside it."""
    hook.then(SLEEPER)
    argv = [account.build / "scorefetch", "get", "-c", account.config, CSV_NAME]
    with subprocess.Popen([*map(str, argv)], stderr=subprocess.DEVNULL) as running:
        wait_for((hook.folder / "child").exists, "the hook's child")
        running.send_signal(number)
    wait_for(lambda: process_is_gone(hook.folder / "child"), "the child to be gone")
    hook.then("")
    assert account.scorefetch("run").code == 0
    first, second = hook.told()
    assert facts(first) == facts(second)


def test_one_that_hangs_takes_its_time_once_in_a_run(account, emulator, hook):
    """Or a hundred files would hold the worker for a hundred limits."""
    hook.then("sys.exit(1)\n")
    for name in MORE_NAMES:
        emulator.add(name, name.encode())
        account.scorefetch("get", name)
    account.time_passes(24 * 3600)
    hook.then("import time; time.sleep(1000)\n")
    account.configure(on_stored_limit="4s")
    assert account.scorefetch("run").code == EX_TEMPFAIL
    assert len(hook.told()) == len(MORE_NAMES) + 1
    hook.then("")
    account.configure(on_stored_limit=None)
    account.time_passes(24 * 3600)
    assert account.scorefetch("run").code == 0
    assert account.sql("SELECT count(*) AS open FROM handovers WHERE done = 0") == [{"open": 0}]


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_program_on_a_file_system_that_hangs_has_the_same_limit(account, hook):
    """Its very start does not return then."""
    need(shutil.which("strace"), "strace is not installed")
    account.configure(on_stored_limit="1s")
    argv = ["strace", "-f", "-o", "/dev/null", "-P", str(hook.program)]
    argv += ["-e", "trace=execve", "-e", "inject=execve:delay_enter=4s"]
    done = run([*argv, account.build / "scorefetch", "get", "-c", account.config, CSV_NAME], timeout=100)
    assert done.code == 0
    (text,) = alerts(account)
    assert "did not end in time" in text


def test_two_processes_do_not_tell_it_at_once(account, hook):
    hook.then(f"import time\nwhile not os.path.exists({str(hook.folder / 'go')!r}): time.sleep(0.02)\n")
    running = account.start(mail("csv")).go()
    wait_for(hook.told, "the hook")
    assert account.scorefetch("run").code == 0
    assert account.scorefetch("get", CSV_NAME).code == 0
    assert len(hook.told()) == 1
    (hook.folder / "go").touch()
    assert running.end().code == 0
    assert account.scorefetch("run").code == 0
    assert len(hook.told()) == 1


def test_what_was_stored_without_it_is_not_told_later(account):
    account.scoremail(stdin=mail("csv"))
    hook = Hook(account)
    account.scorefetch("run")
    account.scoremail(stdin=mail("csv"))
    assert hook.told() == []
    account.scoremail(stdin=mail("txt"))  # dropped
    assert hook.told() == []


def test_what_is_open_waits_for_the_key_to_come_back(account, hook):
    hook.then("sys.exit(1)\n")
    account.scoremail(stdin=mail("csv"))
    command = account.account["on-stored"]
    account.configure(on_stored=None)
    account.time_passes(24 * 3600)
    assert account.scorefetch("run").code == 0
    hook.then("")
    account.configure(on_stored=command)
    assert account.scorefetch("run").code == 0
    assert len(hook.told()) == 2


def test_an_encrypted_file_is_handed_over_as_it_is_stored(sealing):
    hook = Hook(sealing)
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    (told,) = hook.told()
    said, row = facts(told), sealing.status()[CSV_NAME]
    assert (said["NAME"], said["PATH"]) == (CSV_NAME, str(sealing.directory / f"{CSV_NAME}.gpg"))
    assert (said["SIZE"], said["SHA256"]) == (str(row["size"]), row["sha256"])
    assert told["sha256"] == said["SHA256"] != row["sha256_plain"]


def test_an_output_of_a_person_s_own_is_not_handed_over(account, hook):
    assert account.scorefetch("get", "-o", account.folder / "out", CSV_NAME).code == 0
    assert hook.told() == []


FILLS_THE_LEDGERS_DISK = """
try:
    with open({ballast!r}, "ab", buffering=0) as file:
        while True:
            file.write(bytes(512))
except OSError:
    sys.exit({code})
"""


@pytest.mark.parametrize("code", [0, 1], ids=["that went well", "that failed"])
@pytest.mark.parametrize("way", ["mail", "run"])
def test_a_hook_whose_outcome_cannot_be_recorded_runs_once(account, emulator, hook, small_disk, code, way):  # noqa: F811
    """The disk under the ledger is full when the hook has ended: it is left to the next run."""
    small = small_disk(account.ledger.parent, "size=512k")
    ballast = account.ledger.parent / "ballast"

    if way == "run":  # three files that it is still to run for
        hook.then("sys.exit(1)")
        for name in (CSV_NAME, *MORE_NAMES):
            emulator.add(name, CORRECTED)
            assert small.scorefetch("get", name).code == 0
        assert small.scorefetch("retry", CSV_NAME).code != 0
    before, files = len(hook.told()), 1 if way == "mail" else 3
    hook.then(FILLS_THE_LEDGERS_DISK.format(ballast=str(ballast), code=code))
    if way == "mail":
        assert small.scoremail(mail("csv")).end().code == 0
    else:
        small.sql("UPDATE handovers SET next_attempt = 0")
        done = small.scorefetch("run")
        assert done.code == EX_TEMPFAIL
        assert "cannot be recorded" in done.err and "full" in done.err
    assert len(hook.told()) == before + 1
    assert small.sql("SELECT count(*) FROM handovers WHERE done = 0") == [[files]]

    ballast_seen = small.disk.seen / "ballast"
    ballast_seen.unlink()
    hook.then("")
    assert small.scorefetch("run").code == 0
    assert len(hook.told()) == before + 1 + files
    assert len({facts(told)["ID"] for told in hook.told()}) == files
    assert small.sql("SELECT count(*) FROM handovers WHERE done = 0") == [[0]]


def test_copy_follows_no_link_that_lies_in_its_way(account, tmp_path):
    """Whoever may write to the folder knows the names of parts that are the same each time."""
    out = tmp_path / "import"
    out.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("root's own\n")
    for identity in range(1, 9):
        (out / f".{CSV_NAME}.{identity}.part").symlink_to(victim)
    account.configure(on_stored=f"{CHECKOUT}/contrib/hooks/copy {out}")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.scorefetch("run")
    assert victim.read_text() == "root's own\n"
    assert [path.name[10:] for path in out.iterdir() if not path.is_symlink()] == [f"_{CSV_NAME}"]
