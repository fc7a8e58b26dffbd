"""The report's workbook, read by another program than the one that writes it."""

import re
import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from tests.conftest import PROJECT, Clerk
from tests.registers import copy_register, new_place

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
# Solid bars in cells are an extension of the format, which openpyxl says that it leaves alone.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")
TRICKY = ("=HYPERLINK(1)", "+86", "-1", "@shop", "京东商城")


@pytest.fixture(scope="module")
def office(made_register: Path, tmp_path_factory: pytest.TempPathFactory) -> Clerk:
    """Give a clerk whose register holds the sample, and platforms with names that a spreadsheet might run."""
    folder = tmp_path_factory.mktemp("workbook")
    clerk = Clerk(folder / "home", new_place(folder), now="2016-12-15T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    clerk("import", SAMPLE).ok()
    for name in TRICKY:
        clerk("platform", "add", "--", name).ok()
        clerk("add", f"--platform={name}", "--at", "2016-11-14 10:00", "--owner", name).ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-10-30 10:00").ok()
    return clerk


def written(clerk: Clerk, path: Path, *words: str) -> Any:
    told = clerk("report", *words, "--as-of", "2016-11-15 09:00", "--xlsx", path)
    assert (told.status, told.out) == (0, "") and "written to" in told.err
    return openpyxl.load_workbook(path)


def rows_of(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a table up to the first empty one."""
    rows = list(sheet.iter_rows(values_only=True))
    ends = [place for place, row in enumerate(rows) if not any(value is not None for value in row)]
    return rows[: ends[0] if ends else None]


def test_the_tables_are_those_of_the_report(office: Clerk, tmp_path: Path) -> None:
    import json

    words = ("--campaign", "double-eleven-2016")
    book = written(office, tmp_path / "report.xlsx", *words)
    told = json.loads(office("report", *words, "--as-of", "2016-11-15 09:00", "--format", "json").ok())
    assert book.sheetnames == ["report", "on time", "forward", "complete", "measures", "day by day", "compared"]
    parts = (
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
    for name in ("forward", "complete"):
        head, *rows = rows_of(book[name])
        assert head[0] == "platform" and head[-2] == "all"
        expected = [(g["platform"], *(g["clocks"][name][part] for part in parts)) for g in told["groups"]]
        total = told["total"]["clocks"][name]
        assert rows == [*expected, ("all", *(total[part] for part in parts))]
        assert [sum(column) for column in list(zip(*rows[:-1], strict=True))[1:]] == list(rows[-1][1:])
    head, *rates = rows_of(book["on time"])
    assert rates[0][1] == told["groups"][0]["complaints"]
    assert round(rates[-1][2], 4) == told["total"]["clocks"]["forward"]["on_time_rate"]
    head, *days = rows_of(book["day by day"])
    assert [(row[0].date().isoformat(), row[1]) for row in days] == [
        (row["day"], row["complaints"]) for row in told["intake"]
    ]
    assert all(type(row[0]) is datetime for row in days)
    assert book["day by day"]["A2"].number_format == "yyyy-mm-dd"
    brief = {row[0]: row[1] for row in book["report"].iter_rows(min_row=3, max_row=12, values_only=True)}
    assert brief["received from"].date() == date(2016, 11, 1) and brief["as of"] == datetime(2016, 11, 15, 9)
    assert brief["complaints"] == told["total"]["complaints"]


@pytest.mark.parametrize("by", ["platform", "owner"])
def test_names_are_texts_and_never_formulas(office: Clerk, tmp_path: Path, by: str) -> None:
    book = written(office, tmp_path / "report.xlsx", "--by", by)
    names = {cell.value: cell for cell in book["forward"]["A"] if cell.value}
    assert names.keys() >= set(TRICKY)
    for sheet in book:
        for row in sheet.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f"]
    with ZipFile(tmp_path / "report.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name) and "worksheets" in name]


def test_headings_stay_and_charts_are_excels_own(office: Clerk, tmp_path: Path) -> None:
    book = written(office, tmp_path / "report.xlsx", "--campaign", "double-eleven-2016")
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "B2"
        assert sheet.page_setup.paperSize == 9 and sheet.page_setup.fitToHeight == 0
    charted = {sheet.title: len(sheet._charts) for sheet in book if sheet._charts}
    assert charted == {"report": 2, "forward": 1, "complete": 1, "compared": 1}
    assert {rule.type for name in ("on time", "forward") for rules in book[name].conditional_formatting for rule in rules.rules} == {"dataBar", "cellIs"}  # fmt: skip
    with ZipFile(tmp_path / "report.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if re.search(r"charts/chart\d+\.xml$", name)]
        # Every chart takes its figures from cells.
        assert charts and all("<c:numRef>" in chart for chart in charts)


def test_the_file_is_its_owners_whole_and_the_same_again(office: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    written(office, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_bytes()
    written(office, path)
    assert path.read_bytes() == first and list(tmp_path.iterdir()) == [path]
    refused = office("report", "--xlsx", office.db)
    assert refused.status == 3 and "it is a database" in refused.err


def test_an_empty_register_makes_a_workbook(clerk: Clerk, tmp_path: Path) -> None:
    book = written(clerk, tmp_path / "empty.xlsx", "--by", "week")
    assert book["report"]["B7"].value is not None or book["report"]["B6"].value == 0
    assert not [sheet.title for sheet in book if sheet._charts]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("words", [("report", "--xlsx"), ("export", "--format", "xlsx", "--to")])
def test_a_disk_without_room_is_told(office: Clerk, words: tuple[str, ...]) -> None:
    told = office(*words, "/dev/full")
    assert (told.status, told.err) == (3, "dealtrack: Cannot write /dev/full: No space left on device.\n")


@pytest.mark.parametrize("by", ["week", "month"])
def test_weeks_in_which_nothing_was_received_make_a_workbook(made_register: Path, tmp_path: Path, by: str) -> None:
    """There are no deadlines then, of which a chart could show how many were done on time."""
    clerk = Clerk(tmp_path / "home", made_register, now="2016-12-15T09:00:00+08:00")
    words = ("--by", by, "--from", "2016-11-01", "--to", "2016-11-20")
    book = written(clerk, tmp_path / "report.xlsx", *words)
    assert [row[1] for row in rows_of(book["on time"])[1:]] == [0] * (4 if by == "week" else 2)
