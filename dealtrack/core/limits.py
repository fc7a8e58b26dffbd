"""What may be recorded next: by a complaint's status, by its history, and by what its policy allows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from itertools import pairwise
from typing import Any

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock
from dealtrack.core.complaint_state import ComplaintState, make_complaint
from dealtrack.core.lifecycle import (
    ALLOWED,
    ANNOTATIONS,
    ASKED,
    CLOSING,
    COMMAND_OF,
    MERGING,
    MOMENTS,
    TRANSFER,
    Complaint,
    Detail,
    Kind,
    Status,
    Transition,
    done,
    effective,
)
from dealtrack.core.moments import HOUR_UNKNOWN, ONE_DAY, Moment, from_store, local_day, looks_hourless, to_store
from dealtrack.core.policy import ClockRule, Policy, Unit
from dealtrack.core.policy_text import length_text
from dealtrack.core.text import first_few
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import (
    BadHistory,
    BeforePrevious,
    CannotCorrect,
    CannotExtend,
    CannotMerge,
    CannotPause,
    CannotRestart,
    CannotTransfer,
    CannotVoid,
    InFuture,
    LimitTooEarly,
    NotAllowed,
    UnknownClock,
    UnknownEvent,
    WasTransferred,
    suggestion,
)
from dealtrack.phrase import Phrase, Word, listed

FAR, FEW = 5, 20
"""How many times its own length a clock is lengthened by where that is taken for a slip, from how many units on."""


def allowed_kinds(status: Status) -> list[Kind]:
    """Return the kinds of transition that a complaint of this status allows."""
    return [kind for kind in Kind if status in ALLOWED[kind]]


def check_allowed(complaint: int, status: Status, kind: Kind) -> None:
    """Check that a status allows a transition; raises NotAllowed, which names the commands that it does allow."""
    if status not in ALLOWED[kind]:
        commands = dict.fromkeys(COMMAND_OF[allowed] for allowed in allowed_kinds(status))
        allowed = listed(commands or [Word("nothing")])
        raise NotAllowed(complaint=complaint, status=status, kind=done(kind), allowed=allowed)


def check_next(state: ComplaintState, kind: Kind, at: datetime, now: datetime, is_history: bool = False) -> None:
    """Check that a transition may follow a complaint's history.

    Of a history that another register decided, what moves no complaint may precede a receipt that was corrected since.
    Raises NotAllowed, WasTransferred, BeforePrevious or InFuture.
    """
    if at > now:
        raise InFuture(at=at, now=now)
    if kind is Kind.RECEIVED:
        return
    if kind not in ANNOTATIONS:
        check_not_transferred(state, kind)
    check_allowed(state.id, state.status, kind)
    previous = None if is_history and kind in ANNOTATIONS else previous_transition(state.entries, kind)
    if previous is not None and at < previous.at:
        raise BeforePrevious(
            complaint=state.id, kind=done(kind), at=at, previous=done(previous.kind), previous_at=previous.at
        )


def check_not_transferred(state: ComplaintState, kind: Kind) -> None:
    """Check that no other office counts the deadlines of a complaint now; raises WasTransferred."""
    if state.status is Status.CLOSED:
        closing = next(entry for entry in reversed(state.entries) if entry.kind in CLOSING)
        if closing.kind is Kind.TRANSFERRED:
            raise WasTransferred(complaint=state.id, office=closing.detail["to"], kind=done(kind))


def previous_transition(history: Iterable[Transition], kind: Kind) -> Transition | None:
    """Return the transition that one of a kind may not precede: the last that moved the complaint, or its receipt."""
    moves = kind not in ANNOTATIONS
    for entry in reversed(effective(history)):
        if entry.kind is Kind.RECEIVED or (moves and entry.kind not in ANNOTATIONS):
            return entry
    return None


def moment_to_store(moment: Moment, previous: datetime | None) -> datetime:
    """Return the moment at which to store a transition, given that of the one it may not precede.

    Of a day alone it is the first second, or that other moment where it is later on the same day.
    """
    if moment.day_only and previous is not None and moment.start < previous < moment.end:
        return previous
    return moment.start


def moment_corrections(
    complaint: int, history: Sequence[Transition], moments: Mapping[Kind, Moment], seq: int | None, zone: tzinfo
) -> list[dict[str, Any]]:
    """Return what the detail of an amendment says of moments that are to be corrected, by the kind of their entry.

    That is the last of its kind that counts, unless its number is given. Raises CannotCorrect.
    """
    moves = _moves(history)
    last: dict[Kind, int] = {}
    for kind in moments:
        seqs = [entry.seq for entry in moves if entry.kind is kind]
        if not seqs or (seq is not None and seq not in seqs):
            reason = Phrase("it has no such entry")
            if seqs:
                names = listed(map(Word, map(str, seqs)))
                reason = Phrase("entry {seq} is not of that kind; those that are: {entries}", seq=seq, entries=names)
            raise CannotCorrect(complaint=complaint, kind=kind, reason=reason)
        last[kind] = seqs[-1] if seq is None else seq
    stated: list[dict[str, Any]] = []
    previous: datetime | None = None
    for entry in moves:
        at = entry.at
        if last.get(entry.kind) == entry.seq:
            moment = moments[entry.kind]
            at = moment_to_store(moment, previous)
            texts = {"was": to_store(entry.at), "at": to_store(at)}
            is_marked = moment.day_only or looks_hourless(at, previous, zone)
            mark = {HOUR_UNKNOWN: moment.day_only} if is_marked else {}
            stated.append({"seq": entry.seq, "kind": entry.kind.value, **texts, **mark})
        previous = at
    return stated


def _moves(history: Iterable[Transition]) -> list[Transition]:
    """Return the transitions that count and move a complaint, in order of entry."""
    moves = (entry for entry in effective(history) if entry.kind not in ANNOTATIONS)
    return sorted(moves, key=lambda entry: entry.seq)


def check_moments(complaint: int, history: Iterable[Transition], detail: Detail, now: datetime) -> None:
    """Check a complaint's moments once an amendment has corrected some, or is taken back.

    None may lie in the future, and none before that of the entry that it followed. Nor may the receipt be another where
    the complaint was merged: the other one is counted from it; and none may change that another office counts from.
    Raises InFuture, BeforePrevious and CannotCorrect.
    """
    entries = effective(history)
    merged = next((entry for entry in entries if entry.kind is Kind.MERGED), None)
    if merged is not None and any(each["kind"] == Kind.RECEIVED and "seq" in each for each in detail[MOMENTS]):
        reason = Phrase("it was merged into {id}; undo that first", id=merged.detail["into"])
        raise CannotCorrect(complaint=complaint, kind=Word(Kind.RECEIVED), reason=reason)
    transferred = next((entry for entry in entries if entry.kind is Kind.TRANSFERRED), None)
    for each in detail[MOMENTS]:
        if transferred is not None and "seq" in each:
            reason = Phrase("office {office} counts from it now; correct it there", office=transferred.detail["to"])
            raise CannotCorrect(complaint=complaint, kind=Word(each["kind"]), reason=reason)
        if (at := from_store(each["at"])) > now:
            raise InFuture(at=at, now=now)
    for entry, later in pairwise(_moves(history)):
        if later.at < entry.at:
            previous = {"previous": done(entry.kind), "previous_at": entry.at}
            raise BeforePrevious(complaint=complaint, kind=done(later.kind), at=later.at, **previous)


def is_far(rule: ClockRule, by: int) -> bool:
    """Tell whether an extension that the policy does not limit goes far beyond the clock's own length."""
    return rule.extension_by is None and rule.extensions != 0 and by >= FEW and by > FAR * rule.length


