"""The connection to a server: each method of the protocol, how few trips it takes, and each fault."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import StrEnum
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealtrack.register.engine import Dialect, EngineFault, FaultKind, SelectStatement
from tests.postgres import Server

pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres.connection import ServerDatabase  # it needs psycopg2
from dealtrack.register.postgres.values import quoted
from dealtrack.register.postgres.waiting import wait

TABLE = "CREATE TABLE {office}.thing (n bigint PRIMARY KEY, text text, content bytea)"
HEAD = "CREATE TABLE {office}.head AS SELECT 7 AS seq"

Open = Callable[..., ServerDatabase]


@pytest.fixture
def office(server: Server) -> str:
    """Make a schema with the one table that the connection itself knows, and another to write to."""
    name = server.new_name()
    server.run(f"CREATE SCHEMA {name}", TABLE.format(office=name), HEAD.format(office=name))
    return name


@pytest.fixture
def connect(server: Server, office: str) -> Iterator[Open]:
    """Give a way to connect to the schema; all connections are closed in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(ServerDatabase(server.address(office))))


@pytest.fixture
def database(connect: Open) -> ServerDatabase:
    """Give a connection to the schema."""
    return connect()


@contextmanager
def fault(kind: FaultKind) -> Iterator[pytest.ExceptionInfo[EngineFault]]:
    """Expect a fault of a kind inside the block."""
    with pytest.raises(EngineFault) as raised:
        yield raised
    assert raised.value.kind is kind, raised.value


def numbers(database: ServerDatabase) -> list[int]:
    return [n for (n,) in database.rows("SELECT n FROM thing ORDER BY n")]


def make_end_sleep(server: Server, office: str) -> None:
    """Let the end of a recording that adds a row take a minute."""
    server.run(
        f"CREATE FUNCTION {office}.sleep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER sleep AFTER INSERT ON {office}.thing DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {office}.sleep()",
    )


def process(database: ServerDatabase) -> int:
    """Return the number of the server's process for a connection."""
    ((pid,),) = database.rows("SELECT pg_backend_pid()")
    return int(pid)


def fill(database: ServerDatabase, count: int, start: int = 0) -> None:
    with database.writing():
        database.write_many("thing", [(n, None, None) for n in range(start, start + count)])


class Word(StrEnum):
    LATE = "late"


# What is read and bound


def test_marks_and_signs_of_percent_stand_for_themselves_in_texts(database: ServerDatabase) -> None:
    sql = """SELECT '100 % ?', 'it''s ?', ? AS "what?", '%s'"""
    assert database.rows(sql, (1,)) == [("100 % ?", "it's ?", 1, "%s")]
    assert database.rows("SELECT '100 %'") == [("100 %",)]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        (True, 1),
        (False, 0),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        ("", ""),
        (Word.LATE, "late"),
        ("\\ ' \" ? % %s \n\t\r \x01 投诉 😀 \u2028", "\\ ' \" ? % %s \n\t\r \x01 投诉 😀 \u2028"),
        (b"", b""),
        (b"\x00\\x'\xff", b"\x00\\x'\xff"),
        (bytearray(b"\x00\x01"), b"\x00\x01"),
    ],
)
def test_a_value_comes_back_as_sqlite_gives_it(database: ServerDatabase, value: object, read: object) -> None:
    row = database.row("SELECT ?", (value,))
    assert row == (read,)
    assert type(row[0]) is type(read)


def test_numbers_and_truths_come_back_as_sqlite_gives_them(database: ServerDatabase) -> None:
    sql = "SELECT sum(n::bigint) AS s, avg(n) AS a, 1 = 1 AS t, count(*) AS c, sum(n / 2.0) AS h FROM generate_series(1, 4) n"
    row = database.row(sql)
    assert row == (10, 2.5, 1, 4, 5.0)
    assert [type(value) for value in row] == [int, float, int, int, float]
    (asked,), _ = database.trip([SelectStatement(sql), SelectStatement("SELECT 1")])
    assert asked == row
    assert [type(value) for value in asked] == [int, float, int, int, float]


