"""What last changed a complaint's deadlines, and by what a register is told from another."""

from datetime import datetime

from dealtrack.register import journal
from dealtrack.register.journal import Event
from dealtrack.register.register import Register
from dealtrack.register.view import View

IDENTITY_DIGITS = 16


def identity(register: Register) -> str:
    """Return the first digits of the hash of the journal's first entry, which no other register has."""
    return journal.first_hash(register.connection).hex()[:IDENTITY_DIGITS]


class DeadlineChanges:
    """Tells when deadlines last changed, as far as a view knows."""

    def __init__(self, register: Register, view: View) -> None:
        self._register = register
        self._view = view
        revised = journal.events(register.connection, [Event.MADE, Event.CALENDAR_REVISED])
        entries = [entry for entry in revised if view.known_at is None or entry.recorded_at <= view.known_at]
        self._revised = max(((entry.seq, entry.recorded_at) for entry in entries), default=(0, view.moment))

    def of(self, complaint: int) -> tuple[int, datetime]:
        """Return the number of the last entry that may have moved a complaint's deadlines, and when it was made.

        It is the complaint's own last entry, or the calendar's last revision; the moment is in UTC.
        """
        seen = self._view.seen(self._register.history(complaint))
        return max([self._revised, *((entry.seq, entry.recorded_at) for entry in seen)])
