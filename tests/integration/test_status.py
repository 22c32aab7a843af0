"""scorefetch status: how each account is doing, for people, scripts, monitoring and metrics."""
import json
import re
import stat
import time

import pytest
from harness import CSV_NAME, EX_CONFIG, EX_USAGE, TXT_NAME, mail, notification
from prometheus_client.parser import text_string_to_metric_families

HOUR, DAY = 3600, 86400
OK, WARNING, CRITICAL = 0, 1, 2
MISSING = "4300_20190101_000000.csv"


@pytest.fixture
def used(account):
    """An account with a stored file and a dropped one."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    return account


def whole(account, *options):
    """All that --json prints."""
    done = account.scorefetch("status", "--json", *options)
    assert done.code == 0, done.err
    return json.loads(done.out)


def plugin(account, *options):
    """Exit code and first line, as a monitoring system sees them."""
    done = account.scorefetch("status", "--exit-code", *options)
    return done.code, done.out.decode().splitlines()[0]


def metrics(account, *options):
    """The metrics by name and labels, as Prometheus' own parser reads them."""
    file = account.folder / "scoremail.prom"
    done = account.scorefetch("status", "--prometheus", file, *options)
    assert (done.code, done.out) == (0, b""), done.err
    families = list(text_string_to_metric_families(file.read_text()))
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families)
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def make_files(account, count):
    account.sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO files"
        " (account, name, stem, announced, updated) SELECT 'main', i || '.csv', i, 1000 + i, 1000 + i FROM n",
        count,
    )


# ---------------------------------------------------------------- for people and scripts


def of_today(account, show):
    """What show(day) gives of an account whose files were all stored on that day of UTC, which has not ended meanwhile."""
    while True:
        day = int(time.time()) // DAY
        account.sql("UPDATE OR REPLACE days SET day = ? WHERE action = 'stored'", day)
        shown = show(day)
        if int(time.time()) // DAY == day:
            return shown


def test_an_account_s_figures(used):
    before = time.time() - 3600
    (account,) = of_today(used, lambda _: whole(used)["accounts"])
    assert (account["account"], account["enabled"], account["fault"]) == ("main", True, None)
    assert {state: count for state, count in account["files"].items() if count} == {"stored": 1, "dropped": 1}
    assert (account["stored_today"], account["stored_7_days"], account["overdue"]) == (1, 1, 0)
    format_ = "%Y-%m-%dT%H:%M:%S"
    first, last = (time.strftime(format_, time.gmtime(at)) for at in (before, time.time()))
    assert all(first <= account[f"last_{what}_at"][:19] <= last for what in ("mail", "stored"))
    assert account["last_sync_at"] is None and account["sync_outcome"] is None


def test_the_days_behind_us(used):
    def shown(day):
        used.sql("DELETE FROM days WHERE action = 'corrected'")
        for age, count in ((0, 1), (1, 10), (6, 100), (7, 1000)):
            used.sql("INSERT INTO days VALUES ('main', ?, 'corrected', ?)", day - age, count)
        return whole(used)["accounts"]

    (account,) = of_today(used, shown)
    assert (account["stored_today"], account["stored_7_days"]) == (2, 112)
    assert metrics(used)[("scoremail_files_stored_total", ("account", "main"))] == 1112


def test_a_sync_is_shown(account):
    account.scorefetch("sync", "--all")
    (shown,) = whole(account)["accounts"]
    assert shown["last_sync_at"] is not None and shown["sync_tried_at"] is not None
    assert "stored" in shown["sync_outcome"] or "new" in shown["sync_outcome"]
    assert shown["last_mail_at"] is None


def test_the_table_tells_the_same(used):
    head, row, worker, *files = of_today(used, lambda _: used.scorefetch("status").out.decode().splitlines())
    assert re.split(r"\s{2,}", head) == [
        "ACCOUNT", "LAST MAIL", "LAST SYNC", "TODAY", "7 DAYS", "STORED", "WAITING", "FAILED", "DROPPED",
    ]
    assert re.fullmatch(r"main +\d+ (s|min) ago +- +1 +1 +1 +0 +0 +1", row)
    assert worker == "worker seen: never; events in the spool: 0"
    assert [line.split()[:2] for line in files if line] == [["STATE", "NAME"], ["dropped", TXT_NAME], ["stored", CSV_NAME]]


def test_the_worker_is_shown(used):
    used.configure(delivery="queued")
    assert used.scorefetch("run").code == 0
    used.receive(MISSING)
    worker = whole(used)["worker"]
    assert worker["spooled"] == 1 and worker["heartbeat_at"] is not None
    assert "events in the spool: 1" in used.scorefetch("status").out.decode()


def test_a_long_table_shows_the_newest(account):
    account.scoremail(stdin=mail("csv"))
    make_files(account, 40)
    rows = [line for line in account.scorefetch("status").out.decode().splitlines() if ".csv" in line]
    assert len(rows) == 20 and CSV_NAME in rows[0] and "40.csv" in rows[1] and "22.csv" in rows[19]
    assert "status --all" in account.scorefetch("status").out.decode()
    every = account.scorefetch("status", "--all").out.decode()
    assert every.count(".csv") == 41 and "--all" not in every


