"""The schema of a register on a server: the same as SQLite's, guarded against those who may write to it, and compared."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.core.chain import BEFORE_FIRST, entry_hash
from dealtrack.register.engine import VERSION, EngineFault, FaultKind, replacing
from tests.conftest import Link
from tests.postgres import SUPERUSER, Server

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres import comparison, rights, schema  # noqa: E402  # they need psycopg2
from dealtrack.register.postgres.connection import ServerDatabase  # noqa: E402
from dealtrack.register.postgres.rights import OfficeRole  # noqa: E402

MOMENT, LATER = "2016-11-11T13:30:00Z", "2016-11-11T13:31:00Z"
Office = str
Open = Callable[..., ServerDatabase]


@pytest.fixture
def connect(server: Server) -> Iterator[Open]:
    """Give a way to connect to an office's register; all connections are closed in the end."""
    with ExitStack() as stack:
        yield lambda *who: stack.enter_context(closing(ServerDatabase(server.address(*who))))


def run(database: ServerDatabase, statements: Sequence[str]) -> None:
    """Run statements, all or none."""
    with database.altering():
        for statement in statements:
            database.write(statement)


@pytest.fixture
def office(server: Server, connect: Open) -> Office:
    """Make a register of an office with its roles, three logins named `OFFICE_ROLE_login`, and two entries."""
    name = server.new_name()
    database = connect(name)
    owner = rights.role_name(name, OfficeRole.OWNER)
    run(database, [*rights.role_creation(name), *schema.creation(name, owner), *rights.grants(name)])
    for role in (OfficeRole.CLERK, OfficeRole.KEEPER, OfficeRole.READER):
        login = login_of(name, role)
        run(database, [f"CREATE ROLE {login} LOGIN", rights.membership(name, login, role)])
    add(
        connect(name, login_of(name, OfficeRole.CLERK)),
        "{}",
        '{"summary": "投诉"}',
        actor=login_of(name, OfficeRole.CLERK),
    )
    return name


def login_of(office: Office, role: OfficeRole) -> str:
    return f"{rights.role_name(office, role)}_login"


@pytest.fixture
def clerk(office: Office, connect: Open) -> ServerDatabase:
    """Give the connection of a clerk's login."""
    return connect(office, login_of(office, OfficeRole.CLERK))


@pytest.fixture
def keeper(office: Office, connect: Open) -> ServerDatabase:
    """Give the connection of a keeper's login."""
    return connect(office, login_of(office, OfficeRole.KEEPER))


def links(
    details: Sequence[str], actor: str, seq: int = 1, previous: bytes = BEFORE_FIRST, recorded_at: str = MOMENT
) -> list[Link]:
    """Return entries of a chain."""
    made = []
    for number, detail in enumerate(details, seq):
        own = entry_hash(number, number % 3 or None, "noted", MOMENT, recorded_at, actor, detail, previous)
        made.append(Link(number, number % 3 or None, "noted", MOMENT, recorded_at, actor, detail, previous, own))
        previous = own
    return made


def next_links(database: ServerDatabase, *details: str, actor: str = SUPERUSER) -> list[Link]:
    """Return entries that follow the last one."""
    ((seq, hash_),) = database.rows("SELECT seq, hash FROM head")
    return links(details, actor, seq + 1, hash_)


def add(database: ServerDatabase, *details: str, actor: str = SUPERUSER) -> None:
    """Add entries to the journal."""
    with database.writing():
        database.write_many("transition", next_links(database, *details, actor=actor))


def head(server: Server, office: Office) -> list[tuple[Any, ...]]:
    return server.run(f"SELECT seq, encode(hash, 'hex'), recorded_at FROM {office}.head")


def last(server: Server, office: Office) -> list[tuple[Any, ...]]:
    return server.run(
        f"SELECT seq, encode(hash, 'hex'), recorded_at FROM {office}.transition ORDER BY seq DESC LIMIT 1"
    )


# The same as SQLite's


@pytest.fixture(scope="module")
def lite() -> Iterator[sqlite3.Connection]:
    """Make the schema in SQLite."""
    from dealtrack.register.sqlite import schema as lite_schema
    from dealtrack.register.sqlite.connection import memory_database

    with closing(memory_database()) as connection:
        lite_schema.create(connection)
        yield connection


