"""The forms in which dates of other people's files are written, and the possible orders of day, month and year."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from unicodedata import normalize

from dealtrack.core.day_times import HALF, OFFSET, TIME, NoSuchTime, read_time
from dealtrack.core.moments import ONE_DAY
from dealtrack.phrase import BadValue, Word, both

DAY, MONTH, YEAR = "day", "month", "year"
NAMES = {DAY: Word("day first"), MONTH: Word("month first"), YEAR: Word("year first")}

_NUMBERS = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})((?:[\sT,].*)?)")
_TIME = re.compile(
    rf"(?P<gap>\s{{0,3}}[T,]?\s{{0,3}})(?:(?P<before>{HALF})(?P<space>\s{{0,3}}))?"
    r"[0-9]{1,2}(?P<sign>[:.])[0-9]{1,2}(?P<second>(?P=sign)[0-9]{1,2}(?P<part>[.,])?(?(part)[0-9]{1,9}))?"
    rf"(?:(?P<gap_after>\s{{0,3}})(?P<after>[ap]\.?m\.?))?(?:(?P<gap_offset>\s{{0,3}})(?:{OFFSET}))?",
    re.IGNORECASE,
)


class DateReading(NamedTuple):
    """One reading of a date of numbers: the order, the strptime form for it, and the day."""

    order: str
    form: str
    day: date


def readings(text: str) -> Iterator[DateReading]:
    """Yield each way to read a date of numbers, e.g. 03/04/2016; none where a year of four digits stands first."""
    match = _NUMBERS.fullmatch(text.strip())
    end = _time_form(match[5]) if match else None
    if match is None or end is None:
        return
    first, sign, second, last = match[1], match[2], match[3], match[4]
    year = "%Y" if len(last) == 4 else "%y"
    if day := _day(last, second, first):
        yield DateReading(DAY, f"%d{sign}%m{sign}{year}{end}", day)
    if day := _day(last, first, second):
        yield DateReading(MONTH, f"%m{sign}%d{sign}{year}{end}", day)
    if len(first) == len(last) == 2 and (day := _day(first, second, last)):
        yield DateReading(YEAR, f"%y{sign}%m{sign}%d{end}", day)


def separator_in(text: str) -> str:
    """Return the separator of a date of numbers that `readings` may read, empty where it is none."""
    match = _NUMBERS.fullmatch(text.strip())
    return match[2] if match else ""


def form_in(text: str, order: str) -> str:
    """Return the form that reads a date of numbers in an order, empty where that order makes no date of it."""
    return next((each.form for each in readings(text) if each.order == order), "")


def only_order(text: str) -> str | None:
    """Return the one order in which a date of numbers is a day, None where several orders give a day, or none.

    That the year may stand first with two digits counts only where nothing else does.
    """
    orders = [each.order for each in readings(text)]
    if len(orders) > 1:
        orders = [order for order in orders if order != YEAR]
    return orders[0] if len(orders) == 1 else None


def order_of(form: str) -> str:
    """Return the order in which a form of directives has day, month and year."""
    places = {order: form.find(sign) for order, sign in ((DAY, "%d"), (MONTH, "%m"), (YEAR, "%y"))}
    return min((order for order, place in places.items() if place >= 0), key=places.__getitem__, default=MONTH)


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) if len(year) == 4 else full_year(int(year)), int(month), int(day))
    except ValueError:
        return None


def full_year(short: int) -> int:
    """Return the year that two digits stand for: 1969 to 2068."""
    return short + (2000 if short < 69 else 1900)


def _time_form(text: str) -> str | None:
    """Return the directives that read what follows a day; None where no time of day does."""
    if not text:
        return ""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour = "%I" if match["before"] or match["after"] else "%H"
    form = match["gap"] + (f"%p{match['space']}" if match["before"] else "") + f"{hour}{match['sign']}%M"
    if match["second"]:
        form += f"{match['sign']}%S" + (f"{match['part']}%f" if match["part"] else "")
    form += f"{match['gap_after']}%p" if match["after"] else ""
    return form + (f"{match['gap_offset']}%z" if match["gap_offset"] is not None else "")


@dataclass(slots=True)
class DayOrder:
    """What the dates of a file say of the order of day and month, where their form is a guess.

    `example` is the first date that was read by that form and that another order reads too; `read_in` is the order in
    which it was read. `certain` has, for each order, the first date that only this order can read. Of a workbook,
    `real` is the first cell with a real date whose day and month could be swapped, and `text` the first date written
    as text that only one order can read.
    """

    example: str | None = None
    read_in: str = MONTH
    certain: dict[str, str] = field(default_factory=dict)
    real: str = ""
    text: str = ""
    _is_sound: bool = False

    def see_cell(self, text: str, is_real: bool) -> None:
        """Take note of a cell of a workbook: a real date, written as ISO does, or a text."""
        if is_real:
            month, day = int(text[5:7]), int(text[8:10])
            self._is_sound |= day > 12
            if day <= 12 and day != month:
                self.real = self.real or text[:10]
        elif only_order(text):
            self.text = self.text or text
        else:
            # A program that changes such dates would have changed this one.
            self._is_sound |= any(True for _ in readings(text))

    @property
    def may_be_swapped(self) -> bool:
        """Tell whether the workbook may have taken days for months, and left as texts the dates that do not fit."""
        return bool(self.real and self.text) and not self._is_sound

    def see(self, text: str, form: str, fits_both: bool) -> None:
        """Take note of a date that was read by a form."""
        if not fits_both:
            self.certain.setdefault(order_of(form), text)
        elif self.example is None:
            self.example, self.read_in = text, order_of(form)

    def see_unread(self, text: str) -> None:
        """Take note of a date that no form reads."""
        if order := only_order(text):
            self.certain.setdefault(order, text)

    @property
    def guessed(self) -> str | None:
        """Return the first date that may mean another day than was read, None where other dates settle the order."""
        return None if self.certain.keys() == {self.read_in} else self.example

    @property
    def against(self) -> str | None:
        """Return a date that speaks for another order than that of the example, None where there is none."""
        return next((text for order, text in self.certain.items() if order != self.read_in), None)

    def otherwise(self) -> tuple[str, str]:
        """Return the other order that the example may have, and the form that reads it so."""
        others = [each for each in readings(self.example or "") if each.order != self.read_in]
        fitting = [each for each in others if each.order in self.certain] or others
        return (fitting[0].order, fitting[0].form) if fitting else (DAY, "%d/%m/%Y")


AUTO = "auto"
ISO = "iso"
EXCEL_1900, EXCEL_1904 = "excel-1900", "excel-1904"
"""The numbers by which spreadsheets keep dates: days since 1899-12-30, or on old Macintoshes since 1904-01-01."""
EPOCH_S, EPOCH_MS = "epoch-s", "epoch-ms"
"""Numbers of seconds, or milliseconds, since 1970 began in UTC."""
ROC = "roc"
"""Years of the Republic of China, of which the first is 1912: 105/11/01, 民國105年11月1日, 1051101."""

_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


class WrittenDate(NamedTuple):
    """A date as it is written, local where it has no offset.

    `fits_both` tells whether it is a date too with day and month swapped; None where its form leaves no such doubt.
    `is_24` tells that its first second was written as 24:00 of the day before.
    """

    when: datetime
    day_only: bool
    fits_both: bool | None = None
    is_24: bool = False


Form = Callable[[str], WrittenDate | None]
"""Reads one way of writing dates: None where the text is not written so, ValueError where it is no real date."""

# datetime.fromisoformat takes any sign between day and time, weeks, and fractions of hours: 10.30 would be 10:18. So it
# gets only what these let through; Python 3.11 to 3.13 read that alike.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?)?"
)
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
_FALSE_LEAP_DAY = 60
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
    """Return the reader of a date form: a name, e.g. `auto`, or directives, e.g. `%d/%m/%Y`; raises ValueError."""
    if form in _READERS:
        return _READERS[form]
    seen = set()
    parts = iter(re.split(r"%(.?)", form, flags=re.DOTALL))
    pattern = _literal(next(parts))
    for directive in parts:
        if directive not in _DIRECTIVES:
            raise BadValue("unknown directive %{directive}", directive=directive)
        if directive in seen and directive != "%":
            raise BadValue("%{directive} occurs twice", directive=directive)
        seen.add(directive)
        pattern += _DIRECTIVES[directive] + _literal(next(parts))
    for needed, what in (
        ({"Y", "y"}, Word("year, %Y")),
        ({"m", "b", "B"}, Word("month, %m")),
        ({"d"}, Word("day, %d")),
    ):
        if not seen & needed:
            raise BadValue("it has no {what}", what=what)
    for pair in ({"Y", "y"}, {"H", "I"}, {"b", "B"}, {"m", "b"}, {"m", "B"}):
        if pair <= seen:
            raise BadValue("it has both {names}", names=both("%" + letter for letter in sorted(pair)))
    if "I" in seen and "p" not in seen:
        raise BadValue("%I needs %p")
    is_swappable = {"m", "d"} <= seen and not form.startswith("%Y")
    return partial(_read_pattern, re.compile(pattern), not seen & {"H", "I"}, is_swappable)


def _literal(text: str) -> str:
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))


def _read_pattern(pattern: re.Pattern[str], day_only: bool, is_swappable: bool, text: str) -> WrittenDate | None:
    match = pattern.fullmatch(text)
    return _build(match.groupdict(), day_only, is_swappable) if match else None


def _read_iso(text: str) -> WrittenDate | None:
    if _ISO.fullmatch(text):
        try:
            return WrittenDate(datetime.fromisoformat(text), len(text) == 10)
        except ValueError:
            pass
    return None


def _read_epoch(parts: int, pattern: re.Pattern[str], text: str) -> WrittenDate | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    try:
        return WrittenDate(_1970 + timedelta(seconds=int(match[1]) // parts), False)
    except OverflowError:
        raise BadValue("does not exist in the calendar") from None


def _read_roc(text: str) -> WrittenDate | None:
    match = _ROC.fullmatch(plain_text(text))
    if match is None:
        return None
    parts = match.groupdict()
    for name in ("month", "day"):
        parts[name] = parts[name] or parts[name + "7"]
    parts["year"] = str(_ROC_BEGAN + int(parts["roc"] or parts["roc7"] or 0))
    return _build(parts, match["hour"] is None)


def _read_serial(start: datetime, text: str) -> WrittenDate | None:
    """Read the number of a spreadsheet's date: whole days alone, a part of a day to the second."""
    if not _SERIAL.fullmatch(text):
        return None
    days = int(text.partition(".")[0])
    if start.year < 1900 and days <= _FALSE_LEAP_DAY:
        # Excel counts 29 February 1900, which never was: only from March 1900 on do its days and the calendar's agree.
        raise BadValue("is not a date: Excel's days before March 1900 do not match the calendar")
    seconds = round(float("0." + text.partition(".")[2]) * 86_400) if "." in text else 0
    try:
        return WrittenDate(start + timedelta(days=days, seconds=seconds), seconds % 86_400 == 0)
    except OverflowError:
        raise BadValue("does not exist in the calendar") from None


