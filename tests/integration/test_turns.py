"""Accounts take turns, each in a process of its own: what holds one up holds up no other, and nothing goes quiet."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from agents import wait_for
from harness import EX_TEMPFAIL, Running, is_gone, need, signal_all
from mounts import dead
from test_many_accounts import Site

EX_CANTCREAT = 73
NAMES = ("ash", "elm", "fir", "oak", "yew")
FILES = {name: f"{number}_20190410_111604.csv" for number, name in enumerate(NAMES, 4300)}
OTHERS = set(NAMES) - {"ash"}
DATA = b"ID\r\n1\r\n"


@pytest.fixture
def emulator(start_emulator):
    emulator = start_emulator(*(option for name in NAMES for option in ("--user", f"{name}:{name}-Pa55")))
    for name in FILES.values():
        emulator.add(name, DATA)
    return emulator


@pytest.fixture
def settings():
    return {}


@pytest.fixture
def site(account, emulator, settings):
    """Five accounts whose events are queued, and of which two are worked for at a time."""
    account.general.update({"delivery": "queued", "parallel-accounts": 2, "worker-interval": "30s", **settings})
    site = Site(account)
    for name, file in FILES.items():
        site.add(name, file.split("_")[0])
    account.scorefetch("run")  # so that there is a worker
    return site


def queue(site, *names):
    for name in names:
        site.receive(FILES[name])


def stored(site):
    return {name for name in NAMES if (site.account.folder / name / FILES[name]).exists()}


def change(site, name, **settings):
    """Sets keys of that account alone."""
    file = site.folder / f"{name}.conf"
    file.write_text(file.read_text() + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in settings.items()))


@contextmanager
def patience(site, seconds):
    """All accounts give up after so long; not for good: a slow machine takes longer for what goes well."""
    before = {name: (site.folder / f"{name}.conf").read_text() for name in NAMES}
    for name in NAMES:
        change(site, name, give_up_after=seconds)
    yield
    for name, text in before.items():
        (site.folder / f"{name}.conf").write_text(text)


@contextmanager
def service_that_never_answers(site, *names):
    """These accounts have one that takes the connection, and no more."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        for name in names:
            change(site, name, service_url=f"https://localhost:{server.getsockname()[1]}/pascoredwnld")
        yield


def start(site, command, *options):
    return Running([site.account.build / "scorefetch", command, "-c", site.account.config, *options], b"").go()


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def status(site):
    return json.loads(site.account.scorefetch("status", "--json").out)


def alerts(site):
    return {(alert["account"], alert["kind"]): alert["text"] for alert in status(site)["alerts"]}


# ---------------------------------------------------------------- one that is slow


COMMANDS = [["run"], ["sync", "--all"]]


def end_when_one_is_left(running, site, names):
    """Ends it once the files of these are stored, and one process is still at work, for an account that hangs."""
    wait_for(lambda: stored(site) == names and len(children(running.pid)) == 1, "the others' files")
    running.process.terminate()
    return running.end()


@pytest.mark.parametrize("command", COMMANDS, ids=["run", "sync"])
def test_what_hangs_holds_up_only_its_own_account(site, command):
    queue(site, *NAMES)
    with service_that_never_answers(site, "ash"):
        running = start(site, *command)
        done = end_when_one_is_left(running, site, OTHERS)  # ash has its own patience, and nobody waits for it
    assert done.code == EX_TEMPFAIL and ("ash" in done.err if command[0] == "sync" else done.err.endswith("4 done, 1 left\n"))
    assert all(line.startswith("scorefetch: ") for line in done.err.splitlines())  # whole lines, whoever wrote them


def test_what_comes_meanwhile_is_fetched_meanwhile(site, emulator):
    """A message that comes while the worker is at work has not to wait for whoever is slow."""
    queue(site, "ash")
    emulator.faults(f"object/{FILES['ash']}:delay=600000")
    running = start(site, "run")
    emulator.wait_for(lambda seen: [request for request in seen if request["call"] == "file"])
    queue(site, "oak", "elm")
    assert end_when_one_is_left(running, site, {"oak", "elm"}).err.endswith("2 done, 1 left\n")


