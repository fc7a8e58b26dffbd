"""Mappings: which column of a file means which field of a complaint, and how its values are written."""

import tomllib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.core.personal import PERSONAL
from dealtrack.core.vocabulary import CATEGORIES, CATEGORY, nearest_words
from dealtrack.errors import BadMappingFile, CannotRead, UnknownCategory, UnknownWord, suggestion
from dealtrack.exchange.date_forms import AUTO, NAMED_FORMS, compile_form
from dealtrack.phrase import BadValue, Phrase, Word, listed

MOMENTS = ("received", "forwarded", "completed", "withdrawn", "rejected")
FIELDS = (
    "number",
    "platform",
    "category",
    "seller",
    "owner",
    "policy",
    *MOMENTS,
    "outcome",
    "amount",
    *PERSONAL,
    "summary",
)
REQUIRED = ("received", "platform")
CONSTANTS = tuple(name for name in FIELDS if name not in (*MOMENTS, "number"))
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


class Closed(NamedTuple):
    """Columns, of which the first that a file has counts, and the words, folded, that mean closed on an unknown day."""

    columns: tuple[str, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the columns of a file are read as the fields of a complaint.

    `columns` gives each field its columns, of which the first that a row fills counts. `required` fields must have a
    column in the file, or a constant. `dates` are date forms, `auto` or directives, in which the order of day and month
    may be a guess; moments without an offset, and days alone, are of `timezone`, or of the register's where it is None.
    A cell that holds one of `blanks`, whatever its case, is empty; a day in `sentinels` means none. `values` turns
    words, whatever their case, into a field's values. The columns in `keep` stay with the complaint word for word.
    `open_fields` are those whose column nobody knows beforehand, so that whoever imports names it. `conditions` tells
    of an event in which columns which words, whatever their case, must stand, for it to have happened. `decimal` is the
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
    open_fields: tuple[str, ...] = ()
    conditions: Table[str, Table[str, frozenset[str]]] = field(default_factory=dict)
    closed: Closed | None = None
    decimal: str = ""
    currency: tuple[str, ...] = ()
    last_change: tuple[str, ...] = ()


def find_mapping(name: str, folders: Sequence[Path]) -> Mapping:
    """Return the mapping of this name in the first folder that has it, or at this path.

    Raises BadMappingFile and CannotRead.
    """
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return read_mapping(Path(name))
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_mapping(path)
    names = mapping_names(folders)
    words = {"near": suggestion(nearest_words(name, names)), "names": listed(names or [Word("none")])}
    raise BadMappingFile.because("there is no such mapping.{near} Known: {names}", name, **words)


def mapping_names(folders: Iterable[Path]) -> list[str]:
    """Return the names of the mappings in folders, in order."""
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml")})


def read_mapping(path: Path) -> Mapping:
    """Return the mapping that a TOML file holds; raises BadMappingFile and CannotRead."""
    try:
        return _mapping(tomllib.loads(path.read_text(encoding="utf-8-sig")), path)
    except FileNotFoundError:
        raise CannotRead.because("there is no such file", path) from None
    except OSError as error:
        raise CannotRead(path=path, reason=error.strerror or Phrase("the system cannot read it")) from None
    except UnicodeDecodeError:
        raise BadMappingFile.because("it is not UTF-8 text", path) from None
    except tomllib.TOMLDecodeError as error:
        raise BadMappingFile.because("it is not TOML: {error}", path, error=error) from None
    except RecursionError:
        raise BadMappingFile.because("it is not TOML: it is nested too deeply", path) from None
    except ValueError as error:
        raise BadMappingFile(path=path, reason=str(error)) from None


def _mapping(data: dict[str, Any], path: Path) -> Mapping:
    for key, value in data.items():
        if key not in _KEYS:
            raise BadValue("unknown key {key}; allowed: {names}", key=key, names=listed(_KEYS))
        if type(value) is not _KEYS[key] and not (_KEYS[key] is list and isinstance(value, str)):
            names: dict[type, str] = {str: "text", list: Phrase("a list of texts"), dict: "a table"}
            raise BadValue("{key} must be {kind}", key=key, kind=names[_KEYS[key]])
    columns = {_field(name): _texts(f"columns.{name}", value) for name, value in data.get("columns", {}).items()}
    constants = {_field(name): _word(f"constants.{name}", value) for name, value in data.get("constants", {}).items()}
    for name in sorted(constants.keys() & columns.keys()):
        raise BadValue("{name} has both a column and a constant", name=name)
    for name in MOMENTS:
        if name in constants:
            raise BadValue("{name} cannot be a constant: it is a time", name=name)
    open_fields = tuple(map(_field, _texts("asked", data.get("asked", []))))
    for name in sorted({*open_fields} & {*columns, *constants}):
        raise BadValue("{name} is in asked, but has a column or a constant", name=name)
    for name in REQUIRED:
        if name not in columns and name not in constants and name not in open_fields:
            raise BadValue("there is no column for {name}, which every complaint needs", name=name)
    forms = _texts("dates", data.get("dates", AUTO))
    _check_writing(data, forms)
    currency = tuple(sign.strip() for sign in _texts("currency", data.get("currency", [])))
    if any(not sign or any(character.isdigit() for character in sign) for sign in currency):
        raise BadValue("currency must be a sign or word such as $ or EUR")
    if data.get("midnight", "moment") not in ("day", "moment"):
        raise BadValue("midnight must be day or moment")
    if data.get("order", "known") not in ("guessed", "known"):
        raise BadValue("order must be guessed or known")
    return Mapping(
        name=data.get("name", path.stem),
        path=str(path),
        columns=columns,
        constants=constants,
        dates=forms,
        order_is_guessed=data.get("order") == "guessed",
        timezone=data.get("timezone"),
        blanks=_folded("blanks", data.get("blanks", [])),
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
        open_fields=open_fields,
        conditions={name: _conditions(name, table) for name, table in data.get("only", {}).items()},
        closed=_closed(data["closed"]) if "closed" in data else None,
    )


def _check_writing(data: dict[str, Any], forms: Iterable[str]) -> None:
    """Check the date forms, the time zone and the sign before the cents; raises ValueError."""
    for form in forms:
        try:
            compile_form(form)
        except ValueError as error:
            raise BadValue("{form} is not a date format: {error}", form=form, error=error) from None
    if "timezone" in data:
        try:
            ZoneInfo(data["timezone"])
        except (ValueError, OSError, KeyError):
            zone = data["timezone"]
            raise BadValue("{zone} is not a time zone; write it as America/New_York", zone=zone) from None
    if data.get("decimal", ".") not in (".", ","):
        raise BadValue("decimal must be . or ,")


def _closed(table: dict[str, Any]) -> Closed:
    if table.keys() != {"column", "values"}:
        raise BadValue("closed must be a table of column and values")
    words = _folded("closed.values", table["values"])
    return Closed(_texts("closed.column", table["column"]), words)


def _conditions(name: str, table: Any) -> dict[str, frozenset[str]]:
    if name not in MOMENTS[1:]:
        names = listed(MOMENTS[1:])
        raise BadValue(
            "only.{name}: only events after the receipt can depend on a column: {names}", name=name, names=names
        )
    if not isinstance(table, dict) or not table:
        raise BadValue("only.{name} must be a table of columns", name=name)
    return {column: _folded(f"only.{name}.{column}", words) for column, words in table.items()}


def _field(name: str) -> str:
    if name not in FIELDS:
        near = suggestion(nearest_words(name, FIELDS))
        raise BadValue("there is no field {name}.{near} Fields: {names}", name=name, near=near, names=listed(FIELDS))
    return name


def _word(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("{key} must be text", key=key)
    return value


def _texts(key: str, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_word(key, item) for item in values)


def _folded(key: str, value: Any) -> frozenset[str]:
    return frozenset(text.strip().casefold() for text in _texts(key, value))


def _tables(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    for name, table in value.items():
        if not isinstance(table, dict):
            raise BadValue("values.{name} must be a table of words", name=name)
        if name in MOMENTS:
            raise BadValue("values.{name}: a time has no table of words", name=name)
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValue("{text} in sentinels is not a date such as 1900-01-01", text=text) from None


# What the command line says beside a mapping


def with_options(mapping: Mapping, pairs: Iterable[str], constants: Iterable[str], dates: Sequence[str]) -> Mapping:
    """Return a mapping with what is said beside it: its columns, its constants, then its date forms."""
    return with_dates(with_constants(with_pairs(mapping, pairs), constants), dates)


def with_pairs(mapping: Mapping, pairs: Iterable[str]) -> Mapping:
    """Return a mapping in which `field=Column` pairs go first, several of a field in turn; raises UnknownWord."""
    columns: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, column = _pair(
            pair, "--map", Word("The field of --map"), FIELDS, Phrase("field=Column, e.g. platform=Company")
        )
        columns[name] = (*columns.get(name, ()), column)
    constants = {name: value for name, value in mapping.constants.items() if name not in columns}
    return replace(
        mapping, columns={**mapping.columns, **columns}, constants=constants, required=mapping.required | columns.keys()
    )


def _pair(pair: str, option: str, what: str, fields: Sequence[str], example: str) -> tuple[str, str]:
    """Return the two sides of what an option of the form field=... says; raises UnknownWord."""
    name, equals, value = (part.strip() for part in pair.partition("="))
    name = name.lower()
    if not equals or not value:
        raise UnknownWord(what=option, value=pair, nearest="", allowed=example)
    if name not in fields:
        near = suggestion(nearest_words(name, fields))
        raise UnknownWord(what=what, value=name, nearest=near, allowed=listed(fields))
    return name, value


def with_constants(mapping: Mapping, pairs: Iterable[str]) -> Mapping:
    """Return a mapping in which `field=value` pairs fill fields in every row; raises UnknownWord, UnknownCategory."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, value = _pair(
            pair, "--set", Word("The field of --set"), CONSTANTS, Phrase("field=value, e.g. platform=JD")
        )
        if name in values:
            raise UnknownWord(what="--set", value=pair, nearest="", allowed=Phrase("one value for each field"))
        values[name] = value
    if "category" in values and CATEGORY.match(values["category"]) is None:
        raise UnknownCategory(name=values["category"], nearest="", allowed=listed(CATEGORIES))
    columns = {name: columns for name, columns in mapping.columns.items() if name not in values}
    open_fields = tuple(name for name in mapping.open_fields if name not in values)
    return replace(mapping, columns=columns, constants={**mapping.constants, **values}, open_fields=open_fields)


def with_dates(mapping: Mapping, forms: Sequence[str]) -> Mapping:
    """Return a mapping with other date forms, where any are given; raises UnknownWord."""
    for form in forms:
        try:
            compile_form(form)
        except ValueError as error:
            allowed = Phrase(
                "{names}, or a format such as %d/%m/%Y %H:%M ({error})", names=listed(NAMED_FORMS), error=error
            )
            raise UnknownWord(what="--date-format", value=form, nearest="", allowed=allowed) from None
    return replace(mapping, dates=tuple(forms), order_is_guessed=False) if forms else mapping
