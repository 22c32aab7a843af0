"""Whose a file is, and which files are wanted: accounts, recipients, organisations, policies."""
import json
import re
from email.message import EmailMessage
from email.utils import formatdate

import pytest
from harness import CSV_NAME, EX_TEMPFAIL, EX_USAGE, TXT_NAME, mail

FORMATS_OF_A_PAIR = [CSV_NAME, TXT_NAME]
FILES = {
    "4300_20170321_081500.csv": b"ID\r\n4300\r\n",
    "5818_20150925_000004.csv": b"ID\r\n5818\r\n",
    "5818_20150925_000004.txt": b"5818\r\n",
    "5818_20150925_essays.zip": b"PK\x03\x04",
    "00000020150717000005.csv": b"ID\r\n0\r\n",
}
OAK_FILE, ELM_FILE, ELM_TXT, ELM_ZIP, NOBODYS_FILE = FILES


class District:
    """Two accounts in one configuration, oak and elm, each with a directory of its own."""

    def __init__(self, account, emulator):
        self.account, self.emulator = account, emulator
        self.settings = {name: self.defaults(name) for name in ("oak", "elm")}
        self.configure()

    def defaults(self, name):
        password, directory = self.account.folder / f"{name}.password", self.account.folder / name
        directory.mkdir()
        password.touch(mode=0o600)
        password.write_text(f"{name}-Pa55\n")
        settings = {"username": name, "password-file": password, "directory": directory}
        return {**self.account.account, **settings}

    def configure(self, name=None, **settings):
        """Sets keys of one of them (with _ for -), and writes the configuration."""
        if name:
            self.settings[name].update({key.replace("_", "-"): value for key, value in settings.items()})
        lines = ["[scoremail]", *(f"{key} = {value}" for key, value in self.account.general.items())]
        for each, values in self.settings.items():
            lines += ["", f"[account {each}]", *(f"{key} = {value}" for key, value in values.items())]
        self.account.config.write_text("\n".join(lines) + "\n")

    def stored(self, name):
        return {path.name: path.read_bytes() for path in (self.account.folder / name).iterdir()}

    def who_asked(self):
        return [request["user"] for request in self.emulator.requests("file")]


@pytest.fixture
def emulator(start_emulator):
    emulator = start_emulator("--user", "oak:oak-Pa55", "--user", "elm:elm-Pa55")
    for name, data in FILES.items():
        emulator.add(name, data)
    return emulator


@pytest.fixture
def district(account, emulator):
    return District(account, emulator)


def message(*names, to="registrar@school.example", head=""):
    """A message that announces names, with some lines on top of it."""
    text = EmailMessage()
    text["Message-ID"] = f"<{'.'.join(names).replace(' ', '_')}@mail.scores.example>"
    text["From"] = "no-reply@scores.example"
    text["To"] = to
    text["Subject"] = "Score files"
    text.set_content("See the HTML part.\n")
    spans = "".join(f'<p>File: <span id="fileName">{name}</span></p>' for name in names)
    text.add_alternative(f"<html><body>{spans}</body></html>", subtype="html")
    received = f"Received: from mail.scores.example by mx.school.example; {formatdate()}\n"
    return (head + received).encode() + text.as_bytes()


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-to", "X-Envelope-To", "X-Delivered-To"])
@pytest.mark.parametrize("address", ["scores@oak.example", "Scores@OAK.example"])
def test_recipients_tell_whose_it_is(district, header, address):
    district.configure("oak", recipients="scores@oak.example, oak@district.example")
    district.configure("elm", recipients="scores@elm.example")
    done = district.account.scoremail(stdin=message(NOBODYS_FILE, head=f"{header}: {address}\n"))
    assert (done.code, done.err) == (0, "")
    assert district.stored("oak") == {NOBODYS_FILE: FILES[NOBODYS_FILE]}
    assert district.stored("elm") == {}
    assert district.who_asked() == ["oak"]


def test_a_recipient_that_the_sender_wrote_counts_least(district):
    """Lines below the first Received came from outside, as To did."""
    district.configure("oak", recipients="scores@oak.example")
    district.configure("elm", recipients="scores@elm.example")
    head = f"Delivered-To: scores@elm.example\nReceived: from a by b; {formatdate()}\n"
    forged = message(NOBODYS_FILE, to="scores@oak.example", head=head + "Delivered-To: scores@oak.example\n")
    assert district.account.scoremail(stdin=forged).code == 0
    assert district.who_asked() == ["elm"]