def _read_auto(text: str) -> WrittenDate | None:
    reading = _read_iso(text)
    if reading is not None:
        return reading
    plain = plain_text(text)
    match = _YEAR_FIRST.fullmatch(plain)
    if match:
        return _build(match.groupdict(), match["hour"] is None)
    match = _MONTH_FIRST.fullmatch(plain)
    if match:
        if int(match["month"]) > 12 >= int(match["day"]):
            raise BadValue(
                "has no such month; if the day comes first, use --date-format {form}", form=form_in(text, DAY)
            )
        return _build(match.groupdict(), match["hour"] is None, is_swappable=True)
    return None


def plain_text(text: str) -> str:
    """Return a text in small letters and single spaces, full-width forms as plain ones."""
    return " ".join(normalize("NFKC", text).lower().split())


def _build(parts: Mapping[str, str | None], day_only: bool, is_swappable: bool = False) -> WrittenDate:
    """Return the date that the named parts make; raises ValueError with what is impossible about it."""
    get = parts.get
    short = get("short")
    year = full_year(int(short)) if short else int(get("year") or 0)
    month = int(get("month") or 0) or _MONTHS.get((get("name") or "")[:3].lower(), 0)
    day = int(get("day") or 0)
    try:
        hour, minute, second, offset = read_time(parts)
    except NoSuchTime as error:
        raise BadValue("is not a valid time{reason}", reason=error) from None
    try:
        when = datetime(year, month, day, hour % 24, minute, second, tzinfo=offset)
        if hour == 24:
            when += ONE_DAY
    except (ValueError, OverflowError):
        raise BadValue("does not exist in the calendar") from None
    fits_both = None if month == day or not is_swappable else day <= 12
    if is_swappable and short and next(iter(parts)) == "short":
        # With two digits in front, they may be those of a day.
        fits_both = 1 <= int(short) <= 31
    return WrittenDate(when, day_only, fits_both, hour == 24)


_READERS: Mapping[str, Form] = {
    AUTO: _read_auto,
    EPOCH_MS: partial(_read_epoch, 1000, re.compile(r"([0-9]{1,14})")),
    EPOCH_S: partial(_read_epoch, 1, re.compile(r"([0-9]{1,11})(?:\.[0-9]{1,9})?")),
    EXCEL_1900: partial(_read_serial, datetime(1899, 12, 30)),  # noqa: DTZ001  # local dates
    EXCEL_1904: partial(_read_serial, datetime(1904, 1, 1)),  # noqa: DTZ001  # local dates
    ROC: _read_roc,
    ISO: _read_iso,
}
NAMED_FORMS = tuple(name for name in _READERS if name != ISO)
"""The forms that a user can name."""
