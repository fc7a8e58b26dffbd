"""Kinds of transition, what each status allows, and folding a history into a complaint."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.core.moments import HOUR_UNKNOWN, from_store, local_day
from dealtrack.phrase import Phrase

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
    REPLIED = "replied"
    EVENT = "event"
    MERGED = "merged"
    JOINED = "joined"
    TRANSFERRED = "transferred"
    NOTED = "noted"
    EVIDENCE = "evidence"
    LETTER = "letter"
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


_RECEIVED = Kind.RECEIVED

OPEN = frozenset({Status.RECEIVED, Status.ACCEPTED, Status.FORWARDED, Status.PAUSED})
ANY = OPEN | {Status.CLOSED}


class KindRule(NamedTuple):
    """A kind of transition: the command that records it, where it is allowed, and the words its detail must have."""

    command: str
    allowed_in: frozenset[Status]
    needed: frozenset[str] = frozenset()


KINDS: Mapping[Kind, KindRule] = {
    Kind.RECEIVED: KindRule("add", frozenset(), frozenset({"platform", "category", "policy", "policy_version"})),
    Kind.ACCEPTED: KindRule("accept", frozenset({Status.RECEIVED})),
    Kind.FORWARDED: KindRule("forward", frozenset({Status.RECEIVED, Status.ACCEPTED})),
    Kind.COMPLETED: KindRule("complete", OPEN),
    Kind.WITHDRAWN: KindRule("withdraw", OPEN),
    Kind.REJECTED: KindRule("reject", OPEN),
    Kind.REOPENED: KindRule("reopen", frozenset({Status.CLOSED})),
    Kind.PAUSED: KindRule("pause", OPEN - {Status.PAUSED}),
    Kind.RESUMED: KindRule("resume", frozenset({Status.PAUSED})),
    Kind.EXTENDED: KindRule("extend", OPEN, frozenset({"clock", "by"})),
    Kind.HANDED_ON: KindRule("hand-on", OPEN, frozenset({"to"})),
    Kind.REPLIED: KindRule("reply", OPEN, frozenset({"final"})),
    Kind.EVENT: KindRule("event", OPEN, frozenset({"name"})),
    Kind.MERGED: KindRule("merge", OPEN, frozenset({"into"})),
    Kind.JOINED: KindRule("merge", OPEN, frozenset({"from", "received"})),
    Kind.TRANSFERRED: KindRule("transfer", OPEN, frozenset({"to", "sha256"})),
    Kind.NOTED: KindRule("note", ANY),
    Kind.AMENDED: KindRule("amend", ANY),
    Kind.EVIDENCE: KindRule("evidence", ANY, frozenset({"name", "sha256", "size"})),
    Kind.LETTER: KindRule("letter", ANY, frozenset({"letter", "sha256", "format"})),
    Kind.VOIDED: KindRule("void", ANY, frozenset({"seq"})),
}
"""The kinds of transition, in the order in which help lists their commands."""

COMMAND_OF = {kind: rule.command for kind, rule in KINDS.items()}
ALLOWED = {kind: rule.allowed_in for kind, rule in KINDS.items()}
NEEDED = {kind: rule.needed for kind, rule in KINDS.items()}

ANNOTATIONS = frozenset({Kind.NOTED, Kind.EVIDENCE, Kind.LETTER, Kind.AMENDED, Kind.VOIDED})
"""The kinds that say something about a complaint without moving it: they may come in any order after the receipt."""

_DONE = {
    Kind.HANDED_ON: Phrase("reassigned"),
    Kind.REPLIED: Phrase("replied to"),
    Kind.EVENT: Phrase("given an event"),
    Kind.JOINED: Phrase("joined with another"),
    Kind.NOTED: Phrase("given a note"),
    Kind.AMENDED: Phrase("corrected"),
    Kind.EVIDENCE: Phrase("given evidence"),
    Kind.LETTER: Phrase("the subject of a letter"),
    Kind.VOIDED: Phrase("undone"),
}


def done(kind: Kind) -> Phrase | Kind:
    """Return what a transition does to a complaint, as in `it was reassigned`."""
    return _DONE.get(kind, kind)


CLOSING = frozenset({Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED, Kind.MERGED, Kind.TRANSFERRED})

MERGING = {Kind.MERGED: ("into", Kind.JOINED), Kind.JOINED: ("from", Kind.MERGED)}
"""The two sides of a merge: under which word each names the other complaint, and what the entry is there."""

STEPS = (Kind.ACCEPTED, Kind.FORWARDED)
"""The steps between the receipt and the end, in order."""

STATUS_AFTER = {
    **{kind: Status(kind) for kind in (Kind.RECEIVED, *STEPS)},
    **dict.fromkeys((Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED, Kind.MERGED, Kind.TRANSFERRED), Status.CLOSED),
}
"""The status that these kinds lead to; a complaint bears their moments under the names of `MOMENT_OF`."""

MOMENT_OF = {kind: kind.value for kind in STATUS_AFTER} | {Kind.TRANSFERRED: Kind.MERGED.value}
"""The field of a complaint that bears the moment of each such kind.