def test_a_turn_has_an_end(site, emulator):
    """Ten times give-up-after; what is left waits for the next round, since others wait for this one."""
    names = [f"4300_{number}.csv" for number in range(40)]
    change(site, "ash", give_up_after="1s")
    for name in names:
        emulator.add(name, DATA)
        site.receive(name)
    emulator.faults("object:delay=400")
    done = site.account.scorefetch("run")
    found = re.fullmatch(r"(\d+) done, (\d+) left", done.err.splitlines()[-1].removeprefix("scorefetch: "))
    assert done.code == EX_TEMPFAIL and int(found[1]) + int(found[2]) == 40 and 1 <= int(found[1]) <= 27


# ---------------------------------------------------------------- one that hangs


def stop_as_it_asks_for_the_password(site, name):
    """The process beside the account's command (host/keeper.h): the account's waits for it, and holds no lock of the ledger
    then. Returns a function: its number, once it is stopped."""
    noted = site.account.folder / f"{name}.stopped"
    command = f"echo $PPID >{noted}; kill -STOP $PPID; cat {site.account.folder / name}.password"
    change(site, name, password_command=f"sh -c '{command}'")

    def number():
        return int(wait_for(lambda: noted.exists() and noted.read_text(encoding="ascii"), f"the process of {name} to stop"))

    return number


def test_a_process_that_makes_no_progress_is_ended_and_said(site):
    before = (site.folder / "ash.conf").read_text()
    change(site, "ash", give_up_after="1s")
    stopped = stop_as_it_asks_for_the_password(site, "ash")
    queue(site, *NAMES)
    done = start(site, "run").end()
    child = stopped()
    assert stored(site) == OTHERS, done.err
    assert done.code == EX_TEMPFAIL and "account ash: no progress for 4 s; its process was ended" in done.err
    assert ("ash", "hung") in alerts(site)
    signal_all([child], signal.SIGCONT)  # the kernel's work only where whoever takes orphans has another session
    wait_for(lambda: is_gone(child), "what was beside the command to end")
    (site.folder / "ash.conf").write_text(before)
    assert site.account.scorefetch("run").code == 0 and stored(site) == set(NAMES)
    assert ("ash", "hung") not in alerts(site)


def test_one_that_a_signal_ended_is_said_with_what_to_do(site, emulator):
    queue(site, "ash", "elm")
    emulator.faults("object:delay=600000")
    running = start(site, "run")
    emulator.wait_for(lambda seen: len([r for r in seen if r["call"] == "file"]) >= 2)
    for name, number in (("ash", signal.SIGKILL), ("elm", signal.SIGSEGV)):
        folder = site.account.folder / name
        (pid,) = wait_for(lambda: [pid for pid in children(running.pid) if holds(pid, folder)], f"the process of {name}")
        os.kill(pid, number)
    done = running.end()
    assert done.code == EX_TEMPFAIL
    assert "ash: its process was killed by signal 9 (Killed); did memory run out? The next run goes on" in done.err
    assert re.search(r"elm: its process was killed by signal 11 \(.*\); the next run goes on; report it if it happens again", done.err)


def holds(pid, folder):
    """Whether the process has that folder open."""
    with suppress(FileNotFoundError):  # it opens and closes others meanwhile
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == str(folder) for fd in os.listdir(f"/proc/{pid}/fd"))
    return False


@contextmanager
def frozen(folder, beside):
    """A file system that takes no write before it is thawed: whoever writes cannot even be killed."""
    need(os.geteuid() == 0 and shutil.which("fsfreeze") and shutil.which("mkfs.ext4"), "root, fsfreeze, mkfs.ext4")
    image = beside / "disk.img"
    image.touch()
    os.truncate(image, 16 << 20)
    for argv in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, folder], ["fsfreeze", "-f", folder]):
        subprocess.run([*map(str, argv)], check=True, timeout=60)
    try:
        yield
    finally:
        with suppress(subprocess.CalledProcessError):
            thaw(folder)
        wait_for(lambda: subprocess.run(["umount", folder], check=False).returncode == 0, "the disk to be free")


