"""The floors: what the same work costs at least, done bare. Run as `python -m tests.bench.floor WORK ARGUMENT ...`.

Each prints the seconds that it took by the wall's clock and of the processor, reading its own input not counted.
"""

import csv
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from dealtrack.core.calendar import CalendarRules, DayList, WorkingCalendar
from dealtrack.core.clocks import Deadlines, plain_deadlines
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule

PRAGMAS = ("foreign_keys=ON", "recursive_triggers=ON", "synchronous=FULL", "secure_delete=ON", "cache_size=-65536")
CHUNK = 2000


class Clockwork:
    """Adds up the time of the blocks that it measures."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


def opened(path: str) -> sqlite3.Connection:
    """Open a register's file with the pragmas that dealtrack opens it with."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
    return db


def inserts(full: str, empty: str, made: str) -> Clockwork:
    """Write all rows of a full register into a copy of an empty one by bare executemany, triggers left out."""
    for suffix in ("", "-wal", "-shm"):
        Path(made + suffix).unlink(missing_ok=True)
    shutil.copy(empty, made)
    source, db, clockwork = sqlite3.connect(full), opened(made), Clockwork()
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    ((held,),) = db.execute("SELECT max(seq) FROM transition").fetchall()
    ((last,),) = source.execute("SELECT max(id) FROM complaint").fetchall()
    db.execute("BEGIN IMMEDIATE")
    for table in ("platform", "policy"):
        known = {row[0] for row in db.execute(f"SELECT * FROM {table}")}
        rows = [row for row in source.execute(f"SELECT * FROM {table}") if row[0] not in known]
        _insert(db, table, rows, clockwork)
    for low in range(0, last, CHUNK):
        high = min(last, low + CHUNK)
        ((end,),) = source.execute("SELECT max(seq) FROM transition WHERE complaint = ?", (high,)).fetchall()
        for table, key, order, span in (
            ("transition", "seq", "seq", (held, end)),
            ("complaint", "id", "id", (low, high)),
            ("clock", "complaint", "complaint", (low, high)),
            ("personal", "complaint", "complaint", (low, high)),
            ("search_text", "complaint", "complaint", (low, high)),
        ):
            rows = source.execute(
                f"SELECT * FROM {table} WHERE {key} > ? AND {key} <= ? ORDER BY {order}", span
            ).fetchall()
            _insert(db, table, rows, clockwork)
            if table == "search_text":
                _insert(db, "search_index (rowid, text, former)", rows, clockwork)
        held = end
    with clockwork.running():
        db.execute("COMMIT")
        db.close()
    return clockwork


def _insert(db: sqlite3.Connection, table: str, rows: list[tuple[object, ...]], clockwork: Clockwork) -> None:
    if rows:
        with clockwork.running():
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def reading(path: str) -> Clockwork:
    """Read a CSV file, each row as what its columns hold."""
    clockwork = Clockwork()
    with clockwork.running(), Path(path).open(newline="", encoding="utf-8") as file:
        for _ in csv.DictReader(file):
            pass
    return clockwork


def hashing(path: str) -> Clockwork:
    """Read every entry of a journal, and hash as many bytes."""
    clockwork, db = Clockwork(), opened(path)
    with clockwork.running():
        for row in db.execute("SELECT * FROM transition ORDER BY seq"):
            sha256(row[7] + b"".join([str(column).encode() for column in row[:7]])).digest()
    return clockwork


def commit(path: str) -> Clockwork:
    """Write one row and commit it durably, over one that stood there."""
    clockwork, db = Clockwork(), opened(path)
    with clockwork.running():
        db.execute("CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY, at TEXT)")
        db.execute("INSERT OR REPLACE INTO bench VALUES (1, '2016-11-11T00:00:00Z')")
    return clockwork


def updates(path: str, day: str, moved: str) -> Clockwork:
    """Move the deadline of every running clock due on a day to another day's end, and count the way back not."""
    clockwork, db = Clockwork(), opened(path)
    columns = "due_at, due_day, provisional, paused, complaint, name, round"
    held = db.execute(
        f"SELECT {columns} FROM clock WHERE ended_at IS NULL AND due_at IS NOT NULL AND due_day = ?", (day,)
    ).fetchall()
    update = (
        "UPDATE clock SET due_at = ?, due_day = ?, provisional = ?, paused = ? "
        "WHERE complaint = ? AND name = ? AND round = ?"
    )
    with clockwork.running():
        db.execute("BEGIN IMMEDIATE")
        db.executemany(update, [(f"{moved}T15:59:59Z", moved, *row[2:]) for row in held])
        db.execute("COMMIT")
    db.executemany(update, held)
    return clockwork


def report(path: str) -> Clockwork:
    """Count, by hand, the clocks of each platform that were met and missed."""
    clockwork, db = Clockwork(), opened(path)
    with clockwork.running():
        db.execute(
            "SELECT c.platform, k.name, count(*), sum(k.ended_at <= k.due_at), sum(k.ended_at > k.due_at) "
            "FROM clock k JOIN complaint c ON c.id = k.complaint GROUP BY 1, 2"
        ).fetchall()
    return clockwork


def _counted() -> tuple[Deadlines, ZoneInfo]:
    zone = ZoneInfo("Asia/Shanghai")
    rule = ClockRule("complete", frozenset(), frozenset(), 2)
    return plain_deadlines(rule, WorkingCalendar(DayList(RULES)), zone), zone


def deadlines(count: str) -> Clockwork:
    """Find the deadlines of so many days of receipt, by the core alone."""
    found, _ = _counted()
    days = [date(2016, 1, 1) + timedelta(days=n % 365) for n in range(int(count))]
    clockwork = Clockwork()
    with clockwork.running():
        for day in days:
            found[day]
    return clockwork


def moments(count: str) -> Clockwork:
    """Find the deadlines of so many receipts, each at a minute of its own, whose local day is to be found too."""
    found, zone = _counted()
    received = [datetime(2016, 1, 1, tzinfo=UTC) + timedelta(minutes=31 * n % 525_600) for n in range(int(count))]
    clockwork = Clockwork()
    with clockwork.running():
        for moment in received:
            found[local_day(moment, zone)]
    return clockwork


def look_ups(count: str) -> Clockwork:
    """Look so many days up in a list."""
    days = list(range(366))
    places = [n % 366 for n in range(int(count))]
    clockwork = Clockwork()
    with clockwork.running():
        for place in places:
            days[place]
    return clockwork


RULES = CalendarRules(
    "plain",
    "",
    "Asia/Shanghai",
    date(2015, 1, 1),
    date(2018, 12, 31),
    frozenset({5, 6}),
    {},
    frozenset({2015, 2016, 2017}),
)

WORKS: dict[str, Callable[..., Clockwork]] = {
    "inserts": inserts, "reading": reading, "hashing": hashing, "commit": commit, "updates": updates,
    "report": report, "deadlines": deadlines, "moments": moments, "look-ups": look_ups,
}  # fmt: skip

if __name__ == "__main__":
    took = WORKS[sys.argv[1]](*sys.argv[2:])
    print(f"{took.wall:.4f} {took.cpu:.4f}")