def test_a_row_is_the_first_or_none(database: ServerDatabase) -> None:
    assert database.row("SELECT n FROM generate_series(1, 3) n ORDER BY n DESC") == (3,)
    assert database.row("SELECT n FROM thing") is None


def test_what_the_engines_write_differently(database: ServerDatabase) -> None:
    dialect: Dialect = database.dialect
    with database.writing():
        database.write_many("thing", [(n, f'{{"name": "b{n}"}}', bytes([n, 171])) for n in range(1, 4)])
    among = f"SELECT n FROM thing WHERE {dialect.among('n')} ORDER BY n"
    assert database.rows(among, (database.listed([3, 1, 9]),)) == [(1,), (3,)]
    assert database.rows(among, (database.listed([]),)) == []
    assert database.rows(among, (database.listed(n for n in (2, True)),)) == [(1,), (2,)]
    texts = f"SELECT n FROM thing WHERE {dialect.among('text')}"
    assert database.rows(texts, (database.listed(['{"name": "b2"}', Word.LATE]),)) == [(2,)]
    assert database.rows(f"SELECT n FROM thing WHERE {dialect.contains('text')}", ("b3",)) == [(3,)]
    assert database.rows(f"SELECT n FROM thing WHERE {dialect.contains('text')}", ("%",)) == []
    assert database.rows(f"SELECT {dialect.detail('text', 'name')}, {dialect.detail('text', 'none')} FROM thing WHERE n = 1") == [("b1", None)]  # fmt: skip
    assert database.rows(f"SELECT {dialect.hexadecimal.format('content')} FROM thing WHERE n = 2") == [("02ab",)]
    assert database.is_remote


def test_several_questions_take_one_trip_in_their_order(database: ServerDatabase) -> None:
    fill(database, 3)
    before = database.trips
    answers = database.trip([
        SelectStatement("SELECT n, n AS n, 'a' AS text FROM thing ORDER BY n DESC"),
        SelectStatement("SELECT n FROM thing WHERE n > ?", (7,)),
        SelectStatement("SELECT ? AS t, NULL AS nothing", ("\"'\\\n投诉\u2028 %?",)),
    ])  # fmt: skip
    assert answers == [[(2, 2, "a"), (1, 1, "a"), (0, 0, "a")], [], [("\"'\\\n投诉\u2028 %?", None)]]
    assert database.trips == before + 1
    assert database.trip([]) == []
    assert database.trip([SelectStatement("SELECT 1, 1")]) == [[(1, 1)]]


# Streams


@pytest.mark.parametrize("count", [0, 1, 1_999, 2_000, 2_001, 4_000])
@pytest.mark.parametrize("is_within", [False, True])
def test_a_stream_yields_all_rows_in_chunks(database: ServerDatabase, count: int, is_within: bool) -> None:
    fill(database, count)
    with database.one_state() if is_within else ExitStack():
        before = database.trips
        assert [n for (n,) in database.stream("SELECT n FROM thing ORDER BY n")] == list(range(count))
        assert database.trips == before + count // 2_000 + 1
        assert database.row("SELECT count(*) FROM pg_cursors") == (0,)


@pytest.mark.parametrize("is_within", [False, True])
def test_several_streams_run_at_once_with_other_reads_between(database: ServerDatabase, is_within: bool) -> None:
    fill(database, 5_000)
    with database.one_state() if is_within else ExitStack():
        up = database.stream("SELECT n FROM thing ORDER BY n")
        down = database.stream("SELECT n FROM thing WHERE n < ? ORDER BY n DESC", (4_500,))
        for place, ((low,), (high,)) in enumerate(zip(up, down, strict=False)):
            assert (low, high) == (place, 4_499 - place)
            if place % 1_000 == 0:
                assert database.row("SELECT count(*) FROM thing WHERE text = ?", ("%",)) == (0,)
        assert place == 4_499


