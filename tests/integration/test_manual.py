"""The manual pages and the programs say the same: commands, options, keys; and mandoc has nothing to say."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import CHECKOUT, need, run

PAGES = ["scoremail.1", "scorefetch.1", "scoremail-emulator.1", "scoremail.conf.5"]
COMMON = {"-c", "-a", "-v", "-q", "-h"}  # of every command of scorefetch
# Taken everywhere, and without a meaning where the account is the event's, or all are meant.
UNSAID = {"backup": {"-a"}, "deliver": {"-a"}, "help": {"-a", "-c"}, "ledger": {"-a"}}


def page(name):
    return (CHECKOUT / "man" / name).read_text()


def words(line):
    return re.sub(r"^\.|\\&", "", line).split()


def section(text, heading):
    """The lines of a section, .Sh or .Ss, up to the next one of either kind."""
    found = re.search(rf"(?ms)^\.S[hs] {re.escape(heading)}\n(.*?)(?=^\.S[hs] |\Z)", text)
    assert found, heading
    return found[1].splitlines()


def options_on(line):
    """The options that a line of mdoc names: `.It Fl a Ar x , Fl -account` is {-a, --account}."""
    found, macros = set(), words(line)
    for i, word in enumerate(macros):
        if word == "Fl" and i + 1 < len(macros):
            for name in re.split(r"[|]", macros[i + 1]):
                found.add("-" + name)
    return found


def flags_in(synopsis):
    """The options of a synopsis' lines, `Fl fqv` being three of them."""
    found = set()
    for line in synopsis:
        macros = words(line)
        if "Fl" not in macros:
            continue
        for word in macros[macros.index("Fl") + 1 :]:
            if word in ("Ns", "Ar", "Cm"):
                break
            if word.startswith("-"):
                found.add("-" + word)
            elif word not in ("|", "Fl"):
                found |= {"-" + letter for letter in word}
        # `Fl -all | -since Ar when`: what follows an argument may be one more
        found |= {"-" + word for word in macros if re.fullmatch(r"-[a-z-]+", word)}
    return found


def documented(text):
    """Each option that has an item of its own -> the lines of that item."""
    found, current = {}, []
    for line in text.splitlines():
        if line.startswith(".It Fl"):
            current = [line]
            for option in options_on(line):
                found[option] = current
        elif line.startswith((".It", ".El", ".Sh", ".Ss")):
            current = []
        else:
            current.append(line)
    return found


def helped(*command):
    """What --help lists: one tuple for each option, its short form (if any) and its long one."""
    done = run([*command, "--help"])
    assert done.code == 0, done.err
    lines = re.findall(r"(?m)^  (-.*)$", done.out.decode())
    assert lines
    return [tuple(re.findall(r"(?:^|, )(--?[a-z-]+|-\w)", re.split(r"  |=", line)[0])) for line in lines]


def commands_of(build):
    lines = run([build / "scorefetch", "--help"]).out.decode()
    found = re.findall(r"(?m)^  ([a-z-]+) +\S", lines)
    assert len(found) > 8
    return found


def synopsis_by_command(text):
    """command -> its lines, each block starting with .Nm."""
    blocks, current = {}, None
    for line in section(text, "SYNOPSIS"):
        if line == ".Nm":
            current = []
        elif line.startswith(".Cm ") and current == []:
            for command in re.split(r" [|] ", line[4:].split(" Ar ")[0]):
                blocks[command.strip()] = current
            current.append(line)
        else:
            assert not line.startswith(".Cm "), f"{line}: no .Nm before it"
            current.append(line)
    return blocks


def test_every_command_is_documented_and_every_documented_one_exists(build):
    commands, text = commands_of(build), page("scorefetch.1")
    described = {word for line in section(text, "Commands") if line.startswith(".It Cm ") for word in line[7:].split()[:1]}
    assert described == set(commands)
    assert set(synopsis_by_command(text)) == set(commands)


