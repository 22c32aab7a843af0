"""scoremail as a filter: limits on what it reads, what it hands on, and how it fails."""

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest
from agents import wait_for
from harness import is_gone, received
from mail_filter import (BAD_NAME, BUILD, FILTER, NO_SPAN, OK, READER, SANITIZED, SCOREMAIL, SPAN, TEMPORARY, fixture,
                         html, named, parts, scoremail)

# ---------------------------------------------------------------- input and its limits


@pytest.mark.parametrize("option, code", [("-v", TEMPORARY), ("--extract", 74)])
def test_a_closed_input_is_an_error(option, code):
    """A recipe that is wrong, and not a message that announces nothing."""
    run = subprocess.run([SCOREMAIL, option], stdin=None, capture_output=True, preexec_fn=lambda: os.close(0))
    assert run.returncode == code and run.stderr == b"scoremail: standard input is closed; pipe a message into scoremail\n"


def test_an_empty_input_is_no_notification():
    assert scoremail(message=b"").returncode == OK


def test_a_message_as_large_as_allowed_is_read():
    message = html(SPAN)
    assert scoremail("--extract", "--max-message", str(len(message)), message=message).returncode == OK


def test_a_larger_one_is_not():
    message = html(SPAN)
    limit = str(len(message) - 1)
    assert scoremail("--extract", "--max-message", limit, message=message).returncode == BAD_NAME
    run = scoremail("--max-message", limit, message=message)
    assert run.returncode == OK and b"larger than" in run.stderr and run.stdout == b""


def test_a_message_over_the_limit_is_drained():
    """70 MB from a writer that would get SIGPIPE if scoremail left early."""
    megabyte = bytes(1_000_000)
    with subprocess.Popen([SCOREMAIL], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(70):
            process.stdin.write(megabyte)
        process.stdin.close()
        said = process.stderr.read()
        assert process.wait() == OK and b"larger than 67108864 bytes" in said


def test_thirty_megabytes_with_an_attachment_are_read():
    blob = base64.encodebytes(random.Random(1).randbytes(22_000_000)).decode()
    message = parts(f"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n{blob}",
                    f"Content-Type: text/html\n\n{SPAN}\n")
    assert scoremail("--extract", message=message).stdout == b"a.csv\n"


def is_asleep(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"


def test_a_non_blocking_input_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    message = fixture("csv.eml")
    with subprocess.Popen([SCOREMAIL, "--extract"], stdin=reading, stdout=subprocess.PIPE) as process:
        for piece in (message[:100], message[100:]):
            deadline = time.monotonic() + 60
            while not is_asleep(process.pid):
                assert time.monotonic() < deadline and process.poll() is None
            os.write(writing, piece)
        os.close(writing)
        os.close(reading)
        assert process.stdout.read() == b"4300_20180410_111604.csv\n" and process.wait() == OK


def test_an_unreadable_input_is_tried_again():
    folder = os.open("/", os.O_RDONLY)
    run = scoremail(stdin=folder)
    os.close(folder)
    assert run.returncode == TEMPORARY and b"standard input" in run.stderr


# What makes each, since every worker reads this file.
HOSTILE = {
    "100,000 nested elements": lambda: html(SPAN + "<div>" * 100_000),
    "100,000 attributes": lambda: html("<p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">" + SPAN),
    "three million parts": lambda: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 3_000_000 + b"fileName",
}


def given_its_second(start):
    """What start() gives: the parser takes a second of processor time, which a busy machine may not give it in ten.
    So it goes before others, where it may."""
    ours, end = os.getpriority(os.PRIO_PROCESS, 0), time.monotonic() + 300
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    try:
        while b"did not answer within" in (run := start()).stderr and time.monotonic() < end:
            pass
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, ours)
    return run


@pytest.mark.xdist_group("hostile")  # one at a time: each takes all memory that it may
@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_messages_are_unusable(title):
    run = given_its_second(lambda: scoremail("--extract", "--max-cpu", "1", message=HOSTILE[title]()))
    assert run.returncode == BAD_NAME and run.stdout == b"" and run.stderr.startswith(b"scoremail: unusable message")


# Sanitizers need more of the stack for each level, and three times the time.
DEPTH = 20_000 if SANITIZED else 60_000
DEEP = {
    "multiparts": lambda: b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
                                   for i in range(DEPTH)) + html(SPAN),
    "forwarded messages": lambda: b"Content-Type: message/rfc822\n\n" * DEPTH + html(SPAN),
    "690,000 nested spans": lambda: html("<span>" * 690_000 + SPAN),
}


@pytest.mark.parametrize("title", DEEP)
def test_deep_messages_do_no_harm(title):
    run = given_its_second(lambda: scoremail("--extract", message=DEEP[title]()))
    assert run.returncode in (OK, NO_SPAN, BAD_NAME)


# ---------------------------------------------------------------- the hand-over

STAND_IN = """#!/usr/bin/python3
import fcntl, json, os, sys
fcntl.lockf(0, fcntl.LOCK_SH)
if os.fstat(0).st_size == 0:
    sys.exit(75)
seals = fcntl.fcntl(0, fcntl.F_GET_SEALS)
offset = os.lseek(0, 0, os.SEEK_CUR)
folder = os.path.dirname(os.path.abspath(__file__))
listed = os.listdir("/proc/self/fd")
descriptors = [int(name) for name in listed if os.path.exists("/proc/self/fd/" + name)]
with open(os.path.join(folder, "report.json"), "w") as report:
    json.dump({"argv": sys.argv[1:], "seals": seals, "offset": offset, "event": sys.stdin.buffer.read().hex(),
               "descriptors": descriptors, "link": os.readlink("/proc/self/fd/0")}, report)
sys.exit(int(open(os.path.join(folder, "exit")).read()))
"""

NAMES, NO_VALID_NAME, UNUSABLE = 1, 2, 3


class Installation:
    """A copy of scoremail beside a scorefetch that only reports how it was called."""

    def __init__(self, folder):
        self.folder = folder
        self.program = folder / "scoremail"
        self.scorefetch = folder / "scorefetch"
        for part in (SCOREMAIL, FILTER, READER):
            shutil.copy(part, folder)
        self.scorefetch.write_text(STAND_IN)
        self.scorefetch.chmod(0o755)
        self.exit_with(OK)

    def exit_with(self, code):
        (self.folder / "exit").write_text(str(code))

    def run(self, *args, **kwargs):
        return scoremail(*args, program=self.program, **kwargs)

    def report(self):
        path = self.folder / "report.json"
        return json.loads(path.read_text()) if path.exists() else None

    def event(self):
        return bytes.fromhex(self.report()["event"])


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path)


