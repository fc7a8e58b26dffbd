"""Rows of JSON files: one object a line, or one array of objects; numbers stay as they were written."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TextIO

from dealtrack.errors import CannotRead
from dealtrack.exchange.raw import FIELD_LIMIT, MARKS, ROW, RawRow, Refusal, nested
from dealtrack.phrase import Phrase

_CHUNK = 1 << 20
_AROUND = frozenset(
    {"_index", "_type", "_id", "_score", "_source", "_version", "sort", "type", "geometry", "properties", "id"}
)
"""The first names of the objects that a search engine or a map writes around the columns of a row."""


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was read, which may name a key twice."""


def _number(text: str) -> str:
    return text


def _no_constant(text: str) -> str:
    raise ValueError(f"{text} is no JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_number, parse_float=_number, parse_constant=_no_constant, strict=False
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
            reason = Phrase("the line is no JSON object: {fault}", fault=_json_fault(error))
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


def _json_row(line: int, value: Any, known: tuple[str, ...]) -> RawRow | Refusal:
    if type(value) is not _Pairs:
        return Refusal(line, Phrase("it is JSON, but no object of columns"), RawRow(line, ("text",), (_text(value),)))
    if value and value[0][0] in _AROUND:
        value = _inner(value)
    elif value and [key for key, _ in value] == [*MARKS, ROW] and type(value[-1][1]) is _Pairs:
        # A refused row, in the file that --rejects wrote.
        value = value[-1][1]
    header = tuple([key for key, _ in value])
    cells = [item if type(item) is str else _text(item) for _, item in value]
    if header == known:
        return RawRow(line, known, cells)
    row = RawRow(line, header, cells)
    if len(set(header)) < len(header):
        twice = next(key for key in header if header.count(key) > 1)
        return Refusal(line, Phrase("it names {twice!r} twice", twice=twice), row)
    return row


def _inner(value: _Pairs) -> _Pairs:
    """Return the object of columns inside what a search engine or a map writes around each, else the value itself."""
    parts = dict(value)
    inner = parts.get("_source") if "_source" in parts else None
    if parts.get("type") == "Feature":
        inner = parts.get("properties")
    return inner if type(inner) is _Pairs else value


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return nested(json.dumps(_plain(value), ensure_ascii=False))
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


_SPACE = re.compile(r"\s*")


class ArrayStart(NamedTuple):
    """Where an array begins inside a text: how many characters stand before it, and its line, from 1."""

    place: int
    line: int


def json_array_rows(text: TextIO, name: str, start: ArrayStart | None = None) -> Iterator[RawRow | Refusal]:
    """Yield the objects of a JSON array while it is read; raises CannotRead where it is broken.

    `start` is where it begins inside an object; what follows it then is not looked at.
    """
    before, line = start or (0, 1)
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
                raise CannotRead(path=name, reason=Phrase("its array ends on line {line} without a ]", line=line))
            return
        sign = buffer[at]
        if not expected:
            if start is not None:
                return
            raise CannotRead(path=name, reason=Phrase("something follows its array on line {line}", line=line))
        if sign in expected:
            at += 1
            expected = {"[": "]{", ",": "{", "]": "", "{": "{"}[sign]
            if sign != "{":
                continue
            at -= 1
        else:
            needed = " or ".join(expected)
            raise CannotRead(
                path=name,
                reason=Phrase(
                    "line {line} has {sign!r} where its array needs {needed}", line=line, sign=sign, needed=needed
                ),
            )
        try:
            value, end = _decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            more = text.read(_CHUNK) if len(buffer) - at < 16 * FIELD_LIMIT else ""
            if more:
                buffer, at, counted = buffer[at:] + more, 0, 0
                continue
            reason = Phrase("the object on line {line} is no JSON: {fault}", line=line, fault=_json_fault(error))
            raise CannotRead(path=name, reason=reason) from None
        row = _json_row(line, value, header)
        header = row.raw.header if isinstance(row, Refusal) else row.header
        yield row
        line += buffer.count("\n", at, end)
        at = counted = end
        expected = ",]"
