"""Reading CSV and JSON files row by row, whatever they are encoded in, without holding them in memory."""

import codecs
import csv
import io
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from dealtrack.errors import CannotRead

STANDARD_INPUT = "-"
FIELD_LIMIT = 1 << 20
"""The characters that one field may hold."""

_CHUNK = 1 << 20
_PEEKED = 1000
_DELIMITERS = ",;\t"
_BROKEN_AFTER = 8
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BINARY = {
    b"PK\x03\x04": "it is a workbook or an archive; save the sheet as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook; save the sheet as CSV UTF-8",
    b"\x1f\x8b": "it is compressed with gzip; give its content through a pipe: gzip -dc FILE | dealtrack import -",
    b"%PDF": "it is a PDF",
    b"SQLite format 3": "it is a database",
}


class RawRow(NamedTuple):
    """A row as it stands in the file; `line` is the physical line on which it begins, from 1."""

    line: int
    header: tuple[str, ...]
    cells: Sequence[str]

    @property
    def values(self) -> dict[str, str]:
        """Return the cells by the names of their columns; the first of several columns of one name counts."""
        return dict(zip(reversed(self.header[: len(self.cells)]), reversed(self.cells[: len(self.header)]), strict=True))


class Refusal(NamedTuple):
    """A row that cannot be taken in, and the reason in one sentence."""

    line: int
    reason: str
    raw: RawRow


class Nested(str):
    """A JSON value that is an object or a list, as JSON text: no field of a complaint can be read from it."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of complaints; `rows` can be gone through once, and its refused rows are among the others.

    `header` names the columns; for JSON, those of the first thousand objects. `size` is in bytes, and
    `position` tells how many of them have been read.
    """

    name: str
    format: str
    encoding: str
    header: tuple[str, ...]
    rows: Iterator[RawRow | Refusal]
    size: int
    position: Callable[[], int]


@contextmanager
def open_source(path: str | Path) -> Iterator[Source]:
    """Open a CSV or JSON file, `-` for standard input; raises CannotRead, also while the rows are gone through."""
    name = "standard input" if str(path) == STANDARD_INPUT else str(path)
    try:
        with _open_bytes(path, name) as binary:
            size = os.fstat(binary.fileno()).st_size
            encoding = _encoding(binary, name)
            binary.seek(0)
            with io.TextIOWrapper(binary, encoding=encoding, errors="strict", newline="") as text:
                form, header, rows = _read(text, name)
                yield Source(name, form, encoding, header, rows, size, binary.tell)
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(path):
            raise
        raise CannotRead(path=name, reason=_why(error)) from None


