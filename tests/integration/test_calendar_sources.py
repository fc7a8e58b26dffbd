"""Calendars as they are shipped, against independent counts, another library, and the notices."""

import csv
import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.calendar import CalendarRules, DayKind, WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, judge, verdict
from dealtrack.core.deadlines import due_day
from dealtrack.core.explanation import reason
from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit
from dealtrack.errors import BadCalendarFile, OutsideCalendar, UnknownCalendar
from dealtrack.sources.calendars import (
    Amendment,
    calendar_names,
    country_names,
    differs_by_subdivision,
    load_calendar,
    parse_days,
)
from dealtrack.sources.countries import read_announcements
from dealtrack.sources.policies import load_policy
from tests.conftest import SHARED_DATA, tries
from tests.worked_table import ROWS

DATA = Path(__file__).parents[2] / "data"
NO_USER = DATA / "no-such-folder"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@cache
def rules(name: str) -> CalendarRules:
    return load_calendar(name, DATA, NO_USER)


@cache
def calendar(name: str) -> WorkingCalendar:
    return WorkingCalendar(rules(name))


def amend(known: CalendarRules, amendments: list[Amendment]) -> CalendarRules:
    ruled = [amendment.rulings(known.weekend) for amendment in amendments]
    return known._replace(rulings={day: ruling for each in (known.rulings, *ruled) for day, ruling in each.items()})


@cache
def green_channel() -> Policy:
    return load_policy("green-channel", DATA, NO_USER)[0]


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(first: date, last: date) -> list[date]:
    return [first + timedelta(index) for index in range((last - first).days + 1)]


def at(text: str, hour: int = 10) -> datetime:
    return datetime.combine(day(text), datetime.min.time(), SHANGHAI).replace(hour=hour).astimezone(UTC)


def history(*entries: tuple[Kind, datetime]) -> list[Transition]:
    return [Transition(seq, 1, kind, when, when, "clerk") for seq, (kind, when) in enumerate(entries, 1)]


def clocks(*entries: tuple[Kind, datetime], name: str = "cn-beijing") -> dict[str, Clock]:
    judged = judge(history(*entries), green_channel(), lambda _: calendar(name), SHANGHAI)
    return {clock.name: clock for clock in judged}


# The examples of `tests.worked_table`


@pytest.mark.parametrize(("received", "forward_due", "forwarded", "complete_due", "provisional", "why"), ROWS)
@pytest.mark.parametrize("hour", [0, 10, 23])
def test_worked_table(
    received: str, forward_due: str, forwarded: str, complete_due: str, provisional: bool, why: str, hour: int
) -> None:
    found = clocks((Kind.RECEIVED, at(received, hour)), (Kind.FORWARDED, at(forwarded, 23)))
    assert found["forward"].due_day == day(forward_due), why
    assert found["complete"].due_day == day(complete_due), why
    assert found["complete"].due == at(complete_due, 23) + timedelta(minutes=59, seconds=59)
    assert not found["forward"].provisional
    assert found["complete"].provisional is provisional
    assert verdict(found["forward"], at(complete_due)) is Verdict.MET


def test_without_beijings_amendment_apec_is_a_plain_week() -> None:
    found = clocks((Kind.RECEIVED, at("2014-11-06")), name="cn")
    assert found["forward"].due_day == day("2014-11-07")
    found = clocks((Kind.RECEIVED, at("2014-11-06")), (Kind.FORWARDED, at("2014-11-13")), name="cn")
    assert found["complete"].due_day == day("2014-11-17")


# The amendments, day by day: o worked, . rest


@pytest.mark.parametrize(
    ("name", "first", "marks"),
    [
        ("cn-beijing", "2014-10-31", "o.ooooo......ooo.o"),
        ("cn", "2014-10-31", "o..ooooo..ooooo..o"),
        ("cn-beijing", "2008-08-04", "oooo...ooooo.."),
        ("cn", "2008-08-04", "ooooo..ooooo.."),
        ("cn", "2003-04-25", "o..ooo.....oooo.."),
        ("cn-beijing", "2003-04-25", "o..ooo.....oooo.."),
        ("cn-shanghai", "2003-04-25", "o..ooo.....oooo.."),
        ("cn-hangzhou", "2016-08-26", "o.oooo.......ooooooo."),
        ("cn", "2016-08-26", "o..ooooo..ooooo..ooo"),
        ("cn-shanghai", "2018-11-02", "oo...ooo.ooo"),
        ("cn", "2018-11-02", "o..ooooo..oo"),
    ],
)
def test_amended_days_one_by_one(name: str, first: str, marks: str) -> None:
    last = day(first) + timedelta(len(marks) - 1)
    found = "".join("o" if entry.worked else "." for entry in calendar(name).walk(day(first), last))
    assert found == marks


