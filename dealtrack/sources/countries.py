"""The shipped table of countries: the time zone of each, and the years whose holidays are officially published."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dealtrack.core.calendar import CalendarRules
from dealtrack.errors import BadCalendarFile, DealtrackError
from dealtrack.phrase import Phrase
from dealtrack.sources.holidays_package import CountryDays, country_days
from dealtrack.sources.toml_files import Table, read_table

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2100, 12, 31)
SUFFIX = ".toml"
FOLDER = "calendars"
TABLE_NAME = "countries"
COUNTRY_KEYS = ("title", "timezone", "timezones", "official", "source", "names")
UNLISTED_UNTIL = 2026
"""The last year taken as published for a country that the table does not list."""


@dataclass(frozen=True, slots=True)
class CalendarRefusal:
    """Makes the error of one calendar file."""

    path: Path

    def __call__(self, reason: str) -> DealtrackError:
        """Return the error for a reason."""
        return BadCalendarFile(path=self.path, reason=reason)


@dataclass(frozen=True, slots=True)
class Country:
    """What the table of countries says of a country: title, time zone, and the years officially published."""

    title: str = ""
    timezone: str = ""
    official: frozenset[int] | None = None
    source: str = ""
    names: tuple[tuple[str, str], ...] = ()


def country_entry(code: str, subdivision: str, data_folder: Path) -> Country:
    """Return what the shipped table of countries says of a country; one that it does not list has its defaults."""
    path = data_folder / FOLDER / (TABLE_NAME + SUFFIX)
    table = read_table(path, CalendarRefusal(path))
    if code not in table.values:
        return Country()
    entry = Table(table.get(code, dict), table.text, max(table.text.find(f"[{code}]"), 0), table.refusal)
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
        names=tuple(entry.get("names", dict, {}).items()),
    )


def official_years(country: Country, days: CountryDays) -> frozenset[int]:
    """Return the years that count as published: those of the table, else up to the package's present year."""
    years = country.official
    if years is None:
        years = frozenset(range(max(days.first_year, FIRST_DAY.year), UNLISTED_UNTIL + 1))
    return years - days.estimated


def read_years(table: Table) -> frozenset[int] | None:
    """Return the years of `official = "2001/2026"`, or of a list of years and spans; None where it is not there."""
    if "official" not in table.values:
        return None
    years: set[int] = set()
    for text in table.texts_of("official"):
        first, slash, last = text.partition("/")
        last = last if slash else first
        if not (re.fullmatch(r"\d{4}", first) and re.fullmatch(r"\d{4}", last)) or last < first:
            table.refuse(Phrase('official cannot be {text!r}; write years as "2001/2026"', text=text), "official")
        years.update(range(int(first), int(last) + 1))
    return frozenset(year for year in years if FIRST_DAY.year <= year <= LAST_DAY.year)


def calendar_of_country(code: str, subdivision: str, data_folder: Path) -> CalendarRules:
    """Return the calendar of a country or subdivision, each spelt as the holidays package spells it."""
    country = country_entry(code, subdivision, data_folder)
    days = country_days(code, subdivision, FIRST_DAY, LAST_DAY, dict(country.names))
    spelt = f"{code}-{subdivision}" if subdivision else code
    title = f"{country.title or code}, {subdivision}" if subdivision else country.title or code
    return CalendarRules(
        name=spelt,
        title=title,
        timezone=country.timezone,
        first=FIRST_DAY,
        last=LAST_DAY,
        weekend=days.weekend,
        rulings=days.rulings,
        official=official_years(country, days),
        source=country.source or f"holidays {spelt}",
    )
