"""The dates of other people's files: the forms they are written in, and the moments they mean."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import NamedTuple

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, Moment
from dealtrack.phrase import Phrase, Word, both, either

AUTO = "auto"
ISO = "iso"
EXCEL_1900, EXCEL_1904 = "excel-1900", "excel-1904"
"""The numbers by which spreadsheets keep dates: days since 1899-12-30, or on old Macintoshes since 1904-01-01."""

_CACHE_SIZE = 100_000
_SHOWN = 60
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Reading(NamedTuple):
    """A date as it is written, local where it has no offset; `guessed` where day and month may be swapped."""

    when: datetime
    day_only: bool
    guessed: bool = False


Form = Callable[[str], Reading | None]
"""Reads one way of writing dates: None where the text is not written so, ValueError where it is no real date."""

_TIME = (
    r"(?:(?:\s*[T,]\s*|\s+|(?<=日))(?P<before>上午|下午|[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<hour>\d{1,2})[:：时點点](?:(?P<minute>\d{1,2})(?:[:：分](?:(?P<second>\d{1,2})(?:[.,]\d+)?秒?)?)?)?"
    r"\s*(?P<after>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>[Zz]|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?" + _TIME)
_MONTH_FIRST = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})" + _TIME)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")

_SERIAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,20})?")
_SERIAL_STARTS = {EXCEL_1900: datetime(1899, 12, 30), EXCEL_1904: datetime(1904, 1, 1)}  # noqa: DTZ001  # local dates
_FALSE_LEAP_DAY = 60

_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short>\d{2})",
    "m": r"(?P<month>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
    "b": r"(?P<name>[A-Za-z]{3,9})\.?",
    "B": r"(?P<name>[A-Za-z]{3,9})",
    "H": r"(?P<hour>\d{1,2})",
    "I": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
    "f": r"\d{1,9}",
    "p": r"(?P<after>[AaPp]\.?[Mm]\.?)",
    "z": r"(?P<offset>[Zz]|[+-]\d{2}:?\d{2})",
    "%": "%",
}


def compile_form(form: str) -> Form:
    """Return the reader of a date form: a name, as `auto`, or directives, as `%d/%m/%Y %H:%M`; raises ValueError."""
    if form == AUTO:
        return _read_auto
    if form == ISO:
        return _read_iso
    if form in _SERIAL_STARTS:
        return partial(_read_serial, _SERIAL_STARTS[form], form)
    pattern, seen = "", set()
    parts = iter(re.split(r"%(.?)", form, flags=re.DOTALL))
    pattern += _literal(next(parts))
    for directive in parts:
        if directive not in _DIRECTIVES:
            raise ValueError(Phrase("unknown directive %{directive}", directive=directive))
        if directive in seen and directive != "%":
            raise ValueError(Phrase("%{directive} stands there twice", directive=directive))
        seen.add(directive)
        pattern += _DIRECTIVES[directive] + _literal(next(parts))
    for needed, what in (
        ({"Y", "y"}, Word("year, %Y")),
        ({"m", "b", "B"}, Word("month, %m")),
        ({"d"}, Word("day, %d")),
    ):
        if not seen & needed:
            raise ValueError(Phrase("it has no {what}", what=what))
    for pair in ({"Y", "y"}, {"H", "I"}, {"b", "B"}, {"m", "b"}, {"m", "B"}):
        if pair <= seen:
            raise ValueError(Phrase("it has both {names}", names=both("%" + letter for letter in sorted(pair))))
    if "I" in seen and "p" not in seen:
        raise ValueError(Phrase("%I needs %p"))
    return partial(_read_pattern, re.compile(pattern), not seen & {"H", "I"})


def _literal(text: str) -> str:
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))


def _read_pattern(pattern: re.Pattern[str], day_only: bool, text: str) -> Reading | None:
    found = pattern.fullmatch(text)
    return Reading(_build(found.groupdict()), day_only) if found else None


def _read_iso(text: str) -> Reading | None:
    if _ISO.match(text):
        try:
            return Reading(datetime.fromisoformat(text), len(text) == 10)
        except ValueError:
            pass
    return None


def _read_serial(start: datetime, form: str, text: str) -> Reading | None:
    """Read the number of a spreadsheet's date: whole days alone, a part of a day to the second."""
    if not _SERIAL.fullmatch(text):
        return None
    days = int(text.partition(".")[0])
    if form == EXCEL_1900 and days <= _FALSE_LEAP_DAY:
        # Excel counts 29 February 1900, which never was: only from March 1900 on do its days and the calendar's agree.
        raise ValueError(Phrase("is no date: Excel's days before March 1900 are not those of the calendar"))
    seconds = round(float("0." + text.partition(".")[2]) * 86_400) if "." in text else 0
    try:
        return Reading(start + timedelta(days=days, seconds=seconds), seconds % 86_400 == 0)
    except OverflowError:
        raise ValueError(Phrase("is no day of the calendar")) from None


def _read_auto(text: str) -> Reading | None:
    reading = _read_iso(text)
    if reading is not None:
        return reading
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return Reading(_build(found.groupdict()), found["hour"] is None)
    found = _MONTH_FIRST.fullmatch(text)
    if found:
        month, day = int(found["month"]), int(found["day"])
        if month > 12 >= day:
            raise ValueError(Phrase("has no such month; if the day stands first, say --date-format %d/%m/%Y"))
        return Reading(_build(found.groupdict()), found["hour"] is None, month != day <= 12)
    return None


