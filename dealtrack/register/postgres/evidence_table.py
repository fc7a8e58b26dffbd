"""The evidence of a register on a server: a table of contents, which only grows."""

from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from hashlib import sha256

from dealtrack.phrase import Phrase
from dealtrack.register.evidence_files import EvidenceFault, checked
from dealtrack.register.postgres.connection import ServerDatabase

LARGEST = 64 << 20
"""In bytes: a content is sent whole, so that the server can check its hash, and is in memory several times over."""

PIECE = 4 << 20
"""The bytes that are read in one trip."""


class EvidenceTable:
    """The table of contents; each is a row, so that the server checks its hash before it is there."""

    largest = LARGEST

    def __init__(self, database: ServerDatabase) -> None:
        self._database = database

    def keep(self, chunks: Iterator[bytes]) -> tuple[str, int]:
        """Add a content, unless it is there; outside of a recording at once, so that nobody waits for the upload."""
        content = b"".join(chunks)
        digest = sha256(content).hexdigest()
        if digest not in self.sizes([digest]):
            # Somebody else may add it meanwhile.
            self._database.write_now(
                b"INSERT INTO evidence VALUES ('%b', decode('%b', 'base64')) ON CONFLICT (sha256) DO NOTHING"
                % (digest.encode(), b2a_base64(content, newline=False))
            )
        return digest, len(content)

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a content, some megabytes in each trip."""
        return checked(self._pieces(digest), digest)

    def sizes(self, digests: Iterable[str]) -> dict[str, int]:
        """Return the sizes of those contents that are there, in one trip."""
        asked = self._database.listed(digests)
        rows = self._database.rows("SELECT sha256, octet_length(content) FROM evidence WHERE sha256 = ANY(?)", (asked,))
        return dict(rows)

    def faults(self, digests: Iterable[str]) -> dict[str, Phrase]:
        """Return what is wrong with contents; the server computes their hashes, so that none of them travels."""
        asked = self._database.listed(digests)
        rows = self._database.rows(
            "SELECT sha256, encode(sha256(content), 'hex') FROM evidence WHERE sha256 = ANY(?)", (asked,)
        )
        present: dict[str, str] = dict(rows)
        return {
            digest: Phrase("was altered") if digest in present else Phrase("is missing")
            for digest in asked
            if present.get(digest) != digest
        }

    def _pieces(self, digest: str) -> Iterator[bytes]:
        start, read = 1, "SELECT substring(content FROM ? FOR ?) FROM evidence WHERE sha256 = ?"
        while row := self._database.row(read, (start, PIECE, digest)):
            (piece,) = row
            yield piece
            start += PIECE
            if len(piece) < PIECE:
                return
        raise EvidenceFault(Phrase("is missing"))
