#!/usr/bin/python3
"""From a notification to the stored file, against two curl calls: the one that asks for the URL, the one that gets it.

By turns, in one run: `scoremail < MESSAGE` with its scorefetch, ledger, hash and fsyncs, and `curl` twice, which
does none of that. URL and file come from two hosts, as in life, so that no connection serves twice. curl has the
system's certificates beside the emulator's authority in one file, as a system has them; then that authority alone.

  tests/bench/notification.py [--rounds N] [--build FOLDER] [--folder FOLDER]

Exits non-zero where a goal is missed.
"""
import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "integration")]
from compare import Goal, a_disk, count_syncs, judge, timed  # noqa: E402
from emulator import Emulator  # noqa: E402
from harness import Account, build_folder, large_scores, notification  # noqa: E402

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
SIZE = 1024


class Curl:
    """Two calls, each a process, as a script would make them."""

    def __init__(self, account, ca, folder):
        self.account, self.folder = account, folder
        self.base = ["curl", "--silent", "--fail", "--cacert", str(ca)]

    def fetch(self, name):
        body = json.dumps({"username": self.account.username, "password": self.account.password})
        url = f"{self.account.account['service-url']}/file?filename={name}"
        headers = ["-H", "Content-Type: application/json", "-H", "Accept: application/json"]
        answer = self.folder / "answer"
        asked = timed([*self.base, *headers, "-d", body, "-o", answer, url])
        got = timed([*self.base, "-o", self.folder / name, json.loads(answer.read_text())["fileUrl"]])
        return asked + got


def compare(account, ca, options, goal):
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        curl = Curl(account, ca, Path(folder))
        ours, theirs = [], []
        for number in range(options.rounds + 1):
            name = f"4300_{goal.key}_{number}.csv"
            message = account.folder / "message.eml"
            message.write_bytes(notification(options.build, name))
            both = curl.fetch(name), timed([options.build / "scoremail", "-c", account.config], message)
            assert (account.directory / name).stat().st_size == SIZE
            if number > 0:  # the first one warms the caches
                theirs.append(both[0])
                ours.append(both[1])
    return judge(goal, ours, theirs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=build_folder())
    parser.add_argument("--folder", default="/var/tmp", help="where files and ledger are: a disk")
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    options.build = options.build.resolve()
    with a_disk(options.folder, 200) as disk, tempfile.TemporaryDirectory(dir=disk) as home, \
            tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        with Emulator(options.build, Path(other), "--virtual-host") as emulator:
            account = Account(Path(home), options.build, emulator)
            account.configure(storage_hosts=f"scores.s3.localhost:{emulator.port}")
            for kind in ("store", "alone", "counted"):
                for number in range(options.rounds + 1):
                    emulator.add(f"4300_{kind}_{number}.csv", large_scores(SIZE))
            bundle = Path(other) / "bundle.pem"
            bundle.write_bytes(BUNDLE.read_bytes() + Path(emulator.ca).read_bytes())
            met = [
                compare(account, bundle, options, Goal("store", "a notification, the system's certificates", 0.45)),
                compare(account, emulator.ca, options, Goal("alone", "a notification, one authority", 1.15)),
            ]
            if shutil.which("strace"):
                message = account.folder / "message.eml"
                message.write_bytes(notification(options.build, "4300_counted_0.csv"))
                print(count_syncs([options.build / "scoremail", "-c", account.config], message))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
