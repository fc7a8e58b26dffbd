"""Moments as clerks type them, as they are shown, and as they are stored."""

import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.day_times import parse_day, parse_days, parse_moment, parse_span
from dealtrack.core.moments import from_store, iso_local, show_due, show_moment, to_store
from dealtrack.errors import BadDay, BadMoment, BadSpan

BEIJING = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
# Friday 11 November 2016, half past nine in the evening in Beijing.
NOW = datetime(2016, 11, 11, 13, 30, tzinfo=UTC)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-11-11 21:30", "2016-11-11T21:30:00"),
        ("2016-11-11 21:30:05", "2016-11-11T21:30:05"),
        ("2016-11-11 21:30:05.750", "2016-11-11T21:30:05"),
        ("2016-11-11T21:30:00+08:00", "2016-11-11T21:30:00"),
        ("2016-11-11T13:30:00Z", "2016-11-11T21:30:00"),
        ("2016-11-11T08:30:00-0500", "2016-11-11T21:30:00"),
        ("2016/11/11 21:30", "2016-11-11T21:30:00"),
        ("2016.11.1 9:05", "2016-11-01T09:05:00"),
        ("20161111 21:30", "2016-11-11T21:30:00"),
        ("11-11 21:30", "2016-11-11T21:30:00"),
        ("11-12 21:30", "2015-11-12T21:30:00"),
        ("09:05", "2016-11-11T09:05:00"),
        ("21:31", "2016-11-11T21:31:00"),
        ("yesterday 17:00", "2016-11-10T17:00:00"),
        ("Yesterday  17:00", "2016-11-10T17:00:00"),
        ("mon 09:00", "2016-11-07T09:00:00"),
        ("Saturday 09:00", "2016-11-05T09:00:00"),
        ("fri 21:30", "2016-11-11T21:30:00"),
        ("fri 21:31", "2016-11-04T21:31:00"),
        ("2016年11月11日 21:30", "2016-11-11T21:30:00"),
        ("2016年11月11日21时30分", "2016-11-11T21:30:00"),
        ("11月10日下午3点半", "2016-11-10T15:30:00"),
        ("下午3点半", "2016-11-11T15:30:00"),
        ("昨天 17:00", "2016-11-10T17:00:00"),
        ("前天17：00", "2016-11-09T17:00:00"),
        ("周一 9:00", "2016-11-07T09:00:00"),
        ("２０１６-１１-１１　２１：３０", "2016-11-11T21:30:00"),
        ("11 Nov 2016 21:30", "2016-11-11T21:30:00"),
        ("2016-11-11 24:00", "2016-11-12T00:00:00"),
        ("2016-12-31 24:00", "2017-01-01T00:00:00"),
        ("yesterday 24:00", "2016-11-11T00:00:00"),
        ("11-10 晚上12点", "2016-11-11T00:00:00"),
        ("11-10 晚上12:30", "2016-11-11T00:30:00"),
        ("昨天晚上12点半", "2016-11-11T00:30:00"),
        ("11-10 晚上24:00", "2016-11-11T00:00:00"),
        ("11-10 晚上8点", "2016-11-10T20:00:00"),
        ("11-10 凌晨12:30", "2016-11-10T00:30:00"),
        ("11-10 12:30 am", "2016-11-10T00:30:00"),
        ("11-10 12:30 p.m.", "2016-11-10T12:30:00"),
        ("11-10 9am", "2016-11-10T09:00:00"),
        ("11-10 上午0:30", "2016-11-10T00:30:00"),
        ("11-10 下午12:30", "2016-11-10T12:30:00"),
        ("11-10 中午12点", "2016-11-10T12:00:00"),
        ("11-10 中午1点", "2016-11-10T13:00:00"),
        ("11-10 傍晚6点", "2016-11-10T18:00:00"),
        ("11-10 10.30", "2016-11-10T10:30:00"),
        ("2016.11.10 18.45", "2016-11-10T18:45:00"),
        ("2016-11-10 10:30 UTC", "2016-11-10T18:30:00"),
        ("2016-11-10 10:30+00", "2016-11-10T18:30:00"),
        ("now", "2016-11-11T21:30:00"),
        ("现在", "2016-11-11T21:30:00"),
    ],
)
def test_a_moment_is_read_in_the_zone(text: str, expected: str) -> None:
    moment = parse_moment(text, NOW, BEIJING)
    assert moment.start == moment.end == beijing(expected)
    assert moment.start.tzinfo is UTC
    assert not moment.day_only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-11-11", "2016-11-11"),
        ("20161111", "2016-11-11"),
        ("2016/11/1", "2016-11-01"),
        ("11-11", "2016-11-11"),
        ("11-12", "2015-11-12"),
        ("11月12日", "2015-11-12"),
        ("today", "2016-11-11"),
        ("今天", "2016-11-11"),
        ("昨天", "2016-11-10"),
        ("day before yesterday", "2016-11-09"),
        ("前天", "2016-11-09"),
        ("tomorrow", "2016-11-12"),
        ("Fri", "2016-11-11"),
        ("星期天", "2016-11-06"),
        ("2016-02-29", "2016-02-29"),
        ("29 February", "2016-02-29"),
        ("1970-01-01", "1970-01-01"),
        ("2100-12-31", "2100-12-31"),
    ],
)
def test_a_day_alone_is_the_whole_day(text: str, expected: str) -> None:
    moment = parse_moment(text, NOW, BEIJING)
    assert moment.day_only
    assert moment.start == beijing(f"{expected}T00:00:00")
    assert moment.end == moment.start + timedelta(days=1)
    assert parse_day(text, NOW, BEIJING) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2016-02-30", "(February 2016 has 29 days)"),
        ("2015-02-29", "(2015 has no 29 February)"),
        ("2016-04-31 10:00", "(April 2016 has 30 days)"),
        ("2016-13-01", "(there is no month 13)"),
        ("2016-00-10", "(there is no month 0)"),
        ("2016-11-00", "(November 2016 has 30 days)"),
        ("25:00", "(a day ends at 24:00)"),
        ("24:01", "(a day ends at 24:00)"),
        ("12:60", "end at 59"),
        ("12:00:60", "end at 59"),
        ("1969-12-31", "(years run from 1970 to 2100)"),
        ("2101-01-01", "(years run from 1970 to 2100)"),
        ("0000-01-01", "(years run from 1970 to 2100)"),
        ("16-11-11", "(a year has four digits)"),
        ("16年11月11日", "(a year has four digits)"),
        ("11/11/16", "(a year has four digits)"),
        ("11/11/2016", "(the year comes first)"),
        ("today 09:00+08:00", "(an offset needs the full date)"),
        ("2016-11-11 09:00+19:00", "(no time zone has that offset)"),
        ("11-10 上午12:30", "(上午 12 is ambiguous: give 0 to 24)"),
        ("11-10 上午12点", "(上午 12 is ambiguous: give 0 to 24)"),
        ("11-10 早上12:30", "(早上 12 is ambiguous: give 0 to 24)"),
        ("11-10 晚上1点", "(晚上 1 is ambiguous: give 0 to 24)"),
        ("11-10 晚上0:30", "(晚上 0 is ambiguous: give 0 to 24)"),
        ("11-10 中午5点", "(中午 5 is ambiguous: give 0 to 24)"),
        ("11-10 下午24:00", "(下午 24 is ambiguous: give 0 to 24)"),
        ("11-10 午夜12点", "(午夜 12 is ambiguous: give 0 to 24)"),
        ("11-10 上午13:00", "(上午 13 is ambiguous: give 0 to 24)"),
        ("11-10 13:00 pm", "(pm 13 is ambiguous: give 0 to 24)"),
        ("11-10 下午3:30 pm", "(it names two halves of the day)"),
        ("10.30", "Invalid time {shown}. Write"),
        ("11-10 9:5", "Invalid time {shown}. Write"),
        ("2016-11-11-05:00", "Invalid time {shown}. Write"),
        ("", "(empty)"),
        ("9" * 5000, "(too long)"),
        ("2016-11-1121:30", "Invalid time {shown}. Write"),
        ("2016-11-11:30", "Invalid time {shown}. Write"),
        ("2016-11/11", "Invalid time {shown}. Write"),
        ("2016-11-11 21", "Invalid time {shown}. Write"),
        ("2016-11-11 -1:00", "Invalid time {shown}. Write"),
        ("someday", "Invalid time {shown}. Write"),
        ("11", "Invalid time {shown}. Write"),
        ("٢٠١٦-11-11", "Invalid time {shown}. Write"),
        ("2016-11-11\x00", "Invalid time {shown}. Write"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadMoment) as refusal:
        parse_moment(text, NOW, BEIJING)
    assert reason.format(shown=repr(text)) in str(refusal.value)
    assert len(str(refusal.value)) < 250


