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
from typing import Any
from zoneinfo import ZoneInfo

from dealtrack.core.calendar import CalendarRules, WorkingCalendar
from dealtrack.core.deadlines import Deadlines, plain_deadlines
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule
from tests.bench import complaints

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


def narrow(path: str) -> Clockwork:
    """Count, by hand, the clocks of each platform that were met and missed, and nothing else."""
    clockwork, db = Clockwork(), opened(path)
    with clockwork.running():
        db.execute(
            "SELECT c.platform, k.name, count(*), sum(k.ended_at <= k.due_at), sum(k.ended_at > k.due_at) "
            "FROM clock k JOIN complaint c ON c.id = k.complaint GROUP BY 1, 2"
        ).fetchall()
    return clockwork


def report(path: str) -> Clockwork:
    """Count, by hand, what the report counts of each platform: a test holds these figures beside the report's."""
    clockwork, db = Clockwork(), opened(path)
    with clockwork.running():
        by_hand(db, complaints.NOW)
    return clockwork


def by_hand(db: sqlite3.Connection, now: str) -> dict[str, dict[str, Any]]:
    """Return the figures of each platform, under the names of the report's JSON, of a register in Chinese time."""
    moment = datetime.fromisoformat(now).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {row[0]: dict(zip(OF_COMPLAINTS, row[1:], strict=True)) | {"clocks": {}} for row in db.execute(COMPLAINTS)}
    for platform, name, *row in db.execute(CLOCKS, {"now": moment}):
        told[platform]["clocks"][name] = dict(zip(OF_CLOCKS, row, strict=True)) | {"days": []}
    for platform, name, days, count in db.execute(DAYS):
        told[platform]["clocks"][name]["days"].append((days, count))
    for platform, day, count in db.execute(INTAKE):
        told[platform].setdefault("intake", {})[day] = count
    for figures in told.values():
        for clock in figures["clocks"].values():
            # What has not started, of complaints that are all handled by one policy.
            clock["not_started"] = figures["open"] - clock.pop("open")
            clock["cancelled"] += figures["complaints"] - figures["open"] - clock.pop("closed")
            days = clock.pop("days")
            done = clock["done"] = sum(count for _, count in days)
            middle = (_at(days, (done + 1) // 2) + _at(days, done // 2 + 1)) / 2 if done else None
            clock |= {
                "median_working_days": middle,
                "p90_working_days": _at(days, -(-done * 9 // 10)) if done else None,
            }
    return told


def _at(days: list[tuple[int, int]], place: int) -> int:
    for number, count in days:
        place -= count
        if place <= 0:
            return number
    raise ValueError(place)


OF_COMPLAINTS = (
    "complaints", "open", "completed", "first_contact", "third_party", "third_party_advance", "advance", "advance_sum",
    "advance_without_amount", "reopened", "reopenings", "backdated", "first", "last",
)  # fmt: skip
COMPLAINTS = """
SELECT platform, count(*), sum(status <> 'closed'), sum(completed_at IS NOT NULL), sum(first_contact),
    count(CASE WHEN seller = 'third-party' THEN 1 END),
    count(CASE WHEN seller = 'third-party' AND outcome = 'advance-compensation' THEN 1 END),
    count(CASE WHEN outcome = 'advance-compensation' THEN 1 END),
    CASE WHEN count(CASE WHEN outcome = 'advance-compensation' THEN 1 END) = 0 THEN 0.0
        ELSE round(sum(CASE WHEN outcome = 'advance-compensation' THEN amount END), 2) END,
    count(CASE WHEN outcome = 'advance-compensation' AND amount IS NULL THEN 1 END),
    sum(reopenings > 0), sum(reopenings), sum(backdated > 0), min(received_at), max(received_at)
FROM complaint WHERE received_at IS NOT NULL GROUP BY 1
"""
INTAKE = """
SELECT platform, date(received_at, '+8 hours'), count(*) FROM complaint WHERE received_at IS NOT NULL GROUP BY 1, 2
"""
OF_CLOCKS = ("on_time", "late", "open_late", "open_in_time", "paused", "cancelled", "provisional", "closed", "open")
CLOCKS = """
SELECT c.platform, k.name, count(CASE WHEN k."end" = 'stopped' AND k.ended_at <= k.due_at THEN 1 END),
    count(CASE WHEN k."end" IN ('stopped', 'closed-without') AND k.ended_at > k.due_at THEN 1 END),
    count(CASE WHEN k.ended_at IS NULL AND k.due_at < :now THEN 1 END),
    count(CASE WHEN k.ended_at IS NULL AND k.due_at >= :now THEN 1 END),
    count(CASE WHEN k.ended_at IS NULL AND k.due_at IS NULL THEN 1 END),
    count(CASE WHEN k."end" = 'not-needed' OR k."end" = 'closed-without' AND k.ended_at <= k.due_at THEN 1 END),
    sum(k.provisional), sum(k.round = 1 AND c.status = 'closed'), sum(k.round = 1 AND c.status <> 'closed')
FROM clock k JOIN complaint c ON c.id = k.complaint WHERE c.received_at IS NOT NULL GROUP BY 1, 2
"""
DAYS = """
WITH RECURSIVE calendar (day) AS (
    SELECT '2014-01-01' UNION ALL SELECT date(day, '+1 day') FROM calendar WHERE day < '2017-12-31'
), calendar_day AS MATERIALIZED (
    SELECT day, sum(coalesce(worked, strftime('%w', day) NOT IN ('0', '6'))) OVER (ORDER BY day) AS number
    FROM calendar LEFT JOIN calendar_ruling USING (day)
)
SELECT c.platform, k.name, stop.number - start.number, count(*)
FROM clock k JOIN complaint c ON c.id = k.complaint
JOIN calendar_day start ON start.day = date(k.started_at, '+8 hours')
JOIN calendar_day stop ON stop.day = date(k.ended_at, '+8 hours')
WHERE k."end" = 'stopped' AND c.received_at IS NOT NULL GROUP BY 1, 2, 3
"""


def _counted() -> tuple[Deadlines, ZoneInfo]:
    zone = ZoneInfo("Asia/Shanghai")
    rule = ClockRule("complete", frozenset(), frozenset(), 2)
    return plain_deadlines(rule, WorkingCalendar(RULES), zone), zone


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
    "narrow": narrow, "report": report, "deadlines": deadlines, "moments": moments, "look-ups": look_ups,
}  # fmt: skip

if __name__ == "__main__":
    took = WORKS[sys.argv[1]](*sys.argv[2:])
    print(f"{took.wall:.4f} {took.cpu:.4f}")
