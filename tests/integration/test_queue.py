"""delivery = queued, the spool, and the worker that takes over what lies there."""

import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from agents import wait_for
from harness import (CHECKOUT, CSV_NAME, EX_CONFIG, EX_TEMPFAIL, TXT_NAME, Running, mail, need,
                     notification, received, run)
from test_list import second_account

HOUR = 3600


@pytest.fixture
def queued(account):
    account.configure(delivery="queued")
    return account


def events(account):
    return sorted(account.spool.glob("*.event"))


def overdue(name):
    return received(mail(name), at=time.time() - 3 * HOUR)


# ---------------------------------------------------------------- into the spool


def test_an_event_waits_for_the_worker(queued, emulator, scores):
    assert queued.scorefetch("run").code == 0
    done = queued.scoremail(stdin=mail("csv"))
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert len(events(queued)) == 1 and emulator.requests() == [] and queued.stored() == {}

    done = queued.scorefetch("run")
    assert done.code == 0, done.err
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert events(queued) == []


def decisions(account):
    return {row["name"]: row["decision"] for row in account.sql("SELECT name, decision FROM events")}


def test_the_record_of_an_event_says_what_the_worker_made_of_it(queued, emulator):
    queued.is_impatient()
    emulator.faults("file:status=503x1000")
    for message in (mail("csv"), mail("txt")):
        queued.scoremail(stdin=message)
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    assert decisions(queued) == {CSV_NAME: "waiting", TXT_NAME: "dropped"}
    emulator.faults()
    queued.time_passes(HOUR)
    assert queued.scorefetch("run").code == 0
    assert decisions(queued) == {CSV_NAME: "stored", TXT_NAME: "dropped"}


def test_without_a_worker_the_mail_system_keeps_the_message(queued, scores):
    done = queued.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and "does a timer or cron start it" in done.err and len(done.err.splitlines()) == 1
    assert queued.scorefetch("run").code == 0  # what is in the spool is fetched all the same
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert queued.scoremail(stdin=mail("csv")).code == 0


def test_a_worker_that_has_stopped_is_noticed(queued):
    queued.general["worker-interval"] = "10min"
    queued.configure()
    assert queued.scorefetch("run").code == 0
    queued.age_heartbeat(19 * 60)
    assert queued.scoremail(stdin=mail("csv")).code == 0
    queued.age_heartbeat(21 * 60)
    assert queued.scoremail(stdin=mail("txt")).code == EX_TEMPFAIL


def test_without_a_worker_too_75_has_an_end(queued):
    done = queued.scoremail(stdin=overdue("csv"))
    assert done.code == 0 and len(done.err.splitlines()) == 1
    assert len(events(queued)) == 1


def test_the_mail_system_s_retries_are_one_event(queued, emulator, scores):
    message = mail("csv")
    for _ in range(3):
        assert queued.scoremail(stdin=message).code == EX_TEMPFAIL
    assert len(events(queued)) == 1
    assert queued.scorefetch("run").code == 0
    assert queued.scoremail(stdin=message).code == 0
    assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("file")) == 1


def test_queued_and_inline_accounts_each_have_their_way(queued, emulator, build):
    other = queued.folder / "other"
    other.mkdir()
    queued.configure(org_id="4300")
    account = {**queued.account, "directory": other, "org-id": "5818", "delivery": "inline"}
    with queued.config.open("a") as config:
        config.write("[account other]\n" + "".join(f"{key} = {value}\n" for key, value in account.items()))
    emulator.add("5818_1.csv", b"ID\r\n")
    assert queued.scorefetch("run").code == 0
    both = mail("csv").replace(b"</span>", b'</span><span id=3D"fileName">5818_1.csv</span>', 1)
    assert queued.scoremail(stdin=both).code == 0
    assert (other / "5818_1.csv").exists() and queued.stored() == {} and len(events(queued)) == 1


