"""A register of every schema version that was released opens, is brought up to date, and stays whole whatever happens."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from dealtrack.register.engine import VERSION
from dealtrack.register.sqlite.connection import Connection
from dealtrack.register.sqlite.schema import schema_faults
from tests.conftest import IS_LONG, Clerk, tries
from tests.faults.no_room import make_read_only, mounted
from tests.make_register import DAYS, kept, unpack

pytestmark = pytest.mark.file_only("files of older schemas")

BACKUP = "register0-schema1-20161115T010000Z.db"


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def old(new_clerk: Callable[..., Clerk]) -> Clerk:
    """Give a clerk with a register of schema 1."""
    held = new_clerk()
    unpack(1, held.db)
    return held


def test_every_version_but_the_present_one_is_kept() -> None:
    assert set(range(1, VERSION)) <= kept().keys(), "run tests/make_register.py with the code before the new schema"
    kinds = {line.split()[1] for line in DAYS.strip().splitlines()}
    assert {"complete", "reopen", "void", "erase", "calendar", "platform", "evidence", "hand-on"} <= kinds


@pytest.mark.parametrize("version", sorted(kept().keys() - {VERSION}))
def test_a_released_register_is_brought_up_to_date_and_verifies(version: int, new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    unpack(version, clerk.db)
    before = clerk.db.read_bytes()
    first = clerk("list", "--format", "jsonl")
    backup = clerk.db.with_name(f"register0-schema{version}-20161115T010000Z.db")
    assert len(first.ok().splitlines()) == 7
    assert first.err == (
        f"dealtrack: the register was upgraded from schema {version} to {VERSION}; backup of the previous one: {backup}\n"
        "dealtrack: its calendar and policies are unchanged: 'dealtrack calendar refresh' and 'dealtrack doctor' "
        "show what this version would change\n"
    )
    assert _version(clerk.db) == VERSION
    assert backup.stat().st_mode & 0o777 == 0o600
    assert _version(backup) == version
    # A copy that nobody wrote to in between is the file itself, but for SQLite's counters of changes in its header.
    assert backup.read_bytes()[100:] == before[100:]
    assert clerk("verify").ok().startswith("journal intact: 40 entries")
    assert clerk("recheck").ok() == "tables match the journal\n"
    assert clerk("recheck", "--rebuild").err == ""
    again = clerk("list", "--format", "jsonl")
    assert (again.ok(), again.err) == (first.out, "")
    assert clerk("add", "--platform", "JD").ok()
    assert clerk("verify").ok()
    assert "schema\t" + str(VERSION) in clerk("doctor").out
    # Its copy, put back, comes up to date once more.
    clerk("restore", backup, "--yes").ok()
    again = clerk("list", "--format", "jsonl")
    assert (again.ok(), again.err) == (first.out, "")
    clerk("verify").ok()


def test_what_was_true_before_is_true_after(old: Clerk) -> None:
    head = old("verify").ok().split("checksum ")[1].strip()
    assert old("verify", "--head", head).ok()
    shown = old("show", 1, "--format", "json").ok()
    assert '"complete_verdict": "overdue"' in shown
    assert '"seq": 30' in shown
    assert old("search", "异味").ok().startswith("1\t")
    assert old("list", "--known-at", "2016-11-03").ok().count("\n") == 6


def test_an_upgraded_register_is_to_the_byte_of_its_tables_what_its_journal_makes(
    new_clerk: Callable[..., Clerk], made_register: Path
) -> None:
    """All that is no table of another program's is as in a register that was made today."""
    with closing(sqlite3.connect(made_register)) as made:
        expected = set(made.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
    for version in sorted(kept()):
        clerk = new_clerk()
        unpack(version, clerk.db)
        with closing(sqlite3.connect(clerk.db, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE other (id INTEGER PRIMARY KEY, of INTEGER REFERENCES complaint)")
            connection.execute("INSERT INTO other VALUES (1, 2)")
        clerk("list").ok()
        with closing(sqlite3.connect(clerk.db)) as connection:
            assert connection.execute("SELECT * FROM other").fetchall() == [(1, 2)]
            items = set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name <> 'other'"))
        assert items == expected


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER spy AFTER INSERT ON transition BEGIN DELETE FROM personal; END",
        "CREATE TRIGGER spy AFTER DELETE ON search_text BEGIN SELECT 1; END",
        "CREATE INDEX spy ON transition (hex(zeroblob(1000 + seq)))",
    ],
)
def test_what_an_older_schema_makes_sqlite_do_bars_its_use(statement: str, old: Clerk) -> None:
    with closing(sqlite3.connect(old.db)) as connection:
        connection.execute(statement)
    for words, status in (("list", 3), ("verify", 1), ("forward 7", 3)):
        refused = old(*words.split())
        assert refused.status == status and "its schema was altered at spy" in refused.err
    assert _version(old.db) == 1


def test_a_table_that_is_gone_or_forged_is_made_again(old: Clerk) -> None:
    with closing(sqlite3.connect(old.db)) as connection:
        connection.execute("DROP TABLE search_index_config")
        connection.execute("DROP TABLE fact")
        connection.execute("CREATE VIEW fact AS SELECT hex(zeroblob(400000000)) AS name, 1 AS value")
    assert len(old("list").ok().splitlines()) == 7
    assert old("verify").ok()


def test_one_who_reads_is_not_refused_where_the_register_cannot_be_changed(old: Clerk) -> None:
    before = old.db.read_bytes()
    # No file can take the place of a folder.
    old.db.with_name(BACKUP).mkdir()
    read = old("overdue")
    assert len(read.ok().splitlines()) == 3
    assert read.err == "", "a reader's cron job would mail it every day"
    assert old("verify").status == 0
    refused = old("forward", 7)
    assert refused.status == 3
    assert refused.err.startswith(f"dealtrack: The register {old.db} has schema 1, older than {VERSION}, and cannot be")
    assert BACKUP in refused.err
    assert ".." not in refused.err
    assert old("recheck", "--rebuild").status == 3
    told = old("doctor")
    assert told.status == 1
    assert "schema\t1" in told.out
    assert "stays at schema 1 and takes no entries. No backup was made at " in told.err
    assert old.db.read_bytes() == before
    assert [path.name for path in old.db.parent.glob(".*")] == []


def test_one_on_a_read_only_file_system_is_read_and_a_copy_there_refused_in_words(
    old: Clerk, clerk: Clerk, tmp_path: Path
) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    first = old.db.read_bytes()
    told = old("list").ok()
    with ExitStack() as stack:
        try:
            stack.enter_context(mounted(folder, 8192))
            old.address = folder / "register.db"
            old.db.write_bytes(first)
            make_read_only(folder)
        except OSError:
            pytest.skip("no file system can be mounted here")
        read = old("list")
        assert (read.ok(), read.err) == (told, "")
        refused = clerk("backup", folder / "copy.db")
    assert refused.status == 3
    assert refused.err == f"dealtrack: No backup was made at {folder / 'copy.db'}: Read-only file system.\n"


def test_an_upgrade_that_fails_leaves_the_register_and_no_copy(old: Clerk) -> None:
    with closing(sqlite3.connect(old.db)) as connection:
        connection.execute("CREATE TABLE complaints (id)")
    before = old.db.read_bytes()
    for words in ("list", "forward 7"):
        result = old(*words.split())
        assert result.status == 3
        assert "cannot be upgraded" in result.err
        assert "complaints already exists" in result.err
    assert old.db.read_bytes() == before
    assert sorted(path.name for path in old.db.parent.glob("register0*")) == ["register0.db", "register0.db.evidence"]


def test_an_index_of_ones_own_bars_no_upgrade_and_is_named_after_it(old: Clerk) -> None:
    with closing(sqlite3.connect(old.db)) as connection:
        connection.execute("CREATE INDEX mine ON personal (consumer)")
    assert old("list").ok()
    assert _version(old.db) == VERSION
    assert old("verify").err.startswith("dealtrack: The schema was altered at mine.\n")


def test_an_altered_journal_is_not_brought_up_to_date_but_still_told_of(old: Clerk) -> None:
    with closing(sqlite3.connect(old.db, isolation_level=None)) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name LIKE '%never_changed'").fetchone()
        connection.execute("DROP TRIGGER transition_is_never_changed")
        connection.execute("UPDATE transition SET actor = 'nobody' WHERE seq = 20")
        connection.execute(trigger)
    assert old("list").status == 0
    verified = old("verify")
    assert verified.status == 1
    assert "altered at entry 20" in verified.err
    assert "entry 20" in old("forward", 7).err
    assert _version(old.db) == 1


def test_a_journal_that_tells_no_calendar_is_named_and_nothing_is_changed(old: Clerk) -> None:
    with closing(sqlite3.connect(old.db, isolation_level=None)) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name LIKE '%never_changed'").fetchone()
        connection.execute("DROP TRIGGER transition_is_never_changed")
        connection.execute("UPDATE transition SET detail = '{}' WHERE seq = 1")
        connection.execute(trigger)
    before = old.db.read_bytes()
    for words in ("list", "verify", "forward 7"):
        told = old(*words.split())
        assert told.status == 3
        assert told.err.startswith(f"dealtrack: The register {old.db} cannot be used: it is damaged: ")
        assert "the journal was altered at entry 1" in told.err
    assert old.db.read_bytes() == before
    assert list(old.db.parent.glob("register0-schema*")) == []


def test_two_at_once_make_one_upgrade(old: Clerk) -> None:
    words = [sys.executable, "-m", "dealtrack", "list"]
    environment = {"PATH": "/usr/bin:/bin", **old.environment()}
    ran = [
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60) for process in ran]
    assert [process.returncode for process in ran] == [0, 0, 0]
    assert len({out for out, _ in told}) == 1
    assert sorted(len(err.splitlines()) for _, err in told) == [0, 0, 2]
    assert len(list(old.db.parent.glob("register0-schema1-*.db"))) == 1


