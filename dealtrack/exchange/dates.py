"""The dates of other people's files: the forms they are written in, and the moments they mean."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import NamedTuple
from unicodedata import normalize

from dealtrack.core.day_times import HALF, OFFSET, ONE_DAY, TIME, NoSuchTime, day_start, read_time
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, Moment
from dealtrack.exchange.day_orders import DAY, DayOrder, form_in
from dealtrack.exchange.unread_dates import advice
from dealtrack.phrase import Phrase, Word, both, either

AUTO = "auto"
ISO = "iso"
EXCEL_1900, EXCEL_1904 = "excel-1900", "excel-1904"
"""The numbers by which spreadsheets keep dates: days since 1899-12-30, or on old Macintoshes since 1904-01-01."""
EPOCH_S, EPOCH_MS = "epoch-s", "epoch-ms"
"""Numbers of seconds, or milliseconds, since 1970 began in UTC."""
ROC = "roc"
"""Years of the Republic of China, of which the first is 1912: 105/11/01, 民國105年11月1日, 1051101."""
NAMED_FORMS = (AUTO, EPOCH_MS, EPOCH_S, EXCEL_1900, EXCEL_1904, ROC)

_CACHE_SIZE = 100_000
_SHOWN = 60
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Reading(NamedTuple):
    """A date as it is written, local where it has no offset.

    `fits_both` tells of a date whose form a file may not mean whether day and month could be swapped: None where the
    question does not arise. `is_24` where 24:00 of the day before is written for its first second.
    """

    when: datetime
    day_only: bool
    fits_both: bool | None = None
    is_24: bool = False


Form = Callable[[str], Reading | None]
"""Reads one way of writing dates: None where the text is not written so, ValueError where it is no real date."""

# datetime.fromisoformat takes any sign between day and time, weeks, and fractions of hours: 10.30 would be 10:18. So it
# gets only what these let through; Python 3.11 to 3.13 read that alike.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?)?"
)
_ISO_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")
_TAIL = rf"(?:(?: ?[t,] ?| |(?<=日)){TIME}| ?(?P<day_offset>z|[+-][0-9]{{2}}:[0-9]{{2}}))?"
_YEAR_FIRST = re.compile(
    r"(?P<year>[0-9]{4}) ?[-/.年] ?(?P<month>[0-9]{1,2}) ?[-/.月] ?(?P<day>[0-9]{1,2})(?: ?日)?" + _TAIL
)
_MONTH_FIRST = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})" + _TAIL)
_ROC = re.compile(
    r"(?:(?:中華)?民[國国] ?)?"
    r"(?:(?P<roc>[0-9]{2,3}) ?[-/.年] ?(?P<month>[0-9]{1,2}) ?[-/.月] ?(?P<day>[0-9]{1,2})(?: ?日)?"
    r"|(?P<roc7>[0-9]{3})(?P<month7>[0-9]{2})(?P<day7>[0-9]{2}))" + _TAIL
)
_ROC_BEGAN = 1911

_SERIAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,20})?")
_SERIAL_STARTS = {EXCEL_1900: datetime(1899, 12, 30), EXCEL_1904: datetime(1904, 1, 1)}  # noqa: DTZ001  # local dates
_FALSE_LEAP_DAY = 60
_EPOCHS = {EPOCH_S: (1, re.compile(r"([0-9]{1,11})(?:\.[0-9]{1,9})?")), EPOCH_MS: (1000, re.compile(r"([0-9]{1,14})"))}
_1970 = datetime(1970, 1, 1, tzinfo=UTC)

_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short>\d{2})",
    "m": r"(?P<month>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
    "b": r"(?P<name>[A-Za-z]{3,9})\.?",
    "B": r"(?P<name>[A-Za-z]{3,9})",
    "a": r"[^\W\d_]{1,9}\.?",
    "H": r"(?P<hour>\d{1,2})",
    "I": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})",
    "S": r"(?P<second>\d{1,2})",
    "f": r"\d{1,9}",
    "p": rf"(?P<after>(?i:{HALF}))",
    "z": rf"(?P<offset>(?i:{OFFSET}))",
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
    if form in _EPOCHS:
        return partial(_read_epoch, *_EPOCHS[form])
    if form == ROC:
        return _read_roc
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
    is_swappable = {"m", "d"} <= seen and not form.startswith("%Y")
    return partial(_read_pattern, re.compile(pattern), not seen & {"H", "I"}, is_swappable)


def _literal(text: str) -> str:
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))


def _read_pattern(pattern: re.Pattern[str], day_only: bool, is_swappable: bool, text: str) -> Reading | None:
    found = pattern.fullmatch(text)
    return _build(found.groupdict(), day_only, is_swappable) if found else None


def _fits_both(short_year: int | None, month: int, day: int) -> bool | None:
    if short_year is not None:
        # With two digits in front, they may be those of a day.
        return 1 <= short_year <= 31
    return None if month == day else day <= 12


def _read_iso(text: str) -> Reading | None:
    if _ISO.fullmatch(text):
        try:
            return Reading(datetime.fromisoformat(text), len(text) == 10)
        except ValueError:
            pass
    return None


def _read_epoch(parts: int, pattern: re.Pattern[str], text: str) -> Reading | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    try:
        return Reading(_1970 + timedelta(seconds=int(found[1]) // parts), False)
    except OverflowError:
        raise ValueError(Phrase("is no day of the calendar")) from None


def _read_roc(text: str) -> Reading | None:
    found = _ROC.fullmatch(_plain(text))
    if found is None:
        return None
    parts = found.groupdict()
    for name in ("month", "day"):
        parts[name] = parts[name] or parts[name + "7"]
    parts["year"] = str(_ROC_BEGAN + int(parts["roc"] or parts["roc7"] or 0))
    return _build(parts, found["hour"] is None)


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
    plain = _plain(text)
    found = _YEAR_FIRST.fullmatch(plain)
    if found:
        return _build(found.groupdict(), found["hour"] is None)
    found = _MONTH_FIRST.fullmatch(plain)
    if found:
        if int(found["month"]) > 12 >= int(found["day"]):
            raise ValueError(
                Phrase("has no such month; if the day stands first, say --date-format {form}", form=form_in(text, DAY))
            )
        return _build(found.groupdict(), found["hour"] is None, is_swappable=True)
    return None


def _plain(text: str) -> str:
    return " ".join(normalize("NFKC", text).lower().split())


def _build(parts: Mapping[str, str | None], day_only: bool, is_swappable: bool = False) -> Reading:
    """Return the date that the named parts make; raises ValueError with what is impossible about it."""
    get = parts.get
    short = get("short")
    year = _full_year(int(short)) if short else int(get("year") or 0)
    month, day = int(get("month") or 0) or _month_number(get("name") or ""), int(get("day") or 0)
    try:
        hour, minute, second, offset = read_time(parts)
    except NoSuchTime as error:
        raise ValueError(Phrase("is not a moment{reason}", reason=error)) from None
    try:
        when = datetime(year, month, day, hour % 24, minute, second, tzinfo=offset)
        if hour == 24:
            when += ONE_DAY
    except (ValueError, OverflowError):
        raise ValueError(Phrase("is no day of the calendar")) from None
    fits_both = None
    if is_swappable:
        fits_both = _fits_both(int(short) if short and next(iter(parts)) == "short" else None, month, day)
    return Reading(when, day_only, fits_both, hour == 24)


def _full_year(short: int) -> int:
    return short + (2000 if short < 69 else 1900)


def _month_number(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


class DateReader:
    """Reads the dates of one file and remembers those it has read, as days repeat.

    A moment without an offset is local to `zone`, and so is a day alone; where the register has another zone,
    `register_zone`, the day begins with the first second that is of that day in both. A day in `sentinels` means
    none. With `midnight_is_day` a moment at 00:00:00 means the day alone. `guessed_order` tells that the order of day
    and month in the forms is a guess, as it always is in `auto`; `order` is what the dates say of it.
    """

    def __init__(
        self,
        forms: Iterable[str],
        zone: tzinfo,
        register_zone: tzinfo,
        sentinels: frozenset[date] = frozenset(),
        midnight_is_day: bool = False,
        guessed_order: bool = False,
    ) -> None:
        self.forms = tuple(forms)
        self.order = DayOrder()
        self._forms = tuple((form, compile_form(form), guessed_order or form == AUTO) for form in self.forms)
        # A workbook's dates proper are handed on as ISO writes them.
        self._is_workbook = ISO in self.forms
        self._guesses = guessed_order or AUTO in self.forms
        self._zone = zone
        self._register_zone = register_zone
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
        when, day_only, _, is_24 = self._match(text)
        if self._sentinels and when.date() in self._sentinels:
            return None
        if not FIRST_YEAR <= when.year <= LAST_YEAR:
            raise ValueError(Phrase("lies outside the calendar, {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR))
        if day_only or (self._midnight_is_day and when.tzinfo is None and when.time() == time.min and not is_24):
            return self._day(when)
        if when.tzinfo is not None:
            exact = when.astimezone(UTC).replace(microsecond=0)
        elif is_24 and when.time() == time.min:
            exact = day_start(when.date(), self._zone)
        else:
            exact = self._to_utc(when.replace(microsecond=0) if when.microsecond else when)
            if not self._midnight_is_day and not is_24:
                self._learn(text, when)
        return Moment(exact, exact, False)

    def _day(self, when: datetime) -> Moment:
        """Return a day alone. It may bear an offset, as dates of XML do, where that is the zone's own."""
        day, zone = when.date(), self._zone
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        if start == end:
            raise ValueError(Phrase("is not a moment{reason}", reason=Phrase(" (that day was skipped there)")))
        offsets = {at.astimezone(zone).utcoffset() for at in (start, end)}
        if when.tzinfo is not None and when.utcoffset() not in offsets:
            raise ValueError(
                Phrase("is a day of another time zone than that of the file, {zone}, and has no hour", zone=zone)
            )
        own = day_start(day, self._register_zone)
        return Moment(own if start < own < end else start, end, True)

    def _match(self, text: str) -> Reading:
        reason = ""
        for name, form, is_guessed in self._forms:
            try:
                reading = form(text)
            except ValueError as error:
                reason = reason or str(error)
            else:
                if reading is not None:
                    if self._is_workbook:
                        self.order.see_cell(text, name == ISO)
                    if is_guessed and reading.fits_both is not None:
                        self.order.see(text, name, reading.fits_both)
                    return reading
        if self._guesses:
            self.order.see_unread(text)
        if self._is_workbook:
            self.order.see_cell(text, False)
        if not reason:
            reason = Phrase(
                "is {fault}; {advice}",
                fault=Phrase("no date in a form known here")
                if AUTO in self.forms
                else Phrase("no date as {names}", names=either(self.forms)),
                advice=advice(text),
            )
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


def shown(text: str) -> str:
    """Return a value as messages quote it, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
