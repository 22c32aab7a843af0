"""Names that the service does not know, and passwords that it does not take: calls are bounded."""
import re
import time

import pytest
from harness import CSV_NAME, EX_NOINPUT, EX_NOPERM, EX_TEMPFAIL, mail, notification, received

HOUR = 3600
REJECTED = "account main: the service rejected user name or password"


@pytest.fixture
def unknown(account, emulator):
    """An account whose file of the csv mail, by a sender and with a number that it knows, the service does not know yet."""
    emulator.remove(CSV_NAME)
    account.configure(senders="notify.example.org, scores.example", org_id="4300")
    return account


def assert_deferred(done, words):
    assert done.code == EX_TEMPFAIL, done.err
    assert re.fullmatch(r"scoremail: .+\n", done.err), done.err
    assert re.search(words, done.err), done.err


def test_a_name_that_is_unknown_is_not_asked_for_again_at_once(unknown, emulator, scores):
    assert_deferred(unknown.scoremail(stdin=mail("csv")), f"{CSV_NAME}: the service has no file of that name.*404")
    for done in (unknown.scoremail(stdin=mail("csv")), unknown.receive(CSV_NAME)):
        assert_deferred(done, "next attempt not before .*no file of that name")
    assert len(emulator.requests()) == 1
    emulator.add(CSV_NAME, scores[CSV_NAME])
    assert unknown.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL  # the pause still binds
    unknown.time_passes(60)
    assert unknown.scoremail(stdin=mail("csv")).code == 0
    assert unknown.stored() == {CSV_NAME: scores[CSV_NAME]}


def next_attempt_in(account):
    """Seconds until the name is asked for again."""
    (row,) = account.sql("SELECT next_attempt - CAST(strftime('%s', 'now') AS INTEGER) AS pause FROM files")
    return row["pause"]


