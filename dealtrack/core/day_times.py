"""Moments, days, times of day and spans as people write them, by hand and in files: one reader for both."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from unicodedata import normalize

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY, Moment, day_start, last_day
from dealtrack.core.text import shortened
from dealtrack.errors import BadDay, BadMoment, BadSpan
from dealtrack.phrase import Phrase, Word

LONGEST = 60


class NoSuchTime(Exception):
    """Why a text means no moment, as a phrase in brackets; empty where there is nothing more to say."""


class TimeOfDay(NamedTuple):
    """A time of day; hour 24 is the first of the next day, as in 24:00. Its offset from UTC may be given."""

    hour: int
    minute: int = 0
    second: int = 0
    offset: tzinfo | None = None


_NIGHT = ("半夜", "夜里", "深夜", "午夜")
_HALVES = {
    "am": range(12),
    "pm": range(12, 24),
    "凌晨": range(12),
    "清晨": range(12),
    "早晨": range(13),
    "早上": range(13),
    "上午": range(13),
    "中午": range(10, 15),
    "下午": range(12, 24),
    "傍晚": range(15, 21),
    "晚上": range(17, 25),
    "晚间": range(17, 25),
    **dict.fromkeys(_NIGHT, range(0)),
}
"""The hours that a word may mean. Where the hour beside it fits two of them, or none, nobody knows which is meant.

`上午12` may be noon or midnight, and a night belongs to two days.
"""

HALF = r"[ap]\.?m\.?|" + "|".join(word for word in _HALVES if not word.isascii())
OFFSET = r"z|utc|gmt|[+-][0-9]{2}(?::?[0-9]{2})?"

_AFTER_DAY = "[ t,午上晨里夜间日号]"
TIME = (
    rf"(?:(?P<before>{HALF}) ?)?(?P<hour>[0-9]{{1,2}})"
    r"(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,][0-9]{1,9})?)?"
    rf"|(?:(?<={_AFTER_DAY}[0-9])|(?<={_AFTER_DAY}[0-9][0-9]))"
    r"\.(?P<dot_minute>[0-9]{2})(?:\.(?P<dot_second>[0-9]{2}))?"
    r"| ?[点點时時] ?(?:(?P<han_minute>[0-9]{1,2})(?: ?分 ?(?:(?P<han_second>[0-9]{1,2}) ?秒?)?)?"
    r"|(?P<half_past>半)|整)?"
    r"|(?= ?[ap]\.?m))"
    rf"(?: ?(?P<after>[ap]\.?m\.?))?(?: ?(?P<offset>{OFFSET}))?"
)
"""What a time of day looks like in a text of small letters and single spaces.

With dots, as 10.30, it is one only behind a day: alone it may be the tenth of something.
"""


def read_time(parts: Mapping[str, str | None]) -> TimeOfDay:
    """Return the time of day of the groups of TIME, all of them optional; raises NoSuchTime.

    `day_offset` is one that stands behind a day without an hour.
    """
    get = parts.get
    before, after = get("before"), get("after")
    if before and after:
        raise NoSuchTime(Phrase(" (it names two halves of the day)"))
    minute = 30 if get("half_past") else int(get("minute") or get("dot_minute") or get("han_minute") or 0)
    second = int(get("second") or get("dot_second") or get("han_second") or 0)
    return time_of_day(
        int(get("hour") or 0), minute, second, before or after or "", get("offset") or get("day_offset") or ""
    )


def time_of_day(hour: int, minute: int, second: int, half: str = "", offset: str = "") -> TimeOfDay:
    """Return a time of day by its numbers, the word of its half of the day and its offset; raises NoSuchTime."""
    if half:
        hour = _hour(half, hour)
    elif hour > 24 or (hour == 24 and (minute or second)):
        raise NoSuchTime(Phrase(" (a day ends at 24:00)"))
    if minute > 59 or second > 59:
        raise NoSuchTime(Phrase(" (minutes and seconds end at 59)"))
    return TimeOfDay(hour, minute, second, _offset(offset) if offset else None)


def moment_at(day: date, at: TimeOfDay, zone: tzinfo) -> datetime:
    """Return a time of a day in UTC, local to a time zone unless it has an offset; raises NoSuchTime.

    Of a time that occurs twice, as clocks go back, it is the first occurrence.
    """
    zone = at.offset or zone
    if at.hour == 24:
        day, at = day + ONE_DAY, at._replace(hour=0)
        if not (at.minute or at.second):
            return day_start(day, zone)
    local = datetime(day.year, day.month, day.day, at.hour, at.minute, at.second, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(Phrase(" (the clocks went forward past that time)"))
    return moment


def _hour(half: str, hour: int) -> int:
    word = half.lower().replace(".", "")
    hours = _HALVES[word]
    if word.isascii() and not 1 <= hour <= 12:
        possible: tuple[int, ...] = ()
    elif hour == 12:
        possible = (0, 12, 24)
    else:
        possible = (hour,) if hour in hours else (hour + 12,)
    meant = [each for each in possible if each in hours]
    if len(meant) != 1:
        raise NoSuchTime(Phrase(" ({half} {hour} is ambiguous: give 0 to 24)", half=half, hour=hour))
    return meant[0]


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].removeprefix(":") or 0)
    if hours > 14 or minutes > 59:
        raise NoSuchTime(Phrase(" (no time zone has that offset)"))
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


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


def weekday_of(text: str) -> int | None:
    """Return the number of the weekday that a text names, 0 for Monday, also 五 for 星期五; None for any other text."""
    return _WEEKDAYS.get(text, _WEEKDAYS.get(f"周{text}"))


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


def parse_span(text: str) -> int | timedelta:
    """Return the working days that a text means, as 1wd, or the duration: 4h, 90m, 1h30m or 2d (24 hours each).

    Raises BadSpan.
    """
    plain = " ".join(normalize("NFKC", text[:LONGEST]).lower().split()) if len(text) <= LONGEST else ""
    if both := re.fullmatch(_HOURS_AND_MINUTES, plain):
        return timedelta(hours=int(both[1]), minutes=int(both[2]))
    match = re.fullmatch(_SPAN, plain)
    if match is None:
        raise BadSpan(text=shortened(text, LONGEST))
    number, unit = int(match[1]), str(match.lastgroup)
    return number if unit == "working_days" else timedelta(**{unit: number})


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
