"""The offices of a server: how one is added, whose logins may work in it, and how all of them stand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.core.moments import from_store, to_store
from dealtrack.errors import NoLogin, NoOfficeRoles, NotAdministrator, NotAnOffice, OfficeRolesExist, RegisterExists
from dealtrack.register.address import NATION
from dealtrack.register.engine import Database, EngineFault, FaultKind, Row, ServerAddress, faults_of
from dealtrack.register.postgres import rights, schema
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.rights import NATIONAL_COLUMNS, VIEWED_TABLES, OfficeRole, role_name, view_name
from dealtrack.register.postgres.values import quoted

AT_ONCE = 25
"""So many offices are read in one trip."""

_OFFICES = """
SELECT n.nspname, pg_get_userbyid(n.nspowner) = n.nspname || '_owner',
    has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(h.oid, t.attnum, 'SELECT')
FROM pg_namespace n
JOIN pg_class h ON h.relnamespace = n.oid AND h.relname = 'head'
JOIN pg_attribute t ON t.attrelid = h.oid AND t.attname = 'recorded_at'
JOIN pg_class m ON m.relnamespace = n.oid AND m.relname = 'meta'
JOIN pg_attribute a ON a.attrelid = m.oid AND a.attname = 'application_id'
ORDER BY n.nspname COLLATE "C"
"""
"""All registers of the database, each with whether it has roles, and whether the login may read it."""


class NewOffice(NamedTuple):
    """What adding an office did.

    `is_new` is False where its register was there already, and only got roles. `may_monitor` tells that keepers may see
    how the server does, for which the administrator needs the right to grant that.
    """

    is_new: bool
    may_monitor: bool


class OfficeState(NamedTuple):
    """How an office stands: its journal's length, last moment (in UTC) and hash, and its complaints and deadlines.

    `waiting` counts what other offices have transferred to it and nobody has taken over yet.
    """

    office: str
    entries: int
    last: datetime | None
    head: str
    open: int
    overdue: int
    waiting: int


def add_office(address: ServerAddress, fill: Callable[[Database], None]) -> NewOffice:
    """Make an office's roles and its register, or give roles to a register that has none, wholly or not at all.

    Whoever calls may make roles (CREATEROLE) and schemas (CREATE on the database). The nation, where it has a register,
    sees the office from then on; where the office is the nation's register itself, it sees all that there are.
    Raises RegisterExists, OfficeRolesExist, NotAnOffice and NotAdministrator.
    """
    office = address.office
    owner = role_name(office, OfficeRole.OWNER)
    with _administering(address) as database:
        is_there = bool(database.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", (office,)))
        names = [role_name(office, role) for role in OfficeRole]
        present = [name for (name,) in database.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY(?)", (names,))]
        if owner in present and is_there:
            raise RegisterExists(path=address)
        if present:
            raise OfficeRolesExist(role=present[0], office=office)
        if is_there and office not in [name for name, *_ in database.rows(_OFFICES)]:
            raise NotAnOffice(office=office, address=address)
        may_monitor = _may_monitor(database)
        for statement in (*rights.role_creation(office), *([rights.monitoring(office)] if may_monitor else [])):
            database.write(statement)
        with _member_of(database, owner):
            for statement in schema.handing_over(office, owner) if is_there else schema.creation(office, owner):
                database.write(statement)
            if not is_there:
                fill(database)
            _write_as(database, owner, rights.grants(office))
        _show_to_nation(database, office)
    return NewOffice(not is_there, may_monitor)


def _may_monitor(database: Database) -> bool:
    """Tell whether the login may let others see how the server does."""
    return bool(
        database.rows(
            "SELECT 1 FROM pg_roles WHERE rolname = session_user AND (rolsuper "
            "OR (rolcreaterole AND current_setting('server_version_num')::integer < 160000) "
            "OR pg_has_role('pg_monitor', 'MEMBER WITH ADMIN OPTION'))"
        )
    )


def _show_to_nation(database: ServerDatabase, office: str) -> None:
    """Let the nation see an office, or all where it is the nation's own; nothing where the nation has no register."""
    with_roles = [name for name, has_roles, _ in database.rows(_OFFICES) if has_roles]
    if NATION not in with_roles:
        return
    offices = [name for name in with_roles if name != NATION]
    for each in offices if office == NATION else [office]:
        owner = role_name(each, OfficeRole.OWNER)
        with _member_of(database, owner):
            _write_as(database, owner, rights.national_grants(each))
    if offices:
        owner = role_name(NATION, OfficeRole.OWNER)
        with _member_of(database, owner):
            _write_as(database, owner, _views(offices))


