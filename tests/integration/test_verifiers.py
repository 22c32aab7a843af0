"""The real OpenDKIM and OpenDMARC, as Debian configures them, before a real Postfix: who is believed."""
import mailbox
import smtplib

import agents
import network
import postfix
import pytest
from harness import CSV_NAME, notification
from names import Names
from postfix import Postfix
from test_postfix import Forwarding
from verifier import Signer

pytestmark = [
    pytest.mark.release_only("the verifiers are tested, not our memory handling"),
    pytest.mark.xdist_group("verifiers"),  # one name server and one root for all
]

ID = "mx.example.edu"  # Postfix's myhostname, by which both verifiers name themselves
DOMAIN, OTHER, LOOSE = "notify.example.org", "evil.example", "nopolicy.example"
RESOLVER, PORT = "127.0.0.1", 25
OUTSIDE = "127.0.0.2"  # 127.0.0.1 is among OpenDKIM's InternalHosts, for which it signs

# What Debian's packages leave to be done: README.Debian of both. The keys come from a file, since OpenDKIM's
# resolver wants the true root of the DNS; OpenDMARC asks the resolver of the machine.
VERIFY = r"""
set -eu
echo "nameserver $1" >/etc/resolv.conf
mkdir -p /etc/opendkim
cat >/etc/opendkim/keys
echo 'TestDNSData file:/etc/opendkim/keys' >>/etc/opendkim.conf
for filter in opendkim opendmarc; do
    adduser --quiet postfix $filter
    install -d -o $filter -g $filter -m 750 /run/$filter
done
postconf -e smtpd_milters=unix:/run/opendkim/opendkim.sock,unix:/run/opendmarc/opendmarc.sock \
    'non_smtpd_milters=$smtpd_milters' milter_default_action=tempfail
postconf -M "127.0.0.1:$2/inet=127.0.0.1:$2 inet n - n - - smtpd"
"""

# What a stranger writes on top of his message, to be believed.
CLAIMS = {
    "dmarc": [f"{ID}; dmarc=pass header.from={DOMAIN}"],
    "dkim": [f"{ID}; dkim=pass header.d={DOMAIN}"],
    "both in one": [f"{ID}; dmarc=pass header.from={DOMAIN}; dkim=pass header.d={DOMAIN}"],
    "both in two": [f"{ID}; dmarc=pass header.from={DOMAIN}", f"{ID}; dkim=pass header.d={DOMAIN}"],
    "in other letters": [f"{ID.upper()} 1; dmarc=pass header.from={DOMAIN}"],
    "below a Received": [f"{ID}; dmarc=pass header.from={DOMAIN}"],
    "signed by another": [],
    "no policy": [f"{ID}; dmarc=pass header.from={LOOSE}"],
    "nothing": [],
}


class Site(Postfix):
    """filters/postfix's alias and pipe(8): the alias makes a second message, with a Received line."""

    HOPS = 1
    RECIPES = [("main.cf", "/etc/postfix"), ("master.cf", "/etc/postfix"), ("aliases", "/etc")]

    def __init__(self, *where):
        super().__init__(*where, user="scoremail", address="scores")


class Forward(Forwarding):
    """~/.forward sends a copy to an address of the user's: one Received line, too."""

    HOPS = 1
    RECIPES = []


class Procmail(Postfix):
    HOPS = 0
    RECIPES = []

    def __init__(self, *where):
        super().__init__(*where, user="registrar", address="registrar")
        self.copy_recipe("procmailrc", ".procmailrc")
        postfix.set_as_told(self.root, "procmailrc")


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {domain: Signer(folder, domain) for domain in (DOMAIN, OTHER)}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    users = ["scoremail", "registrar"]
    root = postfix.install(tmp_path_factory.mktemp("verifiers") / "root", "procmail", "opendkim", "opendmarc", users=users)
    root.must("postconf", "-e", "mailbox_command=")  # Debian's postfix calls procmail where it is
    return root


@pytest.fixture(scope="module")
def names(signers, installed):
    """A name server, for which all tests here get a network of their own: the machine may have one."""
    texts = {f"_dmarc.{DOMAIN}": b"v=DMARC1; p=reject", f"_dmarc.{OTHER}": b"v=DMARC1; p=none"}
    for signer in signers.values():
        texts.update({name.decode(): text for name, text in signer.zone.items()})
    with network.alone(), Names(RESOLVER, texts) as server:
        yield server


