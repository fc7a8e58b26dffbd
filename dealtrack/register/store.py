"""What a register knows besides its complaints: its facts, its calendar, its policies and platforms."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import date, datetime
from functools import cache, cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dealtrack.core.calendar import CalendarRules, Ruling, WorkingCalendar, ruling_from_data
from dealtrack.core.clocks import CalendarAt
from dealtrack.core.corrections import Correction, PolicyAt, policy_at
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import from_store, local_day, to_store
from dealtrack.core.policy import Policy, version_for
from dealtrack.core.text import fit_text
from dealtrack.errors import RegisterNewer, RegisterUnusable, UnknownPolicy
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import (
    SHOWN_NAME,
    VERSION,
    Address,
    Database,
    Engine,
    EngineFault,
    FaultKind,
    Row,
    SelectStatement,
    Upgrade,
)
from dealtrack.register.journal import Event

if TYPE_CHECKING:
    from dealtrack.core.platform import Platform

FACTS = {"timezone", "policy", "calendar"}


_OWN = {"own": "SELECT count(*) FROM transition WHERE complaint IS NULL"}
OPENING = {
    **_OWN,
    "fact": "SELECT name, value FROM fact",
    "policy": "SELECT definition, seq FROM policy ORDER BY name, in_force",
    "platform": "SELECT definition FROM platform ORDER BY name",
    "revision": (
        "SELECT seq FROM transition WHERE complaint IS NULL AND "
        f"kind IN ('{Event.MADE.value}', '{Event.CALENDAR_REVISED.value}')"
    ),
    # A query a kind spares the database a sort.
    **{
        kind.value: f"SELECT seq, detail FROM transition WHERE complaint IS NULL AND kind = '{kind.value}' ORDER BY seq"
        for kind in (Event.RECHECKED, Event.PLATFORM_RENAMED, Event.PLATFORM_MERGED)
    },
}
"""What most commands read of a register, from a server all at once; first how many entries it has of its own."""

MAIL_COLUMNS = "office, seq, complaint, hash, recorded_at"
MAIL_ORDER = "ORDER BY recorded_at, office, seq"
OF_SERVER = {"mailbox": f"SELECT {MAIL_COLUMNS} FROM mailbox {MAIL_ORDER}"}
"""What is read beside that of a register on a server."""

RECORDING = {
    **_OWN,
    "head": journal.LAST,
    "last": "SELECT coalesce(max(id), 0) FROM complaint",
    "beyond": "SELECT complaint FROM personal WHERE complaint > (SELECT coalesce(max(id), 0) FROM complaint)",
}
"""What every recording reads too: the journal's last entry, the highest id, and personal data beyond that."""

