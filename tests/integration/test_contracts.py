"""contrib/contracts: each header says what its functions do, and what is missing is found."""
import subprocess

import pytest
from harness import CHECKOUT

pytestmark = pytest.mark.release_only("it looks at the sources, not at what was built")

ERROR = '/* This room: errors. */\n#define SM_ERROR (sm_error())\nenum { SM_ERROR_IO, SM_ERROR_LIMIT };\n'


def contracts(folder=None):
    argv = [CHECKOUT / "contrib" / "contracts"] + ([folder] if folder else [])
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)


def sources(tmp_path, **headers):
    """A folder of sources with a room, store.h and these headers."""
    room = tmp_path / "src" / "common" / "base"
    room.mkdir(parents=True)
    (room / "error.h").write_text(ERROR)
    for name, text in {"store": "/* Stores. */\n", **headers}.items():
        (room / f"{name}.h").write_text(text)
    return tmp_path / "src"


def test_the_sources_keep_their_contracts():
    done = contracts()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


GOOD = [
    "/* Does it. */\nvoid sm_a(int x);\n",
    "/*\n * Does it:\n * SM_ERROR_IO, SM_ERROR_LIMIT.\n */\ngboolean sm_a(int x, GError **error);\n",
    "/* Does it; errors of store.h. */\ngboolean\nsm_a(GError **error) G_GNUC_PRINTF(1, 2);\n",
    "/* Does it; an error with code, the SM_ERROR_ code. */\ngboolean sm_a(int code, GError **error);\n",
    "typedef struct {\n    int (*f)(GError **error);\n    int a[2];\n} SmA;\nG_DEFINE_AUTOPTR_CLEANUP_FUNC(SmA, sm_a_free)\n",
    "/* Closes. */\nstatic inline void\nsm_a(int *fd)\n{\n    close(fd[0]);\n}\n#define X(a) f(a)\n",
    "typedef gboolean (*SmTake)(int x, GError **error);\nenum { SM_A = 1 };\nextern const char *const sm_names[];\n",
]
BAD = {
    "void sm_a(int x);\n": "sm_a() has no comment",
    "/* One. */\nvoid sm_a(int x);\nvoid sm_b(int x);\n": "sm_b() has no comment",
    "/* Far away. */\n\nvoid sm_a(int x);\n": "sm_a() has no comment",
    "/* A type. */\ntypedef struct {\n    int x;\n} SmA;\n\nvoid sm_a(SmA *a);\n": "sm_a() has no comment",
    "/* The top. */\n#include <glib.h>\nvoid sm_a(int x);\n": "sm_a() has no comment",
    "static inline int\nsm_a(int x)\n{\n    return x;\n}\n": "sm_a() has no comment",
    "void sm_a(int x); /* too late */\n": "sm_a() has no comment",
    "/* Does it. */\ngboolean sm_a(int x,\n              GError **error);\n": "names no SM_ERROR_ code",
    "/* Does it; errors as for others. */\ngboolean sm_a(GError **fault);\n": "names no SM_ERROR_ code",
    "/* SM_ERROR_GONE. */\ngboolean sm_a(GError **error);\n": "there is no SM_ERROR_GONE",
    "/* Errors of gone.h. */\ngboolean sm_a(GError **error);\n": "there is no gone.h",
    "/* As in base/gone.h. */\nenum { SM_A };\n": "there is no base/gone.h",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_kept_contract_is_no_finding(tmp_path, text):
    done = contracts(sources(tmp_path, a=text))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("text", BAD)
def test_a_broken_contract_is_found(tmp_path, text):
    done = contracts(sources(tmp_path, a=text))
    assert (done.returncode, done.stderr) == (1, "")
    assert len(done.stdout.splitlines()) == 1 and BAD[text] in done.stdout
    assert done.stdout.startswith("src/common/base/a.h:")


@pytest.mark.parametrize("text, found", [("/* A room. */\n", 1), ("/* This room, too. */\n", 3)])
def test_a_room_says_once_what_it_is_for(tmp_path, text, found):
    folder = sources(tmp_path, a=text, b=text)
    if found == 1:
        (folder / "common" / "base" / "error.h").write_text(ERROR.replace("This room", "Here"))
    done = contracts(folder)
    assert done.returncode == 1
    assert f"common/base: {0 if found == 1 else found} headers say what the room is for" in done.stdout