@pytest.fixture(scope="module")
def verifying_root(installed, names):
    root = installed
    keys = "".join(f"{name} {text.decode()}\n" for name, text in names.texts.items() if "_domainkey" in name)
    root.must("sh", "-c", VERIFY, "sh", RESOLVER, str(PORT), stdin=keys.encode())
    return root


def claim(build, signers, what, name):
    """A forged message for the name, with what it claims of itself."""
    sender = f"score-reporting@{LOOSE if what == 'no policy' else DOMAIN}"
    message = notification(build, name, f"--from={sender}")
    if what == "signed by another":
        message = signers[OTHER].sign(message)
    if what == "below a Received":
        message = f"Received: from inside (inside [192.0.2.9])\n\tby {ID} (Postfix) with ESMTP id 1;\n" \
                  f"\tSat, 28 Nov 2026 10:00:00 +0000\n".encode() + message
    return "".join(f"Authentication-Results: {value}\n" for value in CLAIMS[what]).encode() + message


def send_all(port, address, messages):
    with smtplib.SMTP("127.0.0.1", port, "mail.example.org", 60, (OUTSIDE, 0)) as client:
        for message in messages:
            client.sendmail(f"bounces@{DOMAIN}", [address], message)


def believed(root):
    """The results of our own name that the mailbox's messages have, by what the message claims."""
    box = mailbox.mbox(root.changed("/var/mail/registrar"), create=False)
    return {message["X-Claims"]: [value for value in message.get_all("Authentication-Results", []) if "=pass" in value]
            for message in box}


# OpenDKIM takes off what has a result of dkim, with RemoveARAll everything of its own name; OpenDMARC nothing.
STAYS = {"dmarc", "in other letters", "below a Received", "no policy", "both in two"}
REMOVE_ALL = "echo RemoveARAll yes >>/etc/opendkim.conf"
IGNORE = r"postconf -e 'header_checks=regexp:{{/^Authentication-Results:[[:space:]]*mx\.example\.edu/ IGNORE}}'"


@pytest.mark.parametrize("kind, setting, left", [
    (Site, "true", STAYS),
    (Forward, "true", STAYS),
    (Procmail, "true", STAYS),
    (Forward, REMOVE_ALL, set()),  # and from the copy everything, too: its signature is verified once more
    (Procmail, REMOVE_ALL, set()),
    (Procmail, IGNORE, set()),
], ids=["pipe", "forward", "procmail", "forward-RemoveARAll", "procmail-RemoveARAll", "procmail-header_checks"])
def test_only_what_the_verifiers_found_out_is_believed(
    verifying_root, build, announced, scores, signers, tmp_path, kind, setting, left
):
    with agents.stage(verifying_root, tmp_path) as (root, sink):
        for recipe, place in kind.RECIPES:
            root.append(f"postfix/{recipe}", f"{place}/{recipe}")
        if kind.RECIPES:
            root.must("newaliases")
        agent = kind(root, tmp_path, build, announced, sink)
        agent.configure(authserv_id=ID, trusted_hops=kind.HOPS)
        root.must("sh", "-c", setting)
        root.daemon("/usr/sbin/opendkim")
        root.daemon("/usr/sbin/opendmarc")
        forged = {what: f"4300_20180411_{n:06d}.csv" for n, what in enumerate(CLAIMS)}
        messages = [f"X-Claims: {what}\n".encode() + claim(build, signers, what, name) for what, name in forged.items()]
        genuine = signers[DOMAIN].sign(notification(build, CSV_NAME, f"--from=score-reporting@{DOMAIN}"))
        send_all(PORT, agent.address, [*messages, b"X-Claims: genuine\n" + genuine])
        agent.until_done()
        decided = {row["name"]: row for row in agent.sql("SELECT name, decision, reason FROM events")}
        assert decided.pop(CSV_NAME)["decision"] == "stored"
        assert decided.keys() == set(forged.values())
        for row in decided.values():
            assert row["decision"] == "refused", row
            assert "dmarc=" in row["reason"] or setting == REMOVE_ALL and kind == Forward, row
        assert agent.stored() == {CSV_NAME: scores[CSV_NAME]}
        found = believed(root)
        assert len(found.pop("genuine")) == 2
        assert len(found.pop("signed by another")) == 1  # dkim=pass of its own domain
        assert {what for what, results in found.items() if results} == left
