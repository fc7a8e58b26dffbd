"""The working calendar on a calendar small enough to check by eye."""

from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.calendar import (
    CalendarRules,
    DayKind,
    Ruling,
    WorkingCalendar,
    days_between,
    missing_year,
)
from dealtrack.core.calendar_changes import change_to_data, changed_days
from dealtrack.core.explanation import reason
from dealtrack.errors import OutsideCalendar

# 2021: Sat 1 May to Wed 5 May off, Sun 25 April and Sat 8 May worked in their stead.
MAY = {
    date(2021, 4, 25): Ruling(True, DayKind.MAKE_UP, "Tue 2021-05-04 (Labor Day)", "notice"),
    **{date(2021, 5, day): Ruling(False, DayKind.HOLIDAY, "Labor Day", "notice") for day in (1, 3, 4, 5)},
    date(2021, 5, 8): Ruling(True, DayKind.MAKE_UP, "Wed 2021-05-05 (Labor Day)", "notice"),
}
RULES = CalendarRules(
    name="small",
    title="Small",
    timezone="Asia/Shanghai",
    first=date(2020, 1, 1),
    last=date(2022, 12, 31),
    weekend=frozenset({5, 6}),
    rulings=MAY,
    official=frozenset({2020, 2021}),
)
CALENDAR = WorkingCalendar(RULES)

days = st.dates(date(2020, 1, 1), date(2022, 12, 31))
inner_days = st.dates(date(2020, 2, 1), date(2022, 8, 31))
small = st.integers(1, 60)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2021, 4, 23), 1, date(2021, 4, 25)),  # Friday, then a working Sunday
        (date(2021, 4, 24), 1, date(2021, 4, 25)),  # Saturday is day zero like any other
        (date(2021, 4, 30), 1, date(2021, 5, 6)),
        (date(2021, 5, 2), 2, date(2021, 5, 7)),
        (date(2021, 5, 6), 3, date(2021, 5, 10)),  # Friday, working Saturday, Monday
    ],
)
def test_nth_working_day_after(start: date, n: int, due: date) -> None:
    assert CALENDAR.nth_after(start, n) == due


@given(inner_days, small)
def test_count_is_the_inverse_of_nth(start: date, n: int) -> None:
    due = CALENDAR.nth_after(start, n)
    assert CALENDAR.is_worked(due)
    assert due > start
    assert CALENDAR.count_between(start, due) == n
    assert CALENDAR.count_between(due, start) == -n


@given(inner_days, inner_days, small)
def test_a_later_start_is_never_due_earlier(one: date, other: date, n: int) -> None:
    first, second = sorted((one, other))
    assert CALENDAR.nth_after(first, n) <= CALENDAR.nth_after(second, n)


@given(days, days)
def test_count_is_what_the_walk_counts(one: date, other: date) -> None:
    first, last = sorted((one, other))
    counted = sum(day.worked for day in CALENDAR.walk(first, last)) - CALENDAR.is_worked(first)
    assert CALENDAR.count_between(first, last) == counted


@given(days)
def test_rules_survive_as_data(day: date) -> None:
    again = CalendarRules.from_data(RULES.to_data())
    assert again == RULES
    assert WorkingCalendar(again).day(day) == CALENDAR.day(day)


@pytest.mark.parametrize("order", [1, -1])
def test_counts_from_the_first_day_and_their_inverse(order: int) -> None:
    calendar = WorkingCalendar(RULES)
    walked = list(accumulate(day.worked for day in CALENDAR.walk(RULES.first, RULES.last)))
    for count, day in list(zip(walked, days_between(RULES.first, RULES.last), strict=True))[::order]:
        assert calendar.count_between(RULES.first, day) == count - walked[0]
        assert calendar.count_between(day, RULES.last) == walked[-1] - count
        if calendar.is_worked(day) and day != RULES.first:
            assert calendar.nth_after(RULES.first, count - walked[0]) == day
    assert calendar.nth_after(RULES.last, 0) == date(2022, 12, 30)


