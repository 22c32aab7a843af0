"""Whom scorefetch talks to, and what it sends: certificates, hosts, redirects, headers."""
import functools
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess

import pytest
from answers import LAST, TARGET, account_for, whole
from harness import CSV_NAME, EX_TEMPFAIL, PROGRAM_FILES, Running, large_scores, mail, need
from tlsserver import Authority

SCORES = b"ID,NAME\r\n1,Student\r\n"


@pytest.fixture
def start_with(start_emulator):
    """Starts emulators with a certificate and its key."""

    def start(certificate_and_key, *options):
        emulator = start_emulator("--tls-cert", certificate_and_key[0], "--tls-key", certificate_and_key[1], *options)
        emulator.add(CSV_NAME, SCORES)
        return emulator

    return start


class Door:
    """A port on loopback that notes who knocks, and lets nobody in."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def knocks(self):
        self.listener.setblocking(False)
        count = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


def assert_refused(account, done, words):
    assert done.code == EX_TEMPFAIL
    assert re.fullmatch(r"scoremail: .+\n", done.err), done.err
    assert re.search(words, done.err), done.err
    assert account.stored() == {}
    account.assert_no_secret(done.out, done.err)


def assert_refused_in_time(account, words):
    """The same, where it is tried again until time is over."""
    assert_refused(account, account.with_patience(
        lambda: account.scoremail(stdin=mail("csv")), lambda done: re.search(words, done.err)), words)  # fmt: skip


def assert_alerted(account, kind, *words):
    """Somebody is alerted at once, with these words and no secret."""
    (alert,) = account.sql("SELECT text FROM alerts WHERE kind = ? AND last > 0", kind)
    assert all(word in alert["text"] for word in words), alert


# What a server may show that must not be trusted, and OpenSSL's or libcurl's word for it.
BAD = {
    "another authority": (
        lambda authority, folder: Authority(folder / "other").issue("server"),
        "unable to get local issuer",
    ),
    "expired": (
        lambda authority, _: authority.issue_expired("expired"),
        r"expired on 20\d\d-\d\d-\d\d .*clock here says 20\d\d-\d\d-\d\d ",
    ),
    "not yet valid": (
        lambda authority, _: authority.issue_for_later("later"),
        r"not yet valid before 2090-01-01 00:00 UTC.*clock here says 20\d\d-\d\d-\d\d ",
    ),
    "another host": (
        lambda authority, _: authority.issue("elsewhere", host="scores.example.net"),
        "no alternative certificate subject name matches",
    ),
    "self-signed": (lambda authority, _: authority.self_signed("alone"), "self.signed"),
}


@pytest.fixture(params=BAD)
def bad(request, authority, tmp_path_factory):
    """(certificate and key, words) of something that must not be trusted."""
    make, words = BAD[request.param]
    return make(authority, tmp_path_factory.mktemp("bad")), words


def test_the_service_must_be_known(start_with, bad, authority, build, tmp_path):
    certificate, words = bad
    emulator = start_with(certificate)
    account = account_for(emulator, authority, build, tmp_path)
    done = account.scoremail(stdin=mail("csv"))
    assert_refused(account, done, f"localhost:{emulator.port}.*certificate.*({words})")
    assert ("ca-file" in done.err) == ("clock" not in words)  # the remedy
    assert emulator.requests() == []  # the password was not sent
    assert_alerted(account, "certificate", f"localhost:{emulator.port}")


def test_the_object_store_must_be_known(start_with, good, bad, authority, build, tmp_path):
    certificate, words = bad
    store = start_with(certificate)
    emulator = start_with(good, "--fault", f"file:foreign-host=localhost:{store.port}")
    account = account_for(emulator, authority, build, tmp_path, storage_hosts=f"localhost:{store.port}")
    done = account.scoremail(stdin=mail("csv"))
    assert_refused(account, done, f"localhost:{store.port}.*certificate.*({words})")
    assert store.requests() == []
    assert_alerted(account, "certificate", f"localhost:{store.port}")
    assert len(emulator.requests("file")) == 1  # no later try in the same run will make it known


def test_a_certificate_that_is_mended_is_enough(start_with, good, authority, build, tmp_path, tmp_path_factory):
    emulator = start_with(good)
    account = account_for(emulator, Authority(tmp_path_factory.mktemp("bad") / "other"), build, tmp_path)
    assert_refused(account, account.scoremail(stdin=mail("csv")), "certificate")
    shutil.copy(authority.pem, account.ca)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: SCORES}
    assert account.sql("SELECT 1 FROM alerts WHERE last > 0") == []


def test_a_person_is_told_with_a_code_of_its_own(start_with, authority, build, tmp_path):
    emulator = start_with(authority.self_signed("alone"))
    account = account_for(emulator, authority, build, tmp_path)
    assert account.scorefetch("get", CSV_NAME).code == os.EX_UNAVAILABLE


@pytest.mark.parametrize("what, words", [
    ("text", "has no certificate"), ("nothing", "No such file"), ("folder", "is not a file"), ("loop", "symbolic links"),
    ("fifo", "is not a file")])  # fmt: skip
def test_a_certificate_authority_that_cannot_be_used(account, what, words):
    account.ca.unlink()
    {"text": lambda: account.ca.write_text("no certificate\n"), "nothing": lambda: None, "folder": account.ca.mkdir,
     "loop": lambda: account.ca.symlink_to(account.ca), "fifo": lambda: os.mkfifo(account.ca)}[what]()  # fmt: skip
    done = account.scoremail(stdin=mail("csv"))
    assert_refused(account, done, f"ca-file {re.escape(str(account.ca))} cannot be used.*{words}")
    (line,) = [line for line in account.scorefetch("check").out.decode().splitlines() if " ca-file " in line]
    assert re.fullmatch(rf"failure  ca-file \[main\]: ca-file \S+ cannot be used: .*{words}.*", line)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions_of_tls_are_refused(start_with, start_tls_server, good, authority, build, tmp_path):
    old = start_tls_server(good, lambda request: b"", newest=ssl.TLSVersion.TLSv1_1)
    emulator = start_with(good)
    account = account_for(emulator, authority, build, tmp_path, service_url=f"https://localhost:{old.port}/api")
    assert_refused_in_time(account, f"localhost:{old.port}.*(version|alert)")
    assert old.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions_of_tls_are_refused_of_the_store(start_with, start_tls_server, good, authority, build, tmp_path):
    old = start_tls_server(good, lambda request: b"", newest=ssl.TLSVersion.TLSv1_1)
    emulator = start_with(good, "--fault", f"file:foreign-host=localhost:{old.port}")
    account = account_for(emulator, authority, build, tmp_path, storage_hosts=f"localhost:{old.port}")
    assert_refused_in_time(account, f"localhost:{old.port}.*(version|alert)")
    assert old.requests == []


def test_the_service_must_be_https(account, emulator):
    account.configure(service_url=emulator.url.replace("https:", "http:"))
    done = account.scoremail(stdin=mail("csv"))
    assert_refused(account, done, f"{re.escape(str(account.config))}.*service-url.*https")
    assert emulator.requests() == []


@pytest.mark.parametrize("call", ["file", "object"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_redirects_are_not_followed(account, emulator, call, scheme):
    door = Door()
    account.configure(storage_hosts=f"localhost:{emulator.port} localhost:{door.port}")
    emulator.faults(f"{call}:redirect={scheme}://localhost:{door.port}/here?Signature=stolen")
    assert_refused_in_time(account, "302.*redirect.*not followed")
    assert door.knocks() == 0


# What stands in place of the host in the URL that the service gives; PORT is where somebody listens.
FOREIGN = [
    "scores.example.net",
    "localhost",
    "localhost:1",
    "127.0.0.1:PORT",
    "[::1]:PORT",
    "localhost.:PORT",
    "xlocalhost:PORT",
    "x.localhost:PORT",
    "localhost.example.net:PORT",
    "localhost%2eexample.net:PORT",
    "localhost%00.example.net:PORT",
    "localhost:PORT.example.net",
    "localhost:PORT@scores.example.net",
    "scores.example.net\\@localhost:PORT",
    "scores.example.net#@localhost:PORT",
    "scores.example.net?@localhost:PORT",
    "user@localhost:PORT",
    ":secret@localhost:PORT",
    "localhost:PORT:PORT",
    "localhost:0PORT0",
    ":PORT",
]
LOOKALIKES = [  # of *.s3.localhost
    "s3.localhost:PORT",
    ".s3.localhost:PORT",
    "as3.localhost:PORT",
    "a.b.s3.localhost:PORT",
    "a.s3.localhost.localhost:PORT",
    "a.s3.localhost.example.net:PORT",
    "a.s3localhost:PORT",
    "a.s3.localhost",
]


def take_bait(account, emulator, host):
    emulator.faults("file:foreign-host=" + host.replace("PORT", str(emulator.port)))
    return account.scoremail(stdin=mail("csv"))


@pytest.mark.parametrize("host", FOREIGN)
def test_a_url_that_leads_elsewhere_is_not_used(account, emulator, host):
    done = take_bait(account, emulator, host)
    assert_refused(account, done, f"{CSV_NAME}: the service's URL .*refused")
    assert emulator.requests("object") == []
    assert "secret@" not in done.err


@pytest.mark.parametrize("host", LOOKALIKES)
def test_a_host_that_looks_like_a_listed_one_is_not_used(account, emulator, host):
    account.configure(storage_hosts=f"*.s3.localhost:{emulator.port}")
    assert_refused(account, take_bait(account, emulator, host), "not in storage-hosts|cannot be parsed")
    assert emulator.requests("object") == []


@pytest.mark.parametrize(
    "host",
    [
        "evil-s3.amazonaws.com",
        "notamazonaws.com",
        "b.s3.notamazonaws.com",
        "b.s3.amazonaws.com.example",
        "evil-s3.amazonaws.com.example",
        "s3.amazonaws.com",
        "b.s3.amazonaws.com:8443",
        "amazonaws.com",
    ],
)
def test_a_host_that_looks_like_amazon_is_not_used(account, emulator, host):
    account.configure(storage_hosts=None)
    assert_refused(account, take_bait(account, emulator, host), "not in storage-hosts")
    assert_alerted(account, "host", host, "storage-hosts")


@pytest.mark.parametrize("host", ["scores.s3.localhost:PORT", "SCORES.S3.LocalHost:PORT"])
def test_a_host_of_a_listed_pattern_is_used(account, emulator, scores, host):
    """It leads to an address of a network's inside, which is listed too."""
    account.configure(storage_hosts=f"*.s3.localhost:{emulator.port} 127.0.0.1:{emulator.port}")
    done = take_bait(account, emulator, host)
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.parametrize("more", ["", "127.0.0.1", "127.0.0.1:1", "*.0.0.1:PORT", "10.0.0.1:PORT"])
def test_a_host_of_a_listed_pattern_must_not_lead_inside(account, emulator, more):
    account.configure(storage_hosts=f"*.s3.localhost:{emulator.port} {more}".replace("PORT", str(emulator.port)))
    done = take_bait(account, emulator, "scores.s3.localhost:PORT")
    assert_refused(account, done, r"https://scores.s3.localhost.* resolves to private address (127\.0\.0\.1|\[::1\]); .*storage-hosts")
    assert_alerted(account, "host", "scores.s3.localhost", "storage-hosts")
    assert emulator.requests("object") == []
    assert len(emulator.requests("file")) == 1  # another URL will not do better


