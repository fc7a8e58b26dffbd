"""A register whose values somebody has forged: every command ends as commands do, and says it in a few lines.

Who forges can take the types of a table's columns away, put any value in, make the chain of the journal fit, and give
the schema back as it was.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dealtrack.core.chain import BEFORE_FIRST, entry_hash
from tests.conftest import IS_LONG, Clerk
from tests.guards import without_triggers
from tests.registers import copy_register, new_place

pytestmark = pytest.mark.file_only("values that SQLite stores in any column")

DEEP = "[" * 100_000
VALUES: tuple[object, ...] = (
    None, b"\xff\xfe\x00", b"", -1, 2**63 - 1, 1.5, float("inf"), "", "x", "\x1b[31m\n\x00y", "{", "[]", "{}", DEEP,
    "9" * 5000, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31", "2016-02-30", "x" * 200_000,
)  # fmt: skip
LEAVES: tuple[object, ...] = (None, True, -1, 10**30, 1.5, "", "x", "9" * 5000, [], [1], {}, {"x": []}, "\ud800")
LOOKS: tuple[tuple[object, ...], ...] = (
    ("list",), ("list", "--format", "json"), ("show", 1), ("show", 1, "--format", "json"), ("show", 3), ("explain", 3), ("show", 5), ("explain", 5),
    ("explain", 1), ("overdue",), ("due", "--within", "9wd"), ("search", "shoes"), ("report",), ("export", "--reveal"),
    ("export", "--format", "jsonl"), ("digest",), ("calendar", "next", 3), ("calendar", "show", "2016-11"),
    ("policy", "list"), ("policy", "show", "green-channel"), ("platform", "list"), ("platform", "show", "JD"),
    ("evidence", 1), ("list", "--as-of", "2016-11-01 09:00"), ("overdue", "--as-of", "2016-11-03"), ("doctor",),
    ("recheck",), ("show", "--number", "BJ-1"), ("report", "--format", "json", "--as-of", "2016-11-02"),
    ("calendar", "refresh"), ("policy", "try", "samr-complaint"),
)  # fmt: skip
WRITES: tuple[tuple[object, ...], ...] = (
    ("add", "--platform", "JD", "--phone", "13800000000"), ("note", 3, "--note", "x"), ("complete", 1),
    ("amend", 1, "--phone", "13900000000"), ("erase", 1, "--reason", "x", "--yes"), ("recheck", "--include-closed"),
    ("recheck", "--rebuild"), ("platform", "add", "Foo"), ("policy", "adopt", "samr-complaint"), ("backup", "copy.db"),
    ("calendar", "amend", "2016-12-01", "--off", "--name", "a", "--source", "b", "--yes"), ("import", "rows.csv"),
    ("export", "--format", "xlsx", "--to", "e.xlsx"), ("report", "--html", "r.html"), ("void", 3, "--reason", "x"),
    ("verify",), ("due", "--within", "9wd", "--ics", "d.ics"), ("platform", "check", "JD", "--channels", "phone", "--finding", "y"),
)  # fmt: skip
COMMANDS = (*LOOKS, *WRITES)
EACH = 2 if IS_LONG else 1
"""The commands that are asked of each value, and the values that each place in a detail gets: all of them over some."""

SOME = 4 if IS_LONG else 2
"""The values that each column gets: all of them over a few columns."""

LINES, WIDTH = 14, 6_000
Work = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Clerk:
    """Make a register with a row in nearly every table and an entry of nearly every kind."""
    folder = tmp_path_factory.mktemp("forged")
    clerk = Clerk(folder / "home", new_place(folder, "made.db"), now="2016-11-01T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    paper = folder / "receipt.txt"
    paper.write_text("paid 12.50", encoding="utf-8")
    person = ("--consumer", "Li", "--phone", "13800000000", "--email", "li@example.org", "--address", "Beijing")
    for words in (
        ("calendar", "amend", "2016-11-17", "--off", "--name", "storm", "--source", "notice", "--yes"),
        ("platform", "check", "JD", "--channels", "phone", "--finding", "shown"),
        ("platform", "edit", "JD", "--alias", "Jingdong mall"),
        ("platform", "rename", "Taobao", "淘宝"),
        ("platform", "merge", "Vipshop", "Dewu", "--into", "淘宝", "--yes"),
        ("platform", "remove", "Gome online"),
        ("add", "--platform", "JD", "--number", "BJ-1", "--seller", "third-party", "--summary", "late shoes", *person),
        ("add", "--platform", "Tmall", "--policy", "samr-complaint", *person),
        ("evidence", 1, "--file", paper),
        ("pause", 1, "--reason", "appraisal"),
        ("add", "--platform", "JD", "--number", "BJ-3", "--summary", "x"),
        ("forward", 3),
        ("extend", 3, "--clock", "complete", "--by", 1, "--reason", "r"),
        ("hand-on", 3, "--to", "bureau"),
        ("complete", 3, "--outcome", "advance-compensation", "--amount", "12.50"),
        ("reopen", 3, "--reason", "x"),
        ("amend", 3, "--summary", "y"),
        ("note", 3, "--note", "wrong"),
        ("void", 3, "--reason", "x"),
        ("erase", 2, "--reason", "asked", "--yes"),
        ("add", "--platform", "JD", "--policy", "penalty-publication"),
        ("event", 4, "--name", "decided"),
        ("add", "--platform", "JD", "--limit", "complete=2016-11-20T12:00"),
        ("reply", 5, "--final"),
        ("amend", 5, "--limit", "complete=2016-11-21"),
        ("extend", 5, "--clock", "forward", "--by", 1, "--reason", "r", "--asked", "2016-11-01"),
        ("merge", 4, "--into", 5),
        ("recheck", "--include-closed"),
    ):
        clerk(*words).ok()
    clerk("verify").ok()
    with closing(sqlite3.connect(clerk.db)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return clerk


def _untyped(db: sqlite3.Connection, table: str) -> str:
    """Return the SQL of a table whose columns, all in their places, have neither types nor limits."""
    columns = db.execute(f"SELECT name, pk FROM pragma_table_info('{table}')").fetchall()
    (sql,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = ? AND type = 'table'", (table,)).fetchone()
    keys = [name for name, place in sorted(columns, key=lambda column: column[1]) if place]
    if "WITHOUT ROWID" in sql:
        names = ", ".join(f'"{name}"' for name, _ in columns)
        return f"CREATE TABLE {table} ({names}, PRIMARY KEY ({', '.join(keys)})) WITHOUT ROWID"
    names = ", ".join(f'"{name}"' + " INTEGER PRIMARY KEY" * (name in keys) for name, _ in columns)
    return f"CREATE TABLE {table} ({names})"


def _chain(db: sqlite3.Connection) -> None:
    """Make the chain of the journal fit again, as far as its entries have a digest at all."""
    previous = BEFORE_FIRST
    rows = db.execute("SELECT seq, complaint, kind, at, recorded_at, actor, detail FROM transition ORDER BY seq")
    for row in rows.fetchall():
        try:
            seq, complaint, kind, at, recorded_at, actor, detail = row
            held = entry_hash(seq, complaint, kind, at, recorded_at, actor, detail, previous)
        except (TypeError, ValueError):
            return
        db.execute("UPDATE transition SET previous = ?, hash = ? WHERE seq = ?", (previous, held, row[0]))
        previous = held


def forge(path: Path, table: str, work: Work) -> None:
    """Let `work` write anything into a table."""
    version = count(1000)

    def written(sql: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ? AND type = 'table'", (sql, table))
            db.execute(f"PRAGMA schema_version = {next(version)}")

    with closing(sqlite3.connect(path)) as db:
        (kept,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = ? AND type = 'table'", (table,)).fetchone()
        loose = _untyped(db, table) if "STRICT" in kept else kept
    written(loose)
    with closing(sqlite3.connect(path, isolation_level=None)) as db, without_triggers(db):
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        work(db)
        if table == "transition":
            _chain(db)
        db.execute("COMMIT")
    written(kept)


def put(table: str, column: str, turn: int, value: object) -> Work:
    """Return what puts a value into a column of one row, another one at each turn; None of them where it cannot be."""

    def work(db: sqlite3.Connection) -> None:
        keys = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[5]] or ["rowid"]
        (length,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        names = ", ".join(keys)
        row = db.execute(f"SELECT {names} FROM {table} LIMIT 1 OFFSET ?", (turn % max(1, length),)).fetchone()
        if row is None:
            pytest.skip(f"{table} is empty")
        where = " AND ".join(f"{key} IS ?" for key in keys)
        db.execute(f'UPDATE {table} SET "{column}" = ? WHERE {where}', (value, *row))

    return work


def _asked(made: Clerk, folder: Path, forged: Path, label: str, words: tuple[object, ...]) -> list[str]:
    """Run a command on a copy of a forged register, and return what is wrong with how it ended."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    db = folder / "register.db"
    shutil.copyfile(forged, db)
    shutil.copytree(f"{made.db}.evidence", f"{db}.evidence")
    (folder / "rows.csv").write_text(
        "number,platform,received,forwarded\nBJ-1,JD,2016-11-01 08:00,2016-11-01 08:30\nN-1,JD,2016-11-01 08:00,\n",
        encoding="utf-8",
    )
    named = [folder / str(word) if re.search(r"\.[a-z]+$", str(word)) else word for word in words]
    try:
        ended = Clerk(made.home, db, now="2016-11-15T09:00:00+08:00")(*named)
    except Exception as error:  # noqa: BLE001  # whatever it is, a user would see it as a traceback
        return [f"{label}: {words}: {error!r:.300}"]
    lines = ended.err.splitlines()
    # Only a check, the list of what is doubtful, and an import name more than one thing.
    most = LINES if ended.status in (0, 1, 4) else 2
    wrong = ended.status not in (0, 1, 2, 3, 4) or len(lines) > most or any(len(line) > WIDTH for line in lines)
    if wrong or "\x1b" in ended.out + ended.err:
        return [f"{label}: {words}: status {ended.status}, {len(lines)} lines: {ended.err[:300]!r}"]
    return []