def test_a_worker_for_one_account_is_none_for_the_others(queued, scores):
    queued.configure(org_id="4300")
    with queued.config.open("a") as config:
        config.write("[account other]\n" + "".join(f"{k} = {v}\n" for k, v in {
            **queued.account, "directory": queued.folder, "org-id": "5818"}.items()))
    assert queued.scorefetch("run", "-a", "main").code == 0
    other = mail("csv").replace(CSV_NAME.encode(), b"5818_1.csv")
    assert queued.scoremail(stdin=other).code == EX_TEMPFAIL
    assert queued.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert queued.scorefetch("run", "-a", "main").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_it_takes_milliseconds_whatever_the_service_does(queued, emulator):
    """Nothing of the network is waited for: the service would not answer for an hour."""
    emulator.faults("file:delay=3600000")
    assert queued.scorefetch("run").code == 0
    assert queued.scoremail(stdin=mail("csv"), timeout=30).code == 0


# ---------------------------------------------------------------- when things are broken


def test_a_broken_configuration_does_not_lose_the_event(account, scores):
    """A personal one, whose spool is where it always is."""
    text = account.config.read_text()
    account.config.write_text("nonsense\n")
    home = {"XDG_CONFIG_HOME": str(account.folder / ".config"), "XDG_STATE_HOME": str(account.folder / ".local/state")}
    assert account.run("scoremail", stdin=mail("csv"), env=home).code == EX_TEMPFAIL
    done = account.run("scoremail", stdin=overdue("csv"), env=home)
    assert done.code == 0 and "scorefetch run" in done.err and len(done.err.splitlines()) == 1

    account.config.write_text(text)
    assert account.run("scorefetch", "run", env=home).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_an_event_is_found_in_the_spool_that_a_broken_configuration_does_not_name(account, scores):
    """It names another one, once it can be read again."""
    account.general["spool"] = account.folder / "other-spool"
    account.configure()
    text = account.config.read_text()
    account.config.write_text("nonsense\n")
    home = {"XDG_CONFIG_HOME": str(account.folder / ".config"), "XDG_STATE_HOME": str(account.folder / ".local/state")}
    assert account.run("scoremail", stdin=overdue("csv"), env=home).code == 0
    assert len(events(account)) == 1
    account.config.write_text(text)
    assert account.run("scorefetch", "run", env=home).code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert events(account) == []


def test_an_event_of_no_account_is_taken_once_there_is_one(account, scores):
    """Recorded under no account it would be nobody's for ever."""
    assert account.scoremail("--account", "second", stdin=mail("csv")).code == EX_TEMPFAIL
    done = account.scoremail("--account", "second", stdin=overdue("csv"))
    assert done.code == 0 and "left to scorefetch run" in done.err
    assert account.scorefetch("run").code == EX_TEMPFAIL and account.stored() == {}
    account.config.write_text(account.config.read_text().replace("[account main]", "[account second]"))
    assert account.scorefetch("run").code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert account.scorefetch("run").code == 0


def test_an_event_of_no_account_that_cannot_be_spooled_stays_with_the_mail_system(account):
    account.general["spool"] = account.folder / "file" / "spool"
    account.configure()
    (account.folder / "file").touch()
    done = account.scoremail("--account", "second", stdin=overdue("csv"))
    assert done.code == EX_TEMPFAIL and "file/spool" in done.err


def test_a_broken_ledger_does_not_lose_the_event(account, scores):
    account.ledger.write_bytes(b"no database" * 1000)
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    assert account.scoremail(stdin=overdue("csv")).code == 0
    assert account.scorefetch("run").code == EX_TEMPFAIL
    account.ledger.unlink()
    assert account.scorefetch("run").code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_service_that_is_down_for_long_leaves_it_to_the_worker(account, emulator, scores):
    account.is_impatient()
    emulator.faults("file:status=503")
    assert account.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
    account.time_passes(60)
    done = account.scoremail(stdin=overdue("csv"))
    assert done.code == 0 and "left to scorefetch run" in done.err
    assert [row["kind"] for row in account.sql("SELECT kind FROM alerts")] == ["waiting"]

    emulator.faults()
    account.time_passes(HOUR)
    assert account.scorefetch("run").code == 0
    assert account.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.parametrize("head", [b"", b"Received: by mx.example.edu; Wed, 25 Nov 2099 10:11:12 +0000\n"])
