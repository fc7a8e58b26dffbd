"""The data of the board: open complaints, read again when they change, and what is recorded for them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import NamedTuple, Self

from dealtrack.cli.add import receipt_detail, record_receipt
from dealtrack.cli.language import _, name_platforms, say_field
from dealtrack.cli.options import read_platform
from dealtrack.cli.output import due_text, name_of, state_of
from dealtrack.cli.transitions import RECORDINGS, read_detail, record_each
from dealtrack.core.agenda import AgendaItem, by_urgency, next_change
from dealtrack.core.day_times import parse_moment
from dealtrack.core.lifecycle import Kind, Status
from dealtrack.core.limits import last_counted
from dealtrack.core.moments import Moment, show_moment
from dealtrack.core.standing import Standing
from dealtrack.core.text import safe_text
from dealtrack.errors import DealtrackError, MissingValue, RegisterMissing, ServerLost
from dealtrack.register.engine import Address, faults_of
from dealtrack.register.opening import engine_of, open_register
from dealtrack.register.queries import Filter, View
from dealtrack.register.recorder import RecordedComplaint, Recorder, recording
from dealtrack.register.register import Register
from dealtrack.register.waiting import Follower

WAIT_SECONDS = 0.2
"""How long to wait for another process's lock. Meanwhile the screen does not react; the next attempt comes soon."""


class Action(NamedTuple):
    """Something to be recorded: of which kind, under which title, and the texts that it takes."""

    kind: Kind
    title: str
    fields: tuple[str, ...]


def actions() -> dict[str, Action]:
    """Return what may be recorded from the board."""
    received = ("platform", "category", "number", "seller", "summary", "owner", "at")
    return {
        "add": Action(Kind.RECEIVED, _("New complaint"), received),
        "forward": Action(Kind.FORWARDED, _("Forward"), ("at", "note")),
        "complete": Action(Kind.COMPLETED, _("Complete"), ("at", "outcome", "amount", "note")),
        "note": Action(Kind.NOTED, _("Note"), ("note",)),
        "pause": Action(Kind.PAUSED, _("Pause"), ("reason", "at", "note")),
        "resume": Action(Kind.RESUMED, _("Resume"), ("at", "note")),
        "extend": Action(Kind.EXTENDED, _("Extend"), ("clock", "by", "reason", "at", "note")),
        "hand-on": Action(Kind.HANDED_ON, _("Reassign"), ("to", "at", "note")),
        "void": Action(Kind.VOIDED, _("Undo"), ("reason",)),
    }


