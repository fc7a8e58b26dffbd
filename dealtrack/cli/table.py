"""Tables for a terminal: columns that fit its width, colours where it has them, Chinese in line."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import chain, zip_longest
from typing import Any, NamedTuple, TextIO

from dealtrack.cli.language import _, heading, say, say_field, say_length
from dealtrack.cli.terminal import (
    GAP,
    Paint,
    painter,
    print_pages,
    share_room,
    tell,
    tell_in_style,
    terminal_width,
    wrap_text,
)
from dealtrack.core.text import display_width, fit_text, pad_text
from dealtrack.exchange.writers import cell_formatters, is_due_key, provisional_keys, timed_keys
from dealtrack.phrase import listed

NEVER_DROPPED = 0
SHORT = 8
"""The width of a title that stays in one line."""


class Column(NamedTuple):
    """A column of a table; without a title its key is its title.

    `rank` 0 is never dropped; of the others the highest is dropped first, and with it those of its `group`, where it
    has one. What is left out is named by its group where it has one. `least` is the width to which it may
    be cut, None where it must stay whole. One that `wraps` is never cut: its cells go on below. A long
    title goes on below itself where room lacks.
    """

    key: str
    title: str = ""
    rank: int = NEVER_DROPPED
    least: int | None = None
    right: bool = False
    wraps: bool = False
    group: str = ""

    @property
    def heading(self) -> str:
        """Return the title in the user's language."""
        return heading(self.title or self.key.replace("_", " "))


class Cell(NamedTuple):
    """What stands in a cell: pieces of text, each with its style."""

    pieces: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str, style: str = "") -> "Cell":
        """Return a cell that holds a text in one style."""
        return cls(((text, style),))

    @property
    def text(self) -> str:
        """Return the text alone."""
        return "".join(text for text, _ in self.pieces)


VERDICT_STYLES = {"overdue": "bold red", "missed": "bold red", "running": "green", "met": "green dim"}
"""The styles of verdicts; all others are dim."""

OWNER = Column("owner", rank=1, least=8)
HANDLER = OWNER._replace(key="handler")
COMPLAINT_COLUMNS = (
    Column("id", right=True),
    Column("number", rank=2),
    Column("platform", least=12),
    Column("category", rank=3, least=8),
    Column("status", rank=4),
    Column("received", rank=6),
)
SUMMARY = Column("summary", rank=7, least=12)
MATCH_COLUMNS = (*COMPLAINT_COLUMNS, Column("matched", rank=1, least=36))
# Who is to be asked about a late complaint matters more than what it is about.
WATCH_COLUMNS = (
    Column("office"),
    *COMPLAINT_COLUMNS[:3],
    Column("category", rank=5, least=8),
    OWNER,
    Column("clock"),
    Column("due"),
    Column("verdict"),
    Column("late", "late", 1, right=True),
    Column("left", right=True),
)
TRANSFER_COLUMNS = (
    *(WATCH_COLUMNS[0], *COMPLAINT_COLUMNS[:4], COMPLAINT_COLUMNS[5]),
    *(Column("transferred", rank=5), Column("due")),
)
# Of a hash its beginning is enough to tell two files apart; programs get it whole.
EVIDENCE_COLUMNS = (
    Column("complaint", right=True),
    Column("seq", right=True),
    Column("name", rank=1, least=12),
    Column("size", rank=4, right=True),
    Column("sha256", rank=6, least=10),
    Column("at", rank=3),
    Column("actor", rank=5, least=4),
    Column("present", rank=2),
)

PLANS = {
    "transferred": TRANSFER_COLUMNS,
    "due": WATCH_COLUMNS,
    "matched": MATCH_COLUMNS,
    "sha256": EVIDENCE_COLUMNS,
}
"""The columns of tables whose records have a key, the first that they have."""

GIVES_WAY = 100
"""The least rank of a column that says one thing in every row: it gives way before all others, the last one first."""

NEVER_GIVES_WAY = frozenset({"office", "id", "platform", "owner", "due", "left", "late", "matched"})
"""The columns that stay where they say one thing in every row, as long as they say something."""


