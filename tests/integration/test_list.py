"""scorefetch list: the service's listing, and what the ledger says of each file."""
import json
import re

import pytest
from harness import CSV_NAME, EX_CONFIG, EX_NOPERM, EX_TEMPFAIL, EX_USAGE, TXT_NAME, Account, mail

MANY = 20_000


def listed(account, *options):
    """The JSON of one account's files by name."""
    result = account.scorefetch("list", "--json", *options)
    assert result.code == 0, result.err
    (one,) = json.loads(result.out)["accounts"]
    assert one["error"] is None
    return {file["name"]: file for file in one["files"]}


def calls(emulator):
    return [request["call"] for request in emulator.requests()]


def test_the_table_shows_what_there_is_and_what_the_ledger_says(account, emulator):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    emulator.add("4300_new.csv", b"ID\r\n1\r\n2\r\n")
    result = account.scorefetch("list")
    assert (result.code, result.err) == (0, "")
    head, *rows = result.out.decode().splitlines()
    assert re.split(" +", head.strip()) == ["NAME", "TYPE", "SIZE", "RECORDS", "DELIVERED", "LEDGER", "REMARK"]
    shown = {row.split()[0]: row for row in rows}
    assert set(shown) == {CSV_NAME, TXT_NAME, "4300_new.csv"}
    assert re.search(r"Scores File +[\d.]+ kB +101 +\d{4}-\d\d-\d\d \d\d:\d\d +stored\s*$", shown[CSV_NAME])
    assert re.search(r" dropped +format = csv$", shown[TXT_NAME])
    assert re.search(r" 10 bytes +3 +.* new\s*$", shown["4300_new.csv"])
    assert calls(emulator)[-2:] == ["login", "list"]
    account.assert_no_secret(result.out, result.err)


def test_nothing_is_fetched_and_no_file_is_recorded(account, emulator):
    assert set(listed(account)) == {CSV_NAME, TXT_NAME}
    assert account.stored() == {}
    assert account.status() == {}
    assert calls(emulator) == ["login", "list"]


def test_a_file_that_was_posted_again_has_changed(account, emulator, scores):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert listed(account)[CSV_NAME]["ledger"] == "stored"
    emulator.add(CSV_NAME, scores[CSV_NAME] + b"000000100,Late,200,200\r\n")
    assert listed(account)[CSV_NAME]["ledger"] == "changed"


def test_since_is_what_the_service_is_asked_for(account, emulator):
    emulator.add("4300_old.csv", b"ID\r\n", mtime=1_500_000_000)  # 2017-07-14T02:40:00Z
    assert "4300_old.csv" in listed(account)
    assert "4300_old.csv" in listed(account, "--since", "2017-07-14T02:40:00Z")
    assert "4300_old.csv" not in listed(account, "--since", "2017-07-14T02:40:01Z")
    assert set(listed(account, "--since", "7d")) == {CSV_NAME, TXT_NAME}


@pytest.mark.parametrize("when", ["yesterday", "last", "2999-01-01"])
def test_a_since_that_means_nothing_is_an_error(account, emulator, when):
    result = account.scorefetch("list", "--since", when)
    assert result.code == EX_USAGE
    assert when in result.err and "7d" in result.err
    assert emulator.requests() == []


def test_no_file_at_all(build, emulator, tmp_path):
    account = Account(tmp_path, build, emulator)
    result = account.scorefetch("list")
    assert (result.code, result.out) == (0, b"")
    assert "the service lists no file" in result.err
    assert listed(account) == {}


def test_names_that_break_the_rules_are_named_and_left_out(account, emulator):
    emulator.add("-rf.csv", b"x")
    emulator.add("es\u00e9.csv", b"x")
    result = account.scorefetch("list", "--json")
    (one,) = json.loads(result.out)["accounts"]
    assert {file["name"] for file in one["files"]} == {CSV_NAME, TXT_NAME}
    assert sorted(one["invalid"]) == ["-rf.csv", "es\u00e9.csv"]
    assert re.search(r"2 invalid names in the listing, ignored: \"", result.err)


