"""Calendars by name: files, with a country or weekends alone and amendments, codes of the holidays package, paths."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from dealtrack.core.calendar import CalendarRules, DayKind, Ruling, days_between
from dealtrack.core.calendar_changes import with_spans
from dealtrack.core.office_hours import hours_on, is_in_year, parse_days_of_year, parse_hours
from dealtrack.core.vocabulary import nearest_words
from dealtrack.errors import BadCalendarFile, UnknownCalendar, suggestion
from dealtrack.phrase import BadValue, Phrase, Word, listed
from dealtrack.sources import countries
from dealtrack.sources.countries import FIRST_DAY, FOLDER, LAST_DAY, Country, CountryDays
from dealtrack.sources.toml_files import DAY, TomlTable, as_path, file_named, kind_name, read_table, shipped_and_own

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FILE_KEYS = (
    "name", "title", "country", "subdivision", "weekend", "timezone", "official", "source", "law", "categories",
    "yearly_off", "include", "region", "amendment", "office_hours",
)  # fmt: skip
AMENDMENT_KEYS = ("name", "off", "worked", "plain", "scope", "notice", "issued")
CLOSED_EACH_YEAR = "Closed each year by law"
PLAIN = Ruling(True, DayKind.WEEKDAY)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A correction of the official calendar: days off, days worked, and days that the weekday rule governs again.

    `issued` is the notice's day of issue as YYYY-MM-DD, empty where it is not known.
    """

    name: str
    off: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()
    plain: tuple[date, ...] = ()
    scope: str = ""
    notice: str = ""
    issued: str = ""

    def rulings(self, weekend: frozenset[int]) -> dict[date, Ruling]:
        """Return what the amendment rules of each of its days; `weekend` is the calendar's own."""
        kinds = (DayKind.WEEKDAY, DayKind.WEEKEND)
        plain = ((day, day.weekday() in weekend) for day in self.plain)
        origin = (self.name, self.notice, self.issued, self.scope)
        return {
            **{day: Ruling(not rest, kinds[rest], *origin) for day, rest in plain},
            **{day: Ruling(False, DayKind.AMENDED_OFF, *origin) for day in self.off},
            **{day: Ruling(True, DayKind.AMENDED_WORKED, *origin) for day in self.worked},
        }


def parse_days(text: str) -> tuple[date, ...]:
    """Return the days of `2014-11-07` or of a span with both ends in, `2014-11-07/2014-11-12`; raises ValueError."""
    first, slash, last = text.strip().partition("/")
    start = _day(first)
    end = _day(last) if slash else start
    if end < start:
        raise BadValue("the span {text!r} ends before it begins", text=text)
    return tuple(days_between(start, end))


