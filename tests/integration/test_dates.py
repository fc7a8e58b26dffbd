"""The dates of other people's files, in every form that the public records were seen to use."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.moments import Moment
from dealtrack.exchange.dates import AUTO, DateReader

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2024-01-01T08:15:30.000Z", "2024-01-01T08:15:30Z"),
        ("2024-01-01T08:15:30+09:00", "2023-12-31T23:15:30Z"),
        ("2024-01-01 08:15:30 -0500", "2024-01-01T13:15:30Z"),
        ("2024-05-27T02:08:51.000", "2024-05-26T18:08:51Z"),
        ("03/01/2011 02:27:57 PM", "2011-03-01T06:27:57Z"),
        ("03/01/2011 12:00:01 AM", "2011-02-28T16:00:01Z"),
        ("03/01/2011 12:00:01 p.m.", "2011-03-01T04:00:01Z"),
        ("3/14/2025 1:20", "2025-03-13T17:20:00Z"),
        ("2016-11-11 21:30", "2016-11-11T13:30:00Z"),
        ("2016-11-11T21:30:59", "2016-11-11T13:30:59Z"),
        ("2016/11/11 9:05", "2016-11-11T01:05:00Z"),
        ("2016/11/11 下午 9:05:07", "2016-11-11T13:05:07Z"),
        ("2016年11月11日 21:30", "2016-11-11T13:30:00Z"),
        ("2016年11月11日21时30分", "2016-11-11T13:30:00Z"),
        ("2016年1月1日上午12时", "2015-12-31T16:00:00Z"),
    ],
)
def test_reads_moments(text: str, meaning: str) -> None:
    moment = DateReader([AUTO], SHANGHAI, SHANGHAI).read(text)
    assert moment == Moment(utc(meaning), utc(meaning), False)


@pytest.mark.parametrize(
    "text",
    ["2016-09-12", "2016/9/12", "2016.09.12", "2016年9月12日", "2016 年 9 月 12 日", "09/12/2016", "9/12/2016"],
)
def test_reads_days_as_days(text: str) -> None:
    start = utc("2016-09-12T00:00:00+08:00")
    assert DateReader([AUTO], SHANGHAI, SHANGHAI).read(text) == Moment(start, start + timedelta(days=1), True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2015-02-29", "is no day of the calendar"),
        ("2016-13-01", "is no day of the calendar"),
        ("02/30/2016", "is no day of the calendar"),
        ("0000-01-01", "is no day of the calendar"),
        ("2016-11-11 25:00", "has no such time of day"),
        ("2016-11-11 10:60", "has no such time of day"),
        ("03/01/2011 13:00 PM", "has no such hour"),
        ("31/12/2016", "has no such month; if the day stands first, say --date-format %d/%m/%Y"),
        ("1907-05-01", "lies outside the calendar, 1970 to 2100"),
        ("2101-01-01", "lies outside the calendar, 1970 to 2100"),
        ("11/11/16", "is no date in a form known here"),
        ("20161111", "is no date in a form known here"),
        ("yesterday", "is no date in a form known here"),
        ("2016-11", "is no date in a form known here"),
        ("42685", "is no date in a form known here"),
    ],
)
def test_says_what_is_wrong_with_a_date(text: str, reason: str) -> None:
    reader = DateReader([AUTO], SHANGHAI, SHANGHAI)
    for _ in range(2):
        with pytest.raises(ValueError) as caught:
            reader.read(text)
        assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("form", "text", "meaning"),
    [
        ("%d/%m/%Y", "09/12/2016", "2016-12-09"),
        ("%d.%m.%y", "9.12.16", "2016-12-09"),
        ("%d %b %Y", "9 Dec 2016", "2016-12-09"),
        ("%B %d, %Y", "December  9, 2016", "2016-12-09"),
        ("%Y%m%d%H%M%S", "20161209173005", "2016-12-09T17:30:05"),
        ("%d/%m/%Y %I:%M %p", "09/12/2016 12:05 am", "2016-12-09T00:05:00"),
        ("%Y-%m-%dT%H:%M:%S.%f%z", "2016-12-09T17:30:05.123+0800", "2016-12-09T17:30:05"),
    ],
)
def test_reads_by_a_given_form(form: str, text: str, meaning: str) -> None:
    moment = DateReader([form], SHANGHAI, SHANGHAI).read(text)
    assert moment is not None
    day_only = len(meaning) == 10
    assert (moment.start, moment.day_only) == (utc(f"{meaning}{'T00:00' * day_only}+08:00"), day_only)


def test_the_first_form_that_fits_counts_and_auto_may_follow() -> None:
    reader = DateReader(["%d/%m/%Y", AUTO], SHANGHAI, SHANGHAI)
    for text in ("09/12/2016", "2016-12-09"):
        moment = reader.read(text)
        assert moment is not None and moment.start == utc("2016-12-09T00:00+08:00")
    assert reader.guessed is None


def test_a_date_that_may_be_read_both_ways_is_remembered() -> None:
    reader = DateReader([AUTO], SHANGHAI, SHANGHAI)
    reader.read("11/11/2016")
    reader.read("11/25/2016")
    assert reader.guessed is None
    reader.read("09/12/2016")
    assert reader.guessed == "09/12/2016"


def test_summer_time() -> None:
    reader = DateReader([AUTO], NEW_YORK, NEW_YORK)
    assert reader.read("2011-03-13 01:59:59") == Moment(utc("2011-03-13T06:59:59Z"), utc("2011-03-13T06:59:59Z"), False)
    with pytest.raises(ValueError, match="never was: the clocks went forward over it"):
        reader.read("2011-03-13 02:30")
    after = reader.read("2011-03-13 03:00")
    assert after is not None and after.start == utc("2011-03-13T07:00:00Z")
    twice = reader.read("2011-11-06 01:30")
    assert twice is not None and twice.start == utc("2011-11-06T05:30:00Z"), "the first of the two"
    day = reader.read("2011-03-13")
    assert day is not None and day.end - day.start == timedelta(hours=23)


def test_every_quarter_of_an_hour_of_a_year_against_zoneinfo() -> None:
    reader = DateReader([AUTO], NEW_YORK, NEW_YORK)
    moment, gaps = datetime(2011, 1, 1), 0
    while moment.year == 2011:
        expected = moment.replace(tzinfo=NEW_YORK).astimezone(UTC)
        try:
            stated = reader.read(moment.isoformat())
        except ValueError:
            gaps += 1
        else:
            assert stated is not None and stated.start == expected
        moment += timedelta(minutes=15)
    assert gaps == 4


def test_midnight_can_mean_the_day_and_a_sentinel_none() -> None:
    reader = DateReader([AUTO], NEW_YORK, NEW_YORK, frozenset({date(1900, 1, 1)}), midnight_is_day=True)
    assert reader.read("01/01/1900 12:00:00 AM") is None
    assert reader.read("1900-01-01") is None
    day = reader.read("03/01/2011 12:00:00 AM")
    assert day is not None and day.day_only
