"""The report as it is asked for on the command line."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from dealtrack.core.text import display_width
from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register, new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
MORNING = "2016-11-15 09:00"


@pytest.fixture(scope="module")
def office(made_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Give a clerk whose register holds the sample and a complaint about a platform with a Chinese name."""
    folder = tmp_path_factory.mktemp("office")
    clerk = Clerk(folder / "home", new_place(folder), now="2016-12-15T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    clerk("import", SAMPLE).ok()
    clerk("platform", "add", "国美在线电子商务有限公司").ok()
    clerk("add", "--platform", "国美在线电子商务有限公司", "--at", "2016-11-14 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-10-31 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2015-11-20 23:59").ok()
    return clerk


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def report(clerk: Clerk, *words: str) -> Any:
    return json.loads(clerk("report", "--format", "json", *words).ok())


def test_csv_json_and_plain_tell_the_same(office: Clerk) -> None:
    words = ("report", "--campaign", "double-eleven-2016", "--as-of", MORNING)
    told = report(office, *words[1:])
    rows = table(office(*words, "--format", "csv").ok())
    lines = [line.split("\t") for line in office(*words).ok().splitlines()]
    assert [row["span"] for row in rows if row["part"] == "total"] == ["asked", "before", "last-year"]
    sections = {"asked": told, **{section["span"]: section for section in told["beside"]}}
    for row in rows:
        section = sections[row["span"]]
        group = section["total"]
        if row["part"] == "group":
            (group,) = [held for held in section["groups"] if held["platform"] == row["platform"]]
        flat = {key: value for key, value in group.items() if key not in ("clocks", "platform")}
        flat |= {f"{name}_{key}": value for name, clock in group["clocks"].items() for key, value in clock.items()}
        told_here = {
            key: value for key, value in row.items() if key not in ("span", "part", "first", "last", "platform")
        }
        assert {key: str(value) for key, value in flat.items() if value is not None} == {
            key: value for key, value in told_here.items() if value
        }
        in_plain = {key: value for span, name, key, value in lines if (span, name) == (row["span"], row["platform"])}
        assert in_plain == {key: value for key, value in told_here.items() if value}
    assert [json.loads(line)["part"] for line in office(*words, "--format", "jsonl").ok().splitlines()] == [
        row["part"] for row in rows
    ]
    assert (told["campaign"], told["first"], told["last"], told["days"]) == (
        "double-eleven-2016", "2016-11-01", "2016-11-20", 15,
    )  # fmt: skip
    assert told["as_of"] == "2016-11-15T09:00:00+08:00"
    assert (told["usual_of"], told["usual_a_day"]) == ("days-before", 0.05)


def test_a_campaign_of_ones_own_for_last_year(office: Clerk) -> None:
    own = office.home / "campaigns.toml"
    office.home.mkdir(exist_ok=True)
    own.write_text('[[campaign]]\nname = "double-eleven-2015"\nfirst = 2015-11-20\nlast = 2015-11-25\n')
    try:
        last_year = report(office, "--campaign", "double-eleven-2016")["beside"][1]
    finally:
        own.unlink()
    assert (last_year["span"], last_year["first"], last_year["total"]["complaints"]) == ("last-year", "2015-11-20", 1)


def test_only_one_platform(office: Clerk) -> None:
    told = report(office, "--platform", "jd", "--by", "month", "--from", "2016-11-01", "--to", "2016-11-30")
    assert told["only"] == {"platform": "JD"}
    assert (told["total"]["complaints"], [group["month"] for group in told["groups"]]) == (109, ["2016-11"])
    assert report(office, "--owner", "nobody")["total"]["complaints"] == 0


@pytest.mark.parametrize("by", ["platform", "category", "seller", "owner", "week", "month"])
@pytest.mark.parametrize("width", [80, 120])
def test_it_reads_on_a_terminal(office: Clerk, by: str, width: int) -> None:
    words = ["report", "--by", by, "--from", "2016-11-01", "--to", "2016-11-20"]
    lines = office.at_terminal(*words, width=width, NO_COLOR="1").ok().splitlines()
    assert max(map(display_width, lines)) <= width
    text = "\n".join(lines)
    # No part is dropped, whatever the width: they add up to all.
    for title in ("on time", "late", "overdue", "not counted", "all"):
        assert f"  {title}" in text
    assert "█" in text and "complete on time" in text
    if by == "seller":
        assert "not stated" in text
    if by == "platform":
        assert "▁" in text
        ends = {
            display_width(line[: line.rindex("  ")]) for line in lines if line.startswith(("国美", "JD  ", "Tmall  "))
        }
        assert len(ends) > 1


@pytest.mark.filterwarnings("ignore:.*extension is not supported")
def test_sellers_and_what_it_is_narrowed_to_are_said_in_chinese(office: Clerk, tmp_path: Path) -> None:
    words = ("--lang", "zh", "report", "--by", "seller", "--category", "quality", "--as-of", MORNING)
    shown = office(*words, "--format", "table").ok()
    assert "截至 2016-11-15 09:00，类别 质量：" in shown
    # pygal leaves a finder of modules behind that Python warns of: it is loaded elsewhere.
    office.process(*words, "--html", tmp_path / "page.html", "--xlsx", tmp_path / "book.xlsx").ok()
    page = (tmp_path / "page.html").read_text()
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    with ZipFile(tmp_path / "book.xlsx") as parts:
        charts = b"".join(parts.read(name) for name in parts.namelist() if "/chart" in name).decode()
    cells |= {*re.findall(">([^<]+)<", charts)}
    for word, english in (
        ("转办", "forward"),
        ("自营", "platform"),
        ("平台内经营者", "third-party"),
        ("质量", "quality"),
    ):
        assert word in shown and word in page and word in cells
        assert english not in shown and f">{english}<" not in page and english not in cells
    assert office(*words, "--format", "csv").ok() == office(*words[2:], "--format", "csv").ok()


def test_nothing_to_report(clerk: Clerk) -> None:
    assert report(clerk)["total"]["complaints"] == 0
    assert clerk("report", "--format", "table").ok().splitlines() == [
        "all complaints",
        "as of 2016-11-15 09:00: 0 complaints, 0 open",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--by", "plattform"), "--by cannot be 'plattform'. Did you mean platform?"),
        (("--campaign", "double-eleven-2016", "--to", "2016-11-11"), "--campaign sets its own dates"),
        (
            ("--campaign", "double-twelve-2016"),
            "Unknown campaign: double-twelve-2016. Did you mean double-eleven-2016",
        ),
        (("--from", "2016-11-20", "--to", "2016-11-01"), "before it begins on 2016-11-20"),
        (("--from", "someday"), "Invalid date 'someday'"),
        (("--format", "xml"), "Format cannot be 'xml'"),
    ],
)
def test_what_cannot_be_asked(clerk: Clerk, words: tuple[str, ...], message: str) -> None:
    result = clerk("report", *words)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
