"""Proposing a mapping for a file that nobody has described: from its header, and from a look at the values."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from dealtrack.core.category import match_category
from dealtrack.core.contact import email_key, phone_key
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.seller import match_seller
from dealtrack.core.text import escape_controls, parse_amount
from dealtrack.errors import DealtrackError
from dealtrack.exchange.column_words import BLANKS, WORDS
from dealtrack.exchange.dates import AUTO, EXCEL_1900, compile_form
from dealtrack.exchange.mapping import DEFAULT, EVENTS, FIELDS, REQUIRED, Mapping, lay_out, loose_name
from dealtrack.exchange.raw import RawRow
from dealtrack.phrase import Phrase

SAMPLE = 500
"""The rows that are looked at."""

_DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S")
_OTHERS = (
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%m/%d/%y", "%d.%m.%y", "%Y%m%d", "%Y%m%d%H%M",
    "%Y%m%d%H%M%S", "%d %b %Y", "%b %d, %Y", EXCEL_1900,
)  # fmt: skip
_FORMS = (AUTO, *_DAY_FIRST, *_OTHERS)
_LIKELY, _CERTAIN = 0.5, 0.9
_LEAST = 0.6
_SHOWN_WORDS = 12


class Suggestion(NamedTuple):
    """A mapping that was proposed, and what is to be said of it; `fits` is the shipped one that it is, if it is one."""

    mapping: Mapping
    remarks: list[str]
    fits: str = ""


class _Column(NamedTuple):
    name: str
    values: list[str]

    def share(self, test: Callable[[str], object]) -> float:
        """Return the share of the values that are as a test wants them."""
        return sum(bool(test(value)) for value in self.values) / len(self.values) if self.values else 0.0


def suggest_mapping(
    header: Sequence[str], rows: Sequence[RawRow], shipped: Iterable[Mapping], platforms: Sequence[Platform]
) -> Suggestion:
    """Return the mapping that reads a file best: a shipped one where its columns are there, else one made for it."""
    columns = _columns(header, rows)
    for mapping in shipped:
        if _fits(mapping, header):
            return _completed(mapping, columns)
    chosen = _choose(columns, platforms)
    if "completed" not in chosen:
        # What came of a complaint is told of one that was completed alone.
        chosen = {name: column for name, column in chosen.items() if name not in ("outcome", "amount")}
    if all(name == column.name for name, column in chosen.items()) and chosen.keys() >= {*REQUIRED}:
        return Suggestion(Mapping(columns={name: (name,) for name in chosen}), [], DEFAULT)
    read = [column for name, column in chosen.items() if name in EVENTS]
    forms, remarks = _forms(read)
    blanks = {value.casefold() for column in columns for value in column.values} & BLANKS
    mapping = Mapping(
        name="suggested",
        columns={name: (chosen[name].name,) for name in FIELDS if name in chosen},
        dates=forms,
        blanks=frozenset(blanks),
        asked=tuple(name for name in REQUIRED if name not in chosen),
    )
    if "category" in chosen:
        words = Counter(value for value in chosen["category"].values if match_category(value) is None)
        if words:
            told = ", ".join(word for word, _ in words.most_common(_SHOWN_WORDS))
            unknown = Phrase(
                "words that stand for no category, and become other unless [values.category] tells: {words}", words=told
            )
            remarks.append(unknown)
    return Suggestion(mapping, remarks)


def _columns(header: Sequence[str], rows: Sequence[RawRow]) -> list[_Column]:
    held: dict[str, list[str]] = {name: [] for name in header if name}
    for row in rows:
        for name, cell in row.values.items():
            text = cell.strip()
            if name in held and text:
                held[name].append(text)
    return [_Column(name, values) for name, values in held.items()]


def _said(column: _Column) -> _Column:
    """Return a column without what people write where there is nothing."""
    return column._replace(values=[value for value in column.values if value.casefold() not in BLANKS])


def _fits(mapping: Mapping, header: Sequence[str]) -> bool:
    try:
        layout = lay_out(mapping, header)
    except ValueError:
        return False
    has_needed = all(name in layout.fields or name in mapping.asked for name in (*REQUIRED, "number"))
    return has_needed and len(layout.fields) >= _LEAST * len(mapping.columns)


def _completed(mapping: Mapping, columns: Sequence[_Column]) -> Suggestion:
    """Return a shipped mapping with the columns of what it asks for, where the file's names tell them."""
    if not mapping.asked:
        return Suggestion(mapping, [], mapping.name)
    used = {loose_name(column) for names in mapping.columns.values() for column in names} | {
        *map(loose_name, mapping.keep)
    }
    free = [column for column in columns if loose_name(column.name) not in used]
    chosen = {name: column for name, column in _choose(free, ()).items() if name in mapping.asked}
    forms, remarks = _forms(chosen.values())
    given = {name: (column.name,) for name, column in chosen.items()}
    asked = tuple(name for name in mapping.asked if name not in chosen)
    made = replace(mapping, columns={**mapping.columns, **given}, asked=asked, dates=forms)
    pairs = " ".join(f"--map {name}={column.name}" for name, column in chosen.items())
    return Suggestion(made, remarks, f"{mapping.name} {pairs}".rstrip())


def _choose(columns: Sequence[_Column], platforms: Sequence[Platform]) -> dict[str, _Column]:
    """Return the column of each field that one is found for, the surest first; no column is read twice."""
    columns = list(map(_said, columns))
    scores = [
        (score, -place, name, column)
        for place, column in enumerate(columns)
        for name in FIELDS
        if (score := _score(name, column, platforms)) >= 1
    ]
    scores.sort(key=lambda found: found[:2], reverse=True)
    chosen: dict[str, _Column] = {}
    for _, _, name, column in scores:
        if name not in chosen and column not in chosen.values():
            chosen[name] = column
    return chosen


