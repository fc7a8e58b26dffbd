"""What a register's files still hold of erased personal data, and how they lose it."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from dealtrack.errors import RegisterUnusable
from dealtrack.register.drafts import BYTES, ERASURE_SUFFIX, closing_file, disk_faults, share
from dealtrack.register.engine import WAIT_SECONDS
from dealtrack.register.sqlite.connection import Connection
from dealtrack.register.sqlite.file import beside

ATTEMPT_SECONDS = 0.1
"""How long one attempt to empty the write-ahead file keeps others from writing."""


def write_anew(connection: Connection) -> None:
    """Write the table of personal data anew.

    Where a row was once moved from page to page, SQLite leaves its bytes in the gap between cells, which
    deleting the row does not reach; emptying the whole table overwrites every page with zeros.
    """
    connection.write("CREATE TEMP TABLE kept AS SELECT * FROM personal")
    connection.write("DELETE FROM personal")
    connection.write("INSERT INTO personal SELECT * FROM kept ORDER BY complaint")
    connection.write("DROP TABLE temp.kept")


def mark_erasure(path: Path) -> None:
    """Note beside a register that its write-ahead file is to be emptied of what is erased; raises RegisterUnusable."""
    with disk_faults(RegisterUnusable, path=path):
        handle = os.open(beside(path, ERASURE_SUFFIX), os.O_CREAT | os.O_WRONLY | BYTES, 0o600)
        with closing_file(handle):
            share(handle, path.parent)


def is_erasure_open(path: Path) -> bool:
    """Tell whether what was erased may still stand in a register's write-ahead file."""
    return os.path.exists(beside(path, ERASURE_SUFFIX))  # noqa: PTH110  # every command that writes comes here


def finish_erasure(connection: Connection, path: Path, wait_seconds: float = 0) -> bool:
    """Empty the write-ahead file of what was erased, and tell whether that could be done within so many seconds.

    Between two attempts others can write.
    """
    connection.patience(ATTEMPT_SECONDS)
    give_up = monotonic() + wait_seconds
    is_busy = True
    try:
        while True:
            with suppress(sqlite3.OperationalError):
                (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy or monotonic() >= give_up:
                break
            sleep(ATTEMPT_SECONDS)
    finally:
        connection.patience(WAIT_SECONDS)
    if not is_busy:
        with suppress(OSError):
            beside(path, ERASURE_SUFFIX).unlink(missing_ok=True)
    return not is_busy
