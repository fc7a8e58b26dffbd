"""The list on the board: a widget that draws only the lines that are seen, however many there are."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dealtrack.cli.board.rows import LEFT, MARK, Line, columns, columns_for, line_of
from dealtrack.core.standing import AgendaItem, Urgency
from dealtrack.core.text import fit_text, pad_text

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

    class Opened(Message):
        """A complaint was clicked on while the cursor stood on it."""

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
        self._follow()

    def _lay_out(self) -> None:
        width = max(20, self.size.width)
        self._columns = columns_for(self._lines, width - GUTTER - 1)
        self.virtual_size = Size(1, len(self._lines) + 1)
        self.refresh()

    def on_resize(self) -> None:
        """Plan the columns anew for another width."""
        self._lay_out()
        self._follow()

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

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the complaint that was clicked on; a click on the cursor opens the complaint."""
        place = event.y + round(self.scroll_y) - 1
        if event.y and place in self._places:
            here = self._places.index(place)
            if here == self._at:
                self.post_message(self.Opened())
            self._at = here
            self._follow()

    def render_line(self, y: int) -> Strip:
        """Draw a line of what is seen; the first is that of the titles, which stays."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            return _strip(
                " " * GUTTER + line_of([column.title for column in columns()], self._columns),
                base + Style(dim=True),
                width,
            )
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
