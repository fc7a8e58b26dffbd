"""Importing rows into the register: new complaints, new transitions of known ones, rows that contradict the journal."""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from collections.abc import Mapping as Table
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from itertools import islice
from typing import Any

from dealtrack.core.lifecycle import MERGING, Complaint, Kind, Transition
from dealtrack.core.moments import Moment, show_moment
from dealtrack.core.platform import Platform, close_platform, match_platform
from dealtrack.core.policy import Policy
from dealtrack.core.vocabulary import CATEGORY
from dealtrack.errors import DealtrackError, InFuture, UnknownComplaint
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.raw import PassedLine, RawRow
from dealtrack.exchange.readers import Refusal, Source
from dealtrack.exchange.recognition import Receipt, Recognition
from dealtrack.exchange.reconcile import (
    Contradiction,
    adds_nothing,
    awaited_steps,
    check_policy_name,
    check_same_row,
    news_of,
    personal_news,
    personal_of,
    work_of,
)
from dealtrack.exchange.rows import ComplaintReader, FileFacts
from dealtrack.phrase import Phrase, Word
from dealtrack.register.personal import erasures
from dealtrack.register.platforms import edit_platform
from dealtrack.register.queries import Personal, View
from dealtrack.register.recorder import NothingWritten, Proposal, Recorder, RecordingResult, Work, recording
from dealtrack.register.register import Register
from dealtrack.register.search import DuplicateFinder, Lookalike

ODD_KEPT = 9
NOTHING: Table[str, str] = {}


@dataclass(slots=True)
class CloseName:
    """The name of a new platform, a known one to which it is close, and the rows that have it."""

    name: str
    known: str
    rows: int = 0


@dataclass(slots=True)
class ImportSummary:
    """The counts and the first examples of what an import did.

    `differing` are known complaints with the fields of personal data in which a row differs from what a clerk entered,
    which stands; `erased` counts the rows whose personal data was erased, and is not taken in again. `passed` are the
    lines beside the table, which are no rows; `unknown_words` are the words for the category of new complaints that
    stand for none, and how many complaints are other by each. `close` has the new platforms, by name, that may be one
    of those that the register had before. `undated` counts the rows that are closed without a day,
    by the column that says so and whether they are taken as closed.
    """

    facts: FileFacts
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    alike: int = 0
    first_alike: list[Lookalike] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    close: dict[str, CloseName] = field(default_factory=dict)
    differing: list[tuple[int, list[str]]] = field(default_factory=list)
    erased: int = 0
    odd_contacts: int = 0
    first_odd: list[int] = field(default_factory=list)
    passed: list[PassedLine] = field(default_factory=list)
    unknown_words: Counter[str] = field(default_factory=Counter)
    undated: Counter[tuple[str, bool]] = field(default_factory=Counter)
    result: RecordingResult | None = None

    def note_odd_contact(self, line: int) -> None:
        """Count a row whose phone or e-mail address is none, and remember the first lines."""
        self.odd_contacts += 1
        if len(self.first_odd) < ODD_KEPT:
            self.first_odd.append(line)


ALIKE_KEPT = 5
MOST_COMPARED = 200
"""How many new platforms are compared with those of the register: a desk's file does not have more."""

AT_ONCE = 64
"""The rows that are looked up at once: few, since each of their cells may be long."""

PolicyLoader = Callable[[str], Sequence[Policy]]


