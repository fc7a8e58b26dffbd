"""Rules that policies can set, case by case, each counted by hand from its law; the count stands in the comment.

Counted days stand in the comments as `day(nth)`. The calendars that matter, read off the notices:

China 2026: Sat 14 Feb worked, 15-23 Feb off, Sat 28 Feb worked; 1-7 Oct off, Sat 10 Oct worked.
Korea 2024: Fri 1 Mar, Mon 6 May (for Sunday 5 May) and Wed 15 May off.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, judge, lateness_text, verdict
from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import HOURS, ClockRule, Policy, Roll, Unit
from tests.unit.test_policies_worked import calendar_named, history_of

BEIJING, SEOUL = ("cn-beijing", "Asia/Shanghai"), ("KR", "Asia/Seoul")
NEW_YORK, KOLKATA, LORD_HOWE = ("US", "America/New_York"), ("IN", "Asia/Kolkata"), ("AU-NSW", "Australia/Lord_Howe")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Rule:
    """How long a clock from receipt to completion runs, where, and by what law."""

    law: str
    length: int
    unit: Unit = Unit.WORKING_DAY
    place: tuple[str, str] = BEIJING
    keys: dict[str, Any] = field(default_factory=dict)


def calendar_of(rule: Rule) -> WorkingCalendar:
    calendar = calendar_named(rule.place[0])
    if rule.unit is not Unit.WORKING_HOUR:
        return calendar
    hours = ALL_YEAR if rule.place == SEOUL else SEASONS
    return WorkingCalendar(calendar.rules._replace(office_hours=hours), 1)


def last_run(rule: Rule, history: str) -> tuple[Clock, ZoneInfo]:
    calendar, zone = calendar_of(rule), ZoneInfo(rule.place[1])
    starts = frozenset({Kind.RECEIVED, Kind.REOPENED})
    clock = ClockRule("answer", starts, frozenset({Kind.COMPLETED}), rule.length, rule.unit, **rule.keys)
    policy = Policy("made-up", "Made up", date(2000, 1, 1), "nobody", rule.law, (clock,), restart=True)
    return judge(history_of(history, zone), policy, lambda _: calendar, zone)[-1], zone


CIVIL_CODE = Rule("Civil Code art. 201(2): hours begin with the moment that the parties, or the law, set", 4, Unit.HOUR)
TWO_HOURS = Rule("12345 orders of a city: urgent ones are taken up within 2 hours", 2, Unit.HOUR)
DAY_AND_NIGHT = Rule("12345 orders of a city: urgent ones are handled within 24 hours", 24, Unit.HOUR)
PROCEDURE = Rule("Civil Procedure Law art. 85: the hour in which it begins is not counted", 2, Unit.HOUR, keys={
    "counts_first_hour": False
})  # fmt: skip
SAME_DAY = Rule("on the same day (当日)", 0)
SAME_CALENDAR_DAY = Rule("on the same day (当日), whatever day it is", 0, Unit.CALENDAR_DAY)
PETITIONS = Rule("Korea, Civil Petitions Treatment Act art. 19(2): days from six on, the first counted, rest days not",
                 6, place=SEOUL, keys={"counts_first_day": True})  # fmt: skip
KOREAN_MONTH = Rule("Korea, Civil Act arts. 157, 160", 1, Unit.MONTH, SEOUL, {"counts_first_day": True})


# Korea's office, and one that is closed at noon for longer in summer.
ALL_YEAR: list[dict[str, Any]] = [{"hours": ["09:00-12:00", "13:00-18:00"]}]
SEASONS: list[dict[str, Any]] = [
    {"hours": ["10:00-14:00", "15:30-19:30"]},
    {"hours": ["10:00-14:00", "16:00-20:00"], "days": "05-01/09-30"},
]
EIGHT_A_DAY = Rule("Korea, Civil Petitions Treatment Act art. 19(1): five days or fewer in hours from the receipt, "
                   "eight a day; rest days not", 24, Unit.WORKING_HOUR, ("KR", "Asia/Seoul"))  # fmt: skip
XINJIANG = Rule("Xinjiang's notices: hours of work by season", 8, Unit.WORKING_HOUR)


def of(rule: Rule, **changes: Any) -> Rule:
    return Rule(**{**rule.__dict__, **changes})


CASES = [
    # 10:20 and four hours.
    (CIVIL_CODE, "received 2026-03-02 10:20", "2026-03-02 14:20"),
    # Over midnight, into a rest day: no calendar is asked.
    (CIVIL_CODE, "received 2026-03-06 22:30:05", "2026-03-07 02:30:05"),
    (DAY_AND_NIGHT, "received 2026-02-14 20:00", "2026-02-15 20:00"),
    (TWO_HOURS, "received 2026-12-31 23:00", "2027-01-01 01:00"),
    # Clocks go forward at 02:00: 01:30, 03:30 is one hour later, 04:30 two.
    (of(TWO_HOURS, place=NEW_YORK), "received 2024-03-10 01:30", "2024-03-10 04:30"),
    # Clocks go back at 02:00: 00:30, 01:30, 01:30 again, 02:30.
    (of(TWO_HOURS, place=NEW_YORK, length=3), "received 2024-11-03 00:30", "2024-11-03 02:30"),
    # The hour of 10:20, and that of 10:00:00, is not counted: from 11:00 on.
    (PROCEDURE, "received 2026-03-02 10:20", "2026-03-02 13:00"),
    (PROCEDURE, "received 2026-03-02 10:00", "2026-03-02 13:00"),
    (PROCEDURE, "received 2026-03-02 10:59:59", "2026-03-02 13:00"),
    (PROCEDURE, "received 2026-03-02 23:40", "2026-03-03 02:00"),
    # Full hours of India are half hours of UTC.
    (of(PROCEDURE, place=KOLKATA), "received 2026-03-02 10:20", "2026-03-02 13:00"),
    # On Lord Howe clocks go back from 02:00 to 01:30: 01:45, 01:30 again, 02:00, and two hours.
    (of(PROCEDURE, place=LORD_HOWE), "received 2024-04-07 01:45", "2024-04-07 04:00"),
    # They go forward from 02:00 to 02:30: 01:45, 02:30, 03:00, and two hours.
    (of(PROCEDURE, place=LORD_HOWE), "received 2024-10-06 01:45", "2024-10-06 05:00"),
    # One hour has run when the pause begins; the three that are left run from its end.
    (CIVIL_CODE, "received 2026-03-02 10:20, paused 2026-03-02 11:20, resumed 2026-03-02 15:00", "2026-03-02 18:00"),
    # At the deadline itself nothing is left, a second later it has passed.
    (CIVIL_CODE, "received 2026-03-02 10:20, paused 2026-03-02 14:20, resumed 2026-03-02 16:00", "2026-03-02 16:00"),
    (CIVIL_CODE, "received 2026-03-02 10:20, paused 2026-03-02 14:20:01, resumed 2026-03-02 16:00", "2026-03-02 14:20"),
    # A pause within the hour that is not counted takes out nothing, one that ends later what lies after that hour.
    (PROCEDURE, "received 2026-03-02 10:20, paused 2026-03-02 10:30, resumed 2026-03-02 10:50", "2026-03-02 13:00"),
    (PROCEDURE, "received 2026-03-02 10:20, paused 2026-03-02 10:30, resumed 2026-03-02 11:30", "2026-03-02 13:30"),
    # Two pauses: 1 hour, 2 hours, and the one that is left from 20:00. Half an hour, 3.5 from 09:30 on, and 2 more.
    (
        CIVIL_CODE,
        "received 2026-03-02 10:00, paused 2026-03-02 11:00, resumed 2026-03-02 12:00, paused 2026-03-02 14:00, "
        "resumed 2026-03-02 20:00",
        "2026-03-02 21:00",
    ),
    (
        CIVIL_CODE,
        "received 2026-03-02 08:00, paused 2026-03-02 08:30, resumed 2026-03-02 09:30, extended 2026-03-02 answer 2",
        "2026-03-02 15:00",
    ),
    # Reopened: it runs anew from that moment.
    (
        CIVIL_CODE,
        "received 2026-03-02 10:00, completed 2026-03-02 11:00, reopened 2026-03-05 09:12",
        "2026-03-05 13:12",
    ),
    # Three days, of eight hours each: Mon 14:00 to 18:00 (4), Tue (12), Wed (20), Thu 09:00 to 12:00 (23), 13:00 to 14:00.
    (EIGHT_A_DAY, "received 2024-03-04 14:00", "2024-03-07 14:00"),
    # On Saturday: Mon (8), Tue (16), Wed (24), whose closing is that second.
    (EIGHT_A_DAY, "received 2024-03-02 14:00", "2024-03-06 18:00"),
    # Thu 29 Feb (8), Fri 1 Mar off, Mon (16), Tue (24).
    (EIGHT_A_DAY, "received 2024-02-29 09:00", "2024-03-05 18:00"),
    # Within the noon: from 13:00 on.
    (of(EIGHT_A_DAY, length=2), "received 2024-03-04 12:30", "2024-03-04 15:00"),
    # Mon (8), Tue 09:00 to 12:00 (11), paused; Wed (19), Thu 09:00 to 12:00 (22), 13:00 to 15:00.
    (
        EIGHT_A_DAY,
        "received 2024-03-04 09:00, paused 2024-03-05 12:00, resumed 2024-03-05 20:00",
        "2024-03-07 15:00",
    ),
    # Begun at the deadline, nothing is left: the end of the pause is the deadline.
    (
        of(EIGHT_A_DAY, length=8),
        "received 2024-03-04 09:00, paused 2024-03-04 18:00, resumed 2024-03-06 10:00",
        "2024-03-06 10:00",
    ),
    # Thu 30 April 2026 16:00 to 19:30 (3.5); 1 to 5 May off; Wed 6 in summer: 10:00 to 14:00 (7.5), 16:00 to 16:30.
    (XINJIANG, "received 2026-04-30 16:00", "2026-05-06 16:30"),
    # Wed 30 September 16:00 to 20:00 (4); 1 to 7 October off; Thu 8 in winter: 10:00 to 14:00.
    (XINJIANG, "received 2026-09-30 16:00", "2026-10-08 14:00"),
    # In the noon of summer, of Thu 16 July: 16:00 to 20:00 (4), Fri 10:00 to 14:00.
    (XINJIANG, "received 2026-07-16 15:45", "2026-07-17 14:00"),
    # The hour of the start is left out: from 17:00 on (3), Fri 10:00 to 14:00 (7), 16:00 to 17:00.
    (of(XINJIANG, keys={"counts_first_hour": False}), "received 2026-07-16 16:00", "2026-07-17 17:00"),
    # Friday, a worked Saturday, Sunday the 15th before the Spring Festival, a plain Saturday.
    (SAME_DAY, "received 2026-02-13 10:00", "2026-02-13 23:59:59"),
    (SAME_DAY, "received 2026-02-14 23:00", "2026-02-14 23:59:59"),
    (SAME_DAY, "received 2026-02-15 08:00", "2026-02-24 23:59:59"),
    (SAME_DAY, "received 2026-03-07 08:00", "2026-03-09 23:59:59"),
    (SAME_CALENDAR_DAY, "received 2026-03-07 08:00", "2026-03-07 23:59:59"),
    (of(SAME_CALENDAR_DAY, keys={"roll": Roll.NEXT_WORKING_DAY}), "received 2026-03-07 08:00", "2026-03-09 23:59:59"),
    (
        of(SAME_CALENDAR_DAY, keys={"roll": Roll.AFTER_STATUTORY_HOLIDAY}),
        "received 2026-10-03 08:00",
        "2026-10-08 23:59:59",
    ),
    # The pause begins on the due day: it is given back on the day of its end, or the working day after.
    (SAME_DAY, "received 2026-03-02 10:00, paused 2026-03-02 11:00, resumed 2026-03-07 10:00", "2026-03-09 23:59:59"),
    # Mon 4 Mar(1), 5(2), 6(3), 7(4), 8(5), Mon 11(6).
    (PETITIONS, "received 2024-03-04 17:00", "2024-03-11 23:59:59"),
    # On Saturday, a rest day, nothing is counted: Mon 4(1).
    (PETITIONS, "received 2024-03-02 10:00", "2024-03-11 23:59:59"),
    # Thu 29 Feb(1), Fri 1 Mar off, Mon 4(2), 5(3), 6(4), 7(5), 8(6).
    (PETITIONS, "received 2024-02-29 10:00", "2024-03-08 23:59:59"),
    # Fri 3 May(1), Mon 6 off, 7(2), 8(3), 9(4), 10(5), Mon 13(6).
    (PETITIONS, "received 2024-05-03 10:00", "2024-05-13 23:59:59"),
    # Mon 4(1), Tue 5(2), Wed 6 and Thu 7 out, Fri 8(3), Mon 11(4), 12(5), 13(6).
    (
        PETITIONS,
        "received 2024-03-04 10:00, paused 2024-03-05 10:00, resumed 2024-03-07 10:00",
        "2024-03-13 23:59:59",
    ),
    # Extended by one.
    (PETITIONS, "received 2024-03-04 10:00, extended 2024-03-05 answer 1", "2024-03-12 23:59:59"),
    # The pause begins on the due day, Mon 11: given back on Wed 13, and one more day after it, the first not counted.
    (
        PETITIONS,
        "received 2024-03-04 10:00, paused 2024-03-11 10:00, resumed 2024-03-13 10:00, extended 2024-03-13 answer 1",
        "2024-03-14 23:59:59",
    ),
    # A month ends on the day before the corresponding one; where there is none, on the month's last.
    (KOREAN_MONTH, "received 2024-01-15 10:00", "2024-02-14 23:59:59"),
    (KOREAN_MONTH, "received 2024-01-01 10:00", "2024-01-31 23:59:59"),
    (KOREAN_MONTH, "received 2024-01-30 10:00", "2024-02-29 23:59:59"),
    (KOREAN_MONTH, "received 2024-01-31 10:00", "2024-02-29 23:59:59"),
    (of(KOREAN_MONTH, length=12), "received 2024-02-29 10:00", "2025-02-28 23:59:59"),
    # A week from Monday ends on Sunday; ten days from the 1st on the 10th.
    (of(KOREAN_MONTH, unit=Unit.WEEK), "received 2024-03-04 10:00", "2024-03-10 23:59:59"),
    (of(KOREAN_MONTH, unit=Unit.CALENDAR_DAY, length=10), "received 2024-03-01 10:00", "2024-03-10 23:59:59"),
]


@pytest.mark.parametrize(("rule", "history", "due"), CASES)
def test_worked_case(rule: Rule, history: str, due: str) -> None:
    clock, zone = last_run(rule, history)
    assert clock.due is not None
    assert show_moment(clock.due, zone) == due
    # What happens at that very second is on time, and the next one is late.
    assert verdict(clock, clock.due) is Verdict.RUNNING
    assert verdict(clock, clock.due + SECOND) is Verdict.OVERDUE
    assert clock.due_day == clock.due.astimezone(zone).date()


def test_hours_paused_have_no_deadline_and_a_restart_begins_them_anew() -> None:
    clock, _ = last_run(CIVIL_CODE, "received 2026-03-02 10:00, paused 2026-03-02 11:00")
    assert (clock.due, verdict(clock, datetime(2026, 3, 9, tzinfo=UTC))) == (None, Verdict.PAUSED)
    zone = ZoneInfo("Asia/Shanghai")
    entries = history_of("received 2026-03-02 10:00, paused 2026-03-02 11:00, resumed 2026-03-04 09:30", zone)
    entries[-1] = entries[-1]._replace(detail={"restart": True})
    rule = ClockRule("answer", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), 4, Unit.HOUR)
    policy = Policy("made-up", "Made up", date(2000, 1, 1), "nobody", "nothing", (rule,), restart=True)
    (clock,) = judge(entries, policy, lambda _: calendar_named("cn-beijing"), zone)
    assert clock.due == entries[-1].at + timedelta(hours=4)


def test_whether_the_day_of_the_start_is_worked_is_provisional_where_it_can_be_the_due_day() -> None:
    # 2027 is not published: nobody knows whether Friday 1 January is made a working day, say.
    for rule in (SAME_DAY, of(PETITIONS, length=1, place=BEIJING)):
        assert last_run(rule, "received 2027-03-05 10:00")[0].provisional
        assert not last_run(rule, "received 2026-03-06 10:00")[0].provisional
    assert not last_run(CIVIL_CODE, "received 2027-03-05 10:00")[0].provisional


# A moment without its hour


def entry(text: str, seq: int, hour_unknown: bool | None = None) -> Transition:
    (made,) = history_of(text, ZoneInfo("Asia/Shanghai"))
    detail = {} if hour_unknown is None else {"hour_unknown": hour_unknown}
    return made._replace(seq=seq, detail=detail)


def hourly(*entries: Transition, unit: Unit = Unit.HOUR) -> Clock:
    rule = ClockRule("answer", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), 4, unit)
    policy = Policy("made-up", "Made up", date(2000, 1, 1), "nobody", "nothing", (rule,))
    return judge(entries, policy, lambda _: calendar_named("cn-beijing"), ZoneInfo("Asia/Shanghai"))[-1]


def test_a_start_without_its_hour_is_counted_from_the_end_of_its_day() -> None:
    for mark in (True, None):
        clock = hourly(entry("received 2026-03-02 00:00", 1, mark))
        assert clock.due == datetime(2026, 3, 2, 19, 59, 59, tzinfo=UTC) and clock.provisional and clock.hourless
    # One of which the hour is known to be midnight.
    clock = hourly(entry("received 2026-03-02 00:00", 1, False))
    assert clock.due == datetime(2026, 3, 1, 20, tzinfo=UTC) and not clock.provisional


@pytest.mark.parametrize(
    ("start", "stop", "told"),
    [
        (("2026-03-02 00:00", True), ("2026-03-09 10:00", None), Verdict.UNKNOWN),
        (("2026-03-02 10:00", None), ("2026-03-09 00:00", True), Verdict.UNKNOWN),
        (("2026-03-02 10:00", None), ("2026-03-09 00:00", False), Verdict.MISSED),
        (("2026-03-02 10:00", None), ("2026-03-09 00:00", None), Verdict.UNKNOWN),
        # Of an earlier release, at the moment of what came before.
        (("2026-03-02 10:00", None), ("2026-03-02 10:00", None), Verdict.UNKNOWN),
        (("2026-03-02 10:00", None), ("2026-03-02 10:00", False), Verdict.MET),
        (("2026-03-02 10:00", None), ("2026-03-02 14:00", None), Verdict.MET),
    ],
)
def test_without_an_hour_nobody_knows_whether_hours_were_kept(
    start: tuple[str, bool | None], stop: tuple[str, bool | None], told: Verdict
) -> None:
    clock = hourly(entry(f"received {start[0]}", 1, start[1]), entry(f"completed {stop[0]}", 2, stop[1]))
    assert clock.ended and verdict(clock, clock.ended) is told
    # Days do not need it.
    days = hourly(
        entry(f"received {start[0]}", 1, start[1]),
        entry(f"completed {stop[0]}", 2, stop[1]),
        unit=Unit.CALENDAR_DAY,
    )
    assert days.ended and verdict(days, days.ended) is not Verdict.UNKNOWN


def test_a_pause_without_its_hour_is_as_long_as_it_can_be() -> None:
    # Two hours have run by midnight, when the pause can have begun at the earliest; it may have lasted to the 4th's end.
    entries = [entry("received 2026-03-02 22:00", 1), entry("paused 2026-03-03 00:00", 2, True)]
    entries.append(entry("resumed 2026-03-04 00:00", 3, True))
    clock = hourly(*entries)
    assert clock.due == datetime(2026, 3, 4, 17, 59, 59, tzinfo=UTC) and clock.provisional
    clock = hourly(*entries, entry("completed 2026-03-20 10:00", 4))
    assert clock.ended and verdict(clock, clock.ended) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "history", "moment", "late"),
    [
        (CIVIL_CODE, "received 2026-03-02 10:00", "2026-03-02 14:00", ""),
        (CIVIL_CODE, "received 2026-03-02 10:00", "2026-03-02 14:00:01", "1 h"),
        (CIVIL_CODE, "received 2026-03-02 10:00", "2026-03-02 17:00", "3 h"),
        (CIVIL_CODE, "received 2026-03-02 10:00", "2026-03-02 17:00:01", "4 h"),
        # Due on Thursday at 14:00: four hours on that day, eight on Friday, none on the weekend.
        (EIGHT_A_DAY, "received 2024-03-04 14:00", "2024-03-10 12:00", "12 h"),
        (EIGHT_A_DAY, "received 2024-03-04 14:00", "2024-03-07 14:00:01", "1 h"),
        # Due on Monday.
        (PETITIONS, "received 2024-03-04 17:00", "2024-03-14 09:00", "3 wd"),
        (SAME_DAY, "received 2026-03-06 10:00", "2026-03-07 09:00", "0 wd"),
    ],
)
def test_lateness(rule: Rule, history: str, moment: str, late: str) -> None:
    clock, zone = last_run(rule, history)
    at = datetime.fromisoformat(moment).replace(tzinfo=zone)
    assert lateness_text(clock, at, calendar_of(rule), zone) == late


# Properties

PLACED = [BEIJING, SEOUL, NEW_YORK, KOLKATA, LORD_HOWE]
CALENDARS = {name: WorkingCalendar(calendar_named(name).rules._replace(office_hours=SEASONS), 1) for name, _ in PLACED}
places = st.sampled_from(PLACED)
starts = st.datetimes(datetime(2023, 1, 1), datetime(2026, 11, 30)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
waits = st.integers(0, 40 * 86400).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def rules(draw: st.DrawFn) -> ClockRule:
    unit, length = draw(st.sampled_from(Unit)), draw(st.integers(0, 40))
    keys: dict[str, Any] = {"counts_first_day": draw(st.booleans()) and length > 0}
    if unit in HOURS:
        keys = {"counts_first_hour": draw(st.booleans())}
        length += 1
    elif unit is not Unit.WORKING_DAY:
        keys["roll"] = draw(st.sampled_from(Roll))
    return ClockRule("answer", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), length, unit, **keys)


def due(rule: ClockRule, place: tuple[str, str], start: datetime, *pauses: datetime) -> datetime:
    moments = [(Kind.RECEIVED, start), *zip((Kind.PAUSED, Kind.RESUMED) * len(pauses), pauses, strict=False)]
    entries = [
        Transition(seq, 1, kind, at, at, "clerk", {"hour_unknown": False}) for seq, (kind, at) in enumerate(moments, 1)
    ]
    policy = Policy("made-up", "Made up", date(2000, 1, 1), "nobody", "nothing", (rule,))
    (clock,) = judge(entries, policy, lambda _: CALENDARS[place[0]], ZoneInfo(place[1]))
    assert clock.due is not None
    return clock.due


@given(starts, st.integers(1, 400), st.booleans(), st.sampled_from([zone for _, zone in PLACED]))
def test_the_deadline_of_hours_never_depends_on_the_calendar(
    start: datetime, length: int, counts: bool, zone: str
) -> None:
    starts, stops = frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED})
    rule = ClockRule("answer", starts, stops, length, Unit.HOUR, counts_first_hour=counts)
    dues = {due(rule, (name, zone), start) for name, _ in PLACED}
    assert len(dues) == 1
    assert timedelta(0) <= dues.pop() - start - timedelta(hours=length) <= timedelta(hours=0 if counts else 1.5)


@given(rules(), places, starts, waits)
def test_a_later_start_never_gives_an_earlier_deadline(
    rule: ClockRule, place: tuple[str, str], start: datetime, wait: timedelta
) -> None:
    assert start <= due(rule, place, start) <= due(rule, place, start + wait)


@given(rules(), places, starts, st.integers(0, 20))
def test_a_greater_length_never_gives_an_earlier_deadline(
    rule: ClockRule, place: tuple[str, str], start: datetime, more: int
) -> None:
    longer = rule._replace(length=rule.length + more)
    # The same day, and day 1 where the first one counts, are one deadline.
    assert due(rule, place, start) <= due(longer, place, start)


@given(rules(), places, starts, st.lists(waits, min_size=4, max_size=4))
def test_a_pause_never_brings_the_deadline_forward(
    rule: ClockRule, place: tuple[str, str], start: datetime, lengths: list[timedelta]
) -> None:
    moments: list[datetime] = []
    for length in lengths:
        moments.append((moments[-1] if moments else start) + length)
    without = due(rule, place, start)
    once, twice = due(rule, place, start, *moments[:2]), due(rule, place, start, *moments)
    assert without <= once <= twice
    if moments[0] > without:
        assert once == without
    if rule.unit is Unit.HOUR and rule.counts_first_hour and moments[0] <= without:
        assert once == without + lengths[1]