def test_a_stream_gives_the_rows_of_its_beginning_whatever_is_written_meanwhile(database: ServerDatabase) -> None:
    fill(database, 4_100)
    with database.writing():
        database.write("DELETE FROM thing WHERE n = ?", (4_099,))
        rows = database.stream("SELECT n FROM thing ORDER BY n")
        assert next(rows) == (0,)
        database.write("DELETE FROM thing")
        database.write_many("thing", [(n, None, None) for n in range(60)])
        assert [n for (n,) in rows] == list(range(1, 4_099))
    assert numbers(database) == list(range(60))


@pytest.mark.parametrize("is_within", [False, True])
def test_a_stream_that_is_given_up_leaves_no_cursor(database: ServerDatabase, is_within: bool) -> None:
    fill(database, 2_500)
    with database.one_state() if is_within else ExitStack():
        rows = database.stream("SELECT n FROM thing")
        assert len(list(islice(rows, 10))) == 10
        before = database.trips
        rows.close()
        assert database.trips == before
        assert database.row("SELECT count(*) FROM pg_cursors") == (0,)


def test_a_stream_from_outside_goes_on_within_a_recording_and_after_it(database: ServerDatabase) -> None:
    fill(database, 6_000)
    rows = database.stream("SELECT n FROM thing ORDER BY n")
    assert next(rows) == (0,)
    with database.writing():
        database.write("DELETE FROM thing")
        assert [n for (n,) in islice(rows, 2_500)] == list(range(1, 2_501))
    assert [n for (n,) in rows] == list(range(2_501, 6_000))
    assert database.row("SELECT count(*) FROM pg_cursors") == (0,)


# Writing


def test_a_recording_takes_two_trips_and_one_without_a_read(database: ServerDatabase) -> None:
    before = database.trips
    with database.writing():
        assert database.rows("SELECT n FROM thing") == []
        for n in range(5):
            database.write("INSERT INTO thing VALUES (?, ?, ?)", (n, Word.LATE, b"\x00"))
        database.write_many("thing", [(n, "?", None) for n in range(5, 10)])
    assert database.trips == before + 2
    with database.writing():
        database.write("DELETE FROM thing WHERE n = ?", (9,))
    assert database.trips == before + 3
    with database.writing():
        pass
    assert database.trips == before + 3
    assert database.rows("SELECT text, content FROM thing WHERE n = 4") == [("late", b"\x00")]
    assert numbers(database) == list(range(9))


def test_what_is_written_is_read_by_what_comes_next(database: ServerDatabase) -> None:
    with database.writing():
        database.write("INSERT INTO thing VALUES (1, 'one', NULL)")
        assert database.rows("SELECT text FROM thing") == [("one",)]
        database.write("UPDATE thing SET text = ?", ("two",))
        assert [list(rows) for rows in database.trip([SelectStatement("SELECT text FROM thing")] * 2)] == [
            [("two",)]
        ] * 2
        database.write("UPDATE thing SET text = ?", ("three",))
        assert list(database.stream("SELECT text FROM thing")) == [("three",)]


def test_much_that_is_written_does_not_wait_in_memory(database: ServerDatabase) -> None:
    with database.writing():
        for n in range(40):
            database.write("INSERT INTO thing VALUES (?, ?, NULL)", (n, "x" * 100_000))
            assert sum(map(len, database._queue)) < 2**20 + 200_000
    assert numbers(database) == list(range(40))


any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
telling_text = st.text(st.sampled_from("\\\t\n\r\bNx.0'\"?% \u2028投"))


@given(st.lists(st.tuples(st.none() | any_text | telling_text, st.none() | st.binary()), max_size=6))
def test_few_rows_and_many_come_back_as_they_were(server: Server, rows: list[tuple[str | None, bytes | None]]) -> None:
    name = server.new_name()
    server.run(f"CREATE SCHEMA {name}", TABLE.format(office=name), HEAD.format(office=name))
    with closing(ServerDatabase(server.address(name))) as database:
        for many in (rows, rows * 60):
            with database.writing():
                database.write("DELETE FROM thing")
                database.write_many("thing", ((n, *row) for n, row in enumerate(many)))
            assert database.rows("SELECT text, content FROM thing ORDER BY n") == many


