"""Rows as they stand in a file, and rows that are refused."""

from collections.abc import Sequence
from typing import NamedTuple

from dealtrack.core.text import defuse_formula, escape_controls, restore_formula, unescape_controls
from dealtrack.phrase import Phrase

WORKBOOK = "workbook"
"""The format of a source that is a sheet of a workbook."""

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
    """A line that is no row of the table, as a title above it or a total below it, and how it begins."""

    line: int
    text: str


def passed_line(line: int, cells: Sequence[str]) -> PassedLine:
    """Return a line that is passed over, by its cells."""
    text = " ".join(" ".join(cells).split())
    return PassedLine(line, text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…")


class Unusable(str):
    """A cell that no field of a complaint can be read from; `reason` says why, after the name of its column."""

    reason: str

    def __new__(cls, text: str, reason: str) -> "Unusable":
        """Return the text of the cell with the reason."""
        made = super().__new__(cls, text)
        made.reason = reason
        return made


def nested(text: str) -> Unusable:
    """Return a JSON value that is an object or a list, as JSON text."""
    return Unusable(text, Phrase("holds an object or a list, not one value"))


def guarded(cell: str) -> str:
    """Return a cell of a file of refused rows, which no spreadsheet takes for a formula and no terminal obeys."""
    return defuse_formula(escape_controls(cell))


def as_it_was(cells: Sequence[str]) -> list[str]:
    """Return the cells of a line of such a file as they stood in the one that they come from."""
    return [unescape_controls(restore_formula(cell)) if cell.__class__ is str else cell for cell in cells]
