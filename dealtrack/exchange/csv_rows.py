"""Rows of CSV files, and the lines above and below them that are no rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Protocol

from dealtrack.core.complaint_number import text_of_formula
from dealtrack.errors import CannotRead
from dealtrack.exchange.headers import Columns, clean_names, find_header, merged_header
from dealtrack.exchange.histories import is_export
from dealtrack.exchange.raw import FIELD_LIMIT, PassedLine, RawRow, Refusal, passed_line
from dealtrack.phrase import Phrase

_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 40
"""The lines within which the header of a CSV file is looked for, from the first that is not blank."""

_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_END_MARK = "\x1a"


def read_csv(
    text: Iterable[str],
    name: str,
    header_rows: tuple[int, int] | None,
    columns: Columns | None,
    passed: list[PassedLine],
) -> tuple[str, tuple[str, ...], Iterator[RawRow | Refusal]]:
    """Return the format, the header and the rows of a CSV text; lines beside the table are put among `passed`.

    Raises CannotRead.
    """
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
    if row is None and not is_export(header):
        raise CannotRead(path=name, reason="it has a header and no rows")
    return "csv", header, chain(() if row is None else (row,), rows)


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
