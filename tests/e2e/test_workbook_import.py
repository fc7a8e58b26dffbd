"""Workbooks at the command line: imported, again, a sheet chosen, and what is refused."""

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import PROJECT, Clerk

DATA = PROJECT / "tests" / "data"
MAPPED = (
    "--map", "number=登记编号", "--map", "platform=平台", "--map", "received=收到时间", "--map", "forwarded=转办日期",
)  # fmt: skip


def test_workbooks_of_three_kinds_are_one_and_the_same(clerk: Clerk) -> None:
    told = clerk("import", DATA / "complaints.ods", *MAPPED)
    assert told.ok() == "2 rows: 2 added, 0 changed, 0 unchanged, 0 refused\n"
    assert "read sheet 投诉; choose another with --sheet: 说明" in told.err
    assert "columns not imported: 消费金额" in told.err
    for name in ("complaints.xls", "complaints-1904.xls"):
        again = clerk("import", DATA / name, *MAPPED, "--sheet", "投诉")
        assert again.ok() == "2 rows: 0 added, 0 changed, 2 unchanged, 0 refused\n"
        assert "was read" not in again.err
    assert [line.split("\t")[8:10] for line in clerk("list").ok().splitlines()] == [
        ["2016-11-11 21:30:07", "2016-11-14 00:00"],
        ["2016-11-12 09:00", ""],
    ]


def test_a_workbook_through_a_pipe(clerk: Clerk) -> None:
    told = clerk.process("import", "-", *MAPPED, stdin=(DATA / "complaints.xls").read_bytes())
    assert told.ok().startswith("2 rows: 2 added")


def test_refused_rows_of_a_workbook_are_kept_as_csv(clerk: Clerk, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    told = clerk("import", DATA / "complaints.ods", "--map", "platform=平台", "--map", "received=转办日期",
                 "--skip-bad", "--rejects", rejects)  # fmt: skip
    assert told.status == 4
    assert "complaints.ods:5: received is empty" in told.err
    assert rejects.read_text(encoding="utf-8").splitlines() == [
        "line,reason,登记编号,平台,收到时间,转办日期,消费金额",
        "5,received is empty: a complaint needs the time of its receipt,BJ-2,天猫,2016-11-12 09:00:00,,20",
    ]


def test_a_formula_in_a_refused_row_is_harmless_in_the_file_that_keeps_it(clerk: Clerk, tmp_path: Path) -> None:
    path, rejects = tmp_path / "rows.csv", tmp_path / "rejects.csv"
    path.write_text("number,platform,received,summary\n1,JD,never,=1+1\n2,JD,never,'=1+1\n")
    assert clerk("import", path, "--rejects", rejects).status == 4
    assert [line.rpartition(",")[2] for line in rejects.read_text().splitlines()[1:]] == ["'=1+1", "''=1+1"]


def test_an_unknown_sheet_and_a_file_without_sheets(clerk: Clerk, tmp_path: Path) -> None:
    told = clerk("import", DATA / "complaints.ods", *MAPPED, "--sheet", "投诉书")
    assert told.status == 2
    assert told.err == "dealtrack: --sheet cannot be '投诉书'. Did you mean 投诉? Allowed: 1 投诉, 2 说明.\n"
    (tmp_path / "rows.csv").write_text("platform,received\nJD,2016-11-01\n")
    told = clerk("import", tmp_path / "rows.csv", "--sheet", "1")
    assert told.status == 2 and "it is not a workbook; --sheet is for workbooks only" in told.err


@pytest.mark.parametrize(
    ("cells", "is_told"),
    [
        ((datetime(2016, 3, 10), datetime(2016, 4, 10, 9), "13/10/2016"), True),
        ((datetime(2016, 3, 10), "10/13/2016 09:00"), True),
        # A date that the program could only have read rightly, or left as it is, or that is the same either way.
        ((datetime(2016, 10, 3), datetime(2016, 10, 17), "13/10/2016"), False),
        ((datetime(2016, 10, 3), "13/10/2016", "04/10/2016"), False),
        ((datetime(2016, 10, 10), "13/10/2016"), False),
        ((datetime(2016, 10, 3), datetime(2016, 10, 4)), False),
    ],
)
def test_a_workbook_that_took_days_for_months_is_told_of(
    clerk: Clerk, tmp_path: Path, cells: tuple[object, ...], is_told: bool
) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["number", "platform", "received"])
    for number, cell in enumerate(cells):
        book.active.append([f"N{number}", "JD", cell])
    book.save(tmp_path / "dates.xlsx")
    clerk.now = "2017-06-30T09:00:00+08:00"
    for form in ("%d/%m/%Y", "auto"):
        told = clerk("import", tmp_path / "dates.xlsx", "--date-format", form, "--skip-bad", "--dry-run").err
        assert ("dates of the workbook may be wrong" in told) is is_told


FAULTS = ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
FIELDS = (
    "number", "platform", "received", "forwarded", "completed", "withdrawn", "outcome", "amount", "category", "seller",
    "summary", "consumer", "phone", "email", "address", "owner", "policy", "state", "extra",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_a_spreadsheet_shows_in_place_of_a_value_is_no_blank(clerk: Clerk, tmp_path: Path, kind: str) -> None:
    plain: dict[str, str] = {
        "platform": "JD",
        "received": "2016-11-01 08:00",
        "completed": "2016-11-02 08:00",
        "state": "done",
    }
    file = tmp_path / f"rows.{kind}"
    rows = [{**plain, name: FAULTS[place % len(FAULTS)]} for place, name in enumerate(FIELDS)]
    if kind == "csv":
        lines = [",".join(row.get(name, "") for name in FIELDS) for row in rows]
        file.write_text("\n".join([",".join(FIELDS), *lines]), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        # The table stands somewhere in its sheet.
        for column, name in enumerate(FIELDS, 3):
            sheet.cell(5, column, name)
        for number, row in enumerate(rows, 6):
            for column, name in enumerate(FIELDS, 3):
                cell = sheet.cell(number, column, row.get(name))
                cell.data_type = "e" if str(row.get(name)).startswith("#") else cell.data_type
        book.save(file)
    mapping = tmp_path / "mapping.toml"
    columns = "".join(f'{name} = "{name}"\n' for name in FIELDS if name not in ("state", "extra"))
    mapping.write_text(f'keep = "extra"\n[columns]\n{columns}[only.completed]\nstate = "done"\n', encoding="utf-8")
    told = clerk("import", file, "--skip-bad", "--mapping", mapping, "--rejects", tmp_path / "rejects.csv")
    assert told.status == 4, told
    assert f"{len(FIELDS)} refused" in told.out
    refused = (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    for name, row in zip(FIELDS, rows, strict=True):
        assert f"column '{name}': {row[name]} is what a spreadsheet shows instead of a value" in refused


def test_a_cell_of_a_workbook_that_is_not_available_is_blank(clerk: Clerk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("number", "platform", "received"), ("#N/A", "JD", "2016-11-01 08:00")):
        sheet.append(row)
    sheet["A2"].data_type = "e"
    book.save(tmp_path / "rows.xlsx")
    assert clerk("import", tmp_path / "rows.xlsx").ok().startswith("1 row: 1 added")
