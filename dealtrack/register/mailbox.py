"""Complaints on their way from office to office: handed over by one, and waiting until the other takes them in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from dealtrack.core.lifecycle import TRANSFER, Transition
from dealtrack.core.moments import from_store
from dealtrack.errors import CannotVoid
from dealtrack.phrase import Phrase
from dealtrack.register.recorder import Recorder
from dealtrack.register.store import Store


class Mail(NamedTuple):
    """A complaint that another office has transferred, and that waits to be taken in.

    `complaint` is its ID there; `seq` and `hash` are those of the entry of that office's journal by which it was
    transferred, at `recorded_at`, in UTC.
    """

    office: str
    seq: int
    complaint: int
    hash: str
    recorded_at: datetime

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Mail":
        """Return the mail that a row of `store.MAIL_COLUMNS` tells of."""
        office, seq, complaint, hash_, recorded_at = row
        return cls(office, seq, complaint, hash_, from_store(recorded_at))

    @property
    def import_key(self) -> str:
        """Return the key by which the complaint is recognised once it was taken in."""
        return f"{TRANSFER}:{self.office}:{self.seq}"


class Mailbox(Protocol):
    """What an office on a server sends to others and receives. Every method raises EngineFault."""

    def receivers(self) -> list[str]:
        """Return the offices to which complaints can be transferred, by name."""

    def send(self, office: str, seq: int, content: str) -> None:
        """Put what an entry of this office's journal transfers into another's mailbox, within a recording."""

    def recall(self, office: str, seq: int) -> bool:
        """Take back what an entry transferred that was undone within this recording; tell whether it still waited."""

    def contents(self) -> list[tuple[Mail, str]]:
        """Return what waits here, with its content, the longest waiting first."""

    def content(self, mail: Mail) -> str | None:
        """Return the content of what waits; None where it waits no more."""

    def clear(self, mail: Mail) -> None:
        """Remove what was taken in, within the recording that did it."""


def waiting(register: Store) -> Sequence[Mail]:
    """Return what other offices have transferred and waits to be taken in, the longest waiting first."""
    # It comes with what is read of a server first: each command that tells of it would else take a trip more.
    rows = register.opening_rows("mailbox") if register.database.is_remote else ()
    return [Mail.of(row) for row in rows]


def take_back(recorder: Recorder, entry: Transition) -> None:
    """Take back the mail of a transfer that this recording undoes; raises CannotVoid where it waits no more."""
    recorder.flush()
    office, mailbox = entry.detail["to"], recorder.register.engine.mailbox(recorder.register)
    if mailbox is None or not mailbox.recall(office, entry.seq):
        reason = Phrase("office {office} has taken it in; that office returns it: 'dealtrack transfer'", office=office)
        raise CannotVoid(seq=entry.seq, complaint=entry.complaint, reason=reason)
