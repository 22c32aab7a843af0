"""The emulator as a whole: what stands in for the service has to be right itself."""

import base64
import concurrent.futures
import contextlib
import email
import email.policy
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pytest

from emulator import Emulator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("SCOREMAIL_BUILD", ROOT / "build")
PROGRAM = os.path.join(str(BUILD), "scoremail-emulator")
NAME = "4300_20180410_111604.csv"
CONTENT = b"".join(b"%06d,1200,Some Name\r\n" % i for i in range(3000))
CREDENTIALS = {"username": "reg", "password": "secret-Pa55"}
TIMEOUT = 30  # seconds; never reached when all is well


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    options = ["--user", "nr:x:no-role", "--url-lifetime", "600"]
    with Emulator(BUILD, tmp_path_factory.mktemp("emulator"), *options) as running:
        running.add(NAME, CONTENT)
        yield running


@pytest.fixture
def emulator(shared):
    shared.faults()
    return shared


def connect(emulator):
    context = ssl.create_default_context(cafile=emulator.ca)
    return http.client.HTTPSConnection("localhost", emulator.port, timeout=TIMEOUT, context=context)


def ask(emulator, method, target, body=None, **headers):
    """(status, headers, body); underscores in header names stand for hyphens."""
    connection = connect(emulator)
    with contextlib.closing(connection):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body, names)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def call(emulator, path, body=None, **headers):
    """One call of the service: (status, decoded JSON)."""
    body = CREDENTIALS if body is None else body
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    headers = {"Content_Type": "application/json", "Accept": "application/json"} | headers
    status, _, answer = ask(emulator, "POST", "/pascoredwnld" + path, body, **headers)
    return status, json.loads(answer)


def presigned(emulator, name=NAME):
    status, answer = call(emulator, "/file?filename=" + urllib.parse.quote(name))
    assert status == 200, answer
    assert answer["filePath"] == name
    return answer["fileUrl"]


def target_of(url):
    return url.split("/", 3)[3].join(["/", ""])


def get(emulator, url, **headers):
    return ask(emulator, "GET", target_of(url), **headers)


def code_of(body):
    """The error code in S3's XML."""
    root = ElementTree.fromstring(body)
    assert root.tag == "Error"
    return root.findtext("Code")


