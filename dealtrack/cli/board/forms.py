"""What the board asks, and shows over itself: forms, choices and pages to read."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from dealtrack.cli.language import _
from dealtrack.cli.session import show_value
from dealtrack.core.text import safe_lines, safe_text
from dealtrack.errors import DealtrackError, RegisterLocked
from dealtrack.register.engine import WAIT_SECONDS

SECONDS_BETWEEN_TRIES = 0.3


class Field(NamedTuple):
    """A text that is asked for: its name and label, what may stand there, and what stands there at first."""

    name: str
    label: str
    hint: str = ""
    value: str = ""


class Form(ModalScreen[str | None]):
    """Asks for a few texts and submits them; what refuses them is shown.

    It is closed with what `submit` returns, or with None where it was cancelled. While another writes, `submit` is
    tried again and again, and the screen lives on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "", show=False)]

    def __init__(self, title: str, fields: Sequence[Field], submit: Callable[[Mapping[str, str]], str]) -> None:
        super().__init__()
        self._heading = title
        self._fields = fields
        self._submit = submit
        self._is_busy = False

    def compose(self) -> ComposeResult:
        """Make the lines."""
        with Vertical(id="form"):
            yield Static(safe_lines(self._heading), classes="title", markup=False)
            for name, label, hint, value in self._fields:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label", markup=False)
                    yield Input(value, hint, id=f"field-{name}", compact=True)
            yield Static("", id="refused", markup=False)
            yield Static(_("Enter record, Tab next field, Esc cancel"), classes="hint")

    def on_input_submitted(self) -> None:
        """Submit what was typed."""
        if self._is_busy:
            return
        self._is_busy = True
        values = {field.name: self.query_one(f"#field-{field.name}", Input).value for field in self._fields}
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


class Choice(ModalScreen[str | None]):
    """Lets one of some values be chosen, each with what is shown for it; None where it was cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "", show=False)]

    def __init__(self, title: str, values: Mapping[str, str], current: str) -> None:
        super().__init__()
        self._heading, self._values, self._current = title, values, current

    def compose(self) -> ComposeResult:
        """Make the lines."""
        with Vertical(id="form"):
            yield Static(self._heading, classes="title", markup=False)
            chosen = OptionList(*map(safe_text, self._values.values()), markup=False, compact=True)
            chosen.highlighted = [*self._values].index(self._current) if self._current in self._values else 0
            yield chosen
            yield Static(_("Enter choose, Esc cancel"), classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the value chosen."""
        self.dismiss([*self._values][event.option_index])


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
