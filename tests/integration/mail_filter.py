"""What the tests of scoremail share: running it, and making messages for it."""

import os
import pathlib
import subprocess

import pytest
from harness import received

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SCOREMAIL_BUILD", ROOT / "build")).resolve()
SCOREMAIL = BUILD / "scoremail"
FILTER = BUILD / "scoremail-filter.so"
READER = BUILD / "scoremail-reader.so"
FIXTURES = ROOT / "tests" / "fixtures" / "mail"
SANITIZED = b"__asan_init" in SCOREMAIL.read_bytes()

OK, NO_SPAN, USAGE, BAD_NAME, TEMPORARY = 0, 1, 64, 65, 75

SPAN = '<span id="fileName">a.csv</span>'


def scoremail(*args, message=b"", program=SCOREMAIL, **kwargs):
    """Runs the program to its end; kwargs go to subprocess.run."""
    if "stdin" not in kwargs:
        kwargs["input"] = message
    return subprocess.run([program, *args], capture_output=True, timeout=300, **kwargs)


def read_all(messages):
    """What the parsers make of each message, in one process (tests/unit/corpus-reader.c): the words of the corpus."""
    framed = b"".join(b"%d\n%s" % (len(message), message) for message in messages)
    run = subprocess.run([BUILD / "tests" / "unit" / "corpus-reader"], input=framed, capture_output=True, timeout=600)
    lines = run.stdout.decode().splitlines()
    if run.returncode != 0 or len(lines) != len(messages):  # no assert: it would show messages of 20 MB
        pytest.fail(f"corpus-reader stopped at message {len(lines)}: {run.stderr.decode()}", pytrace=False)
    return lines


def extract_all(messages):
    """What comes out of each message, in turn: (names, exit code). The release shows it by scoremail --extract. With
    sanitizers, where a start takes ten times as long, one process reads all messages with the same parsers."""
    if not SANITIZED:
        for message in messages:
            run = scoremail("--extract", message=message)
            yield run.stdout.decode().splitlines(), run.returncode
        return
    codes = {"no notification": NO_SPAN, "no notification but a mail loop": NO_SPAN, "no valid name": BAD_NAME}
    for words in read_all(messages):
        yield ([], codes[words]) if words in codes else (words.split(","), OK)


def fixture(name):
    return received((FIXTURES / name).read_bytes())


def html(body, content_type="text/html; charset=utf-8", encoding=None):
    """A message that is one part of HTML; body as text or as octets."""
    header = f"Message-ID: <test@example.org>\nFrom: sender@example.org\nContent-Type: {content_type}\n"
    if encoding:
        header += f"Content-Transfer-Encoding: {encoding}\n"
    return header.encode() + b"\n" + (body.encode() if isinstance(body, str) else body)


def parts(*each, boundary="b"):
    """A multipart of parts that are given with their headers."""
    lines = [f"Content-Type: multipart/mixed; boundary={boundary}\n"]
    lines += [f"--{boundary}\n{part}" for part in each]
    return "\n".join(lines + [f"--{boundary}--\n"]).encode()


def named(name):
    return f'<p>File name: <span id="fileName">{name}</span></p>'