def test_amendments_say_why() -> None:
    beijing = calendar("cn-beijing")
    off, worked = beijing.day(day("2014-11-10")), beijing.day(day("2014-11-15"))
    assert (off.kind, worked.kind) == (DayKind.AMENDED_OFF, DayKind.AMENDED_WORKED)
    assert "APEC" in reason(off)
    assert "Beijing municipal notice of 2014-10-09" in reason(off)
    sunday = beijing.day(day("2003-04-27"))
    assert (sunday.worked, sunday.kind) == (False, DayKind.WEEKEND)
    assert "SARS" in sunday.name


def test_make_up_days_name_the_day_that_they_stand_in_for() -> None:
    cn = calendar("cn")
    assert reason(cn.day(day("2016-10-08"))) == "make-up working day for Thu 2016-10-06 (National Day)"
    assert reason(cn.day(day("2016-10-06"))) == "National Day (day off, made up on Sat 2016-10-08)"
    assert reason(cn.day(day("2005-12-31"))) == "make-up working day for Tue 2006-01-03 (New Year's Day)"
    for entry in cn.walk(day("2001-01-01"), day("2026-12-31")):
        if entry.kind is DayKind.MAKE_UP:
            assert entry.name, entry
        assert "substituted" not in entry.name


# Against another library


def test_every_day_of_china_against_chinesecalendar() -> None:
    import chinese_calendar

    first, last = date(2004, 1, 1), date(2026, 12, 31)
    differences = [
        entry.day
        for entry in calendar("cn").walk(first, last)
        if entry.worked != chinese_calendar.is_workday(entry.day)
    ]
    # The notice for 2006 moves the rest of Sat 2005-12-31 to Tue 2006-01-03 and has the Saturday worked;
    # the other library holds the day off and not the day worked for it.
    assert differences == [date(2005, 12, 31)]
    assert not calendar("cn").is_worked(date(2006, 1, 3))
    assert not chinese_calendar.is_workday(date(2006, 1, 3))


BEIJING_OFF = {date(2014, 11, number) for number in (7, 10, 11, 12)} | {date(2008, 8, 8)}
BEIJING_WORKED = {date(2014, 11, 2), date(2014, 11, 15)}
SARS_OFF = {date(2003, 5, number) for number in (1, 2, 3, 4, 5)}
SARS_PLAIN = {date(2003, 4, 26), date(2003, 4, 27), date(2003, 5, 6), date(2003, 5, 7)}


def test_random_receipts_against_a_day_by_day_count() -> None:
    import holidays

    package = holidays.country_holidays("CN", years=range(1969, 2102), language="en_US", expand=False)

    def is_worked(when: date) -> bool:
        if when in BEIJING_OFF or when in SARS_OFF:
            return False
        if when in BEIJING_WORKED:
            return True
        if when in SARS_PLAIN:
            return when.weekday() < 5
        return when in package.weekend_workdays if when.weekday() >= 5 else when not in package

    first, last = date(1970, 1, 1), date(2100, 12, 31)
    worked = {when: is_worked(when) for when in span(first, last)}
    beijing = calendar("cn-beijing")
    chosen = random.Random(11)
    size = (last - first).days - 80
    for _ in range(tries(100_000)):
        start, n = first + timedelta(chosen.randrange(size)), chosen.choice((1, 1, 2, 2, 3, 7, 15, 20))
        expected, left = start, n
        while left:
            expected += timedelta(1)
            left -= worked[expected]
        assert beijing.nth_after(start, n) == expected, (start, n)


# Cases published elsewhere


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2024-12-20", 5, "2024-12-30"),  # over Christmas
        # the day after Thanksgiving is a working day of the federal calendar
        ("2016-11-23", 1, "2016-11-25"),
        ("2021-12-23", 1, "2021-12-27"),  # Christmas observed on the Friday
        ("2022-06-17", 1, "2022-06-21"),  # Juneteenth observed on the Monday
        ("2020-07-02", 1, "2020-07-06"),  # Independence Day observed on the Friday
    ],
)
def test_united_states(start: str, n: int, due: str) -> None:
    assert calendar("US").nth_after(day(start), n) == day(due)


def test_business_days_as_in_numpys_documentation(tmp_path: Path) -> None:
    path = tmp_path / "weekends.toml"
    path.write_text('name = "weekends"', "utf-8")
    weekends = WorkingCalendar(load_calendar(str(path), DATA, NO_USER))
    # busday_offset("2011-06-23", 1) and 2
    assert weekends.nth_after(day("2011-06-23"), 1) == day("2011-06-24")
    assert weekends.nth_after(day("2011-06-23"), 2) == day("2011-06-27")
    # busday_count("2011-01", "2011-02") and ("2011", "2012"): its first day counts, its last does not
    assert weekends.count_between(day("2010-12-31"), day("2011-01-31")) == 21
    assert weekends.count_between(day("2010-12-31"), day("2011-12-31")) == 260


