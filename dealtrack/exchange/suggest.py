"""Proposing a mapping for a file that nobody has described: from its header, and from a look at the values."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from dealtrack.core.cells import BLANKS, blank_kind
from dealtrack.core.personal import PERSONAL, email_key, phone_key
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.text import escape_controls, parse_amount
from dealtrack.core.vocabulary import CATEGORY, SELLER
from dealtrack.errors import DealtrackError
from dealtrack.exchange.date_forms import AUTO
from dealtrack.exchange.date_suggestion import DateForms, find_forms, is_date
from dealtrack.exchange.layout import MappedColumns, column_words, lay_out, loose_name, words_apart
from dealtrack.exchange.mapping import DEFAULT, FIELDS, MOMENTS, REQUIRED, Mapping
from dealtrack.exchange.raw import RawRow
from dealtrack.phrase import Phrase

SAMPLE = 500
"""The rows that are looked at."""

_LIKELY, _CERTAIN = 0.5, 0.9
_LEAST = 0.6
_FEW = 0.2
_SHOWN_WORDS = 12
_MOBILE = re.compile(r"(?:(?:\+|00)?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}")
_IDENTIFIER = re.compile(
    r"(?:\b(?:id|no|nr|num|number|code|key|ref|reference|ticket)|编号|单号|序号|代码|编码|(?<!手机)(?<!电话)号)$"
)


class Suggestion(NamedTuple):
    """A proposed mapping, with remarks for the user; `fits` names the shipped mapping that it is, if it is one."""

    mapping: Mapping
    remarks: list[str]
    fits: str = ""


class _Column(NamedTuple):
    name: str
    values: list[str]

    def share(self, test: Callable[[str], object]) -> float:
        """Return the share of the values that pass a test."""
        return sum(bool(test(value)) for value in self.values) / len(self.values) if self.values else 0.0


def suggest_mapping(
    header: Sequence[str],
    rows: Sequence[RawRow],
    shipped: Iterable[Mapping],
    platforms: Sequence[Platform],
    rest: Iterable[RawRow] = (),
) -> Suggestion:
    """Return the mapping that reads a file best: a shipped one where its columns are there, else one made for it.

    `rows` are looked at whole; of the `rest` of the file, which follows, only dates that leave day and month open.
    """
    columns = _columns(header, rows)
    further = (row.values for row in rest)

    def dates(columns: Iterable[_Column]) -> DateForms:
        return find_forms({column.name: column.values for column in columns}, len(rows), further)

    for mapping in shipped:
        if _fits(mapping, header):
            return _with_open_fields(mapping, columns, dates)
    chosen = _choose(columns, platforms)
    if "completed" not in chosen:
        # Without a time of completion no complaint is completed, and an outcome would be refused.
        chosen = {name: column for name, column in chosen.items() if name not in ("outcome", "amount")}
    forms, is_guess, remarks = dates(column for name, column in chosen.items() if name in MOMENTS)
    is_plain = all(name == column.name for name, column in chosen.items()) and forms == (AUTO,)
    if is_plain and chosen.keys() >= {*REQUIRED}:
        return Suggestion(Mapping(columns={name: (name,) for name in chosen}), remarks, DEFAULT)
    blanks = {value.casefold() for column in columns for value in column.values} & BLANKS
    mapping = Mapping(
        name="suggested",
        columns={name: (chosen[name].name,) for name in FIELDS if name in chosen},
        dates=forms,
        order_is_guessed=is_guess,
        blanks=frozenset(blanks),
        open_fields=tuple(name for name in REQUIRED if name not in chosen),
    )
    if "category" in chosen:
        unknown = Counter(value for value in chosen["category"].values if CATEGORY.match(value) is None)
        if words := ", ".join(word for word, _ in unknown.most_common(_SHOWN_WORDS)):
            remarks.append(
                Phrase(
                    "words that name no category and become other, unless [values.category] maps them: {words}",
                    words=words,
                )
            )
    return Suggestion(mapping, remarks)


def _columns(header: Sequence[str], rows: Sequence[RawRow]) -> list[_Column]:
    values: dict[str, list[str]] = {name: [] for name in header if name}
    for row in rows:
        for name, cell in row.values.items():
            text = cell.strip()
            if name in values and text:
                values[name].append(text)
    return [_Column(name, texts) for name, texts in values.items()]


def _fits(mapping: Mapping, header: Sequence[str]) -> bool:
    try:
        layout = lay_out(mapping, header)
    except ValueError:
        return False
    has_needed = all(name in layout.fields or name in mapping.open_fields for name in (*REQUIRED, "number"))
    return has_needed and len(layout.fields) >= _LEAST * len(mapping.columns)


def _with_open_fields(
    mapping: Mapping, columns: Sequence[_Column], dates: Callable[[Iterable[_Column]], DateForms]
) -> Suggestion:
    """Return a shipped mapping, with the columns found for the fields that it leaves to the user."""
    if not mapping.open_fields:
        return Suggestion(mapping, [], mapping.name)
    read = MappedColumns(mapping)
    free = [column for column in columns if not read.are_named(column.name)]
    chosen = {name: column for name, column in _choose(free, ()).items() if name in mapping.open_fields}
    forms, is_guess, remarks = dates(chosen.values())
    full = replace(
        mapping,
        columns={**mapping.columns, **{name: (column.name,) for name, column in chosen.items()}},
        open_fields=tuple(name for name in mapping.open_fields if name not in chosen),
        dates=forms,
        order_is_guessed=is_guess,
    )
    pairs = " ".join(f"--map {name}={column.name}" for name, column in chosen.items())
    return Suggestion(full, remarks, f"{mapping.name} {pairs}".rstrip())


def _choose(columns: Sequence[_Column], platforms: Sequence[Platform]) -> dict[str, _Column]:
    """Return, by field, the column found for it, the most certain first; no column is read twice."""
    # What people write where there is nothing is no value.
    columns = [each._replace(values=[text for text in each.values if blank_kind(text) is None]) for each in columns]
    scores = [
        (score, -place, name, column)
        for place, column in enumerate(columns)
        for name in FIELDS
        if (score := _score(name, column, platforms)) >= 1
    ]
    scores.sort(key=lambda score: score[:2], reverse=True)
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
    if field in MOMENTS:
        value, name = column.share(is_date), loose_name(words_apart(column.name))
        is_planned = any(word in (name.split() if word.isascii() else name) for word in column_words()["planned"])
        if value < _LIKELY or is_planned:
            return 0
        if named:
            return named + value
        # Of several columns of dates without a telling name, the first is the receipt; bare numbers may be anything.
        is_sure = field == "received" and value >= _CERTAIN and not column.share(str.isdecimal)
        return value if is_sure else 0
    match field:
        case "email":
            value = column.share(email_key)
        case "phone":
            if named:
                masked = column.share(
                    lambda text: phone_key(text) or ("*" in text and sum(map(str.isdecimal, text)) > 2)
                )
                return named + 1 if masked >= _LIKELY else 0
            is_number = bool(_named("number", column.name)) or _IDENTIFIER.search(loose_name(words_apart(column.name)))
            return 1 if not is_number and column.share(_MOBILE.fullmatch) >= _LIKELY else 0
        case "consumer":
            # What names a person is short, of few words, and no sentence.
            ends = ("。", "！", "？", "?", "!")
            prose = column.share(lambda text: len(text) > 40 or len(text.split()) > 5 or text.endswith(ends))
            return 0 if prose >= _FEW else named
        case "address":
            return 0 if column.share(email_key) >= _LIKELY else named
        case "amount":
            value = column.share(_is_amount)
        case "seller":
            value = column.share(lambda text: SELLER.match(text) is not None)
            if value < _CERTAIN:
                return 0
        case "category":
            value = column.share(CATEGORY.match)
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
    name = loose_name(words_apart(column))
    words = column_words()["names"][field]
    joined = name.replace(" ", "")
    for place, word in enumerate(words):
        if joined == word.replace(" ", ""):
            return 3 - 0.5 * place / len(words)
    if field in PERSONAL:
        # A name tells what a column holds by its end: the customer's complaint is no customer.
        if any(word in name for word in column_words()["of_others"]):
            return 0
        for tail in column_words()["tails"][field]:
            name = name.removesuffix(tail).strip()
    parts = set(name.split())
    for place, word in enumerate(words):
        if field in PERSONAL:
            is_it = name.endswith(word) and (not word.isascii() or set(word.split()) <= parts)
        else:
            is_it = (len(word) > 2 and set(word.split()) <= parts) if word.isascii() else word in name
        if is_it:
            return 2 - 0.5 * place / len(words)
    return 0


def _is_amount(text: str) -> bool:
    try:
        parse_amount(text)
    except DealtrackError:
        return False
    return True


# As TOML


def mapping_toml(mapping: Mapping, remarks: Iterable[str]) -> str:
    """Return a mapping as the text of a file that `read_mapping` reads back, with remarks at its head."""
    lines = [f"# {escape_controls(' '.join(remark.split()))}" for remark in remarks]
    entries: dict[str, str | Sequence[str]] = {
        "name": mapping.name,
        "timezone": mapping.timezone or "",
        "dates": mapping.dates,
        "order": "guessed" if mapping.order_is_guessed else "",
        "blanks": sorted(mapping.blanks),
        "sentinels": sorted(day.isoformat() for day in mapping.sentinels),
        "keep": mapping.keep,
        "asked": mapping.open_fields,
        "last_change": mapping.last_change,
        "decimal": mapping.decimal,
        "currency": mapping.currency,
        "midnight": "day" if mapping.midnight_is_day else "",
    }
    lines += [f"{key} = {_list(value)}" for key, value in entries.items() if value]
    lines += ["", "[columns]"]
    lines += [f"{name} = {_list(columns)}" for name, columns in mapping.columns.items()]
    if mapping.constants:
        lines += ["", "[constants]", *(f"{name} = {_quoted(text)}" for name, text in mapping.constants.items())]
    for name, conditions in mapping.conditions.items():
        lines += ["", f"[only.{name}]"]
        lines += [f"{_quoted(column)} = {_list(sorted(words))}" for column, words in conditions.items()]
    for name, table in mapping.values.items():
        lines += ["", f"[values.{name}]", *(f"{_quoted(word)} = {_quoted(text)}" for word, text in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else json.dumps(text)


def _list(value: str | Sequence[str]) -> str:
    values = [value] if isinstance(value, str) else value
    return _quoted(values[0]) if len(values) == 1 else f"[{', '.join(map(_quoted, values))}]"
