"""The holidays package: the public holidays, weekends and make-up days of a country, as rulings.

This is the one module that knows the package, and it imports it only where it uses it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from dealtrack.core.calendar import WEEKDAY_NAMES, DayKind, Ruling, days_between
from dealtrack.core.moments import ONE_DAY

if TYPE_CHECKING:
    from holidays import HolidayBase

# English for every country, so that names never depend on the locale of the machine.
LANGUAGE = "en_US"
SUBSTITUTED = re.compile(r"^.*\(substituted from (\d\d)/(\d\d)/(\d{4})\)$")
OBSERVED = " (observed)"
ESTIMATED = "(estimated)"
HALF_DAY = re.compile(r"\((?:from \d+ ?[ap]m|afternoon|half[ -]day)\)", re.IGNORECASE)
PUBLIC = ("public",)
COMPARED_YEARS = range(2022, 2028)


@dataclass(frozen=True, slots=True)
class CountryDays:
    """What the package knows of a country or subdivision: its weekend, and the days ruled otherwise.

    `weekend` is the one that holds at the end of the calendar; earlier ones are among the rulings.
    `estimated` are the years in which the package itself calls a holiday estimated, `substituted` those for which
    it knows days that are off in place of others, as only a notice says.
    """

    weekend: frozenset[int]
    rulings: Mapping[date, Ruling]
    first_year: int
    estimated: frozenset[int]
    substituted: frozenset[int] = frozenset()


def release() -> str:
    """Return the version of the package."""
    from importlib.metadata import version

    return version("holidays")


def categories_of(country: str) -> list[str]:
    """Return the categories of holidays that the package knows of a country, as it spells it."""
    import holidays

    return sorted(getattr(holidays, country).supported_categories)


def countries() -> dict[str, list[str]]:
    """Return the country codes that the package knows, each with its subdivisions."""
    import holidays

    return {code: list(parts) for code, parts in holidays.list_supported_countries(include_aliases=False).items()}


def find_country(code: str, subdivision: str = "") -> tuple[str, str] | None:
    """Return a country code and subdivision as the package spells them, whatever their case; None when unknown."""
    import holidays

    # With its aliases the package also knows Niederbayern for a part of DE-BY.
    subdivisions = holidays.list_supported_countries()
    country = code.upper()
    if len(country) != 2 or country not in subdivisions:
        return None
    if not subdivision:
        return country, ""
    part = {name.casefold(): name for name in subdivisions[country]}.get(subdivision.casefold())
    return (country, part) if part else None


def differing_subdivisions(country: str) -> list[str]:
    """Return the subdivisions whose holidays or weekend differ from those of the bare country in recent years."""
    plain = _look_up(country, "", COMPARED_YEARS)
    parts = countries().get(country, [])
    return [part for part in parts if _rest_days_of(_look_up(country, part, COMPARED_YEARS)) != _rest_days_of(plain)]


def country_days(
    country: str,
    subdivision: str,
    first: date,
    last: date,
    names: Mapping[str, str] | None = None,
    categories: Sequence[str] = PUBLIC,
) -> CountryDays:
    """Return what the package says of each day from `first` to `last`, both included.

    `names` gives shorter names for festivals, `categories` the package's categories whose days are off; a half day is
    worked. The years before and after are loaded as well: a make-up day in December belongs to the next year's notice.
    """
    entity = _look_up(country, subdivision, range(first.year - 1, last.year + 2), categories)
    spelt = f"{country}-{subdivision}" if subdivision else country
    source = f"holidays {spelt}"
    # A day is no half one where something that it is off for does not begin in the afternoon.
    festivals = {day: name for day, name in entity.items() if not all(map(HALF_DAY.search, name.split("; ")))}
    for long, short in (names or {}).items():
        festivals = {day: name.replace(long, short) for day, name in festivals.items()}
    days = days_between(first, last)
    rests = {day for day in days if entity.is_weekend(day)}
    weekend = frozenset(day.weekday() for day in days[-7:] if day in rests)
    made_up = {day for day in entity.weekend_workdays if day in rests}
    rulings: dict[date, Ruling] = {}
    for day in days:
        if (day.weekday() in weekend) != (day in rests):
            kind = DayKind.WEEKEND if day in rests else DayKind.WEEKDAY
            rulings[day] = Ruling(day not in rests, kind, "", source)
    for day in festivals:
        if first <= day <= last and day not in made_up:
            rulings[day] = Ruling(False, DayKind.HOLIDAY, _off_name(day, festivals, rests, made_up), source)
    substituted = frozenset(day.year for day, name in festivals.items() if _substitute_of(name))
    off_for = {substitute: day for day, name in festivals.items() if (substitute := _substitute_of(name))}
    for day in made_up:
        name = ""
        if off := off_for.get(day):
            festival = _festival_of_run(off, festivals, rests, made_up)
            name = f"{day_text(off)} ({festival})" if festival else day_text(off)
        rulings[day] = Ruling(True, DayKind.MAKE_UP, name, source)
    estimated = frozenset(day.year for day, name in entity.items() if ESTIMATED in name)
    return CountryDays(weekend, rulings, entity.start_year, estimated, substituted)


def day_text(day: date) -> str:
    """Return a day with its weekday, as in Thu 2016-10-06."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day.isoformat()}"


def _look_up(country: str, subdivision: str, years: Iterable[int], categories: Sequence[str] = PUBLIC) -> "HolidayBase":
    import warnings

    import holidays

    with warnings.catch_warnings():
        # The package warns of years that it has no holidays for: those are provisional here.
        warnings.simplefilter("ignore")
        return holidays.country_holidays(
            country, subdiv=subdivision or None, years=years, language=LANGUAGE, expand=False, categories=categories
        )


def _rest_days_of(entity: "HolidayBase") -> tuple[set[date], set[date], list[bool]]:
    week = [entity.is_weekend(date(COMPARED_YEARS[-1], 1, 4) + timedelta(days=index)) for index in range(7)]
    return set(entity), set(entity.weekend_workdays), week


def _substitute_of(name: str) -> date | None:
    match = SUBSTITUTED.match(name)
    if not match:
        return None
    month, day, year = map(int, match.groups())
    return date(year, month, day)


def _off_name(day: date, festivals: Mapping[date, str], rests: set[date], made_up: set[date]) -> str:
    name = festivals[day]
    substitute = _substitute_of(name)
    if substitute is None:
        return name
    how = f"made up on {day_text(substitute)}" if substitute in made_up else f"moved from {day_text(substitute)}"
    festival = _festival_of_run(day, festivals, rests, made_up)
    return f"{festival} (day off, {how})" if festival else f"Day off, {how}"


def _festival_of_run(day: date, festivals: Mapping[date, str], rests: set[date], made_up: set[date]) -> str:
    """Return the festival nearest to a day within the unbroken run of rest days around it."""

    def nearest(step: timedelta) -> tuple[int, str] | None:
        at, distance = day, 0
        while at not in made_up and (at in rests or at in festivals):
            name = festivals.get(at, "")
            if name and _substitute_of(name) is None:
                return distance, name.removesuffix(OBSERVED)
            at, distance = at + step, distance + 1
        return None

    sides = [side for side in (nearest(-ONE_DAY), nearest(ONE_DAY)) if side]
    return min(sides, key=lambda side: side[0])[1] if sides else ""
