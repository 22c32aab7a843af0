"""Each fault of the service and of the object store: what the filter makes of it."""
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, Account, large_scores, mail

LONG = "30s"  # give-up-after for what goes well, or ends at once: ten seconds for each call on a machine that is slow
MEGABYTE = 1024 * 1024
LARGE = large_scores(6 * MEGABYTE)  # a part of more than 4 MiB is kept for the next run
ELSEWHERE = "https://localhost:1/elsewhere"  # nobody listens there


@dataclass
class Fault:
    """A fault that always strikes, and one that strikes once.

    code, words    how the filter ends when it always strikes; words of its one line on stderr
    once           requests (for a URL, for the object) of a run in which it strikes once and the
                   file is stored; None: such a run ends as one in which it always strikes
    """

    spec: str
    words: str
    once: Optional[tuple] = (2, 1)
    code: int = EX_TEMPFAIL


NO_FAULT = {"code": 0, "words": "", "once": (1, 1)}
ASKED_TWICE = (2, 2)
SLOW = "timed out|too slow"

FAULTS = [
    # the API call
    Fault("file:delay=300", **NO_FAULT),
    Fault("file:drip=1000", **NO_FAULT),
    Fault("file:no-length", **NO_FAULT),
    # a word too much, in front of JSON that is none the worse: asked for once more, and read as it is
    Fault("file:encoding", **{**NO_FAULT, "once": (2, 1)}),
    Fault("file:delay=20000", SLOW),
    Fault("file:stall=0", SLOW),
    Fault("file:stall=20", SLOW),
    Fault("file:drip=1", SLOW),
    Fault("file:status=500", "service answers 500"),
    Fault("file:status=502", "service answers 502"),
    Fault("file:status=503", "service answers 503"),
    Fault("file:status=429", "service answers 429"),
    Fault("file:status=400", "service answers 400"),
    Fault("file:status=301", "service answers 301.*redirect.*not followed"),
    Fault(f"file:redirect={ELSEWHERE}", "service answers 302.*redirect.*not followed"),
    Fault("file:status=401", "account main.*accepts user name and password, but refuses the call"),  # by a login
    Fault("file:status=403", "account main.*lacks the role to download files.*scorefetch retry -a main", None),
    Fault("file:status=404", "no file of that name.*404", None),
    Fault("file:retry-after=60", "service answers 503", None),
    Fault("file:reset", "[Rr]eset|empty reply"),
    Fault("file:reset=0", "[Rr]eset"),
    Fault("file:reset=30", "[Rr]eset"),
    Fault("file:short=10", "10 bytes (remaining|missing)"),
    Fault("file:wrong-length=10", "10 bytes (remaining|missing)"),
    Fault("file:wrong-length=-10", "no fileUrl.*not JSON"),
    Fault("file:broken-json", "no fileUrl.*not JSON"),
    Fault("file:not-json", "no fileUrl.*not JSON"),
    Fault("file:huge-json", "exceeds 64 KiB"),
    Fault("file:expired", "object store answers 403: AccessDenied", ASKED_TWICE),
    Fault("file:foreign-host=scores.example.net", "https://scores.example.net/.*not in storage-hosts", None),
    Fault("file:http-url", "http://localhost.*is not https", None),
    Fault("file:userinfo-url", "contains a user name", None),
    # the GET of the object
    Fault("object:delay=300", **NO_FAULT),
    Fault("object:drip=20000", **NO_FAULT),
    Fault("object:delay=20000", SLOW, ASKED_TWICE),
    Fault("object:stall=0", SLOW, ASKED_TWICE),
    Fault("object:status=403", "object store answers 403: AccessDenied", ASKED_TWICE),
    Fault("object:status=404", "object store answers 404: NoSuchKey", ASKED_TWICE),
    Fault("object:status=400", "object store answers 400", ASKED_TWICE),
    Fault("object:status=429", "object store answers 429", ASKED_TWICE),
    Fault("object:status=500", "object store answers 500: InternalError", ASKED_TWICE),
    Fault("object:status=503", "object store answers 503: SlowDown", ASKED_TWICE),
    Fault(f"object:redirect={ELSEWHERE}", "object store answers 302.*redirect.*not followed", ASKED_TWICE),
    Fault("object:retry-after=60", "object store answers 503", None),
    # here both calls go over one connection: where that breaks before an answer, libcurl takes a new one by itself
    Fault("object:reset", "[Rr]eset|empty reply", (1, 2)),
    Fault("object:reset=0", "[Rr]eset", ASKED_TWICE),
    Fault("object:short=10", "10 bytes (remaining|missing)", (2, 2)),
    Fault("object:wrong-length=-10", "not match the object store's MD5", ASKED_TWICE),
    # all bytes were there: 416 says so to whoever asks for the rest
    Fault("object:wrong-length=10", **{**NO_FAULT, "once": (2, 2)}),
    Fault("object:no-length", **NO_FAULT),  # in chunks, which have an end
    Fault("object:encoding", "Content-Encoding", ASKED_TWICE),
    Fault("object:not-json", "begins with '<'", ASKED_TWICE),
    Fault("object:xml-200", "begins with '<'", ASKED_TWICE),
    Fault("object:bad-etag", "not match the object store's MD5", ASKED_TWICE),
    Fault("object:corrupt", "not match the object store's MD5", ASKED_TWICE),
]


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


