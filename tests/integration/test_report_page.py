"""The report's page, read as a browser reads it: every figure, no reference to elsewhere, no text taken for markup."""

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dealtrack.cli.language import ENGLISH_WORDS
from dealtrack.errors import MissingExtra
from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register, new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img onerror=alert(1) src=x>',
    "</title></svg><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; ' onmouseover='x",
    "gomer\u202eDJ\u2066moc",
    "京东商城",
)
VOID = {"meta", "rect", "path", "circle", "img", "br", "link", "input"}
PARTS = (
    "on_time",
    "late",
    "open_late",
    "open_in_time",
    "paused",
    "not_started",
    "cancelled",
    "unknown",
    "runs",
    "provisional",
)
CAMPAIGN = ("--campaign", "double-eleven-2016", "--as-of", "2016-11-15 09:00")


@dataclass
class Element:
    """An element of a page with what it holds."""

    tag: str
    attributes: dict[str, str | None]
    inside: list["Element | str"] = field(default_factory=list)

    def all(self, *tags: str) -> list["Element"]:
        """Return the elements of these tags in it, in their order; all elements without any."""
        found = []
        for held in self.inside:
            if isinstance(held, Element):
                found += [held] if not tags or held.tag in tags else []
                found += held.all(*tags)
        return found

    @property
    def text(self) -> str:
        """Return all its text."""
        return "".join(held if isinstance(held, str) else held.text for held in self.inside)


