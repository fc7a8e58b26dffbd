"""A register of an older schema brought to the present one: after a backup, wholly or not at all."""

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from dealtrack.core.moments import from_store
from dealtrack.errors import DealtrackError, RegisterOlder
from dealtrack.phrase import Phrase
from dealtrack.register import schema
from dealtrack.register.backup import STAMP, copy_whole
from dealtrack.register.connection import faults_of, reader, transaction
from dealtrack.register.journal import Tail
from dealtrack.register.rejudging import rejudge
from dealtrack.register.store import Upgrade


def upgrade_register(
    connection: sqlite3.Connection, path: Path, found: int, now: datetime | None
) -> tuple[sqlite3.Connection, Upgrade | None]:
    """Bring an opened register to the present schema; return the connection to read it by, and what was done.

    The copy beside it bears the old version and the moment. Nobody writes between the copy and the change. Where
    the file cannot be changed, the connection that is returned is to a copy in memory, so that who only reads is
    not refused. None: another process was quicker. Raises RegisterOlder.
    """
    try:
        return connection, _upgrade_file(connection, path, now)
    except (DealtrackError, sqlite3.Error) as error:
        reason = str(error).rstrip(".")
    return in_memory(connection, path, found), Upgrade(found, schema.VERSION, reason=reason)


def _upgrade_file(connection: sqlite3.Connection, path: Path, now: datetime | None) -> Upgrade | None:
    place = Path(os.path.realpath(path))
    backup = None
    try:
        with faults_of(path), transaction(connection):
            found = schema.check_version(connection, path)
            if found == schema.VERSION:
                return None
            moment = now or from_store(Tail.of(connection).recorded_at)
            # SQLite copies nothing over the connection that holds the lock.
            with closing(reader(path)) as unchanged:
                target = place.with_name(f"{place.stem}-schema{found}-{moment.strftime(STAMP)}.db")
                copy_whole(unchanged, path, target)
                backup = target
            changes = change(connection, path, found, moment)
    except BaseException:
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise
    return Upgrade(found, schema.VERSION, backup, changes=changes)


def change(connection: sqlite3.Connection, path: Path, found: int, moment: datetime | None = None) -> list[Phrase]:
    """Migrate within a transaction that is held, and check what came of it; raises RegisterOlder.

    Return what rules that changed since make of the complaints, with the verdicts of a moment, or of the last entry.
    """
    head, altered = Tail.of(connection).hash, set(schema.schema_faults(connection, found))
    schema.migrate(connection)
    changes = rejudge(connection, path, found, moment or from_store(Tail.of(connection).recorded_at))
    faults = [fault for fault in schema.schema_faults(connection) if fault not in altered]
    if Tail.of(connection).hash != head:
        faults.append(Phrase("the journal has another head"))
    faults += [
        Phrase("table {table} refers to what is not there", table=row[0])
        for row in connection.execute("PRAGMA foreign_key_check")
        if row[0] in schema.TABLES
    ]
    (reached,) = connection.execute("PRAGMA user_version").fetchone()
    if reached != schema.VERSION:
        # Each command would bring it up again, and leave a copy.
        faults.append(Phrase("the migrations that it notes as done are not those of its schema"))
    if faults:
        raise RegisterOlder(path=path, found=found, known=schema.VERSION, reason=faults[0])
    return changes


def in_memory(connection: sqlite3.Connection, path: Path, found: int) -> sqlite3.Connection:
    """Return a connection to a copy in memory, brought to the present schema; `writing` lets nobody change it.

    The connection that it was copied from is closed. Raises RegisterOlder.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.backup(copy)
        with transaction(copy):
            change(copy, path, found)
    except sqlite3.Error as error:
        copy.close()
        raise RegisterOlder(path=path, found=found, known=schema.VERSION, reason=str(error)) from None
    except BaseException:
        copy.close()
        raise
    connection.close()
    return copy
