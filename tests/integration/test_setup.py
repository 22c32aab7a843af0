"""scorefetch setup: a newcomer's first five minutes, and everything that can go wrong in them."""
import os
import re
import signal
import subprocess

import agents
import pytest
from harness import CSV_NAME, EX_CONFIG, EX_DATAERR, EX_NOPERM, EX_TEMPFAIL, EX_USAGE, PROGRAM_FILES, mail, run
from person import DEADLINE, Person

EX_CANTCREAT = 73
BIN = "/usr/local/bin"
CONFIG, PASSWORD = ".config/scoremail/scoremail.conf", ".config/scoremail/password"
QUESTIONS = ("User name", "Directory", "Which one", "Address for alerts", "Mail agent", "starts the worker", "New password", "The same again")
SOMEBODY_S_OWN = "# my rules\nPATH=/usr/bin:/bin\n:0:\n* ^Subject: spam\nspam\n"


class Home:
    """alice, who has a home, procmail and cron, and no configuration."""

    def __init__(self, root, folder, build, emulator):
        self.root, self.build, self.emulator = root, build, emulator
        self.folder = folder / "home"
        self.folder.mkdir()
        _, _, self.uid, self.gid, _, self.seen, _ = root.must("getent", "passwd", "alice").split(":")
        root.bind(self.folder, self.seen)
        for program in PROGRAM_FILES:
            root.bind(build / program, f"{BIN}/{program}")
        self.username, self.password = next(iter(emulator.users.items()))
        (self.folder / "ca.pem").write_bytes(open(emulator.ca, "rb").read())
        self.own()
        host = re.search("//([^/]+)", emulator.url)[1]
        self.service = [f"--set=service-url={emulator.url}", f"--set=storage-hosts={host}", f"--set=ca-file={self.seen}/ca.pem"]

    def own(self):
        for path in [self.folder, *self.folder.rglob("*")]:
            os.lchown(path, int(self.uid), int(self.gid))

    def path(self, name):
        return self.folder / name

    def write(self, name, text, mode=0o600):
        self.path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path(name).write_text(text)
        self.path(name).chmod(mode)
        self.own()

    def setup(self, *options, password=None, service=True):
        stdin = (["--password-stdin"], (password + "\n").encode()) if password is not None else ([], b"")
        argv = [f"{BIN}/scorefetch", "setup", *(self.service if service else []), *stdin[0], *options]
        return self.root.run(argv, stdin[1], user="alice")

    def plain(self, *options):
        """Every answer by an option."""
        return self.setup("--username", self.username, "--yes", *options, password=self.password)

    def person(self, *options):
        """alice at a terminal."""
        argv = self.root._enter(["runuser", "-u", "alice", "--", f"{BIN}/scorefetch", "setup", *self.service, *options])
        return Person(argv, cwd="/", env=agents.ENVIRONMENT)

    def everything(self):
        return {str(path.relative_to(self.folder)): (path.lstat().st_mode & 0o7777, path.read_bytes() if path.is_file() else None)
                for path in self.folder.rglob("*") if path.name != "ca.pem" and ".local" not in path.parts}  # fmt: skip

    def crontab(self):
        return self.root.run(["crontab", "-l"], user="alice").out.decode()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return agents.install(tmp_path_factory.mktemp("setup") / "root", "procmail", "cron", "maildrop", users=["alice"])


@pytest.fixture
def home(template, build, announced, tmp_path):
    return Home(template.copy(tmp_path / "root"), tmp_path, build, announced)


