"""The board itself: open complaints on the whole terminal, in step with the time and with other clerks."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input, Static

from dealtrack.cli.board.feed import Action, Feed, actions
from dealtrack.cli.board.forms import Choice, Field, Form, Page
from dealtrack.cli.board.listing import SORTED_BY, Lines, Rows, arranged, counts, left_of
from dealtrack.cli.complaint_view import complaint_lines, explanation_text, full_complaint
from dealtrack.cli.language import _, heading, say, say_field
from dealtrack.cli.output import show_day
from dealtrack.cli.session import show_value
from dealtrack.core.agenda import AgendaItem
from dealtrack.core.calendar import missing_year
from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Kind
from dealtrack.core.limits import check_allowed
from dealtrack.core.moments import local_day
from dealtrack.core.text import display_width, fit_text, safe_lines, safe_text
from dealtrack.core.vocabulary import CATEGORIES
from dealtrack.errors import DealtrackError
from dealtrack.phrase import Word, listed
from dealtrack.register.queries import View

ALL = "\0"
"""Stands for all owners where one is chosen: no name is that."""

SECONDS_BETWEEN_UPDATES = 1.0


def sorts() -> dict[str, str]:
    """Return what may be sorted by, and what each is called."""
    return {key: _("deadline") if key == "deadline" else heading(key) for key in SORTED_BY}


class Board(App[None]):
    """The board."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "board.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        # What fits on 80 columns; help names the others.
        Binding("a", "record('add')", _("add")),
        Binding("f", "record('forward')", _("forward")),
        Binding("c", "record('complete')", _("complete")),
        Binding("n", "record('note')", _("note")),
        Binding("p", "record('pause')", _("pause")),
        Binding("r", "record('resume')", "", show=False),
        Binding("x", "record('extend')", "", show=False),
        Binding("h", "record('hand-on')", "", show=False),
        Binding("v", "record('void')", "", show=False),
        Binding("e", "open('explanation')", "", show=False),
        Binding("enter", "open('complaint')", "", show=False),
        Binding("space", "mark", "", show=False),
        Binding("s", "sort", _("sort")),
        Binding("o", "owner", _("owner")),
        Binding("slash", "search", _("search"), key_display="/"),
        Binding("question_mark", "help", _("help"), key_display="?"),
        Binding("q", "quit", _("quit")),
        Binding("escape", "clear", "", show=False),
    ]

    def __init__(self, feed: Feed, actor: str, saved_filter: str = "") -> None:
        super().__init__()
        self._filter = saved_filter
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]
        self._feed = feed
        self._actor = actor
        self._search = ""
        self._owner: str | None = None
        self._sort = "deadline"
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
        items = [item for item in self._feed.items if self._owner in (None, item.complaint.owner or "")]
        shown = arranged(items, self._sort)
        lines = self._lines.of(shown, self._feed.register.zone, self._feed.clock(), self._search)
        self._rows.show(lines)
        self._counts.update(safe_text(counts(lines, len(self._feed.items))))
        self._show_heading()

    def _heading_text(self) -> str:
        local = self._feed.clock().astimezone(self._feed.register.zone)
        return f"{show_day(local.date())} {local:%H:%M}"

    def _show_heading(self) -> None:
        self._minute = self._heading_text()
        room = self.size.width - 2
        width = display_width(self._minute)
        address = self._feed.address
        parts = [f"dealtrack  {address.name if isinstance(address, Path) else address.office}"]
        if self._filter:
            parts.append(_("filter: {name}", name=self._filter))
        if self._owner is not None:
            parts.append(_("owner: {name}", name=self._owner or _("none")))
        if self._sort != "deadline":
            parts.append(_("by {column}", column=sorts()[self._sort]))
        name = fit_text(safe_text("   ".join(parts)), max(10, room - width - 2))
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
        """Ask for what is to be recorded, and record it for all that are marked, else for the one under the cursor.

        A new complaint is recorded whatever is marked.
        """
        action, current = actions()[name], self._rows.current
        if action.kind is Kind.RECEIVED:
            self._ask(action, [], action.title, None)
            return
        chosen = [item.complaint for item in self._feed.items if item.complaint.id in self._rows.marked]
        chosen = chosen or ([current.complaint] if current else [])
        if not chosen:
            return
        try:
            for complaint in chosen:
                check_allowed(complaint.id, complaint.status, action.kind)
            undone = self._feed.last_entry(chosen[0].id) if action.kind is Kind.VOIDED and len(chosen) == 1 else ""
        except DealtrackError as error:
            self._say(error.message(show_value, _))
            return
        ids = [complaint.id for complaint in chosen]
        first = chosen[0]
        parts = (first.number, say_field("platform", first.platform), _(first.category or ""))
        names = _(", ").join(filter(None, parts))
        title = f"{action.title} {_('{id} ({parts})', id=first.id, parts=names)}"
        if len(chosen) > 1:
            title = f"{action.title}: {', '.join(map(str, ids[:12]))}{' ...' if len(ids) > 12 else ''}"
        self._ask(action, ids, f"{title}\n{undone}" if undone else title, current.clock if current else None)

    def _ask(self, action: Action, ids: Sequence[int], title: str, clock: Clock | None) -> None:
        owners = _(", ").join([name for name, _count in self._feed.frequent("owner") if name][:3])
        stage = _(clock.name) if clock else ""
        fields = (
            Field(
                "platform",
                _("Platform"),
                _(", ").join(say_field("platform", name) for name, _count in self._feed.frequent("platform")[:4]),
            ),
            Field("category", _("Category"), say(listed(map(Word, CATEGORIES)))),
            Field("number", _("Number"), _("from 12315, if any")),
            Field("seller", _("Seller"), _("platform or third-party, if known")),
            Field("summary", _("Summary")),
            Field("owner", _("Owner"), self._actor),
            Field("clock", _("Stage"), "", stage),
            Field("by", _("Extend by"), _("in the deadline's unit, e.g. 2")),
            Field("to", _("New handler"), owners),
            Field("outcome", _("Outcome"), _("refund, exchange, advance-compensation")),
            Field("amount", _("Amount"), _("e.g. 1299.50")),
            Field("reason", _("Reason")),
            Field("at", _("When"), _("now; or e.g. 09:30, yesterday 17:00, 11-11 21:30")),
            Field("note", _("Note")),
        )
        shown = [field for field in fields if field.name in action.fields]
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

    def action_sort(self) -> None:
        """Ask what to sort by within the groups."""
        self.push_screen(Choice(_("Sort by"), sorts(), self._sort), self._sort_by)

    def _sort_by(self, sort: str | None) -> None:
        self._sort = sort or self._sort
        self._show_items()

    def action_owner(self) -> None:
        """Ask whose complaints to show."""
        everyone = {ALL: _("all ({count})", count=len(self._feed.items))}
        owners = {
            name: _("{name} ({count})", name=name or _("none"), count=count)
            for name, count in self._feed.frequent("owner")
        }
        current = ALL if self._owner is None else self._owner
        self.push_screen(Choice(_("Owner"), everyone | owners, current), self._show_owner)

    def _show_owner(self, owner: str | None) -> None:
        if owner is not None:
            self._owner = None if owner == ALL else owner
            self._show_items()

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
        self._line.value, self._line.display, self._search, self._owner = "", False, "", None
        self._rows.marked.clear()
        self._rows.focus()
        self._say("")
        self._show_items()

    def action_help(self) -> None:
        """Tell what the keys do."""
        text = _(
            "a  add          f  forward      c  complete     n  note\n"
            "p  pause        r  resume       x  extend       h  reassign\n"
            "v  undo the last entry\n"
            "e  explain the deadlines day by day\n"
            "Enter  show the complaint in full\n"
            "Space  mark; the next action applies to all marked complaints, or to none\n"
            "/  search number, platform, category, owner and summary\n"
            "o  show one owner's       s  sort within the groups\n"
            "Esc  show all, unmark all\n"
            "Arrows, Page up, Page down, Home, End  move\n"
            "q  quit\n\n"
            "wd  working days\n\n"
            "The board updates by itself as other clerks record events\n"
            "and as deadlines pass."
        )
        self.push_screen(Page(text))
