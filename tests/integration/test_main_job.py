"""A notification comes in, the score file lies on disk."""
import hashlib
import json
import os

import pytest
from harness import CSV_NAME, EX_NOINPUT, EX_TEMPFAIL, TXT_NAME, mail, run

ORDINARY = b"From: a@example.org\nTo: b@example.org\nSubject: lunch\n\nAt noon?\n"


def snapshot(folder):
    """Every file below a folder with its contents."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_wanted_file_is_stored(account, emulator, scores):
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert (account.directory / CSV_NAME).stat().st_mode & 0o7777 == 0o600
    row = account.status()[CSV_NAME]
    assert row["account"] == "main"
    assert row["state"] == "stored"
    assert row["size"] == len(scores[CSV_NAME])
    assert row["sha256"] == hashlib.sha256(scores[CSV_NAME]).hexdigest()
    assert (account.directory / row["path"]).resolve() == account.directory / CSV_NAME
    assert len(emulator.requests("file")) == len(emulator.requests("object")) == 1


def test_the_other_form_is_dropped_without_any_call(account, emulator):
    done = account.scoremail(stdin=mail("txt"))
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert account.stored() == {}
    row = account.status()[TXT_NAME]
    assert row["state"] == "dropped"
    assert "format = csv" in row["reason"]
    assert emulator.requests() == []


@pytest.mark.parametrize(
    "wanted, stored",
    [("csv", {CSV_NAME}), ("txt", {TXT_NAME}), ("both", {CSV_NAME, TXT_NAME}), ("first", {CSV_NAME})],
)
def test_format_says_which_are_fetched(account, scores, wanted, stored):
    account.configure(format=wanted)
    for name in ("csv", "txt"):
        assert account.scoremail(stdin=mail(name)).code == 0
    assert account.stored() == {name: scores[name] for name in stored}
    assert {name for name, row in account.status().items() if row["state"] == "stored"} == stored


def test_a_terminal_is_told_the_outcome_in_one_line(account):
    for message, outcome in [
        (mail("csv"), f"stored {CSV_NAME}"),
        (mail("txt"), "format = csv"),
        (ORDINARY, "no notification"),
    ]:
        done = account.scoremail(stdin=message, terminal=True)
        assert done.code == 0
        assert done.out == b""
        assert len(done.err.splitlines()) == 1, done.err
        assert outcome in done.err


def test_the_same_mail_again_changes_nothing(account, emulator, scores):
    for _ in range(3):
        assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert len(emulator.requests()) == 2  # one for the URL, one for the file


def test_a_file_that_an_importer_took_away_is_not_fetched_again(account, emulator):
    account.scoremail(stdin=mail("csv"))
    (account.directory / CSV_NAME).unlink()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {}
    assert len(emulator.requests("object")) == 1


def test_ordinary_mail_needs_no_configuration_and_leaves_nothing(account, emulator):
    account.config.unlink()
    before = snapshot(account.folder)
    assert account.scoremail(stdin=ORDINARY).code == 0
    assert snapshot(account.folder) == before
    assert emulator.requests() == []


def test_a_dry_run_says_what_would_be_done_and_does_nothing(account, emulator):
    before = snapshot(account.folder)
    for name, said in [("csv", CSV_NAME), ("txt", "format = csv")]:
        done = account.scoremail("--dry-run", stdin=mail(name), terminal=True)
        assert done.code == 0
        assert said in done.out.decode()
    assert snapshot(account.folder) == before
    assert emulator.requests() == []


def test_a_configuration_that_is_missing_keeps_the_mail(account):
    account.config.unlink()
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert len(done.err.splitlines()) == 1
    assert str(account.config) in done.err


def test_the_configuration_is_found_where_the_user_keeps_it(account, scores):
    places = {**os.environ, "XDG_CONFIG_HOME": str(account.folder / ".config")}
    done = run([account.build / "scoremail"], stdin=mail("csv"), env=places)
    assert done.code == 0, done.err
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_broken_account_does_not_stop_the_others(account, scores):
    with account.config.open("a") as config:
        config.write("\n[account broken]\nusername = nobody\nformat = pdf\n")
    done = account.scoremail("--account", "main", stdin=mail("csv"))
    assert done.code == 0, done.err
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.scoremail("--account", "broken", stdin=mail("csv")).code == EX_TEMPFAIL


def test_get_fetches_whatever_the_format_policy_says_about_mail(account, emulator, scores):
    done = account.scorefetch("get", TXT_NAME, CSV_NAME)
    assert done.code == 0, done.err
    assert account.stored() == scores
    assert account.scorefetch("get", TXT_NAME).code == 0
    assert len(emulator.requests("object")) == 2


def test_get_force_fetches_again(account, emulator, scores):
    account.scorefetch("get", CSV_NAME)
    (account.directory / CSV_NAME).unlink()
    done = account.scorefetch("get", "--force", CSV_NAME)
    assert done.code == 0, done.err
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert len(emulator.requests("object")) == 2


def test_get_writes_to_a_file_or_to_standard_output(account, scores, tmp_path):
    target = tmp_path / "elsewhere.csv"
    done = account.scorefetch("get", "-o", target, CSV_NAME)
    assert done.code == 0, done.err
    assert target.read_bytes() == scores[CSV_NAME]
    assert target.stat().st_mode & 0o7777 == 0o600
    done = account.scorefetch("get", "-o", "-", CSV_NAME)
    assert done.code == 0, done.err
    assert done.out == scores[CSV_NAME]
    assert account.stored() == {}


def test_get_of_an_unknown_name_says_so(account):
    done = account.scorefetch("get", "5818_20150925_000004.csv")
    assert done.code == EX_NOINPUT
    assert "5818_20150925_000004.csv" in done.err


@pytest.mark.parametrize("name", ["../4300.csv", "-4300.csv.csv", ".hidden.csv", "a/b.csv", "4300\x1b[2J.csv", ""])
def test_get_refuses_what_is_no_file_name(account, emulator, name):
    done = account.scorefetch("get", "--", name)
    assert done.code != 0
    assert "\x1b" not in done.err
    assert emulator.requests() == []


def test_status_shows_the_newest_first(account):
    account.scoremail(stdin=mail("csv"))
    account.scoremail(stdin=mail("txt"))
    shown = account.scorefetch("status")
    assert shown.code == 0, shown.err
    text = shown.out.decode()
    assert text.index(TXT_NAME) < text.index(CSV_NAME)
    assert "stored" in text and "dropped" in text
    listed = json.loads(account.scorefetch("status", "--json").out)
    assert listed["ledger"] == str(account.ledger)
    assert [row["name"] for row in listed["files"]] == [TXT_NAME, CSV_NAME]
    expected = {"account", "name", "state", "size", "sha256", "path", "stored_at", "updated_at"}
    expected |= {"attempts", "next_attempt", "reason"}
    assert all(expected <= row.keys() for row in listed["files"])


def test_status_of_a_ledger_that_is_not_there_creates_none(account):
    before = snapshot(account.folder)
    assert account.scorefetch("status").code == 0
    assert account.scorefetch("status", "--json").code == 0
    assert snapshot(account.folder) == before


def test_retry_takes_up_what_failed(account, emulator, scores):
    emulator.faults("file:status=503")
    done = account.with_patience(lambda: account.scoremail(stdin=mail("csv")), lambda done: "503" in done.err)
    assert done.code == EX_TEMPFAIL
    assert len(done.err.splitlines()) == 1
    waiting = account.status()[CSV_NAME]
    assert waiting["state"] == "waiting"
    assert "503" in waiting["reason"]
    assert waiting["next_attempt"] is not None
    emulator.faults()
    done = account.scorefetch("retry", CSV_NAME)
    assert done.code == 0, done.err
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["state"] == "stored"


def test_forget_makes_a_name_unknown_again(account, scores):
    account.scoremail(stdin=mail("csv"))
    (account.directory / CSV_NAME).unlink()
    done = account.scorefetch("forget", CSV_NAME)
    assert done.code == 0, done.err
    assert CSV_NAME not in account.status()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_adopt_takes_over_what_was_put_there_by_hand(account, emulator, scores):
    by_hand = account.directory / CSV_NAME
    by_hand.write_bytes(scores[CSV_NAME])
    by_hand.chmod(0o644)
    theirs = account.directory / f".{CSV_NAME}.0.part"  # no part of ours has that number
    theirs.touch()
    done = account.scorefetch("adopt", CSV_NAME)
    assert done.code == 0, done.err
    assert "recorded as stored, mode 0644 instead of file-mode 0600, SHA-256" in done.err
    assert by_hand.stat().st_mode & 0o777 == 0o644
    row = account.status()[CSV_NAME]
    assert row["state"] == "stored"
    assert row["sha256"] == hashlib.sha256(scores[CSV_NAME]).hexdigest()
    assert emulator.requests("object") == []
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME], theirs.name: b""}


def test_a_stranger_s_file_of_that_name_is_left_alone(account, emulator):
    theirs = account.directory / CSV_NAME
    theirs.write_bytes(b"not ours\n")
    for _ in range(2):
        assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: b"not ours\n"}
    assert account.status()[CSV_NAME]["state"] == "conflict"
    assert len(emulator.requests("object")) == 1


def test_the_same_bytes_put_there_by_hand_are_adopted(account, scores):
    (account.directory / CSV_NAME).write_bytes(scores[CSV_NAME])
    (account.directory / CSV_NAME).chmod(0o640)
    assert account.scorefetch("get", CSV_NAME).err.endswith("identical content, mode 0640 instead of file-mode 0600\n")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["state"] == "stored"


@pytest.mark.parametrize(
    "fault",
    [
        None,
        "file:status=503",
        "file:not-json",
        "file:broken-json",
        "file:foreign-host=localhost.example",
        "file:http-url",
        "file:userinfo-url",
        "file:redirect=https://localhost:1/",
        "object:status=403",
        "object:xml-200",
        "object:short=10",
        "object:redirect=https://localhost:1/",
    ],
)
def test_no_secret_is_said_or_written(account, emulator, fault):
    account.configure(give_up_after="1s", run_limit="10s")
    emulator.faults(*([fault] if fault else []))
    said = [account.scoremail("-v", stdin=mail("csv")), account.scorefetch("get", TXT_NAME, "-v")]
    said += [account.scorefetch("status"), account.scorefetch("status", "--json")]
    account.assert_no_secret(*(text for result in said for text in (result.out, result.err)))


def test_a_rejected_password_is_not_said_or_written_and_not_tried_twice(account, emulator):
    account.write_password("wrong horse battery staple")
    said = [account.scoremail("-v", stdin=mail("csv")) for _ in range(2)]
    assert [result.code for result in said] == [EX_TEMPFAIL] * 2
    assert len(emulator.requests("file")) == 1
    account.assert_no_secret(*(result.err for result in said))
    assert not any("wrong horse" in result.err for result in said)