class Wire:
    """TLS over a socket by hand, since Python's own calls a reset an end of file."""

    def __init__(self, emulator):
        self.socket = socket.create_connection(("127.0.0.1", emulator.port), TIMEOUT)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=emulator.ca)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def _until_done(self, action, *arguments):
        while True:
            try:
                return action(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                piece = self.socket.recv(65536)
                if piece:
                    self.incoming.write(piece)
                else:
                    self.incoming.write_eof()
            finally:
                self._flush()

    def _flush(self):
        if self.outgoing.pending:
            self.socket.sendall(self.outgoing.read())

    def send(self, data):
        self._until_done(self.tls.do_handshake)
        self._until_done(self.tls.write, data)

    def receive(self):
        return self._until_done(self.tls.read, 65536)


def raw_get(emulator, url):
    """Everything that comes down the connection, and how it ended: 'closed' or 'reset'."""
    received = b""
    wire = Wire(emulator)
    request = f"GET {target_of(url)} HTTP/1.1\r\nHost: localhost:{emulator.port}\r\n"
    with wire.socket:
        wire.send((request + "Connection: close\r\n\r\n").encode())
        try:
            while piece := wire.receive():
                received += piece
        except ConnectionResetError:
            return received, "reset"
        except ssl.SSLZeroReturnError:
            pass
    return received, "closed"


def body_of(received):
    return received.split(b"\r\n\r\n", 1)[1]


# The calls


def test_login_gives_a_token_that_the_other_calls_take(emulator):
    status, answer = call(emulator, "/login")
    assert status == 200 and list(answer) == ["token"]
    token = {"token": answer["token"]}
    assert len(token["token"]) == 36
    assert call(emulator, "/files/list", token)[0] == 200
    status, answer = call(emulator, "/file?filename=" + NAME, token)
    assert status == 200 and sorted(answer) == ["fileName", "filePath", "fileSize", "fileUrl"]
    assert (answer["fileName"], answer["fileSize"]) == (NAME, len(CONTENT))


def test_the_file_call_gives_a_url_of_the_documented_form(tmp_path):
    with Emulator(BUILD, tmp_path) as own:
        own.add(NAME, CONTENT)
        before = int(time.time())
        url = urllib.parse.urlsplit(presigned(own))
        after = time.time()
    query = urllib.parse.parse_qs(url.query)
    assert url.scheme == "https" and url.netloc == f"localhost:{own.port}"
    assert url.path == f"/scores/K12/{NAME}"
    assert sorted(query) == ["AWSAccessKeyId", "Expires", "Signature"]
    assert before + 15 <= int(query["Expires"][0]) <= after + 15


def test_the_listing_has_what_the_service_says_of_files(emulator):
    emulator.add("Essays.ZIP", b"PK", mtime=1000000000)
    status, answer = call(emulator, "/files/list")
    emulator.remove("Essays.ZIP")
    assert status == 200
    scores, essays = answer["files"]
    assert scores | {"deliveryDate": ""} == {
        "fileName": NAME,
        "fileType": "Scores File",
        "fileSize": len(CONTENT),
        "deliveryDate": "",
        "recordCount": 3000,
        "assessment": "SAT",
    }
    assert essays["fileType"] == "Essay File"
    assert essays["recordCount"] == 1
    assert essays["deliveryDate"] == "2001-09-09T01:46:40-0000"


@pytest.mark.parametrize(
    "from_date, expected",
    [
        ("2001-09-09T01:46:40-0000", ["dated.csv"]),
        ("2001-09-09T01:46:41-0000", []),
        ("2001-09-08T21:46:40-0400", ["dated.csv"]),
        ("2001-09-08T21:46:41%2D0400", []),
        ("2001-09-09T03:46:41%2B0200", []),
    ],
)
def test_the_listing_starts_at_from_date(tmp_path, from_date, expected):
    with Emulator(BUILD, tmp_path) as own:
        own.add("dated.csv", b"1\n", mtime=1000000000)
        status, answer = call(own, "/files/list?fromDate=" + from_date)
    assert status == 200
    assert [file["fileName"] for file in answer["files"] or []] == expected


def test_names_are_percent_decoded(emulator):
    emulator.add("AP HED+1.csv", b"x\n")
    for written in ["AP%20HED%2B1.csv", "AP+HED%2b1.csv"]:
        status, answer = call(emulator, "/file?filename=" + written)
        assert status == 200 and answer["filePath"] == "AP HED+1.csv"
        assert get(emulator, answer["fileUrl"])[2] == b"x\n"
    assert call(emulator, "/file?filename=AP%20HED+1.csv")[0] == 404
    emulator.remove("AP HED+1.csv")


@pytest.mark.parametrize(
    "path, body, headers, status",
    [
        ("/login", {"username": "reg", "password": "wrong"}, {}, 401),
        ("/login", {"username": "nobody", "password": "x"}, {}, 401),
        ("/login", {"username": "nr", "password": "x"}, {}, 403),
        ("/file?filename=" + NAME, {"username": "nr", "password": "x"}, {}, 403),
        ("/files/list", {"username": "nr", "password": "x"}, {}, 403),
        ("/files/list", {"token": "45B5B7E7-1C85-DBE7-2493-DB6ECA41A707"}, {}, 401),
        ("/login", "{", {}, 400),
        ("/login", {}, {}, 400),
        ("/file?filename=missing.csv", CREDENTIALS, {}, 404),
        ("/file?filename=..%2Fusers", CREDENTIALS, {}, 404),
        ("/login", CREDENTIALS, {"Content_Type": "text/plain"}, 415),
        ("/login", "x" * 70000, {}, 413),
        ("/elsewhere", CREDENTIALS, {}, 404),
    ],
)
def test_refusals_have_a_status_and_a_message(emulator, path, body, headers, status):
    given, answer = call(emulator, path, body, **headers)
    assert given == status
    assert list(answer) == ["message"]


def test_only_post_calls_the_service(emulator):
    status, headers, _ = ask(emulator, "GET", "/pascoredwnld/login")
    assert status == 405 and headers["Allow"] == "POST"


def test_what_college_board_s_java_sample_sends_works(emulator):
    status, answer = call(emulator, "/login", json.dumps(CREDENTIALS) + ";")
    assert status == 200
    target = f"/pascoredwnld/file?tok={answer['token']}&filename={NAME}"
    status, _, answer = ask(emulator, "GET", target, Accept="application/json")
    assert status == 200
    assert get(emulator, json.loads(answer)["fileUrl"])[2] == CONTENT
    with open(emulator.log, encoding="ascii") as log:
        assert "tok" not in log.read()


@pytest.mark.parametrize(
    "form, expected",
    [
        ("null", {"files": None}),
        ("[]", {"files": []}),
        ("{}", {"files": {}}),
        ('""', {"files": ""}),
        ("missing", {}),
    ],
)
def test_an_empty_listing_is_written_as_wished(tmp_path, form, expected):
    with Emulator(BUILD, tmp_path, "--empty", form) as own:
        assert call(own, "/files/list") == (200, expected)
        own.add(NAME, CONTENT)
        assert [file["fileName"] for file in call(own, "/files/list")[1]["files"]] == [NAME]


def test_dates_may_be_strict(tmp_path, emulator):
    for from_date in ["2001-09-09", "2001-09-09T01:46:40Z", "2001-09-09T01:46:40.123+0000"]:
        assert call(emulator, "/files/list?fromDate=" + from_date)[0] == 200
        with Emulator(BUILD, tmp_path, "--strict-dates") as own:
            assert call(own, "/files/list?fromDate=" + from_date)[0] == 400
            assert call(own, "/files/list?fromDate=2001-09-09T01:46:40-0000")[0] == 200


def test_sessions_are_limited_until_the_client_logs_in_or_waits(tmp_path):
    options = ["--max-sessions", "2/10", "--max-sessions-status", "401"]
    with Emulator(BUILD, tmp_path, *options) as own:
        own.add(NAME, CONTENT)
        seen = [call(own, "/file?filename=" + NAME)[0] for _ in range(2)]
        status, answer = call(own, "/file?filename=" + NAME)
        seen.append(status)
        assert seen == [200, 200, 401]
        assert answer["message"].startswith("You have reached the max sessions, Please download")
        token = call(own, "/login")[1]
        assert call(own, "/file?filename=" + NAME, token)[0] == 200
        deadline = time.monotonic() + TIMEOUT
        while call(own, "/files/list")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)  # the condition is the clock
        assert time.monotonic() < deadline


