"""Moments, days and spans of time as a clerk types them, as they are shown, and as they are stored."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from dealtrack.core.day_times import ONE_DAY, TIME, NoSuchTime, day_start, last_day, moment_at, read_time
from dealtrack.core.text import shortened
from dealtrack.errors import BadDay, BadMoment, BadSpan
from dealtrack.phrase import Phrase, Word

FIRST_YEAR = 1970
LAST_YEAR = 2100
LONGEST = 60

# Moments are written by the million, and these tables make that twice as fast as isoformat.
_TWO = tuple(f"{number:02d}" for number in range(60))
_offsets: dict[timedelta | None, str] = {}


class Moment(NamedTuple):
    """What was typed for a moment, in UTC.

    A day alone (`day_only`) runs from its first second, `start`, to the first second of the next day, `end`,
    exclusive. For a moment proper both are that moment.
    """

    start: datetime
    end: datetime
    day_only: bool


class Span(NamedTuple):
    """A stretch of time to look ahead: a number of working days, or where that is None a duration."""

    working_days: int | None
    duration: timedelta = timedelta(0)


_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORT_MONTHS = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
_DAY_WORDS = {
    "today": 0, "今天": 0, "今日": 0,
    "yesterday": 1, "昨天": 1, "昨日": 1,
    "day before yesterday": 2, "前天": 2, "前日": 2,
    "tomorrow": -1, "明天": -1, "明日": -1,
    "day after tomorrow": -2, "后天": -2,
}  # fmt: skip
_NOW_WORDS = frozenset({"now", "现在", "此刻"})
_WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {
    text: number
    for number, (name, han) in enumerate(zip(_WEEKDAY_NAMES, "一二三四五六日", strict=True))
    for text in (name, name[:3], f"周{han}", f"星期{han}", f"礼拜{han}")
} | {"tues": 1, "thur": 3, "thurs": 3, "周天": 6, "星期天": 6, "礼拜天": 6}

# Patterns are compiled when first used, which spares the daily commands 3 ms. Every repeat is bounded or over
# characters that what follows cannot match, so no text takes long.
_DAYS = (
    r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})",
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
    r"(?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})",
    r"(?:(?P<year>[0-9]{4}) ?年 ?)?(?P<month>[0-9]{1,2}) ?月 ?(?P<day>[0-9]{1,2}) ?[日号]?",
)
_NAMED_DAY = r"([0-9]{1,2}) ([a-z]{3,9})(?:,? ([0-9]{4}))?"
_SHORT_YEAR = r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}|[0-9]{2} ?年.{0,20}"
_YEAR_LAST = r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{4}"
_DAY_AND_TIME = rf"(?:(?P<day>[^:点]{{1,40}}?)(?: |(?<=[0-9])t|(?<=[^0-9a-z ])))??{TIME}"
_MONTH = r"([0-9]{4})(?:[-/.]| ?年 ?)([0-9]{1,2}) ?月?"
_YEAR = r"([0-9]{4}) ?年?"
_RANGE = r" ?(?:/|\.\.|~| to | - |至|到) ?"
_SPAN = (
    r"([0-9]{1,5}) ?(?:(?P<working_days>wd|working days?|个?工作日)|(?P<days>d|days?|天)|(?P<hours>h|hours?|个?小时)"
    r"|(?P<minutes>m|min|minutes?|分钟?))"
)
_HOURS_AND_MINUTES = r"([0-9]{1,5})h ?([0-9]{1,2})m?"


def parse_moment(text: str, now: datetime, zone: tzinfo) -> Moment:
    """Return the moment, or the day alone, that a text means in a time zone.

    A date without its year is this year's, or last year's where its day is yet to come; an hour alone is
    today's; a weekday is the last such day, today included where that is not in the future. `24:00` is the
    first second of the next day. A local time that occurs twice, as clocks go back, is its first occurrence.
    Raises BadMoment.
    """
    with _refusing(BadMoment, text):
        return _moment(_plain(text), now, zone)


def parse_day(text: str, now: datetime, zone: tzinfo) -> date:
    """Return the day that a text means in a time zone, by the rules of `parse_moment`; raises BadDay."""
    with _refusing(BadDay, text):
        plain = _plain(text)
        if re.fullmatch(_DAY_AND_TIME, plain):
            raise NoSuchTime(Phrase(" (give the day alone, without a time)"))
        return _day(plain, now.astimezone(zone).date())


def parse_days(text: str, now: datetime, zone: tzinfo) -> tuple[date, date]:
    """Return the first and last day, both included, that a text means.

    It is a day, a month (2016-10), a year (2016), or a span from one of them to another
    (2016-11-01..2016-11-20, 2016-11-01/2016-11-20). Raises BadDay.
    """
    with _refusing(BadDay, text):
        plain, today = _plain(text), now.astimezone(zone).date()
        try:
            return _days(plain, today)
        except NoSuchTime as reason:
            # A slash also parts a year from its month, so the text as a whole was tried first.
            ends = re.split(_RANGE, plain)
            if len(ends) != 2 or not all(ends):
                raise reason from None
        (first, _), (_, last) = _days(ends[0], today), _days(ends[1], today)
        if last < first:
            raise NoSuchTime(Phrase(" (it ends before it begins)"))
        return first, last


@contextmanager
def _refusing(error: type[BadMoment | BadDay], text: str) -> Iterator[None]:
    try:
        yield
    except NoSuchTime as reason:
        raise error(text=shortened(text, LONGEST), reason=str(reason)) from None


def parse_span(text: str) -> Span:
    """Return the span that a text means: 4h, 90m, 1h30m, 2d (24 hours each) or 1wd (working days); raises BadSpan."""
    plain = " ".join(normalize("NFKC", text[:LONGEST]).lower().split()) if len(text) <= LONGEST else ""
    if both := re.fullmatch(_HOURS_AND_MINUTES, plain):
        return Span(None, timedelta(hours=int(both[1]), minutes=int(both[2])))
    match = re.fullmatch(_SPAN, plain)
    if match is None:
        raise BadSpan(text=shortened(text, LONGEST))
    number, unit = int(match[1]), str(match.lastgroup)
    return Span(number) if unit == "working_days" else Span(None, timedelta(**{unit: number}))


def show_moment(moment: datetime, zone: tzinfo) -> str:
    """Return a moment in a time zone as 2016-11-11 21:30, with its seconds only where they are not zero."""
    local = moment.astimezone(zone)
    text = f"{_iso_day(local)} {_TWO[local.hour]}:{_TWO[local.minute]}"
    return f"{text}:{_TWO[local.second]}" if local.second else text


def show_due(due: datetime, zone: tzinfo, provisional: bool = False) -> str:
    """Return a deadline in a time zone: its day where it is the day's last second, else with its hour.

    A question mark follows a provisional one.
    """
    local = due.astimezone(zone)
    is_last_second = local.hour == 23 and local.minute == 59 and local.second == 59
    text = _iso_day(local) if is_last_second else show_moment(local, zone)
    return text + "?" if provisional else text


def iso_local(moment: datetime, zone: tzinfo) -> str:
    """Return a moment in a time zone as 2016-11-11T21:30:00+08:00."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    suffix = _offsets.get(offset)
    if suffix is None:
        suffix = _offsets[offset] = local.isoformat(timespec="seconds")[19:]
    return f"{_iso_day(local)}T{_TWO[local.hour]}:{_TWO[local.minute]}:{_TWO[local.second]}{suffix}"


