"""The projection stored against the journal, and made again from it."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import NamedTuple

from dealtrack.core.clocks import Clock
from dealtrack.core.text import fit_text
from dealtrack.errors import BadEntry, BadHistory, DealtrackError
from dealtrack.phrase import Phrase
from dealtrack.register import journal, projection, queries
from dealtrack.register.engine import PROJECTED_TABLES, SHOWN_NAME, UNFORESEEN, Database, EngineFault, Row
from dealtrack.register.journal import GREATEST, LEAST, Event
from dealtrack.register.recorder import Recorder, writing
from dealtrack.register.register import Register
from dealtrack.register.revisions import OtherVerdict, other_verdicts, read_layers
from dealtrack.register.sqlite.connection import Connection, memory_database
from dealtrack.register.sqlite.schema import create_unguarded

SHOWN = 5
BATCH = 20
"""The complaints that are compared at once: with 2,000 a comparison took up to 1.5 times as long."""
REMOTE_BATCH = 1_000
"""The same on a server, where each batch takes three trips."""
STORED = (
    "SELECT * FROM complaint WHERE id BETWEEN ? AND ? ORDER BY id",
    "SELECT * FROM clock WHERE complaint BETWEEN ? AND ? ORDER BY complaint, name, round",
    "SELECT * FROM search_text WHERE complaint BETWEEN ? AND ? ORDER BY complaint",
)
Histories = list[tuple[int, list[Row]]]
"""Complaints, each with the rows of its entries in the journal, of at least its COLUMNS, in order."""


class ProjectedRows(NamedTuple):
    """What the journal makes of complaints: their rows, those of their clocks, and their texts for search."""

    rows: list[Row]
    runs: list[Row]
    texts: list[tuple[int, str]]


def rebuild(register: Register) -> None:
    """Make every projected table again from the journal, in one transaction."""
    with writing(register):
        for table in PROJECTED_TABLES:
            register.database.write(f"DELETE FROM {table}")
        register.forget()
        project(register)


def project(register: Register) -> None:
    """Fill the projected tables, which are empty, from the journal, within a transaction of the caller."""
    database = register.database
    for entry in journal.events(database, Event):
        projection.apply_entry(database, entry)
    writer = projection.RowWriter(database)
    for history in journal.histories(database):
        writer.write(*register.project(history), history, is_new=True)
    writer.flush()


def judge_anew(recorder: Recorder) -> list[OtherVerdict]:
    """Judge ended clocks by the present calendar and policies, told in the journal; return those that changed."""
    register = recorder.register
    recorder.event(Event.RECHECKED, {"revision": register.revision})
    writer = projection.RowWriter(register.database)
    changed: list[OtherVerdict] = []
    for history in journal.histories(register.database):
        before = queries.clocks_of(register.database, history[0].complaint)
        complaint, after = register.project(history)
        is_corrected = complaint.policy in register.corrections
        if is_corrected or sorted(map(_telling, before)) != sorted(map(_telling, after)):
            writer.write(complaint, after, history)
        changed += other_verdicts(complaint, before, after, gone=True)
    writer.flush()
    return changed


def _telling(clock: Clock) -> tuple[object, ...]:
    return clock.name, clock.round, str(clock.due), clock.revision if clock.ended else 0


def _batches(database: Database) -> Iterator[tuple[int, int, Histories]]:
    """Yield spans of ids, both ends included, with the histories in them: they leave no id out."""
    histories = journal.rows_by_complaint(database)
    first, size = LEAST, REMOTE_BATCH if database.is_remote else BATCH
    while batch := list(islice(histories, size)):
        last = batch[-1][0]
        yield first, last, batch
        first = last + 1
    yield first, GREATEST, []


def differences(register: Register) -> Iterator[str]:
    """Yield where the projection differs from what the journal makes, reading one state of the register throughout."""
    database = register.database
    with database.one_state():
        # Complaints are judged by those tables: where they are wrong, comparing further would say nothing.
        faults = list(differing_tables(register))
        yield from faults or _differing_complaints(register)


def differing_tables(register: Register) -> Iterator[str]:
    """Compare the tables of the register's own with those that its entries make in a database in memory."""
    with closing(memory_database()) as memory:
        _make_tables(register, memory)
        for table in PROJECTED_TABLES:
            if table in ("complaint", "clock", "search_text"):
                continue
            stored = set(register.database.rows(f"SELECT * FROM {table}"))
            expected = set(memory.rows(f"SELECT * FROM {table}"))
            for row in sorted(stored ^ expected, key=str)[:SHOWN]:
                place = fit_text(str(row[0]), SHOWN_NAME)
                yield Phrase("table {table} differs from the journal at {place}", table=table, place=place)


def check_journal(register: Register) -> None:
    """Check that each entry can be read, and the register's own tables be made from its own ones; raises BadEntry."""
    journal.check_entries(register.database)
    with closing(memory_database()) as memory:
        _make_tables(register, memory)


def _make_tables(register: Register, memory: Connection) -> None:
    """Make the register's own tables in an empty database; raises BadEntry."""
    create_unguarded(memory)
    own = register.database.rows("SELECT * FROM transition WHERE complaint IS NULL ORDER BY seq")
    memory.write_many("transition", own)
    seq = 0
    try:
        for entry in journal.events(memory, Event):
            seq = entry.seq
            projection.apply_entry(memory, entry)
        seq = max(Register(register.engine, memory).revisions, default=0)
        read_layers(memory)
    except (EngineFault, DealtrackError, *UNFORESEEN):
        raise BadEntry(seq=seq) from None


def _differing_complaints(register: Register) -> Iterator[str]:
    for first, last, histories in _batches(register.database):
        projected = _projected_rows(register, histories)
        stored = ProjectedRows(*(register.database.rows(rows, (first, last)) for rows in STORED))
        if stored != projected:
            yield from _differing_rows(stored, projected)


def _differing_rows(stored: ProjectedRows, projected: ProjectedRows) -> Iterator[str]:
    rows, runs, texts = (
        {row[0] for row in set(there) ^ set(expected)} for there, expected in zip(stored, projected, strict=True)
    )
    in_journal = {row[0] for row in projected.rows}
    for id_ in sorted(rows | runs | texts):
        if id_ not in in_journal:
            yield Phrase("complaint {id} is in the tables but not in the journal", id=id_)
            continue
        if id_ in rows:
            yield Phrase("table complaint differs from the journal at {id}", id=id_)
        if id_ in runs:
            yield Phrase("table clock differs from the journal at complaint {id}", id=id_)
        if id_ in texts:
            yield Phrase("table search_text differs from the journal at complaint {id}", id=id_)


def _projected_rows(register: Register, histories: Histories) -> ProjectedRows:
    """Return what the journal makes of complaints; raises BadHistory, which names the one that holds what none can."""
    projected = ProjectedRows([], [], [])
    for id_, rows in histories:
        try:
            history = list(map(journal.transition_of, rows))
            row, runs, text = projection.projected_rows(*register.project(history), history)
        except BadHistory:
            raise
        except (DealtrackError, *UNFORESEEN):
            reason = Phrase("its content is invalid")
            raise BadHistory(complaint=id_, seq=rows[0][0], reason=reason) from None
        projected.rows.append(row)
        projected.runs.extend(sorted(runs))
        projected.texts.append(text)
    return projected
