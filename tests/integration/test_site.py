"""A site with two users: procmail as alice leaves events in the spool, the worker as scoremail does the rest."""
from pathlib import Path
from urllib.parse import urlsplit

import agents
import pytest
from harness import CHECKOUT, CSV_NAME, EX_NOPERM, EX_TEMPFAIL, PROGRAM_FILES, mail

SYSTEMD = CHECKOUT / "contrib" / "systemd"
WORKER = ["runuser", "-u", "scoremail", "--", "scorefetch", "run"]
DIRECTORY, PASSWORD, LEDGER = "/srv/scores", "/etc/scoremail/password", "/var/lib/scoremail/ledger.db"


@pytest.fixture(scope="module")
def site_root(tmp_path_factory):
    """procmail, alice who may use the spool and bob who may not, and the user that owns it all."""
    root = agents.install(tmp_path_factory.mktemp("site") / "root", "procmail", "systemd", users=["alice", "bob"])
    for kind, command in (("sysusers", "systemd-sysusers"), ("tmpfiles", "systemd-tmpfiles --create")):
        root.must("sh", "-c", f"cat >/etc/{kind}.conf && {command} /etc/{kind}.conf", stdin=(SYSTEMD / f"{kind}.conf").read_bytes())
    root.must("usermod", "-aG", "scorespool", "alice")
    return root


class Site:
    def __init__(self, root, build, emulator):
        self.root = root
        for program in PROGRAM_FILES:
            root.bind(build / program, f"/usr/local/bin/{program}")
        service = urlsplit(emulator.url)
        username, password = next(iter(emulator.users.items()))
        self.write("/etc/scoremail/ca.pem", Path(emulator.ca).read_text())
        self.write("/etc/scoremail/scoremail.conf", "\n".join([
            "[account main]", f"username = {username}", f"password-file = {PASSWORD}", f"directory = {DIRECTORY}",
            "format = csv", "delivery = queued", f"service-url = {emulator.url}",
            f"storage-hosts = {service.hostname}:{service.port}", "ca-file = /etc/scoremail/ca.pem", ""]))
        self.write(PASSWORD, password + "\n", owner="scoremail", mode="0400")
        root.must("install", "-d", "-o", "scoremail", "-g", "scoremail", "-m", "0700", DIRECTORY)
        for user in ("alice", "bob"):
            recipe = (agents.FILTERS / "procmailrc").read_text()
            recipe = recipe.replace("SCOREMAIL_CONF=$HOME/.config/scoremail/", "SCOREMAIL_CONF=/etc/scoremail/")
            self.write(f"/home/{user}/.procmailrc", recipe, owner=user)

    def write(self, path, text, owner="root", mode="0644"):
        script = 'mkdir -p "${1%/*}" && cat >"$1" && chown "$2" "$1" && chmod "$3" "$1"'
        self.root.must("sh", "-c", script, "sh", path, owner, mode, stdin=text.encode())

    def receive(self, user):
        envelope = b"From noreply@example.org Tue Apr 10 11:16:04 2018\n"
        return self.root.run(["procmail", "-t", "-d", user], envelope + mail("csv"))

    def mails(self, user):
        return agents.message_ids(self.root.changed(f"/var/mail/{user}"))

    def spool(self):
        return self.root.must("find", "/var/spool/scoremail", "-name", "*.event", "-printf", "%u %g %m\n")


@pytest.fixture
def site(site_root, build, emulator, scores, tmp_path):
    for name, data in scores.items():
        emulator.add(name, data)
    return Site(site_root.copy(tmp_path / "root"), build, emulator)


def test_alice_s_mail_is_fetched_by_scoremail(site, scores):
    assert site.root.run(WORKER).code == 0  # its timer has started it before
    done = site.receive("alice")
    assert done.code == 0, done.err
    assert site.mails("alice") == [agents.message_id("csv")]
    assert site.spool() == "alice scorespool 640\n"

    done = site.root.run(WORKER)
    assert done.code == 0, done.err
    assert site.spool() == ""
    assert site.root.must("stat", "-c", "%U %a", f"{DIRECTORY}/{CSV_NAME}") == "scoremail 600\n"
    assert site.root.must("cat", f"{DIRECTORY}/{CSV_NAME}").encode() == scores[CSV_NAME]


def test_alice_can_read_neither_password_nor_ledger_nor_scores(site):
    site.root.run(WORKER)
    site.receive("alice")
    assert site.root.run(WORKER).code == 0
    for path in (PASSWORD, LEDGER, f"{DIRECTORY}/{CSV_NAME}", "/var/lib/scoremail", DIRECTORY):
        assert site.root.run(["test", "-e", path]).code == 0
        assert site.root.run(["sh", "-c", f'if [ -d "{path}" ]; then ls "{path}"; else cat "{path}"; fi'], user="alice").code
    status = site.root.run(["scorefetch", "status"], user="alice")
    assert status.code == EX_NOPERM and "; as root, run runuser -u scoremail" in status.err


def test_alice_can_neither_remove_nor_beat_for_another(site):
    assert site.root.run(WORKER).code == 0
    site.receive("alice")
    site.root.must("usermod", "-aG", "scorespool", "bob")
    theirs = site.root.must("sh", "-c", "echo /var/spool/scoremail/*.event").strip()
    assert site.root.run(["runuser", "-u", "bob", "--", "cat", theirs]).code != 0  # nor read them
    for command in (f"rm -f {theirs}", f"mv {theirs} {theirs}.x", "touch /var/spool/scoremail/heartbeat",
                    f"echo x >{theirs}"):
        assert site.root.run(["sh", "-c", command], user="bob").code != 0, command
    assert site.spool() == "alice scorespool 640\n"


