"""Folding a history into a complaint."""

from collections.abc import Iterable
from datetime import tzinfo

from dealtrack.core.lifecycle import (
    ALLOWED,
    CLOSING,
    DAY_UNKNOWN,
    FIELDS,
    LIMITS,
    MOMENT_OF,
    MOMENTS,
    STATES_FIELDS,
    STATUS_AFTER,
    UNKNOWN_STEPS,
    Complaint,
    Effective,
    Kind,
    Status,
    Transition,
    backdating,
    done,
    effective,
    follows,
)
from dealtrack.errors import BadHistory
from dealtrack.phrase import Phrase

# Asked for with each entry of the journal: to ask the class for a member takes ten times as long.
_RECEIVED, _COMPLETED, _PAUSED = Kind.RECEIVED, Kind.COMPLETED, Status.PAUSED


class ComplaintState:
    """What a complaint's history makes of it: the history, the transitions that count, and the complaint.

    A transition entered last is added to what the others made, so that the whole is folded once.
    """

    __slots__ = ("_reopens_to", "_values", "entries", "history", "id", "status")

    def __init__(self, complaint: int, history: Iterable[Transition] = ()) -> None:
        """Raises BadHistory where the entries contradict one another, which only a damaged register can hold."""
        self.id = complaint
        self.history = list(history)
        self._fold()

    def _fold(self) -> None:
        self.entries = effective(self.history) if self.history else Effective()
        self.status = Status.VOIDED
        self._reopens_to = Status.FORWARDED
        self._values = _EMPTY.copy()
        if self.entries and self.entries[0].kind is _RECEIVED:
            self._apply(self.entries)

    def add(self, entry: Transition) -> None:
        """Add the transition entered last; raises BadHistory where the complaint does not allow it."""
        self.history.append(entry)
        last = self.entries[-1] if self.entries else None
        is_new = entry.kind is Kind.VOIDED or MOMENTS in entry.detail
        if is_new or (not follows(last, entry) if last else entry.kind is not Kind.RECEIVED):
            self._fold()
        else:
            self.entries.append(entry)
            self._apply([entry])

    def complaint(self, zone: tzinfo | None = None) -> Complaint:
        """Return the complaint as it stands; without a receipt that counts, it is voided.

        Its `backdated` is counted in the days of a zone, and left 0 without one.
        """
        values = self._values
        values["id"], values["status"] = self.id, self.status
        values["backdated"] = backdating(self.entries, zone) if zone and self.status is not Status.VOIDED else 0
        return Complaint._make(values.values())

    def _apply(self, entries: Iterable[Transition]) -> None:
        values = self._values
        for entry in entries:
            kind, detail = entry.kind, entry.detail
            if self.status not in ALLOWED[kind] and kind is not _RECEIVED:
                reason = Phrase("it was {kind} while {status}", kind=done(kind), status=self.status)
                raise BadHistory(complaint=self.id, seq=entry.seq, reason=reason)
            if kind in STATUS_AFTER:
                # Under the plain text: another class of key would have the dict made anew.
                values[MOMENT_OF[kind]] = None if detail.get(DAY_UNKNOWN) else entry.at
                if kind in CLOSING:
                    # A closing ends the pause that it finds open.
                    before = values["resumes_to"] if self.status is _PAUSED else self.status
                    self._reopens_to = before
                    values["merged_into"] = detail.get("into")
                    if kind is _COMPLETED:
                        self._reopens_to = Status.FORWARDED
                        is_known = not self.entries[0].detail.get(UNKNOWN_STEPS)
                        values["first_contact"] = before is Status.RECEIVED and (is_known or None)
                self.status = STATUS_AFTER[kind]
            elif kind is Kind.REOPENED:
                self.status, values["first_contact"] = self._reopens_to, False
                values["reopenings"] += 1
                values.update(_NOT_ENDED)
            elif kind is Kind.PAUSED:
                self.status, values["resumes_to"] = Status.PAUSED, self.status
            elif kind is Kind.RESUMED:
                self.status, values["resumes_to"] = values["resumes_to"] or Status.RECEIVED, None
            elif kind is Kind.HANDED_ON:
                values["handler"] = detail["to"]
            if detail and kind in STATES_FIELDS:
                for name, value in detail.items():
                    if name in FIELDS:
                        values[name] = value
                    elif name == LIMITS:
                        # The limits of earlier entries stay, but for the clocks that this one names.
                        from json import dumps, loads  # few complaints have a limit of their own

                        limits = {**loads(values[LIMITS] or "{}"), **value}
                        limits = {clock: limit for clock, limit in sorted(limits.items()) if limit}
                        values[LIMITS] = dumps(limits, ensure_ascii=False) if limits else None


_EMPTY = Complaint(0)._asdict()
_NOT_ENDED = dict.fromkeys(("completed", "withdrawn", "rejected", "merged", "merged_into", "outcome", "amount"))


def make_complaint(complaint: int, history: Iterable[Transition]) -> Complaint:
    """Return the complaint that a history makes; without a receipt that counts, it is voided.

    Raises BadHistory where the entries contradict one another, which only a damaged register can hold.
    """
    return ComplaintState(complaint, history).complaint()


def before_reopenings(complaint: int, history: Iterable[Transition]) -> list[Complaint]:
    """Return the complaint as it stood before each of its reopenings, in their order.

    Raises BadHistory.
    """
    entries = effective(history)
    return [
        make_complaint(complaint, entries[:place]) for place, entry in enumerate(entries) if entry.kind is Kind.REOPENED
    ]
