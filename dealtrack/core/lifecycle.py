"""The life of a complaint: kinds of transition, what is allowed when, and folding a history into a complaint."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.core.moments import Moment, local_day
from dealtrack.errors import BadHistory, BeforePrevious, InFuture, NotAllowed
from dealtrack.phrase import Phrase, Word, listed

Detail = Mapping[str, Any]
NO_DETAIL: Detail = {}


class Kind(StrEnum):
    """What can happen to a complaint."""

    # Looked up by the million: an Enum's own hash is Python code, which takes four times as long.
    __hash__ = str.__hash__

    RECEIVED = "received"
    ACCEPTED = "accepted"
    FORWARDED = "forwarded"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    REOPENED = "reopened"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    HANDED_ON = "handed-on"
    NOTED = "noted"
    EVIDENCE = "evidence"
    AMENDED = "amended"
    VOIDED = "voided"


class Status(StrEnum):
    """Where a complaint stands."""

    __hash__ = str.__hash__

    RECEIVED = "received"
    ACCEPTED = "accepted"
    FORWARDED = "forwarded"
    PAUSED = "paused"
    CLOSED = "closed"
    VOIDED = "voided"


OPEN = frozenset({Status.RECEIVED, Status.ACCEPTED, Status.FORWARDED, Status.PAUSED})
ANY = OPEN | {Status.CLOSED}
UNFORWARDED = frozenset({Status.RECEIVED, Status.ACCEPTED})

ALLOWED: Mapping[Kind, frozenset[Status]] = {
    Kind.RECEIVED: frozenset(),
    Kind.ACCEPTED: frozenset({Status.RECEIVED}),
    Kind.FORWARDED: UNFORWARDED,
    Kind.COMPLETED: OPEN,
    Kind.WITHDRAWN: OPEN,
    Kind.REJECTED: OPEN,
    Kind.REOPENED: frozenset({Status.CLOSED}),
    Kind.PAUSED: OPEN - {Status.PAUSED},
    Kind.RESUMED: frozenset({Status.PAUSED}),
    Kind.EXTENDED: OPEN,
    Kind.HANDED_ON: OPEN,
    Kind.NOTED: ANY,
    Kind.EVIDENCE: ANY,
    Kind.AMENDED: ANY,
    Kind.VOIDED: ANY,
}

COMMAND_OF: Mapping[Kind, str] = {
    Kind.RECEIVED: "add",
    Kind.ACCEPTED: "accept",
    Kind.FORWARDED: "forward",
    Kind.COMPLETED: "complete",
    Kind.WITHDRAWN: "withdraw",
    Kind.REJECTED: "reject",
    Kind.REOPENED: "reopen",
    Kind.PAUSED: "pause",
    Kind.RESUMED: "resume",
    Kind.EXTENDED: "extend",
    Kind.HANDED_ON: "hand-on",
    Kind.NOTED: "note",
    Kind.AMENDED: "amend",
    Kind.EVIDENCE: "evidence",
    Kind.VOIDED: "void",
}
"""The command that records each kind of transition, in the order of help."""

# These say something about a complaint without moving it: they may be told in any order after the receipt.
BESIDE = frozenset({Kind.NOTED, Kind.EVIDENCE, Kind.AMENDED, Kind.VOIDED})

CLOSING = frozenset({Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED})

STEPS = (Kind.ACCEPTED, Kind.FORWARDED)
"""The steps between the receipt and the end, in order."""

FIELDS = (
    "number",
    "platform",
    "category",
    "seller",
    "owner",
    "policy",
    "policy_version",
    "outcome",
    "amount",
    "summary",
)
"""The fields of a complaint that its transitions state, and that an amendment can correct."""


UNKNOWN_STEPS = "unknown_steps"
"""The word under which the detail of a receipt tells the kinds of steps that its file has no column for."""

DAY_UNKNOWN = "day_unknown"
"""The word by which the detail of a closing tells that nobody wrote down its day: its moment stands for none."""

RESTART = "restart"
"""The word by which the detail of an entry that ends a pause tells that the clocks begin anew with it."""


def unknown_steps(detail: Detail) -> frozenset[Kind]:
    """Return the kinds of steps of which a receipt, by its detail, tells that its file has no column for them."""
    steps = detail.get(UNKNOWN_STEPS)
    return frozenset(map(Kind, steps)) if steps else _NO_STEPS


_NO_STEPS: frozenset[Kind] = frozenset()


class Transition(NamedTuple):
    """One entry of the journal: what happened, when (`at`), and when the register learnt of it; moments in UTC."""

    seq: int
    complaint: int
    kind: Kind
    at: datetime
    recorded_at: datetime
    actor: str
    detail: Detail = NO_DETAIL


class Complaint(NamedTuple):
    """What the transitions of a complaint, folded in order, make it; moments in UTC.

    `owner` was asked first and stays responsible; `handler` is whom the complaint was last handed on to.
    `completed` is None too where nobody wrote down the day. `first_contact` tells whether the complaint was completed
    straight from its receipt, None where that is not known. `backdated` counts the days by which the latest of its
    entries came behind: it takes a time zone, and `fold` leaves it 0.
    """

    id: int
    status: Status
    number: str | None = None
    platform: str = ""
    category: str = ""
    seller: str | None = None
    owner: str | None = None
    handler: str | None = None
    policy: str = ""
    policy_version: str = ""
    received: datetime | None = None
    accepted: datetime | None = None
    forwarded: datetime | None = None
    completed: datetime | None = None
    withdrawn: datetime | None = None
    rejected: datetime | None = None
    outcome: str | None = None
    amount: str | None = None
    summary: str | None = None
    first_contact: bool | None = False
    reopenings: int = 0
    resumes_to: Status | None = None
    backdated: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the complaint still awaits its end."""
        return self.status in OPEN

    @property
    def is_completed(self) -> bool:
        """Tell whether the complaint ended by being completed, and was not opened again."""
        return self.status is Status.CLOSED and self.withdrawn is None and self.rejected is None