_SERVER_TIME = """SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""

CACHED = (
    *("facts", "zone", "calendar", "revisions", "rejudgings", "policies", "platforms", "renamings"),
    *("texts", "corrections"),
    *("_calendars", "_calendar_entries", "_versions"),
)
"""The properties of a register that are computed once, and that `forget` drops; some are those of `Register`."""


class Store:
    """A register's tables and what it was set up with."""

    def __init__(self, engine: Engine, database: Database, upgrade: Upgrade | None = None) -> None:
        self.engine = engine
        self.database = database
        """For the modules of the register alone."""
        self.upgrade = upgrade
        """What opening it did, where its schema was an older one."""
        self.server_time: datetime | None = None
        """The server's time as the last recording began, in UTC; None for a file."""
        self.opened = ExitStack()
        """What was opened to look at the register, and is closed with it."""
        self._whole: dict[int, WorkingCalendar] = {}
        self._last_seqs: dict[datetime, int] = {}
        self._opening: dict[str, list[Row]] = {}
        # How many entries of its own the register had when it was read: all else that is kept follows from them.
        self._own: int | None = None
        # A revision never changes, so that what was read of its years stays true.
        self._present: WorkingCalendar | None = None

    @property
    def address(self) -> Address:
        """Return where the register lies."""
        return self.engine.address

    @property
    def path(self) -> Path:
        """Return the register's file; only for one that lies in a file."""
        assert isinstance(self.address, Path)
        return self.address

    def one_state(self) -> AbstractContextManager[None]:
        """Show the block one state of the register throughout, whatever others write meanwhile."""
        return self.database.one_state()

    def forget(self, *names: str) -> None:
        """Forget what was read of tables that have been written to; without names, of all."""
        self._opening.clear()
        for name in names or CACHED:
            self.__dict__.pop(name, None)
        if not names:
            self._own = None

    def renew(self) -> None:
        """Read what every recording reads, and forget what others have changed: the register has more entries then."""
        own, self._own = self._own, None
        if own is not None:
            self._ask(RECORDING)
        if own != self._own or own is None:
            self.forget()

    def opening_rows(self, name: str) -> list[Row]:
        """Return the rows that a statement of OPENING or RECORDING reads; for the modules of the register alone."""
        if name not in self._opening:
            texts = {**OPENING, **OF_SERVER, **(RECORDING if name in RECORDING else {})}
            asked = texts if self.database.is_remote else (*(_OWN if self._own is None else ()), name)
            self._ask(asked)
        return self._opening.pop(name)

    def _ask(self, names: Iterable[str]) -> None:
        texts, hash_ = OPENING | OF_SERVER | RECORDING, self.database.dialect.hexadecimal.format("hash")
        questions = {name: SelectStatement(texts[name].format(hash=hash_)) for name in names}
        if self.database.is_remote and "head" in questions:
            # An administrator may have upgraded the office since it was opened.
            questions["version"] = SelectStatement("SELECT version FROM meta")
            questions["time"] = SelectStatement(_SERVER_TIME)
        self._opening.update(zip(questions, self.database.trip(list(questions.values())), strict=True))
        for (version,) in self._opening.pop("version", []):
            if version != VERSION:
                raise RegisterNewer(path=self.address, found=version, known=VERSION)
        for (time,) in self._opening.pop("time", []):
            self.server_time = from_store(time)
        if "own" in questions:
            ((own,),) = self._opening.pop("own")
            self._own = own if self._own is None else self._own

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """Return what the register was made with: its time zone, its policy, and the calendar without its rulings.

        Raises RegisterUnusable where they are gone.
        """
        try:
            facts: dict[str, str] = dict(self.opening_rows("fact"))
        except EngineFault as fault:
            if fault.kind is not FaultKind.UNREADABLE:
                raise
            facts = {}
        if not facts.keys() >= FACTS:
            raise RegisterUnusable(
                path=self.address, reason="it is damaged: its basic data is gone; restore the last backup"
            )
        return facts

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which the register counts its days; raises RegisterUnusable for an unknown one."""
        name = self.facts["timezone"]
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            shown = fit_text(name, SHOWN_NAME)
            reason = Phrase("it is damaged: there is no time zone {name}; restore the last backup", name=shown)
            raise RegisterUnusable(path=self.address, reason=reason) from None

    def head(self) -> tuple[int, str]:
        """Return the number of the journal's last entry, and its hash in hexadecimal."""
        last = journal.LastEntry.of(self.database)
        return last.seq, last.hash.hex()

    # The calendar

    @property
    def revision(self) -> int:
        """Return the number of the calendar's present revision, from 1."""
        return len(self.revisions)

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """Return the present working calendar, as the tables hold it: the rulings of a year when they are asked for."""
        years: dict[int, dict[date, Ruling]] = {}

        def of_year(year: int) -> Mapping[date, Ruling]:
            if year not in years:
                # From a server those beside it come in the same trip: what begins in one year is due in the next, and
                # may be overdue in the one after that.
                before, after = (2, 1) if self.database.is_remote else (0, 0)
                beside = range(year - before, year + after + 1)
                days = (f"{beside[0]:04d}-01-01", f"{beside[-1]:04d}-12-31")
                years.update({each: {} for each in beside})
                rows = self.database.rows("SELECT * FROM calendar_ruling WHERE day BETWEEN ? AND ?", days)
                for text, *values in rows:
                    day = date.fromisoformat(text)
                    years[day.year][day] = ruling_from_data(values)
            return years[year]

        if self._present is None or self._present.revision != self.revision:
            rules = CalendarRules.from_data({**json.loads(self.facts["calendar"]), "rulings": {}})
            self._present = WorkingCalendar(rules, self.revision, of_year)
        return self._present

    def calendar_of(self, revision: int) -> WorkingCalendar:
        """Return the working calendar as a revision left it."""
        if revision == self.revision:
            return self.calendar
        if revision not in self._whole:
            self._whole[revision] = WorkingCalendar(self.calendar_rules(revision), revision)
        return self._whole[revision]

    def calendar_rules(self, revision: int | None = None) -> CalendarRules:
        """Return the rules of the calendar as a revision left them, by default the last, as the journal tells them."""
        first, *changes = (journal.entry_at(self.database, seq).detail for seq in self.revisions[:revision])
        rules = CalendarRules.from_data(first["calendar"])
        for change in changes:
            rules = rules.revised(change)
        return rules

    @cached_property
    def revisions(self) -> list[int]:
        """Return the journal entries that made the calendar's revisions, from the first."""
        return sorted(seq for (seq,) in self.opening_rows("revision"))

    @cached_property
    def rejudgings(self) -> list[int]:
        """Return the journal entries at which ended clocks were judged once more."""
        return [seq for seq, _ in self.opening_rows(Event.RECHECKED)]

    def calendar_at(self, known_at: datetime | None = None) -> CalendarAt:
        """Return the calendars by which clocks are counted, as far as the register knew of them at a moment, or now."""
        return self._calendars(known_at)

    @cached_property
    def _calendars(self) -> Callable[[datetime | None], CalendarAt]:
        return cache(self._calendars_at)

    def _calendars_at(self, known_at: datetime | None) -> CalendarAt:
        last = self._last_seq(known_at)
        revisions = [seq for seq in self.revisions if seq <= last]
        rejudgings = [seq for seq in (self.rejudgings if len(revisions) > 1 else ()) if seq <= last]
        present = self.calendar_of(len(revisions)) if revisions else self.calendar

        def at(seq: int | None) -> WorkingCalendar:
            if seq is None or len(revisions) < 2:
                return present
            judged = max([seq, *(later for later in rejudgings if later > seq)])
            return self.calendar_of(bisect_right(revisions, judged))

        return at

    # Policies and platforms

    @cached_property
    def texts(self) -> list[tuple[Policy, int]]:
        """Return every text of the policies taken in, by name and version, each with the entry that brought it."""
        return [(Policy.from_data(json.loads(definition)), seq) for definition, seq in self.opening_rows("policy")]

    @cached_property
    def policies(self) -> Mapping[str, list[Policy]]:
        """Return the policies that the register has taken in, each with its versions, as they were last corrected."""
        by_name = groupby((policy for policy, _ in self.texts), attrgetter("name"))
        texts = {name: list(versions) for name, versions in by_name}
        last = {name: max(policy.revision for policy in versions) for name, versions in texts.items()}
        return {name: [each for each in texts[name] if each.revision == last[name]] for name in texts}

    @cached_property
    def corrections(self) -> Mapping[str, list[Correction]]:
        """Return the corrections of policies, by name and in order; none for most."""
        revised: dict[tuple[str, int], list[tuple[Policy, int]]] = {}
        for policy, seq in self.texts:
            if policy.revision > 1:
                revised.setdefault((policy.name, policy.revision), []).append((policy, seq))
        corrections: dict[str, list[Correction]] = {}
        for (name, _), texts in sorted(revised.items()):
            # What was taken in as a new version later belongs to the same revision.
            first = min(seq for _, seq in texts)
            versions = tuple(policy for policy, seq in texts if seq == first)
            corrections.setdefault(name, []).append(Correction(first, versions))
        return corrections

    def texts_of(
        self, complaint: Complaint, known_at: datetime | None = None, further: Sequence[Correction] = ()
    ) -> PolicyAt | None:
        """Return the texts by which a complaint was handled, as far as they were known at a moment, or now.

        None where its policy was not corrected since its receipt; the complaint names the version of that day.
        `further` corrections of the policy come after the register's own.
        """
        corrections = (*self.corrections.get(complaint.policy, ()), *further)
        if not corrections or complaint.received is None:
            return None
        first, last = self.policy_of(complaint), self._last_seq(known_at)
        later = [each for each in corrections if each.seq <= last and each.versions[0].revision > first.revision]
        if not later:
            return None
        rejudged = [seq for seq in self.rejudgings if seq <= last]
        return policy_at(first, later, local_day(complaint.received, self.zone), rejudged)

    def _last_seq(self, known_at: datetime | None) -> int:
        """Return the number of the last entry that was recorded by a moment; no entry lies beyond it for None."""
        if known_at is None:
            return journal.GREATEST
        if known_at not in self._last_seqs:
            self._last_seqs[known_at] = journal.last_seq(self.database, to_store(known_at))
        return self._last_seqs[known_at]

    def policy_of(self, complaint: Complaint) -> Policy:
        """Return the version of the policy that a complaint is handled by."""
        return self.policy_version(complaint.policy, complaint.policy_version)

    def policy_version(self, name: str, version: str) -> Policy:
        """Return the version of a policy that is named by its day, as a complaint names it."""
        return self._versions.get((name, version)) or self.policies[name][0]

    def version_on(self, policy: str, received: date, revision: int | None = None) -> Policy:
        """Return the version of a policy that a complaint received on a day is handled by; raises UnknownPolicy.

        It is that of the present text, or of an earlier `revision`.
        """
        versions = self.policies.get(policy)
        if versions is None:
            raise UnknownPolicy(name=policy, nearest="")
        if revision is not None:
            versions = [text for text, _ in self.texts if (text.name, text.revision) == (policy, revision)]
        return version_for(versions, received)

    @cached_property
    def _versions(self) -> Mapping[tuple[str, str], Policy]:
        return {(policy.name, policy.version): policy for policy, _ in self.texts}

    @cached_property
    def platforms(self) -> "list[Platform]":
        """Return the platforms that the register knows, by name."""
        from dealtrack.core.platform import Platform

        return [Platform.from_data(json.loads(definition)) for (definition,) in self.opening_rows("platform")]

    @cached_property
    def renamings(self) -> list[tuple[int, str, str]]:
        """Return the entries by which platforms were renamed or merged, in order: number, former name, new name."""
        entries = [*self.opening_rows(Event.PLATFORM_RENAMED), *self.opening_rows(Event.PLATFORM_MERGED)]
        details = [(seq, json.loads(text)) for seq, text in sorted(entries)]
        return [
            (seq, former, detail.get("to", detail["name"]))
            for seq, detail in details
            for former in detail.get("merged", [detail["name"]])
        ]

    def platform_name(self, name: str, seq: int, known_at: datetime | None = None) -> str:
        """Return what the platform that an entry names is called now, or was at a moment, in UTC."""
        for renaming, former, new in self.renamings:
            if former == name and seq < renaming <= self._last_seq(known_at):
                name = new
        return name
