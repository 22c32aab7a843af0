#!/usr/bin/python3
"""A notification into the spool (delivery = queued): from the start of scoremail to its exit 0, synced.

By turns with the same message while nobody is queued for it, `scoremail --extract`, which reads it and writes
nothing: what is more is scorefetch's start, the configuration and the spool's two fsyncs.

  tests/bench/queued.py [--build FOLDER] [--folder FOLDER] [--rounds N]

Exits non-zero where the goal is missed.
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
from harness import Account, build_folder, notification  # noqa: E402

GOAL = 0.050  # seconds


def timed(argv, message):
    start = time.monotonic()
    subprocess.run([str(a) for a in argv], input=message, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/var/tmp", help="where the spool lies: on a disk")
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as home, tempfile.TemporaryDirectory() as other:
        with Emulator(options.build, Path(other)) as emulator:
            account = Account(Path(home), options.build, emulator, delivery="queued")
            account.scorefetch("run")
            queue = [options.build / "scoremail", "-c", account.config]
            extract = [options.build / "scoremail", "--extract"]
            read, queued = [], []
            for number in range(options.rounds):
                message = notification(options.build, f"4300_{number}.csv")
                read.append(timed(extract, message))
                queued.append(timed(queue, message))
            assert len(list(account.spool.glob("*.event"))) == options.rounds
    median = statistics.median(queued)
    print(f"read {statistics.median(read) * 1000:.1f} ms, queued {median * 1000:.1f} ms"
          f" (slowest {max(queued) * 1000:.1f} ms), ratio {median / statistics.median(read):.2f}")
    return 0 if median < GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
