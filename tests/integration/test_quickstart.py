"""contrib/quickstart --keep, with the programs that are built: what it prints can be done, and ended."""
import fcntl
import os
import re
import shutil
import signal

import pytest
from harness import CHECKOUT, is_gone, run

NAME = "4300_20180501_093000.csv"


@pytest.fixture
def checkout(build, tmp_path):
    """What quickstart reads of the source, and nothing else, in a folder whose name has a blank."""
    tmp_path = tmp_path / "my clone"
    for part in ("contrib", "tests/fixtures/mail"):
        shutil.copytree(CHECKOUT / part, tmp_path / part, ignore=shutil.ignore_patterns("debian", "fuzz"))
    yield tmp_path
    pid = tmp_path / "quickstart" / "emulator.pid"
    if pid.exists() and not is_gone(int(pid.read_text())):
        os.kill(int(pid.read_text()), signal.SIGTERM)


def start(build, checkout):
    """As a user without root's look into other processes; bash, sed and the like are in /usr/bin."""
    as_user = ["setpriv", "--bounding-set=-sys_ptrace"] if os.geteuid() == 0 else []
    return run([*as_user, checkout / "contrib/quickstart", "--installed", "--keep"], env={**os.environ, "PATH": f"{build}:/usr/bin:/bin"})


def quickstart(build, checkout):
    done = start(build, checkout)
    assert done.code == 0, done.out.decode() + done.err
    return done.out.decode()


def test_three_commands_to_try_and_how_to_stop(build, checkout):
    said = quickstart(build, checkout)
    assert "NOT TRUE" not in said
    notify, get, status = re.findall(r"(?m)^    (\S+/score.*)$", said.split("Try, in")[1])
    for command in (notify, get):
        done = run(["sh", "-c", command], cwd=checkout)
        assert done.code == 0, done.err
    shown = run(["sh", "-c", status], cwd=checkout).out.decode()
    assert re.search(rf"stored +{NAME}", shown) and (checkout / "quickstart/scores" / NAME).exists()
    stop, remove = re.findall(r"(?m)^    ((?:kill|rm) .*)$", said.split("To stop it")[1])
    emulator = int(stop.split()[1])
    assert not is_gone(emulator)
    assert "Stopped the emulator" in quickstart(build, checkout) and is_gone(emulator)
    emulator = int((checkout / "quickstart/emulator.pid").read_text())
    folder = os.open(checkout, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as another quickstart would; the emulator does not
    done = start(build, checkout)
    os.close(folder)
    assert done.code == 1 and "another quickstart is at work" in done.err and not is_gone(emulator)
    assert run(["sh", "-c", f"kill {emulator} && {remove}"], cwd=checkout).code == 0
    assert not (checkout / "quickstart").exists()
