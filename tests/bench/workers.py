#!/usr/bin/python3
"""Three hosts' sync of the same files against one host's, with one ledger on a PostgreSQL server and one directory.

Each answer of the API takes a while, and each host downloads one file at a time, so that the processors of one machine
suffice for all: what is measured is whether hosts wait for one another. The server is one of our own, and syncs.

  tests/bench/workers.py [--files N] [--delay MS] [--build FOLDER] [--folder FOLDER]

Exits non-zero where three hosts store less than twice as many files a second.
"""
import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from emulator import Emulator  # noqa: E402
from harness import build_folder, large_scores  # noqa: E402
from hosts import Site  # noqa: E402
from postgres import Cluster  # noqa: E402

GOAL = 2.0
SIZE = 2000


def rate(folder, build, emulator, cluster, hosts, files):
    """Files a second of so many hosts, each file stored once."""
    folder.mkdir()
    with contextlib.closing(Site(folder, build, emulator, cluster)) as site:
        for _ in range(hosts):
            site.add().general["parallel"] = "1"
        for host in site.hosts:
            host.configure()
        start = time.monotonic()
        ends = [sync.end(3600) for sync in [host.start_scorefetch("sync", "-q", "--all") for host in site.hosts]]
        taken = time.monotonic() - start
        if any(end.code != 0 for end in ends) or site.times("stored") != (files, files):
            raise SystemExit(f"{hosts} hosts: {site.times('stored')} of {files} stored; {[end.err for end in ends]}")
    return files / taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--delay", type=int, default=40, help="milliseconds of each answer of the API")
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/var/tmp", help="where server, ledger and files lie: on a disk")
    options = parser.parse_args()
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, tempfile.TemporaryDirectory() as other, \
            Emulator(build, Path(other)) as emulator, contextlib.closing(Cluster()) as cluster:
        for number in range(options.files):
            emulator.add(f"4300_{number:04d}.csv", large_scores(SIZE, number))
        emulator.faults(f"file:delay={options.delay}")
        one, three = (rate(Path(folder) / str(hosts), build, emulator, cluster, hosts, options.files) for hosts in (1, 3))
    print(f"{options.files} files, {options.delay} ms an answer: one host {one:.1f} files/s, three {three:.1f},"
          f" ratio {three / one:.2f} (goal {GOAL})")
    return 0 if three >= GOAL * one else 1


if __name__ == "__main__":
    sys.exit(main())
