"""Checking a register at one go: it finds whole what is whole, gathers every history, and its own thread finds faults."""

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.moments import local_day, to_store
from dealtrack.register import journal
from dealtrack.register.comparison import Batch, Gatherer, complaints_agree
from dealtrack.register.connection import reading
from dealtrack.register.form import form_checked
from dealtrack.register.journal import GREATEST, LEAST
from dealtrack.register.plain import Plain
from dealtrack.register.register import Register
from dealtrack.register.verification import _is_whole, verify
from tests.conftest import PROJECT, Clerk
from tests.varied import make_varied


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_register: Path) -> Path:
    """Make a register of varied complaints, most of which have entries far from each other in the journal."""
    path = make_varied(tmp_path_factory.mktemp("varied"), small_register, 120)
    with Register.open(path) as register:
        rows = journal.rows_by_complaint(register.connection)
        at = datetime(2017, 1, 1, tzinfo=UTC)
        with register.recording(at, "clerk") as recorder:
            for id_, _ in list(rows)[::3]:
                recorder.event(journal.Event.ERASED, {"complaint": id_, "reason": "asked"})
                register.connection.execute("DELETE FROM personal WHERE complaint = ?", (id_,))
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    held = tmp_path / "register.db"
    shutil.copy(made, held)
    return held


def is_whole(path: Path, head: str = "", read_only: bool = False) -> bool:
    with Register.open(path, read_only=read_only) as register, reading(register.connection):
        return _is_whole(register, head)


def altered(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_a_whole_register_is_found_whole_at_one_go(path: Path) -> None:
    """Else all would still be found, but in thrice the time."""
    assert is_whole(path)
    assert is_whole(path, read_only=True)
    with Register.open(path) as register:
        assert complaints_agree(register)
        _, head = register.head()
    assert is_whole(path, head) and is_whole(path, head[:8])
    assert not is_whole(path, "0" * 64)


def test_a_register_that_only_its_own_connection_reads_is_checked_by_that(path: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        source.backup(copy)
        register = Register(path, copy)
        with reading(copy):
            assert _is_whole(register, "")
        # Had it left anything behind, the index could not be checked a second time.
        assert verify(register, evidence=False).faults == []
        copy.execute("UPDATE search_text SET text = 'forged' WHERE complaint = 2")
        copy.execute("DELETE FROM search_index_data WHERE id > 10")
        faults = verify(register, evidence=False).faults
    assert faults == [
        "table search_text is not as the journal makes it at complaint 2",
        "the search index is not of the texts that it was made of",
    ]


@pytest.mark.parametrize("size", [1, 2, 7, 50, 4000])
def test_histories_are_gathered_whole_and_by_id_however_they_lie(path: Path, size: int) -> None:
    with Register.open(path) as register:
        connection = register.connection
        gatherer, rows = Gatherer(connection), journal.link_rows(connection)
        batches: list[Batch] = []
        while chunk := rows.fetchmany(size):
            batches += gatherer.batches(chunk)
        batches += gatherer.rest()
        found = [(id_, [row[:7] for row in entries]) for batch in batches for id_, entries in batch.histories]
        spans = [(LEAST - 1, LEAST - 1), *[batch[:2] for batch in batches]]
        assert found == list(journal.rows_by_complaint(connection))
        assert gatherer.passed == gatherer.gathered
        # No number is left out, none is in two.
        assert all(first == before + 1 for (_, before), (first, _) in itertools.pairwise(spans))
        assert spans[-1][1] == GREATEST


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (("DELETE FROM search_index_config",), "the search index is not of the texts that it was made of"),
        (("DELETE FROM search_index_data WHERE id > 10",), "the search index is not of the texts that it was made of"),
        (("UPDATE complaint SET id = -5 WHERE id = 3",), "complaint -5 stands in the tables, but not in the journal"),
        (("UPDATE clock SET due_day = '2017-01-01' WHERE complaint = 1",), "table clock is not as the journal makes"),
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
    with Register.open(path) as register:
        assert any(fault in told for told in verify(register, evidence=False).faults)


def test_an_entry_nested_beyond_reading_is_told_in_words(path: Path) -> None:
    """Its hash is right: somebody wrote it so."""
    with Register.open(path) as register:
        with register.writing():
            entries = journal.Writer(register.connection, datetime(2020, 1, 1, tzinfo=UTC), "clerk")
            entries.add_all([(1, ["noted"], ["2020-01-01T00:00:00Z"], ["[" * 100_000])])
            entries.flush()
        told = verify(register, evidence=False)
        last = register.head()[0]
        assert told.faults == [f"the journal was altered at entry {last}: it holds what no entry can"]
        assert not told.rebuilds


def test_the_check_beside_ends_with_its_block(path: Path) -> None:
    before = threading.active_count()
    with Register.open(path) as register, reading(register.connection):
        with pytest.raises(KeyboardInterrupt), form_checked(register):
            raise KeyboardInterrupt
        assert threading.active_count() == before
        with form_checked(register) as is_sound:
            assert is_sound()
        assert threading.active_count() == before


def test_where_no_thread_can_be_started_form_and_index_are_checked_after_the_rest(path: Path) -> None:
    kept = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError):
            threading.Thread(target=print).start()
        assert is_whole(path)
        altered(path, "DELETE FROM search_index_data WHERE id > 10")
        assert not is_whole(path)
    finally:
        threading.stack_size(kept)


def test_a_check_beside_that_finds_no_memory_says_nothing(path: Path) -> None:
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


@pytest.mark.parametrize("is_whole", [True, False])
def test_the_check_beside_is_of_the_same_register(path: Path, tmp_path: Path, is_whole: bool) -> None:
    """Another file may be put in the place of this one between the opening of the one and of the other connection."""
    other = tmp_path / "other.db"
    shutil.copy(path, other)
    altered(other if is_whole else path, "DELETE FROM search_index_data WHERE id > 10")
    with Register.open(path) as register, reading(register.connection):
        assert register.head()
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        os.replace(other, path)  # noqa: PTH105  # as a program does that knows of nothing
        assert _is_whole(register, "") == is_whole


ZONES = ("Asia/Shanghai", "America/St_Johns", "Asia/Kolkata", "Africa/Monrovia", "Pacific/Apia", "Europe/Lisbon")


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_of_a_stored_moment_is_remembered_by_its_hour_only_where_that_lies_in_one_day(zone: str) -> None:
    held: Any = SimpleNamespace(zone=ZoneInfo(zone), head=lambda: (0, ""))
    plain = Plain(held)
    # St John's went back to 23:01 at 00:01 until 2011: two midnights within one hour.
    for start in (
        datetime(2005, 10, 30, tzinfo=UTC),
        datetime(1972, 1, 6, tzinfo=UTC),
        datetime(2011, 12, 29, tzinfo=UTC),
    ):
        for minute in range(3 * 24 * 60):
            at = start + timedelta(minutes=minute)
            assert plain._day(to_store(at)) == local_day(at, held.zone), at
    for wrong in ("", "x", "2016-11-11T24:30:00Z", "2016-11-11T13:xx:00Z", "2016-02-30T13:00:00Z"):
        with pytest.raises(ValueError):
            plain._day(wrong)
    assert plain._day("2016-11-11T13:30:00+14:00") == local_day(datetime(2016, 11, 10, 23, 30, tzinfo=UTC), held.zone)
