"""HACKING.md speaks of the tree as it is: files, functions and rooms that it names are there."""
import re

import pytest
from harness import CHECKOUT

pytestmark = pytest.mark.release_only("it looks at the sources, not at what was built")

FILE = re.compile(r"(?<![\w./$-])((?:[\w.-]+/)*[\w.-]+\.(?:c|h|py|md|build|in|conf|1|5)(?!\w)|(?:contrib|tests|src)/[\w./-]+)")
FUNCTION = re.compile(r"\b([a-z_][a-z0-9_]+)\(\)")


def hacking():
    return (CHECKOUT / "HACKING.md").read_text()


def tree():
    folders = ["src", "tests", "contrib", "man", "filters"]
    return [path.relative_to(CHECKOUT).as_posix() for folder in folders for path in (CHECKOUT / folder).rglob("*")]


def files_in(text):
    found = {name.rstrip(".") for name in FILE.findall(text)}
    return sorted(name for name in found if not re.search(r"NAME|THING", name) and name != "scoremail.conf")


def missing_files(text):
    there = tree() + [path.name for path in CHECKOUT.iterdir()]
    return [
        name
        for name in files_in(text)
        if not (CHECKOUT / name).exists() and not any(path.endswith("/" + name) for path in there)
    ]


def missing_functions(text):
    source = "\n".join(path.read_text() for path in sorted((CHECKOUT / "src").rglob("*.[ch]")))
    return [name for name in sorted(set(FUNCTION.findall(text))) if not re.search(rf"(?m)^{name}\(", source)]


def test_every_file_is_there():
    assert len(files_in(hacking())) > 60
    assert missing_files(hacking()) == []


def test_every_function_is_there():
    assert len(FUNCTION.findall(hacking())) > 10
    assert missing_functions(hacking()) == []


@pytest.mark.parametrize("name", ["src/fetch/job/gone.c", "job/gone.c", "gone.h", "contrib/gone", "tests/gone.py"])
def test_a_file_that_is_gone_would_be_noticed(name):
    assert missing_files(f"see `{name}`, and {name}.") == [name]


def test_a_function_that_is_gone_would_be_noticed():
    assert missing_functions("`sm_fetch()` calls `sm_gone()`") == ["sm_gone"]


def test_the_rooms_are_those_that_are_checked_and_in_their_order():
    script = (CHECKOUT / "contrib" / "rooms").read_text()
    rooms = re.search(r"(?s)^rooms='(.*?)'", script, re.M)[1].split()
    table = re.findall(r"(?m)^\| ([a-z0-9/]+) \| .+? \| `([\w/.-]+)` \|$", hacking())
    assert [room for room, _ in table] == rooms
    assert [header.rpartition("/")[0] for _, header in table] == rooms
    assert [header for _, header in table if not (CHECKOUT / "src" / header).exists()] == []


def test_the_walk_of_a_notification_is_as_the_source_has_it():
    """`FILE` `FUNCTION()`: the function is that file's."""
    steps = re.findall(r"(?m)^ *\d+\. `([\w/.-]+)`:? `([a-z_0-9]+)\(\)`", hacking())
    wrong = [
        (file, function)
        for file, function in steps
        if not (CHECKOUT / "src" / file).exists()
        or not re.search(rf"(?m)^{function}\(", (CHECKOUT / "src" / file).read_text())
    ]
    assert wrong == [] and len(steps) <= 40
