"""The view of a register: the moment that it is shown at, and the moment up to which it is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dealtrack.core.lifecycle import Kind, Transition


class View(NamedTuple):
    """A view of the register; moments in UTC.

    Seen at `moment`: what happened later is left out. `known_at` leaves out what was recorded later, None
    nothing. `is_present` tells that it is the register as it stands, `is_ahead` that the moment has not come yet:
    what is shown then is how it would stand if nothing happened until then.
    """

    moment: datetime
    known_at: datetime | None = None
    is_present: bool = True
    is_ahead: bool = False

    @classmethod
    def of(cls, now: datetime, as_of: datetime | None = None, known_at: datetime | None = None) -> "View":
        """Return the view from a moment, by default the one by which things were known, else now."""
        moment = as_of or known_at or now
        return cls(moment, known_at, as_of is None and known_at is None, moment > now)

    def seen(self, entries: Sequence[Transition]) -> list[Transition]:
        """Return the entries of a complaint's history in a view; none where it was not received by its moment."""
        if self.is_present:
            return list(entries)
        seen = [
            entry
            for entry in entries
            if (self.known_at is None or entry.recorded_at <= self.known_at)
            and (entry.kind is Kind.VOIDED or entry.at <= self.moment)
        ]
        return seen if any(entry.kind is Kind.RECEIVED for entry in seen) else []
