"""A further complaint about the same matter is merged into an earlier one, which goes on; and that is undone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk
from tests.registers import HAS_VIEWS

POLICY = """
name = "reports"
title = "An invented policy of reports"
platforms = "open"

[[version]]
in_force = 2016-01-01
authority = "nobody"
source = "invented"
restart_on_merge = true

[[version.clock]]
name = "verify"
start = ["received"]
stop = ["completed"]
length = 7
"""
NOW = "2016-11-16T09:00:00+08:00"


@pytest.fixture
def bureau(clerk: Clerk, tmp_path: Path) -> Clerk:
    """Give a clerk with 1 of Mon 7, BJ-2 of Tue 15 and 3 of Wed 9 November, all with 7 working days."""
    clerk.now = NOW
    path = tmp_path / "reports.toml"
    path.write_text(POLICY, encoding="utf-8")
    clerk("policy", "adopt", path, "--yes").ok()
    for words in ("--at 2016-11-07", "--at 2016-11-15 --number BJ-2", "--at 2016-11-09"):
        clerk("add", "--platform", "JD", "--policy", "reports", *words.split()).ok()
    return clerk


def shown(clerk: Clerk, complaint: int, *more: object) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(clerk("show", complaint, "--format", "json", *more).ok())
    return record


def deadline(clerk: Clerk, complaint: int, *more: object) -> tuple[str, str]:
    clock = shown(clerk, complaint, *more)["clocks"][-1]
    return clock["due"][:10], clock["verdict"]


def entries(clerk: Clerk) -> int:
    ((count,),) = clerk.rows("SELECT count(*) FROM transition")
    return int(count)


def test_both_complaints_name_the_other_and_the_deadline_starts_again(bureau: Clerk) -> None:
    # Mon 7 Nov: 8(1) - 11(4), 14(5), 15(6), Wed 16(7).
    assert deadline(bureau, 1) == ("2016-11-16", "running")
    told = bureau("merge", 2, "--into", 1, "--note", "same goods").ok()
    assert told.startswith("complaint 2 (BJ-2, JD, other): merged 2016-11-16 09:00\n  verify  not counted")
    # Order 121 art. 35: counted anew from the receipt of the further one. Tue 15: 16(1) - 18(3), 21(4) - Thu 24(7).
    assert "complaint 1 (JD, other): received 2016-11-07 00:00\n  verify  not yet due  due Thu 2016-11-24 24:00" in told
    one, two = shown(bureau, 1), shown(bureau, 2)
    assert (two["status"], two["number"], two["merged"], two["merged_into"], two["completed"]) == (
        "closed", "BJ-2", "2016-11-16T09:00:00+08:00", 1, None,
    )  # fmt: skip
    assert (one["status"], one["number"], one["merged_into"]) == ("received", None, None)
    assert one["clocks"][0]["started"] == "2016-11-15T00:00:00+08:00"
    assert (
        "into 1; same goods" in bureau("show", 2).ok()
        and "further complaint 2 (BJ-2); same goods" in bureau("show", 1).ok()
    )
    (reason, *_) = [
        step["reason"] for step in json.loads(bureau("explain", 1, "--format", "json").ok())["clocks"][0]["steps"]
    ]
    assert reason.startswith("the day on which the further complaint was received is not counted")
    total = json.loads(bureau("report", "--format", "json").ok())["total"]
    assert (total["complaints"], total["open"], total["completed"]) == (3, 2, 0), "a merged complaint is not completed"
    assert total["clocks"]["verify"]["cancelled"] == 1
    assert deadline(bureau, 1, "--as-of", "2016-11-16 08:59") == ("2016-11-16", "running")
    if HAS_VIEWS:
        assert bureau.rows("SELECT id, status, closed, merged_into FROM complaints ORDER BY id")[:2] == [
            (1, "received", None, None), (2, "closed", "2016-11-16 09:00", 1),
        ]  # fmt: skip
    bureau("verify").ok()
    assert bureau("recheck").ok() == "tables match the journal\n"
    bureau("recheck", "--rebuild").ok()
    assert shown(bureau, 2) == two


@pytest.mark.parametrize("side", [1, 2])
def test_undoing_either_side_undoes_both(bureau: Clerk, side: int) -> None:
    before = [shown(bureau, id_) for id_ in (1, 2)]
    bureau("merge", 2, "--into", 1).ok()
    told = bureau("void", side, "--reason", "another matter").ok()
    assert told.count("complaint ") == 2, "what it made of both is printed"
    for id_, old in zip((1, 2), before, strict=True):
        new = shown(bureau, id_)
        assert {key: new[key] for key in new if key != "history"} == {key: old[key] for key in old if key != "history"}
        assert [entry["kind"] for entry in new["history"]][-1] == "voided"
    assert "another matter" in bureau("show", 1).ok() and "another matter" in bureau("show", 2).ok()
    # Merged once more, and that is undone by the other side: the first merge stays undone.
    bureau("merge", 2, "--into", 1).ok()
    assert deadline(bureau, 1) == ("2016-11-24", "running")
    bureau("void", 3 - side, "--reason", "again").ok()
    assert (deadline(bureau, 1), shown(bureau, 2)["status"]) == (("2016-11-16", "running"), "received")
    assert bureau("recheck").ok() == "tables match the journal\n"


def test_what_cannot_be_undone_on_the_other_side_undoes_nothing(bureau: Clerk) -> None:
    bureau("merge", 2, "--into", 1).ok()
    bureau("reopen", 2, "--reason", "another matter after all").ok()
    count = entries(bureau)
    refused = bureau("void", 1, "--reason", "x")
    assert refused.status == 2 and "a later entry (reopened) depends on it; undo that first" in refused.err
    assert entries(bureau) == count
    # Reopened it stands by itself; the other had been joined by it, and keeps its deadline.
    assert (shown(bureau, 2)["status"], shown(bureau, 2)["merged_into"]) == ("received", None)
    assert deadline(bureau, 1) == ("2016-11-24", "running")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("merge 1 --into 1", "Complaint 1 cannot be merged into 1: they are the same complaint."),
        ("merge 3 --into 2", "Complaint 3 cannot be merged into 2: it was merged into 1 itself; name that one."),
        ("merge 1 --into 3", "Complaint 1 cannot be merged into 3: 2 was merged into it; merge the other way."),
        ("merge 2 --into 3", "Complaint 2 is closed and cannot be merged. Possible now: reopen,"),
        ("merge 3 --into 4", "Complaint 4 is closed and cannot be joined with another."),
        ("merge 3 --into 99", "There is no complaint 99 in the register."),
        ("merge 3 --into nowhere", "There is no complaint nowhere in the register."),
        ("merge 3 --into 0", "'0' is not a complaint."),
        ("merge 3", "The complaint that goes on is missing. Give --into ID."),
        ("merge --into 1", "The complaint is missing."),
        ("merge 3 --into 1 --at 2016-11-06", "Complaint 3 cannot be merged at 2016-11-06 00:00: it was received later"),
        ("merge 3 2 --into 1", "Complaint 2 is closed and cannot be merged."),
        ("void 1 --seq 4 --reason x", "Entry 4 of complaint 1 cannot be undone"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing_behind(bureau: Clerk, words: str, told: str) -> None:
    bureau("merge", 2, "--into", 1).ok()
    bureau("add", "--platform", "JD").ok()
    bureau("complete", 4).ok()
    count = entries(bureau)
    refused = bureau(*words.split())
    assert refused.status == 2 and told in refused.err, refused.err
    assert entries(bureau) == count


def test_several_are_merged_into_one_by_its_number(bureau: Clerk) -> None:
    bureau("merge", "1,3", "--into", "BJ-2").ok()
    assert [shown(bureau, id_)["merged_into"] for id_ in (1, 2, 3)] == [2, None, 2]
    # Both were received before it: its deadline was counted from a later day already.
    assert deadline(bureau, 2) == ("2016-11-24", "running")


CASES = [
    # (received, what happens to 1 before, the further one's receipt) -> deadline
    # Received before the first: nothing begins earlier than it did.
    ([], "2016-11-04", ("2016-11-16", "overdue")),
    # Received on the last day at noon: that day is not counted. Wed 16: 17(1), 18(2), 21(3) - 25(7).
    ([], "2016-11-16T12:00", ("2016-11-25", "running")),
    # The day after the deadline: it had passed, and stays so.
    ([], "2016-11-17", ("2016-11-16", "overdue")),
    # Paused from Thu 10 to Mon 14, further one on Fri 11: 12-14 of the pause are left: 15(1), 16(2), 17(3), 18(4), 21(5),
    # 22(6), Wed 23(7).
    (["pause 1 --at 2016-11-10T10:00 --reason lab", "resume 1 --at 2016-11-14T10:00"], "2016-11-11", ("2016-11-23", "running")),
    # An extension that was made before is forgotten with the run that it lengthened. Tue 15: Thu 24.
    (["extend 1 --clock verify --by 3 --reason lab --at 2016-11-14T10:00"], "2016-11-15", ("2016-11-24", "running")),
    # One that was made afterwards lengthens the new run: Thu 24, 25(1), 28(2), Tue 29(3).
    (["extend 1 --clock verify --by 3 --reason lab --at 2016-11-16T08:00"], "2016-11-15", ("2016-11-29", "running")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "received", "expected"), CASES)
def test_when_the_running_deadline_starts_again(
    bureau: Clerk, before: list[str], received: str, expected: tuple[str, str]
) -> None:
    bureau.now = "2016-11-18T09:00:00+08:00"
    for words in before:
        bureau(*words.split()).ok()
    bureau("add", "--platform", "JD", "--policy", "reports", "--at", received).ok()
    bureau("merge", 4, "--into", 1).ok()
    assert deadline(bureau, 1) == expected


def test_a_policy_without_the_rule_keeps_its_deadlines(bureau: Clerk) -> None:
    for at in ("2016-11-14", "2016-11-15"):
        bureau("add", "--platform", "JD", "--at", at).ok()
    before = shown(bureau, 4)["clocks"]
    bureau("merge", 5, "--into", 4).ok()
    assert shown(bureau, 4)["clocks"] == before


def test_a_deadline_that_had_passed_stays_late(bureau: Clerk) -> None:
    bureau.now = "2016-11-25T09:00:00+08:00"
    bureau("merge", 3, "--into", 2).ok()
    # Wed 9 Nov + 7 working days: Fri 18.
    assert deadline(bureau, 3) == ("2016-11-18", "missed")


def test_an_export_is_read_back_and_one_of_another_register_refused(
    bureau: Clerk, new_clerk: Callable[[], Clerk], tmp_path: Path
) -> None:
    bureau("merge", 2, "--into", 1).ok()
    files = [tmp_path / f"all.{fmt}" for fmt in ("csv", "jsonl")]
    for file in files:
        bureau("export", "--format", file.suffix[1:], "--to", file).ok()
    other = new_clerk()
    other.now = NOW
    other("init", "--policy", tmp_path / "reports.toml").ok()
    assert other("import", files[0]).ok().startswith("3 rows: 3 added")
    assert [shown(other, id_)["clocks"] for id_ in (1, 2)] == [shown(bureau, id_)["clocks"] for id_ in (1, 2)]
    assert shown(other, 2)["merged_into"] == 1
    for file in files:
        assert other("import", file).ok().startswith("3 rows: 0 added, 0 changed, 3 unchanged")
    # What happens afterwards comes in as well, and is undone on both sides.
    bureau("merge", 3, "--into", 1).ok()
    bureau("export", "--to", files[0]).ok()
    assert other("import", files[0]).ok().startswith("3 rows: 0 added, 2 changed, 1 unchanged")
    assert shown(other, 3)["merged_into"] == 1
    other("void", 1, "--reason", "x").ok()
    assert shown(other, 3)["status"] == "received" and shown(other, 2)["merged_into"] == 1
    # The ids of a register of one's own are those of other complaints.
    third = new_clerk()
    third.now = NOW
    third("init", "--policy", tmp_path / "reports.toml").ok()
    for _ in range(4):
        third("add", "--platform", "JD", "--new-platform", "--at", "2016-11-15 10:00").ok()
    refused = third("import", files[0])
    assert refused.status == 4 and third("list").ok().count("\n") == 4
    assert "it was merged with complaint 1 of another register: use 'dealtrack merge' for that here" in refused.err


def test_the_receipt_of_a_merged_complaint_stands_until_the_merge_is_undone(bureau: Clerk) -> None:
    """The other complaint is counted from it: neither a correction nor its undoing may leave that behind."""
    bureau("amend", 2, "--received", "2016-11-14").ok()
    bureau("merge", 2, "--into", 1).ok()
    # Tue 15(1), 16(2), Thu 17(3), 18(4), Mon 21(5), 22(6), Wed 23(7).
    assert deadline(bureau, 1) == ("2016-11-23", "running")
    before = entries(bureau)
    seq = next(entry["seq"] for entry in shown(bureau, 2)["history"] if entry["kind"] == "amended")
    for words, refusal in (
        (("amend", 2, "--received", "2016-11-10"), "The time (received) of complaint 2 cannot be corrected"),
        (("void", 2, "--seq", seq, "--reason", "slip"), f"Entry {seq} of complaint 2 cannot be undone"),
    ):
        refused = bureau(*words)
        assert refused.status == 2
        assert refused.err == f"dealtrack: {refusal}: it was merged into 1; undo that first.\n"
    assert entries(bureau) == before
    bureau("void", 2, "--reason", "slip").ok()
    bureau("amend", 2, "--received", "2016-11-10").ok()
    bureau("merge", 2, "--into", 1).ok()
    # Fri 11(1), Mon 14(2) to Fri 18(6), Mon 21(7).
    assert deadline(bureau, 1) == ("2016-11-21", "running")


def test_a_further_complaint_of_hours_without_its_hour_is_counted_from_the_end_of_its_day(
    clerk: Clerk, tmp_path: Path
) -> None:
    path = tmp_path / "reports.toml"
    path.write_text(POLICY.replace("length = 7", 'length = 4\nunit = "hour"'), encoding="utf-8")
    clerk("policy", "adopt", path, "--yes", now=NOW).ok()
    for at in ("2016-11-15 22:00", "2016-11-15", "2016-11-15 23:00"):
        clerk("add", "--platform", "JD", "--policy", "reports", "--at", at, now=NOW).ok()
    clerk("merge", 3, "--into", 1, now=NOW).ok()
    assert shown(clerk, 1)["clocks"][-1]["due"] == "2016-11-16T03:00:00+08:00"
    # That of the 15th may be the last of them, and it may not.
    clerk("merge", 2, "--into", 1, now=NOW).ok()
    clock = shown(clerk, 1)["clocks"][-1]
    assert (clock["due"], clock["provisional"]) == ("2016-11-16T03:59:59+08:00", True)
    clerk("complete", 1, now=NOW).ok()
    assert shown(clerk, 1)["clocks"][-1]["verdict"] == "unknown"
    clerk("recheck").ok()