def test_all_kinds_of_values_are_copied(database: ServerDatabase, server: Server, office: str) -> None:
    server.run(f"CREATE TABLE {office}.kinds (truth integer, word text, number bigint, content bytea)")
    row = (True, Word.LATE, -5, bytearray(b"\\\n"))
    with database.writing():
        database.write_many("kinds", [row] * 60)
    assert set(database.rows("SELECT * FROM kinds")) == {(1, "late", -5, b"\\\n")}


@pytest.mark.parametrize("count", [0, 49, 50, 5_000, 12_000])
def test_rows_may_be_made_while_the_same_connection_reads(database: ServerDatabase, count: int) -> None:
    fill(database, count)
    with database.writing():
        database.write_many("thing", ((n + count, None, None) for (n,) in database.stream("SELECT n FROM thing")))
    assert numbers(database) == list(range(2 * count))


def test_all_is_written_or_nothing(database: ServerDatabase) -> None:
    fill(database, 1)
    with pytest.raises(ZeroDivisionError), database.writing():
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
        assert numbers(database) == [0, 1]
        database.write("INSERT INTO thing VALUES (2, NULL, NULL)")
        1 / 0  # noqa: B018
    assert numbers(database) == [0]
    with fault(FaultKind.CONSTRAINT), database.writing():
        database.write("INSERT INTO thing VALUES (3, NULL, NULL)")
        database.write("INSERT INTO thing VALUES (0, NULL, NULL)")
    assert numbers(database) == [0]
    fill(database, 1, start=9)
    assert numbers(database) == [0, 9]


@pytest.mark.parametrize("sql", ["SELECT no_such_column", "SELEC", "SELECT 1 / 0"])
@pytest.mark.parametrize("is_read_first", [False, True])
def test_a_fault_that_the_caller_takes_for_harmless_ends_the_recording(
    database: ServerDatabase, sql: str, is_read_first: bool
) -> None:
    with fault(FaultKind.OTHER), database.writing():
        if is_read_first:
            numbers(database)
        with fault(FaultKind.OTHER):
            database.rows(sql)
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    with fault(FaultKind.OTHER), database.writing():
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
        with fault(FaultKind.OTHER):
            database.rows(sql)
    assert numbers(database) == []


def test_nothing_is_written_outside_of_a_recording_nor_one_within_another(database: ServerDatabase) -> None:
    with pytest.raises(RuntimeError):
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    with pytest.raises(RuntimeError), database.one_state():
        database.write_many("thing", [(1, None, None)])
    with database.writing():
        database.write("INSERT INTO thing VALUES (2, NULL, NULL)")
        with pytest.raises(RuntimeError), database.writing():
            pass
        with database.one_state():
            assert numbers(database) == [2]
    with pytest.raises(RuntimeError), database.one_state(), database.writing():
        pass
    assert numbers(database) == [2]


