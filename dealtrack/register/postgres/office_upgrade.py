"""All offices of a server brought to the present schema: each by itself, wholly or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from dealtrack.core.text import first_few
from dealtrack.errors import (
    DealtrackError,
    NotAdministrator,
    NotConnected,
    OfficeNotUpgraded,
    RegisterNewer,
    RegisterOlder,
    ServerLost,
)
from dealtrack.phrase import Phrase
from dealtrack.register.address import NATION, office_address
from dealtrack.register.engine import UNFORESEEN, VERSION, ServerAddress
from dealtrack.register.migrations import MIGRATIONS, Migration
from dealtrack.register.postgres import comparison, rights, schema
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.engine import ServerEngine
from dealtrack.register.postgres.office_reader import OFFICES
from dealtrack.register.postgres.offices import acting_as, administering, make_views, member_of
from dealtrack.register.postgres.rights import VIEWED_TABLES, view_name
from dealtrack.register.postgres.values import quoted
from dealtrack.register.register import Register

_OWNERS = """
SELECT nspname, pg_get_userbyid(nspowner),
    pg_has_role(session_user, nspowner, 'MEMBER') OR pg_has_role(session_user, nspowner, 'MEMBER WITH ADMIN OPTION')
    OR (SELECT rolcreaterole FROM pg_roles WHERE rolname = session_user)
        AND pg_get_userbyid(nspowner) = nspname || '_owner'
        AND current_setting('server_version_num')::integer < 160000
FROM pg_namespace WHERE nspname = ANY(?) ORDER BY nspname COLLATE "C"
"""
"""Who owns each of some schemas, and whether the login may act as that role."""

_RIGHTS = """
SELECT 'schema', '', p.* FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) p WHERE oid = {0}
UNION ALL
SELECT 'table', relname, p.* FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) p
WHERE relnamespace = {0} AND relkind = 'r'
UNION ALL
SELECT 'column', relname || '.' || attname, p.*
FROM pg_class c JOIN pg_attribute ON attrelid = c.oid, aclexplode(attacl) p WHERE relnamespace = {0} AND relkind = 'r'
UNION ALL
SELECT 'function', proname, p.* FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) p
WHERE pronamespace = {0}
""".format("(SELECT oid FROM pg_namespace WHERE nspname = ?)")
"""Who has which right in a schema."""


_VIEWS = "SELECT viewname, definition FROM pg_views WHERE schemaname = ? AND viewname = ANY(?)"


_DROPPED_VIEWS = "DROP VIEW IF EXISTS " + ", ".join(f"{quoted(NATION)}.{view_name(table)}" for table in VIEWED_TABLES)
"""Drops the nation's views, which cannot be replaced by others where a column is of another type."""


class OfficeUpgrade(NamedTuple):
    """What upgrading an office did.

    `old` is the version of its schema before, `repaired` what was made anew of its indexes, functions and triggers,
    `views` what of the nation's views, and `has_new_rights` tells whether its roles have other rights than before.
    For an office that stays as it was, `error` says why, or `foreign_owner` is who owns it and is not the login's.
    """

    office: str
    old: int = VERSION
    repaired: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    has_new_rights: bool = False
    error: DealtrackError | None = None
    foreign_owner: str = ""

    @property
    def lost_guards(self) -> list[str]:
        """Return what an office of the present schema was without of what keeps its journal from being changed."""
        return [name for name in self.repaired if name in schema.FUNCTIONS and self.old == VERSION]

    @property
    def is_unchanged(self) -> bool:
        """Tell whether there was nothing to do."""
        return self == OfficeUpgrade(self.office)


class _Unchanged(Exception):
    """There was nothing to do, so nothing is written."""


class _Server(NamedTuple):
    """What upgrading one office must know of the server; the owner of the nation is None if the login may not be it."""

    migrations: Sequence[Migration]
    has_nation: bool
    nation_owner: str | None


def upgrade_offices(address: ServerAddress, migrations: Sequence[Migration] = MIGRATIONS) -> Iterator[OfficeUpgrade]:
    """Bring each office that the login may administer to the present schema, and tell what was done, office by office.

    One of the present schema is mended where its indexes, functions, triggers or rights are not as they were made. The
    nation comes last, with its views over all others. Raises NotAdministrator, NotConnected and ServerLost.
    """
    with administering(address) as database:
        offices = {name: has_roles for name, has_roles, _ in database.rows(OFFICES)}
        owners = {name: (owner, is_own) for name, owner, is_own in database.rows(_OWNERS, ([*offices],))}
        login = database.login
    own = {name: owner for name, (owner, is_own) in owners.items() if is_own}
    if owners and not own:
        (owner, _), *_others = owners.values()
        reason = Phrase("it may not act as {owner}", owner=owner)
        raise NotAdministrator(login=login, address=address, reason=reason)
    has_nation = offices.get(NATION, False)
    server = _Server(migrations, has_nation, own.get(NATION) if has_nation else None)
    is_mixed = False
    for name in sorted(owners, key=lambda name: name == NATION):
        if name not in own:
            yield OfficeUpgrade(name, foreign_owner=owners[name][0])
            continue
        upgrade = _upgrade(office_address(address.text, name), own[name], offices[name], is_mixed, server)
        is_mixed = is_mixed or upgrade.old != VERSION
        yield upgrade