def in_a_house(account, folder, mounts):
    """scoremail, with other files in place of some of the system's: {path: file}."""
    need(os.geteuid() == 0, "only root can mount")
    programs = folder / "programs"  # the checkout may lie in what is hidden
    programs.mkdir(exist_ok=True)
    for program in PROGRAM_FILES:
        shutil.copy(account.build / program, programs)
    enter = 'while [ "$1" != -- ]; do mount --bind "$2" "$1" || exit 1; shift 2; done; shift; exec "$@"'
    places = [str(item) for pair in mounts.items() for item in pair]
    argv = ["unshare", "--mount", "sh", "-c", enter, "sh", *places, "--", programs / "scoremail", "-c", account.config]
    return Running(argv, mail("csv")).go().end()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
def test_amazon_s_name_must_not_lead_inside_either(account, emulator, address, tmp_path_factory):
    """A name server that is lied to, or lies; in a mount namespace with another /etc/hosts."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{address} scores.s3.amazonaws.com\n")
    account.configure(storage_hosts=None)
    emulator.faults("file:foreign-host=scores.s3.amazonaws.com")
    at_home = functools.partial(in_a_house, account, folder, {"/etc/hosts": folder / "hosts"})
    done = account.with_patience(at_home, lambda done: "resolves to" in done.err)
    shown = address.removeprefix("::ffff:")
    assert_refused(account, done, rf"https://scores.s3.amazonaws.com.* resolves to private address \[?(::ffff:)?{re.escape(shown)}\]?; ")


def test_a_listed_name_may_lead_inside(account, emulator, scores, tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    (folder / "hosts").write_text("127.0.0.1 localhost\n127.0.0.1 a.s3.localhost\n")
    account.configure(storage_hosts=f"*.s3.example.net a.s3.localhost:{emulator.port}")
    emulator.faults(f"file:foreign-host=a.s3.localhost:{emulator.port}")
    done = in_a_house(account, folder, {"/etc/hosts": folder / "hosts"})
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def system_store(folder, kind, *authorities):
    """A folder as the system's /etc/ssl/certs is, that knows these authorities: as a bundle, or by their hashed names."""
    folder.mkdir()
    if kind == "bundle":
        bundle = b"".join(authority.pem.read_bytes() for authority in authorities)
        (folder / "ca-certificates.crt").write_bytes(bundle)
        return folder
    for number, authority in enumerate(authorities):
        shutil.copy(authority.pem, folder / f"{number}.pem")
    subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(params=["bundle", "hashed"])
