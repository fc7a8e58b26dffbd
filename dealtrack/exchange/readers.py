"""Reading CSV and JSON files row by row, whatever they are encoded in, and workbooks; text is not held in memory."""

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Protocol, TextIO

from dealtrack.core.complaint_number import text_of_formula
from dealtrack.errors import CannotRead
from dealtrack.exchange.encodings import (
    STANDARD_INPUT,
    WORKBOOKS,
    encoding_named,
    encoding_of,
    is_also_utf8,
    open_bytes,
    why_unreadable,
)
from dealtrack.exchange.headers import Columns, clean_names, find_header, merged_header
from dealtrack.exchange.json_envelope import find_array
from dealtrack.exchange.json_rows import json_array_rows, json_line_rows
from dealtrack.exchange.raw import FIELD_LIMIT, WORKBOOK, PassedLine, RawRow, Refusal, passed_line
from dealtrack.phrase import Phrase

__all__ = ["RawRow", "Refusal", "Source", "open_source"]

_CHUNK = 1 << 20
_PEEKED = 1000
_SNIFFED = 4096
_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 40
"""The lines within which the header of a CSV file is looked for, from the first that is not blank."""

_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_END_MARK = "\x1a"
_HTML = Phrase("a web page (HTML)")
_NO_TABLE = (
    (
        re.compile(r"<(?:!doctype\s+)?html|<(?:table|head|body|meta|style)\b", re.IGNORECASE),
        Phrase("a web page (HTML)"),
    ),
    (re.compile(r"<\?xml|<(?:\w+:)?Workbook\b"), Phrase("XML")),
    (re.compile(r"MIME-Version:", re.IGNORECASE), Phrase("a web archive (MHTML)")),
    (re.compile(r"\{\\rtf"), Phrase("a text document (RTF)")),
)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of complaints; `rows` can be gone through once, and its refused rows are among the others.

    `header` names the columns; for JSON, those of the first thousand objects. `size` is in bytes, and
    `position` tells how many of them have been read. `sheet` is the one of a workbook that is read, and
    `other_sheets` the others that are to be seen in it. `passed` are the lines that are no rows, those that stand
    above the table, and as the rows are read those below it. `also_utf8` tells of a file that is read in a named
    encoding, though it is valid UTF-8 too. `first_line` is where the first row stands, 0 where that is not known.
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
    passed: list[PassedLine] = field(default_factory=list)
    also_utf8: bool = False
    first_line: int = 0


@contextmanager
def open_source(
    path: str | Path,
    sheet: str = "",
    *,
    encoding: str = "",
    header_rows: tuple[int, int] | None = None,
    columns: Columns | None = None,
) -> Iterator[Source]:
    """Open a CSV or JSON file or a workbook, `-` for standard input; `sheet` names one of a workbook's, or numbers it.

    `encoding` is that of a text; without it, the one that it is surely in. `header_rows` are the first and the last
    line of the header, counted from 1; without them it is found by the `columns` that are looked for.
    Raises CannotRead, also while the rows are gone through, and UnknownWord for an unknown sheet or encoding.
    """
    codec = encoding_named(encoding) if encoding else ""
    name = "standard input" if str(path) == STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        try:
            binary = stack.enter_context(open_bytes(path, name))
            size = os.fstat(binary.fileno()).st_size
            start = binary.read(len(max(WORKBOOKS, key=len)))
            binary.seek(0)
            if start.startswith(WORKBOOKS):
                source = _workbook(binary, name, size, sheet, header_rows, columns)
            elif sheet:
                raise CannotRead(path=name, reason="it is no workbook: --sheet chooses a sheet of one")
            else:
                source = _text(binary, name, size, stack, codec, header_rows, columns)
        except OSError as error:
            raise CannotRead(path=name, reason=why_unreadable(error)) from None
        yield source