def _score(field: str, column: _Column, platforms: Sequence[Platform]) -> float:
    """Return how surely a column is a field's: its name counts up to 3, its values up to 2, and may rule it out."""
    named, value = _named(field, column.name), 0.0
    if not column.values:
        return named
    if field in EVENTS:
        value = column.share(_is_date)
        if value < _LIKELY:
            return 0
        # Of several columns of dates without a telling name, the first is the receipt.
        return named + value if named else (value if field == "received" and value >= _CERTAIN else 0)
    match field:
        case "email":
            value = column.share(email_key)
        case "phone":
            return named + 1 if named else (1 if column.share(_is_mobile) >= _LIKELY else 0)
        case "amount":
            value = column.share(_is_amount)
        case "seller":
            value = column.share(lambda text: match_seller(text) is not None)
            if value < _CERTAIN:
                return 0
        case "category":
            value = column.share(match_category)
        case "platform":
            value = column.share(lambda text: match_platform(text, platforms)) if platforms else 0
        case "number":
            alone = len(set(column.values)) == len(column.values)
            return named + 1 if named and alone else named
        case _:
            return named
    if field in ("email", "amount") and named and value < _LIKELY:
        return 0
    if named:
        return named + value
    return 1 + value if value >= _LIKELY and field in ("email", "category", "platform") else 0


def _named(field: str, column: str) -> float:
    name = loose_name(column)
    words = WORDS[field]
    if name in words:
        return 3 - 0.5 * words.index(name) / len(words)
    parts = set(name.split())
    for place, word in enumerate(words):
        if (len(word) > 2 and set(word.split()) <= parts) if word.isascii() else word in name:
            return 2 - 0.5 * place / len(words)
    return 0


def _is_date(text: str) -> bool:
    return any(_reads(form, text) for form in _FORMS)


def _reads(form: str, text: str) -> bool:
    if form == EXCEL_1900 and not 20_000 <= _number(text) <= 80_000:
        return False
    try:
        reading = _compiled(form)(text)
    except ValueError:
        return False
    return reading is not None and 1970 <= reading.when.year <= 2100


_compiled = cache(compile_form)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0


def _is_mobile(text: str) -> bool:
    digits = phone_key(text) or ""
    return len(digits) == 11 and digits.startswith("1")


def _is_amount(text: str) -> bool:
    try:
        parse_amount(text)
    except DealtrackError:
        return False
    return True


def _forms(columns: Iterable[_Column]) -> tuple[tuple[str, ...], list[str]]:
    """Return the date forms that read most of some columns' values, and what is to be said of them."""
    values = list(dict.fromkeys(value for column in map(_said, columns) for value in column.values))
    is_day_first = any(_reads(form, value) and not _reads(AUTO, value) for form in _DAY_FIRST for value in values)
    left, forms = values, []
    # The reader takes the first form that fits: where days stand first, auto may not see such a date before.
    for form in (*_DAY_FIRST, AUTO, *_OTHERS) if is_day_first else (AUTO, *_OTHERS):
        unread = [value for value in left if not _reads(form, value)]
        if len(unread) < len(left):
            forms.append(form)
        left = unread
    remarks: list[str] = []
    guessed = next((value for value in values if _guessed(value)), None)
    if guessed and forms in ([], [AUTO]):
        remarks.append(
            Phrase(
                "{example} may be day or month first; it is read month first, and %d/%m/%Y reads it day first",
                example=guessed,
            )
        )
    return tuple(forms) or (AUTO,), remarks


def _guessed(value: str) -> bool:
    try:
        reading = _compiled(AUTO)(value)
    except ValueError:
        return False
    return reading is not None and bool(reading.fits_both)


# As TOML


def mapping_toml(mapping: Mapping, remarks: Iterable[str]) -> str:
    """Return a mapping as the text of a file that `read_mapping` reads back, with remarks at its head."""
    lines = [f"# {escape_controls(' '.join(remark.split()))}" for remark in remarks]
    lines.append(f"name = {_quoted(mapping.name)}")
    if mapping.timezone:
        lines.append(f"timezone = {_quoted(mapping.timezone)}")
    lines.append(f"dates = {_list(mapping.dates)}")
    for name, values in (
        ("blanks", sorted(mapping.blanks)),
        ("sentinels", sorted(day.isoformat() for day in mapping.sentinels)),
        ("keep", mapping.keep),
        ("asked", mapping.asked),
    ):
        if values:
            lines.append(f"{name} = {_list(values)}")
    if mapping.midnight_is_day:
        lines.append('midnight = "day"')
    lines += ["", "[columns]"]
    lines += [f"{name} = {_list(columns)}" for name, columns in mapping.columns.items()]
    if mapping.constants:
        lines += ["", "[constants]", *(f"{name} = {_quoted(text)}" for name, text in mapping.constants.items())]
    for name, conditions in mapping.only.items():
        lines += ["", f"[only.{name}]"]
        lines += [f"{_quoted(column)} = {_list(sorted(words))}" for column, words in conditions.items()]
    for name, table in mapping.values.items():
        lines += ["", f"[values.{name}]", *(f"{_quoted(word)} = {_quoted(text)}" for word, text in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else json.dumps(text)


def _list(values: Sequence[str]) -> str:
    return _quoted(values[0]) if len(values) == 1 else f"[{', '.join(map(_quoted, values))}]"
