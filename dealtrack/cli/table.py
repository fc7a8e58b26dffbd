"""Tables and month grids for a terminal: columns that fit its width, colours where it has them, Chinese in line."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from itertools import groupby
from typing import Any, NamedTuple, TextIO

from dealtrack.cli.columns import GAP, Cell, Column, fit_columns, folded_titles
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.terminal import NARROWEST, share_room, terminal_width, wrap_text
from dealtrack.cli.terms import heading, said
from dealtrack.core.calendar import WEEKDAY_NAMES, Day, DayKind, reason
from dealtrack.core.festival import name_of_day
from dealtrack.core.text import display_width, fit_text, pad_text, safe_text
from dealtrack.exchange.writers import cell_formatters, due_key, provisional_keys
from dealtrack.phrase import Phrase, listed

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


KNOWN = {
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
EXHIBITED = {
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
        watched = {**KNOWN, "owner": Column("owner", "owner", 3, 8), "category": Column("category", "category", 5, 8)}
        return [watched[key] for key in WATCH_COLUMNS if key in keys]
    if "matched" in keys:
        return [KNOWN[key] for key in keys]
    if "sha256" in keys:
        return [EXHIBITED[key] for key in keys]
    clocks = [key.removesuffix("_due") for key in keys if key.endswith("_due")]
    if clocks and "id" in keys:
        head = [KNOWN[key] for key in ("id", "number", "platform", "category", "status", "received") if key in keys]
        summary = [KNOWN["summary"]] if "summary" in keys else []
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
        names = dict.fromkeys(column.full_title or heading(column.title) for column in left_out)
        told = _("left out at this width: {columns}.").format(columns=say(listed(names)))
        paint = painter(out)
        for line in wrap_text(told, terminal_width(out)):
            out.write(paint(line, "dim") + "\n")
    return left_out


def _draw_wrapped(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int, paint: Paint, out: TextIO
) -> None:
    """Draw a table in which long cells go on below themselves; where that is needed, columns without any value go."""
    texts = [[heading(column.title), *(row[place].text for row in rows)] for place, column in enumerate(columns)]
    kept = list(range(len(columns)))
    if sum(max(map(display_width, held)) + len(GAP) for held in texts) - len(GAP) > room:
        kept = [place for place in kept if any(texts[place][1:])] or kept[:1]
    sizes = share_room([texts[place] for place in kept], room - len(GAP) * (len(kept) - 1))
    for number in range(len(rows) + 1):
        cells = [wrap_text(texts[place][number], size or 1) for place, size in zip(kept, sizes, strict=True)]
        for level in range(max(map(len, cells))):
            told = [
                pad_text(cell[level] if level < len(cell) else "", size)
                for cell, size in zip(cells, sizes, strict=True)
            ]
            line = GAP.join(told).rstrip()
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


class Mark(NamedTuple):
    """How a kind of day is drawn in a month: a sign beside its number, a style, and what it means."""

    sign: str
    style: str
    meaning: str


MARKS = {
    DayKind.WEEKDAY: Mark("", "", Phrase("working day")),
    DayKind.WEEKEND: Mark("·", "dim", Phrase("weekend")),
    DayKind.HOLIDAY: Mark("休", "red", Phrase("public holiday")),
    DayKind.MAKE_UP: Mark("班", "bold yellow", Phrase("make-up working day")),
    DayKind.AMENDED_OFF: Mark("休!", "bold magenta", Phrase("day off by amendment")),
    DayKind.AMENDED_WORKED: Mark("班!", "bold cyan", Phrase("working day by amendment")),
}
_CELL_WIDTH = 7


def print_month(days: Iterable[Day], *, stream: TextIO | None = None) -> None:
    """Print days as month grids, Monday first, each with its legend and the days that have a name below.

    What a day is shows in a sign beside it, so that nothing hangs on colour; colours come on a terminal only.
    """
    import sys

    out = sys.stdout if stream is None else stream
    paint = painter(out)
    for place, (_month, month) in enumerate(groupby(days, key=lambda day: (day.day.year, day.day.month))):
        if place:
            out.write("\n")
        _draw_month(list(month), paint, out)


def _draw_month(days: Sequence[Day], paint: Paint, out: TextIO) -> None:
    confirmed = all(day.confirmed for day in days)
    worked = sum(day.worked for day in days)
    first = days[0].day
    title = paint(_("{month} {year}").format(month=_(first.strftime("%B")), year=first.year), "bold")
    count = _n("{count} working day", "{count} working days", worked).format(count=worked)
    out.write(f"{title}  {count}{'' if confirmed else _(', provisional: not officially published yet')}\n\n")
    out.write(paint("".join(map(_weekday_cell, WEEKDAY_NAMES)).rstrip(), "bold") + "\n")
    cells = [" " * _CELL_WIDTH] * days[0].day.weekday() + [_month_cell(day, paint) for day in days]
    for start in range(0, len(cells), 7):
        out.write("".join(cells[start : start + 7]).rstrip() + "\n")
    present = [kind for kind in MARKS if any(day.kind is kind for day in days)]
    legend = [f"{MARKS[kind].sign} {say(MARKS[kind].meaning)}" for kind in present if MARKS[kind].sign]
    if not confirmed:
        legend.append(f"? {_('provisional')}")
    out.write("\n" + paint(" " + "   ".join(legend), "dim") + "\n" if legend else "")
    named = [day for day in days if day.name]
    if named:
        out.write("\n")
    for line in _named_lines(named, paint):
        out.write(line + "\n")


def _weekday_cell(name: str) -> str:
    text = _(name)
    return pad_text(" " * max(0, 4 - display_width(text)) + text, _CELL_WIDTH)


def _month_cell(day: Day, paint: Paint) -> str:
    mark = MARKS[day.kind]
    text = f"{day.day.day:>4}{mark.sign}{'' if day.confirmed else '?'}"
    fill = " " * (_CELL_WIDTH - display_width(text))
    return paint(text, mark.style) + fill if mark.style else text + fill


def _named_lines(days: Sequence[Day], paint: Paint) -> Iterable[str]:
    """Yield a line for each stretch of days that share what they are, then the sources of amendments."""
    stretches: list[list[Day]] = []
    for day in days:
        last = stretches[-1][-1] if stretches else None
        same = last is not None and (last.kind, last.name, last.source) == (day.kind, day.name, day.source)
        if last is not None and same and (day.day - last.day).days == 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    for stretch in stretches:
        first, last = stretch[0], stretch[-1]
        span = f"{first.day.day}" if first is last else f"{first.day.day}-{last.day.day}"
        names = _(WEEKDAY_NAMES[first.day.weekday()])
        if first is not last:
            names += f"-{_(WEEKDAY_NAMES[last.day.weekday()])}"
        mark = MARKS[first.kind]
        told = say(reason(first) if first.kind is DayKind.MAKE_UP else name_of_day(first.name))
        sign = paint(pad_text(mark.sign, 3), mark.style) if mark.style else pad_text(mark.sign, 3)
        yield f" {span:>5}  {pad_text(names, 1 + 2 * display_width(_('Mon')))}  {sign}  {safe_text(told)}"
    amended = [day for day in days if day.kind in (DayKind.AMENDED_OFF, DayKind.AMENDED_WORKED)]
    for source in dict.fromkeys(day.source for day in amended if day.source):
        yield " " + _("Source: {source}").format(source=safe_text(_(source)))


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
