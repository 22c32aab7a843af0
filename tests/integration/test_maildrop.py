"""Real maildrop, called as a mail system calls it, with the recipe of filters/maildroprc."""
import agents
import pytest
from agents import message_id
from contract import Contract
from harness import EX_TEMPFAIL, mail

pytestmark = pytest.mark.release_only("the agents are tested, not our memory handling")

USER = "alice"


class Maildrop(agents.Owner):
    """A user with the recipe. This plays the mail system that keeps what ends with 75."""

    def __init__(self, root, folder, build, emulator):
        super().__init__(root, folder, build, emulator, USER)
        self.copy_recipe("maildroprc", ".mailfilter")
        (self.home / ".mailfilter").chmod(0o600)
        root.must("maildirmake.maildrop", f"/home/{USER}/Maildir", user=USER)
        self.queue = []

    def receive(self, name):
        self.queue.append(name)
        self.run_queue()

    def run_queue(self):
        codes = {name: self.root.run(["maildrop", "-d", USER], mail(name)).code for name in self.queue}
        assert set(codes.values()) <= {0, EX_TEMPFAIL}
        self.queue = [name for name, code in codes.items() if code == EX_TEMPFAIL]

    def retry(self):
        self.make_due()
        self.run_queue()

    def waiting(self):
        return self.queue != []

    def mails(self):
        return agents.message_ids(self.home / "Maildir")

    def outside(self):
        return []  # maildrop sends nothing: its exit code says what the mail system shall do


@pytest.fixture(scope="session")
def maildrop_root(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("maildrop") / "root", "maildrop", users=[USER])


class TestMaildrop(Contract):
    @pytest.fixture
    def agent(self, maildrop_root, build, emulator, scores, tmp_path):
        for name, data in scores.items():
            emulator.add(name, data)
        return Maildrop(maildrop_root.copy(tmp_path / "root"), tmp_path, build, emulator)

    def test_without_scoremail_mail_still_arrives(self, agent):
        agent.uninstall()
        agent.receive("csv")
        assert agent.mails() == [message_id("csv")]
