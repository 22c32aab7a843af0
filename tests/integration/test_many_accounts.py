"""Many accounts, a file each in accounts.d: one more is two files, and a broken one harms only itself."""
import json
import os
import shutil
import subprocess

import pytest
from agents import wait_for
from harness import EX_CONFIG, EX_TEMPFAIL, need, notification

OAK_FILE, ELM_FILE, ASH_FILE = "4300_20190410_111604.csv", "5818_20180410_111604.csv", "77_20180410_111604.csv"
FILES = {name: b"ID\r\n" + name.encode() + b"\r\n" for name in (OAK_FILE, ELM_FILE, ASH_FILE)}
ORGANISATIONS = {"oak": 4300, "elm": 5818, "ash": 77}


class Site:
    """[scoremail] in the main file; every account in a file of its own."""

    def __init__(self, account):
        self.account = account
        self.folder = account.config.parent / "accounts.d"
        self.folder.mkdir()
        account.account["directory"] = account.folder / "%{account}"
        account.account["password-file"] = account.folder / "%{account}.password"
        del account.account["username"]
        lines = [f"{key} = {value}" for key, value in {**account.general, **account.account}.items()]
        account.config.write_text("[scoremail]\n" + "\n".join(lines) + "\n")

    def add(self, name, org_id):
        """The two files that a further district takes, and its directory."""
        (self.account.folder / name).mkdir()
        password = self.account.folder / f"{name}.password"
        password.touch(mode=0o600)
        password.write_text(f"{name}-Pa55\n")
        (self.folder / f"{name}.conf").write_text(f"[account {name}]\nusername = {name}\norg-id = {org_id}\n")

    def receive(self, name):
        return self.account.scoremail(stdin=notification(self.account.build, name))

    def stored(self, name):
        return {path.name: path.read_bytes() for path in (self.account.folder / name).iterdir()}


@pytest.fixture
def emulator(start_emulator):
    users = (option for name in ORGANISATIONS for option in ("--user", f"{name}:{name}-Pa55"))
    emulator = start_emulator(*users)
    for name, data in FILES.items():
        emulator.add(name, data)
    return emulator


@pytest.fixture
def site(account, emulator):
    site = Site(account)
    for name in ("oak", "elm"):
        site.add(name, ORGANISATIONS[name])
    return site


def group_writable(path):
    path.chmod(0o664)


def unreadable(path):
    path.unlink()
    path.symlink_to("nowhere")


def a_group_that_is_misspelt(path):
    path.write_text(path.read_text() + "[acount x]\n")


def a_line_before_any_group(path):
    path.write_text("format = csv\n" + path.read_text())


BREAKS = [group_writable, unreadable, a_group_that_is_misspelt, a_line_before_any_group]


@pytest.fixture(params=BREAKS, ids=lambda how: how.__name__)
def broken(site, request):
    """The site, with a file of elm's that cannot be used."""
    file = site.folder / "elm.conf"
    site.good = file.read_text()
    request.param(file)

    def mend():
        file.unlink()
        file.write_text(site.good)

    site.mend = mend
    return site


def test_a_district_is_added_by_two_files(site):
    assert site.receive(ASH_FILE).code == 0  # nobody's: recorded
    site.add("ash", ORGANISATIONS["ash"])
    assert site.receive(ASH_FILE).code == 0
    assert site.stored("ash") == {ASH_FILE: FILES[ASH_FILE]}
    done = site.account.scorefetch("sync", "--all", "-a", "ash")
    assert done.code == 0 and set(FILES) <= set(site.stored("ash"))


def test_a_broken_file_stops_its_own_accounts_only(broken):
    assert broken.receive(OAK_FILE).code == 0
    assert broken.stored("oak") == {OAK_FILE: FILES[OAK_FILE]}


def test_mail_of_an_account_that_nobody_knows_waits(broken, emulator):
    done = broken.receive(ELM_FILE)
    assert done.code == EX_TEMPFAIL and "elm.conf" in done.err and done.err.count("\n") == 1
    assert emulator.requests("file") == []
    broken.mend()
    assert broken.receive(ELM_FILE).code == 0
    assert broken.stored("elm") == {ELM_FILE: FILES[ELM_FILE]}


def test_the_account_that_is_left_takes_nobody_else_s_mail(broken, emulator):
    """oak fits any mail, as the only account would."""
    oak = broken.folder / "oak.conf"
    oak.write_text(oak.read_text().replace("org-id", "#"))
    assert broken.receive(ELM_FILE).code == EX_TEMPFAIL
    assert emulator.requests("file") == [] and broken.stored("oak") == {}


