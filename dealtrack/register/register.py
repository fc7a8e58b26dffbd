"""The register: made, opened, written to and asked, without letting SQL out."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dealtrack.core import chain, lifecycle
from dealtrack.core.calendar import CalendarRules, DayList, WorkingCalendar
from dealtrack.core.clocks import Clock, current, judge, verdict, working_days_late
from dealtrack.core.lifecycle import Complaint, Kind, Status, Transition
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.core.standing import Lateness, Standing
from dealtrack.errors import AmbiguousNumber, RegisterExists, RegisterUnusable, UnknownComplaint, suggestion
from dealtrack.register import days, journal, projection, queries, schema
from dealtrack.register.connection import connect, faults_of, transaction
from dealtrack.register.journal import Event
from dealtrack.register.queries import Filter
from dealtrack.register.recorder import Personal, Recorder, Work


@dataclass(frozen=True, slots=True)
class Setup:
    """What a register is made with."""

    calendar: CalendarRules
    policies: Sequence[Policy]
    policy: str
    platforms: Sequence[Platform]
    timezone: str


class Register:
    """A register on disk; use as a context manager, which closes it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def create(cls, path: Path, setup: Setup, now: datetime, actor: str) -> None:
        """Make a register: wholly, or not at all. Raises RegisterExists or RegisterUnusable."""
        if os.path.lexists(path):
            raise RegisterExists(path=path)
        draft = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            connection = connect(draft, create=True)
            try:
                with faults_of(path):
                    connection.execute("PRAGMA journal_mode=WAL")
                    schema.migrate(connection)
                    cls(path, connection)._found(setup, now, actor)
            finally:
                connection.close()
            os.link(draft, path)
        except FileExistsError:
            raise RegisterExists(path=path) from None
        except OSError as error:
            raise RegisterUnusable(path=path, reason=error.strerror or str(error)) from None
        finally:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{draft}{suffix}").unlink(missing_ok=True)

    def _found(self, setup: Setup, now: datetime, actor: str) -> None:
        with self.recording(now, actor) as recorder:
            made = {"calendar": setup.calendar.to_data(), "timezone": setup.timezone, "policy": setup.policy}
            self._project_made(recorder.event(Event.MADE, made), made)
            for policy in setup.policies:
                recorder.take_in(policy)
            for platform in setup.platforms:
                recorder.enter_platform(platform)

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, read_only: bool = False) -> Iterator["Register"]:
        """Open a register; its faults come in the catalogue's words.

        Raises RegisterMissing, NotARegister, RegisterNewer or RegisterUnusable.
        """
        connection = connect(path, read_only=read_only)
        try:
            with faults_of(path):
                schema.check_version(connection, path)
                yield cls(path, connection)
        finally:
            connection.close()

    # What the register is

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """Return what the register was made with: timezone, calendar, policy, first and last day, revision."""
        return dict(self._connection.execute("SELECT name, value FROM fact"))

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which the register counts its days."""
        return ZoneInfo(self.facts["timezone"])

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """Return the present working calendar, read day by day."""
        facts = self.facts
        first, last = date.fromisoformat(facts["first"]), date.fromisoformat(facts["last"])
        return WorkingCalendar(days.StoredDays(self._connection, first, last), int(facts["revision"]))

    @cached_property
    def whole_calendar(self) -> WorkingCalendar:
        """Return the present working calendar held in memory, for counting by the thousand."""
        revision = int(self.facts["revision"])
        return WorkingCalendar(days.day_list(self._connection, revision), revision)

    def calendar_rules(self) -> CalendarRules:
        """Return the rules of the present calendar."""
        return days.rules_at(self._connection, int(self.facts["revision"]))

    @cached_property
    def policies(self) -> Mapping[str, list[Policy]]:
        """Return the policies that the register has taken in, each with its versions."""
        taken: dict[str, list[Policy]] = {}
        for name, definition in self._connection.execute("SELECT name, definition FROM policy ORDER BY name, in_force"):
            taken.setdefault(name, []).append(Policy.from_data(json.loads(definition)))
        return taken

    @property
    def clock_names(self) -> list[str]:
        """Return the names of all clocks of the policies taken in, the default policy's first."""
        default = self.facts["policy"]
        ordered = sorted(self.policies.items(), key=lambda item: item[0] != default)
        names = [clock.name for _, versions in ordered for policy in versions for clock in policy.clocks]
        return list(dict.fromkeys(names))

    @cached_property
    def platforms(self) -> list[Platform]:
        """Return the platforms that the register knows, by name."""
        rows = self._connection.execute("SELECT definition FROM platform ORDER BY name")
        return [projection.platform_from_data(json.loads(definition)) for (definition,) in rows]

    def head(self) -> tuple[int, str]:
        """Return the number of the journal's last entry, and its hash in hexadecimal."""
        tail = journal.Tail.of(self._connection)
        return tail.seq, tail.hash.hex()

    def policy_of(self, complaint: Complaint) -> Policy:
        """Return the version of the policy that a complaint is handled by."""
        versions = self.policies[complaint.policy]
        return next(
            (policy for policy in versions if policy.in_force.isoformat() == complaint.policy_version), versions[0]
        )

    # Asking

    def find(self, number: str) -> int:
        """Return the id of the complaint with an external number; raises UnknownComplaint or AmbiguousNumber."""
        found = queries.find_number(self._connection, number)
        if len(found) > 1:
            raise AmbiguousNumber(number=number, count=len(found), ids=", ".join(map(str, found)))
        if not found:
            near = queries.near_numbers(self._connection, number)
            raise UnknownComplaint(reference=number, nearest=suggestion(near))
        return found[0]

    def history(self, complaint: int) -> list[Transition]:
        """Return all transitions of a complaint in order of entry; raises UnknownComplaint."""
        entries = journal.history(self._connection, complaint)
        if not entries:
            (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM complaint").fetchone()
            hint = f" The register holds 1 to {last}." if last else " The register is empty."
            raise UnknownComplaint(reference=complaint, nearest=hint)
        return entries

    def personal(self, complaint: int) -> Personal | None:
        """Return a consumer's personal data, None where there is none or it was erased."""
        row = self._connection.execute(
            "SELECT consumer, phone, email, address FROM personal WHERE complaint = ?", (complaint,)
        ).fetchone()
        return Personal(*row) if row else None

    def clocks(self, complaint: Complaint, runs: Iterable[Clock], moment: datetime) -> tuple[Clock, ...]:
        """Return one clock for each rule of a complaint's policy, projected where it has not started."""
        policy = self.policy_of(complaint)
        is_paused = complaint.status is Status.PAUSED
        return tuple(current(runs, policy, complaint.is_open, is_paused, self.calendar, self.zone, moment))

    def standings(self, wanted: Filter, now: datetime, as_of: datetime | None = None) -> Iterator[Standing]:
        """Yield how each complaint that is meant stands now or stood at a moment, by id."""
        if as_of is None:
            for complaint, runs in queries.complaints(self._connection, wanted):
                yield Standing(complaint, self.clocks(complaint, runs, now), now)
            return
        for _, entries in self._histories(wanted.ids):
            standing = self.standing_of(entries, as_of)
            if standing is not None and wanted.matches(standing.complaint):
                yield standing

    def _histories(self, ids: Iterable[int] | None) -> Iterator[tuple[int, list[Transition]]]:
        if ids is None:
            yield from journal.histories(self._connection)
        else:
            for id_ in ids:
                entries = journal.history(self._connection, id_)
                if entries:
                    yield id_, entries

    def standing_of(self, entries: Sequence[Transition], moment: datetime) -> Standing | None:
        """Return how a complaint stood at a moment by its history; None where it was not received by then."""
        happened = _until(entries, moment)
        if not happened:
            return None
        complaint, runs = self.project(happened)
        if complaint.status is Status.VOIDED:
            return None
        return Standing(complaint, self.clocks(complaint, runs, moment), moment)

    def runs(self, entries: Sequence[Transition], moment: datetime) -> list[Clock]:
        """Return every run of every clock of a complaint as seen at a moment."""
        happened = _until(entries, moment)
        return self.project(happened)[1] if happened else []

    def overdue(self, wanted: Filter, now: datetime, as_of: datetime | None = None) -> Iterator[Lateness]:
        """Yield the clocks that run past their deadline, the longest late first."""
        if as_of is None:
            for complaint, clock in queries.running(self._connection, wanted, None, now):
                if clock.due is not None and clock.due < now:
                    yield self._lateness(complaint, clock, now)
            return
        found = [
            self._lateness(standing.complaint, clock, as_of)
            for standing in self._standings_of(queries.late_at(self._connection, as_of), wanted, as_of)
            for clock in standing.clocks
            if clock.started and standing.verdict(clock) == "overdue"
        ]
        yield from sorted(found, key=lambda lateness: (lateness.clock.due, lateness.complaint.id))

    def due(self, wanted: Filter, until: datetime, now: datetime, as_of: datetime | None = None) -> Iterator[Lateness]:
        """Yield the clocks that run and are due up to a moment, itself included, the earliest due first."""
        if as_of is None:
            for complaint, clock in queries.running(self._connection, wanted, now, until):
                yield self._lateness(complaint, clock, now)
            return
        found = [
            self._lateness(standing.complaint, clock, as_of)
            for standing in self.standings(wanted, now, as_of)
            for clock in standing.clocks
            if clock.started and clock.due and clock.due <= until and standing.verdict(clock) == "running"
        ]
        yield from sorted(found, key=lambda lateness: (lateness.clock.due, lateness.complaint.id))

    def _standings_of(self, ids: Iterable[int], wanted: Filter, moment: datetime) -> Iterator[Standing]:
        for id_ in ids:
            standing = self.standing_of(journal.history(self._connection, id_), moment)
            if standing is not None and wanted.matches(standing.complaint):
                yield standing

    def _lateness(self, complaint: Complaint, clock: Clock, moment: datetime) -> Lateness:
        late = working_days_late(clock, moment, self.calendar, self.zone)
        return Lateness(complaint, clock, verdict(clock, moment), late)

    # Writing

    @contextmanager
    def recording(self, now: datetime, actor: str) -> Iterator[Recorder]:
        """Hold one writing transaction for the block: all that is recorded in it is written, or nothing."""
        with transaction(self._connection):
            recorder = Recorder(self, self._connection, now, actor)
            yield recorder
            recorder.flush()

    def record(self, works: Iterable[Work], now: datetime, actor: str) -> list[int]:
        """Record transitions, all or none, and return the complaints they belong to, in order.

        Raises what `lifecycle.check_next` raises, UnknownComplaint and UnknownPolicy.
        """
        with self.recording(now, actor) as recorder:
            return [recorder.record(work).id for work in works]

    def take_in(self, policies: Iterable[Policy], now: datetime, actor: str) -> None:
        """Take policy versions into the register, each told in the journal."""
        with self.recording(now, actor) as recorder:
            for policy in policies:
                recorder.take_in(policy)

    def enter_platforms(self, platforms: Iterable[Platform], now: datetime, actor: str) -> None:
        """Enter new platforms, each told in the journal."""
        with self.recording(now, actor) as recorder:
            for platform in platforms:
                recorder.enter_platform(platform)

    def forget(self, name: str) -> None:
        """Forget what was read of a table that has been written to."""
        self.__dict__.pop(name, None)

    def project(self, history: Sequence[Transition]) -> tuple[Complaint, list[Clock]]:
        """Return the complaint that a history makes, and every run of its clocks."""
        complaint = lifecycle.fold(history[0].complaint, history)
        if complaint.status is Status.VOIDED:
            return complaint, []
        return complaint, judge(history, self.policy_of(complaint), self._calendar_at, self.zone)

    def calendar_of(self, clock: Clock) -> WorkingCalendar:
        """Return the calendar by which a clock was counted."""
        return self.calendar

    def _calendar_at(self, seq: int | None) -> WorkingCalendar:
        return self.calendar

    # Making the projection

    def _project_made(self, seq: int, made: Mapping[str, Any]) -> None:
        rules = CalendarRules.from_data(made["calendar"])
        facts = {
            "timezone": made["timezone"],
            "policy": made["policy"],
            "calendar": rules.name,
            "first": rules.first.isoformat(),
            "last": rules.last.isoformat(),
            "revision": "1",
        }
        self._connection.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
        self._connection.execute("INSERT INTO calendar_revision VALUES (1, ?)", (seq,))
        days.write_days(self._connection, DayList(rules))

    # Verifying

    def verify(self, head: str = "") -> "Verification":
        """Check the journal's chain, and that a head kept elsewhere is still in it.

        A head is a hash in hexadecimal, or at least its first eight digits.
        """
        wanted = head.strip().lower()
        known = Seen(wanted)
        fault = chain.first_fault(known.passing(journal.links(self._connection)))
        faults = [f"the journal was altered at entry {fault.seq}: {fault.reason}"] if fault else []
        if not fault and wanted and not known.found:
            faults.append(f"the head {wanted} is not in the journal: its tail was cut off, or it is another register")
        seq, last = self.head()
        return Verification(seq, last, faults)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the register found: its length, its head, and all that is wrong."""

    entries: int
    head: str
    faults: list[str]


class Seen:
    """Looks for a hash among the links that pass."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.found = False

    def passing(self, links: Iterable[chain.Link]) -> Iterator[chain.Link]:
        """Yield the links, remembering whether one has the hash that is wanted."""
        for link in links:
            if self._wanted and len(self._wanted) >= 8 and link.hash.hex().startswith(self._wanted):
                self.found = True
            yield link


def _until(entries: Sequence[Transition], moment: datetime) -> list[Transition]:
    voided = [entry for entry in entries if entry.kind is Kind.VOIDED]
    happened = [entry for entry in entries if entry.kind is not Kind.VOIDED and entry.at <= moment]
    return sorted((*happened, *voided), key=lambda entry: entry.seq) if happened else []
