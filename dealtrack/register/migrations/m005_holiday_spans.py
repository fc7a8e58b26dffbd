"""Migration 5: each day of the calendar knows the holiday span that its notice announces, and the calendar its law."""

import sqlite3

from dealtrack.core.calendar import CHINESE_LAW, CHINESE_ZONE

# NULL: the revision was made before spans were known; empty: no notice announces a span that holds the day.
SPAN = "ALTER TABLE calendar_day ADD COLUMN span TEXT"
LAW = """
INSERT INTO fact SELECT 'law', CASE json_extract(detail, '$.calendar.timezone') WHEN ? THEN ? ELSE '' END
FROM "transition" WHERE seq = (SELECT seq FROM calendar_revision WHERE revision = 1)
"""


def m005_holiday_spans(connection: sqlite3.Connection) -> None:
    """Add the column of spans to the calendar's days, none of them known yet, and the law that the calendar cites."""
    connection.execute(SPAN)
    connection.execute(LAW, (CHINESE_ZONE, CHINESE_LAW))
