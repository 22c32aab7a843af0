"""What every real S3 server must show, with URLs of both signatures; the file of each server inherits these tests.

Such a file has a fixture `store` of module scope (filled(...)), which has

url, certificate         https://127.0.0.1:PORT, and the PEM file that says it is the one
access_key, secret_key   what its URLs are signed with
add(name, data)          puts an object into its bucket, objectstore.BUCKET
stop()                   ends it
"""
import contextlib
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
from harness import CSV_NAME, EX_TEMPFAIL, Account, mail
from relay import Relay

LARGE_NAME = "AP HED Scores 5818.csv"  # blanks are signed in a form of their own
PARTS_NAME = "5818_20180410_111604.txt"
PART = 5 * 1024 * 1024  # bytes; S3 allows smaller ones at the end alone
SCORES = {
    CSV_NAME: b"ID,NAME\r\n" * 1000,
    LARGE_NAME: random.Random(5818).randbytes(8 * 1024 * 1024),
    PARTS_NAME: random.Random(4300).randbytes(PART + 1024 * 1024),
}


def add_in_parts(store, name, data):
    """Puts an object into the bucket as large ones are put: its ETag is no MD5 then."""
    import boto3  # here, since every worker reads this file, and few run what stands in it
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=store.url,
        verify=str(store.certificate),
        region_name="us-east-1",
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    where = {"Bucket": objectstore.BUCKET, "Key": name}
    upload = {**where, "UploadId": client.create_multipart_upload(**where)["UploadId"]}
    parts = []
    for number, start in enumerate(range(0, len(data), PART), 1):
        piece = data[start : start + PART]
        answer = client.upload_part(PartNumber=number, Body=piece, **upload)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)


@contextlib.contextmanager
def filled(store):
    """The store with all files in it, until the end."""
    try:
        for name, data in SCORES.items():
            if name == PARTS_NAME:
                add_in_parts(store, name, data)
            else:
                store.add(name, data)
        yield store
    finally:
        store.stop()


def account_for(emulator, store, build, folder, port=None):
    account = Account(folder, build, emulator, storage_hosts=f"127.0.0.1:{port or urlsplit(store.url).port}")
    with account.ca.open("a") as authorities:
        authorities.write(store.certificate.read_text())
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


