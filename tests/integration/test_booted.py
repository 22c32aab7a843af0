"""A site under a real systemd: the installed package and its units, from an event to a stored file, and back after a reboot."""
import os
import re
import time
from urllib.parse import urlsplit

import agents
import booted
import debian
import pytest
from agents import wait_for
from emulator import Emulator
from harness import CSV_NAME, mail, notification, scores

pytestmark = [
    pytest.mark.release_only("other people's programs take the time"),
    pytest.mark.xdist_group("booted"),  # one machine for all
]

CONFIG = "/etc/scoremail/scoremail.conf"
STATE = "/var/lib/scoremail"
DIRECTORY = f"{STATE}/scores"
SPOOL = "/var/spool/scoremail"
UNITS = ["scoremail-run.socket", "scoremail-run.timer", "scoremail-tell.timer"]
HOOK = b"""#!/bin/sh
echo "$SCOREMAIL_NAME ${CREDENTIALS_DIRECTORY-none} <$(cat /etc/scoremail/password 2>/dev/null)>" >>/home/alice/imported
"""

# As Debian configures it for a host without others: the sendmail that is called is setuid root, and delivers in the
# background. Here that takes half a second longer than the call.
EXIM = r"""
set -eu
echo localhost >/etc/mailname
cat >/etc/exim4/update-exim4.conf.conf <<END
dc_eximconfig_configtype='local'
dc_other_hostnames='localhost'
dc_local_interfaces='127.0.0.1'
dc_use_split_config='true'
dc_localdelivery='mail_spool'
END
cat >/etc/exim4/conf.d/router/100_slow <<'END'
slow:
  driver = accept
  condition = ${run{/usr/bin/sleep 0.5}{no}{no}}
  transport = mail_spool
END
update-exim4.conf
"""


