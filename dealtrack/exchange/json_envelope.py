"""The one array of objects inside a JSON object, as many servers answer: where in the text it begins."""

import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from dealtrack.errors import CannotRead
from dealtrack.exchange.headers import Columns
from dealtrack.exchange.json_rows import ArrayStart, json_array_rows
from dealtrack.exchange.raw import FIELD_LIMIT, RawRow
from dealtrack.phrase import Phrase, listed

_CHUNK = 1 << 20
_LONGEST = 16 * FIELD_LIMIT
_DEEPEST = 6
_SIGNS = "{}[]:,"
# A string that does not end is a word of its own here, which may go on in what is read next.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]:]|[^\s"{}\[\]:,]+', re.DOTALL)


class _Array(NamedTuple):
    path: str
    start: ArrayStart


def find_array(text: TextIO, name: str, columns: Columns | None) -> ArrayStart | None:
    """Return where the array of a file begins that is one object around it; None for one object a line.

    Where the object itself has the columns that are looked for it is a row, and of several arrays that one counts
    whose objects have them. Raises CannotRead where none does, or where the array is empty.
    """
    text.seek(0)
    found = _look_through(text)
    if found.is_followed or (found.is_whole and columns is not None and columns.suffice(found.names)):
        return None
    if len(found.arrays) == 1:
        return found.arrays[0].start
    if not found.arrays:
        if found.is_whole and found.has_empty:
            raise CannotRead(path=name, reason="it holds no rows")
        return None
    if columns is not None:
        fitting = [array for array in found.arrays if columns.suffice(_first_header(text, name, array.start))]
        if len(fitting) == 1:
            return fitting[0].start
    raise CannotRead(
        path=name,
        reason=Phrase(
            "it is an object with several arrays, {paths}; none alone has the columns that are needed: name them with "
            "--map, or save the one array",
            paths=listed(array.path for array in found.arrays),
        ),
    )


def _first_header(text: TextIO, name: str, start: ArrayStart) -> tuple[str, ...]:
    text.seek(0)
    first = next(json_array_rows(text, name, start), None)
    return first.header if isinstance(first, RawRow) else ()


class _Found:
    """What the first object of a text holds: its names and its arrays of objects, and whether the text ends with it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.arrays: list[_Array] = []
        self.has_empty = self.is_whole = self.is_followed = False


def _look_through(text: TextIO) -> _Found:
    found = _Found()
    path, inside, last, name = list[str](), "", "", ""
    before: _Array | None = None
    for word, place, line in _tokens(text):
        if found.is_whole:
            found.is_whole, found.is_followed = False, True
            break
        if before is not None:
            if word == "{":
                found.arrays.append(before)
            found.has_empty = found.has_empty or word == "]"
            before = None
        sign = word[0]
        if sign in "{[":
            inside += sign
            path.append(name)
            if sign == "[" and inside.count("[") == 1 and len(inside) <= _DEEPEST:
                before = _Array(".".join(filter(None, path)), ArrayStart(place, line))
            name = ""
        elif sign in "}]":
            if not inside or inside[-1] != {"}": "{", "]": "["}[sign]:
                break
            inside = inside[:-1]
            path.pop()
            found.is_whole = not inside
        elif sign == ":":
            name = last
            if len(inside) == 1:
                found.names.append(name)
        elif sign == '"':
            last = word[1:-1]
    return found


def _tokens(text: TextIO) -> Iterator[tuple[str, int, int]]:
    """Yield the signs, strings and other words of JSON, each with the place and line at which it stands."""
    rest, done, line = "", 0, 1
    while True:
        chunk = text.read(_CHUNK)
        held = rest + chunk
        at = 0
        for found in _TOKEN.finditer(held):
            if chunk and found.end() == len(held) and found[0][0] not in _SIGNS:
                # It may go on in the next piece.
                break
            line += held.count("\n", at, found.start())
            yield found[0], done + found.start(), line
            line += found[0].count("\n")
            at = found.end()
        if not chunk or len(held) - at > _LONGEST:
            return
        done += at
        rest = held[at:]
