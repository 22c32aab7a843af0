"""What one delivery asks of disk and certificate store, counted: neither grows unnoticed. HACKING.md has the table."""
import re
import sqlite3
import subprocess
from contextlib import closing
from collections import Counter
from pathlib import Path

import pytest
from harness import CSV_NAME, mail, need, notification

pytestmark = pytest.mark.release_only("strace and the leak checker cannot both attach")

# `placing`, with the event, and `stored`; the ledger is closed: the -wal file, the database.
LEDGER_SYNCS = {"ledger.db-wal": 3, "ledger.db": 1}
CALL = re.compile(r"^\d+ +(\w+)\((?:AT_FDCWD<[^>]*>, )?(?:\d+<([^>]*)>|\"([^\"]*)\")", re.M)


def calls_of_one_delivery(account, message):
    """How often each call was made, by what it was made on."""
    trace = account.folder / "trace"
    argv = ["strace", "-f", "-y", "-s", "300", "-o", trace, "-e", "trace=/.*sync.*,openat",
            account.build / "scoremail", "-c", account.config]
    done = subprocess.run(argv, input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 0, done.stderr
    # what landlock allows is opened with O_PATH, and not read
    made = "\n".join(line for line in trace.read_text(errors="replace").splitlines() if "O_PATH" not in line)
    return Counter((call, on or name) for call, on, name in CALL.findall(made))


def test_one_delivery_syncs_and_opens_no_more_than_it_needs(account, emulator, scores):
    need(subprocess.run(["strace", "-V"], stdout=subprocess.DEVNULL).returncode == 0, "strace is not installed")
    assert account.scoremail(stdin=mail("csv")).code == 0
    emulator.add("4300_2.csv", scores[CSV_NAME])
    calls = calls_of_one_delivery(account, notification(account.build, "4300_2.csv"))
    assert (account.directory / "4300_2.csv").exists()

    def of(call, folder):
        return {path: n for (made, path), n in calls.items() if made == call and path.startswith(str(folder))}

    ledger = {path.rsplit("/", 1)[1]: n for path, n in of("fdatasync", account.ledger.parent).items()}
    assert ledger.pop(account.ledger.parent.name) == 1  # for the new -wal file
    assert ledger == LEDGER_SYNCS
    stored = of("fsync", account.directory)
    assert sorted(stored.values()) == [1, 1] and str(account.directory) in stored  # the part, the name
    assert sum(n for (call, _), n in calls.items() if "sync" in call) == 7
    # once for each request; of the system's folder nothing, since the authority that is asked for is in ca-file
    opened = of("openat", "/")
    assert {path: n for path, n in opened.items() if re.search(r"\.(pem|crt)$|certs/", path)} == {str(account.ca): 2}
    if not Path("/etc/scoremail").exists():  # nothing there is an account's: landlock needs no list of its names
        assert "/etc/" not in opened


def test_a_decision_without_a_file_is_on_the_disk_before_the_answer(account):
    """Another process has the ledger open: nobody syncs what this one leaves in the -wal file."""
    assert account.scoremail(stdin=mail("txt")).code == 0
    account.configure(senders="other.example")
    trace = account.folder / "trace"
    with closing(sqlite3.connect(account.ledger)) as other:
        other.execute("SELECT count(*) FROM files").fetchone()
        done = subprocess.run(["strace", "-f", "-y", "-o", trace, "-e", "trace=fdatasync,pwrite64",
                               account.build / "scoremail", "-c", account.config], input=mail("csv"),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 0, done.stderr
    calls = [call for call, on, _ in CALL.findall(trace.read_text(errors="replace")) if on.endswith("-wal")]
    assert calls[-1] == "fdatasync" and "pwrite64" in calls
    assert CSV_NAME not in account.stored()