def _day(text: str) -> date:
    text = text.strip()
    try:
        if not re.fullmatch(DAY, text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise BadValue("{text!r} is not a date: write 2014-11-07, or a span 2014-11-07/2014-11-12", text=text) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        span = {"first": FIRST_DAY, "last": LAST_DAY}
        raise BadValue("{text} is outside the calendar, which runs from {first} to {last}", text=text, **span)
    return day


def calendar_files(data_folder: Path, user_folder: Path) -> list[Path]:
    """Return the calendar files, the shipped ones first."""
    table = data_folder / FOLDER / countries.TABLE_FILE
    return [file for file in shipped_and_own(FOLDER, data_folder, user_folder) if file != table]


def calendar_from_table(table: TomlTable, name: str, data_folder: Path, user_folder: Path) -> CalendarRules:
    """Return the calendar of a file under the name by which it is found again; raises BadCalendarFile."""
    table.allow(*FILE_KEYS)
    # The name in the file is for its reader; a calendar is found again by that of the file.
    table.text_of("name", name)
    given_weekend = _weekend(table)
    weekend = frozenset({5, 6}) if given_weekend is None else given_weekend
    zone, source, years = table.text_of("timezone", ""), table.text_of("source", ""), countries.read_years(table)
    if zone and not is_timezone(zone):
        table.refuse("unknown time zone {zone!r}; write it as Asia/Shanghai", "timezone", zone=zone)
    rulings: dict[date, Ruling] = {}
    spans: tuple[tuple[date, date], ...] = ()
    parts, law, shipped = table.texts_of("subdivision", ()), table.text_of("law", ""), table
    if code := table.text_of("country", ""):
        # What is shipped for a country does not speak for its parts: each has its own law.
        path = data_folder / FOLDER / f"{code.lower()}.toml"
        shipped = read_table(path, BadCalendarFile) if not any(parts) and path.exists() else table
        country, days = _country_of_file(table, code, [part for part in parts if part], shipped, data_folder)
        zone, source, law = zone or country.timezone, source or country.source, law or country.law
        announcements = countries.read_announcements(code, data_folder)
        spans = tuple((each.first, each.last) for each in announcements)
        if years is None:
            years = countries.official_years(country, days)
        weekend = days.weekend if given_weekend is None else given_weekend
        issued = {day: each.issued for each in announcements if not each.scope for day in each.days}
        rulings = {
            day: ruling._replace(issued=issued.get(day, ""))
            for day, ruling in days.rulings.items()
            if given_weekend is None or _holds_on(day, ruling, given_weekend)
        }
    elif any(parts):
        table.refuse("subdivision needs country", "subdivision")
    elif "categories" in table.values:
        table.refuse("categories needs country", "categories")
    for day in _yearly_off(table if "yearly_off" in table.values else shipped):
        if rulings.get(day, PLAIN).kind is not DayKind.HOLIDAY:
            rulings[day] = Ruling(False, DayKind.AMENDED_OFF, CLOSED_EACH_YEAR, source)
    for amendment in _amendments(table, (table.path,), data_folder, user_folder):
        rulings.update(amendment.rulings(weekend))
    rules = CalendarRules(
        name=name,
        title=table.text_of("title", name),
        timezone=zone,
        first=FIRST_DAY,
        last=LAST_DAY,
        weekend=weekend,
        rulings=rulings,
        official=frozenset(range(FIRST_DAY.year, LAST_DAY.year + 1)) if years is None else years,
        source=source,
        spans=spans,
        law=law,
        region=table.text_of("region", ""),
        office_hours=_office_hours(table) or (),
    )
    return rules._replace(spans=with_spans(rules, _announced(table))) if rules.region else rules


def _announced(table: TomlTable) -> Iterator[tuple[date, date]]:
    """Yield the holidays that the notices of a region announce: of each of its own amendments every day or span off."""
    for entry in table.tables_of("amendment"):
        off = entry.values.get("off", [])
        for item in off if isinstance(off, list) else [off]:
            days = parse_days(str(item))
            yield days[0], days[-1]


def _yearly_off(table: TomlTable) -> Iterator[date]:
    """Yield the days of `yearly_off = ["12-29/01-03"]` in every year, both ends in; one may run into the next year."""
    for text in table.texts_of("yearly_off", ()):
        start, end = _days_of_year(table, "yearly_off", text)
        yield from (day for day in days_between(FIRST_DAY, LAST_DAY) if is_in_year(day, start, end))


def _days_of_year(table: TomlTable, key: str, text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        return parse_days_of_year(text)
    except ValueError:
        table.refuse('{key} cannot be {text!r}; write days as "12-24" or "12-29/01-03"', key, key=key, text=text)


def _office_hours(table: TomlTable) -> list[dict[str, Any]]:
    """Return the office hours of a calendar file as its rules hold them: a list for all year, or tables with days."""
    given = table.values.get("office_hours", [])
    is_plain = not (isinstance(given, list) and any(isinstance(each, dict) for each in given))
    entries = [table] if is_plain and "office_hours" in table.values else table.tables_of("office_hours")
    office_hours: list[dict[str, Any]] = []
    for entry in entries:
        key = "office_hours" if is_plain else "hours"
        if not is_plain:
            entry.allow("days", "hours")
        hours = entry.texts_of(key)
        spans = []
        for text in hours:
            try:
                spans.append(parse_hours(text))
            except ValueError:
                entry.refuse('{key} cannot be {text!r}; write hours as "09:00-12:00"', text or key, key=key, text=text)
        if not spans or any(one[1] > other[0] for one, other in pairwise(spans)):
            entry.refuse("{key} must be hours one after another, such as 09:00-12:00 and 13:00-18:00", key, key=key)
        of_year = {"hours": [text.strip() for text in hours]}
        if not is_plain and "days" in entry.values:
            _days_of_year(entry, "days", days := entry.text_of("days"))
            office_hours.append({"days": days, **of_year})
        else:
            office_hours.append(of_year)
    leap_year = days_between(date(2000, 1, 1), date(2000, 12, 31))
    seasons = [parse_days_of_year(each["days"]) for each in office_hours if "days" in each]
    if len(office_hours) - len(seasons) > 1:
        table.refuse("two tables of office_hours have no days: give days to all but one", "office_hours")
    if twice := next((day for day in leap_year if sum(is_in_year(day, *season) for season in seasons) > 1), None):
        table.refuse("two tables of office_hours have the day {day}", "office_hours", day=f"{twice:%m-%d}")
    if office_hours and (left := next((day for day in leap_year if hours_on(office_hours, day) is None), None)):
        day = f"{left:%m-%d}"
        table.refuse("office_hours leaves out {day}: add a table without days, for the rest", "office_hours", day=day)
    return office_hours


def _holds_on(day: date, ruling: Ruling, weekend: frozenset[int]) -> bool:
    """Tell whether a country's ruling still holds where the file sets a weekend of its own."""
    if ruling.kind is DayKind.MAKE_UP:
        return day.weekday() in weekend
    return ruling.kind is DayKind.HOLIDAY


def _country_of_file(
    table: TomlTable, code: str, subdivisions: list[str], shipped: TomlTable, data_folder: Path
) -> tuple[Country, CountryDays]:
    """Return a country's days; of several subdivisions a holiday in any one is a holiday."""
    if countries.find_country(code) is None:
        near = suggestion(nearest_words(code, countries.supported()))
        text = Phrase("unknown country {code!r};{nearest} use a code such as CN, US or GB", code=code, nearest=near)
        table.refuse(text, "country")
    places = []
    for part in subdivisions or [""]:
        if (place := countries.find_country(code, part)) is None:
            allowed = listed(countries.supported().get(code.upper()) or [Word("none")])
            values = {"code": code.upper(), "part": part, "allowed": allowed}
            table.refuse("{code} has no subdivision {part!r}; allowed: {allowed}", "subdivision", **values)
        places.append(place)
    country = countries.country_entry(places[0][0], places[0][1] if len(places) == 1 else "", data_folder)
    closed = table if "categories" in table.values else shipped
    categories = closed.words_of("categories", countries.categories_of(places[0][0]), countries.PUBLIC)
    sets = [countries.days_of_country(*place, country, categories) for place in places]
    return country, sets[0] if len(sets) == 1 else _union([part for _, part in places], sets)


def _union(parts: list[str], sets: list[CountryDays]) -> CountryDays:
    rulings: dict[date, Ruling] = {}
    for day in sorted({day for days in sets for day in days.rulings}):
        by_part = [(part, days.rulings.get(day)) for part, days in zip(parts, sets, strict=True)]
        rests = [(part, ruling) for part, ruling in by_part if ruling is not None and not ruling.worked]
        if not rests:
            rulings[day] = next(ruling for _, ruling in by_part if ruling is not None)
            continue
        names: dict[str, list[str]] = {}
        for part, ruling in rests:
            names.setdefault(ruling.name, []).append(part)
        everywhere = len(rests) == len(parts) and len(names) == 1
        name = "; ".join(text if everywhere else f"{text} ({', '.join(where)})" for text, where in names.items())
        first = rests[0][1]
        country = first.source.rpartition("-")[0]
        source = f"{country}-{'/'.join(part for part, _ in rests)}"
        rulings[day] = Ruling(False, first.kind, name, source)
    return CountryDays(
        frozenset.intersection(*(days.weekend for days in sets)),
        rulings,
        max(days.first_year for days in sets),
        frozenset().union(*(days.estimated for days in sets)),
        frozenset.intersection(*(days.substituted for days in sets)),
    )


def _weekend(table: TomlTable) -> frozenset[int] | None:
    if "weekend" not in table.values:
        return None
    days = frozenset(WEEKDAYS.index(word) for word in table.words_of("weekend", WEEKDAYS))
    if len(days) == len(WEEKDAYS):
        table.refuse("weekend leaves no working day in the week", "weekend")
    return days


def is_timezone(name: str) -> bool:
    """Tell whether there is a time zone of this name."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _amendments(table: TomlTable, above: tuple[Path, ...], data_folder: Path, user_folder: Path) -> list[Amendment]:
    """Return the amendments of the calendar files named by `include`, and of those that they include, then its own."""
    amendments: list[Amendment] = []
    for name in table.texts_of("include", ()):
        path = file_named(name, calendar_files(data_folder, user_folder))
        if path is None:
            names = listed(calendar_names(data_folder, user_folder))
            table.refuse(
                "there is no calendar file {name!r} to include; allowed: {names}", name, name=name, names=names
            )
        if path in above:
            table.refuse("the calendar includes itself through {name!r}", name, name=name)
        other = read_table(path, BadCalendarFile)
        amendments += _amendments(other, (*above, path), data_folder, user_folder)
    key_of: dict[date, str] = {}
    for entry in table.tables_of("amendment"):
        entry.allow(*AMENDMENT_KEYS)
        days = {key: _days(entry, key) for key in ("off", "worked", "plain")}
        if not any(days.values()):
            entry.refuse("the amendment changes no day; give it off, worked or plain")
        for key, values in days.items():
            for day in values:
                if (one := key_of.setdefault(day, key)) != key:
                    entry.refuse(
                        "{day} is both {one} and {other}", key, day=countries.day_text(day), one=one, other=key
                    )
        name, scope, notice = entry.text_of("name"), entry.text_of("scope", ""), entry.text_of("notice", "")
        issued = _days(entry, "issued")
        if len(issued) > 1:
            entry.refuse("issued must be one day", "issued")
        amendments.append(Amendment(name, **days, scope=scope, notice=notice, issued="".join(map(str, issued))))
    return amendments


def _days(entry: TomlTable, key: str) -> tuple[date, ...]:
    value = entry.values.get(key, [])
    days: list[date] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, date) and not isinstance(item, datetime):
            item = item.isoformat()
        if not isinstance(item, str):
            entry.refuse("{key} must be dates as text, not {kind}", key, key=key, kind=kind_name(type(item)))
        try:
            days += parse_days(item)
        except ValueError as error:
            entry.refuse(str(error), item if item and item in entry.text[entry.begins or 0 :] else key)
    return tuple(days)


COUNTRY_CODE = re.compile(r"([A-Za-z]{2})(?:-(.+))?")


def load_calendar(name: str, data_folder: Path, user_folder: Path) -> CalendarRules:
    """Return the calendar of this name, from 1970-01-01 to 2100-12-31, both included.

    A name is looked for among the shipped files, then among the user's own, then among the country codes of
    the holidays package, all whatever their case; a name with a slash or ending in .toml is a path.
    Raises UnknownCalendar or BadCalendarFile.
    """
    path = as_path(name)
    file = path or file_named(name, calendar_files(data_folder, user_folder))
    if file is not None:
        table = read_table(file, BadCalendarFile)
        return calendar_from_table(table, str(path) if path else file.stem, data_folder, user_folder)
    parsed = COUNTRY_CODE.fullmatch(name)
    country = countries.find_country(parsed[1], parsed[2] or "") if parsed else None
    if country is None:
        near = suggestion(nearest_words(name, _candidates(name, data_folder, user_folder)))
        raise UnknownCalendar(name=name, nearest=near)
    # As a file that names the country alone, each spelt as the holidays package spells it.
    code, part = country
    title = countries.country_entry(code, part, data_folder).title or code
    spelt, title = (f"{code}-{part}", f"{title}, {part}") if part else (code, title)
    values = {"country": code, "subdivision": part, "title": title}
    table = TomlTable(values, "", None, Path(spelt), BadCalendarFile)
    rules = calendar_from_table(table, spelt, data_folder, user_folder)
    return rules._replace(source=rules.source or f"holidays {spelt}")


def calendar_names(data_folder: Path, user_folder: Path) -> list[str]:
    """Return the names of the shipped calendars and the user's own; country codes are named by `country_names`."""
    return sorted({file.stem for file in calendar_files(data_folder, user_folder)})


def country_names() -> list[str]:
    """Return the country codes of the holidays package, each followed by those of its subdivisions."""
    return [
        code
        for country, parts in countries.supported().items()
        for code in (country, *(f"{country}-{p}" for p in parts))
    ]


def differs_by_subdivision(name: str) -> list[str]:
    """Return the subdivisions whose holidays differ from those of a bare country code, none for any other name."""
    country = countries.find_country(name) if COUNTRY_CODE.fullmatch(name) and "-" not in name else None
    return countries.differing_subdivisions(country[0]) if country else []


def _candidates(name: str, data_folder: Path, user_folder: Path) -> list[str]:
    """Return the names that may have been meant: of a known country with a wrong subdivision, its own alone."""
    country, dash, _ = name.upper().partition("-")
    codes = country_names()
    parts = [code for code in codes if dash and code.startswith(f"{country}-")]
    return [*calendar_names(data_folder, user_folder), *(parts or codes)]
