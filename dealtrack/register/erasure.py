"""Erasing personal data for good, and holding what is left of it against the digests in the journal."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dealtrack.core.chain import canonical
from dealtrack.core.personal import email_key, phone_key
from dealtrack.errors import NothingToErase
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.backup import draft_folders
from dealtrack.register.connection import finish_erasure, mark_erasure
from dealtrack.register.drafts import drafts_in, remove_drafts
from dealtrack.register.journal import GREATEST, LEAST, Entry, Event
from dealtrack.register.personal import Personal, personal_digest
from dealtrack.register.register import Register
from dealtrack.register.store import Store

LONGEST_WAIT = 5.0
"""How many seconds an erasure waits for those who read, so that nothing of it is left in the write-ahead file."""

LEAST_TELLING = 2
"""A shorter name or number is found in any text by chance."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the fields gone of each complaint, and those whose words its journal entries hold too.

    `is_gone` is False where another program, or the disk, kept the write-ahead file from being emptied: the bytes
    stay in it until the next command that writes can empty it, or the register is closed by the last that has it open.
    `drafts` are what killed commands left behind and could not be removed.
    """

    fields: dict[int, list[str]]
    told: dict[int, list[str]]
    is_gone: bool
    drafts: list[Path]


def erase(register: Register, complaints: Sequence[int], reason: str, now: datetime, actor: str) -> Erased:
    """Erase the personal data of complaints, all or none; the journal says that, when, by whom and why.

    Raises UnknownComplaint and NothingToErase.
    """
    connection = register.connection
    connection.execute("PRAGMA secure_delete=ON")
    fields: dict[int, list[str]] = {}
    told: dict[int, list[str]] = {}
    with register.recording(now, actor) as recorder:
        for id_ in complaints:
            history = recorder.history(id_)
            held = register.personal(id_)
            if held is None:
                before = erasure_of(register, id_)
                hint = Phrase(" It was erased already.") if before else ""
                raise NothingToErase(complaint=id_, hint=hint)
            given = {name: value for name, value in held._asdict().items() if value}
            said = "\n".join(canonical(entry.detail) for entry in history)
            fields[id_] = list(given)
            told[id_] = [name for name, value in given.items() if len(value) >= LEAST_TELLING and value in said]
            recorder.event(Event.ERASED, {"complaint": id_, "reason": reason})
            connection.execute("DELETE FROM personal WHERE complaint = ?", (id_,))
        _write_afresh(connection)
        # Before the erasure is committed: killed afterwards, the next writer knows of it.
        mark_erasure(register.path)
    is_gone = finish_erasure(connection, register.path, LONGEST_WAIT)
    folders = draft_folders(register)
    for folder in folders:
        remove_drafts(folder)
    return Erased(fields, told, is_gone, [path for folder in folders for path in drafts_in(folder)])


def _write_afresh(connection: sqlite3.Connection) -> None:
    """Write the table of personal data anew.

    Where a row was once moved from page to page, SQLite leaves its bytes in the gap between cells, which
    deleting the row does not reach; emptying the whole table overwrites every page with zeros.
    """
    connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM personal")
    connection.execute("DELETE FROM personal")
    connection.execute("INSERT INTO personal SELECT * FROM kept ORDER BY complaint")
    connection.execute("DROP TABLE temp.kept")


def erased_complaints(register: Store) -> set[int]:
    """Return the complaints whose personal data was erased at some time."""
    return {entry.detail["complaint"] for entry in journal.events(register.connection, [Event.ERASED])}


def erasure_of(register: Store, complaint: int) -> Entry | None:
    """Return the entry that says that a complaint's personal data was last erased, None where it was not."""
    found = [
        entry for entry in journal.events(register.connection, [Event.ERASED]) if entry.detail["complaint"] == complaint
    ]
    return found[-1] if found else None


def personal_faults(register: Store, *, keys: bool = True) -> list[str]:
    """Check the personal data of every complaint against the digest that the journal holds of it, unless erased.

    `keys` checks by what a contact is known again, too: an older schema may have told that otherwise.
    """
    connection = register.connection
    return list(PersonalCheck(connection, keys=keys).faults(_expected(connection), LEAST, GREATEST))


class PersonalCheck:
    """Holds personal data against what the journal tells of it, from one complaint to another."""

    def __init__(self, connection: sqlite3.Connection, *, keys: bool = True) -> None:
        self._connection = connection
        self._keys = keys
        self._erased: dict[int, int] = {}
        for entry in journal.events(connection, [Event.ERASED]):
            self._erased[entry.detail["complaint"]] = entry.seq

    def faults(self, expected: Iterable[tuple[int, int, str]], first: int, last: int) -> Iterator[str]:
        """Yield what is wrong with the personal data of the complaints from the first to the last, both included.

        `expected` are those of which the journal tells any, by id: the last entry that does, and the digest in it.
        """
        tellings = iter(expected)
        told = next(tellings, None)
        rows = self._connection.execute(_HELD, (first, last))
        for row in rows:
            while told is not None and told[0] < row[0]:
                yield from _missing(told, self._erased)
                told = next(tellings, None)
            if told is None or told[0] != row[0]:
                yield Phrase(
                    "personal data of complaint {complaint} was put in: the journal does not tell of it",
                    complaint=row[0],
                )
                continue
            yield from _against(row, told, self._erased, self._keys)
            told = next(tellings, None)
        while told is not None:
            yield from _missing(told, self._erased)
            told = next(tellings, None)


_HELD = (
    "SELECT complaint, consumer, phone, email, address, salt, phone_key, email_key FROM personal "
    "WHERE complaint BETWEEN ? AND ? ORDER BY complaint"
)


def _expected(connection: sqlite3.Connection) -> Iterator[tuple[int, int, str]]:
    """Yield each complaint whose personal data the journal tells of, the last entry that does, and the digest in it."""
    rows = connection.execute(
        "SELECT complaint, seq, detail FROM transition WHERE complaint IS NOT NULL "
        "AND kind IN ('received', 'amended') AND instr(detail, '\"personal\":') ORDER BY complaint, seq"
    )
    last: tuple[int, int, str] | None = None
    for complaint, seq, detail in rows:
        digest = json.loads(detail).get("personal")
        if digest is None:
            continue
        if last is not None and last[0] != complaint:
            yield last
        last = complaint, seq, digest
    if last is not None:
        yield last


def _missing(told: tuple[int, int, str], erased: dict[int, int]) -> list[str]:
    complaint, seq, _ = told
    if erased.get(complaint, 0) > seq:
        return []
    return [
        Phrase(
            "personal data of complaint {complaint} is missing, and the journal tells of no erasure",
            complaint=complaint,
        )
    ]


def _against(row: Sequence[Any], told: tuple[int, int, str], erased: dict[int, int], keys: bool) -> list[str]:
    complaint, *fields, salt, phone, email = row
    _, seq, digest = told
    if erased.get(complaint, 0) > seq:
        return [Phrase("personal data of complaint {complaint} was put in: it had been erased", complaint=complaint)]
    personal = Personal(*fields)
    is_told = personal_digest(salt, personal) == digest
    if not is_told or (keys and (phone, email) != (phone_key(personal.phone), email_key(personal.email))):
        return [Phrase("personal data of complaint {complaint} was altered", complaint=complaint)]
    return []
