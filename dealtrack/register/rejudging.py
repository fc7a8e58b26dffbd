"""Complaints that rules changed since a register's schema judge otherwise: made again, and what becomes of them."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dealtrack.core.clocks import Clock, End, Verdict, verdict
from dealtrack.core.lifecycle import Kind
from dealtrack.core.text import first_few
from dealtrack.errors import DealtrackError
from dealtrack.phrase import Phrase, Word
from dealtrack.register import journal, projection, queries
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register

NEW_RULES = 5
"""The schema before which a pause on the due day, a reopening and a step left out while late were judged otherwise."""

Change = tuple[str, str, str]
"""What of a complaint changes, a clock's name or the status; from what, and to what."""


def rejudge(connection: sqlite3.Connection, path: Path, found: int, moment: datetime) -> list[Phrase]:
    """Make the complaints again that a register brought up from a schema judges otherwise; tell each kind of change.

    `moment` is the one of the verdicts. What is damaged stays as it is, for `verify` to name.
    """
    if found >= NEW_RULES:
        return []
    register = Register(path, connection)
    writer = projection.Writer(connection)
    changed: dict[Change, list[int]] = {}
    for id_ in _touched(connection):
        try:
            history = journal.history(connection, id_)
            ((before, old),) = queries.complaints(connection, Filter(ids=(id_,)))
            after, new = register.project(history)
        except (DealtrackError, ValueError, KeyError, TypeError):
            continue
        writer.write(after, new, history)
        changes = [("status", before.status.value, after.status.value)] if before.status is not after.status else []
        for change in (*changes, *_differing(old, new, moment)):
            changed.setdefault(change, []).append(id_)
    writer.flush()
    return [_told(change, ids) for change, ids in sorted(changed.items())]


def _touched(connection: sqlite3.Connection) -> list[int]:
    rows = connection.execute(
        'SELECT complaint FROM "transition" WHERE complaint IS NOT NULL AND kind IN (?, ?) '
        'UNION SELECT complaint FROM clock WHERE ended_at > due_at AND "end" = ? ORDER BY 1',
        (Kind.PAUSED.value, Kind.REOPENED.value, End.NOT_NEEDED.value),
    )
    return [id_ for (id_,) in rows.fetchall()]


def _differing(old: list[Clock], new: list[Clock], moment: datetime) -> Iterator[Change]:
    before = {(run.name, run.round): run for run in old}
    after = {(run.name, run.round): run for run in new}
    for key in sorted({*before, *after}):
        one, other = before.get(key), after.get(key)
        then = (_former_verdict(one, moment) if one else None), (one.due if one else None)
        now = (verdict(other, moment) if other else None), (other.due if other else None)
        if then[0] != now[0]:
            yield key[0], str(then[0] or "none"), str(now[0] or "none")
        elif then[1] != now[1]:
            yield key[0], "", ""


def _former_verdict(clock: Clock, moment: datetime) -> Verdict:
    """Return the verdict as it was, when whatever a completion left out was cancelled."""
    return Verdict.CANCELLED if clock.end is End.NOT_NEEDED else verdict(clock, moment)


def _told(change: Change, ids: list[int]) -> Phrase:
    what, before, after = change
    values = {"what": Word(what), "count": len(ids), "ids": first_few(ids)}
    if not before:
        return Phrase("{what}: another deadline: {count} ({ids})", **values)
    return Phrase("{what}: {before} is now {after}: {count} ({ids})", before=Word(before), after=Word(after), **values)