def assert_one_line(done, words):
    """The filter's failure as a mail system logs it: the program, the name, the reason."""
    assert done.out == b""
    assert re.fullmatch(r"scoremail: .+\n", done.err), done.err
    assert CSV_NAME in done.err
    assert re.search(words, done.err), done.err


def assert_stored(account, data):
    assert files_in(account.directory) == [CSV_NAME]
    assert account.stored() == {CSV_NAME: data}
    assert account.status()[CSV_NAME]["state"] == "stored"


def requests(emulator):
    return len(emulator.requests("file")), len(emulator.requests("object"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.spec)
def test_a_fault_that_always_strikes(account, emulator, scores, fault):
    account.configure(run_limit="2min")
    emulator.faults(fault.spec)
    done = account.with_patience(
        lambda: account.scoremail(stdin=mail("csv")),
        lambda done: done.code == fault.code and re.search(fault.words, done.err),
    )
    assert done.code == fault.code, done.err
    if done.code == 0:
        assert done.err == ""
        assert_stored(account, scores[CSV_NAME])
    else:
        assert_one_line(done, fault.words)
        assert files_in(account.directory) == []
        row = account.status()[CSV_NAME]
        assert row["state"] == "waiting"
        assert row["reason"] in done.err
    account.assert_no_secret(done.out, done.err, account.scorefetch("status").out)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.spec)
def test_a_fault_that_strikes_once(account, emulator, scores, fault):
    account.configure(give_up_after="15s" if fault.words == SLOW else LONG)
    emulator.faults(fault.spec + "x1")
    done = account.scoremail(stdin=mail("csv"))
    if fault.once:
        assert (done.code, done.err) == (0, "")
        assert_stored(account, scores[CSV_NAME])
        assert requests(emulator) == fault.once
    else:
        assert done.code == EX_TEMPFAIL
        assert_one_line(done, fault.words)
        assert files_in(account.directory) == []
    account.assert_no_secret(done.out, done.err)


def get_of(request):
    """A GET as the access log has it: what was asked for, and what came."""
    return request["range"], request["status"]


def part_in(account):
    """The one part that is kept, and nothing else."""
    (part,) = account.directory.iterdir()
    assert re.fullmatch(rf"\.{re.escape(CSV_NAME)}\.\d+\.part", part.name)
    return part


@pytest.mark.parametrize("spec", ["corrupt", "bad-etag", "wrong-length=-10", "xml-200"])
def test_damaged_bytes_are_asked_for_in_full_once_more(account, emulator, spec):
    emulator.add(CSV_NAME, LARGE)
    account.configure(give_up_after="30s")
    emulator.faults(f"object:{spec}")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert [get_of(request) for request in emulator.requests("object")] == [(None, 200)] * 2
    assert files_in(account.directory) == []  # nobody can go on with bytes that are wrong


def keep_a_part(account, emulator):
    """A run that is stopped when most of the file is there, and no more comes: the size of what it leaves."""
    emulator.add(CSV_NAME, LARGE)
    account.configure(give_up_after="60s")
    emulator.faults("object:reset=5000000x1", "object:status=503")
    running = account.start(mail("csv")).go()
    emulator.wait_for(lambda seen: any(request["status"] == 503 for request in seen))
    running.process.terminate()
    done = running.end()
    assert done.code == EX_TEMPFAIL, done.err
    kept = part_in(account).stat().st_size
    assert 4 * MEGABYTE <= kept <= 5000000
    emulator.faults()
    return kept