def test_an_ordinary_message_starts_nothing(installation):
    run = installation.run("-c", "/nonexistent.conf", message=fixture("ordinary.eml"))
    assert (run.returncode, run.stdout, run.stderr) == (OK, b"", b"")
    assert installation.report() is None


def test_the_outcome_is_said_on_a_terminal(installation):
    ours, theirs = pty.openpty()
    run = subprocess.run([installation.program], input=fixture("ordinary.eml"), stdout=subprocess.PIPE, stderr=theirs)
    assert os.read(ours, 1000) == b"scoremail: no notification\r\n" and run.returncode == OK
    os.close(ours)
    os.close(theirs)


def test_the_event_is_handed_over_in_a_sealed_memfd(installation):
    run = installation.run(message=received(fixture("csv.eml"), at=1523373369))
    report = installation.report()
    assert (run.returncode, run.stdout, run.stderr) == (OK, b"", b"")
    assert report["argv"] == ["deliver"]
    assert report["link"].startswith("/memfd:") and report["offset"] == 0
    assert report["seals"] == fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    event = installation.event()
    assert event.startswith(b"SMEV\x02" + bytes([NAMES]))
    for fact in (b"4300_20180410_111604.csv", b"1342865570.41.1523373369224.JavaMail.app@app3.internal.example.org",
                 b"score-reporting@notify.example.org", b"scores@springfield.example.edu"):
        assert fact in event
    assert int.from_bytes(event[-8:], "big") == 1523373369


def test_options_are_handed_on(installation):
    installation.run("-c", "x.conf", "--defer-for=4h", "-n", "-v", "-q", message=fixture("txt.eml"))
    assert installation.report()["argv"] == ["deliver", "-c", "x.conf", "--defer-for", "4h", "-n", "-v", "-q"]


