"""What a person at the screen waits for: completions of what is typed, and what others wrote meanwhile."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from dealtrack.core.lifecycle import OPEN, Status
from dealtrack.core.moments import from_store
from dealtrack.register.journal import LastEntry
from dealtrack.register.queries import IS_OPEN
from dealtrack.register.store import Store

SHORT_WAIT = 0.2
LOOKED_AT = 20_000
"""How many of the latest rows are looked at for what is typed: it is mostly about these."""


class Brief(NamedTuple):
    """A complaint in a few words; `due` is its next deadline, in UTC, None without one."""

    id: int
    number: str | None
    platform: str
    category: str
    status: Status
    due: datetime | None


def wait_briefly(store: Store) -> None:
    """Wait only SHORT_WAIT seconds for another's lock from now on, since somebody is typing."""
    store.database.patience(SHORT_WAIT)


def briefs(store: Store, statuses: Collection[Status], prefix: str, limit: int, by_number: bool = False) -> list[Brief]:
    """Return complaints of these statuses whose id begins with a prefix: first the open by deadline, then the closed.

    With `by_number` it is the external number that begins with it.
    """
    briefs: dict[int, Brief] = {}
    for brief in _briefs(store, statuses):
        text = (brief.number or "") if by_number else str(brief.id)
        if text and text.startswith(prefix) and brief.status in statuses:
            briefs.setdefault(brief.id, brief)
        if len(briefs) == limit:
            break
    return list(briefs.values())


def frequent_owners(store: Store) -> list[str]:
    """Return the owners of the latest complaints, the most frequent first."""
    rows = store.database.rows(
        f"SELECT owner, count(*) FROM (SELECT owner FROM complaint ORDER BY id DESC LIMIT {LOOKED_AT}) AS latest "
        "WHERE owner IS NOT NULL GROUP BY owner ORDER BY count(*) DESC, owner LIMIT 100"
    )
    return [owner for owner, _ in rows]


def _briefs(store: Store, statuses: Collection[Status]) -> Iterator[Brief]:
    """Yield open complaints by their deadlines, then open ones without a deadline, then the latest closed ones."""
    if OPEN.intersection(statuses):
        running = f"clock k {store.database.dialect.join} complaint c ON c.id = k.complaint"
        yield from _selected(
            store,
            "k.due_at",
            f"{running} WHERE k.ended_at IS NULL AND k.due_at IS NOT NULL ORDER BY k.due_at, k.complaint",
        )
        # Those without a deadline: paused, or past the last clock of their policy.
        latest = f"(SELECT * FROM complaint ORDER BY id DESC LIMIT {LOOKED_AT}) c"
        yield from _selected(store, "NULL", f"{latest} WHERE {IS_OPEN} ORDER BY c.id DESC")
    if Status.CLOSED in statuses:
        closed = _selected(store, "NULL", f"complaint c WHERE c.status = 'closed' ORDER BY c.id DESC LIMIT {LOOKED_AT}")
        yield from closed


def _selected(store: Store, due: str, source: str) -> Iterator[Brief]:
    rows = store.database.stream(f"SELECT c.id, c.number, c.platform, c.category, c.status, {due} FROM {source}")
    for id_, number, platform, category, status, due_at in rows:
        yield Brief(id_, number, platform, category, Status(status), from_store(due_at) if due_at else None)


class Changes(NamedTuple):
    """What others wrote since the last question: `complaints` have new entries.

    `is_whole` tells that any complaint may have changed, e.g. by a new calendar.
    """

    complaints: tuple[int, ...]
    is_whole: bool


class Follower:
    """Tells what other connections wrote since it was made, or since the last question.

    It waits for another's lock for up to `wait_seconds` seconds only, so that a screen does not stand still.
    """

    def __init__(self, store: Store, wait_seconds: float) -> None:
        self._database = store.database
        self._database.patience(wait_seconds)
        self._version = self._read_version()
        self._seq = self._last_seq()

    def changes(self) -> Changes | None:
        """Return what was written since the last look, None where nothing was: then the journal is not read at all."""
        version = self._read_version()
        if version == self._version:
            return None
        # Read in this order, what is written in between is reported twice rather than never.
        last = self._last_seq()
        rows = self._database.rows("SELECT DISTINCT complaint FROM transition WHERE seq > ?", (self._seq,))
        complaints = {complaint for (complaint,) in rows}
        # A commit that adds no entry made the tables again from the journal, say, and may have moved anything.
        is_whole = None in complaints or not complaints
        self._version, self._seq = version, last
        return Changes(tuple(sorted(id_ for id_ in complaints if id_ is not None)), is_whole)

    def _read_version(self) -> int:
        return self._database.version()

    def _last_seq(self) -> int:
        return LastEntry.of(self._database).seq
