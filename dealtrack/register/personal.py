"""Personal data as the register keeps it: outside the journal, which vouches for it by a digest."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from dealtrack.core import chain
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.engine import Database, Dialect, Row
from dealtrack.register.journal import GREATEST, LEAST, Entry, Event
from dealtrack.register.queries import PERSONAL_COLUMNS, Personal

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


PERSONAL_ROW = ("complaint", *Personal._fields, "salt", "phone_key", "email_key")
"""The columns of the table of personal data, in order."""


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


def erasures(database: Database) -> dict[int, Entry]:
    """Return, by complaint, the entry that says that its personal data was last erased."""
    return {entry.detail["complaint"]: entry for entry in journal.events(database, [Event.ERASED])}


def personal_faults(database: Database, *, keys: bool = True) -> list[str]:
    """Check the personal data of every complaint, by its id, against the digest in the journal, unless erased.

    `keys` also checks the forms by which a contact is compared: an older schema may have made them otherwise.
    """
    return [fault for _, fault in sorted(PersonalCheck(database, keys=keys).faults())]


class PersonalCheck:
    """Compares personal data with the digests in the journal."""

    def __init__(self, database: Database, *, keys: bool = True) -> None:
        self._database = database
        self._keys = keys
        self._erasures = {complaint: entry.seq for complaint, entry in erasures(database).items()}

    def faults(self, first: int = LEAST, last: int = GREATEST) -> Iterator[tuple[int, str]]:
        """Yield complaints from the first to the last, both included, with what is wrong with their personal data."""
        ((put_in,),) = self._database.rows(
            "SELECT count(*) FROM personal WHERE complaint BETWEEN ? AND ?", (first, last)
        )
        for complaint, seq, digest, *row, salt in self._vouched_for(first, last):
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
        for (complaint,) in self._put_in(first, last) if put_in else ():
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

    def _vouched_for(self, first: int, last: int) -> Iterator[Row]:
        """Yield the last entry of each complaint that vouches for personal data, with the data that is there."""
        dialect = self._database.dialect
        return self._database.stream(
            f"SELECT l.complaint, l.seq, {dialect.detail('t.detail', 'personal')}, {PERSONAL_COLUMNS}, phone_key, "
            "email_key, salt FROM (SELECT t.complaint, max(t.seq) AS seq FROM transition t WHERE t.complaint IS NOT "
            f"NULL AND t.complaint BETWEEN ? AND ? AND {_vouches(dialect)} GROUP BY t.complaint) l "
            f"{dialect.join} transition t ON t.seq = l.seq LEFT JOIN personal p ON p.complaint = l.complaint",
            (first, last, DIGEST_KEY),
        )

    def _put_in(self, first: int, last: int) -> list[Row]:
        """Return the complaints of personal data for which no entry vouches."""
        vouching = f"SELECT 1 FROM transition t WHERE t.complaint = p.complaint AND {_vouches(self._database.dialect)}"
        return self._database.rows(
            "SELECT p.complaint FROM personal p WHERE p.complaint BETWEEN ? AND ? "
            f"AND NOT EXISTS ({vouching}) ORDER BY p.complaint",
            (first, last, DIGEST_KEY),
        )


DIGEST_KEY = '"personal":'
"""How a detail as JSON names the digest of personal data."""


def _vouches(dialect: Dialect) -> str:
    """Return the condition that an entry `t` vouches for personal data; a value is DIGEST_KEY."""
    # Few details are read as JSON: only those that hold the key at all.
    return (
        f"t.kind IN ('received', 'amended') AND CASE WHEN {dialect.contains('t.detail')} "
        f"THEN {dialect.detail('t.detail', 'personal')} IS NOT NULL ELSE false END"
    )