def test_29_february_without_a_year_is_refused_in_a_common_year() -> None:
    with pytest.raises(BadMoment, match="2015 has no 29 February"):
        parse_moment("02-29", datetime(2015, 5, 1, tzinfo=UTC), BEIJING)
    assert parse_day("02-29", datetime(2017, 1, 10, tzinfo=UTC), BEIJING) == date(2016, 2, 29)


def test_the_day_is_that_of_the_zone() -> None:
    late = datetime(2016, 11, 10, 17, 0, tzinfo=UTC)
    assert parse_day("today", late, BEIJING) == date(2016, 11, 11)
    assert parse_day("today", late, NEW_YORK) == date(2016, 11, 10)


def test_a_local_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(BadMoment, match="the clocks went forward past that time"):
        parse_moment("2016-03-13 02:30", NOW, NEW_YORK)


def test_a_local_time_that_occurs_twice_is_its_first_occurrence() -> None:
    assert parse_moment("2016-11-06 01:30", NOW, NEW_YORK).start == datetime(2016, 11, 6, 5, 30, tzinfo=UTC)
    day = parse_moment("2016-11-06", NOW, NEW_YORK)
    assert day.end - day.start == timedelta(hours=25)


def test_a_day_begins_when_clocks_skip_midnight() -> None:
    day = parse_moment("2016-10-16", NOW, ZoneInfo("America/Sao_Paulo"))
    assert day.start == datetime(2016, 10, 16, 3, 0, tzinfo=UTC)
    assert day.end - day.start == timedelta(hours=23)


