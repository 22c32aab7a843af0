"""scoremail --extract, and the command line. What is found in messages stands in the corpus (test_corpus.py)."""

import os
import pty
import subprocess

import pytest
from mail_filter import OK, SCOREMAIL, TEMPORARY, USAGE, fixture, scoremail


def test_what_is_wrong_is_said():
    assert b'the name "see the portal" has no extension' in scoremail("--extract", message=fixture("no-name.eml")).stderr
    assert b".msg" in scoremail("--extract", message=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").stderr


def test_names_that_cannot_be_printed_are_no_success():
    with open("/dev/full", "wb") as full:
        run = subprocess.run([SCOREMAIL, "--extract"], input=fixture("csv.eml"), stdout=full, stderr=subprocess.PIPE)
    assert run.returncode == 74 and run.stderr.startswith(b"scoremail: ")


# ---------------------------------------------------------------- the command line


def test_help_and_version():
    run = scoremail("--help")
    assert run.returncode == OK and b"--extract" in run.stdout and run.stderr == b""
    run = scoremail("--version")
    assert run.returncode == OK and run.stdout.startswith(b"scoremail ") and b"GMime 3." in run.stdout


WRONG = pytest.mark.parametrize("args", [["x"], ["--nonsense"], ["--max-cpu", "0"], ["--max-message", "-1"],
                                  ["--max-message", "x"], ["-c"]], ids=" ".join)


@WRONG
def test_a_wrong_command_line_gets_the_usage(args):
    ours, theirs = pty.openpty()
    run = subprocess.run([SCOREMAIL, *args], stdin=theirs, capture_output=True, timeout=60)
    os.close(ours)
    os.close(theirs)
    assert run.returncode == USAGE and b"Usage:" in run.stderr and run.stdout == b""


@WRONG
def test_a_wrong_command_line_in_a_recipe_keeps_the_mail(args):
    run = scoremail(*args, message=b"x" * 1_000_000)  # read to its end, or this would be a broken pipe
    assert run.returncode == TEMPORARY and b"Usage:" in run.stderr and run.stdout == b""


def test_a_terminal_as_input_gets_the_usage():
    ours, theirs = pty.openpty()
    run = scoremail(stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert run.returncode == USAGE and b"Usage:" in run.stderr
