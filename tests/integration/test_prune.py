"""keep-for: what has been stored for so long is deleted, nothing else, and the record of it stays."""
import json
import os
import re
import shutil
import signal

import pytest
from agents import wait_for
from harness import CSV_NAME, EX_TEMPFAIL, EX_USAGE, TXT_NAME, Running, mail, need, run
from test_reposts import CORRECTED, announced_again, older_versions

DAY = 24 * 3600
EX_CANTCREAT = 73


@pytest.fixture
def kept(account):
    """An account that keeps for 30 days, and has stored the csv file 31 days ago."""
    account.configure(keep_for="30d")
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.time_passes(31 * DAY)
    return account


def log(account, action):
    return account.sql("SELECT * FROM log WHERE action = ?", action)


def test_what_is_older_is_deleted_and_its_record_stays(kept):
    row = kept.status()[CSV_NAME]
    done = kept.scorefetch("prune")
    assert done.code == 0
    assert f"deleted {kept.directory}/{CSV_NAME}" in done.err and "1 deleted, 0 stay" in done.err
    assert kept.stored() == {}
    now = kept.status()[CSV_NAME]
    assert (now["state"], now["sha256"], now["stored_at"]) == ("stored", row["sha256"], row["stored_at"])
    assert row["pruned_at"] is None and now["pruned_at"] is not None
    (entry,) = log(kept, "pruned")
    assert row["sha256"] in entry["detail"] and "stored since" in entry["detail"]
    assert (entry["uid"], entry["command"]) == (os.getuid(), "prune")
    assert "deleted after keep-for" in kept.scorefetch("status").out.decode()
    assert "0 deleted" in kept.scorefetch("prune").err
    assert len(log(kept, "pruned")) == 1


def test_what_is_younger_stays(account, scores):
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    account.time_passes(29 * DAY)
    assert account.scorefetch("prune").code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_without_keep_for_everything_stays(kept, scores):
    kept.configure(keep_for=None)
    done = kept.scorefetch("prune")
    assert (done.code, kept.stored()) == (0, {CSV_NAME: scores[CSV_NAME]})
    assert "no account has keep-for" in done.err
    assert kept.scorefetch("run").code == 0
    assert kept.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_dry_run_says_it_and_does_nothing(kept, scores):
    done = kept.scorefetch("prune", "--dry-run")
    assert done.code == 0
    assert re.fullmatch(rf"{kept.directory}/{CSV_NAME} \(.+\): would be deleted, stored since [-\d: ]+\n", done.out.decode())
    assert kept.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert log(kept, "pruned") == []
    (kept.directory / CSV_NAME).write_bytes(b"edited\r\n")
    done = kept.scorefetch("prune", "-n")
    assert "would be kept: its content differs from what was stored" in done.out.decode()
    assert log(kept, "not pruned") == []


def test_a_dry_run_creates_no_ledger(account):
    account.configure(keep_for="30d")
    assert account.scorefetch("prune", "--dry-run").code == 0
    assert not account.ledger.exists()


def test_the_worker_deletes_too(kept):
    done = kept.scorefetch("run")
    assert done.code == 0
    assert kept.stored() == {}
    (entry,) = log(kept, "pruned")
    assert entry["command"] == "run"


