"""Complaints and runs of clocks counted for reports, as a view shows them, by what they have in common.

No verdict is decided here: each row bears what core decides it by, and whether a run is past its deadline.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, tzinfo
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

from dealtrack.core.lifecycle import Complaint, Status
from dealtrack.core.moments import from_store, local_day, to_store
from dealtrack.core.runs import End
from dealtrack.core.standing import Standing
from dealtrack.errors import OutsideCalendar
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
        self._condition, self._values = conditions(register.in_view(query, view))
        self._key = "period(c.received_at)" if period else f"c.{column}" if column else "NULL"
        self._define("local_day", day_function(register.zone, date.toordinal))
        if period:
            self._define("period", day_function(register.zone, period))

    def complaints(self) -> Iterator[tuple[Key, Complaint, int]]:
        """Yield complaints that are counted alike, as one that states what they have in common, and their number."""
        facts = (
            "c.status, c.policy, c.policy_version, c.seller, c.first_contact, c.reopenings, c.backdated > 0, "
            "c.withdrawn_at IS NOT NULL, c.rejected_at IS NOT NULL, c.merged_at IS NOT NULL"
        )
        for alike, total in self._alike(facts, "complaint c"):
            key, status, policy, version, seller, contact, reopenings, backdated, *ended = alike
            # Of those moments it counts only whether there is any.
            withdrawn, rejected, merged = (self._view.moment if each else None for each in ended)
            yield key, Complaint(
                0, status=Status(status), seller=seller, policy=policy, policy_version=version, reopenings=reopenings,
                withdrawn=withdrawn, rejected=rejected, merged=merged,
                first_contact=None if contact == NOT_KNOWN else bool(contact), backdated=backdated,
            ), total  # fmt: skip

    def intake(self) -> Iterator[tuple[Key, date, int]]:
        """Yield each day of receipt with its number of complaints."""
        for (key, day), total in self._alike("local_day(c.received_at)", "complaint c"):
            yield key, date.fromordinal(day), total

    def runs(self) -> Iterator[Runs]:
        """Yield the runs of clocks that have started."""
        earlier = "SELECT 1 FROM clock e WHERE e.complaint = k.complaint AND e.name = k.name AND e.round < k.round"
        own = "has_clock(c.policy, c.policy_version, k.name)" if self._register.corrections else "1"
        facts = (
            f"k.name, {own}, CASE k.round WHEN 1 THEN 1 ELSE NOT EXISTS ({earlier}) END, {IS_OPEN}, "
            f"k.\"end\", CASE WHEN k.ended_at IS NULL THEN k.due_at < '{to_store(self._view.moment)}' "
            "ELSE k.ended_at > k.due_at END, k.provisional, "
            "CASE k.\"end\" WHEN 'stopped' THEN working_days(k.started_at, k.ended_at, k.revision) END"
        )
        number_by, outside = cache(self._number_by), list[OutsideCalendar]()

        def working_days(start: str, end: str, revision: int | None) -> int | None:
            try:
                number = number_by(revision)
                return number(end) - number(start)
            except OutsideCalendar as error:
                # SQLite would say of it that a function raised an exception, and no more.
                outside.append(error)
                return None

        self._define("working_days", working_days)
        version_of = self._register.policy_version
        self._define("has_clock", cache(lambda policy, version, name: bool(version_of(policy, version).clock(name))))
        rows = self._alike(facts, "clock k CROSS JOIN complaint c ON c.id = k.complaint")
        if outside:
            raise outside[0]
        for (key, name, is_own, is_first, is_open, end, is_late, provisional, days), total in rows:
            late = None if is_late is None else bool(is_late)
            flags = bool(is_own), bool(is_first), bool(is_open)
            yield Runs(key, name, *flags, End(end) if end else None, late, bool(provisional), days, total)

    def closed_with(self, outcome: str) -> Iterator[tuple[Key, Complaint]]:
        """Yield the complaints that closed with an outcome, and those reopened, which may have done so before."""
        rows = self._tables.execute(
            f"SELECT {self._key}, {COMPLAINT} FROM complaint c "
            f"WHERE {self._condition} AND (c.outcome = ? OR c.reopenings > 0)",
            [*self._values, outcome],
        )
        return ((key, complaint_of(row)) for key, *row in rows)

    def doubtful(self) -> Iterator[tuple[Key, Standing]]:
        """Yield how the complaints stand that may have a provisional deadline: open ones, and those with such a run."""
        rows = self._tables.execute(
            f"SELECT c.id, {self._key} FROM complaint c WHERE {self._condition} "
            f"AND c.id IN (SELECT c.id FROM complaint c WHERE {IS_OPEN} "
            "UNION SELECT k.complaint FROM clock k WHERE k.provisional = 1)",
            self._values,
        )
        keys: dict[int, Key] = dict(rows)
        for standing in self._register.standings(self._query._replace(ids=tuple(keys)), self._view):
            yield keys[standing.complaint.id], standing

    def _define(self, name: str, function: Callable[..., Any]) -> None:
        self._tables.create_function(name, -1, function, deterministic=True)

    def _alike(self, facts: str, source: str) -> Iterable[tuple[tuple[Any, ...], int]]:
        """Return what rows have in common, their key first, and how many they are.

        This is GROUP BY of all that is selected. SQLite would sort every row for it, which takes half as long again.
        """
        rows = self._tables.execute(f"SELECT {self._key}, {facts} FROM {source} WHERE {self._condition}", self._values)
        return Counter(rows).items()

    def _number_by(self, revision: int | None) -> Callable[[str], int]:
        """Return what gives the working days up to a stored moment, from a day that is the same for all of them.

        They are counted by a revision of the calendar. It raises OutsideCalendar.
        """
        register = self._register
        calendar = register.calendar_of(revision) if revision else register.calendar_in(self._view)
        since = sorted((calendar.first, local_day(self._view.moment, register.zone), calendar.last))[1]
        return day_function(register.zone, partial(calendar.count_between, since))


def day_function(zone: tzinfo, of_day: Callable[[date], Value]) -> Callable[[str], Value]:
    """Return what gives a value of the day of a stored moment in a time zone; it remembers those of the hours."""
    of_day = cache(of_day)

    @cache
    def of_hour(hour: str) -> Value | None:
        first, last = (local_day(from_store(f"{hour}:{rest}Z"), zone) for rest in ("00:00", "59:59"))
        return of_day(first) if first == last else None

    def of_moment(moment: str) -> Value:
        value = of_hour(moment[:13])
        return of_day(local_day(from_store(moment), zone)) if value is None else value

    return of_moment


def first_received(register: Register, query: Filter, view: View) -> datetime | None:
    """Return the moment of the first receipt, in UTC, of the complaints that are meant; None without any."""
    condition, values = conditions(query)
    statement = f"SELECT min(c.received_at) FROM complaint c WHERE {condition}"
    (first,) = register.tables(view).execute(statement, values).fetchone()
    return from_store(first) if first else None
