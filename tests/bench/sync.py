#!/usr/bin/python3
"""200 files through the listing: `scorefetch sync` against baseline.py, by turns in one run.

Both start with nothing and end with the same files, which is checked. Each is measured from its start to its
end: configuration, login and listing are in it, and for scorefetch the ledger, hashes and fsyncs, of which the
other side has none.

  tests/bench/sync.py [--files N] [--size BYTES] [--delay MS] [--rounds N] [--parallel N] [--build FOLDER] [--folder FOLDER]

Exits non-zero where the goal is missed.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from compare import Goal, a_disk, count_syncs, judge, timed  # noqa: E402
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder, large_scores  # noqa: E402

BASELINE = Path(__file__).resolve().parent / "baseline.py"


def check(folder, data):
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    if found != data:
        raise SystemExit(f"{folder} has not what the service has")


def run_baseline(emulator, home, data):
    user, password = next(iter(emulator.users.items()))
    taken = timed([sys.executable, BASELINE, emulator.url, emulator.ca, user, password, home])
    check(home, data)
    return taken


def run_sync(emulator, home, data, options, measure=timed):
    account = Account(home, options.build, emulator, parallel=options.parallel)
    os.sync()
    taken = measure([account.build / "scorefetch", "sync", "-q", "-c", account.config, "--all"])
    check(account.directory, data)
    return taken


def compare(emulator, data, disk, options):
    ours, theirs = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=disk) as home:
            theirs.append(run_baseline(emulator, Path(home), data))
        with tempfile.TemporaryDirectory(dir=disk) as home:
            ours.append(run_sync(emulator, Path(home), data, options))
    return ours, theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--size", type=int, default=123_456)
    parser.add_argument("--delay", type=int, default=0, help="milliseconds added to each answer of the API")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/var/tmp", help="where the files are stored: see compare.a_disk()")
    options = parser.parse_args()
    options.build = options.build.resolve()
    data = {f"4300_{n:04d}.csv": large_scores(options.size, n) for n in range(options.files)}
    with a_disk(options.folder, 4 * options.files * options.size // (1 << 20) + 100) as disk, \
            tempfile.TemporaryDirectory(dir="/dev/shm") as folder, Emulator(options.build, folder) as emulator:
        for name, content in data.items():
            emulator.add(name, content)
        emulator.faults(*(f"{call}:delay={options.delay}" for call in ("login", "list", "file") if options.delay))
        what = f"{options.files} files of {options.size} bytes, {options.delay} ms an answer, against a sequential client"
        met = judge(Goal("sync", what, 0.33), *compare(emulator, data, disk, options))
        with tempfile.TemporaryDirectory(dir=disk) as home:
            print(run_sync(emulator, Path(home), data, options, count_syncs))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
