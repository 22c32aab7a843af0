"""`meson install` puts everything where a Debian system looks for it, and what it installs says so."""
import fnmatch
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from harness import CHECKOUT, CSV_NAME, mail, need

VERSION = re.search(r"(?m)^  version: '(.*)',$", (CHECKOUT / "meson.build").read_text())[1]
PROGRAMS = ["scoremail", "scorefetch", "scoremail-emulator"]
MANUALS = ["man1/scoremail.1", "man1/scorefetch.1", "man1/scoremail-emulator.1", "man5/scoremail.conf.5"]
FILTERS = CHECKOUT / "filters"
RECIPES = sorted(str(file.relative_to(FILTERS)) for file in FILTERS.rglob("*") if file.is_file())
RECIPES.remove("meson.build")


@pytest.fixture(scope="module")
def installed(build, tmp_path_factory):
    """The prefix's folder below a fresh DESTDIR."""
    root = tmp_path_factory.mktemp("destdir")
    subprocess.run(
        ["/usr/bin/meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return root / "usr" / "local"


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_lie_side_by_side_and_start(installed, name):
    program = installed / "bin" / name
    assert os.access(program, os.X_OK)
    answer = subprocess.run([program, "--version"], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    assert answer.returncode == 0
    assert VERSION.encode() in answer.stdout


def test_the_filter_reads_mail_for_a_caller_with_two_users(installed):
    """Dovecot 2.4's LMTP starts programs so, and to them the loader of libraries is stricter."""
    done = subprocess.run(
        [installed / "bin" / "scoremail", "--extract"],
        input=mail("csv"), capture_output=True, timeout=60, preexec_fn=lambda: os.setresuid(65534, 0, 0))  # fmt: skip
    assert done.stdout == CSV_NAME.encode() + b"\n", done.stderr


@pytest.mark.parametrize("page", MANUALS)
def test_manual_pages_render(installed, page):
    file = installed / "share" / "man" / page
    assert file.is_file()
    seen = subprocess.run(
        ["man", "--warnings", "--local-file", file],
        capture_output=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANROFFSEQ": ""},
    )
    assert seen.returncode == 0
    assert seen.stderr == b""
    assert Path(page).stem in seen.stdout.decode()


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_lie_in_the_documentation(installed, recipe):
    assert (installed / "share" / "doc" / "scoremail" / "filters" / recipe).is_file()


def test_commands_for_on_stored_can_be_started_where_they_lie(installed):
    for hook in ("copy", "s3", "sftp"):
        program = installed / "share" / "scoremail" / "hooks" / hook
        done = subprocess.run([program], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 64
        assert str(program.relative_to(installed)) in done.stderr.decode()


@pytest.mark.parametrize("file", ["bash-completion/completions/scorefetch", "zsh/site-functions/_scorefetch",
                                  "fish/vendor_completions.d/scorefetch.fish"])  # fmt: skip
def test_completions_lie_where_the_shells_look(installed, file):
    assert "scorefetch" in (installed / "share" / file).read_text()


UNITS = [f"systemd/system/scoremail-{unit}" for unit in
         ("run.service", "run.socket", "run.timer", "sync.service", "sync.timer", "tell.service", "tell.timer")]


@pytest.mark.parametrize("file", [*UNITS, "sysusers.d/scoremail.conf", "tmpfiles.d/scoremail.conf"])
def test_units_lie_where_systemd_looks(installed, file):
    text = (installed / "lib" / file).read_text()
    assert not re.search(r"@\w+@", text)


def test_the_worker_s_unit_names_the_program(installed):
    unit = (installed / "lib" / "systemd/system/scoremail-run.service").read_text()
    program = re.search(r"(?m)^ExecStart=(\S+)", unit)[1]
    assert installed / "bin" / "scorefetch" == Path(f"{installed.parents[1]}{program}")


def test_documentation_has_readme_news_and_licence(installed):
    folder = installed / "share" / "doc" / "scoremail"
    assert {"README.md", "NEWS.md", "LICENSE", "SECURITY.md", "docs", "scoremail.conf.example"} <= {file.name for file in folder.iterdir()}


# ---------------------------------------------------------------- another prefix


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """What would be installed, without tests and emulator: {where: from}, and the prefix."""
    prefix = "/opt/scores"
    folder = set_up(tmp_path_factory, f"--prefix={prefix}", "-Dunitdir=/opt/units", "-Demulator=false")
    assert '#define SM_UNITDIR "/opt/units"\n' in (folder / "build-config.h").read_text()  # from where setup links them
    return to_install(folder), prefix


def set_up(tmp_path_factory, *options):
    """A build folder without tests, in which nothing is built."""
    folder = tmp_path_factory.mktemp("setup") / "build"
    command = ["/usr/bin/meson", "setup", folder, "-Dtests=false", *options]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    return folder


def to_install(folder):
    asked = subprocess.run(["/usr/bin/meson", "introspect", "--installed", folder], check=True, capture_output=True, timeout=60)
    return {where: Path(source) for source, where in json.loads(asked.stdout).items()}


# What the texts name that is ours: programs, hooks, documentation. Sieve's folder and somebody's own programs are not.
OURS = re.compile(r"/[\w/]*/(?:bin/score\w+|share/scoremail/hooks/\w+|share/doc/scoremail/filters|units\b)")


@pytest.mark.release_only("it looks at texts, not at what was built")
def test_what_is_installed_names_what_is_installed(elsewhere):
    installed, prefix = elsewhere
    folders = {str(parent) for where in installed for parent in Path(where).parents}
    seen = set()
    for where, source in installed.items():
        if "/bin/" in where or "/libexec/" in where or "/src/fetch/" in str(source) or where.endswith(".png"):
            continue  # it is built, which is not done here
        text = source.read_text()
        assert not re.search("/usr/local/(?:bin/score|share|lib/systemd)", text), where
        for name in OURS.findall(text):
            path = prefix + name.split(prefix)[1] if prefix in name else name
            assert path in installed or path in folders, f"{where} names {path}"
            seen.add(path)
    assert {f"{prefix}/bin/scoremail", f"{prefix}/bin/scorefetch", f"{prefix}/share/scoremail/hooks/copy", "/opt/units"} <= seen


@pytest.mark.release_only("it looks at options, not at what was built")
def test_a_package_may_leave_out_the_emulator_and_say_where_units_go(elsewhere):
    installed, prefix = elsewhere
    assert {f"{prefix}/bin/scoremail", f"{prefix}/bin/scorefetch", "/opt/units/scoremail-run.service"} <= set(installed)
    assert not [where for where in installed if "emulator" in where or where.startswith(f"{prefix}/lib/systemd")]


# ---------------------------------------------------------------- tarball and RPM


@pytest.fixture(scope="module")
def below_usr(tmp_path_factory):
    return set_up(tmp_path_factory, "--prefix=/usr")


@pytest.mark.release_only("it looks at the sources, not at what was built")
def test_meson_dist_makes_a_tarball_of_all_that_is_committed(below_usr):
    if not (CHECKOUT / ".git").exists():
        return  # this is such a tarball: there is nothing to make one of
    command = ["/usr/bin/meson", "dist", "-C", below_usr, "--no-tests", "--allow-dirty", "--formats", "gztar"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    committed = subprocess.run(["git", "-C", CHECKOUT, "ls-files"], check=True, capture_output=True, text=True).stdout.split("\n")
    with tarfile.open(*(below_usr / "meson-dist").glob("scoremail-*.tar.gz")) as tar:
        assert {m.name.split("/", 1)[1] for m in tar if not m.isdir()} >= {name for name in committed if (CHECKOUT / name).is_file()}


@pytest.mark.release_only("it looks at the sources, not at what was built")
def test_the_spec_has_the_version_and_all_that_is_installed(below_usr, tmp_path):
    need(shutil.which("rpmspec"), "rpm is not installed")
    subprocess.run([CHECKOUT / "contrib" / "package", "spec", tmp_path], check=True, capture_output=True, timeout=60)
    done = subprocess.run(["rpmspec", "--parse", tmp_path / "scoremail.spec"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Version:        {VERSION}\n" in done.stdout
    listed = re.findall(r"(?m)^(?:%doc )?(/usr/\S+)$", done.stdout.split("%files", 1)[1])
    for where in to_install(below_usr):
        assert where.endswith("/LICENSE") or [
            pattern for pattern in listed if fnmatch.fnmatch(where, pattern) or where.startswith(pattern + "/")
        ], f"{where} is in no package"