def test_to_tells_where_nothing_else_does(district):
    district.configure("oak", recipients="scores@oak.example")
    district.configure("elm", recipients="scores@elm.example")
    assert district.account.scoremail(stdin=message(NOBODYS_FILE, to="Elm <scores@elm.example>")).code == 0
    assert district.who_asked() == ["elm"]


def test_the_organisation_in_the_name_tells_whose_it_is(district):
    district.configure("oak", org_id="4300, 4301")
    district.configure("elm", org_id="58*")
    for name in (OAK_FILE, ELM_FILE):
        assert district.account.scoremail(stdin=message(name)).code == 0
    assert district.stored("oak") == {OAK_FILE: FILES[OAK_FILE]}
    assert district.stored("elm") == {ELM_FILE: FILES[ELM_FILE]}
    assert district.who_asked() == ["oak", "elm"]


def test_the_command_line_goes_before_recipients(district):
    district.configure("oak", recipients="scores@oak.example")
    told = message(NOBODYS_FILE, head="Delivered-To: scores@oak.example\n")
    assert district.account.scoremail("-a", "elm", stdin=told).code == 0
    assert district.who_asked() == ["elm"]


def test_an_organisation_is_never_asked_for_with_the_password_of_another(district):
    district.configure("oak", org_id="4300")
    done = district.account.scoremail("-a", "oak", stdin=message(ELM_FILE))
    assert done.code == 0
    assert re.search(f"{ELM_FILE}: not fetched: organisation 5818 is not in org-id of account oak", done.err)
    assert district.who_asked() == []


def test_an_account_that_is_not_there_keeps_the_mail(district):
    done = district.account.scoremail("-a", "ash", stdin=message(ELM_FILE))
    assert done.code == EX_TEMPFAIL  # a slip in a recipe: mending it must still find the mail
    assert re.fullmatch(f"scoremail: {ELM_FILE}: .*no account ash in {district.account.config}\\n", done.err)


def test_whom_nothing_fits_is_recorded_and_left(district):
    district.configure("oak", org_id="4300", recipients="scores@oak.example")
    district.configure("elm", org_id="4301")
    for _ in range(2):
        done = district.account.scoremail(stdin=message(ELM_FILE, head="Delivered-To: somebody@else.example\n"))
        assert done.code == 0
        assert re.fullmatch(f"scoremail: {ELM_FILE}: not fetched: no account matches .*\\n", done.err)
    (event,) = district.account.sql("SELECT account, name, decision, times, recipients FROM events")
    assert event == {
        "account": "", "name": ELM_FILE, "decision": "no account", "times": 2, "recipients": "somebody@else.example"
    }  # fmt: skip
    assert district.emulator.requests() == []


def test_an_account_that_is_not_enabled_is_not_used(district):
    district.configure("oak", org_id="5818", enabled="no")
    assert district.account.scoremail(stdin=message(ELM_FILE)).code == 0
    assert district.who_asked() == ["elm"]  # the only one that is left
    assert district.account.scoremail("-a", "oak", stdin=message(ELM_FILE)).code == 0
    assert district.who_asked() == ["elm"]


def test_a_broken_account_does_not_stop_the_other(district):
    district.configure("oak", org_id="4300", format="pdf")
    district.configure("elm", org_id="5818")
    done = district.account.scoremail(stdin=message(ELM_FILE))
    assert (done.code, done.err) == (0, "")
    assert district.stored("elm") == {ELM_FILE: FILES[ELM_FILE]}
    for unclear in (OAK_FILE, NOBODYS_FILE):  # the second may be the broken one's
        done = district.account.scoremail(stdin=message(unclear))
        assert done.code == EX_TEMPFAIL
        assert len(done.err.splitlines()) == 1
        assert unclear in done.err or "format" in done.err
    district.configure("oak", format="csv")
    assert district.account.scoremail(stdin=message(OAK_FILE)).code == 0
    assert district.stored("oak") == {OAK_FILE: FILES[OAK_FILE]}


def test_what_is_wrong_with_an_account_is_said(district):
    district.configure("oak", format="pdf")
    done = district.account.scoremail("-a", "oak", stdin=message(OAK_FILE))
    assert done.code == EX_TEMPFAIL
    where = f"{district.account.config}:\\d+: \\[account oak\\] format: "
    assert re.fullmatch(f"scoremail: {where}.*csv.*\\n", done.err), done.err
    assert district.who_asked() == []


