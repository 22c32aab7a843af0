"""scorefetch status --watch, in a real terminal."""
import os
import shutil
import signal
import subprocess

import mounts
import pytest
from agents import wait_for
from harness import CSV_NAME, EX_USAGE, large_scores, need, run
from terminal import Terminal

BIG = "4300_20180411_111604.csv"
GONE = "4300_20180412_111604.csv"


def watch(account, *options, **how):
    return Terminal([account.build / "scorefetch", "status", "--watch", "-c", account.config, *options], **how)


@pytest.fixture
def busy(account, emulator):
    """An account with a file that is being downloaded for long, and one that waits."""
    emulator.add(BIG, large_scores(20_000_000))
    emulator.faults(f"file/{GONE}:status=503", f"object/{BIG}:drip=40000")
    assert account.with_patience(lambda: account.receive(GONE), lambda done: "503" in done.err).code == 75
    account.configure(give_up_after=None)
    with subprocess.Popen([account.build / "scorefetch", "get", "-q", "-c", account.config, BIG]) as fetch:
        yield account
        fetch.kill()


def test_it_shows_what_is_downloaded_and_what_waits(busy):
    with watch(busy) as terminal:
        lines = terminal.wait_for(lambda lines: any(BIG in line and "/s" in line for line in lines))
        (row,) = [line for line in lines if BIG in line]
        assert "% " in row and "of 20.0 MB" in row
        at = next(i for i, line in enumerate(lines) if GONE in line)
        assert "503" in " ".join(lines[at : at + 3]) and lines[at].startswith(("in ", "now"))
        assert lines[0].startswith("scoremail: ") and lines[1].startswith("worker seen: never")
        assert lines[-1] == "q: end"
        assert max(map(len, lines)) < 80
        terminal.resize(40, 10)
        lines = terminal.wait_for(lambda lines: lines[-1] == "q: end" and BIG[:12] in lines[4])
        assert max(map(len, lines)) < 40
        terminal.resize(1, 1)
        terminal.read()
        terminal.resize(132, 50)
        terminal.wait_for(lambda lines: lines[-1] == "q: end" and any("ACCOUNT" in line for line in lines))
        assert terminal.end("q") == 0
        assert terminal.is_as_before()
    assert busy.status()[BIG]["state"] == "waiting"  # and nobody was disturbed


@pytest.mark.parametrize("how", ["\x03", signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_however_it_ends_the_terminal_is_as_it_was(account, how):
    with watch(account) as terminal:
        terminal.wait_for("ACCOUNT")
        assert not terminal.is_as_before()
        terminal.type("an accident\n")  # no command for the shell
        assert terminal.end(how) == (-how if how in (signal.SIGTERM, signal.SIGHUP) else 0)
        assert terminal.is_as_before()
        assert not any("accident" in line for line in terminal.screen.text())
        os.set_blocking(terminal.theirs, False)
        with pytest.raises(BlockingIOError):
            os.read(terminal.theirs, 1)
    assert not account.ledger.exists()  # it only looks


def test_ctrl_c_right_behind_another_key_ends_it(account, tmp_path):
    """The terminal takes the key back, after poll() has told of it."""
    need(shutil.which("strace"), "strace is not installed")
    log = tmp_path / "strace"
    slow_poll = ["strace", "-o", log, "-e", "trace=poll", "-e", "inject=poll:delay_exit=300000"]
    argv = [*slow_poll, account.build / "scorefetch", "status", "--watch", "-c", account.config]
    with Terminal(argv, ASAN_OPTIONS="detect_leaks=0") as terminal:  # which cannot be below strace
        terminal.wait_for("ACCOUNT")
        terminal.type("x")
        wait_for(lambda: "fd=0, revents=POLLIN" in log.read_text(), "poll's answer")
        assert terminal.end("\x03") == 0


def test_a_stop_gives_the_terminal_back_for_a_while(account):
    with watch(account) as terminal:
        terminal.wait_for("ACCOUNT")
        terminal.process.send_signal(signal.SIGTSTP)  # without a shell's job control the kernel lets it go on at once
        terminal.wait_for(lambda _: len(terminal.screen.befores) == 3)  # entered, left, entered
        terminal.wait_for("ACCOUNT")
        assert ["ACCOUNT" in " ".join(lines) for lines in terminal.screen.befores] == [False, True, False]
        assert terminal.end("q") == 0
        assert terminal.is_as_before()


def test_what_comes_is_seen_without_a_new_start(account):
    with watch(account) as terminal:
        terminal.wait_for("ACCOUNT")
        assert account.receive(CSV_NAME).code == 0
        terminal.wait_for(lambda lines: any(line.split()[-3:] == ["1", "0", "0"] for line in lines))
        account.sql("UPDATE files SET state = 'waiting', reason = CAST(? AS TEXT), next_attempt = ?", b"\x1b[2J\x07\nodd\xf0", 2**40)
        terminal.wait_for("odd")  # and Screen takes no control characters
        account.ledger.write_bytes(b"not a ledger")
        lines = terminal.wait_for("not a database")
        assert any(CSV_NAME in line for line in lines)  # as it was seen last
        assert terminal.end("q") == 0


@pytest.mark.parametrize("which", ["stdin", "stdout", "dumb"])
def test_it_needs_a_terminal(account, which):
    command = [account.build / "scorefetch", "status", "--watch", "-c", account.config]
    if which == "dumb":
        with Terminal(command, TERM="dumb") as terminal:
            said = terminal.wait_for("terminal")[0]
            assert terminal.process.wait(60) == EX_USAGE
    else:
        ours, theirs = os.openpty()
        done = run(command) if which == "stdout" else subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(ours)
        os.close(theirs)
        assert (done.code if which == "stdout" else done.returncode) == EX_USAGE
        said = done.err if which == "stdout" else done.stderr.decode()
    assert said.startswith("scorefetch: status --watch needs a terminal")


def test_it_goes_with_no_other_form_of_status(account):
    for option in ("--json", "--all", "--exit-code", "--prometheus=x"):
        done = account.scorefetch("status", "--watch", option, terminal=True)
        assert done.code == EX_USAGE and "--watch goes with none of" in done.err


def test_what_is_in_the_way_at_once_is_an_error(account):
    account.ledger.write_bytes(b"not a ledger")
    with watch(account) as terminal:
        assert terminal.process.wait(60) == account.scorefetch("status").code != 0
        terminal.read()
        assert terminal.is_as_before()
        assert any(line.startswith("scorefetch: ledger ") for line in terminal.screen.text())


@pytest.mark.release_only  # the leak checker waits for the thread that hangs
def test_a_dead_share_does_not_hold_it_up(account):
    account.spool.mkdir()
    with mounts.dead(account.spool):
        with watch(account) as terminal:
            terminal.wait_for("no answer for")
            assert terminal.end("q") == 0
            assert terminal.is_as_before()
