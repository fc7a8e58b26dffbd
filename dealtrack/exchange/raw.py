"""Rows as they stand in a file, and rows that are refused."""

from collections.abc import Sequence
from typing import NamedTuple

from dealtrack.phrase import Phrase

WORKBOOK = "workbook"
"""The format of a source that is a sheet of a workbook."""

MOST_SHOWN = 60
"""The characters that are shown of a line that is passed over."""

FIELD_LIMIT = 1 << 20
"""The characters that one field may hold."""


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
