"""Fixtures, and the rule that a test which did not run has not passed."""
import os
import platform
import shutil
import subprocess
import sys
import tempfile

import harness
import pytest
from answers import account_for, answer_with
from emulator import Emulator
from openpgp import Keyring
from tlsserver import Authority, TlsServer


# Debian 13 has no fdm any more.
collect_ignore = ["integration/test_fdm.py"] if int(platform.freedesktop_os_release().get("VERSION_ID", 0)) >= 13 else []


def pytest_configure(config):
    """Names the folder of the throw-away roots (agents.install), for the workers too. contrib/check names one
    for all of its builds."""
    if "SCOREMAIL_TEST_ROOTS" not in os.environ:
        folder = tempfile.mkdtemp(prefix="scoremail-roots-")
        os.environ["SCOREMAIL_TEST_ROOTS"] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    # pytest rewrites each test file, which takes a worker seconds: once for all builds
    sys.pycache_prefix, sys.dont_write_bytecode = os.path.join(os.environ["SCOREMAIL_TEST_ROOTS"], "python"), False


# Their tests wait most of the time, for a patience that ends. One after the other they leave the processors to those
# that compute; side by side they would all wait at once, and at the end of the run.
WAITING = ("test_faults", "test_trust", "test_turns")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    for item in items:
        name = item.module.__name__
        # the others are slow to start: once for the tests of a file (--dist loadgroup)
        if name in WAITING or {"swift", "store"} & set(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=_rank)  # the longest first, so that no worker ends alone
    if not any(item.get_closest_marker("release_only") for item in items):
        return
    if not harness.is_sanitized(harness.build_folder()):
        return
    left_out = [item for item in items if item.get_closest_marker("release_only")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _rank(item):
    group = item.get_closest_marker("xdist_group")
    if group is not None:
        return 0 if group.args[0] in WAITING else 1
    return 2 if "torture" in item.path.parts else 3


def _skip_is_failure(report):
    if report.skipped and not hasattr(report, "wasxfail") and not harness.MAY_SKIP:
        report.outcome = "failed"
        report.longrepr = f"did not run: {report.longrepr}; SCOREMAIL_TESTS_MAY_SKIP=1 allows that"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    _skip_is_failure((yield).get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    _skip_is_failure((yield).get_result())


@pytest.fixture(scope="session")
def build():
    """The folder with the programs under test."""
    folder = harness.build_folder()
    assert (folder / "scoremail").exists(), f"no programs in {folder}: build them, or set SCOREMAIL_BUILD"
    return folder


@pytest.fixture(scope="session")
def npm(tmp_path_factory):
    """A folder in which node finds what Debian does not have: the packages of tests/fixtures/npm.

    SCOREMAIL_NPM names one, or is "none" where they cannot be had, which contrib/check says; without the variable
    they are installed here.
    """
    if harness.NPM:
        return harness.NPM
    harness.need(shutil.which("npm") and shutil.which("node"), "npm is not installed, which node's packages come from")
    folder = tmp_path_factory.mktemp("npm")
    shutil.copy(harness.CHECKOUT / "tests/fixtures/npm/package.json", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", folder]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=600, check=False)
    harness.need(done.returncode == 0, "npm cannot install the packages of tests/fixtures/npm")
    return folder


@pytest.fixture
def start_emulator(build, tmp_path_factory):
    """Starts emulators with the options given; all are stopped at the test's end."""
    running = []

    def start(*options):
        running.append(Emulator(build, tmp_path_factory.mktemp("emulator"), *options).start())
        return running[-1]

    yield start
    for emulator in running:
        emulator.stop()


@pytest.fixture
def emulator(start_emulator):
    return start_emulator()


@pytest.fixture
def scores():
    """The two files that the fixture mails announce: name -> bytes."""
    return {harness.CSV_NAME: harness.scores("csv"), harness.TXT_NAME: harness.scores("txt")}


@pytest.fixture
def announced(emulator, scores):
    """The emulator, with both files of the fixture mails."""
    for name, data in scores.items():
        emulator.add(name, data)
    return emulator


@pytest.fixture
def account(build, announced, tmp_path):
    """An account for an emulator that has both files of the fixture mails."""
    return harness.Account(tmp_path, build, announced)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    harness.need(shutil.which("openssl"), "openssl is not installed")
    return Authority(tmp_path_factory.mktemp("certificates") / "authority")


@pytest.fixture(scope="module")
def good(authority):
    """Certificate and key that an account trusts whose ca-file is the authority's."""
    return authority.issue("good")


@pytest.fixture
def start_tls_server():
    """Starts TlsServers; all are closed at the test's end."""
    servers = []

    def start(certificate_and_key, answer, **options):
        servers.append(TlsServer(*certificate_and_key, answer, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def record(start_tls_server, good, authority, emulator, build, tmp_path):
    """Makes an account for a TlsServer that gives these answers to the GETs: (account, server)."""

    def start(*objects):
        server = start_tls_server(good, answer_with(lambda: server.port, objects))
        account = account_for(
            emulator, authority, build, tmp_path,
            service_url=f"https://localhost:{server.port}/api", storage_hosts=f"localhost:{server.port}",
        )  # fmt: skip
        return account, server

    return start


@pytest.fixture
def new_keyring():
    """Makes GnuPG homes; all are gone at the test's end."""
    made = []

    def make():
        made.append(Keyring())
        return made[-1]

    yield make
    for keyring in made:
        keyring.close()


@pytest.fixture
def registrar(new_keyring):
    """The keyring of the person who may read the files; its key is registrar.key."""
    keyring = new_keyring()
    keyring.key = keyring.make()
    return keyring


@pytest.fixture
def public(new_keyring, registrar):
    """The keyring of scorefetch: the registrar's public key and no secret one."""
    keyring = new_keyring()
    keyring.gpg("--import", stdin=registrar.export())
    return keyring


@pytest.fixture
def sealing(account, registrar, public):
    """The account, with the registrar's key as the one that its files are encrypted to."""
    account.configure(encrypt_to=registrar.key, gnupg_home=public.home)
    return account
