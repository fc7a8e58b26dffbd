"""The lines of the board, without a terminal: headings, cells, and the columns that a width has room for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from operator import is_
from typing import NamedTuple

from dealtrack.cli.language import _
from dealtrack.cli.table import Column, fit_columns
from dealtrack.cli.terminal import GAP
from dealtrack.cli.terms import heading, say_field
from dealtrack.core.calendar import WEEKDAY_NAMES, WorkingCalendar
from dealtrack.core.clocks import Clock, is_lateness_provisional, working_days_late
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.matching import fold
from dealtrack.core.moments import local_day
from dealtrack.core.standing import AgendaItem, Urgency
from dealtrack.core.text import display_width, fit_text, pad_text, safe_text

Cells = tuple[str, ...]
MARK = "●"
LEFT, LEFT_WIDTH = 7, 11


class Line(NamedTuple):
    """A line of the board: a heading, with no item, or an item with its cells but for the time that is left."""

    text: str
    item: AgendaItem | None = None
    cells: Cells = ()
    widths: tuple[int, ...] = ()


def columns() -> list[Column]:
    """Return the columns of the board, in their order."""
    return [
        Column("id", heading("id"), right=True),
        Column("number", heading("number"), 2),
        Column("platform", heading("platform"), 1, 8),
        Column("category", heading("category"), 4, 8),
        Column("owner", heading("owner"), 3, 4),
        Column("clock", heading("clock"), 1),
        Column("due", heading("due"), 0),
        Column("left", heading("left")),
        Column("summary", heading("summary"), 6, 16),
    ]


def headings() -> dict[Urgency, str]:
    """Return what the groups are called."""
    return {
        Urgency.OVERDUE: _("overdue"),
        Urgency.DUE_TODAY: _("due today"),
        Urgency.RUNNING: say_field("verdict", "running"),
        Urgency.PAUSED: say_field("verdict", "paused"),
    }


class Lines:
    """Makes lines of items; the line of an item is kept until the item changes, as there may be thousands."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}
        self._folded: dict[int, tuple[Cells, str]] = {}
        self._day: date | None = None

    def of(self, items: Iterable[AgendaItem], zone: tzinfo, moment: datetime) -> list[Line]:
        """Return the lines that show items: each group under its heading, with its count."""
        day = local_day(moment, zone)
        if day != self._day:
            self._lines.clear()
            self._folded.clear()
            self._day = day
        names = headings()
        lines: list[Line] = []
        for urgency, group in groupby(items, key=lambda item: item.urgency):
            of_group = [self._line(item, zone, moment) for item in group]
            lines += [Line(f"{names[urgency].upper()} {len(of_group)}", None, (urgency.value,)), *of_group]
        return lines

    def _line(self, item: AgendaItem, zone: tzinfo, moment: datetime) -> Line:
        id_ = item.complaint.id
        last = self._lines.get(id_)
        # By identity: to compare complaints field by field would take longer.
        if last and last.item and all(map(is_, last.item, item)):
            return last
        cells = cells_of(item, zone, moment)
        line = self._lines[id_] = Line("", item, cells, tuple(map(display_width, cells)))
        return line

    def matching(self, items: Iterable[AgendaItem], text: str, zone: tzinfo, moment: datetime) -> list[AgendaItem]:
        """Return the items whose cells hold every word of a text, whatever their case and width."""
        words = fold(text).split()
        matches = []
        for item in items:
            cells = self._line(item, zone, moment).cells
            folded = self._folded.get(item.complaint.id)
            if folded is None or folded[0] is not cells:
                folded = self._folded[item.complaint.id] = (cells, fold(" ".join((*cells, item.complaint.platform))))
            if all(word in folded[1] for word in words):
                matches.append(item)
        return matches


def cells_of(item: AgendaItem, zone: tzinfo, moment: datetime) -> Cells:
    """Return the cells of an item, the time that is left empty: it is told as it is drawn."""
    complaint, clock = item.complaint, item.clock
    texts = (
        str(complaint.id),
        complaint.number or "",
        say_field("platform", complaint.platform),
        say_field("category", complaint.category),
        complaint.owner or "",
        _(clock.name) if clock else "",
        due_of(clock, zone, moment) if clock else "",
        "",
        complaint.summary or "",
    )
    return tuple(map(safe_text, texts))


def due_of(clock: Clock, zone: tzinfo, moment: datetime) -> str:
    """Return a deadline for a narrow column: its weekday and day, its hour where it ends before the day does.

    The year stands only where it is not the present one; a question mark follows a provisional deadline.
    """
    if clock.due is None:
        return "–"
    local = clock.due.astimezone(zone)
    day = f"{local:%Y-%m-%d}"
    if local.year == moment.astimezone(zone).year:
        day = day[5:]
    hour = "" if local.time() == LAST_SECOND else f" {local:%H:%M}"
    shown = _("{weekday} {day}", weekday=_(WEEKDAY_NAMES[local.weekday()]), day=day)
    return f"{shown}{hour}{'?' if clock.provisional else ''}"


def left_of(item: AgendaItem, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> str:
    """Return how long an item is late, or has left: working days, and on the last day hours and minutes."""
    clock = item.clock
    if item.urgency is Urgency.PAUSED:
        return say_field("verdict", "paused")
    if clock is None or clock.due is None:
        return ""
    if item.urgency is Urgency.OVERDUE:
        days = working_days_late(clock, moment, calendar, zone)
        # On the due day itself, and on the rest days after it, no working day has gone by yet.
        if not days:
            return _("overdue")
        doubts = is_lateness_provisional(clock, moment, calendar, zone)
        return _("{days} wd late", days=days) + ("?" if doubts else "")
    if item.urgency is Urgency.DUE_TODAY:
        hours, seconds = divmod(int((clock.due - moment + timedelta(seconds=1)).total_seconds()), 3600)
        if hours >= 1:
            return _("{hours} h left", hours=hours)
        return _("{minutes} min left", minutes=seconds // 60)
    days = calendar.count_between(local_day(moment, zone), local_day(clock.due, zone))
    return _("{days} wd left", days=days)


def columns_for(lines: Iterable[Line], room: int) -> list[tuple[int, int]]:
    """Return the columns that a width has room for, each by its place and its width."""
    shown = columns()
    sizes = (line.widths for line in lines if line.item)
    widths = list(map(max, zip(*sizes, (display_width(column.title) for column in shown), strict=True)))
    widths[LEFT] = max(LEFT_WIDTH, widths[LEFT])
    return fit_columns(shown, widths, room)


def line_of(cells: Sequence[str], widths: Iterable[tuple[int, int]]) -> str:
    """Return cells as a line of some columns, each given by its place and its width."""
    texts = []
    for place, width in widths:
        text = fit_text(cells[place], width)
        texts.append(" " * (width - display_width(text)) + text if place == 0 else pad_text(text, width))
    return GAP.join(texts)


def counts(items: Iterable[AgendaItem], total: int) -> str:
    """Return how many items there are of each group, and of how many where some are hidden by a search."""
    by_urgency = Counter(item.urgency for item in items)
    shown = by_urgency.total()
    parts = [f"{by_urgency[urgency]} {name}" for urgency, name in headings().items()]
    if shown < total:
        parts.append(_("({shown} of {total})", shown=shown, total=total))
    return "   ".join(parts)
