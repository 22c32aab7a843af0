"""scorefetch sync: what the service lists is fetched, once, whatever came by mail and whatever breaks."""
import datetime
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

import pytest
from harness import (
    CSV_NAME,
    EX_NOPERM,
    EX_TEMPFAIL,
    EX_USAGE,
    TXT_NAME,
    Account,
    Running,
    large_scores,
    mail,
    notification,
)
from relay import Relay
from test_list import second_account


def names(count):
    return [f"5818_{number:03d}.csv" for number in range(count)]


def fill(emulator, count, size=2000):
    """So many files of the service's: name -> bytes."""
    data = {name: large_scores(size, name) for name in names(count)}
    for name, content in data.items():
        emulator.add(name, content)
    return data


@pytest.fixture
def empty(build, emulator, tmp_path):
    """An account at an emulator that has no file."""
    return Account(tmp_path, build, emulator)


def sync(account, *options, code=0, **how):
    result = account.scorefetch("sync", *options, **how)
    assert result.code == code, result.err
    account.assert_no_secret(result.out, result.err)
    return result


def summary(result):
    return result.err.splitlines()[-1].removeprefix("scorefetch: account main: ")


def states(account):
    return {name: row["state"] for name, row in account.status().items()}


def calls(emulator, call):
    return [request for request in emulator.requests(call)]


def start_sync(account, *options):
    return Running([account.build / "scorefetch", "sync", "-c", account.config, *options], b"").go()


# What a first sync does.


def test_the_first_sync_only_says_what_there_is(account, emulator):
    result = sync(account)
    assert "2 files on the service, none known here" in result.err
    assert "sync --all" in result.err and "sync --mark-known" in result.err
    assert (account.stored(), account.status()) == ({}, {})
    assert calls(emulator, "file") == []
    assert "2 files" in sync(account).err  # and so it stays


def test_a_question_that_nobody_answers_is_a_warning_of_status(account):
    """A timer asks it where nobody reads: no file would ever come, and all would seem well."""
    sync(account, "-n")
    assert account.scorefetch("status", "--exit-code").code == 0
    sync(account, "-q")
    shown = account.scorefetch("status", "--exit-code")
    assert shown.code == 1 and b"main: no complete sync yet" in shown.out and b"sync --all" in shown.out
    sync(account, "--mark-known")
    assert account.scorefetch("status", "--exit-code").code == 0


def test_a_first_sync_counts_what_mail_has_brought(account):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert "2 files on the service, 1 known here" in sync(account).err


def test_a_first_sync_with_nothing_to_decide_begins_at_once(empty, emulator):
    assert summary(sync(empty)) == "0 listed, 0 new"
    data = fill(emulator, 1)
    assert summary(sync(empty)) == "1 listed, 1 new: 1 stored"
    assert empty.stored() == data


def test_all_fetches_everything_that_policy_wants(account, emulator, scores):
    result = sync(account, "--all")
    assert result.out == b""
    assert summary(result) == "2 listed, 2 new: 1 stored, 1 dropped (format = csv)"
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert states(account) == {CSV_NAME: "stored", TXT_NAME: "dropped"}
    assert [request["call"] for request in emulator.requests()] == ["login", "list", "file", "object"]


def test_the_next_sync_fetches_what_is_new_and_nothing_else(account, emulator):
    sync(account, "--all")
    before = emulator.requests()
    assert summary(sync(account)) == "2 listed, 0 new"
    assert [request["call"] for request in emulator.requests()[len(before) :]] == ["login", "list"]
    data = fill(emulator, 1)
    assert summary(sync(account)) == "3 listed, 1 new: 1 stored"
    assert data.items() <= account.stored().items()


def test_what_mail_has_brought_is_not_fetched_again(account, emulator):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert summary(sync(account, "--all")) == "2 listed, 0 new"
    assert len(calls(emulator, "object")) == 1


def test_what_sync_has_brought_is_asked_for_once_more_by_mail_and_kept(account, emulator):
    sync(account, "--all")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert [request["status"] for request in calls(emulator, "object")] == [200, 304]
    assert states(account)[CSV_NAME] == "stored"


