"""Rows as they stand in a file, and those that are refused, which are written to a file as they were."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

from dealtrack.core.text import defuse_formula, escape_controls, restore_formula, unescape_controls
from dealtrack.errors import CannotRead
from dealtrack.exchange.files import FileKind, text_output
from dealtrack.exchange.histories import is_export
from dealtrack.exchange.writers import json_text

WORKBOOK = "workbook"
"""The format of a source that is a sheet of a workbook."""

FIRST_REFUSALS = 10
"""The refused rows that are kept to be shown."""

MOST_SHOWN = 60
"""The characters that are shown of a line that is passed over."""

FIELD_LIMIT = 1 << 20
"""The characters that one field may hold."""

MARKS, ROW = ("line", "reason"), "row"
"""The first names of the columns of a file of refused rows, and what it calls a row of JSON."""


class RawRow(NamedTuple):
    """A row as it stands in the file; `line` is the physical line on which it begins, from 1."""

    line: int
    header: tuple[str, ...]
    cells: Sequence[str]

    @property
    def values(self) -> dict[str, str]:
        """Return the cells by the names of their columns; the last of several columns of one name counts."""
        return dict(zip(self.header, self.cells, strict=False))


class Refusal(NamedTuple):
    """A row that cannot be taken in, and the reason in one sentence."""

    line: int
    reason: str
    raw: RawRow


class PassedLine(NamedTuple):
    """A line that is no row of the table, e.g. a title above it or a total below it, and how it begins."""

    line: int
    text: str


def passed_line(line: int, cells: Sequence[str]) -> PassedLine:
    """Return a line that is passed over, by its cells."""
    text = " ".join(" ".join(cells).split())
    return PassedLine(line, text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…")


class SourceTable(NamedTuple):
    """The header and the rows of a table, and the line of its first row, 0 without one.

    `passed` are the lines that are no rows: those above the table, and as the rows are read those below it.
    """

    header: tuple[str, ...]
    rows: Iterator[RawRow | Refusal]
    passed: list[PassedLine]
    first_line: int


@dataclass(frozen=True, slots=True)
class Source:
    """An open file of complaints; `rows` can be gone through once, and its refused rows are among the others.

    `header` names the columns; for JSON, those of the first thousand objects. `passed` are the lines that are no rows,
    those that stand above the table, and as the rows are read those below it. `first_line` is where the first row
    stands, 0 where that is not known. `size` is in bytes, and `position` tells how many of them have been read. `sheet`
    is the one of a workbook that is read, and `other_sheets` the others that are to be seen in it. `also_utf8` tells of
    a file that is read in a named encoding, though it is valid UTF-8 too.
    """

    name: str
    format: str
    encoding: str
    header: tuple[str, ...]
    rows: Iterator[RawRow | Refusal]
    passed: list[PassedLine]
    first_line: int
    size: int
    position: Callable[[], int]
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    also_utf8: bool = False


def table_of(
    header: tuple[str, ...], rows: Iterator[RawRow | Refusal], passed: list[PassedLine], name: str, no_rows: str
) -> SourceTable:
    """Return a table; raises CannotRead with `no_rows` where it has none, which an export of dealtrack may."""
    first = next(rows, None)
    if first is not None:
        return SourceTable(header, chain((first,), rows), passed, first.line)
    if not is_export(header):
        raise CannotRead(path=name, reason=no_rows)
    return SourceTable(header, rows, passed, 0)


class Unusable(str):
    """A cell that no field of a complaint can be read from; `reason` says why, after the name of its column."""

    reason: str

    def __new__(cls, text: str, reason: str) -> "Unusable":
        """Return the text of the cell with the reason."""
        cell = super().__new__(cls, text)
        cell.reason = reason
        return cell


def guarded(cell: str) -> str:
    """Return a cell of a file of refused rows, which no spreadsheet takes for a formula and no terminal obeys."""
    return defuse_formula(escape_controls(cell))


def as_it_was(cells: Sequence[str]) -> list[str]:
    """Return the cells of a line of a file of refused rows as they stood in the file that they come from."""
    return [unescape_controls(restore_formula(cell)) if cell.__class__ is str else cell for cell in cells]


class Rejects(ExitStack):
    """Writes refused rows as CSV under their own header, or as JSONL where they were JSON; nothing without a path.

    `first` are the first that were refused, at most FIRST_REFUSALS.
    """

    def __init__(self, path: str, header: tuple[str, ...], form: str) -> None:
        super().__init__()
        self._path = path
        self._header = header
        # The rows of a workbook are kept as CSV too.
        self._is_table = form in ("csv", WORKBOOK)
        self._stream: TextIO | None = None
        self.first: list[Refusal] = []

    def write(self, refusal: Refusal) -> None:
        """Add a refused row; the file is begun with the first."""
        if len(self.first) < FIRST_REFUSALS:
            self.first.append(refusal)
        if not self._path:
            return
        if self._stream is None:
            kind = FileKind.TABLE if self._is_table else FileKind.JSON
            self._stream = self.enter_context(text_output(Path(self._path), kind))
            if self._is_table:
                csv.writer(self._stream).writerow((*MARKS, *map(guarded, self._header)))
        # A message of the catalogue may have two lines.
        reason = refusal.reason.replace("\n", " ")
        if self._is_table:
            cells = map(guarded, (reason, *refusal.raw.cells))
            csv.writer(self._stream).writerow((refusal.line, *cells))
        else:
            values = (refusal.line, reason, refusal.raw.values)
            self._stream.write(json_text(dict(zip((*MARKS, ROW), values, strict=True))) + "\n")