def test_a_newcomer_gets_a_file_by_mail(home, scores):
    """Questions, defaults, modes, the password tried, the recipe, the crontab, the check; and then it works."""
    person = home.person()
    person.answers(home.username, "", "", "", "", "", home.password, home.password, questions=QUESTIONS)
    code, err = person.end(quiet=False)
    assert code == 0 and f"the service accepts the password of {home.username}" in err, err
    for explained in ("csv    comma-delimited", "txt    fixed width", "[/home/alice/scores]", "[csv]", "[none]", "[procmail]", "[cron]"):
        assert explained in person.said
    assert home.password not in person.said and all(len(line) < 80 for line in person.said.splitlines())
    modes = {name: mode for name, (mode, _) in home.everything().items()}
    assert (modes["scores"], modes[CONFIG], modes[PASSWORD], modes[".config/scoremail"]) == (0o700, 0o600, 0o600, 0o700)
    assert f"username = {home.username}\n" in home.path(CONFIG).read_text() and "alert-mail" not in home.path(CONFIG).read_text()
    assert re.search(rf"(?m)^\*/5 \* \* \* \* {BIN}/scorefetch run -q$", home.crontab())
    assert "ok       account [main]" in person.out.decode() and "\nfailure" not in person.out.decode()
    assert home.emulator.requests("login") != []
    sent = home.root.run(["procmail", "-t", "-d", "alice"], b"From a Tue Apr 10 11:16:04 2018\n" + mail("csv"))
    assert sent.code == 0 and home.path(f"scores/{CSV_NAME}").read_bytes() == scores[CSV_NAME]


def test_again_it_edits_and_loses_nothing(home):
    assert home.plain().code == 0
    ours = home.path(CONFIG).read_text()
    mine = ours.replace("[account main]", "# for the registrar\n[account main]\n  unheard-of = 7\n# keep = this")
    home.write(CONFIG, mine + "\n# the end, without a line end")
    home.root.must("sh", "-c", "(echo '# mine'; crontab -l) | crontab -", user="alice")
    home.write(".procmailrc", home.path(".procmailrc").read_text() + SOMEBODY_S_OWN)
    before = home.everything(), home.crontab()
    assert home.setup("--yes").code == 2  # the unknown key is a failure of check, and stays
    assert (home.everything(), home.crontab()) == before
    done = home.setup("--yes", "--format=both", "--alert-mail=registrar@example.edu")
    assert "unheard-of" in done.out.decode()
    after = home.path(CONFIG).read_text()
    assert [line for line in mine.splitlines() if line not in after.splitlines()] == ["format = csv"]
    added = [line for line in after.splitlines() if line not in mine.splitlines()]
    assert added == ["format = both", "# the end, without a line end", "", "[scoremail]", "alert-mail = registrar@example.edu"][:1] + added[1:]
    assert "[scoremail]\nalert-mail = registrar@example.edu\n" in after
    assert home.path(".procmailrc").read_text() == before[0][".procmailrc"][1].decode() and home.crontab() == before[1]


@pytest.mark.parametrize("question, how", [(number, "\x03\x04"[number % 2]) for number in range(len(QUESTIONS))])
def test_ended_at_any_question_nothing_is_written(home, question, how):
    before = home.everything()
    answers = [home.username, "", "", "", "", "", home.password]
    person = home.person().answers(*answers[:question], questions=QUESTIONS)
    person.wait_for(QUESTIONS[question]).types(how)
    code, err = person.end(quiet=False)
    assert code != 0 and home.everything() == before and home.crontab() == ""


WAYS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, "the terminal is closed"]
ALL_QUESTIONS = (*QUESTIONS, "(again, write)", "Change it?")


@pytest.mark.parametrize("question, how", [*((QUESTIONS.index("New password"), how) for how in WAYS),
                                           *((number, WAYS[number % len(WAYS)]) for number in range(len(ALL_QUESTIONS)))])  # fmt: skip