def test_without_a_date_it_counts_from_the_first_time(account, emulator, head):
    message = head + mail("csv")[mail("csv").index(b"Message-ID:") :]
    emulator.faults("file:status=503")
    account.is_impatient()
    assert account.scoremail(stdin=message).code == EX_TEMPFAIL
    account.time_passes(HOUR)
    assert account.scoremail(stdin=message).code == EX_TEMPFAIL
    account.time_passes(2 * HOUR)
    assert account.scoremail(stdin=message).code == 0


# ---------------------------------------------------------------- the worker


def test_a_name_whose_pause_is_not_over_is_left_alone(queued, emulator):
    queued.is_impatient()
    emulator.faults("file:status=503")
    queued.scoremail(stdin=mail("csv"))
    done = queued.scorefetch("run")
    assert done.code == EX_TEMPFAIL and "1 left" in done.err
    asked = len(emulator.requests("file"))
    queued.sql("UPDATE files SET next_attempt = next_attempt + 600")
    assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("file")) == asked


def test_a_service_that_is_away_is_not_asked_for_each_name(queued, emulator, build):
    names = [f"4300_20180410_{n:06d}.csv" for n in range(5)]
    for name in names:
        emulator.add(name, b"ID\r\n")
        queued.scoremail(stdin=notification(build, name))
    queued.is_impatient("6s")
    emulator.faults("file:status=503")
    done = queued.scorefetch("run")
    assert done.code == EX_TEMPFAIL and "5 left" in done.err
    assert len({request["name"] for request in emulator.requests("file")}) == 1
    emulator.faults()
    queued.time_passes(HOUR)
    assert queued.scorefetch("run").code == 0 and len(queued.stored()) == 5


def announce(queued, emulator, build, count):
    names = [f"4300_20180410_{n:06d}.csv" for n in range(count)]
    for name in names:
        emulator.add(name, b"ID\r\n")
        queued.scoremail(stdin=notification(build, name))
    return names


@pytest.mark.parametrize("spec", ["object:status=503", "file:foreign-host=127.0.0.1:1"])
def test_an_object_host_that_fails_is_not_asked_for_each_name(queued, emulator, build, spec):
    """The first one may be that file's own fault."""
    announce(queued, emulator, build, 5)
    queued.is_impatient("6s")
    emulator.faults(spec)
    done = queued.scorefetch("run")
    assert done.code == EX_TEMPFAIL and "5 left" in done.err
    assert len({request["name"] for request in emulator.requests("file")}) == 2
    emulator.faults()
    queued.time_passes(HOUR)
    assert queued.scorefetch("run").code == 0 and len(queued.stored()) == 5


def test_files_that_fail_time_and_again_do_not_stop_newer_ones(queued, emulator, build):
    names = announce(queued, emulator, build, 4)
    queued.is_impatient()
    emulator.faults("file:status=503")
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    emulator.faults()
    queued.sql("UPDATE files SET next_attempt = 0, attempts = CASE WHEN name < ? THEN 3 ELSE 0 END", names[2])
    queued.sql("CREATE TRIGGER broken BEFORE UPDATE ON files WHEN new.state = 'placing' AND new.attempts > 3"
               " BEGIN SELECT raise(ABORT, 'broken'); END")
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    assert [name for name in sorted(queued.stored()) if name in names] == names[2:]


