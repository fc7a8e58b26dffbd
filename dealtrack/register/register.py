"""Reading a register: how complaints stand, now and at earlier moments. Callers see no SQL."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import (
    CalendarAt,
    Clock,
    Verdict,
    current,
    is_lateness_provisional,
    judge,
    judge_corrected,
    lateness_text,
    verdict,
    working_days_late,
)
from dealtrack.core.complaint_state import ComplaintState
from dealtrack.core.lifecycle import STATES_FIELDS, Complaint, Kind, Status, Transition
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.core.standing import Lateness, Standing
from dealtrack.core.text import first_few
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import AmbiguousNumber, UnknownComplaint, suggestion
from dealtrack.phrase import Phrase
from dealtrack.register import journal, projection, queries
from dealtrack.register.engine import Database
from dealtrack.register.journal import Event
from dealtrack.register.queries import PERSONAL_COLUMNS, Filter, Order, Personal, View
from dealtrack.register.store import Store

IDENTITY_DIGITS = 16


class Register(Store):
    """A register as it can be read."""

    def find(self, number: str) -> int:
        """Return the id of the complaint with an external number; raises UnknownComplaint or AmbiguousNumber."""
        ids = queries.meant_by_number(self.database, queries.find_numbers(self.database, [number])[number])
        if len(ids) > 1:
            raise AmbiguousNumber(number=number, count=len(ids), ids=first_few(ids))
        if not ids:
            stem = number[: max(1, len(number) - 2)]
            like = "SELECT number FROM complaint WHERE number >= ? AND number < ? ORDER BY number LIMIT 200"
            numbers = [each for (each,) in self.database.rows(like, (stem, stem + "\U0010ffff"))]
            raise UnknownComplaint(reference=number, nearest=suggestion(nearest_names(number, numbers)))
        return ids[0]

    def history(self, complaint: int) -> list[Transition]:
        """Return all transitions of a complaint in order of entry; raises UnknownComplaint."""
        entries = journal.history(self.database, complaint)
        if not entries:
            last = queries.last_complaint(self.database)
            hint = Phrase(" The register holds 1 to {last}.", last=last) if last else Phrase(" The register is empty.")
            raise UnknownComplaint(reference=complaint, nearest=hint)
        return entries

    def personal(self, complaint: int) -> Personal | None:
        """Return a consumer's personal data; None where there is none, or it was erased."""
        row = self.database.row(f"SELECT {PERSONAL_COLUMNS} FROM personal WHERE complaint = ?", (complaint,))
        return Personal(*row) if row else None

    def all_personal(self) -> Iterator[tuple[int, Personal]]:
        """Yield each complaint that has personal data, and the data, by id."""
        rows = self.database.stream(f"SELECT complaint, {PERSONAL_COLUMNS} FROM personal ORDER BY complaint")
        for id_, *fields in rows:
            yield id_, Personal(*fields)

    def standings(
        self, query: Filter, view: View, order: Order | None = None, limit: int | None = None
    ) -> Iterator[Standing]:
        """Yield how each complaint of a query stands in a view, by id or in another order; with a limit, the first."""
        for complaint, runs in queries.complaints(
            self.tables(view, query.ids), self.in_view(query, view), order, limit
        ):
            yield self.standing(complaint, runs, view)

    def count(self, query: Filter, view: View) -> int:
        """Return how many complaints of a query there are in a view."""
        return queries.count(self.tables(view, query.ids), self.in_view(query, view))

    @cached_property
    def _projected(self) -> dict[tuple[object, ...], Database]:
        return {}

    def tables(self, view: View, ids: Iterable[int] | None = None) -> Database:
        """Return the tables complaint and clock as a view shows them, for the modules of the register alone.

        At present they are the register's own; of an earlier moment they are projected from the transitions that the
        view shows, of the complaints with these ids, or of all.
        """
        if view.is_present:
            return self.database
        from dealtrack.register.sqlite.schema import scratch_tables  # a database in memory, whatever the engine

        key = view, self.head(), ids and tuple(ids)
        if key not in self._projected:
            tables = self.opened.enter_context(closing(scratch_tables()))
            writer = projection.RowWriter(tables)
            for entries in self.histories(ids):
                if seen := view.seen(entries):
                    writer.write(*self.project(seen, view.known_at), seen, is_new=True)
            writer.flush()
            self._projected[key] = tables
        return self._projected[key]

    def in_view(self, query: Filter, view: View) -> Filter:
        """Return a filter with the names that its platforms had in a view, those merged later among them."""
        if view.known_at is None or not query.platforms:
            return query
        last, names = self._last_seq(view.known_at), [*query.platforms]
        for seq, former, new in reversed(self.renamings):
            names += [former] if seq > last and new in names else []
        return query._replace(platforms=tuple(dict.fromkeys(names)))

    def named(self, history: Sequence[Transition], known_at: datetime | None = None) -> list[Transition]:
        """Return a history in which platforms have the names of now, or of a moment: the journal has those of then."""

        def name(entry: Transition) -> Transition:
            platform = self.platform_name(entry.detail["platform"], entry.seq, known_at)
            return entry._replace(detail={**entry.detail, "platform": platform})

        if not self.renamings:
            return list(history)
        return [name(entry) if "platform" in entry.detail else entry for entry in history]

    def standing_of(self, entries: Sequence[Transition], view: View) -> Standing | None:
        """Return how a complaint stands in a view by its history; None where it was not received by then, or voided."""
        seen = view.seen(entries)
        if not seen:
            return None
        complaint, runs = self.project(seen, view.known_at)
        return None if complaint.status is Status.VOIDED else self.standing(complaint, runs, view)

    def overdue(self, query: Filter, view: View) -> Iterator[Lateness]:
        """Yield the clocks that are overdue, the earliest deadline first; `core.clocks.verdict` decides."""
        query = self.in_view(query, view)
        for complaint, clock in queries.running(self.tables(view), query, None, view.moment):
            lateness = self.lateness(complaint, clock, view)
            if lateness.verdict is Verdict.OVERDUE:
                yield lateness

    def due(self, query: Filter, until: datetime, view: View) -> Iterator[Lateness]:
        """Yield the clocks that run and are due up to a moment, itself included, the earliest due first."""
        query = self.in_view(query, view)
        for complaint, clock in queries.running(self.tables(view), query, view.moment, until):
            yield self.lateness(complaint, clock, view)

    def histories(self, ids: Iterable[int] | None = None) -> Iterator[list[Transition]]:
        """Return the transitions of each complaint, or of those with these ids, in order of entry, voided ones too.

        Complaints come by id, or in the order of the ids; of an unknown one there is nothing.
        """
        return journal.histories(self.database) if ids is None else journal.histories_of(self.database, ids)

    def histories_beyond(self, kinds: Iterable[Kind], texts: Sequence[str]) -> Iterator[list[Transition]]:
        """Yield the transitions of complaints with an entry of another kind than these, or perhaps one of the texts.

        The texts are parts of details as JSON. Complaints come in the order of `histories`.
        """
        usual = [kind.value for kind in kinds]
        either = " OR ".join(
            [f"kind NOT IN ({', '.join('?' * len(usual))})", *[self.database.dialect.contains("detail")] * len(texts)]
        )
        condition = f"complaint IN (SELECT complaint FROM transition WHERE complaint IS NOT NULL AND ({either}))"
        return journal.histories(self.database, condition, [*usual, *texts])

    def identity(self) -> str:
        """Return the first digits of the hash of the journal's first entry, which no other register has."""
        return (journal.hash_at(self.database, 1) or b"").hex()[:IDENTITY_DIGITS]

    @cached_property
    def _calendar_entries(self) -> list[tuple[int, datetime]]:
        entries = journal.events(self.database, [Event.MADE, Event.CALENDAR_REVISED])
        return [(entry.seq, entry.recorded_at) for entry in entries]

    def last_change(self, complaint: int, view: View) -> tuple[int, datetime]:
        """Return the number of the last entry that may have moved a complaint's deadlines, and when it was made.

        It is the complaint's own last entry or the calendar's last revision that a view knows; the moment is in UTC.
        """
        revisions = [entry for entry in self._calendar_entries if view.known_at is None or entry[1] <= view.known_at]
        own = ((entry.seq, entry.recorded_at) for entry in view.seen(self.history(complaint)))
        return max([*revisions, *own], default=(0, view.moment))

    def calendar_in(self, view: View) -> WorkingCalendar:
        """Return the working calendar by which a view counts what has not ended."""
        return self.calendar if view.known_at is None else self.calendar_at(view.known_at)(None)

    def clock_names(self, view: View) -> list[str]:
        """Return the names of all clocks of the policies that a view knows, the default policy's first."""
        default, last = self.facts["policy"], self._last_seq(view.known_at)
        # From the journal, since entry numbers in the table of policies may be altered.
        entries = journal.events(self.database, [Event.POLICY_TAKEN_IN, Event.POLICY_CORRECTED])
        texts = (entry.detail.get("versions", [entry.detail]) for entry in entries if entry.seq <= last)
        policies = [Policy.from_data(data) for versions in texts for data in versions]
        ordered = sorted(policies, key=lambda policy: (policy.name != default, policy.name, policy.in_force))
        return list(dict.fromkeys(clock.name for policy in ordered for clock in policy.clocks))

    def standing(self, complaint: Complaint, runs: Sequence[Clock], view: View) -> Standing:
        """Return how a complaint stands in a view, by every run of its clocks."""
        if complaint.status is Status.VOIDED:
            # A complaint whose receipt was voided has neither a policy nor clocks.
            return Standing(complaint, (), view.moment)
        policy = self.policy_of(complaint)
        calendar = self.calendar_in(view)
        clocks = current(runs, policy, complaint.status, calendar, self.zone, view.moment, complaint.limits)
        return Standing(complaint, tuple(clocks), view.moment, tuple(runs))

    def lateness(self, complaint: Complaint, clock: Clock, view: View) -> Lateness:
        """Return how late a running clock is in a view, by the register's calendar."""
        calendar = self.calendar_in(view)
        # The national register need not have the policies of all offices.
        rule = self.policy_of(complaint).clock(clock.name) if complaint.policy in self.policies else None
        if rule is not None:
            clock = clock._replace(unit=rule.unit)
        late = working_days_late(clock, view.moment, calendar, self.zone)
        text = lateness_text(clock, view.moment, calendar, self.zone)
        doubts = view.is_ahead or is_lateness_provisional(clock, view.moment, calendar, self.zone)
        is_provisional = clock.provisional or (not text.startswith("0 ") and bool(text) and doubts)
        return Lateness(complaint, clock, verdict(clock, view.moment), late, is_provisional, text)

    def project(self, history: Sequence[Transition], known_at: datetime | None = None) -> tuple[Complaint, list[Clock]]:
        """Return the complaint that a history makes, and every run of its clocks.

        They are counted by the calendars and policies that the register knew of at a moment, or now.
        """
        return self.project_state(ComplaintState(history[0].complaint, history), known_at=known_at)

    def project_state(
        self, state: ComplaintState, calendar_at: CalendarAt | None = None, known_at: datetime | None = None
    ) -> tuple[Complaint, list[Clock]]:
        """Return the complaint of a state, and every run of its clocks, counted by other calendars where given."""
        calendar_at = calendar_at or self.calendar_at(known_at)
        complaint = state.complaint(self.zone)
        if complaint.status is Status.VOIDED:
            return complaint, []
        if self.renamings:
            stating = (entry for entry in reversed(state.entries) if entry.kind in STATES_FIELDS)
            seq = next(entry.seq for entry in stating if "platform" in entry.detail)
            complaint = complaint._replace(platform=self.platform_name(complaint.platform, seq, known_at))
        texts = self.texts_of(complaint, known_at)
        if texts is None:
            return complaint, judge(state.entries, self.policy_of(complaint), calendar_at, self.zone)
        policy, clocks = judge_corrected(state.entries, texts, complaint.is_open, calendar_at, self.zone)
        return complaint._replace(policy_version=policy.version), clocks

    def text_of(self, complaint: Complaint, clock: Clock) -> Policy:
        """Return the text of its policy by which a run of a complaint's clock was counted."""
        return self.policy_version(complaint.policy, clock.version or complaint.policy_version)

    def rule_of(self, complaint: Complaint, clock: Clock) -> ClockRule | None:
        """Return the rule by which a run of a complaint's clock was counted; None where the text has no such clock."""
        return self.text_of(complaint, clock).clock(clock.name)
