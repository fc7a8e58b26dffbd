"""The time of day as people write it, by hand and in files: one reader for both."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from dealtrack.phrase import Phrase

ONE_DAY = timedelta(days=1)


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


def last_day(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - ONE_DAY


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first second of a local day, in UTC."""
    # Where clocks go forward at midnight this is the moment they do, as the day has no earlier one.
    return datetime.combine(day, time(0), zone).astimezone(UTC)


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
