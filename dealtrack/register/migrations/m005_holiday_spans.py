"""Migration 5: each day of the calendar knows its holiday span, the calendar its law, and the search category words.

The views tell verdicts as the rules now are: what was late stays missed, and some are unknown.
"""

import sqlite3

from dealtrack.core.calendar import CHINESE_LAW, CHINESE_ZONE
from dealtrack.core.matching import fold
from dealtrack.register.migrations.m002_reading_views import CLOCKS, COMPLAINTS, NOW, VERDICT, _local
from dealtrack.register.migrations.script import run_script

# NULL: the revision was made before spans were known; empty: no notice announces a span that holds the day.
SPAN = "ALTER TABLE calendar_day ADD COLUMN span TEXT"
LAW = """
INSERT INTO fact SELECT 'law', CASE json_extract(detail, '$.calendar.timezone') WHEN ? THEN ? ELSE '' END
FROM "transition" WHERE seq = (SELECT seq FROM calendar_revision WHERE revision = 1)
"""
# What files called the category, of complaints that came in by them.
WORDS = """
SELECT s.complaint, s.text, s.former, json_extract(t.detail, '$.category_word')
FROM "transition" t JOIN search_text s ON s.complaint = t.complaint
WHERE t.kind = 'received' AND json_type(t.detail, '$.category_word') = 'text'
"""
BATCH = 2000

# As core/clocks.py judges.
VERDICT_NOW = f"""CASE
    WHEN k.ended_at IS NULL AND k.due_at IS NULL THEN 'paused'
    WHEN k.ended_at IS NULL AND {NOW} > k.due_at THEN 'overdue'
    WHEN k.ended_at IS NULL THEN 'running'
    WHEN k."end" = 'unknown' THEN 'unknown'
    WHEN k.ended_at > k.due_at THEN 'missed'
    WHEN k."end" = 'stopped' THEN 'met'
    ELSE 'cancelled'
END"""

ENDED = _local("k.ended_at")
ENDED_NOW = f"CASE WHEN k.\"end\" <> 'unknown' THEN {ENDED} END"

# A first contact that is not known is stored as -1.
CONTACT = "c.first_contact, c.reopenings"
CONTACT_NOW = "nullif(c.first_contact, -1) AS first_contact, c.reopenings"


def m005_holiday_spans(connection: sqlite3.Connection) -> None:
    """Add the column of spans to the calendar's days, none of them known yet, and the law that the calendar cites.

    Make the views of complaints and clocks anew.
    """
    connection.execute(SPAN)
    connection.execute(LAW, (CHINESE_ZONE, CHINESE_LAW))
    _index_category_words(connection)
    for name, script in (("complaints", COMPLAINTS), ("clocks", CLOCKS)):
        connection.execute(f"DROP VIEW {name}")
        told = script.replace(VERDICT, VERDICT_NOW).replace(CONTACT, CONTACT_NOW)
        run_script(
            connection, told.replace(f"{ENDED} AS ended", f"CASE WHEN k.\"end\" <> 'unknown' THEN {ENDED} END AS ended")
        )


def _index_category_words(connection: sqlite3.Connection) -> None:
    """Put the category words of files among the texts that complaints are searched by, as their last."""
    found = connection.execute(WORDS).fetchall()
    for at in range(0, len(found), BATCH):
        batch = found[at : at + BATCH]
        connection.executemany(
            "INSERT INTO search_index (search_index, rowid, text, former) VALUES ('delete', ?, ?, ?)",
            [row[:3] for row in batch],
        )
        # A complaint that was voided says nothing any more, and has said all of it.
        rows = [
            (f"{text}\n{fold(word)}", former, id_) if text else ("", f"{former}\n{fold(word)}".lstrip("\n"), id_)
            for id_, text, former, word in batch
        ]
        connection.executemany("UPDATE search_text SET text = ?, former = ? WHERE complaint = ?", rows)
        connection.executemany("INSERT INTO search_index (text, former, rowid) VALUES (?, ?, ?)", rows)