def test_a_signal_at_a_question_leaves_terminal_and_files_as_they_were(build, tmp_path, question, how):
    nowhere = [f"--set={key}" for key in ("service-url=https://127.0.0.1:1/x", "give-up-after=1s")]
    answers = ["u", str(tmp_path / "scores"), "", "", "none", "none", "secret", "secret"]
    if ALL_QUESTIONS[question] == "Change it?":
        (tmp_path / "password").write_text("there\n")
        answers[6:] = []
    before = list(tmp_path.iterdir())
    person = Person([build / "scorefetch", "setup", "-c", tmp_path / "conf", *nowhere], cwd="/", env=agents.ENVIRONMENT)
    person.answers(*answers[:question], questions=ALL_QUESTIONS).wait_for(ALL_QUESTIONS[question])
    assert person.echoes() != (QUESTIONS.index("New password") <= question < len(QUESTIONS))
    if isinstance(how, signal.Signals):
        person.process.send_signal(how)
        assert person.end()[0] == -how
    else:
        os.close(person.terminal)
        os.close(person.theirs)
        assert person.process.wait(DEADLINE) == -signal.SIGHUP
    assert list(tmp_path.iterdir()) == before


def test_without_a_terminal_what_is_needed_is_named(home):
    before = home.everything()
    done = home.setup()
    assert done.code == EX_USAGE and "there is no terminal to ask at; add --username" in done.err
    done = home.setup("--username=u")
    assert done.code == EX_USAGE and "there is no terminal to ask at; add --password-stdin" in done.err
    assert home.everything() == before


@pytest.mark.parametrize("options, words", [
    (["--format=xls"], "--format: \"xls\" is invalid; allowed: csv"), (["--directory=scores"], "--directory: is no absolute path"),
    (["--alert-mail=nobody"], "--alert-mail: "), (["--agent=sendmail"], "--agent: allowed: procmail"), (["--schedule=timer"], "--schedule: allowed: cron"),
    (["--set=nothing=7"], "--set: allowed: KEY=VALUE"), (["--set=give-up-after=soon"], "--set give-up-after: "), (["-a", "../x"], "no valid name"),
    (["--username="], "the value behind --username is empty"), (["--username=x\nenabled = no"], "--username: has control"),
    (["--directory=/tmp/\udcff"], "--directory: has control"), (["--site"], "--site is for root"),
])  # fmt: skip
def test_an_answer_that_is_none(home, options, words):
    before = home.everything()
    done = home.plain(*options)
    assert done.code in (EX_USAGE, EX_CONFIG) and words in done.err, done.err
    assert home.everything() == before and home.emulator.requests() == []


def test_a_wrong_answer_is_asked_again(home):
    person = home.person("--username", home.username, "--agent=none", "--schedule=none")
    person.wait_for("Directory").types("scores\n").wait_for("is no absolute path").types("/srv/scores\n")
    person.wait_for("needs write access to /srv").types("~/ca.pem\n").wait_for("is not a directory").types("~/in/here\n")
    person.wait_for("Which one").types("xls\n").wait_for("allowed: csv").types("txt\n")
    person.answers("", home.password, home.password, questions=("Address", "New password", "again"))
    assert person.end(quiet=False)[0] == 0
    assert "format = txt\n" in home.path(CONFIG).read_text() and home.path("in/here").stat().st_mode & 0o777 == 0o700


def test_a_password_that_is_refused_is_asked_for_again_and_never_written(home):
    person = home.person("--username", home.username, "--directory=~/scores", "--format=csv", "--alert-mail=none", "--agent=none", "--schedule=none")
    person.answers("wrong-1", "wrong-1").answers(home.password, "mistyped")
    person.answers(home.password, home.password)
    assert person.end(quiet=False)[0] == 0
    assert home.path(PASSWORD).read_text() == home.password + "\n"


def test_a_password_that_is_always_refused(home):
    before = home.everything()
    done = home.setup("--username", home.username, "--yes", password="wrong")
    assert done.code == EX_NOPERM and "nothing changed" in done.err
    assert home.everything() == before and home.crontab() == "" and len(home.emulator.requests("login")) == 1


@pytest.mark.parametrize("stdin", ["", "two words\x00"])
def test_a_password_that_is_none(home, stdin):
    before = home.everything()
    assert home.setup("--username=u", "--yes", password=stdin).code == EX_DATAERR
    assert home.everything() == before