def test_a_pause_of_a_clock_that_was_set_back_ends(queued, emulator, scores):
    queued.is_impatient()
    emulator.faults("file:status=503")
    queued.scoremail(stdin=mail("csv"))
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    emulator.faults()
    queued.time_passes(-30 * 24 * HOUR)  # all that the ledger remembers lies in the future now
    assert queued.scorefetch("run").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_name_that_had_failed_and_is_announced_again_is_tried(queued, emulator, scores, build):
    """The new message came before the pause was over, and nobody will hand it in again."""
    emulator.remove(CSV_NAME)
    queued.configure(senders="notify.example.org, scores.example", org_id="4300")
    queued.scoremail(stdin=mail("csv"))
    for _ in range(6):
        queued.scorefetch("run")
        queued.time_passes(HOUR)
    assert queued.status()[CSV_NAME]["state"] == "failed"
    queued.sql("UPDATE files SET next_attempt = unixepoch() + 600")
    queued.scoremail(stdin=notification(build, CSV_NAME))
    queued.scorefetch("run")
    assert queued.status()[CSV_NAME]["state"] == "failed"
    emulator.add(CSV_NAME, scores[CSV_NAME])
    queued.time_passes(HOUR)
    assert queued.scorefetch("run").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_corrected_file_is_looked_for(queued, emulator, scores, build):
    queued.scoremail(stdin=mail("csv"))
    assert queued.scorefetch("run").code == 0
    emulator.add(CSV_NAME, b"corrected\r\n")
    queued.scoremail(stdin=notification(build, CSV_NAME))
    assert queued.scorefetch("run").code == 0
    assert queued.stored() == {CSV_NAME: b"corrected\r\n"}
    assert (queued.directory / ".superseded" / f"{CSV_NAME}.~1~").read_bytes() == scores[CSV_NAME]
    queued.sql("UPDATE files SET looked = 0")
    assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("file")) == 2  # and not once more without a message


def test_what_policy_drops_is_decided_once(queued, emulator, build):
    for message in (mail("txt"), notification(build, TXT_NAME)):
        queued.scoremail(stdin=message)
        assert queued.scorefetch("run").code == 0
        assert queued.status()[TXT_NAME]["state"] == "dropped"
    assert "nothing to do" in queued.scorefetch("run", "-v").err
    assert emulator.requests() == []


def test_one_account_that_is_broken_does_not_stop_the_other(queued, emulator, scores):
    with queued.config.open("a") as config:
        config.write("[account broken]\nusername = x\nformat = csv\norg-id = 5818\ndelivery = queued\n")
    queued.account["org-id"] = "4300"
    text = queued.config.read_text()
    queued.config.write_text(text.replace("[account main]\n", "[account main]\norg-id = 4300\n"))
    queued.scoremail(stdin=mail("csv"))
    queued.scoremail(stdin=mail("txt").replace(TXT_NAME.encode(), b"5818_1.csv"))
    done = queued.scorefetch("run")
    assert done.code == EX_TEMPFAIL and "[account broken]" in done.err
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_an_event_whose_account_may_yet_be_found_stays(queued, scores):
    queued.scoremail("--account=north", stdin=mail("csv"))
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    assert len(events(queued)) == 1
    text = queued.config.read_text()
    queued.config.write_text(text.replace("[account main]", "[account north]"))
    assert queued.scorefetch("run").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]} and events(queued) == []


def test_a_notification_that_is_nobody_s_is_recorded_and_done(queued):
    queued.configure(org_id="5818")
    queued.scoremail(stdin=mail("csv"))
    assert queued.scorefetch("run").code == 0
    assert events(queued) == []
    assert [row["kind"] for row in queued.sql("SELECT kind FROM alerts")] == ["no-account"]
    assert queued.sql("SELECT decision FROM events") == [{"decision": "no account"}]


def odd(build):
    """A notification in whose span a person is told to look elsewhere."""
    return notification(build, CSV_NAME).replace(CSV_NAME.encode(), b"see the portal")


def test_what_such_a_message_may_have_meant_is_fetched(queued, emulator, scores, build):
    """What was delivered a year before is left to the person who syncs for the first time."""
    old = "4300_20170101_000000.csv"
    emulator.add(old, b"old\r\n", mtime=time.time() - 300 * 24 * HOUR)
    queued.scoremail(stdin=odd(build))
    assert queued.scorefetch("run").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert [row["kind"] for row in queued.sql("SELECT kind FROM alerts")] == ["form"]
    assert queued.sql("SELECT listing_wanted AS wanted, synced FROM accounts") == [{"wanted": 0, "synced": 0}]
    assert b"no complete sync" not in queued.scorefetch("status").out  # nobody has ever asked for one
    done = queued.scorefetch("sync")
    assert done.code == 0 and "sync --all" in done.err and old not in queued.stored()


