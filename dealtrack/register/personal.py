"""Personal data as the register keeps it: outside the journal, which vouches for it by a digest."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

from dealtrack.core import chain
from dealtrack.errors import RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.drafts import BYTES, ERASURE_SUFFIX, disk_faults
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
    from dealtrack.core.personal import email_key, phone_key  # its patterns take 3 ms, which commands that read save

    return phone_key(personal.phone), email_key(personal.email)


class PersonalDigest(NamedTuple):
    """The digest of a complaint's personal data, in hexadecimal, and the number of the entry that holds it."""

    complaint: int
    seq: int
    hash: str


def erasures(connection: sqlite3.Connection) -> dict[int, Entry]:
    """Return, by complaint, the entry that says that its personal data was last erased."""
    return {entry.detail["complaint"]: entry for entry in journal.events(connection, [Event.ERASED])}


def personal_faults(connection: sqlite3.Connection, *, keys: bool = True) -> list[str]:
    """Check the personal data of every complaint against the digest that the journal holds of it, unless erased.

    `keys` also checks the forms by which a contact is compared: an older schema may have made them otherwise.
    """
    return list(PersonalCheck(connection, keys=keys).faults(_digests(connection), LEAST, GREATEST))


class PersonalCheck:
    """Compares personal data with the digests in the journal, from one complaint to another."""

    def __init__(self, connection: sqlite3.Connection, *, keys: bool = True) -> None:
        self._connection = connection
        self._keys = keys
        self._erasures = {complaint: entry.seq for complaint, entry in erasures(connection).items()}

    def faults(self, digests: Iterable[PersonalDigest], first: int, last: int) -> Iterator[str]:
        """Yield what is wrong with the personal data of the complaints from the first to the last, both included.

        `digests` are those of the journal for these complaints, in the order of their ids.
        """
        rows = self._connection.execute(_ROWS, (first, last))
        by_id = itemgetter(0)
        for complaint, group in groupby(merge(rows, digests, key=by_id), key=by_id):
            digest, row = None, None
            for each in group:
                digest, row = (each, row) if isinstance(each, PersonalDigest) else (digest, each)
            if digest is None:
                yield Phrase(
                    "personal data of complaint {complaint} was put in, but the journal has no record of it",
                    complaint=complaint,
                )
            elif self._erasures.get(complaint, 0) > digest.seq:
                if row is not None:
                    yield Phrase(
                        "personal data of complaint {complaint} was put back after it had been erased",
                        complaint=complaint,
                    )
            elif row is None:
                yield Phrase(
                    "the personal data of complaint {complaint} is missing, but the journal records no erasure",
                    complaint=complaint,
                )
            elif not self._is_as_digested(row, digest):
                yield Phrase("the personal data of complaint {complaint} was altered", complaint=complaint)

    def _is_as_digested(self, row: Sequence[Any], digest: PersonalDigest) -> bool:
        _, *fields, salt, phone, email = row
        personal = Personal(*fields)
        has_keys = not self._keys or (phone, email) == _contact_keys(personal)
        return has_keys and personal_digest(salt, personal) == digest.hash


_ROWS = (
    f"SELECT complaint, {PERSONAL_COLUMNS}, salt, phone_key, email_key FROM personal "
    "WHERE complaint BETWEEN ? AND ? ORDER BY complaint"
)


def _digests(connection: sqlite3.Connection) -> Iterator[PersonalDigest]:
    """Yield the last digest of each complaint whose personal data the journal tells of, by id."""
    rows = connection.execute(
        "SELECT complaint, seq, json_extract(detail, '$.personal') AS hash FROM transition "
        "WHERE complaint IS NOT NULL AND kind IN ('received', 'amended') AND instr(detail, '\"personal\":') "
        "AND hash IS NOT NULL ORDER BY complaint, seq"
    )
    for _, digests in groupby(map(PersonalDigest._make, rows), key=itemgetter(0)):
        yield from list(digests)[-1:]


def mark_erasure(path: Path) -> None:
    """Note beside a register that its write-ahead file is to be emptied of what is erased; raises RegisterUnusable."""
    with disk_faults(RegisterUnusable, path=path):
        os.close(os.open(beside(path, ERASURE_SUFFIX), os.O_CREAT | os.O_WRONLY | BYTES, 0o600))


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