def _build(parts: dict[str, str | None]) -> datetime:
    """Return the date that the named parts make; raises ValueError with what is impossible about it."""
    year = int(parts.get("year") or _full_year(int(parts.get("short") or 0)))
    month = int(parts.get("month") or 0) or _month_number(parts.get("name") or "")
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("before") or parts.get("after") or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(Phrase("has no such hour"))
        hour = hour % 12 + (12 if half in ("pm", "下午") else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(Phrase("has no such time of day"))
    try:
        when = datetime(year, month, int(parts["day"] or 0), hour, minute, second)  # noqa: DTZ001  # local until its zone is known
    except ValueError:
        raise ValueError(Phrase("is no day of the calendar")) from None
    offset = parts.get("offset")
    return datetime.fromisoformat(when.isoformat() + offset.upper()) if offset else when


def _full_year(short: int) -> int:
    return short + (2000 if short < 69 else 1900)


def _month_number(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


class DateReader:
    """Reads the dates of one file and remembers those it has read, as days repeat.

    A moment without an offset is local to `zone`; a day alone is a day of `day_zone`, the register's. A day
    in `sentinels` means none. With `midnight_is_day` a moment at 00:00:00 means the day alone.
    """

    def __init__(
        self,
        forms: Iterable[str],
        zone: tzinfo,
        day_zone: tzinfo,
        sentinels: frozenset[date] = frozenset(),
        midnight_is_day: bool = False,
    ) -> None:
        self.forms = tuple(forms)
        self.guessed: str | None = None
        self._forms = tuple(map(compile_form, self.forms))
        self._zone = zone
        self._day_zone = day_zone
        self._sentinels = sentinels
        self._midnight_is_day = midnight_is_day
        self._known: dict[str, Moment | None] = {}
        self._offsets: dict[date, timedelta | None] = {}
        # For texts like 2016-11-11 13:30, which mean the sum of the two: a million have some thousand days and
        # minutes, and adding takes a fifth of the time of reading.
        self._midnights: dict[str, datetime] = {}
        self._hours: dict[str, timedelta] = {}

    def read(self, text: str) -> Moment | None:
        """Return the moment a text means, None for a sentinel; raises ValueError with the reason, after the text."""
        midnight, hours = self._midnights.get(text[:10]), self._hours.get(text[10:])
        if midnight is not None and hours is not None:
            exact = midnight + hours
            return Moment(exact, exact, False)
        known = self._known
        if text in known:
            return known[text]
        stated = self._read(text)
        if len(known) >= _CACHE_SIZE:
            known.clear()
        known[text] = stated
        return stated

    def _learn(self, text: str, when: datetime) -> None:
        """Remember the halves of a text that was read as a moment of a day on which the offset does not change."""
        offset = self._offsets[when.date()]
        if offset is not None and self.forms == (AUTO,) and _ISO_MINUTE.fullmatch(text):
            if len(self._midnights) >= _CACHE_SIZE:
                self._midnights.clear()
            midnight = when.replace(hour=0, minute=0)
            self._midnights[text[:10]] = (midnight - offset).replace(tzinfo=UTC)
            self._hours[text[10:]] = when - midnight

    def _read(self, text: str) -> Moment | None:
        when, day_only, guessed = self._match(text)
        if self._sentinels and when.date() in self._sentinels:
            return None
        if not FIRST_YEAR <= when.year <= LAST_YEAR:
            raise ValueError(Phrase("lies outside the calendar, {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR))
        if guessed and self.guessed is None:
            self.guessed = text
        if when.tzinfo is not None:
            exact = when.astimezone(UTC).replace(microsecond=0)
            return Moment(exact, exact, False)
        if day_only or (self._midnight_is_day and when.time() == time.min):
            day = when.date()
            return Moment(day_start(day, self._day_zone), day_start(day + timedelta(days=1), self._day_zone), True)
        exact = self._to_utc(when.replace(microsecond=0) if when.microsecond else when)
        if not self._midnight_is_day:
            self._learn(text, when)
        return Moment(exact, exact, False)

    def _match(self, text: str) -> Reading:
        reason = ""
        for form in self._forms:
            try:
                reading = form(text)
            except ValueError as error:
                reason = reason or str(error)
            else:
                if reading is not None:
                    return reading
        if not reason:
            wanted = (
                Phrase("no date in a form known here")
                if AUTO in self.forms
                else Phrase("no date as {names}", names=either(self.forms))
            )
            reason = Phrase("is {wanted}; --date-format says how dates are written, as %d/%m/%Y", wanted=wanted)
        raise ValueError(reason)

    def _to_utc(self, when: datetime) -> datetime:
        """Return a local moment in UTC: the first of two where clocks went back; ValueError where they skipped it."""
        day = when.date()
        if day not in self._offsets:
            first, last = (datetime.combine(day, at, self._zone) for at in (time.min, time.max))
            steady = first.utcoffset() == last.utcoffset() == last.replace(fold=1).utcoffset()
            self._offsets[day] = first.utcoffset() if steady else None
        offset = self._offsets[day]
        if offset is not None:
            return (when - offset).replace(tzinfo=UTC)
        exact = when.replace(tzinfo=self._zone).astimezone(UTC)
        if exact.astimezone(self._zone).replace(tzinfo=None) != when:
            raise ValueError(Phrase("never was: the clocks went forward over it"))
        return exact


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first second of a local day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def shown(text: str) -> str:
    """Return a value as messages quote it, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