@given(
    st.dictionaries(st.dates(date(2020, 2, 20), date(2020, 4, 10)), st.booleans()),
    st.sets(st.integers(0, 6), max_size=6),
    st.dates(date(2020, 3, 1), date(2020, 3, 7)),
)
def test_numbers_are_those_of_a_walk_whatever_is_ruled(
    worked: dict[date, bool], weekend: set[int], first: date
) -> None:
    rulings = {day: Ruling(is_worked, DayKind.WEEKDAY) for day, is_worked in worked.items()}
    rules = RULES._replace(first=first, last=date(2020, 3, 31), weekend=frozenset(weekend), rulings=rulings)
    calendar = WorkingCalendar(rules)
    walked = [day.day for day in calendar.walk(rules.first, rules.last) if day.worked]
    assert walked == [day for day in days_between(first, rules.last) if worked.get(day, day.weekday() not in weekend)]
    for day in days_between(first, rules.last):
        before = sum(each <= day for each in walked)
        assert [calendar.nth_after(day, n) for n in range(1 - before, len(walked) - before + 1)] == walked
        for n in (-before, len(walked) - before + 1):
            with pytest.raises(OutsideCalendar):
                calendar.nth_after(day, n)
        assert calendar.count_between(first, day) == sum(first < each <= day for each in walked)


def test_edges_of_the_calendar() -> None:
    table = CALENDAR
    assert table.nth_after(RULES.first, 0) == RULES.first
    for day in (RULES.first - timedelta(1), RULES.last + timedelta(1), date.min, date.max):
        with pytest.raises(OutsideCalendar):
            table.nth_after(day, 1)
        with pytest.raises(OutsideCalendar):
            table.count_between(day, RULES.first)
        with pytest.raises(OutsideCalendar):
            table.day(day)
    for n in (-9999, -1, table.count_between(RULES.first, RULES.last) + 1, 9999):
        with pytest.raises(OutsideCalendar):
            table.nth_after(RULES.first, n)
    with pytest.raises(OutsideCalendar, match="2023-01-01 is outside the calendar, which runs from 2020-01-01"):
        CALENDAR.nth_after(date(2022, 12, 30), 1)


def test_a_calendar_that_begins_on_a_rest_day() -> None:
    rules = RULES._replace(first=date(2021, 1, 2), rulings={})
    table = WorkingCalendar(rules)
    assert [table.count_between(rules.first, date(2021, 1, day)) for day in (2, 3, 4, 5)] == [0, 0, 1, 2]
    assert table.nth_after(rules.first, 1) == date(2021, 1, 4)


@pytest.mark.parametrize("weekend", [frozenset(), frozenset({4}), frozenset({4, 5}), frozenset({4, 6})])
def test_other_weekends(weekend: frozenset[int]) -> None:
    table = WorkingCalendar(RULES._replace(weekend=weekend, rulings={}))
    for day in table.walk(table.first, table.last):
        assert day.worked is (day.day.weekday() not in weekend)


def test_next_working_day() -> None:
    assert CALENDAR.next_working(date(2021, 5, 1)) == date(2021, 5, 6)
    assert CALENDAR.next_working(date(2021, 5, 6)) == date(2021, 5, 6)
    assert CALENDAR.next_working(date(2021, 5, 8)) == date(2021, 5, 8)


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        (date(2021, 4, 24), date(2021, 4, 24)),  # a plain Saturday
        (date(2021, 4, 30), date(2021, 4, 30)),  # the working day before
        (date(2021, 5, 1), date(2021, 5, 6)),
        (date(2021, 5, 2), date(2021, 5, 6)),  # the Sunday inside
        (date(2021, 5, 5), date(2021, 5, 6)),
        (date(2021, 5, 9), date(2021, 5, 9)),  # a plain Sunday
    ],
)
def test_after_a_statutory_holiday(day: date, moved: date) -> None:
    assert CALENDAR.after_holiday(day) == moved


FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2021, 9, day) for day in (3, 4, 5, 6, 7))
FEAST = Ruling(False, DayKind.HOLIDAY, "Feast")


