"""The sandbox of scoremail's parser child: what it denies and survives, and what becomes of it on lesser kernels."""

import re
import resource
import signal
import subprocess

import pytest
from mail_filter import (BAD_NAME, BUILD, OK, SANITIZED, SCOREMAIL, SPAN, TEMPORARY, fixture, html, named,
                         scoremail)

PROBE = BUILD / "tests" / "unit" / "sandbox-probe"
NOT_SANITIZED = pytest.mark.release_only("the leak checker and strace cannot both attach")

FEATURES = subprocess.run([SCOREMAIL, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
ABI = int((re.search(rb"sandbox: landlock ABI (\d+), ", FEATURES) or [0, 0])[1])


def test_this_machine_has_all_of_it():
    """What follows shows nothing on a kernel that lacks a wall."""
    assert ABI >= 1 and re.search(rb"^sandbox: landlock ABI \d+, seccomp$", FEATURES, re.M)


# ---------------------------------------------------------------- denials, from inside

KILLED = f"killed by {signal.Signals.SIGSYS.name}"


def attempt(walls, what, folder):
    """What becomes of an attempt behind these walls: "done", an error's name, or the signal that ended it."""
    run = subprocess.run([PROBE, walls, what, folder], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    if run.returncode < 0:
        return f"killed by {signal.Signals(-run.returncode).name}"
    assert run.returncode == 0, run
    return run.stdout.decode().strip()


# What comes of it: behind landlock alone (and the limits), behind seccomp alone.
ATTEMPTS = {
    "openat": ("EACCES", "EACCES"),
    "open": ("EACCES", KILLED),
    "create": ("EACCES", "EACCES"),
    "mkdir": ("EACCES", KILLED),
    "stat": ("done", "EACCES"),
    "socket": ("done", KILLED),
    "bind": ("EACCES" if ABI >= 4 else "done", KILLED),
    "execve": ("EACCES", KILLED),
    "ptrace": ("done", KILLED),
    "clone": ("done", KILLED),
    "kill": ("EPERM" if ABI >= 6 else "done", KILLED),
    "mmap": ("done", KILLED),
    "mprotect": ("done", KILLED),
    "memfd": ("done", KILLED),
    "read": ("EBADF", KILLED),
    "write elsewhere": ("EBADF", KILLED),
    "memory": ("done", "done"),
}


@pytest.mark.parametrize("what", ATTEMPTS)
def test_an_attempt_that_works_outside_is_blocked(what, tmp_path):
    assert attempt("outside", what, tmp_path) == "done"
    for created in tmp_path.iterdir():
        created.rmdir() if created.is_dir() else created.unlink()
    landlock, seccomp = ATTEMPTS[what]
    assert attempt("landlock", what, tmp_path) == landlock
    assert attempt("seccomp", what, tmp_path) == seccomp
    assert attempt("both", what, tmp_path) == seccomp
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", [what for what in ATTEMPTS if what != "write elsewhere"])
def test_the_child_that_reads_a_message_is_shut_in(what, tmp_path):
    """The real one, forked by the filter's own code; the attempt is made through a hook of the test build."""
    seccomp = ATTEMPTS[what][1]
    assert attempt("child", what, tmp_path) == ("killed" if seccomp == KILLED else seccomp)
    assert list(tmp_path.iterdir()) == []


def test_limits_are_set_and_two_descriptors_are_left(tmp_path):
    cpu, memory, size, *descriptors = attempt("landlock", "state", tmp_path).split()
    assert (cpu, size) == ("7", "0") and sorted(descriptors) == ["answer", "stderr"]
    assert SANITIZED or memory == str(1 << 30)


# ---------------------------------------------------------------- the child itself, from outside


def traced(*options, message, inject=()):
    """Runs scoremail under strace: how it ended, and the child's calls."""
    log = options[0]
    command = ["strace", "-f", "-qq", "-o", log, *(f"--inject={i}" for i in inject), SCOREMAIL, *options[1:]]
    run = subprocess.run(command, input=message, capture_output=True, timeout=120)
    lines = [line.split(maxsplit=1) for line in log.read_text().splitlines()]
    return run, [call for pid, call in lines if pid != lines[0][0] and not call.startswith(("<...", "+++", "---"))]


NEEDED = {"write", "exit_group", "brk", "mmap", "munmap", "mremap", "futex", "openat", "newfstatat"}


@NOT_SANITIZED
def test_the_child_shuts_itself_in_by_a_fixed_order(tmp_path):
    run, calls = traced(tmp_path / "log", "--extract", message=fixture("csv.eml"))
    assert run.returncode == OK
    order = ["prctl(PR_SET_NO_NEW_PRIVS, 1", "landlock_restrict_self(", "prlimit64(0, RLIMIT_AS",
             "prlimit64(0, RLIMIT_CPU", "prlimit64(0, RLIMIT_FSIZE", "close_range(",
             "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE",
             "seccomp(SECCOMP_SET_MODE_FILTER, 0, {"]
    places = [next(i for i, call in enumerate(calls) if call.startswith(start)) for start in order]
    assert places == sorted(places)
    assert {call.split("(")[0] for call in calls[places[-1] + 1:]} <= NEEDED


@NOT_SANITIZED
def test_the_filter_opens_no_socket(tmp_path):
    traced(tmp_path / "log", "--extract", message=fixture("csv.eml"))
    assert "socket(" not in (tmp_path / "log").read_text()


@NOT_SANITIZED
@pytest.mark.parametrize("call", ["prctl:error=EPERM:when=1", "landlock_restrict_self:error=EPERM",
                                  "close_range:error=EPERM:when=2+", "seccomp:error=EINVAL:when=9+"])
def test_a_sandbox_that_fails_halfway_is_never_done_without(tmp_path, call):
    """Or, where another way leads to the same end, it is entered after all."""
    run, calls = traced(tmp_path / "log", message=html("<p>fileName</p>"), inject=[call])
    closed = any(c.startswith("seccomp(SECCOMP_SET_MODE_FILTER, 0, {") and c.endswith("= 0") for c in calls)
    assert run.returncode == (OK if closed else TEMPORARY)
    assert closed or (run.stderr.startswith(b"scoremail: ") and len(run.stderr.splitlines()) == 1)


# ---------------------------------------------------------------- kernels that lack a part

LACKS = {
    "no landlock, seccomp": ["landlock_create_ruleset:error=ENOSYS"],
    "no landlock, seccomp ": ["landlock_create_ruleset:error=EOPNOTSUPP"],
    f"landlock ABI {ABI}, no seccomp": ["seccomp:error=ENOSYS"],
    "no landlock, no seccomp": ["landlock_create_ruleset:error=ENOSYS", "seccomp:error=ENOSYS"],
}


@NOT_SANITIZED
@pytest.mark.parametrize("found", LACKS)
def test_what_the_kernel_lacks_is_said_and_done_without(tmp_path, found):
    run, _ = traced(tmp_path / "log", "-v", "--extract", message=fixture("csv.eml"), inject=LACKS[found])
    assert (run.returncode, run.stdout) == (OK, b"4300_20180410_111604.csv\n")
    assert f"scoremail: sandbox: {found.strip()}\n".encode() in run.stderr
    run, _ = traced(tmp_path / "log", "--sandbox=auto", message=fixture("ordinary.eml"), inject=LACKS[found])
    assert (run.returncode, run.stderr) == (OK, b"")
    run, _ = traced(tmp_path / "log", "--version", message=b"", inject=LACKS[found])
    assert f"\nsandbox: {found.strip()}\n".encode() in run.stdout


@NOT_SANITIZED
@pytest.mark.parametrize("mode", [[], ["--extract"]])
@pytest.mark.parametrize("found", LACKS)
def test_required_refuses_a_kernel_that_lacks_a_part(tmp_path, found, mode):
    run, calls = traced(tmp_path / "log", "--sandbox=required", *mode, message=fixture("ordinary.eml"),
                        inject=LACKS[found])
    assert (run.returncode, run.stdout, calls) == (TEMPORARY, b"", [])
    assert found.strip().encode() in run.stderr and b"--sandbox=required" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_required_is_content_with_this_kernel():
    run = scoremail("--sandbox", "required", "-v", "--extract", message=fixture("csv.eml"))
    assert run.returncode == OK and f"sandbox: landlock ABI {ABI}, seccomp".encode() in run.stderr


@pytest.mark.parametrize("word", ["off", "none", "", "Required"])
def test_nothing_switches_it_off(word):
    run = scoremail(f"--sandbox={word}", message=fixture("ordinary.eml"))
    assert run.returncode == TEMPORARY
    assert (b"allowed: auto, required" if word else b"the value behind --sandbox is empty") in run.stderr


# ---------------------------------------------------------------- what it survives (more in test_filter.py)

GROUPS = {
    "To": b"To: " + b"a:" * 1_000_000 + b"\n" + html(SPAN),
    "From, of a forwarded message": b"Content-Type: message/rfc822\n\nFrom: " + b"a:" * 200_000 + b"\n" + html(SPAN),
}


@pytest.mark.parametrize("where", GROUPS)
def test_groups_nested_beyond_the_stack_are_unusable(where):
    run = scoremail("--extract", message=GROUPS[where])
    assert run.returncode == BAD_NAME and run.stderr.startswith(b"scoremail: unusable message")


def test_groups_nested_a_thousand_deep_are_read():
    assert scoremail("--extract", message=b"To: " + b"a:" * 1000 + b"\n" + html(SPAN)).stdout == b"a.csv\n"


def test_a_stack_that_an_agent_keeps_small_is_enough():
    def limit():
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))

    run = scoremail("--extract", message=GROUPS["To"], preexec_fn=limit)
    assert run.returncode == BAD_NAME
    assert scoremail("--extract", message=fixture("csv.eml"), preexec_fn=limit).returncode == OK


READ = {
    "100,000 headers": b"X: y\n" * 100_000 + html(SPAN),
    "20,000 recipients": b"To: " + b"a@example.org,\n " * 20_000 + b"b@example.org\n" + html(SPAN),
    "a header of a megabyte in one line": b"X: " + b"y" * 1_000_000 + b"\n" + html(SPAN),
    "a header of a megabyte, folded": b"X: y\n" + (b" " + b"y" * 50 + b"\n") * 20_000 + html(SPAN),
    "100,000 parameters": html(SPAN, "text/html" + "; x=y" * 100_000),
    "comments nested a million deep in an address": b"From: " + b"(" * 1_000_000 + b"\n" + html(SPAN),
    "comments nested a million deep in an encoding": html(SPAN, encoding="(" * 1_000_000),
    "quotes by the million": b'To: ' + b'"' * 1_000_000 + b"\n" + html(SPAN),
    "100,000 encoded words": b"Subject: " + b"=?utf-8?b?eA==?= " * 100_000 + b"\n" + html(SPAN),
    "100,000 spans": html(SPAN * 100_000),
    "100,000 bad spans before a good one": html(named("/") * 70_000 + SPAN),
    "a million references": html("&amp;" * 800_000 + SPAN),
    "a million comments": html("<!---->" * 500_000 + SPAN),
    "a million end tags": html("</b>" * 1_000_000 + SPAN),
    "100,000 empty parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000 + b"--b\n" + html(SPAN),
}


@pytest.mark.parametrize("title", READ)
def test_heaps_of_one_thing_are_read(title):
    run = scoremail("--extract", "--max-cpu", "60", message=READ[title])
    assert (run.stdout, run.stderr) == (b"a.csv\n", b"")


CHARSETS = """
iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-9 iso-8859-15 windows-1250 windows-1251 windows-1252
windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 koi8-r koi8-u cp437 cp850 cp866 cp037 cp500
cp1026 cp1140 macintosh big5 big5-hkscs gb2312 gbk gb18030 euc-jp shift_jis iso-2022-jp iso-2022-kr euc-kr
cp949 johab tis-620 utf-7 utf-16 utf-16be utf-16le utf-32 utf-32be utf-32le
""".split()


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_converter_is_opened_before_the_sandbox_closes(charset):
    codec = {"macintosh": "mac-roman"}.get(charset, charset)
    run = scoremail("-v", "--extract", message=html(named("b.csv").encode(codec), f"text/html; charset={charset}"))
    assert run.stdout == b"b.csv\n", run.stderr


@pytest.mark.parametrize("charset", ["iso-8859-1", "iso-2022-jp", "big5", "utf-7", "x-unknown"])
def test_a_header_in_a_charset_that_is_not_opened_does_no_harm(charset):
    encoded = f"=?{charset}?B?gYKD?="
    header = f"From: {encoded} <a@example.org>\nTo: {encoded} <b@example.org>\nSubject: {encoded}\n".encode()
    run = scoremail("--extract", message=header + b"Cc: \xe4\xf6 <c@example.org>\n" + html(SPAN))
    assert run.stdout == b"a.csv\n", run.stderr