def test_one_writes_at_a_time_and_the_next_one_reads_what_it_wrote(
    database: ServerDatabase, connect: Open, server: Server
) -> None:
    other = connect()
    seen: list[list[int]] = []

    def record() -> None:
        with other.writing():
            seen.append(numbers(other))

    with database.writing():
        numbers(database)
        thread = threading.Thread(target=record)
        thread.start()
        server.await_truth("EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    thread.join()
    assert seen == [[1]]


def test_whoever_waits_too_long_for_the_lock_is_told_and_readers_do_not_wait(
    database: ServerDatabase, connect: Open
) -> None:
    other = connect()
    with database.writing():
        numbers(database)
        other.patience(0.01)
        with fault(FaultKind.BUSY), other.writing():
            numbers(other)
        with fault(FaultKind.BUSY), other.writing():
            other.write("INSERT INTO thing VALUES (1, NULL, NULL)")
        assert numbers(other) == []
        other.patience(0)
        with fault(FaultKind.BUSY), other.writing():
            numbers(other)
    with other.writing():
        assert numbers(other) == []


def test_the_lock_is_let_go_at_once_when_a_recording_fails(database: ServerDatabase, connect: Open) -> None:
    other = connect()
    other.patience(0.01)
    with pytest.raises(ZeroDivisionError), database.writing():
        numbers(database)
        1 / 0  # noqa: B018
    fill(other, 1)
    with fault(FaultKind.CONSTRAINT), database.writing():
        database.write("INSERT INTO thing VALUES (0, NULL, NULL)")
        numbers(database)
    fill(other, 1, start=1)


def test_a_statement_may_take_its_time_while_recording(database: ServerDatabase, server: Server, office: str) -> None:
    server.run(
        f"CREATE ROLE hasty_{office} LOGIN SUPERUSER", f"ALTER ROLE hasty_{office} SET statement_timeout = '1ms'"
    )
    with closing(ServerDatabase(server.address(office, f"hasty_{office}"))) as hasty:
        with fault(FaultKind.BUSY):
            hasty.rows("SELECT pg_sleep(1)")
        with hasty.writing():
            assert hasty.rows("SELECT count(*) FROM generate_series(1, 100000)") == [(100_000,)]


def test_bytes_are_read_whatever_the_server_is_set_to(server: Server, office: str) -> None:
    server.run(f"CREATE ROLE old_{office} LOGIN SUPERUSER", f"ALTER ROLE old_{office} SET bytea_output = 'escape'")
    with closing(ServerDatabase(server.address(office, f"old_{office}"))) as database:
        assert database.rows(r"SELECT '\x00ff61'::bytea") == [(b"\x00\xffa",)]


# One state


def test_one_state_is_read_whatever_others_write(database: ServerDatabase, connect: Open) -> None:
    other = connect()
    fill(other, 1)
    with database.one_state():
        assert numbers(database) == [0]
        fill(other, 1, start=1)
        with database.one_state():
            assert database.trip([SelectStatement("SELECT n FROM thing"), SelectStatement("SELECT 1")]) == [
                [(0,)],
                [(1,)],
            ]
        assert [n for (n,) in database.stream("SELECT n FROM thing")] == [0]
    assert numbers(database) == [0, 1]


def test_one_state_costs_no_trip(database: ServerDatabase) -> None:
    before = database.trips
    with database.one_state():
        pass
    with database.one_state():
        numbers(database)
        numbers(database)
    assert database.trips == before + 2
    fill(database, 1)
    assert database.trips == before + 3
    assert numbers(database) == [0]


def test_one_state_can_only_read(database: ServerDatabase) -> None:
    with fault(FaultKind.READ_ONLY), database.one_state():
        database.rows("INSERT INTO thing VALUES (1, NULL, NULL) RETURNING n")
    assert numbers(database) == []


def test_the_version_is_the_last_entry(database: ServerDatabase, connect: Open, server: Server, office: str) -> None:
    assert database.version() == 7
    server.run(f"UPDATE {office}.head SET seq = 8")
    assert database.version() == 8


@pytest.mark.parametrize("name", ["select", "海淀", "é_1"])
def test_a_schema_may_have_any_name(server: Server, name: str) -> None:
    name = server.new_name(name)
    schema = quoted(name)
    server.run(f"CREATE SCHEMA {schema}", HEAD.format(office=schema))
    with closing(ServerDatabase(server.address(name))) as database:
        assert database.version() == 7
        assert database.rows("SELECT current_schema()") == [(name,)]


def test_a_temporary_table_stands_in_no_table_s_place(database: ServerDatabase) -> None:
    with database.altering():
        database.write("CREATE TEMP TABLE head AS SELECT 99 AS seq")
    assert database.version() == 7


# Faults


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("55P03", FaultKind.BUSY),
        ("57014", FaultKind.BUSY),
        ("40P01", FaultKind.BUSY),
        ("40001", FaultKind.BUSY),
        ("53100", FaultKind.FULL),
        ("25006", FaultKind.READ_ONLY),
        ("23505", FaultKind.CONSTRAINT),
        ("23502", FaultKind.CONSTRAINT),
        ("P0001", FaultKind.CONSTRAINT),
        ("42501", FaultKind.DENIED),
        ("08006", FaultKind.GONE),
        ("57P01", FaultKind.GONE),
        ("57P03", FaultKind.GONE),
        ("XX001", FaultKind.DAMAGED),
        ("XX002", FaultKind.DAMAGED),
        ("22021", FaultKind.UNREADABLE),
        ("22012", FaultKind.OTHER),
        ("XX000", FaultKind.OTHER),
    ],
)
def test_each_error_of_the_server_is_a_fault_of_a_kind(database: ServerDatabase, code: str, kind: FaultKind) -> None:
    sql = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'so it is', DETAIL = 'Li, 138'; END $$"
    with fault(kind) as raised:
        database.rows(sql)
    assert "Li" not in str(raised.value)
    assert database.rows("SELECT 1") == [(1,)]


