"""Rows of JSON files: one object a line, or one array of objects, alone or inside an object around it.

Numbers stay as they were written.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TextIO

from dealtrack.errors import CannotRead
from dealtrack.exchange.layout import MappedColumns
from dealtrack.exchange.raw import FIELD_LIMIT, MARKS, ROW, RawRow, Refusal, Unusable
from dealtrack.phrase import BadValue, Phrase, listed

_CHUNK = 1 << 20
_LONGEST = 16 * FIELD_LIMIT
_DEEPEST = 6
_SPACE = re.compile(r"\s*")
_SIGNS = "{}[]:,"
# A string that does not end is a word of its own here, which may go on in what is read next.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]:]|[^\s"{}\[\]:,]+', re.DOTALL)
_AROUND = frozenset(
    {"_index", "_type", "_id", "_score", "_source", "_version", "sort", "type", "geometry", "properties", "id"}
)
"""The first names of the objects that a search engine or a map writes around the columns of a row."""


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was read, which may name a key twice."""


def _no_constant(text: str) -> str:
    raise BadValue("{text} is not JSON", text=text)


_decoder = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=_no_constant, strict=False
)


def json_line_rows(lines: Iterable[str]) -> Iterator[RawRow | Refusal]:
    """Yield the objects of a file that holds one a line; a line that holds none is refused."""
    header: tuple[str, ...] = ()
    for line, text in enumerate(lines, 1):
        text = text.strip()
        if not text:
            continue
        try:
            value = _decoder.decode(text)
        except (ValueError, RecursionError) as error:
            reason = Phrase("the line is not a JSON object: {fault}", fault=_json_fault(error))
            yield Refusal(line, reason, RawRow(line, ("text",), (text,)))
            continue
        row = _json_row(line, value, header)
        if isinstance(row, RawRow):
            header = row.header
        yield row


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return Phrase("{fault} at character {place}", fault=error.msg[:1].lower() + error.msg[1:], place=error.colno)
    return Phrase("it is nested too deeply") if isinstance(error, RecursionError) else str(error)


def _json_row(line: int, value: Any, before: tuple[str, ...]) -> RawRow | Refusal:
    if type(value) is not _Pairs:
        return Refusal(
            line, Phrase("it is JSON, but not an object with columns"), RawRow(line, ("text",), (_text(value),))
        )
    if value and value[0][0] in _AROUND:
        parts = dict(value)
        inner = parts.get("properties") if parts.get("type") == "Feature" else parts.get("_source")
        value = inner if type(inner) is _Pairs else value
    elif value and [key for key, _ in value] == [*MARKS, ROW] and type(value[-1][1]) is _Pairs:
        # A refused row, in the file that --rejects wrote.
        value = value[-1][1]
    header = tuple([key for key, _ in value])
    cells = [item if type(item) is str else _text(item) for _, item in value]
    if header == before:
        return RawRow(line, before, cells)
    row = RawRow(line, header, cells)
    if len(set(header)) < len(header):
        twice = next(key for key in header if header.count(key) > 1)
        return Refusal(line, Phrase("it names {twice!r} twice", twice=twice), row)
    return row


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            text = json.dumps(_plain(value), ensure_ascii=False)
            return Unusable(text, Phrase("is an object or a list, not a single value"))
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


class ArrayStart(NamedTuple):
    """Where an array begins inside a text: how many characters stand before it, its line from 1, and its names."""

    place: int
    line: int
    path: str = ""