@pytest.mark.parametrize("etag", ["md5", "multipart", "opaque"])
def test_a_reset_in_the_middle_is_resumed(build, start_emulator, tmp_path, etag):
    emulator = start_emulator("--etag", etag)
    emulator.add(CSV_NAME, LARGE)
    account = Account(tmp_path, build, emulator)
    emulator.faults("object:reset=3000000x1")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    first, second = emulator.requests("object")
    assert get_of(first) == (None, 200)
    assert second["status"] == 206
    begin = int(re.fullmatch(r"bytes=(\d+)-", second["range"])[1])
    assert 0 < begin <= 3000000
    assert second["sent"] == len(LARGE) - begin


def test_a_link_that_breaks_every_megabyte_brings_the_file(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    account.configure(give_up_after="60s")
    emulator.faults(f"object:reset={MEGABYTE}")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    gets = emulator.requests("object")
    assert [request["status"] for request in gets] == [200] + [206] * (len(gets) - 1)
    assert len(gets) <= 8


def test_a_file_that_changes_between_two_gets_is_fetched_anew(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    corrected = large_scores(len(LARGE), version=2)
    account.configure(give_up_after="60s")
    emulator.faults("object:reset=3000000x1", "object:status=503")
    running = account.start(mail("csv")).go()
    emulator.wait_for(lambda seen: any(request["call"] == "object" for request in seen))
    emulator.add(CSV_NAME, corrected)
    emulator.faults()
    done = running.end()
    assert (done.code, done.err) == (0, "")
    assert_stored(account, corrected)
    asked, status = get_of(emulator.requests("object")[-1])
    assert asked.startswith("bytes=") and status == 200  # for the rest, and got all of it: If-Range


def test_the_next_run_resumes_what_was_kept(account, emulator):
    kept = keep_a_part(account, emulator)
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    assert get_of(emulator.requests("object")[-1]) == (f"bytes={kept}-", 206)


def test_the_next_run_starts_over_where_the_file_has_changed(account, emulator):
    kept = keep_a_part(account, emulator)
    corrected = large_scores(len(LARGE) + 1, version=2)
    emulator.add(CSV_NAME, corrected)
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, corrected)
    assert get_of(emulator.requests("object")[-1]) == (f"bytes={kept}-", 200)


def test_a_part_of_another_boot_is_not_trusted(account, emulator):
    keep_a_part(account, emulator)
    account.sql("UPDATE files SET boot_id = 'another'")
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, LARGE)
    assert get_of(emulator.requests("object")[-1]) == (None, 200)


