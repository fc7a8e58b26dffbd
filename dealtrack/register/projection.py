"""The tables that the journal makes: complaints, their clocks and texts for search, platforms, policies, facts."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from itertools import starmap
from typing import Any

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.chain import canonical
from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Complaint, Status, Transition
from dealtrack.core.moments import from_store, offsets, to_store
from dealtrack.core.policy import Policy
from dealtrack.core.runs import End
from dealtrack.core.search_text import search_text
from dealtrack.register.engine import Database, replacing
from dealtrack.register.journal import Entry, Event

COMPLAINT_COLUMNS = (
    "id, number, platform, category, seller, owner, handler, policy, policy_version, status, resumes_to, received_at, "
    "accepted_at, forwarded_at, completed_at, withdrawn_at, rejected_at, merged_at, outcome, amount, "
    "summary, first_contact, reopenings, backdated, merged_into, limits"
)
COMPLAINT_ROW = (*COMPLAINT_COLUMNS.split(", "), "import_key")
"""The columns of the table of complaints, in order."""
NOT_KNOWN = -1
"""What stands for a first contact that is not known."""

CLOCK_COLUMNS = 'name, round, started_at, due_at, due_day, ended_at, "end", paused, provisional, revision'


_STATUS, _RESUMES_TO, _FIRST_CONTACT = map(Complaint._fields.index, ("status", "resumes_to", "first_contact"))
_STATUS_BY_NAME: dict[str | None, Status | None] = {None: None, **{status.value: status for status in Status}}
_END_BY_NAME: dict[str | None, End | None] = {None: None, **{end.value: end for end in End}}
_MOMENTS = slice(Complaint._fields.index("received"), Complaint._fields.index("merged") + 1)


def _read(text: str | None) -> datetime | None:
    return None if text is None else from_store(text)


def complaint_row(complaint: Complaint, import_key: str | None) -> tuple[Any, ...]:
    """Return the row of a complaint, in the order of COMPLAINT_COLUMNS and then its import key."""
    row: list[Any] = [*complaint, import_key]
    row[_MOMENTS] = [moment and to_store(moment) for moment in row[_MOMENTS]]
    row[_STATUS] = str(complaint.status)
    row[_RESUMES_TO] = complaint.resumes_to and str(complaint.resumes_to)
    row[_FIRST_CONTACT] = NOT_KNOWN if complaint.first_contact is None else complaint.first_contact
    return tuple(row)


def complaint_of(row: Sequence[Any]) -> Complaint:
    """Return the complaint that a row of COMPLAINT_COLUMNS holds."""
    values = list(row)
    values[_MOMENTS] = map(_read, values[_MOMENTS])
    values[_STATUS] = _STATUS_BY_NAME[values[_STATUS]]
    values[_RESUMES_TO] = _STATUS_BY_NAME[values[_RESUMES_TO]]
    values[_FIRST_CONTACT] = None if values[_FIRST_CONTACT] == NOT_KNOWN else bool(values[_FIRST_CONTACT])
    return Complaint._make(values)


def clock_row(complaint: int, clock: Clock) -> tuple[Any, ...]:
    """Return the row of a clock's run: its complaint, then the order of CLOCK_COLUMNS."""
    name, round_, started, due, due_day, ended, end, paused, provisional, revision, *_ = clock
    assert started is not None
    return (
        complaint,
        name,
        round_,
        to_store(started),
        *due_columns(due, due_day),
        to_store(ended) if ended else None,
        str(end) if end else None,
        paused,
        provisional,
        revision if ended else None,
    )


@cache
def due_columns(due: datetime | None, day: date | None) -> tuple[str | None, str | None]:
    """Return the columns of a clock's row that say when it is due."""
    return to_store(due) if due else None, day.isoformat() if day else None


def clock_of(row: Sequence[Any]) -> Clock:
    """Return the clock that a row of CLOCK_COLUMNS holds."""
    name, round_, started, due, due_day, ended, end, paused, provisional, revision = row
    return Clock(
        name,
        round_,
        from_store(started),
        _read(due),
        _day(due_day) if due_day else None,
        _read(ended),
        _END_BY_NAME[end],
        bool(paused),
        bool(provisional),
        revision or 0,
    )


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