def _with_a_feast(day: date, spans: tuple[tuple[date, date], ...] | None) -> WorkingCalendar:
    return WorkingCalendar(RULES._replace(rulings={day: FEAST}, spans=spans))


@pytest.mark.parametrize(
    ("feast", "spans", "rolled"),
    [
        # No notice is known: the unbroken run of rest days is the holiday.
        (FRIDAY, (), {FRIDAY: MONDAY, SATURDAY: MONDAY, SUNDAY: MONDAY}),
        (MONDAY, (), {SATURDAY: TUESDAY, SUNDAY: TUESDAY, MONDAY: TUESDAY}),
        # "Friday is off", alone: its weekend is a plain one.
        (FRIDAY, ((FRIDAY, FRIDAY),), {FRIDAY: SATURDAY, SATURDAY: SATURDAY, SUNDAY: SUNDAY}),
        (SUNDAY, ((SUNDAY, SUNDAY),), {SATURDAY: SATURDAY, SUNDAY: MONDAY}),
        # "Together with the weekend".
        (FRIDAY, ((FRIDAY, SUNDAY),), {FRIDAY: MONDAY, SATURDAY: MONDAY, SUNDAY: MONDAY}),
        # One span after the other, and one that announces a day which is worked here: it has no holiday in it.
        (FRIDAY, ((FRIDAY, FRIDAY), (SATURDAY, TUESDAY)), {FRIDAY: SATURDAY, SUNDAY: SUNDAY}),
        # A calendar that was written down before spans were known does as it did.
        (FRIDAY, None, {FRIDAY: SATURDAY, SATURDAY: SATURDAY, SUNDAY: SUNDAY}),
        (MONDAY, None, {SATURDAY: SATURDAY, MONDAY: TUESDAY}),
    ],
)
def test_a_weekend_beside_a_holiday_belongs_to_it_where_the_notice_says_so(
    feast: date, spans: tuple[tuple[date, date], ...] | None, rolled: dict[date, date]
) -> None:
    calendar = _with_a_feast(feast, spans)
    assert {day: calendar.after_holiday(day) for day in rolled} == rolled


def test_a_day_worked_within_a_span_ends_it() -> None:
    rules = RULES._replace(rulings={FRIDAY: FEAST, SATURDAY: Ruling(True, DayKind.MAKE_UP)}, spans=((FRIDAY, MONDAY),))
    calendar = WorkingCalendar(rules)
    assert calendar.holiday_span(FRIDAY) == (FRIDAY, FRIDAY)
    assert calendar.after_holiday(FRIDAY) == SATURDAY
    assert calendar.holiday_span(SUNDAY) == (), "no day of the holiday is left there"


def test_spans_are_cut_at_the_ends_of_a_calendar() -> None:
    whole = RULES._replace(first=SATURDAY, last=MONDAY, rulings={SUNDAY: FEAST})
    assert WorkingCalendar(whole).holiday_span(SUNDAY) == (SATURDAY, SUNDAY)
    with pytest.raises(OutsideCalendar):
        WorkingCalendar(whole._replace(last=SUNDAY)).after_holiday(SUNDAY)


def test_a_calendar_of_before_spans_is_read_as_it_was_written() -> None:
    old = {key: value for key, value in RULES.to_data().items() if key not in ("spans", "law")}
    assert CalendarRules.from_data(old).spans is None
    assert CalendarRules.from_data({**old, "timezone": "Asia/Shanghai"}).law == "Civil Code art. 201"
    assert CalendarRules.from_data({**old, "timezone": "Europe/London"}).law == ""
    spanned = RULES._replace(spans=((FRIDAY, SUNDAY),), law="Rules s. 3")
    assert CalendarRules.from_data(spanned.to_data()) == spanned
    read = CalendarRules.from_data(old)
    assert read.revised(change_to_data(read, spanned)) == spanned


