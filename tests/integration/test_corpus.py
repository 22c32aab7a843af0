"""The corpus: what must come out of odd messages (tests/fixtures/corpus).

The release shows it through scoremail --extract, a start for each message. With sanitizers, where a start takes ten
times as long, one process reads all messages: the same parsers, and 700 starts less.
"""

import base64
import binascii
import quopri

import pytest
from fixtures.corpus.table import BAD, CORPUS, LOOP, NONE
from mail_filter import BAD_NAME, NO_SPAN, OK, SANITIZED, extract_all, fixture, read_all, scoremail

ROWS = [pytest.param(message, outcome, id=f"{section}: {odd}")
        for section, rows in CORPUS.items() for odd, message, outcome in rows]
ENDS = {NONE: (NO_SPAN, 0), LOOP: (NO_SPAN, 1), BAD: (BAD_NAME, 1)}


def octets(message):
    """A row's message: each worker reads the table, and none needs to hold the large ones."""
    return message() if callable(message) else message


@pytest.fixture(scope="module")
def answers():
    messages = [row.values[0] for row in ROWS]
    return dict(zip(messages, read_all([octets(message) for message in messages])))


def extract(message, outcome):
    run = scoremail("--extract", message=message)
    names = [] if outcome in ENDS else outcome.split(",")
    code, lines = ENDS.get(outcome, (OK, 0))
    assert (run.stdout.decode().splitlines(), run.returncode) == (names, code), run.stderr.decode()
    assert len(run.stderr.splitlines()) == lines


@pytest.mark.xdist_group("corpus")  # all are read at once
@pytest.mark.parametrize("message, outcome", ROWS)
def test_corpus(request, message, outcome):
    if SANITIZED:
        assert request.getfixturevalue("answers")[message] == outcome
    else:
        extract(octets(message), outcome)


def test_the_corpus_says_each_thing_once():
    assert len({row.id for row in ROWS}) == len({octets(row.values[0]) for row in ROWS}) == len(ROWS)


def in_lines(text, length, end="\n"):
    return "".join(text[at:at + length] + end for at in range(0, len(text), length))


def pieces(octets):
    """Base64 with padding in each line, as some senders do it."""
    return "".join(base64.b64encode(octets[at:at + 19]).decode() + "\n" for at in range(0, len(octets), 19))


def uuencoded(octets):
    lines = (binascii.b2a_uu(octets[at:at + 45]).decode() for at in range(0, len(octets), 45))
    return "begin 644 x\n" + "".join(lines) + "`\nend\n"


TRANSFERS = {
    "7bit": lambda octets: octets,
    "base64": lambda octets: base64.encodebytes(octets),
    "base64 ": lambda octets: in_lines(base64.b64encode(octets).decode(), 61, "\r\n"),
    "BASE64": pieces,
    "Base64": lambda octets: in_lines(base64.b64encode(octets).decode(), 7),
    "quoted-printable": lambda octets: quopri.encodestring(octets),
    "Quoted-Printable": lambda octets: in_lines("".join(f"={octet:02x}" for octet in octets), 75, "=\r\n"),
    "x-uuencode": uuencoded,
}
CHARSETS = ["utf-8", "utf-16", "utf-16-be", "utf-32-le", "utf-7", "iso-2022-jp", "cp037", "cp1252", "gb18030"]


def again(message, transfer, charset, wrapped):
    """The message as the HTML of a part, or as a forwarded message, in that encoding and character set."""
    octets = message if wrapped else message.decode("latin-1").encode(charset, "replace")
    body = TRANSFERS[transfer](octets)
    kind = "message/rfc822" if wrapped else f"text/html; charset={charset}"
    head = f"Content-Type: {kind}\nContent-Transfer-Encoding: {transfer}\n\n".encode()
    return head + (body.encode("latin-1") if isinstance(body, str) else body)


@pytest.mark.release_only("the same in every build")
@pytest.mark.parametrize("transfer", TRANSFERS)
def test_the_scan_of_raw_bytes_misses_nothing(transfer):
    """Whatever the parsers find, however it is encoded: scoremail does not start them where the scan finds nothing."""
    small = [message for message, _ in (row.values for row in ROWS) if not callable(message) and len(message) < 5000]
    messages = [again(message, transfer, charset, False) for charset in CHARSETS for message in small]
    messages += [again(message, transfer, None, True) for message in small]
    answers = read_all(messages)
    missed = [message for message, answer in zip(messages, answers) if answer == "missed by the scan"]
    assert missed == []
    assert answers.count("a.csv") > 100, "nothing was found, so nothing was shown"


CUT = {"csv.eml": "4300_20180410_111604.csv", "attached-base64.eml": "4300_20180410_111604.csv",
       "utf16-mislabelled.eml": "4300_20180410_111604.txt", "forwarded-outlook.eml": "4300_20180410_111604.csv"}


@pytest.mark.parametrize("name", CUT)
def test_cut_off_anywhere(name):
    """Half a message announces nothing, half a name, or the name: never another one."""
    whole = fixture(name)
    lengths = range(0, len(whole), 29)
    codes = []
    for length, (names, code) in zip(lengths, extract_all([whole[:length] for length in lengths])):
        assert names == ([CUT[name]] if code == OK else []), length
        codes.append(code)
    found = codes.index(OK)
    assert set(codes[:found]) <= {NO_SPAN, BAD_NAME} and codes[0] == NO_SPAN
    assert set(codes[found:]) == {OK}