def check_pause(complaint: int, policy: Policy, runs: Iterable[Clock]) -> None:
    """Check that a pause stops some clock; raises CannotPause."""
    running = [policy.clock(clock.name) for clock in runs if clock.ended is None]
    if not any(rule is not None and rule.pausable for rule in running):
        raise CannotPause(complaint=complaint, policy=policy.name)


def check_restart(complaint: int, policy: Policy) -> None:
    """Check that a policy lets the end of a pause begin the clocks anew; raises CannotRestart."""
    if not policy.restart:
        raise CannotRestart(complaint=complaint, policy=policy.name)


def check_merge(one: Complaint, other: Complaint, joined: Sequence[int]) -> None:
    """Check that a complaint may be merged into another, given those that are merged into the first.

    Raises CannotMerge.
    """
    refusal = partial(CannotMerge, complaint=one.id, into=other.id)
    if one.id == other.id:
        raise refusal(reason=Phrase("they are the same complaint"))
    if other.merged_into is not None:
        raise refusal(reason=Phrase("it was merged into {id} itself; name that one", id=other.merged_into))
    if joined:
        raise refusal(reason=Phrase("{ids} was merged into it; merge the other way", ids=first_few(joined)))


def check_transfer(complaint: int, history: Iterable[Transition]) -> None:
    """Check that a complaint can go to another office by itself; raises CannotTransfer where others were merged."""
    if any(entry.kind in MERGING for entry in effective(history)):
        raise CannotTransfer(complaint=complaint, reason=Phrase("it was merged with another one; undo the merge first"))


def check_stated_limits(policy: Policy, received: datetime | None, limits: Mapping[str, str | None]) -> None:
    """Check that limits written on a complaint are of clocks of its policy, and not before its receipt.

    Raises UnknownClock or LimitTooEarly.
    """
    for name, limit in limits.items():
        check_clock(policy, name)
        if limit is not None and received is not None and from_store(limit) < received:
            raise LimitTooEarly(clock=Word(name), limit=from_store(limit), received=received)