def thaw(folder):
    subprocess.run(["fsfreeze", "-u", folder], check=True, stderr=subprocess.DEVNULL, timeout=60)


@pytest.mark.parametrize("command", COMMANDS, ids=["run", "sync"])
def test_those_that_stand_still_take_no_place(site, command):
    """As many as have one: the others do not wait until these are ended."""
    for name in NAMES:
        change(site, name, give_up_after="60s")  # no process is ended in less than four times that
    queue(site, *NAMES)
    stopped = [stop_as_it_asks_for_the_password(site, name) for name in ("ash", "elm")]
    running = start(site, *command)
    standing = [number() for number in stopped]
    wait_for(lambda: stored(site) == set(NAMES) - {"ash", "elm"}, "the others' files")
    alive = [not is_gone(pid) for pid in standing]
    signal_all(standing, signal.SIGCONT)
    running.end()
    assert alive == [True, True]


@pytest.mark.release_only("what hangs is the kernel")
def test_one_that_cannot_be_killed_is_left_behind_and_its_account_left_out(site):
    change(site, "ash", give_up_after="1s")
    ash = site.account.folder / "ash"
    with frozen(ash, site.account.folder):
        queue(site, *NAMES)
        done = start(site, "run").end()
        assert done.code == EX_TEMPFAIL and stored(site) == OTHERS
        found = re.search(r"account ash: process (\d+) makes no progress and cannot be killed; does (\S+) answer", done.err)
        assert found and found[2] == str(ash) and not is_gone(int(found[1]))
        assert found[1] in alerts(site)["ash", "hung"]
        shown = json.loads(site.account.scorefetch("check", "--json").out)["findings"]
        found_in = {f["account"]: f["text"] for f in shown if f["item"] == "directory"}
        assert found_in["ash"] == f"{ash} does not answer; is what it is mounted from away, or frozen?"
        assert all("writable" in found_in[name] for name in OTHERS)
        for command in (["run"], ["sync", "--all"]):
            again = site.account.scorefetch(*command)
            assert again.code == EX_TEMPFAIL and f"process {found[1]} of an earlier run still hangs" in again.err
        thaw(ash)
        wait_for(lambda: is_gone(int(found[1])), "the process to end")
        done = site.account.scorefetch("run")
        assert done.code == 0 and stored(site) == set(NAMES), done.err
        assert ("ash", "hung") not in alerts(site)


@pytest.fixture
def dead_share(site):
    """Of all accounts but yew: of so many that a limit for each would be seen on a busy machine, too."""
    share = site.account.folder / "share"
    for number in range(40):
        site.add(f"more{number}", number)
        (share / f"more{number}").mkdir(parents=True)
        change(site, f"more{number}", directory=share / f"more{number}")
    for name in NAMES[:-1]:
        (share / name).mkdir(parents=True)
        change(site, name, directory=share / name)
    with dead(share):
        yield share


@pytest.mark.release_only("the leak checker waits for a thread that hangs in the kernel")
def test_a_dead_share_is_looked_at_once_for_all_its_accounts(site, dead_share):
    begin = time.monotonic()
    done = site.account.scorefetch("sync", "--all", "-a", "yew")
    assert done.code == 0 and (site.account.folder / "yew" / FILES["yew"]).exists(), done.err
    assert time.monotonic() - begin < 80  # one limit of 2 s, and not forty-four


@pytest.mark.release_only("the leak checker waits for a thread that hangs in the kernel")
def test_check_tells_a_dead_share_and_goes_on(site, dead_share):
    begin = time.monotonic()
    done = site.account.scorefetch("check", "--json")
    assert done.code == 2 and time.monotonic() - begin < 120  # one limit of 5 s, and not forty-four
    found = {f["account"]: f for f in json.loads(done.out)["findings"] if f["item"] == "directory"}
    for name in NAMES[:-1]:
        assert found[name]["level"] == "failure"
        assert found[name]["text"] == f"{dead_share / name} does not answer; is what it is mounted from away, or frozen?"
    assert found["yew"]["level"] != "failure" and "writable" in found["yew"]["text"]


