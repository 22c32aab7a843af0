"""Real fdm, collecting mail from a maildir with the recipe of filters/fdm.conf."""
import mailbox

import agents
import pytest
from agents import message_id
from contract import Contract
from harness import mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "alice"


class Fdm(agents.Owner):
    """A user with the recipe, to whose incoming maildir the mail system delivers."""

    def __init__(self, root, folder, build, emulator):
        super().__init__(root, folder, build, emulator, USER)
        self.copy_recipe("fdm.conf", ".fdm.conf")
        (self.home / ".fdm.conf").chmod(0o600)
        self.incoming = mailbox.Maildir(self.home / "incoming")

    def receive(self, name):
        self.incoming.add(mail(name))
        self.give_home()
        self.fetch()

    def fetch(self):
        self.root.must("env", f"HOME=/home/{USER}", "fdm", "-l", "fetch", user=USER)

    def retry(self):
        self.make_due()
        self.fetch()

    def waiting(self):
        return len(self.incoming) > 0

    def mails(self):
        return agents.message_ids(self.home / "Maildir")

    def outside(self):
        return agents.sent(self.root)


@pytest.fixture(scope="session")
def fdm_root(tmp_path_factory):
    root = agents.install(tmp_path_factory.mktemp("fdm") / "root", "fdm", users=[USER])
    agents.note_what_is_sent(root)
    return root


class TestFdm(Contract):
    @pytest.fixture
    def agent(self, fdm_root, build, announced, tmp_path):
        return Fdm(fdm_root.copy(tmp_path / "root"), tmp_path, build, announced)

    def test_without_scoremail_mail_still_arrives(self, agent):
        agent.uninstall()
        agent.receive("csv")
        assert agent.mails() == [message_id("csv")]
