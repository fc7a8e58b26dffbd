"""What keeps the contents of a register's evidence files, whichever engine: each under the SHA-256 of what it holds."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Protocol

from dealtrack.phrase import Phrase


class EvidenceFault(Exception):
    """A content cannot be read, or is not what it was; `reason` says it to the user."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


class EvidenceFiles(Protocol):
    """The contents of a register's evidence files, each by its hash: 64 digits in hexadecimal, and nothing else.

    Every method raises the faults of its engine.
    """

    largest: int
    """The largest file that is kept, in bytes."""

    def keep(self, chunks: Iterator[bytes]) -> tuple[str, int]:
        """Keep a content; return its hash and its size in bytes. It is whole, and safe, when this returns.

        Nothing is kept where the chunks raise an error. Raises CannotWrite.
        """

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a content; raises EvidenceFault, at its end where it is not of its hash."""

    def sizes(self, digests: Iterable[str]) -> dict[str, int]:
        """Return the sizes in bytes of those contents that are there; they are not read."""

    def faults(self, digests: Iterable[str]) -> dict[str, Phrase]:
        """Return what is wrong with those contents that are missing, cannot be read or are not of their hash."""


def checked(chunks: Iterable[bytes], digest: str) -> Iterator[bytes]:
    """Yield a content; raises EvidenceFault at its end where it is not of its hash."""
    content = sha256()
    for chunk in chunks:
        content.update(chunk)
        yield chunk
    if content.hexdigest() != digest:
        raise EvidenceFault(Phrase("was altered"))
