"""Erasing personal data for good; the journal keeps that it was done."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dealtrack.core.chain import canonical
from dealtrack.errors import NothingToErase
from dealtrack.phrase import Phrase
from dealtrack.register.backup import draft_folders
from dealtrack.register.drafts import drafts_in, remove_drafts
from dealtrack.register.journal import Event
from dealtrack.register.personal import erasures, finish_erasure, mark_erasure
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register

LONGEST_WAIT = 5.0
"""How many seconds an erasure waits for those who read, so that nothing of it is left in the write-ahead file."""

SHORTEST_WORD = 2
"""A shorter name or number is found in any text by chance."""


class Erasure(NamedTuple):
    """The fields of a complaint that were erased, and those of them whose words its journal entries hold too."""

    complaint: int
    fields: list[str]
    in_entries: list[str]


class Remains(NamedTuple):
    """What may still hold erased data.

    `in_log` is True where another program, or the disk, kept the write-ahead file from being emptied: the bytes
    stay in it until the next command that writes can empty it, or the register is closed by the last that has it open.
    `drafts` are what killed commands left behind and could not be removed.
    """

    in_log: bool
    drafts: list[Path]


def erase(recorder: Recorder, complaints: Sequence[int], reason: str) -> list[Erasure]:
    """Erase the personal data of complaints, all or none; `remove_remains` comes after the recording.

    Raises UnknownComplaint and NothingToErase.
    """
    connection = recorder.register.connection
    erased: list[Erasure] = []
    for id_ in complaints:
        history = recorder.history(id_)
        personal = recorder.register.personal(id_)
        if personal is None:
            hint = Phrase(" It has already been erased.") if id_ in erasures(connection) else ""
            raise NothingToErase(complaint=id_, hint=hint)
        values = {name: value for name, value in personal._asdict().items() if value}
        text = "\n".join(canonical(entry.detail) for entry in history)
        in_entries = [name for name, value in values.items() if len(value) >= SHORTEST_WORD and value in text]
        erased.append(Erasure(id_, list(values), in_entries))
        recorder.event(Event.ERASED, {"complaint": id_, "reason": reason})
        connection.execute("DELETE FROM personal WHERE complaint = ?", (id_,))
    _write_anew(connection)
    # Before the erasure is committed: killed afterwards, the next writer knows of it.
    mark_erasure(recorder.register.path)
    return erased


def _write_anew(connection: sqlite3.Connection) -> None:
    """Write the table of personal data anew.

    Where a row was once moved from page to page, SQLite leaves its bytes in the gap between cells, which
    deleting the row does not reach; emptying the whole table overwrites every page with zeros.
    """
    connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM personal")
    connection.execute("DELETE FROM personal")
    connection.execute("INSERT INTO personal SELECT * FROM kept ORDER BY complaint")
    connection.execute("DROP TABLE temp.kept")


def remove_remains(register: Register) -> Remains:
    """Remove what the register's files and folders still hold of erased data; return what could not be removed."""
    is_empty = finish_erasure(register.connection, register.path, LONGEST_WAIT)
    folders = draft_folders(register)
    for folder in folders:
        remove_drafts(folder)
    return Remains(not is_empty, [path for folder in folders for path in drafts_in(folder)])
