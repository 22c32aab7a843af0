"""contrib/parameters: no function of ours has more than six of them, and one that has is found."""
import pytest

from harness import CHECKOUT, run

pytestmark = pytest.mark.release_only("it looks at the sources, not at what was built")


def parameters(*arguments):
    done = run([CHECKOUT / "contrib" / "parameters", *arguments])
    return done.code, done.out.decode().splitlines()


def test_ours_have_six_at_most():
    assert parameters() == (0, [])


@pytest.mark.parametrize(
    "code",
    [
        "static int\nmany(int a, int b, int c, int d, int e, int f, int g)\n{\n}\n",
        "int many(int a, int b, int c, int d, int e,\n         int f, int g);\n",
        "static char *\nmany(int a, int b, int c, int d, int e, const char *format, ...)\n{\n}\n",
        "typedef void (*many)(int a, int b, int c, int d, int e, int f, int g);\n",
        "/* a comment (with, commas, in, it, and, more, of, them) */\nint many(int a, int b, int c, int d, int e, int f, int g);\n",
    ],
)
def test_seven_are_found(tmp_path, code):
    (tmp_path / "a.c").write_text(code)
    found, lines = parameters(tmp_path)
    assert found == 1 and len(lines) == 1 and "many() has 7 parameters" in lines[0]


@pytest.mark.parametrize(
    "code",
    [
        "int six(int a, int b, int c, int d, int e, int f);\n",
        "int six(int a, int b, int c, int d, int e, void (*f)(int g, int h));\n",
        "static void\nf(void)\n{\n    call(1, 2, 3, 4, 5, 6, 7);\n    int x = g(1, 2, 3, 4, 5, 6, 7);\n}\n",
        'static const char *const text = "many(a, b, c, d, e, f, g)";\n',
        "enum MHD_Result answer(void *a, struct MHD_Connection *b, int c, int d, int e, int f, int g);\n",
    ],
)
def test_what_is_none_is_let_alone(tmp_path, code):
    (tmp_path / "a.c").write_text(code)
    assert parameters(tmp_path) == (0, [])
