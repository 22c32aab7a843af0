"""Fetching from a real S3 server, with URLs of both signatures."""
import importlib.util
import json
import random
import re
import ssl
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit

import objectstore
import pytest
from harness import CSV_NAME, EX_TEMPFAIL, Account, mail, need
from relay import Relay

LARGE_NAME = "AP HED Scores 5818.csv"  # blanks are signed in a form of their own


@pytest.fixture(scope="module")
def swift(scores_of_all_sizes):
    need(importlib.util.find_spec("swift"), "python3-swift is not installed")
    store = objectstore.Swift()
    try:
        for name, data in scores_of_all_sizes.items():
            store.add(name, data)
        yield store
    finally:
        store.stop()


@pytest.fixture(scope="module")
def scores_of_all_sizes():
    return {CSV_NAME: b"ID,NAME\r\n" * 1000, LARGE_NAME: random.Random(5818).randbytes(8 * 1024 * 1024)}


@pytest.fixture(params=["v2", "v4"])
def service(request, swift, scores_of_all_sizes, start_emulator):
    """Starts an emulator that signs for Swift, reached at a port of choice."""

    def start(port=urlsplit(swift.url).port, *options):
        emulator = start_emulator(
            *("--object-store", f"https://127.0.0.1:{port}/{objectstore.BUCKET}", "--signature", request.param),
            *("--access-key", objectstore.ACCESS_KEY, "--secret-key", objectstore.SECRET_KEY, *options),
        )
        for name in scores_of_all_sizes:
            emulator.add(name, b"")  # known to the service; the bytes are Swift's
        return emulator

    return start


def account_for(emulator, swift, build, folder, port=None):
    account = Account(folder, build, emulator, storage_hosts=f"127.0.0.1:{port or urlsplit(swift.url).port}")
    with account.ca.open("a") as authorities:
        authorities.write(swift.certificate.read_text())
    return account


def presigned_url(emulator, name):
    """What the service answers to the one call that scorefetch makes."""
    user, password = next(iter(emulator.users.items()))
    request = urllib.request.Request(
        f"{emulator.url}/file?filename={quote(name)}",
        json.dumps({"username": user, "password": password}).encode(),
        {"Content-Type": "application/json", "Accept": "application/json"},
    )
    trust = ssl.create_default_context(cafile=emulator.ca)
    with urllib.request.urlopen(request, context=trust, timeout=60) as answer:
        return json.load(answer)["fileUrl"]


def get(swift, url):
    """Swift's own answer: status and body."""
    trust = ssl.create_default_context(cafile=swift.certificate)
    try:
        with urllib.request.urlopen(url, context=trust, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize("name", [CSV_NAME, LARGE_NAME])
def test_swift_accepts_what_the_emulator_signs(service, swift, scores_of_all_sizes, name):
    assert get(swift, presigned_url(service(), name)) == (200, scores_of_all_sizes[name])


def test_swift_refuses_a_tampered_url(service, swift):
    url = presigned_url(service(), CSV_NAME)
    changed = [url.replace(CSV_NAME, quote(LARGE_NAME)), re.sub(r"(Signature=)(..)", r"\1AA", url)]
    for bad in changed:
        status, body = get(swift, bad)
        assert status == 403
        assert b"SignatureDoesNotMatch" in body


def test_swift_refuses_an_expired_url(service, swift):
    emulator = service(urlsplit(swift.url).port, "--url-lifetime", "1")
    url = presigned_url(emulator, CSV_NAME)
    deadline = time.monotonic() + 30
    while (answer := get(swift, url))[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert answer[0] == 403
    assert b"<Code>AccessDenied</Code>" in answer[1]


def test_a_notification_brings_the_file_from_swift(service, swift, build, scores_of_all_sizes, tmp_path):
    account = account_for(service(), swift, build, tmp_path)
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0, done.err
    assert account.stored() == {CSV_NAME: scores_of_all_sizes[CSV_NAME]}


def test_get_brings_a_large_file_with_blanks_in_its_name(service, swift, build, scores_of_all_sizes, tmp_path):
    account = account_for(service(), swift, build, tmp_path)
    done = account.scorefetch("get", LARGE_NAME)
    assert done.code == 0, done.err
    assert account.stored() == {LARGE_NAME: scores_of_all_sizes[LARGE_NAME]}


def test_an_expired_url_is_followed_by_a_new_one(service, swift, build, scores_of_all_sizes, tmp_path):
    emulator = service()
    emulator.faults("file:expiredx1")
    account = account_for(emulator, swift, build, tmp_path)
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == 0, done.err
    assert account.stored() == {CSV_NAME: scores_of_all_sizes[CSV_NAME]}
    assert len(emulator.requests("file")) == 2


def test_urls_that_are_always_expired_leave_nothing_behind(service, swift, build, tmp_path):
    emulator = service()
    emulator.faults("file:expired")
    account = account_for(emulator, swift, build, tmp_path)
    account.configure(give_up_after="1s")
    done = account.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL
    assert len(done.err.splitlines()) == 1
    assert CSV_NAME not in account.stored()
    account.assert_no_secret(done.err)


def test_a_broken_transfer_is_resumed(service, swift, build, scores_of_all_sizes, tmp_path):
    whole = scores_of_all_sizes[LARGE_NAME]
    relay = Relay(urlsplit(swift.url).port, limits=[len(whole) // 2])
    try:
        emulator = service(relay.port)
        account = account_for(emulator, swift, build, tmp_path, relay.port)
        done = account.scorefetch("get", LARGE_NAME)
    finally:
        relay.close()
    assert done.code == 0, done.err
    assert account.stored() == {LARGE_NAME: whole}
    assert len(relay.sent) >= 2
    assert sum(relay.sent[1:]) < len(whole) * 3 // 4  # the rest of it, not all of it again