@pytest.mark.parametrize(
    "name", ["US", "US-NY", "DE-BY", "GB-ENG", "HU", "RU", "AE", "JP", "BN", "TH", "UA", "SA", "MY-11", "SE", "ID"]
)
def test_every_day_of_a_country_is_what_the_package_says(name: str) -> None:
    import warnings

    import holidays

    country, _, part = name.partition("-")
    more = {"AE": ["government"], "TH": ["government"], "ID": ["government"], "SE": ["de_facto"]}.get(name, [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = holidays.country_holidays(
            country, subdiv=part or None, years=range(1969, 2102), language="en_US", categories=["public", *more]
        )
    year_end = [(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)] if name == "JP" else []
    known = calendar(name)
    for entry in known.walk(known.first, known.last):
        worked = package.is_working_day(entry.day) and (entry.day.month, entry.day.day) not in year_end
        assert entry.worked is worked, (name, entry)


@pytest.mark.parametrize(
    ("name", "off", "worked"),
    [
        ("AE", "2022-05-05 2023-12-04 2026-05-25", "2023-12-05"),
        ("LK", "2022-06-13 2022-07-29", "2022-08-05"),
        ("PR", "2025-12-24 2025-12-26", "2025-12-23"),
        # Act 1930:173 s. 2
        ("SE", "2024-06-21 2024-12-24 2024-12-31", "2024-06-20 2024-12-23"),
        # Act 91 of 1988: they stand in no category of the package
        ("JP", "2024-12-29 2024-12-30 2024-12-31 2025-01-01 2025-01-02 2025-01-03 2096-12-29", "2024-12-27 2025-01-06"),
        # The Eve of the Spring Festival is off from the afternoon alone.
        ("MO", "2024-05-15 2024-02-13 2024-12-24", "2024-02-09"),
        ("ID", "2024-04-08 2024-04-12 2024-04-15", "2024-04-16"),
        ("CA", "2024-05-20 2024-11-11", "2024-08-05"),
        ("VN", "2026-01-01 2026-01-02", "2026-01-10 2026-01-05"),
        # The United States read the public holidays alone, executive orders are left out.
        ("US", "2024-12-25", "2024-12-24 2025-01-09"),
    ],
)
def test_days_on_which_offices_are_closed_by_law_or_order(name: str, off: str, worked: str) -> None:
    known = calendar(name)
    assert [text for text in off.split() if known.is_worked(day(text))] == []
    assert [text for text in worked.split() if not known.is_worked(day(text))] == []
    assert rules(name.lower()) == rules(name)


@pytest.mark.parametrize(
    ("name", "received", "due"),
    [
        ("SE", "2024-05-21", "2024-06-24"),
        ("SE", "2024-11-24", "2024-12-27"),
        ("JP", "2024-11-29", "2025-01-06"),
        ("MO", "2024-04-15", "2024-05-16"),
        ("ID", "2024-03-08", "2024-04-16"),
        ("FI", "2024-05-21", "2024-06-24"),
        ("PL", "2025-11-24", "2025-12-29"),
        ("HK", "2020-11-28", "2020-12-28"),
        ("HU", "2024-07-03", "2024-08-03"),
    ],
)
def test_a_month_ends_on_a_day_on_which_offices_are_open(name: str, received: str, due: str) -> None:
    """Cases of public reports: a month from the receipt, rolled to the next working day."""
    rule = ClockRule("answer", frozenset(), frozenset(), 1, Unit.MONTH, roll=Roll.NEXT_WORKING_DAY)
    assert due_day(rule, day(received), 1, [], calendar(name))[1] == day(due)


def test_a_file_of_a_country_reads_what_is_shipped_for_it_unless_it_says_otherwise(home: Path) -> None:
    head = 'name = "x"\ncountry = "JP"\n'

    def off(more: str) -> list[bool]:
        path = write(home, head + more, "x")
        known = WorkingCalendar(load_calendar(str(path), DATA, home))
        return [not known.is_worked(day(text)) for text in ("2024-12-30", "2025-01-02", "2024-12-31")]

    assert off("") == [True, True, True]
    assert off("yearly_off = []") == [False, False, False]
    assert off('categories = ["public", "bank"]') == [True, True, True]
    assert off('yearly_off = []\ncategories = ["public", "bank"]') == [False, True, True]
    assert off('yearly_off = ["12-30"]') == [True, False, False]
    assert reason(WorkingCalendar(rules("JP")).day(day("2024-12-30"))).startswith("Closed each year by law")


def test_days_closed_each_year_may_pass_the_year_or_a_leap_day(home: Path) -> None:
    path = write(home, 'name = "x"\nyearly_off = ["02-28/03-01", "12-31/01-02"]', "x")
    known = WorkingCalendar(load_calendar(str(path), DATA, home))
    assert [known.is_worked(day(text)) for text in ("2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert not known.is_worked(day("1970-01-01")) and not known.is_worked(day("2100-12-31"))
    assert known.is_worked(day("2100-03-02")) and not known.is_worked(day("2100-03-01"))


@pytest.mark.parametrize("name", ["cn", "cn-beijing", "cn-shanghai", "cn-hangzhou"])
def test_the_announced_spans_are_the_rest_days_between_working_days(name: str) -> None:
    """Each announced holiday is off from its first day to its last; a plain weekend beside it is one of few known."""
    known = calendar(name)
    beside, before = [], date.min
    for announced in read_announcements("CN", DATA):
        assert before < announced.first <= announced.last, "the table is in order, and no two overlap"
        before = announced.last
        if announced.scope and announced.scope.casefold() not in name:
            continue
        assert known.holiday_span(announced.first) == (announced.first, announced.last)
        assert all(known.is_worked(each) for each in announced.worked)
        for each in (announced.first - timedelta(1), announced.last + timedelta(1)):
            if not known.is_worked(each) and known.holiday_span(each) == () and not announced.scope:
                beside.append(each.isoformat())
    assert beside == ["2015-04-04", "2015-09-26", "2016-04-30", "2016-12-31"]


def test_shanghai_and_vietnam_have_what_their_notices_say() -> None:
    shanghai = calendar("cn-shanghai")
    off = (
        "2001-10-17 2001-10-18 2001-10-19 2006-06-14 2006-06-15 2006-06-16 2010-04-30 2010-05-04 2014-05-21 2018-11-05 "
    )
    worked = "2001-10-13 2001-10-14 2006-06-10 2006-06-11 2018-11-03 2018-11-11 2019-11-02 2019-11-09"
    assert [text for text in (off + "2019-11-04 2019-11-05").split() if shanghai.is_worked(day(text))] == []
    assert [text for text in worked.split() if not shanghai.is_worked(day(text))] == []


def test_years_that_are_published() -> None:
    last = {"JP": 2027, "RU": 2027, "MY": 2027, "SG": 2027, "cn": 2026, "VN": 2026}
    assert {name: max(rules(name).official) for name in last} == last


def test_what_a_calendar_cites(home: Path) -> None:
    assert rules("cn-beijing").law == rules("cn").law == "Civil Code art. 201"
    assert [rules(name).law for name in ("GB-ENG", "uk", "US", "VN", "JP")] == [""] * 5
    path = write(home, 'name = "x"\ncountry = "GB"\nlaw = "Rules, s. 3"', "x")
    assert load_calendar(str(path), DATA, home).law == "Rules, s. 3"


def test_the_calendar_is_as_the_notices_that_were_found_say() -> None:
    """Hold the national lists, and those of the regions, against their calendars."""
    lists = SHARED_DATA / "notices"
    if not lists.is_dir():
        pytest.skip("the notices are not here")
    regions = "beijing shanghai hangzhou guangxi xinjiang lhasa liangshan".split()
    names = {"tibet": "cn-lhasa", **{region: f"cn-{region}" for region in regions}}
    differing, seen = [], 0
    for path in sorted(lists.glob("*.csv")):
        known = names.get(path.stem.split("-")[0], "cn" if path.stem[:4].isdigit() else "")
        if not known:
            continue
        # The extension of 2020 unmade a day of the notice before it.
        unmade = {"2020-02-01"} if path.stem == "2020" else set()
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            seen += 1
            worked = calendar(known).is_worked(day(row["date"]))
            if worked is (row["off"] == "true") and row["date"] not in unmade:
                differing.append((path.stem, row["date"]))
    assert differing == []
    assert seen > 700


# What the notices of a region rule of its own, day by day, and the years that they settle: o worked, . rest


@pytest.mark.parametrize(
    ("name", "first", "marks"),
    [
        # Wed 14 - Fri 16 Apr off, Sun 18 worked.
        ("cn-guangxi", "2021-04-12", "oo....ooooo"),
        # Fri 21 - Sun 23 Apr off, though the nation works the Sunday.
        ("cn-guangxi", "2023-04-17", "oooo...ooooo"),
        ("cn", "2023-04-17", "ooooo.oooooo"),
        # Thu 8 Aug.
        ("cn-xinjiang", "2013-08-05", "ooo.o..o"),
        # 1-8 Oct off; Sun 28 Sep and Sat 11 Oct are weekend, which the nation worked.
        ("cn-xinjiang", "2014-09-26", "o..oo........oo..o"),
        ("cn", "2014-09-26", "o.ooo.......oooo.o"),
        # Sun 24 Apr worked, 30 Apr - 5 May off, Sat 7 worked.
        ("cn-xinjiang", "2022-04-23", ".oooooo......oo.o"),
        # Sat 9 - Wed 13 July.
        ("cn-xinjiang", "2022-07-08", "o.....oo..o"),
        # Fri 21 Apr off, Sat 22, Sun 23 worked.
        ("cn-xinjiang", "2023-04-20", "o..ooooo"),
        # 22-24 June Dragon Boat, Sun 25 worked, Wed 28 - Fri 30 off, then a weekend.
        ("cn-xinjiang", "2023-06-21", "o...ooo.....o"),
        # Sat 29 - Mon 31 Mar, 4-6 Apr.
        ("cn-xinjiang", "2025-03-28", "o...ooo...o"),
        # Fri 6 - Tue 10 June.
        ("cn-xinjiang", "2025-06-05", "o.....ooo..o"),
        # Mon 23 Feb - Sun 1 Mar 2009.
        ("cn-lhasa", "2009-02-20", "o.........o"),
        # Sat 18 and Sun 19 Feb worked, Mon 20 - Sun 26 off.
        ("cn-lhasa", "2023-02-17", "ooo.......ooooo.."),
        # Thu 27 Feb - Tue 4 Mar, nothing made up.
        ("cn-lhasa", "2025-02-26", "o......ooo..o"),
        # Sat 14 Feb worked, 15-26 off, Fri 27, Sat 28 worked.
        ("cn-lhasa", "2026-02-13", "oo............oo.o"),
        # Sun 24 - Sat 30 July, Sun 31 worked.
        ("cn-liangshan", "2011-07-22", "o........oooooo."),
        # 1-8 Oct, Sun 9 worked.
        ("cn-liangshan", "2011-09-30", "o........oooooo."),
        # Sun 20 - Sat 26 Nov, Sun 27 worked.
        ("cn-liangshan", "2011-11-18", "o........oooooo."),
    ],
)
def test_the_days_of_a_region_one_by_one(name: str, first: str, marks: str) -> None:
    last = day(first) + timedelta(len(marks) - 1)
    assert "".join("o" if entry.worked else "." for entry in calendar(name).walk(day(first), last)) == marks


def test_the_office_hours_of_xinjiangs_notice_of_2022_and_of_koreas_decree() -> None:
    assert rules("cn-xinjiang").office_hours == [
        {"days": "05-01/09-30", "hours": ["10:00-14:00", "16:00-20:00"]},
        {"hours": ["10:00-14:00", "15:30-19:30"]},
    ]
    assert rules("KR").office_hours == [{"hours": ["09:00-12:00", "13:00-18:00"]}]


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("cn-guangxi", {2021, 2023}),
        ("cn-xinjiang", {2022, 2023, 2025}),
        # Of the two festivals that are Tibet's own, the notices found rule one.
        ("cn-lhasa", set()),
        ("cn-liangshan", {2011}),
    ],
)
def test_a_year_of_a_region_is_official_where_its_notice_was_found(name: str, years: set[int]) -> None:
    assert rules(name).official == years
    for year in range(2001, 2028):
        rule = ClockRule("answer", frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED}), 2)
        policy = Policy("made-up", "Made up", day("2000-01-01"), "nobody", "nothing", (rule,))
        when = at(f"{year}-06-14")
        (clock,) = judge(history((Kind.RECEIVED, when)), policy, lambda _: calendar(name), SHANGHAI)
        assert clock.provisional is (year not in years), year


