"""Real Exim in Debian's split configuration, with the recipes of filters/exim."""
import agents
import pytest
from agents import message_id
from alerting import Alerting
from contract import Contract
from harness import mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

# No port is listened on: mail comes in by the command line, and what leaves goes to the sink ($1).
PREPARE = r"""
set -eu
echo example.edu >/etc/mailname
cat >/etc/exim4/update-exim4.conf.conf <<END
dc_eximconfig_configtype='smarthost'
dc_other_hostnames='example.edu'
dc_local_interfaces='127.0.0.1'
dc_smarthost='127.0.0.1::$1'
dc_use_split_config='true'
dc_localdelivery='mail_spool'
dc_mailname_in_oh='true'
CFILEMODE='644'
END
echo 'MAIN_HARDCODE_PRIMARY_HOSTNAME = mx.example.edu' >/etc/exim4/conf.d/main/00_test
# The sink is this host, which Exim would not send to.
sed -i 's/^  route_list = \* DCsmarthost byname/&\n  self = send/' /etc/exim4/conf.d/router/200_exim4-config_primary
update-exim4.conf
"""


class Exim(agents.Owner):
    """An Exim whose queue is run by hand; nothing of it stays running."""

    def __init__(self, root, folder, build, emulator, sink):
        super().__init__(root, folder, build, emulator, "scoremail")
        self.sink = sink
        root.bind(self.config.parent, "/etc/scoremail")
        root.start()
        root.must("sh", "-c", PREPARE, "prepare", str(sink.port))

    def receive(self, name):
        self.send(mail(name), "scores")

    def send(self, message, recipient):
        # -odi: delivered before it ends, and so are the bounces that come of it
        self.root.must("exim", "-odi", "-oi", "-f", agents.OUTSIDE, f"{recipient}@example.edu", stdin=message)
        agents.wait_for(lambda: not self.running(), "Exim to end its deliveries")

    def running(self):
        # not those that have ended, and that nobody has waited for
        return self.root.run(["pgrep", "--exact", "--runstates", "D,R,S", "exim4"]).code == 0

    def queue(self):
        return self.root.must("exim", "-bp")

    def waiting(self):
        return self.queue() != ""

    def run_queue(self):
        self.root.must("exim", "-qff")
        agents.wait_for(lambda: not self.running(), "Exim to end its queue run")

    def retry(self):
        self.make_due()
        self.run_queue()

    def mails(self):
        return agents.message_ids(self.root.changed("/var/mail/registrar"))

    def outside(self):
        return self.sink.received


@pytest.fixture(scope="session")
def exim_root(tmp_path_factory):
    users = ["scoremail", "registrar"]
    root = agents.install(tmp_path_factory.mktemp("exim") / "root", "exim4-daemon-light", users=users)
    root.append("exim/router", "/etc/exim4/conf.d/router/350_scoremail")
    root.append("exim/transport", "/etc/exim4/conf.d/transport/30_scoremail")
    return root


class TestExim(Contract, Alerting):
    WHILE_DOWN = 1

    @pytest.fixture
    def agent(self, exim_root, build, announced, tmp_path):
        with agents.stage(exim_root, tmp_path) as (root, sink):
            yield Exim(root, tmp_path, build, announced, sink)

    def test_when_exim_gives_up_the_owner_is_told_and_nobody_else(self, agent, emulator):
        rules = "/etc/exim4/conf.d/retry/30_exim4-config"
        agent.root.must("sh", "-c", f"sed -i 's/F,2h,15m.*/F,1s,1s/' {rules} && update-exim4.conf")
        agent.is_impatient()
        emulator.faults("file:status=503")
        agent.receive("csv")
        agents.wait_for(lambda: agent.run_queue() or not agent.waiting(), "Exim to give up")
        assert agent.mails()[:1] == [message_id("csv")]
        assert len(agent.mails()) == 2  # the other is what Exim says about it
        assert agent.outside() == []

    def test_what_goes_outside_would_be_seen(self, agent):
        agent.send(mail("ordinary"), "nobody-of-that-name")
        assert [sent.recipients for sent in agent.outside()] == [[agents.OUTSIDE]]

    def test_nobody_outside_can_write_to_the_program(self, agent, emulator):
        agent.send(mail("csv"), "scores-fetch")
        assert emulator.requests() == []
        assert len(agent.outside()) == 1

    def test_a_program_that_is_missing_keeps_the_message(self, agent):
        absent = "s|/usr/local/bin/scoremail|/nonexistent|"
        agent.root.must("sed", "-i", absent, "/etc/exim4/conf.d/transport/30_scoremail")
        agent.root.must("update-exim4.conf")
        agent.receive("csv")
        assert agent.waiting()
        assert agent.mails()[:1] == [message_id("csv")]
        assert agent.outside() == []
