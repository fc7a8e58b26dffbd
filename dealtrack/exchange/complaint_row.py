"""One row of a file read as a complaint, or refused with the reason."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from dealtrack.core.cells import FAULTS_BEGIN, Blank, blank_kind, cell_fault, number_fault, without_text_mark
from dealtrack.core.lifecycle import STEPS, Kind
from dealtrack.core.moments import Moment, looks_hourless
from dealtrack.core.personal import is_email, is_phone
from dealtrack.core.text import clean_input, parse_amount, parse_amount_of, restore_formula, unescape_controls
from dealtrack.core.vocabulary import CATEGORY, OTHER, OUTCOME, SELLER, TEXT, longest
from dealtrack.errors import BadText, DealtrackError
from dealtrack.exchange.dates import DateReader, shown
from dealtrack.exchange.histories import COLUMN, HistoryEntry, parse_history
from dealtrack.exchange.layout import Inside, Layout, State
from dealtrack.exchange.mapping import FIELDS, MOMENTS, Mapping
from dealtrack.exchange.raw import RawRow, Unusable
from dealtrack.phrase import BadValue, Phrase, Word

_CLOSING = ("completed", "withdrawn", "rejected")
_DASHES = "-–—―－"
"""A cell of such characters alone is empty."""

_MARKS = f"'{FAULTS_BEGIN}"
"""With what a cell begins that a spreadsheet shows in the place of a value, or that is no formula."""

_SAYS_SOMETHING: dict[str, tuple[Blank, ...]] = {
    "summary": tuple(Blank),
    # A nought is a sum of money, and an answer to the question whether the platform itself sold it.
    "amount": (Blank.SIGNS,),
    "seller": (Blank.SIGNS,),
    # A day that nobody knows is one all the same, and so is a platform.
    **dict.fromkeys((*MOMENTS, "platform", "category"), (Blank.UNKNOWN,)),
}
"""The words for an empty cell that have a meaning in the column of a field."""

_TEXTS = tuple(name for name in FIELDS if name not in MOMENTS)
_REMEMBERED = 1000
_ID_DIGITS = 9


class ComplaintRow(NamedTuple):
    """A complaint as a row states it; texts are cleaned, moments are in UTC under the names of their transitions.

    `category` is one of the register's, `category_word` what the row called it. `kept` holds the columns
    that the mapping keeps word for word. `raw` is the row itself. `id` and `history` are what an export of
    dealtrack's own tells beyond. `unknown_steps` are those that the file has no column for. `undated` is the column by
    which the complaint is closed, on a day that the file does not tell; `is_closed` that it is to be taken so.
    `limits` are those that the row states for single clocks, in UTC.
    """

    line: int
    number: str | None
    platform: str
    category: str
    seller: str | None
    owner: str | None
    policy: str | None
    outcome: str | None
    amount: str | None
    consumer: str | None
    phone: str | None
    email: str | None
    address: str | None
    summary: str | None
    category_word: str | None
    moments: dict[str, Moment]
    kept: dict[str, str]
    raw: RawRow
    id: int | None = None
    history: tuple[HistoryEntry, ...] = ()
    unknown_steps: tuple[Kind, ...] = ()
    undated: str | None = None
    is_closed: bool = False
    limits: dict[str, Moment] | None = None

    @property
    def has_odd_contact(self) -> bool:
        """Tell whether what stands for a phone or an e-mail address is none; a file's is kept all the same."""
        return (self.phone is not None and not is_phone(self.phone)) or (
            self.email is not None and not is_email(self.email)
        )


class RowRefused(BadValue):
    """The reason why a row is refused."""


