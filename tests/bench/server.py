#!/usr/bin/python3
"""What a ledger on a PostgreSQL server costs, by a local socket, against a file on the same disk, interleaved; and
what a million files cost there against a thousand.

From a claim to a stored file, and a lookup, inside one process (ledger-calls.c); a whole `status`. The server is one
of our own, and syncs. The rows are those of ledger.py, moved by `scorefetch ledger copy`, which is timed, too.

  tests/bench/server.py [--build FOLDER] [--rows N] [--rounds N] [--folder FOLDER]

Exits non-zero where a claim takes more than 1.5 times the file's, or a million rows more than twice as long.
"""
import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from harness import build_folder  # noqa: E402
from ledger import CALLS, FEW, Ledger  # noqa: E402
from postgres import Cluster  # noqa: E402

GOAL, GOAL_MANY = 1.5, 2.0


class OnServer(Ledger):
    """The same rows on the server."""

    def __init__(self, cluster, file):
        self.build, self.rows = file.build, file.rows
        database = cluster.new_database()
        self.path = cluster.by_socket(database)
        start = time.monotonic()
        subprocess.run([self.build / "scorefetch", "ledger", "-q", "-c", file.config, "copy", self.path], check=True)
        print(f"{self.rows} files moved to the server in {time.monotonic() - start:.1f} s")
        cluster.sql("ANALYZE", database)
        size = cluster.sql(f"SELECT pg_database_size('{database}') - pg_database_size('template1')")[0][0]
        print(f"{self.rows} files take {int(size) / 1e6:.0f} MB there")
        self.config = file.config.with_suffix(".server")
        self.config.write_text(file.config.read_text().replace(f"ledger = {file.path}", f"ledger = {self.path}"))
        self.config.chmod(0o600)


def measure(ledgers, rounds):
    times = {name: [[] for _ in ledgers] for name in ("claim to stored", "lookup", "status")}
    for _ in range(rounds):
        for side, ledger in enumerate(ledgers):
            for name, seconds in zip(times, [*ledger.calls(), ledger.command("status")]):
                times[name][side].append(seconds)
    return {name: [statistics.median(side) for side in sides] for name, sides in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", default="/var/tmp", help="where file and server are: a disk")
    options = parser.parse_args()
    build = options.build.resolve()
    subprocess.run(["ninja", "-C", build, "scorefetch", CALLS], check=True, stdout=subprocess.DEVNULL)
    os.environ["TMPDIR"] = tempfile.tempdir = options.folder
    with tempfile.TemporaryDirectory() as home, contextlib.closing(Cluster()) as cluster:
        cluster.sql("ALTER SYSTEM SET fsync = on")
        cluster.sql("ALTER SYSTEM SET full_page_writes = on")
        cluster.sql("ALTER SYSTEM SET shared_buffers = '128MB'")
        cluster.stop("fast")
        cluster.start()
        few, many = (Ledger(Path(home), build, rows) for rows in (FEW, options.rows))
        figures = measure([few, OnServer(cluster, few), many, OnServer(cluster, many)], options.rounds)
    missed = 0
    for name, (file, server, file_many, server_many) in figures.items():
        missed += server_many > GOAL_MANY * server or (name == "claim to stored" and server > GOAL * file)
        print(f"{name}: {FEW} rows: file {file * 1e3:.3f} ms, server {server * 1e3:.3f} ms, ratio {server / file:.2f}; {options.rows} rows:"
              f" file {file_many * 1e3:.3f} ms, server {server_many * 1e3:.3f} ms, ratio {server_many / file_many:.2f},"
              f" to {FEW} there {server_many / server:.2f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