@pytest.mark.parametrize(
    ("name", "days"),
    [
        # 放假 of Friday 21 alone: the Saturday after it is a plain one, as is the one before the Torch Festival.
        ("cn-xinjiang", {"2023-04-21": "2023-04-22", "2023-04-22": "2023-04-22", "2025-06-08": "2025-06-11"}),
        ("cn-liangshan", {"2011-07-23": "2011-07-23", "2011-07-24": "2011-07-31", "2011-10-08": "2011-10-09"}),
        ("cn-guangxi", {"2021-04-15": "2021-04-17", "2021-04-17": "2021-04-17"}),
        ("cn-lhasa", {"2026-02-16": "2026-02-27", "2026-02-25": "2026-02-27"}),
        ("cn", {"2026-02-16": "2026-02-24", "2025-06-08": "2025-06-08"}),
    ],
)
def test_a_holiday_of_a_region_is_what_its_notice_announces(name: str, days: dict[str, str]) -> None:
    assert {text: calendar(name).after_holiday(day(text)).isoformat() for text in days} == days


def test_make_up_days_of_hungary() -> None:
    hungary = calendar("HU")
    assert [hungary.is_worked(day(text)) for text in ("2024-08-03", "2024-12-07", "2024-12-14")] == [True] * 3
    assert [hungary.is_worked(day(text)) for text in ("2024-08-19", "2024-12-24", "2024-12-27")] == [False] * 3
    assert reason(hungary.day(day("2025-05-17"))) == "make-up working day for Fri 2025-05-02 (Labor Day)"