def test_a_service_that_cannot_be_reached(home):
    before = home.everything()
    home.emulator.faults("login:status=503")
    done = home.plain()
    assert done.code == EX_TEMPFAIL and "--force writes it" in done.err and home.everything() == before
    done = home.plain("--force")
    assert done.code == 0 and home.path(PASSWORD).read_text() == home.password + "\n"


def test_answers_outlast_a_service_that_is_down(home):
    home.emulator.faults("login:status=503")
    given = ["--directory=~/scores", "--format=csv", "--alert-mail=none", "--agent=none", "--schedule=none"]
    person = home.person("--username", home.username, *given).answers(home.password, home.password)
    person.wait_for("(again, write)\r\n[again] ").types("later\n").wait_for("allowed: again, write").types("\n")
    person.wait_for("(again, write)")
    home.emulator.faults("")
    person.types("again\n")
    code, err = person.end(quiet=False)
    assert code == 0 and err.count("cannot be tested") == 2 and "the service accepts" in err, err
    home.emulator.faults("login:status=503")
    home.path(PASSWORD).unlink()
    person = home.person("--username", home.username, *given).answers("untested", "untested")
    person.wait_for("(again, write)").types("write\n")
    assert person.end(quiet=False)[0] == 0 and home.path(PASSWORD).read_text() == "untested\n"


def test_print_writes_nothing_and_shows_everything(home):
    before = home.everything()
    done = home.setup("--username", home.username, "--print", "--yes")
    assert done.code == 0 and home.everything() == before and home.crontab() == "" and home.emulator.requests() == []
    shown = done.out.decode()
    for part in ("== folder /home/alice/scores, mode 0700", f"== file /home/alice/{CONFIG}, mode 0600", f"username = {home.username}",
                 "== file /home/alice/.procmailrc", ":0 Wc", "== command crontab -", "scorefetch run -q"):  # fmt: skip
        assert part in shown, part


def test_a_link_to_what_is_missing_stays(home):
    home.path(CONFIG).parent.mkdir(parents=True)
    for name in (CONFIG, "scores"):
        home.path(name).symlink_to("/mnt/none")
        home.own()
        done = home.plain()
        assert done.code == EX_CANTCREAT and f"{name} is a link to what does not exist" in done.err
        assert home.path(name).is_symlink() and home.emulator.requests() == []
        home.path(name).unlink()
    home.path(".procmailrc").symlink_to("/mnt/none")
    done = home.plain()
    assert done.code == 0 and home.path(".procmailrc").is_symlink() and "put this recipe before them" in done.out.decode()


def test_a_home_that_is_read_only(home):
    home.folder.chmod(0o555)
    done = home.plain()
    assert done.code == EX_CANTCREAT and "nothing changed" in done.err and home.emulator.requests() == []
    assert home.everything() == {}


RECIPES = {"procmail": ".procmailrc", "maildrop": ".mailfilter", "dovecot": ".dovecot.sieve", "postfix": ".forward"}


@pytest.mark.parametrize("agent", RECIPES)
def test_a_recipe_is_put_there_once(home, agent):
    for _ in range(2):
        assert home.plain("--agent", agent).code == 0
    text = home.path(RECIPES[agent]).read_text()
    assert text.count(">>> scorefetch setup") == 1 == text.count("<<< scorefetch setup")
    assert "registrar" not in text and not re.search(r"(?m)^to |mailbox comes last", text)  # the mailbox stays what it was
    if agent in ("procmail", "maildrop"):  # which others' rules follow: without what is for readers
        assert text.splitlines()[1].startswith("# -c names the configuration") and "Copy this" not in text
    assert ("delivery = queued" in home.path(CONFIG).read_text()) == (agent == "dovecot")


