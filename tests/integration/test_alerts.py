"""Alerts: what is sent, to whom, how often; and that nothing else suffers from it."""
import json
import stat
import time
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, Running, mail, notification, received

HOUR = 3600


class Outbox:
    """Stands in for sendmail, or for the alert-command: keeps what it is given."""

    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.program = folder / f"{name}.sh"
        self.becomes("")

    def becomes(self, more):
        """What it does once it has taken the message (with $n as the name of its files)."""
        self.program.write_text(
            f'#!/bin/sh\nn=$(mktemp {self.folder}/XXXXXX)\nfor a in "$@"; do echo "$a"; done > $n.argv\n'
            f"cat > $n.part\nenv > $n.env\ncat /proc/$$/stat > $n.stat\n{more}\nmv $n.part $n.done\n")
        self.program.chmod(stat.S_IRWXU)

    def taken(self):
        return [path.read_bytes() for path in sorted(self.folder.glob("*.done"), key=lambda p: p.stat().st_mtime_ns)]

    def mails(self):
        return [message_from_bytes(data, policy=policy.default) for data in self.taken()]

    def arguments(self):
        return [path.read_text().splitlines() for path in self.folder.glob("*.argv")]

    def begun(self):
        return len(self.arguments())


@pytest.fixture
def outbox(account):
    box = Outbox(account.folder, "outbox")
    account.general.update({"alert-mail": "registrar@school.example, it@school.example", "sendmail": f"{box.program} -i -f <>"})
    account.configure()
    return box


@pytest.fixture
def pager(account):
    box = Outbox(account.folder, "pager")
    account.general["alert-command"] = f"{box.program} --team 'data office'"
    account.configure()
    return box


def fill_directory(account):
    """A failure that only a person can mend: SM_ERROR_DIRECTORY."""
    account.directory.rmdir()


# ---------------------------------------------------------------- what is sent


def test_an_alert_is_mailed(account, outbox):
    fill_directory(account)
    before = time.time()
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and len(done.err.splitlines()) == 1
    (message,) = outbox.mails()
    assert outbox.arguments() == [["-i", "-f", "<>", "--", "registrar@school.example", "it@school.example"]]
    assert message.defects == [] and message["To"].defects == () and message["From"].defects == ()
    assert [a.addr_spec for a in message["To"].addresses] == ["registrar@school.example", "it@school.example"]
    assert len(message["From"].addresses) == 1
    assert message["Subject"] == "scoremail: main: the directory is not writable"
    assert message["Auto-Submitted"] == "auto-generated" and message["X-Scoremail-Alert"] == "disk"
    assert message["MIME-Version"] == "1.0" and message.get_content_type() == "text/plain"
    assert before - 1 <= parsedate_to_datetime(message["Date"]).timestamp() <= time.time()
    assert message["Message-ID"].startswith("<") and "@" in message["Message-ID"]
    text = message.get_content()
    assert str(account.directory) in text and "What to do: Mount it" in text and "more of this kind" not in text
    account.assert_no_secret(done.err, text)


def test_each_mail_is_valid_line_by_line(account, outbox):
    account.general["alert-mail"] = ", ".join(f"a-rather-long-address-{n}@school.example" for n in range(60))
    fill_directory(account)
    account.configure()
    account.scoremail(stdin=mail("csv"))
    (data,) = outbox.taken()
    assert b"\r" not in data and all(len(line) <= 998 for line in data.split(b"\n"))
    header = data.split(b"\n\n")[0]
    assert header.isascii() and len(outbox.mails()[0]["To"].addresses) == 60


def test_an_alert_goes_to_the_command_as_json(account, pager):
    fill_directory(account)
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    (told,) = map(json.loads, pager.taken())
    assert told["kind"] == "disk" and told["account"] == "main" and told["times"] == 1 and told["more"] == 0
    assert str(account.directory) in told["text"] and told["config"] == str(account.config)
    assert told["first"] == told["last"] and told["last"].endswith("Z")
    assert pager.arguments() == [["--team", "data office"]]