A complaint that was transferred goes on as another one, as one does that was merged, but in another register.
"""

NEVER_EMPTY = ("platform", "category", "policy", "policy_version")
FIELDS = frozenset((*NEVER_EMPTY, "number", "seller", "owner", "outcome", "amount", "summary"))
"""The fields of a complaint that its transitions state, and that an amendment can correct."""

STATES_FIELDS = frozenset(STATUS_AFTER) | {Kind.REOPENED, Kind.AMENDED}
"""The kinds whose detail may state fields of the complaint."""

UNKNOWN_STEPS = "unknown_steps"
"""The word under which the detail of a receipt names the kinds of steps that its file has no column for."""

DAY_UNKNOWN = "day_unknown"
"""The word by which the detail of a closing says that nobody wrote down its day: its moment stands for none."""

LIMITS = "limits"
"""The word under which a receipt or an amendment states limits of clocks; None takes one back."""

ASKED = "asked"
"""The word under which an extension says when it was asked for, in UTC as it is stored."""

RESTART = "restart"
"""The word by which the detail of an entry that ends a pause says that the clocks begin anew with it."""

MOMENTS = "moments"
"""The word under which the detail of an amendment has the moments that it corrects.

Of each it names the `seq` of its entry, the `kind` of that, the moment that it had (`was`) and the right one (`at`),
as they are stored. Without a number, as an import brings it, it only tells that another moment was recorded once.
"""

_TWO_SIDED = frozenset({*MERGING, Kind.TRANSFERRED})
CORRECTABLE = (*(kind for kind in STATUS_AFTER if kind not in _TWO_SIDED), Kind.REOPENED, Kind.PAUSED, Kind.RESUMED)
"""The kinds whose moments can be corrected; what has two sides, as a merge, is undone and recorded again."""

TRANSFER = "transfer"
"""The word under which the detail of a receipt says which office transferred the complaint.

It names the `office`, the `complaint` by its ID there, and the `seq` and `hash` of the entry of its journal.
"""

COMMAND = "command"
"""The word by which the detail of an entry names the first entry of its command, which recorded several."""

UNDO = "undo"
"""The word by which the detail of an entry that takes another back says that `undo` did it."""

_NO_STEPS: frozenset[Kind] = frozenset()


def stated_limits(entries: "Iterable[Transition]") -> dict[str, str]:
    """Return the limits written on a complaint by its receipt and amendments, by clock, as they are stored."""
    limits: dict[str, str | None] = {}
    for entry in entries:
        if LIMITS in entry.detail:
            limits.update(entry.detail[LIMITS])
    return {name: text for name, text in sorted(limits.items()) if text} if limits else {}


def read_limits(text: str | None) -> dict[str, datetime]:
    """Return the limits of a complaint by clock, in UTC, from its field."""
    if not text:
        return {}
    from json import loads  # few complaints have a limit of their own

    return {name: from_store(limit) for name, limit in loads(text).items()}


def unknown_steps(detail: Detail) -> frozenset[Kind]:
    """Return the kinds of steps of which a receipt, by its detail, says that its file has no column for them."""
    steps = detail.get(UNKNOWN_STEPS)
    return frozenset(map(Kind, steps)) if steps else _NO_STEPS


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
    """What the transitions of a complaint, folded in order, make it; moments in UTC. Its row has the same order.

    `owner` was asked first and stays responsible; `handler` is whom the complaint was last handed on to.
    `completed` is None too where nobody wrote down the day. `first_contact` tells whether the complaint was completed
    straight from its receipt, None where that is not known. `backdated` counts the days by which the latest of its
    entries came behind: it takes a time zone, and `make_complaint` leaves it 0. `limits` is what `read_limits` reads.
    `merged` is when it went on as another complaint: as `merged_into`, or where that is None, in another office.
    """

    id: int
    number: str | None = None
    platform: str = ""
    category: str = ""
    seller: str | None = None
    owner: str | None = None
    handler: str | None = None
    policy: str = ""
    policy_version: str = ""
    status: Status = Status.VOIDED
    resumes_to: Status | None = None
    received: datetime | None = None
    accepted: datetime | None = None
    forwarded: datetime | None = None
    completed: datetime | None = None
    withdrawn: datetime | None = None
    rejected: datetime | None = None
    merged: datetime | None = None
    outcome: str | None = None
    amount: str | None = None
    summary: str | None = None
    first_contact: bool | None = False
    reopenings: int = 0
    backdated: int = 0
    merged_into: int | None = None
    limits: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the complaint still awaits its end."""
        return self.status in OPEN

    @property
    def transferred(self) -> datetime | None:
        """Return when the complaint was transferred to another office, None where it was not."""
        return self.merged if self.merged_into is None else None

    @property
    def is_completed(self) -> bool:
        """Tell whether the complaint ended by being completed, and was not opened again."""
        return self.status is Status.CLOSED and (self.withdrawn, self.rejected, self.merged) == (None, None, None)


