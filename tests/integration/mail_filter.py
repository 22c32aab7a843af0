"""What the tests of scoremail share: running it, and making messages for it."""

import os
import pathlib
import subprocess

from harness import received

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SCOREMAIL_BUILD", ROOT / "build")).resolve()
SCOREMAIL = BUILD / "scoremail"
READER = BUILD / "scoremail-reader.so"
FIXTURES = ROOT / "tests" / "fixtures" / "mail"
SANITIZED = b"__asan_init" in SCOREMAIL.read_bytes()

OK, NO_SPAN, USAGE, BAD_NAME, TEMPORARY = 0, 1, 64, 65, 75

SPAN = '<span id="fileName">a.csv</span>'


def scoremail(*args, message=b"", program=SCOREMAIL, **kwargs):
    """Runs the program to its end; kwargs go to subprocess.run."""
    if "stdin" not in kwargs:
        kwargs["input"] = message
    return subprocess.run([program, *args], capture_output=True, timeout=120, **kwargs)


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