def test_mark_known_takes_everything_as_already_had(account, emulator, build):
    data = fill(emulator, 3)
    assert summary(sync(account, "--mark-known")) == "5 listed, 5 new: marked as known"
    assert account.stored() == {}
    assert set(states(account).values()) == {"not wanted"}
    assert summary(sync(account)) == "5 listed, 0 new"
    emulator.add("5818_new.csv", b"ID\r\n1\r\n")
    assert summary(sync(account)) == "6 listed, 1 new: 1 stored"
    # But whoever asks for one of them gets it: mail, a person, a listing with another version.
    first, second, third = names(3)
    assert account.scoremail(stdin=notification(build, first)).code == 0
    assert account.scorefetch("get", second).code == 0
    emulator.add(third, b"ID,NAME\r\n7,Corrected\r\n")
    assert summary(sync(account)) == "6 listed, 0 new: 1 stored"
    assert account.stored() == {
        first: data[first], second: data[second], third: b"ID,NAME\r\n7,Corrected\r\n", "5818_new.csv": b"ID\r\n1\r\n"
    }  # fmt: skip
    account.configure(format="both")
    assert summary(sync(account)) == "6 listed, 0 new"


def test_who_begins_with_since_is_not_flooded_by_the_next_sync(account, emulator):
    emulator.add("5818_old.csv", b"ID\r\n", mtime=1_500_000_000)
    assert summary(sync(account, "--since", "30d")).startswith("2 listed, 2 new: 1 stored")
    assert summary(sync(account)) == "2 listed, 0 new"
    assert summary(sync(account, "--since", "last")) == "2 listed, 0 new"
    assert "5818_old.csv" not in account.stored()
    assert summary(sync(account, "--all")) == "3 listed, 1 new: 1 stored"


def test_since_last_before_any_complete_sync_only_says_what_there_is(account):
    assert "2 files on the service, none known here" in sync(account, "--since", "last").err


def test_only_a_sync_without_a_gap_counts_as_complete(account):
    synced = "SELECT synced FROM accounts"
    sync(account, "--all")
    account.sql("UPDATE accounts SET synced = synced - 10 * 86400")
    (before,) = account.sql(synced)
    sync(account, "--since", "1d")
    assert account.sql(synced) == [before]
    sync(account, "--since", "last")
    assert account.sql(synced)[0]["synced"] > before["synced"]


@pytest.mark.parametrize("options", [("--all", "--mark-known"), ("--all", "--since", "7d"), ("4300.csv",)])
def test_options_that_contradict_are_an_error(account, emulator, options):
    assert "scorefetch" in sync(account, *options, code=EX_USAGE).err
    assert emulator.requests() == []


def test_a_dry_run_says_what_would_be_done_and_does_nothing(account, emulator):
    result = sync(account, "--all", "--dry-run")
    said = result.out.decode()
    assert f"{CSV_NAME}: would be fetched and stored" in said
    assert f"{TXT_NAME}: would be recorded as dropped: format = csv" in said
    assert (account.stored(), account.status()) == ({}, {})
    assert calls(emulator, "file") == []
    assert "none known here" in sync(account).err


def test_a_dry_run_of_mark_known_names_what_would_be_taken_as_already_had(account, emulator):
    assert account.scoremail(stdin=mail("csv")).code == 0
    result = sync(account, "--mark-known", "--dry-run")
    assert result.out.decode() == f"{TXT_NAME}: would be marked as known\n"
    assert summary(result) == "2 listed, 1 new"
    assert TXT_NAME not in account.status()


# What is wanted.


def test_a_changed_format_decides_dropped_names_anew(account, scores):
    sync(account, "--all")
    account.configure(format="both")
    assert summary(sync(account)) == "2 listed, 0 new: 1 stored"
    assert account.stored() == scores
    account.configure(format="txt")
    assert summary(sync(account)) == "2 listed, 0 new"
    assert account.stored() == scores  # what is had stays


def test_of_both_formats_one_is_stored_under_first(account, emulator):
    account.configure(format="first")
    for name in names(10):
        emulator.add(name, name.encode())
        emulator.add(name.replace(".csv", ".txt"), name.encode())
    sync(account, "--all")
    assert sorted(states(account).values()) == ["dropped"] * 11 + ["stored"] * 11
    stems = [name.rsplit(".")[0] for name in account.stored()]
    assert len(set(stems)) == 11


def test_file_types_say_which_files_of_the_listing_are_wanted(account, emulator):
    account.configure(extensions="csv txt zip", file_types="Essay File")
    emulator.add("5818_essays.zip", b"PK essays")
    result = sync(account, "--all")
    assert summary(result) == "3 listed, 3 new: 1 stored, 2 dropped (file-types = essay file)"
    assert account.stored() == {"5818_essays.zip": b"PK essays"}
    assert states(account)[CSV_NAME] == "not wanted"
    account.configure(file_types="scores file; Essay File")
    assert summary(sync(account)).startswith("3 listed, 0 new: 1 stored")
    assert CSV_NAME in account.stored()