def test_an_amended_day_off_rolls_as_a_holiday_does() -> None:
    off = date(2021, 9, 8)
    rules = RULES._replace(rulings={off: Ruling(False, DayKind.AMENDED_OFF, "Summit")})
    assert WorkingCalendar(rules).after_holiday(off) == date(2021, 9, 9)


@given(inner_days)
def test_a_roll_never_goes_back_and_never_ends_in_a_holiday(day: date) -> None:
    moved = CALENDAR.after_holiday(day)
    assert moved >= day
    assert CALENDAR.day(moved).kind is not DayKind.HOLIDAY
    assert CALENDAR.after_holiday(moved) == moved


@pytest.mark.parametrize(
    ("first", "last", "confirmed"),
    [
        (date(2021, 12, 30), date(2021, 12, 31), True),
        (date(2021, 12, 31), date(2022, 1, 1), False),
        (date(2022, 1, 1), date(2022, 1, 2), False),
        (date(2020, 12, 31), date(2021, 1, 4), True),
    ],
)
def test_confirmed_spans(first: date, last: date, confirmed: bool) -> None:
    assert CALENDAR.is_confirmed(first, last) is confirmed


def test_a_gap_between_official_years_is_provisional() -> None:
    calendar = WorkingCalendar(RULES._replace(official=frozenset({2020, 2022})))
    assert not calendar.is_confirmed(date(2020, 12, 31), date(2022, 1, 3))
    # The first day itself is not counted, so its year does not matter.
    assert calendar.is_confirmed(date(2021, 12, 31), date(2022, 1, 3))


def test_changed_days_name_what_differs() -> None:
    changes = dict(RULES.rulings)
    del changes[date(2021, 5, 8)]
    changes[date(2021, 5, 6)] = Ruling(False, DayKind.AMENDED_OFF, "Summit", "notice")
    changes[date(2021, 5, 3)] = changes[date(2021, 5, 3)]._replace(name="May Day")
    changed = RULES._replace(rulings=changes)
    assert changed_days(RULES, changed) == [date(2021, 5, 3), date(2021, 5, 6), date(2021, 5, 8)]
    assert changed_days(changed, RULES) == changed_days(RULES, changed)
    assert changed_days(RULES, RULES) == []


def test_a_ruling_that_says_what_the_weekday_rule_says_changes_nothing() -> None:
    plain = RULES._replace(rulings={**MAY, date(2021, 6, 5): Ruling(False, DayKind.WEEKEND)})
    assert changed_days(RULES, plain) == []


def test_another_weekend_changes_the_days_that_it_moves() -> None:
    other = RULES._replace(weekend=frozenset({4, 5}), rulings={}, first=date(2021, 1, 1), last=date(2021, 1, 10))
    same = other._replace(weekend=frozenset({5, 6}))
    changed = changed_days(same, other)
    assert changed == [date(2021, 1, day) for day in (1, 3, 8, 10)]


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 10, 31), None),
        (date(2026, 11, 1), 2027),
        (date(2026, 12, 31), 2027),
        (date(2027, 1, 1), 2027),
        (date(2025, 11, 1), None),
    ],
)
def test_missing_year(today: date, missing: int | None) -> None:
    rules = CalendarRules(
        "x", "x", "UTC", date(2020, 1, 1), date(2030, 12, 31), frozenset({5, 6}), {}, frozenset(range(2020, 2027))
    )
    assert missing_year(WorkingCalendar(rules), today) == missing


def test_reasons() -> None:
    assert reason(CALENDAR.day(date(2021, 5, 7))) == "working day"
    assert reason(CALENDAR.day(date(2021, 5, 9))) == "weekend"
    assert reason(CALENDAR.day(date(2021, 5, 3))) == "Labor Day"
    assert reason(CALENDAR.day(date(2021, 5, 8))) == "make-up working day for Wed 2021-05-05 (Labor Day)"
    amended = WorkingCalendar(
        RULES._replace(rulings={date(2021, 6, 1): Ruling(False, DayKind.AMENDED_OFF, "Summit", "notice 7")})
    )
    assert reason(amended.day(date(2021, 6, 1))) == "Summit, notice 7"
