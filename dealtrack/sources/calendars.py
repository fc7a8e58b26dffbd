"""Calendars by name: files in data/calendars and the user's own, country codes of the holidays package, paths."""

import re
from pathlib import Path

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.matching import nearest_words
from dealtrack.errors import UnknownCalendar, suggestion
from dealtrack.sources.calendar_files import calendar_files, calendar_from_file, files_by_name
from dealtrack.sources.countries import calendar_of_country
from dealtrack.sources.holidays_package import countries, differing_subdivisions, find_country
from dealtrack.sources.toml_files import as_path

COUNTRY_CODE = re.compile(r"([A-Za-z]{2})(?:-(.+))?")


def load_calendar(name: str, data_folder: Path, user_folder: Path) -> CalendarRules:
    """Return the calendar of this name, from 1970-01-01 to 2100-12-31, both included.

    A name is looked for among the shipped files, then among the user's own, then among the country codes of
    the holidays package, all whatever their case; a name with a slash or ending in .toml is a path.
    Raises UnknownCalendar or BadCalendarFile.
    """
    path = as_path(name)
    if path is not None:
        return calendar_from_file(path, str(path), data_folder, user_folder)
    file = files_by_name(data_folder, user_folder).get(name.casefold())
    if file is not None:
        return calendar_from_file(file, file.stem, data_folder, user_folder)
    parsed = COUNTRY_CODE.fullmatch(name)
    country = find_country(parsed[1], parsed[2] or "") if parsed else None
    if country is None:
        near = suggestion(nearest_words(name, _candidates(name, data_folder, user_folder)))
        raise UnknownCalendar(name=name, nearest=near)
    return calendar_of_country(*country, data_folder)


def calendar_names(data_folder: Path, user_folder: Path) -> list[str]:
    """Return the names of the shipped calendars and the user's own; country codes are named by `country_names`."""
    return sorted({file.stem for file in calendar_files(data_folder, user_folder)})


def country_names() -> list[str]:
    """Return the country codes of the holidays package, each followed by those of its subdivisions."""
    return [code for country, parts in countries().items() for code in (country, *(f"{country}-{p}" for p in parts))]


def differs_by_subdivision(name: str) -> list[str]:
    """Return the subdivisions whose holidays differ from those of a bare country code, none for any other name."""
    country = find_country(name) if COUNTRY_CODE.fullmatch(name) and "-" not in name else None
    return differing_subdivisions(country[0]) if country else []


def _candidates(name: str, data_folder: Path, user_folder: Path) -> list[str]:
    """Return the names that may have been meant: of a known country with a wrong subdivision, its own alone."""
    country, dash, _ = name.upper().partition("-")
    codes = country_names()
    parts = [code for code in codes if dash and code.startswith(f"{country}-")]
    return [*calendar_names(data_folder, user_folder), *(parts or codes)]