def test_names_that_break_the_rules_are_never_used(empty, emulator):
    data = fill(emulator, 1)
    emulator.add("-rf.csv", b"x")
    result = sync(empty, "--all", code=EX_TEMPFAIL)  # asked for once more
    assert '1 invalid names in the listing, ignored: "-rf.csv"' in result.err
    assert summary(result) == "1 listed, 1 new: 1 stored, 1 invalid names"
    assert empty.stored() == data
    assert "row" in [row["kind"] for row in empty.sql("SELECT kind FROM alerts")]
    assert "invalid names" in empty.scorefetch("status").out.decode()
    result = sync(empty)  # it has been said
    assert summary(result) == "1 listed, 0 new: 1 invalid names"
    assert empty.sql("SELECT 1 FROM accounts WHERE synced > 0") != []


def test_names_that_differ_in_case_only_are_two_files(empty, emulator):
    data = {"5818_a.csv": b"ID\r\nsmall\r\n", "5818_A.csv": b"ID\r\nlarge\r\n", "5818_a.CSV": b"ID\r\nend\r\n"}
    for name, content in data.items():
        emulator.add(name, content)
    sync(empty, "--all")
    assert empty.stored() == data


# Files that are posted again.


def test_a_file_that_is_posted_again_replaces_the_older_one(account, emulator, scores):
    sync(account, "--all")
    corrected = scores[CSV_NAME].replace(b"Student1,", b"Student One,")
    emulator.add(CSV_NAME, corrected)
    assert summary(sync(account)) == "2 listed, 0 new: 1 corrected"
    assert account.stored() == {CSV_NAME: corrected}
    assert (account.directory / ".superseded" / f"{CSV_NAME}.~1~").read_bytes() == scores[CSV_NAME]
    assert summary(sync(account)) == "2 listed, 0 new"
    assert [request["status"] for request in calls(emulator, "object")] == [200, 200]


def test_a_date_alone_makes_it_a_look_at_the_file(account, emulator, scores):
    sync(account, "--all")
    emulator.add(CSV_NAME, scores[CSV_NAME], mtime=2_000_000_000)
    assert summary(sync(account)) == "2 listed, 0 new: 1 unchanged"
    assert [request["status"] for request in calls(emulator, "object")] == [200, 304]
    assert summary(sync(account)) == "2 listed, 0 new"


def test_a_correction_is_seen_after_mail_brought_the_first_version(account, emulator):
    assert account.scoremail(stdin=mail("csv")).code == 0
    emulator.add(CSV_NAME, b"ID,NAME\r\n1,Corrected\r\n")
    assert summary(sync(account, "--all")).startswith("2 listed, 1 new: 1 corrected")
    assert account.stored() == {CSV_NAME: b"ID,NAME\r\n1,Corrected\r\n"}


def test_a_correction_that_could_not_be_fetched_is_fetched_by_the_next_sync(account, emulator):
    account.is_impatient()
    sync(account, "--all")
    emulator.add(CSV_NAME, b"ID,NAME\r\n1,Corrected\r\n")
    emulator.faults("object:status=500")
    assert "1 left" in summary(sync(account, code=EX_TEMPFAIL))
    emulator.faults()
    account.time_passes(60)
    assert summary(sync(account)) == "2 listed, 0 new: 1 corrected"


# What goes wrong.


def test_a_size_that_is_not_the_listings_is_damage(empty, emulator):
    data = fill(emulator, 1)
    emulator.faults("object:wrong-length=-5x2")
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert "has 1995 bytes, but the listing says 2000" in result.err
    assert summary(result).startswith(f"1 listed, 1 new: 1 left: {names(1)[0]}: ")
    assert empty.stored() == {}
    empty.time_passes(60)
    sync(empty)
    assert empty.stored() == data


def test_a_file_that_fails_does_not_stop_the_others_and_is_named(empty, emulator):
    data = fill(emulator, 6)
    (empty.directory / names(6)[3]).write_bytes(b"another one's")
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert re.search(r"1 left: 5818_003.csv: .*another", summary(result)), result.err
    del data[names(6)[3]]
    assert data.items() <= empty.stored().items()
    assert len([line for line in result.err.splitlines() if "5818_003.csv" in line]) == 2


