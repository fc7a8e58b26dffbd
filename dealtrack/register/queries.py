"""Questions to the register's tables: of which moment, which complaints match, which clocks are overdue or fall due."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from dealtrack.core import lifecycle
from dealtrack.core.clocks import Clock
from dealtrack.core.lifecycle import Complaint, Kind, Status, Transition
from dealtrack.core.moments import ONE_DAY, to_store
from dealtrack.register.engine import Database, Row
from dealtrack.register.projection import CLOCK_COLUMNS, COMPLAINT_COLUMNS, clock_of, complaint_of, due_columns

COMPLAINT_WIDTH = COMPLAINT_COLUMNS.count(",") + 1

COMPLAINT = ", ".join(f"c.{name}" for name in COMPLAINT_COLUMNS.split(", "))
CLOCK = ", ".join(f"k.{name}" for name in CLOCK_COLUMNS.split(", "))


OPEN, VOIDED = "open", "voided"
"""Two words for the statuses of a filter: any status before the end of a complaint; complaints without a receipt."""

_ENDED = "', '".join(status for status in Status if status not in lifecycle.OPEN)
IS_OPEN = f"c.status NOT IN ('{_ENDED}')"
"""The condition of the index of open complaints, word for word, so that SQLite uses the index."""

HANDLER = "coalesce(c.handler, c.owner)"
SORTED_BY = {
    **{name: f"c.{name}" for name in ("id", "number", "platform", "category", "seller", "status", "owner")},
    "handler": HANDLER,
    "policy": "c.policy",
    **{name: f"c.{name}_at" for name in ("received", "forwarded", "completed")},
    "due": "(SELECT min(k.due_at) FROM clock k WHERE k.complaint = c.id AND k.ended_at IS NULL)",
    "outcome": "c.outcome",
    "amount": "CAST(c.amount AS DOUBLE PRECISION)",
}
"""What complaints may be sorted by, each as SQL: keys of their records, and the next deadline."""


class Order(NamedTuple):
    """An order of complaints: a key of SORTED_BY, those without a value last; of equal ones by id."""

    key: str
    is_reversed: bool = False

    @property
    def sql(self) -> str:
        """Return what SQL sorts by."""
        direction = "DESC" if self.is_reversed else "ASC"
        return f"{SORTED_BY[self.key]} {direction} NULLS LAST, c.id {direction}"


NEWEST_FIRST = Order("received", is_reversed=True)


class Personal(NamedTuple):
    """A consumer's personal data, kept outside the journal so that it can be erased."""

    consumer: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


PERSONAL_COLUMNS = ", ".join(Personal._fields)
"""The columns of personal data."""


class Filter(NamedTuple):
    """A choice of complaints; `since` is inclusive and `until` exclusive, both moments of receipt in UTC.

    A complaint matches if it has any one of the statuses, platforms, categories, owners and handlers; an empty tuple
    matches all. Who handles a complaint is its owner until it is handed on.
    `backdated` chooses complaints with an entry that was recorded on a later day than the event.
    """

    statuses: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[int, ...] | None = None
    backdated: bool = False


def conditions(query: Filter, database: Database) -> tuple[str, list[Any]]:
    """Return the condition that a filter puts on rows of the table complaint, named c, and its values."""
    parts: list[str] = []
    values: list[Any] = []
    if query.statuses:
        is_open = [IS_OPEN] if OPEN in query.statuses else []
        named = tuple(status for status in query.statuses if status != OPEN)
        either = [*is_open, *_is_one_of("c.status", named, values, database)]
        parts.append(either[0] if len(either) == 1 else f"({' OR '.join(either)})")
    if VOIDED not in query.statuses:
        parts.append("c.received_at IS NOT NULL")
    parts += _is_one_of("c.platform", query.platforms, values, database)
    parts += _is_one_of("c.category", query.categories, values, database)
    parts += _is_one_of("c.owner", query.owners, values, database)
    parts += _is_one_of(HANDLER, query.handlers, values, database)
    if query.since is not None:
        parts.append("c.received_at >= ?")
        values.append(to_store(query.since))
    if query.until is not None:
        parts.append("c.received_at < ?")
        values.append(to_store(query.until))
    if query.backdated:
        parts.append("c.backdated > 0")
    if query.ids is not None:
        parts.append(database.dialect.among("c.id"))
        values.append(database.listed(query.ids))
    return " AND ".join(parts) or "true", values