class Effective(list[Transition]):
    """Transitions that count, in order of what happened: what `effective` returns, and hands back as it is."""

    __slots__ = ()


def effective(history: Iterable[Transition]) -> Effective:
    """Return the transitions that count: those not voided, in order of what happened, then of entry."""
    if history.__class__ is Effective:
        return history
    entries = Effective(history)
    if any(entry.kind is Kind.VOIDED for entry in entries):
        voided = {entry.detail["seq"] for entry in entries if entry.kind is Kind.VOIDED}
        entries = Effective(entry for entry in entries if entry.kind is not Kind.VOIDED and entry.seq not in voided)
    if not all(map(_follows, entries, entries[1:])):
        entries.sort(key=lambda entry: (entry.kind is not Kind.RECEIVED, entry.at, entry.seq))
    return entries


def _follows(entry: Transition, later: Transition) -> bool:
    return entry.at <= later.at and entry.seq < later.seq and later.kind is not Kind.RECEIVED


def days_behind(entry: Transition, zone: tzinfo) -> int:
    """Return how many days after it happened a transition was entered, by the days of a zone; 0 for the same day."""
    return lag(local_day(entry.recorded_at, zone), local_day(entry.at, zone))


def lag(recorded: date, happened: date) -> int:
    """Return how many days after it happened something was entered, 0 for none."""
    return max(0, (recorded - happened).days)


def backdating(history: Iterable[Transition], zone: tzinfo) -> int:
    """Return by how many days the latest of the transitions that count was entered after it happened, 0 for none."""
    latest, worst = None, 0
    for entry in effective(history):
        # Of those entered at one moment, as an import does, the first is behind by most.
        if entry.recorded_at > entry.at and entry.recorded_at is not latest:
            worst = max(worst, days_behind(entry, zone))
        latest = entry.recorded_at
    return worst


class ComplaintState:
    """What a complaint's history makes of it: the history, the transitions that count, and the complaint.

    A transition entered last is added to what the others made, so that the whole is folded once.
    """

    __slots__ = ("_reopens_to", "_said", "entries", "history", "id", "status")

    def __init__(self, complaint: int, history: Iterable[Transition] = ()) -> None:
        """Raises BadHistory where the entries contradict one another, which only a damaged register can hold."""
        self.id = complaint
        self.history = list(history)
        self._fold()

    def _fold(self) -> None:
        self.entries = effective(self.history) if self.history else Effective()
        self.status = Status.VOIDED
        self._reopens_to = Status.FORWARDED
        self._said = _UNSAID.copy()
        if self.entries and self.entries[0].kind is Kind.RECEIVED:
            for entry in self.entries:
                self._tell(entry)

    def add(self, entry: Transition) -> None:
        """Add the transition entered last; raises BadHistory where the complaint does not allow it."""
        self.history.append(entry)
        last = self.entries[-1] if self.entries else None
        if entry.kind is Kind.VOIDED or (not _follows(last, entry) if last else entry.kind is not Kind.RECEIVED):
            self._fold()
        else:
            self.entries.append(entry)
            self._tell(entry)

    def complaint(self, zone: tzinfo | None = None) -> Complaint:
        """Return the complaint as it stands; without a receipt that counts, it is voided.

        Its `backdated` is counted in the days of a zone, and left 0 without one.
        """
        said = self._said
        said["id"], said["status"] = self.id, self.status
        said["backdated"] = backdating(self.entries, zone) if zone and self.status is not Status.VOIDED else 0
        return Complaint(*said.values())

    def check_next(self, kind: Kind, at: datetime, now: datetime) -> None:
        """Check that a transition may follow; raises NotAllowed, BeforePrevious or InFuture."""
        if at > now:
            raise InFuture(at=at, now=now)
        if kind is Kind.RECEIVED:
            return
        check_allowed(self.id, self.status, kind)
        bar = barring(self.entries, kind)
        if bar is not None and at < bar.at:
            raise BeforePrevious(complaint=self.id, kind=kind, at=at, previous=bar.kind, previous_at=bar.at)

    def _tell(self, entry: Transition) -> None:
        kind, said = entry.kind, self._said
        if kind is not Kind.RECEIVED and self.status not in ALLOWED[kind]:
            raise BadHistory(
                complaint=self.id, seq=entry.seq, reason=Phrase("{kind} while {status}", kind=kind, status=self.status)
            )
        if kind in AFTER:
            said[kind] = None if entry.detail.get(DAY_UNKNOWN) else entry.at
            if kind in CLOSING:
                # A closing ends the pause that it finds open.
                before = said["resumes_to"] if self.status is Status.PAUSED else self.status
                self._reopens_to = before
                if kind is Kind.COMPLETED:
                    self._reopens_to = Status.FORWARDED
                    is_known = not self.entries[0].detail.get(UNKNOWN_STEPS)
                    said["first_contact"] = before is Status.RECEIVED and (is_known or None)
            self.status = AFTER[kind]
        elif kind is Kind.REOPENED:
            self.status, said["first_contact"] = self._reopens_to, False
            said["reopenings"] += 1
            said.update(dict.fromkeys(("completed", "withdrawn", "rejected", "outcome", "amount")))
        elif kind is Kind.PAUSED:
            self.status, said["resumes_to"] = Status.PAUSED, self.status
        elif kind is Kind.RESUMED:
            self.status, said["resumes_to"] = said["resumes_to"] or Status.RECEIVED, None
        elif kind is Kind.HANDED_ON:
            said["handler"] = entry.detail["to"]
        if entry.detail and kind in STATING:
            for name, value in entry.detail.items():
                if name in STATED:
                    said[name] = value


