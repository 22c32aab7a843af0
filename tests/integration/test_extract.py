"""scoremail --extract: what is found in messages, and what is left alone."""

import base64
import os
import pty
import random
import subprocess

import pytest
from mail_filter import BAD_NAME, NO_SPAN, OK, SCOREMAIL, SPAN, TEMPORARY, USAGE, fixture, html, named, parts, scoremail


def wrapped(message, times):
    for _ in range(times):
        message = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(message)
    return message


EXTRACT = [
    # title, message, names on stdout, exit code
    ("the notification of a csv file", fixture("csv.eml"), "4300_20180410_111604.csv", OK),
    ("the notification of a txt file", fixture("txt.eml"), "4300_20180410_111604.txt", OK),
    ("forwarded by Outlook on the web", fixture("forwarded-outlook.eml"), "4300_20180410_111604.csv", OK),
    ("attached to a message in base64", fixture("attached-base64.eml"), "4300_20180410_111604.csv", OK),
    ("UTF-16 that calls itself UTF-8", fixture("utf16-mislabelled.eml"), "4300_20180410_111604.txt", OK),
    ("decoys in title and comment", fixture("mso-conditional.eml"), "5818_20150925_000004.txt", OK),
    ("an ordinary message", fixture("ordinary.eml"), "", NO_SPAN),
    ("a span without a name", fixture("no-name.eml"), "", BAD_NAME),
    ("CRLF throughout", fixture("csv.eml").replace(b"\n", b"\r\n"), "4300_20180410_111604.csv", OK),
    ("out of a mailbox", b"From x@example.org Tue Apr 10 11:16:09 2018\n" + fixture("csv.eml"),
     "4300_20180410_111604.csv", OK),
    ("cut off behind the name", fixture("csv.eml").split(b"<br />")[0], "4300_20180410_111604.csv", OK),

    ("single quotes", html("<span id='fileName'> a.csv </span>"), "a.csv", OK),
    ("two names", html(named("b.txt") + named("a.csv")), "b.txt\na.csv", OK),
    ("the same name twice", html(named("a.csv") + named("a.csv")), "a.csv", OK),
    ("a good name beside a bad one", html(named("../a.csv") + named("b.csv")), "b.csv", OK),
    ("an extension in capitals", html(named("A.CSV")), "A.CSV", OK),
    ("a well-formed name that is no score file", html(named("essays.zip")), "", BAD_NAME),
    ("a score file beside another file", html(named("essays.zip") + named("a.csv")), "a.csv", OK),
    ("spaces inside", html(named("AP  scores\n2018.csv")), "AP scores 2018.csv", OK),
    ("128 bytes", html(named("a" * 124 + ".csv")), "a" * 124 + ".csv", OK),
    ("129 bytes", html(named("a" * 125 + ".csv")), "", BAD_NAME),
    ("a path", html(named("/etc/passwd.csv")), "", BAD_NAME),
    ("a hidden file", html(named(".a.csv")), "", BAD_NAME),
    ("an option", html(named("-a.csv")), "", BAD_NAME),
    ("two dots", html(named("a..csv")), "", BAD_NAME),
    ("letters that are not ASCII", html(named("\u0430.csv")), "", BAD_NAME),
    ("an empty span", html(named("")), "", BAD_NAME),
    ("no span, but the word", html("<p>fileName</p>"), "", NO_SPAN),

    ("octets that are no UTF-8 in the name", html(b"<span id=fileName>a\xff.csv</span>"), "", BAD_NAME),
    ("octets that are no UTF-8 beside it", html(b"\xff<span id=fileName>a.csv</span>\xfe"), "a.csv", OK),
    ("a NUL in the name", html(b"<span id=fileName>a\0.csv</span>"), "", BAD_NAME),
    ("NULs beside it", html(b"\0\0<p>\0<span id=fileName>a.csv</span>\0"), "a.csv", OK),
    ("a control character in the name", html(b"<span id=fileName>a\x1b.csv</span>"), "", BAD_NAME),

    ("a soft break in the tag", html('<span id=3D"fi=\r\nleName">a.=  \r\ncsv</span>', encoding="quoted-printable"),
     "a.csv", OK),
    ("base64 in odd pieces", html(b"\n ".join(base64.b64encode(SPAN.encode())[i:i + 5] for i in range(0, 80, 5)),
                                  encoding="BASE64"), "a.csv", OK),
    ("base64 without padding", html(base64.b64encode(SPAN.encode() + b"xx").rstrip(b"="), encoding="base64"),
     "a.csv", OK),
    ("base64 with a list's footer", html(base64.b64encode(SPAN.encode()) + b"\n\n-- \nList information\n",
                                         encoding="base64"), "a.csv", OK),
    ("an unknown encoding", html(SPAN, encoding="x-none"), "a.csv", OK),

    ("no character set", html(SPAN, "text/html"), "a.csv", OK),
    ("an unknown character set", html(SPAN, "text/html; charset=x-none"), "a.csv", OK),
    ("a character set that is a path", html(SPAN, 'text/html; charset="../../x"'), "a.csv", OK),
    ("EBCDIC", html(SPAN.encode("cp037"), "text/html; charset=IBM037"), "a.csv", OK),
    ("UTF-7", html(SPAN.encode("utf-7").replace(b"<", b"+ADw-"), "text/html; charset=utf-7"), "a.csv", OK),
    ("UTF-16 without a mark, big-endian", html(SPAN.encode("utf-16-be"), "text/html; charset=utf-16"), "a.csv", OK),
    ("UTF-16 without a mark, little-endian", html(SPAN.encode("utf-16-le"), "text/html; charset=utf-16"), "a.csv",
     OK),
    ("UTF-16 with NULs and half a pair", html("\0".encode("utf-16-le") + b"\0\xd8" + SPAN.encode("utf-16-le"),
                                              "text/html; charset=utf-16le"), "a.csv", OK),
    ("Shift JIS", html(("\u70b9" + SPAN).encode("shift_jis"), "text/html; charset=shift_jis"), "a.csv", OK),
    ("ISO 2022 JP", html(("\u70b9" + SPAN).encode("iso2022_jp"), "text/html; charset=iso-2022-jp"), "a.csv", OK),
    ("Big5 with a name in it", html(named("\u5206.csv").encode("big5"), "text/html; charset=big5"), "", BAD_NAME),
    ("ASCII that calls itself UTF-16", html(SPAN, "text/html; charset=utf-16"), "a.csv", OK),
    ("five parts of five rare sets", parts(*[
        f"Content-Type: text/html; charset={name}\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(named(f"{i}.csv").encode(name)).decode() + "\n"
        for i, name in enumerate(["cp037", "utf-16le", "utf-16be", "utf-7", "cp1251"])]),
     "0.csv\n1.csv\n2.csv\n3.csv\n4.csv", OK),

    ("an HTML attachment", parts(f"Content-Type: text/html\nContent-Disposition: attachment\n\n{SPAN}\n"), "",
     NO_SPAN),
    ("a text attachment", parts(f"Content-Type: text/plain\n\n{SPAN}\n"), "", NO_SPAN),
    ("forwarded five times", b"Content-Type: message/rfc822\n\n" * 5 + html(SPAN), "a.csv", OK),
    ("forwarded in base64 five times over", wrapped(html(SPAN), 5), "a.csv", OK),
    ("a header and nothing more", b"Content-Type: text/html", "", NO_SPAN),
    ("nothing", b"", "", NO_SPAN),
    ("binary junk", random.Random(4300).randbytes(200_000), "", NO_SPAN),
    ("an Outlook file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + SPAN.encode(), "", BAD_NAME),
]


@pytest.mark.parametrize("title,message,names,code", EXTRACT, ids=[case[0] for case in EXTRACT])
def test_extract(title, message, names, code):
    run = scoremail("--extract", message=message)
    assert (run.stdout.decode(), run.returncode) == (names + "\n" if names else "", code)
    assert len(run.stderr.splitlines()) == (1 if code == BAD_NAME else 0)


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