def test_a_text_that_is_none_is_refused_and_not_printed(database: ServerDatabase) -> None:
    for text in ("secret\0", "secret\ud800"):
        with fault(FaultKind.UNREADABLE) as raised:
            database.rows("SELECT ?", (text,))
        assert "secret" not in str(raised.value)
        for rows in (1, 60):
            with fault(FaultKind.UNREADABLE) as raised, database.writing():
                database.write_many("thing", [(n, text, None) for n in range(rows)])
            assert "secret" not in str(raised.value)
    assert numbers(database) == []


def test_a_server_that_only_lets_read(database: ServerDatabase, server: Server, office: str) -> None:
    server.run(f"CREATE ROLE reading_{office} LOGIN SUPERUSER", f"ALTER ROLE reading_{office} SET default_transaction_read_only = on")  # fmt: skip
    with closing(ServerDatabase(server.address(office, f"reading_{office}"))) as reading:
        assert reading.version() == 7
        with fault(FaultKind.READ_ONLY), reading.writing():
            numbers(reading)
        with fault(FaultKind.READ_ONLY), reading.writing():
            reading.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    assert numbers(database) == []


def test_a_login_without_a_right(server: Server, office: str) -> None:
    server.run(f"CREATE ROLE nobody_{office} LOGIN", f"GRANT USAGE ON SCHEMA {office} TO nobody_{office}")
    with closing(ServerDatabase(server.address(office, f"nobody_{office}"))) as database:
        with fault(FaultKind.DENIED):
            database.version()
        with fault(FaultKind.DENIED), database.writing():
            database.write("INSERT INTO thing VALUES (1, NULL, NULL)")


@pytest.mark.parametrize("is_writing", [False, True])
def test_a_connection_that_is_cut_is_gone(connect: Open, server: Server, is_writing: bool) -> None:
    database = connect()
    pid = process(database)
    with fault(FaultKind.GONE), database.writing() if is_writing else database.one_state():
        numbers(database)
        server.run(f"SELECT pg_terminate_backend({pid})")
        server.await_truth(f"NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})")
        numbers(database)
    with fault(FaultKind.GONE):
        numbers(database)
    with fault(FaultKind.GONE), database.writing():
        database.write("INSERT INTO thing VALUES (?, ?, ?)", (1, "x", b""))
    with fault(FaultKind.GONE), database.writing():
        database.write_many("thing", [(n, "x", b"") for n in range(60)])
    database.close()
    with fault(FaultKind.GONE):
        database.rows("SELECT ?", ("x",))


def test_a_connection_that_is_cut_while_it_waits_is_gone(connect: Open, server: Server) -> None:
    database, other = connect(), connect()
    pid = process(other)

    def cut() -> None:
        server.await_truth(f"EXISTS (SELECT FROM pg_locks WHERE pid = {pid} AND NOT granted)")
        server.run(f"SELECT pg_terminate_backend({pid})")

    with database.writing():
        numbers(database)
        thread = threading.Thread(target=cut)
        thread.start()
        with fault(FaultKind.GONE), other.writing():
            numbers(other)
        thread.join()


