"""Writing to the register: within one transaction, entries are added to the journal and the tables follow."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from itertools import starmap
from typing import Any, NamedTuple

from dealtrack.core import lifecycle, limits
from dealtrack.core.clocks import Clock
from dealtrack.core.complaint_state import ComplaintState
from dealtrack.core.lifecycle import COMMAND, MOMENTS, NO_DETAIL, Complaint, Detail, Kind, Transition
from dealtrack.core.moments import HOUR_UNKNOWN, Moment, from_store, local_day, looks_hourless
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy, check_office_hours, check_same_version
from dealtrack.core.vocabulary import OTHER
from dealtrack.errors import PersonalAltered, RegisterOlder
from dealtrack.register import journal, projection, queries
from dealtrack.register.engine import replacing
from dealtrack.register.journal import Event
from dealtrack.register.personal import PERSONAL_ROW, PersonalCheck, new_salts, personal_digest, personal_row
from dealtrack.register.queries import Personal
from dealtrack.register.register import Register
from dealtrack.register.store import Store

MOST_NAMED = 9
"""How many complaints a result names at most: as many as tell that there are more than are shown."""

LIMITED = frozenset({Kind.PAUSED, Kind.RESUMED, Kind.EXTENDED, Kind.EVENT, Kind.VOIDED})
VOUCHING = frozenset({Kind.RECEIVED, Kind.AMENDED})
"""The kinds that personal data can come with: their detail holds a digest of it."""
RENAMING = frozenset({Kind.AMENDED, Kind.VOIDED})
"""The kinds after which a complaint may be found by another number, or by none."""


class Proposal(NamedTuple):
    """A transition that is to be recorded."""

    kind: Kind
    at: Moment
    detail: Detail = NO_DETAIL


class Work(NamedTuple):
    """Transitions to record for one complaint; None stands for a new one.

    `is_history` tells that another register has decided what its policy allows, by moments that were corrected since.
    """

    complaint: int | None
    proposals: Sequence[Proposal]
    personal: Personal | None = None
    is_history: bool = False


class RecordedComplaint(NamedTuple):
    """What a recording made of a complaint: how it is now, every run of its clocks, and the new entries."""

    complaint: Complaint
    clocks: list[Clock]
    entries: list[Transition]


class RecordingResult(NamedTuple):
    """What a recording did to the register.

    `complaints` are the first few of which it says something. `ahead` is the moment that the new entries bear where
    the machine's clock is behind the last entry by more than `journal.CLOCKS_DIFFER`, in UTC. `passed_over` are the ids
    that no new complaint got, because somebody had put in personal data of theirs. `server_time` is the server's, in
    UTC, where the machine's clock differs from it by more than that.
    """

    is_change: bool
    complaints: tuple[int, ...] = ()
    ahead: datetime | None = None
    passed_over: tuple[int, ...] = ()
    server_time: datetime | None = None


@contextmanager
def recording(register: Register, now: datetime, actor: str, is_import: bool = False) -> "Iterator[Recorder]":
    """Hold one writing transaction for the block: all that is recorded in it is written, or nothing.

    Of several entries, but for those of an import, each names the first, so that `undo` knows which belong together.
    Raises RegisterOlder where the schema could not be brought up to date.
    """
    with writing(register):
        recorder = Recorder(register, now, actor, is_import)
        yield recorder
        recorder.flush()


class NothingWritten(Exception):
    """Rolls a transaction back that was only to show what it would do."""


@contextmanager
def writing(register: Store) -> Iterator[None]:
    """Write all that the block writes, or nothing; raises RegisterOlder where the schema could not be changed."""
    upgrade = register.upgrade
    if upgrade is not None and upgrade.reason:
        raise RegisterOlder(path=register.address, found=upgrade.old, known=upgrade.new, reason=upgrade.reason)
    try:
        with register.database.writing():
            # Another may have changed the calendar since it was read: while a clerk was asked, say.
            register.renew()
            yield
    except BaseException:
        # What was read meanwhile may be of entries that are not written.
        register.forget()
        raise
    register.engine.finish_writing(register)


class Recorder:
    """Records within one transaction of `recording`; nothing else may write meanwhile."""

    def __init__(self, register: Register, now: datetime, actor: str, is_import: bool) -> None:
        self.register = register
        self._database = database = register.database
        self.now, self.actor = now, actor
        self._is_import, self._command = is_import, 0
        last = journal.LastEntry.from_rows(register.opening_rows("head"))
        self._entries = journal.JournalWriter(database, last, now, actor)
        self.recorded_at = self._entries.recorded_at
        self._first_seq = self._entries.next_seq
        self._complaints: dict[int, None] = {}
        self._rows = projection.RowWriter(database)
        self._numbers: dict[str | None, list[int]] = {}
        self._keys: dict[str | None, int | None] = {}
        self._personal: list[tuple[int, Personal, bytes]] = []
        self._salts = new_salts()
        ((last_id,),) = register.opening_rows("last")
        self._last = int(last_id)
        self._put_in = {id_ for (id_,) in register.opening_rows("beyond")}

    @cached_property
    def _personal_check(self) -> PersonalCheck:
        return PersonalCheck(self._database, keys=False)

    def flush(self) -> None:
        """Write what waits to be written."""
        self._entries.flush()
        self._rows.flush()
        self._database.write_many("personal", starmap(personal_row, self._personal))
        self._personal.clear()

    def history(self, complaint: int) -> list[Transition]:
        """Return a complaint's transitions, those just recorded included; raises UnknownComplaint."""
        if self._entries.has_unwritten:
            self.flush()
        return self.register.history(complaint)

    def look_up(
        self, numbers: Collection[str], keys: Collection[str] = ()
    ) -> dict[int, tuple[Complaint, Personal | None]]:
        """Look many external numbers, and keys of imports, up at once: a quarter of the time of one by one.

        Returns the complaints with them, and their personal data, as they now are.
        """
        self.flush()
        self._numbers = queries.find_numbers(self._database, numbers)
        self._keys = queries.find_import_keys(self._database, keys) if keys else {}
        ids = [id_ for ids in self._numbers.values() for id_ in ids]
        ids += [id_ for id_ in self._keys.values() if id_ is not None]
        rows = queries.complaints_with_personal(self._database, ids) if ids else ()
        return {complaint.id: (complaint, Personal(*fields) if fields else None) for complaint, fields in rows}

    def find_number(self, number: str) -> list[int]:
        """Return the ids of the complaints with an external number, those just recorded included."""
        if number not in self._numbers:
            self.flush()
            self._numbers |= queries.find_numbers(self._database, [number])
        return self._numbers[number]

    def meant_by_number(self, ids: list[int]) -> list[int]:
        """Return which of the complaints with one external number it means."""
        if len(ids) > 1:
            self.flush()
        return queries.meant_by_number(self._database, ids)

    def find_import_key(self, key: str) -> int | None:
        """Return the complaint that an import entered under a key, None where there is none."""
        if key not in self._keys:
            self.flush()
            self._keys |= queries.find_import_keys(self._database, [key])
        return self._keys[key]

    def personal(self, complaint: int) -> Personal | None:
        """Return a consumer's personal data, just recorded or not; None where there is none."""
        if self._personal:
            self.flush()
        return self.register.personal(complaint)

    @property
    def last(self) -> int:
        """Return the highest id of a complaint, those just recorded included; 0 without any."""
        return self._last

    @property
    def is_first(self) -> bool:
        """Tell whether the register holds no complaint yet."""
        return self._last == 0

    def record(self, work: Work, new_id: int = 0) -> RecordedComplaint:
        """Record a complaint's transitions and return what they make of it.

        A new one gets the next id, or `new_id` where that lies beyond all that were given.
        Where one is refused none is recorded. Raises what the checks of `limits` raise, UnknownComplaint,
        UnknownPolicy and PersonalAltered.
        """
        is_new = work.complaint is None
        id_ = self.next_id(new_id) if work.complaint is None else work.complaint
        state = ComplaintState(id_, () if is_new else self.history(id_))
        if work.personal is not None and not is_new:
            self._check_personal(id_)
        salt = next(self._salts) if work.personal is not None else b""
        decided = self._decide(state, work, salt)
        # What can still be refused, a deadline outside the calendar, is refused before anything is written.
        complaint, clocks = self.register.project_state(state)
        if is_new:
            self._last = id_
        if work.personal is not None and not VOUCHING.isdisjoint([entry.kind for entry in decided]):
            self._write_personal(id_, work.personal, salt, is_new)
        self._entries.add(decided)
        self._rows.write(complaint, clocks, state.history, is_new)
        if is_new:
            self._remember(id_, complaint.number, projection.import_key_of(state.history))
        elif any(entry.kind in RENAMING for entry in decided):
            self._numbers, self._keys = {}, {}
        if len(self._complaints) < MOST_NAMED:
            self._complaints[id_] = None
        return RecordedComplaint(complaint, clocks, decided)

    def next_id(self, new_id: int) -> int:
        """Return the id of the next new complaint: `new_id` where that lies beyond all that were given."""
        # A row of personal data that somebody put in stays as it is, for `verify` to name; no complaint may inherit it.
        id_ = max(self._last + 1, new_id)
        while id_ in self._put_in:
            id_ += 1
        return id_

    def result(self) -> RecordingResult:
        """Return what was done, once the recording has ended."""
        server_time = self.register.server_time
        return RecordingResult(
            self._entries.next_seq > self._first_seq,
            tuple(self._complaints),
            self.recorded_at if self.recorded_at - self.now > journal.CLOCKS_DIFFER else None,
            tuple(sorted(id_ for id_ in self._put_in if id_ < self._last)),
            server_time if server_time and abs(server_time - self.now) > journal.CLOCKS_DIFFER else None,
        )

    def _decide(self, state: ComplaintState, work: Work, salt: bytes) -> list[Transition]:
        """Return the transitions that proposals make, each at the moment that is stored, and add them to the state."""
        decided: list[Transition] = []
        for seq, proposal in enumerate(work.proposals, self._entries.next_seq):
            kind, moment, detail = proposal
            previous = limits.previous_transition(state.entries, kind)
            at = limits.moment_to_store(moment, previous and previous.at)
            limits.check_next(state, kind, at, self.now, work.is_history)
            is_said = kind in lifecycle.ANNOTATIONS or lifecycle.DAY_UNKNOWN in detail or HOUR_UNKNOWN in detail
            if not is_said and (moment.day_only or looks_hourless(at, previous and previous.at, self.register.zone)):
                detail = {**detail, HOUR_UNKNOWN: moment.day_only}
            if kind in LIMITED:
                self._check_limits(state, proposal, at, work.is_history)
            if kind in VOUCHING:
                detail = dict(detail)
                if kind is Kind.RECEIVED:
                    version = self.register.version_on(detail["policy"], local_day(at, self.register.zone))
                    detail["policy_version"] = version.version
                for each in detail.get(MOMENTS, ()):
                    if each["kind"] == Kind.RECEIVED and "seq" in each:
                        detail["policy_version"] = self._version(state, from_store(each["at"]))
                if lifecycle.LIMITS in detail:
                    limits.check_not_transferred(state, kind)
                    policy, received = self._terms(state, detail, at)
                    # The receipt of a history may be one that was corrected since, and the limit another.
                    limits.check_stated_limits(policy, None if work.is_history else received, detail[lifecycle.LIMITS])
                if work.personal is not None and MOMENTS not in detail:
                    detail["personal"] = personal_digest(salt, work.personal)
            if not self._is_import:
                self._command = self._command or seq
                detail = detail if seq == self._command else {**detail, COMMAND: self._command}
            entry = Transition(seq, state.id, kind, at, self.recorded_at, self.actor, detail)
            if MOMENTS in detail:
                limits.check_moments(state.id, [*state.history, entry], detail, self.now)
            decided.append(entry)
            state.add(entry)
        return decided

    def _terms(self, state: ComplaintState, detail: Detail, at: datetime) -> tuple[Policy, datetime | None]:
        """Return the policy of a complaint that an entry receives or amends, and the moment of its receipt."""
        if not state.entries:
            return self.register.version_on(detail["policy"], local_day(at, self.register.zone)), at
        complaint, _ = self.register.project_state(state)
        return self.register.policy_of(complaint), complaint.received

    def _version(self, state: ComplaintState, received: datetime) -> str:
        """Return the version of its policy for a complaint whose receipt is corrected; raises what its limits raise.

        It is one of the texts that the complaint is handled by, which a later correction of the policy does not change.
        """
        text, day = self.register.policy_of(state.complaint()), local_day(received, self.register.zone)
        policy = self.register.version_on(text.name, day, text.revision)
        limits.check_stated_limits(policy, received, lifecycle.stated_limits(state.entries))
        return policy.version

    def _check_limits(self, state: ComplaintState, proposal: Proposal, at: datetime, is_history: bool) -> None:
        if proposal.kind is Kind.VOIDED:
            limits.check_void(state.id, state.history, proposal.detail["seq"])
            return
        if proposal.kind is Kind.RESUMED:
            if proposal.detail.get(lifecycle.RESTART):
                limits.check_restart(state.id, self.register.policy_of(state.complaint()))
            return
        complaint, runs = self.register.project_state(state)
        policy = self.register.policy_of(complaint)
        if proposal.kind is Kind.PAUSED:
            if not is_history:
                limits.check_pause(state.id, policy, runs)
        elif proposal.kind is Kind.EVENT:
            limits.check_event(policy, proposal.detail["name"])
        elif is_history:  # its deadline may have been another then: before a moment was corrected, say
            limits.check_clock(policy, proposal.detail["clock"])
        else:
            terms = self.register.calendar, self.register.zone
            limits.check_extension(state.id, policy, runs, state.entries, proposal.detail, at, *terms)

    def _check_personal(self, complaint: int) -> None:
        # What is amended is vouched for together with all that stays: that must not be what somebody else put in.
        if self.personal(complaint) is not None and any(self._personal_check.faults(complaint, complaint)):
            raise PersonalAltered(complaint=complaint)

    def _write_personal(self, complaint: int, personal: Personal, salt: bytes, is_new: bool) -> None:
        if is_new:
            self._personal.append((complaint, personal, salt))
        else:
            self.flush()
            self._database.write(replacing("personal", PERSONAL_ROW), personal_row(complaint, personal, salt))

    def _remember(self, id_: int, number: str | None, key: str | None) -> None:
        """Keep what a new complaint is found by, where it was looked up."""
        if number in self._numbers:
            self._numbers[number].append(id_)
        if key in self._keys:
            self._keys[key] = id_

    def category_words(self) -> Iterator[tuple[str, int]]:
        """Yield what files called the category of complaints just entered that are other, and how often."""
        word, category = (self._database.dialect.detail("detail", name) for name in ("category_word", "category"))
        return self._database.stream(
            f"SELECT {word}, count(*) FROM transition WHERE seq >= ? "
            f"AND kind = 'received' AND {category} = ? AND {word} IS NOT NULL GROUP BY 1 ORDER BY 1",
            (self._first_seq, OTHER),
        )

    def use_policy(self, name: str, load: Callable[[str], Sequence[Policy]]) -> str:
        """Return the own name of a policy that was named, taking it in with `load` at its first use.

        Raises what `load` raises for a name that it does not know.
        """
        if name in self.register.policies:
            return name
        versions = load(name)
        own = versions[0].name
        if own not in self.register.policies:
            for version in versions:
                self.take_in(version)
        return own

    def take_in(self, policy: Policy) -> bool:
        """Take a policy version into the register; return False where it stands there already.

        Raises PolicyDiffers where the version of that day stands there with other content, and NoOfficeHours.
        """
        check_office_hours([policy], self.register.calendar.rules)
        versions = self.register.policies.get(policy.name, ())
        present = next((version for version in versions if version.in_force == policy.in_force), None)
        if present is not None:
            check_same_version(present, policy)
            return False
        if versions:
            policy = policy._replace(revision=versions[0].revision)
        self.event(Event.POLICY_TAKEN_IN, policy.to_data())
        return True

    def enter_platform(self, platform: Platform) -> None:
        """Enter a new platform."""
        self.event(Event.PLATFORM_ENTERED, platform.to_data())

    def event(self, kind: Event, detail: Mapping[str, Any], at: datetime | None = None) -> None:
        """Add an entry of the register's own, by default of this moment, and write to the tables what it tells."""
        seq = self._entries.event(kind, detail, at)
        self._entries.flush()
        projection.apply_entry(self._database, journal.entry_at(self._database, seq))
        # An import may enter platforms by the hundred: all else stays as it was read.
        self.register.forget(*(["platforms"] if kind is Event.PLATFORM_ENTERED else []))