def rank_columns(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Return the columns of a table whose rows hold these texts, those that say one thing in every row to go first."""

    def gives_way(place: int, column: Column) -> bool:
        is_kept = column.key in NEVER_GIVES_WAY or column.key.endswith("_due")
        # Of one row each text is the only one: what it tells beside its list stays.
        is_kept = is_kept or (len(rows) == 1 and column.key != "verdict")
        return all(row[place] == ("" if is_kept else rows[0][place]) for row in rows)

    if not rows:
        return list(columns)
    return [
        column._replace(rank=GIVES_WAY + place) if gives_way(place, column) else column
        for place, column in enumerate(columns)
    ]


def chosen_columns(keys: Sequence[str]) -> list[Column]:
    """Return the columns of a table for keys that a user chose, in that order; where room lacks the last goes first."""
    known = {column.key: column for column in (*COMPLAINT_COLUMNS, *WATCH_COLUMNS, HANDLER, SUMMARY)}
    return [
        known.get(key, Column(key, _(key.removesuffix("_due")) if key.endswith("_due") else ""))._replace(rank=place)
        for place, key in enumerate(keys)
    ]


def plan_columns(keys: Sequence[str]) -> list[Column]:
    """Return the columns of a table of records with these keys; a deadline and its verdict make one."""
    for key, columns in PLANS.items():
        if key in keys:
            return [column for column in columns if column.key in keys]
    clocks = [key for key in keys if key.endswith("_due")]
    if clocks and "id" in keys:
        # Beyond two clocks, the later ones give way where the terminal is narrow.
        deadlines = (Column(key, _(key.removesuffix("_due")), 20 * (place > 1)) for place, key in enumerate(clocks))
        usual = (*COMPLAINT_COLUMNS[:4], OWNER, *COMPLAINT_COLUMNS[4:], *deadlines, SUMMARY)
        return [column for column in usual if column.key in keys]
    return [Column(key, "", place, 8 if place else None, wraps=True) for place, key in enumerate(keys)]


def print_table(
    records: Iterable[Mapping[str, Any]], keys: Sequence[str], zone: tzinfo, out: TextIO, is_chosen: bool = False
) -> None:
    """Print records as a table, no wider than the terminal where there is one; nothing for no records.

    `is_chosen` tells that a user chose the keys: they stand in that order, and it is said which had no room.
    """
    records = list(records)
    columns: Sequence[Column] = chosen_columns(keys) if is_chosen else plan_columns(keys)
    if not is_chosen:
        # A stage that waits for an event in every complaint takes no room.
        waits = {key for key in keys if key.endswith("_due") and not any(record.get(key) for record in records)}
        columns = [column for column in columns if column.key not in waits]
    write = dict(zip(keys, cell_formatters(keys, zone), strict=True))
    rows = [[_cell(column, record, write, out.isatty()) for column in columns] for record in records]
    if not rows:
        return
    columns = columns if is_chosen else rank_columns(columns, [[cell.text for cell in row] for row in rows])
    left_out, lines = table_lines(columns, rows, out)
    if out is sys.stdout:
        print_pages(list(lines))
    else:
        out.writelines(f"{line}\n" for line in lines)
    if is_chosen and left_out:
        tell(_not_shown(left_out))
    elif out is sys.stdout and out.isatty():
        for stage in (column for column in left_out if column.key == "clock" and column.rank >= GIVES_WAY):
            # Without it nobody knows what is due.
            tell(_("stage in every row: {stage}", stage=rows[0][columns.index(stage)].text))


def draw_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], out: TextIO) -> list[Column]:
    """Draw a table; return the columns for which there was no room."""
    left_out, lines = table_lines(columns, rows, out)
    out.writelines(f"{line}\n" for line in lines)
    return left_out


def table_lines(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], out: TextIO
) -> tuple[list[Column], Iterator[str]]:
    """Return a table for a stream: the columns for which there is no room; titles, a rule, and a line for each row."""
    room, paint = terminal_width(out), painter(out)
    if room is not None and any(column.wraps for column in columns):
        kept, titles, lines = _wrapped(columns, rows, room)
    else:
        cells = _widest(columns, rows)
        titles = folded_titles(columns, cells, room)
        kept = fit_columns(columns, list(map(max, cells, map(_width, titles))), room)
        lines = ([row[place] for place, _width in kept] for row in rows)
    # A shorter title stands at the bottom.
    upwards = list(zip_longest(*(titles[place][::-1] for place, _width in kept), fillvalue=""))
    head = [_line(columns, kept, [Cell.of(text, "bold") for text in texts], paint) for texts in upwards[::-1]]
    head.append(paint(GAP.join("─" * width for _place, width in kept), "dim"))
    left_out = [column for place, column in enumerate(columns) if place not in dict(kept)]
    return left_out, chain(head, (_line(columns, kept, line, paint) for line in lines))


def _line(columns: Sequence[Column], kept: Sequence[tuple[int, int]], cells: Sequence[Cell], paint: Paint) -> str:
    parts = []
    for (place, width), cell in zip(kept, cells, strict=True):
        pieces, blank = cell.pieces, width - display_width(cell.text)
        if blank < 0:
            pieces = _fitted(pieces, width)
            blank = width - sum(display_width(text) for text, _style in pieces)
        text = "".join(paint(text, style) for text, style in pieces)
        parts.append(" " * blank + text if columns[place].right else text + " " * blank)
    return GAP.join(parts).rstrip(" ")


def _fitted(pieces: tuple[tuple[str, str], ...], width: int) -> tuple[tuple[str, str], ...]:
    """Return the pieces of a cell cut to a width; of a text in front of another style so much goes as that needs."""
    first, *others = pieces
    if others:
        head, room = first[0], width - display_width(others[0][0])
        room = max(0, room - min(room // 2, sum(display_width(text) for text, _style in others[1:])))
        while len(head) > 1 and display_width(head) > room:
            head = head[1:]
        pieces = (first if head == first[0] else (f"…{head[1:]}", first[1]), *others)
    text = fit_text("".join(text for text, _style in pieces), width)
    fitted = []
    for piece, style in pieces:
        fitted.append((text[: len(piece)], style))
        text = text[len(piece) :]
    return (*fitted, (text, pieces[-1][1]))


def draw_whole(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[Column]:
    """Draw a table, and say below it which columns had no room, each once; return them too."""
    left_out = draw_table(columns, rows, sys.stdout)
    if left_out:
        tell_in_style(_not_shown(left_out))
    return left_out


def _not_shown(columns: Iterable[Column]) -> str:
    names = dict.fromkeys(column.group or column.heading for column in columns)
    return _("Not shown at this width: {columns}.", columns=say(listed(names)))


def _wrapped(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int
) -> tuple[list[tuple[int, int]], list[list[str]], Iterable[list[Cell]]]:
    """Return columns with widths, titles and lines, cells going on below; empty columns go where room lacks."""
    texts = [[column.heading, *(row[place].text for row in rows)] for place, column in enumerate(columns)]
    places = list(range(len(columns)))
    if sum(map(_width, texts)) + len(GAP) * (len(texts) - 1) > room:
        places = [place for place in places if any(texts[place][1:])] or places[:1]
    widths = share_room([texts[place] for place in places], room - len(GAP) * (len(places) - 1))
    kept = [(place, width or 1) for place, width in zip(places, widths, strict=True)]
    titles = [wrap_text(column.heading, dict(kept).get(place)) for place, column in enumerate(columns)]
    lines = (
        list(map(Cell.of, level))
        for row in rows
        for level in zip_longest(*(wrap_text(row[place].text, width) for place, width in kept), fillvalue="")
    )
    return kept, titles, lines


def _width(texts: Iterable[str]) -> int:
    return max(map(display_width, texts), default=0)


def _widest(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[int]:
    return [_width(row[place].text for row in rows) for place in range(len(columns))]


def _cell(
    column: Column, record: Mapping[str, Any], write: Mapping[str, Callable[[Any, bool, bool], str]], on_terminal: bool
) -> Cell:
    key = column.key
    provisional = is_due_key(key) and key in provisional_keys(record)
    text = write[key](record.get(key), provisional, key in timed_keys(record))
    if key.endswith("_due"):
        verdict = str(record.get(key.removesuffix("due") + "verdict") or "")
        if not (text or verdict):
            return Cell(())
        due = pad_text(text or "–", 11 if provisional else 10)
        style = VERDICT_STYLES.get(verdict, "dim")
        return Cell(((f"{due} ", "dim" if verdict == "projected" else ""), (say_field("verdict", verdict), style)))
    if key == "matched" and on_terminal:
        # Between the marks stands what was searched for.
        pieces = re.split("[«»]", text)
        return Cell(tuple((piece, "bold" if place % 2 else "") for place, piece in enumerate(pieces) if piece))
    if key == "verdict" or key.endswith("_verdict"):
        return Cell.of(say_field("verdict", text), VERDICT_STYLES.get(text, "dim"))
    if key == "left":
        return Cell.of(say_length(text))
    if key == "late":
        shown = say_length(text) + ("?" if record.get("provisional") else "")
        return Cell.of(shown, "red") if text.strip(" 0whd") else Cell(())
    if key == "due":
        return Cell.of(text or "–")
    return Cell.of(say_field(key, text))


def least_width(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """Return the least width of a table with all its columns: titles folded, cells cut where they may be."""
    cells = _widest(columns, rows)
    widths = list(map(max, cells, map(_width, folded_titles(columns, cells, 0))))
    return sum(_least_widths(columns, widths)) + len(GAP) * (len(columns) - 1)


def folded_titles(columns: Sequence[Column], cells: Sequence[int], room: int | None) -> list[list[str]]:
    """Return the lines of each title, those that fold in as few as make the table fit the room; None is any room."""
    titles = [column.heading for column in columns]
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
    # What says one thing in every row gives way before platform, owner and category are cut.
    uncut = [
        width if column.key in ("platform", "owner", "category") else size
        for column, width, size in zip(columns, widths, least, strict=True)
    ]
    kept = list(range(len(columns)))

    def needed(place: int) -> list[int]:
        return uncut if columns[place].rank >= GIVES_WAY and columns[place].key != "clock" else least

    def together(place: int) -> set[int]:
        group = columns[place].group
        return {other for other, column in enumerate(columns) if other == place or (group and column.group == group)}

    def total(sizes: Sequence[int]) -> int:
        return sum(sizes[place] for place in kept) + len(GAP) * (len(kept) - 1)

    for place in sorted(kept, key=lambda place: -columns[place].rank):
        if columns[place].rank == NEVER_DROPPED:
            break
        if total(needed(place)) <= room:
            continue
        kept = [other for other in kept if other not in together(place)]
    for place in sorted(set(range(len(columns))).difference(kept), key=lambda place: columns[place].rank):
        # A wide column that went may have left room for a narrower one.
        missing = together(place).difference(kept)
        if total(needed(place)) + sum(len(GAP) + least[other] for other in missing) <= room:
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