def test_the_worker_goes_on_and_tells(broken):
    broken.account.general["delivery"] = "queued"
    done = broken.account.scorefetch("run")
    assert done.code == 0 and "elm.conf" in done.err
    assert broken.receive(OAK_FILE).code == 0
    assert [row["kind"] for row in broken.account.sql("SELECT kind FROM alerts WHERE account = ''")] == ["account"]
    status = broken.account.scorefetch("status", "--exit-code")
    assert status.code == 2 and b"elm.conf" in status.out.splitlines()[0]
    assert "elm.conf" in broken.account.scorefetch("check").out.decode()

    broken.mend()
    assert broken.account.scorefetch("run").code == 0
    assert broken.account.scorefetch("status", "--exit-code").code == 0


@pytest.mark.parametrize("command", [["list"], ["sync", "--mark-known"]])
def test_what_goes_through_all_goes_through_the_others(broken, emulator, command):
    done = broken.account.scorefetch(*command)
    assert done.code == EX_CONFIG and "elm.conf" in done.err
    assert [request["user"] for request in emulator.requests("login")] == ["oak"]


def test_an_account_that_may_be_in_the_broken_file_is_not_said_to_be_none(broken):
    done = broken.account.scorefetch("get", "-a", "elm", ELM_FILE)
    assert done.code == EX_CONFIG and "elm.conf" in done.err
    assert broken.account.scorefetch("get", "-a", "oak", OAK_FILE).code == 0


# ---------------------------------------------------------------- one directory for two


@pytest.fixture
def linked(site):
    """elm's directory is oak's, by a link."""
    (site.account.folder / "elm").rmdir()
    (site.account.folder / "elm").symlink_to("oak")
    return site


@pytest.mark.parametrize("command", [["sync", "--all"], ["sync", "--dry-run"]])
def test_two_accounts_with_one_directory_are_an_error(linked, emulator, command):
    done = linked.account.scorefetch(*command)
    assert done.code == EX_CONFIG
    assert "directory" in done.err and "by another path" in done.err
    assert [request["user"] for request in emulator.requests("login")] == ["elm"]  # the first by its file's name


def test_the_worker_tells_of_it(linked):
    linked.account.scorefetch("run")
    (alert,) = json.loads(linked.account.scorefetch("status", "--json").out)["alerts"]
    assert (alert["kind"], alert["account"]) == ("account", "oak")
    (linked.account.folder / "elm").unlink()
    (linked.account.folder / "elm").mkdir()
    linked.account.scorefetch("run")
    assert linked.account.scorefetch("status", "--exit-code").code == 0


@pytest.mark.release_only("strace and the leak checker cannot both attach")
def test_a_dead_share_holds_up_only_its_own_account(site):
    """Whoever asks for oak's directory waits an hour, as on a share whose server is gone."""
    need(shutil.which("strace"), "strace is not installed")
    delay = "newfstatat,statx:delay_enter=3600s"
    traced = ["strace", "-f", "-qq", "-o", os.devnull, "-P", site.account.folder / "oak"]
    traced += ["-e", "trace=newfstatat,statx", "-e", f"inject={delay}"]
    sync = [site.account.build / "scorefetch", "sync", "-c", site.account.config, "--all", "-a", "elm"]
    # Until its end strace would wait for the hour; that the thread ends with the process is the kernel's affair.
    with subprocess.Popen([*traced, *sync], stderr=subprocess.PIPE) as traced_sync:
        try:
            elm = site.account.folder / "elm"
            wait_for(lambda: all((elm / name).exists() for name in FILES), "elm's files")
        finally:
            traced_sync.kill()


# ---------------------------------------------------------------- 300 of them


def test_three_hundred_accounts(site, emulator):
    for number in range(298):
        site.add(f"school{number}", 100_000 + number)
    assert site.receive(OAK_FILE).code == 0
    accounts = json.loads(site.account.scorefetch("status", "--json").out)["accounts"]
    assert len(accounts) == 300 and {account["fault"] for account in accounts} == {None}
    assert [account["account"] for account in accounts if account["files"]["stored"]] == ["oak"]
    said = site.account.scorefetch("check").out.decode().splitlines()
    assert len(said) < 60, said  # each thing once, whoever it is said of
    assert [line for line in said if line.startswith("ok       account [") and "and 297 more]: user name %{account}, " in line]
    assert site.account.scorefetch("run").code == 0
