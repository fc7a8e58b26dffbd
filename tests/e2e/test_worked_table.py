"""The worked examples of `tests.worked_table`, typed by a clerk: deadlines, verdicts, and the reason for every day."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.conftest import Clerk
from tests.worked_table import ROWS

ROW = "received, forward_due, forwarded, complete_due, provisional, why"
IDS = [f"{row[0]}: {row[5]}" for row in ROWS]
# What `explain` says of some days between, from the calendar and its notices.
REASONS = {
    "2016-10-01": "National Day",
    "2016-10-08": "make-up working day",
    "2016-10-09": "make-up working day",
    "2024-09-29": "make-up working day",
    "2025-01-26": "make-up working day",
    "2020-01-31": "Spring Festival",
    "2014-11-07": "APEC Economic Leaders' Meeting, Beijing municipal notice of 2014-10-09",
    "2014-11-15": "APEC Economic Leaders' Meeting, Beijing municipal notice of 2014-10-09",
    "2008-08-08": "Olympic",
    "2016-11-12": "weekend",
}


@pytest.fixture
def clerk(full_clerk: Clerk) -> Clerk:
    """Give a clerk whose calendar has the years of all examples."""
    return full_clerk


def moment(day: str, time: str = "09:00:00") -> str:
    return f"{day}T{time}+08:00"


def one(text: str) -> dict[str, Any]:
    (record,) = json.loads(text)
    return dict(record)


def entered(clerk: Clerk, received: str, hour: str) -> None:
    clerk(
        "add",
        "--platform",
        "JD",
        "--category",
        "quality",
        "--at",
        f"{received} {hour}",
        now=moment(received, "23:59:59"),
    )


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
@pytest.mark.parametrize("hour", ["00:00", "12:30", "23:59:59"])
def test_deadlines_of_a_row_whatever_the_hour_of_receipt(
    clerk: Clerk,
    hour: str,
    received: str,
    forward_due: str,
    forwarded: str,
    complete_due: str,
    provisional: bool,
    why: str,
) -> None:
    entered(clerk, received, hour)
    before = one(clerk("list", "--format", "json", now=moment(received, "23:59:59")).ok())
    assert before["forward_due"] == moment(forward_due, "23:59:59")
    assert (before["forward_verdict"], before["complete_verdict"]) == ("running", "projected")
    late = moment(forwarded, "23:59:59")
    assert clerk("forward", 1, "--at", f"{forwarded} 23:59:59", now=late).status == 0
    after = one(clerk("list", "--format", "json", now=late).ok())
    assert (after["forward_due"], after["forward_verdict"]) == (moment(forward_due, "23:59:59"), "met")
    assert (after["complete_due"], after["complete_verdict"]) == (moment(complete_due, "23:59:59"), "running")
    assert after["provisional"] is provisional


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
def test_the_projection_before_forwarding_is_from_the_forward_deadline(
    clerk: Clerk, received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str
) -> None:
    entered(clerk, received, "12:30")
    record = one(clerk("list", "--format", "json", now=moment(received, "12:30:00")).ok())
    counted = json.loads(clerk("calendar", "next", 2, "--from", forward_due, "--format", "json").ok())
    assert record["complete_due"] == moment(counted["due"], "23:59:59")
    if forwarded == forward_due:
        assert counted["due"] == complete_due
    assert counted["provisional"] is provisional


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
def test_the_clocks_turn_one_second_after_the_deadline(
    clerk: Clerk, received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str
) -> None:
    entered(clerk, received, "12:30")
    after = (date.fromisoformat(forward_due) + timedelta(days=1)).isoformat()
    assert clerk("overdue", now=moment(forward_due, "23:59:59")).ok() == ""
    assert [
        r["clock"] for r in json.loads(clerk("overdue", "--format", "json", now=moment(after, "00:00:00")).ok())
    ] == ["forward"]
    clerk("forward", 1, "--at", f"{forwarded} 23:59:59", now=moment(forwarded, "23:59:59")).ok()
    after = (date.fromisoformat(complete_due) + timedelta(days=1)).isoformat()
    assert clerk("overdue", now=moment(complete_due, "23:59:59")).ok() == ""
    late = one(clerk("overdue", "--format", "json", now=moment(after, "00:00:00")).ok())
    assert (late["clock"], late["due"], late["verdict"]) == ("complete", moment(complete_due, "23:59:59"), "overdue")
    assert late["provisional"] is provisional
    clerk("complete", 1, "--at", f"{after} 00:00:00", now=moment(after, "00:00:00")).ok()
    assert one(clerk("list", "--format", "json").ok())["complete_verdict"] == "missed"


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
def test_completed_at_the_last_second_is_met(
    clerk: Clerk, received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str
) -> None:
    entered(clerk, received, "12:30")
    clerk("forward", 1, "--at", f"{forwarded} 18:00", now=moment(complete_due)).ok()
    clerk("complete", 1, "--at", f"{complete_due} 23:59:59", now=moment(complete_due, "23:59:59")).ok()
    assert one(clerk("list", "--format", "json").ok())["complete_verdict"] == "met"


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
def test_every_day_is_explained(
    clerk: Clerk, received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str
) -> None:
    entered(clerk, received, "12:30")
    now = moment(forwarded, "23:59:59")
    clerk("forward", 1, "--at", f"{forwarded} 23:59:59", now=now).ok()
    told = json.loads(clerk("explain", 1, "--format", "json", now=now).ok())
    clocks = {clock["clock"]: clock for clock in told["clocks"]}
    for name, first, last, n in (("forward", received, forward_due, 1), ("complete", forwarded, complete_due, 2)):
        steps = clocks[name]["steps"]
        days = [date.fromisoformat(step["day"]) for step in steps]
        assert (steps[0]["day"], steps[-1]["day"]) == (first, last)
        assert days == [days[0] + timedelta(days=i) for i in range(len(days))]
        law = "Civil Code art. 201" if first >= "2021" else "General Principles of the Civil Law art. 154"
        assert not steps[0]["counted"] and law in steps[0]["reason"]
        assert sum(step["counted"] for step in steps) == n and steps[-1]["counted"]
        for step in steps[1:]:
            assert step["reason"]
            expected = REASONS.get(step["day"])
            assert expected is None or expected in step["reason"], step
    plain = clerk("explain", 1, now=now).ok()
    assert forward_due in plain and complete_due + (" 24:00?" if provisional else " 24:00") in plain


@pytest.mark.parametrize(ROW, ROWS, ids=IDS)
def test_calendar_next_gives_the_same_answer_without_a_complaint(
    clerk: Clerk, received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str
) -> None:
    for n, start, due in ((1, received, forward_due), (2, forwarded, complete_due)):
        answer = json.loads(clerk("calendar", "next", n, "--from", start, "--format", "json").ok())
        assert list(answer) == ["from", "days", "due", "provisional", "steps"]
        assert (answer["from"], answer["days"], answer["due"]) == (start, n, due)
        assert answer["provisional"] is (provisional and n == 2)
        assert list(answer["steps"][0]) == ["day", "counted", "reason"]
        assert [step["counted"] for step in answer["steps"]].count(True) == n


def test_without_beijings_amendment_the_apec_row_is_friday_and_monday(new_clerk: Callable[..., Clerk]) -> None:
    elsewhere = new_clerk()
    elsewhere("init", "--calendar", "cn").ok()
    entered(elsewhere, "2014-11-06", "12:30")
    elsewhere("forward", 1, "--at", "2014-11-13 09:00", now=moment("2014-11-13")).ok()
    record = one(elsewhere("list", "--format", "json").ok())
    assert (record["forward_due"][:10], record["complete_due"][:10]) == ("2014-11-07", "2014-11-17")
    assert record["forward_verdict"] == "missed"