class Feed:
    """The open complaints of a register; `items` are those of the last `update`, the most urgent first."""

    def __init__(self, address: Address, query: Filter, clock: Callable[[], datetime]) -> None:
        self.address = address
        self.clock = clock
        self.items: list[AgendaItem] = []
        self.register: Register
        self._query = query
        self._open = ExitStack()
        self._standings: dict[int, Standing] = {}
        self._next_change: datetime | None = None
        self._identity: object = None

    def __enter__(self) -> Self:
        self._reopen()
        self._arrange()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def update(self) -> bool:
        """Read what others wrote and apply the present time; tell whether `items` changed. Raises as opening does."""
        try:
            with faults_of(self.address):
                is_changed = self._read_changes()
        except (RegisterMissing, ServerLost):
            # The next update opens it anew.
            self._identity = None
            raise
        if not is_changed and self._next_change is not None and self.clock() <= self._next_change:
            return False
        self._arrange()
        return True

    def standing(self, complaint: int) -> Standing | None:
        """Return how a complaint stands at this moment, projected clocks included; None for one that is gone."""
        with faults_of(self.address):
            return next(self.register.standings(Filter(ids=(complaint,)), View.of(self.clock())), None)

    def record(self, actor: str, action: Action, ids: Sequence[int], values: Mapping[str, str]) -> str:
        """Record an action for a new complaint, or for all or none of `ids`; return what it made of them in a line.

        It is done on the feed's own connection: to open the file once more in this process, and to close it, would
        drop the locks by which other processes know that it is read. Raises what the texts and the register refuse,
        and RegisterLocked soon: the caller may try again.
        """
        now, zone = self.clock(), self.register.zone
        texts = {name: text.strip() for name, text in values.items()}
        at = texts.get("at", "")
        moment = parse_moment(at, now, zone) if at else Moment(now, now, False)
        with faults_of(self.address):
            record = self._recording(action.kind, ids, texts, moment, actor)
            with recording(self.register, now, actor) as recorder:
                recorded = record(recorder)
            self._read([each.complaint.id for each in recorded])
            standings = [self.register.standing(each.complaint, each.clocks, View.of(now)) for each in recorded]
        self._arrange()
        if len(standings) == 1:
            (standing,) = standings
            if standing.complaint.status is Status.VOIDED:
                return _("complaint {id}: all its entries are undone", id=standing.complaint.id)
            return f"{name_of(standing)}{_(': ')}{state_of(standing, zone)}  {self._clocks(standing)}"
        return _("{count} complaints: {kind}", count=len(standings), kind=say_field("kind", action.kind))

    def _recording(
        self, kind: Kind, ids: Sequence[int], texts: Mapping[str, str], moment: Moment, actor: str
    ) -> Callable[[Recorder], list[RecordedComplaint]]:
        """Return what records an action as its command does; raises what the texts refuse."""
        if kind is Kind.RECEIVED:
            if not texts["platform"]:
                raise MissingValue(what=_("The platform"), option=_("text"))
            platform = read_platform(self.register, texts["platform"])
            answers = {"note": "", **texts}
            receipt = receipt_detail(answers, platform, self.register.facts["policy"], actor)
            return lambda recorder: [record_receipt(recorder, moment, receipt)]
        described = RECORDINGS[kind]
        for each in described.options:
            if each.missing and not texts.get(each.name):
                raise MissingValue(what=each.missing.values["what"], option=_("text"))
        detail = read_detail(described.options, texts)
        if described.agree:
            described.agree(None, self.register, ids, detail)
        return lambda recorder: record_each(recorder, described, ids, moment, detail)

    def last_entry(self, complaint: int) -> str:
        """Return the entry of a complaint that would be undone: its kind, moment and number; empty without any."""
        with faults_of(self.address):
            history = self.register.history(complaint)
        seq = last_counted(history)
        entry = next((entry for entry in history if entry.seq == seq), None)
        if entry is None:
            return ""
        at = show_moment(entry.at, self.register.zone)
        return _("{kind} {moment}, entry {seq}", kind=say_field("kind", entry.kind), moment=at, seq=entry.seq)

    def frequent(self, field: str) -> list[tuple[str, int]]:
        """Return what the items have in a field, and how many have it, the most frequent first; empty for nothing."""
        return Counter(getattr(item.complaint, field) or "" for item in self.items).most_common()

    def summary_lines(self, standing: Standing) -> list[str]:
        """Return what the board says of one complaint: who and what, its clocks, what it is about."""
        complaint = standing.complaint
        who = complaint.owner or ""
        if complaint.handler:
            who = _("{owner}, reassigned to {handler}", owner=who, handler=complaint.handler)
        seller, state = say_field("seller", complaint.seller or ""), state_of(standing, self.register.zone)
        first = "  ".join(filter(None, (name_of(standing), who, state, seller)))
        return [safe_text(text) for text in (first, self._clocks(standing), complaint.summary or "")]

    def _clocks(self, standing: Standing) -> str:
        texts = []
        for clock in standing.clocks:
            due = f"{_(', ')}{due_text(clock, self.register.zone)}" if clock.due else ""
            texts.append(f"{_(clock.name)} {say_field('verdict', standing.verdict(clock))}{due}")
        return "  ".join(texts)

    def _read_changes(self) -> bool:
        if self._identity != engine_of(self.address).identity():
            # Another file stands in its place, as after going back to a backup; or the server was lost.
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

    def _reopen(self) -> None:
        self._open.close()
        try:
            identity = engine_of(self.address).identity()
            self.register = self._open.enter_context(open_register(self.address))
            with faults_of(self.address):
                name_platforms(self.register.platforms)
                self._follower = Follower(self.register, WAIT_SECONDS)
                self._standings = {}
                self._read(None)
        except DealtrackError:
            self._identity = None
            raise
        self._identity = identity

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
