"""scorefetch report: the page in a real browser, and its numbers against those of status and log."""
import calendar
import contextlib
import json
import os
import re
import sys
import time
from pathlib import Path

import html5lib
import pytest
from browser import Browser
from harness import CHECKOUT, EX_USAGE, NPM, build_folder, cost, run

sys.path.insert(0, str(CHECKOUT / "tests" / "fixtures" / "seasons"))
import make  # noqa: E402

HTML = "{http://www.w3.org/1999/xhtml}"
ZONE = "America/New_York"
HOSTILE = "<img src=x onerror=alert(1)></title><script>alert(2)</script>\"'&amp;"
pytestmark = [
    pytest.mark.release_only("most of the time goes to Chromium; unit tests make the same page in every build"),
    pytest.mark.xdist_group("report"),  # one ledger and one browser for all
]


class Office:
    """A ledger of two seasons, and its page."""

    def __init__(self, folder):
        self.folder, self.now = folder, time.time()
        self.config = make.make(folder, build_folder() / "scorefetch", self.now)
        self.page = folder / "page.html"

    def scorefetch(self, command, *arguments):
        environment = {"PATH": os.environ["PATH"], "TZ": ZONE}
        return run([build_folder() / "scorefetch", command, "-c", self.config, *arguments], env=environment)

    def json(self, command):
        return json.loads(self.scorefetch(command, "--json").out)

    def report(self, *arguments):
        """The page as html5lib reads it, which is strict."""
        done = self.scorefetch("report", *arguments)
        assert (done.code, done.err) == (0, "")
        parser = html5lib.HTMLParser(strict=True)
        return parser.parse(done.out.decode())


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("office"))
    done = made.scorefetch("report", "-q", "-o", made.page)
    assert (done.code, done.out, done.err) == (0, b"", "")
    return made


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with contextlib.closing(Browser(tmp_path_factory.mktemp("browser"))) as running:
        yield running


def text_of(element):
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def by_id(tree, name):
    return next(e for e in tree.iter() if e.get("id") == name)


def table(tree, section, summary=None):
    """The rows of the table in the section whose heading has that id: lists of texts."""
    found = next(e for e in tree.iter(HTML + "section") if e.get("aria-labelledby") == section)
    rows = [row for body in found.iter(HTML + "tbody") for row in body.iter(HTML + "tr")]
    return [[text_of(cell) for cell in row if cell.tag in (HTML + "th", HTML + "td")] for row in rows]


def figures(tree):
    lists = next(e for e in tree.iter(HTML + "dl") if e.get("class") == "figures")
    return [int(text_of(e).replace(",", "")) for e in lists.iter(HTML + "dd")]


@pytest.fixture
def local(monkeypatch):
    """time.localtime() in the zone of the pages."""
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def stored_times(office):
    """When each file was stored or corrected, by the log."""
    return [calendar.timegm(time.strptime(row["at"], "%Y-%m-%dT%H:%M:%SZ")) for row in office.json("log")["log"]
            if row["action"] in ("stored", "corrected")]  # fmt: skip


def expected_figures(office):
    """By status and log, as of now."""
    status, times, now = office.json("status"), stored_times(office), time.localtime()
    files = {state: sum(a["files"][state] for a in status["accounts"]) for state in status["accounts"][0]["files"]}
    season = (now.tm_year - (now.tm_mon < 8), 8, 1, 0, 0, 0, 0, 0, -1)
    before = (season[0] - 1, *season[1:])
    day = 28 if (now.tm_mon, now.tm_mday) == (2, 29) else now.tm_mday
    a_year_ago = time.mktime((now.tm_year - 1, now.tm_mon, day, *now[3:8], -1))
    return [
        sum(a["stored_7_days"] for a in status["accounts"]),
        sum(at >= time.mktime(season) for at in times),
        sum(time.mktime(before) <= at <= a_year_ago for at in times),
        files["waiting"] + files["placing"],
        files["failed"] + files["conflict"],
    ]


def test_the_figures_are_those_of_status_and_log(office, local):
    before, shown, after = expected_figures(office), figures(office.report()), expected_figures(office)
    assert shown in (before, after)  # a day may end meanwhile
    # whatever the date: a season is new in August, when there is nothing of it by this time last year
    assert shown[0] > 0 and max(shown[1:3]) > 4 and shown[3:] > [0, 0]


def test_the_weeks_are_those_of_the_log(office, local):
    rows = table(office.report(), "weeks")
    assert len(rows) == 52
    times = stored_times(office)
    for name, this, before in rows:
        monday = time.strptime(name, "Week of %Y-%m-%d")
        assert monday.tm_wday == 0
        starts = [time.mktime((monday.tm_year, monday.tm_mon, monday.tm_mday + days, 0, 0, 0, 0, 0, -1))
                  for days in (0, 7, -364, -357)]  # fmt: skip
        assert int(this) == sum(starts[0] <= at < starts[1] for at in times), name
        assert int(before) == sum(starts[2] <= at < starts[3] for at in times), name
    assert sum(int(row[1]) for row in rows) > 150


