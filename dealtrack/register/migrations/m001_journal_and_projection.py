"""Schema 1: the journal, what is projected from it, personal data, and the index for searches."""

import sqlite3

from dealtrack.register.connection import APPLICATION_ID
from dealtrack.register.migrations.script import run_script

JOURNAL = """
CREATE TABLE transition (
    seq INTEGER PRIMARY KEY,
    complaint INTEGER,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX transition_complaint ON transition (complaint) WHERE complaint IS NOT NULL;
CREATE INDEX transition_own ON transition (kind) WHERE complaint IS NULL;
CREATE TRIGGER transition_grows_at_its_end BEFORE INSERT ON transition
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM transition)
  OR NEW.previous IS NOT coalesce((SELECT hash FROM transition ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
    SELECT raise(ABORT, 'the journal only grows at its end');
END;
CREATE TRIGGER transition_is_never_changed BEFORE UPDATE ON transition
BEGIN
    SELECT raise(ABORT, 'the journal is never changed');
END;
CREATE TRIGGER transition_is_never_deleted BEFORE DELETE ON transition
BEGIN
    SELECT raise(ABORT, 'nothing is deleted from the journal');
END;
"""

PROJECTION = """
CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE platform (
    name TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
    name TEXT NOT NULL,
    in_force TEXT NOT NULL,
    definition TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (name, in_force)
) STRICT, WITHOUT ROWID;
CREATE TABLE calendar_revision (
    revision INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
CREATE TABLE calendar_day (
    day TEXT PRIMARY KEY,
    worked INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX calendar_day_worked ON calendar_day (number) WHERE worked = 1;
CREATE TABLE complaint (
    id INTEGER PRIMARY KEY,
    number TEXT,
    platform TEXT NOT NULL,
    category TEXT NOT NULL,
    seller TEXT,
    owner TEXT,
    handler TEXT,
    policy TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    status TEXT NOT NULL,
    resumes_to TEXT,
    received_at TEXT,
    accepted_at TEXT,
    forwarded_at TEXT,
    completed_at TEXT,
    withdrawn_at TEXT,
    rejected_at TEXT,
    outcome TEXT,
    amount TEXT,
    summary TEXT,
    first_contact INTEGER NOT NULL,
    reopenings INTEGER NOT NULL,
    backdated INTEGER NOT NULL,
    import_key TEXT
) STRICT;
CREATE INDEX complaint_number ON complaint (number) WHERE number IS NOT NULL;
CREATE INDEX complaint_import_key ON complaint (import_key) WHERE import_key IS NOT NULL;
CREATE INDEX complaint_open ON complaint (id) WHERE status NOT IN ('closed', 'voided');
CREATE TABLE clock (
    complaint INTEGER NOT NULL REFERENCES complaint (id),
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    due_at TEXT,
    due_day TEXT,
    ended_at TEXT,
    "end" TEXT,
    paused INTEGER NOT NULL,
    provisional INTEGER NOT NULL,
    revision INTEGER,
    PRIMARY KEY (complaint, name, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX clock_running ON clock (due_at) WHERE ended_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX clock_late ON clock (due_at) WHERE ended_at > due_at;
"""

PERSONAL = """
CREATE TABLE personal (
    complaint INTEGER PRIMARY KEY,
    consumer TEXT,
    phone TEXT,
    email TEXT,
    address TEXT,
    salt BLOB NOT NULL,
    phone_key TEXT,
    email_key TEXT
) STRICT;
CREATE INDEX personal_phone ON personal (phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX personal_email ON personal (email_key) WHERE email_key IS NOT NULL;
"""

# The index holds every three characters of what complaints say now (text) and once said (former), both folded.
# It keeps neither places nor lengths: what it finds is looked at again in the texts.
SEARCH = """
CREATE TABLE search_text (
    complaint INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    former TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE search_index USING fts5 (
    text, former, content='search_text', content_rowid='complaint', tokenize='trigram', detail=none, columnsize=0
);
"""


def m001_journal_and_projection(connection: sqlite3.Connection) -> None:
    """Make the journal, what is projected from it, the table of personal data, and the index for searches."""
    for script in (JOURNAL, PROJECTION, PERSONAL, SEARCH):
        run_script(connection, script)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
