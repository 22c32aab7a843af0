#!/usr/bin/python3
"""What a ledger on a PostgreSQL server costs, by a local socket, against a file on the same disk, interleaved; and
what a million files cost there against a thousand.

From a claim to a stored file, and a lookup, inside one process (ledger-calls.c); a whole `status`. The server is one
of our own, and syncs. The rows are as those of ledger.py.

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
from ledger import CALLS, FEW, TWO_YEARS, Ledger  # noqa: E402
from postgres import Cluster  # noqa: E402

GOAL, GOAL_MANY = 1.5, 2.0


# Triggers are left out, so that a million rows take a minute; what they would count is counted at the end.
FILL = """SET session_replication_role = replica; SET synchronous_commit = off;
    INSERT INTO files (account, name, stem, state, size, sha256, path, announced, updated, stored, covers)
        SELECT 'main', n || '.csv', n, CASE i % ({rows} / 10) WHEN 2 THEN 'failed' ELSE 'stored' END,
        123456, md5(n) || md5(n), n || '.csv', at, at, at, i + 1 FROM {numbers};
    INSERT INTO events (account, name, identity, kind, sender, recipients, first_seen, last_seen, decision)
        SELECT 'main', n || '.csv', md5(n), 'names', 'a@scores.example', '', at, at, 'stored' FROM {numbers};
    INSERT INTO log (at, account, name, action, detail, uid, command)
        SELECT at, 'main', n || '.csv', action, '', 0, 'deliver' FROM {numbers}, (VALUES ('announced'), ('stored')) AS a (action);
    INSERT INTO totals SELECT account, state, count(*) FROM files GROUP BY 1, 2;
    INSERT INTO days SELECT account, at / 86400, action, count(*) FROM log GROUP BY 1, 2, 3;
    INSERT INTO accounts (name, mail_seen) VALUES ('main', extract(epoch FROM now())::bigint)"""
NUMBERS = "(SELECT i, '4300_' || lpad(i::text, 8, '0') AS n, {since} + i * {step} AS at FROM generate_series(0, {rows} - 1) AS i) AS numbers"


class OnServer(Ledger):
    """Rows of the same kind on the server, but that none is due."""

    def __init__(self, cluster, file, rows):
        self.build, self.rows = file.build, rows
        database = cluster.new_database()
        self.path = cluster.by_socket(database)
        self.config = file.config.with_suffix(f".{rows}")
        self.config.write_text(file.config.read_text().replace(f"ledger = {file.path}", f"ledger = {self.path}") + "keep-for = 900d\n")
        self.config.chmod(0o600)
        subprocess.run([self.build / CALLS, self.path, "1", "0"], check=True)
        start = time.monotonic()
        numbers = NUMBERS.format(since=int(time.time()) - TWO_YEARS, step=TWO_YEARS // self.rows, rows=self.rows)
        cluster.sql(FILL.format(rows=self.rows, numbers=numbers), database, timeout=1800)
        cluster.sql("VACUUM ANALYZE", database, timeout=1800)
        size = cluster.sql(f"SELECT pg_database_size('{database}') - pg_database_size('template1')")[0][0]
        print(f"{self.rows} files take {int(size) / 1e6:.0f} MB there, made in {time.monotonic() - start:.0f} s", flush=True)


def measure(ledgers, rounds):
    """The medians of each figure, of each ledger; of a file only what both are compared by."""
    name = f"4300_{FEW // 2:08d}.csv"
    commands = {"status": ["status"], "log NAME": ["log", name], "run, nothing due": ["run"], "prune, nothing due": ["prune", "-n"]}
    times = {figure: [[] for _ in ledgers] for figure in ("claim to stored", "lookup", *commands)}
    for _ in range(rounds):
        for side, ledger in enumerate(ledgers):
            shown = commands if isinstance(ledger, OnServer) else {"status": ["status"]}
            figures = dict(zip(("claim to stored", "lookup"), ledger.calls())) | {key: ledger.command(*shown[key]) for key in shown}
            for figure, seconds in figures.items():
                times[figure][side].append(seconds)
    return {figure: [statistics.median(side) if side else None for side in sides] for figure, sides in times.items()}


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
        file = Ledger(Path(home), build, FEW)
        (Path(home) / "password").touch(mode=0o600)
        (Path(home) / "password").write_text("secret\n")
        figures = measure([file, *(OnServer(cluster, file, rows) for rows in (FEW, options.rows))], options.rounds)
    missed = 0
    for name, (in_file, few_there, many_there) in figures.items():
        missed += many_there > GOAL_MANY * few_there or (name == "claim to stored" and few_there > GOAL * in_file)
        beside = f"file {in_file * 1e3:.2f} ms, ratio {few_there / in_file:.2f}, " if in_file else ""
        print(f"{name}: {beside}server {few_there * 1e3:.2f} ms, with {options.rows} rows {many_there * 1e3:.2f} ms, ratio {many_there / few_there:.2f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
