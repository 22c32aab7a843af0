"""contrib/pull/token: a token for a mailbox elsewhere, against a token server; its file is replaced as a whole."""
import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from harness import CHECKOUT, EX_CONFIG, EX_NOPERM, EX_TEMPFAIL, EX_USAGE, run
from tokenserver import TokenServer

TOKEN = CHECKOUT / "contrib" / "pull" / "token"
SECRET = "s3cret-of-the-client"

pytestmark = pytest.mark.release_only("it is no program that is built")


@pytest.fixture
def server():
    with TokenServer("registrar", SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """(private key, file of the public one)"""
    folder = tmp_path_factory.mktemp("key")
    private = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA"], capture_output=True, check=True, timeout=60).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, capture_output=True, check=True, timeout=60).stdout
    (folder / "public.pem").write_bytes(public)
    return private.decode(), folder / "public.pem"


class Grant:
    """A recipe's FILE, filled in; kept: what lies beside it."""

    def __init__(self, folder, name, **words):
        self.file = folder / f"{name}.json"
        self.kept = folder / f"{name}.json.token"
        self.words = json.loads((CHECKOUT / "filters" / "pull" / self.file.name).read_text()) | words
        self.write()

    def write(self, **words):
        self.words |= words
        self.file.touch(mode=0o600)
        self.file.write_text(json.dumps(self.words))

    def token(self, *options):
        return run([TOKEN, *options, self.file])

    def said(self, *options):
        done = self.token(*options)
        assert (done.code, done.err) == (0, ""), done.err
        return done.out.decode().strip()

    def expires(self):
        found = json.loads(self.kept.read_text())
        self.kept.write_text(json.dumps(found | {"expires_at": int(time.time()) + 200}))


def app(folder, server):
    return Grant(folder, "exchange-online-app", client_id="c", client_secret=SECRET, token_uri=server.url)


def consent(folder, server):
    return Grant(folder, "exchange-online", client_id="c", client_secret="x", token_uri=server.url, refresh_token=SECRET)


def delegated(folder, server, key):
    server.public_key = key[1]
    (folder / "key.json").touch(mode=0o600)
    (folder / "key.json").write_text(json.dumps({"client_email": "a@b.iam", "private_key": key[0], "private_key_id": "7", "token_uri": server.url}))
    return Grant(folder, "google-app", key_file=str(folder / "key.json"))


GRANTS = {"client credentials": lambda f, s, k: app(f, s), "consent": lambda f, s, k: consent(f, s), "service account": delegated}


@pytest.fixture(params=GRANTS)
def grant(request, tmp_path, server, key):
    return GRANTS[request.param](tmp_path, server, key)


def test_a_token_is_kept_until_it_ends(grant, server):
    assert [grant.said(), grant.said()] == ["access-0"] * 2 and len(server.asked) == 1
    assert grant.kept.stat().st_mode & 0o777 == 0o600
    grant.expires()
    assert [grant.said(), grant.said()] == ["access-1"] * 2
    assert grant.said("--check").startswith("good until 20") and grant.said() == "access-2"


def test_its_file_is_replaced_and_never_rewritten(grant, tmp_path):
    grant.said()
    before = grant.kept.read_bytes()
    os.link(grant.kept, tmp_path / "as it was")
    grant.said("--check")
    assert (tmp_path / "as it was").read_bytes() == before != grant.kept.read_bytes()
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


def test_what_a_service_account_says(tmp_path, server, key):
    delegated(tmp_path, server, key).said()
    (claims,) = server.claims
    assert (claims["iss"], claims["sub"], claims["scope"]) == ("a@b.iam", "scores@example.edu", "https://mail.google.com/")


def test_another_grant_does_not_get_the_token_of_the_first(grant, server):
    grant.said()
    grant.write(scope="https://other.example/.default")
    assert grant.said() == "access-1"


def test_a_refresh_token_that_changes_each_time(tmp_path, server):
    server.rotates = True
    grant = consent(tmp_path, server)
    before = grant.file.read_bytes()
    for number in range(3):
        grant.said("--check")
        assert len(server.issued) == number + 1
    assert grant.file.read_bytes() == before
    server.refresh_token = "after a new consent"
    assert grant.token("--check").code == EX_NOPERM
    grant.write(refresh_token="after a new consent")
    assert grant.said("--check")


def test_two_at_once_ask_once(grant, server):
    running = [subprocess.Popen([TOKEN, grant.file], stdout=subprocess.PIPE) for _ in range(3)]
    assert {process.communicate(timeout=60)[0] for process in running} == {b"access-0\n"}
    assert len(server.asked) == 1


@pytest.mark.parametrize("damage", ["", "{}", "[]", "not json", '{"access_token": 7}', '{"access_token": "x", "expires_at": "never"}'])
def test_a_kept_file_that_is_damaged_is_made_anew(tmp_path, server, damage):
    grant = app(tmp_path, server)
    grant.kept.touch(mode=0o600)
    grant.kept.write_text(damage)
    assert grant.said() == "access-0"


def test_a_token_that_cannot_be_kept_is_printed_all_the_same(tmp_path, server):
    grant = app(tmp_path, server)
    grant.kept.mkdir()
    done = grant.token()
    assert (done.code, done.out) == (0, b"access-0\n") and "not kept" in done.err and SECRET not in done.err


@pytest.mark.parametrize("answer, code, words", [
    ((401, {"error": "invalid_client", "error_description": f"AADSTS7000215\r\n\x1b[1m{SECRET}"}), EX_NOPERM, "401 invalid_client AADSTS7000215"),
    ((400, {"error": "unauthorized_client"}), EX_NOPERM, "unauthorized_client"), ((429, {}), EX_TEMPFAIL, "429"), ((503, {}), EX_TEMPFAIL, "503"),
    ((200, {}), EX_TEMPFAIL, "no token"), ((200, []), EX_TEMPFAIL, "no token"), ((200, {"access_token": None}), EX_TEMPFAIL, "no token"),
])  # fmt: skip
def test_a_refusal_is_one_line_without_a_secret(tmp_path, server, answer, code, words):
    server.answer = answer
    grant = app(tmp_path, server)
    done = grant.token()
    assert (done.code, done.out) == (code, b"") and words in done.err and done.err.count("\n") == 1
    assert SECRET not in done.err and "\x1b" not in done.err and not grant.kept.exists()


def test_a_redirect_is_not_followed(tmp_path, server):
    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(307)
            self.send_header("Location", server.url)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.handle_request, daemon=True).start()
        grant = app(tmp_path, server)
        grant.write(token_uri=f"http://127.0.0.1:{elsewhere.server_address[1]}")
        assert grant.token().code == EX_TEMPFAIL
    assert server.asked == []


