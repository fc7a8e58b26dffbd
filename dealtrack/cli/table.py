"""Tables for a terminal: columns that fit its width, colours where it has them, Chinese in line."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple, TextIO

from dealtrack.cli.language import _, say
from dealtrack.cli.terminal import NARROWEST, share_room, terminal_width, wrap_text
from dealtrack.cli.terms import heading, said
from dealtrack.core.text import display_width, fit_text, pad_text
from dealtrack.exchange.writers import cell_formatters, due_key, provisional_keys
from dealtrack.phrase import listed

GAP = "  "
NEVER_DROPPED = 0
SHORT = 8
"""The width of a title that stays in one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `rank` 0 is never dropped; of the others the highest is dropped first, and with it those of its `group`, where it
    has one. What is left out is named by its group where it has one. `least` is the width to which it may
    be cut, None where it must stay whole. One that `wraps` is never cut: its cells go on below. A long
    title goes on below itself where room lacks.
    """

    key: str
    title: str
    rank: int = NEVER_DROPPED
    least: int | None = None
    right: bool = False
    wraps: bool = False
    group: str = ""


class Cell(NamedTuple):
    """What stands in a cell: pieces of text, each with its style."""

    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return the text alone."""
        return "".join(text for text, _ in self.pieces)


Paint = Callable[[str, str], str]

VERDICT_STYLES = {
    "overdue": "bold red",
    "missed": "bold red",
    "running": "green",
    "met": "green dim",
    "paused": "dim",
    "projected": "dim",
    "cancelled": "dim",
    "unknown": "dim",
}


RECORD_COLUMNS = {
    "id": Column("id", "id", right=True),
    "number": Column("number", "number", 2),
    "platform": Column("platform", "platform", 0),
    "category": Column("category", "category", 3, 8),
    "status": Column("status", "status", 4),
    "owner": Column("owner", "owner", 5, 4),
    "received": Column("received", "received", 6),
    "summary": Column("summary", "summary", 7, 12),
    "matched": Column("matched", "matched", 1, 12),
    "clock": Column("clock", "clock", 0),
    "due": Column("due", "due", 0),
    "verdict": Column("verdict", "verdict", 0),
    "working_days_late": Column("working_days_late", "late", 1, right=True),
}
# Of a hash its beginning is enough to tell two files apart; programs get it whole.
EVIDENCE_COLUMNS = {
    "complaint": Column("complaint", "complaint", right=True),
    "seq": Column("seq", "seq", right=True),
    "name": Column("name", "name", 1, 12),
    "size": Column("size", "size", 4, right=True),
    "sha256": Column("sha256", "sha256", 6, 10),
    "at": Column("at", "at", 3),
    "actor": Column("actor", "actor", 5, 4),
    "present": Column("present", "present", 2),
}
WATCH_COLUMNS = ("id", "number", "platform", "category", "owner", "clock", "due", "verdict", "working_days_late")


def plan_columns(keys: Sequence[str]) -> list[Column]:
    """Return the columns of a table of records with these keys; a deadline and its verdict make one."""
    if "clock" in keys and "due" in keys and "id" in keys:
        # Who is to be asked about a late complaint matters more than what it is about.
        watched = {
            **RECORD_COLUMNS,
            "owner": Column("owner", "owner", 3, 8),
            "category": Column("category", "category", 5, 8),
        }
        return [watched[key] for key in WATCH_COLUMNS if key in keys]
    if "matched" in keys:
        return [RECORD_COLUMNS[key] for key in keys]
    if "sha256" in keys:
        return [EVIDENCE_COLUMNS[key] for key in keys]
    clocks = [key.removesuffix("_due") for key in keys if key.endswith("_due")]
    if clocks and "id" in keys:
        head = [
            RECORD_COLUMNS[key] for key in ("id", "number", "platform", "category", "status", "received") if key in keys
        ]
        summary = [RECORD_COLUMNS["summary"]] if "summary" in keys else []
        # Beyond two clocks, the later ones give way where the terminal is narrow.
        shown = [Column(f"{name}_due", name, 0 if place < 2 else 1) for place, name in enumerate(clocks)]
        return [*head, *shown, *summary]
    return [
        Column(key, key.replace("_", " "), 0 if place == 0 else place, None if place == 0 else 8, wraps=True)
        for place, key in enumerate(keys)
    ]