def _turns() -> Iterator[list[tuple[object, ...]]]:
    """Yield for each value some commands, all of them after a while."""
    for turn in count():
        yield [COMMANDS[(turn * EACH + place) % len(COMMANDS)] for place in range(EACH)]


TABLES = (
    "transition", "fact", "platform", "policy", "calendar_ruling", "complaint", "clock", "personal",
    "search_text", "zone_offset",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_any_value_in_any_column_makes_no_traceback(made: Clerk, tmp_path: Path, table: str) -> None:
    with closing(sqlite3.connect(made.db)) as db:
        if not db.execute("SELECT count(*) FROM pragma_table_info(?)", (table,)).fetchone()[0]:
            pytest.skip(f"the schema has no table {table}")
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    forged, wrong, turns = tmp_path / "forged.db", [], _turns()
    for place, column in enumerate(columns):
        for turn in range(place * SOME, (place + 1) * SOME):
            value = VALUES[turn % len(VALUES)]
            shutil.copyfile(made.db, forged)
            try:
                forge(forged, table, put(table, column, turn, value))
            except sqlite3.Error:
                # SQLite itself lets no such value in.
                continue
            for words in next(turns):
                wrong += _asked(made, tmp_path / "work", forged, f"{table}.{column} = {str(value)[:30]!r}", words)
    assert not wrong, "\n".join(wrong)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the ways to the values in a JSON value; of a list, and of a table of days, the first."""
    yield path
    if isinstance(value, dict):
        for name in value if len(value) < 30 else list(value)[:1]:
            yield from _leaves(value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from _leaves(value[0], (*path, 0))


def _with(value: Any, path: tuple[Any, ...], leaf: object) -> Any:
    if not path:
        return leaf
    first, *rest = path
    made = list(value) if isinstance(value, list) else dict(value)
    made[first] = _with(value[first], tuple(rest), leaf)
    return made


def _details(path: Path) -> list[tuple[int, str, Any]]:
    """Return the last entry of each kind: its number, kind and detail."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT max(seq), kind, detail FROM transition GROUP BY kind ORDER BY seq").fetchall()
    return [(seq, kind, json.loads(detail)) for seq, kind, detail in rows]


def _telling(seq: int, text: str) -> Work:
    return lambda db: db.execute("UPDATE transition SET detail = ? WHERE seq = ?", (text, seq))


def test_any_value_in_any_detail_of_the_journal_makes_no_traceback(made: Clerk, tmp_path: Path) -> None:
    forged, wrong, turns = tmp_path / "forged.db", [], _turns()
    for seq, name, detail in _details(made.db):
        ways = list(_leaves(detail))
        for turn, way in enumerate(ways):
            for place in range(EACH):
                leaf = LEAVES[(turn * 2 + place) % len(LEAVES)]
                text = json.dumps(_with(detail, way, leaf), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                shutil.copyfile(made.db, forged)
                forge(forged, "transition", _telling(seq, text.replace("\ud800", "\\ud800")))
                for words in next(turns):
                    wrong += _asked(made, tmp_path / "work", forged, f"{name} {way} = {leaf!r:.30}", words)
    assert not wrong, "\n".join(wrong)
