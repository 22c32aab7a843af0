"""What takes too long for each check: Debian's own autopkgtest, and packages for Fedora. tests/fresh/run --packages runs it."""
import subprocess

import agents
import debian
import pytest
from harness import CHECKOUT


# What Fedora's own configuration of rpmlint says, and Debian's does not; its build service signs. The scripts are of
# macros that Fedora has. In place of a manual page's name rpmlint 2.4 compares its section;
# 2.7 has a dictionary.
FEDORA = """CompressExtension = "gz"
ValidLicenses = ["ISC"]
Filters = ["no-group-tag", "no-packager-tag", "no-signature", "empty-%p", "no-manual-page-for-binary", "spelling-error.*(scorefetch|systemd)"]
"""


@pytest.fixture(scope="module")
def packages():
    return debian.packages()


def test_autopkgtest_passes(packages, tmp_path):
    """As Debian's machines do it, but that the root itself is the testbed."""
    root = agents.install(tmp_path / "root", "autopkgtest")
    root.bind(packages, debian.SHOWN)
    what = [f"{debian.SHOWN}/{file.name}" for file in [*packages.glob("*.deb"), *packages.glob("*.dsc")] if "dbgsym" not in file.name]
    done = root.run(["autopkgtest", "--no-built-binaries", *what, "--", "null"], timeout=600)
    said = done.out.decode() + done.err
    assert done.code == 0, said
    assert "quickstart           PASS" in said


def test_rpms_are_built_and_rpmlint_is_content(tmp_path):
    done = subprocess.run([CHECKOUT / "contrib" / "package", "rpm", tmp_path], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    made = [file for file in sorted(tmp_path.glob("*.rpm")) if "-debuginfo-" not in file.name]
    assert {"scoremail", "scoremail-doc", "scoremail-emulator"} <= {file.name.rsplit("-", 2)[0] for file in made}
    rules = tmp_path / "fedora.toml"
    rules.write_text(FEDORA)
    done = subprocess.run(["rpmlint", "-c", rules, "-r", CHECKOUT / "contrib" / "scoremail.rpmlintrc", *made],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and " 0 errors, 0 warnings" in done.stdout, done.stdout + done.stderr
