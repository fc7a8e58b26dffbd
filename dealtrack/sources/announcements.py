"""Holidays as notices announce them: the spans of a country's tables in data/calendars, and when each was issued."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dealtrack.core.calendar import Ruling, days_between
from dealtrack.errors import BadCalendarFile

FOLDER = "calendars"
COLUMNS = ("first", "last", "worked", "holiday", "words", "scope", "notice", "issued")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A holiday that a notice announces, from `first` to `last`, both included, and the days worked in its stead.

    `issued` is the notice's day of issue as YYYY-MM-DD, empty where it is not known; `scope` is empty for the whole
    country.
    """

    first: date
    last: date
    worked: tuple[date, ...]
    scope: str
    issued: str

    @property
    def days(self) -> list[date]:
        """Return all days that the notice names for this holiday, worked ones among them."""
        return [*days_between(self.first, self.last), *self.worked]


def read_announcements(country: str, data_folder: Path) -> list[Announcement]:
    """Return the announced holidays of a country, none where no table of it is shipped; raises BadCalendarFile."""
    path = data_folder / FOLDER / f"{country.lower()}-spans.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise BadCalendarFile.because("its columns must be {names}", path, names=", ".join(COLUMNS))
        return [_announcement(path, rows.line_num, row) for row in rows]


def _announcement(path: Path, line: int, row: Mapping[str, str]) -> Announcement:
    try:
        first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
        worked = tuple(map(date.fromisoformat, row["worked"].split()))
        issued = row["issued"] and date.fromisoformat(row["issued"]).isoformat()
        if last < first:
            raise ValueError
    except ValueError:
        raise BadCalendarFile.because(
            "line {line} has an invalid date; write it as 2027-01-01", path, line=line
        ) from None
    return Announcement(first, last, worked, row["scope"], issued)


def spans_of(announcements: Iterable[Announcement]) -> tuple[tuple[date, date], ...]:
    """Return the first and last day of each announced holiday.

    One that holds in a part of the country alone has no effect elsewhere, where none of its days is a holiday.
    """
    return tuple((each.first, each.last) for each in announcements)


def with_issue(rulings: Mapping[date, Ruling], announcements: Iterable[Announcement]) -> dict[date, Ruling]:
    """Return a country's rulings with the day on which the notice of each was issued, where it is known."""
    issued = {day: each.issued for each in announcements if not each.scope for day in each.days}
    return {day: ruling._replace(issued=issued.get(day, "")) for day, ruling in rulings.items()}
