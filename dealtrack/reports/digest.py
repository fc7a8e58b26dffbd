"""The daily summary: what is overdue and since when, what falls due, who owns it, what not to forget."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dealtrack.core.agenda import DigestDay, digest_day, is_due_today, is_new
from dealtrack.core.calendar import missing_year
from dealtrack.core.standing import Lateness, watch_record
from dealtrack.register import journal
from dealtrack.register.journal import Event
from dealtrack.register.mailbox import Mail, waiting
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register
from dealtrack.register.sqlite.backup import newest_backup

SECTIONS = ("newly_overdue", "still_overdue", "due_today", "due_next_working_day")


@dataclass(frozen=True, slots=True)
class BackupAge:
    """A place of backups whose newest is older than the last morning page; `last` in UTC, None for none at all."""

    place: Path
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Digest:
    """The morning page at a moment, in UTC; `head` and `entries` are the journal's, None where the past is looked at.

    `transfers` are what other offices have transferred and nobody has taken over yet.
    `is_national` tells that the register seals those of offices: its head, kept elsewhere, tells if that is forged.
    `sections` has a list of clocks under each of SECTIONS: overdue ones come the longest late first, those that fall
    due the earliest first. `missing_calendar` is the year whose official calendar should be in the register and is not.
    """

    moment: datetime
    morning: DigestDay
    sections: Mapping[str, Sequence[Lateness]]
    missing_calendar: int | None
    backup: BackupAge | None
    entries: int | None
    head: str | None
    is_national: bool
    transfers: Sequence[Mail] = ()

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything on the page."""
        has_deadlines, has_reminders = any(self.sections.values()), self.missing_calendar or self.backup
        return has_deadlines or bool(has_reminders or self.transfers) or self.is_national

    def owners(self) -> list[dict[str, Any]]:
        """Return how many clocks each owner has in each section, who has most overdue first; None is no owner."""
        counts: dict[str | None, Counter[str]] = {}
        for name, latenesses in self.sections.items():
            for lateness in latenesses:
                counts.setdefault(lateness.complaint.owner, Counter())[name] += 1
        overdue = {owner: clocks["newly_overdue"] + clocks["still_overdue"] for owner, clocks in counts.items()}
        ordered = sorted(counts, key=lambda owner: (-overdue[owner], -counts[owner].total(), owner or ""))
        return [{"owner": owner, **{name: counts[owner][name] for name in SECTIONS}} for owner in ordered]

    def record(self) -> dict[str, Any]:
        """Return the page under its fixed keys; moments in UTC."""
        morning = self.morning
        reminders: list[dict[str, Any]] = []
        if self.missing_calendar is not None:
            reminders.append({"kind": "calendar", "year": self.missing_calendar})
        if self.backup is not None:
            reminders.append({"kind": "backup", "place": str(self.backup.place), "last": self.backup.last})
        for mail in self.transfers:
            sent = {"office": mail.office, "id": mail.complaint, "transferred": mail.recorded_at}
            reminders.append({"kind": "transfer", **sent})
        return {
            "moment": self.moment,
            "working_day": morning.is_worked,
            "since": morning.since,
            "next_working_day": morning.following,
            **{name: list(map(_shown_record, latenesses)) for name, latenesses in self.sections.items()},
            "owners": self.owners(),
            "reminders": reminders,
            "entries": self.entries,
            "head": self.head,
        }


def _shown_record(lateness: Lateness) -> dict[str, Any]:
    return {key: value for key, value in watch_record(lateness).items() if not key.startswith("_")}


def make_digest(register: Register, complaints: Filter, view: View, backups: Path | None = None) -> Digest:
    """Return the morning page of a view; `backups` is where copies of the register are kept, a folder or a file.

    Reminders and the journal's head belong to the present alone. Raises OutsideCalendar.
    """
    calendar = register.calendar_in(view)
    morning = digest_day(view.moment, calendar, register.zone)
    new, still = _divided(register.overdue(complaints, view), lambda late: is_new(late, morning))
    coming = register.due(complaints, morning.until, view)
    today, later = _divided(coming, lambda due: is_due_today(due, morning, register.zone))
    year = age = entries = head = None
    is_national = False
    transfers: Sequence[Mail] = ()
    if view.is_present:
        year = missing_year(calendar, morning.day)
        last = newest_backup(register, backups, view.moment) if backups else None
        age = BackupAge(backups, last) if backups and (last is None or last <= morning.since) else None
        entries, head = register.head()
        transfers = waiting(register)
        is_national = journal.has_event(register.database, Event.SEALED)
    sections = dict(zip(SECTIONS, (new, still, today, later), strict=True))
    return Digest(view.moment, morning, sections, year, age, entries, head, is_national, transfers)


def _divided(
    latenesses: Iterable[Lateness], is_first: Callable[[Lateness], bool]
) -> tuple[list[Lateness], list[Lateness]]:
    parts: tuple[list[Lateness], list[Lateness]] = [], []
    for lateness in latenesses:
        parts[not is_first(lateness)].append(lateness)
    return parts
