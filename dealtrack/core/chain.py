"""The hash chain of the journal: `entry_hash` covers all columns of an entry, and the hash of the entry before it."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from json import JSONEncoder
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from dealtrack.phrase import Phrase

BEFORE_FIRST = bytes(32)
"""What stands in the place of the hash before the first entry."""

_encode = c_make_encoder(None, JSONEncoder().default, encode_basestring, None, ":", ",", True, False, False)
"""What `JSONEncoder` makes anew for each value: keys sorted, no circles looked for, none skipped, and no NaN."""

_write_int = int.__repr__
"""Raises TypeError for what is no integer."""


class Break(NamedTuple):
    """The first entry at which a chain breaks, and how."""

    seq: int
    reason: str


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, characters unescaped; raises ValueError for NaN."""
    # Most transitions have no detail.
    return "".join(_encode(value, 0)) if value or value.__class__ is not dict else "{}"


def entry_hash(
    seq: int, complaint: int | None, kind: str, at: str, recorded_at: str, actor: str, detail: str, previous: bytes
) -> bytes:
    """Return the hash of an entry: SHA-256 of the hash before it, then its columns as canonical JSON in UTF-8.

    Raises TypeError for a column of another type.
    """
    # The JSON is put together here: `canonical` of the list of columns takes four times as long.
    number = "null" if complaint is None else _write_int(complaint)
    columns = (
        f"[{_write_int(seq)},{number},{encode_basestring(kind)},{encode_basestring(at)},"
        f"{encode_basestring(recorded_at)},{encode_basestring(actor)},{encode_basestring(detail)}]"
    )
    hash_: bytes = _hashing()(previous + columns.encode()).digest()
    return hash_


def quote(text: str | None) -> str:
    """Return the canonical JSON of a text, or null."""
    return "null" if text is None else encode_basestring(text)


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of some bytes."""
    hash_: bytes = _hashing()(data).digest()
    return hash_


@cache
def _hashing() -> Callable[[bytes], Any]:
    # Imported here, since commands that only read never need it: OpenSSL costs them 9 ms.
    from hashlib import sha256

    return sha256


def first_fault(links: Iterable[Sequence[Any]]) -> Break | None:
    """Return the first entry that was changed, removed or put in, None for an unbroken chain.

    Each link is a row of the columns that `entry_hash` takes, and its own hash.
    Where the last entries were removed, the rest is unbroken: this is seen only if the last hash was noted elsewhere.
    """
    previous = BEFORE_FIRST
    for seq, (number, complaint, kind, at, recorded_at, actor, detail, before, own) in enumerate(links, 1):
        if number != seq:
            place = Phrase("entry {seq} is out of place", seq=number)
            return Break(seq, Phrase("entry {seq} is missing", seq=seq) if number > seq else place)
        if before != previous:
            return Break(seq, Phrase("it does not follow from the entry before it"))
        try:
            expected = entry_hash(seq, complaint, kind, at, recorded_at, actor, detail, before)
        except (TypeError, ValueError, UnicodeError):
            return Break(seq, Phrase("its content is invalid"))
        if own != expected:
            return Break(seq, Phrase("its content does not match its hash"))
        previous = own
    return None
