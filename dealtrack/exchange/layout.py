"""Where a file's header holds the fields of a complaint and its state, and what it lacks of a mapping's columns."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from dealtrack.core.vocabulary import fold
from dealtrack.errors import CannotRead, MissingColumn
from dealtrack.exchange.histories import COLUMN, ID, OWN
from dealtrack.exchange.mapping import CONSTANTS, DEFAULT, FIELDS, REQUIRED, Closed, Mapping
from dealtrack.phrase import BadValue, Phrase, Word, either


@cache
def column_words() -> Table[str, Any]:
    """Return the words by which columns are known: by field, by what they tell of a state, and lines below a table."""
    return tomllib.loads(Path(__file__).with_name("column_words.toml").read_text(encoding="utf-8"))


def _pattern(name: str) -> re.Pattern[str]:
    words = column_words()[name]
    return re.compile(rf"\b(?:{'|'.join(words['whole'])})\b|{'|'.join(words['parts'])}")


_STATE_COLUMN, _OF_OTHERS, _ASKS = map(_pattern, ("state", "other_things", "asks"))
"""What is found in the name of a column of states, of one of something else's states, and of one that is a question."""

_CLOSED, _STILL_OPEN = map(_pattern, ("closed", "still_open"))
"""What a cell says of a complaint that has ended, and what, standing in front of it, says that it has not."""

_LONGEST = 40
_REMEMBERED = 4096


class State(NamedTuple):
    """A column that may tell that a complaint is closed; `words`, folded, say so where a mapping names them.

    `words` is None where no mapping names any: common words for closed are looked for then, and what they say is only
    reported. `asks` tells that the column's name asks whether a complaint is closed, so that a cell says yes or no.
    """

    place: int
    column: str
    words: frozenset[str] | None
    asks: bool = False

    def is_closed(self, cell: str) -> bool:
        """Tell whether a cell of the column says that a complaint is closed."""
        if self.words is not None:
            return cell.strip().casefold() in self.words
        if len(cell) > _LONGEST:
            return False
        return fold(cell) in column_words()["yes"] if self.asks else says_closed(cell)


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the columns of a header, for each field and each kept column; `ignored` columns are not read.

    `absent` are the mapping's fields that the file has no column for. `export_places` are those of the columns id and
    history in an export of dealtrack's own, None in another file. `conditions` has the events that happened only under
    a condition: for each the columns to look at, None for a column that the file lacks, and the words that mean yes.
    `open_fields` are fields for which the user named no column. `inside` says, for columns of JSON lists, which of
    their values to read. `states` are the columns that may say that a complaint is closed, `limits` those of the limits
    written on a complaint, by clock.
    """

    fields: Table[str, tuple[int, ...]]
    kept: Table[str, int]
    ignored: tuple[str, ...]
    absent: tuple[str, ...]
    export_places: tuple[int, int] | None = None
    conditions: Table[str, tuple[tuple[int | None, frozenset[str]], ...]] = field(default_factory=dict)
    open_fields: tuple[str, ...] = ()
    inside: Table[int, "Inside"] = field(default_factory=dict)
    states: tuple[State, ...] = ()
    limits: Table[str, int] = field(default_factory=dict)


class Inside(NamedTuple):
    """Which value of the objects in a JSON list is meant: that of `name` where `key` has the value."""

    key: str
    value: str
    name: str


def lay_out(mapping: Mapping, header: Sequence[str], clocks: Iterable[str] = ()) -> Layout:
    """Return where a header holds the columns of a mapping, whatever their case and punctuation.

    A limit of one of the clocks stands in a column such as forward_limit.

    Raises ValueError for a column that the header has twice.
    """
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for index, column in enumerate(header):
        exact.setdefault(column, []).append(index)
        loose.setdefault(loose_name(column), []).append(index)

    inside: dict[int, Inside] = {}

    def find(column: str) -> int | None:
        places = exact.get(column) or loose.get(loose_name(column)) or []
        if not places and (parts := _INSIDE.fullmatch(column)):
            place = find(parts[1])
            if place is not None:
                inside[place] = Inside(parts[2], parts[3].casefold(), parts[4])
            return place
        if len(places) > 1:
            raise BadValue(
                "the header has the column {column} {count} times; rename all but one", column=column, count=len(places)
            )
        return places[0] if places else None

    fields = {}
    for name, columns in mapping.columns.items():
        indexes = tuple(dict.fromkeys(index for index in map(find, columns) if index is not None))
        if indexes:
            fields[name] = indexes
    kept = {column: place for column in mapping.keep if (place := find(column)) is not None}
    is_export = mapping.name == DEFAULT and all(name in exact for name in OWN)
    export_places = (exact[ID][0], exact[COLUMN][0]) if is_export else None
    conditions = {
        name: tuple((find(column), words) for column, words in words_of.items())
        for name, words_of in mapping.conditions.items()
    }
    read = {index for indexes in fields.values() for index in indexes}
    limits = {clock: place for clock in clocks if (place := find(f"{clock}_limit")) is not None}
    used = read | {*kept.values(), *(export_places or ()), *limits.values()}
    states = _states(mapping.closed, header, find, read)
    used |= {state.place for state in states if state.words is not None}
    used |= {index for places in conditions.values() for index, _ in places if index is not None}
    ignored = tuple(column for index, column in enumerate(header) if index not in used and column)
    absent = tuple(name for name in mapping.columns if name not in fields and name not in mapping.constants)
    free = (name for name in mapping.open_fields if name not in mapping.columns and name not in mapping.constants)
    return Layout(fields, kept, ignored, absent, export_places, conditions, tuple(free), inside, states, limits)


def _states(
    closed: Closed | None, header: Sequence[str], find: Callable[[str], int | None], read: Collection[int]
) -> tuple[State, ...]:
    if closed is None:
        return tuple(_state_columns(header, read))
    places = (find(column) for column in closed.columns)
    states = (State(place, header[place], closed.words) for place in places if place is not None)
    return tuple(islice(states, 1))


@lru_cache(_REMEMBERED)
def says_closed(text: str) -> bool:
    """Tell whether a short text says that something has ended: closed, 已办结 or erledigt, and not 未办结."""
    plain = fold(text).strip(" .。!！")
    match = _CLOSED.search(plain)
    return match is not None and not _STILL_OPEN.search(plain[: match.start()]) and not plain.endswith("中")


def _state_columns(header: Sequence[str], places: Collection[int]) -> Iterator[State]:
    """Yield the columns of a header that may tell the state of a complaint; those at `places` tell something else."""
    for place, column in enumerate(header):
        name = loose_name(words_apart(column))
        if place in places or not name or _OF_OTHERS.search(name):
            continue
        if _STATE_COLUMN.search(name):
            yield State(place, column, None)
        elif _is_question(name):
            yield State(place, column, None, True)


def _is_question(name: str) -> bool:
    """Tell whether a column's name asks only whether something is closed, e.g. 是否办结 or Is Closed."""
    words = " ".join(_ASKS.sub(" ", name).split())
    match = _CLOSED.search(words)
    return match is not None and match.end() == len(words) and len(words) <= _LONGEST and says_closed(words)