def _text(
    binary: BinaryIO,
    name: str,
    size: int,
    stack: ExitStack,
    codec: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
) -> Source:
    _refuse_other_kinds(binary.read(_SNIFFED), name)
    binary.seek(0)
    encoding = encoding_of(binary, name, codec)
    also_utf8 = bool(codec) and not encoding.startswith("utf") and is_also_utf8(binary)
    binary.seek(0)
    text = stack.enter_context(io.TextIOWrapper(binary, encoding=encoding, errors="strict", newline=""))
    passed: list[PassedLine] = []
    form, header, rows = _read(text, name, header_rows, columns, passed)
    first, rows = _first_of(_guarded(rows, name))
    return Source(
        name, form, encoding, header, rows, size, binary.tell, passed=passed, also_utf8=also_utf8, first_line=first
    )


def _refuse_other_kinds(start: bytes, name: str) -> None:
    """Refuse a web page, or XML, that is called a workbook or a table; raises CannotRead."""
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = start.decode("utf-16" if is_wide else "utf-8", "ignore").lstrip("\ufeff \t\r\n")
    for sign, kind in _NO_TABLE:
        if sign.match(text):
            if kind == "XML":
                kind = Phrase("an XML table of Excel 2003") if "urn:schemas-microsoft-com:office" in text else kind
                kind = _HTML if re.search("<html", text, re.IGNORECASE) else kind
            reason = Phrase(
                "it is {kind}, no workbook and no CSV: open it in Excel or LibreOffice and save it as .xlsx", kind=kind
            )
            raise CannotRead(path=name, reason=reason)


def _workbook(
    binary: BinaryIO,
    name: str,
    size: int,
    wanted: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
) -> Source:
    from dealtrack.exchange.workbooks import open_sheet

    sheet = open_sheet(binary, name, wanted, header_rows, columns)
    done = 0

    def counted() -> Iterator[RawRow | Refusal]:
        nonlocal done
        for row in sheet.rows:
            done = row.line
            yield row

    def position() -> int:
        return size * done // max(1, sheet.height)

    first, rows = _first_of(counted())
    return Source(
        name, WORKBOOK, "", sheet.header, rows, size, position, sheet.name, sheet.others, sheet.passed, first_line=first
    )


def _first_of(rows: Iterator[RawRow | Refusal]) -> tuple[int, Iterator[RawRow | Refusal]]:
    """Return the line of the first row, and the rows."""
    first = next(rows)
    return first.line, chain([first], rows)


def _guarded(rows: Iterator[RawRow | Refusal], name: str) -> Iterator[RawRow | Refusal]:
    try:
        yield from rows
    except OSError as error:
        raise CannotRead(path=name, reason=why_unreadable(error)) from None
    except UnicodeDecodeError:
        raise CannotRead(path=name, reason="it was changed while it was read") from None


_Rows = Iterator[RawRow | Refusal]
_Read = tuple[str, tuple[str, ...], _Rows]


def _read(
    text: TextIO,
    name: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
    passed: list[PassedLine],
) -> _Read:
    start = text.read(_CHUNK)
    form = _format(start.lstrip("\ufeff \t\r\n"), name)
    text.seek(0)
    # UTF-16 and GB18030 files may begin with a mark that their decoders leave in.
    marked = start.startswith("\ufeff")
    if form == "csv":
        return _read_csv(_without_mark(text) if marked else text, name, header_rows, columns, passed)
    if header_rows is not None:
        raise CannotRead(path=name, reason="it is JSON, which has no header rows: leave --header-row out")
    envelope = find_array(text, name, columns) if form == "jsonl" else None
    text.seek(0)
    if form == "json":
        rows = json_array_rows(text, name)
    elif envelope is not None:
        form, rows = "json", json_array_rows(text, name, envelope)
    else:
        rows = json_line_rows(_without_mark(text) if marked else text)
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