def test_older_versions_go_with_it_and_nothing_else_does(account, emulator):
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    folder = account.directory / ".superseded"
    assert sorted(older_versions(account)) == [f"{CSV_NAME}.~1~"]
    (folder / f"{CSV_NAME}.~2~").write_bytes(b"somebody else's\n")
    (folder / "another.csv.~1~").write_bytes(b"another's\n")
    (account.directory / "another.csv").write_bytes(b"unknown to the ledger\n")
    account.time_passes(31 * DAY)
    done = account.scorefetch("prune")
    assert done.code == 0
    assert list(account.stored()) == ["another.csv"]
    assert sorted(older_versions(account)) == [f"{CSV_NAME}.~2~", "another.csv.~1~"]
    assert re.search(r"~2~: kept after keep-for: its content is not in the ledger", done.err)
    (entry,) = log(account, "pruned")
    assert ".superseded" in entry["detail"]


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("call, when", [("newfstatat", 1), ("newfstatat", 2), ("openat", 1), ("fstat", 1), ("read", 1)])
def test_an_older_version_that_cannot_be_looked_at_once_is_not_forgotten(account, emulator, call, when):
    """Personal data would stay for ever: the row, once marked, is never looked at again."""
    need(shutil.which("strace"), "strace is not installed")
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    other = "4300_20180101_000000.csv"
    emulator.add(other, b"ID\r\n")
    account.scorefetch("get", other)
    account.time_passes(31 * DAY)
    older = f"{CSV_NAME}.~1~"
    calls = {"fstat": "fstat,newfstatat"}.get(call, call)
    argv = ["strace", "-f", "-o", "/dev/null", "-P", older, "-P", account.directory / ".superseded" / older,
            "-e", f"trace={calls}", "-e", f"inject={calls}:error=EIO:when={when}"]  # fmt: skip
    done = run([*argv, account.build / "scorefetch", "prune", "-c", account.config])
    assert other not in account.stored()
    assert list(older_versions(account)) == ([older] if account.stored() else [])
    if account.stored():
        assert done.code != 0 and older in done.err and "Input/output error" in done.err
    assert account.scorefetch("prune").code == 0
    assert list(older_versions(account)) == [] and account.stored() == {}


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_what_changes_while_older_versions_are_deleted_stays(account, emulator, tmp_path):
    need(shutil.which("strace"), "strace is not installed")
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    account.time_passes(31 * DAY)
    trace = tmp_path / "trace"
    argv = ["strace", "-f", "-qq", "-o", trace, "-P", f"{CSV_NAME}.~1~", "-e", "trace=unlinkat", "-e", "inject=unlinkat:signal=STOP"]
    running = Running([*argv, account.build / "scorefetch", "prune", "-c", account.config], b"").go()
    wait_for(lambda: trace.exists() and "stopped by SIGSTOP" in trace.read_text(), "the older version to be deleted")
    (account.directory / CSV_NAME).write_bytes(b"somebody else's\n")
    os.kill(int(trace.read_text().split()[0]), signal.SIGCONT)
    done = running.end()
    assert done.code == EX_TEMPFAIL and f"{CSV_NAME}: kept after keep-for: it changed just now" in done.err, done.err
    assert "0 deleted" in done.err and log(account, "pruned") == []
    assert account.stored() == {CSV_NAME: b"somebody else's\n"}


def test_encrypted_files_are_deleted_like_others(sealing, emulator):
    """With older versions of before encrypt-to, and of after."""
    key = sealing.account["encrypt-to"]
    sealing.configure(keep_for="30d", encrypt_to=None)
    sealing.scoremail(stdin=mail("csv"))
    sealing.configure(encrypt_to=key)
    for number, data in enumerate((CORRECTED, CORRECTED * 2), 1):
        emulator.add(CSV_NAME, data)
        sealing.time_passes(3600)
        assert sealing.scoremail(stdin=announced_again(number)).code == 0
    assert sorted(older_versions(sealing)) == [f"{CSV_NAME}.gpg.~2~", f"{CSV_NAME}.~1~"]
    sealing.time_passes(31 * DAY)
    assert sealing.scorefetch("prune").code == 0
    assert (sealing.stored(), older_versions(sealing)) == ({}, {})
    (entry,) = log(sealing, "pruned")
    assert entry["detail"].count("SHA-256") == 3


def test_a_corrected_version_counts_from_its_own_day(account, emulator):
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    account.time_passes(31 * DAY)
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    assert account.scorefetch("prune").code == 0
    assert account.stored() == {CSV_NAME: CORRECTED}


def test_a_file_that_has_changed_stays_and_that_is_said(kept):
    (kept.directory / CSV_NAME).write_bytes(b"edited by hand\r\n")
    done = kept.scorefetch("prune")
    assert done.code == EX_CANTCREAT
    assert "kept after keep-for: its content differs from what was stored" in done.err
    assert kept.stored() == {CSV_NAME: b"edited by hand\r\n"}
    assert log(kept, "pruned") == []
    assert len(log(kept, "not pruned")) == 1


def test_the_worker_says_it_once_a_day(kept):
    (kept.directory / CSV_NAME).write_bytes(b"edited by hand\r\n")
    for _ in range(3):
        assert kept.scorefetch("run").code == 0
    assert len(log(kept, "not pruned")) == 1
    assert kept.log.read_text().count("its content differs from what was stored") == 1