def test_the_listing_of_another_account_is_left_alone(queued, emulator, scores, build):
    second_account(queued, "north")
    queued.scoremail("--account=main", stdin=odd(build))
    assert queued.scorefetch("run", "-a", "north").code == 0
    assert emulator.requests() == [] and queued.stored() == {}
    assert queued.scorefetch("run", "-a", "main").code == 0
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


def test_a_listing_is_looked_at_once_an_hour(queued, emulator, build):
    for _ in range(3):
        queued.scoremail(stdin=odd(build))
        assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("list")) == 1
    queued.time_passes(HOUR + 1)
    assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("list")) == 2
    assert queued.scorefetch("run").code == 0
    assert len(emulator.requests("list")) == 2


def test_many_unknown_names_are_held_against_the_listing(queued, emulator, scores, build):
    for n in range(21):
        queued.scoremail(stdin=notification(build, f"4300_20180410_{n:06d}.csv"))
    queued.scoremail(stdin=mail("csv"))
    assert queued.scorefetch("run").code == 0
    assert [request["call"] for request in emulator.requests()] == ["login", "list", "file", "object"]
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}


DAY = 86400


@pytest.mark.parametrize("unit", ["getmail", "mpop"])
def test_a_mailbox_that_is_not_collected_any_more(queued, unit):
    """What the unit does before its first try and after each success, and what is said a day after the last one."""
    text = (CHECKOUT / "filters" / "pull" / f"scoremail-{unit}.service").read_text()
    text = text.replace("/var/spool/scoremail/", f"{queued.spool}/")
    first, success = (shlex.split(line.split("=", 1)[1]) for line in text.splitlines()
                      if line.startswith(("ExecStartPre=", "ExecStartPost=")))
    assert queued.scorefetch("run").code == 0
    assert queued.scorefetch("status", "--exit-code").code == 0
    run(first)
    (note,) = queued.spool.glob("pulled-*")
    for _ in range(2):  # a try that fails changes nothing
        then = time.time() - 2 * DAY
        os.utime(note, (then, then))
        run(first)
        assert queued.scorefetch("run").code == 0
        assert [row["kind"] for row in queued.sql("SELECT kind FROM alerts WHERE last > 0")] == ["pull"]
        done = queued.scorefetch("status", "--exit-code")
        assert done.code == 1 and note.name.encode() in done.out
        assert "pull" in queued.scorefetch("check").out.decode()
    run(success)
    assert queued.scorefetch("run").code == 0
    assert queued.sql("SELECT kind FROM alerts WHERE last > 0") == []
    assert queued.scorefetch("status", "--exit-code").code == 0


def test_an_old_mailbox_holds_up_nothing(queued, emulator, build):
    """Three years of notifications, of which the service has some files of the last year, and today's, last."""
    now = time.time()
    ages = [*range(1080, 0, -20), 0]
    names = [f"4300_{time.strftime('%Y%m%d', time.gmtime(now - age * DAY))}_111604.csv" for age in ages]
    there = [name for name, age in zip(names, ages) if age < 365 and age % 40 == 0]
    for name in there:
        emulator.add(name, b"ID\r\n")
    queued.scorefetch("run")  # a worker is there
    for name, age in zip(names, ages):
        assert queued.scoremail(stdin=received(notification(build, name), now - age * DAY)).code == 0
    done = queued.scorefetch("run")
    assert done.code == 0, done.err
    assert sorted(name for name in queued.stored() if name in names) == sorted(there)
    asked = [request["name"] for request in emulator.requests("file")]
    assert asked[0] == names[-1] and sorted(asked) == sorted(there), asked
    assert len(emulator.requests("list")) == 1
    states = [row["state"] for row in queued.status().values()]
    assert set(states) == {"stored", "not wanted"} and states.count("stored") == len(there)
    assert queued.sql("SELECT * FROM alerts") == []


def test_a_listing_that_fails_is_tried_again(queued, emulator, build):
    queued.is_impatient()
    emulator.faults("list:status=503")
    queued.scoremail(stdin=odd(build))
    assert queued.scorefetch("run").code == EX_TEMPFAIL
    emulator.faults()
    queued.time_passes(HOUR + 1)
    assert queued.scorefetch("run").code == 0
    assert CSV_NAME in queued.stored()