def test_moved_days_of_russia() -> None:
    russia = calendar("RU")
    assert russia.is_worked(day("2024-12-28"))
    assert not russia.is_worked(day("2024-12-30"))
    # Moved from a holiday that fell on a weekend: nothing is made up.
    assert reason(russia.day(day("2025-05-08"))) == "Victory Day (day off, moved from Sun 2025-02-23)"


def test_the_weekend_of_the_emirates_changed_in_2022() -> None:
    emirates = calendar("AE")
    week = [emirates.is_worked(when) for when in span(day("2021-11-14"), day("2021-11-20"))]  # Sunday first
    assert week == [True, True, True, True, True, False, False]
    week = [emirates.is_worked(when) for when in span(day("2022-02-06"), day("2022-02-12"))]
    assert week == [False, True, True, True, True, True, False]


def test_a_holiday_in_any_part_of_the_united_kingdom_counts() -> None:
    easter_monday = day("2025-04-21")
    assert calendar("GB").is_worked(easter_monday)
    assert not calendar("GB-ENG").is_worked(easter_monday)
    assert calendar("GB-SCT").is_worked(easter_monday)
    assert not calendar("uk").is_worked(easter_monday)
    assert calendar("uk").day(easter_monday).name == "Easter Monday (ENG, NIR, WLS)"
    for text in ("2025-01-02", "2025-03-17", "2025-07-14", "2025-08-04", "2025-08-25", "2025-12-01"):
        assert not calendar("uk").is_worked(day(text)), text
    for when in span(day("1990-01-01"), day("2027-12-31")):
        parts = [calendar(f"GB-{part}").is_worked(when) for part in ("ENG", "NIR", "SCT", "WLS")]
        assert calendar("uk").is_worked(when) is all(parts), when