@lru_cache(4096)
def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the day on which a moment falls in a time zone."""
    # Remembered, since the days of a complaint's few moments are asked for by each of its clocks.
    return moment.astimezone(zone).date()


@lru_cache(4096)
def to_store(moment: datetime) -> str:
    """Return a moment as the register keeps it, in UTC to the second: 2016-11-11T13:30:00Z."""
    # Remembered, since a complaint's row, its transitions and its clocks hold the same few moments.
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = moment.astimezone(UTC)
    return f"{_iso_day(moment)}T{_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}Z"


from_store = datetime.fromisoformat
"""Return the moment, in UTC, that `to_store` wrote. The bare built-in: it runs for every row that is read."""


def _iso_day(moment: datetime) -> str:
    return f"{moment.year:04d}-{_TWO[moment.month]}-{_TWO[moment.day]}"


def _plain(text: str) -> str:
    if len(text) > LONGEST:
        raise NoSuchTime(Phrase(" (too long)"))
    plain = " ".join(normalize("NFKC", text).lower().split())
    if not plain:
        raise NoSuchTime(Phrase(" (empty)"))
    return plain


def _moment(text: str, now: datetime, zone: tzinfo) -> Moment:
    if text in _NOW_WORDS:
        present = now.astimezone(UTC).replace(microsecond=0)
        return Moment(present, present, False)
    match = re.fullmatch(_DAY_AND_TIME, text)
    today = now.astimezone(zone).date()
    if match is None:
        day = _day(text, today)
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        if start == end:
            raise NoSuchTime(Phrase(" (that day was skipped in this time zone)"))
        return Moment(start, end, True)
    if len(match["minute"] or "00") == 1:
        # In a file it is the minute without its nought; typed, perhaps one whose second digit is still to come.
        raise NoSuchTime("")
    hours = read_time(match.groupdict())
    day_text = match["day"] or ""
    day = _day(day_text, today) if day_text else today
    if hours.offset is not None and not re.match("[0-9]{4}", day_text):
        raise NoSuchTime(Phrase(" (an offset needs the full date)"))
    at = moment_at(day, hours, zone)
    if day_text in _WEEKDAYS and at > now:
        at = moment_at(day - 7 * ONE_DAY, hours, zone)
    return Moment(at, at, False)


def _day(text: str, today: date) -> date:
    if text in _DAY_WORDS or text in _WEEKDAYS:
        ago = _DAY_WORDS[text] if text in _DAY_WORDS else (today.weekday() - _WEEKDAYS[text]) % 7
        day = today - ago * ONE_DAY
        _check_month(day.year, day.month)
        return day
    for pattern in _DAYS:
        if match := re.fullmatch(pattern, text):
            parts = match.groupdict()
            return _date(parts.get("year"), parts["month"], parts["day"], today)
    if (match := re.fullmatch(_NAMED_DAY, text)) and (month := _month_named(match[2])):
        return _date(match[3], str(month), match[1], today)
    if re.fullmatch(_YEAR_LAST, text):
        raise NoSuchTime(Phrase(" (the year comes first)"))
    if re.fullmatch(_SHORT_YEAR, text):
        raise NoSuchTime(Phrase(" (a year has four digits)"))
    raise NoSuchTime("")


def _month_named(text: str) -> int:
    number = _SHORT_MONTHS.get(text[:3], 0)
    return number if number and _MONTHS[number - 1].startswith(text) else 0


def _date(year_text: str | None, month_text: str, day_text: str, today: date) -> date:
    month, day = int(month_text), int(day_text)
    year = int(year_text) if year_text else today.year - ((month, day) > (today.month, today.day))
    _check_month(year, month)
    last = last_day(year, month).day
    if month == 2 and day == 29 and last == 28:
        raise NoSuchTime(Phrase(" ({year} has no 29 February)", year=year))
    if not 1 <= day <= last:
        name = Word(_MONTHS[month - 1].capitalize())
        raise NoSuchTime(Phrase(" ({month} {year} has {days} days)", month=name, year=year, days=last))
    return date(year, month, day)


def _check_month(year: int, month: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NoSuchTime(Phrase(" (years run from {first} to {last})", first=FIRST_YEAR, last=LAST_YEAR))
    if not 1 <= month <= 12:
        raise NoSuchTime(Phrase(" (there is no month {month})", month=month))


def _days(text: str, today: date) -> tuple[date, date]:
    if match := re.fullmatch(_MONTH, text):
        year, month = int(match[1]), int(match[2])
        _check_month(year, month)
        return date(year, month, 1), last_day(year, month)
    if match := re.fullmatch(_YEAR, text):
        year = int(match[1])
        _check_month(year, 1)
        return date(year, 1, 1), date(year, 12, 31)
    day = _day(text, today)
    return day, day