def kind(request):
    """The form of the system's store."""
    return request.param


def test_ca_file_is_trusted_besides_the_system_s_store(start_with, good, kind, authority, build, tmp_path, tmp_path_factory):
    """The service's authority is the system's, the store's is ca-file's, and both are trusted."""
    folder = tmp_path_factory.mktemp("house")
    other = Authority(folder / "other", name="other-authority")  # one finds another by its name
    store = start_with(good)
    emulator = start_with(other.issue("service"), "--fault", f"file:foreign-host=localhost:{store.port}")
    account = account_for(emulator, authority, build, tmp_path, storage_hosts=f"localhost:{store.port}")
    mounts = {"/etc/ssl/certs": system_store(folder / "certs", kind, other)}
    at_home = functools.partial(in_a_house, account, folder, mounts)
    done = account.with_patience(at_home, lambda done: "the object store answers 403" in done.err)
    # each server signs its own URLs: that the store refuses one shows that both were trusted
    assert done.code == EX_TEMPFAIL
    assert "the object store answers 403" in done.err
    assert len(store.requests("object")) > 0


def test_the_system_s_store_alone_is_trusted_without_ca_file(start_with, good, kind, authority, build, tmp_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    emulator = start_with(good)
    account = account_for(emulator, authority, build, tmp_path, ca_file=None)
    assert_refused(account, account.scoremail(stdin=mail("csv")), "certificate")
    account.time_passes(60)
    mounts = {"/etc/ssl/certs": system_store(folder / "certs", kind, authority)}
    done = in_a_house(account, folder, mounts)
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: SCORES}