def _views(offices: list[str]) -> Iterator[str]:
    """Yield the statements that make the nation's views anew; each reads with the rights of who asks."""
    for table in VIEWED_TABLES:
        columns = ", ".join(NATIONAL_COLUMNS[table])
        parts = (f"SELECT {_text(each)} AS office, {columns} FROM {quoted(each)}.{table}" for each in offices)
        view = f"{quoted(NATION)}.{view_name(table)}"
        yield f"CREATE OR REPLACE VIEW {view} WITH (security_invoker = true) AS {' UNION ALL '.join(parts)}"
        yield f"GRANT SELECT ON {view} TO {quoted(role_name(NATION, OfficeRole.READER))}"


def _text(office: str) -> str:
    # An office's name has letters, digits and _ alone.
    return f"'{office}'::text"


@contextmanager
def _member_of(database: ServerDatabase, role: str) -> Iterator[None]:
    """Make the login a member of a role for the block, if it was none before."""
    ((is_member,),) = database.rows(
        "SELECT pg_has_role(session_user, ?, "
        "CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)",
        (role,),
    )
    login = quoted(database.login)
    if not is_member:
        database.write(f"GRANT {quoted(role)} TO {login}")
    yield
    if not is_member:
        database.write(f"REVOKE {quoted(role)} FROM {login}")


def _write_as(database: Database, role: str, statements: Iterable[str]) -> None:
    """Run statements as a role, of which the login is a member."""
    for statement in (f"SET LOCAL ROLE {quoted(role)}", *statements, "SET LOCAL ROLE NONE"):
        database.write(statement)


@contextmanager
def _administering(address: ServerAddress) -> Iterator[ServerDatabase]:
    """Connect for the block, which changes offices, wholly or not at all; raises NotAdministrator."""
    with faults_of(address), closing(ServerDatabase(address)) as database:
        try:
            with database.altering():
                yield database
        except EngineFault as fault:
            if fault.kind is not FaultKind.DENIED:
                raise
            raise NotAdministrator(login=database.login, address=address, reason=fault.reason) from fault


def grant(address: ServerAddress, login: str, role: OfficeRole) -> None:
    """Make a login a clerk, keeper or reader of an office; raises NoLogin, NoOfficeRoles, NotAdministrator."""
    office = address.office
    with _administering(address) as database:
        if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = ?", (role_name(office, role),)):
            raise NoOfficeRoles(office=office)
        if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = ? AND rolcanlogin", (login,)):
            raise NoLogin(login=login)
        database.write(rights.membership(office, login, role))


def offices(database: Database) -> list[str]:
    """Return the offices that the login may read, by name; the nation's register is none."""
    return [name for name, _, is_readable in database.rows(_OFFICES) if is_readable and name != NATION]


def rows_of_each(
    database: Database, names: Sequence[str], select: str, values: Callable[[str], Sequence[Any]]
) -> Iterator[Row]:
    """Yield what a statement reads of each office; it writes {name} for the office, and {schema} for its schema.

    Outside of a transaction, some offices come in each trip: the server locks every table of a statement and its
    indexes, and has room for some thousands of locks only, which clerks need too.
    """
    for start in range(0, len(names), AT_ONCE):
        batch = names[start : start + AT_ONCE]
        parts = (f"({select.format(name=_text(name), schema=quoted(name))})" for name in batch)
        yield from database.rows(" UNION ALL ".join(parts), [value for name in batch for value in values(name)])


def office_states(address: ServerAddress, moment: datetime) -> tuple[list[OfficeState], ZoneInfo]:
    """Return how each office that the login may read stands at a moment, in UTC, by name; and the first one's zone."""
    with closing(ServerDatabase(address)) as database, faults_of(address):
        names = offices(database)
        state = (
            "SELECT {name}, h.seq, h.recorded_at, encode(h.hash, 'hex'), "
            "(SELECT count(*) FROM {schema}.complaint WHERE status <> ALL (ARRAY['closed', 'voided'])), "
            "(SELECT count(*) FROM {schema}.clock WHERE ended_at IS NULL AND due_at < ?), "
            "(SELECT count(*) FROM {schema}.mailbox), "
            "(SELECT value FROM {schema}.fact WHERE name = 'timezone') FROM {schema}.head h"
        )
        rows = list(rows_of_each(database, names, state, lambda _: [to_store(moment)]))
    states = [
        OfficeState(name, seq, from_store(last) if last else None, head, *counts)
        for name, seq, last, head, *counts, _ in rows
    ]
    return states, ZoneInfo(rows[0][-1] if rows else "UTC")
