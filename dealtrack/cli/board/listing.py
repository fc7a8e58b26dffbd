"""The list on the board: headings and lines of complaints, and the widget that draws those that are seen."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import groupby
from operator import is_
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dealtrack.cli.language import _, say_field
from dealtrack.cli.table import Column, fit_columns, rank_columns
from dealtrack.cli.terminal import GAP
from dealtrack.core.agenda import AgendaItem, Urgency
from dealtrack.core.calendar import WEEKDAY_NAMES, WorkingCalendar
from dealtrack.core.clocks import Clock, is_lateness_provisional, lateness_text, time_left
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import local_day
from dealtrack.core.policy import HOURS
from dealtrack.core.text import display_width, fit_text, pad_text, safe_text
from dealtrack.core.vocabulary import fold

MARK = "●"
LEFT, LEFT_WIDTH, LEFT_UNTOLD = 7, 11, "…"


class Line(NamedTuple):
    """A line of the board: a heading, without an item, or an item, its cells, and the text that a search reads."""

    text: str
    item: AgendaItem | None = None
    cells: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    searched: str = ""


COLUMNS = (
    Column("id", right=True),
    Column("number", rank=3),
    Column("platform", rank=1, least=8),
    Column("category", rank=4, least=8),
    Column("owner", rank=2, least=12),
    Column("clock", rank=1),
    Column("due"),
    Column("left"),
    Column("summary", rank=6, least=16),
)

SORTED_BY: Mapping[str, Callable[[Complaint], str | float]] = {
    "deadline": lambda complaint: 0,
    "received": lambda complaint: -complaint.received.timestamp() if complaint.received else 0,
    "platform": lambda complaint: say_field("platform", complaint.platform),
    "owner": lambda complaint: complaint.owner or "\uffff",
    "category": lambda complaint: complaint.category or "",
}
"""What complaints may be sorted by within their groups; the latest received first, and of equal ones the first due."""


def arranged(items: Iterable[AgendaItem], sort: str) -> list[AgendaItem]:
    """Return items, by urgency and deadline, in another order within their groups."""
    order, key = list(Urgency), SORTED_BY[sort]
    return sorted(items, key=lambda item: (order.index(item.urgency), key(item.complaint)))


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
        self._day: date | None = None

    def of(self, items: Iterable[AgendaItem], zone: tzinfo, moment: datetime, search: str = "") -> list[Line]:
        """Return the lines that show items: each group under its heading, with its count.

        A search leaves those whose cells hold every word of it, whatever their case and width.
        """
        day, words = local_day(moment, zone), fold(search).split()
        if day != self._day:
            self._lines.clear()
            self._day = day
        names = headings()
        lines: list[Line] = []
        for urgency, group in groupby(items, key=lambda item: item.urgency):
            of_group = [self._line(item, zone, moment) for item in group]
            shown = [line for line in of_group if all(word in line.searched for word in words)]
            if shown:
                lines += [Line(f"{names[urgency].upper()} {len(shown)}", None, (urgency.value,)), *shown]
        return lines

    def _line(self, item: AgendaItem, zone: tzinfo, moment: datetime) -> Line:
        id_ = item.complaint.id
        last = self._lines.get(id_)
        # By identity: to compare complaints field by field would take longer.
        if last and last.item and all(map(is_, last.item, item)):
            return last
        cells = cells_of(item, zone, moment)
        searched = fold(" ".join((*cells, item.complaint.platform)))
        line = self._lines[id_] = Line("", item, cells, tuple(map(display_width, cells)), searched)
        return line


def cells_of(item: AgendaItem, zone: tzinfo, moment: datetime) -> tuple[str, ...]:
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
    hour = "" if local.time() == LAST_SECOND and clock.unit not in HOURS else f" {local:%H:%M}"
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
        count, _space, unit = lateness_text(clock, moment, calendar, zone).partition(" ")
        # On the due day itself, and on the rest days after it, no working day has gone by yet.
        if count == "0":
            return _("overdue")
        doubts = is_lateness_provisional(clock, moment, calendar, zone)
        late = _("{hours} h late", hours=count) if unit == "h" else _("{days} wd late", days=count)
        return late + ("?" if doubts else "")
    count, _space, unit = time_left(clock, moment, calendar, zone).partition(" ")
    texts = {"wd": _("{days} wd left"), "h": _("{hours} h left"), "min": _("{minutes} min left")}
    return texts[unit].format(days=count, hours=count, minutes=count)


def line_of(cells: Sequence[str], widths: Iterable[tuple[int, int]]) -> str:
    """Return cells as a line of some columns, each given by its place and its width."""
    texts = []
    for place, width in widths:
        text = fit_text(cells[place], width)
        texts.append(" " * (width - display_width(text)) + text if place == 0 else pad_text(text, width))
    return GAP.join(texts)


def counts(lines: Iterable[Line], total: int) -> str:
    """Return how many items there are of each group, and of how many where some are hidden by a search."""
    by_urgency = Counter(line.item.urgency for line in lines if line.item)
    shown = by_urgency.total()
    parts = [f"{by_urgency[urgency]} {name}" for urgency, name in headings().items()]
    if shown < total:
        parts.append(_("({shown} of {total})", shown=shown, total=total))
    return "   ".join(parts)


GUTTER = 2
STYLES = {
    Urgency.OVERDUE: Style(color="#ff8a80"),
    Urgency.DUE_TODAY: Style(color="#ffd54f"),
    Urgency.RUNNING: Style(),
    Urgency.PAUSED: Style(dim=True),
}


class Rows(ScrollView, can_focus=True):
    """A list of lines under one line of titles, with a cursor that stands on a complaint rather than on a place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)", ""),
        ("down,j", "move(1)", ""),
        ("pageup", "page(-1)", ""),
        ("pagedown", "page(1)", ""),
        ("home,g", "move(-1000000)", ""),
        ("end,G", "move(1000000)", ""),
    ]

    class CursorMoved(Message):
        """The cursor stands on another complaint, or on the same one with something new to say."""

    def __init__(self, left: Callable[[AgendaItem], str]) -> None:
        super().__init__()
        self.marked: set[int] = set()
        self._left = left
        self._lines: list[Line] = []
        self._places: list[int] = []
        self._columns: list[tuple[int, int]] = []
        self._at = 0

    @property
    def current(self) -> AgendaItem | None:
        """Return the item under the cursor, None where there is none."""
        return self._lines[self._places[self._at]].item if self._places else None

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines; the cursor stays on its complaint, or in its place where that is gone."""
        before = self.current
        self._lines = list(lines)
        self._places = [place for place, line in enumerate(lines) if line.item]
        ids = [line.item.complaint.id for line in lines if line.item]
        if before is not None and before.complaint.id in ids:
            self._at = ids.index(before.complaint.id)
        self._at = max(0, min(self._at, len(ids) - 1))
        self.marked &= set(ids)
        self._lay_out()

    def _lay_out(self) -> None:
        sizes = (line.widths for line in self._lines if line.item)
        widths = list(map(max, zip(*sizes, (display_width(column.heading) for column in COLUMNS), strict=True)))
        widths[LEFT] = max(LEFT_WIDTH, widths[LEFT])
        # What is left is told as it is drawn: its cells are empty.
        cells = [(*line.cells[:LEFT], LEFT_UNTOLD, *line.cells[LEFT + 1 :]) for line in self._lines if line.item]
        columns = rank_columns(COLUMNS, cells)
        self._columns = fit_columns(columns, widths, max(20, self.size.width) - GUTTER - 1)
        self.virtual_size = Size(1, len(self._lines) + 1)
        self._follow()

    def on_resize(self) -> None:
        """Plan the columns anew for another width."""
        self._lay_out()

    def action_move(self, by: int) -> None:
        """Move the cursor by so many complaints."""
        self._at = max(0, min(self._at + by, len(self._places) - 1))
        self._follow()

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        self.action_move(direction * max(1, self.size.height - 3))

    def toggle_mark(self) -> None:
        """Mark the complaint under the cursor, or unmark it, and go to the next."""
        if self.current:
            self.marked ^= {self.current.complaint.id}
            self.action_move(1)

    def _follow(self) -> None:
        # The heading of the first group comes into sight with its first complaint.
        place = self._places[self._at] if self._places else 0
        top = place if self._at else 0
        self.scroll_to_region(Region(0, top, 1, place - top + 2), animate=False, force=True)
        self.refresh()
        self.post_message(self.CursorMoved())

    async def on_click(self, event: events.Click) -> None:
        """Put the cursor on the complaint that was clicked on; a click on the cursor opens the complaint."""
        place = event.y + round(self.scroll_y) - 1
        if event.y and place in self._places:
            here = self._places.index(place)
            if here == self._at:
                await self.run_action("app.open('complaint')")
            self._at = here
            self._follow()

    def render_line(self, y: int) -> Strip:
        """Draw a line of what is seen; the first is that of the titles, which stays."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            titles = line_of([column.heading for column in COLUMNS], self._columns)
            return _strip(" " * GUTTER + titles, base + Style(dim=True), width)
        place = y + round(self.scroll_y) - 1
        if place >= len(self._lines):
            return _strip("", base, width)
        line = self._lines[place]
        if line.item is None:
            style = STYLES[Urgency(line.cells[0])] + Style(bold=True, dim=False)
            return _strip(line.text, base + style, width)
        item = line.item
        cells = list(line.cells)
        cells[LEFT] = self._left(item)
        text = f"{MARK if item.complaint.id in self.marked else ' '} {line_of(cells, self._columns)}"
        is_current = bool(self._places) and place == self._places[self._at]
        style = Style(reverse=True, dim=False) if is_current else Style()
        return _strip(text, base + STYLES[item.urgency] + style, width)


def _strip(text: str, style: Style, width: int) -> Strip:
    return Strip([Segment(pad_text(fit_text(text, width), width), style)], width)