def _is_one_of(column: str, allowed: Sequence[str], values: list[Any], database: Database) -> list[str]:
    """Return the condition that a column holds one of some texts, none for any; adds them to `values`."""
    if not allowed:
        return []
    # A lone one lets SQLite see that an index is for it.
    if len(allowed) == 1:
        values.append(allowed[0])
        return [f"{column} = ?"]
    values.append(database.listed(allowed))
    return [database.dialect.among(column)]


def complaints(
    database: Database, query: Filter, order: Order | None = None, limit: int | None = None
) -> Iterator[tuple[Complaint, list[Clock]]]:
    """Yield each complaint that a filter chooses, with every run of its clocks, by id or in another order.

    With a limit, the first ones in that order.
    """
    condition, values = conditions(query, database)
    source, by = "complaint c", order.sql if order else "c.id"
    if limit is not None:
        first = f"SELECT c.id FROM complaint c WHERE {condition} ORDER BY {by} LIMIT ?"
        join = database.dialect.join
        source, condition, values = f"({first}) n {join} complaint c ON c.id = n.id", "true", [*values, limit]
    rows = database.stream(
        f"SELECT {COMPLAINT}, {CLOCK} FROM {source} LEFT JOIN clock k ON k.complaint = c.id "
        f"WHERE {condition} ORDER BY {by}, k.name, k.round",
        values,
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        yield complaint_with_clocks(list(group))


def complaint_with_clocks(rows: Sequence[Row]) -> tuple[Complaint, list[Clock]]:
    """Return the complaint and the runs of its clocks that rows of COMPLAINT and CLOCK hold, one row a run."""
    clocks = [clock_of(row[COMPLAINT_WIDTH:]) for row in rows if row[COMPLAINT_WIDTH] is not None]
    return complaint_of(rows[0][:COMPLAINT_WIDTH]), clocks


def count(database: Database, query: Filter) -> int:
    """Return how many complaints a filter chooses."""
    condition, values = conditions(query, database)
    ((number,),) = database.rows(f"SELECT count(*) FROM complaint c WHERE {condition}", values)
    return int(number)


def running(
    database: Database, query: Filter, after: datetime | None, before: datetime | None
) -> Iterator[tuple[Complaint, Clock]]:
    """Yield the running clocks due at or after one moment and before or at another, the earliest due first.

    Both ends are inclusive; None leaves an end open.
    """
    condition, values = conditions(query, database)
    span = "".join([" AND k.due_at >= ?" if after else "", " AND k.due_at <= ?" if before else ""])
    ends = [to_store(moment) for moment in (after, before) if moment is not None]
    rows = database.stream(
        f"SELECT {COMPLAINT}, {CLOCK} FROM clock k {database.dialect.join} complaint c ON c.id = k.complaint "
        f"WHERE k.ended_at IS NULL AND k.due_at IS NOT NULL{span} AND {condition} "
        "ORDER BY k.due_at, k.complaint, k.name, k.round",
        [*ends, *values],
    )
    for row in rows:
        yield complaint_of(row[:COMPLAINT_WIDTH]), clock_of(row[COMPLAINT_WIDTH:])


def clocks_between(database: Database, first: date, last: date) -> Iterator[tuple[int, Clock]]:
    """Yield the runs of clocks, by complaint, started before the end of one day and due on another or later.

    Paused ones, which have no due day, are among them: whether a pause excuses anything hangs on the deadline it met.
    """
    parts = (
        "k.ended_at IS NULL AND k.due_at IS NOT NULL AND k.due_at >= ? AND k.due_day >= ?",
        "k.ended_at IS NOT NULL AND k.due_day >= ?",
        "k.paused = 1",
    )
    selects = " UNION ALL ".join(
        f"SELECT k.complaint, {CLOCK} FROM clock k WHERE {part} AND k.started_at < ?" for part in parts
    )
    # A deadline lies at most a day from its due day in UTC, which the index of running clocks is by.
    day_before, day, end = (each.isoformat() for each in (first - ONE_DAY, first, last + ONE_DAY))
    # Ordered by "+k.complaint", since SQLite would go through all clocks, twice, to have them in order without sorting.
    rows = database.stream(
        f"SELECT * FROM ({selects}) k ORDER BY +k.complaint, k.name, k.round", (day_before, day, end, day, end, end)
    )
    return ((complaint, clock_of(run)) for complaint, *run in rows)


def clocks_of(database: Database, complaint: int) -> list[Clock]:
    """Return every run of a complaint's clocks."""
    rows = database.rows(f"SELECT {CLOCK} FROM clock k WHERE k.complaint = ? ORDER BY name, round", (complaint,))
    return [clock_of(row) for row in rows]


def move_clocks(database: Database, moved: Iterable[tuple[int, Clock]]) -> None:
    """Give runs of clocks, each named with its complaint, their new deadlines."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for complaint, clock in moved:
        columns = (*due_columns(clock.due, clock.due_day), clock.provisional, clock.paused, clock.name, clock.round)
        alike.setdefault(columns, []).append(complaint)
    # One statement for all that move to one day, since many do.
    for columns, ids in alike.items():
        database.write(
            "UPDATE clock SET due_at = ?, due_day = ?, provisional = ?, paused = ? "
            f"WHERE name = ? AND round = ? AND {database.dialect.among('complaint')}",
            (*columns, database.listed(ids)),
        )


def complaints_of_policy(database: Database, name: str) -> list[int]:
    """Return the complaints that are handled by a policy, voided ones aside, in order."""
    rows = database.rows("SELECT id FROM complaint WHERE policy = ? AND status <> 'voided' ORDER BY id", (name,))
    return [id_ for (id_,) in rows]


def last_complaint(database: Database) -> int:
    """Return the highest id of a complaint, 0 for an empty register."""
    ((last,),) = database.rows("SELECT coalesce(max(id), 0) FROM complaint")
    return int(last)


def find_numbers(database: Database, numbers: Iterable[str]) -> dict[str | None, list[int]]:
    """Return the ids of the complaints with each of some external numbers, in order, none for an unknown one."""
    ids: dict[str | None, list[int]] = {number: [] for number in numbers}
    rows = database.rows(
        f"SELECT c.number, c.id FROM complaint c WHERE {database.dialect.among('c.number')} AND c.status <> 'voided'",
        (database.listed(ids),),
    )
    for number, id_ in sorted(rows):
        ids[number].append(id_)
    return ids


def meant_by_number(database: Database, ids: list[int]) -> list[int]:
    """Return which of the complaints with one number it means: not those that went to another office, if others stay.

    What was transferred may have come back, as another complaint.
    """
    if len(ids) < 2:
        return ids
    stays = f"NOT (merged_at IS NOT NULL AND merged_into IS NULL) AND {database.dialect.among('id')}"
    rows = database.rows(f"SELECT id FROM complaint WHERE {stays} ORDER BY id", (database.listed(ids),))
    return [id_ for (id_,) in rows] or ids


def find_import_keys(database: Database, keys: Iterable[str]) -> dict[str | None, int | None]:
    """Return the complaint that an import entered under each of some keys, None where there is none."""
    ids: dict[str | None, int | None] = dict.fromkeys(keys)
    rows = database.rows(
        f"SELECT c.import_key, c.id FROM complaint c WHERE {database.dialect.among('c.import_key')} ORDER BY c.id DESC",
        (database.listed(ids),),
    )
    ids.update(rows)
    return ids


def complaints_with_personal(
    database: Database, ids: Sequence[int]
) -> Iterator[tuple[Complaint, tuple[str | None, ...] | None]]:
    """Yield complaints, each with its consumer's name, phone, e-mail and address, None where there are none."""
    rows = database.rows(
        f"SELECT {COMPLAINT}, p.complaint, p.consumer, p.phone, p.email, p.address FROM complaint c "
        f"LEFT JOIN personal p ON p.complaint = c.id WHERE {database.dialect.among('c.id')}",
        (database.listed(ids),),
    )
    for row in rows:
        personal = row[COMPLAINT_WIDTH + 1 :] if row[COMPLAINT_WIDTH] is not None else None
        yield complaint_of(row[:COMPLAINT_WIDTH]), personal


def _corrects(entry: Transition) -> bool:
    return entry.kind is Kind.AMENDED and lifecycle.MOMENTS in entry.detail


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
        known = [entry for entry in entries if self.known_at is None or entry.recorded_at <= self.known_at]
        # What is taken back, or corrected, was never so.
        at = {entry.seq: entry.at for entry in lifecycle.effective(known)} if any(map(_corrects, known)) else {}
        seen = [
            entry
            for entry in known
            if entry.kind is Kind.VOIDED or _corrects(entry) or at.get(entry.seq, entry.at) <= self.moment
        ]
        return seen if any(entry.kind is Kind.RECEIVED for entry in seen) else []