def test_account_and_envelope_go_into_the_event(installation):
    told = {"RECIPIENT": "me+sat@example.edu", "ORIGINAL_RECIPIENT": "scores@oak.example", "EXTENSION": "sat"}
    installation.run("--account=north", message=fixture("csv.eml"), env=told)
    for fact in (b"\0\0\0\x05north", b"me+sat@example.edu", b"scores@oak.example", b"\0\0\0\x03sat"):
        assert fact in installation.event()


@pytest.mark.parametrize("code", [OK, TEMPORARY])
def test_the_exit_code_of_scorefetch_is_ours(installation, code):
    installation.exit_with(code)
    assert installation.run(message=fixture("csv.eml")).returncode == code


def test_a_span_without_a_name_is_handed_over(installation):
    run = installation.run(message=fixture("no-name.eml"))
    event = installation.event()
    assert run.returncode == OK and event[5] == NO_VALID_NAME and b"see the portal" in event


def test_a_name_with_another_extension_is_handed_over(installation):
    installation.run(message=html(named("essays.zip")))
    assert installation.event()[5] == NAMES and b"essays.zip" in installation.event()


def test_an_unusable_message_is_handed_over_with_its_header(installation):
    given_its_second(lambda: installation.run("--max-cpu", "1", message=HOSTILE["100,000 nested elements"]()))
    event = installation.event()
    assert event[5] == UNUSABLE and b"test@example.org" in event and b"sender@example.org" in event


def test_an_outlook_file_is_handed_over_by_its_name(installation):
    run = installation.run(message=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + html(SPAN))
    event = installation.event()
    assert run.returncode == OK and event[5] == UNUSABLE and b"Outlook .msg" in event and b"a.csv" not in event


def test_our_own_alert_starts_nothing(installation):
    run = installation.run(message=b"X-Scoremail-Alert: 1\nAuto-Submitted: auto-generated\n" + html(SPAN))
    assert (run.returncode, run.stdout, run.stderr) == (OK, b"", b"")
    run = installation.run("-v", message=b"X-Scoremail-Alert: 1\n" + html(named("/")))
    assert run.returncode == OK and b"alert" in run.stderr and installation.report() is None


def test_a_mail_loop_starts_nothing_and_is_told(installation):
    run = installation.run(message=b"Received: by x\n" * 51 + html(SPAN))
    assert (run.returncode, run.stdout) == (OK, b"") and installation.report() is None
    assert b"mail loop" in run.stderr and len(run.stderr.splitlines()) == 1


def test_many_hops_of_an_ordinary_message_are_not_told(installation):
    run = installation.run(message=b"Received: by x\n" * 51 + fixture("ordinary.eml"))
    assert (run.returncode, run.stderr) == (OK, b"")


def test_leaked_descriptors_are_closed(installation):
    reading, writing = os.pipe()
    installation.run(message=fixture("csv.eml"), pass_fds=(reading, writing))
    os.close(reading)
    os.close(writing)
    assert sorted(installation.report()["descriptors"]) == [0, 1, 2, 3]  # 3: standard error, until scorefetch is at work


def test_a_scorefetch_that_cannot_be_started_is_temporary(installation):
    installation.scorefetch.chmod(0o644)
    run = installation.run(message=fixture("csv.eml"))
    assert run.returncode == TEMPORARY and run.stdout == b""
    assert str(installation.scorefetch).encode() in run.stderr and len(run.stderr.splitlines()) == 1


def whole():
    return (BUILD / "scorefetch").read_bytes()


