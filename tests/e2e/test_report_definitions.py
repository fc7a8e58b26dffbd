"""What a report's figures are defined as, how they are drawn and labelled: one small register for each."""

import html
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from dealtrack.core.text import display_width
from tests.conftest import PROJECT, Clerk
from tests.registers import new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")


def imported(clerk: Clerk, folder: Path, lines: list[str]) -> None:
    path = folder / "complaints.csv"
    path.write_text("\n".join(["number,platform,received,forwarded,completed", *lines]) + "\n", encoding="utf-8")
    clerk("import", path).ok()


def report(clerk: Clerk, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(clerk("report", "--format", "json", *words).ok())
    return told


def figures(clerk: Clerk, *words: str) -> dict[str, str]:
    """Return the figures of all complaints as plain lines tell them."""
    lines = [line.split("\t") for line in clerk("report", *words).ok().splitlines()]
    return {key: value for span, group, key, value in lines if (span, group) == ("asked", "")}


def written(clerk: Clerk, folder: Path, *words: str) -> tuple[str, Any]:
    """Return the page as text and the workbook."""
    page, book = folder / "page.html", folder / "book.xlsx"
    # pygal leaves a finder of modules behind that Python warns of: it is loaded elsewhere.
    clerk.process("report", *words, "--html", page, "--xlsx", book).ok()
    return html.unescape(page.read_text(encoding="utf-8")), openpyxl.load_workbook(book)


def test_charts_of_a_workbook_hold_every_week(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2017-01-20T09:00:00+08:00"
    days = [date(2016, 6, 1) + timedelta(7 * week) for week in range(20)]
    late = [day + timedelta(9 if place > 11 else 0) for place, day in enumerate(days)]
    rows = [f"{n},JD,{days[n]} 10:00,{days[n]} 11:00,{late[n]} 12:00" for n in range(20)]
    imported(clerk, tmp_path, rows)
    page, _ = written(clerk, tmp_path, "--by", "week")
    assert len(set(re.findall(r"2016-W\d\d", re.findall("<svg.*?</svg>", page, re.DOTALL)[2]))) == 20
    with ZipFile(tmp_path / "book.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if re.search(r"charts/chart\d+\.xml$", name)]
    ranges = [found for chart in charts for found in re.findall(r"<c:f>'?[^!]*'?!\$\w+\$(\d+):\$\w+\$(\d+)", chart)]
    by_week = [(first, last) for first, last in ranges if int(last) < 100]
    assert len(by_week) > 6 and set(by_week) == {("2", "21")}
    assert any("<c:lineChart>" in chart for chart in charts)


def test_charts_of_a_workbook_say_which_groups_they_leave_out(clerk: Clerk, tmp_path: Path) -> None:
    for place in range(10, 25):
        clerk("add", "--platform", "JD", "--owner", f"o{place}").ok()
    page, book = written(clerk, tmp_path, "--by", "owner")
    assert "Charts show the first 12 of 15" in page and "tables hold all" not in page
    cells = [str(cell) for row in book["report"].iter_rows(values_only=True) for cell in row]
    assert any("Charts show the first 12 of 15" in cell for cell in cells)
    with ZipFile(tmp_path / "book.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if re.search(r"charts/chart\d+\.xml$", name)]
    assert sum("(the first 12 of 15)" in chart for chart in charts) == 3
    # Day by day, what is shown adds up to all that was received.
    head, first, *_ = book["day by day"].iter_rows(values_only=True)
    assert head[-1] == "others" and len(head) == 3 + 12 + 1
    assert first[1] == 15 == sum(first[3:]) and first[-1] == 3
    table = re.findall(r"<table.*?</table>", page, re.DOTALL)[-1]
    row = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)[-1]
    values = [int(value) for value in re.findall(r'data-value="(\d+)"', row)]
    assert "others" in table and values[0] == 15 == sum(values[1:])


def test_one_of_3000_late_is_not_all_on_time(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    ends = ["2016-11-18 10:00", *["2016-11-01 12:00"] * 2999]
    imported(clerk, tmp_path, [f"B{n},JD,2016-11-01 09:00,2016-11-01 10:00,{end}" for n, end in enumerate(ends)])
    shown = clerk("report", "--format", "table").ok()
    assert "99.9%" in shown and "100.0%" not in shown
    assert figures(clerk)["complete_on_time_rate"] == "0.9997"
    page, book = written(clerk, tmp_path)
    assert "99.9%" in page and "100.0%" not in page
    cell = book["on time"]["G2"]
    assert (cell.value, cell.number_format) == (0.999, "0.0%")
    with ZipFile(tmp_path / "book.xlsx") as parts:
        labels = re.findall(r'<c:dLbls><c:numFmt formatCode="([^"]*)"', parts.read("xl/charts/chart1.xml").decode())
    assert set(labels) == {"0.0%"}


def test_means_read_alike_on_terminal_page_and_workbook(new_clerk: Callable[..., Clerk], tmp_path: Path) -> None:
    clerk = new_clerk(now="2016-11-24T16:00:00+08:00")
    clerk("init").ok()
    clerk("import", SAMPLE).ok()
    words = ("--campaign", "double-eleven-2016", "--by", "category")
    lines = clerk("report", *words, "--format", "table").ok().splitlines()
    rows = [re.split(" {2,}", line) for line in lines[3:11]]
    means = {row[0]: row[2] for row in rows if len(row) > 2}
    assert (means["not as described"], means["advertising"]) == ("3.3", "1.0")
    page, book = written(clerk, tmp_path, *words)
    assert ">3.3<" in page and ">1.0<" in page
    shown = {row[0].value: (row[2].value, row[2].number_format) for row in book["compared"].iter_rows()}
    assert shown["not as described"] == (3.25, "#,##0.0") and shown["advertising"] == (0.95, "#,##0.0")


def test_a_small_mean_is_not_nothing(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    clerk("add", "--platform", "Tmall", "--at", "2016-09-01").ok()
    clerk("add", "--platform", "JD", "--at", "2016-10-01").ok()
    for day in ("2016-11-12", "2016-11-13", "2016-11-14"):
        clerk("add", "--platform", "JD", "--at", day).ok()
    words = ("--from", "2016-10-22", "--to", "2016-11-21")
    shown = clerk("report", *words, "--format", "table").ok()
    assert re.search(r"^JD +3 +0\.1 +0\.03 ", shown, re.MULTILINE)
    assert "daily mean, 31 days before: 0.03" in shown and "before: 0;" not in shown
    page, book = written(clerk, tmp_path, *words)
    assert "mean 0.03" in page and ">0.03<" in page
    (cell,) = {(row[2].value, row[2].number_format) for row in book["day by day"].iter_rows(2) if row[2].value}
    assert cell == (1 / 31, "#,##0.00")
    # An axis of small means, too, has ticks between 0 and 1.
    with ZipFile(tmp_path / "book.xlsx") as parts:
        charts = "".join(parts.read(name).decode() for name in parts.namelist() if "charts/chart" in name)
    assert '<c:numFmt formatCode="#,##0"' not in charts


def test_only_policies_that_judge_what_is_counted_are_named(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-11-01T09:00:00+08:00"
    clerk("add", "--platform", "JD").ok()
    rule = "complete: 2 working days from forwarding or reopening to completion"
    first = clerk("report", "--format", "table").ok()
    clerk("policy", "adopt", "odr", now="2017-11-02T09:00:00+08:00").ok()
    clerk.now = "2017-11-03T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--at", "2017-11-03 08:00", "--policy", "odr").ok()
    then = clerk("report", "--format", "table", "--known-at", "2016-11-01 09:00").ok()
    assert [line for line in then.splitlines() if line.startswith("complete:")] == [rule]
    assert first.splitlines()[2:] == then.splitlines()[2:]
    assert f"{rule}\n" in clerk("report", "--format", "table", "--to", "2016-12-31").ok()
    both = clerk("report", "--format", "table").ok()
    assert f"{rule} or 10 working days" in both
    for words in (("--known-at", "2016-11-01 09:00"), ("--to", "2016-12-31")):
        page, book = written(clerk, tmp_path, *words)
        assert rule in page and f"{rule} or" not in page
        assert not any(
            "10 working days" in str(cell) for row in book["complete"].iter_rows(values_only=True) for cell in row
        )


def test_what_was_paid_in_advance_stays_paid(clerk: Clerk) -> None:
    clerk.now = "2016-11-01T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--seller", "third-party").ok()
    clerk("forward", 1).ok()
    clerk("complete", 1, "--outcome", "advance-compensation", "--amount", "500").ok()
    clerk.now = "2016-11-02T09:00:00+08:00"
    clerk("reopen", 1, "--reason", "still faulty").ok()
    paid = {"advance": "1", "third_party_advance": "1", "advance_sum": "500.0", "advance_without_amount": "0"}
    assert paid.items() <= figures(clerk).items()
    clerk("complete", 1, "--outcome", "refund", "--amount", "20").ok()
    assert paid.items() <= figures(clerk).items()
    clerk("reopen", 1, "--reason", "again").ok()
    clerk("complete", 1, "--outcome", "advance-compensation").ok()
    expected = {"advance": "1", "third_party_advance": "1", "advance_sum": "500.0", "advance_without_amount": "1"}
    assert expected.items() <= figures(clerk).items()
    # So too when it is counted by its history, and not before it happened.
    assert expected.items() <= figures(clerk, "--as-of", "2016-11-02 09:00").items()
    assert paid.items() <= figures(clerk, "--as-of", "2016-11-01 12:00").items()
    clerk("void", 1, "--reason", "slip").ok()
    assert paid.items() <= figures(clerk).items()


def test_an_amount_that_nobody_stated_is_a_dash(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-11-01T09:00:00+08:00"
    for platform, seller in (("JD", "platform"), ("JD", "third-party"), ("Tmall", "platform")):
        clerk("add", "--platform", platform, "--seller", seller).ok()
    clerk("complete", 1, "--outcome", "advance-compensation", "--amount", "500").ok()
    clerk("complete", 2, "--outcome", "refund", "--amount", "20").ok()
    clerk("complete", 3, "--outcome", "advance-compensation").ok()
    lines = clerk("report", "--format", "table").ok().splitlines()
    head = next(place for place, line in enumerate(lines) if "advance paid, all sellers" in line)
    assert "advance compensation, third-party" in lines[head]
    assert [line.split()[0] for line in lines[head + 2 : head + 5]] == ["JD", "Tmall", "all"]
    assert "500.00" in lines[head + 2] and "0.00 " not in lines[head + 3] and "500.00" in lines[head + 4]
    groups = {group["platform"]: group for group in report(clerk)["groups"]}
    assert (groups["JD"]["advance_sum"], groups["Tmall"]["advance_sum"], groups["Tmall"]["advance"]) == (500.0, None, 1)
    page, book = written(clerk, tmp_path)
    assert "advance paid, all sellers" in page and ">0.00<" not in page
    head, *rows = book["measures"].iter_rows(values_only=True)
    place = head.index("advance paid, all sellers")
    assert [row[place] for row in rows[:3]] == [500.0, None, 500.0]


def test_an_open_end_is_the_day_of_the_report(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2016-11-24T16:00:00+08:00")
    clerk("init").ok()
    clerk("import", SAMPLE).ok()
    told = report(clerk, "--from", "2016-11-08", "--by", "week")
    assert (told["last"], told["days"], told["a_day"]) == ("2016-11-24", 17, 14.1176)
    assert [(group["week"], group["complaints"]) for group in told["groups"]][-1] == ("2016-W47", 0)
    assert told["intake"][-1] == {"day": "2016-11-24", "complaints": 0}
    before = report(clerk, "--from", "2016-11-08", "--as-of", "2016-11-20 12:00")
    assert (before["last"], before["days"]) == ("2016-11-20", 13)
    ahead = clerk("report", "--from", "2016-12-01", "--format", "table").ok()
    assert ahead.startswith("complaints received from 2016-12-01\n")
    assert (
        clerk("report", "--to", "2016-10-01", "--format", "table")
        .ok()
        .startswith("complaints received up to 2016-10-01\n")
    )


def test_who_had_complaints_only_in_the_days_before_has_a_row(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    clerk("add", "--platform", "JD", "--at", "2016-11-03").ok()
    clerk("add", "--platform", "Amazon", "--at", "2015-11-03").ok()
    for day in (20, 21, 22, 23):
        clerk("add", "--platform", "Tmall", "--at", f"2016-10-{day}").ok()
    words = ("report", "--campaign", "double-eleven-2016")
    lines = [line.split() for line in clerk(*words, "--format", "table").ok().splitlines()[3:10] if line]
    rows = {line[0]: line[1:5] for line in lines}
    assert rows["JD"] == ["1", "0.1", "0", "0"] and rows["Tmall"] == ["–", "0", "0.2", "0"]
    assert rows["Amazon"] == ["–", "0", "0", "0.1"] and rows["all"] == ["1", "0.1", "0.2", "0.1"]
    page, book = written(clerk, tmp_path, *words[1:])
    assert [row[0] for row in book["compared"].iter_rows(2, 5, values_only=True)] == ["JD", "Tmall", "Amazon", "all"]
    chart = next(svg for svg in re.findall("<svg.*?</svg>", page, re.DOTALL) if 'id="compared-title"' in svg)
    assert "Tmall" in chart and "Amazon" in chart


def test_the_usual_is_of_days_that_the_register_knows(clerk: Clerk, tmp_path: Path) -> None:
    days = [date(2016, 10, 30) + timedelta(n) for n in range(8)]
    imported(clerk, tmp_path, [f"{day}-{n},JD,{day} 10:00,," for day in days for n in range(15)])
    words = ("--from", "2016-11-01", "--to", "2016-11-06")
    told = report(clerk, *words)
    assert (told["usual_a_day"], told["usual_days"], told["usual_of"]) == (15.0, 2, "days-before")
    assert told["register_begins"] == "2016-10-30"
    known = "daily mean before 15 (2 of 6 days: the register begins on 2016-10-30)"
    shown = clerk("report", *words, "--format", "table").ok()
    assert known in shown and "covers 2 of 6 days of 2016-10-26 to 2016-10-31" in shown
    page, book = written(clerk, tmp_path, *words)
    assert known in page and "2 of them: the register begins on 2016-10-30" in page
    assert {row[2] for row in book["day by day"].iter_rows(2, 7, values_only=True)} == {15}
    # What it is narrowed to does not make the register younger.
    clerk("add", "--platform", "Tmall", "--at", "2016-10-31 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-02 10:00").ok()
    assert report(clerk, *words, "--platform", "Tmall")["usual_a_day"] == 0.5
    # Nor do days ahead of the first complaint count where the span itself is the measure.
    alone = report(clerk, "--from", "2016-10-01", "--to", "2016-10-31")
    assert (alone["days"], alone["usual_days"], alone["usual_a_day"], alone["usual_of"]) == (31, 2, 15.5, "days")
    nothing = clerk("report", "--from", "2016-10-30", "--to", "2016-10-31", "--format", "table").ok()
    assert "The register begins on 2016-10-30: it does not cover 2016-10-28 to 2016-10-29." in nothing


def test_days_of_a_campaign_are_never_the_usual(clerk: Clerk, tmp_path: Path) -> None:
    """10 complaints a day from 11 to 15 November, in Double Eleven (to the 20th), then one a day from the 21st."""
    clerk.now = "2016-12-05T09:00:00+08:00"
    burst = [f"{day}-{n},JD,2016-11-{day} 10:00,," for day in range(11, 16) for n in range(10)]
    imported(clerk, tmp_path, [*burst, *(f"{day},JD,2016-11-{day} 10:00,," for day in range(21, 31))])

    def usual(*words: str) -> tuple[object, ...]:
        told = report(clerk, *words)
        return told["usual_a_day"], told["usual_days"], told["usual_of"]

    # The register knows nothing of the days before the burst: there is nothing to call usual.
    assert usual("--campaign", "double-eleven-2016") == (None, None, None)
    assert usual("--from", "2016-11-01", "--to", "2016-11-20") == (None, None, None)
    told = clerk("report", "--campaign", "double-eleven-2016", "--format", "table").ok()
    assert "most on 2016-11-11: 10." in told and "times" not in told
    # The ten days before are all of the campaign; so are five of these.
    assert usual("--from", "2016-11-21", "--to", "2016-11-30") == (1.0, 10, "days")
    assert usual("--from", "2016-11-16", "--to", "2016-11-25") == (1.0, 5, "days")
    words = ("--from", "2016-11-16", "--to", "2016-11-25")
    page, _ = written(clerk, tmp_path, *words)
    said = "0.5 per day, 1 on 5 of them (days of sales campaigns left out)"
    assert said in clerk("report", *words, "--format", "table").ok() and said in page
    # 21 to 30 November before 1 to 10 December, of which five have begun.
    assert usual("--from", "2016-12-01", "--to", "2016-12-10") == (1.0, 10, "days-before")
    # Ten days from 20 November on: the tenth, the 20th itself, is the campaign's.
    assert usual("--from", "2016-11-30", "--to", "2016-12-09") == (1.0, 9, "days-before")


def test_an_import_is_not_the_headline(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = "2016-12-05T09:00:00+08:00"
    imported(clerk, tmp_path, ["1,JD,2016-11-01 10:00,,"])
    assert report(clerk)["total"]["backdated"] == 1
    page, book = written(clerk, tmp_path)
    shares = page[page.index('<ul class="shares">') : page.index("</ul>")]
    assert "on time" in shares and "backdated" not in shares
    assert "backdated" in page
    first = next(iter(book))
    assert not any(cell.value == "backdated" for row in first for cell in row)


def test_a_day_looked_at_from_its_first_second_lies_ahead(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk(now="2016-11-24T16:00:00+08:00")
    clerk("init").ok()
    clerk("import", SAMPLE).ok()
    words = ("--campaign", "double-eleven-2016", "--as-of")
    told = report(clerk, *words, "2016-11-15")
    assert (told["as_of"], told["days"], told["a_day"]) == ("2016-11-15T00:00:00+08:00", 14, 21.4286)
    assert report(clerk, *words, "2016-11-15 00:01")["days"] == 15
    # A complaint of which the day alone is known stands at its first second, and counts with its day.
    clerk("add", "--platform", "JD", "--at", "2016-11-15").ok()
    assert report(clerk, *words, "2016-11-15")["days"] == 15


LOOKS = (("list",), ("show", "1"), ("explain", "1"), ("overdue",), ("due",), ("digest",), ("report",), ("search", "JD"))


@pytest.mark.parametrize("words", LOOKS, ids=lambda words: words[0])
def test_a_moment_that_has_not_come_is_said_to_be_so(clerk: Clerk, words: tuple[str, ...]) -> None:
    clerk("add", "--platform", "JD", "--summary", "JD", "--at", "2016-11-14 10:00").ok()
    for option in ("--as-of", "--known-at"):
        told = clerk(*words, option, "2016-11-18 10:00")
        assert told.status == 0 and "2016-11-18 10:00 is in the future" in told.err
        assert "has not come yet" not in told.out
        assert "has not come" not in clerk(*words, option, "2016-11-15 08:00").err
    assert "尚未到来" in clerk("--lang", "zh", *words, "--as-of", "2030-01-01").err


def test_days_late_that_have_not_come_or_are_of_no_calendar_are_provisional(full_clerk: Clerk) -> None:
    full_clerk("add", "--platform", "JD", "--at", "2016-11-14 10:00").ok()

    def overdue(*words: str, now: str = full_clerk.now) -> tuple[str, int, bool]:
        (told,) = json.loads(full_clerk("overdue", *words, "--format", "json", now=now).ok())
        return told["due"][:10], told["working_days_late"], told["provisional"]

    assert overdue(now="2016-11-17T09:00:00+08:00") == ("2016-11-15", 2, False)
    assert overdue("--as-of", "2016-11-17 09:00") == ("2016-11-15", 2, True)
    assert overdue("--as-of", "2030-01-01")[2] and overdue(now="2027-02-01T09:00:00+08:00")[2]
    assert not overdue("--as-of", "2016-11-17 09:00", now="2027-02-01T09:00:00+08:00")[2]
    # The deadline itself is certain: only the days late are marked.
    shown = full_clerk.at_terminal("overdue", "--as-of", "2016-11-17 09:00", NO_COLOR="1").out
    assert "2 wd?" in shown and "2016-11-15?" not in shown
    page = json.loads(full_clerk("digest", "--as-of", "2016-11-17 09:00", "--format", "json").ok())
    (late,) = page["newly_overdue"] + page["still_overdue"]
    assert late["provisional"] and not [key for key in late if key.startswith("_")]


THREE_CLOCKS = """
name = "three-clocks"
[[version]]
in_force = 2011-07-21
authority = "nobody"
source = "invented"
clock = [
    { name = "forward", start = "received", stop = "forwarded", length = 1 },
    { name = "respond", start = ["forwarded", "reopened"], stop = "completed", length = 15, unit = "calendar-day" },
    { name = "final", start = ["forwarded", "reopened"], stop = "completed", length = 60, unit = "calendar-day" },
]
"""


@pytest.fixture(scope="module")
def three_clocks(tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Give a clerk with two dozen complaints under a policy of three clocks."""
    folder = tmp_path_factory.mktemp("three")
    clerk = Clerk(folder / "home", new_place(folder), now="2026-11-02T09:00:00-05:00")
    (folder / "three.toml").write_text(THREE_CLOCKS, encoding="utf-8")
    clerk("init", "--calendar", "US", "--policy", folder / "three.toml", "--timezone", "America/New_York").ok()
    for place in range(24):
        name = ("TRANSUNION INTERMEDIATE HOLDINGS, INC.", "Bank")[place % 2]
        if place < 2:
            clerk("platform", "add", name).ok()
        clerk("add", "--platform", name, "--at", f"2026-10-{place % 9 + 1:02} 10:00").ok()
    clerk("forward", "1-20", "--at", "2026-10-10 10:00").ok()
    return clerk


@pytest.mark.parametrize("width", [40, 50, 60, 70, 80, 85, 90, 95, 104, 105, 120])
def test_the_two_figures_of_a_clock_go_together(three_clocks: Clerk, width: int) -> None:
    lines = three_clocks.at_terminal("report", width=width, NO_COLOR="1").ok().splitlines()
    assert max(map(display_width, lines)) <= width
    last = next(place for place, line in enumerate(lines) if "median/p90" in line)
    # Where room lacks, a title goes on below itself.
    titles = " ".join(lines[lines.index("", last - 4) + 1 : last + 1])
    shown = [name for name in ("forward", "respond", "final") if name in titles]
    assert titles.count("median/p90") == len(shown) >= 1
    text = " ".join(lines)
    left_out = " ".join(re.findall(r"Not shown at this width: ([^.]*)\.", text))
    for name in ("forward", "respond", "final"):
        assert (name in shown) or f"{name} on time" in left_out
    assert ("received" in titles) or "received" in left_out


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [30, 36, 44, 50, 58, 66, 74, 80])
def test_rows_keep_their_names_and_parts_add_up_at_any_width(three_clocks: Clerk, width: int, language: str) -> None:
    words = ("--lang", language, "report", "--from", "2026-10-05", "--to", "2026-10-31")
    lines = three_clocks.at_terminal(*words, width=width, NO_COLOR="1").ok().splitlines()
    assert max(map(display_width, lines)) <= width
    rules = [place for place, line in enumerate(lines) if line.startswith("──")]
    for place in rules:
        first = next(line for line in lines[place + 1 :])
        assert re.match(r"TRANS|Bank|this period|本期", first), lines[place - 1 : place + 3]
    assert len(rules) >= 6
