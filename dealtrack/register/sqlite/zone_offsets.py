"""The offsets of the register's time zone as rows, so that its views can show local times."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dealtrack.core.day_times import ONE_DAY
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, to_store

ALWAYS = "0001-01-01T00:00:00Z"
ONE_SECOND = timedelta(seconds=1)


def write_offsets(connection: sqlite3.Connection, timezone: str) -> None:
    """Write a row for each change of a time zone's offset from UTC, in seconds, from 1970 to 2100."""
    connection.executemany("INSERT INTO zone_offset VALUES (?, ?)", offsets(timezone))


@cache
def offsets(timezone: str) -> list[tuple[str, int]]:
    """Return the moments, in UTC as they are stored, from which a zone has an offset, and that offset in seconds."""
    return list(_changes(ZoneInfo(timezone)))


def _changes(zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    moment, last = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    offset = _seconds(zone, moment)
    yield ALWAYS, offset
    while moment < last:
        # No zone has changed its offset twice within a day.
        following = moment + ONE_DAY
        if _seconds(zone, following) != offset:
            before, after = moment, following
            while after - before > ONE_SECOND:
                middle = before + (after - before) // 2
                middle = middle.replace(microsecond=0)
                before, after = (middle, after) if _seconds(zone, middle) == offset else (before, middle)
            offset = _seconds(zone, following)
            yield to_store(after), offset
        moment = following


def _seconds(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