def test_pauses_grow_up_to_half_an_hour(unknown, emulator):
    pauses = []
    for _ in range(8):
        assert unknown.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
        pauses.append(next_attempt_in(unknown))
        unknown.sql("UPDATE files SET next_attempt = 0")
    expected = [60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert all(want - 30 <= got <= want for got, want in zip(pauses, expected)), pauses
    assert len(emulator.requests()) == 8


def test_after_an_hour_and_five_attempts_it_has_failed(unknown, emulator):
    for _ in range(4):
        assert_deferred(unknown.scoremail(stdin=mail("csv")), "no file of that name")
        unknown.time_passes(HOUR)
    assert unknown.status()[CSV_NAME]["state"] == "waiting"  # long, but not often enough
    done = unknown.scoremail(stdin=mail("csv"))
    assert done.code == 0  # the mail system has nothing more to try
    assert re.fullmatch(f"scoremail: {CSV_NAME}: .*no file of that name.*\\n", done.err)
    assert unknown.status()[CSV_NAME]["state"] == "failed"
    assert len(emulator.requests()) == 5
    assert unknown.scoremail(stdin=mail("csv")).code == 0
    assert len(emulator.requests()) == 5


def test_five_attempts_within_an_hour_are_not_enough(unknown):
    for _ in range(6):
        assert unknown.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
        unknown.sql("UPDATE files SET next_attempt = 0")
    assert unknown.status()[CSV_NAME]["state"] == "waiting"


@pytest.fixture
def failed(unknown):
    """The name has failed."""
    for _ in range(5):
        done = unknown.scoremail(stdin=mail("csv"))
        unknown.time_passes(HOUR)
    assert done.code == 0
    assert unknown.status()[CSV_NAME]["state"] == "failed"
    return unknown


def test_what_cannot_be_recorded_has_not_failed_for_good(unknown):
    """Else the mail system would forget a message that the ledger still waits for."""
    for _ in range(4):
        unknown.scoremail(stdin=mail("csv"))
        unknown.time_passes(HOUR)
    unknown.sql(
        "CREATE TRIGGER broken BEFORE UPDATE ON files WHEN NEW.state = 'failed'"
        " BEGIN SELECT RAISE(ABORT, 'a disk that fails'); END"
    )
    assert_deferred(unknown.scoremail(stdin=mail("csv")), "no file of that name")
    assert unknown.status()[CSV_NAME]["state"] == "waiting"
    unknown.sql("DROP TRIGGER broken")
    assert unknown.scoremail(stdin=mail("csv")).code == 0
    assert unknown.status()[CSV_NAME]["state"] == "failed"


def test_a_new_message_takes_up_what_had_failed(failed, emulator, scores):
    emulator.add(CSV_NAME, scores[CSV_NAME])
    assert failed.scoremail(stdin=mail("csv")).code == 0
    assert failed.stored() == {}  # the old message is no news
    assert failed.receive(CSV_NAME).code == 0
    assert failed.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_person_takes_up_what_had_failed(failed, emulator, scores):
    assert failed.scorefetch("retry", CSV_NAME).code == EX_NOINPUT
    emulator.add(CSV_NAME, scores[CSV_NAME])
    assert failed.scorefetch("retry", CSV_NAME).code == 0
    assert failed.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_person_is_not_held_up_by_pauses(unknown, emulator, scores):
    assert unknown.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    emulator.add(CSV_NAME, scores[CSV_NAME])
    assert unknown.scorefetch("get", CSV_NAME).code == 0
    assert unknown.stored() == {CSV_NAME: scores[CSV_NAME]}


FORGED = [f"9999_{number}.csv" for number in range(60)]


def forge(account, names, *options):
    """Messages of a stranger, three names in each."""
    message = notification(account.build, names[0], "--from=info@stranger.example", *options)
    assert names[0].encode() in message
    for n in range(0, len(names), 3):
        spans = b"".join(b'<span id="fileName">%s</span>' % name.encode() for name in names[n:n + 3])
        yield b"\n".join([b"From: info@stranger.example", b"Message-ID: <%d@stranger.example>" % n,
                          b"Content-Type: text/html", b"", spans, b""])


def test_forged_names_stop_no_genuine_file(account, emulator, scores):
    for message in forge(account, FORGED):
        assert account.scoremail(stdin=message).code == EX_TEMPFAIL
    assert len(emulator.requests("file")) == 20  # of the one domain; the listing told of the others
    assert len(emulator.requests("list")) == 1
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_two_forged_messages_in_the_sender_s_own_name_stop_no_genuine_file(account, emulator, scores):
    """Whoever writes From himself may write any: nothing else is known of the genuine one yet."""
    for number in range(2):
        spans = "".join(f'<span id="fileName">4300_{number}{n}.csv</span>' for n in range(10))
        head = f"From: score-reporting@notify.example.org\nMessage-ID: <{number}@x>\nContent-Type: text/html\n\n"
        assert account.scoremail(stdin=(head + spans).encode()).code == EX_TEMPFAIL
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_forged_names_of_many_senders_stop_no_genuine_file(account, emulator, scores):
    """Beyond all limits the next listing has it."""
    for name in FORGED[:42]:
        account.scoremail(stdin=notification(account.build, name, f"--from=a@{name}.example"))
    assert len(emulator.requests("file")) == 40 and len(emulator.requests("list")) == 1
    assert_deferred(account.scoremail(stdin=mail("csv")), f"{CSV_NAME}: waits for the service's listing")
    account.time_passes(300)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert len(emulator.requests("list")) == 2


def test_a_listing_that_cannot_be_had_stops_nothing_for_good(account, emulator, scores):
    account.is_impatient()
    emulator.faults("list:status=500")
    for name in FORGED[:41]:
        account.scoremail(stdin=notification(account.build, name, f"--from=a@{name}.example"))
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    account.time_passes(HOUR)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_forged_names_end_quietly(account, emulator):
    account.general["alert-command"] = f"/bin/sh -c 'cat >>{account.folder}/told'"
    account.configure()
    for message in forge(account, FORGED):
        account.scoremail(stdin=message)
    for _ in range(8):
        account.time_passes(HOUR // 2)
        done = account.scorefetch("run", "-q")
        assert done.code == 0 and done.err == "", done.err
    rows = account.status()
    assert {rows[name]["state"] for name in FORGED} == {"not wanted"}
    assert "no known sender" in rows[FORGED[0]]["reason"]
    assert account.scorefetch("status", "--exit-code").code == 0
    assert account.sql("SELECT * FROM alerts") == [] and not (account.folder / "told").exists()
    assert len(emulator.requests("list")) <= 8


@pytest.mark.parametrize("count", [4, 12])
def test_names_forged_in_the_genuine_sender_s_name_end_quietly(account, emulator, count):
    """Nothing tells them from genuine ones but that they are many: the sender and his number are known."""
    account.configure(org_id="4300")
    assert account.scoremail(stdin=mail("csv")).code == 0  # so that his domain is known, too
    names = [f"4300_20990101_{number:06}.csv" for number in range(count)]
    for n in range(0, count, 3):
        spans = "".join(f'<span id="fileName">{name}</span>' for name in names[n:n + 3])
        head = f"From: score-reporting@notify.example.org\nMessage-ID: <{n}@x>\nContent-Type: text/html\n\n"
        account.scoremail(stdin=(head + spans).encode())
    for _ in range(8):
        account.time_passes(HOUR // 2)
        assert account.scorefetch("run", "-q").code == 0
    assert {account.status()[name]["state"] for name in names} == {"not wanted"}
    assert account.scorefetch("status", "--exit-code").code == 0
    assert account.sql("SELECT * FROM alerts") == []


def test_an_old_mailbox_that_is_read_inline(account, emulator):
    """Every message is done with at once, whatever the service has of it, and today's file, the last one, is had."""
    now, day = time.time(), 86400
    ages = [*range(560, 0, -15), 0]
    names = {age: f"4300_{time.strftime('%Y%m%d', time.gmtime(now - age * day))}_1.csv" for age in ages}
    there = {names[age] for age in ages if age < 365 and age % 60 in (0, 15)}
    for name in there:
        emulator.add(name, b"ID\r\n")
    for age, name in names.items():
        message = received(notification(account.build, name), now - age * day)
        assert account.scoremail(stdin=message).code == 0
    assert names[0] in account.stored()
    account.time_passes(300)
    assert account.scorefetch("run").code == 0
    assert account.stored().keys() == there
    assert {row["state"] for row in account.status().values()} == {"stored", "not wanted"}
    assert account.sql("SELECT * FROM alerts") == []
    assert len(emulator.requests("file")) < 40


def test_a_stranger_s_one_unknown_name_ends_quietly(account, emulator):
    message = notification(account.build, "9999_1.csv")
    for _ in range(5):
        done = account.scoremail(stdin=message)
        account.time_passes(HOUR)
    assert done.code == 0 and done.err == "", done.err
    assert account.status()["9999_1.csv"]["state"] == "not wanted"


def test_a_quiet_end_is_not_for_good(account, emulator):
    """The file is fetched once the service has it, whoever asks for it."""
    message = notification(account.build, "9999_1.csv")
    for _ in range(5):
        account.scoremail(stdin=message)
        account.time_passes(HOUR)
    emulator.add("9999_1.csv", b"ID\r\n")
    assert account.receive("9999_1.csv").code == 0
    assert "9999_1.csv" in account.stored()


def test_a_quiet_end_s_new_message_waits_for_its_pause(account, emulator):
    for tries in range(5):
        if tries > 0:
            account.time_passes(HOUR)
        account.scoremail(stdin=notification(account.build, "9999_1.csv"))
    assert account.status()["9999_1.csv"]["state"] == "not wanted"
    emulator.add("9999_1.csv", b"ID\r\n")
    assert account.receive("9999_1.csv").code == EX_TEMPFAIL  # and the mail system does not try again
    assert account.scorefetch("run").code == 0 and account.stored() == {}
    account.time_passes(HOUR)
    assert account.scorefetch("run").code == 0
    assert "9999_1.csv" in account.stored()


def test_a_name_that_was_mistyped_leaves_nothing(account):
    done = account.scorefetch("get", "4300_20180410_111604.cvs.csv")
    assert done.code == EX_NOINPUT
    assert "no file of that name" in done.err and "nothing to forget" in done.err, done.err
    assert account.status() == {}
    assert account.scorefetch("run").code == 0
    (action,) = account.sql("SELECT action FROM log WHERE action <> 'requested' AND name <> ''")
    assert action == {"action": "forgotten"}


def test_a_name_that_was_mistyped_while_the_service_was_away_leaves_nothing(account, emulator):
    account.is_impatient()
    emulator.faults("file:status=503")
    assert account.scorefetch("get", "9999_1.csv").code == EX_TEMPFAIL
    emulator.faults()
    account.time_passes(HOUR)
    assert account.scorefetch("run").code == 0
    assert account.status() == {}


def test_a_name_that_a_message_announced_is_not_forgotten(unknown):
    unknown.scoremail(stdin=mail("csv"))
    assert unknown.scorefetch("get", CSV_NAME).code == EX_NOINPUT
    assert unknown.status()[CSV_NAME]["state"] == "waiting"


def test_after_twenty_unknown_names_a_person_is_served(account, scores):
    for number in range(20):
        account.receive(f"9999_{number}.csv")
    assert account.scorefetch("get", CSV_NAME).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_file_that_comes_late_is_not_counted_as_unknown(account, emulator):
    for number in range(20):
        name = f"9999_{number}.csv"
        assert account.receive(name).code == EX_TEMPFAIL
        emulator.add(name, b"ID\r\n")
        account.sql("UPDATE files SET next_attempt = 0")
        assert account.receive(name).code == 0
    assert account.scoremail(stdin=mail("csv")).code == 0


@pytest.fixture(params=["wrong password", "401"])
def closed(request, account, emulator):
    """An account that the service has turned away once."""
    if request.param == "wrong password":
        account.write_password("wrong horse battery staple")
    else:
        emulator.faults(f"file:status={request.param}", f"login:status={request.param}")  # a login confirms it
    assert_deferred(account.scoremail(stdin=mail("csv")), f"{REJECTED}.*{account.password_file}")
    emulator.faults()
    return account


def test_a_rejected_password_closes_the_account_for_all_names(closed, emulator):
    assert_deferred(closed.scoremail(stdin=mail("csv")), REJECTED)
    assert_deferred(closed.receive("5818_20150925_000004.csv"), REJECTED)
    asked = closed.scorefetch("get", CSV_NAME)
    assert asked.code == EX_NOPERM
    assert "rejected" in asked.err
    assert [request["call"] for request in emulator.requests()] == ["file", "login"]
    closed.assert_no_secret(asked.err)


def test_a_new_password_opens_the_account(account, emulator, scores):
    account.write_password("wrong horse battery staple")
    assert_deferred(account.scoremail(stdin=mail("csv")), REJECTED)
    account.write_password("another wrong one")
    assert_deferred(account.scoremail(stdin=mail("csv")), REJECTED)
    assert_deferred(account.scoremail(stdin=mail("csv")), REJECTED)
    assert len(emulator.requests("file")) == 2  # each was tried once
    account.write_password(account.password)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_the_password_in_the_file_counts_not_when_it_was_written(closed, emulator):
    closed.write_password(closed.password_file.read_text().rstrip("\n"))
    assert_deferred(closed.scoremail(stdin=mail("csv")), REJECTED)
    assert len(emulator.requests("file")) == 1


@pytest.mark.parametrize("status, words", [("401", REJECTED), ("403", "lacks the role to download files")])
def test_the_same_password_is_tried_again_after_six_hours(account, emulator, scores, status, words):
    """The service may have been wrong, or the role was given since."""
    emulator.faults(f"file:status={status}", f"login:status={status}")
    assert_deferred(account.scoremail(stdin=mail("csv")), words)
    account.time_passes(6 * HOUR - 60)
    assert_deferred(account.scoremail(stdin=mail("csv")), words)
    assert len(emulator.requests("file")) == 1
    account.time_passes(60)
    assert_deferred(account.scoremail(stdin=mail("csv")), words)
    assert_deferred(account.receive("5818_20150925_000004.csv"), words)
    assert len(emulator.requests("file")) == 2  # one probe, and six hours more
    emulator.faults()
    account.time_passes(6 * HOUR)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.receive(CSV_NAME.replace("4300", "4301")).code == EX_TEMPFAIL  # unknown, not rejected
    assert emulator.requests()[-1]["status"] == 404


def test_a_rejection_keeps_what_was_stored(account, emulator, scores):
    assert account.scoremail(stdin=mail("csv")).code == 0
    account.write_password("expired since")
    assert_deferred(account.receive(CSV_NAME), REJECTED)
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.status()[CSV_NAME]["state"] == "stored"


def test_a_person_may_try_a_rejected_password_once_more(account, emulator, scores):
    emulator.faults("file:status=401x1", "login:status=401x1")
    assert_deferred(account.scoremail(stdin=mail("csv")), REJECTED)
    assert account.scorefetch("retry", CSV_NAME).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.parametrize("spec", ["file:status=500", "object:status=403", "file:not-json"])
def test_other_failures_close_nothing(account, emulator, scores, spec):
    account.is_impatient()
    emulator.faults(spec)
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    emulator.faults()
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