@pytest.mark.parametrize("own", [True, False], ids=["ca-file beside it", "without ca-file"])
def test_what_is_wrong_is_wrong_by_either_store(start_with, bad, kind, own, authority, build, tmp_path, tmp_path_factory):
    """The same certificates that are not trusted by ca-file: the system's store is as strict."""
    certificate, words = bad
    folder = tmp_path_factory.mktemp("house")
    emulator = start_with(certificate)
    other = Authority(folder / "unasked", name="unasked")
    account = account_for(emulator, other, build, tmp_path, **({} if own else {"ca_file": None}))
    mounts = {"/etc/ssl/certs": system_store(folder / "certs", kind, authority)}
    assert_refused(account, in_a_house(account, folder, mounts), f"certificate.*({words})")
    assert emulator.requests() == []


def test_the_store_that_is_used_is_shown(kind, build, tmp_path_factory, authority):
    need(os.geteuid() == 0, "only root can mount")
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(build / "scorefetch", folder)
    certs = system_store(folder / "certs", kind, authority)
    show = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$1" --version -v', certs, folder / "scorefetch"]
    done = subprocess.run(show, capture_output=True, text=True, timeout=60)
    shown = "/etc/ssl/certs" if kind == "hashed" else "/etc/ssl/certs/ca-certificates.crt"
    assert f"certificate authorities: {shown}\n" in done.stdout


