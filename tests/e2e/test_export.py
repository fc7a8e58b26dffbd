"""Exports: what they hold, what is masked, and how a register knows its complaints again in them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Clerk
from tests.registers import copy_register


def rows(clerk: Clerk, *options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(clerk("export", *options).ok())))


def listed(clerk: Clerk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(clerk("list", "--format", "json").ok())
    return found


@pytest.fixture
def two(new_clerk: Callable[..., Clerk], made_register: Path) -> tuple[Clerk, Clerk]:
    made = new_clerk(), new_clerk()
    for clerk in made:
        copy_register(made_register, clerk.address)
    return made


def test_personal_data_goes_out_masked_unless_it_is_to_be_revealed(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--consumer", "张三", "--phone", "13812341234", "--email", "a@example.com",
          "--address", "北京市海淀区中关村大街1号").ok()  # fmt: skip
    clerk("add", "--platform", "JD").ok()
    masked, nobody = rows(clerk)
    names = ("consumer", "phone", "email", "address")
    assert [masked[name] for name in names] == ["张*", "138****1234", "a***@example.com", "北京市海淀区****"]
    assert [nobody[name] for name in names] == [""] * 4
    whole = rows(clerk, "--reveal")[0]
    assert [whole[name] for name in names] == ["张三", "13812341234", "a@example.com", "北京市海淀区中关村大街1号"]
    as_json = json.loads(clerk("export", "--format", "json").ok())
    assert [as_json[0][name] for name in names] == [masked[name] for name in names]
    assert [as_json[1][name] for name in names] == [None] * 4


def test_the_history_is_told_only_where_the_columns_do_not_tell_it(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-01 09:00").ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-01 09:00").ok()
    clerk("forward", 1, 2, "--at", "2016-11-02 09:00").ok()
    clerk("pause", 2, "--at", "2016-11-02 10:00", "--reason", "tested").ok()
    plain, told = rows(clerk)
    assert plain["history"] == ""
    assert [entry["kind"] for entry in json.loads(told["history"])] == ["received", "forwarded", "paused"]
    as_json = json.loads(clerk("export", "--format", "json").ok())
    assert as_json[0]["history"] is None and as_json[1]["history"] == json.loads(told["history"])
    # As of a moment, what happened later is not told.
    assert rows(clerk, "--as-of", "2016-11-02 09:30")[1]["history"] == ""


def test_a_workbook_holds_real_dates_numbers_and_texts(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD", "--number", "007", "--at", "2016-11-01 09:00", "--summary", "=1+1").ok()
    clerk("complete", 1, "--outcome", "refund", "--amount", "1299.5", "--at", "2016-11-02 00:00").ok()
    out = tmp_path / "out.xlsx"
    told = clerk("export", "--format", "xlsx", "--to", out)
    assert told.ok() == "" and told.err == f"1 complaint exported to {out}\n"
    assert out.stat().st_mode & 0o777 == 0o600
    sheet = openpyxl.load_workbook(out).worksheets[0]
    header, row = sheet.iter_rows(values_only=True)
    values = dict(zip(header, row, strict=True))
    assert str(values["received"]) == "2016-11-01 09:00:00" and str(values["complete_due"]) == "2016-11-03 23:59:59"
    assert (values["id"], values["number"], values["amount"], values["provisional"]) == (1, "007", 1299.5, False)
    assert values["summary"] == "=1+1"
    first = out.read_bytes()
    clerk("export", "--format", "xlsx", "--to", out).ok()
    assert out.read_bytes() == first


def test_a_workbook_needs_a_file(clerk: Clerk) -> None:
    told = clerk("export", "--format", "xlsx")
    assert (told.status, told.err) == (
        2,
        "dealtrack: File for the workbook is missing. Give --to FILE.\n",
    )


def test_a_text_that_no_cell_holds_is_said_and_nothing_written(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("platform,received,summary\nJD,2016-11-01," + "x" * 32_768 + "\n")
    clerk("import", path).ok()
    told = clerk("export", "--format", "xlsx", "--to", tmp_path / "out.xlsx")
    assert told.status == 3 and "summary of complaint 1 does not fit a cell (at most 32,767 characters)" in told.err
    assert sorted(held.name for held in tmp_path.iterdir() if held.suffix == ".xlsx") == []
    clerk("export", "--format", "csv", "--to", tmp_path / "out.csv").ok()


def test_an_hour_that_stands_on_the_clock_twice_keeps_its_offset(
    new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    first, second = new_clerk(), new_clerk()
    for clerk in (first, second):
        clerk("init", "--calendar", "US", "--timezone", "America/New_York").ok()
    for hour in ("01:30-04:00", "01:30-05:00", "03:00-05:00"):
        first("add", "--platform", "JD", "--at", f"2016-11-06 {hour}").ok()
    first("export", "--format", "xlsx", "--to", tmp_path / "out.xlsx").ok()
    second("import", tmp_path / "out.xlsx").ok()
    received = [record["received"] for record in listed(second)]
    assert received == [f"2016-11-06T{hour}" for hour in ("01:30:00-04:00", "01:30:00-05:00", "03:00:00-05:00")]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_complaints_that_share_a_number_stay_two(two: tuple[Clerk, Clerk], tmp_path: Path, form: str) -> None:
    first, second = two
    out = tmp_path / f"out.{form}"
    for hour in ("09:00", "10:00"):
        first("add", "--platform", "JD", "--number", "A-1", "--at", f"2016-11-01 {hour}").ok()
    first("forward", 2, "--at", "2016-11-02 09:00").ok()
    # The other register knows complaints already: there, the ids are others.
    second("add", "--platform", "Tmall", "--number", "T-1").ok()
    first("export", "--format", form, "--to", out).ok()
    assert second("import", out).ok().startswith("2 rows: 2 added")
    assert [record["id"] for record in listed(second)] == [1, 2, 3]
    first("forward", 1, "--at", "2016-11-02 10:00").ok()
    first("export", "--format", form, "--to", out).ok()
    assert second("import", out).ok().startswith("2 rows: 0 added, 1 changed, 1 unchanged")
    assert [record["forwarded"] for record in listed(second)][1:] == [
        "2016-11-02T10:00:00+08:00",
        "2016-11-02T09:00:00+08:00",
    ]
    for clerk in two:
        assert clerk("import", out).ok().startswith("2 rows: 0 added, 0 changed, 2 unchanged")
    # A part of an export tells of the complaints that it names.
    if form == "csv":
        header, _, last = out.read_text().splitlines()
        out.write_text(f"{header}\n{last}\n")
        assert first("import", out).ok().startswith("1 row: 0 added, 0 changed, 1 unchanged")


def test_a_file_without_ids_still_asks_which_is_meant(clerk: Clerk, tmp_path: Path) -> None:
    for hour in ("09:00", "10:00"):
        clerk("add", "--platform", "JD", "--number", "A-1", "--at", f"2016-11-01 {hour}").ok()
    (tmp_path / "rows.csv").write_text("number,platform,received\nA-1,JD,2016-11-01 09:00\n")
    told = clerk("import", tmp_path / "rows.csv")
    assert told.status == 4 and "number A-1 belongs to 2 complaints in the register: 1, 2" in told.err


def test_a_complaint_without_number_is_known_again_by_its_id(two: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    first, second = two
    out = tmp_path / "out.csv"
    for _ in range(2):
        first("add", "--platform", "JD", "--at", "2016-11-01 09:00", "--summary", "x").ok()
    first("void", 1, "--reason", "entered twice").ok()
    first("export", "--to", out).ok()
    assert first("import", out).ok().startswith("1 row: 0 added, 0 changed, 1 unchanged")
    assert second("import", out).ok().startswith("1 row: 1 added")
    # The id is kept where the register was empty.
    assert [record["id"] for record in listed(second)] == [2]
    second("add", "--platform", "JD").ok()
    assert [record["id"] for record in listed(second)] == [2, 3]
    assert second("recheck").status == 0 and second("verify").status == 0


def test_a_history_that_was_altered_is_refused_with_its_line(two: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    first, second = two
    first("add", "--platform", "JD", "--number", "A-1", "--at", "2016-11-01 09:00").ok()
    first("note", 1, "--note", "remember", "--at", "2016-11-01 10:00").ok()
    text = first("export").ok()
    out = tmp_path / "out.csv"
    for old, new, reason in (
        ("noted", "voided", "column 'history' has an entry of kind voided, which cannot be imported"),
        ("2016-11-01T09:00:00+08:00,", "2016-11-02T09:00:00+08:00,", "received is 2016-11-02 09:00 in the file but 2016-11-01 09:00 in the register"),
        (",JD,", ",Tmall,", "platform is 'Tmall' in the file but 'JD' in the register"),
    ):  # fmt: skip
        out.write_text(text.replace(old, new, 1))
        told = second("import", out)
        assert told.status == 4 and f"out.csv:2: {reason}" in told.err, told.err
    assert listed(second) == []


def test_a_column_that_a_clerk_filled_in_goes_before_the_history(two: tuple[Clerk, Clerk], tmp_path: Path) -> None:
    """In Excel the day of completion was entered: the history of the row does not know it yet."""
    first, second = two
    first("add", "--platform", "JD", "--number", "A-1", "--at", "2016-11-01 09:00").ok()
    first("note", 1, "--note", "remember", "--at", "2016-11-01 10:00").ok()
    row = rows(first)[0]
    row["completed"], row["outcome"] = "2016-11-03 12:00", "refund"
    out = tmp_path / "out.csv"
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    assert second("import", out).ok().startswith("1 row: 1 added")
    assert first("import", out).ok().startswith("1 row: 0 added, 1 changed")
    for clerk in two:
        (held,) = listed(clerk)
        assert (held["completed"], held["outcome"]) == ("2016-11-03T12:00:00+08:00", "refund")


# Personal data that changes


HEAD = "number,platform,received,consumer,phone\n"


def phones(clerk: Clerk) -> list[Any]:
    return [phone for (phone,) in clerk.rows("SELECT phone FROM personal ORDER BY complaint")]


def test_changed_personal_data_is_taken_in_and_the_journal_tells_of_it(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEAD + "1,JD,2016-11-01,张三,13812341234\n2,JD,2016-11-01,,\n")
    clerk("import", path).ok()
    path.write_text(HEAD + "1,JD,2016-11-01,张三,13900001111\n2,JD,2016-11-01,李四,13700001111\n")
    assert clerk("import", path).ok().startswith("2 rows: 0 added, 2 changed")
    assert clerk("import", path).ok().startswith("2 rows: 0 added, 0 changed, 2 unchanged")
    assert phones(clerk) == ["13900001111", "13700001111"]
    shown = json.loads(clerk("show", 1, "--format", "json").ok())
    assert [entry["kind"] for entry in shown["history"]] == ["received", "amended"]
    assert shown["history"][1]["detail"]["line"] == 2 and shown["phone"] == "139****1111"
    # A blank, and what is masked, say nothing against it.
    path.write_text(HEAD + "1,JD,2016-11-01,张*,139****1111\n2,JD,2016-11-01,,\n")
    assert clerk("import", path).ok().startswith("2 rows: 0 added, 0 changed, 2 unchanged")
    assert clerk("verify").status == 0


def test_what_a_clerk_entered_stands_against_a_file(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEAD + "1,JD,2016-11-01,张三,13812341234\n")
    clerk("import", path).ok()
    clerk("amend", 1, "--phone", "13900001111").ok()
    told = clerk("import", path)
    assert told.ok().startswith("1 row: 0 added, 0 changed, 1 unchanged")
    assert (
        "complaint 1: phone in the file differs from what a clerk recorded; the clerk's stays, use amend to change it"
        in told.err
    )
    assert "138" not in told.err and phones(clerk) == ["13900001111"]
    clerk("amend", 1, "--phone", "-").ok()
    assert "complaint 1: phone in the file" in clerk("import", path).err
    assert phones(clerk) == [None]


def test_what_a_clerk_never_entered_is_taken_from_a_file(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD", "--number", "1", "--at", "2016-11-01", "--consumer", "张*").ok()
    path = tmp_path / "rows.csv"
    path.write_text(HEAD + "1,JD,2016-11-01,张三,13812341234\n")
    assert clerk("import", path).ok().startswith("1 row: 0 added, 1 changed")
    assert rows(clerk, "--reveal")[0]["consumer"] == "张三" and phones(clerk) == ["13812341234"]


def test_what_was_erased_does_not_come_back(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEAD + "1,JD,2016-11-01,张三,13812341234\n")
    clerk("import", path).ok()
    clerk("erase", 1, "--reason", "asked for").ok()
    told = clerk("import", path)
    assert told.ok().startswith("1 row: 0 added, 0 changed, 1 unchanged")
    assert "personal data of 1 complaint was erased and is not imported again" in told.err
    assert phones(clerk) == [] and clerk("verify").status == 0