@pytest.mark.release_only("the leak checker waits for a thread that hangs in the kernel")
@pytest.mark.parametrize("settings", [{"delivery": "inline"}])
def test_who_waits_is_told_of_a_dead_share(site, dead_share):
    commands = [["get", "-a", "ash", FILES["ash"]], ["list", "-a", "ash"]]
    for done in [site.account.scorefetch(*command) for command in commands] + [site.receive(FILES["ash"])]:
        assert done.code in (EX_CANTCREAT, EX_TEMPFAIL)
        assert f"account ash: {dead_share / 'ash'} does not answer" in done.err
    assert done.code == EX_TEMPFAIL
    assert site.receive(FILES["yew"]).code == 0


@pytest.mark.release_only("the leak checker waits for a thread that hangs in the kernel")
@pytest.mark.parametrize("what, commands", [
    ("password-file", [["check"], ["get", "-a", "ash", FILES["ash"]], ["list", "-a", "ash"], None]),
    ("ledger", [["check"], ["run"]]),
    ("spool", [["check"], ["status"], None]),
    ("log", [["sync"], None]),
])
@pytest.mark.parametrize("settings", [{"delivery": "inline"}])
def test_other_files_on_a_dead_share_are_told_as_well(site, what, commands):
    """None is a message."""
    share = site.account.folder / "share"
    share.mkdir()
    (share / what).write_text("x")
    if what == "password-file":
        change(site, "ash", password_file=share / what)
    else:
        config = site.account.config
        config.write_text(re.sub(f"(?m)^{what} = .*", f"{what} = {share / what}", config.read_text()))
    with dead(share):
        for command in commands:
            done = site.account.scorefetch(*command) if command else site.receive(FILES["ash"])
            assert f"{share / what} does not answer; is what it is mounted from away" in done.err + done.out.decode(), command
            assert done.code in (2, EX_CANTCREAT, EX_TEMPFAIL)


@pytest.mark.release_only("the leak checker waits for a thread that hangs in the kernel")
@pytest.mark.parametrize("settings", [{"delivery": "inline"}])
def test_what_is_of_several_accounts_waits_for_no_dead_share(site, dead_share):
    """Neither one message nor one command holds up the names of the account whose directory answers."""
    dead_ones, well = [FILES[name] for name in NAMES[:-1]] + [f"{number}_1.csv" for number in range(1, 12)], FILES["yew"]
    begin = time.monotonic()
    done = site.account.scoremail(stdin=b"\n".join([
        b"From: info@scores.example", b"Message-ID: <1@scores.example>", b"Content-Type: text/html", b"",
        *(f'<span id="fileName">{name}</span>'.encode() for name in [*dead_ones, well])]))
    assert done.code == EX_TEMPFAIL and stored(site) == {"yew"}
    assert time.monotonic() - begin < 28  # one limit of 2 s, and not fifteen
    assert all(f"account {name}: {dead_share / name} does not answer" in done.err for name in NAMES[:-1])
    for command in (["get", "--force", dead_ones[0], well], ["retry", dead_ones[0], well], ["cat", dead_ones[0]], ["prune"]):
        done = site.account.scorefetch(*command)
        assert done.code == EX_CANTCREAT and f"account ash: {dead_share / 'ash'} does not answer" in done.err, command
        assert well not in command or well in done.err, command
    assert time.monotonic() - begin < 80


# ---------------------------------------------------------------- signals