def test_the_password_of_one_does_not_close_the_other(district):
    district.configure("oak", org_id="4300")
    district.configure("elm", org_id="5818")
    district.settings["oak"]["password-file"].write_text("expired\n")
    assert district.account.scoremail(stdin=message(OAK_FILE)).code == EX_TEMPFAIL
    assert district.account.scoremail(stdin=message(ELM_FILE)).code == 0
    assert district.who_asked() == ["oak", "elm"]


def test_the_same_name_may_be_two_accounts_file(district):
    for name in ("oak", "elm"):
        assert district.account.scoremail("-a", name, stdin=message(NOBODYS_FILE)).code == 0
        assert district.stored(name) == {NOBODYS_FILE: FILES[NOBODYS_FILE]}
    assert district.who_asked() == ["oak", "elm"]


def test_a_person_is_asked_which_account_is_meant(district):
    done = district.account.scorefetch("get", NOBODYS_FILE)
    assert done.code == EX_USAGE
    assert "--account" in done.err
    assert district.account.scorefetch("get", "--account", "elm", NOBODYS_FILE).code == 0
    assert district.stored("elm") == {NOBODYS_FILE: FILES[NOBODYS_FILE]}


def test_several_names_in_one_message(account, emulator):
    done = account.scoremail(stdin=message(OAK_FILE, ELM_TXT, ELM_FILE, OAK_FILE))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {name: FILES[name] for name in (OAK_FILE, ELM_FILE)}
    states = {name: row["state"] for name, row in account.status().items()}
    assert states == {OAK_FILE: "stored", ELM_FILE: "stored", ELM_TXT: "dropped"}
    asked = [request["name"] for request in emulator.requests("file")]
    assert asked == [OAK_FILE, ELM_FILE]  # in their order, each once


def test_names_of_several_accounts_in_one_message(district):
    district.configure("oak", org_id="4300")
    district.configure("elm", org_id="5818")
    assert district.account.scoremail(stdin=message(OAK_FILE, ELM_FILE)).code == 0
    assert district.who_asked() == ["oak", "elm"]


def test_one_name_that_fails_does_not_stop_the_next(account, emulator):
    emulator.remove(OAK_FILE)
    both = message(OAK_FILE, ELM_FILE)
    done = account.scoremail(stdin=both)
    assert done.code == EX_TEMPFAIL
    assert re.fullmatch(f"scoremail: {OAK_FILE}: .*404.*\\n", done.err)
    assert account.stored() == {ELM_FILE: FILES[ELM_FILE]}
    emulator.add(OAK_FILE, FILES[OAK_FILE])
    account.time_passes(60)
    assert account.scoremail(stdin=both).code == 0
    assert account.stored() == {name: FILES[name] for name in (OAK_FILE, ELM_FILE)}
    assert [request["name"] for request in emulator.requests("object")] == [ELM_FILE, OAK_FILE]


def events(account):
    return {
        row["name"]: (row["decision"], row["times"]) for row in account.sql("SELECT name, decision, times FROM events")
    }


def test_each_event_is_recorded_once_and_counted(account):
    for _ in range(3):
        assert account.scoremail(stdin=message(OAK_FILE, ELM_TXT)).code == 0
    assert events(account) == {OAK_FILE: ("stored", 3), ELM_TXT: ("dropped", 3)}
    assert account.scoremail(stdin=message(OAK_FILE)).code == 0  # another Message-ID: another event
    rows = account.sql("SELECT times FROM events WHERE name = ? ORDER BY id", OAK_FILE)
    assert [row["times"] for row in rows] == [3, 1]


def test_an_event_is_told_by_its_html_where_there_is_no_message_id(account):
    nameless = re.sub(rb"Message-ID: .*\n", b"", message(OAK_FILE))
    assert b"Message-ID" not in nameless
    for _ in range(2):
        assert account.scoremail(stdin=nameless).code == 0
    assert events(account) == {OAK_FILE: ("stored", 2)}


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["csv first", "txt first"])
def test_of_two_formats_the_first_one_is_stored(account, scores, emulator, order):
    account.configure(format="first")
    for name, data in scores.items():
        emulator.add(name, data)
    first, second = (FORMATS_OF_A_PAIR[index] for index in order)
    for _ in range(2):
        for name in (first, second):
            assert account.scoremail(stdin=mail(name[-3:])).code == 0
    assert account.stored() == {first: scores[first]}
    row = account.status()[second]
    assert (row["state"], row["reason"]) == ("dropped", "format = first, and its other format is stored")
    assert len(emulator.requests("object")) == 1


