"""Reading CSV and JSON files row by row, whatever they are encoded in, and workbooks; text is not held in memory."""

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from dealtrack.core.complaint_number import text_of_formula
from dealtrack.errors import CannotRead
from dealtrack.exchange.encodings import STANDARD_INPUT, WORKBOOKS, open_bytes, recognise_encoding, why_unreadable
from dealtrack.exchange.json_rows import json_array_rows, json_line_rows
from dealtrack.exchange.raw import FIELD_LIMIT, WORKBOOK, RawRow, Refusal
from dealtrack.phrase import Phrase

__all__ = ["RawRow", "Refusal", "Source", "open_source"]

_CHUNK = 1 << 20
_PEEKED = 1000
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of complaints; `rows` can be gone through once, and its refused rows are among the others.

    `header` names the columns; for JSON, those of the first thousand objects. `size` is in bytes, and
    `position` tells how many of them have been read. `sheet` is the one of a workbook that is read, and
    `other_sheets` the others that are to be seen in it.
    """

    name: str
    format: str
    encoding: str
    header: tuple[str, ...]
    rows: Iterator[RawRow | Refusal]
    size: int
    position: Callable[[], int]
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()


@contextmanager
def open_source(path: str | Path, sheet: str = "") -> Iterator[Source]:
    """Open a CSV or JSON file or a workbook, `-` for standard input; `sheet` names one of a workbook's, or numbers it.

    Raises CannotRead, also while the rows are gone through, and UnknownWord for an unknown sheet.
    """
    name = "standard input" if str(path) == STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        try:
            binary = stack.enter_context(open_bytes(path, name))
            size = os.fstat(binary.fileno()).st_size
            start = binary.read(len(max(WORKBOOKS, key=len)))
            binary.seek(0)
            if start.startswith(WORKBOOKS):
                source = _workbook(binary, name, size, sheet)
            elif sheet:
                raise CannotRead(path=name, reason="it is no workbook: --sheet chooses a sheet of one")
            else:
                source = _text(binary, name, size, stack)
        except OSError as error:
            raise CannotRead(path=name, reason=why_unreadable(error)) from None
        yield source


def _text(binary: BinaryIO, name: str, size: int, stack: ExitStack) -> Source:
    encoding = recognise_encoding(binary, name)
    binary.seek(0)
    text = stack.enter_context(io.TextIOWrapper(binary, encoding=encoding, errors="strict", newline=""))
    form, header, rows = _read(text, name)
    return Source(name, form, encoding, header, _guarded(rows, name), size, binary.tell)


def _workbook(binary: BinaryIO, name: str, size: int, wanted: str) -> Source:
    from dealtrack.exchange.workbooks import open_sheet

    sheet = open_sheet(binary, name, wanted)
    done = 0

    def counted() -> Iterator[RawRow | Refusal]:
        nonlocal done
        for row in sheet.rows:
            done = row.line
            yield row

    def position() -> int:
        return size * done // max(1, sheet.height)

    return Source(name, WORKBOOK, "", sheet.header, counted(), size, position, sheet.name, sheet.others)


def _guarded(rows: Iterator[RawRow | Refusal], name: str) -> Iterator[RawRow | Refusal]:
    try:
        yield from rows
    except OSError as error:
        raise CannotRead(path=name, reason=why_unreadable(error)) from None
    except UnicodeDecodeError:
        raise CannotRead(path=name, reason="it was changed while it was read") from None


_Rows = Iterator[RawRow | Refusal]
_Read = tuple[str, tuple[str, ...], _Rows]


def _read(text: TextIO, name: str) -> _Read:
    start = text.read(_CHUNK)
    form = _format(start.lstrip("\ufeff \t\r\n"), name)
    text.seek(0)
    # UTF-16 and GB18030 files may begin with a mark that their decoders leave in.
    marked = start.startswith("\ufeff")
    if form == "json":
        rows = json_array_rows(text, name)
    elif form == "jsonl":
        rows = json_line_rows(_without_mark(text) if marked else text)
    else:
        return _read_csv(_without_mark(text) if marked else text, name)
    peeked = list(islice(rows, _PEEKED))
    if not peeked:
        raise CannotRead(path=name, reason="it holds no rows")
    if isinstance(peeked[0], Refusal) and all(isinstance(row, Refusal) for row in peeked):
        raise CannotRead(
            path=name, reason=Phrase("on line {line}, {reason}", line=peeked[0].line, reason=peeked[0].reason)
        )
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
        header = tuple(" ".join(text_of_formula(cell).split()) for cell in next(reader))
    except csv.Error as error:
        raise CannotRead(
            path=name,
            reason=Phrase("its header on line {line} is broken: {fault}", line=skipped + 1, fault=_csv_fault(error)),
        ) from None
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


class _CsvReader(Protocol):
    """What csv.reader makes; it has no public name of its own in every version."""

    @property
    def line_num(self) -> int:
        """Return how many lines have been read."""

    def __next__(self) -> list[str]:
        """Return the next row; raises csv.Error."""


def _csv_rows(
    reader: _CsvReader, header: tuple[str, ...], kept: list[str], skipped: int, name: str
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
                raise CannotRead(
                    path=name, reason=Phrase("from line {line} on it is no table: {reason}", line=line, reason=reason)
                ) from None
            reason = (
                reason
                if end == line
                else Phrase("{reason}; the row runs from line {line} to {end}", reason=reason, line=line, end=end)
            )
            yield Refusal(line, reason, RawRow(line, header, ("".join(kept).rstrip("\r\n"),)))
            continue
        end = skipped + reader.line_num
        if not (cells and cells[0]) and not any(cells):
            continue
        if '="' in kept[0] or len(kept) > 1:
            cells = list(map(text_of_formula, cells))
        if len(cells) == width:
            yield RawRow(line, header, cells)
        elif len(cells) > width and not any(cells[width:]):
            yield RawRow(line, header, cells[:width])
        else:
            yield Refusal(line, _ragged(len(cells), width), RawRow(line, header, cells))


def _ragged(found: int, width: int) -> str:
    if found == 1:
        return Phrase("the row has 1 cell where the header names {width}", width=width)
    return Phrase("the row has {found} cells where the header names {width}", found=found, width=width)


def _csv_fault(error: csv.Error) -> str:
    text = str(error)
    if "limit" in text:
        return Phrase("a field is longer than 1 MB, as happens where a quote is never closed")
    if "end of data" in text:
        return Phrase("a quote is never closed")
    if "expected after" in text:
        return Phrase("a quote inside a quoted field is not doubled")
    return text
