"""Who may do what in an office's register: the roles, and the statements that give them their rights.

The owner, which nobody logs in as, owns the schema and all in it, and alone changes the schema.

A clerk reads everything; adds to the journal, whose triggers check each entry, and to the evidence, whose hashes are
checked; locks the row of `head`, for which the server asks the right to change a column of it, `turn`, that says
nothing; adds and changes what follows from transitions (complaint, search_text, and clock, whose rows each recording
deletes and makes anew), personal data, platforms and policies. A clerk deletes nothing else, so complaint, search_text
and personal are written with ON CONFLICT DO UPDATE, and a platform is renamed, merged or removed by a keeper.

A keeper is a clerk who also erases personal data, removes mail that cannot be taken over, revises the calendar, and
makes all tables anew that follow from the journal; not one who sees how the server does, for whoever sees that
(pg_monitor) sees the statements of all offices too, personal data and all.

A reader reads everything and writes nothing.

Everybody may use the schema by name, for the two functions by which clerks of other offices put complaints into the
mailbox and take them back; each asks the journal of their office. No table is open to them.

The readers of the nation's register read of each office how its complaints and deadlines stand, and its head; no
personal data, no text that somebody wrote, and no entry of the journal beyond its number, hash and moment.
"""

from enum import StrEnum

from dealtrack.register.address import NATION
from dealtrack.register.postgres.values import quoted


class OfficeRole(StrEnum):
    """What someone may be to an office's register."""

    OWNER = "owner"
    CLERK = "clerk"
    KEEPER = "keeper"
    READER = "reader"


GRANTED = (OfficeRole.CLERK, OfficeRole.KEEPER, OfficeRole.READER)
"""The roles that logins are given."""

_PROJECTED = "complaint, clock, search_text, platform, policy"
_OF_KEEPER = "fact, calendar_ruling, zone_offset"

NATIONAL_COLUMNS = {
    "meta": ("application_id", "version"),
    "head": ("seq", "hash", "recorded_at"),
    "fact": ("name", "value"),
    "transition": ("seq", "hash", "recorded_at"),
    "complaint": (
        *("id", "number", "platform", "category", "seller", "owner", "handler", "policy", "policy_version", "status"),
        *("resumes_to", "received_at", "accepted_at", "forwarded_at", "completed_at", "withdrawn_at", "rejected_at"),
        *("merged_at", "outcome", "amount", "first_contact", "reopenings", "backdated", "merged_into", "limits"),
    ),
    "clock": (
        *("complaint", "name", "round", "started_at", "due_at", "due_day", "ended_at", '"end"', "paused"),
        *("provisional", "revision"),
    ),
    "mailbox": ("office", "seq", "complaint", "recorded_at"),
}
"""What the nation reads of an office's tables."""

VIEWED_TABLES = ("complaint", "clock")
"""The tables that the nation's views show of all offices at once."""


def view_name(table: str) -> str:
    """Return the name of the nation's view over a table of all offices."""
    return f"office_{table}"


def role_name(office: str, role: OfficeRole) -> str:
    """Return the name of an office's role on the server."""
    return f"{office}_{role}"


def role_creation(office: str) -> list[str]:
    """Return the statements that make an office's roles, for whoever may make roles, before the schema."""
    owner, clerk, keeper, reader = (_named(office, role) for role in OfficeRole)
    return [
        *(f"CREATE ROLE {role} NOLOGIN" for role in (owner, clerk, keeper, reader)),
        f"GRANT {clerk} TO {keeper}",
        # Whoever seals reads all offices, and the views over them are the owner's.
        *([f"GRANT {reader} TO {owner}, {clerk}"] if office == NATION else []),
    ]


def national_grants(office: str) -> list[str]:
    """Return the statements that give the nation its rights in an office, and no others; its owner runs them."""
    schema, reader = quoted(office), _named(NATION, OfficeRole.READER)
    return [
        f"GRANT USAGE ON SCHEMA {schema} TO {reader}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {reader}",
        *(
            f"GRANT SELECT ({', '.join(columns)}) ON {schema}.{table} TO {reader}"
            for table, columns in NATIONAL_COLUMNS.items()
        ),
        f"GRANT EXECUTE ON FUNCTION {schema}.first_break() TO {reader}",
    ]


def grants(office: str) -> list[str]:
    """Return the statements that give an office's roles their rights, and take all others away; the owner runs them."""
    schema, clerk, keeper, reader = (
        quoted(office),
        *(_named(office, OfficeRole(role)) for role in ("clerk", "keeper", "reader")),
    )
    everybody = f"PUBLIC, {clerk}, {keeper}, {reader}"

    def on(tables: str) -> str:
        return ", ".join(f"{schema}.{table}" for table in tables.split(", "))

    return [
        f"REVOKE ALL ON SCHEMA {schema} FROM {everybody}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {everybody}",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {everybody}",
        f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC, {clerk}, {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {clerk}, {reader}",
        f"GRANT INSERT ON {on('transition, personal, evidence')}, {on(_PROJECTED)} TO {clerk}",
        f"GRANT UPDATE ON {on('personal, complaint, search_text, platform, policy')} TO {clerk}",
        f"GRANT DELETE ON {on('clock')} TO {clerk}",
        f"GRANT UPDATE (turn) ON {on('head')} TO {clerk}",
        f"GRANT INSERT, UPDATE ON {on(_OF_KEEPER)} TO {keeper}",
        f"GRANT EXECUTE ON FUNCTION {schema}.transfer_sent, {schema}.deliver, {schema}.recall TO PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {schema}.clear_mail TO {clerk}",
        f"GRANT UPDATE ON {on('clock')} TO {keeper}",
        f"GRANT DELETE ON {on('personal, mailbox')}, {on(_PROJECTED)}, {on(_OF_KEEPER)} TO {keeper}",
        f"GRANT EXECUTE ON FUNCTION {schema}.write_personal_anew() TO {keeper}",
    ]


def membership(office: str, login: str, role: OfficeRole) -> str:
    """Return the statement that makes someone's login a clerk, keeper or reader of an office."""
    return f"GRANT {_named(office, role)} TO {quoted(login)}"


def end_of_membership(office: str, login: str, role: OfficeRole) -> str:
    """Return the statement after which someone's login is no longer a clerk, keeper or reader of an office."""
    return f"REVOKE {_named(office, role)} FROM {quoted(login)}"


def _named(office: str, role: OfficeRole) -> str:
    return quoted(role_name(office, role))
