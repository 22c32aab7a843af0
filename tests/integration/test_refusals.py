"""401 and 403 of the service, and of what stands in front of it; accounts that open again."""
import json

import pytest
from answers import LAST, account_for
from harness import CSV_NAME, EX_NOPERM, EX_TEMPFAIL

TOKEN = b'{"token":"45B5B7E7-1C85-DBE7-2493-DB6ECA41A707"}'
SESSIONS = b'{"message":"You have reached the max sessions, Please download files with the Token instead of Username/Password"}'
ROLE = b'{"message":"The user does not have the role File Downloads"}'
WRONG = b'{"message":"The user name or the password is not valid"}'
DATA = b"ID,NAME\r\n1,Student\r\n"


def reply(status, body, more=b""):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n" % (status, len(body)) + LAST + more + b"\r\n" + body


class Service:
    """A service that says of each call what it is told: by the call and what its body carries."""

    def __init__(self, start, good):
        self.says = {}  # "login", "file by password", "file by token", "list": an answer
        self.server = start(good, self.answer)

    def answer(self, request):
        if request.method == "GET":
            return reply(200, DATA)
        call = self.call(request)
        if call in self.says:
            return self.says[call]
        if call == "login":
            return reply(200, TOKEN)
        if call == "list":
            return reply(200, b'{"files":[]}')
        return reply(200, json.dumps({"fileUrl": f"https://localhost:{self.server.port}/s/a?Signature=x"}).encode())

    @staticmethod
    def call(request):
        path = request.target.split("?")[0].rsplit("/", 1)[-1]
        if path == "file":
            return "file by token" if "token" in json.loads(request.body) else "file by password"
        return path

    def calls(self):
        return [self.call(request) for request in self.server.requests if request.method == "POST"]


@pytest.fixture
def service(start_tls_server, good):
    return Service(start_tls_server, good)


@pytest.fixture
def account(service, authority, emulator, build, tmp_path):
    port = service.server.port
    return account_for(emulator, authority, build, tmp_path, give_up_after="60s", service_url=f"https://localhost:{port}/api", storage_hosts=f"localhost:{port}")


def is_closed(account):
    return account.sql("SELECT rejected IS NOT NULL AS closed FROM accounts") == [{"closed": 1}]


LATER = b"Retry-After: 90\r\n"  # than any patience: so there is one try, and time enough for it
WAY = {
    "a CDN's page": reply(403, b"<HTML><TITLE>Access Denied</TITLE>Reference #18.2</HTML>", b"Content-Type: text/html\r\n" + LATER),
    "a gateway": reply(403, b'{"message":"Forbidden"}', LATER),
    "a gateway without a token": reply(403, b'{"message":"Missing Authentication Token"}', LATER),
    "a Basic realm": reply(401, b"", b'WWW-Authenticate: Basic realm="proxy"\r\n' + LATER),
    "a page about passwords": reply(401, b"<html>Enter your password</html>", LATER),
    "an odd message": reply(401, b'{"message":{"password":1}}', LATER),
}


@pytest.mark.parametrize("what", WAY)
@pytest.mark.parametrize("call", ["file by password", "login"])
def test_what_does_not_come_from_the_service_closes_nothing(account, service, what, call):
    service.says[call] = WAY[what]
    if call == "login":
        done = account.scorefetch("list")
    else:
        done = account.receive(CSV_NAME)
    assert done.code == EX_TEMPFAIL
    assert "rejected" not in done.err and "does not come from the service" in done.err
    assert not is_closed(account)
    assert account.sql("SELECT 1 FROM alerts WHERE kind = 'credentials'") == []
    service.says = {}
    account.time_passes(120)
    assert account.receive(CSV_NAME).code == 0


def test_other_names_go_on_behind_one_that_is_refused(account, service):
    other = "4300_20180411_111604.csv"
    plain = service.answer
    service.server.answer = lambda request: WAY["a gateway"] if CSV_NAME in request.target else plain(request)
    assert account.receive(CSV_NAME).code == EX_TEMPFAIL
    assert account.receive(other).code == 0


def test_a_url_in_the_service_s_words_keeps_its_secret(account, service):
    words = b"no such key: https://b.s3.amazonaws.com/K12/a.csv?AWSAccessKeyId=AKIAX&Signature=s3cr%3D. Posted at https://h/a%3fsig%3Ds3cr yesterday"
    service.says["file by password"] = reply(404, b'{"message":"%s"}' % words)
    done = account.receive(CSV_NAME)
    assert done.code == EX_TEMPFAIL
    assert "no such key: https://b.s3.amazonaws.com/K12/a.csv... Posted at https://h/a... yesterday" in done.err
    assert "s3cr" not in done.err + account.log.read_text()


@pytest.mark.parametrize("words", [SESSIONS[12:-2], SESSIONS.replace(b"message", b"error")])
def test_too_many_sessions_by_any_form_of_the_words(account, service, words):
    service.says["file by password"] = reply(403, words)
    done = account.receive(CSV_NAME)
    assert (done.code, done.err) == (0, "")
    assert service.calls() == ["file by password", "login", "file by token"]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 503])
