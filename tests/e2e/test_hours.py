"""Clocks of hours as commands show them: late by hours, unknown without the hour, moved by office hours alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Clerk
from tests.e2e.test_deadline_rules import at

# Monday, 21 November 2016; the calendar is that of China.
MORNING = at("2016-11-21 09:00")

POLICY = """
name = "hours"
[[version]]
in_force = 2016-01-01
authority = "an invented city"
source = "an invented order"
unverified = "the order's date"
[[version.clock]]
name = "forward"
start = "received"
stop = "forwarded"
length = 4
unit = "hour"
article = "art. 3"
[[version.clock]]
name = "complete"
start = "forwarded"
stop = "completed"
length = 8
unit = "UNIT"
extensions = 1
extension_by = 8
"""
CALENDAR = """
name = "office"
country = "CN"
office_hours = ["09:00-12:00", "13:00-18:00"]
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Give the paths of policies of hours and of working hours, and of a calendar with office hours."""
    paths = {name: tmp_path / f"{name}.toml" for name in ("hours", "office", "calendar")}
    paths["hours"].write_text(POLICY.replace("UNIT", "hour"), "utf-8")
    paths["office"].write_text(POLICY.replace("UNIT", "working-hour").replace('"hours"', '"office"'), "utf-8")
    paths["calendar"].write_text(CALENDAR, "utf-8")
    return paths


@pytest.fixture
def hourly(new_clerk: Callable[..., Clerk], made_register: Path, files: dict[str, Path]) -> Clerk:
    """Give a clerk whose register has the policy of hours."""
    clerk = new_clerk(made_register, now=MORNING)
    clerk("policy", "adopt", files["hours"]).ok()
    return clerk


@pytest.fixture
def office(new_clerk: Callable[..., Clerk], files: dict[str, Path]) -> Clerk:
    """Give a clerk whose register has office hours and both policies."""
    clerk = new_clerk(now=MORNING)
    clerk("init", "--calendar", files["calendar"], "--policy", files["office"]).ok()
    clerk("policy", "adopt", files["hours"]).ok()
    return clerk


def add(clerk: Clerk, moment: str, policy: str = "hours") -> None:
    clerk("add", "--platform", "JD", "--policy", policy, "--at", moment).ok()


def read(clerk: Clerk, *words: object, now: str = MORNING) -> Any:
    return json.loads(clerk(*words, "--format", "json", now=now).ok())


def dues(clerk: Clerk, complaint: int, now: str = MORNING) -> list[tuple[str, str | None, str]]:
    shown = read(clerk, "show", complaint, now=now)["clocks"]
    return [(clock["clock"], (clock["due"] or "-")[:19], clock["verdict"]) for clock in shown]


def test_hours_are_late_by_hours_and_their_deadline_bears_the_hour(hourly: Clerk) -> None:
    add(hourly, "2016-11-19 10:20")
    add(hourly, "2016-11-21 04:59:59")
    # Saturday is a rest day, which changes nothing. 42 hours and 40 minutes, on Monday at 09:00.
    late, _ = read(hourly, "overdue")
    assert (late["id"], late["due"][:16], late["working_days_late"], late["late"]) == (1, "2016-11-19T14:20", 1, "43 h")
    assert list(late)[-1] == "late"
    assert hourly("overdue", now=MORNING).ok().splitlines()[0].split("\t")[6:] == [
        "forward", "2016-11-19 14:20", "overdue", "1", "false", "43 h",
    ]  # fmt: skip
    shown = hourly.at_terminal("overdue", width=120).out
    assert "43 h" in shown and "1 wd" not in shown
    assert "43 小时" in hourly.at_terminal("--lang", "zh", "overdue", width=120).out
    assert "43 h" in hourly("digest", now=MORNING).ok()
    # What is due at 08:59:59 has passed; at that second itself it had not.
    assert [each["id"] for each in read(hourly, "due", "--within", "4h", now=at("2016-11-21 08:59"))] == [2]
    assert [each["late"] for each in read(hourly, "due", "--within", "4h", now=at("2016-11-21 08:59"))] == [None]
    assert [each["id"] for each in read(hourly, "due", "--within", "1h", now=at("2016-11-21 07:00"))] == []
    assert [each["late"] for each in read(hourly, "overdue", now=at("2016-11-21 09:00"))] == ["43 h", "1 h"]


def test_the_last_second_of_a_day_is_no_whole_day_of_a_clock_of_hours(hourly: Clerk) -> None:
    add(hourly, "2016-11-20 19:59:59")
    hourly("forward", 1, "--at", "2016-11-20 20:00").ok()
    add(hourly, "2016-11-20 19:59:59")
    (line, other) = hourly("list", now=MORNING).ok().splitlines()
    assert "\t2016-11-20 23:59:59\tmet\t" in line and "\t2016-11-20 23:59:59\toverdue\t" in other
    assert "due Sun 2016-11-20 23:59:59" in hourly("show", 2).ok()
    assert "2016-11-20 23:59:59" in hourly("overdue", now=MORNING).ok()


def test_explain_tells_the_stretches_with_the_article(hourly: Clerk) -> None:
    add(hourly, "2016-11-18 22:00")
    hourly("pause", 1, "--reason", "lab", "--at", "2016-11-18 23:30").ok()
    hourly("resume", 1, "--at", "2016-11-19 01:00").ok()
    text = hourly("explain", 1, "--clock", "forward", now=MORNING).ok().splitlines()
    assert text[0].endswith(
        "forward, 4 hours from the moment of receipt to forwarding (art. 3); policy hours, in force from 2016-01-01 "
        "(an invented city: an invented order)"
    )
    assert text[1:] == [
        "Fri 2016-11-18\t–\t22:00: counted from the moment of the start itself "
        "(General Principles of the Civil Law art. 154)",
        "Fri 2016-11-18\t✓ 1\t22:00 to 23:30: 1 h 30 min counted, 1 h 30 min in all",
        "Fri 2016-11-18\t–\t23:30 to 2016-11-19 01:00: paused: lab",
        "Sat 2016-11-19\t✓ 4\t01:00 to 03:30: 2 h 30 min counted, 4 h in all",
        "forward: due Sat 2016-11-19 03:30, at 2016-11-21 09:00: overdue",
    ]
    (forward,) = read(hourly, "explain", 1, "--clock", "forward")["clocks"]
    assert [list(step) for step in forward["steps"]] == [["day", "counted", "reason"]] * 4
    # Paused at that moment, there is no deadline.
    paused = hourly("explain", 1, "--clock", "forward", "--as-of", "2016-11-19 00:30").ok()
    assert "23:30 to 2016-11-19 00:30: paused: lab" in paused and "no deadline" in paused
    assert "not verified  the order's date" in hourly("policy", "show", "hours").ok()


def test_an_extension_lengthens_by_hours_and_a_reopening_starts_them_anew(hourly: Clerk) -> None:
    add(hourly, "2016-11-18 10:00")
    hourly("forward", 1, "--at", "2016-11-18 11:00").ok()
    assert hourly("extend", 1, "--clock", "complete", "--by", 9, "--reason", "x", "--at", "2016-11-18 12:00").err == (
        "dealtrack: The complete deadline of complaint 1 cannot be extended by 9 hours: policy hours allows at most 8 hours "
        "at a time.\n"
    )
    hourly("extend", 1, "--clock", "complete", "--by", 8, "--reason", "x", "--at", "2016-11-18 12:00").ok()
    assert dues(hourly, 1)[1] == ("complete", "2016-11-19T03:00:00", "overdue")
    hourly("complete", 1, "--at", "2016-11-19 03:00").ok()
    assert dues(hourly, 1)[1] == ("complete", "2016-11-19T03:00:00", "met")
    assert hourly("recheck").ok() == "tables match the journal\n"
    hourly("recheck", "--rebuild").ok()
    assert dues(hourly, 1)[1] == ("complete", "2016-11-19T03:00:00", "met")


def test_a_day_alone_makes_hours_unknown_and_never_late(hourly: Clerk) -> None:
    add(hourly, "2016-11-18")
    assert dues(hourly, 1)[0] == ("forward", "2016-11-19T03:59:59", "overdue")
    assert read(hourly, "overdue")[0]["provisional"] is True
    assert "the hour of the start is unknown: counted from the end of this day" in hourly("explain", 1).ok()
    assert "(provisional: an hour that it depends on is unknown)" in hourly("explain", 1, now=MORNING).ok()
    hourly("forward", 1, "--at", "2016-11-20 10:00").ok()
    assert dues(hourly, 1)[0] == ("forward", "2016-11-19T03:59:59", "unknown")
    assert "ended; an hour that it depends on is unknown: unknown" in hourly("explain", 1).ok()
    # Midnight with its hour, and a second entry at the very moment of the one before it, are known.
    add(hourly, "2016-11-18 00:00")
    hourly("forward", 2, "--at", "2016-11-18 00:00").ok()
    assert dues(hourly, 2)[0] == ("forward", "2016-11-18T04:00:00", "met")
    add(hourly, "2016-11-18 10:00")
    hourly("forward", 3, "--at", "2016-11-18").ok()
    assert dues(hourly, 3)[0] == ("forward", "2016-11-18T14:00:00", "unknown")
    assert hourly("verify").status == 0
    assert hourly("recheck").ok() == "tables match the journal\n"


FILE = """number,platform,policy,received,forwarded
a,JD,hours,2016-11-14,2016-11-15
b,JD,hours,2016-11-14 00:00,2016-11-14 03:00
c,JD,hours,2016-11-14 09:00,2016-11-14
d,JD,hours,2016-11-14 09:00,2016-11-14 09:00
e,JD,hours,2016-11-14 09:00,2016-11-14 13:00:01
f,JD,hours,2016-11-14,2016-11-14
"""
IMPORTED = ["unknown", "met", "unknown", "met", "missed", "unknown"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "xlsx"])
def test_the_hour_that_is_unknown_goes_through_files(
    form: str, hourly: Clerk, new_clerk: Callable[..., Clerk], made_register: Path, files: dict[str, Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    def verdicts(clerk: Clerk) -> list[str]:
        return [record["forward_verdict"] for record in read(clerk, "list")]

    (tmp_path / "in.csv").write_text(FILE)
    hourly("import", tmp_path / "in.csv").ok()
    assert verdicts(hourly) == IMPORTED
    assert ": 0 added, 0 changed, 6 unchanged" in hourly("import", tmp_path / "in.csv").ok()
    out, again = tmp_path / f"out.{form}", tmp_path / f"again.{form}"
    hourly("export", "--format", form, "--to", out).ok()
    second = new_clerk(made_register, now=MORNING)
    second("policy", "adopt", files["hours"]).ok()
    second("import", out).ok()
    assert verdicts(second) == IMPORTED
    second("export", "--format", form, "--to", again).ok()
    assert again.read_bytes() == out.read_bytes()
    for clerk in (hourly, second):
        for file in (out, tmp_path / "in.csv"):
            assert ": 0 added, 0 changed, 6 unchanged" in clerk("import", file).ok()
        assert clerk("verify").status == 0


def explained(clerk: Clerk, clock: str) -> list[str]:
    lines = clerk("explain", 1, "--clock", clock, now=MORNING).ok().splitlines()[1:-1]
    return [line.split("\t")[-1] for line in lines]


def test_explain_without_the_first_hour_names_that_alone(
    new_clerk: Callable[..., Clerk], files: dict[str, Path]
) -> None:
    text = files["hours"].read_text("utf-8")
    files["hours"].write_text(text.replace("article =", "counts_first_hour = false\narticle ="), "utf-8")
    clerk = new_clerk(now=MORNING)
    clerk("init", "--policy", files["hours"]).ok()
    clerk("add", "--platform", "JD", "--new-platform", "--at", "2016-11-14 20:10").ok()
    assert explained(clerk, "forward")[0] == "20:10 to 21:00: the hour of the start is not counted"


def test_explain_of_a_limit_of_hours_has_the_pauses(hourly: Clerk) -> None:
    hourly(
        "add", "--platform", "JD", "--policy", "hours", "--at", "2016-11-14 20:00", "--limit", "forward=2016-11-15"
    ).ok()
    hourly("pause", 1, "--reason", "lab", "--at", "2016-11-14 21:00").ok()
    hourly("resume", 1, "--at", "2016-11-15 00:30").ok()
    assert explained(hourly, "forward") == [
        "21:00 to 2016-11-15 00:30: paused: lab",
        "limit written on the complaint: 2016-11-15 23:59:59",
    ]


def test_working_hours_need_office_hours_wherever_the_policy_is_taken_into_use(
    clerk: Clerk, new_clerk: Callable[..., Clerk], files: dict[str, Path], tmp_path: Path
) -> None:
    error = (
        "dealtrack: Policy office counts in working hours, but calendar {calendar} has no office_hours. Add the key to "
        "its file.\n"
    )
    lacking = error.format(calendar="cn-beijing")
    (tmp_path / "in.csv").write_text("number,platform,policy,received\na,JD,office,2016-11-14\n")
    folder = Path(clerk.environment()["DEALTRACK_HOME"]) / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "office.toml").write_text(files["office"].read_text())
    for words in (
        ("policy", "adopt", files["office"]),
        ("policy", "try", files["office"]),
        ("add", "--platform", "JD", "--policy", "office"),
        ("add", "--platform", "JD", "--policy", files["office"]),
    ):
        refused = clerk(*words)
        assert (refused.status, refused.err) == (2, lacking), words
    assert "has no office_hours" in clerk("import", tmp_path / "in.csv").err
    refused = new_clerk()("init", "--policy", files["office"])
    assert (refused.status, refused.err) == (2, lacking)
    # Nor can a calendar lose them.
    office = new_clerk(now=MORNING)
    office("init", "--calendar", files["calendar"], "--policy", files["office"]).ok()
    files["calendar"].write_text(CALENDAR.partition("office_hours")[0])
    refused = office("calendar", "refresh", "--yes")
    assert (refused.status, refused.err) == (2, error.format(calendar=files["calendar"]))


def test_a_calendar_that_changes_moves_working_hours_and_no_hours(office: Clerk, files: dict[str, Path]) -> None:
    for place, policy in enumerate(("office", "hours"), 1):
        add(office, "2016-11-18 15:00", policy)
        office("forward", place, "--at", "2016-11-18 16:00").ok()
    # Friday from 16:00 two hours; Monday 09:00 to 12:00 (5), 13:00 to 16:00.
    before = [dues(office, place)[1] for place in (1, 2)]
    assert before == [
        ("complete", "2016-11-21T16:00:00", "running"),
        ("complete", "2016-11-19T00:00:00", "overdue"),
    ]
    assert [line.split("\t")[:2] for line in office("explain", 1, "--clock", "complete").ok().splitlines()[1:-1]] == [
        ["Fri 2016-11-18", "–"], ["Fri 2016-11-18", "✓ 2"], ["Sat 2016-11-19", "–"], ["Sun 2016-11-20", "–"],
        ["Mon 2016-11-21", "✓ 5"], ["Mon 2016-11-21", "✓ 8"],
    ]  # fmt: skip
    told = office("calendar", "amend", "--off", "2016-11-21", "--name", "x", "--source", "y", "--yes").ok()
    assert "complaint 1 complete: Mon 2016-11-21 16:00 -> Tue 2016-11-22 16:00" in told and "complaint 2" not in told
    files["calendar"].write_text(CALENDAR.replace("13:00-18:00", "13:00-17:00"))
    told = office("calendar", "refresh").out
    assert "office hours change\ncomplaint 1 complete: Tue 2016-11-22 16:00 -> Tue 2016-11-22 17:00\n" in told
    office("calendar", "refresh", "--yes").ok()
    # What has ended stands: what is forwarded is not judged anew.
    assert [dues(office, place)[1][1] for place in (1, 2)] == ["2016-11-22T17:00:00", "2016-11-19T00:00:00"]
    assert office("recheck").ok() == "tables match the journal\n"
    office("recheck", "--rebuild").ok()
    assert [dues(office, place)[1][1] for place in (1, 2)] == ["2016-11-22T17:00:00", "2016-11-19T00:00:00"]
    assert office("calendar", "refresh", "--yes").ok() == "the calendar is unchanged\n"
    assert office("verify").status == 0


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ('office_hours = ["9-12"]', r"office_hours cannot be '9-12'; write hours as .09:00-12:00. .line 4"),
        ('office_hours = ["12:00-09:00"]', "office_hours cannot be '12:00-09:00'"),
        ('office_hours = ["09:00-24:30"]', "office_hours cannot be '09:00-24:30'"),
        ("office_hours = []", "office_hours must be hours one after another"),
        ('office_hours = ["09:00-13:00", "12:00-18:00"]', "office_hours must be hours one after another"),
        ('[[office_hours]]\nhours = ["09:00-12:00"]\ndays = "05-01/09-31"', "days cannot be '05-01/09-31'.*line 6"),
        ('[[office_hours]]\nhours = ["09:00-12:00"]\ndays = "05-01/09-30"', "leaves out 01-01: add a table"),
        ('[[office_hours]]\nhours = ["09:00-12:00"]\nday = "05-01"', "unknown key 'day'; Did you mean days"),
        (
            '[[office_hours]]\nhours = ["09:00-12:00"]\n[[office_hours]]\nhours = ["10:00-12:00"]',
            "two tables of office_hours have no days: give days to all but one .line 4",
        ),
        (
            '[[office_hours]]\nhours = ["09:00-12:00"]\ndays = "05-01/10-01"\n'
            '[[office_hours]]\nhours = ["10:00-12:00"]\ndays = "10-01/04-30"',
            "two tables of office_hours have the day 10-01",
        ),
        ("office_hours = 8", "office_hours must be a list, not a whole number"),
    ],
)
def test_mistakes_in_office_hours_are_named_with_their_line(
    hours: str, told: str, new_clerk: Callable[..., Clerk], files: dict[str, Path]
) -> None:
    files["calendar"].write_text(CALENDAR.partition("office_hours")[0] + hours)
    refused = new_clerk()("init", "--calendar", files["calendar"])
    assert refused.status == 2 and re.search(told, refused.err), refused.err
    assert len(refused.err.splitlines()) == 1