def test_how_files_came_is_as_the_log_has_it(office, local):
    rows = table(office.report(), "ways")
    first = time.mktime(time.strptime("1 " + rows[0][0], "%d %b %Y"))
    log = [row for row in office.json("log")["log"] if row["action"] in ("stored", "corrected")]
    log = [r for r in log if calendar.timegm(time.strptime(r["at"], "%Y-%m-%dT%H:%M:%SZ")) >= first]
    for column, command in enumerate(("deliver", "sync", "get"), 1):
        assert sum(int(row[column]) for row in rows) == sum(row["command"] == command for row in log) > 0


def test_the_newest_files_are_those_of_status(office):
    known = {row["name"]: row for row in office.json("status")["files"]}
    rows = table(office.report(), "newest")
    assert len(rows) == 20
    names = [next(n for n in known if name_and_account.startswith(n)) for name_and_account, *_ in rows]
    for name, (name_and_account, _, _, _, _, sha256) in zip(names, rows):
        assert known[name]["sha256"] == sha256
        assert name_and_account == name + known[name]["account"]
    stored = sorted((row["stored_at"] for row in known.values() if row["stored_at"]), reverse=True)
    assert known[names[0]]["stored_at"] == stored[0]


def test_corrected_files_have_both_versions(office):
    rows = table(office.report(), "corrected")
    assert len(rows) == 2
    for name_and_account, now, before in rows:
        trail = [row["detail"].split()[-1] for row in office.json("log")["log"]
                 if name_and_account.startswith(row["name"] or "-") and row["action"] in ("stored", "corrected")]  # fmt: skip
        assert before.endswith(trail[0]) and now.endswith(trail[1]) and trail[0] != trail[1]


def test_an_account_alone(office):
    tree = office.report("-a", "north-high", "--since", "30d")
    log = [row for row in office.json("log")["log"] if row["account"] == "north-high" and row["action"] == "stored"]
    assert len(log) - 5 < sum(int(row[1]) + int(row[2]) for row in table(tree, "weeks")) <= len(log)  # 104 weeks of 2 years
    assert {row[0][-10:] for row in table(tree, "newest")} == {"north-high"}
    assert len([e for e in tree.iter(HTML + "article")]) == 1


def test_it_is_private_and_replaces_nothing(office, tmp_path):
    page = tmp_path / "page.html"
    assert office.scorefetch("report", "-q", "-o", page).code == 0
    assert page.stat().st_mode & 0o7777 == 0o600
    page.write_text("mine")
    again = office.scorefetch("report", "-o", page)
    assert again.code != 0 and "already exists" in again.err
    assert page.read_text() == "mine"
    assert office.scorefetch("report", "-f", "-o", page).code == 0
    assert page.read_text().endswith("</html>\n")
    assert os.listdir(tmp_path) == ["page.html"]


@pytest.mark.parametrize("arguments", [("-a", "nobody"), ("--since", "soon"), ("--since", "2999-01-01"), ("x",), ("--since", "last")])
def test_a_wrong_command_line_makes_no_page(office, arguments):
    done = office.scorefetch("report", *arguments)
    assert (done.code, done.out) == (EX_USAGE, b"")
    assert len(done.err.splitlines()) == 1


def test_nothing_has_come_and_nothing_is_made(account):
    done = account.scorefetch("report")
    assert done.code == 0 and done.out.endswith(b"</html>\n")
    assert b"No file has come yet." in done.out
    assert not account.ledger.exists()


def test_one_file(announced, account):
    account.scorefetch("get", "4300_20180410_111604.csv")
    done = account.scorefetch("report", "-q")
    tree = html5lib.HTMLParser(strict=True).parse(done.out.decode())
    assert figures(tree) == [1, 1, 0, 0, 0]
    ((name, _, way, _, records, sha256),) = table(tree, "newest")
    assert (name, way, records) == ("4300_20180410_111604.csvmain", "by hand", "100 counted")
    assert sha256 == account.status()["4300_20180410_111604.csv"]["sha256"]
    account.assert_no_secret(done.out)


MANY = """
INSERT INTO files (account, name, stem, state, announced, updated, stored, size, sha256, origin, listed, listed_delivered, records)
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
  SELECT 'main', i || '.csv', i, 'stored', t, t, t, 5, hex(i), 'deliver', t, strftime('%Y-%m-%dT%H:%M:%S-0000', t - i % 99999, 'unixepoch'), 5
  FROM (SELECT i, %(now)d - 600 * i AS t FROM n);
INSERT INTO log (at, account, name, action, detail, uid, command)
  SELECT stored, account, name, 'stored', '', 0, 'run' FROM files;
"""