def _why(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case PermissionError():
            return "you have no right to read it"
        case IsADirectoryError():
            return "it is a folder; name a file in it"
        case _:
            return error.strerror or "the system will not read it"


@contextmanager
def _open_bytes(path: str | Path, name: str) -> Iterator[BinaryIO]:
    """Open a file that can be read twice; what comes through a pipe is set down in a temporary file first."""
    if str(path) == STANDARD_INPUT:
        with _set_down(sys.stdin.buffer, name) as binary:
            yield binary
        return
    with open(path, "rb") as binary:
        mode = os.fstat(binary.fileno()).st_mode
        if stat.S_ISREG(mode):
            yield binary
        else:
            with _set_down(binary, name) as copy:
                yield copy


@contextmanager
def _set_down(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as copy:
        while chunk := stream.read(_CHUNK):
            if not copy.tell():
                _refuse_binary(chunk, name)
            copy.write(chunk)
        copy.seek(0)
        yield copy  # type: ignore[misc]  # the wrapper that some systems return reads alike


# Encodings


def _encoding(binary: BinaryIO, name: str) -> str:
    start = binary.read(_CHUNK)
    if not start:
        raise CannotRead(path=name, reason="it is empty")
    _refuse_binary(start, name)
    for mark, encoding in _WIDE.items():
        if start.startswith(mark):
            fault = _decoding_fault(binary, encoding)
            if fault:
                what = "holds a NUL" if fault.nul else "is not valid UTF-16"
                raise CannotRead(path=name, reason=f"{fault} {what}; save it as CSV UTF-8")
            return encoding
    fault = _decoding_fault(binary, "utf-8")
    marked = start.startswith(codecs.BOM_UTF8)
    if not fault:
        return "utf-8-sig" if marked else "utf-8"
    if fault.nul:
        what = "holds a NUL"
    elif marked or fault.beyond_ascii >= _BROKEN_AFTER:
        # Text of another encoding hardly begins with several characters of valid UTF-8: such a file is damaged.
        what = "is damaged UTF-8"
    else:
        other = _decoding_fault(binary, "gb18030")
        if not other:
            return "gb18030"
        what = "holds a NUL" if other.nul else "is neither valid UTF-8 nor GB18030"
    raise CannotRead(path=name, reason=f"{fault} {what}; save it as CSV UTF-8")


def _refuse_binary(start: bytes, name: str) -> None:
    for mark, reason in _BINARY.items():
        if start.startswith(mark):
            raise CannotRead(path=name, reason=reason)
    if not start.startswith(tuple(_WIDE)) and b"\0" in start:
        line = start[: start.index(b"\0")].count(b"\n") + 1
        raise CannotRead(path=name, reason=f"line {line} holds a NUL: it is no text, or UTF-16; save it as CSV UTF-8")


class _Fault(NamedTuple):
    line: int
    byte: int
    beyond_ascii: int
    nul: bool = False

    def __str__(self) -> str:
        return f"line {self.line}, byte {self.byte},"


def _decoding_fault(binary: BinaryIO, encoding: str) -> _Fault | None:
    """Return where a file is not valid in an encoding, or holds a NUL; lines and bytes are counted from 1."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    binary.seek(0)
    lines, done, beyond, pending = 1, 0, 0, b""
    while True:
        chunk = binary.read(_CHUNK)
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            good = error.object[: error.start]
            text = good.decode(encoding, "ignore")
            return _Fault(
                lines + text.count("\n"),
                done - len(pending) + error.start + 1,
                beyond + _beyond_ascii(good, text),
                "\0" in text,
            )
        if "\0" in text:
            before = text[: text.index("\0")]
            byte = done - len(pending) + len(before.encode(encoding)) + 1
            return _Fault(lines + before.count("\n"), byte, beyond, nul=True)
        if not chunk:
            return None
        pending = decoder.getstate()[0]
        lines += text.count("\n")
        done += len(chunk)
        beyond += _beyond_ascii(chunk, text)


def _beyond_ascii(data: bytes, text: str) -> int:
    """Return about how many characters beyond ASCII a text has, from the bytes it took as UTF-8."""
    return max(0, len(data) - len(text)) // 2


# Rows

_Rows = Iterator[RawRow | Refusal]
_Read = tuple[str, tuple[str, ...], _Rows]


def _read(text: TextIO, name: str) -> _Read:
    start = text.read(_CHUNK)
    form = _format(start.lstrip("\ufeff \t\r\n"), name)
    text.seek(0)
    # UTF-16 and GB18030 files may begin with a mark that their decoders leave in.
    marked = start.startswith("\ufeff")
    if form == "json":
        rows = _array_rows(text, name)
    elif form == "jsonl":
        rows = _json_lines(_without_mark(text) if marked else text)
    else:
        return _read_csv(_without_mark(text) if marked else text, name)
    peeked = list(islice(rows, _PEEKED))
    if not peeked:
        raise CannotRead(path=name, reason="it holds no rows")
    header = tuple(dict.fromkeys(column for row in peeked if isinstance(row, RawRow) for column in row.header))
    return form, header, chain(peeked, rows)


def _without_mark(text: TextIO) -> Iterator[str]:
    yield next(text).removeprefix("\ufeff")
    yield from text


def _format(start: str, name: str) -> str:
    suffix = Path(name).suffix.lower()
    if start.startswith("["):
        return "json"
    if start.startswith("{") or suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    if suffix == ".json":
        raise CannotRead(path=name, reason="it is no JSON: one object a line is read, or one array of objects")
    return "csv"


def _read_csv(text: Iterable[str], name: str) -> _Read:
    lines, skipped = iter(text), 0
    for first in lines:
        if first.strip():
            break
        skipped += 1
    else:
        raise CannotRead(path=name, reason="it holds nothing but blank lines")
    csv.field_size_limit(FIELD_LIMIT)
    kept: list[str] = []
    reader = csv.reader(_keeping(chain([first], lines), kept), delimiter=_delimiter(first), strict=True)
    try:
        header = tuple(" ".join(cell.split()) for cell in next(reader))
    except csv.Error as error:
        raise CannotRead(path=name, reason=f"its header on line {skipped + 1} is broken: {_csv_fault(error)}") from None
    rows = _csv_rows(reader, header, kept, skipped, name)
    row = next(rows, None)
    if row is None:
        raise CannotRead(path=name, reason="it has a header and no rows")
    return "csv", header, chain([row], rows)


def _keeping(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _delimiter(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _csv_rows(
    reader: "csv._reader", header: tuple[str, ...], kept: list[str], skipped: int, name: str
) -> Iterator[RawRow | Refusal]:
    width = len(header)
    end = skipped + reader.line_num
    while True:
        kept.clear()
        line = end + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            end = skipped + reader.line_num
            reason = _csv_fault(error)
            if end > line and ("limit" in str(error) or "end of data" in str(error)):
                # What follows a quote that is never closed cannot be told apart into rows.
                raise CannotRead(path=name, reason=f"from line {line} on it is no table: {reason}") from None
            reason = reason if end == line else f"{reason}; the row runs from line {line} to {end}"
            yield Refusal(line, reason, RawRow(line, header, ("".join(kept).rstrip("\r\n"),)))
            continue
        end = skipped + reader.line_num
        if not (cells and cells[0]) and not any(cells):
            continue
        if len(cells) == width:
            yield RawRow(line, header, cells)
        elif len(cells) > width and not any(cells[width:]):
            yield RawRow(line, header, cells[:width])
        else:
            yield Refusal(line, _ragged(len(cells), width), RawRow(line, header, cells))


def _ragged(found: int, width: int) -> str:
    return f"the row has {found} cell{'s' * (found != 1)} where the header names {width}"


def _csv_fault(error: csv.Error) -> str:
    text = str(error)
    if "limit" in text:
        return "a field is longer than 1 MB, as happens where a quote is never closed"
    if "end of data" in text:
        return "a quote is never closed"
    if "expected after" in text:
        return "a quote inside a quoted field is not doubled"
    return text


# JSON


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was read, which may name a key twice."""


def _number(text: str) -> str:
    return text


def _no_constant(text: str) -> str:
    raise ValueError(f"{text} is no JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=_number, parse_float=_number, parse_constant=_no_constant, strict=False
)


def _json_lines(lines: Iterable[str]) -> Iterator[RawRow | Refusal]:
    header: tuple[str, ...] = ()
    for line, text in enumerate(lines, 1):
        text = text.strip()
        if not text:
            continue
        try:
            value = _decoder.decode(text)
        except (ValueError, RecursionError) as error:
            reason = f"the line is no JSON object: {_json_fault(error)}"
            yield Refusal(line, reason, RawRow(line, ("text",), (text,)))
            continue
        row = _json_row(line, value, header)
        if isinstance(row, RawRow):
            header = row.header
        yield row


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _json_row(line: int, value: Any, known: tuple[str, ...]) -> RawRow | Refusal:
    if type(value) is not _Pairs:
        return Refusal(line, "it is JSON, but no object of columns", RawRow(line, ("text",), (_text(value),)))
    header = tuple([key for key, _ in value])
    cells = [item if type(item) is str else _text(item) for _, item in value]
    if header == known:
        return RawRow(line, known, cells)
    row = RawRow(line, header, cells)
    if len(set(header)) < len(header):
        twice = next(key for key in header if header.count(key) > 1)
        return Refusal(line, f"it names {twice!r} twice", row)
    return row


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return Nested(json.dumps(_plain(value), ensure_ascii=False))
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _plain(item) for key, item in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


_SPACE = re.compile(r"\s*")


def _array_rows(text: TextIO, name: str) -> Iterator[RawRow | Refusal]:
    """Yield the objects of a JSON array while it is read; raises CannotRead where it is broken."""
    buffer, at, line, counted = text.read(_CHUNK).removeprefix("\ufeff"), 0, 1, 0
    expected, header = "[", ()
    row: RawRow | Refusal
    while True:
        at = _SPACE.match(buffer, at).end()  # type: ignore[union-attr]  # it matches always
        line += buffer.count("\n", counted, at)
        counted = at
        if at == len(buffer):
            buffer, at, counted = text.read(_CHUNK), 0, 0
            if buffer:
                continue
            if expected:
                raise CannotRead(path=name, reason=f"its array ends on line {line} without a ]")
            return
        sign = buffer[at]
        if not expected:
            raise CannotRead(path=name, reason=f"something follows its array on line {line}")
        if sign in expected:
            at += 1
            expected = {"[": "]{", ",": "{", "]": "", "{": "{"}[sign]
            if sign != "{":
                continue
            at -= 1
        else:
            raise CannotRead(path=name, reason=f"line {line} has {sign!r} where its array needs {' or '.join(expected)}")
        try:
            value, end = _decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            more = text.read(_CHUNK) if len(buffer) - at < 16 * FIELD_LIMIT else ""
            if more:
                buffer, at, counted = buffer[at:] + more, 0, 0
                continue
            reason = f"the object on line {line} is no JSON: {_json_fault(error)}"
            raise CannotRead(path=name, reason=reason) from None
        row = _json_row(line, value, header)
        header = row.raw.header if isinstance(row, Refusal) else row.header
        yield row
        line += buffer.count("\n", at, end)
        at = counted = end
        expected = ",]"