class Effective(list[Transition]):
    """Transitions that count, in order of what happened: what `effective` returns, and hands back as it is."""

    __slots__ = ()


def effective(history: Iterable[Transition]) -> Effective:
    """Return the transitions that count: those not voided, in order of what happened, then of entry.

    Each bears the moment that it was last corrected to.
    """
    if history.__class__ is Effective:
        return history
    entries = Effective(history)
    kinds = [entry.kind for entry in entries]
    if Kind.VOIDED in kinds:
        voided = {entry.detail["seq"] for entry in entries if entry.kind is Kind.VOIDED}
        entries = Effective(entry for entry in entries if entry.kind is not Kind.VOIDED and entry.seq not in voided)
    if Kind.AMENDED in kinds and (corrected := corrections(entries)):
        entries = Effective(
            _corrected(entry, corrected[entry.seq]) if entry.seq in corrected else entry for entry in entries
        )
    if not all(map(follows, entries, entries[1:])):
        entries.sort(key=lambda entry: (entry.kind is not Kind.RECEIVED, entry.at, entry.seq))
    return entries


def corrections(entries: Iterable[Transition]) -> dict[int, Detail]:
    """Return the last correction of each moment by the number of its entry, given transitions that are not voided."""
    amendments = (entry for entry in entries if entry.kind is Kind.AMENDED and MOMENTS in entry.detail)
    in_order = sorted(amendments, key=lambda entry: entry.seq)
    return {each["seq"]: each for entry in in_order for each in entry.detail[MOMENTS] if "seq" in each}


def _corrected(entry: Transition, correction: Detail) -> Transition:
    """Return an entry at the moment that is right, with its hour known where the correction does not say otherwise."""
    kept = {name: value for name, value in entry.detail.items() if name not in (DAY_UNKNOWN, HOUR_UNKNOWN)}
    kept |= {name: value for name, value in correction.items() if name == HOUR_UNKNOWN}
    # Its words in the order in which the journal has them.
    return entry._replace(at=from_store(correction["at"]), detail=dict(sorted(kept.items())))


def former_moments(details: Iterable[Detail], kind: Kind, seq: int | None = None) -> list[datetime]:
    """Return the moments in UTC that transitions of a kind, or the one of a number, had before they were corrected.

    `details` are those of a history.
    """
    stated = [each for detail in details for each in detail.get(MOMENTS, ()) if each["kind"] == kind]
    # One without a number may be of any of them.
    return [from_store(each["was"]) for each in stated if seq is None or each.get("seq", seq) == seq]


def follows(entry: Transition, later: Transition) -> bool:
    """Tell whether a transition comes after another in the order of those that count."""
    return entry.at <= later.at and entry.seq < later.seq and later.kind is not _RECEIVED


def days_behind(entry: Transition, zone: tzinfo) -> int:
    """Return how many days after it happened a transition was entered, by the days of a zone; 0 for the same day."""
    return max(0, (local_day(entry.recorded_at, zone) - local_day(entry.at, zone)).days)


def backdating(history: Iterable[Transition], zone: tzinfo) -> int:
    """Return by how many days the latest of the transitions that count was entered after it happened, 0 for none."""
    latest, worst = None, 0
    for entry in effective(history):
        # Of those entered at one moment, as an import does, the first is behind by most.
        if entry.recorded_at is not latest and entry.recorded_at > entry.at:
            worst = max(worst, days_behind(entry, zone))
        latest = entry.recorded_at
    return worst
