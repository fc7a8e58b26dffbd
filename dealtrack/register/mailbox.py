"""Complaints on their way from office to office: handed over by one, and waiting until the other takes them over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from dealtrack.core.lifecycle import TRANSFER
from dealtrack.core.moments import from_store
from dealtrack.register.store import Store


class Mail(NamedTuple):
    """A complaint that another office has transferred, and that waits to be taken over.

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
        """Return the key by which the complaint is recognised once it was taken over."""
        return f"{TRANSFER}:{self.office}:{self.seq}"


class MailContent(NamedTuple):
    """What was sent with a complaint: the complaint as JSON, and the files of its evidence."""

    complaint: str
    files: str


class Mailbox(Protocol):
    """What an office on a server sends to others and receives. Every method raises EngineFault."""

    office: str
    """The office whose mailbox it is."""

    def offices(self) -> list[str]:
        """Return the offices between which complaints can be transferred, by name."""

    def send(self, office: str, seq: int, content: str, files: str) -> None:
        """Put what an entry of this office's journal transfers into another's mailbox, within a recording."""

    def recall(self, office: str, seq: int) -> bool:
        """Take back what an entry transferred that was undone within this recording; tell whether it still waited."""

    def contents(self) -> list[tuple[Mail, str]]:
        """Return what waits here, each with the complaint as JSON, the longest waiting first."""

    def content(self, mail: Mail) -> MailContent | None:
        """Return what was sent with what waits; None where it waits no more."""

    def clear(self, mail: Mail) -> bool:
        """Remove what was taken over, within the recording that did it; tell whether it still waited."""


def waiting(register: Store) -> Sequence[Mail]:
    """Return what other offices have transferred and waits to be taken over, the longest waiting first."""
    # It comes with what is read of a server first: each command that tells of it would else take a trip more.
    rows = register.opening_rows("mailbox") if register.database.is_remote else ()
    return [Mail.of(row) for row in rows]