def import_rows(
    register: Register,
    source: Source,
    mapping: Mapping,
    now: datetime,
    actor: str,
    *,
    skip_bad: bool,
    dry_run: bool,
    load_policy: PolicyLoader,
    refuse: Callable[[Refusal], None],
    progress: Callable[[int], None],
    duplicate_days: int = 7,
    same: Table[str, str] = NOTHING,
    may_write: Callable[[ImportSummary], bool] | None = None,
) -> ImportSummary:
    """Import a file's rows into the register in one transaction, and return a summary.

    Every refused row goes to `refuse`. Unless `skip_bad` is set, one refused row leaves the register as it was, as
    `dry_run` always does. `load_policy` finds the policies that the register has not taken in yet. `progress` is told
    every few rows how many were read. New complaints of a consumer known at the same platform within `duplicate_days`
    are counted, never refused. `same` are names of platforms that the register lacks, each with the platform that it
    means: they become its aliases. `may_write` is asked once all rows are read. Raises MissingColumn and CannotRead.
    """
    reader = ComplaintReader(source, mapping, register.zone, register.clock_names(View.of(now)))
    summary = ImportSummary(reader.facts, passed=source.passed)
    with suppress(NothingWritten):
        with recording(register, now, actor, is_import=True) as recorder:
            for text, name in same.items():
                edit_platform(recorder, name, added=[text])
            duplicates = DuplicateFinder(register, duplicate_days, recorder.last)
            importer = RowImporter(register, recorder, reader, source.name, summary, load_policy)
            while rows := list(islice(source.rows, AT_ONCE)):
                importer.take_all(rows, refuse)
                progress(summary.rows)
            recorder.flush()
            _count_alike(summary, duplicates)
            if not reader.is_own:
                _count_words(summary, recorder, mapping)
            may_be_written = may_write is None or may_write(summary)
            if dry_run or not may_be_written or (summary.refused and not skip_bad):
                raise NothingWritten
        summary.result = recorder.result()
    return summary


def _count_words(summary: ImportSummary, recorder: Recorder, mapping: Mapping) -> None:
    """Count the new complaints that are other because what the file calls their category stands for none."""
    table = mapping.values.get("category", {})
    for word, count in recorder.category_words():
        if CATEGORY.match(table.get(word.casefold(), word)) is None:
            summary.unknown_words[word] = count


def _count_alike(summary: ImportSummary, duplicates: DuplicateFinder) -> None:
    """Count the new complaints that look like one entered before, in the register or further up in the file."""
    last = 0
    for like in duplicates.by_contact():
        if like.complaint != last:
            last = like.complaint
            summary.alike += 1
            if len(summary.first_alike) < ALIKE_KEPT:
                summary.first_alike.append(like)


