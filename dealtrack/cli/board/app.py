"""The board itself: open complaints on the whole terminal, in step with the time and with other clerks; its forms."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from dealtrack.cli.board.feed import Feed, actions
from dealtrack.cli.board.listing import Lines, Rows, counts, left_of
from dealtrack.cli.complaint_view import complaint_lines, explanation_text, full_complaint
from dealtrack.cli.language import _, say_field
from dealtrack.cli.output import show_day
from dealtrack.cli.session import show_value
from dealtrack.core.agenda import AgendaItem
from dealtrack.core.calendar import missing_year
from dealtrack.core.limits import check_allowed
from dealtrack.core.moments import local_day
from dealtrack.core.text import display_width, fit_text, safe_lines, safe_text
from dealtrack.errors import DealtrackError, RegisterLocked
from dealtrack.register.queries import View
from dealtrack.register.sqlite.connection import WAIT_SECONDS

SECONDS_BETWEEN_UPDATES = 1.0
SECONDS_BETWEEN_TRIES = 0.3


class Form(ModalScreen[str | None]):
    """Asks for a few texts, each with its name, label and hint, and submits them; what refuses them is shown.

    It is closed with what `submit` returns, or with None where it was cancelled. While another writes, `submit` is
    tried again and again, and the screen lives on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "", show=False)]

    def __init__(
        self, title: str, fields: Sequence[tuple[str, str, str]], submit: Callable[[Mapping[str, str]], str]
    ) -> None:
        super().__init__()
        self._heading = title
        self._fields = fields
        self._submit = submit
        self._is_busy = False

    def compose(self) -> ComposeResult:
        """Make the lines."""
        with Vertical(id="form"):
            yield Static(safe_lines(self._heading), classes="title", markup=False)
            for name, label, hint in self._fields:
                yield Static(label, classes="label", markup=False)
                yield Input(placeholder=hint, id=f"field-{name}", compact=True)
            yield Static("", id="refused", markup=False)
            yield Static(_("Enter record, Tab next field, Esc cancel"), classes="hint")

    def on_input_submitted(self) -> None:
        """Submit what was typed."""
        if self._is_busy:
            return
        self._is_busy = True
        values = {name: self.query_one(f"#field-{name}", Input).value for name, _label, _hint in self._fields}
        # Not awaited here, so that Esc is heard meanwhile.
        self.run_worker(self._submit_values(values))

    async def _submit_values(self, values: Mapping[str, str]) -> None:
        until = monotonic() + WAIT_SECONDS
        try:
            while self.is_current:
                try:
                    message = self._submit(values)
                except RegisterLocked:
                    if monotonic() > until:
                        raise
                    self._show(_("Another clerk is writing. Waiting ..."))
                    await asyncio.sleep(SECONDS_BETWEEN_TRIES)
                else:
                    self.dismiss(message)
                    return
        except DealtrackError as error:
            self._show(error.message(show_value, _))
        finally:
            self._is_busy = False

    def _show(self, text: str) -> None:
        self.query_one("#refused", Static).update(safe_lines(text))


class Page(ModalScreen[None]):
    """Text to read, as long as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,e,question_mark", "dismiss", "", show=False),
        Binding("up,k", "scroll(-1)", "", show=False),
        Binding("down,j", "scroll(1)", "", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Make the page."""
        with Vertical(id="page"):
            with VerticalScroll():
                yield Static(safe_lines(self._text), markup=False)
            yield Static(_("Esc close, arrows scroll"), classes="hint")

    def action_scroll(self, by: int) -> None:
        """Scroll by so many lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


class Board(App[None]):
    """The board."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "board.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "record('forward')", _("forward")),
        Binding("c", "record('complete')", _("complete")),
        Binding("n", "record('note')", _("note")),
        Binding("e", "open('explanation')", _("explain")),
        Binding("enter", "open('complaint')", _("show")),
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
        register, day = self._feed.register, local_day(self._feed.clock(), self._feed.register.zone)
        if (year := missing_year(register.calendar, day)) is not None:
            self._say(_("The official calendar of {year} is not in the register.", year=year))
        self.set_interval(SECONDS_BETWEEN_UPDATES, self.update_items)

    def update_items(self) -> None:
        """Take in what others wrote and what the time has moved."""
        try:
            is_changed = self._feed.update()
        except DealtrackError as error:
            # The screen stays as it was, says so, and the next update tries again.
            self._fault = error.message(show_value, _)
            self._show_message(self._fault)
            return
        if self._fault:
            self._fault = ""
            self._show_message("")
        if is_changed:
            self._show_items()
        elif self._heading_text() != self._minute:
            self._show_heading()
            self._rows.refresh()

    def _left(self, item: AgendaItem) -> str:
        register = self._feed.register
        return left_of(item, self._feed.clock(), register.calendar, register.zone)

    # Drawing

    def _show_items(self) -> None:
        items = self._feed.items
        lines = self._lines.of(items, self._feed.register.zone, self._feed.clock(), self._search)
        self._rows.show(lines)
        self._counts.update(safe_text(counts(lines, len(items))))
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
            lines = self._feed.summary_lines(standing) if standing else []
        # What the complaint is about comes last and may take more lines, where there are more.
        fitted = [fit_text(line, room) for line in lines[:-1]] + lines[-1:]
        self._about.update("\n".join(fitted))

    def _say(self, text: str) -> None:
        if not self._fault:
            self._show_message(text)

    def _show_message(self, text: str) -> None:
        self._message.update(safe_lines(text))

    # Keys

    def action_record(self, name: str) -> None:
        """Ask for what is to be recorded, and record it for all that are marked, else for the one under the cursor."""
        action, current = actions()[name], self._rows.current
        chosen = [item.complaint for item in self._feed.items if item.complaint.id in self._rows.marked]
        chosen = chosen or ([current.complaint] if current else [])
        if not chosen:
            return
        try:
            for complaint in chosen:
                check_allowed(complaint.id, complaint.status, action.recording.kind)
        except DealtrackError as error:
            self._say(error.message(show_value, _))
            return
        ids = [complaint.id for complaint in chosen]
        fields = (
            ("at", _("When"), _("now; or e.g. 09:30, yesterday 17:00, 11-11 21:30")),
            ("outcome", _("Outcome"), _("refund, exchange, advance-compensation")),
            ("amount", _("Amount"), _("e.g. 1299.50")),
            ("note", _("Note"), ""),
        )

        first = chosen[0]
        parts = (first.number, say_field("platform", first.platform), _(first.category or ""))
        names = _(", ").join(filter(None, parts))
        title = f"{action.title} {first.id} ({names})"
        if len(chosen) > 1:
            title = f"{action.title}: {', '.join(map(str, ids[:12]))}{' ...' if len(ids) > 12 else ''}"
        shown = [field for field in fields if field[0] in action.fields]
        self.push_screen(Form(title, shown, partial(self._feed.record, self._actor, action, ids)), self._recorded)

    def _recorded(self, message: str | None) -> None:
        if message is not None:
            self._rows.marked.clear()
            self._show_items()
            self._say(message)

    def action_open(self, name: str) -> None:
        """Show the complaint under the cursor in full, or each day of its count."""
        item, register, view = self._rows.current, self._feed.register, View.of(self._feed.clock())
        if item is None:
            return
        try:
            if name == "explanation":
                text = explanation_text(register, item.complaint.id, view)
            else:
                full = full_complaint(register, item.complaint.id, view)
                text = "\n".join(complaint_lines(full, register.zone, "table"))
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
        text = _(
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
        self.push_screen(Page(text))
