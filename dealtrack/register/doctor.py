"""What may be wrong with a register and what it lies on, and what it is."""

from collections.abc import Iterator
from datetime import datetime

from dealtrack.core.calendar import calendar_reminder, missing_year
from dealtrack.core.moments import from_store, local_day
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import VERSION, Finding
from dealtrack.register.store import Store


def findings(register: Store, now: datetime) -> Iterator[Finding]:
    """Yield what a keeper of the register should mend, and what there is only to know."""
    upgrade = register.upgrade
    if upgrade is not None and upgrade.reason:
        words = Phrase(
            "The register stays at schema {found} and takes no entries. {reason}",
            found=upgrade.old,
            reason=upgrade.reason,
        )
        yield Finding("schema-old", words)
    yield from register.engine.findings(register, now)
    last = journal.LastEntry.of(register.database).recorded_at
    if last and from_store(last) - now > journal.CLOCKS_DIFFER:
        words = Phrase(
            "this machine's time is before the register's last entry, made at {last}; set it right", last=last
        )
        yield Finding("clock-behind", words)
    year = missing_year(register.calendar, local_day(now, register.zone))
    if year is not None:
        yield Finding("calendar-due", calendar_reminder(year))


def facts(register: Store) -> Iterator[tuple[str, str]]:
    """Yield what a register is, as name and value."""
    seq, head = register.head()
    yield "schema", str(register.upgrade.old if register.upgrade and register.upgrade.reason else VERSION)
    yield "entries", str(seq)
    yield "head", head
    calendar = register.calendar
    yield "calendar", Phrase("{name}, revision {revision}", name=calendar.rules.name, revision=calendar.revision)
    yield "policy", register.facts["policy"]
    yield "time zone", register.facts["timezone"]
    yield from register.engine.facts(register)
