"""Real OpenSMTPD with the recipes of filters/opensmtpd."""
import re

import agents
import pytest
from agents import FILTERS, message_id
from alerting import Alerting
from contract import Contract
from harness import mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

# No port is listened on: mail comes in by sendmail, and what leaves goes to the sink.
BEFORE = """
table aliases file:/etc/aliases
queue ttl {ttl}
action "local" mbox alias <aliases>
action "relay" relay host smtp://127.0.0.1:{port}
"""
AFTER = """
match from local for domain "example.edu" action "local"
match from local for any action "relay"
"""


class OpenSmtpd(agents.Owner):
    """An OpenSMTPD that runs."""

    def __init__(self, root, folder, build, emulator, sink, ttl="4d"):
        super().__init__(root, folder, build, emulator, "scoremail")
        self.sink = sink
        root.bind(self.config.parent, "/etc/scoremail")
        root.start()
        recipe = (FILTERS / "opensmtpd" / "smtpd.conf").read_text()
        configuration = BEFORE.format(port=sink.port, ttl=ttl) + recipe + AFTER
        root.must("tee", "/etc/smtpd.conf", stdin=configuration.encode())
        root.daemon("sh", "-c", "smtpd -d &")
        # unlike `show queue`, which reads the queue's folder where nobody answers; sendmail would leave its message for
        # the server's start then, with 75
        agents.wait_for(lambda: root.run(["smtpctl", "show", "stats"]).code == 0, "OpenSMTPD to start")

    def receive(self, name):
        self.send(mail(name), "scores")

    def send(self, message, recipient):
        argv = ["sendmail", "-i", "-f", agents.OUTSIDE, f"{recipient}@example.edu"]  # 69: it is too busy
        agents.wait_for(lambda: self.root.run(argv, stdin=message).code == 0, "OpenSMTPD to take the message")
        agents.wait_for(self.idle, "OpenSMTPD to have tried all it has")

    def queue(self):
        """A list of fields for each envelope; see show_queue_envelope() in its smtpctl.c."""
        return [line.split("|") for line in self.root.must("smtpctl", "show", "queue").splitlines()]

    def idle(self):
        # sendmail's call may end before the scheduler, which shows the queue, has heard of the message
        log = self.root.changed("/var/log/started").read_text(errors="replace")
        taken, tried = re.findall(r"smtp message msgid=(\w{8})", log), re.findall(r"(?:delivery evpid=|Expire for )(\w{8})", log)
        if not set(taken) <= set(tried):
            return False
        # waiting, after one try at least
        return all(fields[11] == "pending" and fields[10] != "0" for fields in self.queue())

    def waiting(self):
        return self.queue() != []

    def retry(self):
        self.make_due()
        self.root.must("smtpctl", "schedule", "all")
        self.until_done()

    def until_done(self):
        agents.wait_for(lambda: not self.waiting(), "OpenSMTPD to have no message left")

    def mails(self):
        return agents.message_ids(self.root.changed("/var/mail/registrar"))

    def outside(self):
        return self.sink.received


@pytest.fixture(scope="session")
def opensmtpd_root(tmp_path_factory):
    users = ["scoremail", "registrar"]
    root = agents.install(tmp_path_factory.mktemp("opensmtpd") / "root", "opensmtpd", users=users)
    root.must("tee", "/etc/mailname", stdin=b"mx.example.edu\n")
    root.append("opensmtpd/aliases", "/etc/aliases")
    root.must("sh", "-c", """echo 'broken: "|/bin/false"' >>/etc/aliases""")  # to see what a bounce looks like
    return root


class TestOpenSmtpd(Contract, Alerting):
    WHILE_DOWN = 1

    @pytest.fixture
    def start(self, opensmtpd_root, build, announced, tmp_path):
        with agents.stage(opensmtpd_root, tmp_path) as (root, sink):
            yield lambda **settings: OpenSmtpd(root, tmp_path, build, announced, sink, **settings)

    @pytest.fixture
    def agent(self, start):
        return start()

    def test_when_opensmtpd_gives_up_the_owner_is_told_and_nobody_else(self, start, emulator):
        agent = start(ttl="5s")
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")

        def given_up():
            agent.root.run(["smtpctl", "schedule", "all"])
            return not agent.waiting() and len(agent.mails()) > 1

        agents.wait_for(given_up, "OpenSMTPD to give up, and to say so")
        assert agent.mails()[:1] == [message_id("csv")]
        assert len(agent.mails()) == 2  # the other is what OpenSMTPD says about it
        assert agent.outside() == []

    def test_what_goes_outside_would_be_seen(self, agent):
        agent.send(mail("ordinary"), "broken")
        agent.until_done()
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]
