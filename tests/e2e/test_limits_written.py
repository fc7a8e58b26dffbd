"""A limit that is written on a single complaint stands in the place of the policy's length.

Beijing's regulation on handling complaints at once (接诉即办工作条例) art. 13: urgent matters within two hours, others within
24 hours or 7 days, as each order says. November 2016: weekends 5-6, 12-13, 19-20; no holidays.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk

ADD = ("add", "--platform", "JD", "--at", "2016-11-11 10:00")


def clock(clerk: Clerk, name: str = "forward", complaint: int = 1, *more: object) -> tuple[str, str]:
    shown = json.loads(clerk("show", complaint, "--format", "json", *more).ok())
    last: dict[str, Any] = [each for each in shown["clocks"] if each["clock"] == name][-1]
    return last["due"] and last["due"][:16].replace("T", " "), last["verdict"]


CASES = [
    # Fri 11 Nov would be due Mon 14 at 24:00: its own limit is Sat 12 at noon, a rest day.
    (("forward=2016-11-12T12:00",), (), ("2016-11-12 12:00", "overdue")),
    (("forward=2016-11-12T12:00",), ("forward 1 --at 2016-11-12T12:00",), ("2016-11-12 12:00", "met")),
    (("forward=2016-11-12T12:00",), ("forward 1 --at 2016-11-12T12:00:01",), ("2016-11-12 12:00", "missed")),
    # A day alone means its last second.
    (("forward=2016-11-16",), (), ("2016-11-16 23:59", "running")),
    # Paused from Fri 11 to Tue 15: Mon 14 and Tue 15 are two working days after Sat 12. 14(1), Tue 15(2).
    (
        ("forward=2016-11-12T12:00",),
        ("pause 1 --reason lab --at 2016-11-11T11:00", "resume 1 --at 2016-11-15T08:00"),
        ("2016-11-15 12:00", "running"),
    ),
    # A pause begun after it excuses nothing.
    (
        ("forward=2016-11-12T12:00",),
        ("pause 1 --reason lab --at 2016-11-12T12:30", "resume 1 --at 2016-11-15T08:00"),
        ("2016-11-12 12:00", "overdue"),
    ),
    # Sun 13 stays where a pause takes out no working day.
    (
        ("forward=2016-11-13T12:00",),
        ("pause 1 --reason lab --at 2016-11-12T09:00", "resume 1 --at 2016-11-12T18:00"),
        ("2016-11-13 12:00", "overdue"),
    ),
    # Begun on the day itself: the end, at its hour, of the day of the resumption.
    (
        ("forward=2016-11-14T17:00",),
        ("pause 1 --reason lab --at 2016-11-14T09:00", "resume 1 --at 2016-11-15T08:00"),
        ("2016-11-15 17:00", "running"),
    ),
    # Paused again before the day that was given back: it stays.
    (
        ("forward=2016-11-11T17:00",),
        (
            "pause 1 --reason lab --at 2016-11-11T12:00",
            "resume 1 --at 2016-11-12T09:00",
            "pause 1 --reason lab --at 2016-11-13T10:00",
            "resume 1 --at 2016-11-14T12:00",
        ),
        ("2016-11-14 17:00", "overdue"),
    ),
    # Extended by a working day from Mon 14: Tue 15.
    (
        ("forward=2016-11-14T17:00",),
        ("extend 1 --clock forward --by 1 --reason lab --at 2016-11-14T09:00",),
        ("2016-11-15 17:00", "running"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "then", "expected"), CASES)
def test_the_deadline_is_the_one_written(
    clerk: Clerk, limits: tuple[str, ...], then: tuple[str, ...], expected: tuple[str, str]
) -> None:
    clerk(*ADD, *(word for limit in limits for word in ("--limit", limit))).ok()
    for words in then:
        clerk(*words.split()).ok()
    assert clock(clerk) == expected
    clerk("verify").ok()
    assert clerk("recheck").ok() == "tables match the journal\n"


def test_one_of_a_stage_that_has_not_begun_is_shown_and_holds_once_it_begins(clerk: Clerk) -> None:
    clerk(*ADD, "--limit", "complete=2016-11-25T12:00", "--limit", "forward=2016-11-18").ok()
    assert clock(clerk, "complete") == ("2016-11-25 12:00", "projected")
    listed = json.loads(clerk("list", "--format", "json").ok())[0]
    assert (listed["complete_due"], listed["forward_due"]) == ("2016-11-25T12:00:00+08:00", "2016-11-18T23:59:59+08:00")
    clerk("forward", 1).ok()
    assert clock(clerk, "complete") == ("2016-11-25 12:00", "running")
    clerk("complete", 1, "--at", "2016-11-15 09:00").ok()
    assert clock(clerk, "complete") == ("2016-11-25 12:00", "met")
    # Opened again it has the policy's two working days: Tue 15, 16(1), Thu 17(2).
    clerk("reopen", 1, "--reason", "x").ok()
    assert clock(clerk, "complete") == ("2016-11-17 23:59", "running")


def test_it_is_said_where_the_deadline_comes_from(clerk: Clerk) -> None:
    clerk(*ADD, "--limit", "forward=2016-11-16T12:00").ok()
    assert "due Wed 2016-11-16 12:00 (limit written on the complaint)" in clerk("show", 1).ok()
    explained = json.loads(clerk("explain", 1, "--clock", "forward", "--format", "json").ok())["clocks"][0]
    assert explained["limit"] == "2016-11-16T12:00:00+08:00"
    assert [(step["day"], step["reason"]) for step in explained["steps"]] == [
        ("2016-11-16", "limit written on the complaint: 2016-11-16 12:00")
    ]
    assert "due Wed 2016-11-16 12:00" in clerk("explain", 1, "--clock", "forward").ok()


def test_explain_names_the_pauses_that_moved_it(clerk: Clerk) -> None:
    clerk(*ADD, "--limit", "forward=2016-11-14T12:00").ok()
    clerk("pause", 1, "--reason", "lab", "--at", "2016-11-11 12:00").ok()
    clerk("resume", 1, "--at", "2016-11-14 08:00").ok()
    # Paused on Mon 14: one working day after it.
    assert clerk("explain", 1, "--clock", "forward").ok().splitlines()[1:-1] == [
        "Fri 2016-11-11\t–\t12:00 to 2016-11-14 08:00: paused: lab",
        "Mon 2016-11-14\t–\tlimit written on the complaint: 2016-11-14 12:00",
        "Tue 2016-11-15\t✓ 1\tworking day",
    ]


def test_it_is_corrected_taken_back_and_undone(clerk: Clerk) -> None:
    clerk(*ADD, "--limit", "forward=2016-11-16T12:00").ok()
    clerk("amend", 1, "--limit", "forward=2016-11-17 18:00", "--limit", "complete=2016-11-30").ok()
    assert (clock(clerk), clock(clerk, "complete")) == (
        ("2016-11-17 18:00", "running"),
        ("2016-11-30 23:59", "projected"),
    )
    assert "limit of stage forward: 2016-11-17 18:00" in clerk("show", 1).ok()
    clerk("amend", 1, "--limit", "forward=-").ok()
    assert (clock(clerk), clock(clerk, "complete")) == (
        ("2016-11-14 23:59", "overdue"),
        ("2016-11-30 23:59", "projected"),
    )
    clerk("void", 1, "--reason", "slip").ok()
    assert clock(clerk) == ("2016-11-17 18:00", "running")
    # As it was known before the correction.
    later = "2016-11-15T10:00:00+08:00"
    clerk("amend", 1, "--limit", "forward=2016-11-18", now=later).ok()
    assert clock(clerk, "forward", 1, "--known-at", "2016-11-15 09:30") == ("2016-11-17 18:00", "running")
    assert clerk("recheck").ok() == "tables match the journal\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--limit", "forward=2016-11-11 09:59"), "The forward limit 2016-11-11 09:59 lies before the receipt at 2016-11-11 10:00."),
        (("--limit", "answer=2016-11-12"), "Policy green-channel has no stage answer. Its stages: forward, complete."),
        (("--limit", "forward"), "Invalid limit 'forward'. Write the stage and its deadline as forward=2016-11-12T12:00."),
        (("--limit", "=2016-11-12"), "Invalid limit '=2016-11-12'."),
        (("--limit", "forward=-"), "Invalid limit 'forward=-'."),
        (("--limit", "forward=soon"), "Invalid time 'soon'"),
        (("--limit", "forward=2016-11-12", "--limit", "forward=2016-11-13"), "--limit forward was given 2 times"),
    ],
)  # fmt: skip
def test_what_is_no_limit_is_refused(clerk: Clerk, words: tuple[str, ...], told: str) -> None:
    refused = clerk(*ADD, *words)
    assert refused.status == 2 and told in refused.err, refused.err
    assert clerk("list").ok() == ""


def test_a_correction_before_the_receipt_is_refused(clerk: Clerk) -> None:
    clerk(*ADD).ok()
    assert "lies before the receipt" in clerk("amend", 1, "--limit", "forward=2016-11-01").err
    assert clock(clerk) == ("2016-11-14 23:59", "overdue")


def test_a_file_has_them_in_columns_and_an_export_brings_them_back(
    clerk: Clerk, new_clerk: Callable[[], Clerk], tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    head = "number,platform,received,forward_limit,Complete limit\n"
    file.write_text(head + "A-1,JD,2016-11-11 10:00,2016-11-12 12:00,\nA-2,JD,2016-11-11 10:00,,2016-11-30\n")
    assert clerk("import", file).ok().startswith("2 rows: 2 added")
    assert clock(clerk) == ("2016-11-12 12:00", "overdue")
    assert clock(clerk, "complete", 2) == ("2016-11-30 23:59", "projected")
    assert clerk("import", file).ok().startswith("2 rows: 0 added, 0 changed, 2 unchanged")
    # A row that brings one where none was known adds it; one that says otherwise is refused with both.
    file.write_text(head + "A-1,JD,2016-11-11 10:00,2016-11-12 12:00,2016-11-29\nA-2,JD,2016-11-11 10:00,,2016-11-30\n")
    assert clerk("import", file).ok().startswith("2 rows: 0 added, 1 changed, 1 unchanged")
    assert clock(clerk, "complete", 1) == ("2016-11-29 23:59", "projected")
    file.write_text(head + "A-1,JD,2016-11-11 10:00,2016-11-12 13:00,\nA-3,JD,2016-11-11 10:00,2016-11-10,\n")
    refused = clerk("import", file)
    assert refused.status == 4
    assert "forward_limit is '2016-11-12 13:00' in the file but '2016-11-12 12:00' in the register" in refused.err
    assert "The forward limit 2016-11-10 23:59:59 lies before the receipt" in refused.err
    file.write_text("number,platform,received,forward_limit,forward_limit\nA-1,JD,2016-11-11 10:00,,\n")
    assert "2 times; rename all but one" in clerk("import", file).err
    for fmt in ("csv", "jsonl"):
        export, other = tmp_path / f"all.{fmt}", new_clerk()
        clerk("export", "--format", fmt, "--to", export).ok()
        other("init").ok()
        other("import", export).ok()
        assert [clock(other, name, id_) for id_ in (1, 2) for name in ("forward", "complete")] == [
            clock(clerk, name, id_) for id_ in (1, 2) for name in ("forward", "complete")
        ]
        assert other("import", export).ok().startswith("2 rows: 0 added, 0 changed, 2 unchanged")
