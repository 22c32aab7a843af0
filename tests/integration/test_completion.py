"""Completions for bash, zsh and fish are what the programs say of themselves, in the real shells; help and did you mean."""
import os
import re
import shutil
import subprocess
import tempfile

import pytest
from harness import EX_USAGE, need, run
from person import Person


@pytest.fixture(scope="module")
def table(build):
    """command -> its long options, as help has them."""
    text = run([build / "scorefetch", "help"]).out.decode()
    commands = re.findall(r"(?m)^  ([a-z-]+) +\S", text)
    assert len(commands) > 15
    return {name: re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", run([build / "scorefetch", "help", name]).out.decode()) for name in commands}


def bash(build, *lines):
    """What bash offers for each line; a line's last word is the one to be completed."""
    need(shutil.which("bash"), "bash is not installed")
    script = [f". {build}/src/fetch/scorefetch"]
    for line in lines:
        words = re.sub(r"=", " = ", line).split(" ")
        quoted = " ".join(f"'{word}'" for word in words if word or word is words[-1])
        script.append(f"COMP_WORDS=({quoted}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _scorefetch; echo \"${{COMPREPLY[*]}}\"")
    done = run(["bash", "--norc", "-c", "\n".join(script)], cwd=build)
    assert done.err == ""
    return [answer.split() for answer in done.out.decode().splitlines()]


def fish(build, *lines):
    need(shutil.which("fish"), "fish is not installed")
    script = [f"source {build}/src/fetch/scorefetch.fish"]
    script += [f"complete -C '{line}' | string replace -r '\\t.*' ''; echo ." for line in lines]
    with tempfile.TemporaryDirectory() as home:  # fish makes folders in it
        done = run(["fish", "--no-config", "-c", "\n".join(script)], cwd=build, env={**os.environ, "HOME": home})
    return [part.split() for part in done.out.decode().split(".\n")[:-1]] if "." in done.out.decode() else []


def test_bash_offers_the_table(build, table):
    commands, *options = bash(build, "scorefetch ", *[f"scorefetch {name} --" for name in table])
    assert commands == [*table, "--help", "--version"]
    for name, found in zip(table, options):
        assert sorted(found) == sorted(table[name]), name


def test_bash_offers_values_and_files(build):
    found = bash(build, "scorefetch st", "scorefetch help pas", "scorefetch get -o build.ni", "scorefetch status --config=build.ni",
                 "scorefetch backup build.ni", "scorefetch log --since ", "scorefetch get build.ni")  # fmt: skip
    assert found == [["status"], ["passwd"], ["build.ninja"], ["build.ninja"], ["build.ninja"], [], []]


def test_fish_offers_the_table(build, table):
    commands, *options = fish(build, "scorefetch ", *[f"scorefetch {name} --" for name in table])
    assert sorted(commands) == sorted(table)
    first, later = fish(build, "scorefetch --", "scorefetch status --vers")
    assert first == ["--help", "--version"] and "--version" not in later  # fish 4 finds --verbose, too
    for name, found in zip(table, options):
        assert sorted(found) == sorted(table[name]), name


def test_fish_offers_values_and_files(build):
    found = fish(build, "scorefetch st", "scorefetch help pas", "scorefetch get -o build.ni", "scorefetch log --since ")
    assert found == [["status"], ["passwd"], ["build.ninja"], []]


def test_zsh_offers_the_table(build, table, tmp_path):
    need(shutil.which("zsh"), "zsh is not installed")
    (tmp_path / "_scorefetch").write_bytes((build / "src/fetch/_scorefetch").read_bytes())
    person = Person(["zsh", "-f", "-i", "-c", "exec zsh -f -i </dev/tty >/dev/tty 2>&1"], cwd=build,
                    env={**os.environ, "TERM": "dumb", "HOME": str(tmp_path), "PS1": "> "})  # fmt: skip
    try:
        person.types(f"fpath=({tmp_path} $fpath); autoload -U compinit; compinit -D -u; LISTMAX=999; unsetopt list_ambiguous; echo rea''dy\n")
        person.wait_for("\nready")
        for typed, whole in [("scorefetch stat\t", "scorefetch status"), ("scorefetch help pas\t", "help passwd"), ("scorefetch --v\t", "scorefetch --version"),
                             ("scorefetch status --exi\t", "--exit-code"), ("scorefetch backup build.ni\t", "build.ninja"),
                             ("scorefetch status --config=build.ni\t", "--config=build.ninja")]:  # fmt: skip
            person.types(typed).wait_for(whole)
            person.types("\x15")
        for name, options in table.items():
            person.types(f"scorefetch {name} --\t").wait_for(*[f"{option} " for option in options])
            person.types("\x15")
    finally:
        person.process.kill()
        person.process.wait()


def test_help_of_a_command_is_what_its_option_prints(build, table):
    for name in table:
        assert run([build / "scorefetch", "help", name]).out == run([build / "scorefetch", name, "--help"]).out


@pytest.mark.parametrize("words, meant", [
    ("stauts", "status"), ("lits", "list"), ("forgett", "forget"), ("passwrd", "passwd"), ("bakup", "backup"), ("adopt-directry", "adopt-directory"),
    ("lst", "list"), ("gte", "get"), ("rn", "run"), ("help stauts", "status"), ("list --jsno", "--json"), ("log --untli=7d", "--until"), ("run --acount x", "--account"),
])  # fmt: skip
def test_did_you_mean(build, words, meant):
    done = run([build / "scorefetch", *words.split()])
    assert done.code == EX_USAGE and done.err.count("\n") == 1
    assert f"did you mean {meant} (see scorefetch " in done.err


@pytest.mark.parametrize("words", ["zebra", "x", "get --zebra", "help zebra", "\x1b[31m"])
def test_where_nothing_is_near_nothing_is_meant(build, words):
    done = run([build / "scorefetch", *words.split()])
    assert done.code == EX_USAGE and "did you mean" not in done.err and "\x1b" not in done.err


def test_help_says_that_it_could_not_be_written(build):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([build / "scorefetch", "help"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == os.EX_IOERR