def print_table(records: Iterable[Mapping[str, Any]], keys: Sequence[str], zone: tzinfo, out: TextIO) -> None:
    """Print records as a table, no wider than the terminal where there is one; nothing for no records."""
    columns = plan_columns(keys)
    write = dict(zip(keys, cell_formatters(keys, zone), strict=True))
    is_painted = painter(out) is not _unpainted
    rows = [[_cell(column, record, write, is_painted) for column in columns] for record in records]
    if not rows:
        return
    draw_table(columns, rows, out)


def draw_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], out: TextIO) -> list[Column]:
    """Draw a table: titles, a rule, and a line for each row; return the columns for which there was no room."""
    room = terminal_width(out)
    paint = painter(out)
    if room is not None and any(column.wraps for column in columns):
        _draw_wrapped(columns, rows, room, paint, out)
        return []
    cells = [max((display_width(row[place].text) for row in rows), default=0) for place in range(len(columns))]
    titles = folded_titles(columns, cells, room)
    widths = list(map(max, cells, (max(map(display_width, lines)) for lines in titles)))
    kept = fit_columns(columns, widths, room)
    height = max(len(titles[p]) for p, _ in kept)
    for level in range(height):
        # A shorter title stands at the bottom.
        lines = [(p, w, level - height + len(titles[p])) for p, w in kept]
        _draw_line(
            [(columns[p], w, Cell(((titles[p][line] if line >= 0 else "", "bold"),))) for p, w, line in lines],
            paint,
            out,
        )
    out.write(paint(GAP.join("─" * width for _, width in kept), "dim") + "\n")
    for row in rows:
        _draw_line([(columns[p], w, row[p]) for p, w in kept], paint, out)
    shown = {place for place, _ in kept}
    return [column for place, column in enumerate(columns) if place not in shown]


def draw_whole(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], out: TextIO) -> list[Column]:
    """Draw a table, and say below it which columns had no room, each once; return them too."""
    left_out = draw_table(columns, rows, out)
    if left_out:
        names = dict.fromkeys(column.group or heading(column.title) for column in left_out)
        text = _("left out at this width: {columns}.").format(columns=say(listed(names)))
        paint = painter(out)
        for line in wrap_text(text, terminal_width(out)):
            out.write(paint(line, "dim") + "\n")
    return left_out


def _draw_wrapped(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int, paint: Paint, out: TextIO
) -> None:
    """Draw a table in which long cells go on below themselves; where that is needed, columns without any value go."""
    texts = [[heading(column.title), *(row[place].text for row in rows)] for place, column in enumerate(columns)]
    kept = list(range(len(columns)))
    if sum(max(map(display_width, cells)) + len(GAP) for cells in texts) - len(GAP) > room:
        kept = [place for place in kept if any(texts[place][1:])] or kept[:1]
    sizes = share_room([texts[place] for place in kept], room - len(GAP) * (len(kept) - 1))
    for number in range(len(rows) + 1):
        cells = [wrap_text(texts[place][number], size or 1) for place, size in zip(kept, sizes, strict=True)]
        for level in range(max(map(len, cells))):
            pieces = [
                pad_text(cell[level] if level < len(cell) else "", size)
                for cell, size in zip(cells, sizes, strict=True)
            ]
            line = GAP.join(pieces).rstrip()
            out.write((paint(line, "bold") if number == 0 else line) + "\n")
        if number == 0:
            out.write(paint(GAP.join("─" * size for size in sizes), "dim") + "\n")


def painter(out: TextIO) -> Paint:
    """Return the function that writes a text in a style; off a terminal and under NO_COLOR, as it is."""
    if not out.isatty() or os.environ.get("NO_COLOR"):
        return _unpainted
    from rich.color import ColorSystem
    from rich.console import Console
    from rich.style import Style

    names = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
    system = names.get(Console(file=out).color_system or "")
    if system is None:
        return _unpainted

    def paint(text: str, style: str) -> str:
        return Style.parse(style).render(text, color_system=system) if style else text

    return paint


def print_step_table(rows: Sequence[tuple[str, str, str]], out: TextIO) -> None:
    """Print the days of a count for a terminal; the reasons, which come last, go on below themselves."""
    paint = painter(out)
    marks = max((display_width(mark) for _, mark, _ in rows), default=0)
    days = max((display_width(day) for day, _, _ in rows), default=0)
    indent = days + marks + 2 * len(GAP)
    room = terminal_width(out)
    for day, mark, why in rows:
        counted = mark != "–"
        line = f"{pad_text(day, days)}{GAP}{paint(pad_text(mark, marks), 'green' if counted else 'dim')}{GAP}"
        reasons = wrap_text(why, None if room is None else max(NARROWEST, room - indent))
        line += f"\n{' ' * indent}".join(paint(reason, "" if counted else "dim") for reason in reasons)
        out.write(line + "\n")


