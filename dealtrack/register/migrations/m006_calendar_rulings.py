"""Migration 6: of the calendar the rulings are stored, and not every day: what they imply is counted."""

import sqlite3

from dealtrack.register.migrations.m002_reading_views import DUE_SOON, LATE, LEFT, OVERDUE, TODAY
from dealtrack.register.migrations.script import run_script
from dealtrack.register.rulings import revisions, write_rules

RULINGS = """
CREATE TABLE calendar_ruling (
    day TEXT PRIMARY KEY,
    worked INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    issued TEXT NOT NULL,
    scope TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

WEEKEND = "(SELECT value FROM json_each((SELECT value FROM fact WHERE name = 'calendar'), '$.weekend'))"


def _number(day: str) -> str:
    """Return the number of a day in a count that begins on a Monday."""
    return f"CAST(julianday({day}) + 0.5 AS INTEGER)"


def _working_days(after: str, upto: str) -> str:
    """Return the working days after a day up to another, itself included: those of the weeks, corrected by rulings."""
    return f"""(SELECT sum(({_number(upto)} - value) / 7 - ({_number(after)} - value) / 7)
     FROM json_each('[0,1,2,3,4,5,6]') WHERE value NOT IN {WEEKEND})
    + (SELECT coalesce(sum(r.worked - ({_number("r.day")} % 7 NOT IN {WEEKEND})), 0)
       FROM calendar_ruling r WHERE r.day > {after} AND r.day <= {upto})"""


VIEWS = {
    "overdue": OVERDUE.replace(LATE, f"{_working_days('k.due_day', TODAY)} AS working_days_late,"),
    "due": DUE_SOON.replace(LEFT, f"{_working_days(TODAY, 'k.due_day')} AS working_days_left,"),
}


def m006_calendar_rulings(connection: sqlite3.Connection) -> None:
    """Put the table of rulings in place of those of days and revisions, which the journal and the rulings imply.

    Make the views that count working days anew, and drop the memory of imports, which no import asks any more.
    """
    for name in VIEWS:
        connection.execute(f"DROP VIEW {name}")
    for name in ("calendar_day", "calendar_revision", "import_block"):
        connection.execute(f"DROP TABLE {name}")
    connection.execute("DELETE FROM fact WHERE name IN ('first', 'last', 'law', 'revision')")
    for script in (RULINGS, *VIEWS.values()):
        run_script(connection, script)
    if revisions(connection):
        write_rules(connection)