class Reader(HTMLParser):
    """Reads a page into elements, and knows that each is closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs))
        assert len(made.attributes) == len(attrs)
        self._open[-1].inside.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


@pytest.fixture(scope="module")
def office(made_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Give a clerk whose register holds the sample, and platforms and owners with names that a page might obey."""
    folder = tmp_path_factory.mktemp("page")
    clerk = Clerk(folder / "home", new_place(folder), now="2016-12-15T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    clerk("import", SAMPLE).ok()
    for name in HOSTILE:
        clerk("platform", "add", "--", name).ok()
        clerk("add", f"--platform={name}", "--at", "2016-11-14 10:00", "--owner", name, "--consumer", "王小明").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-10-30 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2015-11-15 10:00").ok()
    return clerk


def read(clerk: Clerk, path: Path, *words: str) -> tuple[str, Element, Any]:
    """Return a page as text and read, and what `--format json` says to the same question."""
    told = clerk("report", *words, "--html", path)
    assert (told.status, told.out) == (0, ""), told.err
    assert "written to" in told.err or "写入" in told.err
    figures = json.loads(clerk("report", *words, "--format", "json").ok())
    page = path.read_text(encoding="utf-8")
    return page, Reader(page).root, figures


def table(root: Element, place: int) -> tuple[list[str], list[list[Any]], list[Any] | None]:
    """Return the titles, the rows and the total of a table: names as texts, figures as the values they sort by."""
    found = root.all("table")[place]
    titles = [cell.text for cell in found.all("thead")[0].all("th")]
    rows = [_values(row) for row in found.all("tbody")[0].all("tr")]
    feet = found.all("tfoot")
    return titles, rows, _values(feet[0].all("tr")[0]) if feet else None


def _values(row: Element) -> list[Any]:
    first, *others = row.all("th", "td")
    assert first.attributes["scope"] == "row"
    values = [cell.attributes["data-value"] for cell in others]
    return [first.text, *(float(value) if value else None for value in values)]


def clock_rates(group: Any, names: tuple[str, ...]) -> list[Any]:
    keys = ("on_time_rate", "decided", "median_working_days", "p90_working_days")
    clocks = [group["clocks"].get(name) for name in names]
    return [clock[key] if clock else None for clock in clocks for key in keys]


def rounded(row: list[Any]) -> list[Any]:
    return [round(value, 4) if isinstance(value, float) else value for value in row]


@pytest.mark.parametrize("by", ["platform", "category", "seller", "owner", "week", "month"])
def test_every_figure_is_that_of_json(office: Clerk, tmp_path: Path, by: str) -> None:
    _, root, told = read(office, tmp_path / "page.html", *CAMPAIGN, "--by", by)
    groups, total = told["groups"], told["total"]
    shown = [ENGLISH_WORDS.get(f"{by}\x04{group[by]}", str(group[by] or "not stated")) for group in groups]
    shown = [re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", name) for name in shown]
    titles, rows, foot = table(root, 0)
    assert titles[0] == by and foot is not None
    assert [row[0] for row in rows] == shown
    wanted = [[group["complaints"], *clock_rates(group, ("forward", "complete"))] for group in [*groups, total]]
    assert [rounded(row[1:]) for row in [*rows, foot]] == wanted
    for place, name in enumerate(("forward", "complete"), 1):
        _, rows, foot = table(root, place)
        assert foot is not None and foot[1:] == [total["clocks"][name][part] for part in PARTS]
        nothing = dict.fromkeys(PARTS, 0)
        assert [row[1:] for row in rows] == [
            [group["clocks"].get(name, nothing)[part] for part in PARTS] for group in groups
        ]
        assert [sum(column) for column in list(zip(*rows, strict=True))[1:]] == foot[1:]
    keys = (
        ("complaints", "open", "provisional", "completed", "first_contact", "first_contact_rate"),
        ("third_party", "third_party_advance", "third_party_advance_rate", "advance", "advance_sum"),
        ("reopened", "reopened_rate", "backdated", "backdated_rate"),
    )
    for place, held in enumerate(keys, 3):
        _, rows, foot = table(root, place)
        assert foot is not None
        found = [rounded(row[1:]) for row in [*rows, foot]]
        assert found == [[group[key] for key in held] for group in [*groups, total]]
    assert [section["span"] for section in told["beside"]] == ["before", "last-year"]
    _, rows, foot = table(root, 6)
    assert foot is not None
    spans = [told, *told["beside"]]
    assert foot[1::4] == [span["total"]["complaints"] for span in spans]
    assert rounded(foot[2::4]) == [span["a_day"] for span in spans]
    assert rounded(foot[3::4]) == [span["total"]["clocks"]["forward"]["on_time_rate"] for span in spans]
    _, rows, foot = table(root, 7)
    assert foot is None
    assert [(row[0], row[1]) for row in rows] == [(day["day"], day["complaints"]) for day in told["intake"]]


def test_shares_state_what_they_are_of(office: Clerk, tmp_path: Path) -> None:
    _, root, told = read(office, tmp_path / "page.html", *CAMPAIGN)
    (shares,) = [held for held in root.all("ul") if held.attributes.get("class") == "shares"]
    first = [span.text for span in shares.all("li")[0].all("span", "strong")]
    clock = told["total"]["clocks"]["forward"]
    assert first[0] == "forward on time"
    assert float(first[1].removesuffix("%")) == pytest.approx(clock["on_time_rate"] * 100, abs=0.05)
    assert first[2:] == [f"{clock['on_time']} of {clock['decided']}", "deadlines that are done or past due"]
    assert all(len(share.all("span", "strong")) == 4 for share in shares.all("li"))


def test_it_needs_nothing_from_elsewhere_and_runs_only_its_own_lines(office: Clerk, tmp_path: Path) -> None:
    page, root, _ = read(office, tmp_path / "page.html", *CAMPAIGN)
    assert not re.search(r"//|url\(|@import|xlink|pygal", page)
    allowed = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "role", "scope", "tabindex", "open"}
    allowed |= {"aria-label", "aria-labelledby", "aria-hidden", "data-value", "min", "max", "value", "type"}
    allowed |= {"viewbox", "x", "y", "width", "height", "d", "transform", "cx", "cy", "r"}
    assert {name for element in root.all() for name in element.attributes} <= allowed
    tags = {element.tag for element in root.all()}
    assert not tags & {"link", "img", "iframe", "object", "embed", "use", "image", "a", "form", "base", "foreignobject"}
    (script,), (style,) = root.all("script"), root.all("style")
    (policy,) = [m.attributes["content"] for m in root.all("meta") if m.attributes.get("http-equiv")]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for name, element in (("script-src", script), ("style-src", style)):
        (digest,) = re.findall("^'sha256-(.+)'$", rules[name])
        assert b64decode(digest) == hashlib.sha256(element.text.encode()).digest()


def test_every_chart_says_in_words_what_it_shows(office: Clerk, tmp_path: Path) -> None:
    _, root, told = read(office, tmp_path / "page.html", *CAMPAIGN)
    drawn = root.all("svg")
    charts, narrow = drawn[::2], drawn[1::2]
    assert len(charts) == len(root.all("figure")) == 5
    # Each is drawn for a telephone too, on which the broad one is not shown.
    for chart, other in zip(charts, narrow, strict=True):
        assert str(chart.attributes["class"]).replace("broad", "narrow") == other.attributes["class"]
        assert str(other.attributes["viewbox"]).startswith("0 0 340 ")
        assert [each.text for each in chart.all("desc")] == [each.text for each in other.all("desc")]
        assert len(chart.all("rect")) == len(other.all("rect"))
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for chart in drawn:
        assert chart.attributes["role"] == "img"
        title, words = (held for held in chart.inside if isinstance(held, Element) and held.tag in ("title", "desc"))
        assert chart.attributes["aria-labelledby"] == f"{title.attributes['id']} {words.attributes['id']}"
        assert title.text and len(words.text) > 20
    jd = next(group for group in told["groups"] if group["platform"] == "JD")["clocks"]["forward"]
    assert f"JD, late: {jd['late']};" in charts[2].text
    # A bar for each part that is not empty, each with its own words.
    bars = [bar.text for bar in charts[2].all("g") if bar.attributes.get("class") == "bar" and bar.all("rect")]
    assert f"JD, on time: {jd['on_time']}" in bars
    parts = [group["clocks"]["forward"] for group in told["groups"]]
    assert len(bars) == sum(bool(clock[part]) for clock in parts for part in PARTS[:8])


def test_names_are_shown_and_never_obeyed(office: Clerk, tmp_path: Path) -> None:
    for by in ("platform", "owner"):
        page, root, _ = read(office, tmp_path / f"{by}.html", *CAMPAIGN, "--by", by)
        assert len(root.all("script")) == len(root.all("style")) == 1
        names = [row.all("th")[0].text for row in root.all("table")[0].all("tbody")[0].all("tr")]
        assert set(HOSTILE) - set(names) == {HOSTILE[5]}
        assert "gomer\ufffdDJ\ufffdmoc" in names
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
    only = ("--platform", HOSTILE[0])
    _, root, _ = read(office, tmp_path / "only.html", *CAMPAIGN, *only)
    assert HOSTILE[0] in [value.text for value in root.all("dd")]
    assert len(root.all("script")) == 1


def test_no_personal_data_is_on_it(office: Clerk, tmp_path: Path) -> None:
    for by in ("platform", "owner", "month"):
        page, _, _ = read(office, tmp_path / "page.html", "--by", by)
        assert "王小明" not in page and "王" not in page


def test_it_speaks_chinese(office: Clerk, tmp_path: Path) -> None:
    page, root, told = read(replace(office, extra={"DEALTRACK_LANG": "zh"}), tmp_path / "page.html", *CAMPAIGN)
    assert root.all("html")[0].attributes["lang"] == "zh-CN"
    assert read(office, tmp_path / "english.html", *CAMPAIGN)[1].all("html")[0].attributes["lang"] == "en"
    _, _, foot = table(root, 1)
    assert foot is not None and foot[1:] == [told["total"]["clocks"]["forward"][part] for part in PARTS]
    assert "按时" in page and "逾期" in page
    spoken = re.sub("<(style|script)>.*?</\\1>|<title.*?</title>|<[^>]*>", " ", page, flags=re.DOTALL)
    names = {*HOSTILE, "JD", "Tmall", "Gome online", "Amazon", "Asia/Shanghai"}
    for name in names:
        spoken = spoken.replace(name, " ")
    assert not set(re.findall(r"\b(?:on time|late|open|all|received|share|of|day|complaints|platform)\b", spoken))


def test_the_same_report_gives_the_same_bytes_for_its_owner_alone(office: Clerk, tmp_path: Path) -> None:
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    for path in (one, two):
        read(office, path, *CAMPAIGN)
    assert one.read_bytes() == two.read_bytes()
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    refused = office("report", "--html", tmp_path / "nowhere" / "page.html")
    assert (refused.status, refused.out) == (3, "") and "nowhere" in refused.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


@pytest.mark.parametrize(
    "words", [(), ("--by", "week"), ("--by", "month"), ("--from", "2010-01-01", "--to", "2016-12-31")]
)
def test_any_span_makes_a_page(office: Clerk, tmp_path: Path, words: tuple[str, ...]) -> None:
    _, root, told = read(office, tmp_path / "page.html", *words)
    _, rows, foot = table(root, 0)
    assert foot is not None and foot[1] == told["total"]["complaints"] == sum(row[1] for row in rows)
    assert 1 <= len(root.all("svg")[0].all("rect")) <= 120


def test_a_span_without_complaints_says_so(office: Clerk, tmp_path: Path) -> None:
    _, root, told = read(office, tmp_path / "page.html", "--from", "2001-01-01", "--to", "2001-01-31")
    assert told["total"]["complaints"] == 0
    assert not root.all("table", "svg")
    assert "No complaints were received in these days." in root.all("main")[0].text


def test_both_files_and_a_format_at_once(office: Clerk, tmp_path: Path) -> None:
    told = office("report", *CAMPAIGN, "--html", tmp_path / "a.html", "--xlsx", tmp_path / "a.xlsx", "--format", "json")
    assert json.loads(told.ok())["total"]["complaints"] == 307
    assert told.err.count("written to") == 2


@pytest.mark.parametrize(("module", "package"), [("pygal", "pygal"), ("jinja2", "Jinja2")])
def test_without_the_extra_it_says_what_to_install(office: Clerk, tmp_path: Path, module: str, package: str) -> None:
    path = tmp_path / "page.html"
    program = (
        f"import sys; sys.modules[{module!r}] = None; from dealtrack.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = [sys.executable, "-c", program, "report", "--html", str(path)]
    ran = subprocess.run(words, env={**os.environ, **office.environment()}, capture_output=True, text=True, check=False)
    told = MissingExtra(what="The page", package=package, extra="report").message()
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"dealtrack: {told}\n")
    assert not path.exists()