@pytest.mark.parametrize("fault", ["file:status=500", "object:stall=0"])
def test_a_service_that_is_gone_is_not_asked_for_every_file(empty, emulator, fault):
    data = fill(emulator, 60)
    empty.configure(parallel=2)
    empty.is_impatient()
    emulator.faults(fault)
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert "60 left: 5818_000.csv, 5818_001.csv" in summary(result) and "and 55 more" in summary(result)
    assert len({request["name"] for request in calls(emulator, "file")}) < 10
    emulator.faults()
    empty.time_passes(60)
    assert summary(sync(empty)) == "60 listed, 0 new: 60 stored"  # --all has decided, once
    assert empty.stored() == data


def test_a_service_that_is_down_for_a_while_is_waited_for(empty, emulator):
    data = fill(emulator, 20)
    emulator.faults("file:resetx4", "object:status=500x4", "file:not-jsonx2")
    assert summary(sync(empty, "--all")) == "20 listed, 20 new: 20 stored"
    assert empty.stored() == data


@pytest.mark.parametrize("fault", ["file:retry-after=2x1", "object:retry-after=2x1"])
def test_retry_after_holds_for_every_call(empty, emulator, fault):
    fill(emulator, 8)
    empty.configure(parallel=2)
    emulator.faults(fault)
    assert summary(sync(empty, "--all")) == "8 listed, 8 new: 8 stored"
    times = [
        (datetime.datetime.fromisoformat(request["time"].removesuffix("Z")).timestamp(), request)
        for request in emulator.requests()
    ]
    (struck,) = [when for when, request in times if request["status"] == 503]
    # what was under way already, or begun before the answer was read, may come to its end; the rest waits
    later = [when - struck for when, request in times if request["call"] == "file" and when > struck]
    assert len([gap for gap in later if gap < 1.9]) <= 3 and max(later) >= 1.9, later


def test_a_retry_after_beyond_all_patience_ends_the_run(empty, emulator):
    fill(emulator, 40)
    empty.configure(parallel=2)
    emulator.faults("file:retry-after=3600x1")
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert "allows no call before" in result.err
    stored = len(empty.stored())
    assert stored < 10 and f"{40 - stored} left" in summary(result)
    (row,) = empty.sql("SELECT next_attempt - updated AS pause FROM files WHERE name = '5818_000.csv'")
    assert 3500 <= row["pause"] <= 3601 or "5818_000.csv" in empty.stored()


def test_too_many_requests_slow_everything_down(empty, emulator):
    data = fill(emulator, 8)
    emulator.faults("file:status=429x3")
    assert summary(sync(empty, "--all")) == "8 listed, 8 new: 8 stored"
    assert empty.stored() == data


def test_a_token_that_expires_in_the_middle_is_renewed(build, start_emulator, tmp_path):
    emulator = start_emulator("--token-lifetime", 3)  # seconds in which a token that was just issued has to arrive
    account = Account(tmp_path, build, emulator, parallel=2)
    data = fill(emulator, 24)
    emulator.faults("file:delay=300")
    assert summary(sync(account, "--all")) == "24 listed, 24 new: 24 stored"
    assert account.stored() == data
    refused = [request for request in calls(emulator, "file") if request["status"] == 401]
    assert 1 <= len(calls(emulator, "login")) - 1 <= len(refused) <= 2 * len(calls(emulator, "login"))
    assert account.sql("SELECT rejected FROM accounts") == [{"rejected": None}]


def test_a_rejected_password_is_tried_once_and_its_code_told(empty, emulator):
    fill(emulator, 5)
    empty.write_password("wrong horse battery staple")
    assert "rejected user name or password" in sync(empty, "--all", code=EX_NOPERM).err
    sync(empty, code=EX_NOPERM)
    assert [request["call"] for request in emulator.requests()] == ["login"]


def test_tokens_that_are_rejected_again_and_again_end_the_run(empty, emulator):
    fill(emulator, 20)
    empty.configure(parallel=2)
    emulator.faults("file:status=401")
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert "rejects the token that it has just issued (401" in result.err
    assert "20 left" in summary(result)
    # at most by those who were at work or waited for their turn, each with one renewal
    assert len(calls(emulator, "file")) <= 8 and len(calls(emulator, "login")) <= 5


