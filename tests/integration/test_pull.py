"""Real getmail6, mpop and fetchmail with the recipes of filters/pull, collecting from a real Dovecot."""
import email
import json
import shlex
import subprocess
import threading
import time

import agents
import pytest
from contract import Contract
from harness import CSV_NAME, EX_TEMPFAIL, TXT_NAME, mail, received
from objectstore import free_port
from tokenserver import TokenServer

pytestmark = pytest.mark.release_only("the clients are tested, not our memory handling")

PULL = agents.FILTERS / "pull"
STATE = "/var/lib/scorepull"
PERSON = "registrar"  # whose mailbox it is
PASSWORD = "mailbox-Pa55"

# A mailbox elsewhere: IMAP and POP3, encrypted from the first byte on, with a password or a token.
DOVECOT = """
{mailbox}
protocols = imap pop3
log_path = /var/log/dovecot.log
ssl = required
auth_mechanisms = plain xoauth2
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    {listen} = 127.0.0.1
    port = {imap}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    {listen} = 127.0.0.1
    port = {pop3}
  }}
}}
"""
# What Dovecot 2.4 says otherwise than 2.3.
MAILBOX = {
    "2.3": f"""
mail_location = maildir:~/Maildir
ssl_cert = </etc/dovecot/tls/server.pem
ssl_key = </etc/dovecot/tls/server.key
userdb {{
  driver = passwd
}}
passdb {{
  driver = static
  args = password={PASSWORD}
  mechanisms = plain
}}
passdb {{
  driver = oauth2
  args = /etc/dovecot/oauth2.conf
  mechanisms = xoauth2
}}
""",
    "2.4": f"""
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = ~/Maildir
ssl_server_cert_file = /etc/dovecot/tls/server.pem
ssl_server_key_file = /etc/dovecot/tls/server.key
userdb passwd {{
}}
passdb static {{
  password = {PASSWORD}
  mechanisms_filter = plain
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2
}}
oauth2 {{
!include /etc/dovecot/oauth2.conf
}}
""",
}
OAUTH2 = """
tokeninfo_url = {url}/tokeninfo?access_token=
introspection_mode = auth
username_attribute = email
"""

# What update-ca-certificates does, for one more authority.
TRUST = """
set -eu
cat /etc/dovecot/tls/ca.pem >>/etc/ssl/certs/ca-certificates.crt
cp /etc/dovecot/tls/ca.pem "/etc/ssl/certs/$(openssl x509 -in /etc/dovecot/tls/ca.pem -hash -noout).0"
"""

# Stands in front of scoremail, so that it is seen how often it is run.
COUNT = b"""#!/bin/sh
printf . >>/home/scorepull/runs
exec /usr/local/libexec/scoremail "$@"
"""


def unit_command(unit):
    """What a service's unit file starts."""
    lines = (PULL / unit).read_text().splitlines()
    (command,) = [line.partition("=")[2] for line in lines if line.startswith("ExecStart=")]
    return shlex.split(command)


def cron_command(recipe):
    """What cron starts, by what a recipe's comments say."""
    cron = "#     */5 * * * * scorepull "
    (command,) = [line.removeprefix(cron) for line in (PULL / recipe).read_text().splitlines() if line.startswith(cron)]
    return ["sh", "-c", command]


