#!/usr/bin/python3
"""What a ledger of one million files costs, against one of a thousand: claim, lookup and status, interleaved.

A ledger has as many events as files and twice as many rows of its trail, spread over two years; in both of
them ten files wait and ten have failed. claim and lookup are timed inside one process (ledger-calls.c),
status as a whole process.

  tests/bench/ledger.py [--build FOLDER] [--rows N] [--rounds N] [--folder FOLDER]

Exits non-zero where one costs more than twice as much.
"""
import argparse
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build_folder  # noqa: E402

FEW = 1000
GOAL = 2.0
TWO_YEARS = 2 * 365 * 86400
CALLS = "tests/bench/ledger-calls"
COMMANDS = {
    "status": ["status"],
    "status -a": ["status", "-a", "main"],
    "status --json": ["status", "--json"],
    "status --exit-code": ["status", "--exit-code"],
}

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows) "
FILL = [
    NUMBERS + """INSERT INTO files (account, name, stem, state, size, sha256, path, announced, updated, stored, covers)
        SELECT 'main', printf('4300_%08d.csv', i), printf('4300_%08d', i), 'stored', 123456, hex(randomblob(32)),
        printf('4300_%08d.csv', i), :since + i * :step, :since + i * :step, :since + i * :step, i + 1 FROM n""",
    NUMBERS + """INSERT INTO events (account, name, identity, kind, sender, recipients, first_seen, last_seen, decision)
        SELECT 'main', printf('4300_%08d.csv', i), hex(randomblob(16)), 'names', 'a@scores.example', '',
        :since + i * :step, :since + i * :step, 'stored' FROM n""",
    "UPDATE files SET unanswered = 0",
    NUMBERS + """INSERT INTO log (at, account, name, action, detail, uid, command)
        SELECT :since + i * :step, 'main', printf('4300_%08d.csv', i), 'announced', '', 0, 'deliver' FROM n""",
    NUMBERS + """INSERT INTO log (at, account, name, action, detail, uid, command)
        SELECT :since + i * :step, 'main', printf('4300_%08d.csv', i), 'stored', '123456 bytes', 0, 'deliver' FROM n""",
    "UPDATE files SET state = 'waiting' WHERE id % (:rows / 10) = 1",
    "UPDATE files SET state = 'failed' WHERE id % (:rows / 10) = 2",
]


class Ledger:
    def __init__(self, home, build, rows):
        self.build, self.rows = build, rows
        self.path = home / f"{rows}.db"
        self.config = home / f"{rows}.conf"
        self.config.write_text(
            f"[scoremail]\nledger = {self.path}\nspool = {home}/spool\nlog = stderr\n\n[account main]\nusername = a\n"
            f"password-file = {home}/password\ndirectory = {home}\nformat = csv\n"
        )
        self.config.chmod(0o600)
        subprocess.run([build / CALLS, self.path, "1", "0"], check=True)
        with closing(sqlite3.connect(self.path)) as db, db:
            step = TWO_YEARS // rows
            for statement in FILL:
                db.execute(statement, {"rows": rows, "since": int(time.time()) - TWO_YEARS, "step": step})

    def calls(self):
        """Seconds of a claim and of a lookup, the median of a hundred."""
        done = subprocess.run(
            [self.build / CALLS, self.path, str(self.rows), "100"], check=True, capture_output=True, text=True
        )
        rounds = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
        return [statistics.median(column) / 1e6 for column in zip(*rounds)]

    def command(self, command, *options):
        start = time.monotonic()
        done = subprocess.run(
            [self.build / "scorefetch", command, "-c", self.config, *options], stdout=subprocess.DEVNULL, check=False
        )
        assert done.returncode in (0, 2), done  # --exit-code: ten have failed
        return time.monotonic() - start


def measure(ledgers, rounds):
    """The medians of each figure, of the few rows and of the many."""
    times = {name: ([], []) for name in ["claim", "lookup", *COMMANDS]}
    for _ in range(rounds):
        for side, ledger in enumerate(ledgers):
            for name, seconds in zip(("claim", "lookup"), ledger.calls()):
                times[name][side].append(seconds)
            for name, command in COMMANDS.items():
                times[name][side].append(ledger.command(*command))
    return {name: [statistics.median(side) for side in sides] for name, sides in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", default="/var/tmp", help="where the ledgers are: a disk")
    options = parser.parse_args()
    build = options.build.resolve()
    subprocess.run(["ninja", "-C", build, "scorefetch", CALLS], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(dir=options.folder) as home:
        ledgers = [Ledger(Path(home), build, rows) for rows in (FEW, options.rows)]
        missed = 0
        for name, (few, many) in measure(ledgers, options.rounds).items():
            missed += many > GOAL * few
            print(f"{name}: {FEW} rows {few * 1e3:.3f} ms, {options.rows} rows {many * 1e3:.3f} ms, ratio {many / few:.2f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