def test_the_command_has_a_group_of_its_own_and_nothing_to_read(account, pager, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://nowhere:1")
    fill_directory(account)
    account.scoremail(stdin=mail("csv"))
    (stats,) = pager.folder.glob("*.stat")
    pid, _, _, _, group = stats.read_text().split()[:5]
    assert pid == group
    (environment,) = pager.folder.glob("*.env")
    assert "https_proxy" not in environment.read_text() and account.password not in environment.read_text()


def test_from_may_be_said(account, outbox):
    account.general["alert-from"] = "scores@school.example"
    fill_directory(account)
    account.configure()
    account.scoremail(stdin=mail("csv"))
    assert outbox.mails()[0]["From"].addresses[0].addr_spec == "scores@school.example"


def test_with_nobody_to_send_to_the_ledger_and_the_log_have_it(account):
    fill_directory(account)
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert account.sql("SELECT kind, times, sent FROM alerts") == [{"kind": "disk", "times": 1, "sent": 0}]


def test_what_is_well_sends_nothing(account, outbox, pager):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == pager.begun() == 0


# ---------------------------------------------------------------- kinds


def kinds(outbox):
    return [message["X-Scoremail-Alert"] for message in outbox.mails()]


def test_a_rejected_password(account, outbox):
    account.write_password("n0t-this-one")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert kinds(outbox) == ["credentials"] and b"n0t-this-one" not in outbox.taken()[0]
    account.scoremail(stdin=mail("txt"))
    assert account.sql("SELECT times FROM alerts") == [{"times": 0}]  # told by the call, not by each mail


def test_a_password_that_gets_old_is_told_once_a_day_until_it_is_another(account, outbox):
    account.configure(password_max_age="90d")
    for hours in (75 * 24, 36):
        assert account.scorefetch("list").code == 0
        account.time_passes(hours * HOUR)
    assert outbox.mails() == []
    for hours in (2, 23, 0):
        assert account.scorefetch("list").code == 0
        account.time_passes(hours * HOUR)
    assert [m["X-Scoremail-Alert"] for m in outbox.mails()] == ["password-age"] * 2
    assert b"password-age" in account.scorefetch("status").out
    account.configure(password_max_age="300d")
    assert account.scorefetch("list").code == 0
    assert b"password-age" not in account.scorefetch("status").out


def test_a_form_that_changed_and_a_message_that_cannot_be_read(account, outbox, build):
    assert account.scoremail(stdin=notification(build, CSV_NAME).replace(CSV_NAME.encode(), b"see the portal")).code == 0
    assert account.scoremail(stdin=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)).code == 0
    assert kinds(outbox) == ["form", "unusable"]


def test_no_account(account, outbox):
    account.configure(org_id="5818")
    assert account.scoremail(stdin=mail("csv")).code == 0
    (message,) = outbox.mails()
    assert message["X-Scoremail-Alert"] == "no-account" and message["Subject"].startswith("scoremail: a notification")


def test_a_broken_account(account, outbox):
    account.configure(format=None)
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert kinds(outbox) == ["account"]


def test_waiting_for_long(account, outbox, emulator):
    account.is_impatient()
    emulator.faults("file:status=503")
    assert account.scoremail(stdin=received(mail("csv"), at=time.time() - 3 * HOUR)).code == 0
    assert kinds(outbox) == ["waiting"]


def test_a_format_that_never_comes(account, outbox, build):
    for n in range(3):
        assert outbox.begun() == 0
        assert account.receive(f"4300_{n}.txt").code == 0
    assert kinds(outbox) == ["format"]
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.sql("SELECT kind FROM alerts WHERE last > 0") == []


def test_a_format_that_never_comes_to_the_worker(account, outbox):
    account.configure(delivery="queued")
    account.scorefetch("run")
    for n in range(3):
        assert account.receive(f"4300_{n}.txt").code == 0
    assert account.scorefetch("run").code == 0
    assert kinds(outbox) == ["format"]


def test_a_file_that_the_service_does_not_have(account, outbox, emulator):
    emulator.remove(CSV_NAME)
    account.configure(senders="notify.example.org", org_id="4300")
    account.scoremail(stdin=mail("csv"))
    for _ in range(6):
        account.time_passes(HOUR)
        account.scoremail(stdin=mail("csv"))
    assert kinds(outbox)[0] == "missing"


def test_a_conflict(account, outbox):
    (account.directory / CSV_NAME).write_bytes(b"another")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert kinds(outbox) == ["conflict"]


