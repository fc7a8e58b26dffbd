"""Checking a register: what is whole is whole, and what is altered, moved or put in anywhere is told."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealtrack.core.chain import entry_hash
from dealtrack.register import journal
from dealtrack.register.opening import open_register
from dealtrack.register.rebuild import BATCH
from dealtrack.register.recorder import recording, writing
from dealtrack.register.register import Register
from dealtrack.register.sqlite.connection import memory_database
from dealtrack.register.sqlite.engine import FileEngine
from dealtrack.register.verification import verify
from tests.bench import complaints
from tests.conftest import PROJECT, Clerk, connection_of
from tests.guards import without_triggers
from tests.varied import make_varied

pytestmark = pytest.mark.file_only("a file that is altered past its guards")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Path:
    """Make a register of varied complaints, most of which have entries far from each other in the journal."""
    path = make_varied(tmp_path_factory.mktemp("varied"), made_register, 120)
    with open_register(path) as register:
        rows = journal.rows_by_complaint(register.database)
        at = datetime(2017, 1, 1, tzinfo=UTC)
        with recording(register, at, "clerk") as recorder:
            for id_, _ in list(rows)[::3]:
                recorder.event(journal.Event.ERASED, {"complaint": id_, "reason": "asked"})
                connection_of(register).execute("DELETE FROM personal WHERE complaint = ?", (id_,))
    assert isinstance(path, Path)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    held = tmp_path / "register.db"
    shutil.copy(made, held)
    return held


def is_whole(path: Path, head: str = "", read_only: bool = False) -> bool:
    with open_register(path, read_only=read_only) as register:
        return not verify(register, head, evidence=False).faults


def altered(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


@contextmanager
def unguarded(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a register with nothing in the way; its triggers are made again, to the letter, afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db, without_triggers(db):
        db.execute("PRAGMA foreign_keys = OFF")
        yield db


def assert_found(path: Path) -> None:
    """Check that a register is not taken for whole."""
    assert not is_whole(path)


def test_a_whole_register_is_found_whole(path: Path) -> None:
    assert is_whole(path)
    assert is_whole(path, read_only=True)
    with open_register(path) as register:
        _, head = register.head()
    assert is_whole(path, head) and is_whole(path, head[:8])
    assert not is_whole(path, "0" * 64)


def test_a_register_that_only_its_own_connection_reads_is_checked_by_that(path: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(memory_database()) as copy:
        source.backup(copy)
        register = Register(FileEngine(path), copy)
        assert verify(register, evidence=False).faults == []
        copy.execute("UPDATE search_text SET text = 'forged' WHERE complaint = 2")
        faults = verify(register, evidence=False).faults
    assert faults == [
        "table search_text differs from the journal at complaint 2",
    ]


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (("UPDATE complaint SET id = -5 WHERE id = 3",), "complaint -5 is in the tables but not in the journal"),
        (("UPDATE clock SET due_day = '2017-01-01' WHERE complaint = 1",), "table clock differs from the journal"),
        (("INSERT INTO personal (complaint, salt) VALUES (-9, x'00')",), "personal data of complaint -9 was put in"),
        (
            ("INSERT INTO personal (complaint, salt) VALUES (9999, x'00')",),
            "personal data of complaint 9999 was put in",
        ),
        (("DELETE FROM personal WHERE complaint = (SELECT max(complaint) FROM personal)",), "is missing"),
    ],
)
def test_what_is_wrong_is_told_in_words_whoever_finds_it(path: Path, statements: tuple[str, ...], fault: str) -> None:
    altered(path, *statements)
    assert not is_whole(path)
    with open_register(path) as register:
        assert any(fault in told for told in verify(register, evidence=False).faults)


def test_faults_of_personal_data_are_told_by_the_ids_of_complaints(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        first, *_, last = [id_ for (id_,) in db.execute("SELECT complaint FROM personal ORDER BY complaint")]
    altered(
        path,
        f"UPDATE personal SET consumer = 'forged' WHERE complaint = {last}",
        f"DELETE FROM personal WHERE complaint = {first}",
        "INSERT INTO personal (complaint, salt) VALUES (-9, x'00'), (9999, x'00')",
    )
    with open_register(path) as register:
        faults = verify(register, evidence=False).faults
    assert faults == [
        "personal data of complaint -9 was put in, but the journal has no record of it",
        f"the personal data of complaint {first} is missing, but the journal records no erasure",
        f"the personal data of complaint {last} was altered",
        "personal data of complaint 9999 was put in, but the journal has no record of it",
    ]


TAMPERED = {
    "complaint": ("id", "UPDATE complaint SET summary = 'forged' WHERE id = ?"),
    "complaint gone": ("id", "DELETE FROM complaint WHERE id = ?"),
    "clock": ("complaint", "UPDATE clock SET due_day = '2017-01-01' WHERE complaint = ?"),
    "clock gone": ("complaint", "DELETE FROM clock WHERE complaint = ?"),
    "search_text": ("complaint", "UPDATE search_text SET text = 'forged' WHERE complaint = ?"),
    "search_text gone": ("complaint", "DELETE FROM search_text WHERE complaint = ?"),
    "personal": ("complaint", "UPDATE personal SET consumer = 'forged' WHERE complaint = ?"),
    "personal gone": ("complaint", "DELETE FROM personal WHERE complaint = ?"),
    "transition": ("seq", "UPDATE transition SET at = '2016-10-01T00:00:00Z' WHERE seq = ?"),
    "transition of nobody": ("seq", "UPDATE transition SET complaint = NULL WHERE seq = ? AND complaint IS NOT NULL"),
    "transition gone": ("seq", "DELETE FROM transition WHERE seq = ?"),
    "transition hash": ("seq", "UPDATE transition SET hash = x'00' WHERE seq = ?"),
    "transition previous": ("seq", "UPDATE transition SET previous = x'00' WHERE seq = ?"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_altered_anywhere_is_found(made: Path, tmp_path: Path, what: str) -> None:
    key, statement = TAMPERED[what]
    table = what.split(maxsplit=1)[0]
    with closing(sqlite3.connect(made)) as db:
        keys = [key for (key,) in db.execute(f"SELECT DISTINCT {key} FROM {table} ORDER BY 1")]
    for place in (keys[0], keys[1], keys[len(keys) // 2], keys[-2], keys[-1]):
        path = tmp_path / f"{place}.db"
        shutil.copy(made, path)
        with unguarded(path) as db:
            if db.execute(statement, (place,)).rowcount:
                assert_found(path)


@pytest.mark.parametrize(
    "statements",
    [
        ("INSERT INTO complaint SELECT -4, {columns} FROM complaint WHERE id = 2",),
        ("INSERT INTO complaint SELECT 9999, {columns} FROM complaint WHERE id = 2",),
        ("INSERT INTO personal (complaint, salt) VALUES (-9, x'00')",),
        ("INSERT INTO personal (complaint, salt) VALUES (9999, x'00')",),
        ("INSERT INTO search_text VALUES (9999, 'a')",),
        ("INSERT INTO transition SELECT 0, {entry} FROM transition WHERE seq = 1",),
        ("INSERT INTO transition SELECT -7, {entry} FROM transition WHERE seq = 9",),
        ("INSERT INTO transition SELECT (SELECT max(seq) FROM transition) + 2, {entry} FROM transition WHERE seq = 9",),
        # The first entry of one half takes the place of the last one of the other.
        (
            "UPDATE transition SET seq = 0 WHERE seq = 200",
            "UPDATE transition SET seq = 200 WHERE seq = 200 + 1",
            "UPDATE transition SET seq = 200 + 1 WHERE seq = 0",
        ),
        # A complaint's last entry is moved to the journal's end, or is said to be another's.
        (
            "UPDATE transition SET seq = (SELECT max(seq) + 1 FROM transition) "
            "WHERE seq = (SELECT max(seq) FROM transition WHERE complaint = 1)",
        ),
        (
            "UPDATE transition SET complaint = (SELECT max(id) FROM complaint) "
            "WHERE seq = (SELECT max(seq) FROM transition WHERE complaint = 1)",
        ),
        ("UPDATE complaint SET id = 5000 WHERE id = 3",),
        ("UPDATE policy SET seq = seq + 1",),
        ("CREATE VIEW other AS SELECT 1",),
    ],
)
def test_what_was_put_in_or_moved_is_found(path: Path, statements: tuple[str, ...]) -> None:
    with unguarded(path) as db:
        names = [name for _, name, *_ in db.execute("PRAGMA table_info(complaint)")][1:]
        entry = [name for _, name, *_ in db.execute("PRAGMA table_info(transition)")][1:]
        for statement in statements:
            db.execute(statement.format(columns=", ".join(names), entry=", ".join(entry)))
    assert_found(path)


def test_what_is_altered_at_the_border_of_two_batches_is_found(clerk: Clerk, tmp_path: Path) -> None:
    clerk.now = complaints.NOW
    complaints.write(tmp_path / "complaints.csv", BATCH + 2, 10, 10)
    clerk("import", tmp_path / "complaints.csv").ok()
    assert is_whole(clerk.db)
    for id_ in (1, BATCH - 1, BATCH, BATCH + 1, BATCH + 2):
        altered(clerk.db, f"UPDATE complaint SET backdated = backdated + 1 WHERE id = {id_}")
        told = clerk("verify")
        assert told.status == 1 and f"Table complaint differs from the journal at {id_}.\n" in told.err
        altered(clerk.db, f"UPDATE complaint SET backdated = backdated - 1 WHERE id = {id_}")
    clerk("verify").ok()


def test_an_entry_nested_beyond_reading_is_told_in_words(path: Path) -> None:
    """Its hash is right: somebody wrote it so."""
    with open_register(path) as register:
        with writing(register):
            end = journal.LastEntry.of(register.database)
            columns = (end.seq + 1, 1, "noted", "2020-01-01T00:00:00Z", end.recorded_at, "clerk", "[" * 100_000)
            link = (*columns, end.hash, entry_hash(*columns, end.hash))
            connection_of(register).execute("INSERT INTO transition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", link)
        told = verify(register, evidence=False)
        last = register.head()[0]
        assert told.faults == [f"the journal was altered at entry {last}: its content is invalid"]
        assert not told.rebuilds


def test_a_check_that_finds_no_memory_ends_as_commands_do(path: Path) -> None:
    """The limit is one of the whole process, and so it has one of its own."""
    script = (
        "import sqlite3, sys, dealtrack.cli.main\n"
        "sqlite3.connect(':memory:').execute('PRAGMA hard_heap_limit = ' + sys.argv[1]).fetchall()\n"
        "sys.exit(dealtrack.cli.main.main(['verify']))"
    )
    statuses = set()
    for limit in (500_000, 1_000_000, 2_000_000, 4_000_000):
        ran = subprocess.run(
            [sys.executable, "-c", script, str(limit)],
            cwd=PROJECT,
            env={"PATH": "/usr/bin:/bin", **Clerk(path.parent / "home", path).environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in ran.stderr
        statuses.add(ran.returncode)
    # It has no evidence files.
    assert {3} <= statuses <= {1, 3}
