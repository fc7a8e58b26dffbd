"""The dates that public files were seen to hold, as a clerk meets them: typed, imported, and told of."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk

LATER = "2016-11-30T09:00:00+08:00"


def received(clerk: Clerk) -> list[str]:
    return [record["received"] for record in json.loads(clerk("list", "--format", "json", now=LATER).ok())]


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-11-15 24:00", "2016-11-16T00:00:00+08:00"),
        ("2016-11-15 晚上12点", "2016-11-16T00:00:00+08:00"),
        ("2016-11-15 晚上12:30", "2016-11-16T00:30:00+08:00"),
        ("2016-11-16 凌晨12:30", "2016-11-16T00:30:00+08:00"),
        ("2016-11-16 12:30 am", "2016-11-16T00:30:00+08:00"),
        ("2016-11-15 下午12:30", "2016-11-15T12:30:00+08:00"),
        ("2016-11-15 中午12点", "2016-11-15T12:00:00+08:00"),
        ("2016-11-15 10.30", "2016-11-15T10:30:00+08:00"),
        ("2016-11-15 23.59", "2016-11-15T23:59:00+08:00"),
    ],
)
def test_the_twelfth_hour_is_one_typed_and_imported(
    clerk: Clerk, file: Callable[..., Path], text: str, moment: str
) -> None:
    clerk("add", "--platform", "JD", "--at", text, now=LATER).ok()
    clerk("import", file(f"platform,received\nJD,{text}\n"), now=LATER).ok()
    assert received(clerk) == [moment] * 2


@pytest.mark.parametrize("text", ["2016-11-16 上午12:30", "2016-11-16 早上12点", "2016-11-16 晚上2点"])
def test_an_hour_that_is_not_clear_is_refused_typed_and_imported(
    clerk: Clerk, file: Callable[..., Path], text: str
) -> None:
    typed = clerk("add", "--platform", "JD", "--at", text, now=LATER)
    imported = clerk("import", file(f"platform,received\nJD,{text}\n"), now=LATER)
    assert (typed.status, imported.status) == (2, 4)
    assert "is ambiguous: give 0 to 24" in typed.err and "is ambiguous: give 0 to 24" in imported.err
    assert received(clerk) == []


def test_a_file_ends_days_at_24_00(clerk: Clerk, file: Callable[..., Path]) -> None:
    rows = "1,JD,2016-11-11 10:00,2016-11-14 24:00\n2,JD,2016-11-11 10:00,2016-11-14T24:00:00\n"
    clerk("import", file(f"number,platform,received,completed\n{rows}"), now=LATER).ok()
    records = json.loads(clerk("list", "--format", "json", now=LATER).ok())
    assert [record["completed"] for record in records] == ["2016-11-15T00:00:00+08:00"] * 2


def test_days_with_offsets_are_days(clerk: Clerk, file: Callable[..., Path]) -> None:
    rows = "platform,received\nJD,2016-11-11-05:00\nJD,2016-11-11+08:00\nJD,2016-11-11Z\n"
    told = clerk("import", file(rows), "--skip-bad", now=LATER)
    assert told.err.count("is a date without a time, in another time zone than that of the file (Asia/Shanghai)") == 2
    assert received(clerk) == ["2016-11-11T00:00:00+08:00"]


VANCOUVER = """\
name = "van"
timezone = "America/Vancouver"
[columns]
number = "number"
platform = "platform"
received = "received"
completed = "completed"
"""


@pytest.mark.parametrize("zone", ["America/Vancouver", "UTC", "Asia/Shanghai"])
def test_days_of_a_file_are_of_the_mappings_zone(
    new_clerk: Callable[..., Clerk], file: Callable[..., Path], zone: str
) -> None:
    clerk = new_clerk(now="2025-01-15T09:00:00-08:00")
    clerk("init", "--calendar", "CA-BC", "--timezone", zone, "--policy", "odr").ok()
    rows = file(
        "number,platform,received,completed\n1,Parks,2023-11-08T03:44:25+03:00,2023-11-07\n"
        "2,Parks,2023-11-08T20:44:25+03:00,2023-11-08\n3,Parks,2023-11-06,2023-11-08\n"
    )
    mapping = file(VANCOUVER, "van.toml")
    assert clerk("import", rows, "--mapping", mapping).ok().startswith("3 rows: 3 added")
    assert clerk("import", rows, "--mapping", mapping).ok().startswith("3 rows: 0 added, 0 changed, 3 unchanged")
    last = json.loads(clerk("list", "--format", "json").ok())[2]
    assert (last["received"][:10], last["completed"][:10]) == ("2023-11-06", "2023-11-08")
    assert last["complete_verdict"] == "met"


def test_days_that_were_once_imported_as_the_registers_own_are_no_contradiction(
    clerk: Clerk, file: Callable[..., Path]
) -> None:
    rows = file("number,platform,received,completed\n1,JD,2016-11-07,2016-11-08\n")
    clerk("import", rows, now=LATER).ok()
    told = clerk("import", rows, "--mapping", file(VANCOUVER, "van.toml"), now=LATER).ok()
    assert told.startswith("1 row: 0 added, 0 changed, 1 unchanged, 0 refused")


def test_named_forms_are_given_as_options_and_by_mappings(clerk: Clerk, file: Callable[..., Path]) -> None:
    epochs = file("platform,received\nJD,1477972800000\n")
    assert "use --date-format epoch-ms for milliseconds" in clerk("import", epochs, now=LATER).err
    clerk("import", epochs, "--date-format", "epoch-ms", now=LATER).ok()
    years = file("platform,received\nJD,105/11/01\nJD,民國105年11月1日\n", "years.csv")
    mapping = file('dates = "roc"\n[columns]\nplatform = "platform"\nreceived = "received"\n', "roc.toml")
    clerk("import", years, "--mapping", mapping, now=LATER).ok()
    assert received(clerk) == ["2016-11-01T12:00:00+08:00", *["2016-11-01T00:00:00+08:00"] * 2]
    refused = clerk("import", years, "--date-format", "rock")
    assert refused.status == 2 and "auto, epoch-ms, epoch-s, excel-1900, excel-1904, roc, or a form" in refused.err


def remarks(told: Any) -> str:
    assert told.status == 0, told.err
    return str(told.err)


def test_an_import_tells_of_an_order_that_no_date_settles(clerk: Clerk, file: Callable[..., Path]) -> None:
    open_ = file("platform,received\nJD,03/10/2016 9:30\nJD,04/10/2016 9:30\n")
    told = remarks(clerk("import", open_, "--dry-run"))
    assert "dates such as 03/10/2016 9:30 were read month first, but no date in the file confirms it" in told
    assert "--date-format '%d/%m/%Y %H:%M' reads them day first" in told
    settled = file("platform,received\nJD,03/10/2016\nJD,10/13/2016\n", "settled.csv")
    assert "first" not in remarks(clerk("import", settled, "--dry-run"))
    mixed = file("platform,received\nJD,03/10/2016\nJD,13/10/2016\n", "mixed.csv")
    told = clerk("import", mixed, "--skip-bad").err
    assert "dates such as 03/10/2016 were read month first, but 13/10/2016 is day first" in told
    said = remarks(clerk("import", open_, "--date-format", "%d/%m/%Y %H:%M", "--dry-run"))
    assert "first" not in said, "whoever gives the form knows the order"


def test_an_order_that_a_mapping_calls_a_guess_is_told_of(clerk: Clerk, file: Callable[..., Path]) -> None:
    text = 'dates = "%d/%m/%y"\norder = "guessed"\n[columns]\nplatform = "platform"\nreceived = "received"\n'
    mapping = file(text, "guess.toml")
    told = remarks(clerk("import", file("platform,received\nJD,03/10/16\n"), "--mapping", mapping, "--dry-run"))
    assert "were read day first, but no date in the file confirms it; --date-format %m/%d/%y reads them month" in told
    rows = file("platform,received\nJD,03/10/16\nJD,13/10/16\n")
    assert "first" not in remarks(clerk("import", rows, "--mapping", mapping, "--dry-run"))
