"""What concerns two complaints, a merge or a transfer: recorded, and undone, on both sides in one transaction."""

from typing import Any

from dealtrack.core.lifecycle import MERGING, Complaint, Detail, Kind, Transition, effective
from dealtrack.core.limits import check_merge
from dealtrack.core.moments import Moment, to_store
from dealtrack.errors import CannotVoid, UnknownComplaint
from dealtrack.phrase import Phrase
from dealtrack.register.recorder import Proposal, RecordedComplaint, Recorder, Work


def merge(recorder: Recorder, complaint: int, into: int, at: Moment, detail: Detail) -> list[RecordedComplaint]:
    """Record that a complaint is merged into another, and there that it was joined by it.

    Returns what it made of both. Raises CannotMerge, and what `record` raises.
    """
    one, other = _now(recorder, complaint), _now(recorder, into)
    entries = effective(recorder.history(complaint))
    joined = [entry.detail["from"] for entry in entries if entry.kind is Kind.JOINED]
    check_merge(one, other, [id_ for id_ in joined if _now(recorder, id_).merged_into == complaint])
    closing = {**detail, **_named(other), "into": into}
    merged = recorder.record(Work(complaint, (Proposal(Kind.MERGED, at, closing),)))
    assert one.received is not None
    further = {**detail, **_named(one), "from": complaint, "received": to_store(one.received)}
    return [merged, recorder.record(Work(into, (Proposal(Kind.JOINED, at, further),)))]


def undo(recorder: Recorder, complaint: int, at: Moment, detail: Detail) -> list[RecordedComplaint]:
    """Record that an entry of a complaint is undone, and where it is one side of a merge, that the other side is too.

    Of a transfer that is the mail that waits in the other office. Returns what it made of each. Raises CannotVoid where
    none waits there any more, and what `record` raises.
    """
    undone = next((entry for entry in effective(recorder.history(complaint)) if entry.seq == detail["seq"]), None)
    other = _other_side(recorder, undone) if undone is not None and undone.kind in MERGING else None
    recorded = [recorder.record(Work(complaint, (Proposal(Kind.VOIDED, at, detail),)))]
    if undone is not None and undone.kind is Kind.TRANSFERRED:
        _recall(recorder, undone)
    if other is not None:
        there = {**detail, "seq": other.seq}
        recorded.append(recorder.record(Work(other.complaint, (Proposal(Kind.VOIDED, at, there),))))
    return recorded


def _other_side(recorder: Recorder, entry: Transition) -> Transition | None:
    """Return the entry on the other side of a merge; None where an import brought one side alone.

    The merges of two complaints stand in the same order on both sides.
    """
    word, kind = MERGING[entry.kind]
    back, _ = MERGING[kind]
    here = [each for each in _of_kind(recorder, entry.complaint, entry.kind) if each.detail[word] == entry.detail[word]]
    there = [each for each in _of_kind(recorder, entry.detail[word], kind) if each.detail[back] == entry.complaint]
    return dict(zip([each.seq for each in here], there, strict=False)).get(entry.seq)


def _of_kind(recorder: Recorder, complaint: int, kind: Kind) -> list[Transition]:
    try:
        history = recorder.history(complaint)
    except UnknownComplaint:
        return []
    return [entry for entry in effective(history) if entry.kind is kind]


def _now(recorder: Recorder, complaint: int) -> Complaint:
    return recorder.register.project(recorder.history(complaint))[0]


def _named(complaint: Complaint) -> dict[str, Any]:
    return {"other": complaint.number} if complaint.number else {}


def _recall(recorder: Recorder, entry: Transition) -> None:
    """Take back the mail of a transfer that this recording undoes; raises CannotVoid where it waits no more."""
    recorder.flush()
    office, mailbox = entry.detail["to"], recorder.register.engine.mailbox(recorder.register)
    if mailbox is None or not mailbox.recall(office, entry.seq):
        reason = Phrase(
            "office {office} has taken it over; that office returns it: 'dealtrack transfer'", office=office
        )
        raise CannotVoid(seq=entry.seq, complaint=entry.complaint, reason=reason)
