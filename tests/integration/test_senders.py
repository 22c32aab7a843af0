"""Who may announce files: senders, and what a verifying mail system found out about them."""
import re

import pytest
from harness import CSV_NAME, TXT_NAME, mail, notification
from verifier import AUTHSERV_ID, MailSystem, Signer, hop

PORTAL = "scores.example"
FORGED = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={PORTAL};\n dkim=pass header.d={PORTAL}\n"


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("portal"), PORTAL)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("stranger"), "evil.example")


@pytest.fixture
def mx(portal, stranger):
    return MailSystem(portal, stranger)


@pytest.fixture
def strict(account):
    account.configure(senders=PORTAL, authserv_id=AUTHSERV_ID)
    return account


def announce(build, sender=f"no-reply@{PORTAL}", name=CSV_NAME):
    message = notification(build, name, f"--from={sender}")
    return message[message.index(b"\nDate:") + 1:]  # as it left the portal: without the trace


def assert_refused(account, emulator, message, why, **how):
    """Recorded, shown, logged, and nothing else."""
    done = account.scoremail(stdin=message, **how)
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert emulator.requests() == [] and account.stored() == {}
    assert account.sql("SELECT * FROM files") == []
    kind = "sender" if "senders" in why or "@" in why or "exactly" in why else "unverified"
    assert [row["kind"] for row in account.sql("SELECT kind FROM alerts")] == [kind]
    assert account.sql("SELECT * FROM accounts") == []
    (event,) = account.sql("SELECT decision, reason FROM events")
    assert event["decision"] == "refused" and why in event["reason"]
    assert account.sql("SELECT account, action FROM log") == [{"account": "main", "action": "refused"}]
    shown = account.scorefetch("status").out.decode()
    assert "refused" in shown and why in shown
    assert why in account.log.read_text()
    account.ledger.unlink()
    for beside in account.ledger.parent.glob("ledger.db-*"):
        beside.unlink()


# ---------------------------------------------------------------- senders


@pytest.mark.parametrize("senders", ["no-reply@Scores.Example", "scores.example", "other.example, scores.example"])
def test_who_is_listed_may_announce(account, emulator, scores, build, senders):
    account.configure(senders=senders)
    assert account.scoremail(stdin=announce(build)).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_who_is_not_listed_may_not(account, emulator, build):
    account.configure(senders=PORTAL)
    for sender in ("x@evil.example", f"x@sub.{PORTAL}", f"x@{PORTAL}.evil.example", f'"no-reply@{PORTAL}"@evil.example'):
        assert_refused(account, emulator, announce(build, sender), "not in senders")


def test_a_name_that_looks_like_an_address_is_none(account, emulator, build):
    account.configure(senders=PORTAL)
    message = announce(build, "x@evil.example").replace(b"Score Reporting", f'"no-reply@{PORTAL}"'.encode())
    assert_refused(account, emulator, message, "x@evil.example")


def test_two_senders_are_nobody(account, emulator, build):
    account.configure(senders=PORTAL)
    message = announce(build)
    assert_refused(account, emulator, message.replace(b"\nTo:", b"\nFrom: x@evil.example\nTo:"), "exactly one address")
    assert_refused(account, emulator, message.replace(b"From: ", b"From: x@evil.example, "), "exactly one address")
    assert_refused(account, emulator, b"\n".join(line for line in message.split(b"\n") if not line.startswith(b"From:")),
                   "exactly one address")


@pytest.mark.parametrize("name", ["[External] Score Reporting", "Board, College", "Board; College", "Reports: SAT (R)"])
def test_a_name_without_quotes_is_a_name(account, scores, build, name):
    account.configure(senders=PORTAL)
    message = re.sub(rb"(?m)^From: .*$", f"From: {name} <no-reply@{PORTAL}>".encode(), announce(build), count=1)
    assert account.scoremail(stdin=message).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_header_whose_lines_are_guessed_names_nobody(strict, emulator, build):
    """A mail system that checks it sees one long line where bare carriage returns stand."""
    hidden = (f"Subject: x\rFrom: no-reply@{PORTAL}\rAuthentication-Results: {AUTHSERV_ID}; dmarc=pass\r"
              f"Content-Type: text/html\r\r<span id=fileName>{CSV_NAME}</span>\r").encode()
    assert_refused(strict, emulator, hidden, "exactly one address")


def test_a_stranger_s_message_without_a_name_is_refused(account, emulator, build):
    account.configure(senders=PORTAL)
    message = announce(build, "x@evil.example").replace(CSV_NAME.encode(), b"see the portal")
    assert_refused(account, emulator, message, "not in senders")


def test_a_stranger_s_message_for_nobody_raises_no_alert(account, emulator, build):
    account.configure(senders=PORTAL, org_id="5818")
    account.scoremail(stdin=announce(build, "x@evil.example"))
    assert account.sql("SELECT * FROM alerts") == []
    assert account.sql("SELECT decision FROM events") == [{"decision": "refused"}]
    account.scoremail(stdin=announce(build))  # and one of the portal's does
    assert [row["kind"] for row in account.sql("SELECT kind FROM alerts")] == ["no-account"]


