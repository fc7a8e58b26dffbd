"""The columns of a table on a terminal: which fit its width, how wide each is, and how their titles fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dealtrack.cli.terminal import wrap_text
from dealtrack.cli.terms import heading
from dealtrack.core.text import display_width

GAP = "  "
NEVER_DROPPED = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `rank` 0 is never dropped; of the others the highest is dropped first, and with it those of its `group`, where it
    has one. `full_title` names what was dropped where the title says too little. `least` is the width to which it may
    be cut, None where it must stay whole. One that `wraps` is never cut: its cells go on below. A title may hold
    lines; that of a column that `folds` goes on below itself where room lacks.
    """

    key: str
    title: str
    rank: int = NEVER_DROPPED
    least: int | None = None
    right: bool = False
    wraps: bool = False
    folds: bool = False
    group: str = ""
    full_title: str = ""


class Cell(NamedTuple):
    """What stands in a cell: pieces of text, each with its style."""

    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return the text alone."""
        return "".join(text for text, _ in self.pieces)


def least_width(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """Return the least width of a table with all its columns: titles folded, cells cut where they may be."""
    cells = [max((display_width(row[place].text) for row in rows), default=0) for place in range(len(columns))]
    titles = folded_titles(columns, cells, 0)
    widths = list(map(max, cells, (max(map(display_width, lines)) for lines in titles)))
    return sum(_least_widths(columns, widths)) + len(GAP) * (len(columns) - 1)


def folded_titles(columns: Sequence[Column], cells: Sequence[int], room: int | None) -> list[list[str]]:
    """Return the lines of each title, those that fold in as few as make the table fit the room; None is any room."""
    titles = [heading(column.title) for column in columns]
    folded = [title.split("\n") for title in titles]
    most = max((len(title) for title in titles), default=1)
    for lines in range(2, most + 1):
        widths = [max(size, *map(display_width, told)) for size, told in zip(cells, folded, strict=True)]
        if room is None or sum(widths) + len(GAP) * (len(columns) - 1) <= room:
            break
        for place, column in enumerate(columns):
            if column.folds:
                folded[place] = _folded(titles[place], lines, cells[place])
    return folded


def _folded(title: str, lines: int, least: int) -> list[str]:
    """Return a title in at most so many lines, as narrow as that can be without a word that is broken."""
    word = max(map(display_width, title.split()), default=1) if title.isascii() else 4
    for width in range(max(least, word), display_width(title)):
        told = wrap_text(title, width)
        if len(told) <= lines:
            return told
    return [title]


def fit_columns(columns: Sequence[Column], widths: Sequence[int], room: int | None) -> list[tuple[int, int]]:
    """Return the columns to show, by place, and the width of each, that fit the room; None is any room."""
    if room is None:
        return list(enumerate(widths))
    least = _least_widths(columns, widths)
    kept = list(range(len(columns)))

    def together(place: int) -> set[int]:
        group = columns[place].group
        return {other for other, column in enumerate(columns) if other == place or (group and column.group == group)}

    def taken(sizes: Sequence[int]) -> int:
        return sum(sizes[place] for place in kept) + len(GAP) * (len(kept) - 1)

    for place in sorted(kept, key=lambda place: -columns[place].rank):
        if taken(least) <= room or columns[place].rank == NEVER_DROPPED:
            break
        kept = [other for other in kept if other not in together(place)]
    for place in sorted(set(range(len(columns))).difference(kept), key=lambda place: columns[place].rank):
        # A wide column that went may have left room for a narrower one.
        missing = together(place).difference(kept)
        if taken(least) + sum(len(GAP) + least[other] for other in missing) <= room:
            kept = sorted({*kept, *missing})
    sizes = list(widths)
    for place in sorted(kept, key=lambda place: -columns[place].rank):
        sizes[place] = max(least[place], sizes[place] - max(0, taken(sizes) - room))
    return [(place, sizes[place]) for place in kept]


def _least_widths(columns: Sequence[Column], widths: Sequence[int]) -> list[int]:
    return [
        width if column.least is None else min(width, column.least)
        for column, width in zip(columns, widths, strict=True)
    ]
