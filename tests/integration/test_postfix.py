"""Real Postfix with the recipes of filters/postfix, for a site and for a user's .forward."""
import json

import agents
import pytest
from contract import Contract
from agents import message_id
from harness import mail
from sink import Sink

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

# No port is listened on: mail comes in by sendmail, and what leaves goes to the sink.
PREPARE = r"""
set -eu
postconf -e myhostname=mx.example.edu 'mydestination=$myhostname example.edu localhost' \
    myorigin=example.edu inet_interfaces=loopback-only inet_protocols=ipv4 \
    maillog_file=/var/log/postfix.log
postconf -MX smtp/inet
postconf -F '*/*/chroot=n'
"""


@pytest.fixture(scope="session")
def postfix_root(tmp_path_factory):
    users = ["scoremail", "registrar"]
    root = agents.install(tmp_path_factory.mktemp("postfix") / "root", "postfix", users=users)
    root.must("sh", "-c", PREPARE)
    for name, place in (("main.cf", "/etc/postfix"), ("master.cf", "/etc/postfix"), ("aliases", "/etc")):
        root.append(f"postfix/{name}", f"{place}/{name}")
    root.must("newaliases")
    return root


class Postfix(agents.Owner):
    """A Postfix that runs. `user` is in whose name scoremail does."""

    def __init__(self, root, folder, build, emulator, sink, user):
        super().__init__(root, folder, build, emulator, user)
        self.sink = sink
        self.address = "scores"
        root.bind(self.config.parent, "/etc/scoremail")
        root.start()
        root.must("postconf", "-e", f"relayhost=[127.0.0.1]:{sink.port}")
        root.daemon("postfix", "start")

    def receive(self, name):
        self.send(mail(name), self.address)

    def send(self, message, recipient):
        self.root.must("sendmail", "-i", "-f", agents.OUTSIDE, recipient, stdin=message)
        agents.wait_for(self.idle, f"Postfix to be idle: {self.queue()}")

    def queue(self):
        """The names of the queues in which messages lie."""
        return [json.loads(line)["queue_name"] for line in self.root.must("postqueue", "-j").splitlines()]

    def idle(self):
        return set(self.queue()) <= {"deferred"}

    def waiting(self):
        return self.queue() != []

    def retry(self):
        self.make_due()
        self.root.must("postqueue", "-f")
        self.until_done()

    def until_done(self):
        agents.wait_for(lambda: not self.waiting(), "Postfix to have no message left")

    def mails(self):
        return agents.message_ids(self.root.changed("/var/mail/registrar"))

    def outside(self):
        return self.sink.received


@pytest.fixture
def start_postfix(postfix_root, build, emulator, scores, tmp_path):
    """Starts a Postfix in whose name `user` runs scoremail; it is stopped at the test's end."""
    for name, data in scores.items():
        emulator.add(name, data)
    root = postfix_root.copy(tmp_path / "root")
    with Sink() as sink:
        try:
            yield lambda user: Postfix(root, tmp_path, build, emulator, sink, user)
        finally:
            root.stop()


class TestSite(Contract):
    """The alias, the hop that the owner answers for, and pipe(8) as the user scoremail."""

    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, start_postfix):
        return start_postfix("scoremail")

    def test_when_postfix_gives_up_the_owner_is_told_and_nobody_else(self, agent, emulator):
        agent.root.must("sh", "-c", "postconf -e maximal_queue_lifetime=0 && postfix reload")
        emulator.faults("file:status=503")
        agent.receive("csv")
        agent.until_done()
        assert agent.mails()[:1] == [message_id("csv")]
        assert len(agent.mails()) == 2  # the other is what Postfix says about it
        assert agent.outside() == []

    def test_what_goes_outside_would_be_seen(self, agent):
        agent.send(mail("ordinary"), recipient="nobody-of-that-name")
        agent.until_done()
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]


class TestForward(Contract):
    """A user's own .forward, which sends the message on to an address of hers."""

    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, start_postfix):
        postfix = start_postfix("registrar")
        postfix.copy_recipe("postfix/forward", ".forward")
        postfix.copy_recipe("postfix/forward+scores", ".forward+scores")
        postfix.address = "registrar"
        return postfix