def test_a_refused_message_does_not_touch_what_is_stored(account, emulator, scores, build):
    account.configure(senders=PORTAL)
    account.scoremail(stdin=announce(build))
    asked = len(emulator.requests())
    account.time_passes(3600)
    assert account.scoremail(stdin=announce(build, "x@evil.example")).code == 0
    assert account.scorefetch("run").code == 0
    assert len(emulator.requests()) == asked
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_each_account_has_a_rule_of_its_own(account, emulator, build):
    other = account.folder / "other"
    other.mkdir()
    account.configure(senders=PORTAL, org_id="4300")
    settings = {**account.account, "directory": other, "org-id": "5818"}
    del settings["senders"]
    with account.config.open("a") as config:
        config.write("[account other]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    emulator.add("5818_1.csv", b"ID\r\n")
    both = announce(build, "x@evil.example").replace(b"</span>", b'</span><span id=3D"fileName">5818_1.csv</span>', 1)
    assert account.scoremail(stdin=both).code == 0
    assert account.stored() == {} and (other / "5818_1.csv").exists()


def test_the_worker_refuses_too(account, emulator, build):
    account.configure(senders=PORTAL, delivery="queued")
    assert account.scorefetch("run").code == 0
    assert account.scoremail(stdin=announce(build, "x@evil.example")).code == 0
    done = account.scorefetch("run")
    assert done.code == 0 and "refused" in done.err
    assert emulator.requests() == [] and list(account.spool.glob("*.event")) == []
    assert account.sql("SELECT decision FROM events") == [{"decision": "refused"}]


def test_once_the_rule_is_mended_the_same_message_counts(account, scores, build):
    account.configure(senders="other.example")
    message = announce(build)
    for _ in range(2):
        assert account.scoremail(stdin=message).code == 0
    (refused,) = account.sql("SELECT times FROM events")
    assert refused["times"] == 2
    account.configure(senders=PORTAL)
    assert account.scoremail(stdin=message).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_dry_run_says_that_it_would_be_refused(account, emulator, build):
    account.configure(senders=PORTAL)
    done = account.scoremail("--dry-run", stdin=announce(build, "x@evil.example"))
    assert done.code == 0 and b"would be refused: From is x@evil.example" in done.out
    assert not account.ledger.exists()


# ---------------------------------------------------------------- authserv-id


def test_what_the_portal_signed_counts(strict, mx, portal, scores, build):
    assert strict.scoremail(stdin=mx.receive(portal.sign(announce(build)))).code == 0
    assert strict.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_an_address_below_the_signer_s_domain_counts(strict, mx, portal, scores, build):
    strict.configure(senders=f"*.{PORTAL}")
    message = portal.sign(announce(build, f"no-reply@mail.{PORTAL}"))
    assert strict.scoremail(stdin=mx.receive(message)).code == 0
    assert strict.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_what_was_changed_on_its_way_is_refused(strict, emulator, mx, portal, build):
    message = portal.sign(announce(build, name=TXT_NAME)).replace(TXT_NAME.encode(), CSV_NAME.encode())
    assert_refused(strict, emulator, mx.receive(message), "(dkim=fail)")


def test_what_nobody_signed_is_refused(strict, emulator, mx, build):
    assert_refused(strict, emulator, mx.receive(announce(build)), "(none)")


def test_what_a_stranger_signed_is_refused(strict, emulator, mx, stranger, build):
    assert_refused(strict, emulator, mx.receive(stranger.sign(announce(build))), "(dkim=pass)")


def test_while_the_verifier_is_down_all_is_refused(strict, emulator, mx, portal, build):
    message = portal.sign(announce(build))
    assert_refused(strict, emulator, mx.receive(message, verifier=False), "no Authentication-Results")


def test_forged_results_do_not_count(strict, emulator, mx, build):
    """The verifier takes them off; and where they would stay, they stand below too many hops."""
    forged = FORGED.encode() + announce(build)
    assert_refused(strict, emulator, mx.receive(forged), "(none)")
    assert_refused(strict, emulator, mx.receive(hop(forged, "mx.evil.example"), verifier=False), "no Authentication-Results")
    assert_refused(strict, emulator, mx.receive(forged, verifier=False), "below at most 0 Received")


def test_forged_results_that_the_verifier_leaves_do_not_count(strict, emulator, build):
    """As OpenDMARC does, and OpenDKIM with results of dmarc: whether they stand above a Received line or not."""
    ours = f"Authentication-Results: {AUTHSERV_ID}; dmarc=fail header.from={PORTAL}\n".encode()
    theirs = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={PORTAL}\n".encode()
    message = theirs + announce(build)
    assert_refused(strict, emulator, ours + hop(message, AUTHSERV_ID), "dmarc=fail")
    strict.configure(trusted_hops="1")
    assert_refused(strict, emulator, ours + hop(message, AUTHSERV_ID), "dmarc=fail")
    assert_refused(strict, emulator, hop(ours + message, AUTHSERV_ID), "dmarc=fail")
    nothing = f"Authentication-Results: {AUTHSERV_ID}; spf=fail\n".encode()
    assert_refused(strict, emulator, nothing + hop(message, AUTHSERV_ID), "spf=fail")


def test_another_system_s_word_does_not_count(strict, emulator, build):
    message = FORGED.replace(AUTHSERV_ID, "mx.evil.example").encode() + announce(build)
    assert_refused(strict, emulator, message, "no Authentication-Results")


def test_more_hops_of_one_s_own_have_to_be_said(strict, emulator, mx, portal, scores, build):
    message = hop(mx.receive(portal.sign(announce(build))), "mailbox.school.example")
    assert_refused(strict, emulator, message, "no Authentication-Results")
    strict.configure(trusted_hops="1")
    assert strict.scoremail(stdin=message).code == 0
    assert strict.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_what_is_no_message_at_all_is_refused(strict, emulator):
    """An Outlook file has no From that could be read; without a rule it would be alerted."""
    assert_refused(strict, emulator, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "exactly one address")


def test_without_a_rule_anybody_may(account, scores):
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
