"""The data of the board: open complaints, read again when they change, and what is recorded for them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from dealtrack.cli.language import _, name_platforms, say_field
from dealtrack.cli.output import due_text, name_of, state_of
from dealtrack.cli.transitions import RECORDINGS, Recording, read_detail
from dealtrack.core.agenda import AgendaItem, by_urgency, next_change
from dealtrack.core.day_times import parse_moment
from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import Moment
from dealtrack.core.standing import Standing
from dealtrack.core.text import safe_text
from dealtrack.errors import DealtrackError, MissingValue, RegisterMissing
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import Proposal, Work, recording
from dealtrack.register.register import Register
from dealtrack.register.sqlite.connection import faults_of
from dealtrack.register.waiting import Follower

WAIT_SECONDS = 0.2
"""How long to wait for another process's lock. Meanwhile the screen does not react; the next attempt comes soon."""


class Action(NamedTuple):
    """Something to be recorded for complaints: how, under which title, and the texts that it takes."""

    recording: Recording
    title: str
    fields: tuple[str, ...]


def actions() -> dict[str, Action]:
    """Return what may be recorded from the board."""
    return {
        "forward": Action(RECORDINGS[Kind.FORWARDED], _("Forward"), ("at", "note")),
        "complete": Action(RECORDINGS[Kind.COMPLETED], _("Complete"), ("at", "outcome", "amount", "note")),
        "note": Action(RECORDINGS[Kind.NOTED], _("Note"), ("note",)),
    }


class Feed:
    """The open complaints of a register; `items` are those of the last `update`, the most urgent first."""

    def __init__(self, path: Path, query: Filter, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.clock = clock
        self.items: list[AgendaItem] = []
        self.register: Register
        self._query = query
        self._open = ExitStack()
        self._standings: dict[int, Standing] = {}
        self._next_change: datetime | None = None
        self._file = (0, 0)

    def __enter__(self) -> Self:
        self._reopen()
        self._arrange()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def update(self) -> bool:
        """Read what others wrote and apply the present time; tell whether `items` changed. Raises as opening does."""
        with faults_of(self.path):
            is_changed = self._read_changes()
        if not is_changed and self._next_change is not None and self.clock() <= self._next_change:
            return False
        self._arrange()
        return True

    def standing(self, complaint: int) -> Standing | None:
        """Return how a complaint stands at this moment, projected clocks included; None for one that is gone."""
        with faults_of(self.path):
            return next(self.register.standings(Filter(ids=(complaint,)), View.of(self.clock())), None)

    def record(self, actor: str, action: Action, ids: Sequence[int], values: Mapping[str, str]) -> str:
        """Record an action for complaints, for all or for none, and return what it made of them in a line.

        It is done on the feed's own connection: to open the file once more in this process, and to close it, would
        drop the locks by which other processes know that it is read. Raises what the texts and the register refuse,
        and RegisterLocked soon: the caller may try again.
        """
        kind, now, zone = action.recording.kind, self.clock(), self.register.zone
        texts = {name: text.strip() for name, text in values.items()}
        if kind is Kind.NOTED and not texts["note"]:
            raise MissingValue(what=_("The note"), option=_("text"))
        detail = read_detail(action.recording.options, texts)
        at = texts.get("at", "")
        proposal = Proposal(kind, parse_moment(at, now, zone) if at else Moment(now, now, False), detail)
        with faults_of(self.path):
            with recording(self.register, now, actor) as recorder:
                recorded = [recorder.record(Work(id_, (proposal,))) for id_ in ids]
            self._read([each.complaint.id for each in recorded])
            standings = [self.register.standing(each.complaint, each.clocks, View.of(now)) for each in recorded]
        self._arrange()
        if len(standings) == 1:
            (standing,) = standings
            return f"{name_of(standing)}: {state_of(standing, zone)}. {self._clocks(standing)}"
        return _("{count} complaints: {kind}", count=len(standings), kind=say_field("kind", kind))

    def summary_lines(self, standing: Standing) -> list[str]:
        """Return what the board says of one complaint: who and what, its clocks, what it is about."""
        complaint = standing.complaint
        who = complaint.owner or ""
        if complaint.handler:
            who = _("{owner}, reassigned to {handler}", owner=who, handler=complaint.handler)
        seller, state = say_field("seller", complaint.seller or ""), state_of(standing, self.register.zone)
        first = "  ".join(filter(None, (name_of(standing), seller, who, state)))
        return [safe_text(text) for text in (first, self._clocks(standing), complaint.summary or "")]

    def _clocks(self, standing: Standing) -> str:
        texts = []
        for clock in standing.clocks:
            due = f"{_(', ')}{due_text(clock, self.register.zone)}" if clock.due else ""
            texts.append(f"{_(clock.name)} {say_field('verdict', standing.verdict(clock))}{due}")
        return "   ".join(texts)

    def _read_changes(self) -> bool:
        if self._file != self._identity():
            # Another file stands in its place, as after going back to a backup.
            self._reopen()
            return True
        changes = self._follower.changes()
        if changes is None:
            return False
        if changes.is_whole:
            self._reopen()
        else:
            self._read(changes.complaints)
        return True

    def _identity(self) -> tuple[int, int]:
        try:
            file = self.path.stat()
        except OSError:
            self._file = (0, 0)
            raise RegisterMissing(path=self.path) from None
        return file.st_dev, file.st_ino

    def _reopen(self) -> None:
        self._open.close()
        try:
            identity = self._identity()
            self.register = self._open.enter_context(open_register(self.path))
            with faults_of(self.path):
                name_platforms(self.register.platforms)
                self._follower = Follower(self.register, WAIT_SECONDS)
                self._standings = {}
                self._read(None)
        except DealtrackError:
            self._file = (0, 0)
            raise
        self._file = identity

    def _read(self, ids: Sequence[int] | None) -> None:
        query = self._query if ids is None else self._query._replace(ids=tuple(ids))
        for id_ in ids or ():
            self._standings.pop(id_, None)
        for standing in self.register.standings(query, View.of(self.clock())):
            self._standings[standing.complaint.id] = standing

    def _arrange(self) -> None:
        now = self.clock()
        self.items = by_urgency(self._standings.values(), now, self.register.zone)
        self._next_change = next_change(self.items, now, self.register.zone)
