"""The offices of a server: how one is added, and whose logins may work in it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager

from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import (
    NoLogin,
    NoOfficeRoles,
    NotAdministrator,
    NotAnOffice,
    NothingToRevoke,
    OfficeRolesExist,
    RegisterExists,
    suggestion,
)
from dealtrack.phrase import Phrase, Word, both
from dealtrack.register.address import NATION
from dealtrack.register.engine import Database, EngineFault, FaultKind, ServerAddress, faults_of
from dealtrack.register.postgres import rights, schema
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.office_reader import OFFICES, OfficeReader, text_of
from dealtrack.register.postgres.rights import (
    GRANTED,
    NATIONAL_COLUMNS,
    VIEWED_TABLES,
    OfficeRole,
    role_name,
    view_name,
)
from dealtrack.register.postgres.values import quoted

_MEMBERS = """
SELECT r.rolname, l.rolname FROM pg_auth_members m
JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
WHERE r.rolname = ANY(?) AND l.rolname <> ? ORDER BY r.rolname, l.rolname
"""
"""Who is a member of some roles, one of them aside."""


def add_office(address: ServerAddress, fill: Callable[[Database], None]) -> bool:
    """Make an office's roles and its register, or give roles to a register that has none, wholly or not at all.

    Whoever calls may make roles (CREATEROLE) and schemas (CREATE on the database). The nation, where it has a register,
    sees the office from then on; where the office is the nation's register itself, it sees all that there are.
    Return whether the register is new. Raises RegisterExists, OfficeRolesExist, NotAnOffice and NotAdministrator.
    """
    office = address.office
    owner = role_name(office, OfficeRole.OWNER)
    with administering(address) as database:
        is_there = bool(database.rows("SELECT 1 FROM pg_namespace WHERE nspname = ?", (office,)))
        names = [role_name(office, role) for role in OfficeRole]
        present = [name for (name,) in database.rows("SELECT rolname FROM pg_roles WHERE rolname = ANY(?)", (names,))]
        if owner in present and is_there:
            raise RegisterExists(path=address)
        if present:
            raise OfficeRolesExist(role=present[0], office=office)
        if is_there and office not in [name for name, *_ in database.rows(OFFICES)]:
            raise NotAnOffice(office=office, address=address)
        for statement in rights.role_creation(office):
            database.write(statement)
        with member_of(database, owner):
            for statement in schema.handing_over(office, owner) if is_there else schema.creation(office, owner):
                database.write(statement)
            if not is_there:
                fill(database)
            _write_as(database, owner, rights.grants(office))
        _show_to_nation(database, office)
    return not is_there


def _show_to_nation(database: ServerDatabase, office: str) -> None:
    """Let the nation see an office, or all where it is the nation's own; nothing where the nation has no register."""
    with_roles = [name for name, has_roles, _ in database.rows(OFFICES) if has_roles]
    if NATION not in with_roles:
        return
    for each in (name for name in with_roles if name != NATION) if office == NATION else [office]:
        owner = role_name(each, OfficeRole.OWNER)
        with member_of(database, owner):
            _write_as(database, owner, rights.national_grants(each))
    owner = role_name(NATION, OfficeRole.OWNER)
    with member_of(database, owner), acting_as(database, owner):
        make_views(database)


def make_views(database: Database) -> None:
    """Make the nation's views anew, acting as its owner; each reads with the rights of who asks.

    They show the offices of the present schema, as the nation's commands do; without any, they stay as they are.
    """
    offices = OfficeReader(database).names
    for table in VIEWED_TABLES if offices else ():
        columns = ", ".join(NATIONAL_COLUMNS[table])
        parts = (f"SELECT {text_of(each)} AS office, {columns} FROM {quoted(each)}.{table}" for each in offices)
        view = f"{quoted(NATION)}.{view_name(table)}"
        database.write(f"CREATE OR REPLACE VIEW {view} WITH (security_invoker = true) AS {' UNION ALL '.join(parts)}")
        database.write(f"GRANT SELECT ON {view} TO {quoted(role_name(NATION, OfficeRole.READER))}")


@contextmanager
def member_of(database: ServerDatabase, role: str) -> Iterator[None]:
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


@contextmanager
def acting_as(database: Database, role: str) -> Iterator[None]:
    """Let the block act as a role, of which the login is a member."""
    database.write(f"SET LOCAL ROLE {quoted(role)}")
    yield
    database.write("SET LOCAL ROLE NONE")


def _write_as(database: Database, role: str, statements: Iterable[str]) -> None:
    with acting_as(database, role):
        for statement in statements:
            database.write(statement)


@contextmanager
def administering(address: ServerAddress) -> Iterator[ServerDatabase]:
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
    with administering(address) as database:
        if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = ?", (role_name(office, role),)):
            raise NoOfficeRoles(office=office)
        if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = ? AND rolcanlogin", (login,)):
            raise NoLogin(login=login)
        database.write(rights.membership(office, login, role))


def revoke(address: ServerAddress, login: str, role: OfficeRole | None) -> tuple[list[OfficeRole], bool]:
    """Take a role of an office from a login, by default all; return which, and whether it still has rights there.

    It has them through another role, or as a superuser. Raises NothingToRevoke, NoOfficeRoles and NotAdministrator.
    """
    office = address.office
    names = {role_name(office, each): each for each in GRANTED}
    with administering(address) as database:
        if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = ANY(?)", ([*names],)):
            raise NoOfficeRoles(office=office)
        members: dict[str, list[OfficeRole]] = {}
        for name, member in database.rows(_MEMBERS, ([*names], role_name(office, OfficeRole.KEEPER))):
            members.setdefault(member, []).append(names[name])
        revoked = [each for each in members.get(login, []) if role in (None, each)]
        if not revoked:
            reason = Phrase("{login} has no role in office {office}", login=login, office=office)
            if role and login in members:
                reason = Phrase(
                    "the role of {login} in office {office} is {roles}",
                    login=login,
                    office=office,
                    roles=both(map(Word, members[login])),
                )
            raise NothingToRevoke(reason=reason, nearest=suggestion(nearest_names(login, members.keys() - {login})))
        for each in revoked:
            database.write(rights.end_of_membership(office, login, each))
        # The server takes away only what the same administrator gave, and warns of the rest.
        left = {name for name, member in database.rows(_MEMBERS, ([*names], "")) if member == login}
        if any(role_name(office, each) in left for each in revoked):
            raise NotAdministrator(login=database.login, address=address, reason="another administrator gave this role")
        ((has_rights,),) = database.rows(
            "SELECT bool_or(pg_has_role(?, rolname, 'MEMBER')) FROM pg_roles WHERE rolname = ANY(?)", (login, [*names])
        )
    return revoked, has_rights