def test_the_second_format_is_fetched_where_the_first_one_failed(account, scores, emulator):
    account.configure(format="first")
    emulator.add(TXT_NAME, scores[TXT_NAME])
    emulator.remove(CSV_NAME)
    for _ in range(5):
        account.scoremail(stdin=mail("csv"))
        account.time_passes(3600)
    assert account.status()[CSV_NAME]["state"] == "not wanted"
    assert account.scoremail(stdin=mail("txt")).code == 0
    assert account.stored() == {TXT_NAME: scores[TXT_NAME]}


def test_other_extensions_are_fetched_where_they_are_wanted(account):
    account.configure(extensions="csv, txt, zip")
    done = account.scoremail(stdin=message(ELM_FILE, ELM_TXT, ELM_ZIP))
    assert (done.code, done.err) == (0, "")
    assert account.stored() == {name: FILES[name] for name in (ELM_FILE, ELM_ZIP)}
    assert account.status()[ELM_TXT]["state"] == "dropped"


@pytest.mark.parametrize("policy", ["csv", "both", "first"])
def test_what_is_not_wanted_is_recorded_and_not_asked_for(account, emulator, policy):
    account.configure(format=policy)
    done = account.scoremail(stdin=message(ELM_ZIP), terminal=True)
    assert done.code == 0
    assert re.search("not wanted: extensions = csv, txt", done.err)
    assert account.status()[ELM_ZIP]["state"] == "not wanted"
    assert emulator.requests() == []
    account.configure(extensions="csv, txt, zip")
    assert account.receive(ELM_ZIP).code == 0
    assert account.stored() == {ELM_ZIP: FILES[ELM_ZIP]}


def test_a_dropped_format_is_fetched_when_the_policy_changes(account, emulator):
    assert account.scoremail(stdin=message(ELM_TXT)).code == 0
    assert account.status()[ELM_TXT]["state"] == "dropped"
    account.configure(format="both")
    assert account.scoremail(stdin=message(ELM_TXT)).code == 0
    assert account.stored() == {ELM_TXT: FILES[ELM_TXT]}


def test_status_shows_one_account_or_all(district):
    for name in ("oak", "elm"):
        assert district.account.scoremail("-a", name, stdin=message(NOBODYS_FILE)).code == 0
    both = json.loads(district.account.scorefetch("status", "--json").out)["files"]
    assert [row["account"] for row in both] == ["elm", "oak"]
    one = json.loads(district.account.scorefetch("status", "--json", "-a", "oak").out)["files"]
    assert [row["account"] for row in one] == ["oak"]


def test_a_district_has_hundreds_of_accounts_and_two_files_make_another(account, emulator):
    names = [f"school{number}" for number in range(5000, 5300)]
    accounts = account.config.parent / "accounts.d"
    folders = {key: account.folder / key for key in ("passwords", "schools")}
    for folder in (accounts, *folders.values()):
        folder.mkdir(mode=0o700)
    shared = {**account.general, **account.account}
    shared |= {"password-file": folders["passwords"] / "%{account}", "directory": folders["schools"] / "%{account}"}
    user = shared.pop("username")
    account.config.write_text("[scoremail]\n" + "".join(f"{key} = {value}\n" for key, value in shared.items()))

    def add(name):
        (folders["schools"] / name).mkdir()
        (folders["passwords"] / name).touch(mode=0o600)
        (folders["passwords"] / name).write_text(account.password + "\n")
        organisation = name.removeprefix("school")
        (accounts / f"{name}.conf").write_text(f"[account {name}]\nusername = {user}\norg-id = {organisation}\n")

    for name in names:
        add(name)
    shown = json.loads(account.scorefetch("status", "--json").out)["accounts"]
    assert [one["account"] for one in shown] == names and not any(one["fault"] for one in shown)
    for name in (names[123], "school5300"):
        file = name.removeprefix("school") + "_1.csv"
        emulator.add(file, b"ID\r\n")
        if name not in names:
            assert account.receive(file).code == 0  # nobody's yet
            add(name)
        done = account.receive(file)
        assert done.code == 0, done.err
        assert [path.name for path in (folders["schools"] / name).iterdir()] == [file]
    assert len(list(folders["schools"].rglob("*.csv"))) == 2