@dataclass
class RowImporter:
    """Imports complaint rows: records a new complaint, or what a row adds to a known one."""

    register: Register
    recorder: Recorder
    reader: ComplaintReader
    source: str
    summary: ImportSummary
    load_policy: PolicyLoader

    def __post_init__(self) -> None:
        self._before = self.register.platforms
        self._names: dict[str, str] = {}
        """The names of platforms by the texts of the file that stand for them."""
        self._stored: dict[int, tuple[Complaint, Personal | None]] = {}
        self._lines: dict[int, int] = {}
        """The first line of the file that is of each complaint."""
        self._recognition = Recognition(self.register, self.recorder, self._person)
        self._awaited = cache(lambda policy: awaited_steps(self.register.policies[policy]))
        # An export keeps its ids where it is the first to come in.
        self._keeps_ids = self.recorder.is_first

    @cached_property
    def _erased(self) -> Set[int]:
        return erasures(self.register.database).keys()

    def take_all(self, raw: Sequence[RawRow | Refusal], refuse: Callable[[Refusal], None]) -> None:
        """Import rows of the file; what the register has of them is looked up in one query."""
        summary = self.summary
        rows = list(self.reader.read(raw))
        for row, receipt in zip(rows, self._look_up(rows), strict=True):
            if isinstance(row, PassedLine):
                summary.passed.append(row)
                continue
            summary.rows += 1
            refusal = self._take(row, receipt) if isinstance(row, ComplaintRow) else row
            if refusal is not None:
                summary.refused += 1
                refuse(refusal)

    def _look_up(self, rows: Sequence[ComplaintRow | Refusal | PassedLine]) -> list[Receipt | None]:
        """Look up what is known of rows that are taken in next; return the receipt of each without a number."""
        numbers: set[str] = set()
        receipts: list[Receipt | None] = []
        for row in rows:
            receipt = None
            if isinstance(row, ComplaintRow):
                if row.number is not None:
                    numbers.add(row.number)
                else:
                    receipt = self._recognition.receipt(row)
            receipts.append(receipt)
        keys = [receipt.key() for receipt in receipts if receipt is not None]
        self._stored = self.recorder.look_up(numbers, keys)
        return receipts

    def _person(self, complaint: int) -> Personal | None:
        stored = self._stored.get(complaint)
        return stored[1] if stored is not None else self.recorder.personal(complaint)

    def _take(self, row: ComplaintRow, receipt: Receipt | None) -> Refusal | None:
        """Import a row, or return why it is refused; a complaint without a number is recognised by its receipt."""
        try:
            complaint, key = self._recognition.find(row, receipt)
            if complaint is None:
                self._enter(row, key)
            else:
                self._compare(row, complaint)
        except DealtrackError as error:
            reason = Phrase(error.template(), **{name: self._shown(value) for name, value in error.values.items()})
            return Refusal(row.line, _stated_at(row, error, reason), row.raw)
        except Contradiction as contradiction:
            return Refusal(row.line, str(contradiction), row.raw)
        if row.undated is not None:
            self.summary.undated[row.undated, row.is_closed] += 1
        return None

    def _enter(self, row: ComplaintRow, key: str | None) -> None:
        if self._platform_named(row.platform) is None:
            self._check_new(row)
        first = row.history[0].detail if row.history else {}
        stated: dict[str, Any] = {
            "platform": self._platform(first.get("platform", row.platform)),
            "policy": self._policy(first.get("policy", row.policy)),
            "source": self.source,
            "line": row.line,
        }
        if key is not None:
            stated["import_key"] = key
        awaited = self._awaited(stated["policy"])
        if stated["platform"] in self.summary.close:
            self.summary.close[stated["platform"]].rows += 1
        work = work_of(row, stated, awaited, self.recorder.now, self.register.zone, self._platform)
        new_id = (row.id or 0) if self._keeps_ids else 0
        self._check_merges(row, self.recorder.next_id(new_id), work.proposals)
        complaint = self.recorder.record(work, new_id).complaint.id
        self._recognition.claim(row, complaint)
        self._lines[complaint] = row.line
        self.summary.added += 1
        if row.has_odd_contact:
            self.summary.note_odd_contact(row.line)

    def _compare(self, row: ComplaintRow, complaint: int) -> None:
        """Record what a row adds to a known complaint; raises Contradiction where it says otherwise."""
        # Rows of an export that share a number are told apart by their ids.
        is_by_number = row.number is not None and row.id is None
        before = self._lines.get(complaint) if is_by_number else None
        platform = self._name_or_text(row.platform)
        stored = self._stored.pop(complaint, None)
        if (
            stored is not None
            # A second row of a number, of an unknown category, may be another complaint's.
            and (before is None or row.category_word is None)
            and adds_nothing(row, *stored, platform, self.register.zone)
        ):
            proposals, personal = [], None
        else:
            history = self.register.named(self.recorder.history(complaint))
            try:
                proposals = news_of(row, history, self.recorder.now, self.register.zone, platform, self._name_or_text)
                personal = self._personal(row, complaint, history)
                if before is not None:
                    check_same_row(row, history, personal, self.recorder.personal(complaint))
            except Contradiction as contradiction:
                if before is None:
                    raise
                words = {"reason": contradiction, "line": before, "number": row.number}
                raise Contradiction(
                    "{reason}; line {line} has the same number {number}, and one row cannot correct another", **words
                ) from None
        if is_by_number:
            self._lines.setdefault(complaint, row.line)
        if personal is not None:
            if row.has_odd_contact:
                self.summary.note_odd_contact(row.line)
            now = self.recorder.now
            proposals.append(Proposal(Kind.AMENDED, Moment(now, now, False)))
        if proposals:
            self._check_merges(row, complaint, proposals)
            told = {"source": self.source, "line": row.line}
            works = [proposal._replace(detail={**proposal.detail, **told}) for proposal in proposals]
            self.recorder.record(Work(complaint, works, personal))
            self.summary.changed += 1
        else:
            self.summary.unchanged += 1

    def _check_merges(self, row: ComplaintRow, complaint: int, news: Sequence[Proposal]) -> None:
        """Check that a merge in a file names a complaint by its id in this register; raises Contradiction."""
        for kind, _, detail in news:
            if kind not in MERGING:
                continue
            other = detail[MERGING[kind][0]]
            numbers = {detail.get("other")}
            with suppress(UnknownComplaint):
                # Where it is not in the register yet, it stands further down in the file.
                numbers = {entry.detail.get("number") for entry in self.recorder.history(other)}
            if complaint != row.id or other == complaint or detail.get("other") not in numbers:
                text = "it was merged with complaint {other} of another register: use 'dealtrack merge' for that here"
                raise Contradiction(text, other=other)

    def _shown(self, value: object) -> object:
        return show_moment(value, self.register.zone) if isinstance(value, datetime) else value

    def _personal(self, row: ComplaintRow, complaint: int, history: Sequence[Transition]) -> Personal | None:
        """Return a known complaint's personal data where a row adds to it; what was erased is not taken in again."""
        named = personal_of(row)
        if named is None:
            return None
        stored = self.recorder.personal(complaint)
        if stored is None and complaint in self._erased:
            self.summary.erased += 1
            return None
        personal, kept = personal_news(named, stored, history)
        if kept:
            self.summary.differing.append((complaint, kept))
        return personal

    def _platform_named(self, text: str) -> str | None:
        """Return the name of the platform that a text stands for, None where there is none yet."""
        if text not in self._names and (platform := match_platform(text, self.register.platforms)):
            self._names[text] = platform.name
        return self._names.get(text)

    def _name_or_text(self, text: str) -> str:
        # A name that a platform had once may be no alias of it any more.
        return self._platform_named(text) or self.register.platform_name(text, 0)

    def _platform(self, text: str) -> str:
        name = self._platform_named(text)
        if name is None:
            self.recorder.enter_platform(Platform(text))
            self.summary.platforms.append(text)
            known = close_platform(text, self._before) if len(self.summary.platforms) <= MOST_COMPARED else None
            if known is not None:
                self.summary.close[text] = CloseName(text, known.name)
            name = text
        return name

    def _check_new(self, row: ComplaintRow) -> None:
        """Refuse a row before its new platform is entered for it."""
        now = self.recorder.now
        for moment in row.moments.values():
            if moment.start > now:
                raise InFuture(at=moment.start, now=now)
        if row.policy and row.policy not in self.register.policies:
            self._load_named(row.policy)

    def _policy(self, name: str | None) -> str:
        """Return the name of the policy of a row; raises UnknownPolicy and BadPolicyFile."""
        if name is None:
            return self.register.facts["policy"]
        return self.recorder.use_policy(name, self._load_named)

    def _load_named(self, name: str) -> Sequence[Policy]:
        """Return the versions of a policy that a row names; a path is not followed. Raises as `_policy` does."""
        check_policy_name(name)
        return self.load_policy(name)


def _stated_at(row: ComplaintRow, error: DealtrackError, reason: Phrase) -> Phrase:
    """Return why a row is refused, after which of its moments the error is about, where it is about one."""
    at = error.values.get("at")
    name = next((name for name, moment in row.moments.items() if moment.start == at), None)
    return Phrase("{field}: {reason}", field=Word(name), reason=reason) if name else reason