class RowReader:
    """Reads the rows under one header, each as a complaint."""

    def __init__(
        self, mapping: Mapping, layout: Layout, header: Sequence[str], dates: DateReader, restores: bool
    ) -> None:
        self._header = header
        self._restores = restores
        self._export_places = layout.export_places
        self._conditions = layout.conditions
        self._states = layout.states
        self._unknown_steps = () if layout.export_places else tuple(kind for kind in STEPS if kind not in layout.fields)
        self._blanks = mapping.blanks
        self._longest_blank = max(map(len, mapping.blanks), default=0)
        self._constants = mapping.constants
        self._decimal, self._currency = mapping.decimal, mapping.currency
        filled = layout.fields.keys() | mapping.constants.keys()
        # Platforms, categories and owners repeat: looked up, the one cell of a value takes a tenth of the time.
        alone = {name for name, places in layout.fields.items() if len(places) == 1 and name not in mapping.constants}
        memories: dict[str, dict[str, str | None]] = {name: {"": None} for name in alone}
        self._texts = [(name, layout.fields.get(name, ()), memories.get(name)) for name in _TEXTS if name in filled]
        self._events = [(name, layout.fields[name]) for name in MOMENTS if name in layout.fields]
        self._values = mapping.values
        self._kept = list(layout.kept.items())
        self._inside = layout.inside
        self._limits = layout.limits
        self._dates = dates
        self._category = lru_cache(_REMEMBERED)(self._category_of)

    def read(self, row: RawRow) -> ComplaintRow:
        """Return a row as a complaint; raises RowRefused."""
        cells = row.cells
        id_, history = self._history_in_export(cells) if self._export_places else (None, ())
        moments = self._moments(row)
        undated = None if history else self._undated(moments, cells)
        is_closed = undated is not None and undated.words is not None
        values = self._field_values(cells)
        if values["platform"] is None:
            raise RowRefused("platform is empty: a complaint needs a platform")
        if "completed" not in moments and not history and not is_closed:
            # Where a column tells that it did not end, what would have come of it is not read either.
            for name in ("outcome", "amount"):
                if "completed" in self._conditions:
                    values[name] = None
                elif values[name] is not None:
                    text = shown(str(values[name]))
                    raise RowRefused(
                        "{name} is {value!r}, but the complaint was not completed", name=Word(name), value=text
                    )
        kept = {}
        for column, index in self._kept:
            self._check_cell(cells[index].strip(), index)
            if text := self._clean(column, cells[index], TEXT):
                kept[column] = text
        word = values["category"]
        values["category"] = self._category(word)
        state = undated.column if undated is not None else None
        limits = self._limits_of(cells) if self._limits else None
        others = (word, moments, kept, row, id_, history, self._unknown_steps, state, is_closed, limits)
        # The values are in the order of the fields of ComplaintRow; by keyword it would take 1 us longer.
        return ComplaintRow._make((row.line, *values.values(), *others))

    def _moments(self, row: RawRow) -> dict[str, Moment]:
        """Return the moments of a row in UTC by the names of their transitions; raises RowRefused."""
        cells = row.cells
        moments = {}
        for name, indexes in self._events:
            cell = cells[indexes[0]]
            if not cell and len(indexes) == 1:
                continue
            if name in self._conditions and not self._happened(name, cells):
                continue
            # What was read as a day and an hour before is no word for an empty cell: unless the mapping names one.
            moment = self._dates.known(cell) if len(cell) > self._longest_blank else None
            moment = moment or self._moment(name, cells, indexes)
            if moment is not None:
                moments[name] = moment
        if "received" not in moments:
            raise RowRefused("received is empty: a complaint needs the time of its receipt")
        self._check_order(moments, row)
        return self._hourless(moments) if self._export_places else moments

    def _hourless(self, moments: dict[str, Moment]) -> dict[str, Moment]:
        """Return the moments of an export, of which those that look like a day alone are one: histories have others."""
        read: dict[str, Moment] = {}
        previous: datetime | None = None
        for name, moment in moments.items():
            is_hourless = moment.day_only or looks_hourless(moment.start, previous, self._dates.register_zone)
            read[name], previous = moment._replace(day_only=is_hourless), moment.start
        return read

    def _moment(self, name: str, cells: Sequence[str], indexes: tuple[int, ...]) -> Moment | None:
        text, column = self._pick(name, cells, indexes)
        try:
            return None if text is None else self._dates.read(text)
        except ValueError as error:
            words = {"name": Word(name), "text": shown(text or ""), "column": column, "error": error}
            raise RowRefused("{name}: {text!r} in column {column!r} {error}", **words) from None

    def _limits_of(self, cells: Sequence[str]) -> dict[str, Moment]:
        read = ((clock, self._moment(f"{clock}_limit", cells, (place,))) for clock, place in self._limits.items())
        return {clock: moment for clock, moment in read if moment is not None}

    def _field_values(self, cells: Sequence[str]) -> dict[str, Any]:
        """Return the values of the fields that are no moments, None where a row has none; raises RowRefused."""
        values: dict[str, str | None] = dict.fromkeys(_TEXTS)
        for name, indexes, memory in self._texts:
            # A cell of another class than str is to be refused.
            if memory is not None and (cell := cells[indexes[0]]).__class__ is str:
                if cell in memory:
                    values[name] = memory[cell]
                    continue
                value = values[name] = self._value(name, cells, indexes)
                # What has filled the memory does not repeat: numbers, phones.
                if len(memory) < _REMEMBERED:
                    memory[cell] = value
            else:
                values[name] = self._value(name, cells, indexes)
        return values

    def _undated(self, moments: Collection[str], cells: Sequence[str]) -> State | None:
        """Return what says that a complaint is closed whose row tells no moment of that, None where nothing does."""
        if not self._states or any(name in moments for name in _CLOSING):
            return None
        for state in self._states:
            self._check_cell(cells[state.place].strip(), state.place)
        return next((state for state in self._states if state.is_closed(cells[state.place])), None)

    def _happened(self, name: str, cells: Sequence[str]) -> bool:
        """Tell whether the columns that an event hangs on say that it happened; one that is missing does not."""
        for place, _ in self._conditions[name]:
            if place is not None:
                self._check_cell(cells[place].strip(), place)
        return all(
            place is not None and cells[place].strip().casefold() in words for place, words in self._conditions[name]
        )

    def _history_in_export(self, cells: Sequence[str]) -> tuple[int | None, tuple[HistoryEntry, ...]]:
        assert self._export_places is not None
        place, story = self._export_places
        id_, text = cells[place].strip(), cells[story].strip()
        number = int(id_) if id_.isascii() and id_.isdigit() and len(id_) <= _ID_DIGITS else None
        if not text:
            return number, ()
        try:
            return number, parse_history(self._restored(text))
        except ValueError as error:
            raise RowRefused("column {column!r} {reason}", column=COLUMN, reason=error) from None

    def _restored(self, text: str) -> str:
        """Return a cell of a table as it was before the register's own export made it harmless."""
        if not self._restores:
            return text
        text = restore_formula(text)
        return unescape_controls(text) if self._export_places else text

    def _pick(self, name: str, cells: Sequence[str], indexes: tuple[int, ...]) -> tuple[str | None, str]:
        """Return the first of a field's cells that is not blank, and the name of its column."""
        for index in indexes:
            cell = cells[index]
            if self._inside and index in self._inside:
                cell = _value_inside(cell, self._inside[index])
            text = cell.strip()
            if not text or (text[0] in _DASHES and not text.strip(_DASHES)):
                continue
            if len(text) <= self._longest_blank and text.casefold() in self._blanks:
                continue
            if self._export_places is None:
                blank = blank_kind(text)
                if blank is not None and blank not in _SAYS_SOMETHING.get(name, ()):
                    continue
            if cell.__class__ is Unusable:
                raise RowRefused("column {column!r} {reason}", column=self._header[index], reason=cell.reason)
            # Only such texts are faults, or others once they are restored: to see that here saves 1 us a row.
            if text[0] in _MARKS or self._export_places:
                self._check_cell(text, index)
                text = self._restored(text)
            return text, self._header[index]
        return None, ""

    def _check_cell(self, text: str, index: int) -> None:
        fault = cell_fault(text) if self._export_places is None else None
        if fault:
            raise RowRefused("column {column!r}: {reason}", column=self._header[index], reason=fault)

    def _value(self, name: str, cells: Sequence[str], indexes: tuple[int, ...]) -> str | None:
        text, column = self._pick(name, cells, indexes)
        if text is None:
            text, column = self._constants.get(name), name
            if text is None:
                return None
        if name in self._values and name != "category":
            # The word of a category is kept as it is, its table is looked at later.
            text = self._values[name].get(text.casefold(), text)
        if name == "seller":
            seller = SELLER.match(text)
            if seller is None:
                raise RowRefused(
                    "seller: {text!r} in column {column!r} is neither platform nor third-party",
                    text=shown(text),
                    column=column,
                )
            return seller
        if name == "amount":
            try:
                if self._decimal or self._currency:
                    return parse_amount_of(text, self._decimal, self._currency)
                return parse_amount(text)
            except DealtrackError:
                raise RowRefused(
                    "amount: {text!r} in column {column!r} is not an amount", text=shown(text), column=column
                ) from None
        clean = self._clean(column, text, longest(name))
        if name == "number" and self._export_places is None:
            clean = without_text_mark(clean)
            if fault := number_fault(clean):
                raise RowRefused("number: {fault}", fault=fault)
        return OUTCOME.match(clean) or clean if name == "outcome" else clean

    def _clean(self, column: str, text: str, limit: int) -> str:
        try:
            return clean_input(text, column, limit)
        except BadText as error:
            raise RowRefused("column {column!r} {reason}", column=column, reason=error.values["reason"]) from None

    def _category_of(self, word: str | None) -> str:
        if word is None:
            return OTHER
        return CATEGORY.match(self._values.get("category", {}).get(word.casefold(), word)) or OTHER

    def _check_order(self, moments: dict[str, Moment], row: RawRow) -> None:
        """Refuse a row that was closed twice, or whose moments cannot have followed one another."""
        if len(moments) == 1:
            return
        closed = [name for name in _CLOSING if name in moments]
        if len(closed) > 1:
            raise RowRefused(
                "it was both {one} and {other}, but a complaint ends once", one=Word(closed[0]), other=Word(closed[1])
            )
        before, latest = "received", moments["received"].start
        for name in ("forwarded", *closed):
            moment = moments.get(name)
            if moment is None:
                continue
            # A day alone may be any of its moments; it counts as the earliest that fits.
            if (moment.end <= latest) if moment.day_only else (moment.start < latest):
                raise RowRefused(
                    "{one} is before {other}", one=self._in_words(name, row), other=self._in_words(before, row)
                )
            before, latest = name, max(moment.start, latest)

    def _in_words(self, name: str, row: RawRow) -> str:
        text, column = self._pick(name, row.cells, dict(self._events)[name])
        return Phrase("{name} {value!r} in column {column!r}", name=Word(name), value=shown(text or ""), column=column)


def _value_inside(cell: str, inside: Inside) -> str:
    """Return the greatest (of dates the latest) of the values meant in a JSON list of objects; empty for none."""
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError):
        return ""
    values = [
        str(entry[inside.name])
        for entry in (entries if isinstance(entries, list) else [entries])
        if isinstance(entry, dict)
        and str(entry.get(inside.key)).casefold() == inside.value
        and entry.get(inside.name) is not None
    ]
    return max(values, default="")
