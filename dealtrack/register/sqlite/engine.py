"""A register in an SQLite file: how it is opened, made, copied, and looked after."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.errors import RegisterExists, RegisterMissing, RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register.engine import VERSION, Database, Finding, Remains, Row, SealCheck, Upgrade, faults_of
from dealtrack.register.sqlite import schema
from dealtrack.register.sqlite.connection import Connection, check_unchanged, connect, in_words
from dealtrack.register.sqlite.file import identity_of, real_path

if TYPE_CHECKING:
    from dealtrack.register.sqlite.evidence_folder import EvidenceFolder
    from dealtrack.register.store import Store

LONGEST_WAIT = 5.0
"""How many seconds an erasure waits for those who read, so that nothing of it is left in the write-ahead file."""

# What most commands do without is imported where it is needed: start-up is what a clerk waits for.


class FileEngine:
    """A register in a file."""

    def __init__(self, address: Path) -> None:
        self.address = address

    @contextmanager
    def opened(self, *, read_only: bool) -> Iterator[Connection]:
        """Open the register's file for the block."""
        with closing(connect(self.address, read_only=read_only)) as connection:
            yield connection
            check_unchanged(connection, self.address)

    def upgraded(
        self, database: Database, *, read_only: bool, now: Callable[[], datetime] | None
    ) -> tuple[Connection, Upgrade | None]:
        """Bring an opened register to the present schema; with `read_only` a copy in memory."""
        assert isinstance(database, Connection)
        with in_words():
            version = schema.check_schema(database, self.address)
            if version == VERSION:
                return database, None
            from dealtrack.register.sqlite.upgrade import in_memory, upgrade_register

            if read_only:
                return in_memory(database, self, version), None
            return upgrade_register(database, self, version, now() if now else None)

    def create(self, fill: Callable[[Database], None]) -> None:
        """Make a register in a draft, and move it to its place when it is whole."""

        def make(connection: Connection) -> None:
            schema.create(connection)
            fill(connection)

        self._make(make)

    def take_in(self, source: Database, check: Callable[[Database], None], finish: Callable[[Database], None]) -> None:
        """Make a register with all rows of another, in a draft."""

        def make(connection: Connection) -> None:
            with connection.transaction():
                schema.create_from(source, connection)
            check(connection)
            finish(connection)

        self._make(make)

    def differing_tables(self, copy: Database, source: Database) -> list[str]:
        """Return the tables whose rows, read from both, are not the same; the copy's chain has been checked."""

        def rows(database: Database, table: str) -> Iterator[Row]:
            return database.stream(f"SELECT * FROM {table} ORDER BY {schema.COMPARED_ROWS.get(table, '1')}")

        return [
            table
            for table in schema.COPIED_TABLES
            if any(before != after for before, after in zip_longest(rows(source, table), rows(copy, table)))
        ]

    @contextmanager
    def held(self, register: "Store") -> Iterator[None]:
        """Keep the file's lock during the block; a file that nobody can write to needs none."""
        connection = _connection(register)
        with connection.one_state() if connection.unwritable else connection.transaction():
            yield

    def close_to_entries(self, register: "Store") -> bool:
        """Make the file read-only, which chmod can undo."""
        del register
        path = real_path(self.address)
        with suppress(OSError):
            path.chmod(path.stat().st_mode & ~0o222)
            return True
        return False

    def identity(self) -> tuple[int, int]:
        """Return what tells the file from all others."""
        identity = identity_of(self.address)
        if identity is None:
            raise RegisterMissing(path=self.address)
        return identity

    def _make(self, make: Callable[[Connection], None]) -> None:
        from dealtrack.register.drafts import disk_faults, draft_file, left_beside, make_folder, part_of_register, sync

        path = self.address
        if os.path.lexists(path):
            raise RegisterExists(path=path)
        reason: str = part_of_register(path)
        if not reason and (left := left_beside(path)):
            reason = Phrase(
                "{name} is there, perhaps with entries of an earlier register; move it away, or name another place "
                "with --db",
                name=left.name,
            )
        if reason := reason or make_folder(path.parent):
            raise RegisterUnusable(path=path, reason=reason)
        with disk_faults(RegisterUnusable, path=path), draft_file(path) as draft:
            with closing(connect(draft, create=True)) as connection, faults_of(path), in_words():
                connection.execute("PRAGMA journal_mode=WAL")
                make(connection)
                # All of it must stand in the file itself: SQLite's other files are not moved with it.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            try:
                os.link(draft, path)
            except FileExistsError:
                raise RegisterExists(path=path) from None
            sync(path.parent)

    def evidence(self, register: "Store") -> "EvidenceFolder":
        """Return the folder of evidence beside the file."""
        from dealtrack.register.sqlite.evidence_folder import EvidenceFolder, evidence_folder

        del register
        return EvidenceFolder(evidence_folder(self.address))

    def mailbox(self, register: "Store") -> None:
        """Return None: a file is one register alone."""
        del register

    def count_names(self, register: "Store") -> int:
        """Return how many names (hard links) the file has."""
        return _connection(register).count_names()

    def finish_writing(self, register: "Store") -> None:
        """Empty the write-ahead file of what an earlier command erased, where that is left to do."""
        from dealtrack.register.sqlite.erasures import finish_erasure, is_erasure_open

        if is_erasure_open(self.address):
            finish_erasure(_connection(register), self.address)

    def back_up(self, register: "Store", target: Path) -> tuple[int, str]:
        """Copy the register to a new file or over an earlier backup of it."""
        from dealtrack.register.sqlite.backup import back_up

        return back_up(_connection(register), self.address, target)

    def damage(self, register: "Store") -> str:
        """Return what SQLite finds wrong in the form of the file."""
        from dealtrack.register.sqlite.health import damage_of

        return damage_of(_connection(register))

    def schema_faults(self, register: "Store") -> list[str]:
        """Return where tables, indexes, triggers or views are not as they were made."""
        return schema.schema_faults(_connection(register))

    def check_seals(self, register: "Store") -> SealCheck:
        """Find nothing: offices are on a server."""
        del register
        return SealCheck()

    def foreign_names(self, register: "Store") -> list[str]:
        """Return the tables that other programs keep in the file, and their indexes, by name."""
        return schema.foreign_names(_connection(register))

    def erase_afresh(self, register: "Store") -> None:
        """Write the table of personal data anew, and note that the write-ahead file is to be emptied."""
        from dealtrack.register.sqlite.erasures import mark_erasure, write_anew

        write_anew(_connection(register))
        # Before the erasure is committed: killed afterwards, the next writer knows of it.
        mark_erasure(self.address)

    def remains(self, register: "Store") -> Remains:
        """Remove what the register's files and folders still hold of erased data."""
        from dealtrack.register.drafts import drafts_in, remove_drafts
        from dealtrack.register.sqlite.backup import draft_folders
        from dealtrack.register.sqlite.erasures import finish_erasure

        is_empty = finish_erasure(_connection(register), self.address, LONGEST_WAIT)
        folders = draft_folders(self.address)
        for folder in folders:
            remove_drafts(folder)
        return Remains(not is_empty, [path for folder in folders for path in drafts_in(folder)])

    def findings(self, register: "Store", now: datetime) -> Iterator[Finding]:
        """Yield what a keeper should mend of the register's files, and what there is only to know."""
        from dealtrack.register.sqlite.health import findings

        return findings(register, _connection(register), now)

    def facts(self, register: "Store") -> Iterator[tuple[str, str]]:
        """Yield what the register's file is, as name and value."""
        from dealtrack.register.sqlite.health import facts

        return facts(register)


def _connection(register: "Store") -> Connection:
    assert isinstance(register.database, Connection)
    return register.database
