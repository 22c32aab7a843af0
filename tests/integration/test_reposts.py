"""A file that is announced again: corrected, or only announced again."""
import re

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, mail


def announced_again(number):
    """The csv mail as another message announces it."""
    return re.sub(rb"(?im)^(message-id: *<)", rb"\g<1>%d." % number, mail("csv"), count=1)


@pytest.fixture
def stored(account, scores):
    """An account that has stored the csv file."""
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    return account


def test_a_corrected_file_takes_its_place_and_the_older_one_is_kept(stored, emulator, scores):
    emulator.add(CSV_NAME, b"ID,NAME\r\n1,corrected\r\n")
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert stored.stored() == {CSV_NAME: b"ID,NAME\r\n1,corrected\r\n"}
    kept = stored.directory / ".superseded" / f"{CSV_NAME}.~1~"
    assert kept.read_bytes() == scores[CSV_NAME]
    assert stored.status()[CSV_NAME]["revision"] == 1


def test_an_unchanged_file_is_asked_for_by_its_etag_and_not_sent_again(stored, emulator, scores):
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert stored.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert [request["status"] for request in emulator.requests("object")] == [200, 304]


def test_the_etag_is_still_known_after_a_try_that_failed(stored, emulator, scores):
    emulator.faults("object:status=503x1")
    done = stored.scoremail(stdin=announced_again(1))
    assert (done.code, done.err) == (0, "")
    assert [request["status"] for request in emulator.requests("object")] == [200, 503, 304]


def test_a_large_file_is_asked_for_by_the_same_name_after_a_broken_transfer(account, emulator):
    large = bytes(range(1, 256)) * 24_000  # enough for its part to be noted in the ledger
    emulator.add(CSV_NAME, large)
    emulator.faults("object:reset=5000000x1")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: large}
    assert [request["status"] for request in emulator.requests("object")] == [200, 206]