def test_a_stall_in_the_middle_is_resumed(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    account.configure(give_up_after="18s")
    emulator.faults("object:stall=3000000x1")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    assert [request["status"] for request in emulator.requests("object")] == [200, 206]


def test_a_run_ends_at_its_limit_and_the_next_one_goes_on(account, emulator):
    emulator.add(CSV_NAME, LARGE)
    emulator.faults(f"object:drip={MEGABYTE // 4}")
    done = account.with_patience(
        lambda: account.scoremail(stdin=mail("csv")), lambda _: any(account.stored().values()), "run_limit", ("5s", "20s"))
    assert done.code == EX_TEMPFAIL
    assert_one_line(done, "run-limit")
    kept = part_in(account).stat().st_size
    assert kept > 0
    assert account.status()[CSV_NAME]["next_attempt"] is None  # at once, if somebody comes
    emulator.faults()
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert_stored(account, LARGE)
    assert get_of(emulator.requests("object")[-1]) == (f"bytes={kept}-", 206)


def test_a_small_file_that_meets_the_limit_leaves_nothing(account, emulator):
    emulator.faults("object:drip=10")
    done = account.with_patience(lambda: account.scoremail(stdin=mail("csv")), lambda done: "run-limit" in done.err, "run_limit")
    assert done.code == EX_TEMPFAIL
    assert_one_line(done, "run-limit")
    assert files_in(account.directory) == []


DRIPS = {
    "inline": lambda account: account.scoremail(stdin=mail("csv")),
    "get": lambda account: account.scorefetch("get", CSV_NAME),
    "sync": lambda account: account.scorefetch("sync", "--all"),
    "run": lambda account: (account.receive(CSV_NAME), account.scorefetch("run"))[-1],
}


@pytest.mark.parametrize("how", DRIPS)
def test_a_store_that_drips_is_too_slow_whoever_asks(account, emulator, how):
    """Ten bytes a second, and not one second without a byte: it would take five minutes."""
    account.configure(delivery="queued" if how == "run" else "inline")
    emulator.faults("object:drip=10")
    begin = time.monotonic()
    done = account.with_patience(lambda: DRIPS[how](account), lambda done: "too slow" in done.err)
    assert done.code == EX_TEMPFAIL and "the object store is too slow" in done.err
    assert time.monotonic() - begin < 120
    assert account.status()[CSV_NAME]["state"] == "waiting" and files_in(account.directory) == []


def test_a_few_bytes_of_each_answer_are_no_progress_either(account, emulator):
    """A store that breaks off all the time, a byte further on each time, would never be done."""
    account.configure(give_up_after="3s")
    emulator.add(CSV_NAME, LARGE)
    emulator.faults("object:reset=1000")
    begin = time.monotonic()
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and time.monotonic() - begin < 120


@pytest.mark.parametrize("call", ["file", "object"])
def test_the_limit_ends_calls_that_do_not_answer(account, emulator, call):
    account.configure(run_limit="2s", give_up_after="10min")
    emulator.faults(f"{call}:delay=100000")
    begin = time.monotonic()
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert len(done.err.splitlines()) == 1
    assert time.monotonic() - begin < 90  # 2 s, and whatever a busy machine adds
    assert files_in(account.directory) == []


def test_patience_has_an_end_and_pauses_grow(account, emulator):
    account.configure(give_up_after="5s")
    emulator.faults("file:status=503")
    begin = time.monotonic()
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert time.monotonic() - begin < 90
    # 0.25 to 0.5 s, twice that, four times that, ...: in 5 s no more than five pauses
    assert 2 <= len(emulator.requests("file")) <= 6


@pytest.mark.parametrize("call", ["file", "object"])
def test_retry_after_is_waited_for(account, emulator, call):
    account.configure(give_up_after="30s")
    emulator.faults(f"{call}:retry-after=2x1")
    begin = time.monotonic()
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert time.monotonic() - begin >= 2
    assert requests(emulator) == ((2, 1) if call == "file" else (2, 2))


@pytest.mark.parametrize("call", ["file", "object"])
def test_a_long_retry_after_binds_the_next_message_too(account, emulator, scores, call):
    emulator.faults(f"{call}:retry-after=600")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    asked = requests(emulator)
    emulator.faults()
    for done in (account.scoremail(stdin=mail("csv")), account.receive(CSV_NAME)):
        assert done.code == EX_TEMPFAIL
        assert_one_line(done, "next attempt not before.* answers 503")
    assert requests(emulator) == asked
    account.time_passes(600)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, scores[CSV_NAME])


def shown_by_proc(pid):
    """All that other users of the machine, or a crash report, could see of a process."""
    proc = f"/proc/{pid}"
    yield from (open(f"{proc}/{name}", "rb").read() for name in ("environ", "cmdline", "comm", "status", "maps"))
    for fd in os.listdir(f"{proc}/fd"):
        with suppress(FileNotFoundError):  # it may close some meanwhile
            yield os.readlink(f"{proc}/fd/{fd}").encode()


@pytest.mark.parametrize("signature", ["v2", "v4"])
def test_no_secret_is_seen_from_outside_while_it_works(build, start_emulator, tmp_path, signature):
    emulator = start_emulator("--signature", signature)
    emulator.add(CSV_NAME, LARGE)
    account = Account(tmp_path, build, emulator)
    emulator.faults("object:stall=5000000")
    running = account.start(mail("csv")).go()
    try:
        emulator.wait_for(lambda seen: any(request["call"] == "object" for request in seen))
        pid = running.scorefetch()
        assert os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "scorefetch"
        seen = [*shown_by_proc(running.pid), *shown_by_proc(pid)]
        limits = open(f"/proc/{pid}/limits", encoding="ascii").read()
        part_in(account)
        account.assert_no_secret(*seen)
    finally:
        running.kill()
        killed = running.end()
    assert any(os.fsencode(account.directory) in target for target in seen)
    assert re.search(r"Max core file size +0 +0 ", limits)
    account.assert_no_secret(killed.out, killed.err)
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert_stored(account, LARGE)
