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

from dealtrack.core.clocks import Clock, Verdict, judge, verdict
from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit
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


def last_run(rule: Rule, history: str) -> tuple[Clock, ZoneInfo]:
    name, zone = rule.place[0], ZoneInfo(rule.place[1])
    starts = frozenset({Kind.RECEIVED, Kind.REOPENED})
    clock = ClockRule("answer", starts, frozenset({Kind.COMPLETED}), rule.length, rule.unit, **rule.keys)
    policy = Policy("made-up", "Made up", date(2000, 1, 1), "nobody", rule.law, (clock,), restart=True)
    return judge(history_of(history, zone), policy, lambda _: calendar_named(name), zone)[-1], zone


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