BROKEN = {
    "a library that is missing": lambda: whole().replace(b"libcurl.so.4", b"libcurl.so.9"),
    "a status that no mail system knows": lambda: b"#!/bin/sh\nexit 127\n",
    "a status that returns the message": lambda: b"#!/bin/sh\nexit 1\n",
    "a crash at its start": lambda: b"#!/bin/sh\nkill -SEGV $$\n",
    "no memory left": lambda: b"#!/bin/sh\nkill -KILL $$\n",
    "a file that was cut off": lambda: whole()[: len(whole()) // 2],
    "a file that was cut off early": lambda: whole()[:5000],
    "a file that was cut off in its header": lambda: whole()[:40],
    "an interpreter that is missing": lambda: b"#!/nonexistent/sh\n",
    "no program": lambda: b"\0" * 100,
    "nothing in it": lambda: b"",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_scorefetch_that_does_not_start_is_temporary(installation, home, what):
    """Mail systems return the message for what the loader would end it with."""
    installation.scorefetch.write_bytes(BROKEN[what]())
    run = installation.run(message=fixture("csv.eml"), env=home.environment)
    (line,) = run.stderr.decode().splitlines()  # the loader's words are in it
    assert run.returncode == TEMPORARY and run.stdout == b"" and line.startswith("scoremail: ")
    assert str(installation.scorefetch) in line and ("libcurl.so.9: cannot open" in line) == ("library" in what)
    assert installation.run(message=old(fixture("csv.eml")), env=home.environment).returncode == OK
    assert len(home.spooled()) == 1


@pytest.mark.parametrize("what", [*BROKEN, "no execute permission", "one that never ends"])
def test_a_message_that_announces_nothing_needs_no_scorefetch(installation, what):
    """One that is parsed, since it could announce something: scorefetch is started meanwhile, and is to be gone after."""
    installation.scorefetch.write_bytes(BROKEN[what]() if what in BROKEN else b"#!/bin/sh\nexec sleep 1000\n")
    if what not in BROKEN:
        installation.scorefetch.chmod(0o644 if "permission" in what else 0o755)
    run = installation.run(message=fixture("ordinary.eml") + b"fileName\n")
    assert (run.returncode, run.stdout, run.stderr) == (OK, b"", b"")


def test_a_scorefetch_that_takes_too_long_is_stopped(installation, home):
    installation.scorefetch.write_text("#!/bin/sh\nexec sleep 1000\n")
    run = installation.run("--time-limit=1s", message=fixture("csv.eml"), env=home.environment)
    assert run.returncode == TEMPORARY and b"did not end within 1 s (--time-limit) and was stopped" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    run = installation.run("--time-limit=1s", message=old(fixture("csv.eml")), env=home.environment)
    assert run.returncode == OK and len(home.spooled()) == 1


def test_a_scorefetch_that_does_not_heed_a_request_is_killed(installation):
    installation.scorefetch.write_text("#!/usr/bin/python3\nimport signal, time\n"
                                       "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)\n")
    run = installation.run("--time-limit=1s", message=fixture("csv.eml"))
    assert run.returncode == TEMPORARY and b"was stopped" in run.stderr and len(run.stderr.splitlines()) == 1


@pytest.mark.release_only("the sanitizers make these calls as well")
def test_a_program_that_cannot_even_be_read_in_time(installation):
    """As on a share that hangs: the kernel does not come back from starting it."""
    argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=execve:delay_enter=20s:when=1",
            installation.program, "--time-limit=1s"]
    begun = time.monotonic()
    run = subprocess.run(argv, input=fixture("csv.eml"), stdout=subprocess.PIPE, timeout=120)
    assert run.returncode == TEMPORARY and installation.report() is None
    assert time.monotonic() - begun < 20 or not installation.report()


def started(installation, *args, script):
    """scoremail with a scorefetch that this script is, seen to be at work, and its process."""
    installation.scorefetch.write_text("#!/usr/bin/python3\nimport fcntl, os, signal, sys, time\n"
                                       "fcntl.lockf(0, fcntl.LOCK_SH)\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n" + script +
                                       f"\nopen({str(installation.folder / 'pid')!r}, 'x').write(f'{{os.getpid()}}\\n')"
                                       "\ntime.sleep(1000)\n")
    process = subprocess.Popen([installation.program, *args], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(fixture("csv.eml"))
    process.stdin.close()
    note = installation.folder / "pid"
    wait_for(lambda: note.exists() and note.read_text().endswith("\n"), "scorefetch to be at work")
    return process, int(note.read_text())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("script", ["", "for n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)",
                                    "for n in (1, 2, 3, 15): signal.signal(n, lambda *_: os._exit(3))"])
def test_a_request_to_end_is_passed_on(installation, number, script):
    """What a delivery agent sends when its limit has passed, some seconds before it kills."""
    with started(installation, script=script)[0] as process:
        pid = int((installation.folder / "pid").read_text())
        begun = time.monotonic()
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait() == TEMPORARY and time.monotonic() - begun < 60
    assert said == b"scoremail: stopped by a signal before it was done; retry\n" and is_gone(pid)


def test_a_request_that_comes_as_it_is_done_changes_nothing(installation):
    script = "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))"
    with started(installation, script=script)[0] as process:
        process.send_signal(signal.SIGTERM)
        assert (process.stderr.read(), process.wait()) == (b"", OK)


def test_scorefetch_does_not_outlive_a_filter_that_was_killed(installation):
    """Postfix kills at its limit, and would wait for whoever has its descriptors open."""
    process, pid = started(installation, script="")
    with process:
        process.kill()
        wait_for(lambda: is_gone(pid), "scorefetch to be gone")


def test_ordinary_mail_needs_no_library_but_libc(installation):
    assert b"libglib" not in SCOREMAIL.read_bytes()
    (installation.folder / FILTER.name).unlink()
    for options in ((), ("-c", "no-such-file", "-a", "main")):
        run = scoremail(*options, program=installation.program, message=fixture("ordinary.eml"))
        assert (run.returncode, run.stderr) == (OK, b"")
    for options, message in (((), "csv.eml"), (("-v",), "ordinary.eml"), (("-c",), "ordinary.eml")):
        run = scoremail(*options, program=installation.program, message=fixture(message))
        assert run.returncode == TEMPORARY and b"scoremail-filter.so (is scoremail installed completely?)" in run.stderr
    with subprocess.Popen([installation.program, "-q"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(b"\n" * 1024 * 1024)  # no broken pipe: the message is read to its end
        process.stdin.close()
        assert process.wait() == TEMPORARY


@pytest.mark.release_only("sanitizers answer SIGBUS themselves")
@pytest.mark.parametrize("library", [FILTER, READER])
def test_a_library_that_was_cut_short(installation, library):
    """The loader dies of SIGBUS behind its end: no mail system may see that, nor a closed pipe."""
    cut = installation.folder / library.name
    cut.unlink()
    cut.write_bytes(library.read_bytes()[: library.stat().st_size // 2])
    message = fixture("csv.eml") + b"\n" * 1024 * 1024
    for options in ((), ("--time-limit", "5min")):
        with subprocess.Popen([installation.program, *options], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(message)
            process.stdin.close()
            said = process.stderr.read()
            assert process.wait() == TEMPORARY
        assert said.startswith(b"scoremail: a file of the program or a library cannot be read to its end (SIGBUS)"), said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_scorefetch_does_not_outlive_a_filter_that_has_no_event_yet(installation, number):
    """As long as nobody writes to its reader, it is not loaded."""
    (installation.folder / READER.name).unlink()
    os.mkfifo(installation.folder / READER.name)
    note = installation.folder / "pid"
    installation.scorefetch.write_text(f"#!/bin/sh\necho $$ >{note}\nexec sleep 1000\n")
    with subprocess.Popen([installation.program], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(fixture("csv.eml"))
        process.stdin.close()
        wait_for(lambda: note.exists() and note.read_text().endswith("\n"), "scorefetch to be at work")
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait() == (TEMPORARY if number == signal.SIGTERM else -number)
    assert said.splitlines() == [b"scoremail: stopped by a signal before it was done; retry"][:number == signal.SIGTERM]
    wait_for(lambda: is_gone(int(note.read_text())), "scorefetch to be gone")


def test_signals_are_as_they_should_be(installation):
    """Nothing is blocked, and nothing ignored but what sm_startup() ignores."""
    script = "import json; open(sys.path[0] + '/masks', 'w').write(open('/proc/self/status').read())"
    with started(installation, script=script)[0] as process:
        process.send_signal(signal.SIGTERM)
    status = (installation.folder / "masks").read_text()
    masks = dict(re.findall(r"(?m)^(Sig\w+):\s+([0-9a-f]+)$", status))
    ignored = {number for number in range(1, 65) if int(masks["SigIgn"], 16) >> number - 1 & 1}
    assert int(masks["SigBlk"], 16) == 0 and ignored <= {signal.SIGPIPE, signal.SIGXFSZ}


@pytest.mark.parametrize("limit", ["0", "soon", "400d"])
def test_a_time_limit_that_is_none_is_refused(limit):
    run = scoremail("--time-limit", limit, message=fixture("csv.eml"))
    assert run.returncode == TEMPORARY and b"--time-limit" in run.stderr


@pytest.mark.release_only("a sanitizer needs more address space than any limit leaves")
@pytest.mark.parametrize("megabytes", range(10, 400, 30))
def test_any_limit_on_memory_leaves_an_answer(installation, home, megabytes):
    """The real scorefetch, which the loader cannot even put into little address space."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    shutil.copy(BUILD / "scorefetch", installation.scorefetch)
    run = installation.run(message=fixture("csv.eml"), env=home.environment, preexec_fn=limit)
    # Where the loader has no room for scoremail itself, there is nobody to answer.
    assert run.returncode == TEMPORARY or b"error while loading shared libraries" in run.stderr


# ---------------------------------------------------------------- our own faults

FAULTS = {
    "no process for the child": "?clone,?clone3,?fork:error=EAGAIN",
    "no pipe for the child": "pipe2:error=EMFILE",
    "the child crashes": "landlock_restrict_self:signal=SEGV",
    "the child is killed": "?dup2,?dup3:signal=KILL:when=1",
    "the child cannot limit itself": "prlimit64:error=EPERM:when=3+",
    "cannot pass the event to scorefetch": "memfd_create:error=ENOSYS",
}


@pytest.mark.release_only("the sanitizers make these calls as well")
@pytest.mark.parametrize("title", FAULTS)
def test_our_own_faults_are_temporary(installation, title):
    run = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={FAULTS[title]}", installation.program],
                         input=fixture("csv.eml"), capture_output=True)
    assert run.returncode == TEMPORARY and run.stdout == b"" and installation.report() is None
    assert run.stderr.startswith(b"scoremail: ") and len(run.stderr.splitlines()) == 1


@pytest.mark.release_only("the sanitizers make these calls as well")
def test_a_malformed_answer_is_temporary(installation):
    """The first write of each process is not carried out: the child's answer, and the parent's line about it."""
    run = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=write:retval=4:when=1",
                          installation.program], input=fixture("csv.eml"), capture_output=True)
    assert run.returncode == TEMPORARY


def limited(megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    return limit


@pytest.mark.release_only("a sanitizer needs more address space than any limit leaves")
@pytest.mark.parametrize("megabytes", [20, 40, 60, 80, 100, 400])
def test_little_address_space_is_enough_for_ordinary_mail(megabytes):
    run = scoremail("--max-message", "1000000000", message=fixture("ordinary.eml"), preexec_fn=limited(megabytes))
    assert (run.returncode, run.stderr) == (OK, b"")


@pytest.mark.release_only("a sanitizer needs more address space than any limit leaves")
@pytest.mark.parametrize("megabytes, size", [(30, 40), (60, 70), (100, 120)])
def test_no_room_for_the_message_is_temporary(megabytes, size):
    """And the message is read to its end: a writer that meets a closed pipe would get SIGPIPE."""
    with subprocess.Popen([SCOREMAIL, "--max-message", "1000000000"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=limited(megabytes)) as process:
        for _ in range(size):
            process.stdin.write(bytes(1 << 20))
        process.stdin.close()
        said = process.stderr.read()
        assert process.wait() == TEMPORARY and b"no memory for a message" in said


def processor_time(message):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    scoremail("--extract", "--max-cpu", "60", message=message)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_the_time_is_that_of_all_rounds(tmp_path):
    """Each part names another character set, for which the message is read anew: with the time that is left."""
    depth = 1000
    while processor_time(html("<div>" * depth + SPAN)) < 0.3:
        depth = depth * 3 // 2
    slow = "<div>" * depth + SPAN
    each = [f"Content-Type: text/html; charset={name}\n\n{slow}\n" for name in ("cp437", "cp850", "cp852", "cp855")]
    log = tmp_path / "log"
    argv = ["strace", "-f", "-qq", "-o", log, "-e", "trace=prlimit64", SCOREMAIL, "--extract", "--max-cpu", "30"]
    subprocess.run(argv, input=parts(*each), capture_output=True, timeout=300)
    given = [int(n) for n in re.findall(r"RLIMIT_CPU, \{rlim_cur=(\d+)", log.read_text())]
    assert given[0] == 30 and len(given) == 5 and given == sorted(given, reverse=True) and given[-1] <= 29


# ---------------------------------------------------------------- and when the mail system has tried for long enough

THREE_HOURS = 3 * 3600


def old(message):
    return received(message, at=time.time() - THREE_HOURS)


class Home:
    """A person's, with a configuration that nobody can read."""

    def __init__(self, folder):
        self.state = folder / "state"
        self.environment = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(self.state)}
        configuration = folder / "config" / "scoremail" / "scoremail.conf"
        configuration.parent.mkdir(parents=True)
        configuration.write_text("nonsense\n")

    def spooled(self):
        return [path.read_bytes() for path in (self.state / "scoremail" / "spool").glob("*.event")]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.mark.release_only("the sanitizers make these calls as well")
@pytest.mark.parametrize("title", ["the child crashes", "the child cannot limit itself"])
def test_our_own_fault_is_recorded_in_the_end(installation, title):
    """For every child: the one that reads the header alone dies as well."""
    run = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={FAULTS[title]}", installation.program],
                         input=old(fixture("csv.eml")), capture_output=True)
    assert run.returncode == OK and installation.event()[5] == UNUSABLE


@pytest.mark.release_only("the sanitizers make these calls as well")
def test_without_processes_it_is_spooled_in_the_end(installation, home):
    argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={FAULTS['no process for the child']}", installation.program]
    run = subprocess.run(argv, input=old(fixture("csv.eml")), capture_output=True, env=home.environment)
    assert run.returncode == OK and [event[5] for event in home.spooled()] == [UNUSABLE]


def test_a_missing_scorefetch_is_no_reason_to_return_the_mail(installation, home):
    installation.scorefetch.chmod(0o644)
    run = installation.run(message=old(fixture("csv.eml")), env=home.environment)
    assert run.returncode == OK and run.stdout == b""
    assert len(run.stderr.splitlines()) == 1 and b"scorefetch run" in run.stderr
    assert [b"4300_20180410_111604.csv" in event for event in home.spooled()] == [True]


@pytest.mark.parametrize("defer_for, code", [("4h", TEMPORARY), ("unlimited", TEMPORARY), ("1h", OK)])
def test_a_recipe_may_say_how_long(installation, home, defer_for, code):
    installation.scorefetch.chmod(0o644)
    run = installation.run("--defer-for", defer_for, message=old(fixture("csv.eml")), env=home.environment)
    assert run.returncode == code and len(home.spooled()) == (1 if code == OK else 0)


def test_a_device_without_end_is_no_message(installation):
    """A slip of the hand; the message of a pipe is drained to its end, however long it is."""
    with open("/dev/zero", "rb") as zero:
        run = subprocess.run([installation.program], stdin=zero, capture_output=True, timeout=60)
    assert run.returncode == TEMPORARY and b"a device without end" in run.stderr


def test_without_a_spool_too_the_mail_system_keeps_the_mail(installation, home):
    installation.scorefetch.chmod(0o644)
    home.state.touch()
    run = installation.run(message=old(fixture("csv.eml")), env=home.environment)
    assert run.returncode == TEMPORARY and len(run.stderr.splitlines()) == 1
    assert b"the mail system has to keep 4300_20180410_111604.csv" in run.stderr
    home.state.unlink()
    run = installation.run(message=old(fixture("csv.eml")), env=home.environment)
    assert run.returncode == OK and len(home.spooled()) == 1


def test_a_person_at_a_terminal_is_told(installation):
    installation.scorefetch.chmod(0o644)
    ours, theirs = pty.openpty()
    run = subprocess.run([installation.program], input=old(fixture("csv.eml")), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    os.close(ours)
    assert run.returncode == TEMPORARY
