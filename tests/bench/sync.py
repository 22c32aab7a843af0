#!/usr/bin/python3
"""200 files through the listing: `scorefetch sync` against baseline.py, interleaved in one run.

Both start with nothing and end with the same files, which is checked. Each is measured from its start to its
end: configuration, login and listing are in it, and for scorefetch the ledger, hashes and fsync.

  tests/bench/sync.py [--files N] [--size BYTES] [--delay MS] [--rounds N] [--parallel N] [--build FOLDER] [--folder FOLDER]
"""
import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder, large_scores  # noqa: E402

BASELINE = Path(__file__).resolve().parent / "baseline.py"


def timed(argv):
    start = time.monotonic()
    subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def check(folder, data):
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    if found != data:
        raise SystemExit(f"{folder} has not what the service has")


def run_baseline(emulator, home, data):
    user, password = next(iter(emulator.users.items()))
    seconds = timed([sys.executable, BASELINE, emulator.url, emulator.ca, user, password, home])
    check(home, data)
    return seconds


def run_sync(emulator, home, data, options):
    account = Account(home, options.build, emulator, parallel=options.parallel)
    seconds = timed([account.build / "scorefetch", "sync", "-q", "-c", account.config, "--all"])
    check(account.directory, data)
    return seconds


def compare(emulator, data, options):
    times = {"baseline": [], "sync": []}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.folder) as home:
            times["baseline"].append(run_baseline(emulator, Path(home), data))
        with tempfile.TemporaryDirectory(dir=options.folder) as home:
            times["sync"].append(run_sync(emulator, Path(home), data, options))
    return {which: statistics.median(seconds) for which, seconds in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--size", type=int, default=123_456)
    parser.add_argument("--delay", type=int, default=40, help="milliseconds added to each API answer, the second time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/dev/shm", help="where the files are stored")
    options = parser.parse_args()
    data = {f"4300_{n:04d}.csv": large_scores(options.size, n) for n in range(options.files)}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, Emulator(options.build, folder) as emulator:
        for name, content in data.items():
            emulator.add(name, content)
        for delay in (0, options.delay):
            calls = ("login", "list", "file") if delay else ()
            emulator.faults(*(f"{call}:delay={delay}" for call in calls))
            seconds = compare(emulator, data, options)
            ratio = seconds["sync"] / seconds["baseline"]
            print(f"{options.files} files of {options.size} bytes, {delay} ms added to each API answer, median of"
                  f" {options.rounds}: baseline {seconds['baseline']:.2f} s, scorefetch sync {seconds['sync']:.2f} s,"
                  f" ratio {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
