"""Complaints that are looked for: by the words that they hold, and because they may have been entered twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from dealtrack.core import complaint_state
from dealtrack.core.lifecycle import Complaint
from dealtrack.core.moments import day_start, from_store, local_day, to_store
from dealtrack.core.search_text import fold_texts, present_texts
from dealtrack.core.vocabulary import fold
from dealtrack.register import queries
from dealtrack.register.engine import Database
from dealtrack.register.queries import Filter, View
from dealtrack.register.register import Register
from dealtrack.register.store import Store


class Hit(NamedTuple):
    """A complaint in which all words occur, and its texts as the view shows them."""

    complaint: Complaint
    texts: list[str]


def search(register: Register, words: Iterable[str], query: Filter, view: View) -> Iterator[Hit]:
    """Yield the complaints that hold all the words in a view, the latest received first.

    A word is any run of characters, found inside others too, whatever its case and width. It stands for
    itself: none of its characters is a sign of a query language.
    """
    words = list(dict.fromkeys(filter(None, map(fold, words))))
    if not words:
        return
    names = {name: platform.names for platform in register.platforms for name in platform.names}
    # The table has all texts that complaints ever had: those that they have in the view are searched below.
    ids = _that_said(register.database, words, names, query if view.is_present else None)
    if not view.is_present:
        # The table has the present times of receipt; at an earlier moment another may have been valid.
        standings = register.standings(query._replace(ids=tuple(ids)), view)
        complaints = sorted((standing.complaint for standing in standings), key=_received, reverse=True)
        ids = [complaint.id for complaint in complaints]
    for entries in register.histories(ids):
        history = register.named(view.seen(entries), view.known_at)
        complaint = complaint_state.make_complaint(entries[0].complaint, history)
        texts = present_texts(complaint, history)
        # The other names of the platform follow what the complaint itself says.
        texts += [name for name in names.get(complaint.platform, ()) if name not in texts]
        said = fold_texts(texts)
        if all(word in said for word in words):
            yield Hit(complaint, texts)


def _that_said(
    database: Database,
    words: Sequence[str],
    names: Mapping[str, Sequence[str]],
    query: Filter | None,
) -> list[int]:
    """Return the complaints whose texts ever held all the words, of those a filter means or of all, latest first.

    A word that a name of a platform holds is held by its complaints.
    """
    condition, values = queries.conditions(query, database) if query else ("true", [])
    held = []
    for word in words:
        platforms = [name for name, others in names.items() if word in fold_texts(others)]
        is_named = f" OR {database.dialect.among('c.platform')}" if platforms else ""
        held.append(f"({database.dialect.contains('s.text')}{is_named})")
        values += [word, database.listed(platforms)] if platforms else [word]
    rows = database.rows(
        f"SELECT c.id FROM complaint c {database.dialect.join} search_text s ON s.complaint = c.id "
        f"WHERE {condition} AND {' AND '.join(held)} ORDER BY c.received_at DESC NULLS LAST, c.id DESC",
        values,
    )
    return [id_ for (id_,) in rows]


def _received(complaint: Complaint) -> tuple[bool, datetime, int]:
    """Return what complaints are sorted by; one whose receipt was voided comes first, as NULL does in the database."""
    received = complaint.received
    return received is not None, received or datetime.min.replace(tzinfo=UTC), complaint.id


SHOWN = 5

_SELECT = "SELECT c.id, c.number, c.platform, c.received_at FROM"
# A voided complaint has neither number nor moment of receipt, so that it never shares one.
_BEFORE = "c.id < ?"
_NEAR = "c.platform = ? AND c.received_at >= ? AND c.received_at < ?"


class Lookalike(NamedTuple):
    """A complaint and an earlier one that it may repeat; `shares` says what both have.

    `number`, `platform` and `received`, in UTC, are those of the earlier one.
    """

    complaint: int
    earlier: int
    number: str | None
    platform: str
    received: datetime
    shares: tuple[str, ...]


class DuplicateFinder:
    """Finds, among the complaints entered after the one with the id `last`, those that look like an earlier one.

    Contacts count as the same consumer's where both were received by one platform within `days` days of the
    register's zone, 0 meaning the same day.
    """

    def __init__(self, register: Store, days: int, last: int) -> None:
        self._database = register.database
        self._zone = register.zone
        self._days, self._last = days, last

    def by_number(self, complaint: int) -> list[Lookalike]:
        """Return the complaints with the same external number, the latest first; at most SHOWN."""
        rows = self._database.rows(
            f"{_SELECT} complaint c JOIN complaint n ON n.number = c.number AND n.id = ? "
            f"WHERE {_BEFORE} ORDER BY c.id DESC LIMIT {SHOWN}",
            (complaint, complaint),
        )
        return [_lookalike(complaint, row, "number") for row in rows]

    def by_contact(self) -> Iterator[Lookalike]:
        """Yield for each complaint entered meanwhile the latest ones of the same consumer at the same platform."""
        rows = self._database.rows(
            "SELECT c.id, c.platform, c.received_at, p.phone_key, p.email_key FROM personal p "
            f"{self._database.dialect.join} complaint c ON c.id = p.complaint "
            "WHERE p.complaint > ? AND c.received_at IS NOT NULL "
            # Few contacts occur twice: one statement finds them, and the rest is read of these alone.
            "AND (EXISTS (SELECT 1 FROM personal o WHERE o.phone_key = p.phone_key AND o.complaint < p.complaint) "
            "OR EXISTS (SELECT 1 FROM personal o WHERE o.email_key = p.email_key AND o.complaint < p.complaint)) "
            "ORDER BY p.complaint",
            (self._last,),
        )
        for id_, platform, received, phone, email in rows:
            near = (id_, platform, *_span(from_store(received), self._days, self._zone))
            yield from merged(
                _lookalike(id_, other, word)
                for column, key, word in (("phone_key", phone, "phone"), ("email_key", email, "e-mail"))
                if key is not None
                for other in _sharing(self._database, column, key, near)
            )


def _sharing(
    database: Database, column: str, key: str, near: tuple[int, str, str, str]
) -> list[tuple[int, str | None, str, str]]:
    return database.rows(
        f"{_SELECT} personal p {database.dialect.join} complaint c ON c.id = p.complaint "
        f"WHERE p.{column} = ? AND {_BEFORE} AND {_NEAR} ORDER BY p.complaint DESC LIMIT {SHOWN}",
        (key, *near),
    )


def _span(received: datetime, days: int, zone: tzinfo) -> tuple[str, str]:
    day = local_day(received, zone)
    first, end = day - timedelta(days=days), day + timedelta(days=days + 1)
    return to_store(day_start(first, zone)), to_store(day_start(end, zone))


def _lookalike(complaint: int, row: tuple[int, str | None, str, str], shared: str) -> Lookalike:
    earlier, number, platform, received = row
    return Lookalike(complaint, earlier, number, platform, from_store(received), (shared,))


def merged(lookalikes: Iterable[Lookalike]) -> list[Lookalike]:
    """Return lookalikes with each pair of complaints once, and all that it shares."""
    pairs: dict[tuple[int, int], Lookalike] = {}
    for like in lookalikes:
        before = pairs.get((like.complaint, like.earlier))
        pairs[like.complaint, like.earlier] = like._replace(shares=before.shares + like.shares) if before else like
    return list(pairs.values())
