"""scorefetch check: item by item in plain words, 0, 1 or 2; nothing is changed, and nobody called unless asked."""
import hashlib
import json
import os
import pwd
import re
import shutil
import struct
import sqlite3
import time
from contextlib import closing
from email.utils import formatdate

import agents
import pytest
from harness import EX_CONFIG, EX_TEMPFAIL, EX_USAGE, PROGRAM_FILES, mail, need, run
from tlsserver import Authority

OK, WARNING, FAILURE = 0, 1, 2
LEVELS = {"ok": OK, "warning": WARNING, "failure": FAILURE}
OTHER_USER = 65534
OFFLINE = ["configuration", "log", "ledger", "spool", "worker", "alerts"]
OFFLINE += ["account", "password", "ca-file", "directory", "senders", "agent", "sandbox"]
ONLINE = ["name", "tls", "clock", "login", "firewall"]


class Report:
    """What a check said: the worst level by item, and its text."""

    def __init__(self, done):
        self.code = done.code
        self.err = done.err
        self.lines = done.out.decode().splitlines()
        self.found = {}
        for line in self.lines:
            level, item, text = re.fullmatch(r"(ok     |warning|failure)  (.+?): (.*)", line).groups()
            found = LEVELS[level.strip()], text
            self.found[item] = max(self.found.get(item, found), found, key=lambda found: found[0])

    def items(self):
        return [re.sub(r" \[.*", "", item) for item in self.found]


def check(account, *options):
    return Report(account.scorefetch("check", *options))


def assert_one(report, level, item, words):
    """That item has that level and says so; the others are in order; the exit code is the level."""
    assert report.err == ""
    assert report.found[item][0] == level, report.lines
    assert re.search(words, report.found[item][1]), report.found[item][1]
    others = {key: found for key, found in report.found.items() if key != item and found[0] != OK}
    assert others == {}
    assert report.code == level


def complete(account):
    """Nothing is left to wish for: somebody is told, and not everybody may announce files."""
    account.general["alert-command"] = "true"
    account.configure(senders="notify.example.org, scores.example")
    return account


@pytest.fixture
def site(account):
    """A healthy one: mail has come, and the worker has run."""
    complete(account)
    assert account.scoremail(stdin=mail("csv")).code == 0
    assert account.scorefetch("run").code == 0
    return account