class Puller(agents.Owner):
    """A host that collects a mailbox elsewhere, which is a Dovecot in the same root.

    A subclass has COMMAND, which collects once, RECIPE (its file), and the WORDS in it that a
    person would change: the server's name, its port, the user, and others with what they become.
    """

    BIN = "/usr/local/libexec"

    def __init__(self, root, folder, build, emulator, trusted=True):
        super().__init__(root, folder, build, emulator, "scorepull")
        self.ports = {"imap": free_port(), "pop3": free_port()}
        self.ends = []
        root.bind(self.config.parent, "/etc/scoremail")
        root.bind(f"{emulator.data}/tls", "/etc/dovecot/tls")
        root.bind(agents.FILTERS.parent / "contrib" / "pull", "/usr/local/share/scoremail/pull")
        root.start()
        self.write("/usr/local/bin/scoremail", COUNT)
        root.must("chmod", "755", "/usr/local/bin/scoremail")
        if trusted:
            root.must("sh", "-c", TRUST)
        version = root.must("dovecot", "--version")[:3]
        words = {"mailbox": MAILBOX[version], "listen": "address" if version == "2.3" else "listen"}
        self.write("/etc/dovecot/dovecot.conf", DOVECOT.format(**words, **self.ports).encode())
        self.write("/etc/dovecot/oauth2.conf", OAUTH2.format(url="http://127.0.0.1:1").encode())
        root.daemon("dovecot")
        (self.config.parent / "mailbox-password").write_text(PASSWORD + "\n")
        self.settle(self.RECIPE, self.SERVER)

    def write(self, path, data):
        self.root.must("tee", path, stdin=data)

    def settle(self, recipe, server):
        """Puts a recipe in its place, with the words changed that a person would change."""
        words = {server: "localhost", **self.WORDS, "scores@example.edu": PERSON}
        text = (PULL / recipe).read_text()
        for old, new in words.items():
            assert old in text, f"no {old} in {recipe}"
            text = text.replace(old, str(self.ports.get(new, new)))
        self.file = self.config.parent / self.RECIPE
        self.file.write_text(text)
        self.file.chmod(0o600)
        self.give_home()

    def change(self, old, new):
        """Changes words in the recipe."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def deliver(self, name, at=None):
        """Has a fixture mail in the mailbox, received just now or at that time."""
        self.root.must("doveadm", "save", "-u", PERSON, stdin=received(mail(name), at))

    def read_all(self):
        """A person reads what is in the mailbox."""
        self.root.must("doveadm", "flags", "add", "-u", PERSON, r"\Seen", "ALL")

    def receive(self, name):
        """Collects until it comes: a server that has only just begun may not answer at once."""
        self.deliver(name)
        agents.wait_for(self.poll, "a message to be collected")

    def poll(self, *more):
        """Collects once; how many messages were piped into scoremail."""
        before = self.runs()
        environment = [f"HOME={self.seen_at}", f"USER={self.user}"]  # as systemd and cron have it
        self.ends.append(self.root.run(["env", *environment, *self.COMMAND, *more], user=self.user))
        return self.runs() - before

    @property
    def ended(self):
        """How the last collection ended."""
        return self.ends[-1]

    def runs(self):
        log = self.home / "runs"
        return len(log.read_text()) if log.exists() else 0

    def kill_scoremail(self):
        """Kills what scoremail has become: scorefetch, in the same process."""
        self.root.must("pkill", "--signal", "KILL", "--exact", "scorefetch")

    def retry(self):
        self.make_due()
        self.poll()

    def waiting(self):
        return self.poll() > 0

    def mails(self):
        return agents.message_ids(self.root.changed(f"/home/{PERSON}/Maildir"))

    def outside(self):
        return agents.sent(self.root)


class Getmail(Puller):
    COMMAND = unit_command("scoremail-getmail.service")
    RECIPE, SERVER, WORDS = "getmailrc", "imap.example.edu", {"993": "imap"}

    def consent(self, provider, tokens):
        """What is there once a person has consented, and the first access token has expired."""
        data = json.loads((PULL / f"{provider}.json").read_text())
        assert data["token_uri"].startswith("https://")
        data.update(client_id="c", client_secret="s", token_uri=tokens.url, refresh_token=tokens.refresh_token,
                    access_token="old", expires_at=0)  # fmt: skip
        self.install(f"{provider}.json", data)

    def install(self, name, data):
        """A file of scorepull's own, below its state."""
        file = f"{STATE}/getmail/{name}"
        self.root.must("install", "-o", self.user, "-m", "600", "/dev/stdin", file, stdin=json.dumps(data).encode())

    def app(self, provider, tokens):
        """What is there once an administrator has let the application into the mailbox."""
        data = json.loads((PULL / f"{provider}-app.json").read_text())
        if provider == "google":
            key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA"], capture_output=True, check=True, timeout=60).stdout
            tokens.public_key = self.folder / "public.pem"
            public = ["openssl", "pkey", "-pubout", "-out", tokens.public_key]
            subprocess.run(public, input=key, capture_output=True, check=True, timeout=60)
            self.install("google-key.json", {"client_email": "scoremail@project.iam", "private_key": key.decode(), "token_uri": tokens.url})
        else:
            data.update(client_id="c", client_secret=tokens.refresh_token, token_uri=tokens.url)
        self.install(f"{provider}-app.json", data)
        self.change(f"/{provider}.json", f"/{provider}-app.json")