def test_who_may_not_use_the_spool_is_told_and_keeps_the_mail(site):
    assert site.root.run(WORKER).code == 0
    assert site.receive("bob").code == EX_TEMPFAIL and site.mails("bob") == []
    said = site.root.run(["scoremail"], mail("csv"), user="bob")
    assert said.code == EX_TEMPFAIL and "add that user to the spool's group" in said.err


def test_without_a_worker_the_mail_stays_in_the_queue(site):
    assert site.receive("alice").code == EX_TEMPFAIL
    assert site.mails("alice") == []
    assert site.root.run(WORKER).code == 0
    assert site.receive("alice").code == 0
    assert site.mails("alice") == [agents.message_id("csv")]


CHECK = ["runuser", "-u", "scoremail", "--", "scorefetch", "check"]


def test_check_says_what_a_site_lacks(site):
    done = site.root.run(CHECK)
    assert done.code == 2, done.out
    lines = done.out.decode().splitlines()
    assert [line for line in lines if line.startswith("failure")] == [
        line for line in lines if line.startswith("failure  worker: scorefetch run has never run")]
    remedies = ["add to /etc/cron.d/scoremail: */5 * * * * scoremail /usr/local/bin/scorefetch run -q\n",
                "run systemctl enable --now scoremail-run.socket scoremail-run.timer scoremail-tell.timer, and see",
                "a crontab line starts it: is cron running"]  # fmt: skip
    changes = ["true", "mkdir -p /run/systemd/system", "mkdir -p /etc/cron.d; echo '*/5 * * * * scoremail scorefetch run -q' >/etc/cron.d/x"]
    for change, remedy in zip(changes, remedies):  # as this machine has it
        site.root.must("sh", "-c", change)
        assert remedy in site.root.run(CHECK).out.decode()
    site.root.must("rm", "-r", "/run/systemd/system", "/etc/cron.d/x")

    assert site.root.run(WORKER).code == 0
    assert site.receive("alice").code == 0
    assert site.root.run(WORKER).code == 0
    done = site.root.run(CHECK)
    assert done.code == 1, done.out
    nobody = site.root.run(["test", "-e", "/dev/log"]).code != 0  # nobody listens for the log
    items = [line.split(":")[0].split()[1] for line in done.out.decode().splitlines() if not line.startswith("ok")]
    assert items == [*["log"] * nobody, "alerts", "senders"]
    assert "/var/spool/scoremail (owner scoremail, mode 3770), queued events: 0" in done.out.decode()


@pytest.mark.parametrize("timer, item", [("scoremail-run.timer", "worker"), ("scoremail-sync.timer", "sync")])
@pytest.mark.parametrize("said, cron, found", [
    ("enabled", "", False), ("disabled", "", True), ("", "", False),
    ("disabled", "*/5 * * * * scoremail scorefetch run -q; scorefetch sync -q", False),
    ("disabled", "#*/5 * * * * scoremail scorefetch run -q; scorefetch sync -q", True),
])  # fmt: skip
def test_check_looks_whether_systemd_or_cron_starts_it_again(site, timer, item, said, cron, found):
    """The answers are systemctl's own words; a unit that is not installed is no fault."""
    assert site.root.run(WORKER).code == 0
    site.write("/usr/local/bin/systemctl", f"#!/bin/sh\nprintf 'Id={timer}\\nUnitFileState={said}\\n'\n", mode="0755")
    site.write("/etc/cron.d/scoremail", cron + "\n")
    site.root.must("mkdir", "-p", "/run/systemd/system")
    lines = site.root.run(CHECK).out.decode().splitlines()
    assert [line.startswith("warning") for line in lines if f" {item}: " in line and timer in line] == [True] * found


@pytest.mark.parametrize("user", ["root", "alice"])
def test_check_is_the_owner_s(site, user):
    assert site.root.run(WORKER).code == 0
    done = site.root.run(["scorefetch", "check"], user=user)
    assert done.code == 2
    assert "runuser -u scoremail -- scorefetch" in done.out.decode()
    assert "directory" not in done.out.decode()


IN_THE_WAY = {
    "a folder like an event": "mkdir $E && touch $E/x",
    "a folder that nobody else may change": "mkdir -m 0500 $E",
    "a folder where bad files go": "mkdir -m 0700 aside && echo x >$E",
    "a link where bad files go": f"ln -s {DIRECTORY} aside && echo x >$E",
    "a file where bad files go": "touch aside && echo x >$E",
    "a file as the heartbeat": "touch heartbeat",
    "a folder as the heartbeat": "mkdir -p -m 0700 heartbeat/x",
    "a link as the heartbeat": "ln -s /etc/passwd heartbeat",
}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_nothing_that_alice_leaves_stops_the_worker(site, scores, what):
    """Before the worker has ever been here: later nobody else can touch what is the worker's."""
    script = f"cd /var/spool/scoremail && E=$(id -u)-0123456789abcdef0123456789abcdef.event; {IN_THE_WAY[what]}"
    assert site.root.run(["sh", "-c", script], user="alice").code == 0
    assert site.receive("alice").code == EX_TEMPFAIL
    for _ in range(2):
        done = site.root.run(WORKER)
        assert done.code == 0, done.err
    assert site.root.must("cat", f"{DIRECTORY}/{CSV_NAME}").encode() == scores[CSV_NAME]
    assert site.root.must("ls", "-A", DIRECTORY).split() == [CSV_NAME]
    assert ".event" not in site.root.must("ls", "/var/spool/scoremail")
    assert site.receive("alice").code == 0