def everything(folder):
    """All below a folder: mode, owner and bytes by path. What SQLite keeps for readers counts too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        data = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        found[path.relative_to(folder).as_posix()] = (about.st_mode, about.st_uid, data)
    return found


def test_a_healthy_site_is_ok(site):
    report = check(site)
    assert (report.code, report.err) == (OK, ""), report.lines
    assert sorted(set(report.items()) & set(OFFLINE)) == sorted(OFFLINE)
    assert not set(report.items()) & set(ONLINE)
    assert {level for level, _ in report.found.values()} == {OK}
    assert report.found["ledger"][1].startswith(f"{site.ledger}, schema ")
    site.assert_no_secret(*report.lines)


def test_it_says_little_when_asked_to(site):
    report = check(site, "-q")
    assert (report.code, report.lines, report.err) == (OK, [], "")
    shutil.rmtree(site.directory)
    assert [line.split()[0] for line in check(site, "-q").lines] == ["failure"]


def test_json(site):
    site.configure(password_file=site.folder / "nowhere")
    done = site.scorefetch("check", "--json")
    assert (done.code, done.err) == (FAILURE, "")
    report = json.loads(done.out)
    assert report["level"] == "failure"
    assert [one["item"] for one in report["findings"] if one["level"] == "failure"] == ["password"]
    assert all(set(one) == {"level", "item", "account", "text"} for one in report["findings"])


def test_usage(account):
    assert account.scorefetch("check", "--offline").code == EX_USAGE
    done = account.scorefetch("check", "-a", "other")
    assert (done.code, done.out) == (EX_USAGE, b"") and "no account other" in done.err


def test_nothing_is_created_where_nothing_is(account):
    before = everything(account.folder)
    report = check(account)
    assert everything(account.folder) == before
    assert report.code == WARNING  # no worker, and no agent either
    assert report.found["ledger"] == (OK, f"{account.ledger}: does not exist yet; the first file creates it")
    assert report.found["spool"][0] == OK


def test_nothing_is_changed(site, emulator):
    before, calls = everything(site.folder), emulator.requests()
    assert check(site).code == OK
    assert everything(site.folder) == before
    assert emulator.requests() == calls


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_nobody_is_called_unless_asked(site, tmp_path_factory):
    need(shutil.which("strace"), "strace is not installed")
    trace = tmp_path_factory.mktemp("trace") / "trace"
    argv = ["strace", "-f", "-o", trace, "-e", "trace=socket,connect,sendto,bind"]
    done = run([*argv, site.build / "scorefetch", "check", "-c", site.config])
    assert done.code == OK, done.out
    assert "AF_INET" not in trace.read_text()
    run([*argv, site.build / "scorefetch", "check", "-c", site.config, "--online"])
    assert "AF_INET" in trace.read_text()  # so it would have been seen


# --- the configuration and its accounts


def test_a_configuration_that_is_wrong(site):
    site.config.write_text("[scoremail]\nlogs = syslog\n")
    report = check(site)
    assert report.code == FAILURE
    level, text = report.found["configuration"]
    assert level == FAILURE and "did you mean log" in text
    assert report.found["sandbox"][0] == OK  # what needs none is looked at all the same
    assert "ledger" not in report.found


def test_a_configuration_that_is_missing_or_open(site):
    site.config.chmod(0o666)
    assert "is writable by others" in check(site).found["configuration"][1]
    site.config.unlink()
    report = check(site)
    assert report.code == FAILURE and "does not exist" in report.found["configuration"][1]


def test_no_configuration_names_each_place_that_was_looked_at(build, tmp_path):
    done = run([build / "scorefetch", "status"], env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
    assert done.code == EX_CONFIG
    own, site = tmp_path / "scoremail" / "scoremail.conf", "/etc/scoremail/scoremail.conf"
    assert done.err == f"scorefetch: no configuration: neither {own} nor {site} exists; scorefetch setup writes one\n"


def test_a_folder_in_which_the_configuration_could_be_replaced(site):
    site.config.parent.chmod(0o777)
    report = check(site)
    assert report.code == WARNING
    assert f"chmod go-w {site.config.parent}" in report.found["configuration"][1]
    assert report.found["password [main]"][0] == WARNING  # it lies there too


def test_one_account_of_several(site):
    with site.config.open("a") as config:
        config.write("[account broken]\nusername = x\n[account off]\nenabled = no\n")
        config.write(f"username = y\npassword-file = /x\ndirectory = {site.folder}/y\nformat = csv\n")
    report = check(site)
    assert report.code == FAILURE
    assert report.found["account [broken]"][0] == FAILURE and "broken" in report.found["account [broken]"][1]
    assert report.found["account [off]"] == (OK, "disabled (enabled = no)")
    assert not {"password [off]", "password [broken]", "directory [off]"} & set(report.found)
    assert check(site, "-a", "main").code == OK
    assert check(site, "-a", "broken").code == FAILURE


def test_a_log_that_cannot_be_written(site):
    site.general["log"] = site.folder / "nowhere" / "log"
    site.configure()
    assert_one(check(site), FAILURE, "log", "nowhere.*No such file")
    site.general["log"] = "syslog"  # in a container, often
    site.configure()
    lost = (WARNING, "no syslog service listens here, so the log is lost; start one, or set log to a file")
    assert check(site).found["log"] == ((OK, "syslog, facility mail") if os.path.exists("/dev/log") else lost)


def test_another_user_is_told_whose_it_is(site):
    need(os.geteuid() == 0, "only root can give files away")
    os.chown(site.ledger, OTHER_USER, -1)
    before = everything(site.folder)
    report = check(site)
    name = pwd.getpwuid(OTHER_USER).pw_name
    assert report.code == FAILURE
    assert f"runuser -u {name} -- scorefetch" in report.found["user"][1]
    assert "directory [main]" not in report.found
    assert everything(site.folder) == before


# --- the password


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_password_file_that_others_may_read(site, mode):
    site.password_file.chmod(mode)
    assert_one(check(site), FAILURE, "password [main]", "chmod 600")


def test_a_password_command_is_run_and_not_shown(site):
    command = f"sh -c 'touch {site.folder}/was-run; cat {site.password_file}'"
    site.configure(password_file=None, password_command=command)
    report = check(site)
    assert report.code == OK
    assert (site.folder / "was-run").exists()
    assert report.found["password [main]"][1] == "password-command sh gives one (not shown)"
    site.assert_no_secret(*report.lines)


def test_a_password_command_that_fails(site):
    site.configure(password_file=None, password_command="sh -c 'echo no key >&2; echo secret; exit 3'")
    report = check(site)
    assert_one(report, FAILURE, "password [main]", "exited with 3: no key")
    assert "secret" not in "".join(report.lines)


def test_a_credential_of_systemd_s_cannot_be_seen_from_a_prompt(site):
    site.configure(password_file=None, password_credential="scores")
    assert_one(check(site), WARNING, "password [main]", "LoadCredential=scores:FILE")


def test_a_password_that_the_service_rejects_is_known_without_a_call(site, emulator):
    site.write_password("wrong-Pa55")
    assert site.receive("4300_20190101_000000.csv").code == EX_TEMPFAIL
    before, calls = everything(site.folder), emulator.requests()
    assert_one(check(site), FAILURE, "password [main]", r"rejected .* at 20\d\d-.*scorefetch passwd")
    assert (everything(site.folder), emulator.requests()) == (before, calls)
    site.write_password(site.password)
    assert check(site).code == OK


def test_a_password_that_grows_old(site):
    site.configure(password_max_age="90d")
    assert check(site).code == OK
    site.time_passes(80 * 86400)
    assert_one(check(site), WARNING, "password [main]", "password-max-age old on")


# --- the keys


def test_keys_that_files_are_encrypted_to(sealing, public):
    complete(sealing)
    assert sealing.scoremail(stdin=mail("csv")).code == sealing.scorefetch("run").code == 0
    before, rings = everything(sealing.folder), everything(public.home)
    report = check(sealing)
    assert report.code == OK, report.lines
    assert report.found["keys [main]"][0] == OK
    assert (everything(sealing.folder), everything(public.home)) == (before, rings)
    sealing.configure(encrypt_to="0123456789ABCDEF0123456789ABCDEF01234567")
    assert_one(check(sealing), FAILURE, "keys [main]", "not in the keyring; run gpg .*--import")


# --- the directory


def test_a_directory_that_is_missing(site):
    shutil.rmtree(site.directory)
    assert_one(check(site), FAILURE, "directory [main]", "No such file|mounted")


def test_a_directory_that_everybody_may_write_to(site):
    site.directory.chmod(0o777)
    assert_one(check(site), WARNING, "directory [main]", "chmod o-w")


@pytest.mark.parametrize("place, mode, item, words", [
    ("scores/.superseded", 0o777, "directory [main]", "superseded is writable by others .*chmod go-w"),
    ("scores", 0o770, "directory [main]", "scores is writable by others .*chmod go-w"),
    ("ca.pem", 0o664, "ca-file [main]", "ca.pem is writable by others .*chmod go-w"),
    (".local/state/scoremail/ledger.lock", 0o666, "ledger", "ledger.lock: others can open it .*chmod 600"),
    (".local/state/scoremail/ledger.lock", 0o640, "ledger", "ledger.lock: others can open it .*chmod 600"),
])
def test_what_others_may_write_to(site, place, mode, item, words):
    need(os.geteuid() == 0, "only root can give a file to another group")
    path = site.folder / place
    if place.endswith("superseded"):
        path.mkdir(exist_ok=True)
    os.chown(path, -1, 1)
    path.chmod(mode)
    assert_one(check(site), WARNING, item, words)


def test_a_directory_that_its_group_may_write_to(site):
    """As an importer has it, which takes the files away."""
    site.configure(group="daemon")
    os.chown(site.directory, -1, 1)
    site.directory.chmod(0o770)
    assert check(site).code == OK


def test_authorities_that_everybody_may_add_to(site, emulator):
    calls = emulator.requests()
    site.ca.chmod(0o666)
    assert_one(check(site), FAILURE, "ca-file [main]", "everyone may write to it; run chmod o-w")
    done = site.receive("4300_20190101_000000.csv")
    assert done.code == EX_TEMPFAIL and "chmod o-w" in done.err
    assert emulator.requests() == calls


def test_scores_that_everybody_may_read(site):
    site.configure(file_mode="0644")
    assert check(site).code == OK  # the directory is closed
    site.directory.chmod(0o755)
    assert_one(check(site), WARNING, "directory [main]", "file-mode to 0640")


def test_scores_for_a_group_that_cannot_reach_them(site):
    site.configure(file_mode="0640", group=str(os.getegid()))
    assert_one(check(site), WARNING, "directory [main]", rf"not enter here; run chgrp {os.getegid()} {site.directory} and chmod 2750")
    site.directory.chmod(0o2750)
    assert check(site).code == OK


class Inside:
    """A healthy site of which a folder is another disk, in a mount namespace."""

    def __init__(self, site, folder, options):
        need(os.geteuid() == 0, "only root can mount")
        mount = 'mount -t tmpfs -o "$1,mode=700" tmpfs "$0" && shift && exec "$@"'
        self.argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, folder, options]
        self.site = site
        site.sql("DELETE FROM keys WHERE name LIKE 'volume of %'")  # it was there before, for all we know

    def scorefetch(self, *arguments):
        return run([*self.argv, self.site.build / "scorefetch", *arguments, "-c", self.site.config])


def test_a_directory_that_cannot_be_written_to(site):
    assert_one(check(Inside(site, site.directory, "ro")), FAILURE, "directory [main]", "Read-only file system")


def test_a_disk_with_little_room(site):
    report = check(Inside(site, site.directory, "size=50m"))
    assert_one(report, WARNING, "directory [main]", "only 52.4 MB free, but 100.0 MB may be needed")
    report = check(Inside(site, site.directory, "size=1m"))
    assert_one(report, FAILURE, "directory [main]", "only 1.0 MB free")


def test_the_largest_file_says_how_much_room_there_must_be(site):
    disk = Inside(site, site.directory, "size=200m")
    assert check(disk).code == OK
    site.sql("UPDATE files SET size = 300000000 WHERE state = 'stored'")
    assert_one(check(disk), WARNING, "directory [main]", "300.0 MB may be needed")


def test_a_disk_without_room_for_names(site):
    disk = Inside(site, site.directory, "nr_inodes=20")
    assert_one(check(disk), WARNING, "directory [main]", r"no more than \d+ new files")


# --- the ledger


def test_a_ledger_that_is_damaged(site):
    with closing(sqlite3.connect(site.ledger)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with open(site.ledger, "r+b") as file:
        file.seek(3 * size)
        file.write(b"\xa5" * 8 * size)
    found = check(site).found["ledger"]
    assert found[0] == FAILURE and re.search("damaged|malformed", found[1])
    site.ledger.write_bytes(b"no ledger at all\n" * 1000)
    report = check(site)
    assert report.found["ledger"][0] == FAILURE and "not a database" in report.found["ledger"][1]


def test_a_ledger_of_a_newer_version(site):
    with closing(sqlite3.connect(site.ledger)) as db:
        db.execute("PRAGMA user_version = 999")
    report = check(site)
    assert report.code == FAILURE
    assert re.search("schema 999.*upgrade scorefetch", report.found["ledger"][1])


def test_a_ledger_of_an_older_version_is_left_as_it_is(site):
    with closing(sqlite3.connect(site.ledger)) as db:
        db.execute("PRAGMA user_version = 1")
    lock = str(site.ledger.with_suffix(".lock").relative_to(site.folder))  # notes how the ledger looks to who used it last
    before = everything(site.folder)
    assert "the next use upgrades it" in check(site).found["ledger"][1]
    after = everything(site.folder)
    assert before.pop(lock)[:2] == after.pop(lock)[:2] and after == before


def test_a_ledger_that_others_may_read(site):
    site.ledger.chmod(0o644)
    assert_one(check(site), WARNING, "ledger", "chmod 600")


def test_a_file_beside_the_ledger_that_root_has_left(site):
    need(os.geteuid() == 0, "only root can give files away")
    os.chown(site.ledger.with_suffix(".lock"), OTHER_USER, -1)
    report = check(site)
    assert report.found["ledger"][0] == FAILURE
    assert re.search(r"ledger.lock is owned by uid \d+; as root, run chown", report.found["ledger"][1])


# --- spool and worker


def test_without_a_worker(site):
    (site.spool / "heartbeat").unlink()
    remedy = r"crontab: \*/5 \* \* \* \*" if os.access("/usr/bin/crontab", os.X_OK) else "every 5 minutes:"
    assert_one(check(site), WARNING, "worker", rf"scorefetch run has never run.*{remedy} {site.build}/scorefetch run -q -c '{site.config}'$")
    site.configure(delivery="queued")
    assert_one(check(site), FAILURE, "worker", "queued mail stays in the mail system")


def test_a_worker_that_is_gone(site):
    ages_ago = time.time() - 700
    os.utime(site.spool / "heartbeat", (ages_ago, ages_ago))
    assert_one(check(site), WARNING, "worker", r"since \d{4}-\d\d-\d\d")
    site.general["worker-interval"] = "10min"
    site.configure()
    assert check(site).code == OK


def test_a_spool_that_is_open(site):
    site.spool.chmod(0o777)
    assert_one(check(site), FAILURE, "spool", "chmod o-rwx")
    site.spool.chmod(0o770)
    assert_one(check(site), WARNING, "spool", "chmod 3770")
    site.spool.chmod(0o3770)
    assert_one(check(site), WARNING, "spool", "group members can read each other's events; run setfacl")
    entries = [(1, 7, 0xffffffff), (2, 4, os.geteuid()), (4, 0, 0xffffffff), (0x10, 4, 0xffffffff), (0x20, 0, 0xffffffff)]
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(site.spool, "system.posix_acl_default", acl)
    assert check(site).code == OK


def test_a_spool_that_is_none(site):
    shutil.rmtree(site.spool)
    site.spool.write_text("")
    report = check(site)
    assert report.found["spool"][0] == FAILURE and "not a directory" in report.found["spool"][1]


# --- what is around


def test_alerts_that_reach_nobody(site):
    del site.general["alert-command"]
    site.configure()
    assert_one(check(site), WARNING, "alerts", "set alert-mail .*or alert-command")
    site.general["alert-command"] = "/nowhere/page-me --now"
    site.configure()
    assert_one(check(site), FAILURE, "alerts", r"alert-command: uid \d+ cannot run /nowhere/page-me")
    del site.general["alert-command"]
    site.general |= {"alert-mail": "registrar@example.edu", "sendmail": "/nowhere/sendmail -i"}
    site.configure()
    assert_one(check(site), FAILURE, "alerts", r"sendmail: uid \d+ cannot run /nowhere/sendmail")
    site.general["sendmail"] = "true"
    site.configure()
    assert check(site).found["alerts"] == (OK, "go to registrar@example.edu")


def test_anybody_may_announce_files(site):
    site.configure(senders=None)
    assert_one(check(site), WARNING, "senders [main]", "anyone's mail .*set senders")
    site.configure(senders="notify.example.org", authserv_id="mx.example.edu")
    assert "verified by authserv-id" in check(site).found["senders [main]"][1]


def test_a_hook_that_cannot_be_run(site):
    assert "hook [main]" not in check(site).found
    site.configure(on_stored="true")
    assert check(site).found["hook [main]"] == (OK, "true runs for stored files")
    site.configure(on_stored="/nowhere/upload")
    assert_one(check(site), FAILURE, "hook [main]", r"on-stored: uid \d+ cannot run /nowhere/upload")


def test_without_a_filter_or_with_another_version_of_it(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    program = shutil.copy(site.build / "scorefetch", folder)

    def sandbox(script=None):
        if script is not None:
            (folder / "scoremail").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "scoremail").chmod(0o755)
        return Report(run([program, "check", "-c", site.config]))

    assert_one(sandbox(), FAILURE, "sandbox", "reinstall scoremail with its libraries")
    version = run([program, "--version"]).out.split()[1].decode()
    walls = "sandbox: landlock ABI 3, seccomp"
    assert sandbox(f"echo 'scoremail {version}'; echo '{walls}'").code == OK
    assert_one(sandbox(f"echo 'scoremail 0.0.9'; echo '{walls}'"), FAILURE, "sandbox", "reinstall both")
    for lacking in ("no landlock, seccomp", "landlock ABI 3, no seccomp"):
        script = f"echo 'scoremail {version}'; echo 'sandbox: {lacking}'"
        assert_one(sandbox(script), WARNING, "sandbox", f"{lacking}.*without the rest")


def test_programs_that_lack_a_library(site, tmp_path_factory):
    """check names the program and the library, whichever of those it is that mail and reports need."""
    folder = tmp_path_factory.mktemp("programs")
    site.general |= {"report-mail": "registrar@example.edu", "sendmail": "true"}
    site.configure()
    for program in PROGRAM_FILES:
        shutil.copy(site.build / program, folder)
    checked = [folder / "scorefetch", "check", "-c", site.config]
    for program, library, item in (("scoremail-filter.so", "glib-2.0.so.0", "sandbox"), ("scoremail-reader.so", "gumbo.so.1", "sandbox"),
                                   ("scoremail-compose", "gmime-3.0.so.0", "alerts")):  # fmt: skip
        whole = (folder / program).read_bytes()
        (folder / program).write_bytes(whole.replace(library.encode() + b"\0", b"?" + library[1:].encode() + b"\0"))
        assert_one(Report(run(checked)), FAILURE, item, rf"reinstall scoremail with its libraries.*lib\?{library[1:]}|"
                                                        rf"lib\?{library[1:]}.*; reinstall scoremail with its libraries")  # fmt: skip
        (folder / program).write_bytes(whole)
    (folder / "scoremail-compose").unlink()
    assert_one(Report(run(checked)), FAILURE, "alerts", "scoremail-compose does not exist")


@pytest.fixture(scope="module")
def procmail_root(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("procmail") / "root", "procmail", "systemd", users=["alice", "bob"])


@pytest.fixture
def alice(procmail_root, build, emulator, tmp_path):
    """Somebody who is not root, in a root with procmail; her worker has run."""
    alice = agents.Owner(procmail_root.copy(tmp_path / "root"), tmp_path, build, emulator, "alice")
    complete(alice)
    alice.give_home()
    assert alice.scorefetch("run").code == 0
    return alice


def test_an_agent_that_calls_us_or_does_not(alice):
    assert_one(check(alice), WARNING, "agent", "^procmail installed, but nothing .* calls scoremail: add the recipe")
    recipe = alice.folder / ".procmailrc"
    recipe.write_text("# scoremail was here\n")
    alice.give_home()
    assert check(alice).found["agent"][0] == WARNING
    recipe.chmod(0)
    os.chown(recipe, 0, 0)
    assert_one(check(alice), WARNING, "agent", "not readable: .*/.procmailrc")
    recipe.unlink()
    alice.copy_recipe("procmailrc", ".procmailrc")
    alice.give_home()
    report = check(alice)
    assert report.code == OK
    assert re.fullmatch(r"procmail calls scoremail \(.*/\.procmailrc\)", report.found["agent"][1])


CALLS = {
    "/usr/bin/scoremail": (None, "/usr/bin/scoremail does not exist"),
    "$HOME/not-executable/scoremail": ("#!/bin/sh\nexit 0\n", "cannot run: "),
    "$HOME/another/scoremail": ("#!/bin/sh\necho mail 1\n", r'is "mail 1", not scoremail \d'),
    "$HOME/older/scoremail": ("#!/bin/sh\necho scoremail 0.0.9\n", r'is "scoremail 0\.0\.9", not scoremail \d'),
    "$HOME/broken/scoremail": ("#!/bin/sh\necho no library >&2\nexit 127\n", "cannot run: it .*127.*no library"),
}


@pytest.mark.parametrize("program", CALLS)
def test_an_agent_that_calls_another_program_than_ours(alice, program):
    script, said = CALLS[program]
    alice.copy_recipe("procmailrc", ".procmailrc")
    recipe = alice.folder / ".procmailrc"
    recipe.write_text(re.sub("(?m)^SCOREMAIL=.*", f"SCOREMAIL={program}", recipe.read_text()))
    if script:
        path = alice.folder / program.removeprefix("$HOME/")
        path.parent.mkdir()
        path.write_text(script)
        path.chmod(0o644 if "not-" in program else 0o755)
    alice.give_home()
    report = check(alice)
    assert_one(report, FAILURE, "agent", rf"/\.procmailrc: /.*/scoremail .*{said}.*name the installed program" if script
               else rf"/\.procmailrc: {said}.*no file is fetched.*name the installed program")


def test_an_agent_that_calls_ours_elsewhere(alice):
    """A link to the installed program, as for Sieve, is as good."""
    alice.copy_recipe("procmailrc", ".procmailrc")
    recipe = alice.folder / ".procmailrc"
    recipe.write_text(re.sub("(?m)^SCOREMAIL=.*", "SCOREMAIL=$HOME/bin/scoremail", recipe.read_text()))
    (alice.folder / "bin").mkdir()
    (alice.folder / "bin" / "scoremail").symlink_to("/usr/local/bin/scoremail")
    alice.give_home()
    assert check(alice).code == OK


def test_what_only_root_could_do(alice):
    alice.copy_recipe("procmailrc", ".procmailrc")
    alice.configure(group="adm")
    alice.give_home()
    assert_one(check(alice), FAILURE, "directory [main]", r"cannot change its group to \d+ \(add uid \d+ to it\): Operation not permitted")
    alice.configure(group=None)
    alice.directory.chmod(0o500)
    assert_one(check(alice), FAILURE, "directory [main]", r"not writable by uid \d+")
    alice.directory.chmod(0o700)
    assert check(alice).code == OK
    os.chown(alice.password_file, OTHER_USER, -1)
    report = check(alice)
    assert report.found["password [main]"][0] == FAILURE


def test_a_site_without_mail_has_sync(account):
    complete(account)
    assert account.scorefetch("run").code == 0
    assert_one(check(account), WARNING, "agent", "nothing arrives by mail, and scorefetch sync has never run")
    assert account.scorefetch("sync", "--all").code == 0
    report = check(account)
    assert report.code == OK
    assert re.search(r"the last scorefetch sync ended at 20\d\d-", report.found["agent"][1])


# --- online


def test_online_a_healthy_site_is_ok(site, emulator):
    calls = len(emulator.requests())
    report = check(site, "--online")
    assert (report.code, report.err) == (OK, ""), report.lines
    assert sorted(set(report.items()) & set(ONLINE)) == sorted(ONLINE)
    assert f"localhost:{emulator.port}" in report.found["firewall"][1]
    assert [request["call"] for request in emulator.requests()[calls:]] == ["login"]
    site.assert_no_secret(*report.lines)


def test_online_without_a_ledger_what_comes_of_the_login_is_recorded(account, emulator):
    report = check(account, "--online")
    assert report.found["login [main]"][0] == OK
    assert account.sql("SELECT proven IS NOT NULL AS proven FROM accounts") == [{"proven": 1}]
    assert not account.log.exists()


def test_a_rejected_password_closes_the_account_as_ever(site, emulator):
    site.write_password("wrong-Pa55")
    report = check(site, "--online")
    assert_one(report, FAILURE, "login [main]", "reject")
    assert "wrong-Pa55" not in "".join(report.lines)
    calls = emulator.requests()
    report = check(site, "--online")
    for item in ("login [main]", "password [main]"):
        assert report.found[item][0] == FAILURE and "not retried until" in report.found[item][1]
    assert emulator.requests() == calls
    site.write_password(site.password)
    assert check(site, "--online").code == OK


def test_a_service_that_is_down(site, emulator):
    site.configure(connect_timeout="1s", give_up_after="3s")
    emulator.stop()
    report = check(site, "--online")
    assert report.code == FAILURE
    assert report.found["name [main]"][0] == OK
    assert report.found["tls [main]"][0] == report.found["login [main]"][0] == FAILURE
    assert report.found["firewall"][0] == OK
    assert report.found["clock [main]"][0] == OK and "time is not known" in report.found["clock [main]"][1]


def test_a_name_that_leads_nowhere(site):
    site.configure(service_url="https://scores.invalid/x", connect_timeout="1s", give_up_after="3s")
    report = check(site, "--online")
    assert report.code == FAILURE
    assert report.found["name [main]"][0] == FAILURE and "scores.invalid" in report.found["name [main]"][1]
    assert "tls [main]" not in report.found
    assert report.found["clock [main]"][0] == OK and "time is not known" in report.found["clock [main]"][1]


class Service:
    """A service on loopback with a clock of its own: any login is right."""

    def __init__(self, start, certificate_and_key, ahead=0):
        self.ahead = ahead
        self.server = start(certificate_and_key, self.answer)
        self.url = f"https://localhost:{self.server.port}/api"

    def answer(self, request):
        body = b'{"token":"45B5B7E7-1C85-DBE7-2493-DB6ECA41A707"}' if request.method == "POST" else b""
        date = formatdate(time.time() + self.ahead, usegmt=True).encode()
        return b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s" % (date, len(body), body)


def test_a_proxy_that_reads_tls_is_named_with_the_remedy(site, start_tls_server, tmp_path_factory):
    office = Authority(tmp_path_factory.mktemp("office") / "ca", "Office Web Filter")
    service = Service(start_tls_server, office.issue("service"))
    site.configure(service_url=service.url)
    report = check(site, "--online")
    assert report.code == FAILURE
    assert re.search("issued by .*Office Web Filter.*set ca-file", report.found["tls [main]"][1])
    assert service.server.requests == []  # not even a header was sent
    shutil.copy(office.pem, site.ca)
    report = check(site, "--online")
    assert report.found["tls [main]"][0] == WARNING  # it is trusted, and ends tomorrow
    assert re.search("by .*Office Web Filter is trusted, but only until", report.found["tls [main]"][1])
    assert re.search(rf"authorities: /.* and {re.escape(str(site.ca))}", report.found["tls [main]"][1])
    assert report.found["login [main]"][0] == OK


@pytest.mark.parametrize("make, words", [("issue_expired", "expired on "), ("issue_for_later", "not yet valid before 2090-")])
def test_a_certificate_whose_dates_do_not_fit(site, start_tls_server, authority, make, words):
    """It may as well be the clock that is wrong."""
    site.configure(service_url=Service(start_tls_server, getattr(authority, make)("dated")).url)
    shutil.copy(authority.pem, site.ca)
    report = check(site, "--online")
    assert report.code == FAILURE
    assert re.search(words + ".*the clock here says 20", report.found["tls [main]"][1])
    assert report.found["clock [main]"][1].startswith("it is 20")


@pytest.mark.parametrize("ahead, level, words", [
    (0, OK, "off the service's"), (30, OK, "off the service's"),
    (90, WARNING, "clock is (89|90|91) s behind"), (-3600, WARNING, r"clock is (3599|3600|3601) s ahead of"),
])  # fmt: skip
def test_clocks_that_differ(site, start_tls_server, good, authority, ahead, level, words):
    site.configure(service_url=Service(start_tls_server, good, ahead).url)
    shutil.copy(authority.pem, site.ca)
    found = check(site, "--online").found["clock [main]"]
    assert found[0] == level and re.search(words, found[1]), found


def test_two_accounts_of_one_service_are_two_logins_and_one_look(site, emulator):
    (site.folder / "more").mkdir(mode=0o700)
    keys = {**site.account, "directory": site.folder / "more"}
    with site.config.open("a") as config:
        config.write("[account second]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    report = check(site, "--online")
    assert report.code == OK, report.lines
    assert {"tls [main]", "login [main, second]"} <= set(report.found)
    assert "tls [second]" not in report.found
    assert len(emulator.requests("login")) == 2
