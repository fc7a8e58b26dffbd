"""A register on a PostgreSQL server: how it is opened, made, copied, and looked after."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dealtrack.errors import (
    NotAdministrator,
    NotAnOffice,
    OfficeOlder,
    RegisterExists,
    RegisterNewer,
    UnknownOffice,
)
from dealtrack.phrase import Phrase
from dealtrack.register.address import NATION
from dealtrack.register.engine import (
    VERSION,
    Database,
    EngineFault,
    FaultKind,
    Finding,
    Remains,
    SealCheck,
    ServerAddress,
    Upgrade,
    faults_of,
)
from dealtrack.register.postgres import comparison, schema
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.rights import VIEWED_TABLES, view_name

if TYPE_CHECKING:
    from dealtrack.register.postgres.evidence_table import EvidenceTable
    from dealtrack.register.postgres.mailbox import ServerMailbox
    from dealtrack.register.store import Store


class ServerEngine:
    """A register on a server: the schema of an office."""

    def __init__(self, address: ServerAddress) -> None:
        self.address = address

    @contextmanager
    def opened(self, *, read_only: bool) -> Iterator[ServerDatabase]:
        """Connect for the block."""
        del read_only
        with closing(ServerDatabase(self.address)) as database:
            try:
                yield database
            except EngineFault as fault:
                if fault.kind is FaultKind.ABSENT:
                    self._check_presence(database)
                raise

    def upgraded(
        self, database: Database, *, read_only: bool, now: Callable[[], datetime] | None
    ) -> tuple[Database, Upgrade | None]:
        """Return the database of a register of the present schema; only the owner brings an older one there."""
        del read_only, now
        try:
            ((application, version),) = database.rows("SELECT application_id, version FROM meta")
        except EngineFault as fault:
            if fault.kind is FaultKind.DENIED:
                # Everybody may use the schema by name, for what is transferred to it.
                raise UnknownOffice(office=self.address.office, address=self.address) from None
            raise
        if application != schema.APPLICATION_ID:
            raise NotAnOffice(office=self.address.office, address=self.address)
        if version > VERSION:
            raise RegisterNewer(path=self.address, found=version, known=VERSION)
        if version < VERSION:
            raise OfficeOlder(office=self.address.office, address=self.address, found=version, known=VERSION)
        return database, None

    def _check_presence(self, database: Database) -> None:
        """Raise UnknownOffice where there is no such schema, or none for the login, and NotAnOffice for one of another.

        It may have been dropped since it was opened.
        """
        office = self.address.office
        present = database.rows(
            "SELECT to_regclass(quote_ident(nspname) || '.meta') IS NOT NULL FROM pg_catalog.pg_namespace "
            "WHERE nspname = ? AND has_schema_privilege(oid, 'USAGE')",
            (office,),
        )
        if present != [(True,)]:
            error = NotAnOffice if present else UnknownOffice
            raise error(office=office, address=self.address) from None

    def create(self, fill: Callable[[Database], None]) -> None:
        """Make the office's schema and fill it, in one transaction."""
        with closing(ServerDatabase(self.address)) as database, self._making(database):
            for statement in (*schema.creation(self.address.office), schema.ANY_ACTOR):
                database.write(statement)
            fill(database)

    def take_in(self, source: Database, check: Callable[[Database], None], finish: Callable[[Database], None]) -> None:
        """Make the office's schema with all rows of another register, in one transaction.

        The source is checked while the server makes indexes.
        """
        from dealtrack.register.postgres.copying import CopyingDatabase

        with closing(CopyingDatabase(self.address)) as database, self._making(database):
            for statement in schema.create_unguarded(self.address.office):
                database.write(statement)
            for table in schema.COPIED_TABLES:
                database.write_many(table, source.stream(f"SELECT * FROM {table}"))
            for statement in (schema.BULK, *schema.guards(self.address.office)):
                database.write(statement)
            database.write_meanwhile(lambda: check(source))
            finish(database)

    def differing_tables(self, copy: Database, source: Database) -> list[str]:
        """Return the tables whose text, read back, is other than what was sent."""
        from dealtrack.register.postgres.copying import CopyingDatabase

        del source
        assert isinstance(copy, CopyingDatabase)
        return [table for table in schema.COPIED_TABLES if copy.differs(table)]

    def held(self, register: "Store") -> AbstractContextManager[None]:
        """Keep the lock of recordings during the block."""
        return register.database.writing()

    def close_to_entries(self, register: "Store") -> bool:
        """Do nothing: whoever manages the server takes the rights away."""
        del register
        return False

    def identity(self) -> object:
        """Return the address: what stands there is told by its journal."""
        return self.address

    @contextmanager
    def _making(self, database: ServerDatabase) -> Iterator[None]:
        """Let the block make the schema, wholly or not at all; raises RegisterExists and NotAdministrator."""
        with faults_of(self.address), database.altering():
            ((is_there, may_create),) = database.rows(
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ?), "
                "has_database_privilege(current_database(), 'CREATE')",
                (self.address.office,),
            )
            if is_there:
                raise RegisterExists(path=self.address)
            if not may_create:
                reason = Phrase("it may not make schemas")
                raise NotAdministrator(login=database.login, address=self.address, reason=reason)
            yield

    def evidence(self, register: "Store") -> "EvidenceTable":
        """Return the office's table of evidence."""
        from dealtrack.register.postgres.evidence_table import EvidenceTable

        assert isinstance(register.database, ServerDatabase)
        return EvidenceTable(register.database)

    def mailbox(self, register: "Store") -> "ServerMailbox":
        """Return the office's mailbox."""
        from dealtrack.register.postgres.mailbox import ServerMailbox

        assert isinstance(register.database, ServerDatabase)
        return ServerMailbox(register.database, self.address.office)

    def count_names(self, register: "Store") -> int:
        """Return 1: only files have several names."""
        del register
        return 1

    def finish_writing(self, register: "Store") -> None:
        """Do nothing: the server finishes what it writes."""

    def back_up(self, register: "Store", target: Path) -> tuple[int, str]:
        """Copy the register to a new SQLite file or over an earlier backup of it."""
        from dealtrack.register.sqlite.backup import back_up

        return back_up(register.database, self.address, target)

    def damage(self, register: "Store") -> str:
        """Return nothing: whether its files are sound, the server finds out when it reads them."""
        del register
        return ""

    def schema_faults(self, register: "Store") -> list[str]:
        """Return where tables, keys, indexes, triggers or functions are not as they were made."""
        return comparison.schema_faults(register.database, self.address.office)

    def check_seals(self, register: "Store") -> SealCheck:
        """Hold the journals of offices against the seals of the national register."""
        if self.address.office != NATION:
            return SealCheck()
        from dealtrack.register.postgres.nation import check_seals

        return check_seals(register)

    def foreign_names(self, register: "Store") -> list[str]:
        """Return what else stands in the office's schema, by name; the views of the national one are its own."""
        own = {*map(view_name, VIEWED_TABLES)} if self.address.office == NATION else set()
        return [name for name in comparison.foreign_names(register.database, self.address.office) if name not in own]

    def erase_afresh(self, register: "Store") -> None:
        """Write the table of personal data to a new file of the server's."""
        register.database.rows("SELECT write_personal_anew()")

    def remains(self, register: "Store") -> Remains:
        """Return that nothing is left in the register, but in what the server writes beside it."""
        del register
        return Remains(in_archive=True)

    def findings(self, register: "Store", now: datetime) -> Iterator[Finding]:
        """Yield what a keeper should mend of the server, and what there is only to know."""
        from dealtrack.register.postgres.health import findings

        del now
        return findings(register, self.address)

    def facts(self, register: "Store") -> Iterator[tuple[str, str]]:
        """Yield what the register lies on, as name and value."""
        from dealtrack.register.postgres.health import facts

        return facts(register, self.address)
