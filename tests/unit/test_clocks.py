"""The clocks of a complaint: deadlines to the second, verdicts at their edges, projections."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, WorkingCalendar
from dealtrack.core.clocks import Clock, current, is_lateness_provisional, judge, verdict, working_days_late
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.deadlines import deadline
from dealtrack.core.lifecycle import Kind, Status, Transition
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit

BEIJING = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)
# November 2016 as it was, but for a holiday invented on Thursday the 24th; 2017 is not published yet.
RULES = CalendarRules(
    name="small",
    title="Small",
    timezone="Asia/Shanghai",
    first=date(2016, 1, 1),
    last=date(2017, 12, 31),
    weekend=frozenset({5, 6}),
    rulings={date(2016, 11, 24): Ruling(False, DayKind.HOLIDAY, "Invented Day", "")},
    official=frozenset({2016}),
)
CALENDAR = WorkingCalendar(RULES, 1)
FORWARD = ClockRule("forward", frozenset({Kind.RECEIVED}), frozenset({Kind.FORWARDED}), 1)
COMPLETE = ClockRule("complete", frozenset({Kind.FORWARDED, Kind.REOPENED}), frozenset({Kind.COMPLETED}), 2)


def policy(*clocks: ClockRule) -> Policy:
    return Policy("p", "P", date(2016, 1, 1), "", "", clocks or (FORWARD, COMPLETE))


GREEN = policy()


def at(text: str) -> datetime:
    """Return a moment of November 2016 in Beijing, as 11 10:00."""
    day, _, clock = text.partition(" ")
    return datetime.combine(date(2016, 11, int(day)), time.fromisoformat(clock or "00:00"), BEIJING).astimezone(UTC)


def history(*told: tuple[Kind, str]) -> list[Transition]:
    return [
        Transition(n, 1, kind, at(text), at(text), "clerk", {"policy": "p"}) for n, (kind, text) in enumerate(told, 1)
    ]


def clocks(entries: list[Transition], moment: str, rules: Policy = GREEN) -> dict[str, Clock]:
    """Return each clock at a moment, of a history cut off there."""
    seen = [entry for entry in entries if entry.at <= at(moment)]
    runs = judge(seen, rules, lambda seq: CALENDAR, BEIJING)
    status = Status.FORWARDED if make_complaint(1, seen).is_open else Status.CLOSED
    return {clock.name: clock for clock in current(runs, rules, status, CALENDAR, BEIJING, at(moment))}


def verdicts(entries: list[Transition], moment: str, rules: Policy = GREEN) -> tuple[str, ...]:
    return tuple(verdict(clock, at(moment)).value for clock in clocks(entries, moment, rules).values())


RECEIVED = (Kind.RECEIVED, "11 10:00")


def test_running_until_the_last_second_then_overdue() -> None:
    entries = history(RECEIVED)
    assert clocks(entries, "14 12:00")["forward"].due == at("14 23:59:59")
    assert verdicts(entries, "11 10:00") == verdicts(entries, "14 23:59:59") == ("running", "projected")
    assert verdicts(entries, "15 00:00:00") == ("overdue", "projected")


@pytest.mark.parametrize(
    ("forwarded", "expected"), [("14 23:59:59", "met"), ("15 00:00:00", "missed"), ("11 10:00", "met")]
)
def test_forwarded_at_the_deadline_is_on_time_and_a_second_later_is_not(forwarded: str, expected: str) -> None:
    assert verdicts(history(RECEIVED, (Kind.FORWARDED, forwarded)), "15 00:00:00")[0] == expected


@pytest.mark.parametrize(("completed", "expected"), [("16 23:59:59", "met"), ("17 00:00:00", "missed")])
def test_completed_at_the_deadline_is_on_time_and_a_second_later_is_not(completed: str, expected: str) -> None:
    entries = history(RECEIVED, (Kind.FORWARDED, "14 00:00"), (Kind.COMPLETED, completed))
    assert verdicts(entries, "20 00:00") == ("met", expected)


def test_a_verdict_once_ended_stands() -> None:
    entries = history(RECEIVED, (Kind.FORWARDED, "14 10:00"), (Kind.COMPLETED, "15 10:00"))
    assert verdicts(entries, "15 10:00") == verdicts(entries, "30 10:00") == ("met", "met")


@pytest.mark.parametrize("closes", [time(17, 30), time(17, 30, 0), time(0, 0, 0), time(23, 59, 59)])
def test_a_policy_that_closes_earlier_in_the_day(closes: time) -> None:
    rules = policy(ClockRule("forward", frozenset({Kind.RECEIVED}), frozenset({Kind.FORWARDED}), 1, closes=closes))
    due = deadline(date(2016, 11, 14), closes, BEIJING)
    assert due == datetime.combine(date(2016, 11, 14), closes, BEIJING)
    text = f"14 {closes.isoformat()}"
    assert verdicts(history(RECEIVED), text, rules) == ("running",)
    if closes.second < 59:
        assert verdicts(history(RECEIVED), f"14 {closes.replace(second=1).isoformat()}", rules) == ("overdue",)
    assert verdicts(history(RECEIVED, (Kind.FORWARDED, text)), "20 00:00", rules) == ("met",)


@pytest.mark.parametrize("ending", [Kind.WITHDRAWN, Kind.REJECTED])
def test_withdrawn_or_rejected_cancels_but_a_passed_deadline_stays_missed(ending: Kind) -> None:
    assert verdicts(history(RECEIVED, (ending, "14 23:59:59")), "20 00:00") == ("cancelled", "cancelled")
    assert verdicts(history(RECEIVED, (ending, "15 00:00:00")), "20 00:00") == ("missed", "cancelled")
    forwarded = (Kind.FORWARDED, "14 10:00")
    assert verdicts(history(RECEIVED, forwarded, (ending, "16 23:59:59")), "20 00:00") == ("met", "cancelled")
    assert verdicts(history(RECEIVED, forwarded, (ending, "17 00:00:00")), "20 00:00") == ("met", "missed")


def test_completed_from_received_cancels_forward_and_counts_complete_from_the_receipt() -> None:
    entries = history(RECEIVED, (Kind.COMPLETED, "15 23:59:59"))
    complete = clocks(entries, "20 00:00")["complete"]
    assert (complete.started, complete.due) == (at("11 10:00"), at("15 23:59:59"))
    assert verdicts(history(RECEIVED, (Kind.COMPLETED, "14 23:59:59")), "20 00:00") == ("cancelled", "met")
    # What was late and then skipped is late.
    assert verdicts(entries, "20 00:00") == ("missed", "met")
    assert verdicts(history(RECEIVED, (Kind.COMPLETED, "16 00:00:00")), "20 00:00") == ("missed", "missed")


def test_what_was_completed_from_received_and_is_opened_again_counts_as_forwarded() -> None:
    entries = history(RECEIVED, (Kind.COMPLETED, "14 10:00"), (Kind.REOPENED, "15 10:00"))
    after = clocks(entries, "15 12:00")
    assert (after["forward"].round, after["forward"].ended) == (1, at("14 10:00"))
    assert (after["complete"].started, after["complete"].due) == (at("15 10:00"), at("17 23:59:59"))
    assert verdicts(entries, "15 12:00") == ("cancelled", "running")


def test_what_is_opened_again_before_it_was_forwarded_is_counted_from_then() -> None:
    entries = history(RECEIVED, (Kind.WITHDRAWN, "11 11:00"), (Kind.REOPENED, "14 10:00"), (Kind.COMPLETED, "15 10:00"))
    after = clocks(entries, "15 12:00")
    assert (after["forward"].round, after["forward"].started) == (2, at("14 10:00"))
    assert (after["complete"].started, after["complete"].due) == (at("14 10:00"), at("16 23:59:59"))


def test_a_restart_begins_the_clock_anew() -> None:
    entries = history(RECEIVED, (Kind.PAUSED, "14 10:00"), (Kind.RESUMED, "16 10:00"))
    entries[-1] = entries[-1]._replace(detail={"restart": True})
    forward = clocks(entries, "16 12:00")["forward"]
    assert (forward.started, forward.start_kind, forward.due) == (at("16 10:00"), Kind.RESUMED, at("17 23:59:59"))


def test_days_late_of_a_year_that_is_not_published_are_provisional() -> None:
    due = deadline(date(2016, 12, 30), None, BEIJING)
    clock = Clock("forward", 1, due - timedelta(days=1), due, date(2016, 12, 30))
    for late, expected in ((timedelta(0), False), (timedelta(days=1), False), (timedelta(days=4), True)):
        assert is_lateness_provisional(clock, due + late, CALENDAR, BEIJING) is expected


def test_an_hour_that_clocks_repeat_ends_the_second_time() -> None:
    new_york = ZoneInfo("America/New_York")
    assert deadline(date(2016, 11, 6), time(1, 30), new_york) == datetime(2016, 11, 6, 6, 30, tzinfo=UTC)


def test_of_a_pause_the_working_days_alone_are_not_counted() -> None:
    entries = history((Kind.RECEIVED, "10 10:00"), (Kind.PAUSED, "10 12:00"), (Kind.RESUMED, "14 10:00"))
    assert clocks(entries, "14 12:00")["forward"].due == at("15 23:59:59")


def test_what_is_paused_has_no_deadline_and_is_called_so() -> None:
    entries = history(RECEIVED, (Kind.PAUSED, "14 10:00"))
    assert clocks(entries, "15 10:00")["forward"].due is None
    assert verdicts(entries, "15 10:00")[0] == "paused"


def test_the_projection_is_from_the_forward_deadline_or_now_where_that_has_passed() -> None:
    entries = history(RECEIVED)
    # Forward is due on Monday the 14th; two working days after it is Wednesday the 16th.
    assert (
        clocks(entries, "11 10:00")["complete"].due
        == clocks(entries, "14 23:59:59")["complete"].due
        == at("16 23:59:59")
    )
    assert clocks(entries, "15 00:00:00")["complete"].due == at("17 23:59:59")
    # From Friday the 18th: Monday the 21st and Tuesday the 22nd; from Saturday just so.
    assert (
        clocks(entries, "18 12:00")["complete"].due == clocks(entries, "19 12:00")["complete"].due == at("22 23:59:59")
    )
    projected = clocks(entries, "11 10:00")["complete"]
    assert projected.started is None and projected.assumed == at("14 23:59:59")


def test_a_run_begins_anew_with_a_reopening_and_the_first_verdict_stays() -> None:
    entries = history(RECEIVED, (Kind.FORWARDED, "14 10:00"), (Kind.COMPLETED, "17 10:00"), (Kind.REOPENED, "18 10:00"))
    runs = [run for run in judge(entries, GREEN, lambda seq: CALENDAR, BEIJING) if run.name == "complete"]
    assert [(run.round, run.due, run.ended) for run in runs] == [
        (1, at("16 23:59:59"), at("17 10:00")),
        (2, at("22 23:59:59"), None),
    ]
    assert verdict(runs[0], at("20 00:00")).value == "missed" and verdict(runs[1], at("20 00:00")).value == "running"


def test_paused_working_days_are_not_counted_from_the_day_after_to_the_day_of_resuming() -> None:
    paused = [RECEIVED, (Kind.FORWARDED, "14 10:00"), (Kind.PAUSED, "15 09:00")]
    assert clocks(history(*paused), "15 09:00")["complete"].due is None
    resumed = [*paused, (Kind.RESUMED, "17 17:00")]
    # Counted are Tuesday the 15th and Friday the 18th; Wednesday and Thursday stood still.
    assert clocks(history(*resumed), "17 17:00")["complete"].due == at("18 23:59:59")
    same_day = [*paused, (Kind.RESUMED, "15 17:00")]
    assert clocks(history(*same_day), "15 17:00")["complete"].due == at("16 23:59:59")


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        ("16 12:00", "18 09:00", "18"),
        ("16 23:59:59", "18 09:00", "18"),
        ("16 00:00:00", "16 18:00", "16"),
        ("16 12:00", "19 09:00", "21"),
        ("16 12:00", "20 23:59:59", "21"),
        # Thursday the 24th is off.
        ("16 12:00", "24 09:00", "25"),
        ("17 00:00:00", "24 09:00", "16"),
    ],
)
def test_a_pause_on_the_due_day_gives_back_what_was_left_of_it(paused: str, resumed: str, due: str) -> None:
    entries = history(RECEIVED, (Kind.FORWARDED, "14 10:00"), (Kind.PAUSED, paused), (Kind.RESUMED, resumed))
    clock = clocks(entries, resumed)["complete"]
    assert clock.due == at(f"{due} 23:59:59")
    # No paused day is late.
    late = working_days_late(clock, at(resumed), CALENDAR, BEIJING)
    assert late == (
        0 if due != "16" or resumed < "17" else CALENDAR.count_between(date(2016, 11, 16), date(2016, 11, 24))
    )


def test_a_second_pause_on_the_day_that_was_given_back_gives_it_back_again() -> None:
    entries = history(
        RECEIVED,
        (Kind.FORWARDED, "14 10:00"),
        (Kind.PAUSED, "16 12:00"),
        (Kind.RESUMED, "18 09:00"),
        (Kind.PAUSED, "18 12:00"),
        (Kind.COMPLETED, "22 09:00"),
    )
    assert verdicts(entries, "23 00:00") == ("met", "met")
    assert clocks(entries, "23 00:00")["complete"].due == at("22 23:59:59")


@pytest.mark.parametrize(("resumed", "due"), [("20 12:00", "21"), ("21 12:00", "21"), ("22 09:00", "22")])
def test_a_second_pause_before_the_day_that_was_given_back_takes_no_day_more(resumed: str, due: str) -> None:
    """Resumed on Saturday the 19th with nothing left to count but Monday the 21st, and paused again on Sunday."""
    entries = history(
        RECEIVED,
        (Kind.FORWARDED, "14 10:00"),
        (Kind.PAUSED, "16 12:00"),
        (Kind.RESUMED, "19 09:00"),
        (Kind.PAUSED, "20 10:00"),
        (Kind.RESUMED, resumed),
    )
    assert clocks(entries, resumed)["complete"].due == at(f"{due} 23:59:59")


def test_a_day_rolled_to_is_given_back_too_and_never_brought_forward() -> None:
    # One calendar day from Friday the 11th ends on Saturday the 12th, and is rolled to Monday the 14th.
    rule = ClockRule(
        "c", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), 1, Unit.CALENDAR_DAY, Roll.NEXT_WORKING_DAY
    )
    for paused, resumed, due in (
        ("14 10:00", "16 10:00", 16),
        ("12 10:00", "13 10:00", 14),
        ("13 10:00", "15 10:00", 15),
        ("11 11:00", "12 10:00", 14),
        ("11 11:00", "14 10:00", 15),
    ):
        (clock,) = judge(
            history(RECEIVED, (Kind.PAUSED, paused), (Kind.RESUMED, resumed)), policy(rule), lambda _: CALENDAR, BEIJING
        )
        assert clock.due_day == date(2016, 11, due), (paused, resumed)


def test_a_restart_begins_the_clocks_that_were_paused_anew() -> None:
    entries = history(RECEIVED, (Kind.EXTENDED, "11 12:00"), (Kind.PAUSED, "14 09:00"), (Kind.RESUMED, "18 09:00"))
    entries[1] = entries[1]._replace(detail={"clock": "forward", "by": 3})
    entries[3] = entries[3]._replace(detail={"restart": True})
    clock = clocks(entries, "18 09:00")["forward"]
    assert (clock.started, clock.due, clock.round, clock.length) == (at("18 09:00"), at("21 23:59:59"), 1, 1)
    # What was late before the pause stays late.
    late = history(RECEIVED, (Kind.PAUSED, "15 09:00"), (Kind.RESUMED, "18 09:00"))
    late[2] = late[2]._replace(detail={"restart": True})
    assert clocks(late, "18 09:00")["forward"].due == at("14 23:59:59")


def test_what_ended_on_a_day_or_by_a_step_that_nobody_wrote_down_is_unknown() -> None:
    closed = history(RECEIVED, (Kind.COMPLETED, "11 10:00"))
    closed[1] = closed[1]._replace(detail={"day_unknown": True})
    assert verdicts(closed, "30 00:00") == ("unknown", "unknown")
    stepless = history(RECEIVED, (Kind.COMPLETED, "15 10:00"))
    stepless[0] = stepless[0]._replace(detail={"policy": "p", "unknown_steps": ["forwarded"]})
    assert verdicts(stepless, "30 00:00") == ("unknown", "met")
    assert verdicts(stepless[:1], "30 00:00") == ("overdue", "projected")
    forwarded = history(RECEIVED, (Kind.FORWARDED, "15 10:00"), (Kind.COMPLETED, "15 11:00"))
    forwarded[0] = stepless[0]
    assert verdicts(forwarded, "30 00:00") == ("missed", "met")


def test_a_pause_after_the_deadline_excuses_nothing() -> None:
    entries = history(RECEIVED, (Kind.FORWARDED, "14 10:00"), (Kind.PAUSED, "17 00:00:00"))
    late = clocks(entries, "18 00:00")["complete"]
    assert late.due == at("16 23:59:59") and verdict(late, at("18 00:00")).value == "overdue"


def test_handing_on_noting_and_amending_move_no_clock() -> None:
    plain = clocks(history(RECEIVED, (Kind.FORWARDED, "14 10:00")), "15 12:00")
    told = [
        RECEIVED,
        (Kind.NOTED, "12 10:00"),
        (Kind.FORWARDED, "14 10:00"),
        (Kind.NOTED, "14 11:00"),
        (Kind.AMENDED, "15 10:00"),
    ]
    assert clocks(history(*told), "15 12:00") == plain


@pytest.mark.parametrize(
    ("received", "due", "provisional"),
    [
        (datetime(2016, 12, 29, tzinfo=BEIJING), date(2016, 12, 30), False),
        (datetime(2016, 12, 30, tzinfo=BEIJING), date(2017, 1, 2), True),
        (datetime(2016, 12, 31, tzinfo=BEIJING), date(2017, 1, 2), True),
    ],
)
def test_a_count_that_touches_an_unpublished_year_is_provisional(
    received: datetime, due: date, provisional: bool
) -> None:
    entry = Transition(1, 1, Kind.RECEIVED, received.astimezone(UTC), received, "clerk", {})
    (clock,) = judge([entry], policy(FORWARD), lambda seq: CALENDAR, BEIJING)
    assert (clock.due_day, clock.provisional) == (due, provisional)


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        ("14 23:59:59", 0),
        ("15 00:00:00", 1),
        ("15 23:59:59", 1),
        ("18 12:00", 4),
        ("19 12:00", 4),
        ("21 00:00", 5),
        ("24 12:00", 7),
        ("25 12:00", 8),
    ],
)
def test_working_days_late(moment: str, late: int) -> None:
    clock = clocks(history(RECEIVED), moment)["forward"]
    assert working_days_late(clock, at(moment), CALENDAR, BEIJING) == late


def test_what_ended_late_stays_as_late_as_it_was() -> None:
    clock = clocks(history(RECEIVED, (Kind.FORWARDED, "16 10:00")), "30 00:00")["forward"]
    assert working_days_late(clock, at("30 00:00"), CALENDAR, BEIJING) == 2


@pytest.mark.parametrize(
    ("unit", "length", "roll", "due"),
    [
        (Unit.CALENDAR_DAY, 3, Roll.NONE, date(2016, 11, 14)),
        (Unit.CALENDAR_DAY, 1, Roll.NONE, date(2016, 11, 12)),
        (Unit.CALENDAR_DAY, 1, Roll.NEXT_WORKING_DAY, date(2016, 11, 14)),
        (Unit.CALENDAR_DAY, 1, Roll.AFTER_STATUTORY_HOLIDAY, date(2016, 11, 12)),
        (Unit.CALENDAR_DAY, 13, Roll.NONE, date(2016, 11, 24)),
        (Unit.CALENDAR_DAY, 13, Roll.NEXT_WORKING_DAY, date(2016, 11, 25)),
        (Unit.CALENDAR_DAY, 13, Roll.AFTER_STATUTORY_HOLIDAY, date(2016, 11, 25)),
        (Unit.WEEK, 1, Roll.NONE, date(2016, 11, 18)),
        (Unit.MONTH, 1, Roll.NONE, date(2016, 12, 11)),
        (Unit.MONTH, 1, Roll.NEXT_WORKING_DAY, date(2016, 12, 12)),
    ],
)
def test_other_units_and_their_rolls(unit: Unit, length: int, roll: Roll, due: date) -> None:
    rule = ClockRule("c", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), length, unit, roll)
    (clock,) = judge(history(RECEIVED), policy(rule), lambda seq: CALENDAR, BEIJING)
    assert clock.due_day == due


@given(
    st.datetimes(datetime(2016, 1, 5), datetime(2017, 6, 30)).map(lambda moment: moment.replace(microsecond=0)),
    st.integers(1, 40),
)
def test_the_hour_of_the_start_never_matters_and_the_due_day_is_worked(start: datetime, length: int) -> None:
    """Held against a count of days one by one."""
    rule = ClockRule("c", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), length)
    moment = start.replace(tzinfo=BEIJING).astimezone(UTC)
    (clock,) = judge(
        [Transition(1, 1, Kind.RECEIVED, moment, moment, "", {})], policy(rule), lambda seq: CALENDAR, BEIJING
    )
    day, left = start.date(), length
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day != date(2016, 11, 24)
    assert clock.due_day == day
    assert clock.due == datetime.combine(day, time(23, 59, 59), BEIJING)
    assert verdict(clock, clock.due).value == "running" and verdict(clock, clock.due + SECOND).value == "overdue"