def test_a_password_that_is_rejected_in_the_middle_is_not_repeated(empty, emulator):
    fill(emulator, 20)
    empty.configure(parallel=2)
    emulator.faults("file:delay=800")
    running = start_sync(empty, "--all")
    emulator.wait_for(lambda seen: sum(request["call"] == "object" for request in seen) >= 2)
    emulator.faults("file:status=401", "login:status=401")
    done = running.end()
    assert done.code == EX_TEMPFAIL
    assert "rejected user name or password" in done.err
    assert [request["status"] for request in calls(emulator, "login")] == [200, 401]
    sync(empty, code=EX_NOPERM)
    assert len(calls(emulator, "login")) == 2


def test_a_full_or_missing_directory_leaves_everything_for_the_next_run(empty, emulator):
    data = fill(emulator, 10)
    away = empty.directory.rename(empty.folder / "away")
    result = sync(empty, "--all", code=EX_TEMPFAIL)
    assert "10 left" in summary(result)
    assert calls(emulator, "file") == []
    away.rename(empty.directory)
    assert summary(sync(empty)) == "10 listed, 0 new: 10 stored"
    assert empty.stored() == data


def test_a_name_that_had_failed_is_tried_again_when_it_is_listed(empty, emulator):
    name = names(1)[0]
    assert empty.receive(name).code == EX_TEMPFAIL
    empty.sql("UPDATE files SET state = 'failed', new_covers = (SELECT max(id) FROM events)")
    data = fill(emulator, 1)
    assert summary(sync(empty, "--all")) == "1 listed, 0 new: 1 stored"
    assert empty.stored() == data


# Side by side.


def test_urls_are_asked_for_only_when_their_transfers_can_start(empty, emulator):
    fill(emulator, 12, size=200_000)
    empty.configure(parallel=3)
    emulator.faults("object:stall=1000")
    running = start_sync(empty, "--all")
    emulator.wait_for(lambda seen: sum(request["call"] == "object" for request in seen) == 3)
    running.process.send_signal(signal.SIGTERM)
    done = running.end()
    assert done.code == EX_TEMPFAIL
    assert len(calls(emulator, "file")) == len(calls(emulator, "object")) == 3


def test_connections_are_used_again(build, emulator, tmp_path):
    relay = Relay(emulator.port)
    account = Account(tmp_path, build, emulator, parallel=3)
    account.configure(service_url=f"https://localhost:{relay.port}/pascoredwnld")
    data = fill(emulator, 30)
    sync(account, "--all")
    relay.close()
    assert account.stored() == data
    assert len(calls(emulator, "file")) == 30
    assert len(relay.sent) <= 3  # login and listing use one of them


def test_a_listing_that_grows_during_a_sync_is_met_by_the_next_one(empty, emulator):
    data = fill(emulator, 10)
    emulator.faults("object:delay=200")
    running = start_sync(empty, "--all")
    emulator.wait_for(lambda seen: any(request["call"] == "file" for request in seen))
    emulator.add("5818_late.csv", b"ID\r\nlate\r\n")
    assert running.end().code == 0
    assert empty.stored() == data
    assert summary(sync(empty, "--since", "last")) == "11 listed, 1 new: 1 stored"


def test_a_signal_ends_it_with_a_summary_and_the_next_run_goes_on(empty, emulator):
    data = fill(emulator, 40)
    empty.configure(parallel=2)
    emulator.faults("file:delay=400")
    running = start_sync(empty, "--all")
    emulator.wait_for(lambda seen: sum(request["call"] == "object" for request in seen) >= 5)
    running.process.send_signal(signal.SIGINT)
    done = running.end()
    assert done.code == EX_TEMPFAIL
    found = re.search(r"40 listed, 40 new: (\d+) stored, (\d+) left", done.err)
    assert found, done.err
    stored = empty.stored()
    assert len(stored) == int(found[1]) == 40 - int(found[2]) and stored.items() <= data.items()
    emulator.faults()
    assert f"40 listed, 0 new: {found[2]} stored" in sync(empty).err
    assert empty.stored() == data


def test_every_account_is_synced_and_one_that_fails_does_not_stop_the_others(account, emulator, scores):
    account.configure(password_file=account.folder / "missing")
    north = second_account(account, "north", password_file=account.password_file)
    west = second_account(account, "west", password_file=account.password_file, format="txt")
    result = account.scorefetch("sync", "--all")
    assert result.code == 78  # of main's password file
    assert (north / CSV_NAME).read_bytes() == scores[CSV_NAME]
    assert (west / TXT_NAME).read_bytes() == scores[TXT_NAME]
    assert len(calls(emulator, "login")) == 2
    assert "account west: 2 listed, 2 new: 1 stored" in result.err