def json_array_rows(text: TextIO, name: str, start: ArrayStart | None = None) -> Iterator[RawRow | Refusal]:
    """Yield the objects of a JSON array while it is read; raises CannotRead where it is broken.

    `start` is where it begins inside an object; what follows it then is not looked at.
    """
    before, line = start[:2] if start else (0, 1)
    while before:
        before -= len(text.read(min(before, _CHUNK)))
    buffer, at, counted = text.read(_CHUNK).removeprefix("\ufeff"), 0, 0
    expected = "["
    header: tuple[str, ...] = ()
    while True:
        at = _SPACE.match(buffer, at).end()  # type: ignore[union-attr]  # it matches always
        line += buffer.count("\n", counted, at)
        counted = at
        if at == len(buffer):
            buffer, at, counted = text.read(_CHUNK), 0, 0
            if buffer:
                continue
            if expected:
                raise CannotRead.because("the array ends on line {line} without a ]", name, line=line)
            return
        sign = buffer[at]
        if not expected:
            if start is not None:
                return
            raise CannotRead.because("line {line} has something after the end of the array", name, line=line)
        if sign not in expected:
            needed = " or ".join(expected)
            raise CannotRead.because(
                "line {line} has {sign!r} where the array needs {needed}", name, line=line, sign=sign, needed=needed
            )
        if sign != "{":
            at += 1
            expected = {"[": "]{", ",": "{", "]": ""}[sign]
            continue
        try:
            value, end = _decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            more = text.read(_CHUNK) if len(buffer) - at < _LONGEST else ""
            if more:
                buffer, at, counted = buffer[at:] + more, 0, 0
                continue
            raise CannotRead.because(
                "the object on line {line} is not JSON: {fault}", name, line=line, fault=_json_fault(error)
            ) from None
        row = _json_row(line, value, header)
        if isinstance(row, RawRow):
            header = row.header
        yield row
        line += buffer.count("\n", at, end)
        at = counted = end
        expected = ",]"


def find_array(text: TextIO, name: str, columns: MappedColumns | None) -> ArrayStart | None:
    """Return where the array of a file begins that is one object around it; None for one object a line.

    Where the object itself has the columns that are looked for it is a row, and of several arrays that one counts
    whose objects have them. Raises CannotRead where not exactly one does, or where the array is empty.
    """
    text.seek(0)
    envelope = _look_through(text)
    arrays = envelope.arrays
    if envelope.is_followed or (envelope.is_whole and columns is not None and columns.suffice(envelope.names)):
        return None
    if not arrays:
        if envelope.is_whole and envelope.has_empty:
            raise CannotRead.because("it has no rows", name)
        return None
    if columns is not None and len(arrays) > 1:
        arrays = [array for array in arrays if columns.suffice(_first_header(text, name, array))]
    if len(arrays) == 1:
        return arrays[0]
    raise CannotRead.because(
        "it is an object with several arrays ({paths}), none of which alone has the columns needed; "
        "name the columns with --map, or save the right array on its own",
        name,
        paths=listed(array.path for array in envelope.arrays),
    )


def _first_header(text: TextIO, name: str, start: ArrayStart) -> tuple[str, ...]:
    text.seek(0)
    first = next(json_array_rows(text, name, start), None)
    return first.header if isinstance(first, RawRow) else ()


class _Envelope:
    """What the first object of a text holds: its names and its arrays of objects, and whether the text ends with it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.arrays: list[ArrayStart] = []
        self.has_empty = self.is_whole = self.is_followed = False


def _look_through(text: TextIO) -> _Envelope:
    envelope = _Envelope()
    path, inside, last, name = list[str](), list[str](), "", ""
    before: ArrayStart | None = None
    for word, place, line in _tokens(text):
        if envelope.is_whole:
            envelope.is_whole, envelope.is_followed = False, True
            break
        if before is not None:
            if word == "{":
                envelope.arrays.append(before)
            envelope.has_empty = envelope.has_empty or word == "]"
            before = None
        sign = word[0]
        if sign in "{[":
            inside.append(sign)
            path.append(name)
            if sign == "[" and len(inside) <= _DEEPEST and inside.count("[") == 1:
                before = ArrayStart(place, line, ".".join(filter(None, path)))
            name = ""
        elif sign in "}]":
            if not inside or inside[-1] != {"}": "{", "]": "["}[sign]:
                break
            inside.pop()
            path.pop()
            envelope.is_whole = not inside
        elif sign == ":":
            name = last
            if len(inside) == 1:
                envelope.names.append(name)
        elif sign == '"':
            last = word[1:-1]
    return envelope


def _tokens(text: TextIO) -> Iterator[tuple[str, int, int]]:
    """Yield the signs, strings and other words of JSON, each with the place and line at which it stands."""
    rest, done, line = "", 0, 1
    while True:
        chunk = text.read(_CHUNK)
        piece = rest + chunk
        at = 0
        for token in _TOKEN.finditer(piece):
            if chunk and token.end() == len(piece) and token[0][0] not in _SIGNS:
                # It may go on in the next piece.
                break
            line += piece.count("\n", at, token.start())
            yield token[0], done + token.start(), line
            line += token[0].count("\n")
            at = token.end()
        if not chunk or len(piece) - at > _LONGEST:
            return
        done += at
        rest = piece[at:]