@pytest.mark.parametrize("what", ["file", "older version", "folder"])
def test_links_are_not_followed(account, emulator, what):
    account.configure(keep_for="30d")
    account.scoremail(stdin=mail("csv"))
    emulator.add(CSV_NAME, CORRECTED)
    account.scoremail(stdin=announced_again(1))
    account.time_passes(31 * DAY)
    folder = account.directory / ".superseded"
    moved = {
        "file": account.directory / CSV_NAME,
        "older version": folder / f"{CSV_NAME}.~1~",
        "folder": folder,
    }[what]
    elsewhere = account.folder / "elsewhere"
    moved.rename(elsewhere)
    moved.symlink_to(elsewhere)
    done = account.scorefetch("prune")
    assert (done.code == 0) == (what == "older version"), done.err
    assert moved.is_symlink()
    assert elsewhere.is_file() or [path.name for path in elsewhere.iterdir()] == [f"{CSV_NAME}.~1~"]


def test_what_an_importer_has_taken_is_recorded_only(kept):
    (kept.directory / CSV_NAME).unlink()
    assert kept.scorefetch("prune").code == 0
    (entry,) = log(kept, "pruned")
    assert "gone already" in entry["detail"]


def test_a_missing_directory_is_an_error(kept):
    (kept.directory / CSV_NAME).unlink()
    kept.directory.rmdir()
    done = kept.scorefetch("prune")
    assert done.code == EX_CANTCREAT and "is it mounted" in done.err
    assert log(kept, "pruned") == []


def test_announced_again_and_unchanged_it_is_not_fetched(kept, emulator):
    kept.scorefetch("prune")
    assert kept.scoremail(stdin=announced_again(1)).code == 0
    assert kept.stored() == {}
    assert [request["status"] for request in emulator.requests("object")] == [200, 304]


def test_announced_again_and_changed_it_is_fetched_and_kept_as_long(kept, emulator):
    kept.scorefetch("prune")
    emulator.add(CSV_NAME, CORRECTED)
    assert kept.scoremail(stdin=announced_again(1)).code == 0
    assert kept.stored() == {CSV_NAME: CORRECTED}
    assert kept.status()[CSV_NAME]["pruned_at"] is None
    kept.time_passes(31 * DAY)
    kept.scorefetch("prune")
    assert kept.stored() == {}


def test_a_person_gets_it_again(kept, scores):
    kept.scorefetch("prune")
    done = kept.scorefetch("get", CSV_NAME)
    assert done.code == 0 and "get --force fetches it again" in done.err
    assert kept.stored() == {}
    assert kept.scorefetch("get", "--force", CSV_NAME).code == 0
    assert kept.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert kept.status()[CSV_NAME]["pruned_at"] is None
    assert "0 deleted" in kept.scorefetch("prune").err


def test_what_on_stored_was_not_told_of_stays(account, scores):
    account.configure(keep_for="30d", on_stored="/bin/false")
    account.scoremail(stdin=mail("csv"))
    account.time_passes(31 * DAY)
    done = account.scorefetch("prune")
    assert done.code == EX_CANTCREAT and "on-stored has not run for it yet" in done.err
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    account.configure(on_stored="/bin/true")
    assert account.scorefetch("run").code == 0
    assert account.stored() == {}


def test_only_the_account_that_is_named(kept, scores):
    done = kept.scorefetch("prune", "-a", "nobody")
    assert done.code == EX_USAGE and "no account nobody" in done.err
    assert kept.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert kept.scorefetch("prune", "-a", "main").code == 0
    assert kept.stored() == {}


def test_a_file_that_policy_would_drop_today_goes_like_others(account):
    account.configure(keep_for="30d")
    assert account.scorefetch("get", TXT_NAME).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert account.status()[TXT_NAME]["state"] == "dropped" and TXT_NAME in account.stored()
    account.time_passes(31 * DAY)
    assert account.scorefetch("prune").code == 0
    assert account.stored() == {} and len(log(account, "pruned")) == 1
    assert "0 deleted" in account.scorefetch("prune").err


def test_a_file_that_the_service_no_longer_has_goes_like_others(kept, emulator):
    emulator.remove(CSV_NAME)
    for _ in range(6):
        kept.scoremail(stdin=announced_again(1))
        kept.time_passes(3600)
    assert kept.status()[CSV_NAME]["state"] == "failed" and CSV_NAME in kept.stored()
    assert kept.scorefetch("prune").code == 0
    assert kept.stored() == {} and len(log(kept, "pruned")) == 1


def test_names_that_are_not_stored_are_left_alone(kept):
    kept.scoremail(stdin=mail("txt"))  # dropped
    kept.time_passes(31 * DAY)
    assert kept.scorefetch("prune").code == 0
    row = json.loads(kept.scorefetch("status", "--json").out)["files"]
    assert {r["name"]: r["state"] for r in row} == {CSV_NAME: "stored", TXT_NAME: "dropped"}