# What is shown.


@pytest.mark.parametrize("command, outcome", [
    (("sync", "--all"), "1 listed, 1 new: 1 stored\n"),
    (("get", "5818_large.csv"), "scores\n"),
])  # fmt: skip
def test_progress_is_shown_on_a_terminal(empty, emulator, command, outcome):
    emulator.add("5818_large.csv", large_scores(60_000))
    emulator.faults("object:drip=40000")
    done = empty.scorefetch(*command, terminal=True)
    assert done.code == 0
    assert re.search(r"5818_large\.csv +\d+%  [\d.]+ k?B(ytes)? of 60\.0 kB", done.err), done.err
    assert done.err.endswith(outcome)


class Screen:
    """What a terminal shows of the few things that scorefetch writes to one."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [""]
        self.row = 0
        self.widest = 0

    def feed(self, text):
        for piece in re.findall(r"\x1b\[[A-Z]|[\r\n]|[^\x1b\r\n]+", text):
            if piece == "\x1b[A":
                self.row -= 1
            elif piece == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif piece in ("\r", "\x1b[K"):
                self.lines[self.row] = ""  # it never does the one without the other, nor writes over
            else:
                self.lines[self.row] += piece
                if "%" in piece:
                    self.widest = max(self.widest, len(self.lines[self.row]))
        return self


@pytest.mark.parametrize("columns", [25, 45, 120])
def test_progress_is_tidy_in_any_width_and_gone_at_the_end(empty, emulator, columns):
    data = fill(emulator, 6, size=30_000)
    emulator.faults("object:drip=30000")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    said = bytearray()
    reader = threading.Thread(target=read_to_the_end, args=(ours, said))
    reader.start()
    argv = [empty.build / "scorefetch", "sync", "-c", empty.config, "--all"]
    done = subprocess.run(argv, stderr=theirs, timeout=300)
    os.close(theirs)
    reader.join()
    text = said.decode().replace("\r\n", "\n")
    screen = Screen(columns).feed(text)
    assert done.returncode == 0
    assert 0 < screen.widest < columns
    assert text.count("\x1b[A") > 0  # several lines at a time
    assert ("3 of 6: " in text) == (columns > 25)
    left = [line for line in screen.lines if line]
    assert len(left) == len(data) + 1 and not [line for line in left if "%" in line], left
    assert left[-1].endswith("6 listed, 6 new: 6 stored")


def read_to_the_end(terminal, said):
    with open(terminal, "rb", buffering=0) as screen:
        try:
            while chunk := screen.read(4096):
                said += chunk
        except OSError:  # EIO: its other end is closed
            pass


@pytest.mark.parametrize("terminal, options", [(False, ()), (True, ("-q",))])
def test_progress_is_not_shown_elsewhere_or_with_q(empty, emulator, terminal, options):
    emulator.add("5818_large.csv", large_scores(60_000))
    emulator.faults("object:drip=40000")
    done = empty.scorefetch("get", "5818_large.csv", *options, terminal=terminal)
    assert done.code == 0
    assert "%" not in done.err and "\x1b" not in done.err
    assert (done.err == "") == bool(options)


def test_rows_that_the_listing_counts_otherwise_are_shown_and_no_failure(account, emulator):
    sync(account, "--all")
    account.sql("UPDATE files SET listed_records = 90")
    shown = account.scorefetch("list").out.decode()
    assert re.search(CSV_NAME + r".* 101 \(file: 100\)", shown)
    (one,) = json.loads(account.scorefetch("list", "--json").out)["accounts"]
    (file,) = [file for file in one["files"] if file["name"] == CSV_NAME]
    assert (file["records"], file["records_counted"], file["records_differ"]) == (101, 100, True)


def test_files_are_encrypted_side_by_side_and_their_sizes_compared_as_they_came(sealing, registrar, emulator, scores):
    data = fill(emulator, 12) | {CSV_NAME: scores[CSV_NAME]}
    assert sealing.scoremail(stdin=mail("csv")).code == 0
    assert summary(sync(sealing, "--all")) == "14 listed, 13 new: 12 stored, 1 dropped (format = csv)"
    stored = sealing.stored()
    assert {name: registrar.decrypt(content) for name, content in stored.items()} == {
        f"{name}.gpg": content for name, content in data.items()
    }
    assert summary(sync(sealing)) == "14 listed, 0 new"
    assert len(calls(emulator, "object")) == len(data)
