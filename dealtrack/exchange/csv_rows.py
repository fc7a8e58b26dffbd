"""Rows of CSV files, and the lines above and below them that are no rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from dealtrack.core.cells import text_of_formula
from dealtrack.errors import CannotRead
from dealtrack.exchange.headers import HeaderQuery, find_header, header_of
from dealtrack.exchange.raw import FIELD_LIMIT, PassedLine, RawRow, Refusal, SourceTable, passed_line, table_of
from dealtrack.phrase import Phrase

_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 40
"""The lines within which the header of a CSV file is looked for, from the first that is not blank."""

_DELIMITER_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_END_MARK = "\x1a"


class _Lines:
    """The lines of a table: `count` is the number of the last that was read, `of_row` are those of the present row."""

    def __init__(self, lines: Iterator[str], before: int) -> None:
        self._lines = lines
        self.count = before
        self.of_row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.count += 1
            self.of_row.append(line)
            yield line


def read_csv(text: Iterable[str], name: str, query: HeaderQuery) -> SourceTable:
    """Return the table of a CSV text; raises CannotRead, also while its rows are read."""
    csv.field_size_limit(FIELD_LIMIT)
    passed: list[PassedLine] = []
    lines, delimiter, height = _from_header(_without_end_mark(text, passed), name, query, passed)
    first = lines.count + 1
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = header_of([[text_of_formula(cell) for cell in next(reader)] for _ in range(height)], query)
    except csv.Error as error:
        raise CannotRead.because(
            "its header on line {line} is damaged: {fault}", name, line=first, fault=_csv_fault(error)
        ) from None
    except StopIteration:
        raise CannotRead.because("it has a header but no rows", name) from None
    rows = _csv_rows(reader, header, lines, name)
    return table_of(header, rows, passed, name, "it has a header but no rows")


def _from_header(
    text: Iterator[str], name: str, query: HeaderQuery, passed: list[PassedLine]
) -> tuple[_Lines, str, int]:
    """Return the lines from the header on, the delimiter of their cells, and how many rows the header has."""
    blank = CannotRead.because("it contains only blank lines", name)
    skipped, delimiter = 0, ""
    for line in text:
        if line.strip():
            head = [line]
            break
        skipped += 1
    else:
        raise blank
    if named := _DELIMITER_LINE.fullmatch(line):
        # Excel's own line, which names the delimiter.
        passed.append(passed_line(skipped + 1, head))
        delimiter, head, skipped = named[1], [], skipped + 1
    within = query.rows[1] - skipped if query.rows else _HEADER_WITHIN
    head += islice(text, max(0, within - len(head)))
    if query.rows:
        place, height = query.rows[0] - 1 - skipped, query.rows[1] - query.rows[0] + 1
        if len(head) < within or place < 0 or not head[place].strip():
            raise CannotRead.because("it has no header on line {line}", name, line=query.rows[0])
    elif any(map(str.strip, head)):
        place, height = _header_in(head, delimiter, query)
    else:
        raise blank
    passed += [passed_line(skipped + at, [line]) for at, line in enumerate(head[:place], 1) if line.strip()]
    lines = _Lines(chain(head[place:], text), skipped + place)
    return lines, delimiter or _delimiter(head[place]), height


def _header_in(head: Sequence[str], delimiter: str, query: HeaderQuery) -> tuple[int, int]:
    """Return at which of the first lines the header begins, and how many rows it has."""
    rows = [_cells(head, place, delimiter) for place in range(len(head))]
    if header := find_header(rows, query.columns):
        return header
    first = next(place for place, line in enumerate(head) if line.strip())
    for place, line in enumerate(head):
        # A title is narrower than the table below it, whose rows are of one width.
        below = next((row for row in rows[place + 1 :] if row), [])
        is_wide = len(rows[place]) > 1 and len(rows[place]) == len(below)
        if line.strip() and is_wide and (place == first or len(rows[place]) > max(map(len, rows[:place]))):
            return place, 1
    return first, 1


def _cells(head: Sequence[str], place: int, delimiter: str) -> list[str]:
    """Return the cells of the row that begins with a line; none where the line is blank or cannot be read."""
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


def _delimiter(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _csv_rows(
    reader: Iterator[list[str]], header: tuple[str, ...], lines: _Lines, name: str
) -> Iterator[RawRow | Refusal]:
    width = len(header)
    while True:
        lines.of_row.clear()
        line = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = _csv_fault(error)
            end = lines.count
            if end > line and ("limit" in str(error) or "end of data" in str(error)):
                # What follows a quote that is never closed cannot be told apart into rows.
                raise CannotRead.because(
                    "from line {line} on, it is not a table: {reason}", name, line=line, reason=reason
                ) from None
            if end != line:
                reason = Phrase("{reason} (lines {line} to {end})", reason=reason, line=line, end=end)
            yield Refusal(line, reason, RawRow(line, header, ("".join(lines.of_row).rstrip("\r\n"),)))
            continue
        if not (cells and cells[0]) and not any(cells):
            continue
        if '="' in lines.of_row[0] or len(lines.of_row) > 1:
            cells = list(map(text_of_formula, cells))
        if len(cells) == width:
            yield RawRow(line, header, cells)
        elif len(cells) > width and not any(cells[width:]):
            yield RawRow(line, header, cells[:width])
        else:
            reason = Phrase("the row has {found} cells, the header {width}", found=len(cells), width=width)
            if len(cells) == 1:
                reason = Phrase("the row has 1 cell, the header {width}", width=width)
            yield Refusal(line, reason, RawRow(line, header, cells))


def _csv_fault(error: csv.Error) -> str:
    text = str(error)
    if "limit" in text:
        return Phrase("a field is longer than 1 MB; perhaps a quote is never closed")
    if "end of data" in text:
        return Phrase("a quote is never closed")
    if "expected after" in text:
        return Phrase("a quote inside a quoted field is not doubled")
    return text
