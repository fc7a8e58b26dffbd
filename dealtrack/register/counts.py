"""Complaints and runs of clocks counted for reports, as a view shows them, by what they have in common.

No verdict is decided here: each row bears what core decides it by, and whether a run is past its deadline.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from dealtrack.core.lifecycle import Complaint, Status
from dealtrack.core.moments import from_store, local_day, offsets, to_store
from dealtrack.core.runs import End
from dealtrack.core.standing import Standing
from dealtrack.register.projection import NOT_KNOWN, complaint_of
from dealtrack.register.queries import COMPLAINT, IS_OPEN, Filter, View, conditions
from dealtrack.register.register import Register

Value = TypeVar("Value")
Key = str | None
"""The name of a group; None of the complaints that do not state it."""


class Runs(NamedTuple):
    """So many runs of clocks (`total`) that have the rest in common.

    `is_own` tells that the complaint's policy has the clock, and not an earlier text of it alone, `is_first` that it is
    the first run of the clock, `is_open` that the complaint is. `is_late` tells that it ended after its deadline, or
    runs past it; it is None without a deadline. `days` are the working days that a run took which was stopped.
    """

    key: Key
    name: str
    is_own: bool
    is_first: bool
    is_open: bool
    end: End | None
    is_late: bool | None
    provisional: bool
    days: int | None
    total: int


class Counts:
    """Counts the complaints that a filter means, and their clocks, as a view shows them.

    The groups are those of a column of complaint, or where `period` is given those that it names for a day of receipt;
    an empty column makes one group of all. Raises OutsideCalendar.
    """

    def __init__(
        self, register: Register, query: Filter, view: View, column: str, period: Callable[[date], str] | None
    ) -> None:
        self._register, self._query, self._view = register, query, view
        self._tables = register.tables(view)
        self._condition, self._values = conditions(register.in_view(query, view), self._tables)
        self._part = parts_of_days(register.zone)
        self._name = day_function(register.zone, period) if period else None
        self._key = self._part("c.received_at") if period else f"c.{column}" if column else "NULL"

    def complaints(self) -> Iterator[tuple[Key, Complaint, int]]:
        """Yield complaints that are counted alike, as one that states what they have in common, and their number."""
        ended = "coalesce(c.withdrawn_at, c.rejected_at, c.merged_at) IS NOT NULL"
        names = ("status", "policy", "policy_version", "seller", "first_contact", "reopenings")
        facts = [*(f"c.{name}" for name in names), "c.backdated > 0", ended]
        for alike, total in self._alike(facts, "complaint c"):
            key, status, policy, version, seller, contact, reopenings, backdated, has_ended = alike
            # Of the moments at which it was withdrawn, rejected or merged it counts only whether there is any.
            yield key, Complaint(
                0, status=Status(status), seller=seller, policy=policy, policy_version=version, reopenings=reopenings,
                withdrawn=self._view.moment if has_ended else None,
                first_contact=None if contact == NOT_KNOWN else bool(contact), backdated=backdated,
            ), total  # fmt: skip

    def intake(self) -> Iterator[tuple[Key, date, int]]:
        """Yield days of receipt with their numbers of complaints; a day may come more than once."""
        day_of = day_function(self._register.zone, lambda day: day)
        for (key, received), total in self._alike([self._part("c.received_at")], "complaint c"):
            yield key, day_of(received), total

    def runs(self) -> Iterator[Runs]:
        """Yield the runs of clocks that have started."""
        register, moment = self._register, to_store(self._view.moment)
        earlier = "SELECT 1 FROM clock e WHERE e.complaint = k.complaint AND e.name = k.name AND e.round < k.round"
        span = f"{self._part('k.ended_at')} || {self._part('k.started_at')}"
        facts = [
            f"CASE k.\"end\" WHEN 'stopped' THEN {span} END",
            "CASE k.\"end\" WHEN 'stopped' THEN k.revision END",
            "k.name",
            f"CASE WHEN k.round = 1 THEN true ELSE NOT EXISTS ({earlier}) END",
            IS_OPEN,
            'k."end"',
            f"CASE WHEN k.ended_at IS NULL THEN k.due_at < '{moment}' ELSE k.ended_at > k.due_at END",
            "k.provisional",
            *(["c.policy", "c.policy_version"] if register.corrections else []),
        ]
        number_by = cache(self._number_by)
        has_clock = cache(lambda name, *policy: not policy or bool(register.policy_version(*policy).clock(name)))
        source = f"clock k {self._tables.dialect.join} complaint c ON c.id = k.complaint"
        for alike, total in self._alike(facts, source):
            key, span, revision, name, is_first, is_open, end, late, provisional, *policy = alike
            flags = has_clock(name, *policy), bool(is_first), bool(is_open)
            is_late = None if late is None else bool(late)
            days = None
            if span is not None:
                number, middle = number_by(revision), len(span) // 2
                days = number(span[:middle]) - number(span[middle:])
            yield Runs(key, name, *flags, End(end) if end else None, is_late, bool(provisional), days, total)

    def closed_with(self, outcome: str) -> Iterator[tuple[Key, Complaint]]:
        """Yield the complaints that closed with an outcome, and those reopened, which may have done so before."""
        rows = self._tables.stream(
            f"SELECT {self._key}, {COMPLAINT} FROM complaint c "
            f"WHERE {self._condition} AND (c.outcome = ? OR c.reopenings > 0)",
            [*self._values, outcome],
        )
        return ((self._name_of(key), complaint_of(row)) for key, *row in rows)

    def doubtful(self) -> Iterator[tuple[Key, Standing]]:
        """Yield how the complaints stand that may have a provisional deadline: open ones, and those with such a run."""
        rows = self._tables.rows(
            f"SELECT c.id, {self._key} FROM complaint c WHERE {self._condition} "
            f"AND c.id IN (SELECT c.id FROM complaint c WHERE {IS_OPEN} "
            "UNION SELECT k.complaint FROM clock k WHERE k.provisional = 1)",
            self._values,
        )
        keys = {id_: self._name_of(key) for id_, key in rows}
        for standing in self._register.standings(self._query._replace(ids=tuple(keys)), self._view):
            yield keys[standing.complaint.id], standing

    def _name_of(self, key: Any) -> Key:
        """Return the name of a group from what stands for it in a row."""
        named: Key = self._name(key) if self._name else key
        return named

    def _alike(self, facts: Iterable[str], source: str) -> Iterator[tuple[tuple[Any, ...], int]]:
        """Yield what rows have in common, the name of their group first, and how many they are.

        A server groups them, so that only the groups travel. SQLite would sort every row for that, which takes half as
        long again.
        """
        columns = [self._key, *facts]
        rows = f"FROM {source} WHERE {self._condition}"
        groups: Iterable[tuple[Sequence[Any], int]]
        if self._tables.is_remote:
            positions = ", ".join(str(position) for position, _ in enumerate(columns, 2))
            counted = f"SELECT count(*), {', '.join(columns)} {rows} GROUP BY {positions}"
            groups = ((alike, total) for total, *alike in self._tables.stream(counted, self._values))
        else:
            groups = Counter(self._tables.stream(f"SELECT {', '.join(columns)} {rows}", self._values)).items()
        for (key, *alike), total in groups:
            yield (self._name_of(key), *alike), total

    def _number_by(self, revision: int | None) -> Callable[[str], int]:
        """Return what gives the working days up to a stored moment, from a day that is the same for all of them.

        They are counted by a revision of the calendar. It raises OutsideCalendar.
        """
        register = self._register
        calendar = register.calendar_of(revision) if revision else register.calendar_in(self._view)
        since = sorted((calendar.first, local_day(self._view.moment, register.zone), calendar.last))[1]
        return day_function(register.zone, partial(calendar.count_between, since))


def parts_of_days(zone: ZoneInfo) -> Callable[[str], str]:
    """Return what gives, as SQL, the start of the part of its day in UTC in which a stored moment lies.

    No part lies on two days of the zone: one begins wherever the zone's days may begin, by any offset that it ever has,
    and at the times at which its offset changes.
    """
    midnight = datetime(2000, 1, 1, tzinfo=UTC)
    starts = {to_store(midnight)[11:]}
    for since, offset in offsets(str(zone)):
        starts |= {since[11:], to_store(midnight - timedelta(seconds=offset))[11:]}
    spans = list(pairwise([*sorted(starts), "24"]))

    def part(moment: str) -> str:
        whens = " ".join(f"WHEN substr({moment}, 12) < '{end}' THEN '{start}'" for start, end in spans)
        return f"substr({moment}, 1, 11) || CASE {whens} END"

    return part


def day_function(zone: tzinfo, of_day: Callable[[date], Value]) -> Callable[[str], Value]:
    """Return what gives a value of the day of a stored moment in a time zone; it remembers those of the moments."""
    of_day = cache(of_day)
    return cache(lambda moment: of_day(local_day(from_store(moment), zone)))


def first_received(register: Register, query: Filter, view: View) -> datetime | None:
    """Return the moment of the first receipt, in UTC, of the complaints that are meant; None without any."""
    tables = register.tables(view)
    condition, values = conditions(query, tables)
    statement = f"SELECT min(c.received_at) FROM complaint c WHERE {condition}"
    ((first,),) = tables.rows(statement, values)
    return from_store(first) if first else None