@pytest.mark.parametrize("rows", [1, 60])
def test_a_connection_that_is_cut_at_the_end_of_a_recording_leaves_it_uncertain(
    database: ServerDatabase, connect: Open, server: Server, office: str, rows: int
) -> None:
    server.run(
        f"CREATE FUNCTION {office}.cut() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9); RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON {office}.thing DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {office}.cut()",
    )
    with fault(FaultKind.UNCERTAIN), database.writing():
        database.write_many("thing", [(n, None, None) for n in range(rows)])
    assert numbers(connect()) == []


def test_two_that_wait_for_each_other(database: ServerDatabase, connect: Open, server: Server) -> None:
    fill(database, 2)
    other = connect()
    server.run("ALTER SYSTEM SET deadlock_timeout = '10ms'", "SELECT pg_reload_conf()")
    faults: list[EngineFault] = []
    both = threading.Barrier(2)

    def change(mine: ServerDatabase, first: int, second: int) -> None:
        try:
            with mine.altering():
                mine.write("UPDATE thing SET text = 'x' WHERE n = ?", (first,))
                numbers(mine)
                both.wait()
                mine.write("UPDATE thing SET text = 'y' WHERE n = ?", (second,))
        except EngineFault as caught:
            faults.append(caught)

    thread = threading.Thread(target=change, args=(other, 0, 1))
    thread.start()
    change(database, 1, 0)
    thread.join()
    assert [caught.kind for caught in faults] == [FaultKind.BUSY]