def test_the_next_message_may_bring_a_better_url(account, emulator, scores):
    assert_refused(account, take_bait(account, emulator, "scores.example.net"), "storage-hosts")
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_the_environment_steers_nothing(account, scores, tmp_path):
    door, keys = Door(), tmp_path / "keys.log"
    steering = {name: door.url for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy")}
    steering |= {name: "/nonexistent" for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF")}
    steering |= {"SSLKEYLOGFILE": str(keys), "CURL_HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
    done = account.scoremail(stdin=mail("csv"), env={**os.environ, **steering})
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert door.knocks() == 0
    assert not keys.exists()


def test_a_proxy_is_used_where_the_configuration_says_so(account, emulator):
    door = Door()
    account.configure(proxy=door.url, give_up_after="1s", connect_timeout="1s")
    assert_refused(account, account.scoremail(stdin=mail("csv")), ".")
    assert door.knocks() > 0
    assert emulator.requests() == []


def assert_plain_get(request, server, *more):
    """A GET of the URL to the byte, with no header but these: S3 refuses those of the API call."""
    assert (request.method, request.target, request.body) == ("GET", TARGET, b"")
    assert request.headers.keys() == {"host", "user-agent", *more}
    assert request.headers["host"] == f"localhost:{server.port}"


def test_what_is_sent(record):
    account, server = record(whole(SCORES))
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: SCORES}
    post, get = server.requests
    assert (post.method, post.target) == ("POST", f"/api/file?filename={CSV_NAME}")
    assert post.headers.keys() == {"host", "user-agent", "content-type", "accept", "content-length"}
    assert post.headers["content-type"] == post.headers["accept"] == "application/json"
    assert json.loads(post.body) == {"username": account.username, "password": account.password}
    assert_plain_get(get, server)


def test_a_password_with_odd_characters_arrives_as_it_is(record):
    account, server = record(whole(SCORES))
    account.password = 'a"b\\c/d é\t{}&=%20+'
    account.write_password(account.password)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert json.loads(server.requests[0].body)["password"] == account.password


def test_a_name_with_blanks_is_percent_encoded(record):
    account, server = record(whole(SCORES))
    assert account.scorefetch("get", "AP HED Scores_5818.csv").code == 0
    assert server.requests[0].target == "/api/file?filename=AP%20HED%20Scores_5818.csv"


def test_what_is_sent_to_resume_and_to_look_again(record):
    data = large_scores(5 * 1024 * 1024)
    half = len(data) // 2
    rest = b"Content-Range: bytes %d-%d/%d\r\n" % (half, len(data) - 1, len(data))
    account, server = record(
        whole(data[:half], length=len(data)),
        whole(data[half:], status=b"206 Partial Content", more=rest),
        b'HTTP/1.1 304 Not Modified\r\nETag: "strong"\r\n' + LAST + b"\r\n",
    )
    account.configure(give_up_after="30s")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: data}
    assert account.receive(CSV_NAME).code == 0
    first, resumed, again = [request for request in server.requests if request.method == "GET"]
    assert_plain_get(first, server)
    assert_plain_get(resumed, server, "range", "if-range")
    assert (resumed.headers["range"], resumed.headers["if-range"]) == (f"bytes={half}-", '"strong"')
    assert_plain_get(again, server, "if-none-match")
    assert again.headers["if-none-match"] == '"strong"'
    assert {request.method for request in server.requests} == {"GET", "POST"}
    assert len(server.requests) == 6


@pytest.mark.parametrize("etag", [b'W/"weak"', b'"%s"' % hashlib.md5(b"x").hexdigest().encode()])
def test_what_must_not_be_resumed_is_fetched_anew(record, etag):
    """A weak ETag says nothing of bytes; one in another answer than was asked for, neither."""
    data = large_scores(5 * 1024 * 1024)
    right = b'"%s"' % hashlib.md5(data).hexdigest().encode()
    account, server = record(whole(data[: len(data) // 2], etag=etag, length=len(data)), whole(data, etag=right))
    account.configure(give_up_after="30s")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: data}
    gets = [request for request in server.requests if request.method == "GET"]
    assert ("range" in gets[1].headers) == (not etag.startswith(b"W/"))


def test_another_range_than_was_asked_for_is_not_put_together(record):
    data = large_scores(5 * 1024 * 1024)
    half = len(data) // 2
    shifted = b"Content-Range: bytes %d-%d/%d\r\n" % (half - 1, len(data) - 2, len(data))
    account, server = record(
        whole(data[:half], length=len(data)),
        whole(data[half - 1 : -1], status=b"206 Partial Content", more=shifted),
        whole(data),
    )
    account.configure(give_up_after="30s")
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: data}
    assert "range" not in server.requests[-1].headers


def endless(head, more):
    yield head
    while True:
        yield more * 100


ENDLESS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-More: %s\r\n" % (b"x" * 1000)),
    "small headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-More: ", b"x" * 1000),
    "interim answers": (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b" " * 1000),
}
TOO_MUCH = "headers are too large|Too large|Too many response headers|larger than allowed"  # libcurl 7.88's words, and 8.14's


