"""Official notices of a year's holidays, as files: the yearly JSON that public projects keep, and CSV."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from dealtrack.core.calendar_changes import Notice, day_in
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.core.vocabulary import longest
from dealtrack.errors import BadNoticeFile
from dealtrack.phrase import BadValue

OFF_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "1", "yes", "off"), True),
    **dict.fromkeys(("false", "0", "no", "worked"), False),
    "plain": None,
}
DATE_COLUMNS = ("date", "day")
NAME_COLUMNS = ("name", "holiday")
OFF_COLUMNS = ("isoffday", "off")
SIZE_LIMIT = 5_000_000


def read_notice(path: Path, years: Iterable[int] = ()) -> Notice:
    """Return a notice read from JSON (`year`, `days` of `date`, `name`, `isOffDay`) or CSV with such columns.

    Of a day to which the weekday rule applies again, CSV says plain. A CSV file does not say of which years it is
    the whole word: `years` does. Raises BadNoticeFile.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise BadNoticeFile.because("it is too large for a calendar", path)
        text = path.read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("{"):
            return _from_json(text, frozenset(years))
        rows = list(csv.DictReader(text.splitlines()))
        days = _days(({key.strip().lower(): value for key, value in row.items() if key} for row in rows), 2)
    except OSError as error:
        raise BadNoticeFile(path=path, reason=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise BadNoticeFile.because("it is not UTF-8 text", path) from None
    except ValueError as error:
        raise BadNoticeFile(path=path, reason=str(error)) from None
    return Notice(days, frozenset(years))


def _from_json(text: str, whole: frozenset[int]) -> Notice:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadValue("it is not JSON: {error}", error=error) from None
    items = data.get("days") if isinstance(data, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadValue("it has no list of days with date, name and isOffDay")
    year = data.get("year")
    if year is not None and (not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR):
        raise BadValue("{year!r} is not a year from {first} to {last}", year=year, first=FIRST_YEAR, last=LAST_YEAR)
    papers = ", ".join(str(paper) for paper in data.get("papers") or ())
    issued = day_in(str(data.get("issued") or papers))
    days = _days(({str(key).lower(): value for key, value in item.items()} for item in items), 1)
    return Notice(days, whole | ({year} if year is not None else set()), papers, issued)


def _days(items: Iterable[Mapping[str, Any]], start: int) -> dict[date, tuple[bool | None, str]]:
    days: dict[date, tuple[bool | None, str]] = {}
    for place, item in enumerate(items, start):
        where = f"entry {place}"
        text = _first(item, DATE_COLUMNS)
        try:
            day = date.fromisoformat(str(text))
        except ValueError:
            raise BadValue("{where}: {text!r} is not a date such as 2027-01-01", where=where, text=text) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            span = {"first": FIRST_YEAR, "last": LAST_YEAR}
            raise BadValue("{where}: {day} is not from {first} to {last}", where=where, day=day, **span)
        word = str(_first(item, OFF_COLUMNS)).strip().lower()
        if word not in OFF_WORDS:
            raise BadValue(
                "{where}: it does not say whether {day} is off (isOffDay: true or false)", where=where, day=day
            )
        off = OFF_WORDS[word]
        if days.get(day, (off,))[0] != off:
            raise BadValue("{where}: {day} is both off and worked", where=where, day=day)
        days[day] = (off, str(_first(item, NAME_COLUMNS) or "").strip()[: longest("holiday")])
    if not days:
        raise BadValue("it sets no day")
    return days


def _first(item: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)
