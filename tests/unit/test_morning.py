"""The spans of the morning page: since the last working day, today, and the next working day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.agenda import digest_day, is_due_today, is_new
from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict
from dealtrack.core.lifecycle import Complaint, Status
from dealtrack.core.standing import Lateness

BEIJING = ZoneInfo("Asia/Shanghai")
# National Day 2016 as it was: 1 to 7 October off, Saturday the 8th and Sunday the 9th worked.
RULES = CalendarRules(
    name="small",
    title="Small",
    timezone="Asia/Shanghai",
    first=date(2016, 1, 1),
    last=date(2016, 12, 31),
    weekend=frozenset({5, 6}),
    rulings={
        **{date(2016, 10, day): Ruling(False, DayKind.HOLIDAY, "National Day") for day in range(1, 8)},
        **{date(2016, 10, day): Ruling(True, DayKind.MAKE_UP, "National Day") for day in (8, 9)},
    },
    official=frozenset({2016}),
)
CALENDAR = WorkingCalendar(RULES)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2016-{text}+08:00").astimezone(UTC)


def lateness(due: datetime | None) -> Lateness:
    return Lateness(
        Complaint(1, status=Status.RECEIVED), Clock("forward", 1, at("01-04 10:00"), due, None), Verdict.OVERDUE, 1
    )


@pytest.mark.parametrize(
    ("moment", "is_worked", "since", "following"),
    [
        ("11-15 08:30", True, "11-14 08:30", "11-16"),
        ("11-14 08:30", True, "11-11 08:30", "11-15"),  # a Monday: since Friday
        ("11-12 08:30", False, "11-11 08:30", "11-14"),  # a Saturday
        ("11-13 08:30", False, "11-11 08:30", "11-14"),  # a Sunday
        ("09-30 08:30", True, "09-29 08:30", "10-08"),  # the eve of National Day: next is a Saturday
        ("10-05 18:00", False, "09-30 18:00", "10-08"),
        ("10-08 08:30", True, "09-30 08:30", "10-09"),  # a worked Saturday, before a worked Sunday
        ("10-10 00:00", True, "10-09 00:00", "10-11"),
    ],
)
def test_the_working_days_around_a_morning(moment: str, is_worked: bool, since: str, following: str) -> None:
    morning = digest_day(at(moment), CALENDAR, BEIJING)
    assert (morning.is_worked, morning.since, morning.following.isoformat()) == (
        is_worked,
        at(since),
        f"2016-{following}",
    )
    assert morning.until == at(f"{following} 23:59:59")


def test_a_deadline_that_passed_at_the_hour_of_the_last_page_is_not_new_again() -> None:
    morning = digest_day(at("11-15 17:30"), CALENDAR, BEIJING)
    told = [is_new(lateness(at(due)), morning) for due in ("11-11 23:59:59", "11-14 17:30:00", "11-14 17:30:01")]
    assert told == [False, False, True]
    assert not is_new(lateness(None), morning)


def test_what_is_due_today_ends_at_midnight_there() -> None:
    morning = digest_day(at("11-15 08:30"), CALENDAR, BEIJING)
    told = [
        is_due_today(lateness(at(due)), morning, BEIJING) for due in ("11-15 17:30", "11-15 23:59:59", "11-16 00:00")
    ]
    assert told == [True, True, False]


@given(st.datetimes(datetime(2016, 3, 1), datetime(2016, 11, 15)), st.integers(-15 * 24, 15 * 24))
def test_every_overdue_clock_is_new_on_the_page_of_one_working_day(moment: datetime, hours: int) -> None:
    """Pages written at one hour of every working day call each deadline new once: no day's is missed or told twice."""
    hour = moment.astimezone(BEIJING)
    due = moment.astimezone(UTC) + timedelta(hours=hours)
    pages = [
        digest_day(page.astimezone(UTC), CALENDAR, BEIJING)
        for days in range(-30, 31)
        if CALENDAR.is_worked((page := hour + timedelta(days=days)).date()) and page >= due
    ]
    assert [is_new(lateness(due), page) for page in pages].count(True) == 1
