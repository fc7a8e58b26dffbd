"""What the daily commands ask of SQLite is answered by its indexes: nothing goes through a whole table, or sorts one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.conftest import Clerk

pytestmark = pytest.mark.file_only("the plans of SQLite")

GROWING = ("transition", "complaint", "clock", "personal", "search_text")
"""The tables that grow with the complaints; others hold a calendar, a handful of policies and platforms."""

PARTIAL = ("complaint_open", "clock_running", "clock_paused", "transition_own")
"""Indexes that hold open complaints, or the register's own entries, alone: to go through one is to go through those."""

LAST_ENTRY = "ORDER BY seq DESC LIMIT 1"
"""Goes one step into the journal, from its end."""

# What these tables are called in the commands' statements.
ALIASES = {"c": "complaint", "k": "clock", "t": "transition", "p": "personal", "s": "search_text", "n": "complaint"}


@pytest.fixture
def asked(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give a way to run a command and get the statements that it put to a register with three complaints in it."""
    clerk("add", "--platform", "JD", "--number", "A1", "--at", "2016-11-01 10:00", "--phone", "13800138000").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-14 10:00", "--summary", "保温杯漏水").ok()
    clerk("forward", 2).ok()
    told: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)
        connection.set_trace_callback(told.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)

    def run(*words: str) -> list[str]:
        told.clear()
        clerk(*words).ok()
        return [text for text in told if text.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]

    return run


def faults(clerk: Clerk, statements: list[str]) -> list[str]:
    found = []
    with closing(sqlite3.connect(clerk.db)) as db:
        for statement in statements:
            for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
                words = step.split()
                table = ALIASES.get(words[1], words[1]) if len(words) > 1 else ""
                whole = not any(name in step for name in PARTIAL) and not statement.endswith(LAST_ENTRY)
                scans = words[0] == "SCAN" and table in GROWING and whole
                if scans or "TEMP B-TREE" in step:
                    found.append(f"{step}: {statement}")
    return found


@pytest.mark.parametrize(
    "words",
    [
        "overdue",
        "overdue --platform Tmall",
        "due --within 1wd",
        "list --status open",
        "show 1",
        "show --number A1",
        "explain 1",
        "add --platform JD --number A2 --phone 13800138000 --email a@example.org",
        "forward 1",
        "complete 1 --outcome refund",
        "note 1 --note more",
    ],
)
def test_daily_commands_go_through_no_whole_table_and_sort_none(
    words: str, clerk: Clerk, asked: Callable[..., list[str]]
) -> None:
    statements = asked(*words.split())
    assert statements
    assert faults(clerk, statements) == []


def test_what_is_forbidden_would_be_found(clerk: Clerk, asked: Callable[..., list[str]]) -> None:
    assert faults(clerk, ["SELECT * FROM complaint c WHERE c.owner = 'x'"])
    assert faults(clerk, ["SELECT * FROM clock ORDER BY started_at"])


def test_a_change_of_the_calendar_finds_the_clocks_that_it_touches_by_their_days(
    clerk: Clerk, asked: Callable[..., list[str]]
) -> None:
    statements = asked("calendar", "amend", "2016-11-16", "--off", "--name", "storm", "--source", "notice", "--yes")
    assert any("clock k" in text for text in statements) and any("UPDATE clock" in text for text in statements)
    # What is touched is sorted, and nothing else.
    assert [fault for fault in faults(clerk, statements) if not fault.startswith(("USE TEMP", "SCAN k:"))] == []
    plans = []
    with closing(sqlite3.connect(clerk.db)) as db:
        for statement in statements:
            if "FROM clock k" in statement:
                plans += [step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert "SEARCH k USING INDEX clock_running (due_at>?)" in plans
    assert "SEARCH k USING INDEX clock_ended (due_day>?)" in plans
    # Once only, which is the three together.
    assert plans.count("SCAN k") == 1
