"""Listings of every shape: what is read of them, and what a hostile one may cost."""
import gzip
import json
import zlib

import pytest
from answers import LAST, account_for
from harness import CSV_NAME, EX_TEMPFAIL, cost, is_sanitized

MEGABYTE = 1024 * 1024
TOKEN = b'{"token":"45B5B7E7-1C85-DBE7-2493-DB6ECA41A707"}'
ROW = {"fileName": CSV_NAME, "fileSize": 1000, "deliveryDate": "2018-04-10T11:16:04-0400"}


def answer(body, more=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body) + LAST + more + b"\r\n" + body


@pytest.fixture
def listing(start_tls_server, good, authority, emulator, build, tmp_path):
    """Makes an account for a service with that answer to /files/list (bytes)."""

    def start(text, more=b""):
        server = start_tls_server(good, lambda request: answer(text, more) if "/files/list" in request.target else answer(TOKEN))
        url = f"https://localhost:{server.port}/api"
        return account_for(emulator, authority, build, tmp_path, service_url=url, give_up_after="30s")  # for 32 MiB

    return start


def names(account):
    done = account.scorefetch("list", "--json")
    assert done.code == 0, done.err
    return [row["name"] for row in json.loads(done.out)["accounts"][0]["files"]]


@pytest.mark.parametrize("files", ["", {}, [], None, ROW, [ROW], "missing"])
def test_forms_of_files(listing, files):
    text = "{}" if files == "missing" else json.dumps({"files": files})
    assert names(listing(text.encode())) == ([CSV_NAME] if files in (ROW, [ROW]) else [])


@pytest.mark.parametrize("member", ["message", "errorMessage"])
def test_a_message_is_no_empty_listing(listing, member):
    account = listing(json.dumps({member: "Task timed out after 3.00 seconds"}).encode())
    done = account.with_patience(lambda: account.scorefetch("sync", "--all"), lambda done: "the service answers 200" in done.err)
    assert done.code == EX_TEMPFAIL
    assert "the service answers 200" in done.err
    assert ("timed out" in done.err) == (member == "message")
    assert account.sql("SELECT 1 FROM accounts WHERE synced > 0") == []


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "UTF-8": bytes,
    "aws-chunked": bytes,
    "gzip ": bytes,  # that is not so
}


@pytest.mark.parametrize("coding", CODINGS)
def test_answers_that_come_encoded_unasked(listing, coding):
    text = CODINGS[coding](json.dumps({"files": [ROW]}).encode())
    account = listing(text, b"Content-Encoding: %s\r\n" % coding.strip().encode())
    assert names(account) == [CSV_NAME]


def filled(start, piece, end):
    """32 MiB at most."""
    room = 32 * MEGABYTE - len(start) - len(end)
    return start + piece * (room // len(piece)) + end


# Made when they are needed: all of them are 300 MB.
HOSTILE = {
    "numbers": lambda: filled(b'{"files":[', b"1,", b"1]}"),
    "empty objects": lambda: filled(b'{"files":[', b"{},", b"{}]}"),
    "one row of numbers": lambda: filled(b'{"files":[{"x":[', b"1,", b"1]}]}"),
    "numbers elsewhere": lambda: filled(b'{"x":[', b"1,", b'1],"files":[]}'),
    "members": lambda: filled(b'{"files":[{', b'"a":0,', b'"a":0}]}'),
    "brackets": lambda: filled(b'{"files":', b"[", b""),
    "closed brackets": lambda: b'{"files":[' + b"[" * 16_000_000 + b"]" * 16_000_000 + b"]}",
    "one text": lambda: filled(b'{"files":["', b"x", b'"]}'),
    "rows": lambda: b'{"files":[' + b",".join(b'{"fileName":"4300_%0100d.csv","fileType":"%s"}' % (n, b"x" * 80) for n in range(150_000)) + b"]}",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_listing_costs_little_memory(listing, build, what):
    text = HOSTILE[what]()
    assert len(text) <= 32 * MEGABYTE
    account = listing(text)
    argv = [build / "scorefetch", "sync", "-c", account.config, "--all", "--dry-run"]
    code, _, kilobytes, said = cost(argv)
    assert code in (0, EX_TEMPFAIL), said
    assert len(said) < 5000
    if not is_sanitized(build):
        assert kilobytes < 150 * 1000


@pytest.mark.release_only("100,000 rows, of which the first have shown all that a sanitizer sees")
def test_a_listing_that_is_too_long_is_no_complete_sync(listing):
    account = listing(HOSTILE["rows"]())
    account.configure(extensions="csv txt", format="txt", give_up_after="10min")  # none of them is fetched
    done = account.scorefetch("sync", "--mark-known")
    assert done.code == 0
    assert "50000 files more than" in done.err
    assert account.sql("SELECT synced FROM accounts") == [{"synced": 0}]
    assert account.sql("SELECT count(*) AS n FROM files") == [{"n": 100_000}]
    argv = [account.build / "scorefetch", "list", "-c", account.config, "--json"]
    code, _, kilobytes, _ = cost(argv)
    assert code == 0 and kilobytes < 150 * 1000


def test_a_size_that_the_listing_counts_otherwise(account, emulator, scores):
    """It is told, and the file is stored all the same."""
    listed = len(scores[CSV_NAME]) // 1000 + 1
    account.configure(format="csv")
    assert account.scorefetch("sync", "--all").code == 0
    account.sql("UPDATE files SET listed_size = ?", listed)
    assert f"the listing says {listed} bytes" in account.scorefetch("status").out.decode()
    assert account.status()[CSV_NAME]["listed_size"] == listed