AFTER = {
    Kind.RECEIVED: Status.RECEIVED,
    Kind.ACCEPTED: Status.ACCEPTED,
    Kind.FORWARDED: Status.FORWARDED,
    Kind.COMPLETED: Status.CLOSED,
    Kind.WITHDRAWN: Status.CLOSED,
    Kind.REJECTED: Status.CLOSED,
}
"""Where these kinds lead, whose moments a complaint bears under their names."""

STATED = frozenset(FIELDS)
STATING = CLOSING | {Kind.RECEIVED, Kind.ACCEPTED, Kind.FORWARDED, Kind.REOPENED, Kind.AMENDED}
"""The kinds whose detail may state fields of the complaint."""

_UNSAID = Complaint(0, Status.VOIDED)._asdict()


def fold(complaint: int, history: Iterable[Transition]) -> Complaint:
    """Return the complaint that a history makes; without a receipt that counts, it is voided.

    Raises BadHistory where the entries contradict one another, which only a damaged register can hold.
    """
    return ComplaintState(complaint, history).complaint()


def before_reopenings(complaint: int, history: Iterable[Transition]) -> list[Complaint]:
    """Return the complaint as it stood before each of its reopenings, in their order.

    Raises BadHistory.
    """
    entries = effective(history)
    return [fold(complaint, entries[:place]) for place, entry in enumerate(entries) if entry.kind is Kind.REOPENED]


def possible(status: Status) -> list[Kind]:
    """Return the kinds of transition that a complaint of this status allows."""
    return [kind for kind, statuses in ALLOWED.items() if status in statuses]


def check_allowed(complaint: int, status: Status, kind: Kind) -> None:
    """Check that a status allows a transition; raises NotAllowed, which names the commands that it does allow."""
    if status not in ALLOWED[kind]:
        commands = [COMMAND_OF[allowed] for allowed in possible(status)]
        raise NotAllowed(complaint=complaint, status=status, kind=kind, allowed=listed(commands or [Word("nothing")]))


def barring(history: Iterable[Transition], kind: Kind) -> Transition | None:
    """Return the transition that one of a kind may not precede: the last that moved the complaint, or its receipt."""
    moves = kind not in BESIDE
    for entry in reversed(effective(history)):
        if entry.kind is Kind.RECEIVED or (moves and entry.kind not in BESIDE):
            return entry
    return None


def settle_moment(moment: Moment, kind: Kind, history: Iterable[Transition]) -> datetime:
    """Return the moment at which to keep a transition that is told, with its hour or by its day alone."""
    bar = barring(history, kind) if moment.day_only else None
    return settled(moment, bar.at if bar is not None else None)


def settled(moment: Moment, before: datetime | None) -> datetime:
    """Return the moment at which to keep what is told, given that of the transition it may not precede.

    Of a day alone it is the first second, or that other moment where it is later on the same day.
    """
    if moment.day_only and before is not None and moment.start < before < moment.end:
        return before
    return moment.start


def check_next(complaint: int, history: Sequence[Transition], kind: Kind, at: datetime, now: datetime) -> Complaint:
    """Check that a transition may follow a history, and return the complaint as it stands before it.

    Raises NotAllowed, BeforePrevious or InFuture.
    """
    state = ComplaintState(complaint, history)
    state.check_next(kind, at, now)
    return state.complaint()
