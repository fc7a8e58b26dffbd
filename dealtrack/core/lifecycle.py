"""The life of a complaint: kinds of transition, what is allowed when, and folding a history into a complaint."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.errors import BadHistory, BeforePrevious, CannotVoid, InFuture, NotAllowed

Detail = Mapping[str, Any]
NO_DETAIL: Detail = {}


class Kind(StrEnum):
    """What can happen to a complaint."""

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

# These say something about a complaint without moving it: they may be told in any order after the receipt.
BESIDE = frozenset({Kind.NOTED, Kind.EVIDENCE, Kind.AMENDED, Kind.VOIDED})

CLOSING = frozenset({Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED})

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
    `backdated` counts the days by which the latest of its entries came behind: it takes a time zone, and `fold`
    leaves it 0.
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
    first_contact: bool = False
    reopenings: int = 0
    resumes_to: Status | None = None
    backdated: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether the complaint still awaits its end."""
        return self.status in OPEN


def effective(history: Iterable[Transition]) -> list[Transition]:
    """Return the transitions that count: those not voided, in order of what happened, then of entry."""
    entries = list(history)
    voided = {entry.detail["seq"] for entry in entries if entry.kind is Kind.VOIDED}
    counted = [entry for entry in entries if entry.kind is not Kind.VOIDED and entry.seq not in voided]
    return sorted(counted, key=lambda entry: (entry.kind is not Kind.RECEIVED, entry.at, entry.seq))


def days_behind(entry: Transition, zone: tzinfo) -> int:
    """Return how many days after it happened a transition was entered, by the days of a zone; 0 for the same day."""
    return max(0, (entry.recorded_at.astimezone(zone).date() - entry.at.astimezone(zone).date()).days)


def backdating(history: Iterable[Transition], zone: tzinfo) -> int:
    """Return by how many days the latest of the transitions that count was entered after it happened, 0 for none."""
    late = (entry for entry in effective(history) if entry.recorded_at > entry.at)
    return max((days_behind(entry, zone) for entry in late), default=0)


def fold(complaint: int, history: Iterable[Transition]) -> Complaint:
    """Return the complaint that a history makes; without a receipt that counts, it is voided.

    Raises BadHistory where the entries contradict one another, which only a damaged register can hold.
    """
    state = Complaint(id=complaint, status=Status.VOIDED)
    entries = effective(history)
    if not entries or entries[0].kind is not Kind.RECEIVED:
        return state
    for entry in entries:
        if entry.kind is not Kind.RECEIVED and state.status not in ALLOWED[entry.kind]:
            raise BadHistory(complaint=complaint, seq=entry.seq, reason=f"{entry.kind} while {state.status}")
        state = _apply(state, entry)
    return state


def _apply(state: Complaint, entry: Transition) -> Complaint:
    stated = {name: entry.detail[name] for name in FIELDS if name in entry.detail}
    match entry.kind:
        case Kind.RECEIVED:
            return state._replace(status=Status.RECEIVED, received=entry.at, **stated)
        case Kind.ACCEPTED:
            return state._replace(status=Status.ACCEPTED, accepted=entry.at, **stated)
        case Kind.FORWARDED:
            return state._replace(status=Status.FORWARDED, forwarded=entry.at, **stated)
        case Kind.COMPLETED:
            first = state.status is Status.RECEIVED and not state.reopenings
            return state._replace(status=Status.CLOSED, completed=entry.at, first_contact=first, **stated)
        case Kind.WITHDRAWN:
            return state._replace(status=Status.CLOSED, withdrawn=entry.at, **stated)
        case Kind.REJECTED:
            return state._replace(status=Status.CLOSED, rejected=entry.at, **stated)
        case Kind.REOPENED:
            return state._replace(
                status=Status.FORWARDED,
                reopenings=state.reopenings + 1,
                completed=None,
                withdrawn=None,
                rejected=None,
                outcome=None,
                amount=None,
                first_contact=False,
                **stated,
            )
        case Kind.PAUSED:
            return state._replace(status=Status.PAUSED, resumes_to=state.status)
        case Kind.RESUMED:
            return state._replace(status=state.resumes_to or Status.RECEIVED, resumes_to=None)
        case Kind.HANDED_ON:
            return state._replace(handler=entry.detail["to"])
        case Kind.AMENDED:
            return state._replace(**stated)
        case _:
            return state


def possible(status: Status) -> list[Kind]:
    """Return the kinds of transition that a complaint of this status allows."""
    return [kind for kind, statuses in ALLOWED.items() if status in statuses]


def check_void(complaint: int, history: Sequence[Transition], seq: int) -> None:
    """Check that a transition can be taken back, with what remains still a life that a complaint can have.

    Raises CannotVoid.
    """
    entry = next((entry for entry in history if entry.seq == seq), None)
    if entry is None:
        raise CannotVoid(seq=seq, complaint=complaint, reason="it is no entry of this complaint")
    if entry.kind is Kind.VOIDED:
        raise CannotVoid(seq=seq, complaint=complaint, reason="it voids another; record anew what was voided")
    if all(held.seq != seq for held in effective(history)):
        raise CannotVoid(seq=seq, complaint=complaint, reason="it is voided already")
    remaining = [held for held in history if held.seq != seq]
    later = [held for held in effective(remaining) if held.kind not in BESIDE]
    if entry.kind is Kind.RECEIVED and later:
        raise CannotVoid(seq=seq, complaint=complaint, reason=f"it was {later[-1].kind} later; void that first")
    try:
        fold(complaint, remaining)
    except BadHistory:
        raise CannotVoid(
            seq=seq, complaint=complaint, reason=f"{later[-1].kind} rests on it; void that first"
        ) from None


def last_counted(history: Iterable[Transition]) -> int | None:
    """Return the number of the last entered transition that counts, None where none does."""
    return max((entry.seq for entry in effective(history)), default=None)


def barring(history: Iterable[Transition], kind: Kind) -> Transition | None:
    """Return the transition that one of a kind may not precede: the last that moved the complaint, or its receipt."""
    bars = [
        entry
        for entry in effective(history)
        if entry.kind is Kind.RECEIVED or (kind not in BESIDE and entry.kind not in BESIDE)
    ]
    return bars[-1] if bars else None


def settle_moment(day_start: datetime, day_end: datetime, kind: Kind, history: Sequence[Transition]) -> datetime:
    """Return the moment at which to keep a transition whose day alone is known.

    It is the day's first second, or the moment of the complaint's previous transition where that is later
    on the same day. `day_start` is inclusive and `day_end` exclusive, both in UTC.
    """
    bar = barring(history, kind)
    return bar.at if bar is not None and day_start < bar.at < day_end else day_start


def check_next(complaint: int, history: Sequence[Transition], kind: Kind, at: datetime, now: datetime) -> Complaint:
    """Check that a transition may follow a history, and return the complaint as it stands before it.

    Raises NotAllowed, BeforePrevious or InFuture.
    """
    state = fold(complaint, history)
    if at > now:
        raise InFuture(at=at, now=now)
    if kind is Kind.RECEIVED:
        return state
    if state.status not in ALLOWED[kind]:
        allowed = ", ".join(possible(state.status)) or "nothing"
        raise NotAllowed(complaint=complaint, status=state.status, kind=kind, allowed=allowed)
    bar = barring(history, kind)
    if bar is not None and at < bar.at:
        raise BeforePrevious(complaint=complaint, kind=kind, at=at, previous=bar.kind, previous_at=bar.at)
    return state
