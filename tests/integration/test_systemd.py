"""The units of a site: systemd understands them, and makes what they rely on."""
import datetime
import os
import re
import subprocess

import agents
import pytest
from harness import CHECKOUT

FOLDER = CHECKOUT / "contrib" / "systemd"
CONFINED = ["scoremail-run.service", "scoremail-sync.service"]
UNITS = [*CONFINED, "scoremail-run.socket", "scoremail-run.timer", "scoremail-sync.timer", "scoremail-tell.service", "scoremail-tell.timer"]
PULL = ["scoremail-getmail.service", "scoremail-mpop.service"]


@pytest.fixture(scope="module")
def units(build, tmp_path_factory):
    """The units, with a program where they say that it is."""
    folder = tmp_path_factory.mktemp("units")
    for name in UNITS:
        source = build / "contrib" / "systemd" / name
        text = (source if source.exists() else FOLDER / name).read_text()
        (folder / name).write_text(re.sub(r"ExecStart=\S+", f"ExecStart={build / 'scorefetch'}", text))
    return folder


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong(units, name):
    done = analyze("verify", "--man=no", units / name)
    complaints = [line for line in done.stderr.splitlines() if "scoremail" in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.parametrize("timer", [FOLDER / "scoremail-sync.timer", *(CHECKOUT / "filters" / "pull" / name for name in ("scoremail-getmail.timer", "scoremail-mpop.timer"))])
@pytest.mark.parametrize("night", ["2026-10-31 23:00", "2026-03-07 23:00", "2028-02-28 23:00", "2026-12-31 23:00"])
def test_no_timer_rests_for_longer_where_the_clocks_change(timer, night):
    """systemd counts an hour that local time has twice once."""
    calendar = re.search(r"(?m)^OnCalendar=(.*)$", timer.read_text())[1]
    done = subprocess.run(["systemd-analyze", "calendar", "--iterations=60", f"--base-time={night}", calendar],
                          env={"TZ": "America/New_York", "PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60)  # fmt: skip
    found = re.findall(r"(?:in UTC|elapse|Iter\. #\d+)\)?: \w+ (\S+ \S+) UTC", done.stdout)
    times = [datetime.datetime.fromisoformat(time) for time in found]
    assert len(times) == 60, done
    assert len({after - before for before, after in zip(times, times[1:])}) == 1


@pytest.mark.parametrize("service", ["run", "tell"])
def test_many_e_mails_at_once_do_not_stop_a_unit(units, service):
    """A start limit, of which systemd has one by default, would fail it with unit-start-limit-hit."""
    unit = (units / f"scoremail-{service}.service").read_text().split("[Service]")[0]
    assert "StartLimitIntervalSec=0" in unit.splitlines()


@pytest.mark.parametrize("service", [*CONFINED, *PULL])
def test_a_service_is_confined_as_far_as_stated(units, service):
    """What scorefetch(1) states; a unit that loses a restriction has a higher figure."""
    path = CHECKOUT / "filters" / "pull" / service if service in PULL else units / service
    done = analyze("security", "--offline=true", "--no-pager", path)
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)[1]) <= 2.0
    assert "gives them 2.0 at most" in (CHECKOUT / "man/scorefetch.1").read_text().replace("\n", " ")


def test_pull_units_are_confined_like_the_worker():
    """What stands in confined.conf, but for what only a ledger needs."""
    wanted = {line for line in (FOLDER / "confined.conf").read_text().splitlines() if "=" in line and not line.startswith("#")}
    wanted -= {"StateDirectory=scoremail", "ExecPaths=/usr @prefix@ -/bin -/lib -/lib64"}
    for service in PULL:
        assert wanted <= set((CHECKOUT / "filters" / "pull" / service).read_text().splitlines()), service


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A throw-away root in which systemd's own tools have made user, group and folders."""
    root = agents.install(tmp_path_factory.mktemp("site") / "root", "procmail", "systemd", users=["alice", "bob"])
    for kind, tool in (("sysusers", "systemd-sysusers"), ("tmpfiles", "systemd-tmpfiles")):
        target = f"/usr/lib/{kind}.d/scoremail.conf"
        root.must("sh", "-c", f"cat >{target}", stdin=(FOLDER / f"{kind}.conf").read_bytes())
        root.must(tool, *(["--create"] if kind == "tmpfiles" else []), target)
    return root


def test_the_user_owns_the_ledger_s_folder_alone(site):
    assert site.must("stat", "-c", "%U %G %a", "/var/lib/scoremail") == "scoremail scoremail 700\n"


def test_the_spool_is_for_its_group_and_sticky(site):
    assert site.must("stat", "-c", "%U %G %a", "/var/spool/scoremail") == "scoremail scorespool 3770\n"
    assert "scorespool" in site.must("id", "-nG", "scoremail").split()
