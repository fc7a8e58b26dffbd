"""Personal data as the register keeps it: outside the journal, which vouches for it by a digest."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from dealtrack.core import chain
from dealtrack.errors import RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.drafts import BYTES, ERASURE_SUFFIX, closing_file, disk_faults, share
from dealtrack.register.journal import GREATEST, LEAST, Entry, Event
from dealtrack.register.queries import PERSONAL_COLUMNS, Personal
from dealtrack.register.sqlite.connection import WAIT_SECONDS, beside

ATTEMPT_MS = 100
"""How long one attempt to empty the write-ahead file keeps others from writing."""
SALT_BYTES = 16
DRAWN = 512
"""The salts that are asked of the system at once: one by one each takes 2 us."""


def new_salts() -> Iterator[bytes]:
    """Yield salts that nobody can guess, without end."""
    while True:
        drawn = os.urandom(SALT_BYTES * DRAWN)
        for start in range(0, len(drawn), SALT_BYTES):
            yield drawn[start : start + SALT_BYTES]


def personal_digest(salt: bytes, personal: Personal) -> str:
    """Return the salted digest by which the journal vouches for personal data without holding it."""
    consumer, phone, email, address = map(chain.quote, personal)
    # The canonical JSON of its fields by name.
    text = f'{{"address":{address},"consumer":{consumer},"email":{email},"phone":{phone}}}'
    return chain.sha256(salt + text.encode()).hex()


def personal_row(complaint: int, personal: Personal, salt: bytes) -> tuple[Any, ...]:
    """Return the row that holds personal data, in the order of the table's columns."""
    # sqlite3 stores a bytearray faster than bytes.
    return (complaint, *personal, bytearray(salt), *_contact_keys(personal))


def _contact_keys(personal: Personal) -> tuple[str | None, str | None]:
    """Return the forms by which a phone number and an e-mail address are compared."""
    phone_key, email_key = _keys()
    return phone_key(personal.phone), email_key(personal.email)


@cache
def _keys() -> tuple[Callable[[str | None], str | None], Callable[[str | None], str | None]]:
    from dealtrack.core.personal import email_key, phone_key  # its patterns take 3 ms, which commands that read save

    return phone_key, email_key


def erasures(connection: sqlite3.Connection) -> dict[int, Entry]:
    """Return, by complaint, the entry that says that its personal data was last erased."""
    return {entry.detail["complaint"]: entry for entry in journal.events(connection, [Event.ERASED])}


def personal_faults(connection: sqlite3.Connection, *, keys: bool = True) -> list[str]:
    """Check the personal data of every complaint, by its id, against the digest in the journal, unless erased.

    `keys` also checks the forms by which a contact is compared: an older schema may have made them otherwise.
    """
    return [fault for _, fault in sorted(PersonalCheck(connection, keys=keys).faults())]


class PersonalCheck:
    """Compares personal data with the digests in the journal."""

    def __init__(self, connection: sqlite3.Connection, *, keys: bool = True) -> None:
        self._connection = connection
        self._keys = keys
        self._erasures = {complaint: entry.seq for complaint, entry in erasures(connection).items()}

    def faults(self, first: int = LEAST, last: int = GREATEST) -> Iterator[tuple[int, str]]:
        """Yield complaints from the first to the last, both included, with what is wrong with their personal data."""
        ((put_in,),) = self._connection.execute(_COUNT, (first, last))
        for complaint, seq, digest, *row, salt in self._connection.execute(_DIGESTED, (first, last)):
            put_in -= salt is not None
            if self._erasures.get(complaint, 0) > seq:
                if salt is None:
                    continue
                fault = Phrase(
                    "personal data of complaint {complaint} was put back after it had been erased", complaint=complaint
                )
            elif salt is None:
                fault = Phrase(
                    "the personal data of complaint {complaint} is missing, but the journal records no erasure",
                    complaint=complaint,
                )
            elif not self._is_as_digested(row, salt, digest):
                fault = Phrase("the personal data of complaint {complaint} was altered", complaint=complaint)
            else:
                continue
            yield complaint, fault
        for (complaint,) in self._connection.execute(_PUT_IN, (first, last)) if put_in else ():
            fault = Phrase(
                "personal data of complaint {complaint} was put in, but the journal has no record of it",
                complaint=complaint,
            )
            yield complaint, fault

    def _is_as_digested(self, row: Sequence[Any], salt: bytes, digest: str) -> bool:
        *fields, phone, email = row
        personal = Personal._make(fields)
        has_keys = not self._keys or (phone, email) == _contact_keys(personal)
        return has_keys and personal_digest(salt, personal) == digest


_VOUCHES = (
    "kind IN ('received', 'amended') AND instr(detail, '\"personal\":') "
    "AND json_extract(detail, '$.personal') IS NOT NULL"
)
_COUNT = "SELECT count(*) FROM personal WHERE complaint BETWEEN ? AND ?"
_PUT_IN = (
    "SELECT complaint FROM personal WHERE complaint BETWEEN ? AND ? AND NOT EXISTS "
    f"(SELECT 1 FROM transition t WHERE t.complaint = personal.complaint AND {_VOUCHES}) ORDER BY complaint"
)
_DIGESTED = (
    f"SELECT complaint, seq, json_extract(detail, '$.personal'), {PERSONAL_COLUMNS}, phone_key, email_key, salt "
    "FROM (SELECT complaint, max(seq) AS seq, detail FROM transition "
    f"WHERE complaint IS NOT NULL AND complaint BETWEEN ? AND ? AND {_VOUCHES} GROUP BY complaint) "
    "LEFT JOIN personal USING (complaint)"
)
"""The last entry of each complaint that vouches for personal data, with the data that is there."""


def mark_erasure(path: Path) -> None:
    """Note beside a register that its write-ahead file is to be emptied of what is erased; raises RegisterUnusable."""
    with disk_faults(RegisterUnusable, path=path):
        handle = os.open(beside(path, ERASURE_SUFFIX), os.O_CREAT | os.O_WRONLY | BYTES, 0o600)
        with closing_file(handle):
            share(handle, path.parent)


def is_erasure_open(path: Path) -> bool:
    """Tell whether what was erased may still stand in a register's write-ahead file."""
    return os.path.exists(beside(path, ERASURE_SUFFIX))  # noqa: PTH110  # every command that writes comes here


def finish_erasure(connection: sqlite3.Connection, path: Path, wait_seconds: float = 0) -> bool:
    """Empty the write-ahead file of what was erased, and tell whether that could be done within so many seconds.

    Between two attempts others can write.
    """
    connection.execute(f"PRAGMA busy_timeout = {ATTEMPT_MS}")
    give_up = monotonic() + wait_seconds
    is_busy = True
    try:
        while True:
            with suppress(sqlite3.OperationalError):
                (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy or monotonic() >= give_up:
                break
            sleep(ATTEMPT_MS / 1000)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
    if not is_busy:
        with suppress(OSError):
            beside(path, ERASURE_SUFFIX).unlink(missing_ok=True)
    return not is_busy
