"""The log: key=value, UTC, one line for each decision, none for ordinary mail; and the trail in the ledger."""
import calendar
import os
import re
import shlex
import socket
import subprocess
import time

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, MAILS, TXT_NAME, mail, need, notification

HEAD = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\w+)\[(\d+)\]: ")


def facts(text):
    """The pairs of one line."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def lines(account):
    """What the log has: a dictionary for each line."""
    found = []
    for line in account.log.read_text().splitlines():
        head = HEAD.match(line)
        assert head, line
        found.append({"time": head[1], "program": head[2], **facts(line[head.end():])})
    return found


@pytest.fixture
def logged(account):
    account.general["log-level"] = "notice"
    account.configure()
    return account


def test_a_stored_file_is_one_line_with_its_facts(logged, scores):
    begun = int(time.time())
    assert logged.scoremail(stdin=mail("csv")).code == 0
    (line,) = lines(logged)
    (row,) = logged.sql("SELECT id, sha256, size FROM files")
    assert begun <= calendar.timegm(time.strptime(line.pop("time"), "%Y-%m-%dT%H:%M:%SZ")) <= time.time()
    text = line.pop("text")
    assert line == {"program": "scoremail", "level": "notice", "event": "stored", "account": "main", "name": CSV_NAME,
                    "id": str(row["id"]), "attempts": "0", "size": str(row["size"]), "sha256": row["sha256"]}
    assert int(line["size"]) == len(scores[CSV_NAME]) and CSV_NAME in text


def test_the_time_is_utc_wherever_the_host_is(logged, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    logged.scoremail(stdin=mail("csv"))
    (line,) = lines(logged)
    assert abs(calendar.timegm(time.strptime(line["time"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()) < 600


def dropped(account, build):
    account.scoremail(stdin=mail("txt"))
    return "dropped", "notice"


def not_wanted(account, build):
    account.receive("4300_1.zip")
    return "not wanted", "notice"


def conflict(account, build):
    (account.directory / CSV_NAME).write_bytes(b"another")
    account.scoremail(stdin=mail("csv"))
    return "conflict", "error"


def waiting(account, build):
    account.directory.rmdir()
    account.scoremail(stdin=mail("csv"))
    return "waiting", "error"


def refused(account, build):
    account.configure(senders="other.example")
    account.scoremail(stdin=mail("csv"))
    return "refused", "notice"


def nobody_s(account, build):
    account.configure(org_id="5818")
    account.scoremail(stdin=mail("csv"))
    return "no account", "error"


def without_a_name(account, build):
    account.scoremail(stdin=notification(build, CSV_NAME).replace(CSV_NAME.encode(), b"see the portal"))
    return "no file", "error"


def asked_for(account, build):
    account.scorefetch("get", CSV_NAME)
    return "stored", "notice"


@pytest.mark.parametrize("decide", [dropped, not_wanted, conflict, waiting, refused, nobody_s, without_a_name, asked_for])
def test_each_decision_is_one_line_and_in_the_trail(logged, build, decide):
    event, level = decide(logged, build)
    (line,) = lines(logged)
    assert (line["event"], line["level"]) == (event, level)
    trail = [row["action"] for row in logged.sql("SELECT action FROM log")]
    if event != "waiting":  # which is no decision yet; the row has the reason
        assert trail.count(event) == 1
    assert set(trail) <= {"announced", "requested", event, "placing"}


def test_the_worker_s_decisions_are_too(logged, emulator):
    logged.configure(delivery="queued")
    logged.scorefetch("run")
    logged.scoremail(stdin=mail("csv"))
    logged.log.unlink()
    logged.scorefetch("run")
    assert [line["event"] for line in lines(logged) if "event" in line] == ["stored"]


def test_the_same_message_again_does_not_fill_the_trail(logged):
    logged.configure(org_id="5818")
    message = mail("csv")
    for _ in range(3):
        logged.scoremail(stdin=message)
    assert [row["action"] for row in logged.sql("SELECT action FROM log")] == ["announced", "no account"]


def test_ordinary_mail_leaves_no_line(logged):
    assert logged.scoremail(stdin=(MAILS / "ordinary.eml").read_bytes()).code == 0
    assert not logged.log.exists() and not logged.ledger.exists()


def test_what_a_stranger_writes_makes_no_line_and_no_key_of_its_own(logged, build):
    logged.configure(senders="other.example")
    message = notification(build, CSV_NAME, '--from="x event=stored \\" level=critical"@evil.example')
    logged.scoremail(stdin=message)
    (line,) = lines(logged)
    assert line["event"] == "refused" and line["level"] == "notice" and "evil.example" in line["sender"]
    assert set(line) == {"time", "program", "level", "event", "account", "name", "sender", "text"}


def test_the_log_may_be_standard_error(logged):
    logged.general["log"] = "stderr"
    logged.configure()
    done = logged.scoremail(stdin=mail("csv"))
    (line,) = done.err.splitlines()
    assert facts(line[HEAD.match(line).end():])["event"] == "stored"
    (logged.directory / "4300_1.csv").write_bytes(b"another")
    done = logged.receive("4300_1.csv")  # what people are told is not said twice
    assert len(done.err.splitlines()) == 1


def test_syslog_gets_the_same_without_the_time(logged, tmp_path):
    """A stand-in for the daemon, at /dev/log in a mount namespace."""
    need(os.geteuid() == 0, "mounting needs root")
    logged.general["log"] = "syslog"
    logged.configure()
    dev = tmp_path / "dev"
    dev.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(dev / "log"))
        daemon.settimeout(30)
        for device, number in {"null": 3, "urandom": 9, "random": 8}.items():
            subprocess.run(["mknod", dev / device, "c", "1", str(number)], check=True)
        mounts = f"mount --bind {dev} /dev && exec \"$@\""
        command = ["unshare", "--mount", "sh", "-c", mounts, "sh", logged.build / "scoremail", "-c", logged.config]
        done = subprocess.run(command, input=mail("csv"), capture_output=True, timeout=120, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        line = daemon.recv(8192).decode().rstrip("\0\n")
    found = re.fullmatch(r"<(\d+)>.*? scoremail\[\d+\]: (.*)", line)
    assert int(found[1]) == 2 * 8 + 5  # LOG_MAIL, LOG_NOTICE
    assert found[2].startswith("level=notice event=stored ") and facts(found[2])["name"] == CSV_NAME


def test_failures_alone_where_that_is_the_level(logged):
    logged.general["log-level"] = "error"
    logged.configure()
    assert logged.scoremail(stdin=mail("txt")).code == 0
    assert logged.log.read_text() == ""
    logged.directory.rmdir()
    assert logged.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert [line["name"] for line in lines(logged)] == [CSV_NAME]
    assert TXT_NAME not in logged.log.read_text()