def apply_entry(database: Database, entry: Entry) -> None:
    """Write to the tables what an entry of the register's own tells: of its facts, calendar, policies or platforms."""
    detail = entry.detail
    match entry.kind:
        case Event.MADE:
            facts = ((name, detail[name]) for name in ("timezone", "policy"))
            database.write_many("fact", facts)
            database.write_many("zone_offset", offsets(detail["timezone"]))
            _write_calendar(database, CalendarRules.from_data(detail["calendar"]))
        case Event.CALENDAR_REVISED:
            ((fact,),) = database.rows("SELECT value FROM fact WHERE name = 'calendar'")
            revised = CalendarRules.from_data({**json.loads(fact), "rulings": {}}).revised(detail)
            dropped = database.dialect.among("day")
            database.write(f"DELETE FROM calendar_ruling WHERE {dropped}", (database.listed(detail["dropped"]),))
            _write_calendar(database, revised)
        case Event.POLICY_TAKEN_IN | Event.POLICY_CORRECTED:
            for policy in map(Policy.from_data, detail.get("versions", [detail])):
                row = (policy.name, policy.version, canonical(policy.to_data()), entry.seq)
                database.write(replacing("policy", ("name", "in_force", "definition", "seq"), 2), row)
        case Event.RECHECKED | Event.ERASED | Event.SEALED:
            pass
        case _:
            _write_platform(database, entry)


def _write_calendar(database: Database, rules: CalendarRules) -> None:
    """Write what a calendar says: rulings are rows, beside or in place of those that stand there, the rest one fact."""
    data = rules.to_data()
    del data["rulings"]
    database.write(replacing("fact", ("name", "value")), ("calendar", canonical(data)))
    days = [day.isoformat() for day in rules.rulings]
    database.write(f"DELETE FROM calendar_ruling WHERE {database.dialect.among('day')}", (database.listed(days),))
    database.write_many("calendar_ruling", [(day.isoformat(), *ruling) for day, ruling in rules.rulings.items()])


def _write_platform(database: Database, entry: Entry) -> None:
    from dealtrack.core.platform import Check, Platform, merged_platform, renamed_platform, with_check

    def stored(name: str) -> Platform:
        ((definition,),) = database.rows("SELECT definition FROM platform WHERE name = ?", (name,))
        return Platform.from_data(json.loads(definition))

    detail, name = entry.detail, entry.detail["name"]
    before: list[str] = []
    match entry.kind:
        case Event.PLATFORM_ENTERED:
            platform = Platform.from_data(detail)
        case Event.PLATFORM_EDITED:
            platform = Platform.from_data({**stored(name).to_data(), **detail})
        case Event.PLATFORM_CHECKED:
            platform = with_check(stored(name), Check.of(entry.at, entry.actor, detail))
        case Event.PLATFORM_RENAMED:
            before, platform = [name], renamed_platform(stored(name), detail["to"])
        case Event.PLATFORM_MERGED:
            before = detail["merged"]
            platform = merged_platform(stored(name), map(stored, before))
        case _:
            database.write("DELETE FROM platform WHERE name = ?", (name,))
            return
    for former in before:
        database.write("DELETE FROM platform WHERE name = ?", (former,))
        database.write("UPDATE complaint SET platform = ? WHERE platform = ?", (platform.name, former))
    row = (platform.name, canonical(platform.to_data()), entry.seq)
    database.write(replacing("platform", ("name", "definition", "seq")), row)


def import_key_of(history: Sequence[Transition]) -> str | None:
    """Return the key by which an import recognises a complaint without a number; it is in the detail of the receipt."""
    return history[0].detail.get("import_key")


def projected_rows(
    complaint: Complaint, clocks: Iterable[Clock], history: Sequence[Transition]
) -> tuple[tuple[Any, ...], list[tuple[Any, ...]], tuple[int, str]]:
    """Return the row of a complaint, those of its clocks, and its text for search."""
    return (
        complaint_row(complaint, import_key_of(history)),
        [clock_row(complaint.id, clock) for clock in clocks],
        (complaint.id, search_text([entry.detail for entry in history])),
    )


class RowWriter:
    """Writes projected rows within one transaction, a batch at a time."""

    BATCH = 2000

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unwritten: list[tuple[Complaint, Iterable[Clock], Sequence[Transition]]] = []

    def write(
        self, complaint: Complaint, clocks: Iterable[Clock], history: Sequence[Transition], is_new: bool = False
    ) -> None:
        """Write a complaint, its clocks and what its history says, in place of what stood there."""
        if is_new:
            self._unwritten.append((complaint, clocks, history))
            if len(self._unwritten) >= self.BATCH:
                self.flush()
            return
        self.flush()
        row, runs, text = projected_rows(complaint, clocks, history)
        self._database.write(replacing("complaint", COMPLAINT_ROW), row)
        self._database.write(replacing("search_text", ("complaint", "text")), text)
        self._database.write("DELETE FROM clock WHERE complaint = ?", (complaint.id,))
        self._database.write_many("clock", runs)

    def flush(self) -> None:
        """Write the rows that are not yet written."""
        projected = list(starmap(projected_rows, self._unwritten))
        self._database.write_many("complaint", [complaint for complaint, _, _ in projected])
        self._database.write_many("clock", [clock for _, clocks, _ in projected for clock in clocks])
        self._database.write_many("search_text", [text for _, _, text in projected])
        self._unwritten.clear()
