"""Where a table begins: the row that names its columns, or the two that do; and what stands above and below it."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count, pairwise
from typing import NamedTuple

from dealtrack.errors import UnknownWord
from dealtrack.exchange.layout import MappedColumns, column_words, loose_name
from dealtrack.phrase import Phrase

_TOTAL, _COUNTED, _NOTE = (
    re.compile("|".join(column_words()["beside_the_table"][name]), re.IGNORECASE)
    for name in ("total", "counted", "note")
)
_FIGURE = re.compile(r"[-+]?[0-9][0-9.,% ]*[件条个元]?")
_MOST_HEADER_ROWS = 5
_RULE = re.compile(r"[-=_+*|:]{2,}")


class HeaderQuery(NamedTuple):
    """The first and the last row of a header, from 1; without them it is found by the columns of a mapping."""

    rows: tuple[int, int] | None = None
    columns: MappedColumns | None = None


def header_rows(text: str) -> tuple[int, int] | None:
    """Return the first and last row of a header from text such as 3 or 2-3, None from none; raises UnknownWord."""
    if not text:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,5})(?:-([1-9][0-9]{0,5}))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not match or not first <= last < first + _MOST_HEADER_ROWS:
        allowed = Phrase("a row, e.g. 2, or rows, e.g. 2-3; at most {most}", most=_MOST_HEADER_ROWS)
        raise UnknownWord(what="--header-row", value=text, nearest="", allowed=allowed)
    return first, last


def clean_names(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the names of columns without needless spaces."""
    return tuple(" ".join(cell.split()) for cell in cells)


def header_of(rows: Sequence[Sequence[str]], query: HeaderQuery) -> tuple[str, ...]:
    """Return the names of the columns from the rows of a header, one or several."""
    return clean_names(rows[0]) if len(rows) == 1 else merged_header(rows, query.columns)


def find_header(rows: Sequence[Sequence[str]], columns: MappedColumns | None) -> tuple[int, int] | None:
    """Return at which of some first rows the header begins and how many rows it has; None where nothing tells.

    A row that has the columns of the mapping is the header, or rows that have them together; else one that holds
    names by which columns are known.
    """
    filled = [place for place, row in enumerate(rows) if any(map(str.strip, row))]
    if columns is not None:
        for place in filled:
            if columns.suffice(clean_names(rows[place])):
                return place, _height(rows, place)
        for place in filled:
            most = next(end for end in count(place) if not _may_go_on(rows, end)) + 1
            for end in range(place + 2, min(most, place + _MOST_HEADER_ROWS) + 1):
                if columns.suffice(merged_header(rows[place:end], columns)):
                    return place, end - place + _height(rows, end - 1) - 1
    for place in filled:
        row = rows[place]
        if not _has_digits(row) and sum(map(is_column_word, row)) > 1:
            return place, _height(rows, place)
    return None


def _height(rows: Sequence[Sequence[str]], place: int) -> int:
    """Return how many rows a header has that begins at a place."""
    return next(height for height in count(1) if height == _MOST_HEADER_ROWS or not _goes_on(rows, place + height - 1))


def _may_go_on(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Tell whether the row after a row may be the second of a header: it holds names, as the first does."""
    if place + 1 >= len(rows):
        return False
    pair = rows[place : place + 2]
    return all(sum(bool(cell.strip()) for cell in row) > 1 and not _has_digits(row) for row in pair)


def _goes_on(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Tell whether a header goes on in the row after it: with names below cells that are empty, as merged ones are."""
    if not _may_go_on(rows, place):
        return False
    first, second = rows[place : place + 2]
    below = zip(first, second, strict=False)
    return any(not upper.strip() and lower.strip() for upper, lower in below) and not all(map(str.strip, first))


def _has_digits(row: Iterable[str]) -> bool:
    return any(character.isdigit() for cell in row for character in cell)


def merged_header(rows: Sequence[Sequence[str]], columns: MappedColumns | None) -> tuple[str, ...]:
    """Return the names of columns over which several rows stand, of which the upper may be merged over several.

    A column has the lowest name, or one above it that the mapping names; where a lowest name stands twice, all of them.
    """
    clean = [list(clean_names(row)) for row in rows]
    width = max(map(len, clean))
    for row in clean:
        row += [""] * (width - len(row))
    lowest, whole, parts_of = list[str](), list[str](), list[list[str]]()
    for place in range(width):
        own = [row[place] for row in clean if row[place]]
        over = list[str]()
        for row, below in pairwise(clean):
            # What is merged over several columns stands in the first of them.
            if below[place]:
                over.append(next((row[left] for left in range(place, -1, -1) if row[left]), ""))
        parts = [part for part in dict.fromkeys([*over, *own]) if part]
        lowest.append(own[-1] if own else "")
        whole.append(" ".join(parts))
        parts_of.append([*reversed(own), whole[-1]])
    names = [own if lowest.count(own) == 1 else full for own, full in zip(lowest, whole, strict=True)]
    if columns is None:
        return tuple(names)
    return tuple(
        next((word for word in words if word and columns.are_named(word)), name)
        for name, words in zip(names, parts_of, strict=True)
    )


@cache
def _column_names() -> frozenset[str]:
    return frozenset(loose_name(word) for words in column_words()["names"].values() for word in words)


def is_column_word(cell: str) -> bool:
    """Tell whether a cell holds a name by which a column is known."""
    return bool(cell.strip()) and loose_name(cell) in _column_names()


def is_no_row(header: Sequence[str], cells: Sequence[str], is_first: bool) -> bool:
    """Tell whether a row that cannot be read as a complaint is none at all, e.g. a total or a second header.

    `is_first` tells whether it is the first row below the header.
    """
    filled = [text for cell in cells if (text := cell.strip(" \t\r\n\x1a\u3000"))]
    if not filled:
        return True
    first, *others = filled
    if all(map(_RULE.fullmatch, filled)):
        return True
    bare = "".join(first.split())
    if _TOTAL.fullmatch(bare) or _TOTAL.fullmatch(first):
        return all(map(_FIGURE.fullmatch, others))
    if not others and (_COUNTED.fullmatch(first) or _COUNTED.fullmatch(bare)):
        return True
    if all(map(_NOTE.fullmatch, filled)):
        return True
    names = [name for name in clean_names(cells) if name]
    if len(names) > 1 and names == [name for name in header if name]:
        return True
    return is_first and len(names) > 1 and not _has_digits(names) and 2 * sum(map(is_column_word, names)) >= len(names)