def test_tokens_end(tmp_path):
    with Emulator(BUILD, tmp_path, "--token-lifetime", "0") as own:
        _, answer = call(own, "/login")
        assert call(own, "/files/list", {"token": answer["token"]})[0] == 401


def test_users_of_the_data_folder_count_too(emulator):
    path = os.path.join(emulator.data, "users")
    with open(path, "w", encoding="ascii") as users:
        users.write("# more\nkim:another:word\nlee:x:no-role\n")
    assert call(emulator, "/login", {"username": "kim", "password": "another:word"})[0] == 200
    assert call(emulator, "/login", {"username": "lee", "password": "x"})[0] == 403
    os.unlink(path)
    assert call(emulator, "/login", {"username": "kim", "password": "another:word"})[0] == 401


def test_a_single_file_may_be_given(tmp_path):
    path = tmp_path / "single.txt"
    path.write_bytes(b"one\n")
    with Emulator(BUILD, tmp_path, "--file", path) as own:
        assert get(own, presigned(own, "single.txt"))[2] == b"one\n"
        assert call(own, "/files/list")[1]["files"][0]["fileName"] == "single.txt"


# Signatures


@pytest.fixture(params=["v2", "v4"])
def signed(request, tmp_path):
    options = ["--signature", request.param, "--url-lifetime", "600"]
    with Emulator(BUILD, tmp_path, *options) as own:
        own.add(NAME, CONTENT)
        yield own


def test_a_presigned_url_gets_the_file_also_more_than_once(signed):
    url = presigned(signed)
    for _ in range(2):
        status, headers, body = get(signed, url)
        assert (status, body) == (200, CONTENT)
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"] == '"%s"' % hashlib.md5(CONTENT).hexdigest()
    assert email.utils.parsedate_to_datetime(headers["Last-Modified"])


def test_a_tampered_url_is_refused(signed):
    url = presigned(signed)
    swapped = url[:-8] + ("A" if url[-8] != "A" else "B") + url[-7:]
    for tampered in [swapped, url.replace(NAME, "other.csv"), url.replace("K12", "k12")]:
        status, headers, body = get(signed, tampered)
        assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")
        assert headers["Content-Type"] == "application/xml"
    status, _, body = get(signed, url.split("?")[0])
    assert (status, code_of(body)) == (403, "AccessDenied")


def test_an_expired_url_is_refused(signed):
    signed.faults("file:expired")
    status, _, body = get(signed, presigned(signed))
    assert (status, code_of(body)) == (403, "AccessDenied")
    assert b"Request has expired" in body


def test_a_url_expires_by_itself(tmp_path):
    with Emulator(BUILD, tmp_path, "--url-lifetime", "1") as own:
        own.add(NAME, CONTENT)
        url = presigned(own)
        expires = int(urllib.parse.parse_qs(url.split("?")[1])["Expires"][0])
        while time.time() < expires + 1:
            time.sleep(0.05)  # the condition is the clock
        assert get(own, url)[0] == 403


def test_a_presigned_url_is_for_get_alone(signed):
    url = presigned(signed)
    status, _, body = ask(signed, "HEAD", target_of(url))
    assert (status, body) == (403, b"")
    status, _, body = ask(signed, "DELETE", target_of(url))
    assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_headers_of_an_api_call_make_the_store_refuse(signed):
    url = presigned(signed)
    status, _, body = get(signed, url, Authorization="Bearer x")
    assert (status, code_of(body)) == (400, "InvalidArgument")
    status, _, body = get(signed, url, Content_Type="application/json")
    if "X-Amz-Signature" in url:  # version 4 signs Amazon's own headers alone
        assert (status, body) == (200, CONTENT)
    else:
        assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


def test_an_unknown_key_is_reported(signed):
    url = presigned(signed)
    os.unlink(os.path.join(signed.files_dir, NAME))
    status, _, body = get(signed, url)
    assert (status, code_of(body)) == (404, "NoSuchKey")


def v2_signature(secret, expires, path):
    text = f"GET\n\n\n{expires}\n{path}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode()