def check_clock(policy: Policy, name: str) -> ClockRule:
    """Return the clock of a policy that has a name; raises UnknownClock."""
    rule = policy.clock(name)
    if rule is None:
        names = listed(Word(clock.name) for clock in policy.clocks)
        raise UnknownClock(policy=policy.name, name=Word(name), allowed=names)
    return rule


def check_event(policy: Policy, name: str) -> None:
    """Check that a policy names an event, since no clock would know of another; raises UnknownEvent."""
    if name not in policy.events:
        near = suggestion(nearest_names(name, policy.events, 1))
        allowed = listed(map(Word, policy.events or ["nothing"]))
        raise UnknownEvent(policy=policy.name, name=name, nearest=near, allowed=allowed)


def check_extension(
    complaint: int,
    policy: Policy,
    runs: Iterable[Clock],
    history: Sequence[Transition],
    detail: Detail,
    at: datetime,
    calendar: WorkingCalendar,
    zone: tzinfo,
) -> None:
    """Check that a clock runs, and may be extended as the detail of an extension says, asked for by its deadline.

    It was asked for when it was made, unless the detail says when. Raises UnknownClock or CannotExtend.
    """
    name, by = detail["clock"], detail["by"]
    rule = check_clock(policy, name)
    refusal = partial(CannotExtend, clock=Word(name), complaint=complaint)
    run = next((clock for clock in runs if clock.name == name and clock.ended is None), None)
    if run is None or run.started is None:
        raise refusal(reason=Phrase(": it has not begun, or has ended"))
    asked_at = from_store(detail[ASKED]) if ASKED in detail else at
    if asked_at > at:
        raise refusal(reason=Phrase(": it cannot have been asked for after it was granted"))
    if run.due is not None and asked_at > run.due:
        raise refusal(reason=Phrase(": it had already passed by then"))
    if run.due_day is not None and rule.asked_before:
        last = run.due_day
        while calendar.count_between(last, run.due_day) < rule.asked_before:
            last -= ONE_DAY
        if local_day(asked_at, zone) > last:
            days = length_text(rule.asked_before, Unit.WORKING_DAY)
            reason = Phrase(": it is asked for at least {days} before the due day, by {day}", days=days, day=last)
            raise refusal(reason=reason)
    extended = (entry for entry in effective(history) if entry.kind is Kind.EXTENDED and entry.at >= run.started)
    count = sum(entry.detail["clock"] == rule.name for entry in extended)
    if rule.extensions is not None and count >= rule.extensions:
        times = {0: Phrase("no extension"), 1: Phrase("one extension")}.get(
            rule.extensions, Phrase("{count} extensions", count=rule.extensions)
        )
        raise refusal(reason=Phrase(": policy {policy} allows {times}", policy=policy.name, times=times))
    if rule.extension_by is not None and by > rule.extension_by:
        most = Phrase("at most {count} at a time", count=length_text(rule.extension_by, rule.unit))
        asked = length_text(by, rule.unit)
        reason = Phrase(" by {by}: policy {policy} allows {most}", by=asked, policy=policy.name, most=most)
        raise refusal(reason=reason)


def check_void(complaint: int, history: Sequence[Transition], seq: int) -> None:
    """Check that a transition can be taken back, and that what remains is a history that a complaint can have.

    Raises CannotVoid.
    """
    refusal = partial(CannotVoid, seq=seq, complaint=complaint)
    entry = next((entry for entry in history if entry.seq == seq), None)
    if entry is None:
        raise refusal(reason=Phrase("it is not an entry of this complaint"))
    if entry.kind is Kind.VOIDED:
        raise refusal(reason=Phrase("it undoes another entry; record that entry again instead"))
    if all(other.seq != seq for other in effective(history)):
        raise refusal(reason=Phrase("it is already undone"))
    if TRANSFER in entry.detail:
        office = entry.detail[TRANSFER]["office"]
        reason = Phrase("it was taken over from office {office}; give it back: 'dealtrack transfer'", office=office)
        raise refusal(reason=reason)
    remaining = [other for other in history if other.seq != seq]
    later = [other for other in effective(remaining) if other.kind not in ANNOTATIONS]
    if entry.kind is Kind.RECEIVED and later:
        raise refusal(reason=Phrase("it was {kind} later; undo that first", kind=done(later[-1].kind)))
    try:
        make_complaint(complaint, remaining)
        if MOMENTS in entry.detail:
            check_moments(complaint, remaining, {MOMENTS: entry.detail[MOMENTS]}, entry.recorded_at)
    except CannotCorrect as fault:
        raise refusal(reason=fault.values["reason"]) from None
    except (BadHistory, BeforePrevious):
        reason = Phrase("a later entry ({kind}) depends on it; undo that first", kind=done(later[-1].kind))
        raise refusal(reason=reason) from None


def last_counted(history: Iterable[Transition]) -> int | None:
    """Return the number of the last entered transition that counts, None where none does."""
    return max((entry.seq for entry in effective(history)), default=None)
