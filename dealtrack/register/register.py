"""The register: asked how complaints stand, and told what happens to them, without letting SQL out."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import CalendarAt, Clock, current, is_lateness_provisional, judge, verdict, working_days_late
from dealtrack.core.correction import judge_corrected
from dealtrack.core.lifecycle import Complaint, Kind, Life, Status, Transition, before_reopenings
from dealtrack.core.moments import to_store
from dealtrack.core.platform import Platform, check_names_free
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.core.standing import Lateness, Standing
from dealtrack.errors import AmbiguousNumber, UnknownComplaint, suggestion
from dealtrack.phrase import Phrase, listed
from dealtrack.register import journal, queries
from dealtrack.register.journal import Event
from dealtrack.register.queries import Filter
from dealtrack.register.store import Store
from dealtrack.register.view import View

if TYPE_CHECKING:
    from collections import Counter

    from dealtrack.register import counts
    from dealtrack.register.days import StoredDays
    from dealtrack.register.founding import Setup
    from dealtrack.register.personal import Personal
    from dealtrack.register.recorder import Recorder, Work


class Register(Store):
    """A register on disk."""

    @classmethod
    def create(cls, path: Path, setup: "Setup", now: datetime, actor: str) -> None:
        """Make a register: wholly, or not at all. Raises RegisterExists or RegisterUnusable."""
        from dealtrack.register.founding import found

        found(cls, path, setup, now, actor)

    # Asking

    def find(self, number: str) -> int:
        """Return the id of the complaint with an external number; raises UnknownComplaint or AmbiguousNumber."""
        found = queries.find_number(self._connection, number)
        if len(found) > 1:
            raise AmbiguousNumber(number=number, count=len(found), ids=listed(map(str, found)))
        if not found:
            near = queries.near_numbers(self._connection, number)
            raise UnknownComplaint(reference=number, nearest=suggestion(near))
        return found[0]

    def history(self, complaint: int) -> list[Transition]:
        """Return all transitions of a complaint in order of entry; raises UnknownComplaint."""
        entries = journal.history(self._connection, complaint)
        if not entries:
            last = queries.last_complaint(self._connection)
            hint = Phrase(" The register holds 1 to {last}.", last=last) if last else Phrase(" The register is empty.")
            raise UnknownComplaint(reference=complaint, nearest=hint)
        return entries

    def personal(self, complaint: int) -> "Personal | None":
        """Return a consumer's personal data, None where there is none or it was erased."""
        from dealtrack.register.personal import Personal

        row = queries.personal(self._connection, complaint)
        return Personal(*row) if row else None

    def all_personal(self) -> "Iterator[tuple[int, Personal]]":
        """Yield each complaint of which there is personal data, with that, by id."""
        from dealtrack.register.personal import Personal

        for id_, *fields in queries.all_personal(self._connection):
            yield id_, Personal(*fields)

    def standings(self, wanted: Filter, view: View) -> Iterator[Standing]:
        """Yield how each complaint that is meant stands in a view, by id."""
        held, others = self.parted(wanted, view)
        told = self.standings_among(others, wanted, view)
        if held is None:
            yield from told
        elif view.is_present:
            yield from self.held_standings(held, view)
        else:
            from heapq import merge

            yield from merge(self.held_standings(held, view), told, key=lambda standing: standing.complaint.id)

    def parted(self, wanted: Filter, view: View) -> tuple[Filter | None, Sequence[int] | None]:
        """Part the complaints that are meant into those that the tables tell of as a view shows them, and the others.

        Those stood and were known as they are now to which nothing has happened, and nothing was added, since. None as
        the first is for none. The others are given by id, more than are meant; None is for all.
        """
        if view.is_present:
            return wanted, ()
        known = last_id = journal.GREATEST
        if view.known is not None:
            known = journal.last_seq(self._connection, to_store(view.known))
            last_id = journal.last_received(self._connection, known)
        if wanted.ids is not None or Status.VOIDED in wanted.statuses or self.is_counted_otherwise_since(known):
            return None, wanted.ids
        happened = journal.last_seq(self._connection, to_store(view.moment))
        changed = tuple(queries.changed_since(self._connection, view.moment, happened, known, last_id))
        return wanted._replace(received_by=view.moment, last_id=last_id, without=changed), changed

    def held_standings(self, wanted: Filter, view: View) -> Iterator[Standing]:
        """Yield how each complaint that is meant stands at the moment of a view, by id, by the tables as they are."""
        for complaint, runs in queries.complaints(self._connection, wanted):
            yield self._standing(complaint, runs, view)

    def standings_among(self, ids: Iterable[int] | None, wanted: Filter, view: View) -> Iterator[Standing]:
        """Yield how each complaint stands in a view that is meant and among these, all for None, by their histories."""
        for entries in self._histories(ids):
            standing = self._seen(entries, view)
            if standing is not None and wanted.matches(standing.complaint):
                yield standing

    def standing_of(self, entries: Sequence[Transition], view: View) -> Standing | None:
        """Return how a complaint stands in a view by its history; None where it was not received by then, or voided."""
        standing = self._seen(entries, view)
        return None if standing is None or standing.complaint.status is Status.VOIDED else standing

    def _seen(self, entries: Sequence[Transition], view: View) -> Standing | None:
        """Return how a complaint stands in a view, voided ones too; None where it was not received by then."""
        seen = view.seen(entries)
        if not seen:
            return None
        complaint, runs = self.project_in(seen, view.known)
        before = before_reopenings(complaint.id, seen) if complaint.reopenings else ()
        return self._standing(complaint, runs, view)._replace(closed_before=tuple(before))

    def overdue(self, wanted: Filter, view: View) -> Iterator[Lateness]:
        """Yield the clocks that run past their deadline, the longest late first."""
        if view.is_present:
            for complaint, clock in queries.running(self._connection, wanted, None, view.moment):
                if verdict(clock, view.moment) == "overdue":
                    yield self._lateness(complaint, clock, view)
            return
        # What has happened since changes nothing in what was late then; what was added since may.
        held, ids = (wanted, ()) if view.known is None else self.parted(wanted, view)
        if self.corrections:
            # A corrected policy may have clocks that no table holds for what has ended.
            ids = None
        elif held is not None and ids is not None:
            # A revision of the calendar may make a clock late that was not so by the calendar it was judged by.
            asked = queries.late_at if len(self.revisions) < 2 else queries.running_at
            ids = sorted({*ids, *asked(self._connection, view.moment)})
        yield from self._watched(ids, wanted, "overdue", view)

    def due(self, wanted: Filter, until: datetime, view: View) -> Iterator[Lateness]:
        """Yield the clocks that run and are due up to a moment, itself included, the earliest due first."""
        if view.is_present:
            for complaint, clock in queries.running(self._connection, wanted, view.moment, until):
                yield self._lateness(complaint, clock, view)
            return
        held, ids = self.parted(wanted, view)
        if self.corrections:
            ids = None
        elif held is not None and ids is not None:
            ids = sorted({*ids, *queries.running_at(self._connection, view.moment)})
        yield from self._watched(ids, wanted, "running", view, until)

    def _watched(
        self, ids: Iterable[int] | None, wanted: Filter, told: str, view: View, until: datetime | None = None
    ) -> Iterator[Lateness]:
        from dealtrack.register.ordering import in_order

        def found(ids: Iterable[int] | None) -> Iterator[tuple[tuple[datetime, int, str], Lateness]]:
            for standing in self.standings_among(ids, wanted, view):
                for clock in standing.clocks:
                    due = clock.due if clock.started and standing.verdict(clock) == told else None
                    if due is not None and (until is None or due <= until):
                        yield (due, standing.complaint.id, clock.name), self._lateness(standing.complaint, clock, view)

        return in_order(found(ids), lambda key: dict(found([key[1]]))[key])

    def histories(self) -> Iterator[list[Transition]]:
        """Yield the transitions of each complaint in order of entry, complaints by id, voided ones among them."""
        return self._histories(None)

    def histories_beyond(self, kinds: Iterable[Kind], words: Iterable[str]) -> Iterator[list[Transition]]:
        """Yield the transitions of the complaints with an entry of another kind, or whose detail may hold such a word.

        They come as those of `histories` do.
        """
        names = [kind.value for kind in kinds]
        return (entries for _, entries in journal.histories_beyond(self._connection, names, words))

    def _histories(self, ids: Iterable[int] | None) -> Iterator[list[Transition]]:
        if ids is None:
            yield from (entries for _, entries in journal.histories(self._connection))
        else:
            yield from filter(None, (journal.history(self._connection, id_) for id_ in ids))

    # Counting, for reports

    def complaints_alike(
        self, wanted: Filter, grouping: "counts.Grouping", policies: Sequence[Policy], third_party: str
    ) -> "tuple[dict[counts.Complaints, int], Counter[tuple[str | None, date]]]":
        """Return kinds of complaints, as they stand, and their days of receipt, as `counts.complaints` does."""
        from dealtrack.register import counts

        versions = [(policy.name, policy.version) for policy in policies]
        return counts.complaints(self._connection, wanted, grouping, versions, third_party)

    def runs_alike(
        self, wanted: Filter, grouping: "counts.Grouping", names: Sequence[str], moment: datetime
    ) -> "dict[counts.Runs, int]":
        """Return kinds of runs of the clocks of some names, as they stand, as `counts.runs` does."""
        from dealtrack.register import counts

        if queries.last_complaint(self._connection) > counts.BATCH:
            # While a thread tells batch after batch, no day may be looked for on its connection.
            cast("StoredDays", self.calendar.days).read_numbers()
        return counts.runs(self._connection, wanted, grouping, names, moment)

    def advances_alike(
        self, wanted: Filter, grouping: "counts.Grouping", outcome: str, third_party: str
    ) -> "Counter[counts.Advances]":
        """Return kinds of complaints that closed with an outcome, as they stand, as `counts.advances` does.

        Those that were reopened are not among them.
        """
        from dealtrack.register import counts

        return counts.advances(self._connection, wanted, grouping, outcome, third_party)

    def reopened(self, wanted: Filter, word: str) -> Iterator[Standing]:
        """Yield each complaint that is meant, was reopened and whose history may hold a word, as it stands.

        Of its clocks nothing is said.
        """
        from dealtrack.register import counts

        for entries in self._histories(counts.reopened(self._connection, wanted, word)):
            complaint = Life(entries[0].complaint, entries).complaint()
            before = before_reopenings(complaint.id, entries)
            yield Standing(complaint, (), entries[-1].recorded_at, closed_before=tuple(before))

    def first_received(self, wanted: Filter) -> datetime | None:
        """Return the moment of the first receipt among the complaints that are meant, as they stand, in UTC."""
        return queries.first_received(self._connection, wanted)

    def provisional_ids(self, wanted: Filter) -> list[int]:
        """Return the complaints, as they stand, with a provisional run of a clock."""
        from dealtrack.register import counts

        return counts.provisional(self._connection, wanted)

    def last_running_due(self) -> datetime | None:
        """Return the latest deadline of the clocks that run, None where none runs."""
        from dealtrack.register import counts

        return counts.last_running_due(self._connection)

    def earlier_calendars(self) -> dict[int, WorkingCalendar]:
        """Return, by their revisions, the calendars before the present one by which clocks that ended were judged."""
        if len(self.revisions) < 2:
            return {}
        from dealtrack.register import counts

        judging = counts.judging_revisions(self._connection)
        return {revision: self.calendar_of(revision) for revision in judging if revision != self.revision}

    def calendar_in(self, view: View) -> WorkingCalendar:
        """Return the working calendar by which a view counts what has not ended."""
        return self.calendar if view.known is None else self.calendar_at(view.known)(None)

    def clock_names(self, view: View) -> list[str]:
        """Return the names of all clocks of the policies that a view knows, the default policy's first."""
        default = self.facts["policy"]
        # Kind by kind, that SQLite need not sort them.
        kinds = (Event.POLICY_TAKEN_IN, Event.POLICY_CORRECTED)
        entries = (entry for kind in kinds for entry in journal.events(self._connection, [kind]))
        last = self._last_known(view.known)
        told = (entry.detail.get("versions", [entry.detail]) for entry in entries if entry.seq <= last)
        known = [Policy.from_data(data) for versions in told for data in versions]
        ordered = sorted(known, key=lambda policy: (policy.name != default, policy.name, policy.in_force))
        return list(dict.fromkeys(clock.name for policy in ordered for clock in policy.clocks))

    def _standing(self, complaint: Complaint, runs: Sequence[Clock], view: View) -> Standing:
        if complaint.status is Status.VOIDED:
            # A complaint whose receipt was voided has neither a policy nor clocks.
            return Standing(complaint, (), view.moment)
        policy = self.policy_of(complaint)
        calendar = self.calendar_in(view)
        is_paused = complaint.status is Status.PAUSED
        clocks = current(runs, policy, complaint.is_open, is_paused, calendar, self.zone, view.moment)
        return Standing(complaint, tuple(clocks), view.moment, tuple(runs))

    def _lateness(self, complaint: Complaint, clock: Clock, view: View) -> Lateness:
        calendar = self.calendar_in(view)
        late = working_days_late(clock, view.moment, calendar, self.zone)
        doubts = view.is_ahead or is_lateness_provisional(clock, view.moment, calendar, self.zone)
        is_provisional = clock.provisional or (late > 0 and doubts)
        return Lateness(complaint, clock, verdict(clock, view.moment), late, is_provisional)

    # Telling

    @contextmanager
    def recording(self, now: datetime, actor: str) -> "Iterator[Recorder]":
        """Hold one writing transaction for the block: all that is recorded in it is written, or nothing."""
        # What writes is imported here, so that commands that only look need not wait for it.
        from dealtrack.register.recorder import Recorder

        with self.writing():
            recorder = Recorder(self, self._connection, now, actor)
            yield recorder
            recorder.flush()
            told_of = journal.complaints_from(self._connection, recorder.first_seq)
        self.done = told_of or self.done
        if recorder.recorded_at > now:
            self.clock_was_behind = recorder.recorded_at
        self.passed_over = recorder.passed_over

    def record(self, works: "Iterable[Work]", now: datetime, actor: str) -> list[int]:
        """Record transitions, all or none, and return the complaints they belong to, in order.

        Raises what `Recorder.record` raises.
        """
        with self.recording(now, actor) as recorder:
            return [recorder.record(work).id for work in works]

    def take_in(self, policies: Iterable[Policy], now: datetime, actor: str) -> list[Policy]:
        """Take policy versions into the register, each told in the journal; return those that it did not hold.

        Raises PolicyDiffers, with none taken in, where it holds one of a version's day with other content.
        """
        with self.recording(now, actor) as recorder:
            return [policy for policy in policies if recorder.take_in(policy)]

    def enter_platforms(self, platforms: Iterable[Platform], now: datetime, actor: str) -> None:
        """Enter new platforms, each told in the journal; raises PlatformExists for a name that stands for one."""
        with self.recording(now, actor) as recorder:
            self.forget("platforms")
            for platform in platforms:
                check_names_free(platform.names, self.platforms)
                recorder.enter_platform(platform)

    def project(self, history: Sequence[Transition]) -> tuple[Complaint, list[Clock]]:
        """Return the complaint that a history makes, and every run of its clocks."""
        return self.project_life(Life(history[0].complaint, history))

    def project_in(self, history: Sequence[Transition], known: datetime | None) -> tuple[Complaint, list[Clock]]:
        """Return what a history makes by the calendars and policies that were known at a moment, or now."""
        return self._project(Life(history[0].complaint, history), self.calendar_at(known), known)

    def project_life(self, life: Life) -> tuple[Complaint, list[Clock]]:
        """Return the complaint that a life has made, and every run of its clocks."""
        return self._project(life, self.calendar_at())

    def project_by(self, history: Sequence[Transition], calendar: WorkingCalendar) -> tuple[Complaint, list[Clock]]:
        """Return what a history makes where every run of a clock, ended or not, is counted by one calendar."""
        return self._project(Life(history[0].complaint, history), lambda _: calendar)

    def _project(
        self, life: Life, calendar_at: CalendarAt, known: datetime | None = None
    ) -> tuple[Complaint, list[Clock]]:
        complaint = life.complaint(self.zone)
        if complaint.status is Status.VOIDED:
            return complaint, []
        texts = self.texts_of(complaint, known)
        if texts is None:
            return complaint, judge(life.entries, self.policy_of(complaint), calendar_at, self.zone)
        policy, clocks = judge_corrected(life.entries, texts, complaint.is_open, calendar_at, self.zone)
        return complaint._replace(policy_version=policy.version), clocks

    def text_of(self, complaint: Complaint, clock: Clock) -> Policy:
        """Return the text of its policy by which a run of a complaint's clock was counted."""
        return self.policy_version(complaint.policy, clock.version or complaint.policy_version)

    def rule_of(self, complaint: Complaint, clock: Clock) -> ClockRule | None:
        """Return the rule by which a run of a complaint's clock was counted; None where the text has no such clock."""
        return self.text_of(complaint, clock).clock(clock.name)
