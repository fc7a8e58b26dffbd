"""The forms that are proposed for the dates of a file, by its values, and what is to be said of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR
from dealtrack.exchange import date_forms
from dealtrack.exchange.date_forms import AUTO, DAY, EPOCH_MS, EPOCH_S, EXCEL_1900, MONTH, ROC, YEAR
from dealtrack.phrase import Phrase, both, either

_OTHERS = (
    "%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%b %d, %Y",
    "%B %d, %Y", "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y %H:%M:%S",
    "%b %d, %Y %I:%M %p", "%a, %d %b %Y %H:%M:%S %z", ROC, EPOCH_MS, EPOCH_S, EXCEL_1900,
)  # fmt: skip
_FEWEST, _MOST = {EXCEL_1900: 20_000, EPOCH_S: 10**8, EPOCH_MS: 10**11}, {EXCEL_1900: 80_000}


class DateForms(NamedTuple):
    """The forms that read a file's dates, whether the order of day and month in them is a guess, and remarks."""

    forms: tuple[str, ...]
    is_guess: bool
    remarks: list[str]


@dataclass(slots=True)
class _Dates:
    """The dates of numbers with the same separator, and what they say of the order of day, month and year.

    Those of all columns count together: the forms by which a file is read know no columns. `extents` has, for each
    order, how many of the dates it can read, and the first and last day.
    """

    example: str = ""
    count: int = 0
    extents: dict[str, tuple[int, date, date]] = field(default_factory=dict)
    certain: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        if text in self._seen:
            return
        self._seen.add(text)
        possible = list(date_forms.readings(text))
        if not possible:
            return
        self.count += 1
        for each in possible:
            dates, first, last = self.extents.get(each.order, (0, each.day, each.day))
            self.extents[each.order] = dates + 1, min(first, each.day), max(last, each.day)
        if order := date_forms.only_order(text):
            self.certain.setdefault(order, text)
        elif not self.example and len({each.day for each in possible}) > 1:
            self.example = text

    def possible(self) -> dict[str, int]:
        """Return in how many days all dates lie by each order in which they are days.

        The year may stand first with two digits only where they lie closest together so.
        """
        extents = self.extents.items()
        whole = {order: (last - first).days for order, (dates, first, last) in extents if dates == self.count}
        others = [days for order, days in whole.items() if order != YEAR]
        if YEAR in whole and others and whole[YEAR] >= min(others):
            del whole[YEAR]
        return whole

    @property
    def is_settled(self) -> bool:
        possible = self.possible()
        return len(possible) == 1 or not self.count or (bool(possible) and not self.example and YEAR not in possible)

    @property
    def order(self) -> str:
        """Return the order that all dates have; where there are several, that in which they lie closest together."""
        possible = self.possible()
        if not possible:
            return max(self.extents, key=lambda order: self.extents[order][0], default=MONTH)
        usual = DAY if "." in self.example or "-" in self.example else MONTH
        return min(possible, key=lambda order: (possible[order], order != usual))


def is_date(text: str) -> bool:
    """Tell whether a text is a date in any form that may be proposed."""
    return bool(_form(text)) or any(True for _ in date_forms.readings(text))


def find_forms(
    columns: Mapping[str, Sequence[str]], rows: int = 0, rest: Iterable[Mapping[str, str]] = ()
) -> DateForms:
    """Return the forms that read the values of some columns, which stand in so many rows.

    Where these leave the order of day and month open, `rest` is looked through, further rows, until one settles it.
    """
    values = list(dict.fromkeys(value for column in columns.values() for value in column))
    of_republic = any(_form(value) == ROC for value in values)
    groups = {separator: _Dates() for separator in "/-."}
    for value in values:
        if not (of_republic and _reads(ROC, value)) and (separator := date_forms.separator_in(value)):
            groups[separator].add(value)
    rows += _look_on(groups, columns, rest)
    proposed: dict[str, None] = {}
    is_guess = False
    for value in values:
        group = groups.get(date_forms.separator_in(value))
        form = ROC if of_republic and _reads(ROC, value) else _proposed(value, group.order if group else MONTH)
        if form:
            proposed.setdefault(form)
        is_guess |= group is not None and not group.is_settled and form.startswith("%")
    remarks: list[str] = [_remark(group, rows) for group in groups.values() if not group.is_settled]
    if EXCEL_1900 in proposed:
        remarks.append(
            Phrase("numbers are read as days since 1900, as in most spreadsheets; some old ones need excel-1904")
        )
    # The reader takes the first form that fits: what begins with a day may not come to auto, which reads month first.
    forms = sorted(proposed, key=lambda form: (not form.startswith("%d"), form.startswith("%"), len(form)))
    return DateForms(tuple(forms) or (AUTO,), is_guess, remarks)


def _look_on(groups: Mapping[str, _Dates], columns: Iterable[str], rest: Iterable[Mapping[str, str]]) -> int:
    """Add the dates of further rows until no group is open; return how many rows that took."""
    count = 0
    left = {separator: group for separator, group in groups.items() if not group.is_settled}
    for row in rest if left else ():
        count += 1
        for column in columns:
            text = row.get(column, "").strip()
            if group := left.get(date_forms.separator_in(text)):
                group.add(text)
        left = {separator: group for separator, group in left.items() if not group.is_settled}
        if not left:
            break
    return count


def _proposed(text: str, order: str) -> str:
    """Return the form to propose for a date, of which the order may count."""
    if not any(True for _ in date_forms.readings(text)):
        return _form(text)
    return AUTO if order == MONTH and _reads(AUTO, text) else date_forms.form_in(text, order)


def _form(text: str) -> str:
    return next((form for form in (AUTO, *_OTHERS) if _reads(form, text)), "")


def _reads(form: str, text: str) -> bool:
    if form in _FEWEST and not _FEWEST[form] <= _number(text) <= _MOST.get(form, 1e15):
        return False
    try:
        written = _compiled(form)(text)
    except ValueError:
        return False
    return written is not None and FIRST_YEAR <= written.when.year <= LAST_YEAR


_compiled = cache(date_forms.compile_form)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0


def _remark(group: _Dates, rows: int) -> Phrase:
    possible = group.possible()
    if not possible:
        return Phrase(
            "dates are in different orders, e.g. {dates}; ambiguous ones are read {order}",
            dates=both(group.certain.values()),
            order=date_forms.NAMES[group.order],
        )
    example = group.example or next(iter(group.certain.values()))
    return Phrase(
        "{example} can be read {orders}; the rows examined ({count}) do not settle it. It is read {order}; "
        "for the other reading, use {forms}",
        example=example,
        orders=_OR_FIRST[frozenset(possible)],
        count=rows,
        order=date_forms.NAMES[group.order],
        forms=either(
            each.form for each in date_forms.readings(example) if each.order in possible and each.order != group.order
        ),
    )


_OR_FIRST = {
    frozenset({DAY, MONTH}): Phrase("day or month first"),
    frozenset({DAY, YEAR}): Phrase("day or year first"),
    frozenset({MONTH, YEAR}): Phrase("month or year first"),
    frozenset({DAY, MONTH, YEAR}): Phrase("day, month or year first"),
}
