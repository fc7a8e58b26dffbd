"""The triggers that guard a register, out of the way of a test that alters it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_triggers(db: sqlite3.Connection) -> Iterator[None]:
    """Take a register's triggers away during the block, and make them again, to the letter: the schema tells nothing."""
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in triggers:
        db.execute(sql)