def test_no_worker(account, outbox):
    account.configure(delivery="queued")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert kinds(outbox) == ["worker"]
    assert account.scorefetch("run").code == 0
    assert account.sql("SELECT kind FROM alerts WHERE last > 0") == []


def test_silence(account, outbox):
    account.configure(expect_every="7d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0
    account.time_passes(8 * 24 * HOUR)
    account.sql("DROP TRIGGER log_is_final")
    account.sql("UPDATE log SET at = at - ?", 8 * 24 * HOUR)
    assert account.scorefetch("run").code == 0
    assert account.scorefetch("run").code == 0
    assert kinds(outbox) == ["silence"]
    account.receive("4300_2.csv")
    account.scorefetch("run")
    assert account.sql("SELECT kind FROM alerts WHERE kind = 'silence' AND last > 0") == []


# ---------------------------------------------------------------- how often


def test_each_kind_is_sent_once_in_alert_every(account, outbox, build):
    fill_directory(account)
    for n in range(5):
        assert account.receive(f"4300_{n}.csv").code == EX_TEMPFAIL
    assert len(outbox.taken()) == 1
    account.time_passes(HOUR)
    account.scorefetch("run")
    first, second = outbox.mails()
    assert "more of this kind" not in first.get_content()
    assert "more of this kind since the last alert" in second.get_content()
    account.time_passes(HOUR // 2)
    account.scorefetch("run")
    assert len(outbox.taken()) == 2


def test_what_lasts_is_sent_with_growing_pauses(account, outbox):
    fill_directory(account)
    account.scoremail(stdin=mail("csv"))
    for _ in range(20):
        account.time_passes(HOUR)
        account.scorefetch("run", "-q")
    sent = [m["X-Scoremail-Alert"] for m in outbox.mails()]
    assert 5 <= sent.count("disk") <= 6, "at once, and about 1, 2, 4, 8 and 16 hours later"


def test_what_is_well_again_is_not_told_later(account, outbox, scores):
    fill_directory(account)
    account.scoremail(stdin=mail("csv"))
    account.scoremail(stdin=mail("csv"))
    account.directory.mkdir()
    account.time_passes(2 * HOUR)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    account.scorefetch("run")
    assert len(outbox.taken()) == 1


def test_what_comes_and_goes_is_not_sent_each_time(account, outbox, emulator):
    for n in range(3):
        fill_directory(account)
        assert account.receive(f"4300_{n}.csv").code == EX_TEMPFAIL
        account.directory.mkdir()
        emulator.add(f"4300_1{n}.csv", b"ID\r\n")
        assert account.receive(f"4300_1{n}.csv").code == 0
        assert account.sql("SELECT last FROM alerts") == [{"last": 0}]
        (account.directory / f"4300_1{n}.csv").unlink()
    assert len(outbox.taken()) == 1


def test_kinds_and_accounts_are_told_apart(account, outbox, build):
    other = account.folder / "missing"
    account.configure(org_id="4300")
    settings = {**account.account, "directory": other, "org-id": "5818"}
    with account.config.open("a") as config:
        config.write("[account other]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    fill_directory(account)
    account.scoremail(stdin=mail("csv"))
    account.receive("5818_1.csv")
    assert sorted(message["Subject"].split(": ")[1] for message in outbox.mails()) == ["main", "other"]


def test_two_processes_send_once(account, outbox):
    fill_directory(account)
    outbox.becomes("sleep 1")
    running = [account.start(mail("csv")) for _ in range(6)]
    for process in running:
        process.go()
    assert [process.end().code for process in running] == [EX_TEMPFAIL] * 6
    assert len(outbox.taken()) == 1


# ---------------------------------------------------------------- when it fails


@pytest.mark.parametrize("how", ["exit 1", "kill -9 $$", "echo 'no route' >&2; exit 75"])
def test_what_cannot_be_sent_stays_due(account, outbox, how):
    fill_directory(account)
    outbox.becomes(how)
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and len(done.err.splitlines()) == 1
    assert "alert not sent: alert-mail" in account.log.read_text()
    assert outbox.begun() == 1 and outbox.taken() == []
    outbox.becomes("")
    account.scorefetch("run")
    assert kinds(outbox) == ["disk"]


def test_without_a_sendmail_nothing_breaks(account, outbox):
    outbox.program.unlink()
    (account.directory / CSV_NAME).write_bytes(b"another")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0 and len(done.err.splitlines()) == 1
    assert "cannot be started" in account.log.read_text()


def test_one_way_is_enough(account, outbox, pager):
    fill_directory(account)
    outbox.becomes("exit 1")
    account.scoremail(stdin=mail("csv"))
    account.scorefetch("run")
    assert len(pager.taken()) == 1 and outbox.begun() == 1


def test_one_that_hangs_is_ended(account, pager, scores):
    """Bounded, and the exit code is the delivery's."""
    (account.directory / CSV_NAME).write_bytes(b"another")
    pager.becomes("sleep 1000 & sleep 1000")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert pager.taken() == [] and "did not end in time" in account.log.read_text()


def test_a_killed_process_leaves_its_alert_to_the_next(account, outbox):
    fill_directory(account)
    outbox.becomes("sleep 4")
    process = Running([account.build / "scoremail", "-c", account.config], mail("csv")).go()
    wait_for(lambda: outbox.begun() == 1, "the mail being sent")
    process.kill()
    process.end()
    outbox.becomes("")
    assert account.sql("SELECT sent FROM alerts") == [{"sent": 0}]
    account.scorefetch("run")
    assert account.sql("SELECT sent > 0 AS sent FROM alerts") == [{"sent": 1}]
    assert len(outbox.taken()) >= 1


def test_a_look_sends_nothing(account, outbox):
    fill_directory(account)
    outbox.becomes("exit 1")
    account.scoremail(stdin=mail("csv"))
    outbox.becomes("")
    assert account.scorefetch("status").code == 0
    assert account.scoremail("--dry-run", stdin=mail("txt")).code == 0
    assert outbox.taken() == []


# ---------------------------------------------------------------- loops


def test_an_alert_that_comes_back_is_no_notification(account, outbox, emulator):
    """Even one whose text holds what a notification has: the name of a file, in the account's own words."""
    account.configure(org_id="5818")
    account.scoremail(stdin=mail("csv"))
    (alert,) = outbox.taken()
    html = alert.replace(b"text/plain", b"text/html") + f'<span id="fileName">{TXT_NAME}</span>'.encode()
    for message in (alert, html):
        assert account.scoremail(stdin=message).code == 0
    assert len(outbox.taken()) == 1 and emulator.requests() == []
    assert [row["name"] for row in account.sql("SELECT name FROM events")] == [CSV_NAME]


def test_a_new_type_of_file_is_told_once(account, outbox):
    def told():
        return account.sql("SELECT text, times FROM alerts WHERE kind = 'extension'")

    assert account.receive("4300_2027.xlsx").code == 0
    assert account.status()["4300_2027.xlsx"]["state"] == "not wanted"
    (alert,) = told()
    assert "4300_2027.xlsx" in alert["text"] and "extensions" in alert["text"] and "xlsx" in alert["text"]
    for name in ("4300_2027.xlsx", "4300_2028.XLSX", "4300_2026.xlsx"):
        assert account.receive(name).code == 0
    assert told() == [alert]
    account.configure(extensions="csv txt xlsx zip", file_types=None)
    assert account.receive(TXT_NAME).code == 0
    assert told() == [alert]
    account.configure(extensions="csv")
    assert account.receive(f"2{TXT_NAME}").code == 0  # no new type: this program knows it
    assert told() == [alert]
    assert account.receive("4300_essays.zip").code == 0
    (other,) = told()
    assert "zip" in other["text"]
    (message,) = outbox.mails()
    assert "extensions" in message.get_content()


def test_check_sends_a_test_alert_when_asked(account, outbox, pager):
    assert "alert test" not in account.scorefetch("check").out.decode() and outbox.taken() == []
    done = account.scorefetch("check", "--alert-test")
    assert "alert test: handed over" in done.out.decode()
    (message,), (json_text,) = outbox.mails(), pager.taken()
    assert message["X-Scoremail-Alert"] == "test" and json.loads(json_text)["kind"] == "test"
    assert not account.ledger.exists(), "check creates nothing"


def test_a_test_alert_that_nobody_takes_is_a_failure(account, outbox):
    outbox.becomes("exit 69")
    done = account.scorefetch("check", "--alert-test")
    assert done.code == 2
    assert any(line.startswith("failure  alert test: alert-mail: ") for line in done.out.decode().splitlines()), done.out