def test_tables_and_columns_are_those_of_sqlite(lite: sqlite3.Connection, server: Server, office: str) -> None:
    types = {"INTEGER": {"bigint", "integer"}, "TEXT": {"text"}, "BLOB": {"bytea"}}
    expected = {
        (table, place, column): (types[type_], bool(is_needed or is_key))
        for (table,) in lite.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        for place, column, type_, is_needed, _, is_key in lite.execute(f"PRAGMA table_info({table})")
    }
    present = server.run(
        "SELECT table_name, ordinal_position - 1, column_name, data_type, is_nullable FROM information_schema.columns "
        f"WHERE table_schema = '{office}' AND table_name NOT IN ('head', 'meta', 'evidence', 'mailbox')"
    )
    assert {(table, place, column) for table, place, column, *_ in present} == set(expected)
    for table, place, column, type_, is_nullable in present:
        allowed, is_needed = expected[table, place, column]
        assert type_ in allowed
        assert (is_nullable == "NO") == is_needed, (table, column)


def test_indexes_are_those_of_sqlite(lite: sqlite3.Connection, server: Server, office: str) -> None:
    rows = lite.execute("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    present = server.run(f"SELECT indexname, tablename FROM pg_indexes WHERE schemaname = '{office}' AND indexname NOT LIKE '%_pkey'")  # fmt: skip
    assert set(present) == set(rows)


def test_texts_are_ordered_as_in_sqlite(lite: sqlite3.Connection, clerk: ServerDatabase) -> None:
    texts = ["b", "a", "B", "A", "_", "-", "é", "e", "京东", "天猫", "😀", "\uffee", "", " ", "a ", "10", "9", "\x01"]
    with clerk.writing():
        clerk.write_many("platform", [(text, "{}", 1) for text in texts])
    ordered = clerk.rows("SELECT name FROM platform ORDER BY name")
    values = ", ".join("(?)" for _ in texts)
    assert ordered == lite.execute(f"SELECT column1 FROM (VALUES {values}) ORDER BY column1", texts).fetchall()
    greater = clerk.row("SELECT count(*) FROM platform WHERE name > ?", ("a",))
    assert greater == (sum(text.encode() > b"a" for text in texts),)


# The journal


any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(
    st.lists(any_text | st.text(st.sampled_from("\\\"'/\b\f\n\r\t\x01\x1f\x7f\x80\u2028\u2029\ufeff😀投")), min_size=1)
)
def test_the_server_hashes_an_entry_as_the_chain_does(server: Server, details: list[str]) -> None:
    name = server.new_name()
    with closing(ServerDatabase(server.address(name))) as database:
        run(database, schema.creation(name))
        add(database, *details)
        add(database, *reversed(details))
    assert head(server, name) == last(server, name)


def test_every_character_is_hashed_as_the_chain_does(server: Server, connect: Open) -> None:
    name = server.new_name()
    database = connect(name)
    run(database, schema.creation(name))
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    add(database, *("".join(characters[start : start + 1_000]) for start in range(0, len(characters), 1_000)))
    assert head(server, name) == last(server, name)


@pytest.mark.parametrize("count", [1, 49, 5_001])
def test_the_head_is_the_last_entry_however_many_are_added(
    server: Server, office: str, clerk: ServerDatabase, count: int
) -> None:
    add(clerk, *["{}"] * count, actor=login_of(office, OfficeRole.CLERK))
    assert head(server, office) == last(server, office)
    assert clerk.version() == 2 + count


def test_nothing_is_added_by_a_statement_that_adds_no_row(server: Server, office: str, clerk: ServerDatabase) -> None:
    with clerk.writing():
        clerk.write("INSERT INTO transition SELECT * FROM transition WHERE false")
    assert head(server, office) == last(server, office)


BROKEN: dict[str, Callable[[list[Link]], list[Link]]] = {
    "forged hash": lambda made: [made[0], made[1]._replace(hash=bytes(32)), made[2]],
    "forged hash of the last": lambda made: [*made[:2], made[2]._replace(hash=bytes(32))],
    "changed detail": lambda made: [made[0]._replace(detail='{"a": 1}'), *made[1:]],
    "changed moment": lambda made: [*made[:2], made[2]._replace(at=LATER)],
    "another complaint": lambda made: [*made[:2], made[2]._replace(complaint=99)],
    "skipped number": lambda made: links(["{}"], made[0].actor, made[0].seq + 1, made[0].previous),
    "number again": lambda made: links(["{}"], made[0].actor, made[0].seq - 1, made[0].previous),
    "two of a number": lambda made: [made[0], made[1]._replace(seq=made[0].seq)],
    "left out": lambda made: [made[0], made[2]],
    "another's link": lambda made: links(["{}"], made[0].actor, made[0].seq, bytes(32)),
    "first anew": lambda made: links(["{}"], made[0].actor),
    "earlier moment": lambda made: links(["{}"], made[0].actor, made[0].seq, made[0].previous, "2016-11-11T13:29:59Z"),
}


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize("case", BROKEN)
def test_an_entry_that_does_not_follow_is_refused(
    server: Server, office: str, clerk: ServerDatabase, case: str, rows: int
) -> None:
    before = head(server, office)
    made = next_links(clerk, *["{}"] * 3, actor=login_of(office, OfficeRole.CLERK))
    broken = BROKEN[case](made)
    if rows > 1:
        more = links(["{}"] * 60, made[0].actor, made[-1].seq + 1, made[-1].hash)
        broken = [*broken, *more]
    with pytest.raises(EngineFault) as raised, clerk.writing():
        clerk.write_many("transition", broken)
    assert raised.value.kind is FaultKind.CONSTRAINT
    assert head(server, office) == last(server, office) == before
    add(clerk, "{}", actor=login_of(office, OfficeRole.CLERK))


def test_rows_out_of_order_are_a_chain_all_the_same(server: Server, office: str, clerk: ServerDatabase) -> None:
    made = next_links(clerk, "1", "2", "3", actor=login_of(office, OfficeRole.CLERK))
    random.Random(1).shuffle(made)
    with clerk.writing():
        clerk.write_many("transition", made)
    assert head(server, office) == last(server, office)


def test_only_the_owner_takes_in_what_others_made(
    server: Server, office: str, clerk: ServerDatabase, connect: Open
) -> None:
    superuser = connect(office)
    with pytest.raises(EngineFault):
        add(superuser, "{}", actor="somebody else")
    for database in (clerk, superuser):
        with pytest.raises(EngineFault) if database is clerk else ExitStack(), database.writing():
            database.write(schema.ANY_ACTOR)
            database.write_many("transition", next_links(database, "{}", actor="somebody else"))
    assert head(server, office) == last(server, office)
    assert head(server, office)[0][0] == 3
    with pytest.raises(EngineFault):
        add(superuser, "{}", actor="somebody else")


# Attacks of a clerk


ATTACKS = {
    "change an entry": "UPDATE {o}.transition SET actor = 'x' WHERE seq = 1",
    "change by inserting": "INSERT INTO {o}.transition SELECT * FROM {o}.transition ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
    "delete an entry": "DELETE FROM {o}.transition WHERE seq = 2",
    "empty the journal": "TRUNCATE {o}.transition",
    "merge into the journal": "MERGE INTO {o}.transition t USING (SELECT 1 AS n) s ON t.seq = s.n WHEN MATCHED THEN DELETE",
    "disable a trigger": "ALTER TABLE {o}.transition DISABLE TRIGGER transition_grows_at_its_end",
    "disable all triggers": "ALTER TABLE {o}.transition DISABLE TRIGGER ALL",
    "drop a trigger": "DROP TRIGGER transition_is_never_changed ON {o}.transition",
    "triggers of replicas": "SET session_replication_role = replica",
    "replace a function": "CREATE OR REPLACE FUNCTION {o}.transition_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "drop a function": "DROP FUNCTION {o}.transition_grows_at_its_end() CASCADE",
    "alter a function": "ALTER FUNCTION {o}.transition_grows_at_its_end() SECURITY INVOKER",
    "another search path for a function": "ALTER FUNCTION {o}.transition_grows_at_its_end() SET search_path = pg_temp",
    "a trigger of one's own": "CREATE TRIGGER mine BEFORE INSERT ON {o}.transition FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "a rule": "CREATE RULE mine AS ON INSERT TO {o}.transition DO INSTEAD NOTHING",
    "drop the table": "DROP TABLE {o}.transition CASCADE",
    "drop a column": "ALTER TABLE {o}.transition DROP COLUMN hash",
    "rename the table": "ALTER TABLE {o}.transition RENAME TO other",
    "take the table": "ALTER TABLE {o}.transition OWNER TO {o}_clerk",
    "move the table": "ALTER TABLE {o}.transition SET SCHEMA public",
    "a child of the table": "CREATE TEMP TABLE child () INHERITS ({o}.transition)",
    "be the owner": "SET ROLE {o}_owner",
    "be the superuser": "SET SESSION AUTHORIZATION postgres",
    "be the keeper": "SET ROLE {o}_keeper",
    "join the owner": "GRANT {o}_owner TO {o}_clerk_login",
    "a right of one's own": "GRANT ALL ON {o}.transition TO {o}_clerk_login; DELETE FROM {o}.transition",
    "change the head": "UPDATE {o}.head SET seq = 99",
    "change the head's hash": "UPDATE {o}.head SET turn = 1, hash = ''",
    "a second head": "INSERT INTO {o}.head VALUES (2, 9, '', '', 0)",
    "delete the head": "DELETE FROM {o}.head",
    "forge an entry from a file": "COPY {o}.transition FROM PROGRAM 'cat /etc/passwd'",
    "write a file": "COPY {o}.transition TO '/tmp/dealtrack-attack'",
    "a table beside": "CREATE TABLE {o}.mine (n integer)",
    "a function beside": "CREATE FUNCTION {o}.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "drop the schema": "DROP SCHEMA {o} CASCADE",
    "rename the schema": "ALTER SCHEMA {o} RENAME TO mine",
    "another version": "UPDATE {o}.meta SET version = 1",
    "the calendar": "UPDATE {o}.fact SET value = 'x'",
    "a ruling": "INSERT INTO {o}.calendar_ruling VALUES ('2016-11-11', 0, '', '', '', '', '')",
    "delete complaints": "DELETE FROM {o}.complaint",
    "delete personal data": "DELETE FROM {o}.personal",
    "write personal data anew": "SELECT {o}.write_personal_anew()",
    "run the guard for a table of one's own": "CREATE TEMP TABLE forged (LIKE {o}.transition); "
    "CREATE TRIGGER mine AFTER INSERT ON forged REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION {o}.transition_grows_at_its_end()",
    "an event trigger": "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION {o}.transition_is_never_changed()",
    "another's office": "SELECT * FROM {other}.transition",
    "write to another's office": "INSERT INTO {other}.transition SELECT * FROM {o}.transition",
    "lock another's office": "SELECT * FROM {other}.head FOR UPDATE",
    "a statement of the server": "ALTER SYSTEM SET fsync = off",
    "forge the catalogue": "UPDATE pg_catalog.pg_trigger SET tgenabled = 'D'",
}


@pytest.mark.parametrize(
    "moments",
    [
        *[("zzz", MOMENT), (MOMENT, "zzz"), (MOMENT, "infinity"), (MOMENT, "2016-11-11")],
        *[(MOMENT, "2016-11-11T24:00:00Z"), (MOMENT, "2016-13-11T13:30:00Z"), (MOMENT, "99999-11-11T13:30:00Z")],
        (MOMENT, "2016-11-11T13:30:00.5Z"),
        # After one of these nobody could record any more, as no entry is dated before the last.
        *[(MOMENT, "9999-12-31T23:59:59Z"), (MOMENT, "2102-01-01T00:00:00Z"), ("1968-12-31T23:59:59Z", MOMENT)],
    ],
)
def test_an_entry_without_moments_is_refused(
    server: Server, office: str, clerk: ServerDatabase, moments: tuple[str, str]
) -> None:
    login = login_of(office, OfficeRole.CLERK)
    (entry,) = next_links(clerk, "{}", actor=login)
    own = entry_hash(entry.seq, entry.complaint, entry.kind, *moments, login, "{}", entry.previous)
    forged = entry._replace(at=moments[0], recorded_at=moments[1], hash=own)
    before = head(server, office)
    with pytest.raises(EngineFault), clerk.writing():
        clerk.write_many("transition", [forged])
    assert head(server, office) == before


@pytest.fixture
def other_office(server: Server, connect: Open) -> Office:
    """Make a register of another office, in which the clerk has no role."""
    name = server.new_name()
    run(connect(name), schema.creation(name))
    return name


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_clerk_s_attack_is_refused(
    server: Server, office: str, other_office: str, connect: Open, attack: str
) -> None:
    before = server.run(f"SELECT * FROM {office}.transition ORDER BY seq")
    statement = ATTACKS[attack].format(o=office, other=other_office)
    with pytest.raises(psycopg2.Error) as raised:
        server.run(f"SET search_path = {office}", statement, login=login_of(office, OfficeRole.CLERK))
    # Refused for want of a right, and not because it was written wrongly.
    assert raised.value.pgcode == "42501", raised.value
    assert server.run(f"SELECT * FROM {office}.transition ORDER BY seq") == before
    assert head(server, office) == last(server, office)
    assert comparison.schema_faults(connect(office), office) == []


@pytest.mark.parametrize(
    "trick",
    [
        "CREATE TEMP TABLE head AS SELECT 1 AS id, 0::bigint AS seq, ''::bytea AS hash, '' AS recorded_at, 0 AS turn",
        "CREATE TEMP TABLE added AS SELECT * FROM {o}.transition",
        "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''''::bytea'",
        "CREATE FUNCTION pg_temp.to_json(text) RETURNS json LANGUAGE sql AS 'SELECT ''1''::json'",
        "SET search_path = pg_temp, pg_catalog, {o}",
        "GRANT USAGE ON SCHEMA {o}_mine TO PUBLIC; CREATE FUNCTION {o}_mine.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT decode(repeat(''00'', 32), ''hex'')'; "
        "SET search_path = {o}_mine, pg_catalog, {o}",
        "SET standard_conforming_strings = off",
        "SET dealtrack.any_actor = on",
        "SET timezone = 'Asia/Shanghai'",
    ],
)
def test_a_clerk_s_trick_does_not_make_a_forged_entry_pass(
    server: Server, office: str, clerk: ServerDatabase, trick: str
) -> None:
    made = next_links(clerk, "{}", "{}", actor=login_of(office, OfficeRole.CLERK))
    forged = [
        [made[0]._replace(hash=bytes(32))],
        [made[1]],
        links(["{}"], "somebody else", made[0].seq, made[0].previous),
    ]
    before = head(server, office)
    server.run(f"CREATE SCHEMA {office}_mine AUTHORIZATION {login_of(office, OfficeRole.CLERK)}")
    with closing(psycopg2.connect(server.uri(login_of(office, OfficeRole.CLERK)))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(trick.format(o=office))
        insert = f"INSERT INTO {office}.transition VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        for rows in forged:
            with pytest.raises(psycopg2.errors.RaiseException):
                cursor.execute(insert, rows[0])
        assert head(server, office) == before
        cursor.execute(insert, made[0])
    assert head(server, office) == last(server, office)
    assert head(server, office)[0][0] == made[0].seq


def test_the_guards_hold_even_for_the_triggers_of_replicas_and_for_the_owner(server: Server, office: str) -> None:
    for attack in ("change an entry", "delete an entry", "empty the journal"):
        statement = ATTACKS[attack].format(o=office)
        for before in ("SET session_replication_role = replica", f"SET ROLE {office}_owner"):
            with pytest.raises(psycopg2.errors.RaiseException, match="never changed"):
                server.run(before, statement)


def test_the_guards_run_for_no_other_table_before_roles_have_their_rights(
    server: Server, office: Office, other_office: Office
) -> None:
    login = login_of(office, OfficeRole.CLERK)
    server.run(
        f"GRANT USAGE ON SCHEMA {other_office} TO {login}", f"GRANT SELECT ON {other_office}.transition TO {login}"
    )
    statement = ATTACKS["run the guard for a table of one's own"].format(o=other_office)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        server.run(statement, login=login)


# Rights


COMPLAINT = "INSERT INTO complaint (id, platform, category, policy, policy_version, status, first_contact, reopenings, backdated) VALUES (?, 'JD', '', '', '', 'received', 0, 0, 0)"
CLOCK = "INSERT INTO clock (complaint, name, round, started_at, paused, provisional) VALUES (?, 'forward', 1, '', 0, 0)"


def test_a_clerk_records(office: str, clerk: ServerDatabase) -> None:
    for detail in ("{}", '{"a": 1}'):
        with clerk.writing():
            clerk.write_many("transition", next_links(clerk, detail, actor=login_of(office, OfficeRole.CLERK)))
            clerk.write("DELETE FROM clock WHERE complaint = ?", (1,))
            clerk.write(f"{COMPLAINT} ON CONFLICT (id) DO UPDATE SET status = excluded.status", (1,))
            clerk.write(CLOCK, (1,))
            clerk.write(replacing("search_text", ("complaint", "text")), (1, detail))
            clerk.write(replacing("personal", ("complaint", "consumer", "salt")), (1, "Li", b"\x00"))
            clerk.write(replacing("platform", ("name", "definition", "seq")), ("JD", "{}", 1))
            clerk.write(replacing("policy", ("name", "in_force", "definition", "seq"), 2), ("p", "2016", "{}", 1))
    assert clerk.rows("SELECT text, consumer FROM search_text JOIN personal USING (complaint)") == [('{"a": 1}', "Li")]
    with pytest.raises(EngineFault) as raised, clerk.writing():
        clerk.write(CLOCK, (2,))
    assert raised.value.kind is FaultKind.CONSTRAINT


def test_a_keeper_does_what_a_clerk_does_and_more(office: str, keeper: ServerDatabase) -> None:
    add(keeper, "{}", actor=login_of(office, OfficeRole.KEEPER))
    tables = (
        "clock",
        "complaint",
        "search_text",
        "platform",
        "policy",
        "personal",
        "calendar_ruling",
        "zone_offset",
        "fact",
    )
    with keeper.writing():
        keeper.write(replacing("fact", ("name", "value")), ("calendar", "{}"))
        keeper.write(replacing("calendar_ruling", ("day", "worked", "kind", "name", "source", "issued", "scope")), ("2016-11-11", 0, "", "", "", "", ""))  # fmt: skip
        keeper.write("INSERT INTO zone_offset VALUES ('', 28800)")
        for table in tables:
            keeper.write(f"DELETE FROM {table}")
    assert keeper.rows("SELECT count(*) > 0 FROM pg_stat_activity WHERE query <> '<insufficient privilege>'") == [(1,)]
    with pytest.raises(EngineFault) as raised, keeper.writing():
        keeper.write("DELETE FROM transition")
    assert raised.value.kind in (FaultKind.DENIED, FaultKind.CONSTRAINT)


def test_a_reader_reads_everything_and_writes_nothing(server: Server, office: str, connect: Open) -> None:
    reader = connect(office, login_of(office, OfficeRole.READER))
    for table in [*schema.KEYS, "meta"]:
        reader.rows(f"SELECT count(*) FROM {table}")
        with pytest.raises(EngineFault) as raised, reader.altering():
            reader.write(f"DELETE FROM {table}")
        assert raised.value.kind is FaultKind.DENIED
    with pytest.raises(EngineFault) as raised:
        add(reader, "{}", actor=login_of(office, OfficeRole.READER))
    assert raised.value.kind is FaultKind.DENIED
    assert reader.version() == 2


def test_someone_without_a_role_reads_nothing(server: Server, office: str) -> None:
    server.run(f"CREATE ROLE stranger_{office} LOGIN")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        server.run(f"SELECT * FROM {office}.complaint", login=f"stranger_{office}")


def test_nobody_logs_in_as_the_owner(server: Server, office: str) -> None:
    for role in OfficeRole:
        with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
            server.run("SELECT 1", login=rights.role_name(office, role))


def test_rights_that_somebody_gave_are_taken_away_again(server: Server, office: str, connect: Open) -> None:
    server.run(f"GRANT ALL ON ALL TABLES IN SCHEMA {office} TO PUBLIC, {office}_clerk", f"GRANT ALL ON SCHEMA {office} TO {office}_reader")  # fmt: skip
    run(connect(office), rights.grants(office))
    for attack in ("delete complaints", "change the head"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            server.run(ATTACKS[attack].format(o=office), login=login_of(office, OfficeRole.CLERK))


def test_erased_personal_data_is_not_in_the_file_of_the_table(
    server: Server, office: str, clerk: ServerDatabase, keeper: ServerDatabase
) -> None:
    names = [f"<consumer {n}>" for n in range(100)]
    with clerk.writing():
        clerk.write_many("personal", [(n, name, None, None, None, b"", None, None) for n, name in enumerate(names)])
    with keeper.writing():
        keeper.write("DELETE FROM personal WHERE complaint < 50")
        keeper.write("SELECT write_personal_anew()")
    ((path,),) = server.run("CHECKPOINT", f"SELECT pg_relation_filepath('{office}.personal')")
    content = (server.folder / "data" / path).read_bytes()
    assert [name for name in names if name.encode() in content] == names[50:]
    assert clerk.row("SELECT count(*) FROM personal") == (50,)
    assert clerk.rows("SELECT consumer FROM personal WHERE complaint = 77") == [("<consumer 77>",)]
    assert comparison.schema_faults(clerk, office) == []


# Comparison


ALTERATIONS = {
    "ALTER TABLE {o}.transition DISABLE TRIGGER transition_grows_at_its_end": ["transition_grows_at_its_end"],
    "ALTER TABLE {o}.transition ENABLE TRIGGER transition_is_never_changed": ["transition_is_never_changed"],
    "ALTER TABLE {o}.transition ENABLE REPLICA TRIGGER transition_is_never_changed": ["transition_is_never_changed"],
    "DROP TRIGGER transition_is_never_changed ON {o}.transition": ["transition_is_never_changed"],
    "DROP TRIGGER transition_is_never_changed ON {o}.transition; CREATE TRIGGER transition_is_never_changed "
    "BEFORE DELETE ON {o}.transition FOR EACH STATEMENT EXECUTE FUNCTION {o}.transition_is_never_changed(); ALTER TABLE "
    "{o}.transition ENABLE ALWAYS TRIGGER transition_is_never_changed": ["transition_is_never_changed"],
    "CREATE OR REPLACE FUNCTION {o}.transition_is_never_changed() RETURNS trigger LANGUAGE plpgsql "
    "SET search_path TO 'pg_catalog', 'pg_temp' AS 'BEGIN RETURN NEW; END'": ["transition_is_never_changed"],
    "ALTER FUNCTION {o}.transition_grows_at_its_end() SECURITY INVOKER": ["transition_grows_at_its_end"],
    "ALTER FUNCTION {o}.transition_grows_at_its_end() RESET search_path": ["transition_grows_at_its_end"],
    "ALTER FUNCTION {o}.transition_grows_at_its_end() OWNER TO postgres": ["transition_grows_at_its_end"],
    "CREATE FUNCTION {o}.transition_is_never_changed(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'": [
        "transition_is_never_changed"
    ],
    "CREATE TRIGGER mine BEFORE INSERT ON {o}.complaint FOR EACH ROW "
    "EXECUTE FUNCTION suppress_redundant_updates_trigger()": ["mine"],
    "CREATE RULE mine AS ON DELETE TO {o}.clock DO INSTEAD NOTHING": ["mine"],
    "CREATE POLICY mine ON {o}.clock": ["mine"],
    "ALTER TABLE {o}.clock ENABLE ROW LEVEL SECURITY": ["clock"],
    "ALTER TABLE {o}.clock OWNER TO postgres": ["clock"],
    "ALTER TABLE {o}.clock SET UNLOGGED": ["clock"],
    "CREATE TABLE {o}.child () INHERITS ({o}.clock)": ["clock"],
    "DROP TABLE {o}.search_text; CREATE VIEW {o}.search_text AS SELECT 1::bigint AS complaint, ''::text AS text": None,
    "DROP INDEX {o}.clock_late": ["clock_late"],
    "DROP INDEX {o}.clock_late; CREATE INDEX clock_late ON {o}.clock (due_at)": ["clock_late"],
    "CREATE INDEX mine ON {o}.clock (due_at)": ["mine"],
    "ALTER TABLE {o}.clock DROP CONSTRAINT clock_complaint_fkey": ["clock"],
    "ALTER TABLE {o}.clock DISABLE TRIGGER ALL": None,
    "ALTER TABLE {o}.head DROP CONSTRAINT head_id_check": ["head"],
    "ALTER TABLE {o}.complaint ADD COLUMN mine text": ["complaint.mine"],
    "ALTER TABLE {o}.complaint DROP COLUMN limits": ["complaint.import_key", "complaint.limits"],
    "ALTER TABLE {o}.complaint ALTER amount TYPE varchar(9)": ["complaint.amount"],
    'ALTER TABLE {o}.complaint ALTER amount TYPE text COLLATE "POSIX"': ["complaint.amount"],
    "ALTER TABLE {o}.complaint ALTER platform DROP NOT NULL": ["complaint.platform"],
    "ALTER TABLE {o}.complaint ALTER platform SET DEFAULT 'JD'": ["complaint.platform"],
    "ALTER TABLE {o}.meta RENAME version TO other": ["meta.other", "meta.version"],
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_alteration_is_named_to_anyone_who_may_read(
    server: Server, office: str, connect: Open, alteration: str
) -> None:
    reader = connect(office, login_of(office, OfficeRole.READER))
    assert comparison.schema_faults(reader, office) == []
    server.run(alteration.format(o=office))
    named = ALTERATIONS[alteration]
    faults = comparison.schema_faults(reader, office)
    if named is None:
        assert faults
    else:
        assert faults == [f"the schema was altered at {name}" for name in named]


def test_what_does_no_harm_is_no_alteration(server: Server, office: str, connect: Open) -> None:
    server.run(
        f"CREATE TABLE {office}.of_others (n integer PRIMARY KEY)",
        f"CREATE VIEW {office}.seen AS SELECT id FROM {office}.complaint",
        f"GRANT SELECT ON {office}.complaint TO PUBLIC",
        f"ALTER TABLE {office}.complaint SET (fillfactor = 80)",
        f"COMMENT ON TABLE {office}.complaint IS 'complaints'",
    )
    assert comparison.schema_faults(connect(office), office) == []


@pytest.mark.parametrize("name", ["select", "海淀", "entry", "n", "own", "office"])
def test_an_office_may_have_any_name(server: Server, connect: Open, name: str) -> None:
    database = connect(name)
    run(database, schema.creation(name))
    add(database, "{}", "{}")
    assert comparison.schema_faults(database, name) == []
    assert database.version() == 2
    run(database, [*rights.role_creation(name), *rights.grants(name)])


def test_rows_may_be_loaded_before_the_guards_are_made(server: Server, connect: Open, office: str) -> None:
    name = server.new_name()
    database = connect(name)
    made = links([f'{{"n": {n}}}' for n in range(300)], "clerk of another register")
    with database.altering():
        for statement in schema.create_unguarded(name):
            database.write(statement)
        database.write_many("transition", made)
        database.write(schema.BULK)
        for statement in schema.guards(name):
            database.write(statement)
    assert head(server, name) == last(server, name) == [(300, made[-1].hash.hex(), MOMENT)]
    assert comparison.schema_faults(database, name) == []
    with pytest.raises(EngineFault):
        add(database, "{}", actor="clerk of another register")
    add(database, "{}")


def test_a_register_is_made_in_one_trip(server: Server, connect: Open) -> None:
    name = server.new_name()
    database = connect(name)
    run(database, schema.creation(name))
    assert database.trips == 1
    assert database.row("SELECT * FROM meta") == (schema.APPLICATION_ID, VERSION)