def test_a_day_that_a_zone_skipped_is_refused() -> None:
    with pytest.raises(BadMoment, match="that day was skipped"):
        parse_moment("2011-12-30", NOW, ZoneInfo("Pacific/Apia"))


def test_no_text_takes_long() -> None:
    begun = time.perf_counter()
    for text in ("1" * 60, "周" * 60, "1 " * 30, "下午" * 30, "a" * 59 + ":", ("1:" * 30), "9 年" * 20):
        with pytest.raises(BadMoment):
            parse_moment(text, NOW, BEIJING)
    assert time.perf_counter() - begun < 1


def test_a_day_has_no_hour() -> None:
    with pytest.raises(BadDay, match="give the day alone"):
        parse_day("2016-11-11 09:00", NOW, BEIJING)
    with pytest.raises(BadDay, match="2015 has no 29 February"):
        parse_day("2015-02-29", NOW, BEIJING)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2016-10", "2016-10-01", "2016-10-31"),
        ("2016年10月", "2016-10-01", "2016-10-31"),
        ("2016", "2016-01-01", "2016-12-31"),
        ("2016-11-11", "2016-11-11", "2016-11-11"),
        ("2016-11-01..2016-11-20", "2016-11-01", "2016-11-20"),
        ("2016-11-01/2016-11-20", "2016-11-01", "2016-11-20"),
        ("2016-02..2016-03", "2016-02-01", "2016-03-31"),
    ],
)
def test_days_from_first_to_last(text: str, first: str, last: str) -> None:
    assert parse_days(text, NOW, BEIJING) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["2016-13", "2016-11-20..2016-11-01", "..", "2016-11-01..", "x/y", ""])
def test_days_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(BadDay):
        parse_days(text, NOW, BEIJING)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("4h", timedelta(hours=4)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1wd", 1),
        ("3 working days", 3),
        ("2个工作日", 2),
        ("4小时", timedelta(hours=4)),
        ("30分钟", timedelta(minutes=30)),
    ],
)
def test_a_span(text: str, span: int | timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "4", "h", "-1h", "1.5h", "1w", "999999h", "1wd2h", "4h" * 100])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadSpan):
        parse_span(text)


def test_a_moment_is_shown_without_seconds_that_are_zero() -> None:
    assert show_moment(NOW, BEIJING) == "2016-11-11 21:30"
    assert show_moment(NOW + timedelta(seconds=5), BEIJING) == "2016-11-11 21:30:05"
    assert iso_local(NOW, BEIJING) == "2016-11-11T21:30:00+08:00"
    for zone in (UTC, NEW_YORK, ZoneInfo("Asia/Kolkata"), BEIJING):
        for moment in (NOW, datetime(1800, 3, 4, 5, 6, 7, tzinfo=UTC), datetime(2016, 7, 1, tzinfo=UTC)):
            assert iso_local(moment, zone) == moment.astimezone(zone).isoformat()


def test_a_deadline_is_shown_as_its_day_unless_it_ends_earlier() -> None:
    end, early = beijing("2016-11-14T23:59:59"), beijing("2016-11-14T17:30:00")
    assert show_due(end, BEIJING) == "2016-11-14"
    assert show_due(end, BEIJING, provisional=True) == "2016-11-14?"
    assert show_due(early, BEIJING, True) == "2016-11-14 17:30?"


def test_what_is_stored_comes_back() -> None:
    assert to_store(NOW) == "2016-11-11T13:30:00Z"
    assert to_store(NOW.astimezone(timezone(timedelta(hours=8)))) == "2016-11-11T13:30:00Z"
    assert to_store(NOW.replace(microsecond=999_999)) == "2016-11-11T13:30:00Z"
    assert from_store("2016-11-11T13:30:00Z") == NOW
    assert from_store("2016-11-11T13:30:00Z").tzinfo is UTC
    with pytest.raises(ValueError, match="time zone"):
        to_store(datetime(2016, 11, 11))
