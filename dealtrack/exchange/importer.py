"""Taking rows into the register: new complaints, new transitions of known ones, and what contradicts the journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from dealtrack.core.chain import canonical
from dealtrack.core.lifecycle import NO_DETAIL, Detail, Kind, Transition, effective, fold
from dealtrack.core.moments import Moment, show_moment
from dealtrack.core.platform import Platform, match_platform
from dealtrack.core.policy import Policy
from dealtrack.errors import DealtrackError, InFuture, UnknownPolicy
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.readers import Refusal, Source
from dealtrack.exchange.rows import Incoming, Reading, incoming_rows
from dealtrack.register.duplicates import Lookalike, Watch
from dealtrack.register.recorder import Draft, Personal, Recorder, Work
from dealtrack.register.register import Register

ALIKE_KEPT = 5
CHUNK = 2000
"""The rows whose numbers are looked up at once."""

PolicyLoader = Callable[[str], Sequence[Policy]]

EVENTS = (Kind.FORWARDED, Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED)
EVENT_NAMES = [(kind, kind.value) for kind in EVENTS]
STATED = ("category", "seller", "owner", "policy", "summary")
"""The fields, beside number and platform, that a row states of a receipt."""


@dataclass(slots=True)
class Tally:
    """What an import did, and what it met."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    alike: int = 0
    first_alike: list[Lookalike] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)


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
    `progress` is told after each row how many were read. New complaints of a consumer known at the same
    platform within `duplicate_days` are counted, never refused.
    Raises MissingColumn and CannotRead.
    """
    tally = Tally()
    rows = incoming_rows(source, mapping, register.zone, tally.reading)
    try:
        with register.recording(now, actor) as recorder:
            watch = Watch(register, duplicate_days)
            intake = Intake(register, recorder, source.name, tally, load_policy)
            while chunk := list(islice(rows, CHUNK)):
                recorder.look_up({row.number for row in chunk if isinstance(row, Incoming) and row.number})
                for row in chunk:
                    tally.rows += 1
                    refusal = row if isinstance(row, Refusal) else intake.take(row)
                    if refusal is not None:
                        tally.refused += 1
                        refuse(refusal)
                    progress(tally.rows)
            recorder.flush()
            _count_alike(tally, watch)
            if dry_run or (tally.refused and not skip_bad):
                raise _GivenUp
    except _GivenUp:
        register.forget("platforms", "policies")
    return tally


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
        self, register: Register, recorder: Recorder, source: str, tally: Tally, load_policy: PolicyLoader
    ) -> None:
        self._register = register
        self._recorder = recorder
        self._source = source
        self._tally = tally
        self._load_policy = load_policy
        self._platforms: dict[str, str] = {}
        self._seen: dict[str, int] = {}

    def take(self, row: Incoming) -> Refusal | None:
        """Take one row in, or return why it is refused."""
        try:
            key = None if row.number else self._key(row)
            known = self._find(row, key)
            if known is None:
                if self._platform_named(row.platform) is None:
                    self._check_new(row)
                self._recorder.record(self._new(row, key))
                self._tally.added += 1
                return None
            history = self._recorder.history(known)
            drafts = self._news(row, history)
            if drafts:
                self._recorder.record(Work(known, drafts))
                self._tally.changed += 1
            else:
                self._tally.unchanged += 1
        except DealtrackError as error:
            return Refusal(row.line, error.message(self._shown).replace("\n", " "), row.raw)
        except Contradiction as contradiction:
            return Refusal(row.line, str(contradiction), row.raw)
        return None

    def _shown(self, value: object) -> str:
        return show_moment(value, self._register.zone) if isinstance(value, datetime) else str(value)

    def _find(self, row: Incoming, key: str | None) -> int | None:
        if key is not None:
            return self._recorder.find_import_key(key)
        assert row.number is not None
        found = self._recorder.find_number(row.number)
        if len(found) > 1:
            ids = ", ".join(map(str, found))
            raise Contradiction(f"the number {row.number} stands for {len(found)} complaints of the register: {ids}")
        return found[0] if found else None

    def _key(self, row: Incoming) -> str:
        """Return what a row without a number is known by: its words on the receipt, and its place among its like."""
        said = [row.moments["received"].start.isoformat(), row.platform, row.category_word, row.seller, row.summary]
        text = canonical(said)
        count = self._seen[text] = self._seen.get(text, 0) + 1
        return sha256(f"{text}{count}".encode()).hexdigest()[:32]

    def _platform_named(self, text: str) -> str | None:
        name = self._platforms.get(text)
        if name is None:
            platform = match_platform(text, self._register.platforms)
            if platform is not None:
                name = self._platforms[text] = platform.name
        return name

    def _platform(self, text: str) -> str:
        name = self._platform_named(text)
        if name is None:
            self._recorder.enter_platform(Platform(text))
            self._tally.platforms.append(text)
            name = self._platforms[text] = text
        return name

    def _check_new(self, row: Incoming) -> None:
        """Refuse a row before its new platform is entered for it."""
        now = self._recorder.now
        for moment in row.moments.values():
            if moment.start > now:
                raise InFuture(at=moment.start, now=now)
        if row.policy and row.policy not in self._register.policies:
            raise UnknownPolicy(name=row.policy, nearest="")

    def _policy(self, name: str | None) -> str:
        """Return the name of the policy of a row; a path in a row is not followed. Raises UnknownPolicy."""
        if name is None:
            return self._register.facts["policy"]
        if not name.replace("-", "").replace("_", "").isalnum():
            raise UnknownPolicy(name=name, nearest="")
        return self._recorder.use_policy(name, self._load_policy)

    def _new(self, row: Incoming, key: str | None) -> Work:
        detail: dict[str, Any] = {
            "platform": self._platform(row.platform),
            "category": row.category,
            "policy": self._policy(row.policy),
            "source": self._source,
            "line": row.line,
        }
        if row.category_word and row.category_word != row.category:
            detail["category_word"] = row.category_word
        if row.kept:
            detail["kept"] = row.kept
        if row.number is not None:
            detail["number"] = row.number
        if row.seller is not None:
            detail["seller"] = row.seller
        if row.owner is not None:
            detail["owner"] = row.owner
        if row.summary is not None:
            detail["summary"] = row.summary
        if key is not None:
            detail["import_key"] = key
        moments = row.moments
        drafts = [Draft(Kind.RECEIVED, moments["received"], detail)]
        if len(moments) > 1:
            drafts += [Draft(kind, moments[name], _ending(row, kind)) for kind, name in EVENT_NAMES if name in moments]
        has_personal = row.consumer or row.phone or row.email or row.address
        return Work(None, drafts, Personal(row.consumer, row.phone, row.email, row.address) if has_personal else None)

    def _news(self, row: Incoming, history: list[Transition]) -> list[Draft]:
        """Return the transitions that a row adds to a known complaint; raises Contradiction."""
        entries = effective(history)
        zone = self._register.zone
        complaint = fold(history[0].complaint, history)
        told: dict[str, set[str]] = {}
        for entry in entries:
            for name, value in entry.detail.items():
                told.setdefault(name, set()).add(str(value))
        stated: dict[str, str | None] = {name: getattr(row, name) for name in STATED}
        stated["platform"] = self._platform_named(row.platform) or row.platform
        if not row.category_word or row.category_word in told.get("category_word", ()):
            stated["category"] = None
        for name, value in stated.items():
            if value is not None and value not in told.get(name, ()):
                raise Contradiction(_against(name, value, getattr(complaint, name)))
        drafts = []
        for kind in (Kind.RECEIVED, *EVENTS):
            moment = row.moments.get(kind.value)
            if moment is None:
                continue
            recorded = [entry for entry in entries if entry.kind is kind]
            if not recorded:
                drafts.append(Draft(kind, moment, _ending(row, kind)))
            elif not any(_agrees(moment, entry.at) for entry in recorded):
                raise Contradiction(
                    f"{kind} is {show_moment(moment.start, zone)} in the file, "
                    f"but the register has {show_moment(recorded[-1].at, zone)}"
                )
        if not any(draft.kind is Kind.COMPLETED for draft in drafts):
            for name in ("outcome", "amount"):
                value = getattr(row, name)
                if value is not None and value not in told.get(name, ()):
                    raise Contradiction(_against(name, value, getattr(complaint, name)))
        return drafts


class Contradiction(Exception):
    """A row says otherwise than the journal."""


def _against(name: str, value: str, held: str | None) -> str:
    return f"{name} is {value!r} in the file, but the register has {'none' if held is None else repr(held)}"


def _agrees(stated: Moment, at: datetime) -> bool:
    return stated.start <= at < stated.end if stated.day_only else stated.start == at


def _ending(row: Incoming, kind: Kind) -> Detail:
    if kind is not Kind.COMPLETED:
        return NO_DETAIL
    return {name: value for name, value in (("outcome", row.outcome), ("amount", row.amount)) if value is not None}