@pytest.mark.parametrize("command", COMMANDS, ids=["run", "sync"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them_and_the_next_run_goes_on(site, emulator, command, number):
    queue(site, *NAMES)
    emulator.faults("object:delay=600000")
    running = start(site, *command)
    emulator.wait_for(lambda seen: len([r for r in seen if r["call"] == "file"]) >= 2)
    at_work = children(running.pid)
    begin = time.monotonic()
    signal_all((*at_work, running.pid), number)  # as a terminal or systemd does; the parent, too, passes it on
    done = running.end()
    assert done.code == EX_TEMPFAIL and time.monotonic() - begin < 60  # and not at the end of its patience, 90 s
    assert len(at_work) == 2 and all(is_gone(pid) for pid in at_work)
    emulator.faults()
    assert site.account.scorefetch("run").code == 0 and stored(site) == set(NAMES)


def test_a_pause_of_all_of_them_is_nobody_s_fault(site, emulator):
    """As Ctrl-Z makes it, or a virtual machine that is suspended."""
    before = (site.folder / "ash.conf").read_text()
    change(site, "ash", give_up_after="1s")  # so that 4 s are the most without progress
    queue(site, "ash")
    emulator.faults("object:delay=600")
    running = start(site, "run")
    emulator.wait_for(lambda seen: any(r["call"] == "file" for r in seen))
    all_of_them = [running.pid, *children(running.pid)]
    signal_all(all_of_them, signal.SIGSTOP)
    end = time.monotonic() + 6
    wait_for(lambda: time.monotonic() > end, "the pause to be long enough")
    signal_all(all_of_them, signal.SIGCONT)
    done = running.end()
    assert "its process was ended" not in done.err, done.err
    emulator.faults()
    (site.folder / "ash.conf").write_text(before)
    site.account.time_passes(3600)
    assert site.account.scorefetch("run").code == 0 and "ash" in stored(site)


def test_nobody_outlives_a_parent_that_is_killed(site, emulator):
    queue(site, "ash", "elm")
    emulator.faults("object:delay=600000")
    running = start(site, "run")
    emulator.wait_for(lambda seen: len([r for r in seen if r["call"] == "file"]) >= 2)
    at_work = children(running.pid)
    running.kill()
    running.end()
    wait_for(lambda: all(is_gone(pid) for pid in at_work), "its processes to end")


# ---------------------------------------------------------------- a service that is away


@pytest.mark.parametrize("command", COMMANDS, ids=["run", "sync"])
def test_a_service_that_hangs_is_asked_by_the_first_accounts_alone(site, emulator, command):
    queue(site, *NAMES)
    asked = len(emulator.requests())
    emulator.faults("any:delay=600000")
    with patience(site, "4s"):
        done = site.account.scorefetch(*command)
    assert done.code == EX_TEMPFAIL and stored(site) == set()
    emulator.faults()
    assert {r["user"] for r in emulator.requests()[asked:] if r["user"]} < set(NAMES)
    site.account.time_passes(120)  # the pauses of the names that were asked for
    assert site.account.scorefetch("run").code == 0 and stored(site) == set(NAMES)  # the next round asks


@pytest.mark.parametrize("settings", [{"parallel-accounts": 1}])
@pytest.mark.parametrize("command", COMMANDS, ids=["run", "sync"])
def test_what_fails_for_one_account_alone_puts_off_no_other(site, authority, command):
    before = (site.folder / "ash.conf").read_text()
    change(site, "ash", ca_file=authority.pem)  # the service has a certificate of somebody else's
    queue(site, *NAMES)
    done = site.account.scorefetch(*command)
    assert done.code != 0 and re.search("ash|" + FILES["ash"], done.err)
    assert stored(site) == OTHERS, done.err
    (site.folder / "ash.conf").write_text(before)
    site.account.time_passes(3600)
    assert site.account.scorefetch("run").code == 0 and stored(site) == set(NAMES)


@pytest.mark.parametrize("settings", [{"delivery": "inline"}])
def test_a_message_right_after_an_outage_waits_for_nothing(site, emulator):
    change(site, "ash", give_up_after="5s")
    change(site, "elm", give_up_after="30s")
    emulator.faults("file:delay=600000")
    begin = time.monotonic()
    assert site.receive(FILES["ash"]).code == EX_TEMPFAIL and time.monotonic() - begin > 3
    asked = len(emulator.requests())
    emulator.faults()
    done = site.receive(FILES["elm"])  # another account of the same service
    assert done.code == EX_TEMPFAIL and "the service failed a moment ago" in done.err
    assert len(emulator.requests()) == asked
    assert site.account.scorefetch("get", "-a", "oak", FILES["oak"]).code == 0  # a person is not held back
    site.account.sql("UPDATE keys SET value = value - 61 * 1000000 WHERE name LIKE 'outage %'")
    assert site.receive(FILES["elm"]).code == 0 and stored(site) == {"elm", "oak"}


# ---------------------------------------------------------------- whether anybody takes events


def test_an_event_that_nobody_takes_is_seen_whatever_the_heartbeat_says(site):
    queue(site, "ash")
    (event,) = site.account.spool.glob("*.event")
    then = time.time() - 61
    os.utime(event, (then, then))
    site.account.age_heartbeat(0)
    done = site.receive(FILES["elm"])
    assert done.code == EX_TEMPFAIL and "has taken no event out of the spool since" in done.err
    shown = site.account.scorefetch("status", "--exit-code")
    assert shown.code == 2 and b"has taken no event out of the spool" in shown.out
    assert "does it hang" in alerts(site)["", "worker"]
    assert "has taken no event" in site.account.scorefetch("check").out.decode()
    site.account.scorefetch("run")
    assert stored(site) == {"ash", "elm"} and ("", "worker") not in alerts(site)
    assert site.receive(FILES["oak"]).code == 0


def test_an_event_that_a_worker_has_to_leave_is_no_sign_of_that(site):
    queue(site, "ash")
    (event,) = site.account.spool.glob("*.event")
    good = (site.folder / "ash.conf").read_text()
    (site.folder / "ash.conf").write_text("nonsense\n" + good)
    assert site.account.scorefetch("run").code == EX_TEMPFAIL and event.exists()
    then = time.time() - 3600
    os.utime(event, (then, then))
    assert site.receive(FILES["elm"]).code == 0
    (site.folder / "ash.conf").write_text(good)
    assert site.account.scorefetch("run").code == 0 and stored(site) == {"ash", "elm"}


@pytest.mark.parametrize("settings", [{"worker-interval": "4s"}])
def test_the_worker_beats_while_accounts_hang_and_not_when_it_hangs_itself(site, emulator):
    queue(site, "ash", "elm")
    emulator.faults("object:delay=600000")
    running = start(site, "run")
    emulator.wait_for(lambda seen: len([r for r in seen if r["call"] == "file"]) >= 2)
    heartbeat = site.account.spool / "heartbeat"
    site.account.age_heartbeat(3600)
    wait_for(lambda: time.time() - heartbeat.stat().st_mtime < 60, "a beat")
    os.kill(running.pid, signal.SIGSTOP)
    site.account.age_heartbeat(3600)
    queued = site.receive(FILES["oak"])
    os.kill(running.pid, signal.SIGCONT)
    running.kill()
    running.end()
    assert queued.code == EX_TEMPFAIL and "has not run since" in queued.err


# ---------------------------------------------------------------- an object host that is away


def test_an_object_host_that_hangs_is_not_waited_for_file_by_file(account, emulator):
    """The first file takes its patience; of the others each has one try at most, and soon none is begun."""
    account.configure(delivery="queued", give_up_after="6s")
    for name in FILES.values():
        account.receive(name)
    emulator.faults("object:delay=600000")
    assert account.scorefetch("run").code == EX_TEMPFAIL
    asked = Counter(request["name"] for request in emulator.requests("file"))
    assert sorted(asked.values())[:-1] in ([1], [1, 1]) and max(asked.values()) > 1


def test_one_object_that_fails_is_not_its_host_s_fault_for_long(account, emulator):
    account.configure(delivery="queued", give_up_after="6s")  # 2 s for each call
    for name in FILES.values():
        account.receive(name)
    emulator.faults(f"object/{FILES['ash']}:delay=600000")
    assert account.scorefetch("run").code == EX_TEMPFAIL
    assert set(account.stored()) == {FILES[name] for name in OTHERS}
