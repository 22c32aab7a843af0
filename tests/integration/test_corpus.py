"""The corpus: what must come out of odd messages (tests/fixtures/corpus).

The programs with sanitizers show it through scoremail --extract, a start for each message. Without sanitizers one
process reads all messages (tests/unit/corpus-reader.c): the same parsers, and 700 starts less.
"""

import subprocess

import pytest
from fixtures.corpus.table import BAD, CORPUS, LOOP, NONE
from mail_filter import BAD_NAME, BUILD, NO_SPAN, OK, SANITIZED, fixture, scoremail

ROWS = [pytest.param(message, outcome, id=f"{section}: {odd}")
        for section, rows in CORPUS.items() for odd, message, outcome in rows]
ENDS = {NONE: (NO_SPAN, 0), LOOP: (NO_SPAN, 1), BAD: (BAD_NAME, 1)}


@pytest.fixture(scope="module")
def answers():
    """What corpus-reader makes of each message."""
    framed = b"".join(b"%d\n%s" % (len(row.values[0]), row.values[0]) for row in ROWS)
    run = subprocess.run([BUILD / "tests" / "unit" / "corpus-reader"], input=framed, capture_output=True, timeout=120)
    lines = run.stdout.decode().splitlines()
    assert (run.returncode, len(lines)) == (0, len(ROWS)), run.stderr.decode()
    return dict(zip((row.values[0] for row in ROWS), lines))


def extract(message, outcome):
    run = scoremail("--extract", message=message)
    names = [] if outcome in ENDS else outcome.split(",")
    code, lines = ENDS.get(outcome, (OK, 0))
    assert (run.stdout.decode().splitlines(), run.returncode) == (names, code), run.stderr.decode()
    assert len(run.stderr.splitlines()) == lines


@pytest.mark.parametrize("message, outcome", ROWS)
def test_corpus(request, message, outcome):
    if SANITIZED:
        extract(message, outcome)
    else:
        assert request.getfixturevalue("answers")[message] == outcome


def test_the_corpus_says_each_thing_once():
    assert len({row.id for row in ROWS}) == len({row.values[0] for row in ROWS}) == len(ROWS)


CUT = {"csv.eml": b"4300_20180410_111604.csv", "attached-base64.eml": b"4300_20180410_111604.csv",
       "utf16-mislabelled.eml": b"4300_20180410_111604.txt", "forwarded-outlook.eml": b"4300_20180410_111604.csv"}


@pytest.mark.parametrize("name", CUT)
def test_cut_off_anywhere(name):
    """Half a message announces nothing, half a name, or the name: never another one."""
    whole = fixture(name)
    codes = []
    for length in range(0, len(whole), 29):
        run = scoremail("--extract", message=whole[:length])
        assert run.stdout == (CUT[name] + b"\n" if run.returncode == OK else b""), length
        codes.append(run.returncode)
    found = codes.index(OK)
    assert set(codes[:found]) <= {NO_SPAN, BAD_NAME} and codes[0] == NO_SPAN
    assert set(codes[found:]) == {OK}
