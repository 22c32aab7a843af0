"""report-mail: what is sent, when, how often; and what happens where it cannot be sent."""
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, notification
from test_alerts import Outbox

HOSTILE = 'no <b onmouseover="x">file</b> & no "proof" at http://host.example/x?y=z'


@pytest.fixture
def outbox(account):
    box = Outbox(account.folder, "outbox")
    account.general.update({"report-mail": "office@school.example, it@school.example", "sendmail": f"{box.program} -i"})
    account.configure()
    return box


def again(account, weeks=-1):
    """Makes the last report one of the period before, or of another one."""
    account.sql("UPDATE keys SET value = replace(value, ?, ?) WHERE name = 'report'", *periods(account, weeks))


def periods(account, weeks):
    ((_, period, *_),) = [row["value"].split(" ") for row in account.sql("SELECT value FROM keys WHERE name = 'report'")]
    return f" {period} ", f" {int(period) + weeks * 7 * 86400} "


def stage(account):
    ((found,),) = [row.values() for row in account.sql("SELECT value FROM keys WHERE name = 'report'")]
    return found.split(" ")[0]


class Tags(HTMLParser):
    """Each start tag with its attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def parts(message):
    """Text, HTML and page of a report."""
    assert message.defects == [] and message.get_content_type() == "multipart/mixed"
    either, page = message.iter_parts()
    assert either.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in either.iter_parts()] == ["text/plain", "text/html"]
    assert page.get_content_disposition() == "attachment" and page.get_content_type() == "text/html"
    assert re.fullmatch(r"scores-\d{4}-\d\d-\d\d\.html", page.get_filename())
    return *[part.get_content() for part in either.iter_parts()], page.get_content()


def test_an_empty_ledger_is_reported_and_once_in_a_period(account, outbox):
    assert account.scorefetch("run").code == 0
    assert account.scorefetch("run").code == 0
    assert account.scorefetch("tell").code == 0
    (message,) = outbox.mails()
    assert outbox.arguments() == [["-i", "--", "office@school.example", "it@school.example"]]
    assert [a.addr_spec for a in message["To"].addresses] == ["office@school.example", "it@school.example"]
    assert message["Subject"] == "Scores: 0 files this week, nothing waiting"
    assert message["Auto-Submitted"] == "auto-generated" and message["X-Scoremail-Alert"] == "report"
    assert message["Message-ID"].startswith("<") and message["Date"].datetime.timestamp() == pytest.approx(time.time(), abs=60)
    text, html, page = parts(message)
    assert text.startswith("All is well.\n") and "main                  none yet" in text
    assert "<h1" in html and re.search("(?s)<!doctype html>.*Content-Security-Policy.*</html>", page, re.IGNORECASE)
    (raw,) = outbox.taken()
    assert b"\r" not in raw and raw.isascii() and all(len(line) <= 998 for line in raw.split(b"\n"))
    again(account)
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 2


def test_both_parts_say_all_that_matters(account, emulator, outbox):
    assert account.receive(CSV_NAME).code == 0
    account.general["alert-mail"] = "it@school.example"
    account.configure()
    for number in range(2):
        account.receive(f"4300_2018041{number + 1}_111604.csv")
    account.sql("UPDATE files SET state = 'failed', reason = ? WHERE name LIKE '%11_111604.csv'", HOSTILE)
    assert account.scorefetch("run").code in (0, EX_TEMPFAIL)
    (message,) = [m for m in outbox.mails() if m["X-Scoremail-Alert"] == "report"]
    assert message["Subject"] == "Scores: 1 file cannot be fetched, action needed"
    text, html, page = parts(message)
    shown = Tags(html)
    said = re.sub(r"\s+", " ", text)
    for words in ("Action is needed", "1 file this week, 1 since", "Waiting: 1. Failed or in conflict: 1.", CSV_NAME,
                  "host[.]example", "What to do: ", "Who: ", "4300_20180412_111604.csv", "no file of that name"):
        assert words in said and words in re.sub(r"\s+", " ", shown.text), words
    assert {tag for tag, _ in shown.tags} <= {"html", "head", "meta", "title", "body", "h1", "h2", "p", "table", "tr", "th", "td"}
    assert not [attributes for _, attributes in shown.tags if set(attributes) - {"style", "lang", "charset"}]
    assert "://" not in html and "://" not in text
    account.assert_no_secret(text, html, page)


def test_our_own_filter_reads_no_report(account, emulator, outbox):
    assert account.receive(CSV_NAME).code == 0
    assert account.scorefetch("run").code == 0
    (message,) = outbox.taken()
    names = account.scoremail("--extract", stdin=message)
    assert (names.code, names.out) == (1, b"")  # none
    forwarded = re.sub(rb"X-Scoremail-Alert: report\n", b"", message)
    assert forwarded != message
    for mail in (message, forwarded):
        assert account.scoremail(stdin=mail).code == 0
    assert account.sql("SELECT count(*) AS n FROM events") == [{"n": 1}]
    assert account.sql("SELECT count(*) AS n FROM alerts WHERE last > 0") == [{"n": 0}]


def test_an_account_that_is_turned_off_asks_for_nothing(account, outbox):
    account.receive(CSV_NAME)
    account.sql("UPDATE files SET state = 'failed', reason = 'gone'")
    account.config.write_text(account.config.read_text().replace("[account main]", "[account main]\nenabled = no")
                              + account.config.read_text().split("\n\n", 1)[1].replace("[account main]", "[account other]"))
    assert account.scorefetch("run").code == 0
    (message,) = outbox.mails()
    assert message["Subject"] == "Scores: 1 file this week, nothing waiting"
    text, html, _ = parts(message)
    assert "main (turned off)" in text and "main (turned off)" in html and "What needs a person" not in text


def test_a_failure_is_shown_and_tried_again(account, outbox):
    outbox.becomes("echo no such relay >&2; exit 69")
    assert account.scorefetch("run").code == 0  # nothing else suffers from it
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 1  # not before its time
    done = account.scorefetch("status", "--exit-code")
    assert done.code == 1 and b"report: the report was not sent" in done.out and b"no such relay" in done.out
    account.sql("UPDATE keys SET value = 'failed' || substr(value, 7, 12) || '0 ' WHERE name = 'report'")
    assert account.scorefetch("tell").code == EX_TEMPFAIL
    assert outbox.begun() == 2
    outbox.becomes("")
    account.sql("UPDATE keys SET value = 'failed' || substr(value, 7, 12) || '0 ' WHERE name = 'report'")
    assert account.scorefetch("tell").code == 0
    assert outbox.begun() == 3 and stage(account) == "sent"
    assert account.scorefetch("status", "--exit-code").code == 0
    assert account.scorefetch("run").code == 0 and outbox.begun() == 3


def test_who_dies_in_between_leaves_no_second_report(account, outbox):
    outbox.becomes("kill -KILL $(cut -d' ' -f4 /proc/$PPID/stat)")  # scorefetch has a process beside each command
    account.scorefetch("run")
    assert stage(account) == "sending" and outbox.begun() == 1
    outbox.becomes("")
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 1 and stage(account) == "sending"  # it might be at work still
    account.sql("UPDATE keys SET value = replace(value, substr(value, 20, 10), substr(value, 20, 10) - 700) WHERE name = 'report'")
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 1 and stage(account) == "sent"
    assert b"is not known" in account.scorefetch("status", "--exit-code").out
    again(account)
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 2 and account.scorefetch("status", "--exit-code").code == 0


def test_a_clock_that_was_ahead_sends_nothing_twice(account, outbox):
    assert account.scorefetch("run").code == 0
    for weeks, sent in ((1, 1), (9, 2)):  # a period is not left out for long, whatever the clock was
        again(account, weeks)
        assert account.scorefetch("run").code == 0
        assert outbox.begun() == sent


def test_of_many_processes_one_sends_it(account, outbox):
    assert account.scorefetch("status").code == 0
    outbox.becomes("sleep 0.3")
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: account.scorefetch("tell").code, range(8)))
    assert codes == [0] * 8 and outbox.begun() == 1


def test_deferred_commands_leave_it_to_tell(account, outbox):
    account.general["commands"] = "deferred"
    account.configure()
    assert account.scorefetch("run").code == 0
    assert outbox.begun() == 0
    assert account.scorefetch("tell").code == 0
    assert outbox.begun() == 1
    assert "tell" not in account.scorefetch("check").out.decode()
    again(account)
    account.general["worker-interval"] = "1s"
    account.configure()
    assert re.search("failure  *tell.*a report waits", account.scorefetch("check").out.decode())


def test_without_the_key_nothing_is_sent(account, outbox):
    del account.general["report-mail"]
    account.configure()
    assert account.scorefetch("run").code == account.scorefetch("tell").code == 0
    assert outbox.begun() == 0


def test_the_composer_says_what_it_is_for(build):
    done = subprocess.run([build / "scoremail-compose"], capture_output=True, check=False, timeout=60)
    assert done.returncode == 64 and b"report-mail" in done.stderr
    done = subprocess.run([build / "scoremail-compose", "cat"], input=b"[letter]\nFrom=x\n", capture_output=True, check=False, timeout=60)
    assert done.returncode != 0 and done.stdout == b"" and b"To" in done.stderr