BAD = {
    "no event": lambda path: path.write_bytes(b"SMEV\x02 and then nonsense"),
    "too large": lambda path: path.write_bytes(b"x" * 70000),
    "a folder": lambda path: path.mkdir(),
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a FIFO": lambda path: os.mkfifo(path),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_event_is_set_aside(queued, scores, what):
    queued.scoremail(stdin=mail("csv"))
    bad = queued.spool / f"{os.geteuid()}-0123456789abcdef0123456789abcdef.event"
    BAD[what](bad)
    done = queued.scorefetch("run", timeout=60)
    assert done.code == 0 and "set aside" in done.err
    assert os.path.lexists(queued.spool / "aside" / bad.name) and not os.path.lexists(bad)
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}
    assert [row["kind"] for row in queued.sql("SELECT kind FROM alerts")] == ["spool"]
    assert "set aside" not in queued.scorefetch("run").err


@pytest.mark.parametrize("name, owner", [
    ("0-0123456789abcdef0123456789abcdef.event", 1234),  # in another's name
    ("1234-0123456789abcdef0123456789abcdef.event", 1234),  # no member of the spool's group
])
def test_an_event_of_a_stranger_is_set_aside(queued, emulator, name, owner):
    queued.scoremail(stdin=mail("csv"))
    (theirs,) = events(queued)
    theirs.rename(queued.spool / name)
    os.chown(queued.spool / name, owner, owner)
    assert queued.scorefetch("run").code == 0
    assert (queued.spool / "aside" / name).exists() and emulator.requests() == [] and queued.stored() == {}


PASSING = {
    "no descriptor for the event": "openat:error=EMFILE",
    "no descriptor in the whole system": "openat:error=ENFILE",
    "no memory to open it": "openat:error=ENOMEM",
    "a disk that fails as it is opened": "openat:error=EIO",
    "a share that is away": "openat:error=ESTALE",
    "a disk that fails as it is read": "pread64:error=EIO",
    "a disk that ends too early": "pread64:retval=0",
    "no facts about it": "newfstatat,fstat,fstatat64:error=EIO",
}


@pytest.mark.release_only("strace and the leak checker cannot both attach")
@pytest.mark.parametrize("what", PASSING)
def test_what_passes_is_no_reason_to_set_an_event_aside(queued, scores, what):
    """As when the host runs out of descriptors: the event stays, and others go on."""
    queued.scoremail(stdin=mail("txt"))
    (event,) = events(queued)
    queued.scoremail(stdin=mail("csv"))
    trace = ["strace", "-qq", "-o", "/dev/null", "-P", event, "-P", event.name, "-e", f"inject={PASSING[what]}"]
    done = run([*trace, queued.build / "scorefetch", "run", "-c", queued.config])
    assert done.code == EX_TEMPFAIL and "retries" in done.err and "set aside" not in done.err
    assert events(queued) == [event] and not (queued.spool / "aside").exists()
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]}, "the other event was kept waiting"
    assert queued.scorefetch("run").code == 0 and events(queued) == []


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_an_event_that_cannot_be_deleted_keeps_no_other_waiting(queued, scores):
    """As where it was made immutable: it is recorded once more by each run, and the files are fetched."""
    for name in (TXT_NAME, CSV_NAME):
        queued.receive(name)
    (first, second) = sorted(events(queued))
    trace = ["strace", "-qq", "-o", "/dev/null", "-P", first.name, "-e", "inject=unlinkat:error=EPERM"]
    done = run([*trace, queued.build / "scorefetch", "run", "-c", queued.config])
    assert done.code == EX_TEMPFAIL and f"{first.name}: cannot be read now" in done.err
    assert events(queued) == [first] and len(queued.stored()) == 1
    assert queued.scorefetch("run").code == 0 and events(queued) == []


def leave_much(queued, files, size):
    """As a user who wants to fill the disk would."""
    for n in range(files):
        with open(queued.spool / f"{os.geteuid()}-{n:032x}.event", "wb") as file:
            file.truncate(size)