@pytest.mark.parametrize("agent", ["procmail", "maildrop"])
def test_somebody_s_own_rules_stay_behind_the_recipe(home, agent):
    home.write("dotfiles/rules", SOMEBODY_S_OWN, mode=0o640)
    home.path(RECIPES[agent]).symlink_to("dotfiles/rules")
    home.own()
    assert home.plain("--agent", agent).code == 0
    text = home.path("dotfiles/rules").read_text()
    assert text.endswith("<<< scorefetch setup\n" + SOMEBODY_S_OWN) and home.path(RECIPES[agent]).is_symlink()
    assert home.path("dotfiles/rules").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("agent", ["dovecot", "postfix"])
def test_rules_that_nothing_can_stand_before_stay_and_the_recipe_is_shown(home, agent):
    home.write(RECIPES[agent], "require [\"fileinto\"];\n")
    done = home.plain("--agent", agent)
    assert home.path(RECIPES[agent]).read_text() == "require [\"fileinto\"];\n"
    assert "rules of your own already" in done.out.decode() and f"{BIN}/score" in done.out.decode()
    versions = [f"dovecot/{name}90-scoremail.conf" for name in ("", "2.4/")]
    assert [f"--- {name}\n" in done.out.decode() for name in versions] == [agent == "dovecot"] * 2


@pytest.mark.parametrize("agent", RECIPES)
def test_a_recipe_of_one_s_own_is_left_alone(home, agent):
    home.write(RECIPES[agent], ":0 Wc\n| /opt/bin/scoremail\n")
    done = home.plain("--agent", agent)
    assert home.path(RECIPES[agent]).read_text() == ":0 Wc\n| /opt/bin/scoremail\n"
    assert "calls scoremail already; it stays as it is" in done.out.decode()


@pytest.mark.parametrize("agent", ["exim", "opensmtpd", "fdm"])
def test_what_only_root_or_a_person_can_edit_is_shown(home, agent):
    done = home.plain("--agent", agent)
    assert done.code == 0 and f"{BIN}/scoremail" in done.out.decode() and "/usr/local/bin/scoremail" in done.out.decode()


SITES = {"procmail": ["procmailrc"], "maildrop": ["maildroprc"], "fdm": ["fdm.conf"], "exim": ["exim/router", "exim/transport"],
         "postfix": ["postfix/main.cf", "postfix/master.cf", "postfix/aliases"], "opensmtpd": ["opensmtpd/smtpd.conf", "opensmtpd/aliases"],
         "dovecot": ["dovecot/scoremail.sieve", *(f"dovecot/{file}" for file in ("90-scoremail.conf", "91-scoremail-site.conf",
                     "2.4/90-scoremail.conf", "2.4/91-scoremail-site.conf"))]}  # fmt: skip


@pytest.mark.parametrize("agent", SITES)
def test_a_site_is_shown_its_recipes_to_the_letter(home, agent):
    """A backslash and a quotation mark, too."""
    done = home.setup("--site", "--print", "--yes", "--username=x@example.edu", "--agent", agent)
    paths = re.compile(r"(\$HOME|%h)/.config/scoremail/scoremail.conf")
    for name in SITES[agent]:
        text = paths.sub("/etc/scoremail/scoremail.conf", (agents.FILTERS / name).read_text())
        if name.endswith(".sieve"):
            text = text.replace(':try "scoremail";', ':try "scoremail" ["-c", "/etc/scoremail/scoremail.conf"];')
        assert f"--- {name}\n{text}" in done.out.decode() and "systemctl link" not in done.out.decode()  # -c beside the program that it is an argument of
    assert done.out.decode().count("\n--- ") == len(SITES[agent])


