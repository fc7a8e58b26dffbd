"""Rows copied to a server: as they were, wholly or not at all, and Ctrl-C ends it at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.errors import NotMoved, RegisterExists
from dealtrack.phrase import Phrase
from dealtrack.register.engine import Database, EngineFault, FaultKind
from dealtrack.register.moving import move
from dealtrack.register.opening import engine_of, open_register
from tests.conftest import Clerk
from tests.postgres import PATIENCE, Server

pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.copying import BATCH, CopyingDatabase  # they need psycopg2
from dealtrack.register.postgres.schema import COPIED_TABLES


class RollBack(Exception):
    """Ends a transaction without what it wrote."""


Thing = tuple[int | None, str | None, bytes | None]

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
telling_text = st.text(st.sampled_from("\\\t\n\r\b\v\fNx.0'\"?% \u2028投"))


@pytest.fixture
def office(server: Server) -> str:
    """Make an empty schema."""
    name = server.new_name()
    server.run(f"CREATE SCHEMA {name}")
    return name


@pytest.fixture
def database(server: Server, office: str) -> Iterator[CopyingDatabase]:
    """Give a connection to the schema."""
    with closing(CopyingDatabase(server.address(office))) as database:
        yield database


def copy(database: CopyingDatabase, rows: Iterator[Thing]) -> None:
    """Make the table of things, with these."""
    with database.altering():
        database.write("CREATE TABLE thing (number bigint, text text, content bytea)")
        database.write_many("thing", rows)


def is_absent(server: Server, office: str) -> bool:
    return server.run(f"SELECT to_regclass('{office}.thing') IS NULL") == [(True,)]


@given(st.lists(st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | any_text | telling_text, st.none() | st.binary()), max_size=6))  # fmt: skip
def test_rows_come_back_as_they_were(server: Server, rows: list[Thing]) -> None:
    with closing(CopyingDatabase(server.address("nowhere"))) as database, pytest.raises(RollBack), database.altering():
        for place, many in enumerate((rows, rows * BATCH)):
            database.write(f"CREATE TEMP TABLE thing{place} (number bigint, text text, content bytea)")
            database.write_many(f"thing{place}", iter(many))
            assert sorted(database.rows(f"SELECT * FROM thing{place}"), key=repr) == sorted(many, key=repr)
            assert not database.differs(f"thing{place}")
        raise RollBack


def test_a_register_is_taken_in_with_all_its_rows_and_is_guarded(server: Server, made_register: Path) -> None:
    address = server.address(server.new_name())
    with open_register(made_register, read_only=True) as register:
        engine_of(address).take_in(register.database, lambda _: None, lambda _: None)
        with open_register(address) as copied:
            assert copied.head() == register.head()
            for table in COPIED_TABLES:
                rows = f"SELECT * FROM {table}"
                assert sorted(copied.database.rows(rows), key=repr) == sorted(register.database.rows(rows), key=repr)
            assert not copied.engine.schema_faults(copied)
            move(copied, server.address(server.new_name()))
        with pytest.raises(RegisterExists):
            engine_of(address).take_in(register.database, lambda _: None, lambda _: None)


def test_a_server_that_soon_ends_what_is_idle_waits_for_the_check(server: Server, made_register: Path) -> None:
    login = server.new_name("hasty")
    server.add_login(login)
    server.run(f"ALTER ROLE {login} SET idle_in_transaction_session_timeout = '500ms'")
    engine = engine_of(server.address(server.new_name(), login))
    with open_register(made_register, read_only=True) as register:
        engine.take_in(register.database, lambda _: sleep(1), lambda _: None)


ADDED = """INSERT INTO transition SELECT seq + 1, complaint, kind, at, recorded_at, actor, detail, hash, hash
    FROM transition ORDER BY seq DESC LIMIT 1"""
ALTERATIONS = {
    "": [],
    ADDED: ["transition"],
    "UPDATE complaint SET summary = 'other' WHERE id = 1": ["complaint"],
    "DELETE FROM personal WHERE complaint = 1": ["personal"],
    "INSERT INTO zone_offset VALUES ('2017-01-01T00:00:00Z', 0)": ["zone_offset"],
    "UPDATE clock SET due_day = '2017-01-01', revision = NULL WHERE complaint = 1": ["clock"],
}


@pytest.mark.parametrize(
    ("is_file", "alteration"),
    # The server lets nobody add what does not follow.
    [each for each in product([False, True], ALTERATIONS) if each != (False, ADDED)],
)
def test_a_copy_that_has_other_rows_is_told_from_its_source(
    server: Server, clerk: Clerk, tmp_path: Path, alteration: str, is_file: bool
) -> None:
    clerk("add", "--platform", "JD", "--phone", "13800000000", "--summary", "投诉").ok()
    engine = engine_of(tmp_path / "copy.db" if is_file else server.address(server.new_name()))
    with open_register(clerk.address, read_only=True) as register:

        def finish(copy: Database) -> None:
            if alteration:
                copy.write(alteration)
            assert engine.differing_tables(copy, register.database) == ALTERATIONS[alteration]

        engine.take_in(register.database, lambda _: None, finish)


def test_a_copy_that_the_server_bends_is_not_moved(server: Server, made_register: Path) -> None:
    name = server.new_name()
    bends = f"""CREATE FUNCTION bend() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE {name}.transition SET actor = 'somebody else' WHERE seq = 1; END $$"""
    trigger = "CREATE EVENT TRIGGER bend ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION bend()"
    server.run(bends, trigger)
    try:
        with open_register(made_register) as register, pytest.raises(NotMoved, match="differs in table transition"):
            move(register, server.address(name))
    finally:
        server.run("DROP EVENT TRIGGER bend", "DROP FUNCTION bend")
    assert server.run(f"SELECT 1 FROM pg_namespace WHERE nspname = '{name}'") == []


def test_no_more_is_read_than_the_server_takes(server: Server, office: str, database: CopyingDatabase) -> None:
    ((pid,),) = database.rows("SELECT pg_backend_pid()")
    text, stopped, read = "x" * 1000, 2 * BATCH, 0

    def go_on() -> None:
        sleep(0.5)
        seen.append(read)
        os.kill(pid, signal.SIGCONT)

    def rows() -> Iterator[Thing]:
        nonlocal read
        for read in range(100 * BATCH):
            if read == stopped:
                os.kill(pid, signal.SIGSTOP)
                threading.Thread(target=go_on).start()
            yield read, text, None

    seen: list[int] = []
    copy(database, rows())
    assert seen[0] < 20 * BATCH, "what a socket holds"
    assert database.rows("SELECT count(*) FROM thing") == [(100 * BATCH,)]


def test_what_goes_wrong_while_the_server_works_leaves_nothing(
    server: Server, office: str, database: CopyingDatabase
) -> None:
    def work() -> None:
        raise EngineFault(FaultKind.DAMAGED, Phrase("so it is"))

    with pytest.raises(EngineFault, match="so it is"), database.altering():
        database.write("CREATE TABLE thing AS SELECT 1 AS number")
        database.write_meanwhile(work)
    assert is_absent(server, office)


def test_ctrl_c_ends_what_both_do(server: Server, office: str, database: CopyingDatabase) -> None:
    with pytest.raises(KeyboardInterrupt), database.altering():
        database.write("CREATE TABLE thing AS SELECT pg_sleep(60)")
        database.write_meanwhile(lambda: os.kill(os.getpid(), signal.SIGINT))
    assert is_absent(server, office)
    assert database.rows("SELECT 1") == [(1,)]


def test_what_goes_wrong_with_the_rows_leaves_nothing(server: Server, office: str, database: CopyingDatabase) -> None:
    def rows() -> Iterator[Thing]:
        yield from [(1, "x", b"x")] * 2 * BATCH
        raise EngineFault(FaultKind.DAMAGED, Phrase("so it is"))

    with pytest.raises(EngineFault, match="so it is"):
        copy(database, rows())
    assert is_absent(server, office)
    copy(database, iter([(1, "x", b"x")]))
    assert not is_absent(server, office)


@pytest.mark.parametrize("text", ["secret\0", "secret\ud800"])
def test_a_text_that_is_none_is_refused_and_not_printed(
    server: Server, office: str, database: CopyingDatabase, text: str
) -> None:
    with pytest.raises(EngineFault) as raised:
        copy(database, iter([(1, text, None)]))
    assert raised.value.kind is FaultKind.UNREADABLE
    assert "secret" not in str(raised.value)
    assert is_absent(server, office)


def test_what_the_server_refuses_is_a_fault(server: Server, office: str, database: CopyingDatabase) -> None:
    with pytest.raises(EngineFault) as raised, database.altering():
        database.write("CREATE TABLE thing (number bigint NOT NULL, text text, content bytea)")
        database.write_many("thing", [(None, "secret", b"x")])
    assert raised.value.kind is FaultKind.CONSTRAINT
    assert "secret" not in str(raised.value)
    assert is_absent(server, office)


def test_ctrl_c_ends_the_reading_of_rows(server: Server, office: str, database: CopyingDatabase) -> None:
    def rows() -> Iterator[Thing]:
        for n in range(10**9):
            if n == 2 * BATCH:
                os.kill(os.getpid(), signal.SIGINT)
            yield n, "x", b"x"

    with pytest.raises(KeyboardInterrupt):
        copy(database, rows())
    assert is_absent(server, office)
    assert database.rows("SELECT 1") == [(1,)]


@contextmanager
def ctrl_c_while_it_sleeps(server: Server, office: str, pid: int) -> Iterator[None]:
    """Press Ctrl-C once the server sleeps in the block, which ends by that."""
    sleeps = "SELECT 1 FROM pg_stat_activity WHERE pid = ? AND wait_event = 'PgSleep'"

    def press() -> None:
        end = monotonic() + PATIENCE
        with closing(ServerDatabase(server.address(office))) as other:
            while not other.rows(sleeps, (pid,)):
                assert monotonic() < end
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        yield
    thread.join()


def test_ctrl_c_ends_what_the_server_does(server: Server, office: str, database: CopyingDatabase) -> None:
    ((pid,),) = database.rows("SELECT pg_backend_pid()")
    with ctrl_c_while_it_sleeps(server, office, pid), database.altering():
        database.write("CREATE TABLE thing AS SELECT 1 AS number")
        database.rows("SELECT pg_sleep(60)")
    assert is_absent(server, office)


def test_ctrl_c_ends_the_reading_back(server: Server, office: str, database: CopyingDatabase) -> None:
    ((pid,),) = database.rows("SELECT pg_backend_pid()")
    with ctrl_c_while_it_sleeps(server, office, pid), database.altering():
        database.write("CREATE TABLE thing AS SELECT 1 AS number")
        database.differs("(SELECT repeat('x', 10000), pg_sleep(0.01) FROM generate_series(1, 6000))")
    assert is_absent(server, office)


def test_neither_a_server_that_is_gone_nor_one_that_breaks_off_leaves_anything(
    server: Server, office: str, database: CopyingDatabase
) -> None:
    ((pid,),) = database.rows("SELECT pg_backend_pid()")

    def rows() -> Iterator[Thing]:
        yield from [(1, "x", b"x")] * 2 * BATCH
        server.run(f"SELECT pg_terminate_backend({pid})")
        server.await_truth(f"NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")
        yield from [(1, "x", b"x")] * 100 * BATCH

    with pytest.raises(EngineFault) as raised:
        copy(database, rows())
    assert raised.value.kind is FaultKind.GONE
    assert is_absent(server, office)
