"""The order of day, month and year in dates such as 03/10/2016: the possible orders, and which one a file uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from dealtrack.core.day_times import HALF, OFFSET
from dealtrack.phrase import Word

DAY, MONTH, YEAR = "day", "month", "year"
NAMES = {DAY: Word("day first"), MONTH: Word("month first"), YEAR: Word("year first")}

_MONTHS = 12
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
    """Yield the readings of a date of numbers whose year does not stand first with four digits; none of another."""
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


def sign_in(text: str) -> str:
    """Return the sign between the numbers of a date that `readings` may read, empty where it is none."""
    match = _NUMBERS.fullmatch(text.strip())
    return match[2] if match else ""


def form_in(text: str, order: str) -> str:
    """Return the form that reads a date of numbers in an order, empty where it is no day so."""
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

    `example` is the first date that was read by it and could be read otherwise, in the order `read_in`; `certain` has
    of each order the first date that is a day in that order alone. Of a workbook, `real` is the first date proper that
    is a day too with day and month changed about, and `text` the first that is a text, a day in one order alone.
    """

    example: str | None = None
    read_in: str = MONTH
    certain: dict[str, str] = field(default_factory=dict)
    real: str = ""
    text: str = ""
    _is_sound: bool = False

    def see_cell(self, text: str, is_real: bool) -> None:
        """Take note of a cell of a workbook: a date proper, as ISO writes it, or a text."""
        if is_real:
            month, day = int(text[5:7]), int(text[8:10])
            self._is_sound |= day > _MONTHS
            if day <= _MONTHS and day != month:
                self.real = self.real or text[:10]
        elif only_order(text):
            self.text = self.text or text
        else:
            # A program that changes such dates would have changed this one.
            self._is_sound |= any(True for _ in readings(text))

    @property
    def may_be_swapped(self) -> bool:
        """Tell whether the workbook may have read days as months, and left as texts the dates that are none so."""
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
        """Return the first date that may be meant otherwise than it was read, None where other dates settle it."""
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