@pytest.fixture
def tiny_disk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a tablespace on a disk of 1 MB."""
    place = server.folder / server.new_name("disk")
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("only root may mount a tiny disk, and not everywhere")
    try:
        owner = server.folder.stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        server.run(f"CREATE TABLESPACE {place.name} LOCATION '{place}'")
        yield place.name
        server.run(f"ALTER TABLE {place.name}.thing SET TABLESPACE pg_default", f"DROP TABLESPACE {place.name}")
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk(server: Server, tiny_disk: str) -> None:
    # The schema is named as the disk.
    server.run(f"CREATE SCHEMA {tiny_disk}", HEAD.format(office=tiny_disk), TABLE.format(office=tiny_disk) + f" TABLESPACE {tiny_disk}")  # fmt: skip
    server.run(f"ALTER TABLE {tiny_disk}.thing ALTER text SET STORAGE EXTERNAL", f"ALTER TABLE {tiny_disk}.thing SET TABLESPACE {tiny_disk}")  # fmt: skip
    with closing(ServerDatabase(server.address(tiny_disk))) as database:
        fill(database, 1)
        for rows in (40, 60):
            with fault(FaultKind.FULL), database.writing():
                database.write_many("thing", [(n, "x" * 50_000, None) for n in range(1, rows)])
            assert numbers(database) == [0]


# Interrupts


def test_another_thread_breaks_off_what_is_read(database: ServerDatabase, server: Server) -> None:
    pid = process(database)

    def interrupt() -> None:
        server.await_truth(f"EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep')")
        database.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with fault(FaultKind.BUSY):
        database.rows("SELECT pg_sleep(60)")
    thread.join()
    assert database.rows("SELECT 1") == [(1,)]
    database.close()
    database.interrupt()


@contextmanager
def ctrl_c_when(server: Server, condition: str) -> Iterator[None]:
    """Press Ctrl-C in the block, once a condition holds on the server; the block must end by it."""

    def press() -> None:
        server.await_truth(condition)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        yield
    thread.join()


def test_threads_with_connections_of_their_own_do_not_disturb_one_another(
    connect: Open, server: Server, office: str
) -> None:
    databases = [connect() for _ in range(4)]
    answers: list[list[tuple[int]]] = []

    def work(database: ServerDatabase) -> None:
        for _ in range(100):
            with database.one_state():
                answers.append(database.rows("SELECT 1"))

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert server.run("SELECT 2") == [(2,)]
        with closing(ServerDatabase(server.address(office))) as database:
            assert database.version() == 7
    assert answers == [[(1,)]] * 400


def test_ctrl_c_ends_the_wait_for_a_lock_and_nothing_is_recorded(
    database: ServerDatabase, connect: Open, server: Server
) -> None:
    other = connect()
    pid = process(database)
    with other.writing():
        numbers(other)
        waits = f"EXISTS (SELECT FROM pg_locks WHERE pid = {pid} AND NOT granted)"
        with ctrl_c_when(server, waits), database.writing():
            database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    assert numbers(database) == []
    fill(database, 1)
    assert numbers(database) == [0]


@pytest.mark.parametrize("rows", [1, 60])
def test_ctrl_c_ends_what_the_server_does_and_nothing_is_recorded(
    database: ServerDatabase, server: Server, office: str, rows: int
) -> None:
    server.run(
        f"CREATE FUNCTION {office}.sleep() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER sleep AFTER INSERT ON {office}.thing FOR EACH ROW EXECUTE FUNCTION {office}.sleep()",
    )
    sleeps = f"EXISTS (SELECT FROM pg_stat_activity WHERE pid = {process(database)} AND wait_event = 'PgSleep')"
    with ctrl_c_when(server, sleeps), database.writing():
        database.write_many("thing", [(n, None, None) for n in range(rows)])
    server.run(f"DROP TRIGGER sleep ON {office}.thing")
    assert numbers(database) == []
    fill(database, 1)


def test_ctrl_c_that_comes_while_the_server_records_undoes_it(
    database: ServerDatabase, server: Server, office: str
) -> None:
    make_end_sleep(server, office)
    sleeps = f"EXISTS (SELECT FROM pg_stat_activity WHERE pid = {process(database)} AND wait_event = 'PgSleep')"
    with ctrl_c_when(server, sleeps), database.writing():
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    assert numbers(database) == []


def test_ctrl_c_that_comes_too_late_leaves_it_recorded(database: ServerDatabase, server: Server, office: str) -> None:
    server.run(
        f"CREATE FUNCTION {office}.wait() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; EXCEPTION WHEN query_canceled THEN RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON {office}.thing DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {office}.wait()",
    )
    pid = process(database)

    def press() -> None:
        server.await_truth(f"EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep')")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with database.writing():
        database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    thread.join()
    assert numbers(database) == [1]


def test_a_second_ctrl_c_does_not_wait_for_a_server_that_does_not_answer(
    database: ServerDatabase, server: Server, office: str
) -> None:
    make_end_sleep(server, office)
    pid = process(database)

    def press() -> None:
        server.await_truth(f"EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep')")
        os.kill(pid, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGINT)
        end = time.monotonic() + 10
        while not database._connection.is_interrupted and time.monotonic() < end:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        with fault(FaultKind.UNCERTAIN), database.writing():
            database.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    finally:
        thread.join()
        os.kill(pid, signal.SIGCONT)
        server.run(f"SELECT pg_terminate_backend({pid})")


class InterruptedDatabase(ServerDatabase):
    """Ctrl-C comes just before what ends a recording is sent, or as soon as it is."""

    is_before = False

    def _execute(self, statements: bytes) -> None:
        if not statements.endswith(b"COMMIT"):
            super()._execute(statements)
            return
        wait(self._connection, lambda: self._send_interrupted(statements))

    def _send_interrupted(self, statements: bytes) -> None:
        if self.is_before:
            signal.raise_signal(signal.SIGINT)
        self._cursor.execute(statements)
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("is_before", [True, False])
def test_ctrl_c_beside_the_end_of_a_recording_leaves_nothing_that_it_denies(
    database: ServerDatabase, server: Server, office: str, is_before: bool
) -> None:
    make_end_sleep(server, office)
    interrupted = InterruptedDatabase(server.address(office))
    interrupted.is_before = is_before
    with pytest.raises(KeyboardInterrupt), interrupted.writing():
        interrupted.write("INSERT INTO thing VALUES (1, NULL, NULL)")
    assert numbers(database) == []
    # It goes on.
    assert numbers(interrupted) == []
    interrupted.close()
