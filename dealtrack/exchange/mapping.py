"""Mappings: which column of a file means which field of a complaint, and how its values are written."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.core.matching import nearest_words
from dealtrack.core.personal import PERSONAL
from dealtrack.errors import BadMappingFile, CannotRead, suggestion
from dealtrack.exchange.closings import Closed, State, find_states
from dealtrack.exchange.dates import AUTO, compile_form
from dealtrack.exchange.histories import COLUMN, ID, OWN
from dealtrack.phrase import Phrase, Word, listed

EVENTS = ("received", "forwarded", "completed", "withdrawn", "rejected")
FIELDS = (
    "number",
    "platform",
    "category",
    "seller",
    "owner",
    "policy",
    *EVENTS,
    "outcome",
    "amount",
    *PERSONAL,
    "summary",
)
REQUIRED = ("received", "platform")
CONSTANTS = tuple(name for name in FIELDS if name not in (*EVENTS, "number"))
"""The fields that may be the same in every row."""

DEFAULT = "default"

_KEYS: dict[str, type] = {
    "name": str,
    "title": str,
    "source": str,
    "timezone": str,
    "dates": list,
    "order": str,
    "blanks": list,
    "sentinels": list,
    "midnight": str,
    "last_change": list,
    "decimal": str,
    "currency": list,
    "keep": list,
    "asked": list,
    "columns": dict,
    "constants": dict,
    "closed": dict,
    "only": dict,
    "values": dict,
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the columns of a file are read as the fields of a complaint.

    `columns` gives each field its columns, of which the first that a row fills counts. `required` fields
    must have a column in the file, or a constant. `dates` are date forms, `auto` or directives, in which the order
    of day and month may be a guess; moments without an offset, and days alone, are of `timezone`, or of the
    register's where it is None. A cell that holds
    one of `blanks`, whatever its case, is empty; a day in `sentinels` means none. `values` turns words,
    whatever their case, into a field's values. The columns in `keep` stay with the complaint word for word.
    `asked` are fields whose column nobody knows beforehand, so that whoever imports names it. `only` tells of an
    event in which columns which words, whatever their case, must stand, for it to have happened. `decimal` is the
    sign before the cents of amounts, and `currency` are signs or words before or after them; yuan where there are none.
    `closed` tells by which words of a column a complaint without a moment of its end is closed all the same.
    `last_change` are columns of completions that tell the last change of any kind. A column may be named as
    `notes[type=closed].datetime`: of the objects in a JSON list, the last moment of those whose type is closed.
    """

    name: str = DEFAULT
    path: str = ""
    columns: Table[str, tuple[str, ...]] = field(default_factory=lambda: {name: (name,) for name in FIELDS})
    required: frozenset[str] = frozenset(REQUIRED)
    constants: Table[str, str] = field(default_factory=dict)
    dates: tuple[str, ...] = (AUTO,)
    order_is_guessed: bool = False
    timezone: str | None = None
    blanks: frozenset[str] = frozenset()
    sentinels: frozenset[date] = frozenset()
    midnight_is_day: bool = False
    values: Table[str, Table[str, str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    only: Table[str, Table[str, frozenset[str]]] = field(default_factory=dict)
    closed: Closed | None = None
    decimal: str = ""
    currency: tuple[str, ...] = ()
    last_change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a header holds each field and each kept column; `ignored` columns are read by nobody.

    `absent` are the mapping's fields that no column of the file can fill. `own` are the places of the columns id and
    history in an export of dealtrack's own, None in another file. `only` gives each event on a condition the
    columns that it hangs on, None for one that the file lacks. `asked` are fields that nobody named a column for.
    `inside` tells of columns of JSON lists which of their values is meant. `states` are where it may be told whether
    a complaint is closed.
    """

    fields: Table[str, tuple[int, ...]]
    kept: Table[str, int]
    ignored: tuple[str, ...]
    absent: tuple[str, ...]
    own: tuple[int, int] | None = None
    only: Table[str, tuple[tuple[int | None, frozenset[str]], ...]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    inside: Table[int, "Inside"] = field(default_factory=dict)
    states: tuple[State, ...] = ()


class Inside(NamedTuple):
    """Which value of the objects in a JSON list is meant: that of `wanted` where `key` has the value."""

    key: str
    value: str
    wanted: str


def find_mapping(name: str, folders: Sequence[Path]) -> Mapping:
    """Return the mapping of this name in the first of the folders that has it, or in the file of this path.

    Raises BadMappingFile and CannotRead.
    """
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return read_mapping(Path(name))
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_mapping(path)
    known = mapping_names(folders)
    near = suggestion(nearest_words(name, known))
    raise BadMappingFile(
        path=name,
        reason=Phrase(
            "there is none of this name.{near} There are {names}",
            near=near,
            names=listed(known) if known else Word("none"),
        ),
    )


def mapping_names(folders: Iterable[Path]) -> list[str]:
    """Return the names of the mappings in folders, in order."""
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml")})


def read_mapping(path: Path) -> Mapping:
    """Return the mapping that a TOML file holds; raises BadMappingFile and CannotRead."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CannotRead(path=path, reason="there is no such file") from None
    except OSError as error:
        raise CannotRead(path=path, reason=error.strerror or Phrase("the system will not read it")) from None
    except UnicodeDecodeError:
        raise BadMappingFile(path=path, reason="it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise BadMappingFile(path=path, reason=Phrase("it is no TOML: {error}", error=error)) from None
    except RecursionError:
        raise BadMappingFile(path=path, reason=Phrase("it is not TOML: nested too deep")) from None
    except ValueError as error:
        raise BadMappingFile(path=path, reason=str(error)) from None
    try:
        return _mapping(data, path)
    except ValueError as error:
        raise BadMappingFile(path=path, reason=str(error)) from None


def lay_out(mapping: Mapping, header: Sequence[str]) -> Layout:
    """Return where a header holds what a mapping asks for; names match whatever their case and punctuation.

    Raises ValueError where a column that is asked for stands in the header twice.
    """
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for index, column in enumerate(header):
        exact.setdefault(column, []).append(index)
        loose.setdefault(loose_name(column), []).append(index)

    inside: dict[int, Inside] = {}

    def find(column: str) -> int | None:
        found = exact.get(column) or loose.get(loose_name(column)) or []
        if not found and (told := _INSIDE.fullmatch(column)):
            place = find(told[1])
            if place is not None:
                inside[place] = Inside(told[2], told[3].casefold(), told[4])
            return place
        if len(found) > 1:
            raise ValueError(
                Phrase(
                    "the header names the column {column} {count} times; rename all but one",
                    column=column,
                    count=len(found),
                )
            )
        return found[0] if found else None

    fields = {}
    for name, columns in mapping.columns.items():
        found = map(find, columns)
        indexes = tuple(dict.fromkeys(index for index in found if index is not None))
        if indexes:
            fields[name] = indexes
    kept = {column: place for column in mapping.keep if (place := find(column)) is not None}
    own = None
    if mapping.name == DEFAULT and all(name in exact for name in OWN):
        own = exact[ID][0], exact[COLUMN][0]
    only = {
        name: tuple((find(column), words) for column, words in conditions.items())
        for name, conditions in mapping.only.items()
    }
    read = {index for indexes in fields.values() for index in indexes}
    used = read | {*kept.values(), *(own or ())}
    states = _states(mapping.closed, header, find, read)
    used |= {state.place for state in states if state.words is not None}
    used |= {index for places in only.values() for index, _ in places if index is not None}
    ignored = tuple(column for index, column in enumerate(header) if index not in used and column)
    absent = tuple(name for name in mapping.columns if name not in fields and name not in mapping.constants)
    asked = tuple(name for name in mapping.asked if name not in mapping.columns and name not in mapping.constants)
    return Layout(fields, kept, ignored, absent, own, only, asked, inside, states)


def _states(
    closed: Closed | None, header: Sequence[str], find: Callable[[str], int | None], read: Collection[int]
) -> tuple[State, ...]:
    if closed is None:
        return tuple(find_states(header, [loose_name(words_apart(column)) for column in header], read))
    places = (find(column) for column in closed.columns)
    known = (State(place, header[place], closed.words) for place in places if place is not None)
    return tuple(islice(known, 1))


_RUN_TOGETHER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_INSIDE = re.compile(r"(.+)\[([^\[\]=]+)=([^\[\]=]+)\]\.(.+)")


def loose_name(column: str) -> str:
    """Return a column's name without case and punctuation, as `date_received` and `Date received` are one."""
    return re.sub(r"[\W_]+", " ", column.casefold()).strip() or column.strip()


def words_apart(column: str) -> str:
    """Return a column's name with its words apart, where capitals begin them: ServiceRequestNum, SRStatus."""
    return _RUN_TOGETHER.sub(" ", column)


# Files


def _mapping(data: dict[str, Any], path: Path) -> Mapping:
    for key, value in data.items():
        if key not in _KEYS:
            raise ValueError(Phrase("it has an unknown key, {key}; known: {names}", key=key, names=listed(_KEYS)))
        if type(value) is not _KEYS[key] and not (_KEYS[key] is list and isinstance(value, str)):
            names: dict[type, str] = {str: "a text", list: Phrase("a list of texts"), dict: "a table"}
            kind = names[_KEYS[key]]
            raise ValueError(Phrase("{key} is not {kind}", key=key, kind=kind))
    columns = {_field(name): _texts(f"columns.{name}", value) for name, value in data.get("columns", {}).items()}
    constants = {_field(name): _word(f"constants.{name}", value) for name, value in data.get("constants", {}).items()}
    for name in sorted(constants.keys() & columns.keys()):
        raise ValueError(Phrase("{name} has both a column and a constant", name=name))
    for name in EVENTS:
        if name in constants:
            raise ValueError(Phrase("{name} cannot be a constant: it is a moment", name=name))
    asked = tuple(map(_field, _texts("asked", data.get("asked", []))))
    for name in sorted({*asked} & {*columns, *constants}):
        raise ValueError(Phrase("{name} is asked for, and has a column or a constant", name=name))
    for name in REQUIRED:
        if name not in columns and name not in constants and name not in asked:
            raise ValueError(Phrase("it has no column for {name}, which every complaint needs", name=name))
    forms = _texts("dates", data.get("dates", AUTO))
    for form in forms:
        try:
            compile_form(form)
        except ValueError as error:
            raise ValueError(Phrase("{form} is no date form: {error}", form=form, error=error)) from None
    zone = data.get("timezone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            raise ValueError(Phrase("{zone} is no time zone; write it as America/New_York", zone=zone)) from None
    if data.get("decimal", ".") not in (".", ","):
        raise ValueError(Phrase("decimal is neither . nor ,"))
    currency = tuple(sign.strip() for sign in _texts("currency", data.get("currency", [])))
    if any(not sign or any(character.isdigit() for character in sign) for sign in currency):
        raise ValueError(Phrase("currency is no sign or word, as $ or EUR"))
    if data.get("midnight", "moment") not in ("day", "moment"):
        raise ValueError(Phrase("midnight is neither day nor moment"))
    if data.get("order", "known") not in ("guessed", "known"):
        raise ValueError(Phrase("order is neither guessed nor known"))
    return Mapping(
        name=data.get("name", path.stem),
        path=str(path),
        columns=columns,
        constants=constants,
        dates=forms,
        order_is_guessed=data.get("order") == "guessed",
        timezone=zone,
        blanks=frozenset(text.strip().casefold() for text in _texts("blanks", data.get("blanks", []))),
        sentinels=frozenset(_day(text) for text in _texts("sentinels", data.get("sentinels", []))),
        midnight_is_day=data.get("midnight") == "day",
        values={
            _field(name): {word.casefold(): _word(f"values.{name}", value) for word, value in table.items()}
            for name, table in _tables(data.get("values", {})).items()
        },
        keep=_texts("keep", data.get("keep", [])),
        last_change=_texts("last_change", data.get("last_change", [])),
        decimal=data.get("decimal", ""),
        currency=currency,
        asked=asked,
        only={_event(name): _conditions(name, table) for name, table in data.get("only", {}).items()},
        closed=_closed(data["closed"]) if "closed" in data else None,
    )


def _closed(table: dict[str, Any]) -> Closed:
    if table.keys() != {"column", "values"}:
        raise ValueError(Phrase("closed is not a table of column and values"))
    words = _texts("closed.values", table["values"])
    return Closed(_texts("closed.column", table["column"]), frozenset(word.strip().casefold() for word in words))


def _event(name: str) -> str:
    if name not in EVENTS or name == "received":
        raise ValueError(
            Phrase(
                "only.{name}: only an event after the receipt hangs on a column: {names}",
                name=name,
                names=listed(EVENTS[1:]),
            )
        )
    return name


def _conditions(name: str, table: Any) -> dict[str, frozenset[str]]:
    if not isinstance(table, dict) or not table:
        raise ValueError(Phrase("only.{name} is not a table of columns", name=name))
    return {
        column: frozenset(word.strip().casefold() for word in _texts(f"only.{name}.{column}", words))
        for column, words in table.items()
    }


def _field(name: str) -> str:
    if name not in FIELDS:
        near = suggestion(nearest_words(name, FIELDS))
        raise ValueError(
            Phrase(
                "{name} is no field of a complaint.{near} Fields: {names}", name=name, near=near, names=listed(FIELDS)
            )
        )
    return name


def _word(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(Phrase("{key} is not a text", key=key))
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_word(key, item) for item in values)


def _tables(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    for name, table in value.items():
        if not isinstance(table, dict):
            raise ValueError(Phrase("values.{name} is not a table of words", name=name))
        if name in EVENTS:
            raise ValueError(Phrase("values.{name}: a moment has no table of words", name=name))
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(Phrase("{text} in sentinels is not a day such as 1900-01-01", text=text)) from None