class Mpop(Puller):
    COMMAND = unit_command("scoremail-mpop.service")
    RECIPE, SERVER, WORDS = "mpoprc", "pop.example.edu", {"995": "pop3"}


class Fetchmail(Puller):
    COMMAND = cron_command("fetchmailrc")
    RECIPE, SERVER, WORDS = "fetchmailrc", "pop.example.edu", {"995": "pop3", '"PASSWORD"': PASSWORD}


@pytest.fixture(scope="session")
def pull_root(tmp_path_factory):
    packages = ["dovecot-core", "dovecot-imapd", "dovecot-pop3d", "getmail6", "mpop", "fetchmail", "systemd"]
    root = agents.install(tmp_path_factory.mktemp("pull") / "root", *packages, users=["scorepull", PERSON])
    agents.note_what_is_sent(root)
    root.must("install", "-d", "-o", "scorepull", "/var/spool/scoremail")  # where a success is noted
    for folder in ("", "/getmail", "/mpop"):  # as the units have systemd make them
        root.must("install", "-d", "-o", "scorepull", "-g", "scorepull", "-m", "700", STATE + folder)
    return root


class PullContract(Contract):
    """AT_ONCE: how many of two messages are piped into scoremail when the first one has to wait."""

    WHILE_DOWN = 1
    AT_ONCE = 2

    @pytest.fixture
    def start(self, pull_root, build, announced, tmp_path):
        with agents.stage(pull_root, tmp_path) as (root, _):
            yield lambda **settings: self.Agent(root, tmp_path, build, announced, **settings)

    @pytest.fixture
    def agent(self, start):
        return start()

    def test_a_killed_program_is_run_again(self, agent, emulator, scores):
        agent.configure(give_up_after="60s")
        emulator.faults("object:stall=1000")
        agent.deliver("csv")
        poll = threading.Thread(target=agent.poll)
        poll.start()
        emulator.wait_for(lambda requests: requests, "the download")
        agent.kill_scoremail()
        poll.join()
        assert CSV_NAME not in agent.stored()

        emulator.faults()
        agent.retry()
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}

    def test_what_a_person_has_read_is_collected(self, agent, scores):
        agent.deliver("csv")
        agent.read_all()
        assert agent.poll() == 1
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}

    def test_what_is_behind_a_message_that_waits(self, agent, emulator):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.deliver("csv")
        agent.deliver("txt")
        assert agent.poll() == self.AT_ONCE
        assert agent.poll() == 1

        emulator.faults()
        agent.retry()
        self.assert_done(agent, "csv", "txt")
        assert {name: row["state"] for name, row in agent.status().items()} == {CSV_NAME: "stored", TXT_NAME: "dropped"}

    def test_what_came_long_ago_is_tried_again_all_the_same(self, agent, emulator, scores):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.deliver("csv", at=time.time() - 30 * 86400)
        agent.poll()
        assert agent.waiting()
        emulator.faults()
        agent.retry()
        self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}

    def test_the_client_is_no_server_on_the_way(self, agent):
        """It adds no Received line: of those trusted-hops counts, and defer-for takes the time."""
        agent.write("/usr/local/bin/scoremail", b"#!/bin/sh\nprintf . >>/home/scorepull/runs\ncat >/home/scorepull/message\n")
        agent.receive("csv")
        message = email.message_from_bytes((agent.home / "message").read_bytes())
        assert message.keys().count("Received") == email.message_from_bytes(mail("csv")).keys().count("Received")

    def test_a_server_that_nobody_vouches_for_gets_no_password(self, start):
        agent = start(trusted=False)
        agent.deliver("csv")
        assert agent.poll() == 0
        assert agent.ended.code != 0
        assert "certificate" in agent.ended.err.lower()


FIRST_RUN = "/usr/local/share/scoremail/pull/first-run"


