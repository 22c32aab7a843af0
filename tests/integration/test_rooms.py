"""contrib/rooms: which includes it refuses, and that ours are none of those."""

import pytest
from harness import CHECKOUT, run

ROOMS = CHECKOUT / "contrib" / "rooms"
pytestmark = pytest.mark.release_only("it looks at the sources, not at what was built")


def judge(tree, **files):
    """What contrib/rooms makes of a tree with a header in each room and these files besides."""
    for room in ("fetch/job", "fetch/store", "filter", "emulator/s3", "common/base"):
        (tree / room).mkdir(parents=True)
        (tree / room / "known.h").write_text("#pragma once\n")
    for path, text in files.items():
        (tree / path.replace("__", "/")).with_suffix(".c").write_text(text)
    return run([ROOMS, tree])


def test_the_tree_passes():
    done = run([ROOMS])
    assert (done.code, done.out) == (0, b"")


def test_what_goes_down_or_stays_passes(tmp_path):
    down = '#include <glib.h>\n#include <sys/stat.h>\n#include "build-config.h"\n#include "fetch/job/known.h"\n'
    done = judge(tmp_path, fetch__job__a=down + '#include "fetch/store/known.h"\n#include "common/base/known.h"\n')
    assert (done.code, done.out) == (0, b"")


REFUSED = {
    "up": ("fetch__store__a", '#include "fetch/job/known.h"\n', "goes up"),
    "up to a room above common": ("common__base__a", '#include "common/event/event.h"\n', "goes up"),
    "another program's": ("fetch__job__a", '#include "emulator/s3/known.h"\n', "another program"),
    "a program's, from common": ("common__base__a", '#include "filter/known.h"\n', "another program"),
    "no room": ("fetch__job__a", '#include "fetch/cellar/a.h"\n', "lies in no room"),
    "not written from src": ("fetch__job__a", '#include "known.h"\n', "not written from src/"),
    "by way of the parent": ("fetch__store__a", '#include "../job/known.h"\n', "not written from src/"),
    "in other brackets": ("fetch__store__a", "#include <fetch/job/known.h>\n", "goes up"),
    "with blanks": ("fetch__store__a", '  # include  "fetch/job/known.h"\n', "goes up"),
}


@pytest.mark.parametrize("path, line, why", REFUSED.values(), ids=REFUSED)
def test_an_include_is_refused(tmp_path, path, line, why):
    done = judge(tmp_path, **{path: "\n" + line})
    assert done.code != 0
    assert f"src/{path.replace('__', '/')}.c:2: " in done.out.decode() and why in done.out.decode()
    assert len(done.out.splitlines()) == 1


MISPLACED = {
    "a query": ("fetch__job__a", 'f("SELECT count(*) FROM files");\n', "SQL outside"),
    "an update": ("fetch__store__a", 'f("UPDATE files SET part = 0");\n', "SQL outside"),
    "a type of SQLite's": ("fetch__job__a", "sqlite3_stmt *row;\n", "SQLite outside"),
    "its header": ("fetch__job__a", "#include <sqlite3.h>\n", "SQLite outside"),
    "SQLite beside db.c": ("fetch__rows__files", "f(sqlite3_changes(db));\n", "SQLite outside"),
    "libpq beside its modules": ("fetch__rows__files", "f(PQntuples(result));\n", "libpq outside"),
    "its types": ("fetch__job__a", "PGresult *result;\n", "libpq outside"),
}


@pytest.mark.parametrize("path, line, why", MISPLACED.values(), ids=MISPLACED)
def test_sql_that_leaves_its_room_is_refused(tmp_path, path, line, why):
    (tmp_path / "fetch" / "rows").mkdir(parents=True)
    done = judge(tmp_path, **{path: "\n" + line})
    assert done.code != 0
    assert f"src/{path.replace('__', '/')}.c:2: {why}" in done.out.decode()
    assert len(done.out.splitlines()) == 1


def test_sql_in_its_rooms_passes(tmp_path):
    rooms = ("queries", "rows", "notes", "ledger", "database")
    for room in rooms:
        (tmp_path / "fetch" / room).mkdir(parents=True)
    queries = {f"fetch__{room}__a": 'f("SELECT 1");\n' for room in rooms}
    sqlite = {"fetch__database__sqlite": "#include <sqlite3.h>\n"}
    done = judge(tmp_path, **queries, **sqlite, emulator__s3__select='f("SELECT * FROM S3Object");\n')
    assert (done.code, done.out) == (0, b"")


def test_a_file_in_no_room_is_refused(tmp_path):
    (tmp_path / "fetch" / "cellar").mkdir(parents=True)
    done = judge(tmp_path, fetch__cellar__a="\n")
    assert done.code != 0 and b"src/fetch/cellar/a.c:1: fetch/cellar is no room" in done.out


@pytest.mark.parametrize("lines, refused", [(500, False), (501, True)])
def test_a_file_with_more_than_500_lines_is_refused(tmp_path, lines, refused):
    done = judge(tmp_path, filter__a="\n" * lines)
    assert (done.code != 0, b"more than 500 lines" in done.out) == (refused, refused)


def test_a_tree_that_is_not_there_is_no_success(tmp_path):
    assert run([ROOMS, tmp_path / "nowhere"]).code != 0