_RUN_TOGETHER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_INSIDE = re.compile(r"(.+)\[([^\[\]=]+)=([^\[\]=]+)\]\.(.+)")


def loose_name(column: str) -> str:
    """Return a column's name without case and punctuation: `date_received` and `Date received` are the same."""
    return re.sub(r"[\W_]+", " ", column.casefold()).strip() or column.strip()


def words_apart(column: str) -> str:
    """Return a column's name with its words apart, where capitals begin them: ServiceRequestNum, SRStatus."""
    return _RUN_TOGETHER.sub(" ", column)


class MappedColumns:
    """The columns that a mapping reads, by which the header of a file is found."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        names = [*mapping.keep, *(column for columns in mapping.columns.values() for column in columns)]
        self._names = {loose_name(column) for column in names}
        self._names |= {loose_name(column) for conditions in mapping.conditions.values() for column in conditions}

    def are_named(self, column: str) -> bool:
        """Tell whether the mapping reads a column of this name."""
        return loose_name(column) in self._names

    def suffice(self, header: Sequence[str]) -> bool:
        """Tell whether a header has all the columns that must be there, once or several times."""
        try:
            layout = lay_out(self._mapping, header)
        except ValueError:
            return True
        return all(name in layout.fields or name in self._mapping.constants for name in self._mapping.required)


def layout_of_file(mapping: Mapping, header: Sequence[str], path: str, clocks: Iterable[str] = ()) -> Layout:
    """Return the layout of a file's header; raises CannotRead for a column named twice."""
    try:
        return lay_out(mapping, header, clocks)
    except ValueError as error:
        raise CannotRead(path=path, reason=str(error)) from None


def check_header(mapping: Mapping, header: Sequence[str], path: str, clocks: Iterable[str] = ()) -> Layout:
    """Return the layout of a file that has the columns needed; raises MissingColumn, and as `layout_of_file`."""
    layout = layout_of_file(mapping, header, path, clocks)
    for name in (*REQUIRED, *FIELDS):
        if name in mapping.required and name not in layout.fields and name not in mapping.constants:
            columns = either(map(repr, mapping.columns.get(name, (name,))))
            if name in layout.open_fields:
                columns = Phrase("known to mapping {name}", name=mapping.name)
            shown = ", ".join(column for column in header if column)
            if any(_VALUE.search(column) for column in header):
                # Where a file has no header, its first row would be printed, a consumer's data with it.
                shown = Phrase("none; the first line holds values")
            elif len(shown) > 400:
                shown = shown[:400].rpartition(",")[0] + ", …"
            instead = Phrase("--map {field}=COLUMN", field=name)
            if name in CONSTANTS:
                instead = Phrase(
                    "{column}, or one value for every row: --set {field}=VALUE", column=instead, field=name
                )
            raise MissingColumn(path=path, column=columns, field=Word(name), header=shown, instead=instead)
    return layout


_VALUE = re.compile(r"@|[0-9]{4}")
"""What is found in e-mail addresses, telephone numbers, dates and numbers, and hardly in the name of a column."""
