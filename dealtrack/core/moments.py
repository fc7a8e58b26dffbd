"""Moments and days: as the register keeps them, as they are shown, and where they lie in a time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""The years that a register can hold, both included."""

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)

HOUR_UNKNOWN = "hour_unknown"
"""The word by which the detail of a transition says whether its moment stands for a day whose hour nobody wrote down.

It is there where the moment alone would leave that open: `looks_hourless`.
"""

# Moments are written by the million, and these tables make that twice as fast as isoformat.
_TWO = tuple(f"{number:02d}" for number in range(60))
_offsets: dict[timedelta | None, str] = {}


class Moment(NamedTuple):
    """What was typed, or a file says, for a moment, in UTC.

    A day alone (`day_only`) runs from its first second, `start`, to the first second of the next day, `end`,
    exclusive. For a moment proper both are that moment.
    """

    start: datetime
    end: datetime
    day_only: bool


def show_moment(moment: datetime, zone: tzinfo) -> str:
    """Return a moment in a time zone as 2016-11-11 21:30, with its seconds only where they are not zero."""
    local = moment.astimezone(zone)
    text = f"{local.date().isoformat()} {_TWO[local.hour]}:{_TWO[local.minute]}"
    return f"{text}:{_TWO[local.second]}" if local.second else text


def show_due(due: datetime, zone: tzinfo, provisional: bool = False, timed: bool = False) -> str:
    """Return a deadline in a time zone: its day where it is the day's last second, else with its hour.

    A question mark follows a provisional one. Of a clock of hours, `timed`, the hour always stands.
    """
    local = due.astimezone(zone)
    is_last_second = not timed and local.hour == 23 and local.minute == 59 and local.second == 59
    text = local.date().isoformat() if is_last_second else show_moment(local, zone)
    return text + "?" if provisional else text


def iso_local(moment: datetime, zone: tzinfo) -> str:
    """Return a moment in a time zone as 2016-11-11T21:30:00+08:00."""
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    suffix = _offsets.get(offset)
    if suffix is None:
        suffix = _offsets[offset] = local.isoformat(timespec="seconds")[19:]
    return f"{local.date().isoformat()}T{_TWO[local.hour]}:{_TWO[local.minute]}:{_TWO[local.second]}{suffix}"


@lru_cache(64)
def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the day on which a moment falls in a time zone."""
    # Remembered, since each clock of a complaint asks for its few moments' days; more would only fill the caches.
    return moment.astimezone(zone).date()


@lru_cache(512)
def to_store(moment: datetime) -> str:
    """Return a moment as the register keeps it, in UTC to the second: 2016-11-11T13:30:00Z."""
    # Remembered, since the rows, transitions and clocks of the complaints that are written together hold the same few
    # moments; a cache of thousands takes longer than writing them.
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = moment.astimezone(UTC)
    return f"{moment.date().isoformat()}T{_TWO[moment.hour]}:{_TWO[moment.minute]}:{_TWO[moment.second]}Z"


from_store = datetime.fromisoformat
"""Return the moment, in UTC, that `to_store` wrote. The bare built-in: it runs for every row that is read."""


def is_stored(text: str) -> bool:
    """Tell whether a text is a moment as `to_store` writes it, of a year that the register can hold."""
    try:
        moment = from_store(text)
        return FIRST_YEAR <= moment.year <= LAST_YEAR and to_store(moment) == text
    except ValueError:
        return False


def in_calendar(moment: datetime) -> bool:
    """Tell whether a register can hold a moment, in UTC."""
    # In UTC the first and last days of the calendar may begin and end in the years beside it.
    return FIRST_YEAR - 1 <= moment.year <= LAST_YEAR + 1


def last_day(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - ONE_DAY


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first second of a local day, in UTC."""
    # Where clocks go forward at midnight this is the moment they do, as the day has no earlier one.
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def looks_hourless(at: datetime, previous: datetime | None, zone: tzinfo) -> bool:
    """Tell whether a moment is what a day alone is stored as: its first second, or the moment of what came before."""
    return at == previous or at == day_start(local_day(at, zone), zone)


ALWAYS = "0001-01-01T00:00:00Z"
"""A moment before all others, as it is stored."""


@cache
def offsets(timezone: str) -> list[tuple[str, int]]:
    """Return the moments, in UTC as they are stored, from which a zone has an offset, and that offset in seconds."""
    return list(_changes(ZoneInfo(timezone)))


def _changes(zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    noon, last = datetime(FIRST_YEAR, 1, 1, 12, tzinfo=zone), datetime(LAST_YEAR, 12, 31, 12, tzinfo=zone)
    offset = noon.utcoffset()
    yield ALWAYS, _seconds(offset)
    while noon < last:
        # No zone has changed its offset twice within two days. A noon that clocks leap over has the offset before it.
        following = noon + ONE_DAY
        if following.utcoffset() != offset:
            before, after = (noon - ONE_DAY).astimezone(UTC), following.astimezone(UTC)
            while after - before > ONE_SECOND:
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                is_before = middle.astimezone(zone).utcoffset() == offset
                before, after = (middle, after) if is_before else (before, middle)
            offset = following.utcoffset()
            yield to_store(after), _seconds(offset)
        noon = following


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None
    return int(offset.total_seconds())