@pytest.mark.parametrize("files, size", [(10000, 1), (512, 65536)])
def test_a_user_who_has_much_in_the_spool_leaves_no_more(queued, files, size):
    queued.scorefetch("run")
    leave_much(queued, files, size)
    done = queued.scoremail(stdin=mail("csv"))
    assert done.code == EX_TEMPFAIL and "as much as one user may" in done.err, done.err
    for path in events(queued)[:2]:  # the heartbeat is a file, too
        path.unlink()
    assert queued.scoremail(stdin=mail("csv")).code == 0


def test_what_a_user_leaves_beyond_all_measure_is_deleted(queued):
    """Files of a size that no event has are set aside, a few of them, and the rest of what fills the disk is gone."""
    queued.scorefetch("run")
    leave_much(queued, 200, 1024 * 1024)
    done = queued.scorefetch("run", "-q")
    assert "left more than 20000 events or 64 MiB; the rest is deleted unread" in done.err
    kept = list((queued.spool / "aside").iterdir())
    assert events(queued) == [] and sum(path.stat().st_size for path in kept) <= 1024 * 1024


@pytest.mark.release_only("the sanitizers make these calls as well")
@pytest.mark.parametrize("file", ["/etc/passwd", "/etc/group"])
@pytest.mark.parametrize("fault", ["ENFILE", "EIO"])
def test_a_list_of_users_that_cannot_be_read_makes_nobody_a_stranger(queued, scores, tmp_path, file, fault):
    """An event of user daemon, which is in the spool's group by /etc/group alone."""
    need(os.geteuid() == 0, "only root can leave an event as another user")
    group, gid = tmp_path / "group", 61234
    group.write_text(Path("/etc/group").read_text() + f"scorespool:x:{gid}:daemon\n")
    queued.scoremail(stdin=mail("csv"))
    (event,) = events(queued)
    event = event.rename(event.with_name("1-" + event.name.split("-")[1]))
    os.chown(event, 1, gid)
    os.chown(queued.spool, -1, gid)
    queued.spool.chmod(0o3770)
    inside = ["unshare", "-m", "sh", "-c", f'mount --bind {group} /etc/group && exec "$@"', "-"]
    trace = ["strace", "-qq", "-o", "/dev/null", "-P", file, "-e", f"inject=openat:error={fault}"]
    command = [queued.build / "scorefetch", "run", "-c", queued.config]
    done = run([*inside, *trace, *command])
    assert "set aside" not in done.err and not (queued.spool / "aside").exists()
    assert run([*inside, *command]).code == 0 and not event.exists()
    assert queued.stored() == {CSV_NAME: scores[CSV_NAME]} and not (queued.spool / "aside").exists()


AWAY = """#include <errno.h>
#include <nss.h>
#include <stddef.h>
struct passwd;
struct group;
static enum nss_status away(int *fault) { *fault = ECONNREFUSED; return NSS_STATUS_UNAVAIL; }
enum nss_status _nss_away_getpwuid_r(unsigned uid, struct passwd *p, char *b, size_t n, int *f) { return away(f); }
enum nss_status _nss_away_getgrgid_r(unsigned gid, struct group *g, char *b, size_t n, int *f) { return away(f); }
"""


@pytest.mark.release_only("the sanitizers look up users, too")
@pytest.mark.parametrize("what", ["passwd", "group"])
def test_a_directory_of_users_that_is_away_makes_nobody_a_stranger(queued, tmp_path, what):
    """As LDAP while its server is restarted: of a user and a group that only it knows."""
    need(os.geteuid() == 0, "only root can leave an event as another user")
    need(shutil.which("cc"), "there is no C compiler")
    uid, gid = (61235, 1) if what == "passwd" else (1, 61235)
    (tmp_path / "away.c").write_text(AWAY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "libnss_away.so.2", tmp_path / "away.c"], check=True)
    (tmp_path / "nsswitch.conf").write_text(f"passwd: files\ngroup: files\n{what}: files away\n")
    queued.scoremail(stdin=mail("csv"))
    (event,) = events(queued)
    event = event.rename(event.with_name(f"{uid}-" + event.name.split("-")[1]))
    os.chown(event, uid, gid)
    os.chown(queued.spool, -1, gid)
    queued.spool.chmod(0o3770)
    inside = ["unshare", "-m", "sh", "-c", f'mount --bind {tmp_path}/nsswitch.conf /etc/nsswitch.conf && mount --bind {tmp_path} /usr/local/games && exec "$@"', "-"]
    command = ["env", "LD_LIBRARY_PATH=/usr/local/games", queued.build / "scorefetch", "run", "-c", queued.config]
    done = run([*inside, *command])
    assert done.code == EX_TEMPFAIL and "retries" in done.err
    assert event.exists() and not (queued.spool / "aside").exists()
    assert queued.scorefetch("run").code == 0 and (queued.spool / "aside" / event.name).exists()