def test_json_has_the_newest_thousand_files_or_all(account):
    account.scoremail(stdin=mail("csv"))
    make_files(account, 999)
    assert (len(whole(account)["files"]), whole(account)["more_files"]) == (1000, False)
    make_one_more = "INSERT INTO files (account, name, stem, announced, updated) VALUES ('main', 'x.csv', 'x', 1, 1)"
    account.sql(make_one_more)
    shown = whole(account)
    assert (len(shown["files"]), shown["more_files"]) == (1000, True)
    assert "x.csv" not in [file["name"] for file in shown["files"]]
    everything = whole(account, "--all")
    assert (len(everything["files"]), everything["more_files"]) == (1001, False)


def test_without_a_ledger_nothing_has_happened_and_none_is_made(account):
    (shown,) = whole(account)["accounts"]
    assert set(shown["files"].values()) == {0} and shown["last_mail_at"] is None
    code, line = plugin(account)
    assert code == OK and "accounts: 1, no file was stored yet" in line
    assert not account.ledger.exists() and not account.spool.exists()


def test_status_takes_no_names(used):
    done = used.scorefetch("status", CSV_NAME)
    assert done.code == EX_USAGE and "scorefetch log" in done.err


# ---------------------------------------------------------------- as a monitoring plugin


def test_all_is_well(used):
    code, line = of_today(used, lambda _: plugin(used))
    assert code == OK
    said, figures = line.split(" | ")
    assert said == "scoremail OK: accounts: 1, last file stored today"
    assert figures == "stored_today=1 stored=1 waiting=0 overdue=0 failed=0 conflict=0 spool=0"


def waits_too_long(account, emulator):
    emulator.stop()
    account.is_impatient()
    account.receive(MISSING)
    account.time_passes(3 * HOUR)


def is_silent(account, emulator):
    account.scorefetch("run")
    account.age_heartbeat(HOUR)


def has_an_old_sync(account, emulator):
    account.scorefetch("sync", "--all")
    account.time_passes(3 * DAY)


def was_sent_something_unusable(account, emulator):
    account.scoremail(stdin=mail("csv").replace(CSV_NAME.encode(), b"../../etc/passwd"))


def has_a_wrong_password(account, emulator):
    account.write_password("expired")
    account.receive(MISSING)


def has_no_directory(account, emulator):
    account.configure(directory=account.folder / "unmounted")
    emulator.add(MISSING, b"ID\r\n")
    account.receive(MISSING)


def has_a_failed_file(account, emulator):
    message = notification(account.build, MISSING)
    account.configure(senders="scores.example", org_id="4300")
    for _ in range(6):
        account.scoremail(stdin=message)
        account.time_passes(HOUR)


def has_a_conflict(account, emulator):
    emulator.add(MISSING, b"ID\r\n1\r\n")
    (account.directory / MISSING).write_text("other bytes")
    account.receive(MISSING)


def has_a_dead_worker(account, emulator):
    account.configure(delivery="queued")
    account.receive(MISSING)


def has_a_broken_account(account, emulator):
    account.configure(format="cvs")