def _upgrade(address: ServerAddress, owner: str, has_roles: bool, is_mixed: bool, server: _Server) -> OfficeUpgrade:
    """Upgrade an office; `is_mixed` tells whether another was of another schema, which the nation's views show."""
    office = address.office
    upgrade = OfficeUpgrade(office)
    try:
        with suppress(_Unchanged), administering(address) as database, member_of(database, owner):
            with acting_as(database, owner):
                # Who records has this lock; nobody does meanwhile.
                database.rows("SELECT seq FROM head FOR UPDATE")
                ((found,),) = database.rows("SELECT version FROM meta")
                upgrade = upgrade._replace(old=found)
                migrations = _due(found, address, server.migrations)
            if migrations:
                _drop_views(database, office, server)
            with acting_as(database, owner):
                _migrate(database, address, migrations)
                upgrade = upgrade._replace(repaired=_repair(database, office))
                if has_roles:
                    upgrade = upgrade._replace(has_new_rights=_give_rights(database, office, server.has_nation))
                    if office == NATION:
                        upgrade = upgrade._replace(views=_make_views(database, is_mixed))
            if upgrade.is_unchanged:
                raise _Unchanged
    except (NotConnected, ServerLost):
        raise
    except DealtrackError as error:
        return OfficeUpgrade(office, upgrade.old, error=error)
    except UNFORESEEN:
        reason = Phrase("it holds a row that no entry makes")
        return OfficeUpgrade(office, upgrade.old, error=OfficeNotUpgraded(office=office, reason=reason))
    return upgrade


def _due(found: int, address: ServerAddress, migrations: Sequence[Migration]) -> list[Migration]:
    """Return the migrations from a version to the present schema; raises RegisterNewer and RegisterOlder."""
    if found > VERSION:
        raise RegisterNewer(path=address, found=found, known=VERSION)
    due = [each for each in migrations if found < each.version <= VERSION and each.on_server]
    if [each.version for each in due] != [*range(found + 1, VERSION + 1)]:
        raise RegisterOlder(path=address, found=found, known=VERSION, reason="No dealtrack made it on a server.")
    return due


def _drop_views(database: ServerDatabase, office: str, server: _Server) -> None:
    """Drop the nation's views over an office, of which no column could be changed otherwise."""
    if server.nation_owner is None or office == NATION:
        return
    with member_of(database, server.nation_owner), acting_as(database, server.nation_owner):
        database.write(_DROPPED_VIEWS)


def _migrate(database: ServerDatabase, address: ServerAddress, migrations: Sequence[Migration]) -> None:
    register = Register(ServerEngine(address), database)
    for migration in migrations:
        assert migration.on_server is not None
        migration.on_server(register)
        database.write("UPDATE meta SET version = ?", (migration.version,))


def _repair(database: ServerDatabase, office: str) -> tuple[str, ...]:
    """Make indexes, functions and triggers anew that are not as they were made; raises OfficeNotUpgraded for others."""
    altered = comparison.altered_names(database, office)
    left = [name for name in altered if not schema.repairs(office, [name])]
    if altered and not left:
        for statement in schema.repairs(office, altered):
            database.write(statement)
        left = comparison.altered_names(database, office)
    if left:
        reason = Phrase("its schema was altered at {names}", names=first_few(left))
        raise OfficeNotUpgraded(office=office, reason=reason)
    return tuple(altered)


def _give_rights(database: ServerDatabase, office: str, has_nation: bool) -> bool:
    """Give the roles of an office their rights, and the nation's if there is one; tell whether they were others."""
    before = set(database.rows(_RIGHTS, (office,) * 4))
    of_nation = rights.national_grants(office) if has_nation and office != NATION else []
    for statement in (*rights.grants(office), *of_nation):
        database.write(statement)
    return set(database.rows(_RIGHTS, (office,) * 4)) != before


def _make_views(database: ServerDatabase, is_mixed: bool) -> tuple[str, ...]:
    """Make the nation's views; return those that were missing, or showed other offices."""
    names = (NATION, [view_name(table) for table in VIEWED_TABLES])
    before = database.rows(_VIEWS, names)
    if is_mixed:
        database.write(_DROPPED_VIEWS)
    make_views(database)
    return tuple(sorted(name for name, _ in {*database.rows(_VIEWS, names)} - {*before}))
