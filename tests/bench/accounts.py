#!/usr/bin/python3
"""Many accounts of which none has anything new, against the time that their calls need at that parallelism.

Each account has three files, which are marked as known. Then one sync asks for all: a login and a listing each, whose
answers take a while. The most memory of all its processes together is told, a page that they share counted once; and
what reading the configuration costs, as one message that is queued does: a site of that many accounts against one.

  tests/bench/accounts.py [--accounts N] [--delay MS] [--build FOLDER] [--folder FOLDER]

Exits non-zero where a goal is missed.
"""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from compare import timed  # noqa: E402
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder  # noqa: E402
from test_many_accounts import Site  # noqa: E402

GOAL, MEMORY = 1.3, 64  # times what the calls need; MB
PARALLEL, CALLS = 4, 2  # parallel-accounts; a login and a listing
PASSWORD = "bench-Pa55"


def pss(pid):
    """Bytes of the process and its children."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has ended
        return 0
    own = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return own * 1024 + sum(pss(child) for child in children)


def measure(account):
    """Seconds and the most bytes of a sync."""
    begin, most = time.monotonic(), 0
    with subprocess.Popen([account.build / "scorefetch", "sync", "-q", "-c", account.config]) as sync:
        while sync.poll() is None:
            most = max(most, pss(sync.pid))
            time.sleep(0.2)
    if sync.returncode != 0:
        raise SystemExit(f"sync: exit {sync.returncode}")
    return time.monotonic() - begin, most


def configuration(account):
    return min(timed([account.build / "scorefetch", "log", "-q", "-c", account.config]).processor for _ in range(15))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--delay", type=int, default=100, help="milliseconds of each answer of the API")
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/var/tmp", help="where the ledger lies: on a disk")
    options = parser.parse_args()
    names = [f"district{number}" for number in range(options.accounts)]
    with tempfile.TemporaryDirectory(dir=options.folder) as home, tempfile.TemporaryDirectory() as other, \
            Emulator(options.build.resolve(), Path(other), users=dict.fromkeys(names, PASSWORD)) as emulator:
        account = Account(Path(home), options.build.resolve(), emulator)
        site = Site(account)
        for number, name in enumerate(names):
            site.add(name, 100000 + number)
            (account.folder / f"{name}.password").write_text(PASSWORD + "\n")
            if number == 0:
                alone = configuration(account)
        for number in range(3):
            emulator.add(f"4300_{number}.csv", b"ID\r\n1\r\n")
        subprocess.run([account.build / "scorefetch", "sync", "-q", "--mark-known", "-c", account.config], check=True)
        emulator.faults(f"login:delay={options.delay}", f"list:delay={options.delay}")
        taken, most = measure(account)
        read = configuration(account)
    need = options.accounts * CALLS * options.delay / 1000 / PARALLEL
    print(f"{options.accounts} accounts, {options.delay} ms an answer: {taken:.1f} s, their calls need {need:.1f} s,"
          f" ratio {taken / need:.2f} (goal {GOAL}), {most / 1e6:.0f} MB at most (goal {MEMORY})")
    print(f"configuration: {read * 1e3:.1f} ms of processor time, {alone * 1e3:.1f} ms with one account")
    return 0 if taken <= GOAL * need and most <= MEMORY * 1e6 else 1


if __name__ == "__main__":
    sys.exit(main())
