"""What nobody wrote down: steps that a file has no column for, and closings without a day."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dealtrack.exchange.layout import lay_out
from dealtrack.exchange.mapping import Mapping
from tests.conftest import Clerk
from tests.registers import HAS_VIEWS, copy_register

WHOLE = "tables match the journal\n"
STATES = """Ticket,Company,Received,Status,Forwarded
1,JD,2016-11-01,Closed,
2,JD,2016-11-02 10:00,solved,2016-11-02
3,JD,2016-11-03,Open,
4,JD,2016-11-04,Pending,
"""
CLOSED = """
[columns]
number = "Ticket"
platform = "Company"
received = "Received"
forwarded = "Forwarded"
completed = "Closed on"

[closed]
column = "Status"
values = ["Closed", "Solved"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def total(clerk: Clerk, *words: str) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(clerk("report", "--format", "json", *words).ok())["total"]
    return held


def listed(clerk: Clerk, *words: str) -> list[tuple[Any, ...]]:
    keys = ("status", "completed", "forward_verdict", "complete_verdict")
    return [tuple(map(record.get, keys)) for record in json.loads(clerk("list", "--format", "json", *words).ok())]


def test_first_contact_of_a_file_that_knows_no_forwarding_is_not_known(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-15T09:00:00+08:00"
    clerk(
        "import",
        file("number,platform,received,completed\nF1,JD,2016-11-07,2016-11-08\nF2,JD,2016-11-07,2016-11-14\n"),
    ).ok()
    for words in ((), ("--as-of", "2016-11-15"), ("--by", "platform")):
        held = total(clerk, *words)
        assert (held["completed"], held["first_contact"], held["first_contact_unknown"]) == (2, 0, 2)
        assert held["first_contact_rate"] is None
        forward = held["clocks"]["forward"]
        assert (forward["unknown"], forward["late"], forward["decided"], forward["on_time_rate"]) == (2, 0, 0, None)
        assert held["clocks"]["complete"]["on_time_rate"] == 0.5
    told = clerk("report", "--format", "table").ok()
    assert "First contact is not known for 2 of 2 completed" in " ".join(told.split())
    assert "first_contact_rate" not in clerk("report").ok()
    # Where some are known, the rate is of those.
    clerk("add", "--platform", "JD", "--at", "2016-11-14").ok()
    clerk("complete", 3, "--at", "2016-11-14").ok()
    clerk("add", "--platform", "JD", "--at", "2016-11-14").ok()
    clerk("forward", 4, "--at", "2016-11-14").ok()
    clerk("complete", 4, "--at", "2016-11-15").ok()
    held = total(clerk)
    assert (held["completed"], held["first_contact"], held["first_contact_unknown"]) == (4, 1, 2)
    assert held["first_contact_rate"] == 0.5
    assert "forward: due Tue 2016-11-08 24:00, ended at an unknown time: unknown" in clerk("explain", 1).ok()
    assert clerk("recheck").ok() == WHOLE
    assert clerk("recheck", "--rebuild").ok()
    assert total(clerk) == held
    if HAS_VIEWS:
        contacts = clerk.rows("SELECT first_contact FROM complaints ORDER BY id")
        assert contacts == [(None,), (None,), (1,), (0,)]
        clocks = clerk.rows("SELECT verdict, ended FROM clocks WHERE complaint = 1 ORDER BY clock DESC")
        assert clocks == [("unknown", None), ("met", "2016-11-08 00:00")]


def test_a_step_that_is_open_or_known_is_judged_all_the_same(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-15T09:00:00+08:00"
    clerk("import", file("number,platform,received\nF1,JD,2016-11-07\nF2,JD,2016-11-07\n")).ok()
    assert [record[2] for record in listed(clerk)] == ["overdue", "overdue"]
    clerk("forward", 1).ok()
    clerk("complete", 1).ok()
    assert listed(clerk)[0][2:] == ("missed", "met")
    assert (total(clerk)["first_contact_rate"], total(clerk)["first_contact_unknown"]) == (0.0, 0)


def test_an_acceptance_that_a_file_has_no_column_for_is_unknown(
    new_clerk: Callable[..., Clerk], file: Callable[..., Path]
) -> None:
    clerk = new_clerk(now="2026-09-01T09:00:00+08:00")
    clerk("init", "--policy", "samr-complaint").ok()
    clerk("import", file("number,platform,received,forwarded,completed\nF1,JD,2026-05-06,,2026-06-29\n")).ok()
    (record,) = json.loads(clerk("list", "--format", "json").ok())
    assert (record["accept_verdict"], record["mediate_verdict"]) == ("unknown", "met")
    assert total(clerk)["clocks"]["accept"]["unknown"] == 1


def test_rows_closed_without_a_day_are_told_of_and_stay_open(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-30T09:00:00+08:00"
    words = ("--map", "number=Ticket", "--map", "platform=Company", "--map", "received=Received")
    told = clerk("import", file(STATES), *words)
    assert "2 rows are closed in column Status but have no completion date: counted as open" in told.err
    assert told.ok().startswith("4 rows: 4 added")
    assert len(clerk("overdue").ok().splitlines()) == 4
    # Said anew of the same file.
    assert "2 rows are closed in column Status" in clerk("import", file(STATES), *words).err


@pytest.mark.parametrize(
    ("column", "closed", "still_open"),
    [
        ("SRStatus", "Case closed", "Pending closure"),
        ("Disposition", "closed - resolved", "Not closed"),
        ("Company response to consumer", "Closed with non-monetary relief", "In progress"),
        ("Status", "Withdrawn", "To be completed"),
        ("办理结果", "已处理完毕", "处理中"),
        ("狀態", "已結案", "未結案"),
        ("状态", "不予受理", "已受理"),
        ("办结情况", "办结", "待办结"),
        ("对応状況", "対応済み", "未対応"),
        ("상태", "완료", "미완료"),
        ("Statut", "Fermé", "Non résolu"),
        ("Estado", "CERRADO", "no cerrado"),
        ("Статус", "Закрыто", "Не закрыто"),
        ("是否办结", "是", "否"),
        ("Is Closed", "TRUE", "FALSE"),
        ("Resolved?", "Y", "N"),
    ],
)
def test_what_people_write_of_a_closing_is_known(column: str, closed: str, still_open: str) -> None:
    states = lay_out(Mapping(), ["number", "State", "received", column]).states
    (state,) = (state for state in states if state.column == column)
    assert state.is_closed(closed)
    assert not any(state.is_closed(word) for word in (still_open, "", "NY"))


@pytest.mark.parametrize(
    "column", ["Order status", "支付状态", "退款进度", "Days closed", "Closed by", "办结时间", "备注"]
)
def test_the_state_of_something_else_is_none_of_the_complaint(column: str) -> None:
    states = lay_out(Mapping(), ["number", column]).states
    assert not any(state.is_closed(word) for state in states for word in ("已完成", "Completed", "3"))


def test_each_column_of_a_state_is_looked_at(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-30T09:00:00+08:00"
    path = file("number,platform,received,State,工单状态\n1,JD,2016-11-01,NY,已归档\n2,JD,2016-11-01,NY,处理中\n")
    assert "1 row is closed in column 工单状态 but has no completion date" in clerk("import", path).err


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_a_mapping_may_take_them_as_closed_on_an_unknown_day(
    form: str, clerk: Clerk, new_clerk: Callable[..., Clerk], made_register: Path, file: Callable[..., Path]
) -> None:
    clerk.now = "2016-11-30T09:00:00+08:00"
    mapping = file(CLOSED, "own.toml")
    told = clerk("import", file(STATES), "--mapping", mapping)
    assert "2 rows are closed in column Status but have no completion date: counted as closed on an unknown" in told.err
    assert "columns not read" not in told.err
    expected = [
        ("closed", None, "unknown", "unknown"),
        ("closed", None, "met", "unknown"),
        ("received", None, "overdue", "projected"),
        ("received", None, "overdue", "projected"),
    ]
    assert listed(clerk) == listed(clerk, "--as-of", "2016-11-29") == expected
    assert [line.split("\t")[0] for line in clerk("overdue").ok().splitlines()] == ["3", "4"]
    held = total(clerk)
    assert (held["completed"], held["open"]) == (2, 2)
    # The file has a column of forwardings: one was not forwarded.
    assert (held["first_contact"], held["first_contact_unknown"], held["first_contact_rate"]) == (1, 0, 0.5)
    complete = held["clocks"]["complete"]
    assert (complete["unknown"], complete["decided"], complete["done"]) == (2, 0, 0)
    assert "day unknown" in clerk("show", 1).ok()
    shown = json.loads(clerk("show", 1, "--format", "json").ok())
    assert [clock["ended"] for clock in shown["clocks"]] == [None, None]
    assert clerk("recheck").ok() == WHOLE
    assert "0 added, 0 changed, 4 unchanged" in clerk("import", file(STATES), "--mapping", mapping).ok()
    # An export keeps it.
    copy = clerk.home.with_name(f"export.{form}")
    clerk("export", "--format", form, "--to", copy).ok()
    other = new_clerk(now=clerk.now)
    copy_register(made_register, other.address)
    assert "2 rows are closed" not in other("import", copy).err
    assert listed(other) == expected
    assert total(other) == held
    assert clerk("verify").ok() and other("recheck").ok() == WHOLE


def test_a_later_file_that_tells_the_day_puts_it_in_place(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-30T09:00:00+08:00"
    mapping = file(CLOSED, "own.toml")
    clerk("import", file(STATES), "--mapping", mapping).ok()
    later = STATES.replace("Forwarded\n", "Forwarded,Closed on\n").replace("Closed,\n", "Closed,,2016-11-02\n")
    later = later.replace("2016-11-02\n2,", "2016-11-02\n2,").replace(",solved,2016-11-02\n", ",solved,2016-11-02,\n")
    later = later.replace("Open,\n", "Open,,\n").replace("Pending,\n", "Pending,,\n")
    told = clerk("import", file(later, "later.csv"), "--mapping", mapping)
    assert "0 added, 1 changed, 3 unchanged, 0 refused" in told.ok()
    assert listed(clerk)[0] == ("closed", "2016-11-02T00:00:00+08:00", "cancelled", "met")
    assert listed(clerk)[1][3] == "unknown"
    assert "an import tells the day" in clerk("show", 1).ok()
    for name, text in (("later.csv", later), ("file.csv", STATES)):
        assert "0 added, 0 changed, 4 unchanged" in clerk("import", file(text, name), "--mapping", mapping).ok()
    assert clerk("recheck").ok() == WHOLE
    # Closed in the file, and in the register open until then: one that a first file told of as open.
    closed = STATES.replace("Open", "Closed")
    assert "1 changed, 3 unchanged" in clerk("import", file(closed, "closed.csv"), "--mapping", mapping).ok()
    assert listed(clerk)[2] == ("closed", None, "unknown", "unknown")


def test_a_large_file_tells_of_all_its_closings_without_a_day(clerk: Clerk, file: Callable[..., Path]) -> None:
    clerk.now = "2016-11-30T09:00:00+08:00"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "platform", "received", "status", "summary"])
    for place in range(1200):
        state = "Closed" if place % 3 == 0 else "Open"
        writer.writerow([f"N-{place}", "JD", "2016-11-01", state, "x" * 1000])
    path = file(out.getvalue())
    assert path.stat().st_size > 1 << 20
    for _ in range(2):
        assert "400 rows are closed in column status" in clerk("import", path).err
    assert clerk("recheck").ok() == WHOLE


@pytest.mark.parametrize("text", ["closed = 1", "[closed]\ncolumn = 'A'", "[closed]\ncolumn='A'\nvalues=['B']\nx=1"])
def test_what_stands_for_closed_in_a_mapping_is_a_column_with_words(
    text: str, clerk: Clerk, file: Callable[..., Path]
) -> None:
    base = (
        f"{text if text[0] != '[' else ''}\n[columns]\nreceived = 'A'\nplatform = 'B'\n{text if text[0] == '[' else ''}"
    )
    refused = clerk("import", file(STATES), "--mapping", file(base, "bad.toml"))
    assert refused.status == 2
    assert "closed must be a table" in refused.err
