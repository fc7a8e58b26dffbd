"""Taking rows into the register: new complaints, new transitions of known ones, and what contradicts the journal."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import cached_property

from dealtrack.core.category import match_category
from dealtrack.core.lifecycle import Complaint, Kind, Transition
from dealtrack.core.moments import Moment, show_moment
from dealtrack.core.platform import Platform
from dealtrack.core.policy import Policy
from dealtrack.errors import DealtrackError, InFuture, UnknownPolicy
from dealtrack.exchange.ahead import ahead, is_large
from dealtrack.exchange.blocks import Block, blocks_of
from dealtrack.exchange.drafting import PlatformNames, work_of
from dealtrack.exchange.file_numbers import FileNumbers
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.news import (
    Contradiction,
    adds_nothing,
    check_same_row,
    news_of,
    personal_news,
    personal_of,
)
from dealtrack.exchange.preparing import Setup
from dealtrack.exchange.raw import PassedLine, RawRow
from dealtrack.exchange.readers import Refusal, Source
from dealtrack.exchange.recognition import Recognition
from dealtrack.exchange.rows import Incoming, RowsReader
from dealtrack.exchange.tally import Tally
from dealtrack.phrase import Phrase
from dealtrack.register import rubbish
from dealtrack.register.duplicates import Watch
from dealtrack.register.erasure import erased_complaints
from dealtrack.register.personal import Personal
from dealtrack.register.plain import Ready
from dealtrack.register.recorder import Draft, Recorder, Work
from dealtrack.register.register import Register

ALIKE_KEPT = 5
AT_ONCE = 64
"""The rows that are entered at once, and the second process is supplied after: their answer fills a tenth of a pipe."""

Row = Incoming | Refusal | PassedLine | Ready
PolicyLoader = Callable[[str], Sequence[Policy]]


class _GivenUp(Exception):
    """Nothing is to be written: some rows were refused, or it was a rehearsal."""


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
) -> Tally:
    """Take a file's rows into the register in one transaction, and tell what came of them.

    Every refused row goes to `refuse`. Unless `skip_bad` is set, one refused row leaves the register as it
    was, as `dry_run` always does. `load_policy` finds the policies that the register has not taken in yet.
    `progress` is told every few rows, or after a block of known ones, how many were read. New complaints of a consumer
    known at the same platform within `duplicate_days` are counted, never refused.
    Raises MissingColumn and CannotRead.
    """
    tally = Tally(passed=source.passed)
    reader = RowsReader(source, mapping, register.zone, tally.reading)
    try:
        with register.recording(now, actor) as recorder:
            watch = Watch(register, duplicate_days)
            intake = Intake(register, recorder, reader, source.name, tally, load_policy)
            setup = Setup(register.path, source.name, source.header, mapping, recorder.now, recorder.recorded_at)
            guard = recorder.unguarded() if is_large(source) else nullcontext()
            with guard, rubbish.put_off(), ahead(source, setup, tally.platforms) as helper:
                blocks = blocks_of(source, mapping, str(register.zone), is_own=reader.is_own)
                supplied = 0

                def step(rows: int) -> None:
                    nonlocal supplied
                    if rows - supplied >= AT_ONCE:
                        helper.supply()
                        supplied = rows
                    progress(rows)

                for block, ready in helper.through(blocks, intake.is_left):
                    if intake.passes(block):
                        tally.rows += len(block.rows)
                        tally.unchanged += len(block.rows)
                        progress(tally.rows)
                    else:
                        intake.take_block(block, ready, refuse, step)
                        rubbish.look()
                recorder.flush()
            _count_alike(tally, watch)
            if not reader.is_own:
                _count_words(tally, recorder, mapping)
            if dry_run or (tally.refused and not skip_bad):
                raise _GivenUp
    except _GivenUp:
        register.forget("platforms", "policies")
    return tally


def _count_words(tally: Tally, recorder: Recorder, mapping: Mapping) -> None:
    """Count the new complaints that are other because what the file calls their category stands for none."""
    table = mapping.values.get("category", {})
    for word, count in recorder.category_words():
        if match_category(table.get(word.casefold(), word)) is None:
            tally.unknown_words[word] = count


def _count_alike(tally: Tally, watch: Watch) -> None:
    """Count the new complaints that look like one entered before, in the register or further up in the file."""
    last = 0
    for like in watch.by_contact():
        if like.complaint != last:
            last = like.complaint
            tally.alike += 1
            if len(tally.first_alike) < ALIKE_KEPT:
                tally.first_alike.append(like)


class Intake:
    """Takes rows into the register one by one."""

    def __init__(
        self,
        register: Register,
        recorder: Recorder,
        reader: RowsReader,
        source: str,
        tally: Tally,
        load_policy: PolicyLoader,
    ) -> None:
        self._register = register
        self._recorder = recorder
        self._reader = reader
        self._source = source
        self._tally = tally
        self._load_policy = load_policy
        self._names = PlatformNames()
        self._held: dict[int, tuple[Complaint, Personal | None]] = {}
        self._in_file = FileNumbers()
        self._recognition = Recognition(register, recorder)
        # An export keeps its ids where it is the first to come in.
        self._keeps_ids = recorder.is_first

    @cached_property
    def _erased(self) -> set[int]:
        return erased_complaints(self._register)

    def knows(self, block: Block) -> bool:
        """Tell whether a block was taken in before, and all that it tells still stands."""
        return block.digest is not None and self._recorder.find_block(block.digest) is not None

    def passes(self, block: Block) -> bool:
        """Tell whether a block need not be read, since it is known; its numbers are kept in mind all the same."""
        found = self._recorder.find_block(block.digest) if block.digest is not None else None
        if found is None:
            return False
        rows = ((self._reader.number(row), row.line) for row in block.rows if isinstance(row, RawRow))
        self._in_file.add_block(*found, rows)
        return True

    def is_left(self, block: Block) -> bool:
        """Tell whether no second process need read a block: it is known already, or none can be known by its rows."""
        return block.digest is None or self.knows(block)

    def take_block(
        self,
        block: Block,
        ready: Sequence[Ready | None] | None,
        refuse: Callable[[Refusal], None],
        progress: Callable[[int], None],
    ) -> None:
        """Take the rows of a block in, of which some may be ready to be written, and keep it where all is settled."""
        tally, before = self._tally, self._tally.unsettled
        if ready is None:
            rows: list[Row] = list(self._reader.read(block.rows))
        else:
            rows = [made or self._read(raw) for made, raw in zip(ready, block.rows, strict=True)]
        complaints: list[int] = []
        keys = self.look_up(rows)
        place = 0
        while place < len(rows):
            if new := self._new_from(rows, place):
                complaints += self._recorder.enter_all(new)
                tally.added += len(new)
            else:
                told = self._take(rows[place], block.rows[place], keys[place])
                if isinstance(told, PassedLine):
                    tally.passed.append(told)
                elif isinstance(told, Refusal):
                    tally.refused += 1
                    refuse(told)
                elif keys[place] is None:
                    complaints.append(told)
            place += len(new) or 1
            tally.rows += len(new) or int(not isinstance(rows[place - 1], PassedLine))
            progress(tally.rows)
        # Of the dates that tell the order of day and month the first is remembered: any block may hold another.
        is_settled = tally.unsettled == before and tally.reading.order.is_silent
        if block.digest is not None and len(complaints) == len(rows) and is_settled:
            self._recorder.keep_block(block.digest, complaints)

    def _new_from(self, rows: Sequence[Row], place: int) -> list[Ready]:
        """Return the rows from a place on, some of them, that are ready to be written and of numbers yet unknown."""
        new: dict[str, Ready] = {}
        for row in rows[place : place + AT_ONCE]:
            if not isinstance(row, Ready):
                break
            assert row.number is not None
            if row.number in new or self._recorder.find_number(row.number):
                break
            new[row.number] = row
        return list(new.values())

    def _read(self, raw: RawRow | Refusal) -> Incoming | Refusal | PassedLine:
        return next(self._reader.read([raw]))

    def look_up(self, rows: Sequence[Row]) -> list[str | None]:
        """Look up at once what is known of rows that are to be taken in next; return what each without number is by."""
        numbers: set[str] = set()
        keys: list[str | None] = []
        for row in rows:
            key = None
            if not isinstance(row, (Refusal, PassedLine)):
                if row.number is not None:
                    numbers.add(row.number)
                elif isinstance(row, Incoming):
                    key = self._recognition.key(row)
            keys.append(key)
        self._held = self._recorder.look_up(numbers, [key for key in keys if key is not None])
        return keys

    def _take(self, row: Row, raw: RawRow | Refusal, key: str | None) -> int | Refusal | PassedLine:
        if isinstance(row, Ready):
            row = self._read(raw)
        if not isinstance(row, Incoming):
            return row
        told = self.take(row, key)
        if row.undated is not None and not isinstance(told, Refusal):
            self._tally.undated[row.undated, row.is_closed] += 1
        return told

    def take(self, row: Incoming, key: str | None) -> int | Refusal:
        """Return the complaint of a row that is taken in, or why it is refused; `key` is for one without a number."""
        try:
            known = self._recognition.find(row, key)
            if known is None:
                if self._platform_named(row.platform) is None:
                    self._check_new(row)
                zone, now = self._register.zone, self._recorder.now
                work = work_of(row, key, self._source, now, zone, self._platform, self._policy, self._versions)
                made = self._recorder.enter(work, row.id if self._keeps_ids else None)
                self._recognition.claim(row, made)
                self._tally.added += 1
                if row.has_odd_contact:
                    self._tally.note_odd_contact(row.line)
                return made
            platform = self._platform_named(row.platform) or row.platform
            held = self._held.pop(known, None)
            if (
                held is not None
                and adds_nothing(row, *held, platform, self._register.zone)
                and not self._is_doubtful(row, known)
            ):
                self._keep_in_mind(row, known)
                self._tally.unchanged += 1
                return known
            history = self._recorder.history(known)
            before = self._line_before(row, known, history)
            try:
                drafts = news_of(row, history, self._recorder.now, self._register.zone, platform, self._name_or_text)
                personal = self._personal(row, known, history)
                if before is not None:
                    check_same_row(row, history, personal, self._recorder.personal(known))
            except Contradiction as contradiction:
                if before is None:
                    raise
                return Refusal(row.line, _twice(row, before, contradiction), row.raw)
            self._keep_in_mind(row, known)
            if personal is not None:
                if row.has_odd_contact:
                    self._tally.note_odd_contact(row.line)
                now = self._recorder.now
                detail = {"source": self._source, "line": row.line}
                drafts.append(Draft(Kind.AMENDED, Moment(now, now, False), detail))
            if drafts:
                self._recorder.record(Work(known, drafts, personal))
                self._tally.changed += 1
            else:
                self._tally.unchanged += 1
        except DealtrackError as error:
            told = error.message(self._shown).replace("\n", " ")
            return Refusal(row.line, f"{_stated_at(row, error)}{told}", row.raw)
        except Contradiction as contradiction:
            return Refusal(row.line, str(contradiction), row.raw)
        return known

    def _line_before(self, row: Incoming, known: int, history: Sequence[Transition]) -> int | None:
        """Return the line of the row before in this file that told of a complaint by its number, None without any."""
        if row.number is None or row.id is not None:
            # Rows of an export that share a number are told apart by their ids.
            return None
        if known > self._recorder.last_before:
            line: int = history[0].detail["line"]
            return line
        return self._in_file.line_of(known, row.number)

    def _is_doubtful(self, row: Incoming, known: int) -> bool:
        """Tell whether a row that adds nothing may be another complaint's than the one before of its number."""
        if row.number is None or row.id is not None or row.category_word is None:
            return False
        return known > self._recorder.last_before or self._in_file.has(known)

    def _keep_in_mind(self, row: Incoming, known: int) -> None:
        if row.number is not None and row.id is None and known <= self._recorder.last_before:
            self._in_file.add(known, row.line)

    def _shown(self, value: object) -> str:
        return show_moment(value, self._register.zone) if isinstance(value, datetime) else str(value)

    def _personal(self, row: Incoming, known: int, history: Sequence[Transition]) -> Personal | None:
        """Return a known complaint's personal data where a row adds to it; what was erased is not taken in again."""
        given = personal_of(row)
        if given is None:
            return None
        held = self._recorder.personal(known)
        if held is None and known in self._erased:
            self._tally.erased += 1
            return None
        personal, kept = personal_news(given, held, history)
        if kept:
            self._tally.kept.append((known, kept))
        return personal

    def _platform_named(self, text: str) -> str | None:
        return self._names.find(text, self._register.platforms)

    def _name_or_text(self, text: str) -> str:
        return self._platform_named(text) or text

    def _platform(self, text: str) -> str:
        name = self._platform_named(text)
        if name is None:
            self._recorder.enter_platform(Platform(text))
            self._tally.platforms.append(text)
            name = text
        return name

    def _check_new(self, row: Incoming) -> None:
        """Refuse a row before its new platform is entered for it."""
        now = self._recorder.now
        for moment in row.moments.values():
            if moment.start > now:
                raise InFuture(at=moment.start, now=now)
        if row.policy and row.policy not in self._register.policies:
            self._load_named(row.policy)

    def _policy(self, name: str | None) -> str:
        """Return the name of the policy of a row; raises UnknownPolicy and BadPolicyFile."""
        if name is None:
            return self._register.facts["policy"]
        return self._recorder.use_policy(name, self._load_named)

    def _versions(self, policy: str) -> Sequence[Policy]:
        return self._register.policies[policy]

    def _load_named(self, name: str) -> Sequence[Policy]:
        """Return the versions of a policy that a row names; a path is not followed. Raises as `_policy` does."""
        if not name.replace("-", "").replace("_", "").isalnum():
            raise UnknownPolicy(name=name, nearest="")
        return self._load_policy(name)


def _twice(row: Incoming, before: int, contradiction: Contradiction) -> str:
    """Return why a row is refused whose number an earlier row of the file has with other words."""
    return Phrase(
        "{reason}; line {line} of the file has the number {number} too, and no row may amend another",
        reason=contradiction,
        line=before,
        number=row.number,
    )


def _stated_at(row: Incoming, error: DealtrackError) -> str:
    """Return which of a row's moments an error is about, as its message begins, nothing where it is about none."""
    at = error.values.get("at")
    return next((f"{name}: " for name, moment in row.moments.items() if moment.start == at), "")