def assert_first_run_asks(agent, client):
    """Without a terminal it says so; "now" leaves what is there alone, once."""
    agent.deliver("csv")
    asked = agent.root.run(["setsid", FIRST_RUN, client])
    assert asked.code == 64 and "say all or now" in asked.err
    assert "counts as collected" in agent.root.must(FIRST_RUN, client, "now")
    agent.deliver("txt")
    assert agent.poll() == 1
    assert agent.status().keys() == {TXT_NAME}
    assert "nothing to decide" in agent.root.run([FIRST_RUN, client, "now"]).err


class TestGetmail(PullContract):
    Agent = Getmail

    def test_a_message_that_waits_is_a_failure_of_the_unit(self, agent, emulator):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        assert agent.ended.code == 127
        assert f"{CSV_NAME}: " in agent.ended.err

    def test_what_is_there_already_can_be_left_alone(self, agent):
        assert_first_run_asks(agent, "getmail")

    def test_the_first_run_can_collect_all(self, agent):
        agent.deliver("csv")
        assert "Enable" in agent.root.must(FIRST_RUN, "getmail", "all")
        assert agent.poll() == 1

    def test_the_mailbox_stays_as_it_is(self, agent):
        agent.receive("csv")
        assert agent.root.must("doveadm", "search", "-u", PERSON, "SEEN") == ""

    @pytest.mark.parametrize("way", ["consent", "app"])
    @pytest.mark.parametrize("provider, server", [
        ("exchange-online", "outlook.office365.com"),
        ("google", "imap.gmail.com"),
    ])
    def test_a_token_in_place_of_a_password(self, agent, scores, provider, server, way):
        agent.settle(f"getmailrc-{provider}", server)
        with TokenServer(PERSON, "refresh-0") as tokens:
            agent.write("/etc/dovecot/oauth2.conf", OAUTH2.format(url=tokens.url).encode())
            agent.root.must("doveadm", "reload")
            {"consent": agent.consent, "app": agent.app}[way](provider, tokens)
            agent.receive("csv")
            assert tokens.issued == ["access-0"]
            self.assert_done(agent, "csv")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}


class TestMpop(PullContract):
    Agent = Mpop
    AT_ONCE = 1  # so mpoprc says

    def test_with_a_worker_no_message_has_to_wait(self, agent, emulator, scores):
        agent.configure(delivery="queued")
        assert agent.scorefetch("run").code == 0
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.deliver("csv")
        agent.deliver("txt")
        assert agent.poll() == 2
        assert agent.scorefetch("run").code == EX_TEMPFAIL

        emulator.faults()
        agent.make_due()
        assert agent.scorefetch("run").code == 0
        self.assert_done(agent, "csv", "txt")
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}

    def test_what_is_there_already_can_be_left_alone(self, agent):
        assert_first_run_asks(agent, "mpop")

    def test_a_message_that_waits_is_a_failure_of_the_unit(self, agent, emulator):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        assert agent.ended.code != 0
        assert f"{CSV_NAME}: " in agent.ended.err


class TestFetchmail(PullContract):
    Agent = Fetchmail

    def test_by_imap_what_a_person_has_read_is_skipped(self, agent):
        """Why the recipe has POP3."""
        by_pop3 = f"protocol POP3 service {agent.ports['pop3']} uidl"
        agent.change(by_pop3, f"protocol IMAP service {agent.ports['imap']}")
        agent.deliver("csv")
        agent.read_all()
        assert agent.poll() == 0
        agent.deliver("txt")
        assert agent.poll() == 1

    def test_nothing_but_the_log_says_that_a_message_waits(self, agent, emulator):
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        assert agent.ended.code == 0
        assert f"{CSV_NAME}: " in agent.ended.err


@pytest.mark.parametrize("client", ["getmail", "mpop"])
def test_systemd_has_nothing_to_say_of_the_units(pull_root, client):
    units = [f"/etc/systemd/system/scoremail-{client}.{kind}" for kind in ("service", "timer")]
    script = "".join(f"cat >{unit} <<'END'\n{(PULL / unit.split('/')[-1]).read_text()}END\n" for unit in units)
    pull_root.must("sh", "-c", script)
    verified = pull_root.run(["systemd-analyze", "verify", *units])
    assert (verified.code, verified.out, verified.err) == (0, b"", "")