def test_a_dead_process_s_file_is_cleared_away(queued):
    assert queued.scorefetch("run").code == 0
    old, new = queued.spool / ".0-a.event.1.tmp", queued.spool / ".0-a.event.2.tmp"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 2 * HOUR,) * 2)
    assert queued.scorefetch("run").code == 0
    assert not old.exists() and new.exists()


def test_a_part_that_the_ledger_does_not_know_is_removed(queued):
    def part(name, hours):
        path = queued.directory / name
        path.write_bytes(b"half")
        os.utime(path, (time.time() - hours * HOUR,) * 2)
        return path

    lost, fresh = part(f".{CSV_NAME}.7.part", 2), part(f".{TXT_NAME}.7.part", 0)
    others = part(".notes.part", 2)
    assert queued.scorefetch("run").code == 0
    assert not lost.exists() and fresh.exists() and others.exists()


def test_the_heart_beats_while_a_file_takes_long(queued, emulator):
    queued.general["worker-interval"] = "1s"
    queued.configure(give_up_after="60s")
    emulator.faults("file:delay=600000")
    queued.scoremail(stdin=mail("csv"))
    worker = subprocess.Popen([queued.build / "scorefetch", "run", "-c", queued.config], stderr=subprocess.PIPE)
    try:
        wait_for(lambda: not events(queued), "the worker to take the event over")
        queued.age_heartbeat(HOUR)
        heartbeat = queued.spool / "heartbeat"
        wait_for(lambda: time.time() - heartbeat.stat().st_mtime < HOUR / 2, "a heartbeat")
    finally:
        worker.kill()
        worker.communicate()


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_worker_that_cannot_start_a_process_says_so_and_loses_nothing(queued, scores):
    queued.scoremail(stdin=mail("csv"))
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=?clone,?clone3:error=EAGAIN"]
    done = run([*inject, queued.build / "scorefetch", "run", "-c", queued.config])
    assert done.code == EX_TEMPFAIL and "account main: cannot start a process" in done.err
    assert queued.scorefetch("run").code == 0 and queued.stored() == {CSV_NAME: scores[CSV_NAME]}


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_worker_that_gets_one_thread_only_does_its_work(queued, scores):
    queued.scoremail(stdin=mail("csv"))
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=?clone,?clone3:error=EAGAIN:when=2+"]
    done = run([*inject, queued.build / "scorefetch", "run", "-c", queued.config])
    assert (done.code, queued.stored()) == (0, {CSV_NAME: scores[CSV_NAME]})


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_share_the_work(queued, emulator, build, workers):
    names = [f"4300_20180410_{n:06d}.csv" for n in range(30)]
    for name in names:
        emulator.add(name, name.encode())
        queued.scoremail(stdin=notification(build, name))
    running = [Running([build / "scorefetch", "run", "-c", queued.config], b"").go() for _ in range(workers)]
    assert [worker.end().code for worker in running] == [0] * workers
    assert queued.stored() == {name: name.encode() for name in names}
    assert len(emulator.requests("file")) == len(names)
    assert events(queued) == []


def test_an_unusable_spool_is_said(queued):
    queued.spool.write_bytes(b"")
    done = queued.scorefetch("run")
    assert done.code not in (0, EX_CONFIG) and str(queued.spool) in done.err
    assert queued.scoremail(stdin=mail("csv")).code == EX_TEMPFAIL
