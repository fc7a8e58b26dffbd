"""A register of an older schema brought to the present one: after a backup, wholly or not at all."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from dealtrack.core.clocks import Clock, Verdict, verdict
from dealtrack.core.lifecycle import Complaint, Kind, Status
from dealtrack.core.moments import from_store
from dealtrack.core.runs import End
from dealtrack.core.text import first_few
from dealtrack.errors import DealtrackError, RegisterOlder
from dealtrack.phrase import Phrase, Word
from dealtrack.register import queries
from dealtrack.register.engine import UNFORESEEN, VERSION, Engine, EngineFault, Upgrade, faults_of
from dealtrack.register.journal import LastEntry
from dealtrack.register.migrations import MIGRATIONS
from dealtrack.register.queries import Filter
from dealtrack.register.rebuild import project
from dealtrack.register.register import Register
from dealtrack.register.sqlite import schema
from dealtrack.register.sqlite.backup import STAMP, back_up
from dealtrack.register.sqlite.connection import Connection, connect, in_words, memory_database
from dealtrack.register.sqlite.file import real_path

NEW_RULES = 5
"""The schema before which a pause on the due day, a reopening and a step left out while late were judged otherwise."""

Change = tuple[str, str, str]
"""What of a complaint changes, a clock's name or the status; from what, and to what."""


def upgrade_register(
    connection: Connection, engine: Engine, version: int, now: datetime | None
) -> tuple[Connection, Upgrade | None]:
    """Bring an opened register to the present schema; return the connection to read it by, and what was done.

    The copy beside it bears the old version and the moment. Nobody writes between the copy and the change. Where
    the file cannot be changed, the connection that is returned is to a copy in memory, so that who only reads is
    not refused. None: another process was quicker. Raises RegisterOlder.
    """
    try:
        return connection, _upgrade_file(connection, engine, now)
    except DealtrackError as error:
        reason = str(error)
    return in_memory(connection, engine, version), Upgrade(version, VERSION, reason=reason)


def _upgrade_file(connection: Connection, engine: Engine, now: datetime | None) -> Upgrade | None:
    path = engine.address
    assert isinstance(path, Path)
    place = real_path(path)
    backup = None
    try:
        with faults_of(path), in_words(), changing(connection):
            version = schema.check_schema(connection, path)
            if version == VERSION:
                return None
            moment = now or from_store(LastEntry.of(connection).recorded_at)
            # SQLite copies nothing over the connection that holds the lock.
            with closing(connect(path, read_only=True)) as unchanged:
                target = place.with_name(f"{place.stem}-schema{version}-{moment.strftime(STAMP)}.db")
                back_up(unchanged, path, target)
                backup = target
            changes = change(connection, engine, version, moment)
    except BaseException:
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise
    return Upgrade(version, VERSION, backup, changes=changes)


@contextmanager
def changing(connection: Connection) -> Iterator[None]:
    """Hold a transaction in which tables can be made anew, whatever refers to them."""
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.transaction():
            yield
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def change(connection: Connection, engine: Engine, version: int, moment: datetime | None = None) -> list[Phrase]:
    """Make the schema anew, within `changing`, and all that the journal makes; the journal and personal data stay.

    Return what rules that changed since make of the complaints, with the verdicts of a moment, or of the last entry.
    Raises what `rebuild.project` raises, for a journal that cannot be read.
    """
    before = _complaints_by_former_rules(connection) if version < NEW_RULES else {}
    _drop_projection(connection)
    schema.create_projection(connection)
    register = Register(engine, connection)
    for migration in MIGRATIONS:
        if version < migration.version:
            migration.in_file(register)
    project(register)
    return _changes(connection, before, moment or from_store(LastEntry.of(connection).recorded_at))


def _drop_projection(connection: Connection) -> None:
    """Drop what is made again, and what only older schemas had."""
    from sqlite_utils import Database

    db = Database(connection, execute_plugins=False)
    index = db.table("search_index")
    with suppress(sqlite3.DatabaseError):
        index.drop()
    if index.exists():
        # SQLite reads a virtual table before it drops it, and cannot read this one any more.
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_schema WHERE name = 'search_index'")
        db.execute("PRAGMA writable_schema = RESET")
    for view in db.views:
        if view.name.lower() in schema.DROPPED_VIEWS:
            view.drop()
    for table in db.tables:
        if table.name.lower() in schema.DROPPED_TABLES:
            table.drop()


def in_memory(connection: Connection, engine: Engine, version: int) -> Connection:
    """Return a connection to a copy in memory, brought to the present schema; `writing` lets nobody change it.

    The connection that it was copied from is closed. Raises RegisterOlder.
    """
    copy = memory_database()
    try:
        connection.backup(copy)
        with changing(copy):
            change(copy, engine, version)
    except (sqlite3.Error, EngineFault) as error:
        copy.close()
        reason = f"{error}."
        raise RegisterOlder(path=engine.address, found=version, known=VERSION, reason=reason) from None
    except BaseException:
        copy.close()
        raise
    connection.close()
    return copy


# What changed rules make of complaints


def _complaints_by_former_rules(connection: Connection) -> dict[int, tuple[Complaint, list[Clock]]]:
    """Return the complaints that changed rules may judge otherwise, as the tables hold them; none that is damaged."""
    present = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('complaint')")}
    for column in schema.LATER_COLUMNS:
        if column.split()[0] not in present:
            connection.execute(f"ALTER TABLE complaint ADD COLUMN {column}")
    rows = connection.execute(
        'SELECT complaint FROM "transition" WHERE complaint IS NOT NULL AND kind IN (?, ?) '
        'UNION SELECT complaint FROM clock WHERE ended_at > due_at AND "end" = ? ORDER BY 1',
        (Kind.PAUSED.value, Kind.REOPENED.value, End.NOT_NEEDED.value),
    )
    stored = {}
    for (id_,) in rows.fetchall():
        with suppress(DealtrackError, *UNFORESEEN):
            (stored[id_],) = queries.complaints(connection, Filter(ids=(id_,)))
    return stored


def _changes(
    connection: Connection, before: Mapping[int, tuple[Complaint, list[Clock]]], moment: datetime
) -> list[Phrase]:
    """Return each kind of change that the tables show of complaints, with the verdicts of a moment."""
    changed: dict[Change, list[int]] = {}
    for complaint, clocks in queries.complaints(connection, Filter(tuple(Status), ids=tuple(before))):
        former, runs = before[complaint.id]
        changes = list(_changes_of_clocks(runs, clocks, moment))
        if former.status is not complaint.status:
            changes.append(("status", former.status.value, complaint.status.value))
        for change in changes:
            changed.setdefault(change, []).append(complaint.id)
    return [_message(change, ids) for change, ids in sorted(changed.items())]


def _changes_of_clocks(old: list[Clock], new: list[Clock], moment: datetime) -> Iterator[Change]:
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


def _message(change: Change, ids: list[int]) -> Phrase:
    what, before, after = change
    values = {"what": Word(what), "count": len(ids), "ids": first_few(ids)}
    if not before:
        return Phrase("{what}: different deadline: {count} ({ids})", **values)
    word = Status if what == "status" else Verdict
    words = {
        name: Word(text) if text == "none" else word(text) for name, text in (("before", before), ("after", after))
    }
    return Phrase("{what}: {before} is now {after}: {count} ({ids})", **words, **values)
