"""Personal data as the register keeps it: outside the journal, which vouches for it by a digest."""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from dealtrack.core import chain
from dealtrack.core.personal import email_key, phone_key

SALT_BYTES = 16
DRAWN = 512
"""The salts that are asked of the system at once: one by one each takes 2 us."""


class Personal(NamedTuple):
    """A consumer's personal data, kept outside the journal so that it can be erased."""

    consumer: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


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
    return (complaint, *personal, salt, phone_key(personal.phone), email_key(personal.email))
