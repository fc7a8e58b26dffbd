"""A register that somebody has prepared: nothing in its schema makes a command hang, keep a secret or leave copies."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dealtrack.phrase import in_language, listed
from dealtrack.register.engine import PROJECTED_TABLES
from dealtrack.register.sqlite import schema
from dealtrack.register.sqlite.connection import memory_database
from tests.conftest import Clerk

pytestmark = pytest.mark.file_only("a file that somebody has prepared")

ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
COPY = "UPDATE fact SET value = value || NEW.phone WHERE name = 'policy'"
HOSTILE: dict[str, Sequence[str]] = {
    "complaint": (
        *(f"DROP VIEW {name}" for name in ("complaints", "clocks", "overdue", "due", "platforms")),
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE complaint RENAME TO kept",
        "CREATE VIEW complaint AS SELECT *, hex(zeroblob(400000000)) FROM kept",
    ),
    "fact": ("DROP TABLE fact", "CREATE VIRTUAL TABLE fact USING fts5 (name, value)"),
    "endless": (
        "CREATE TRIGGER endless AFTER INSERT ON transition BEGIN INSERT INTO zone_offset "
        f"{ENDLESS} SELECT hex(randomblob(16)), x FROM r; END",
    ),
    # A trigger may bear the name of a table.
    "zone_offset": (f"CREATE TRIGGER zone_offset AFTER INSERT ON personal BEGIN {COPY}; END",),
    "sqlite_kept": (
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_kept', 'personal', 0, "
        f"'CREATE TRIGGER sqlite_kept AFTER INSERT ON personal BEGIN {COPY.replace(chr(39), chr(39) * 2)}; END')",
    ),
    "heavy": ("CREATE INDEX heavy ON complaint (hex(zeroblob(1000 + id)))",),
    "complaint_number": (
        "DROP INDEX complaint_number",
        "CREATE INDEX complaint_number ON complaint (number, length(hex(zeroblob(99))))",
    ),
}
COMMANDS: list[list[object]] = [
    ["list"], ["show", 1], ["overdue"], ["due"], ["search", "x"], ["report"], ["export"], ["digest"], ["recheck"],
    ["recheck", "--rebuild"], ["doctor"], ["add", "--platform", "JD"], ["note", 1, "--note", "x"],
    ["erase", 1, "--reason", "x", "--yes"], ["platform", "list"], ["policy", "list"], ["calendar", "next", 3],
]  # fmt: skip


def _run(path: Path, statements: Sequence[str]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_schema_makes_sqlite_do_is_refused_by_every_command(clerk: Clerk, tmp_path: Path, name: str) -> None:
    clerk("add", "--platform", "JD", "--phone", "13912345678").ok()
    clerk("backup", tmp_path / "good.db").ok()
    _run(clerk.db, HOSTILE[name])
    files = sorted(path.name for path in clerk.db.parent.iterdir())
    for words in [*COMMANDS, ["backup", tmp_path / "copy.db"]]:
        refused = clerk(*words)
        assert refused.status == 3, (words, refused)
        assert "its schema was altered at " in refused.err and name in refused.err
    assert clerk("verify").status == 1
    assert sorted(path.name for path in clerk.db.parent.iterdir()) == files, "no copy was left beside it"
    assert not (tmp_path / "copy.db").exists()
    place = tmp_path / "restored.db"
    assert clerk("--db", place, "restore", "--yes", clerk.db).status == 3
    assert not place.exists()
    clerk("restore", "--yes", tmp_path / "good.db").ok()
    clerk("verify").ok()


def test_tables_of_another_program_are_named_and_bar_nothing(clerk: Clerk, tmp_path: Path) -> None:
    _run(
        clerk.db,
        (
            "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER CHECK (length(hex(zeroblob(seq))) > 0))",
            "CREATE INDEX _litestream_by_seq ON _litestream_seq (seq)",
            "INSERT INTO _litestream_seq VALUES (1, 30000000)",
            "CREATE TABLE _litestream_lock (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        ),
    )
    checked = clerk("verify")
    assert checked.status == 0 and checked.out.startswith("journal intact: ")
    assert "_litestream_by_seq, _litestream_lock, _litestream_seq" in checked.err
    clerk("backup", tmp_path / "copy.db").ok()
    clerk("--db", tmp_path / "again.db", "restore", "--yes", tmp_path / "copy.db").ok()
    clerk("recheck", "--rebuild").ok()
    for statement in (
        "CREATE TRIGGER spy AFTER INSERT ON _litestream_seq BEGIN SELECT 1; END",
        "CREATE VIEW spy AS SELECT * FROM _litestream_seq",
    ):
        _run(clerk.db, (statement,))
        refused = clerk("verify")
        assert refused.status == 1 and "altered at spy" in refused.err
        _run(clerk.db, (f"DROP {statement.split()[1]} spy",))


def test_a_register_that_is_said_to_be_older_is_made_again_whole(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    listed = clerk("list").ok()
    _run(clerk.db, ("PRAGMA user_version = 3",))
    assert clerk("list").ok() == listed
    clerk("verify").ok()


def test_a_schema_is_known_again_by_the_statements_that_make_it() -> None:
    with closing(memory_database()) as made:
        schema.create(made)
        tables = {name for (name,) in made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables == {*schema.KEPT_TABLES, *PROJECTED_TABLES}
        assert schema.schema_faults(made) == []


def test_an_interrupt_ends_what_sqlite_does(clerk: Clerk) -> None:
    code = (
        "import signal, sys; from pathlib import Path\n"
        "from dealtrack.register.sqlite.connection import connect, in_words\n"
        # In the background a shell has it ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with in_words():\n    held = connect(Path(sys.argv[1]))\n    print('begun', flush=True)\n"
        f"    held.execute('{ENDLESS} SELECT count(*) FROM r').fetchone()\n"
    )
    words = [sys.executable, "-c", code, str(clerk.db)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in err and process.returncode


def test_a_list_of_many_words_is_said_whole() -> None:
    names = [str(number) for number in range(20_000)]
    assert in_language(listed(names), str) == ", ".join(names)
