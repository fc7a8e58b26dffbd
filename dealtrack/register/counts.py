"""Complaints and runs of clocks counted by what they have in common, as reports ask: three scans, however many.

What makes runs late, done or projected is not decided here: each kind comes with what core decides it by.

A batch of complaints is told by SQLite as a few long texts, a column each, that are split and counted at the speed
of C: a row on its own costs Python more than all that SQLite does for it, and GROUP BY sorts every row. Of 200,000
complaints and 390,000 runs, rows counted in Python took 2.7 s, GROUP BY 1.6 s, this 1.2 s. What can have a few values
only is packed into one number, whose text is shorter to make and to count than theirs.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from operator import sub
from typing import Any, NamedTuple, TypeVar

from dealtrack.core.clocks import End
from dealtrack.core.moments import from_store, to_store
from dealtrack.register.beside import Beside, beside
from dealtrack.register.queries import Filter, conditions

BATCH = 20_000
"""Complaints a batch."""

GROUPED = ("platform", "category", "seller", "owner")
ENDS = (*End, None)
HIGHEST = (1 << 63) - 1
NO_MOMENT = "-"
"""What is asked of `Grouping.numbers` in place of a moment that does not count."""

SEPARATOR = "\0"
"""Stands in no text of a register (`clean_input`)."""

Value = TypeVar("Value")


class Known(dict[str, Value]):
    """What is found out of stored moments, remembered, up to a number of them."""

    MOST = 200_000

    def __init__(self, find: Callable[[str], Value]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, text: str) -> Value:
        """Find out of a moment what was not asked before."""
        if len(self) >= self.MOST:
            self.clear()
        found = self[text] = self._find(text)
        return found


class Grouping(NamedTuple):
    """By what is counted: a column, one of GROUPED, or else where `periods` is given the period of the receipt.

    The mappings tell of a stored moment its day, the working days up to that day, and its period. With `by_hour`
    they are asked by its first characters, the hour included. `earlier` holds the working days by each revision of the
    calendar before the present one by which ended runs were judged.
    """

    column: str
    by_hour: bool
    days: Mapping[str, date]
    numbers: Mapping[str, int]
    periods: Mapping[str, str] | None = None
    earlier: Mapping[int, Mapping[str, int]] = {}


class Complaints(NamedTuple):
    """Complaints that have this in common; `policy` is the place of their policy version among those asked about."""

    key: str | None
    is_open: bool
    completed: bool
    first_contact: bool
    contact_unknown: bool
    third_party: bool
    backdated: bool
    policy: int
    reopenings: int


class Runs(NamedTuple):
    """Runs of clocks that have this in common; `days` are the working days that they took; None unless stopped.

    `late` tells whether the run ended after its deadline, or where it has not ended, whether its deadline lies
    before the moment asked about; None where there is no deadline.
    """

    key: str | None
    name: str
    is_first: bool
    is_open: bool
    end: End | None
    late: bool | None
    provisional: bool
    days: int | None


class Advances(NamedTuple):
    """Complaints that closed with one outcome and have this in common; `amount` is None where none is stated."""

    key: str | None
    third_party: bool
    amount: str | None


def complaints(
    connection: sqlite3.Connection,
    wanted: Filter,
    grouping: Grouping,
    policies: Sequence[tuple[str, str]],
    third_party: str,
) -> tuple[dict[Complaints, int], Counter[tuple[str | None, date]]]:
    """Return kinds of the complaints that are meant, and groups with days of receipt, each with how many they are.

    `policies` are the names and versions of policies; a version that is not among them is taken for the first of its
    name. `third_party` is the seller that is told from others.
    """
    exact = " ".join(f"WHEN c.policy_version = ? AND c.policy = ? THEN {n}" for n in range(len(policies)))
    named = " ".join(f"WHEN c.policy = ? THEN {n}" for n in range(len(policies)))
    fields = [
        ("c.status NOT IN ('closed', 'voided')", 1),
        ("c.status = 'closed' AND c.withdrawn_at IS NULL AND c.rejected_at IS NULL", 1),
        ("c.first_contact > 0", 1),
        ("c.first_contact < 0", 1),
        ("c.seller IS ?", 1),
        ("c.backdated > 0", 1),
        (f"CASE {exact} {named} END", len(policies).bit_length()),
        ("c.reopenings", 61),
    ]
    values = [third_party, *(text for name, version in policies for text in (version, name))]
    values += [name for name, _ in policies]
    kinds: Counter[tuple[str, str | None]] = Counter()
    intake: Counter[tuple[str | None, date]] = Counter()
    columns = [f"group_concat({_packed(fields)}, ' ')", _moments(grouping, "c.received_at"), _keys(grouping)]
    with _batches(connection, wanted, columns, values, "complaint c", "c.id") as batches:
        for packed, received, texts in batches:
            numbers, moments = packed.split(" "), _split_moments(grouping, received)
            keys = _split_keys(grouping, texts, moments, len(numbers))
            kinds.update(zip(numbers, keys, strict=True))
            intake.update(zip(keys, map(grouping.days.__getitem__, moments), strict=True))
    told: dict[Complaints, int] = {}
    for (number, key), count in kinds.items():
        *flags, policy, reopenings = _unpacked(fields, number)
        is_open, completed, first_contact, unknown, is_third_party, backdated = map(bool, flags)
        kind = Complaints(
            key, is_open, completed, first_contact, unknown, is_third_party, backdated, policy, reopenings
        )
        told[kind] = count
    return told, intake


def runs(
    connection: sqlite3.Connection, wanted: Filter, grouping: Grouping, names: Sequence[str], moment: datetime
) -> dict[Runs, int]:
    """Return kinds of runs of the clocks so named, of the complaints that are meant, each with how many they are."""
    fields = [
        (f"CASE k.name {_places(len(names))} END", len(names).bit_length()),
        ("k.round = 1", 1),
        ("c.status NOT IN ('closed', 'voided')", 1),
        (f"CASE coalesce(k.\"end\", '') {_places(len(ENDS))} END", 3),
        ("coalesce(CASE WHEN k.ended_at IS NULL THEN k.due_at < ? ELSE k.ended_at > k.due_at END, 2)", 2),
        ("k.provisional > 0", 1),
    ]
    values = [*names, *End, "", to_store(moment)]
    nothing = ":".join([NO_MOMENT] * 3) if grouping.by_hour else NO_MOMENT
    stopped = "CASE WHEN k.\"end\" = 'stopped' THEN {} ELSE '{}' END"
    columns = [
        f"group_concat({_packed(fields)}, ' ')",
        _moments(grouping, stopped.format("k.started_at", nothing)),
        _moments(grouping, stopped.format("k.ended_at", nothing)),
        _keys(grouping),
    ]
    if grouping.periods is not None:
        columns.append(_moments(grouping, "c.received_at"))
    if grouping.earlier:
        columns.append("group_concat(coalesce(k.revision, 0), ' ')")
    kinds: Counter[tuple[str, str | None, int]] = Counter()
    source = "clock k CROSS JOIN complaint c ON c.id = k.complaint"
    with _batches(connection, wanted, columns, values, source, "k.complaint") as batches:
        for packed, started, ended, texts, *more in batches:
            numbers = packed.split(" ")
            moments = _split_moments(grouping, more[0]) if grouping.periods is not None else []
            keys = _split_keys(grouping, texts, moments, len(numbers))
            ends, starts = _split_moments(grouping, ended), _split_moments(grouping, started)
            revisions = more[-1] if grouping.earlier else ""
            kinds.update(zip(numbers, keys, _between(grouping, starts, ends, revisions), strict=True))
    told: dict[Runs, int] = {}
    for (packed, key, days), count in kinds.items():
        name, is_first, is_open, end, late, provisional = _unpacked(fields, packed)
        sides = (False, True, None)
        took = days if ENDS[end] is End.STOPPED else None
        run = Runs(key, names[name], bool(is_first), bool(is_open), ENDS[end], sides[late], bool(provisional), took)
        told[run] = count
    return told


def _between(grouping: Grouping, starts: Sequence[str], ends: Sequence[str], revisions: str) -> Iterable[int]:
    """Return the working days between moments, each pair by its revision of the calendar where these are told."""
    if revisions:
        tables = [grouping.earlier.get(int(text), grouping.numbers) for text in revisions.split(" ")]
        return [table[end] - table[start] for table, start, end in zip(tables, starts, ends, strict=True)]
    number = grouping.numbers.__getitem__
    return map(sub, map(number, ends), map(number, starts))


def judging_revisions(connection: sqlite3.Connection) -> list[int]:
    """Return the revisions of the calendar by which ended runs were judged."""
    rows = connection.execute("SELECT DISTINCT revision FROM clock WHERE revision IS NOT NULL")
    return [revision for (revision,) in rows]


def advances(
    connection: sqlite3.Connection, wanted: Filter, grouping: Grouping, outcome: str, third_party: str
) -> Counter[Advances]:
    """Return kinds of the complaints that are meant and closed with an outcome, each with how many they are.

    Those that were reopened are not among them: their tables tell of the last closing alone.
    """
    condition, values = conditions(wanted)
    key = f"c.{grouping.column}" if grouping.column else "NULL"
    received = "c.received_at" if grouping.periods is not None else "NULL"
    rows = connection.execute(
        f"SELECT {key}, c.seller IS ?, c.amount, {received} FROM complaint c "
        f"WHERE c.outcome = ? AND c.reopenings = 0 AND {condition}",
        [third_party, outcome, *values],
    )
    told: Counter[Advances] = Counter()
    for key, is_third_party, amount, moment in rows:
        if grouping.periods is not None:
            key = grouping.periods[_split_moments(grouping, moment)[0]]
        told[Advances(key, bool(is_third_party), amount)] += 1
    return told


def reopened(connection: sqlite3.Connection, wanted: Filter, word: str) -> list[int]:
    """Return the complaints, of those that are meant, that were reopened and whose history may hold a word."""
    condition, values = conditions(wanted)
    rows = connection.execute(
        f"SELECT c.id FROM complaint c WHERE c.reopenings > 0 AND {condition} AND EXISTS "
        "(SELECT 1 FROM transition t WHERE t.complaint = c.id AND instr(t.detail, ?))",
        [*values, word],
    )
    return [complaint for (complaint,) in rows]


def provisional(connection: sqlite3.Connection, wanted: Filter) -> list[int]:
    """Return the complaints, of those that are meant, with a provisional run of a clock."""
    condition, values = conditions(wanted)
    rows = connection.execute(
        "SELECT DISTINCT k.complaint FROM clock k CROSS JOIN complaint c ON c.id = k.complaint "
        f"WHERE k.provisional = 1 AND {condition}",
        values,
    )
    return [complaint for (complaint,) in rows]


def last_running_due(connection: sqlite3.Connection) -> datetime | None:
    """Return the latest deadline of the clocks that run, None where none runs."""
    (last,) = connection.execute(
        "SELECT max(due_at) FROM clock WHERE ended_at IS NULL AND due_at IS NOT NULL"
    ).fetchone()
    return from_store(last) if last else None


@contextmanager
def _batches(
    connection: sqlite3.Connection, wanted: Filter, columns: Sequence[str], values: Sequence[Any], source: str, id_: str
) -> Iterator[Iterator[tuple[str, ...]]]:
    """Give the columns, each as one text, of a batch of the complaints that are meant after the other.

    While one batch is counted, SQLite tells the next: a report on 1,000,000 complaints takes 2.6 s instead of 4.4.
    """
    condition, more = conditions(wanted)
    statement = f"SELECT {', '.join(columns)} FROM {source} WHERE {condition} AND {id_} >= ? AND {id_} < ?"

    def first_beyond(id_: int) -> int | None:
        ((found,),) = connection.execute("SELECT min(id) FROM complaint WHERE id > ?", (id_,)).fetchall()
        return int(found) if found is not None else None

    def ask(first: int) -> tuple[str, ...]:
        row: tuple[str, ...] = connection.execute(statement, [*values, *more, first, first + BATCH]).fetchone()
        return row

    def told_beside(helper: Beside) -> Iterator[tuple[str, ...]]:
        first = first_beyond(-HIGHEST)
        row = ask(first) if first is not None else None
        while first is not None and row is not None:
            first = first_beyond(first + BATCH - 1)
            told = helper.begin(partial(ask, first)) if first is not None else None
            if row[0] is not None:
                yield row
            row = told() if told is not None else None

    with beside(connection) as helper:
        yield told_beside(helper)


def _packed(fields: Sequence[tuple[str, int]]) -> str:
    """Return one number in place of several, each given with the bits that it may take."""
    shift, told = 0, []
    for field, bits in fields:
        told.append(f"(({field}) << {shift})")
        shift += bits
    return " | ".join(told)


def _unpacked(fields: Sequence[tuple[str, int]], packed: str) -> list[int]:
    number, told = int(packed), []
    for _, bits in fields:
        told.append(number & (1 << bits) - 1)
        number >>= bits
    return told


def _places(count: int) -> str:
    return " ".join(f"WHEN ? THEN {place}" for place in range(count))


def _moments(grouping: Grouping, column: str) -> str:
    """Return one text of many moments. The hours are split off it: substr() of each would take thrice as long."""
    return f"group_concat({column}, '{':' if grouping.by_hour else ' '}')"


def _split_moments(grouping: Grouping, text: str) -> list[str]:
    return text.split(":")[::3] if grouping.by_hour else text.split(" ")


def _keys(grouping: Grouping) -> str:
    return f"group_concat(coalesce(c.{grouping.column}, ''), char(0))" if grouping.column else "NULL"


def _split_keys(grouping: Grouping, text: str | None, received: Sequence[str], count: int) -> list[str | None]:
    """Return the groups of so many rows; that of a column which states nothing is None, as no text of it is empty."""
    if grouping.periods is not None:
        return list(map(grouping.periods.__getitem__, received))
    if text is None:
        return [None] * count
    keys: list[str | None] = [*text.split(SEPARATOR)]
    return [key or None for key in keys] if "" in keys else keys