def get(store, url):
    """The store's own answer: status and body."""
    trust = ssl.create_default_context(cafile=store.certificate)
    try:
        with urllib.request.urlopen(url, context=trust, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def head_of(store, url):
    """The headers of the store's answer."""
    trust = ssl.create_default_context(cafile=store.certificate)
    with urllib.request.urlopen(url, context=trust, timeout=60) as answer:
        return answer.headers


class StoreContract:
    """A server that nobody here has written takes what the emulator signs, and scorefetch what it answers."""

    @pytest.fixture(params=["v2", "v4"])
    def service(self, request, store, start_emulator):
        """Starts an emulator that signs for the store, reached at a port of choice."""

        def start(port=urlsplit(store.url).port, *options):
            emulator = start_emulator(
                *("--object-store", f"https://127.0.0.1:{port}/{objectstore.BUCKET}", "--signature", request.param),
                *("--access-key", store.access_key, "--secret-key", store.secret_key, *options),
            )
            for name in SCORES:
                emulator.add(name, b"")  # known to the service; the bytes are the store's
            return emulator

        return start

    @pytest.mark.parametrize("name", [CSV_NAME, LARGE_NAME])
    def test_the_store_accepts_what_the_emulator_signs(self, service, store, name):
        assert get(store, presigned_url(service(), name)) == (200, SCORES[name])

    def test_the_store_refuses_a_tampered_url(self, service, store):
        url = presigned_url(service(), CSV_NAME)
        changed = [url.replace(CSV_NAME, quote(LARGE_NAME)), re.sub(r"(Signature=)(..)", r"\1AA", url)]
        for bad in changed:
            status, body = get(store, bad)
            assert status == 403
            assert b"SignatureDoesNotMatch" in body

    def test_the_store_refuses_an_expired_url(self, service, store):
        emulator = service(urlsplit(store.url).port, "--url-lifetime", "1")
        url = presigned_url(emulator, CSV_NAME)
        deadline = time.monotonic() + 120
        while (answer := get(store, url))[0] == 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert answer[0] == 403
        assert b"<Code>AccessDenied</Code>" in answer[1]

    def test_a_notification_brings_the_file_from_the_store(self, service, store, build, tmp_path):
        account = account_for(service(), store, build, tmp_path)
        done = account.scoremail(stdin=mail("csv"))
        assert done.code == 0, done.err
        assert account.stored() == {CSV_NAME: SCORES[CSV_NAME]}

    def test_get_brings_a_large_file_with_blanks_in_its_name(self, service, store, build, tmp_path):
        account = account_for(service(), store, build, tmp_path)
        done = account.scorefetch("get", LARGE_NAME)
        assert done.code == 0, done.err
        assert account.stored() == {LARGE_NAME: SCORES[LARGE_NAME]}

    def test_an_expired_url_is_followed_by_a_new_one(self, service, store, build, tmp_path):
        emulator = service()
        emulator.faults("file:expiredx1")
        account = account_for(emulator, store, build, tmp_path)
        done = account.scoremail(stdin=mail("csv"))
        assert done.code == 0, done.err
        assert account.stored() == {CSV_NAME: SCORES[CSV_NAME]}
        assert len(emulator.requests("file")) == 2

    def test_urls_that_are_always_expired_leave_nothing_behind(self, service, store, build, tmp_path):
        emulator = service()
        emulator.faults("file:expired")
        account = account_for(emulator, store, build, tmp_path)
        account.configure(give_up_after="1s")
        done = account.scoremail(stdin=mail("csv"))
        assert done.code == EX_TEMPFAIL
        assert len(done.err.splitlines()) == 1
        assert CSV_NAME not in account.stored()
        account.assert_no_secret(done.err)

    def test_a_broken_transfer_is_resumed(self, service, store, build, tmp_path):
        whole = SCORES[LARGE_NAME]
        relay = Relay(urlsplit(store.url).port, limits=[len(whole) // 2])
        try:
            emulator = service(relay.port)
            account = account_for(emulator, store, build, tmp_path, relay.port)
            done = account.scorefetch("get", LARGE_NAME)
        finally:
            relay.close()
        assert done.code == 0, done.err
        assert account.stored() == {LARGE_NAME: whole}
        assert len(relay.sent) >= 2
        assert sum(relay.sent[1:]) < len(whole) * 3 // 4  # the rest of it, not all of it again

    def test_a_file_in_parts_is_stored_and_not_fetched_again(self, service, store, build, tmp_path):
        """Its ETag is no MD5, but tells that nothing has changed."""
        whole = SCORES[PARTS_NAME]
        relay = Relay(urlsplit(store.url).port)
        try:
            emulator = service(relay.port)
            account = account_for(emulator, store, build, tmp_path, relay.port)
            assert head_of(store, presigned_url(service(), PARTS_NAME))["ETag"].endswith('-2"')
            done = account.scorefetch("get", PARTS_NAME)
            assert done.code == 0, done.err
            assert account.stored() == {PARTS_NAME: whole}
            fetched = sum(relay.sent)
            done = account.scorefetch("get", "--force", PARTS_NAME)
        finally:
            relay.close()
        assert done.code == 0, done.err
        assert account.stored() == {PARTS_NAME: whole}
        assert fetched > len(whole)
        assert sum(relay.sent) - fetched < len(whole) // 10

    def test_a_file_in_parts_is_resumed(self, service, store, build, tmp_path):
        whole = SCORES[PARTS_NAME]
        relay = Relay(urlsplit(store.url).port, limits=[len(whole) // 2])
        try:
            account = account_for(service(relay.port), store, build, tmp_path, relay.port)
            done = account.scorefetch("get", PARTS_NAME)
        finally:
            relay.close()
        assert done.code == 0, done.err
        assert account.stored() == {PARTS_NAME: whole}
        assert sum(relay.sent[1:]) < len(whole) * 3 // 4
