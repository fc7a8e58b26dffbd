"""What is shipped of countries: time zone, published years, and the holidays that notices announced."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from dealtrack.core.calendar import Ruling, days_between
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.errors import BadCalendarFile
from dealtrack.sources.holidays_package import CountryDays, country_days, release
from dealtrack.sources.toml_files import TomlTable, read_table

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
        announcements = []
        for row in rows:
            try:
                first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
                worked = tuple(map(date.fromisoformat, row["worked"].split()))
                issued = row["issued"] and date.fromisoformat(row["issued"]).isoformat()
                if last < first:
                    raise ValueError
            except ValueError:
                line = rows.line_num
                raise BadCalendarFile.because(
                    "line {line} has an invalid date; write it as 2027-01-01", path, line=line
                ) from None
            announcements.append(Announcement(first, last, worked, row["scope"], issued))
        return announcements


def spans_of(announcements: Iterable[Announcement]) -> tuple[tuple[date, date], ...]:
    """Return the first and last day of each announced holiday.

    One that holds in a part of the country alone has no effect elsewhere, where none of its days is a holiday.
    """
    return tuple((each.first, each.last) for each in announcements)


def with_issue(rulings: Mapping[date, Ruling], announcements: Iterable[Announcement]) -> dict[date, Ruling]:
    """Return a country's rulings with the day on which the notice of each was issued, where it is known."""
    issued = {day: each.issued for each in announcements if not each.scope for day in each.days}
    return {day: ruling._replace(issued=issued.get(day, "")) for day, ruling in rulings.items()}


FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
FOLDER = "calendars"
TABLE_FILE = "countries.toml"
COUNTRY_KEYS = ("title", "timezone", "timezones", "official", "source", "law", "published_by_substituted_days", "names")
UNLISTED_UNTIL = 2026
"""The last year taken as published for a country that the table does not list."""


@dataclass(frozen=True, slots=True)
class Country:
    """What the table of countries says of a country: title, time zone, and the years officially published.

    `law` is cited for the day of the start not being counted. With `published_by_substituted_days` a year counts as
    published once the package knows days that are off in place of others, as only a notice says.
    """

    title: str = ""
    timezone: str = ""
    official: frozenset[int] | None = None
    source: str = ""
    law: str = ""
    published_by_substituted_days: bool = False
    names: tuple[tuple[str, str], ...] = ()


def country_entry(code: str, subdivision: str, data_folder: Path) -> Country:
    """Return what the shipped table of countries says of a country; one that it does not list has its defaults."""
    table = read_table(data_folder / FOLDER / TABLE_FILE, BadCalendarFile)
    if code not in table.values:
        return Country()
    entry = replace(table, values=table.get(code, dict), begins=max(table.text.find(f"[{code}]"), 0))
    entry.allow(*COUNTRY_KEYS)
    zones = entry.get("timezones", dict)
    zone = entry.text_of("timezone", "")
    if subdivision and zones is not None:
        zone = zones.get(subdivision, "")
    return Country(
        title=entry.text_of("title", ""),
        timezone=zone,
        official=read_years(entry),
        source=entry.text_of("source", ""),
        law=entry.text_of("law", ""),
        published_by_substituted_days=entry.get("published_by_substituted_days", bool, False),
        names=tuple(entry.get("names", dict, {}).items()),
    )


def official_years(country: Country, days: CountryDays) -> frozenset[int]:
    """Return the years that count as published: those of the table, else up to the package's present year."""
    years = country.official
    if years is None:
        years = frozenset(range(max(days.first_year, FIRST_DAY.year), UNLISTED_UNTIL + 1))
    return (years | _published_by_package(country, days)) - days.estimated


def _published_by_package(country: Country, days: CountryDays) -> frozenset[int]:
    """Return the years beyond the table's whose notice the package's release holds."""
    if not country.published_by_substituted_days or country.official is None:
        return frozenset()
    return days.substituted - country.official


def days_of_country(code: str, subdivision: str, country: Country, categories: Sequence[str]) -> CountryDays:
    """Return what the package says of a country's days; those of a year that its release publishes name the release."""
    days = country_days(code, subdivision, FIRST_DAY, LAST_DAY, dict(country.names), categories)
    published = _published_by_package(country, days)
    if not published:
        return days
    source = f"holidays {release()} {code}"
    rulings = {
        day: ruling._replace(source=source) if day.year in published else ruling for day, ruling in days.rulings.items()
    }
    return replace(days, rulings=rulings)


def read_years(table: TomlTable) -> frozenset[int] | None:
    """Return the years of `official = "2001/2026"`, or of a list of years and spans; None where it is not there."""
    if "official" not in table.values:
        return None
    years: set[int] = set()
    for text in table.texts_of("official"):
        first, slash, last = text.partition("/")
        last = last if slash else first
        if not (re.fullmatch(r"\d{4}", first) and re.fullmatch(r"\d{4}", last)) or last < first:
            table.refuse('official cannot be {text!r}; write years as "2001/2026"', "official", text=text)
        years.update(range(int(first), int(last) + 1))
    return frozenset(year for year in years if FIRST_DAY.year <= year <= LAST_DAY.year)