def test_nobody_is_there(tmp_path, server):
    grant = app(tmp_path, server)
    grant.write(token_uri="http://127.0.0.1:1/")
    done = grant.token()
    assert done.code == EX_TEMPFAIL and "127.0.0.1" in done.err


@pytest.mark.parametrize("words, says", [
    ({"client_secret": ""}, 'set "client_secret"'), ({"client_id": "CLIENT-ID"}, 'set "client_id"'), ({"scope": 7}, 'set "scope"'),
    ({"token_uri": "https://login.microsoftonline.com/TENANT-ID/x"}, 'set "token_uri"'), ({"token_uri": "http://example.org/"}, "no https"),
    ({"token_uri": "file:///etc/passwd"}, "no https"), ({"key_file": "/nowhere"}, "No such file"),
])  # fmt: skip
def test_a_file_that_is_wrong(tmp_path, server, words, says):
    grant = app(tmp_path, server)
    grant.write(**words)
    done = grant.token()
    assert done.code == EX_CONFIG and says in done.err and done.err.count("\n") == 1 and server.asked == []


def test_a_file_that_others_can_read(tmp_path, server):
    grant = app(tmp_path, server)
    grant.file.chmod(0o644)
    assert grant.token().code == EX_CONFIG and server.asked == []


def test_usage():
    for words in ([], ["--check"], ["a", "b"], ["--help"]):
        assert run([TOKEN, *words]).code == EX_USAGE


def test_the_recipe_names_what_else_has_to_be_on():
    text = (CHECKOUT / "filters" / "pull" / "getmailrc").read_text()
    for words in ("first-run getmail", "delivery = queued", "scoremail-run.timer", "scoremail-sync.timer", "expect-every = 10d"):
        assert words in text


@pytest.mark.parametrize("step", ["IMAP.AccessAsApp", "admin consent", "New-ServicePrincipal", "Add-MailboxPermission", "shared mailbox",
                                  "domain-wide delegation", "https://mail.google.com/", "token --check", "first-run", "expect-every"])  # fmt: skip
def test_the_steps_are_told(step):
    assert step in (CHECKOUT / "docs" / "mailboxes.md").read_text()