# What is published, and what is not


def test_china_after_the_last_notice_is_provisional() -> None:
    cn = calendar("cn")
    assert rules("cn").official == frozenset(range(2001, 2027))
    assert cn.day(day("2026-12-31")).confirmed
    assert not cn.day(day("2027-01-01")).confirmed
    assert not cn.day(day("2000-12-31")).confirmed


def test_years_with_estimated_holidays_are_provisional() -> None:
    assert 2024 not in rules("DZ").official


def test_published_years_of_others() -> None:
    assert max(rules("US").official) == 2030
    assert max(rules("GB").official) == 2027
    assert max(rules("BZ").official) == 2026


def test_span_and_zones() -> None:
    for name in ("cn-beijing", "US", "uk"):
        assert (rules(name).first, rules(name).last) == (date(1970, 1, 1), date(2100, 12, 31))
    zones = {name: rules(name).timezone for name in ("cn", "US", "US-CA", "GB-ENG", "DE-BY", "RU", "BR-SP", "BZ")}
    assert zones == {
        "cn": "Asia/Shanghai",
        "US": "America/New_York",
        "US-CA": "America/Los_Angeles",
        "GB-ENG": "Europe/London",
        "DE-BY": "Europe/Berlin",
        "RU": "Europe/Moscow",
        "BR-SP": "",
        "BZ": "",
    }
    with pytest.raises(OutsideCalendar):
        calendar("cn").nth_after(date(2100, 12, 31), 1)


def test_every_country_of_the_table_is_known_and_its_zones_exist() -> None:
    import tomllib

    listed = tomllib.loads((DATA / "calendars" / "countries.toml").read_text("utf-8"))
    known = set(country_names())
    for country, entry in listed.items():
        assert country in known
        assert ZoneInfo(entry["timezone"]).key
        for part, zone in entry.get("timezones", {}).items():
            assert f"{country}-{part}" in known
            assert ZoneInfo(zone).key


# Names


@pytest.mark.parametrize(
    ("asked", "name"),
    [("CN-Beijing", "cn-beijing"), ("CN", "cn"), ("us", "US"), ("us-ny", "US-NY"), ("De-By", "DE-BY"), ("UK", "uk")],
)
def test_names_are_found_whatever_their_case(asked: str, name: str) -> None:
    assert load_calendar(asked, DATA, NO_USER).name == name


def test_a_name_finds_the_calendar_again() -> None:
    for name in (*calendar_names(DATA, NO_USER), "US-NY"):
        assert rules(rules(name).name) == rules(name)