def test_the_synopsis_of_a_command_has_its_options_and_no_others(build):
    synopsis = synopsis_by_command(page("scorefetch.1"))
    for command in commands_of(build):
        forms = {options[0] for options in helped(build / "scorefetch", command)}
        said = flags_in(synopsis[command])
        assert said == forms - {"-h"} - UNSAID.get(command, set()), command


def test_every_option_of_scorefetch_is_documented_and_every_documented_one_exists(build):
    items = documented(page("scorefetch.1"))
    users = {}  # option -> the commands that have it
    for command in commands_of(build):
        for forms in helped(build / "scorefetch", command):
            for form in forms:
                users.setdefault(form, set()).add(command)
            assert items.get(forms[0]) is items.get(forms[-1]), f"{forms} have two items"
    assert set(items) == set(users) | {"--version"}
    for option, commands in users.items():
        if set(items[option][0].split()) & {"a", "c", "h", "q", "v"}:
            continue  # of all
        named = {command for line in items[option] for command in re.findall(r"^\.Cm (\w+)", line)}
        assert commands <= named, f"{option}: of which command?"


@pytest.mark.parametrize("program, commands", [("scoremail", [[]]), ("scoremail-emulator", [["serve"], ["notify"]])])
def test_every_option_of_the_others_is_documented_and_every_documented_one_exists(build, program, commands):
    exists = {form for command in commands for forms in helped(build / program, *command) for form in forms}
    assert set(documented(page(f"{program}.1"))) == exists


def test_the_synopsis_of_scoremail_has_its_options(build):
    forms = {options[0] for options in helped(build / "scoremail")}
    assert flags_in(section(page("scoremail.1"), "SYNOPSIS")) == forms - {"-h", "--version"}


def test_every_key_says_what_it_means():
    """Defaults and examples are compared by the unit test of the keys."""
    text = page("scoremail.conf.5")
    items = re.findall(r"(?ms)^\.It Ic (\S+) No = .*?\n(.*?)(?=^\.It |^\.El)", text)
    assert len(items) > 25
    for key, body in items:
        meaning = re.split(r"(?m)^(?:Default|Example):", body)[0]
        prose = [line for line in meaning.splitlines() if line and not line.startswith(".")]
        assert len(" ".join(prose).split()) >= 4, key


@pytest.mark.parametrize("name", PAGES)
def test_sections_and_pages_that_are_referred_to_exist(name):
    text = page(name)
    headings = set(re.findall(r"(?m)^\.S[hs] (.*)$", text))
    for reference in re.findall(r"(?m)^\.Sx (.*?)(?: [.,;:)])*$", text):
        assert reference in headings
    for other, number in re.findall(r"(?m)^\.Xr (score\S+) (\d)", text):
        assert f"{other}.{number}" in PAGES


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_has_nothing_to_say(name):
    need(shutil.which("mandoc"), "mandoc is not installed")
    done = run(["mandoc", "-T", "lint", "-W", "style", CHECKOUT / "man" / name])
    known = re.compile(r"referenced manual not found|mandoc\.db|mandoc: outdated|date")  # of the machine, not of the page
    assert [line for line in (done.out.decode() + done.err).splitlines() if not known.search(line)] == []


def test_lint_would_say_something(tmp_path):
    need(shutil.which("mandoc"), "mandoc is not installed")
    (tmp_path / "bad.1").write_text(page("scoremail.1").replace(".Sh NAME", ".Sh NAME\n.Xx"))
    done = run(["mandoc", "-T", "lint", tmp_path / "bad.1"])
    assert "unknown macro" in done.out.decode() + done.err


@pytest.mark.parametrize("heading", ["Upgrading", "Moving, and a ledger that is lost", "Turning it off"])
def test_the_life_of_an_installation_is_described(heading):
    assert len(section(page("scorefetch.1"), heading)) > 5


def test_what_is_to_be_turned_off_first_stands_first():
    """Exim and OpenSMTPD return mail for which the program is missing."""
    text = "\n".join(section(page("scorefetch.1"), "Turning it off"))
    assert text.index("recipe") < text.index("timer") < text.index("remove the programs")
