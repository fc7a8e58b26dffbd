"""The board itself: open complaints on the whole terminal, in step with the time and with other clerks."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input, Static

from dealtrack.cli.board import actions
from dealtrack.cli.board.dialogs import Field, Form, Page
from dealtrack.cli.board.feed import Feed
from dealtrack.cli.board.listing import Rows
from dealtrack.cli.board.rows import Lines, counts, left_of
from dealtrack.cli.describe import show_day
from dealtrack.cli.language import _
from dealtrack.cli.session import show_value
from dealtrack.cli.terms import say_field
from dealtrack.core.calendar import missing_year
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import local_day
from dealtrack.core.standing import AgendaItem
from dealtrack.core.text import display_width, fit_text, safe_lines, safe_text
from dealtrack.errors import DealtrackError

SECONDS_BETWEEN_LOOKS = 1.0


class Board(App[None]):
    """The board."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "board.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "record('forward')", _("forward")),
        Binding("c", "record('complete')", _("complete")),
        Binding("n", "record('note')", _("note")),
        Binding("e", "open('explanation')", _("explain")),
        Binding("enter", "open('complaint_text')", _("show")),
        Binding("space", "mark", _("mark")),
        Binding("slash", "search", _("search"), key_display="/"),
        Binding("q", "quit", _("quit")),
        Binding("question_mark", "help", _("help"), key_display="?"),
        Binding("escape", "clear", "", show=False),
    ]

    def __init__(self, feed: Feed, actor: str) -> None:
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]
        self._feed = feed
        self._actor = actor
        self._search = ""
        self._fault = ""
        self._minute = ""
        self._lines = Lines()
        self._heading = Static("", id="heading", markup=False)
        self._counts = Static("", id="counts", markup=False)
        self._rows = Rows(self._left)
        self._about = Static("", id="about", markup=False)
        self._line = Input("", placeholder=_("words to search for; Esc: show all"), id="search", compact=True)
        self._message = Static("", id="message", markup=False)

    def compose(self) -> ComposeResult:
        """Make the parts of the screen."""
        yield from (self._heading, self._counts, self._rows, self._about, self._line, self._message)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Show what there is, and look again every second."""
        self._line.display = False
        self._rows.focus()
        self._show_items()
        year = missing_year(self._feed.register.calendar, local_day(self._feed.clock(), self._feed.register.zone))
        if year is not None:
            self._say(_("The official calendar of {year} is not in the register.", year=year))
        self.set_interval(SECONDS_BETWEEN_LOOKS, self.look)

    def look(self) -> None:
        """Take in what others wrote and what the time has moved."""
        try:
            changed = self._feed.look()
        except DealtrackError as error:
            # The screen stays as it was, says so, and looks again.
            self._fault = error.message(show_value, _)
            self._show_message(self._fault)
            return
        if self._fault:
            self._fault = ""
            self._show_message("")
        if changed:
            self._show_items()
        elif self._heading_text() != self._minute:
            self._show_heading()
            self._rows.refresh()

    def _left(self, item: AgendaItem) -> str:
        register = self._feed.register
        return left_of(item, self._feed.clock(), register.calendar, register.zone)

    # Drawing

    def _show_items(self) -> None:
        register = self._feed.register
        now, items = self._feed.clock(), self._feed.items
        if self._search:
            items = self._lines.matching(items, self._search, register.zone, now)
        self._rows.show(self._lines.of(items, register.zone, now))
        self._counts.update(safe_text(counts(items, len(self._feed.items))))
        self._show_heading()

    def _heading_text(self) -> str:
        local = self._feed.clock().astimezone(self._feed.register.zone)
        return f"{show_day(local.date())} {local:%H:%M}"

    def _show_heading(self) -> None:
        self._minute = self._heading_text()
        room = self.size.width - 2
        width = display_width(self._minute)
        name = fit_text(safe_text(f"dealtrack  {self._feed.path.name}"), max(10, room - width - 2))
        gap = " " * max(1, room - display_width(name) - width)
        self._heading.update(f"{name}{gap}{self._minute}")

    def on_resize(self) -> None:
        """Draw the heading for another width."""
        self._show_heading()
        self.on_rows_cursor_moved()

    def on_rows_cursor_moved(self) -> None:
        """Tell of the complaint under the cursor."""
        item = self._rows.current
        lines = [_("No open complaints.") if not self._feed.items else _("No matches.")]
        room = self.size.width - 4
        if item is not None:
            try:
                standing = self._feed.standing(item.complaint.id)
            except DealtrackError:
                return
            lines = actions.summary_lines(standing, self._feed.register) if standing else []
        # What the complaint is about comes last and may take more lines, where there are more.
        fitted = [fit_text(line, room) for line in lines[:-1]] + lines[-1:]
        self._about.update("\n".join(fitted))

    def _say(self, text: str) -> None:
        if not self._fault:
            self._show_message(text)

    def _show_message(self, text: str) -> None:
        self._message.update(safe_lines(text))

    # Keys

    def on_rows_opened(self) -> None:
        """Show the complaint that was clicked on."""
        self.action_open("complaint_text")

    def _chosen(self) -> list[Complaint]:
        """Return the complaints that a key is meant for: those marked, else the one under the cursor."""
        marked = [item.complaint for item in self._feed.items if item.complaint.id in self._rows.marked]
        return marked or ([self._rows.current.complaint] if self._rows.current else [])

    def action_record(self, name: str) -> None:
        """Ask for what is to be recorded, and record it for all that are meant, or for none."""
        action = actions.actions()[name]
        chosen = self._chosen()
        if not chosen:
            return
        try:
            actions.check_possible(action, chosen)
        except DealtrackError as error:
            self._say(error.message(show_value, _))
            return
        ids = [complaint.id for complaint in chosen]
        labels = {
            "at": (_("When"), "", _("now; or e.g. 09:30, yesterday 17:00, 11-11 21:30")),
            "outcome": (_("Outcome"), "", _("refund, exchange, advance-compensation")),
            "amount": (_("Amount"), "", _("e.g. 1299.50")),
            "note": (_("Note"), "", ""),
        }
        fields = [Field(field, *labels[field]) for field in action.fields]

        def submit(values: Mapping[str, str]) -> str:
            return actions.record(self._feed, action, ids, values, self._actor)

        first = chosen[0]
        names = _(", ").join(
            filter(None, (first.number, say_field("platform", first.platform), _(first.category or "")))
        )
        title = f"{action.title} {first.id} ({names})"
        if len(chosen) > 1:
            title = f"{action.title}: {', '.join(map(str, ids[:12]))}{' ...' if len(ids) > 12 else ''}"
        self.push_screen(Form(title, fields, submit), self._recorded)

    def _recorded(self, message: str | None) -> None:
        if message is not None:
            self._rows.marked.clear()
            self._show_items()
            self._say(message)

    def action_open(self, name: str) -> None:
        """Show the complaint under the cursor in full, or each day of its count."""
        text_of: Callable[..., str] = getattr(actions, name)
        item = self._rows.current
        if item is None:
            return
        try:
            text = text_of(self._feed.register, item.complaint.id, self._feed.clock())
        except DealtrackError as error:
            self._say(error.message(show_value, _))
            return
        self.push_screen(Page(text))

    def action_mark(self) -> None:
        """Mark the complaint under the cursor: what is recorded next is so for all that are marked."""
        self._rows.toggle_mark()
        count = len(self._rows.marked)
        self._say(_("{count} marked", count=count) if count else "")

    def action_search(self) -> None:
        """Ask for words to look for."""
        self._line.display = True
        self._line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what holds the words, as they are typed."""
        if event.input.id == "search" and event.value != self._search:
            self._search = event.value
            self._show_items()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the list, with what was found."""
        if event.input.id == "search":
            event.input.display = bool(self._search.strip())
            self._rows.focus()

    def action_clear(self) -> None:
        """Show all again, with nothing marked."""
        self._line.value, self._line.display, self._search = "", False, ""
        self._rows.marked.clear()
        self._rows.focus()
        self._say("")
        self._show_items()

    def action_help(self) -> None:
        """Tell what the keys do."""
        self.push_screen(
            Page(
                _(
                    "f  forward      c  complete     n  note\n"
                    "e  explain the deadlines day by day\n"
                    "Enter  show the complaint in full\n"
                    "Space  mark; the next action applies to all marked complaints, or to none\n"
                    "/  search number, platform, category, owner and summary\n"
                    "Esc  show all, unmark all\n"
                    "Arrows, Page up, Page down, Home, End  move\n"
                    "q  quit\n\n"
                    "wd  working days\n\n"
                    "The board updates by itself as other clerks record events\n"
                    "and as deadlines pass."
                )
            )
        )