def test_twenty_thousand_files(build, emulator, tmp_path):
    account = Account(tmp_path, build, emulator)
    for number in range(MANY):
        emulator.add(f"4300_{number:05d}.csv", b"")
    files = listed(account)
    assert len(files) == MANY
    assert {file["ledger"] for file in files.values()} == {"new"}


def test_a_rejected_password_is_sent_once(account, emulator):
    account.write_password("wrong horse battery staple")
    for _ in range(2):
        result = account.scorefetch("list")
        assert result.code == EX_NOPERM
        assert "rejected user name or password" in result.err
    assert calls(emulator) == ["login"]


def test_a_token_that_is_rejected_is_renewed_once(account, emulator):
    emulator.faults("list:status=401x1")
    assert set(listed(account)) == {CSV_NAME, TXT_NAME}
    assert calls(emulator) == ["login", "list", "login", "list"]
    emulator.faults("list:status=403")
    result = account.scorefetch("list")
    assert result.code == EX_NOPERM
    assert "File Downloads" in result.err
    assert calls(emulator)[4:] == ["login", "list", "login", "list"]
    emulator.faults()  # the password was never in question: the account is open
    assert account.scoremail(stdin=mail("csv")).code == 0


def test_a_service_that_fails_is_asked_again(account, emulator):
    emulator.faults("login:status=500x1", "list:not-jsonx1", "list:resetx1")
    assert set(listed(account)) == {CSV_NAME, TXT_NAME}


def test_a_listing_without_end_is_not_read(account, emulator):
    account.is_impatient()
    emulator.faults("list:huge-json=40000000")
    result = account.scorefetch("list")
    assert result.code == EX_TEMPFAIL
    assert "exceeds 32768 KiB" in result.err or "timed out" in result.err.lower()


@pytest.mark.parametrize("fault", ["any:status=503", "login:not-json", "list:broken-json", "list:status=404"])
def test_a_service_that_keeps_failing_is_a_try_later(account, emulator, fault):
    account.is_impatient()
    emulator.faults(fault)
    result = account.scorefetch("list")
    assert result.code == EX_TEMPFAIL
    assert len(result.err.splitlines()) == 1 and "account main: listing" in result.err
    account.assert_no_secret(result.out, result.err)


def second_account(account, name, **settings):
    """Another account in accounts.d, as the first one but for the settings."""
    folder = account.config.parent / "accounts.d"
    folder.mkdir(exist_ok=True)
    directory = account.folder / name
    directory.mkdir(mode=0o700)
    keys = account.account | {"directory": directory} | {k.replace("_", "-"): v for k, v in settings.items()}
    lines = [f"[account {name}]", *(f"{key} = {value}" for key, value in keys.items())]
    (folder / f"{name}.conf").write_text("\n".join(lines) + "\n")
    return directory


def test_every_account_is_listed_with_a_login_of_its_own(account, emulator):
    second_account(account, "north")
    result = account.scorefetch("list", "--json")
    assert result.code == 0, result.err
    assert [one["account"] for one in json.loads(result.out)["accounts"]] == ["main", "north"]
    assert calls(emulator) == ["login", "list"] * 2
    only = account.scorefetch("list", "-a", "north", "--json")
    assert [one["account"] for one in json.loads(only.out)["accounts"]] == ["north"]


def test_an_account_that_fails_does_not_stop_the_others(account, emulator):
    account.configure(password_file=account.folder / "missing")
    second_account(account, "north", password_file=account.password_file)
    second_account(account, "west", password_file=account.password_file, format="none of these")
    second_account(account, "off", password_file=account.password_file, enabled="no")
    result = account.scorefetch("list", "--json")
    assert result.code == EX_CONFIG  # of main's password file
    main, north, west = json.loads(result.out)["accounts"]
    assert (main["account"], north["account"], west["account"]) == ("main", "north", "west")
    assert "none of these" in west["error"]
    assert "missing" in main["error"] and "files" not in main
    assert {file["name"] for file in north["files"]} == {CSV_NAME, TXT_NAME}
    assert len(result.err.splitlines()) == 2 and "none of these" in result.err