def v4_signature(secret, host, path, query):
    names = sorted(set(query) - {"X-Amz-Signature"})
    canonical = "&".join(f"{name}={urllib.parse.quote(query[name], safe='-_.~')}" for name in names)
    request = f"GET\n{path}\n{canonical}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_a_temporary_key_makes_long_urls_that_work(tmp_path, version):
    token = "FwoGZXIvYXdzE" + "+/aB3" * 400 + "="
    options = ["--access-key", "ASIAXYZ", "--secret-key", "s/e", "--session-token", token]
    with Emulator(BUILD, tmp_path, "--signature", version, *options) as own:
        own.add(NAME, CONTENT)
        url = presigned(own)
        assert len(url) > 2000 and urllib.parse.quote(token, safe="") in url
        assert get(own, url)[2] == CONTENT
        status, _, body = get(own, url.replace("FwoGZXIvYXdzE", "FwoGZXIvYXdzF"))
        assert (status, code_of(body)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_urls_may_have_the_bucket_in_the_host_s_name(tmp_path, version):
    with Emulator(BUILD, tmp_path, "--virtual-host", "--signature", version) as own:
        own.add(NAME, CONTENT)
        url = urllib.parse.urlsplit(presigned(own))
        assert url.netloc == f"scores.s3.localhost:{own.port}"
        assert url.path == "/K12/" + NAME
        context = ssl.create_default_context(cafile=own.ca)
        with socket.create_connection(("127.0.0.1", own.port), TIMEOUT) as plain:
            with context.wrap_socket(plain, server_hostname=url.hostname) as wrapped:
                target = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
                request = f"GET {target} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n"
                wrapped.sendall(request.encode())
                received = b"".join(iter(lambda: wrapped.recv(65536), b""))
        assert received.startswith(b"HTTP/1.1 200 ") and body_of(received) == CONTENT
        assert own.requests("object")[-1]["name"] == NAME


FOREIGN = "https://s3.example:8080/bucket/some prefix"


def foreign_url(tmp_path, *options):
    with Emulator(BUILD, tmp_path, "--object-store", FOREIGN, *options) as own:
        own.add("a b.csv", b"")
        return presigned(own, "a b.csv")


def test_urls_for_another_store_are_signed_with_its_key_v2(tmp_path):
    url = foreign_url(tmp_path, "--access-key", "AK", "--secret-key", "S/cret")
    place, query = url.split("?")
    fields = dict(urllib.parse.parse_qsl(query))
    assert place == "https://s3.example:8080/bucket/some%20prefix/a%20b.csv"
    assert fields["AWSAccessKeyId"] == "AK"
    signature = v2_signature("S/cret", fields["Expires"], "/bucket/some%20prefix/a%20b.csv")
    assert fields["Signature"] == signature


def test_urls_for_another_store_are_signed_with_its_key_v4(tmp_path):
    options = ["--access-key", "AK", "--secret-key", "S/cret", "--region", "eu-x", "--signature"]
    url = foreign_url(tmp_path, *options, "v4")
    place, query = url.split("?")
    fields = dict(urllib.parse.parse_qsl(query))
    assert place == "https://s3.example:8080/bucket/some%20prefix/a%20b.csv"
    assert fields["X-Amz-Credential"].endswith("/eu-x/s3/aws4_request")
    assert fields["X-Amz-Expires"] == "15"
    path = "/bucket/some%20prefix/a%20b.csv"
    assert fields["X-Amz-Signature"] == v4_signature("S/cret", "s3.example:8080", path, fields)


def test_urls_of_a_web_server_are_plain(tmp_path):
    assert foreign_url(tmp_path) == "https://s3.example:8080/bucket/some%20prefix/a%20b.csv"


# The object store's headers


def conditional(emulator, **headers):
    return get(emulator, presigned(emulator), **headers)


ETAG = '"%s"' % hashlib.md5(CONTENT).hexdigest()
SIZE = len(CONTENT)


@pytest.mark.parametrize(
    "asked, first, last",
    [
        ("bytes=0-0", 0, 0),
        ("bytes=1000-1999", 1000, 1999),
        ("bytes=1000-", 1000, SIZE - 1),
        (f"bytes=1000-{SIZE + 5}", 1000, SIZE - 1),
        ("bytes=-10", SIZE - 10, SIZE - 1),
    ],
)
def test_one_range_is_sent(emulator, asked, first, last):
    status, headers, body = conditional(emulator, Range=asked)
    assert (status, body) == (206, CONTENT[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert headers["ETag"] == ETAG


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2"])
def test_odd_ranges_are_ignored(emulator, asked):
    status, _, body = conditional(emulator, Range=asked)
    assert (status, body) == (200, CONTENT)


def test_a_range_past_the_end_is_416(emulator):
    status, headers, body = conditional(emulator, Range=f"bytes={SIZE}-")
    assert (status, code_of(body)) == (416, "InvalidRange")
    assert headers["Content-Range"] == f"bytes */{SIZE}"


def test_if_match(emulator):
    assert conditional(emulator, If_Match=ETAG)[0] == 200
    status, _, body = conditional(emulator, If_Match='"other"')
    assert (status, code_of(body)) == (412, "PreconditionFailed")


def test_if_none_match(emulator):
    assert conditional(emulator, If_None_Match='"other"')[0] == 200
    status, headers, body = conditional(emulator, If_None_Match=ETAG)
    assert (status, body, headers["ETag"]) == (304, b"", ETAG)


def test_if_range(emulator):
    assert conditional(emulator, Range="bytes=5-", If_Range=ETAG)[2] == CONTENT[5:]
    assert conditional(emulator, Range="bytes=5-", If_Range="W/" + ETAG)[2] == CONTENT
    assert conditional(emulator, Range="bytes=5-", If_Range='"other"')[2] == CONTENT


@pytest.mark.parametrize(
    "form, header, value",
    [
        ("multipart", "x-amz-server-side-encryption", "AES256"),
        ("kms", "x-amz-server-side-encryption", "aws:kms"),
        ("dsse", "x-amz-server-side-encryption", "aws:kms:dsse"),
        ("customer", "x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("opaque", "x-amz-server-side-encryption", None),
    ],
)
def test_an_etag_that_is_no_md5_changes_with_the_file(tmp_path, form, header, value):
    with Emulator(BUILD, tmp_path, "--etag", form) as own:
        own.add(NAME, CONTENT)
        headers = conditional(own)[1]
        before = headers["ETag"]
        assert headers[header] == value
        own.add(NAME, CONTENT + b"more\n")
        assert before != ETAG
        assert bool(re.fullmatch('"[0-9a-f]{32}"', before)) == (form in ("kms", "dsse", "customer"))
        assert conditional(own, If_None_Match=before)[0] == 200
        assert conditional(own)[1]["ETag"] != before


# Faults


def failing(emulator, *specs):
    emulator.faults(*specs)
    return presigned(emulator)


def test_status_fault_with_xml_or_json(emulator):
    emulator.faults("object:status=500x1", "login:status=503x1")
    status, _, body = conditional(emulator)
    assert (status, code_of(body)) == (500, "InternalError")
    status, answer = call(emulator, "/login")
    assert status == 503 and "message" in answer
    assert conditional(emulator)[0] == 200
    assert call(emulator, "/login")[0] == 200


def test_retry_after_fault(emulator):
    url = failing(emulator, "object:retry-after=9x1")
    status, headers, body = get(emulator, url)
    assert (status, headers["Retry-After"], code_of(body)) == (503, "9", "SlowDown")


@pytest.mark.parametrize("count", [0, 1000, 40000])
def test_reset_fault_after_so_many_bytes(emulator, count):
    received, end = raw_get(emulator, failing(emulator, f"object:reset={count}"))
    assert end == "reset"
    assert body_of(received) == CONTENT[:count]


def test_reset_fault_before_any_answer(emulator):
    assert raw_get(emulator, failing(emulator, "object:reset")) == (b"", "reset")


def test_short_fault(emulator):
    received, end = raw_get(emulator, failing(emulator, "object:short=100"))
    assert end == "closed"
    assert b"Content-Length: %d\r\n" % SIZE in received
    assert body_of(received) == CONTENT[:-100]


def test_stall_fault_keeps_the_connection_and_the_others_going(emulator):
    url = failing(emulator, "object:stall=5000x1")
    connection = connect(emulator)
    with contextlib.closing(connection):
        connection.request("GET", target_of(url))
        answer = connection.getresponse()
        assert answer.read(5000) == CONTENT[:5000]
        assert get(emulator, url)[2] == CONTENT
        connection.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            answer.read(1)


def test_stalled_connections_do_not_keep_the_program_from_ending(tmp_path):
    own = Emulator(BUILD, tmp_path, "--fault", "object:stall=10").start()
    own.add(NAME, CONTENT)
    connection = connect(own)
    with contextlib.closing(connection):
        connection.request("GET", target_of(presigned(own)))
        assert connection.getresponse().read(10) == CONTENT[:10]
        assert own.stop() == 0


def test_drip_fault_takes_its_time(emulator):
    emulator.add("slow.csv", b"x" * 20)
    emulator.faults("object:drip=40")
    url = presigned(emulator, "slow.csv")
    start = time.monotonic()
    assert get(emulator, url)[2] == b"x" * 20
    assert time.monotonic() - start >= 0.45
    emulator.remove("slow.csv")


def test_delay_fault_goes_with_another(emulator):
    url = failing(emulator, "object:delay=300", "object:short=1")
    start = time.monotonic()
    received, _ = raw_get(emulator, url)
    assert time.monotonic() - start >= 0.3
    assert body_of(received) == CONTENT[:-1]
    assert emulator.requests("object")[-1]["fault"] == "delay+short"


@pytest.mark.parametrize("path", ["/login", "/file?filename=" + NAME, "/files/list"])
def test_json_faults(emulator, path):
    kind = {"/login": "login", "/files/list": "list"}.get(path, "file")
    emulator.faults(f"{kind}:broken-jsonx1", f"{kind}:not-jsonx1", f"{kind}:huge-jsonx1")
    target, body = "/pascoredwnld" + path, json.dumps(CREDENTIALS)
    headers = {"Content_Type": "application/json"}
    for expected in ["broken", "html", "huge"]:
        status, got, answer = ask(emulator, "POST", target, body, **headers)
        assert status == 200
        if expected == "huge":
            assert len(answer) > 65536
            json.loads(answer)
        else:
            with pytest.raises(ValueError):
                json.loads(answer)
            assert got["Content-Type"] == ("text/html" if expected == "html" else "application/json")


@pytest.mark.parametrize("by", [7, -7])
def test_wrong_length_fault(emulator, by):
    received, end = raw_get(emulator, failing(emulator, f"object:wrong-length={by}"))
    assert end == "closed"
    assert re.findall(rb"Content-Length: (\d+)\r\n", received) == [b"%d" % (SIZE + by)]
    assert body_of(received) == CONTENT


def test_no_length_fault(emulator):
    status, headers, body = get(emulator, failing(emulator, "object:no-length"))
    assert (status, body) == (200, CONTENT)
    assert headers["Content-Length"] is None


def test_encoding_fault(emulator):
    _, headers, body = get(emulator, failing(emulator, "object:encoding"))
    assert (headers["Content-Encoding"], body) == ("gzip", CONTENT)


def test_redirect_fault(emulator):
    status, headers, _ = get(emulator, failing(emulator, "object:redirect=https://evil.example/"))
    assert (status, headers["Location"]) == (302, "https://evil.example/")


@pytest.mark.parametrize(
    "fault, start",
    [
        ("foreign-host=evil.example", "https://evil.example/scores/K12/"),
        ("http-url", "http://localhost:"),
        ("userinfo-url", "https://somebody:something@localhost:"),
    ],
)
def test_url_faults(emulator, fault, start):
    assert failing(emulator, "file:" + fault).startswith(start)


def test_etag_xml_and_corrupt_faults(emulator):
    url = failing(emulator, "object:bad-etagx1", "object:xml-200x1", "object:corruptx1")
    _, headers, body = get(emulator, url)
    assert body == CONTENT and headers["ETag"] != ETAG and len(headers["ETag"]) == 34
    status, _, body = get(emulator, url)
    assert (status, code_of(body)) == (200, "InternalError")
    status, headers, body = get(emulator, url)
    assert (status, headers["ETag"], len(body)) == (200, ETAG, SIZE)
    assert sum(a != b for a, b in zip(body, CONTENT)) == 1


@pytest.mark.parametrize("code", [401, 403])
def test_a_network_or_gateway_before_the_service_refuses_otherwise(emulator, code):
    emulator.faults(f"login:html={code}x1", f"login:gateway={code}x1", f"login:status={code}x1")
    body = json.dumps(CREDENTIALS)
    answers = [
        ask(emulator, "POST", "/pascoredwnld/login", body, Content_Type="application/json")
        for _ in range(3)
    ]
    assert [status for status, _, _ in answers] == [code] * 3
    assert answers[0][1]["Content-Type"] == "text/html" and answers[0][2].startswith(b"<HTML>")
    assert json.loads(answers[1][2]) == {"message": "Unauthorized" if code == 401 else "Forbidden"}
    own_words = {401: "The user name or the password is not valid", 403: "The user does not have"}
    assert json.loads(answers[2][2])["message"].startswith(own_words[code])


def test_a_fault_for_one_name_leaves_the_others_alone(emulator):
    emulator.add("other.csv", b"x\n")
    emulator.faults(f"object/{NAME}:status=503", "file/other.csv:delay=200", "any/other.csv:status=500x1")
    assert get(emulator, presigned(emulator))[0] == 503
    start = time.monotonic()
    assert call(emulator, "/file?filename=other.csv")[0] == 500
    assert time.monotonic() - start >= 0.2
    assert get(emulator, presigned(emulator, "other.csv"))[2] == b"x\n"
    faults = [line["fault"] for line in emulator.requests()[-5:]]
    assert faults == [None, "status", "delay+status", "delay", None]
    emulator.remove("other.csv")


def test_a_wrong_fault_is_a_usage_error(tmp_path):
    reasons = {
        "object:frobnicate": "no kind frobnicate",
        "nobody:reset=1": "login, file, list, object or any",
        "object:status": "write status=NUMBER, from 200 to 599",
        "login:html=200": "write html=NUMBER, from 400 to 599",
        "object:corrupt=1": "corrupt takes no value",
        "file:redirect": "write redirect=TEXT",
        "object:expired": "expired is no fault of the call object",
        "list/a.csv:reset": "only file and object calls",
        "file/:reset": "after /",
        "reset": "CALL[/NAME]:KIND",
    }
    for spec, reason in reasons.items():
        done = run("--port", "0", "--fault", spec)
        assert (done.returncode, done.stdout) == (64, "")
        assert f"fault '{spec}': " in done.stderr and reason in done.stderr


def test_a_wrong_fault_at_run_time_is_refused(emulator):
    status, _, body = ask(emulator, "POST", "/_emulator/faults", "object:frobnicate")
    assert status == 400 and b"frobnicate" in body


# The log, many at once, the program


def test_the_access_log_says_what_was_asked_and_keeps_secrets(emulator):
    before = len(emulator.requests())
    url = presigned(emulator)
    get(emulator, url, Range="bytes=5-9")
    get(emulator, url, If_None_Match=ETAG)
    call(emulator, "/login", {"username": "a b", "password": "wrong-word"})
    _, token = call(emulator, "/login")
    file, part, unchanged, stranger, login = emulator.requests()[before:]
    assert (file["call"], file["name"], file["user"], file["status"]) == ("file", NAME, "reg", 200)
    assert (part["status"], part["sent"], part["range"]) == (206, 5, "bytes=5-9")
    assert (unchanged["status"], unchanged["sent"], unchanged["inm"]) == (304, 0, ETAG)
    assert (stranger["user"], stranger["status"], login["fault"]) == ("a b", 401, None)
    with open(emulator.log, encoding="ascii") as log:
        text = log.read()
    for secret in ["Signature", "AWSAccessKeyId", "wrong-word", "secret-Pa55", token["token"]]:
        assert secret not in text


def test_sixty_four_at_once(emulator):
    emulator.add("large.txt", os.urandom(2_000_000))
    with open(os.path.join(emulator.files_dir, "large.txt"), "rb") as file:
        expected = hashlib.sha256(file.read()).digest()
    together = threading.Barrier(64, timeout=TIMEOUT)

    def fetch(_):
        connection = connect(emulator)
        with contextlib.closing(connection):
            connection.connect()
            together.wait()
            headers = {"Content-Type": "application/json"}
            path = "/pascoredwnld/file?filename=large.txt"
            connection.request("POST", path, json.dumps(CREDENTIALS), headers)
            url = json.loads(connection.getresponse().read())["fileUrl"]
            together.wait()
            connection.request("GET", target_of(url))
            return hashlib.sha256(connection.getresponse().read()).digest()

    before = len(emulator.requests("object"))
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        assert list(pool.map(fetch, range(64))) == [expected] * 64
    assert len(emulator.requests("object")) == before + 64
    emulator.remove("large.txt")


def test_a_client_that_goes_away_is_logged_too(emulator):
    url = failing(emulator, "object:stall=100x1")
    before = len(emulator.requests("object"))
    connection = connect(emulator)
    connection.request("GET", target_of(url))
    connection.getresponse().read(100)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    seen = emulator.wait_for(lambda _: emulator.requests("object")[before:])
    assert [(line["sent"], line["fault"]) for line in seen] == [(100, "stall")]


def run(*arguments):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def test_the_ready_line_and_file(tmp_path):
    ready = tmp_path / "ready"
    with Emulator(BUILD, tmp_path, "--ready-file", ready) as own:
        assert ready.read_text() == f"ready {own.url} ca={own.ca}\n"
        assert os.path.isabs(own.ca)


def test_keys_are_kept_and_private(tmp_path):
    with Emulator(BUILD, tmp_path) as own:
        with open(own.ca, "rb") as file:
            first = file.read()
        key = os.path.join(os.path.dirname(own.ca), "server.key")
        assert os.stat(key).st_mode & 0o777 == 0o600
    with Emulator(BUILD, tmp_path) as own, open(own.ca, "rb") as file:
        assert file.read() == first


def test_a_given_certificate_is_used(tmp_path):
    with Emulator(BUILD, tmp_path) as own:
        folder = os.path.dirname(own.ca)
    certificate, key = (os.path.join(folder, name) for name in ("server.pem", "server.key"))
    program = subprocess.Popen(
        [PROGRAM, "--port", "0", "--tls-cert", certificate, "--tls-key", key],
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdout.readline().endswith(f" ca={certificate}\n")
        program.terminate()
    assert program.returncode == 0


def test_a_temporary_authority_goes_with_the_program():
    program = subprocess.Popen(
        [PROGRAM, "--port", "0", "--user", "a:b"], stdout=subprocess.PIPE, text=True
    )
    with program:
        authority = program.stdout.readline().rstrip("\n").split(" ca=")[1]
        assert os.path.exists(authority)
        program.terminate()
    assert program.returncode == 0
    assert not os.path.exists(os.path.dirname(authority))


@pytest.mark.parametrize(
    "host", ["localhost", "scores.s3.localhost", "127.0.0.1", "::1", "s3.example", "b.s3.example"]
)
def test_the_certificate_is_for_the_names_in_use(tmp_path, host):
    options = ["--object-host", "s3.example"] if host.endswith("s3.example") else []
    if host == "b.s3.example":
        options += ["--virtual-host", "--bucket", "b"]
    with Emulator(BUILD, tmp_path, *options) as own:
        context = ssl.create_default_context(cafile=own.ca)
        with socket.create_connection(("127.0.0.1", own.port), TIMEOUT) as plain:
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                assert wrapped.version() == "TLSv1.3"


@pytest.mark.parametrize(
    "address, host",
    [
        ("127.0.0.1", "localhost"),
        ("127.0.0.2", "localhost"),
        ("0.0.0.0", "localhost"),
        ("::", "localhost"),
        ("::1", "[::1]"),
    ],
)
def test_it_listens_where_it_is_told_to(tmp_path, address, host):
    ready = tmp_path / "ready"
    command = [PROGRAM, "--port", "0", "--user", "a:b", "--listen", address]
    command += ["--ready-file", ready, "--tls-dir", tmp_path / "tls"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        line = program.stdout.readline()
        try:
            url, authority = re.fullmatch(r"ready (https://.+)/pascoredwnld ca=(.+)\n", line).groups()
            parts = urllib.parse.urlsplit(url)
            assert parts.netloc.rpartition(":")[0] == host
            context = ssl.create_default_context(cafile=authority)
            called = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
            expected = "127.0.0.1" if called == "127.0.0.2" else called
            with socket.create_connection((called, parts.port), TIMEOUT) as plain:
                with context.wrap_socket(plain, server_hostname=expected) as wrapped:
                    assert wrapped.version() == "TLSv1.3"
            if address in ("127.0.0.1", "127.0.0.2", "::1"):
                others = {"127.0.0.1": "127.0.0.2", "127.0.0.2": "127.0.0.1", "::1": "127.0.0.1"}
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((others[address], parts.port), TIMEOUT)
        finally:
            program.terminate()
    assert program.returncode == 0


def test_what_is_missing_is_said_at_the_start(tmp_path):
    missing = str(tmp_path / "missing")
    for arguments in [["--data", missing], ["--file", missing], ["--file", str(tmp_path)]]:
        done = run("--port", "0", "--user", "a:b", *arguments)
        assert (done.returncode, done.stdout) == (74, "")
        assert len(done.stderr.splitlines()) == 1 and arguments[1] in done.stderr


def test_no_user_and_no_files_are_a_warning(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    command = [PROGRAM, "--port", "0", "--data", data]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout.readline().startswith("ready ")
        program.terminate()
        warnings = program.stderr.read().splitlines()
    assert program.returncode == 0
    assert [bool(re.search("no user", line)) for line in warnings] == [True, False]
    assert str(data / "files") in warnings[1]
    (data / "files").mkdir()
    (data / "users").write_text("a:b\n")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout.readline().startswith("ready ")
        program.terminate()
        assert program.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--signature", "v3"],
        ["--etag", "sha1"],
        ["--empty", "nothing"],
        ["--max-sessions", "10"],
        ["--max-sessions", "10/5minutes"],
        ["--max-sessions-status", "200"],
        ["--port", "99999"],
        ["--user", "nobody"],
        ["--tls-cert", "x"],
        ["--access-key", "x"],
        ["--access-key", "x/y", "--secret-key", "z"],
        ["--session-token", "x"],
        ["--listen", "localhost"],
        ["--listen", "::1", "--virtual-host"],
        ["--object-host", "127.0.0.1", "--virtual-host"],
        ["--virtual-host", "--object-store", "https://s3.example/b"],
        ["--object-host", "s3:8443"],
        ["--fault", "object:nonsense"],
        ["--object-store", "https://"],
        ["--object-store", "ftp://x/"],
        ["--bucket", "a/b"],
        ["--frobnicate"],
        ["stray"],
        ["notify"],
        ["notify", "a", "b"],
        ["notify", "a\nb"],
        ["notify", "--form", "pigeon", "a.csv"],
    ],
)
def test_a_wrong_command_line_is_a_usage_error(arguments, emulator):
    if arguments[0].startswith("--") and "--port" not in arguments:
        arguments = arguments + ["--port", emulator.port]  # taken: nothing may bind before it checks
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_named(emulator):
    done = run("--port", emulator.port, "--user", "a:b")
    assert done.returncode == 74
    assert f"port {emulator.port}" in done.stderr


def test_a_certificate_of_another_key_is_refused_before_it_binds(tmp_path, emulator):
    folder = os.path.dirname(emulator.ca)
    certificate, key = (os.path.join(folder, name) for name in ("ca.pem", "server.key"))
    done = run("--port", emulator.port, "--user", "a:b", "--tls-cert", certificate, "--tls-key", key)
    assert (done.returncode, done.stdout) == (78, "")
    assert certificate in done.stderr and len(done.stderr.splitlines()) == 1


def test_help_and_version():
    assert "--fault" in run("--help").stdout
    assert "--message-id" in run("notify", "--help").stdout
    assert run("--version").stdout.startswith("scoremail-emulator ")


# notify


def notification(*arguments):
    done = run("notify", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\r" not in done.stdout
    assert all(len(line) <= 998 for line in done.stdout.splitlines())
    return email.message_from_string(done.stdout, policy=email.policy.default)


def test_notify_prints_a_message_as_the_portal_sends_it():
    message = notification(NAME)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert html["Content-Transfer-Encoding"] == "quoted-printable"
    assert f'<span id="fileName"> {NAME} </span>' in html.get_content()
    assert NAME in plain.get_content()
    assert not message.defects and not html.defects
    received = email.utils.parsedate_to_datetime(str(message["Received"]).rsplit(";", 1)[1])
    assert abs(received.timestamp() - time.time()) < 300
    assert message["Message-ID"] != notification(NAME)["Message-ID"]


def test_notify_takes_addresses_identity_and_date():
    date = "Tue, 10 Apr 2018 11:16:04 -0400"
    message = notification(
        *["--to", "who@school.example", "--from", "portal@scores.example"],
        *["--message-id", "<one@two.example>", "--date", date, "a.txt"],
    )
    assert message["To"] == "who@school.example"
    assert message["From"].addresses[0].addr_spec == "portal@scores.example"
    assert message["Message-ID"] == "<one@two.example>"
    assert message["Date"] == date
    assert date in message["Received"]


def test_notify_escapes_the_name():
    html = list(notification("a<b>&é.csv").iter_parts())[1].get_content()
    assert '<span id="fileName"> a&lt;b&gt;&amp;é.csv </span>' in html


@pytest.mark.parametrize(
    "form, expected",
    [
        ("portal", NAME),
        ("single-quotes", NAME),
        ("base64", NAME),
        ("forwarded", NAME),
        ("outlook", NAME),
        ("plain", None),  # no element has the name
    ],
)
def test_notify_has_forms_that_scoremail_reads(form, expected):
    done = run("notify", "--form", form, NAME)
    assert (done.returncode, done.stderr) == (0, "")
    message = email.message_from_string(done.stdout, policy=email.policy.default)
    assert not message.defects and not any(part.defects for part in message.walk())
    assert str(message["Subject"]).startswith("Fw: ") == (form in ("forwarded", "outlook"))
    assert NAME in message.get_body(("plain",)).get_content()
    extracted = subprocess.run(
        [os.path.join(str(BUILD), "scoremail"), "--extract"],
        input=done.stdout,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (extracted.returncode, extracted.stderr) == (0 if expected else 1, "")
    assert extracted.stdout.splitlines() == ([expected] if expected else [])
