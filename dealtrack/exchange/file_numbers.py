"""Which rows of a file told of which complaints: rows that share a number must never amend each other."""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

_PAGE = 1 << 10


class _PassedBlock(NamedTuple):
    """A block that was not read: the first and last complaint that it tells of, hashes of its numbers, its lines."""

    first: int
    last: int
    numbers: "array[int]"
    lines: "array[int]"


class FileNumbers:
    """Remembers the line by which a file told of a complaint that the register knew before; 4 bytes a complaint."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
        self._blocks: list[_PassedBlock] = []

    def add(self, complaint: int, line: int) -> None:
        """Remember the line of a row that told of a complaint, where it is the first."""
        page = self._pages.get(complaint // _PAGE)
        if page is None:
            page = self._pages[complaint // _PAGE] = array("L", bytes(_PAGE * array("L").itemsize))
        page[complaint % _PAGE] = page[complaint % _PAGE] or line

    def add_block(self, first: int, last: int, rows: Iterable[tuple[str | None, int]]) -> None:
        """Remember the numbers and lines of rows that tell of complaints from `first` to `last`, both included."""
        numbers, lines = array("q"), array("L")
        for number, line in rows:
            if number is not None:
                numbers.append(hash(number))
                lines.append(line)
        self._blocks.append(_PassedBlock(first, last, numbers, lines))

    def has(self, complaint: int) -> bool:
        """Tell whether a row that was read told of a complaint."""
        page = self._pages.get(complaint // _PAGE)
        return page is not None and page[complaint % _PAGE] > 0

    def line_of(self, complaint: int, number: str) -> int | None:
        """Return the line by which the file told of a complaint with a number, None where it did not."""
        page = self._pages.get(complaint // _PAGE)
        if page is not None and page[complaint % _PAGE]:
            return page[complaint % _PAGE]
        wanted = hash(number)
        for block in self._blocks:
            if block.first <= complaint <= block.last and wanted in block.numbers:
                return block.lines[block.numbers.index(wanted)]
        return None
