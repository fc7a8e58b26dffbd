"""What other programs do of the same: each named with its command, or as skipped where it is not installed."""

import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

TASKS = 100_000


class Peer(NamedTuple):
    """Another program's command for the same work; without a command it is not installed."""

    name: str
    command: Sequence[str]


def program(name: str) -> str | None:
    """Return the path of a program, beside this Python or on the path."""
    beside = Path(sysconfig.get_path("scripts")) / name
    return str(beside) if beside.exists() else shutil.which(name)


def peer(name: str, tool: str, *arguments: str) -> Peer:
    """Return a peer that is a program."""
    found = program(tool)
    return Peer(name, [found, *arguments] if found else ())


def scripted(name: str, module: str, work: str, *arguments: str) -> Peer:
    """Return a peer that is a library, used by a work of this module."""
    there = find_spec(module) is not None
    return Peer(name, [sys.executable, "-m", "tests.bench.peers", work, *arguments] if there else ())


def pandas_import(csv_path: str, db: str) -> None:
    """Read a CSV with pandas, count two deadlines by its working days, and write a table."""
    import sqlite3

    import pandas as pd

    Path(db).unlink(missing_ok=True)
    day = pd.offsets.CustomBusinessDay()
    frame = pd.read_csv(csv_path, dtype=str)
    for start, due, n in (("received", "forward_due", 1), ("forwarded", "complete_due", 2)):
        days = pd.to_datetime(frame[start]).dt.normalize()
        frame[due] = (days + n * day).astype(str)
    connection = sqlite3.connect(db)
    frame.to_sql("complaint", connection, index=False)
    connection.close()


def pandas_report(db: str) -> None:
    """Count complaints and late clocks by platform with pandas."""
    import sqlite3

    import pandas as pd

    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    complaints = pd.read_sql_query("SELECT id, platform FROM complaint", connection)
    clocks = pd.read_sql_query("SELECT complaint, name, due_at, ended_at FROM clock", connection)
    joined = clocks.merge(complaints, left_on="complaint", right_on="id")
    joined["late"] = joined.ended_at > joined.due_at
    joined.groupby(["platform", "name"]).late.agg(["size", "sum"])
    connection.close()


def deadlines(tool: str, count: str) -> None:
    """Count the working day after so many receipts, by a library's own way, and print the seconds that took."""
    import time
    from datetime import date, timedelta

    days = [date(2016, 1, 1) + timedelta(days=n % 365) for n in range(int(count))]
    if tool == "holidays":
        import holidays

        country = holidays.country_holidays("CN", years=range(2015, 2018))
        wall, cpu = time.perf_counter(), time.process_time()
        for day in days:
            country.get_nth_working_day(day, 2)
    else:
        import pandas as pd

        offset = pd.offsets.CustomBusinessDay(2)
        wall, cpu = time.perf_counter(), time.process_time()
        for day in days:
            pd.Timestamp(day) + offset
    print(time.perf_counter() - wall, time.process_time() - cpu)


WORKS: dict[str, Callable[..., None]] = {"import": pandas_import, "report": pandas_report, "deadlines": deadlines}

if __name__ == "__main__":
    WORKS[sys.argv[1]](*sys.argv[2:])
