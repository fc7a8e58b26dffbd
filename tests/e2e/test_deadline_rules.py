"""Rules of deadlines as commands show them: a step left out late, a pause on the due day, reopened, restarted."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Clerk
from tests.registers import new_place


def at(text: str) -> str:
    """Return a moment of Beijing, as 2016-11-01 09:00."""
    return f"{text.replace(' ', 'T')}:00+08:00"


def report(clerk: Clerk, now: str, *words: str) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(clerk("report", "--format", "json", *words, now=at(now)).ok())["total"]
    return held


def clocks(clerk: Clerk, complaint: int, now: str) -> list[dict[str, Any]]:
    shown = json.loads(clerk("show", complaint, "--format", "json", now=at(now)).ok())
    return [
        {name: clock[name] for name in ("clock", "round", "due", "verdict")} | {"status": shown["status"]}
        for clock in shown["clocks"]
    ]


def told(clerk: Clerk, complaint: int, now: str) -> list[str]:
    """Return each clock of a complaint as `forward 2016-11-02 met`, the second run of one as `forward2 ...`."""
    return [
        f"{clock['clock']}{clock['round'] if clock['round'] > 1 else ''} {(clock['due'] or '-')[:10]} {clock['verdict']}"
        for clock in clocks(clerk, complaint, now)
    ]


def test_a_step_that_was_late_and_then_skipped_stays_late(clerk: Clerk) -> None:
    for _ in range(4):
        clerk("add", "--platform", "JD", now=at("2016-11-01 09:00")).ok()
    now = "2016-11-03 09:00"
    assert "4 newly overdue" in clerk("digest", now=at(now)).ok()
    clerk("complete", "1-2", now=at(now)).ok()
    clerk("withdraw", 3, "--reason", "x", now=at(now)).ok()
    clerk("reject", 4, "--reason", "x", now=at(now)).ok()
    forward = report(clerk, now)["clocks"]["forward"]
    assert (forward["late"], forward["cancelled"], forward["on_time_rate"]) == (4, 0, 0.0)
    # As it stood the day before, and by the tables as the journal makes them.
    assert report(clerk, now, "--as-of", "2016-11-02")["clocks"]["forward"]["open_in_time"] == 4
    assert clerk("recheck").ok() == "tables match the journal\n"


def test_first_contact_does_not_hang_on_a_resume_one_second_earlier(clerk: Clerk) -> None:
    for _ in range(2):
        clerk("add", "--platform", "JD", now=at("2016-11-01 09:00")).ok()
    clerk("pause", "1,2", "--reason", "x", now=at("2016-11-01 09:00")).ok()
    clerk("resume", 1, now=at("2016-11-03 10:00")).ok()
    clerk("complete", "1,2", now=at("2016-11-03 10:00")).ok()
    assert report(clerk, "2016-11-03 10:00")["first_contact"] == 2
    assert report(clerk, "2016-11-03 10:00", "--as-of", "2016-11-03 10:00")["first_contact"] == 2


def test_a_pause_on_the_due_day_gives_back_what_was_left_and_explain_shows_it(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now=at("2016-11-21 10:00")).ok()
    clerk("forward", 1, now=at("2016-11-21 11:00")).ok()
    clerk("pause", 1, "--reason", "lab", now=at("2016-11-23 10:00")).ok()
    clerk("resume", 1, now=at("2016-11-25 10:00")).ok()
    assert clerk("overdue", now=at("2016-11-25 10:00")).ok() == ""
    assert told(clerk, 1, "2016-11-25 10:00")[1] == "complete 2016-11-25 running"
    (complete,) = json.loads(
        clerk("explain", 1, "--clock", "complete", "--format", "json", now=at("2016-11-25 10:00")).ok()
    )["clocks"]
    assert [(step["day"][5:], step["counted"], step["reason"]) for step in complete["steps"]] == [
        ("11-21", False, "the day of forwarding is not counted (General Principles of the Civil Law art. 154)"),
        ("11-22", True, "working day"),
        ("11-23", True, "working day"),
        ("11-24", False, "paused: lab"),
        (
            "11-25",
            False,
            "paused: lab; the deadline is the end of this day, because the pause began on the due day",
        ),
    ]
    assert clerk("recheck").ok() == "tables match the journal\n"
    # A pause that begins after the deadline excuses nothing.
    clerk("pause", 1, "--reason", "lab", now=at("2016-11-26 10:00")).ok()
    late = json.loads(clerk("overdue", "--format", "json", now=at("2016-11-28 10:00")).ok())
    assert [record["working_days_late"] for record in late] == [1]


def test_reopened_before_it_was_forwarded_it_is_to_be_forwarded_still(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now=at("2016-11-01 09:00")).ok()
    clerk("withdraw", 1, "--reason", "x", now=at("2016-11-02 09:00")).ok()
    answer = clerk("reopen", 1, "--reason", "y", now=at("2016-11-09 09:00"))
    assert "received 2016-11-01 09:00" in answer.ok()
    assert told(clerk, 1, "2016-11-09 09:00") == [
        "forward 2016-11-02 cancelled",
        "forward2 2016-11-10 running",
        "complete 2016-11-14 projected",
    ]
    clerk("forward", 1, now=at("2016-11-10 09:00")).ok()
    assert sorted(told(clerk, 1, "2016-11-10 09:00")) == [
        "complete 2016-11-14 running",
        "forward 2016-11-02 cancelled",
        "forward2 2016-11-10 met",
    ]
    assert clerk("recheck").ok() == "tables match the journal\n"


def test_a_completed_complaint_reopened_counts_as_forwarded(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now=at("2016-11-01 09:00")).ok()
    clerk("complete", 1, now=at("2016-11-01 10:00")).ok()
    clerk("reopen", 1, "--reason", "y", now=at("2016-11-09 09:00")).ok()
    assert {clock["status"] for clock in clocks(clerk, 1, "2016-11-09 09:00")} == {"forwarded"}
    assert "complete2 2016-11-11 running" in told(clerk, 1, "2016-11-09 09:00")


@pytest.fixture
def foi(new_clerk: Callable[..., Clerk]) -> Clerk:
    held = new_clerk(now="2016-11-01T09:00:00+00:00")
    held("init", "--calendar", "uk", "--policy", "uk-foi").ok()
    held("platform", "add", "Council").ok()
    held("add", "--platform", "Council", now="2016-11-01T10:00:00+00:00").ok()
    held("pause", 1, "--reason", "clarification asked, s. 1(3)", now="2016-11-10T10:00:00+00:00").ok()
    return held


def test_a_clarification_begins_the_clock_anew(foi: Clerk) -> None:
    now = "2016-11-21T10:00:00+00:00"
    assert "due Tue 2016-12-20 24:00" in foi("resume", 1, "--restart", now=now).ok()
    assert "due Tue 2016-12-20 24:00" in foi("add", "--platform", "Council", now=now).ok()
    explained = foi("explain", 1, now=now).ok()
    assert "the day on which the count restarted is not counted" in explained
    assert foi("explain", 1, "--as-of", "2016-11-05", now=now).ok().count("2016-11-29")
    assert foi("recheck").ok() == "tables match the journal\n"
    exported = foi("export", "--format", "jsonl", now=now).ok()
    other = Clerk(foi.home, new_place(foi.home.parent, "other.db"), now)
    other("init", "--calendar", "uk", "--policy", "uk-foi").ok()
    file = foi.home.with_name("export.jsonl")
    file.write_text(exported)
    other("import", file).ok()
    assert other("list").ok() == foi("list", now=now).ok()


def test_a_policy_that_knows_no_restart_refuses_it(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now=at("2016-11-01 09:00")).ok()
    clerk("pause", 1, "--reason", "x", now=at("2016-11-01 10:00")).ok()
    refused = clerk("resume", 1, "--restart", now=at("2016-11-02 10:00"))
    assert (refused.status, refused.err) == (
        2,
        "dealtrack: The deadlines of complaint 1 cannot restart: policy green-channel does not allow it. "
        "Omit --restart.\n",
    )
    assert clerk("resume", 1, now=at("2016-11-02 10:00")).ok()
    assert "restart" not in clerk("policy", "show", "green-channel").ok()
    assert "starts the deadlines again" in clerk("policy", "show", "uk-foi").ok()


def test_the_days_that_a_clock_took_are_those_of_the_calendar_that_its_verdict_keeps(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", now=at("2016-11-14 09:00")).ok()
    clerk("forward", 1, now=at("2016-11-14 09:00")).ok()
    clerk("complete", 1, now=at("2016-11-17 10:00")).ok()
    amend = ("calendar", "amend", "2016-11-16", "--off", "--name", "T", "--source", "n", "--yes")
    clerk(*amend, now=at("2016-11-17 12:00")).ok()
    for words in ((), ("--as-of", "2016-11-17 13:00"), ("--by", "week")):
        complete = report(clerk, "2016-11-18 09:00", *words)["clocks"]["complete"]
        assert (complete["late"], complete["median_working_days"]) == (1, 3.0)
    explained = json.loads(clerk("explain", 1, "--clock", "complete", "--format", "json").ok())["clocks"][0]
    assert [step["day"] for step in explained["steps"] if step["counted"]] == ["2016-11-15", "2016-11-16"]
    assert clerk("recheck", "--include-closed", now=at("2016-11-18 10:00")).ok()
    complete = report(clerk, "2016-11-18 11:00")["clocks"]["complete"]
    assert (complete["late"], complete["median_working_days"]) == (0, 2.0)