def test_a_hundred_thousand_files(account):
    """Processor time, as others keep the machine busy. Each file's way has to be looked up."""
    account.scorefetch("run", "-q")
    with contextlib.closing(make.sqlite3.connect(account.ledger)) as db, db:
        db.executescript(MANY.replace("%(now)d", str(int(time.time()))))
    page = account.folder / "page.html"
    argv = [account.build / "scorefetch", "report", "-q", "-c", account.config, "-o", page]
    code, seconds, kilobytes, _ = cost(argv)
    assert code == 0 and seconds < 2 and kilobytes < 64 * 1024
    assert page.stat().st_size < 500_000
    tree = html5lib.parse(page.read_text())
    assert figures(tree)[0] > 800
    assert len(table(tree, "newest")) == 20


@pytest.fixture
def axe(request):
    """The script of axe-core; None where npm's packages cannot be had, which contrib/check says."""
    if NPM == "none":
        return None
    folder = request.getfixturevalue("npm")
    return Path(folder, "node_modules", "axe-core", "axe.min.js").read_text(encoding="utf-8")


def faults(page, options):
    """What axe-core finds: the rules that were broken, with some of the elements that do; how many were met."""
    violations = "r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html).slice(0, 3)])"
    return page.evaluate(f"axe.run(document, {json.dumps(options)}).then(r => [{violations}, r.passes.length])")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_is_quiet_fits_and_is_for_everybody(browser, office, axe, tmp_path, width, scheme):
    with browser.open(office.page, width, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        red, green, blue = map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor")))
        assert (red + green + blue > 600) == (scheme == "light")
        (tmp_path / "page.png").write_bytes(page.screenshot())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.requests() == [office.page.as_uri()]
        if axe:
            page.evaluate(axe + ";0")
            found, met = faults(page, {"resultTypes": ["violations"]})
            assert found == [] and met > 20
        assert page.said() == []


if NPM != "none":

    def test_axe_would_find_a_fault(browser, office, axe):
        with browser.open(office.page) as page:
            page.evaluate(axe + ";0")
            page.evaluate("document.querySelector('.chart').removeAttribute('aria-labelledby')")
            page.evaluate("document.querySelector('.chart').replaceChildren()")
            found, _ = faults(page, {"runOnly": ["svg-img-alt"]})
            assert [fault[0] for fault in found] == ["svg-img-alt"]


def test_charts_have_names_and_words(browser, office):
    with browser.open(office.page) as page:
        images = page.images()
        assert [name.split(" ", 2)[:2] for name, _ in images] == [["Files", "per"], ["Time", "from"], ["How", "files"]]
        assert all(re.search(r"\d", f"{name} {description}") for name, description in images)


def test_the_keyboard_opens_a_table(browser, office):
    with browser.open(office.page) as page:
        page.press("Tab", 9)
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert not page.evaluate("document.querySelector('details').open")
        page.press("Enter", 13)
        assert page.evaluate("document.querySelector('details').open")


def test_it_prints(browser, office):
    with browser.open(office.page, scheme="dark") as page:
        pdf = page.pdf()
        assert pdf.startswith(b"%PDF-")
        assert 2 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 6
        page.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_strangers_words_are_text_and_the_policy_holds(browser, office, tmp_path):
    config = make.make(tmp_path / "ledger", build_folder() / "scorefetch", office.now, 0.3)
    with contextlib.closing(make.sqlite3.connect(tmp_path / "ledger" / "ledger.db")) as db, db:
        db.execute("UPDATE files SET name = name || ?, reason = ?", (HOSTILE + 200 * "W", HOSTILE + 300 * "W"))
        db.execute("INSERT INTO alerts (account, kind, text, first, last) VALUES ('admissions', 'disk', ?, 1, 2)", (HOSTILE,))
    path = tmp_path / "page.html"
    done = run([build_folder() / "scorefetch", "report", "-q", "-c", config, "-o", path])
    assert (done.code, done.err) == (0, "")
    with browser.open(path) as page:
        assert page.evaluate("document.querySelectorAll('img, script').length") == 0
        assert page.evaluate("document.body.textContent").count("<script>alert(2)</script>\"'&amp;") >= 5
        assert page.said() == [] and len(page.requests()) == 1
        for width in (320, 1280):
            page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        for attack in ("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))",
                       "document.body.append(Object.assign(document.createElement('img'), {src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='}))",
                       "document.body.append(Object.assign(document.createElement('style'), {textContent: 'body {display: none}'}))"):
            said = len(page.said())
            page.evaluate(attack + ";0")
            assert len(page.said()) > said, "the policy was broken, and nobody has heard of it"
        assert not page.evaluate("window.ran")
        assert page.evaluate("getComputedStyle(document.body).display") == "block"