@pytest.mark.parametrize(
    ("asked", "offered"),
    [("cn-bejing", "cn-beijing"), ("US-XX", "US-"), ("RU-XX", ""), ("beijing", "cn-beijing"), ("", ""), ("zz", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest(asked: str, offered: str) -> None:
    with pytest.raises(UnknownCalendar) as caught:
        load_calendar(asked, DATA, NO_USER)
    assert offered in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_country_codes_whose_parts_differ() -> None:
    assert differs_by_subdivision("GB") == ["ENG", "NIR", "SCT", "WLS"]
    assert "BY" in differs_by_subdivision("de")
    assert "NY" in differs_by_subdivision("US")
    for name in ("CN", "cn-beijing", "GB-ENG", "zz", ""):
        assert differs_by_subdivision(name) == []


def test_a_country_whose_offices_are_closed_on_more_days_ships_with_them() -> None:
    import holidays

    # AD's begin at 13:00; CH's, IN's and TW's fall on no working day; SH's islands differ; US offices ask for them.
    known = {name.upper() for name in calendar_names(DATA, NO_USER)} | {"AD", "CH", "IN", "SH", "TW", "US"}
    more = {"government", "de_facto"}
    countries = holidays.list_supported_countries(include_aliases=False)
    assert {code for code in countries if more & {*holidays.country_holidays(code).supported_categories}} <= known


def test_names_for_listing() -> None:
    assert calendar_names(DATA, NO_USER) == sorted(
        "cn cn-beijing cn-guangxi cn-hangzhou cn-lhasa cn-liangshan cn-shanghai cn-xinjiang uk se jp kr mo id vn ae ar ca eg er fk lb lk pn pr py th tl".split()
    )
    assert {"US", "US-NY", "GB-ENG"} <= set(country_names())


# Files of the user's own

OWN = """
name = "office"
title = "Our office"
country = "CN"
include = ["cn"]
official = ["2016/2017", "2020"]

[[amendment]]
name = "Moving house"
off = [2016-11-08, "2016-11-09/2016-11-10"]
worked = ["2016-11-12"]
plain = "2016-10-08"
notice = "circular 7"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "calendars").mkdir()
    return tmp_path


def write(home: Path, text: str | bytes, name: str = "office") -> Path:
    path = home / "calendars" / f"{name}.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_calendar_of_ones_own(home: Path) -> None:
    path = write(home, OWN)
    for name in ("office", "OFFICE", str(path)):
        office = load_calendar(name, DATA, home)
        days = WorkingCalendar(office)
        assert days.nth_after(day("2016-11-07"), 2) == day("2016-11-12")
        assert reason(days.day(day("2016-11-09"))) == "Moving house, circular 7"
        assert not days.is_worked(day("2016-10-08"))
        assert days.day(day("2016-10-08")).kind is DayKind.WEEKEND
        assert days.is_worked(day("2003-05-06"))
        assert office.official == {2016, 2017, 2020}
        assert office.timezone == "Asia/Shanghai"
    assert "office" in calendar_names(DATA, home)


def test_a_calendar_without_country_has_weekends_alone(home: Path) -> None:
    write(home, 'name = "office"\nweekend = ["fri", "sat"]\ntimezone = "Asia/Dubai"')
    days = WorkingCalendar(load_calendar("office", DATA, home))
    whole = days.walk(days.first, days.last)
    assert all(entry.worked is (entry.day.weekday() not in (4, 5)) and entry.confirmed for entry in whole)


def test_a_files_own_weekend_goes_before_the_countrys(home: Path) -> None:
    write(home, 'country = "CN"\nweekend = ["sun"]')
    days = WorkingCalendar(load_calendar("office", DATA, home))
    saturday, sunday = days.day(day("2016-11-12")), days.day(day("2016-10-09"))
    assert (saturday.worked, saturday.kind) == (True, DayKind.WEEKDAY)
    assert (sunday.worked, sunday.kind) == (True, DayKind.MAKE_UP)
    assert days.day(day("2016-10-08")).kind is DayKind.WEEKDAY


BAD = [
    ('name = "x\n', "not TOML.*line 1"),
    ("[[amendment]]\n[[[", "not TOML.*line 2"),
    ('nmae = "x"', "unknown key 'nmae'; Did you mean name.*line 1"),
    ('\ncountry = "XX"', "unknown country 'XX'.*line 2"),
    ('country = "CN"\nsubdivision = "BJ"', "CN has no subdivision 'BJ'.*line 2"),
    ('subdivision = "BY"', "needs country"),
    ("name = 3", "name must be text, not a whole number .line 1"),
    ('weekend = ["saturday"]', "weekend cannot be 'saturday'.*allowed: mon, tue"),
    ('weekend = ["mon","tue","wed","thu","fri","sat","sun"]', "no working day"),
    ("weekend = [5]", "weekend must be text"),
    ('timezone = "Asia/Bejing"', "unknown time zone 'Asia/Bejing'"),
    ('timezone = "../../etc/passwd"', "unknown time zone"),
    ('official = "soon"', "official cannot be 'soon'"),
    ('official = "2020/2010"', "official cannot be"),
    ('include = ["nowhere"]', "no calendar file 'nowhere'.*cn-beijing"),
    ('include = ["office"]', "includes itself"),
    ("amendment = 3", "amendment must be a list, not a whole number"),
    ("amendment = [3]", "must be written as"),
    ('[[amendment]]\nname = "x"', "changes no day.*line 1"),
    ('[[amendment]]\noff = ["2016-11-01"]', "name is missing"),
    ('[[amendment]]\nname = "x"\noff = ["2016-13-01"]', "'2016-13-01' is not a date.*line 3"),
    ('[[amendment]]\nname = "x"\noff = ["20161101"]', "is not a date"),
    ('[[amendment]]\nname = "x"\noff = ["2016-11-05/2016-11-01"]', "ends before it begins.*line 3"),
    ('[[amendment]]\nname = "x"\noff = ["1969-12-31"]', "outside the calendar"),
    ('[[amendment]]\nname = "x"\noff = [3]', "off must be dates as text, not a whole number .line 3"),
    ('[[amendment]]\nname = "x"\noff = [2016-11-01T10:00:00]', "not a time"),
    (
        '[[amendment]]\nname = "x"\noff = ["2016-11-01"]\nworked = ["2016-11-01"]',
        "Tue 2016-11-01 is both off and worked.*line 4",
    ),
    (
        '[[amendment]]\nname = "x"\noff = ["2016-11-01"]\n\n[[amendment]]\nname = "y"\nworked = ["2016-11-01"]',
        "is both off and worked.*line 7",
    ),
    (
        '[[amendment]]\nname = "x"\noff = ["2016-11-01"]\n\n[[amendment]]\nname = "y"\non = ["2016-11-01"]',
        "unknown key 'on'.*off, worked, plain.*line 7",
    ),
    (b'name = "\xff"', "not UTF-8"),
    (b'name = "a\0b"', "not TOML"),
    ("a = " + "[" * 5000, "not TOML"),
]


@pytest.mark.parametrize(("text", "told"), BAD)
def test_mistakes_are_named_with_their_line(home: Path, text: str | bytes, told: str) -> None:
    path = write(home, text)
    with pytest.raises(BadCalendarFile, match=told) as caught:
        load_calendar("office", DATA, home)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_no_file_is_refused(home: Path) -> None:
    (home / "calendars" / "folder.toml").mkdir()
    for name, told in (
        ("folder", "folder"),
        (f"{home}/none.toml", "no such file"),
        (str(home) + "/", "folder"),
        ("~no-such-user/x", "no such"),
    ):
        with pytest.raises(BadCalendarFile, match=told):
            load_calendar(name, DATA, home)


def test_files_that_include_one_another_are_refused(home: Path) -> None:
    write(home, 'include = ["two"]', "one")
    write(home, 'include = ["one"]', "two")
    with pytest.raises(BadCalendarFile, match="includes itself"):
        load_calendar("one", DATA, home)


def test_texts_stay_in_one_line(home: Path) -> None:
    write(home, '[[amendment]]\nname = "a\\n\\u001b[31mb"\noff = ["2016-11-01"]')
    office = load_calendar("office", DATA, home)
    assert office.rulings[day("2016-11-01")].name == "a [31mb"


def test_amend_puts_later_rulings_over_earlier_ones() -> None:
    days = parse_days("2016-11-08/2016-11-09")
    amended = amend(rules("cn"), [Amendment("a", off=days), Amendment("b", plain=days[1:], notice="n")])
    assert not amended.ruling(days[0]).worked
    assert amended.ruling(days[1]).worked
    assert amended.ruling(days[1]).source == "n"
    assert days[0] not in rules("cn").rulings


# Properties of the clocks

moments = st.datetimes(datetime(2001, 1, 1), datetime(2025, 12, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
waits = st.timedeltas(timedelta(0), timedelta(days=30)).map(lambda wait: timedelta(seconds=int(wait.total_seconds())))


@given(moments, moments)
def test_a_later_receipt_never_has_an_earlier_deadline(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    due = [clocks((Kind.RECEIVED, when))["forward"].due for when in (first, second)]
    assert due[0] is not None
    assert due[1] is not None
    assert first < due[0] <= due[1]


@given(moments, waits, waits)
def test_a_pause_never_shortens(received: datetime, wait: timedelta, length: timedelta) -> None:
    plain = clocks((Kind.RECEIVED, received))["forward"]
    paused = clocks(
        (Kind.RECEIVED, received), (Kind.PAUSED, received + wait), (Kind.RESUMED, received + wait + length)
    )["forward"]
    assert plain.due is not None
    assert paused.due is not None
    assert paused.due >= plain.due
    if received + wait > plain.due:
        assert paused.due == plain.due
    else:
        days = calendar("cn-beijing")
        begun, resumed = local_day(received + wait, SHANGHAI), local_day(received + wait + length, SHANGHAI)
        assert plain.due_day is not None
        assert paused.due_day is not None
        if begun == plain.due_day:
            # What was left of the due day is given back: the day of the resumption, or the next that is worked.
            assert paused.due_day == days.next_working(resumed)
        else:
            assert days.count_between(plain.due_day, paused.due_day) in (0, days.count_between(begun, resumed))