def _unpainted(text: str, style: str) -> str:
    return text


def _cell(
    column: Column, record: Mapping[str, Any], write: Mapping[str, Callable[[Any, bool], str]], is_painted: bool
) -> Cell:
    key = column.key
    provisional = due_key(key) and key in provisional_keys(record)
    text = write[key](record.get(key), provisional)
    if key.endswith("_due"):
        verdict = str(record.get(key.removesuffix("due") + "verdict") or "")
        if not (text or verdict):
            return Cell(())
        due = pad_text(text or "–", 11 if provisional else 10)
        style = VERDICT_STYLES.get(verdict, "")
        return Cell(((f"{due} ", "dim" if verdict == "projected" else ""), (said("verdict", verdict), style)))
    if key == "matched" and is_painted:
        # Between the marks stands what was searched for.
        pieces = re.split("[«»]", text)
        return Cell(tuple((piece, "bold" if place % 2 else "") for place, piece in enumerate(pieces) if piece))
    if key == "verdict":
        return Cell(((said(key, text), VERDICT_STYLES.get(text, "")),))
    if key == "working_days_late":
        days = record.get(key) or 0
        shown = _("{count} wd").format(count=days) + ("?" if record.get("provisional") else "")
        return Cell(((shown, "red"),)) if days else Cell(())
    if key == "due":
        return Cell(((text or "–", ""),))
    return Cell(((said(key, text), ""),))


def _draw_line(cells: Iterable[tuple[Column, int, Cell]], paint: Paint, out: TextIO) -> None:
    line: list[str] = []
    blank = 0
    for place, (column, width, cell) in enumerate(cells):
        pieces = cell.pieces
        size = display_width(cell.text)
        if size > width:
            pieces = ((fit_text(cell.text, width), pieces[0][1]),)
            size = display_width(pieces[0][0])
        before = blank + (len(GAP) if place else 0) + (width - size if column.right else 0)
        blank = 0 if column.right else width - size
        if not size:
            blank += before
            continue
        line.append(" " * before + "".join(paint(text, style) if style else text for text, style in pieces))
    out.write("".join(line) + "\n")


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while the block works; the function it gives moves the bar to a place."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda place: progress.update(task, completed=min(place, total))


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
        widths = [max(size, *map(display_width, texts)) for size, texts in zip(cells, folded, strict=True)]
        if room is None or sum(widths) + len(GAP) * (len(columns) - 1) <= room:
            break
        folded = [_folded(title, lines, cell) for title, cell in zip(titles, cells, strict=True)]
    return folded


def _folded(title: str, lines: int, least: int) -> list[str]:
    """Return a title in at most so many lines, as narrow as that can be without a word that is broken."""
    word = max(map(display_width, title.split()), default=1) if title.isascii() else 4
    for width in range(max(least, word), display_width(title) if display_width(title) > SHORT else 0):
        parts = wrap_text(title, width)
        if len(parts) <= lines:
            return parts
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

    def total(sizes: Sequence[int]) -> int:
        return sum(sizes[place] for place in kept) + len(GAP) * (len(kept) - 1)

    for place in sorted(kept, key=lambda place: -columns[place].rank):
        if total(least) <= room or columns[place].rank == NEVER_DROPPED:
            break
        kept = [other for other in kept if other not in together(place)]
    for place in sorted(set(range(len(columns))).difference(kept), key=lambda place: columns[place].rank):
        # A wide column that went may have left room for a narrower one.
        missing = together(place).difference(kept)
        if total(least) + sum(len(GAP) + least[other] for other in missing) <= room:
            kept = sorted({*kept, *missing})
    sizes = list(widths)
    for place in sorted(kept, key=lambda place: -columns[place].rank):
        sizes[place] = max(least[place], sizes[place] - max(0, total(sizes) - room))
    return [(place, sizes[place]) for place in kept]


def _least_widths(columns: Sequence[Column], widths: Sequence[int]) -> list[int]:
    return [
        width if column.least is None else min(width, column.least)
        for column, width in zip(columns, widths, strict=True)
    ]