class Site(booted.Machine):
    """A machine set up as the manual says, for an emulator on the host's loopback."""

    def __init__(self, folder, like, build, emulator):
        super().__init__(folder, like.folder)
        self.build, self.emulator = build, emulator
        folder = debian.packages()
        self.bind(folder, debian.SHOWN)
        debian.install(self, folder, "scoremail_*.deb")

    def configure(self, **keys):
        """Writes the configuration: an account, with these keys besides."""
        service = urlsplit(self.emulator.url)
        general = {"alert-mail": "alice@localhost", "alert-every": "1s"}
        account = {
            "username": "reg", "password-credential": "scores", "directory": DIRECTORY, "format": "both", "delivery": "queued",
            "service-url": self.emulator.url, "storage-hosts": f"{service.hostname}:{service.port}", "ca-file": "/etc/scoremail/ca.pem",
            "on-stored": "/usr/local/bin/import", "org-id": "4300",
        }
        account.update({key.replace("_", "-"): value for key, value in keys.items()})
        lines = ["[scoremail]", *(f"{k} = {v}" for k, v in general.items()), "[account main]", *(f"{k} = {v}" for k, v in account.items() if v)]
        self.write(CONFIG, "\n".join(lines) + "\n")

    def write(self, path, data, mode="644"):
        data = data if isinstance(data, bytes) else data.encode()
        self.must("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1" && chmod "$2" "$1"', "sh", path, mode, stdin=data)

    def receive(self, message):
        done = self.run(["scoremail", "-c", CONFIG], stdin=message, user="alice")
        assert (done.code, done.err) == (0, ""), done

    def announce(self, name, data=None):
        """A file at the service, and its notification here."""
        self.emulator.add(name, data if data is not None else name.encode())
        self.receive(notification(self.build, name))

    def stored(self):
        return self.must("ls", DIRECTORY).split()

    def events(self):
        return [name for name in self.must("ls", SPOOL).split() if name.endswith(".event")]

    def wait_for_files(self, *names):
        wait_for(lambda: set(names) <= set(self.stored()), f"{names} to be stored")

    def wait_until_idle(self):
        units = ("run.service", "sync.service", "tell.service")
        wait_for(lambda: all(self.shows(f"scoremail-{u}", "ActiveState") in ("inactive", "failed") for u in units), "the units to end")

    def lines(self, *words):
        """Journal lines that have all of these words."""
        return [line for line in self.journal().splitlines() if all(word in line for word in words)]


@pytest.fixture(scope="module")
def site(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("booted")
    like = agents.install(folder / "like", "dbus", "exim4-daemon-light", "getmail6", "gnupg", "libpam-systemd", "systemd-sysv", users=["alice", "bob"])
    like.must("sh", "-c", "rm -rf /etc/systemd/system/*.wants")
    with Emulator(build, folder) as emulator:
        machine = Site(folder / "machine", like, build, emulator)
        try:
            machine.start()
            machine.write("/etc/scoremail/ca.pem", open(emulator.ca, "rb").read())
            machine.write("/usr/local/bin/import", HOOK, "755")
            machine.write("/etc/scoremail/password", "secret-Pa55\n", "600")
            machine.must("chown", "scoremail", "/etc/scoremail/password")
            for unit in ("run", "sync"):
                machine.write(f"/etc/systemd/system/scoremail-{unit}.service.d/password.conf",
                              "[Service]\nLoadCredential=scores:/etc/scoremail/password\n")
            machine.must("usermod", "-aG", "scorespool", "alice")
            machine.must("install", "-d", "-o", "scoremail", "-g", "scoremail", "-m", "700", DIRECTORY)
            machine.must("install", "-o", "alice", "-m", "666", "/dev/null", "/home/alice/imported")
            machine.must("chmod", "755", "/home/alice")
            machine.must("sh", "-c", EXIM)
            machine.configure()
            machine.must("systemctl", "daemon-reload")
            machine.must("systemctl", "enable", "--now", *UNITS)
            # the timer starts the worker at once, so that deliveries find its heartbeat
            wait_for(lambda: machine.run(["test", "-e", f"{SPOOL}/heartbeat"]).code == 0, "the first run")
            machine.wait_until_idle()
            yield machine
        finally:
            machine.stop()


@pytest.fixture(autouse=True)
def well(site):
    """Each test begins with a site at rest, and leaves it without faults."""
    site.emulator.faults()
    yield
    site.emulator.faults()
    site.configure()
    site.wait_until_idle()


def test_systemd_made_user_spool_and_fifo(site):
    assert site.must("stat", "-c", "%U %G %a", SPOOL) == "scoremail scorespool 3770\n"
    assert site.must("stat", "-c", "%U %G %a", STATE) == "scoremail scoremail 700\n"
    assert site.must("stat", "-c", "%F %U %G %a", "/run/scoremail/wake") == "fifo scoremail scorespool 620\n"
    assert site.must("stat", "-c", "%U %G %a", "/run/scoremail") == "root root 755\n"
    assert site.run(["sh", "-c", "cat /run/scoremail/wake"], user="alice").code != 0


def test_an_event_is_a_stored_file_at_once_and_handed_on(site):
    site.emulator.add(CSV_NAME, scores("csv"))
    began = time.monotonic()
    site.receive(mail("csv"))
    site.wait_for_files(CSV_NAME)
    print(f"from the message to the stored file: {time.monotonic() - began:.2f} s")
    assert site.must("cat", f"{DIRECTORY}/{CSV_NAME}").encode() == scores("csv")
    # by a unit that may write into a home, and has neither credential nor password
    assert site.run(["test", "-r", "/etc/scoremail/password"], user="scoremail").code == 0  # a prompt can read it
    wait_for(lambda: f"{CSV_NAME} none <>\n" in site.must("cat", "/home/alice/imported"), "the hook")


def test_each_line_is_in_the_journal_once(site):
    wait_for(lambda: site.lines("event=stored", CSV_NAME), "the journal")
    assert len(site.lines("event=stored", CSV_NAME)) == 1, site.journal()
    assert len(site.lines(CSV_NAME, "stored")) == 1, site.lines(CSV_NAME)


def test_fifty_events_at_once(site):
    names = [f"4300_20260101_{number:06d}.csv" for number in range(50)]
    for name in names:
        site.emulator.add(name, name.encode())
    pattern = notification(site.build, "NAME.csv").decode()
    feed = "".join(f"scoremail -c {CONFIG} <<'END' &\n{pattern.replace('NAME.csv', name)}\nEND\n" for name in names)
    site.must("sh", stdin=f"{feed}wait\n".encode(), user="alice")
    site.wait_for_files(*names)
    site.wait_until_idle()
    assert site.events() == [] and site.shows("scoremail-run.socket", "SubState") == "listening"


def test_an_event_in_the_worker_s_last_moments(site):
    """Each comes while the one before is being worked on, or just after: none waits for a timer."""
    for number in range(8):
        first, second = f"4300_20260102_{number:06d}.csv", f"4300_20260103_{number:06d}.csv"
        site.emulator.add(second, b"second")
        message = notification(site.build, second)
        site.announce(first)
        site.wait_for_files(first)
        time.sleep(number * 0.015)  # the worker ends meanwhile
        site.receive(message)
        site.wait_for_files(second)


def test_a_broken_configuration_makes_no_loop(site):
    """The byte is taken away before the configuration is read; the event waits for the mended one."""
    site.announce("4300_20260104_000001.csv")
    site.wait_for_files("4300_20260104_000001.csv")
    site.wait_until_idle()
    site.write(CONFIG, "[scoremail]\nno such line\n")
    before = site.shows("scoremail-run.service", "ExecMainPID")
    site.must("sh", "-c", "echo >/run/scoremail/wake")
    wait_for(lambda: site.shows("scoremail-run.service", "ExecMainPID") != before, "the worker to try")
    site.wait_until_idle()
    tried = site.shows("scoremail-run.service", "ExecMainPID")
    assert site.shows("scoremail-run.service", "Result") == "exit-code"
    time.sleep(0.3)
    assert site.shows("scoremail-run.service", "ExecMainPID") == tried
    assert site.shows("scoremail-run.socket", "SubState") == "listening"


def test_a_stopped_download_is_resumed_and_nothing_has_failed(site):
    """ProcSubset=pid would hide the boot's id, and the download begin anew; a oneshot ended by SIGTERM counts as failed."""
    name, data = "4300_20260105_000001.csv", os.urandom(8_000_000)
    site.emulator.faults("object:drip=200000")
    before = len(site.emulator.requests("object"))
    site.announce(name, data)
    wait_for(lambda: any(path.stat().st_size > 0 for path in site.changed(DIRECTORY).glob(f".{name}.*.part")), "the download")
    site.must("systemctl", "stop", "scoremail-run.service")
    assert site.shows("scoremail-run.service", "ActiveState") == "inactive"
    assert site.shows("scoremail-run.service", "Result") == "success"
    site.emulator.faults()
    site.must("systemctl", "start", "scoremail-run.service")
    site.wait_for_files(name)
    assert [request["status"] for request in site.emulator.requests("object")[before:]] == [200, 206]


def test_units_are_enabled_while_the_worker_is_at_work(site):
    """systemd refuses a socket whose service is active, and a FIFO of another's that lies in its place."""
    endless = "/etc/systemd/system/scoremail-run.service.d/endless.conf"
    site.must("systemctl", "disable", "--now", "scoremail-run.timer", "scoremail-run.socket")
    site.must("sh", "-c", "mkdir -p /run/scoremail && mkfifo /run/scoremail/wake && chown scoremail /run/scoremail/wake")
    site.write(endless, "[Service]\nExecStartPost=/bin/sleep infinity\n")
    site.must("systemctl", "daemon-reload")
    try:
        site.must("systemctl", "start", "--no-block", "scoremail-run.service")
        for _ in range(2):
            wait_for(lambda: site.shows("scoremail-run.service", "ActiveState") == "activating", "the worker to be at work")
            site.must("systemctl", "enable", "--now", *UNITS)
            assert site.shows("scoremail-run.service", "ActiveState") == "activating"
            assert site.shows("scoremail-run.socket", "SubState") in ("listening", "running")
            site.must("systemctl", "restart", "scoremail-run.socket")
    finally:
        site.must("rm", endless)
        site.must("systemctl", "daemon-reload")
        site.must("systemctl", "stop", "scoremail-run.service")


def alerts(site):
    """The subjects of the alerts that have reached alice."""
    done = site.run(["cat", "/var/mail/alice"])
    return [line for line in done.out.decode().splitlines() if line.startswith("Subject: ")]


def test_a_confined_worker_encrypts_and_a_setuid_sendmail_alerts(site, new_keyring):
    """Exim delivers after tell has ended, and is not killed with the unit."""
    keyring = new_keyring()
    key = keyring.make()
    site.must("install", "-d", "-o", "scoremail", "-m", "700", f"{STATE}/gnupg")
    site.must("gpg", "--homedir", f"{STATE}/gnupg", "--import", user="scoremail", stdin=keyring.export(key))
    site.configure(encrypt_to=key, gnupg_home=f"{STATE}/gnupg")
    name = "4300_20260106_000001.csv"
    site.announce(name)
    site.wait_for_files(f"{name}.gpg")
    data = site.changed(f"{DIRECTORY}/{name}.gpg").read_bytes()
    assert keyring.decrypt(data) == name.encode()

    site.receive(notification(site.build, "5818_20260106_000001.csv"))  # no account's
    wait_for(lambda: alerts(site), "the alert")
    site.wait_until_idle()
    wait_for(lambda: site.must("exim", "-bp") == "", "Exim to be done")
    assert len(alerts(site)) == 1


def test_the_timer_starts_what_is_due_after_a_failure(site):
    site.write("/etc/systemd/system/scoremail-run.timer.d/often.conf", "[Timer]\nOnUnitInactiveSec=\nOnUnitInactiveSec=1s\nAccuracySec=1ms\n")
    site.must("systemctl", "daemon-reload")
    site.must("systemctl", "restart", "scoremail-run.timer")
    try:
        site.must("mv", DIRECTORY, f"{DIRECTORY}.away")
        site.announce("4300_20260107_000001.csv")
        wait_for(lambda: site.lines("4300_20260107_000001.csv", "level=error"), "the failure")
        site.must("mv", f"{DIRECTORY}.away", DIRECTORY)
        site.wait_for_files("4300_20260107_000001.csv")
        assert site.shows("scoremail-run.service", "Result") == "success"  # 75 is no failure
    finally:
        site.must("rm", "-r", "/etc/systemd/system/scoremail-run.timer.d")
        site.must("systemctl", "daemon-reload")
        site.must("systemctl", "restart", "scoremail-run.timer")


def test_after_a_reboot_events_are_taken_and_a_missed_sync_is_made_up_for(site):
    site.must("systemctl", "enable", "scoremail-sync.timer")
    site.write("/etc/systemd/system/scoremail-sync.timer.d/now.conf", "[Timer]\nRandomizedDelaySec=0\n")
    site.must("sh", "-c", "mkdir -p /var/lib/systemd/timers && touch -d '3 hours ago' /var/lib/systemd/timers/stamp-scoremail-sync.timer")
    site.must("systemctl", "stop", "scoremail-run.socket", "scoremail-run.timer")
    site.must("systemctl", "enable", "scoremail-run.socket", "scoremail-run.timer")
    site.announce("4300_20260108_000001.csv")
    assert len(site.events()) == 1
    site.reboot()
    site.wait_for_files("4300_20260108_000001.csv")
    wait_for(lambda: site.shows("scoremail-sync.service", "ExecMainExitTimestampMonotonic") != "0", "the sync")
    assert site.must("stat", "-c", "%F %U %G %a", "/run/scoremail/wake") == "fifo scoremail scorespool 620\n"


def test_a_reload_does_not_start_the_worker(site):
    """`systemctl enable` reloads, and a socket whose service runs cannot be started."""
    site.must("systemctl", "start", "scoremail-run.service")
    site.wait_until_idle()
    due = site.shows("scoremail-run.timer", "NextElapseUSecMonotonic")
    site.must("systemctl", "daemon-reload")
    assert site.shows("scoremail-run.timer", "NextElapseUSecMonotonic") == due


def check(site):
    """What is not well, in check's words to the service user at a prompt."""
    return site.run(["scorefetch", "check", "-q", "-c", CONFIG], user="scoremail").out.decode()


def test_check_sees_units_that_are_off_stopped_or_masked(site):
    assert " units: " not in check(site)
    site.must("systemctl", "stop", "scoremail-tell.timer")
    site.must("systemctl", "disable", "--now", "scoremail-run.socket")
    site.must("systemctl", "mask", "scoremail-sync.service")
    try:
        said = check(site)
        assert "warning  units: scoremail-tell.timer is stopped: " in said
        assert "warning  units: scoremail-run.socket is not enabled: after a boot, events wait for the first run" in said
        assert "warning  units: scoremail-sync.service is masked" in said
        assert said.count(" units: ") == 3
        # systemd may forget a timer that is stopped, and see no folder that is new since it last looked for folders.
        site.write("/etc/systemd/system/scoremail-tell.timer.d/past.conf", "[Timer]\n")
        site.must("systemctl", "daemon-reload")
        site.must("systemctl", "start", "scoremail-tell.timer")
        assert "has changed on the disk" not in check(site)
        site.write("/etc/systemd/system/scoremail-tell.service.d/broken.conf", "[Service]\nExecStart=\nExecStart=/usr/local/bin/scorefetch tell\n")
        site.write("/etc/systemd/system/scoremail-tell.timer.d/past.conf", "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnCalendar=2020-01-01\n")
        assert "warning  units: scoremail-tell.timer has changed on the disk" in check(site)
        site.must("systemctl", "daemon-reload")
        site.must("systemctl", "restart", "scoremail-tell.timer")
        said = check(site)
        assert "warning  units: scoremail-tell.timer has elapsed, and is never due again" in said
        assert "scoremail-tell.service starts a program that does not fit: /usr/local/bin/scorefetch does not exist: " in said
        site.write("/etc/systemd/system/scoremail-tell.service.d/broken.conf", "[Service]\nSuccessExitStatus=\nExecStart=\nExecStart=false scorefetch\n")
        site.must("systemctl", "daemon-reload")
        assert site.run(["systemctl", "start", "scoremail-tell.service"]).code != 0
        assert "warning  units: scoremail-tell.service has failed (exit-code): " in check(site)
    finally:
        folders = [f"/etc/systemd/system/scoremail-{unit}.d" for unit in ("tell.service", "tell.timer")]
        site.must("rm", "-rf", *folders)
        site.must("systemctl", "daemon-reload")
        site.must("systemctl", "stop", "scoremail-tell.timer")
        site.must("systemctl", "reset-failed")
        site.must("systemctl", "unmask", "scoremail-sync.service")
        site.must("systemctl", "enable", "scoremail-run.socket")
        # not while the worker is at work, which the timer may have started
        wait_for(lambda: site.run(["systemctl", "start", "scoremail-run.socket"]).code == 0, "the socket to start")
        site.must("systemctl", "start", "scoremail-tell.timer")


def test_a_directory_in_a_home_is_said_to_be_read_only_for_the_units_until_it_is_not(site):
    there = "/home/alice/my scores"
    site.must("install", "-d", "-o", "scoremail", "-m", "700", there)
    site.configure(directory=there)
    assert f"failure  directory [main]: {there} is read-only for systemd's scoremail-run.service" in check(site)
    site.write("/etc/systemd/system/scoremail-run.service.d/paths.conf", f'[Service]\nReadWritePaths="-{there}"\n')
    site.write("/etc/systemd/system/scoremail-sync.service.d/paths.conf", f'[Service]\nReadWritePaths="-{there}"\n')
    site.must("systemctl", "daemon-reload")
    assert " directory [main]: " not in check(site)
    site.must("scorefetch", "adopt-directory", "-c", CONFIG, user="scoremail")
    name = "4300_20260109_000001.csv"
    site.announce(name)
    wait_for(lambda: site.run(["test", "-e", f"{there}/{name}"]).code == 0, "the file")


def test_a_credential_at_a_prompt_as_check_says(site):
    """As root, with check's own words: the service user gets the credential, and syncs."""
    (call,) = re.findall(r"systemd-run .*?scorefetch check", check(site))
    call = call.replace(":FILE", ":/etc/scoremail/password").replace("scorefetch check", f"scorefetch sync --all -c {CONFIG}")
    site.emulator.add("4300_20260110_000001.csv", b"listed")
    done = site.run(["sh", "-c", call])
    assert done.code == 0, done.err
    assert "4300_20260110_000001.csv" in site.stored()


def test_a_collector_s_unit_reads_mail_and_leaves_events(site):
    """With a message in place of a mailbox: as scorepull, confined, without ledger and password."""
    site.must("cp", "/usr/share/doc/scoremail/filters/pull/scoremail-getmail.service", "/etc/systemd/system/")
    name = "4300_20260111_000001.csv"
    site.emulator.add(name, b"pulled")
    site.write("/etc/scoremail/message", notification(site.build, name))
    probe = f"getmail --version && touch $STATE_DIRECTORY/x; ! cat {STATE}/ledger.db; scoremail -v -c {CONFIG} </etc/scoremail/message"
    site.write("/etc/scoremail/probe", probe)
    site.write("/etc/systemd/system/scoremail-getmail.service.d/probe.conf",
               "[Service]\nStateDirectory=\nStateDirectory=scorepull\nExecStart=\nExecStart=/bin/sh -ex /etc/scoremail/probe\n")
    site.must("systemctl", "daemon-reload")
    done = site.run(["systemctl", "start", "scoremail-getmail.service"])
    assert done.code == 0, site.journal("-u", "scoremail-getmail.service")
    site.wait_for_files(name)
    said = site.journal("-u", "scoremail-getmail.service")
    assert "ledger.db: Permission denied" in said and re.search(r"sandbox: landlock ABI \d+, seccomp", said)


def test_setup_of_a_site_enables_all_units_and_keeps_what_is_there(site):
    site.must("systemctl", "disable", "--now", "scoremail-sync.timer", "scoremail-tell.timer")
    before = site.must("cat", CONFIG)
    site.must("systemctl", "mask", "scoremail-sync.timer")
    setup = ["scorefetch", "setup", "--site", "--yes", "--agent=none", "--member=bob"]
    done = site.run(setup)
    assert done.code == 0 and "scoremail-sync.timer is masked" in done.out.decode(), done
    assert site.must("systemctl", "is-active", *UNITS) == "active\n" * 3
    site.must("systemctl", "unmask", "scoremail-sync.timer")
    done = site.run(setup)
    assert "ran systemctl enable --now" in done.err and " units: " not in done.out.decode().replace("ok       units", ""), done
    assert site.must("systemctl", "is-active", *UNITS, "scoremail-sync.timer") == "active\n" * 4
    assert site.must("cat", CONFIG) == before and "scorespool" in site.must("id", "-nG", "bob")


def test_a_person_s_timers_outlive_the_login(site):
    """bob has a systemd of his own: setup gives it units, which start the worker."""
    site.must("loginctl", "enable-linger", "bob")  # as a login would start it
    uid = site.must("id", "-u", "bob").strip()
    own = ["env", f"XDG_RUNTIME_DIR=/run/user/{uid}", "systemctl", "--user"]
    wait_for(lambda: site.run([*own, "is-system-running"], user="bob").out.strip() in (b"running", b"degraded"), "bob's systemd")
    (username, password), service = next(iter(site.emulator.users.items())), urlsplit(site.emulator.url)
    setup = ["scorefetch", "setup", "--yes", "--username", username, "--password-stdin", f"--set=service-url={site.emulator.url}",
             f"--set=storage-hosts={service.hostname}:{service.port}", "--set=ca-file=/etc/scoremail/ca.pem"]  # fmt: skip
    for _ in range(2):  # the second time it changes nothing
        done = site.run(setup, f"{password}\n".encode(), user="bob")
        assert done.code == 0, done
    assert "wrote" not in done.err.replace("wrote /home/bob/.config/scoremail/password", ""), done.err
    assert "log out" not in done.out.decode()
    wait_for(lambda: site.must(*own, "show", "--value", "-p", "ExecMainExitTimestampMonotonic", "scoremail-run.service", user="bob").strip() != "0",
             "bob's worker")
    assert site.must(*own, "is-active", "scoremail-run.timer", "scoremail-sync.timer", user="bob") == "active\nactive\n"
    assert site.must(*own, "show", "--value", "-p", "Result", "scoremail-run.service", user="bob") == "success\n"
    site.must(*own, "start", "scoremail-sync.service", user="bob")
    site.must("loginctl", "disable-linger", "bob")
    assert "scoremail-run.timer stops when you log out; run loginctl enable-linger bob" in site.run(["scorefetch", "check"], user="bob").out.decode()