@pytest.mark.parametrize(
    "when, code, words",
    [
        (waits_too_long, WARNING, "1 waiting longer than defer-for, 120 min"),
        (is_silent, WARNING, "scorefetch run has not run since"),
        (has_an_old_sync, WARNING, "no complete sync since"),
        (was_sent_something_unusable, WARNING, "form"),
        (has_a_wrong_password, CRITICAL, "credentials"),
        (has_no_directory, CRITICAL, "disk"),
        (has_a_failed_file, CRITICAL, f"1 failed, the last one {MISSING}"),
        (has_a_conflict, CRITICAL, f"1 in conflict with a file in the directory, the last one {MISSING}"),
        (has_a_dead_worker, CRITICAL, "scorefetch run has never run"),
        (has_a_broken_account, CRITICAL, "format"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_a_person_should_see_to(used, emulator, when, code, words):
    assert plugin(used)[0] == OK
    when(used, emulator)
    answer, line = plugin(used)
    assert line.startswith(f"scoremail {'WARNING' if code == WARNING else 'CRITICAL'}: ") and words in line
    assert answer == code
    shown = whole(used)
    assert shown["level"] == ("warning" if code == WARNING else "critical")
    assert any(words in finding["text"] for finding in shown["findings"])
    assert words in used.scorefetch("status").out.decode()
    used.assert_no_secret(line)


def test_what_happened_once_counts_for_some_days(used, emulator):
    was_sent_something_unusable(used, emulator)
    used.time_passes(2 * DAY)
    assert plugin(used)[0] == WARNING
    used.time_passes(2 * DAY)
    assert plugin(used)[0] == OK
    (alert,) = whole(used)["alerts"]
    assert (alert["kind"], alert["times"], alert["counts"]) == ("form", 1, False)


def test_the_worst_is_said_first(used, emulator):
    waits_too_long(used, emulator)
    used.configure(format="cvs")
    done = used.scorefetch("status", "--exit-code")
    first, *rest = done.out.decode().splitlines()
    assert done.code == CRITICAL and "format" in first and "and 1 more" in first
    assert rest[0].startswith("critical: main: ") and rest[1].startswith("warning: main: ")


def test_what_is_set_right_is_no_longer_said(used, emulator):
    has_a_wrong_password(used, emulator)
    assert plugin(used)[0] == CRITICAL
    emulator.add(MISSING, b"ID\r\n1\r\n")
    used.write_password(used.password)
    used.scorefetch("get", MISSING)
    assert plugin(used)[0] == OK


def test_where_nothing_can_be_told_that_is_critical(used):
    used.ledger.write_bytes(b"no ledger" * 1000)
    code, line = plugin(used)
    assert code == CRITICAL and line.startswith("scoremail CRITICAL: ledger ")
    used.config.write_text("no configuration")
    code, line = plugin(used)
    assert code == CRITICAL and str(used.config) in line
    assert used.scorefetch("status").code == EX_CONFIG
    assert used.scorefetch("status", "--exit-code", "--no-such-option").code == EX_USAGE


def test_a_pipe_in_a_text_begins_no_figures(used):
    used.sql("INSERT INTO alerts (account, kind, text, first, last) VALUES ('', 'disk', 'a|b', 1, 1)")
    assert plugin(used)[1].count("|") == 1


def test_an_account_that_is_turned_off_or_gone_is_no_concern(used, emulator):
    has_a_wrong_password(used, emulator)
    assert plugin(used)[0] == CRITICAL
    used.configure(enabled="no")
    assert plugin(used)[0] == OK
    used.config.write_text(used.config.read_text().replace("enabled = no\n", "").replace("account main", "account elm"))
    assert plugin(used)[0] == OK


def test_one_account_is_judged_by_itself(used):
    used.config.write_text(used.config.read_text() + "[account elm]\nformat = csv\n")
    assert plugin(used)[0] == CRITICAL
    assert plugin(used, "-a", "main")[0] == OK
    assert [each["account"] for each in whole(used, "-a", "main")["accounts"]] == ["main"]
    assert used.scorefetch("status", "-a", "oak").code == EX_USAGE


# ---------------------------------------------------------------- as metrics


def test_metrics_are_what_the_table_says(used):
    found = metrics(used)
    main = ("account", "main")
    assert found[("scoremail_files", main, ("state", "stored"))] == 1
    assert found[("scoremail_files", main, ("state", "not wanted"))] == 0
    assert found[("scoremail_files_stored_total", main)] == 1
    assert found[("scoremail_notifications_total", main)] == 2
    assert abs(found[("scoremail_last_mail_timestamp_seconds", main)] - time.time()) < HOUR
    assert abs(found[("scoremail_last_stored_timestamp_seconds", main)] - time.time()) < HOUR
    assert found[("scoremail_last_sync_timestamp_seconds", main)] == 0
    assert found[("scoremail_account_usable", main)] == 1
    assert found[("scoremail_worker_heartbeat_timestamp_seconds",)] == 0
    assert found[("scoremail_spool_events",)] == 0
    assert found[("scoremail_status_level",)] == OK


def test_metrics_of_what_is_wrong(used, emulator):
    has_a_wrong_password(used, emulator)
    found = metrics(used)
    assert found[("scoremail_alerts", ("account", "main"), ("kind", "credentials"))] == 1
    assert found[("scoremail_files", ("account", "main"), ("state", "waiting"))] == 1
    assert found[("scoremail_status_level",)] == CRITICAL


def test_counters_only_grow(used):
    before = metrics(used)
    used.scorefetch("forget", CSV_NAME)
    after = metrics(used)
    state = ("scoremail_files", ("account", "main"), ("state", "stored"))
    assert (before[state], after[state]) == (1, 0)
    total = ("scoremail_files_stored_total", ("account", "main"))
    assert after[total] == before[total] == 1


def test_the_collector_may_read_the_file_and_never_meets_half_of_it(used):
    metrics(used)
    file = used.folder / "scoremail.prom"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    text = file.read_text()
    with file.open() as older:
        used.scorefetch("forget", CSV_NAME)
        metrics(used)
        assert older.read() == text != file.read_text()  # another file took its place
    assert [path.name for path in used.folder.glob("scoremail.prom*")] == ["scoremail.prom"]


def test_metrics_that_cannot_be_written_are_an_error(used):
    done = used.scorefetch("status", "--prometheus", used.folder / "nowhere" / "scoremail.prom")
    assert done.code == 74
    assert done.err == f"scorefetch: metrics: {used.folder}/nowhere/scoremail.prom: No such file or directory\n"


def test_metrics_and_an_exit_code_in_one_run(used):
    file = used.folder / "scoremail.prom"
    done = used.scorefetch("status", "--exit-code", "--prometheus", file)
    assert done.code == OK and done.out.startswith(b"scoremail OK: ") and file.exists()
