"""The dates of other people's files, in every form that the public records were seen to use."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dealtrack.core.day_times import parse_moment
from dealtrack.core.moments import Moment, iso_local, show_moment, to_store
from dealtrack.errors import BadMoment
from dealtrack.exchange.date_forms import AUTO, DayOrder, compile_form
from dealtrack.exchange.date_suggestion import find_forms
from dealtrack.exchange.dates import DateReader
from tests.conftest import tries

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2100, 12, 31, tzinfo=UTC)


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
        ("2016年1月1日凌晨12时", "2015-12-31T16:00:00Z"),
        ("2016-11-11 上午0:30", "2016-11-10T16:30:00Z"),
        ("2016-11-11 12:30 am", "2016-11-10T16:30:00Z"),
        ("2016-11-11 12:30 p.m.", "2016-11-11T04:30:00Z"),
        ("2016-11-11 晚上12点", "2016-11-11T16:00:00Z"),
        ("2016/11/11 晚上 12:30", "2016-11-11T16:30:00Z"),
        ("2016-11-11 中午12点半", "2016-11-11T04:30:00Z"),
        ("2016-11-11 24:00", "2016-11-11T16:00:00Z"),
        ("2016-11-11T24:00:00", "2016-11-11T16:00:00Z"),
        ("2016-11-11T24:00:00Z", "2016-11-12T00:00:00Z"),
        ("2016-12-31 24:00", "2016-12-31T16:00:00Z"),
        ("2016-11-11 10.30", "2016-11-11T02:30:00Z"),
        ("2016.11.11 18.45", "2016-11-11T10:45:00Z"),
        ("2016-11-11 10.30.45", "2016-11-11T02:30:45Z"),
        ("2016-11-11 9:5", "2016-11-11T01:05:00Z"),
        ("2016/11/01 04:00:00+00", "2016-11-01T04:00:00Z"),
        ("2016-11-01 04:00:00 UTC", "2016-11-01T04:00:00Z"),
        ("2016-11-11T10:30:45,123+08", "2016-11-11T02:30:45Z"),
        ("２０１６年１１月１１日　２１：３０", "2016-11-11T13:30:00Z"),
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
        ("2015-02-29", "does not exist in the calendar"),
        ("2016-13-01", "does not exist in the calendar"),
        ("02/30/2016", "does not exist in the calendar"),
        ("0000-01-01", "does not exist in the calendar"),
        ("2016-11-11 25:00", "is not a valid time (a day ends at 24:00)"),
        ("2016-11-11 24:01", "is not a valid time (a day ends at 24:00)"),
        ("2016-11-11 10:60", "is not a valid time (minutes and seconds end at 59)"),
        ("03/01/2011 13:00 PM", "is not a valid time (pm 13 is ambiguous: give 0 to 24)"),
        ("2016-11-16 上午12:30", "is not a valid time (上午 12 is ambiguous: give 0 to 24)"),
        ("2016-11-16 早上12点", "is not a valid time (早上 12 is ambiguous: give 0 to 24)"),
        ("2016-11-16 晚上1点", "is not a valid time (晚上 1 is ambiguous: give 0 to 24)"),
        ("2016-11-16 半夜12点", "is not a valid time (半夜 12 is ambiguous: give 0 to 24)"),
        ("2016-11-16 下午3:30 PM", "is not a valid time (it names two halves of the day)"),
        ("2016-11-11T10:30+15:00", "is not a valid time (no time zone has that offset)"),
        ("2016-11-11+15:00", "is not a valid time (no time zone has that offset)"),
        ("2016-11-11 -05:60", "is not a valid time (no time zone has that offset)"),
        ("31/12/2016", "has no such month; if the day comes first, use --date-format %d/%m/%Y"),
        ("1907-05-01", "is outside the calendar, 1970 to 2100"),
        ("2101-01-01", "is outside the calendar, 1970 to 2100"),
        ("11/11/16", "is not a date in a known format"),
        ("20161111", "is not a date in a known format"),
        ("yesterday", "is not a date in a known format"),
        ("2016-11", "is not a date in a known format"),
        ("42685", "is not a date in a known format"),
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


@pytest.mark.parametrize(
    "text",
    [
        "2016-W45-5", "2016-W45-5T10:30", "2016-11-11x10:30", "2016-11-11510:30", "2016-11-11T10", "2016-11-11T1030",
        "2016-11-11 10,30", "2016-11-11 10:30.5", "2016-11-11 10.3", "2016-11-11 1030.5", "2016-11-11T10:30+08:00:30",
        "2016-11-11-0500", "2016-11-1110:30",
    ],
)  # fmt: skip
def test_what_pythons_reader_of_iso_takes_besides_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date in a known format"):
        DateReader([AUTO], SHANGHAI, SHANGHAI).read(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("11/01/2016 04:00:00 PM EST", "time zone letters are ambiguous"),
        ("1477972800000", "use --date-format epoch-ms for"),
        ("1477972800", "use --date-format epoch-s for"),
        ("105/11/01", "use --date-format roc for"),
        ("民國105年11月1日", "use --date-format roc for"),
        ("平成28年11月1日", "era years are not supported"),
        ("01/out/2016", "months must be English names"),
        ("2016年11月1日（火）", "in --date-format, %a is"),
        ("Tue, 1 Nov 2016 10:00:00 GMT", "in --date-format, %a is"),
        ("25/04/2016, Santa Maria - RS", "the column has more than a date"),
        ("11/11/16", "use --date-format to say how it is written: %d/%m/%y or %m/%d/%y or %y/%m/%d"),
        ("13.11.2016 9.30", "use --date-format to say how it is written: '%d.%m.%Y %H.%M'"),
        ("11-13-2016 02:27:57 PM", "use --date-format to say how it is written: '%m-%d-%Y %I:%M:%S %p'"),
        ("20161111", "use --date-format %Y%m%d"),
        ("42685", "use --date-format excel-1900 for"),
        ("soon", "use --date-format to say how dates are written"),
    ],
)
def test_says_the_way_to_have_a_date_read(text: str, advice: str) -> None:
    with pytest.raises(ValueError) as caught:
        DateReader([AUTO], SHANGHAI, SHANGHAI).read(text)
    assert str(caught.value).startswith(f"is not a date in a known format; {advice}")


@pytest.mark.parametrize(
    ("form", "text", "meaning"),
    [
        ("epoch-ms", "1477972800000", "2016-11-01T04:00:00Z"),
        ("epoch-s", "1477972800", "2016-11-01T04:00:00Z"),
        ("epoch-s", "1477972800.5", "2016-11-01T04:00:00Z"),
        ("roc", "105/11/01", "2016-11-01"),
        ("roc", "105.11.1 下午 3:30", "2016-11-01T15:30:00+08:00"),
        ("roc", "民國105年11月1日", "2016-11-01"),
        ("roc", "中華民國 105 年 11 月 1 日", "2016-11-01"),
        ("roc", "99-11-01", "2010-11-01"),
        ("roc", "1051101", "2016-11-01"),
        ("%m/%d/%Y %I:%M:%S %p EST", "11/01/2016 04:00:00 PM EST", "2016-11-01T16:00:00+08:00"),
        ("%Y年%m月%d日（%a）", "2016年11月1日（火）", "2016-11-01"),
        ("%a, %d %b %Y %H:%M:%S %z", "Tue, 1 Nov 2016 04:00:00 GMT", "2016-11-01T04:00:00Z"),
        ("%Y/%m/%d %H:%M:%S%z", "2016/11/01 04:00:00+00", "2016-11-01T04:00:00Z"),
        ("%d.%m.%Y %H.%M", "01.11.2016 24.00", "2016-11-02T00:00:00+08:00"),
        ("%d/%m/%Y %p%I:%M", "01/11/2016 晚上12:00", "2016-11-02T00:00:00+08:00"),
    ],
)
def test_reads_by_further_forms(form: str, text: str, meaning: str) -> None:
    moment = DateReader([form], SHANGHAI, SHANGHAI).read(text)
    assert moment is not None
    day_only = len(meaning) == 10
    assert (moment.start, moment.day_only) == (utc(f"{meaning}{'T00:00+08:00' * day_only}"), day_only)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("epoch-s", "9999999999"), ("epoch-s", "1477972800000"), ("epoch-s", "-1"), ("epoch-ms", "99999999999999"),
        ("epoch-ms", "1477972800000.5"), ("roc", "190/11/01"), ("roc", "105/13/01"), ("roc", "1059901"),
    ],
)  # fmt: skip
def test_a_number_beyond_the_calendar_is_no_moment(form: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"does not exist|is not a date|outside the calendar"):
        DateReader([form], SHANGHAI, SHANGHAI).read(text)


def test_a_day_with_an_offset_is_the_day_of_its_zone_alone() -> None:
    day = DateReader([AUTO], SHANGHAI, SHANGHAI).read("2016-11-11+08:00")
    assert day == DateReader([AUTO], SHANGHAI, SHANGHAI).read("2016-11-11")
    for text in ("2016-11-11-05:00", "2016-11-11Z"):
        with pytest.raises(ValueError, match="is a date without a time, in another time zone"):
            DateReader([AUTO], SHANGHAI, SHANGHAI).read(text)
    day = DateReader([AUTO], NEW_YORK, NEW_YORK).read("2016-11-06-05:00")
    assert day is not None and day.day_only and day.end - day.start == timedelta(hours=25)
    assert DateReader([AUTO], ZoneInfo("UTC"), ZoneInfo("UTC")).read("2016-11-11Z") is not None


def test_a_day_alone_is_a_day_of_the_files_zone_and_keeps_its_name_in_the_registers() -> None:
    vancouver = ZoneInfo("America/Vancouver")
    for own, register in ((vancouver, UTC), (vancouver, SHANGHAI), (SHANGHAI, UTC), (SHANGHAI, vancouver)):
        day = DateReader([AUTO], own, register).read("2023-11-07")
        assert day is not None and day.day_only
        assert day.end == datetime(2023, 11, 8, tzinfo=own).astimezone(UTC)
        for zone in (own, register):
            assert day.start.astimezone(zone).date() == date(2023, 11, 7)
        assert day.start - timedelta(seconds=1) < day.start
        before = day.start - timedelta(seconds=1)
        assert before.astimezone(own).date() < date(2023, 11, 7) or before.astimezone(register).date() < date(
            2023, 11, 7
        )


def test_a_day_that_a_zone_skipped_is_no_day() -> None:
    apia = ZoneInfo("Pacific/Apia")
    with pytest.raises(ValueError, match="that day was skipped in this time zone"):
        DateReader([AUTO], apia, apia).read("2011-12-30")


def test_the_first_form_that_fits_counts_and_auto_may_follow() -> None:
    reader = DateReader(["%d/%m/%Y", AUTO], SHANGHAI, SHANGHAI)
    for text in ("09/12/2016", "2016-12-09"):
        moment = reader.read(text)
        assert moment is not None and moment.start == utc("2016-12-09T00:00+08:00")
    assert reader.order.guessed is None and reader.order == DayOrder()


def doubtful(reader: DateReader) -> tuple[str | None, str | None]:
    return reader.order.guessed, reader.order.against


def test_a_date_that_may_be_read_both_ways_is_remembered_unless_another_settles_it() -> None:
    reader = DateReader([AUTO], SHANGHAI, SHANGHAI)
    reader.read("11/11/2016")
    assert reader.order == DayOrder()
    reader.read("09/12/2016")
    assert doubtful(reader) == ("09/12/2016", None)
    assert reader.order.otherwise() == ("day", "%d/%m/%Y")
    reader.read("11/25/2016 10:00")
    assert doubtful(reader) == (None, None)
    with pytest.raises(ValueError, match="if the day comes first, use --date-format %d/%m/%Y"):
        reader.read("25/11/2016")
    assert doubtful(reader) == ("09/12/2016", "25/11/2016")


def test_an_order_that_a_mapping_calls_a_guess_is_told_of_in_every_form() -> None:
    for form, text, other in (
        ("%m/%d/%y", "03/10/16", ("day", "%d/%m/%y")),
        ("%d-%m-%Y %H:%M", "01-02-2016 9:30", ("month", "%m-%d-%Y %H:%M")),
        ("%d.%m.%Y %I.%M %p", "01.02.2016 9.30 PM", ("month", "%m.%d.%Y %I.%M %p")),
        ("%y/%m/%d", "16/10/03", ("day", "%d/%m/%y")),
    ):
        known = DateReader([form], SHANGHAI, SHANGHAI)
        known.read(text)
        assert known.order == DayOrder()
        guessed = DateReader([form], SHANGHAI, SHANGHAI, guessed_order=True)
        guessed.read(text)
        assert (guessed.order.guessed, guessed.order.otherwise()) == (text, other)


def test_summer_time() -> None:
    reader = DateReader([AUTO], NEW_YORK, NEW_YORK)
    assert reader.read("2011-03-13 01:59:59") == Moment(utc("2011-03-13T06:59:59Z"), utc("2011-03-13T06:59:59Z"), False)
    with pytest.raises(ValueError, match="does not exist: the clocks went forward past it"):
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


HOURS = [*range(25), 30]
HALVES = ("", "上午", "早上", "凌晨", "中午", "下午", "晚上", "半夜", "AM ", "pm ")
WRITTEN = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.dates(date(2010, 1, 1), date(2020, 12, 31)).flatmap(
        lambda day: st.sampled_from(
            [day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}.{day.month}.{day.day}", f"{day:%Y年%m月%d日}"]
        )
    ),
    st.sampled_from([" ", "T", "  ", ""]),
    st.sampled_from(HALVES),
    st.sampled_from(HOURS) | st.integers(0, 9).map("0{}".format),
    st.sampled_from([":", ".", "点", "时", "："]),
    st.sampled_from(["", "30", "00", "30:15", "30.15", "半", "30分", "60", "3"]),
    st.sampled_from(["", "", " am", "PM", "Z", "+08", "+0800", " -05:00", "+19:00", " UTC", " EST"]),
)


@settings(max_examples=tries(1000))
@given(WRITTEN)
@example("2016-11-06 01:30")
def test_what_a_clerk_and_a_file_may_both_write_is_one_moment(text: str) -> None:
    for zone in (SHANGHAI, NEW_YORK):
        try:
            typed = parse_moment(text, datetime(2021, 1, 1, tzinfo=UTC), zone)
        except BadMoment:
            continue
        try:
            imported = DateReader([AUTO], zone, zone).read(text)
        except ValueError:
            continue
        assert imported == typed, text


@settings(max_examples=tries(300))
@given(WRITTEN)
def test_an_unclear_hour_is_refused_typed_and_imported_alike(text: str) -> None:
    with suppress(ValueError):
        DateReader([AUTO], SHANGHAI, SHANGHAI).read(text)
        return
    with suppress(BadMoment):
        parse_moment(text, datetime(2021, 1, 1, tzinfo=UTC), SHANGHAI)
        pytest.fail(f"{text} is taken from a hand, and refused in a file")


@settings(max_examples=tries(1000))
@given(st.text("0123456789 -/.:,+tTzZ年月日时点半上午下晚民國平成アampEST(火)%", max_size=30))
@example("2016-11-11+19:00")
@example("99/99/99 99:99")
def test_whatever_stands_there_is_a_moment_or_no_date(text: str) -> None:
    for forms in ([AUTO], ["roc", "epoch-ms", "%d/%m/%y %H:%M", "%d.%m.%Y %I.%M %p", AUTO]):
        reader = DateReader(forms, SHANGHAI, NEW_YORK, guessed_order=True)
        with suppress(ValueError):
            moment = reader.read(text)
            assert moment is not None and moment.start <= moment.end
    with suppress(BadMoment):
        parse_moment(text, NOW, SHANGHAI)
    if find_forms({"column": [text]}).forms != (AUTO,):
        assert DateReader(find_forms({"column": [text]}).forms, SHANGHAI, SHANGHAI).read(text) is not None


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31)), st.sampled_from([SHANGHAI, NEW_YORK, UTC]))
def test_moments_as_they_are_shown_are_read_back(local: datetime, zone: ZoneInfo) -> None:
    moment = local.replace(microsecond=0, tzinfo=UTC)
    for text in (iso_local(moment, zone), to_store(moment)):
        assert parse_moment(text, NOW, zone).start == moment
        assert DateReader([AUTO], zone, zone).read(text) == Moment(moment, moment, False)
    text = show_moment(moment, zone)
    first = moment.astimezone(zone).replace(fold=0).astimezone(UTC)
    assert parse_moment(text, NOW, zone).start == first
    assert DateReader([AUTO], zone, zone).read(text) == Moment(first, first, False)


def test_excel_s_days_are_those_of_the_calendar_from_march_1900_on() -> None:
    read = compile_form("excel-1900")
    with pytest.raises(ValueError, match="before March 1900"):
        read("60")
    first = read("61")
    assert first is not None and first.when == datetime(1900, 3, 1)


def test_midnight_can_mean_the_day_and_a_sentinel_none() -> None:
    reader = DateReader([AUTO], NEW_YORK, NEW_YORK, frozenset({date(1900, 1, 1)}), midnight_is_day=True)
    assert reader.read("01/01/1900 12:00:00 AM") is None
    assert reader.read("1900-01-01") is None
    day = reader.read("03/01/2011 12:00:00 AM")
    assert day is not None and day.day_only
    end = reader.read("2011-03-01 24:00")
    assert end == Moment(utc("2011-03-02T05:00:00Z"), utc("2011-03-02T05:00:00Z"), False)
    start = reader.read("2011-03-01 00:00")
    assert start is not None and start.start == utc("2011-03-01T05:00:00Z"), "24:00 taught nothing of its day"


def test_the_end_of_a_day_teaches_nothing_of_its_start() -> None:
    reader = DateReader([AUTO], SHANGHAI, SHANGHAI)
    for text, meaning in (
        ("2016-11-14 24:00", "2016-11-14T16:00Z"),
        ("2016-11-14 10:00", "2016-11-14T02:00Z"),
        ("2016-11-15 10:00", "2016-11-15T02:00Z"),
        ("2016-11-15 24:00", "2016-11-15T16:00Z"),
    ):
        assert reader.read(text) == Moment(utc(meaning), utc(meaning), False)