def test_a_site_s_units_may_write_wherever_its_accounts_say(build, tmp_path):
    account = "username = u\nformat = csv\npassword-file = /x\n"
    (tmp_path / "accounts.d").mkdir(mode=0o700)
    texts = {"conf": f"[scoremail]\ngnupg-home = /srv/keys/%{{account}}\nlog = /srv/log/x\n[account a]\n{account}directory = /srv/a\n"
                     f"[account b]\n{account}directory = /srv/%{{account}}\ngnupg-home = /srv/bk\n",
             "accounts.d/c.conf": f"[account c]\n{account}directory = /srv/c c\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    argv = [build / "scorefetch", "setup", "--site", "--print", "--yes", "--agent=none", "--schedule=timer", "-c", tmp_path / "conf", "-a"]
    for name, places in (("a", "a b bk c\\sc new log keys/a keys/c"), ("d", "a b bk c\\sc new log keys/a keys/c keys/d")):
        done = run([*argv, name, "--username=u", "--directory=/srv/new"])
        assert done.code == 0, done.err
        wanted = {"/srv/" + place.replace("\\s", " ") for place in places.split() if (name, place) != ("a", "a")}
        assert set(re.findall('ReadWritePaths="-(.*)"', done.out.decode())) == wanted


def test_postfix_s_forward_is_installed_to_the_letter(home):
    assert home.plain("--agent=postfix", f"--config={home.seen}/other.conf").code == 0
    assert '\n\\alice, "|/usr/sbin/sendmail -i -f alice alice+scores"\n' in home.path(".forward").read_text()
    assert f'\n"|{BIN}/scoremail -c {home.seen}/other.conf"\n' in home.path(".forward+scores").read_text()


def test_a_crontab_of_one_s_own_stays(home):
    home.root.run(["crontab", "-"], b"# mine\n0 4 * * * true\n", user="alice")
    for _ in range(2):
        assert home.plain().code == 0
    assert home.crontab().endswith("0 4 * * * true\n") and home.crontab().count("scorefetch run") == 1
    home.root.run(["crontab", "-"], b"*/7 * * * * scorefetch run -q\n", user="alice")
    assert "starts scorefetch run already" in home.plain().out.decode()
    assert home.crontab() == "*/7 * * * * scorefetch run -q\n"


def test_timers_of_one_s_own_and_cron_take_each_other_s_place(home):
    """With a stand-in for systemd: test_booted has a real one."""
    home.root.must("install", "-D", "-m", "755", "/dev/stdin", "/usr/local/sbin/systemctl", stdin=b"#!/bin/sh\necho $XDG_RUNTIME_DIR $* >>/tmp/called\n")
    home.root.must("install", "-D", "/dev/stdin", f"/run/user/{home.uid}/systemd/private")
    home.root.must("install", "-m", "666", "/dev/stdin", "/tmp/called")
    called = home.root.changed("/tmp/called")
    assert home.plain("--schedule=cron").code == 0 and called.read_text() == ""
    assert home.plain().code == 0 and "scorefetch run" in home.crontab()  # the default is what is there
    home.root.must("sh", "-c", "(echo '# mine'; crontab -l) | crontab -", user="alice")
    assert home.plain("--schedule=timer").code == 0 and home.crontab() == "# mine\n"
    start = [f"/run/user/{home.uid} --user daemon-reload", f"/run/user/{home.uid} --user enable --now scoremail-run.timer scoremail-sync.timer"]
    assert called.read_text().splitlines() == start
    units = home.path(".config/systemd/user")
    assert f'ExecStart="{BIN}/scorefetch" run\n' in (units / "scoremail-run.service").read_text()
    (units / "scoremail-sync.timer").write_text("# mine\n")
    done = home.plain()
    assert "scoremail-sync.timer is not setup's; it stays" in done.out.decode() and (units / "scoremail-sync.timer").read_text() == "# mine\n"
    assert home.plain("--schedule=cron").code == 0 and home.crontab().count("scorefetch run") == 1
    assert called.read_text().splitlines() == [*start, *start, start[1].replace("enable", "disable")]


def test_a_second_account_stands_beside_the_first(home):
    home.emulator.users["second@example.edu"] = home.password
    with open(os.path.join(home.emulator.data, "users"), "w", encoding="utf-8") as users:
        users.writelines(f"{name}:{password}\n" for name, password in home.emulator.users.items())
    assert home.plain().code == 0
    first = home.path(CONFIG).read_text()
    done = home.setup("-a", "elm", "--username=second@example.edu", "--set=org-id=5818", "--yes", password=home.password)
    assert done.code == 0, done.err + done.out.decode()
    text = home.path(CONFIG).read_text()
    assert text.startswith(first) and "[account elm]" in text[len(first):]
    assert home.path("scores/elm").is_dir() and home.path(".config/scoremail/password-elm").exists()
    assert "which account? add --account NAME: main, elm" in home.setup("--yes").err


def test_a_password_may_come_from_elsewhere(home):
    """--set takes the place of the other ways, and the password is tried from there."""
    home.write("bin/pass", f"#!/bin/sh\necho '{home.password}'\n", mode=0o700)
    done = home.setup("--username", home.username, "--yes", "--set=password-command=~/bin/pass")
    assert done.code == 0 and "password-file" not in home.path(CONFIG).read_text() and len(home.emulator.requests("login")) == 1
    assert home.plain("--set=password-file=~/other/password").code == 0
    text = home.path(CONFIG).read_text()
    assert "password-command" not in text and home.path("other/password").read_text() == home.password + "\n"
    home.write("bin/pass", "#!/bin/sh\necho wrong\n", mode=0o700)
    assert home.setup("--yes", "--set=password-command=~/bin/pass").code == EX_NOPERM
    assert home.path(CONFIG).read_text() == text


def test_a_configuration_that_only_this_shell_knows_is_named(home):
    """Neither cron nor the mail agent has XDG_CONFIG_HOME."""
    argv = [f"{BIN}/scorefetch", "setup", *home.service, "--username", home.username, "--yes", "--password-stdin"]
    done = home.root.run(["env", "XDG_CONFIG_HOME=/home/alice/cfg", *argv], (home.password + "\n").encode(), user="alice")
    assert done.code == 0, done.err
    config = "/home/alice/cfg/scoremail/scoremail.conf"
    assert f"SCOREMAIL_CONF={config}\n" in home.path(".procmailrc").read_text() and f"run -q -c '{config}'" in home.crontab()


def test_an_account_of_accounts_d_is_edited_there(home):
    assert home.plain().code == 0
    account = home.path(CONFIG).read_text().split("[account main]")[1]
    home.write(CONFIG, "# nothing\n")
    home.write(".config/scoremail/accounts.d/elm.conf", "# elm's\r\n[account elm]\r\n" + account.strip().replace("\n", "\r\n") + "\r\n")
    assert home.setup("--yes", "--format=both").code == 0
    text = home.path(".config/scoremail/accounts.d/elm.conf").read_bytes().decode()
    assert text.startswith("# elm's\r\n") and "format = both\r\n" in text and text.count("\n") == text.count("\r\n")
    assert home.path(CONFIG).read_text() == "# nothing\n"


@pytest.mark.parametrize("text", ["no group\n", "[account main]\nformat = csv\n[account\n", "\ufeff[account main]\n"])
def test_a_configuration_that_cannot_be_read_is_not_touched(home, text):
    home.write(CONFIG, text)
    done = home.plain()
    assert done.code == EX_CONFIG and CONFIG in done.err and home.path(CONFIG).read_text() == text


def test_an_unreadable_configuration_is_named_once(home):
    home.write(CONFIG, "[account main]\n", mode=0o000)
    done = home.plain()
    path = f"{home.seen}/{CONFIG}"
    assert done.code == EX_CONFIG and done.err.count(path) == 1
    assert done.err.startswith(f"scorefetch: {path}: cannot be read by uid {home.uid}; check its permissions")


def test_without_cron_check_suggests_no_crontab(home):
    home.write("none", "", mode=0o644)
    home.root.bind(home.path("none"), "/usr/bin/crontab")
    done = home.plain("--schedule=none")
    assert "crontab" not in done.out.decode() and f"every 5 minutes: {BIN}/scorefetch run -q" in done.out.decode()


def test_what_is_no_file_is_not_waited_for(home):
    home.path(CONFIG).parent.mkdir(parents=True)
    os.mkfifo(home.path(CONFIG))
    os.mkfifo(home.path(".procmailrc"))
    home.own()
    assert "is not a regular file" in home.plain().err
    home.path(CONFIG).unlink()
    done = home.plain()
    assert done.code == 0 and "put this recipe before them" in done.out.decode()


def test_a_configuration_that_others_can_write_is_not_touched(home):
    home.write(CONFIG, "[account main]\n", mode=0o666)
    assert home.plain().code == EX_CONFIG and home.path(CONFIG).read_text() == "[account main]\n"


def test_a_site(home):
    """As root: user, groups, spool, password, configuration, drop-in for a directory elsewhere; scoremail may use it all."""
    root, site = home.root, ["--site", "--username", home.username, "--yes", "--agent=procmail", "--member=alice", "--password-stdin"]
    root.must("mkdir", "-p", "/srv/in")
    setup = [f"{BIN}/scorefetch", "setup", *[word.replace(home.seen, "/etc/scoremail") for word in home.service], *site]
    root.must("sh", "-c", "install -d -m 755 /etc/scoremail; umask 022; cat >/etc/scoremail/ca.pem", stdin=home.path("ca.pem").read_bytes())
    unknown = root.run([*setup, "--member=nobody-here"])
    assert unknown.code == EX_USAGE and "no user nobody-here" in unknown.err
    assert root.run(["id", "scoremail"]).code != 0
    for schedule in ("timer", "cron"):
        done = root.run([*setup, "--schedule", schedule, "--directory=/srv/in/scores", *(["--print"] if schedule == "timer" else [])], (home.password + "\n").encode())
        assert done.code == 0, done.err
        if schedule == "timer":
            printed = done.out.decode()
            assert 'ReadWritePaths="-/srv/in/scores"' in printed and "== command systemctl daemon-reload" in printed
            units = re.findall("== command systemctl enable --now (.*)", printed)
            manual = (agents.FILTERS.parent / "man" / "scorefetch.1").read_text()
            assert units == " ".join(re.findall(r"(?m)^systemctl enable --now (.*)$", manual)).split()
    facts = root.must("stat", "-c", "%n %U %G %a", "/etc/scoremail/scoremail.conf", "/etc/scoremail/password", "/srv/in/scores",
                      "/var/lib/scoremail", "/var/spool/scoremail").splitlines()  # fmt: skip
    assert facts == ["/etc/scoremail/scoremail.conf root root 644", "/etc/scoremail/password scoremail root 600", "/srv/in/scores scoremail scoremail 700",
                     "/var/lib/scoremail scoremail scoremail 700", "/var/spool/scoremail scoremail scorespool 3770"]  # fmt: skip
    assert "scorespool" in root.must("id", "-nG", "alice").split()
    assert "delivery = queued" in root.must("cat", "/etc/scoremail/scoremail.conf")
    cron = root.must("cat", "/etc/cron.d/scoremail")
    assert re.search(rf"(?m)^\*/5 \* \* \* \* scoremail test -x {BIN}/scorefetch && {BIN}/scorefetch run -q -c '/etc/scoremail/scoremail.conf'$", cron)
    before = {name: root.must("cat", name) for name in ("/etc/scoremail/scoremail.conf", "/etc/cron.d/scoremail", "/etc/passwd", "/etc/group")}
    assert root.run(setup, (home.password + "\n").encode()).code == 0  # what is there is the default
    del setup[-1]  # --password-stdin: the one that is there is scoremail's, and tried
    done = root.run(setup)
    assert done.code == 0 and f"the service accepts the password of {home.username}" in done.err, done.err
    assert {name: root.must("cat", name) for name in before} == before
    root.must("sed", "-i", "1d", "/etc/cron.d/scoremail")  # it is an admin's now
    done = root.run(setup)
    assert root.must("cat", "/etc/cron.d/scoremail") + "\n" in done.out.decode() and "is not setup's; it stays" in done.out.decode()