def test_too_many_sessions_go_on_with_a_token(account, service, status):
    service.says["file by password"] = reply(status, SESSIONS)
    done = account.receive(CSV_NAME)
    assert (done.code, done.err) == (0, "")
    assert service.calls() == ["file by password", "login", "file by token"]
    assert account.receive("4300_20180411_111604.csv").code == 0
    assert service.calls()[3:] == ["login", "file by token"]  # no call with the password for a while
    account.time_passes(3600)
    service.says = {}
    assert account.receive("4300_20180412_111604.csv").code == 0
    assert service.calls()[5:] == ["file by password"]


def test_a_login_confirms_before_an_account_is_closed(account, service):
    service.says = {"file by password": reply(401, WRONG), "login": reply(200, TOKEN, LATER)}
    done = account.receive(CSV_NAME)
    assert done.code == EX_TEMPFAIL and "accepts user name and password" in done.err
    assert not is_closed(account)
    assert service.calls()[:2] == ["file by password", "login"]
    service.says["login"] = reply(401, WRONG)
    account.time_passes(120)
    assert "rejected user name or password" in account.receive(CSV_NAME).err
    assert is_closed(account)


@pytest.mark.parametrize("login", [reply(200, TOKEN), reply(403, ROLE)], ids=["the login works", "the login does not"])
def test_a_missing_role_is_said_as_such(account, service, login):
    service.says = {"file by password": reply(403, ROLE), "login": login}
    for _ in range(2):  # the account is closed then
        done = account.receive(CSV_NAME)
        assert done.code == EX_TEMPFAIL
        assert f"the user {account.username} lacks the role" in done.err and "rejected" not in done.err
    assert len(service.calls()) == 2
    (alert,) = account.sql("SELECT text FROM alerts WHERE kind = 'credentials'")
    assert "lacks the role" in alert["text"]


def test_a_missing_role_is_said_with_a_token_too(account, service):
    service.says["list"] = reply(403, ROLE)
    done = account.scorefetch("list")
    assert done.code == EX_NOPERM
    assert "lacks the role" in done.err


@pytest.fixture
def closed(account, service):
    service.says = {"file by password": reply(401, WRONG), "login": reply(401, WRONG)}
    assert account.receive(CSV_NAME).code == EX_TEMPFAIL
    assert is_closed(account)
    return account


WAYS = {
    "check": ["check", "--online"],
    "list": ["list"],
    "sync": ["sync", "--all"],
    "retry": ["retry", "-a", "main"],
}


@pytest.mark.parametrize("way", WAYS)
def test_an_account_opens_by_every_way_that_a_person_tries(closed, service, way):
    service.says = {}
    before = len(service.calls())
    closed.scorefetch(*WAYS[way])
    assert is_closed(closed) and len(service.calls()) == before  # a minute has to pass
    closed.time_passes(61)
    done = closed.scorefetch(*WAYS[way])
    assert not is_closed(closed), done.err
    assert service.calls()[before] == "login"
    assert closed.sql("SELECT 1 FROM alerts WHERE kind = 'credentials' AND last > 0") == []
    assert closed.receive(CSV_NAME).code == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_look_at_a_password_that_is_still_wrong_is_one_login(closed, service, way):
    closed.time_passes(61)
    before = len(service.calls())
    for _ in range(3):
        done = closed.scorefetch(*WAYS[way])
    assert service.calls()[before:] == ["login"]
    assert is_closed(closed)
    assert "rejected user name or password" in done.err + done.out.decode()


def test_the_timer_of_sync_does_not_look_each_hour(closed, service):
    before = len(service.calls())
    for _ in range(4):
        closed.time_passes(3600)
        closed.scorefetch("sync", "--since", "last")
    assert service.calls()[before:] == []


def test_mail_does_not_look_before_six_hours(closed, service):
    service.says = {}
    before = len(service.calls())
    closed.time_passes(5 * 3600)
    assert closed.receive(CSV_NAME).code == EX_TEMPFAIL
    assert len(service.calls()) == before


def test_a_url_that_is_too_long_is_refused_with_a_remedy(account, service):
    url = f"https://localhost:{service.server.port}/s/a?Signature={'s' * 9000}"
    service.says["file by password"] = reply(200, json.dumps({"fileUrl": url}).encode())
    done = account.receive(CSV_NAME)
    assert done.code == EX_TEMPFAIL
    assert "object stores take 8192; refused: check service-url, or report it to the service" in done.err
    assert "ssss" not in done.err


@pytest.mark.parametrize("odd", ['"fileSize":NaN', r'"fileName":"\ud800"', r'"x":"\q"', '"token":{"x":01}'])
def test_one_odd_value_spoils_no_other(account, service, odd):
    service.says["file by password"] = reply(200, f'{{{odd},"fileUrl":"https://localhost:{service.server.port}/s/a"}}'.encode())
    assert account.receive(CSV_NAME).code == 0
    assert account.stored() == {CSV_NAME: DATA}


@pytest.mark.parametrize("body, words", [
    (b'{"message":"The file is being made"}', "the service answers 200: The file is being made"),
    (b'{"fileUrl":""}', "the answer has no fileUrl\n"),
    (b'{"fileUrl":"https://localhost:%d/s\\u0000/a"}', "the answer has no fileUrl\n"),
])  # fmt: skip
def test_an_answer_without_a_url_is_told_by_its_words(account, service, body, words):
    service.says["file by password"] = reply(200, body.replace(b"%d", b"%d" % service.server.port))
    done = account.with_patience(lambda: account.receive(CSV_NAME), lambda done: words in done.err)
    assert done.code == EX_TEMPFAIL and words in done.err