@pytest.mark.parametrize("what", ENDLESS)
def test_a_service_that_never_stops_talking_is_cut_off(start_tls_server, good, authority, emulator, build, tmp_path, what):
    server = start_tls_server(good, lambda request: endless(*ENDLESS[what]))
    account = account_for(emulator, authority, build, tmp_path, service_url=f"https://localhost:{server.port}/api")
    assert_refused_in_time(account, f"{TOO_MUCH}|exceeds 64 KiB")


@pytest.mark.parametrize("what", ENDLESS)
def test_a_store_that_never_stops_talking_is_cut_off(record, what):
    account, server = record(*[endless(*ENDLESS[what]) for _ in range(20)])
    assert_refused_in_time(account, f"{TOO_MUCH}|no Content-Length|too slow")


def test_an_object_larger_than_max_file_size_is_not_read(record):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
    account, server = record(*[endless(head, b"1,Student\r\n" * 100) for _ in range(2)])
    account.configure(max_file_size="1MB")
    assert_refused(account, account.scoremail(stdin=mail("csv")), "1000000000000 bytes exceed max-file-size")
    assert len(server.requests) == 2
    assert_alerted(account, "waiting", "max-file-size")
    for _ in range(3):  # it is as large in five minutes: nobody asks for hours
        assert account.scorefetch("run").code == 0
        assert_refused(account, account.scoremail(stdin=mail("csv")), "exceed max-file-size")
    assert len(server.requests) == 2
    assert account.scorefetch("retry", CSV_NAME).code == EX_TEMPFAIL
    assert len(server.requests) > 2


def test_no_more_is_kept_than_was_announced(record):
    account, server = record(endless(whole(SCORES), b"more"))
    done = account.scoremail(stdin=mail("csv"))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {CSV_NAME: SCORES}


def test_files_for_curl_in_the_home_are_not_read(record, tmp_path_factory):
    """.netrc and .curlrc of the user that it runs as, in a mount namespace where home is another."""
    need(os.geteuid() == 0, "only root can mount")
    account, server = record(whole(SCORES))
    door, home = Door(), tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine localhost login somebody password else\n")
    (home / ".netrc").chmod(0o600)
    (home / ".curlrc").write_text(f'proxy = "{door.url}"\nheader = "X-Curlrc: read"\ninsecure\n')
    real_home = os.path.expanduser("~")
    programs = tmp_path_factory.mktemp("programs")  # the checkout may lie in the home that is hidden
    for program in PROGRAM_FILES:
        shutil.copy(account.build / program, programs)
    enter = 'mount --bind "$0" "$1" && shift && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-c", enter, home, real_home]
    done = Running([*argv, programs / "scoremail", "-c", account.config], mail("csv")).go().end()
    assert (done.code, done.err) == (0, "")
    post, get = server.requests
    assert "authorization" not in post.headers and "x-curlrc" not in post.headers
    assert_plain_get(get, server)
    assert door.knocks() == 0