KILLED = """
import os, signal, sys, threading
from datetime import datetime, UTC
from pathlib import Path
from dealtrack.register.opening import open_register
from dealtrack.register.opening import open_register
import sqlite_utils, dealtrack.register.sqlite.upgrade
threading.Timer(float(sys.argv[2]), os.kill, (os.getpid(), signal.SIGKILL)).start()
with open_register(Path(sys.argv[1]), now=lambda: datetime(2016, 11, 15, tzinfo=UTC)):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_at_any_moment_of_it_the_register_is_old_or_new_and_whole(old: Clerk) -> None:
    before = old.db.read_bytes()
    seen: set[int] = set()
    for step in range(60):
        if step >= tries(12) and len(seen) == 2:
            break
        old.db.write_bytes(before)
        ran = subprocess.run(
            [sys.executable, "-c", KILLED, old.db, str(0.01 + step * (0.03 if IS_LONG else 0.1))],
            check=False,
            timeout=60,
        )
        assert ran.returncode == -signal.SIGKILL
        version = _version(old.db)
        seen.add(version)
        with closing(sqlite3.connect(old.db, factory=Connection)) as connection:
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            if version == VERSION:
                assert schema_faults(connection) == []
        assert len(old("list").ok().splitlines()) == 7
        assert _version(old.db) == VERSION
        for path in old.db.parent.glob("register0.db-*"):
            path.unlink()
    assert seen == {1, VERSION}, "the kills fell on one side of it alone"
    assert old("verify").ok()


def test_a_newer_register_is_refused_plainly_and_left_alone(clerk: Clerk) -> None:
    with closing(sqlite3.connect(clerk.db)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = clerk.db.read_bytes()
    for words in ("list", "add --platform JD", "verify", "doctor", "backup copy.db"):
        result = clerk(*words.split())
        assert result.status == 3
        assert result.err == (
            f"dealtrack: The register {clerk.db} was made by a newer dealtrack "
            f"(schema {VERSION + 1}; this one reads {VERSION}). Upgrade dealtrack.\n"
        )
    assert clerk.db.read_bytes() == before


def test_contacts_known_by_an_older_rule_are_no_alarm_and_are_told_anew(old: Clerk) -> None:
    keys = "SELECT phone_key, email_key FROM personal ORDER BY complaint"
    with closing(sqlite3.connect(old.db)) as connection:
        told = connection.execute(keys).fetchall()
        assert any(phone for phone, _ in told)
        connection.execute("UPDATE personal SET phone_key = '86' || phone_key, email_key = phone_key")
        connection.commit()
    assert "was upgraded from schema 1" in old("list").err
    assert old("verify").ok().startswith("journal intact")
    with closing(sqlite3.connect(old.db)) as connection:
        assert connection.execute(keys).fetchall() == told


def _made_of_schema_4(clerk: Clerk) -> None:
    """Make a register as the rules of schema 4 left it: a pause when due, a reopening, a step skipped while late."""
    unpack(4, clerk.db)
    unchanged = clerk.db.read_bytes()
    for now, words in (
        ("2016-11-21T10:00", "add --platform JD"),
        ("2016-11-21T10:00", "add --platform JD"),
        ("2016-11-21T10:00", "add --platform Tmall"),
        ("2016-11-21T11:00", "forward 8"),
        ("2016-11-21T11:00", "withdraw 9 --reason x"),
        ("2016-11-22T11:00", "reopen 9 --reason x"),
        ("2016-11-23T10:00", "pause 8 --reason lab"),
        ("2016-11-24T10:00", "complete 10"),
        ("2016-11-25T10:00", "resume 8"),
    ):
        clerk(*words.split(), now=f"{now}:00+08:00").ok()
    made = clerk.db.rename(clerk.db.with_name("made.db"))
    clerk.db.write_bytes(unchanged)
    before = "clock WHERE complaint = 9 AND round = 2"
    with closing(sqlite3.connect(clerk.db, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS made", (str(made),))
        connection.execute("INSERT INTO transition SELECT * FROM made.transition WHERE seq > 40 ORDER BY seq")
        for table in ("complaint", "clock"):
            key = "id" if table == "complaint" else "complaint"
            names = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"INSERT INTO {table} SELECT {names} FROM made.{table} WHERE {key} > 7")
        connection.execute(
            "INSERT INTO search_text SELECT complaint, text, '' FROM made.search_text WHERE complaint > 7"
        )
        connection.execute("UPDATE complaint SET status = 'forwarded' WHERE id = 9")
        connection.execute(
            "INSERT INTO clock SELECT complaint, 'complete', 1, started_at, '2016-11-24T15:59:59Z', '2016-11-24', "
            f"NULL, NULL, 0, 0, NULL FROM {before}"
        )
        connection.execute(f"DELETE FROM {before}")
        connection.execute(
            "UPDATE clock SET due_at = '2016-11-23T15:59:59Z', due_day = '2016-11-23' "
            "WHERE complaint = 8 AND name = 'complete'"
        )


def test_what_changed_rules_make_of_complaints_is_shown(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    _made_of_schema_4(clerk)
    copy = clerk.db.with_name("copy.db")
    copy.write_bytes(clerk.db.read_bytes())
    listed = clerk("list", now="2016-11-25T10:00:00+08:00")
    assert listed.err.splitlines()[2:] == [
        "the rules have changed since then; these complaints (by ID) are judged differently:",
        "  complete: overdue is now none: 1 (9)",
        "  complete: overdue is now running: 1 (8)",
        "  forward: cancelled is now missed: 1 (10)",
        "  forward: none is now overdue: 1 (9)",
        "  status: forwarded is now received: 1 (9)",
    ]
    assert clerk("recheck").ok() == "tables match the journal\n"
    with closing(sqlite3.connect(clerk.db)) as connection:
        tables = [connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("complaint", "clock")]
    assert clerk("recheck", "--rebuild").ok()
    with closing(sqlite3.connect(clerk.db)) as connection:
        assert tables == [connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("complaint", "clock")]
    assert clerk("list").err == ""
    # A backup of that schema tells the same when it is put back.
    restored = clerk("restore", copy, "--yes", now="2016-11-25T11:00:00+08:00")
    assert "  forward: cancelled is now missed: 1 (10)\n" in restored.err
    assert clerk("verify").ok()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM search_index_idx",
        "UPDATE search_index_idx SET pgno = pgno + 2",
        "DELETE FROM search_index_data",
        "DELETE FROM search_index_data WHERE id = 10",
        "UPDATE search_index_data SET block = zeroblob(10) WHERE id > 100",
        "INSERT INTO search_index_data VALUES (999999999999, x'00')",
        "DELETE FROM search_index_config",
        "INSERT OR REPLACE INTO search_index_config VALUES ('version', 5)",
        "INSERT OR REPLACE INTO search_index_config VALUES ('pgsz', 1000000000)",
        "INSERT OR REPLACE INTO search_index_config VALUES ('rank', '(((')",
        "DELETE FROM search_text",
        "UPDATE search_text SET former = 'forged'",
    ],
)
@pytest.mark.parametrize("version", [1, 6] if IS_LONG else [6])
def test_whatever_was_done_to_a_former_search_index_is_gone_with_it(
    version: int, statement: str, new_clerk: Callable[..., Clerk]
) -> None:
    clerk = new_clerk()
    unpack(version, clerk.db)
    with closing(sqlite3.connect(clerk.db, isolation_level=None)) as connection:
        connection.execute(statement)
    assert clerk("search", "异味").ok().startswith("1\t")
    assert clerk("search", "寄来").ok().startswith("1\t")
    with closing(sqlite3.connect(clerk.db)) as connection:
        assert not connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'search_index%'").fetchall()
    clerk("verify").ok()
    assert clerk("recheck").ok() == "tables match the journal\n"
