"""scorefetch log, the audit trail: who did what, when, and why; for people, scripts and spreadsheets."""
import csv
import io
import json
import os
import pwd
import re
import resource
import time

import pytest
from harness import CSV_NAME, EX_USAGE, TXT_NAME, mail

ME = pwd.getpwuid(os.getuid()).pw_name
A_MILLION = 1_000_000


@pytest.fixture
def trail(account):
    """A file that came by mail and was looked at; one that policy dropped; one that was forgotten."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert account.scorefetch("cat", CSV_NAME).code == 0
    assert account.scorefetch("forget", TXT_NAME).code == 0
    return account


def rows(account, *options):
    done = account.scorefetch("log", "--json", *options)
    assert done.code == 0, done.err
    return json.loads(done.out)["log"]


def add(account, detail, action="noted", count=1):
    """Rows whose detail is what no program of ours would write."""
    account.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO log"
        " (at, account, name, action, detail, uid, command) SELECT ?, 'main', '', ?, ?, 4294967000, 'x' FROM n",
        count,
        int(time.time()),
        action,
        detail,
    )


def test_who_did_what(trail):
    done = [(row["action"], row["account"], row["name"], row["command"]) for row in rows(trail)]
    assert done == [
        ("announced", "main", CSV_NAME, "deliver"),
        ("stored", "main", CSV_NAME, "deliver"),
        ("announced", "main", TXT_NAME, "deliver"),
        ("dropped", "main", TXT_NAME, "deliver"),
        ("catted", "main", CSV_NAME, "cat"),
        ("forgotten", "main", TXT_NAME, "forget"),
    ]
    assert {(row["uid"], row["user"]) for row in rows(trail)} == {(os.getuid(), ME)}


def test_the_decision_has_its_reason(trail):
    (dropped,) = [row for row in rows(trail) if row["action"] == "dropped"]
    assert "format" in dropped["detail"]


def test_the_table_has_a_line_for_each_in_utc(trail):
    lines = trail.scorefetch("log").out.decode().splitlines()
    assert len(lines) == len(rows(trail))
    for line, row in zip(lines, rows(trail)):
        assert line.startswith(row["at"]) and row["at"].endswith("Z")
        assert ME in line and row["action"] in line and row["name"] in line


def test_its_columns_line_up(trail):
    """Whatever stands in one: a longer command, a longer action, no name, no account, no ASCII."""
    trail.sql("INSERT INTO log (at, account, name, action, detail, uid, command) VALUES"
              " (?, '', '', 'directory-adopted', 'änd', 4294967000, 'adopt-directory')", int(time.time()))
    lines = trail.scorefetch("log").out.decode().splitlines()
    table = [re.split(" {2,}", line, maxsplit=6) for line in lines]
    assert {len(row) for row in table} <= {6, 7} and table[-1][4:] == ["-", "-", "änd"]
    starts = [[match.start() for match in re.finditer(r"(?<=  )\S", line)][:5] for line in lines]
    assert starts == [starts[0]] * len(lines)


def test_json_has_a_schema(trail):
    """What is documented is stable; scripts ask for this number."""
    for command in ("log", "list", "status", "check"):
        assert next(iter(json.loads(trail.scorefetch(command, "--json").out).items())) == ("schema", 1), command


def test_one_name_s_trail(trail):
    assert [row["action"] for row in rows(trail, CSV_NAME)] == ["announced", "stored", "catted"]
    assert rows(trail, "4300_19990101_000000.csv") == []


def test_one_account_s_trail(trail):
    assert len(rows(trail, "-a", "main")) == len(rows(trail))
    assert rows(trail, "-a", "elm") == []  # it may have been one once: no error


def test_since_and_until(trail):
    trail.sql("INSERT INTO log (at, account, name, action, detail, uid, command) VALUES"
              " (1000000000, 'main', '', 'of old', '', 0, 'x')")
    assert "of old" not in [row["action"] for row in rows(trail, "--since", "1d")]
    assert [row["action"] for row in rows(trail, "--until", "2001-12-31")] == ["of old"]
    assert rows(trail, "--since", "2001-01-01", "--until", "2001-02-01") == []
    assert rows(trail, "--since", "2001-09-09T01:46:40Z", "--until", "2001-09-09T01:46:40Z") == []
    assert len(rows(trail, "--since", "2001-09-09T01:46:40Z", "--until", "2001-09-09T01:46:41Z")) == 1


@pytest.mark.parametrize(
    "arguments",
    [["--since", "yesterday"], ["--until", "last"], ["--since", "7"], ["--json", "--csv"], ["a.csv", "b.csv"], ["../x"]],
)
def test_what_is_not_understood_is_an_error(trail, arguments):
    done = trail.scorefetch("log", *arguments)
    assert (done.code, done.out) == (EX_USAGE, b"")
    assert done.err.count("\n") == 1


def test_csv_is_what_rfc_4180_says(trail):
    add(trail, 'a "quoted" word, a comma')
    out = trail.scorefetch("log", "--csv").out.decode()
    assert out.count("\r\n") == out.count("\n")
    table = list(csv.DictReader(io.StringIO(out, newline="")))
    assert list(table[0]) == ["at", "action", "account", "name", "detail", "uid", "user", "command"]
    assert [row["action"] for row in table] == [row["action"] for row in rows(trail)]
    assert table[-1]["detail"] == 'a "quoted" word, a comma'
    assert table[-1]["user"] == "4294967000"  # a user that is gone
    assert [row["uid"] for row in table] == [str(row["uid"]) for row in rows(trail)]


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "+1", "-1", "@x"])
def test_no_spreadsheet_takes_a_field_for_a_formula(trail, formula):
    add(trail, formula)
    assert f'"\'{formula}"'.encode() in trail.scorefetch("log", "--csv").out


def test_no_control_character_reaches_a_terminal_or_a_file(trail):
    add(trail, "a\x1b[2Jb\r\nc\x00\u202ed")
    for form in ([], ["--csv"], ["--json"]):
        out = trail.scorefetch("log", *form).out.decode().replace("\r\n", "\n")
        assert not [c for c in out if ord(c) < 32 and c != "\n"]
        assert out.count("\n") == trail.scorefetch("log", *form).out.count(b"\n")
    assert "\u202e" not in trail.scorefetch("log").out.decode()
    assert rows(trail)[-1]["action"] == "noted"


def test_rows_are_never_rewritten(trail):
    before = trail.scorefetch("log").out
    with pytest.raises(Exception, match="never rewritten"):
        trail.sql("UPDATE log SET uid = 0, detail = ''")
    assert trail.scorefetch("log").out == before


def test_without_a_ledger_there_is_nothing_to_show_and_none_is_made(account):
    done = account.scorefetch("log")
    assert (done.code, done.out) == (0, b"")
    assert str(account.ledger) in done.err
    assert rows(account) == []
    assert not account.ledger.exists()


def limit_memory(size):
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


@pytest.mark.release_only("a thousand rows have shown all that a sanitizer sees")
def test_a_million_rows_are_printed_as_they_are_read(account):
    """The peak of memory is that of a few rows."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.sql("DROP TRIGGER log_counted")  # or making them would take longest
    add(account, "x", count=A_MILLION)
    ((count,),) = [row.values() for row in account.sql("SELECT count(*) FROM log")]
    done = account.scorefetch("log", "--csv", preexec_fn=lambda: limit_memory(32 << 20))
    assert done.code == 0, done.err
    assert done.out.count(b"\r\n") == count + 1