def _read_csv(
    text: Iterable[str],
    name: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
    passed: list[PassedLine],
) -> _Read:
    csv.field_size_limit(FIELD_LIMIT)
    kept: list[str] = []
    table, skipped, delimiter, count = _table_of(_without_end_mark(text, passed), name, header_rows, columns, passed)
    reader = csv.reader(_keeping(table, kept), delimiter=delimiter, strict=True)
    try:
        cells = [[text_of_formula(cell) for cell in next(reader)] for _ in range(count)]
    except csv.Error as error:
        raise CannotRead(
            path=name,
            reason=Phrase("its header on line {line} is broken: {fault}", line=skipped + 1, fault=_csv_fault(error)),
        ) from None
    except StopIteration:
        raise CannotRead(path=name, reason="it has a header and no rows") from None
    header = clean_names(cells[0]) if count == 1 else merged_header(cells, columns)
    rows = _csv_rows(reader, header, kept, skipped, name)
    row = next(rows, None)
    if row is None:
        raise CannotRead(path=name, reason="it has a header and no rows")
    return "csv", header, chain([row], rows)


def _table_of(
    text: Iterable[str],
    name: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
    passed: list[PassedLine],
) -> tuple[Iterator[str], int, str, int]:
    """Return the lines from the header on, how many stand before it, what parts its cells, and how many rows it has."""
    lines, skipped = iter(text), 0
    head: list[str] = []
    for line in lines:
        if line.strip():
            head = [line]
            break
        skipped += 1
    else:
        raise CannotRead(path=name, reason="it holds nothing but blank lines")
    delimiter = ""
    if told := _SEPARATOR.fullmatch(head[0]):
        # Excel's own word for what parts the cells.
        passed.append(passed_line(skipped + 1, head))
        delimiter, head, skipped = told[1], [], skipped + 1
    within = _HEADER_WITHIN if header_rows is None else header_rows[1] - skipped
    head += islice(lines, max(0, within - len(head)))
    if header_rows is not None:
        place, count = header_rows[0] - 1 - skipped, header_rows[1] - header_rows[0] + 1
        if len(head) < within or place < 0 or not head[place].strip():
            raise CannotRead(path=name, reason=Phrase("it has no header on line {line}", line=header_rows[0]))
    elif any(map(str.strip, head)):
        place, count = _header_in(head, delimiter, columns)
    else:
        raise CannotRead(path=name, reason="it holds nothing but blank lines")
    passed += [passed_line(skipped + at, [line]) for at, line in enumerate(head[:place], 1) if line.strip()]
    return chain(head[place:], lines), skipped + place, delimiter or _delimiter(head[place]), count


def _header_in(head: Sequence[str], delimiter: str, columns: Columns | None) -> tuple[int, int]:
    """Return at which of the first lines the header begins, and how many rows it has."""
    first = next((place for place, line in enumerate(head) if line.strip()), 0)
    rows = [_cells(head, place, delimiter) for place in range(len(head))]
    found = find_header(rows, columns)
    if found is not None:
        return found
    for place, line in enumerate(head):
        # A title is narrower than the table below it, whose rows are of one width.
        below = next((row for row in rows[place + 1 :] if row), [])
        is_wide = len(rows[place]) > 1 and len(rows[place]) == len(below)
        if line.strip() and is_wide and (place == first or len(rows[place]) > max(map(len, rows[:place]))):
            return place, 1
    return first, 1


def _cells(head: Sequence[str], place: int, delimiter: str) -> list[str]:
    """Return the cells of a row that begins with a line, none where it is blank or none is read."""
    if not head[place].strip():
        return []
    reader = csv.reader(iter(head[place:]), delimiter=delimiter or _delimiter(head[place]), strict=True)
    try:
        return [text_of_formula(cell) for cell in next(reader)]
    except (csv.Error, StopIteration):
        return []


def _without_end_mark(text: Iterable[str], passed: list[PassedLine]) -> Iterator[str]:
    """Yield lines without the mark by which old systems end a text, ^Z."""
    for number, line in enumerate(text, 1):
        if line[-1:] == _END_MARK:
            passed.append(PassedLine(number, "^Z"))
            line = line.rstrip(_END_MARK)
            if not line:
                continue
        yield line


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
