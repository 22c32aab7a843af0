"""README.md: its links lead somewhere, its configuration is taken, its commands and options exist."""
import re

import pytest
from harness import CHECKOUT, run

README = (CHECKOUT / "README.md").read_text()
BLOCKS = [re.sub(r"(?m)^    ", "", block) for block in re.findall(r"(?m)(?:^    .*\n)+", README)]


def commands(block):
    return [re.sub(r" +#.*", "", line) for line in block.splitlines()]


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) >= 5
    assert [link for link in links if not (CHECKOUT / link).exists()] == []


def test_links_of_other_pages_lead_somewhere():
    for page in [*(CHECKOUT / "docs").glob("*.md"), CHECKOUT / "SECURITY.md"]:
        links = re.findall(r"\]\(([^)]+)\)", page.read_text())
        assert [link for link in links if not (page.parent / link).exists()] == [], page


def test_the_first_page_says_what_a_newcomer_needs():
    """Role, second factor, one account each, what expires, where notifications are, help, faults, upgrade, uninstall."""
    for word in ("File Downloads", "data files management", "multi-factor authentication off", "for each organisation",
                 "Password and role expire", "e-mail notifications", "test e-mails", "SECURITY.md", "open an issue",
                 "To upgrade", "To uninstall"):  # fmt: skip
        assert word in " ".join(README.split()), word
    assert len(README.splitlines()) <= 125


def test_the_configuration_is_taken(build, tmp_path):
    """Both blocks together, as a reader puts them together; the paths are ours."""
    account, alerts = [block for block in BLOCKS if block.startswith("[")]
    assert len(account.splitlines()) == 5
    home = tmp_path / "home"
    (home / "scores").mkdir(parents=True)
    config = home / "scoremail.conf"
    config.write_text((account + alerts).replace("/home/you", str(home)) + f"ledger = {home}/ledger.db\n")
    config.chmod(0o600)
    done = run([build / "scorefetch", "list", "-c", config])
    assert done.code == 78 and f"password-file {home}/.config/scoremail/password" in done.err


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in commands(block) if line.startswith("score")])
def test_a_command_and_its_options_exist(build, line):
    program, *words = line.split(" < ")[0].split()
    command = [word for word in words if not word.startswith("-")]
    text = run([build / program, *command, "--help"]).out.decode()
    assert "Usage" in text
    assert [word for word in words if word.startswith("-") and word not in text] == []


def test_commands_within_sentences_exist(build):
    listed = re.findall(r"(?m)^  ([a-z]+) {2,}\S", run([build / "scorefetch", "--help"]).out.decode())
    named = re.findall(r"`(?:[^`]* )?scorefetch ([a-z]+)", README)
    assert {"run", "sync", "passwd", "setup"} <= set(named) <= set(listed)
    for command, option in re.findall(r"`(?:scorefetch )?([a-z]+) (--[a-z-]+)`", README):
        assert option in run([build / "scorefetch", command, "--help"]).out.decode()


def test_scripts_exist():
    scripts = {word for block in BLOCKS for line in commands(block) for word in re.findall(r"\./contrib/[\w-]+", line)}
    assert len(scripts) == 3
    assert [script for script in scripts if not (CHECKOUT / script).stat().st_mode & 0o111] == []


def test_sections_that_are_named_exist():
    for section, page in re.findall(r'"([^"]+)" in `man ([a-z.]+)`', README):
        pages = [path for path in (CHECKOUT / "man").iterdir() if path.stem == page]
        assert re.search(rf"(?m)^\.S[hs] {section}$", pages[0].read_text())
